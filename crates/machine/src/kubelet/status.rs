//! What a kubelet tells of a pod.
//!
//! Models pkg/kubelet `kubelet_pods.go` (`convertToAPIContainerStatuses`, `getPhase`) and `status/generate.go`.

use gatehouse_core::{Cluster, Timestamp};
use gatehouse_model::{Object, Value, json};

use super::pod::{Container, Running, State, restarts};
use super::probe;
use crate::images;

/// The node's own address.
pub(super) fn host_ip(cluster: &Cluster, node: &str) -> String {
    let node = cluster.store.get("nodes", "", node);
    let internal = |n: &Object| {
        let addresses = n.list_at(&["status", "addresses"]);
        addresses
            .iter()
            .find(|a| a.str_at(&["type"]) == "InternalIP")
            .map(|a| a.str_at(&["address"]).to_owned())
    };
    node.and_then(|n| internal(n)).unwrap_or_default()
}

/// The status of a pod.
pub(super) fn of(pod: &Object, running: &Running, node: &str, cluster: &Cluster) -> Value {
    let now = cluster.now.to_string();
    let mut status = pod.get("status").cloned().unwrap_or_else(Value::map);
    let phase = phase(pod, running);
    status.set(&["phase"], phase);
    if status.get("startTime").is_none() {
        status.set(&["startTime"], now.as_str());
    }
    let host = host_ip(cluster, node);
    status.set(&["hostIP"], host.as_str());
    status.set(&["hostIPs"], json!([{"ip": (host.as_str())}]));
    if !running.ip.is_empty() {
        status.set(&["podIP"], running.ip.as_str());
        status.set(&["podIPs"], json!([{"ip": (running.ip.as_str())}]));
    }
    for (list, key) in [
        ("initContainers", "initContainerStatuses"),
        ("containers", "containerStatuses"),
        ("ephemeralContainers", "ephemeralContainerStatuses"),
    ] {
        let containers = pod.list_at(&["spec", list]);
        if !containers.is_empty() {
            let minor = cluster.version.minor();
            status.set(
                &[key],
                containers.iter().map(|c| container(c, list, running, minor)).collect::<Value>(),
            );
        }
    }
    let initialized = pod.list_at(&["spec", "initContainers"]).iter().all(|c| {
        let sidecar = c.str_at(&["restartPolicy"]) == "Always";
        let state = running.containers.get(c.str_at(&["name"])).map(|k| &k.state);
        match state {
            Some(State::Terminated { exit: 0, .. }) => true,
            Some(State::Running { .. }) if sidecar => {
                running.containers.get(c.str_at(&["name"])).is_some_and(|k| probe::has_started(c, k))
            }
            _ => false,
        }
    });
    let initialized = initialized || running.initialized;
    let sidecars = |c: &&Value| c.str_at(&["restartPolicy"]) == "Always";
    let counted = pod.list_at(&["spec", "initContainers"]).iter().filter(sidecars);
    let unready: Vec<&str> = counted
        .chain(pod.list_at(&["spec", "containers"]))
        .filter(|c| !running.containers.get(c.str_at(&["name"])).is_some_and(|k| probe::is_ready(c, k)))
        .map(|c| c.str_at(&["name"]))
        .collect();
    let sandbox = running.sandbox && !matches!(phase, "Succeeded" | "Failed");
    let finished = phase == "Succeeded";
    let not_ready = format!("containers with unready status: [{}]", unready.join(" "));
    let words = |ok: bool| match (ok, phase) {
        (true, _) => ("", String::new()),
        (false, "Succeeded") => ("PodCompleted", String::new()),
        (false, "Failed") => ("PodFailed", String::new()),
        (false, _) => ("ContainersNotReady", not_ready.clone()),
    };
    let incomplete: Vec<&str> = pod
        .list_at(&["spec", "initContainers"])
        .iter()
        .map(|c| c.str_at(&["name"]))
        .filter(|n| {
            !matches!(running.containers.get(*n).map(|c| &c.state), Some(State::Terminated { exit: 0, .. }))
        })
        .collect();
    let init_words = if initialized || finished {
        (if finished { "PodCompleted" } else { "" }, String::new())
    } else {
        ("ContainersNotInitialized", format!("containers with incomplete status: [{}]", incomplete.join(" ")))
    };
    let all = unready.is_empty();
    let conditions: Vec<(&str, bool, (&str, String))> = vec![
        ("PodReadyToStartContainers", sandbox, ("", String::new())),
        ("Initialized", initialized || finished, init_words),
        ("Ready", all, words(all)),
        ("ContainersReady", all, words(all)),
        ("PodScheduled", true, ("", String::new())),
    ];
    let old = pod.list_at(&["status", "conditions"]);
    let rows: Value = conditions
        .into_iter()
        .filter(|(kind, _, _)| *kind != "PodReadyToStartContainers" || cluster.version.minor() >= 29)
        .map(|(kind, on, (reason, message))| {
            let mut c = condition(old, kind, on, reason, &message, &now);
            if cluster.version.minor() >= 34 {
                c.set(&["observedGeneration"], pod.generation());
            }
            c
        })
        .collect();
    status.set(&["conditions"], rows);
    if cluster.version.minor() >= 34 {
        status.set(&["observedGeneration"], pod.generation());
    }
    status
}

