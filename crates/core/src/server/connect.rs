//! Subresources that open a connection: authorized and admitted here, carried out by the kubelet.
//!
//! Models `pkg/registry/core/pod/rest/subresources.go` and `log.go`.

use gatehouse_model::{Object, json};

use crate::admission::Operation;
use crate::request::Reply;
use crate::server::admit;
use crate::server::call::Call;
use crate::status::Status;

/// `exec`, `attach`, `portforward`, `proxy` and `log` of a pod: whether it may happen at all.
pub(super) fn connect(call: &mut Call<'_>) -> Result<Reply, Status> {
    let pod = call.stored()?;
    let sub = call.target.subresource.as_str();
    if sub != "log" {
        let kind = match sub {
            "exec" => "PodExecOptions",
            "attach" => "PodAttachOptions",
            "portforward" => "PodPortForwardOptions",
            _ => "PodProxyOptions",
        };
        let mut options = json!({"apiVersion": "v1", "kind": kind});
        for (key, value) in &call.options().query {
            options.set(&[key], value.as_str());
        }
        let name = call.target.name.clone();
        admit::about(call, Operation::Connect, &name, Object(options), None)?;
    }
    let container = container(call, &pod)?;
    if pod.str_at(&["spec", "nodeName"]).is_empty() {
        if sub == "log" {
            return Ok(Reply::Text(String::new()));
        }
        return Err(Status::bad_request(format!("pod {} does not have a host assigned", pod.name())));
    }
    if sub == "log" && !container.is_empty() {
        waiting(&pod, &container)?;
    }
    Ok(Reply::Text(String::new()))
}

/// The container meant: the one asked for, or the only one.
fn container(call: &Call<'_>, pod: &Object) -> Result<String, Status> {
    let asked = call.options().query.iter().find(|(k, _)| k == "container").map_or("", |(_, v)| v.as_str());
    let names = |field: &str| -> Vec<String> {
        pod.list_at(&["spec", field]).iter().map(|c| c.str_at(&["name"]).to_owned()).collect()
    };
    let main = names("containers");
    let all: Vec<String> =
        names("initContainers").into_iter().chain(main.clone()).chain(names("ephemeralContainers")).collect();
    if asked.is_empty() {
        return match main.as_slice() {
            [only] => Ok(only.clone()),
            _ => Err(Status::bad_request(format!(
                "a container name must be specified for pod {}, choose one of: [{}]",
                pod.name(),
                all.join(" ")
            ))),
        };
    }
    if all.iter().any(|n| n == asked) {
        Ok(asked.to_owned())
    } else {
        Err(Status::bad_request(format!("container {asked} is not valid for pod {}", pod.name())))
    }
}

/// A container that never started has no log.
fn waiting(pod: &Object, container: &str) -> Result<(), Status> {
    let status = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"]
        .iter()
        .flat_map(|f| pod.list_at(&["status", f]))
        .find(|s| s.str_at(&["name"]) == container);
    let waiting = status.and_then(|s| s.at(&["state", "waiting"]));
    match (status, waiting) {
        (Some(status), Some(waiting)) if status.at(&["lastState", "terminated"]).is_none() => {
            let why = match waiting.str_at(&["reason"]) {
                "ContainerCreating" | "PodInitializing" | "" => {
                    format!("is waiting to start: {}", waiting.str_at(&["reason"]))
                }
                _ => {
                    let reason = waiting.str_at(&["reason"]);
                    if matches!(reason, "ErrImagePull" | "ImagePullBackOff") {
                        format!(
                            "is waiting to start: {}",
                            if reason == "ErrImagePull" {
                                "image can't be pulled"
                            } else {
                                "trying and failing to pull image"
                            }
                        )
                    } else {
                        format!("is waiting to start: {reason}")
                    }
                }
            };
            Err(Status::bad_request(format!("container \"{container}\" in pod \"{}\" {why}", pod.name())))
        }
        _ => Ok(()),
    }
}
