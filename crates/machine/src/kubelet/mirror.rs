//! Mirror pods: what the API server is shown of a node's static pods, and how the control plane's stand.
//!
//! Static pods that are no component of the control plane run as any other pod does. Models
//! pkg/kubelet/pod/mirror_client.go and pkg/kubelet/config/common.go.

use gatehouse_core::controllers::Client;
use gatehouse_core::{Cluster, Timestamp};
use gatehouse_model::{Object, Value, json};

use crate::machine::Machine;
use crate::node::{COMPONENTS, CriContainer, StaticPod};

/// The mark of a pod that only mirrors a static one, and of which.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// Whether a pod mirrors a component of the control plane, which runs without its kubelet's help.
#[must_use]
pub fn is_component(pod: &Object) -> bool {
    pod.namespace() == "kube-system"
        && pod.map_at(&["metadata", "annotations"]).get(MIRROR).is_some()
        && pod.list_at(&["spec", "containers"]).iter().any(|c| COMPONENTS.contains(&c.str_at(&["name"])))
}

/// Of which text a pod is the mirror: its UID on the node.
pub(super) fn hash(pod: &Object) -> &str {
    pod.str_at(&["metadata", "annotations", MIRROR])
}

/// Brings the mirrors up to the node's static pods.
pub(super) fn sync(cluster: &mut Cluster, node: &str, machine: &Machine) {
    let wanted = machine.services.static_pods();
    let name_of = |p: &StaticPod| format!("{}-{node}", p.pod.str_at(&["metadata", "name"]));
    let stale: Vec<(String, String)> = cluster
        .store
        .list("pods", None)
        .filter(|p| p.str_at(&["spec", "nodeName"]) == node)
        .filter(|p| {
            let hash = p.map_at(&["metadata", "annotations"]).get(MIRROR).and_then(Value::as_str);
            hash.is_some_and(|h| !wanted.iter().any(|w| w.hash == h && name_of(w) == p.name()))
        })
        .map(|p| (p.namespace().to_owned(), p.name().to_owned()))
        .collect();
    for (namespace, name) in stale {
        let _ = Client::kubelet(cluster, node).delete_now("pods", &namespace, &name);
    }
    for pod in wanted {
        let namespace = match pod.pod.str_at(&["metadata", "namespace"]) {
            "" => "default",
            n => n,
        };
        let name = name_of(pod);
        if cluster.store.get("pods", namespace, &name).is_none() {
            let object = mirror(cluster, node, pod, namespace, &name);
            let _ = Client::kubelet(cluster, node).create("pods", object);
        }
        let Some(stored) = cluster.store.get("pods", namespace, &name).cloned() else { continue };
        if is_component(&stored) {
            let status = status(&stored, node, cluster, machine);
            let _ = Client::kubelet(cluster, node).update_status("pods", &stored, status);
        }
    }
}

fn mirror(cluster: &Cluster, node: &str, pod: &StaticPod, namespace: &str, name: &str) -> Value {
    let mut object = pod.pod.clone();
    let uid = cluster.store.get("nodes", "", node).map_or("", |n| n.uid()).to_owned();
    object.set(&["metadata", "name"], name);
    object.set(&["metadata", "namespace"], namespace);
    object.set(
        &["metadata", "ownerReferences"],
        Value::from(vec![
            json!({"apiVersion": "v1", "kind": "Node", "name": node, "uid": uid, "controller": true}),
        ]),
    );
    let seen = cluster.now.to_string();
    for (key, value) in [
        ("kubernetes.io/config.hash", pod.hash.as_str()),
        (MIRROR, &pod.hash),
        ("kubernetes.io/config.seen", &seen),
        ("kubernetes.io/config.source", "file"),
    ] {
        object.set(&["metadata", "annotations", key], value);
    }
    object.set(&["spec", "nodeName"], node);
    let tolerations = object.entry_at(&["spec", "tolerations"]).make_list();
    tolerations.push(json!({"effect": "NoExecute", "operator": "Exists"}));
    object.remove(&["status"]);
    object
}

/// How a component's pod stands, by its newest container.
fn status(pod: &Object, node: &str, cluster: &Cluster, machine: &Machine) -> Value {
    let name = pod.list_at(&["spec", "containers"]).first().map_or("", |c| c.str_at(&["name"]));
    let uid = hash(pod);
    let containers = machine.services.containers.iter();
    let mine = containers.filter(|c| c.from_manifest && c.name == name && c.uid == uid);
    let newest = mine.max_by_key(|c| c.attempt);
    let address = super::status::host_ip(cluster, node);
    let (ready, started) = machine.services.answers(name);
    let ready = ready && newest.is_some_and(|c| c.running);
    let since = Timestamp(newest.map_or(cluster.now.0, |c| c.created)).to_string();
    let word = if ready { "True" } else { "False" };
    let conditions: Value = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"]
        .iter()
        .map(|kind| {
            let status = if matches!(*kind, "Ready" | "ContainersReady") { word } else { "True" };
            json!({"type": (*kind), "status": status, "lastProbeTime": (Value::Null), "lastTransitionTime": (since.as_str())})
        })
        .collect();
    json!({
        "phase": (if newest.is_some() { "Running" } else { "Pending" }), "qosClass": "Burstable",
        "hostIP": (address.as_str()), "hostIPs": [{"ip": (address.as_str())}],
        "podIP": (address.as_str()), "podIPs": [{"ip": (address.as_str())}],
        "startTime": (pod.str_at(&["metadata", "creationTimestamp"])), "conditions": conditions,
        "containerStatuses": [(container(name, newest, ready, started))],
    })
}

fn container(name: &str, newest: Option<&CriContainer>, ready: bool, started: bool) -> Value {
    let Some(c) = newest else {
        return json!({
            "name": name, "image": "", "imageID": "", "ready": false, "restartCount": 0, "started": false,
            "state": {"waiting": {"reason": "ContainerCreating"}},
        });
    };
    let at = Timestamp(c.created).to_string();
    let id = format!("containerd://{}", c.id);
    let ended = json!({"terminated": {
        "containerID": (id.as_str()), "exitCode": (i64::from(c.exit)), "reason": "Error", "startedAt": (at.as_str()), "finishedAt": (at.as_str()),
    }});
    let state = if c.running {
        json!({"running": {"startedAt": (at.as_str())}})
    } else {
        json!({"waiting": {"reason": "CrashLoopBackOff"}})
    };
    let last = if c.running { Value::map() } else { ended };
    json!({
        "name": name, "image": (c.image.as_str()), "imageID": (format!("sha256:{}", crate::programs::sums::sha256(c.image.as_bytes()))),
        "containerID": (id.as_str()), "ready": ready, "started": (c.running && started), "restartCount": (c.attempt),
        "state": state, "lastState": last,
    })
}