fn condition(old: &[Value], kind: &str, on: bool, reason: &str, message: &str, now: &str) -> Value {
    let word = if on { "True" } else { "False" };
    let same = old.iter().find(|c| c.str_at(&["type"]) == kind && c.str_at(&["status"]) == word);
    let since = same.map_or(now, |c| c.str_at(&["lastTransitionTime"])).to_owned();
    let mut c = json!({"type": kind, "status": word, "lastProbeTime": null, "lastTransitionTime": since});
    if !reason.is_empty() {
        c.set(&["reason"], reason);
    }
    if !message.is_empty() {
        c.set(&["message"], message);
    }
    c
}

fn phase(pod: &Object, running: &Running) -> &'static str {
    let state = |c: &Value| running.containers.get(c.str_at(&["name"]));
    let policy = pod.str_at(&["spec", "restartPolicy"]);
    let waiting_init =
        pod.list_at(&["spec", "initContainers"]).iter().any(|c| match state(c).map(|k| &k.state) {
            Some(State::Terminated { exit: 0, .. }) => false,
            Some(State::Running { .. }) => c.str_at(&["restartPolicy"]) != "Always",
            Some(State::Terminated { .. }) if policy == "Never" => false,
            _ => true,
        });
    let failed_init = policy == "Never"
        && pod.list_at(&["spec", "initContainers"]).iter().any(
            |c| matches!(state(c).map(|k| &k.state), Some(State::Terminated { exit, .. }) if *exit != 0),
        );
    if failed_init || running.failed {
        return "Failed";
    }
    if waiting_init {
        return "Pending";
    }
    let (mut run, mut wait, mut again, mut bad) = (0, 0, 0, 0);
    for c in pod.list_at(&["spec", "containers"]) {
        match state(c) {
            None => wait += 1,
            Some(k) => match (&k.state, &k.last) {
                (State::Running { .. }, _) => run += 1,
                (State::Waiting { .. }, Some(_)) => run += 1,
                (State::Waiting { .. }, None) => wait += 1,
                (State::Terminated { exit, .. }, _) => {
                    again += i32::from(restarts(c, policy, *exit));
                    bad += i32::from(*exit != 0);
                }
            },
        }
    }
    match (wait, run, again, bad) {
        (1.., ..) => "Pending",
        (_, 1.., ..) | (_, _, 1.., _) => "Running",
        (_, _, _, 1..) => "Failed",
        _ => "Succeeded",
    }
}

