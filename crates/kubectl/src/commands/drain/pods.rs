//! Which pods of a node a drain may remove. Models kubectl `pkg/drain/filters.go`.

use gatehouse_model::Object;

use crate::cli::Args;
use crate::client::Builder;
use crate::error::Error;
use crate::session::Session;

/// What becomes of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fate {
    Goes,
    /// It goes (or, for daemon sets, stays) with a remark.
    Warned(bool, String),
    Stays,
    Refused(String),
}

/// The pods that go, and the remark to be made.
pub(super) struct Chosen {
    pub(super) pods: Vec<Object>,
    pub(super) warnings: String,
}

fn ended(pod: &Object) -> bool {
    matches!(pod.str_at(&["status", "phase"]), "Succeeded" | "Failed")
}

fn fate(session: &mut Session<'_, '_>, args: &Args, pod: &Object) -> Fate {
    let force = args.bool("force");
    let controller = pod.controller().cloned();
    if let Some(owner) = controller.as_ref().filter(|o| o.str_at(&["kind"]) == "DaemonSet")
        && !ended(pod)
    {
        let found = session
            .resource("daemonsets.apps")
            .and_then(|mapping| session.get(&mapping, pod.namespace(), owner.str_at(&["name"])));
        return match found {
            Err(e) if e.is_not_found() && force => Fate::Warned(true, e.text()),
            Err(e) => Fate::Refused(e.text()),
            Ok(_) if !args.bool("ignore-daemonsets") => {
                Fate::Refused("DaemonSet-managed Pods (use --ignore-daemonsets to ignore)".to_owned())
            }
            Ok(_) => Fate::Warned(false, "ignoring DaemonSet-managed Pods".to_owned()),
        };
    }
    if pod.annotation("kubernetes.io/config.mirror").is_some() {
        return Fate::Stays;
    }
    if ended(pod) {
        return Fate::Goes;
    }
    let local = pod.list_at(&["spec", "volumes"]).iter().any(|v| v.get("emptyDir").is_some());
    if local && !args.bool("delete-emptydir-data") {
        return Fate::Refused("Pods with local storage (use --delete-emptydir-data to override)".to_owned());
    }
    if controller.is_none() {
        return if force {
            Fate::Warned(true, "deleting Pods that declare no controller".to_owned())
        } else {
            Fate::Refused("Pods that declare no controller (use --force to override)".to_owned())
        };
    }
    if local { Fate::Warned(true, "deleting Pods with local storage".to_owned()) } else { Fate::Goes }
}

/// Pods by message, in the order of first appearance.
fn grouped(list: Vec<(String, String)>) -> Vec<(String, Vec<String>)> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for (message, pod) in list {
        match groups.iter_mut().find(|(m, _)| *m == message) {
            Some((_, pods)) => pods.push(pod),
            None => groups.push((message, vec![pod])),
        }
    }
    groups
}

/// Looks at every pod of the node.
pub(super) fn choose(session: &mut Session<'_, '_>, args: &Args, node: &str) -> Result<Chosen, Error> {
    let builder = Builder {
        all_namespaces: true,
        words: vec!["pods".to_owned()],
        selector: args.str("pod-selector").to_owned(),
        field_selector: format!("spec.nodeName={node}"),
        flatten: true,
        ..Builder::default()
    };
    let all: Vec<Object> = builder.infos(session)?.into_iter().filter_map(|i| i.object).collect();
    let (mut pods, mut warned, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for pod in all {
        let place = format!("{}/{}", pod.namespace(), pod.name());
        match fate(session, args, &pod) {
            Fate::Goes => pods.push(pod),
            Fate::Warned(goes, message) => {
                warned.push((message, place));
                if goes {
                    pods.push(pod);
                }
            }
            Fate::Stays => {}
            Fate::Refused(message) => refused.push((message, place)),
        }
    }
    if !refused.is_empty() {
        let errors = grouped(refused)
            .into_iter()
            .map(|(message, pods)| Error::plain(format!("cannot delete {message}: {}", pods.join(", "))))
            .collect();
        return Err(Error::collect(errors).err().unwrap_or_else(|| Error::plain("")));
    }
    let warnings: Vec<String> = grouped(warned)
        .into_iter()
        .map(|(message, pods)| format!("{message}: {}", pods.join(", ")))
        .collect();
    Ok(Chosen { pods, warnings: warnings.join("; ") })
}
