//! A kubelet that runs nothing: every pod bound to a node is Running and Ready at once, its init containers Completed.
//!
//! What the recordings' clusters had in place of nodes; it does not model a kubelet.

use std::collections::BTreeSet;
use std::sync::Arc;

use gatehouse_model::{Object, Value, json};

use super::client::Client;
use crate::cluster::Cluster;
use crate::kubelet::Kubelet;
use crate::store::Key;

/// See the module. Hands out addresses of each node's range in turn.
#[derive(Clone, Debug, Default)]
pub struct StandIn {
    given: u32,
    /// The newest change of pods and nodes that it has seen.
    seen: (u64, u64),
    /// The store's revision when it looked.
    looked: u64,
}

impl Kubelet for StandIn {
    fn sync(&mut self, cluster: &mut Cluster) -> bool {
        let newest = |c: &Cluster| (c.store.revision_of("pods"), c.store.revision_of("nodes"));
        if self.seen == newest(cluster) {
            return false;
        }
        let before = cluster.store.revision();
        for pod in self.changed(cluster) {
            let node = pod.str_at(&["spec", "nodeName"]);
            if node.is_empty() {
                continue;
            }
            let mut client = Client::kubelet(cluster, node);
            if pod.is_deleting() {
                remove(&mut client, &pod);
            } else if !matches!(pod.str_at(&["status", "phase"]), "Succeeded" | "Failed") {
                self.run(&mut client, &pod, node);
            }
        }
        // What it wrote itself it need not look at again: a report follows from the pod alone.
        self.seen = newest(cluster);
        self.looked = cluster.store.revision();
        cluster.store.revision() != before
    }
}

impl StandIn {
    /// The pods written since it last looked; all of them where a node was, or where that is too long ago.
    fn changed(&self, cluster: &Cluster) -> Vec<Arc<Object>> {
        let store = &cluster.store;
        let nodes = self.seen.1 != store.revision_of("nodes");
        let Some(changes) = store.changes_since(self.looked).filter(|_| !nodes) else {
            return store.list("pods", None).cloned().collect();
        };
        let keys: BTreeSet<Key> = changes.filter(|c| *c.table == *"pods").map(|c| c.key.clone()).collect();
        keys.iter().filter_map(|(namespace, name)| store.get("pods", namespace, name).cloned()).collect()
    }
}

/// The pod's containers are gone: so is the pod, unless something else still holds it.
fn remove(client: &mut Client<'_>, pod: &Object) {
    let _ = client.delete_now("pods", pod.namespace(), pod.name());
}

impl StandIn {
    fn run(&mut self, client: &mut Client<'_>, pod: &Object, node: &str) {
        let Some(node) = client.get("nodes", "", node) else { return };
        let now = client.cluster.now.to_string();
        let time = |path: &[&str]| match pod.str_at(path) {
            "" => Value::from(now.as_str()),
            old => Value::from(old),
        };
        let host =
            node.list_at(&["status", "addresses"]).iter().find(|a| a.str_at(&["type"]) == "InternalIP");
        let host_ip = host.map_or("", |a| a.str_at(&["address"])).to_owned();
        let ip = match pod.str_at(&["status", "podIP"]) {
            "" if pod.bool_at(&["spec", "hostNetwork"]) == Some(true) => host_ip.clone(),
            "" => self.address(node.str_at(&["spec", "podCIDR"])),
            old => old.to_owned(),
        };
        let mut status = pod.get("status").cloned().unwrap_or_else(Value::map);
        let started = time(&["status", "startTime"]);
        let conditions: Value =
            ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"]
                .into_iter()
                .map(|kind| condition(pod, kind, &now))
                .collect();
        status.set(&["conditions"], conditions);
        status.set(&["phase"], "Running");
        status.set(&["hostIP"], host_ip.as_str());
        status.set(&["hostIPs"], json!([{"ip": (host_ip.as_str())}]));
        status.set(&["podIP"], ip.as_str());
        status.set(&["podIPs"], json!([{"ip": (ip.as_str())}]));
        status.set(&["startTime"], started.clone());
        for (list, statuses) in
            [("containers", "containerStatuses"), ("initContainers", "initContainerStatuses")]
        {
            let containers = pod.list_at(&["spec", list]);
            if containers.is_empty() {
                continue;
            }
            let old = pod.list_at(&["status", statuses]);
            let rows: Value = containers
                .iter()
                .map(|c| {
                    let name = c.str_at(&["name"]);
                    let same = |o: &&Value| {
                        o.str_at(&["name"]) == name && o.str_at(&["image"]) == c.str_at(&["image"])
                    };
                    old.iter().find(same).cloned().unwrap_or_else(|| {
                        let completed = list == "initContainers" && c.str_at(&["restartPolicy"]) != "Always";
                        container_status(c, completed, &now)
                    })
                })
                .collect();
            status.set(&[statuses], rows);
        }
        let _ = client.update_status("pods", pod, status);
    }

    /// The next address of a node's range.
    fn address(&mut self, cidr: &str) -> String {
        self.given += 1;
        let prefix = cidr.rsplit_once('.').map_or("10.244.0", |(p, _)| p);
        format!("{prefix}.{}", 1 + self.given % 253)
    }
}

fn condition(pod: &Object, kind: &str, now: &str) -> Value {
    let old = pod.list_at(&["status", "conditions"]).iter().find(|c| c.str_at(&["type"]) == kind);
    match old.filter(|c| c.str_at(&["status"]) == "True") {
        Some(old) => old.clone(),
        None => json!({"type": kind, "status": "True", "lastProbeTime": null, "lastTransitionTime": now}),
    }
}

fn container_status(container: &Value, completed: bool, now: &str) -> Value {
    let state = if completed {
        json!({"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": now, "finishedAt": now}})
    } else {
        json!({"running": {"startedAt": now}})
    };
    json!({
        "name": (container.str_at(&["name"])), "image": (container.str_at(&["image"])), "imageID": "", "lastState": {},
        "ready": true, "restartCount": 0, "started": (!completed), "state": state,
    })
}
