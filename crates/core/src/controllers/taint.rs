//! Pods leave nodes whose taints they do not tolerate (any longer).
//!
//! Models `pkg/controller/tainteviction/taint_eviction.go`.

use std::collections::BTreeMap;
use std::sync::Arc;

use gatehouse_model::{Object, Value};

use super::client::Client;
use super::events::{EventType, Source};
use super::pods;
use super::scheduler::fit;
use crate::world::Timestamp;

const SOURCE: Source<'static> = Source::new("taint-eviction-controller");

pub(super) fn pass(client: &mut Client<'_>) {
    let known = std::mem::take(&mut client.cluster.controllers.tolerating);
    for node in client.list("nodes", None) {
        let taints: Vec<Value> = node
            .list_at(&["spec", "taints"])
            .iter()
            .filter(|t| t.str_at(&["effect"]) == "NoExecute")
            .cloned()
            .collect();
        if taints.is_empty() {
            continue;
        }
        let there: Vec<Arc<Object>> =
            client.list("pods", None).into_iter().filter(|p| pods::node(p) == node.name()).collect();
        for pod in there.iter().filter(|p| pods::is_active(p)) {
            judge(client, pod, &taints, &known);
        }
    }
    let spared = |p: &Arc<Object>| {
        known.contains_key(p.uid())
            && !client.cluster.controllers.tolerating.contains_key(p.uid())
            && pods::is_active(p)
    };
    let spared: Vec<Arc<Object>> = if known.is_empty() {
        Vec::new()
    } else {
        client.list("pods", None).into_iter().filter(spared).collect()
    };
    for pod in spared {
        let message = format!("Cancelling deletion of Pod {}/{}", pod.namespace(), pod.name());
        client.event(SOURCE, &pod, EventType::Normal, "TaintManagerEviction", &message);
    }
}

fn judge(client: &mut Client<'_>, pod: &Object, taints: &[Value], known: &BTreeMap<String, Timestamp>) {
    let mut shortest: Option<i64> = None;
    for taint in taints {
        let tolerations = pod.list_at(&["spec", "tolerations"]);
        let Some(toleration) = tolerations.iter().find(|t| fit::tolerates(t, taint)) else {
            evict(client, pod);
            return;
        };
        if let Some(seconds) = toleration.i64_at(&["tolerationSeconds"]).map(|s| s.max(0)) {
            shortest = Some(shortest.map_or(seconds, |s| s.min(seconds)));
        }
    }
    let Some(seconds) = shortest else { return };
    let since = known.get(pod.uid()).copied().unwrap_or(client.cluster.now);
    let end = since.plus_millis(seconds * 1000);
    if end <= client.cluster.now {
        evict(client, pod);
    } else {
        client.cluster.controllers.tolerating.insert(pod.uid().to_owned(), since);
        client.wake_at(end);
    }
}

fn evict(client: &mut Client<'_>, pod: &Object) {
    let message = format!("Marking for deletion Pod {}/{}", pod.namespace(), pod.name());
    client.event(SOURCE, pod, EventType::Normal, "TaintManagerEviction", &message);
    if client.cluster.version.minor() >= 26 {
        let mut status = pod.get("status").cloned().unwrap_or_else(Value::map);
        let words = ("DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint");
        let condition = pods::disruption(pod, client.cluster.version.minor(), words, &client.now());
        status.entry_at(&["conditions"]).make_list().push(condition);
        let _ = client.update_status("pods", pod, status);
    }
    let _ = client.delete("pods", pod.namespace(), pod.name());
}