fn time(at: Timestamp) -> Value {
    if at == Timestamp(0) { Value::Null } else { Value::from(at.to_string()) }
}

fn state(state: &State, id: &str) -> Value {
    match state {
        State::Waiting { reason, message } => {
            let mut waiting = json!({"reason": (reason.as_str())});
            if !message.is_empty() {
                waiting.set(&["message"], message.as_str());
            }
            json!({"waiting": waiting})
        }
        State::Running { since, .. } => json!({"running": {"startedAt": (time(*since))}}),
        State::Terminated { exit, since, at, reason, message } => {
            let mut ended = json!({
                "exitCode": (i64::from(*exit)), "reason": (*reason), "startedAt": (time(*since)), "finishedAt": (time(*at)),
                "containerID": (format!("containerd://{id}")),
            });
            if !message.is_empty() {
                ended.set(&["message"], message.as_str());
            }
            json!({"terminated": ended})
        }
    }
}

fn container(c: &Value, list: &str, running: &Running, minor: u8) -> Value {
    let name = c.str_at(&["name"]);
    let known: Option<&Container> = running.containers.get(name);
    let image = c.str_at(&["image"]);
    let (now, last) = match known {
        Some(k) => (
            state(&k.state, &k.id),
            k.last.as_ref().filter(|l| **l != k.state).map_or_else(Value::map, |l| state(l, &k.id)),
        ),
        None => {
            let reason = if list == "containers" && running.sandbox && !running.containers.is_empty() {
                "PodInitializing"
            } else {
                "ContainerCreating"
            };
            (json!({"waiting": {"reason": reason}}), Value::map())
        }
    };
    let started = known.is_some_and(|k| probe::has_started(c, k));
    let ready = known.is_some_and(|k| probe::is_ready(c, k));
    let completed = matches!(known.map(|k| &k.state), Some(State::Terminated { exit: 0, .. }));
    let mut row = json!({
        "name": name, "image": image, "imageID": "", "lastState": last, "state": now,
        "ready": (if list == "initContainers" && c.str_at(&["restartPolicy"]) != "Always" { completed } else { ready }),
        "started": started, "restartCount": (known.map_or(0, |k| k.restarts)),
    });
    if let Some(known) = known.filter(|k| !k.id.is_empty()) {
        row.set(&["containerID"], format!("containerd://{}", known.id));
        row.set(&["image"], images::full_name(image));
        row.set(&["imageID"], images::digest(image));
        more(&mut row, c, known, minor);
    }
    row
}

/// What newer kubelets tell of a container besides: resources, user, mounts.
fn more(row: &mut Value, c: &Value, known: &Container, minor: u8) {
    if minor >= 33 {
        let resources = c.get("resources").cloned().unwrap_or_else(Value::map);
        if let Some(requests) = resources.get("requests").filter(|r| !r.is_null()) {
            row.set(&["allocatedResources"], requests.clone());
        }
        row.set(&["resources"], resources);
    }
    if let Some(plan) = known.plan.as_ref().filter(|_| minor >= 33) {
        let p = &plan.process;
        let groups: Value = p.additional_gids.iter().map(|g| Value::from(i64::from(*g))).collect();
        row.set(
            &["user"],
            json!({"linux": {"gid": (i64::from(p.gid)), "supplementalGroups": groups, "uid": (i64::from(p.uid))}}),
        );
    }
    let mounts = c.list_at(&["volumeMounts"]);
    if minor >= 31 && !mounts.is_empty() {
        let seen = |m: &Value| {
            let mut row = json!({"mountPath": (m.str_at(&["mountPath"])), "name": (m.str_at(&["name"]))});
            if m.bool_at(&["readOnly"]) == Some(true) {
                row.set(&["readOnly"], true);
                row.set(&["recursiveReadOnly"], "Disabled");
            }
            row
        };
        row.set(&["volumeMounts"], mounts.iter().map(seen).collect::<Value>());
    }
}
