//! The service `default/kubernetes`: made where it is missing, put right when the API server starts.
//!
//! Models pkg/controlplane/controller/kubernetesservice.

use gatehouse_model::{Value, json};

use super::client::Client;
use crate::cluster::Cluster;
use crate::request::User;

const SERVICES: &str = "services";
const NAMESPACE: &str = "default";
const NAME: &str = "kubernetes";

/// The API server, asking itself.
fn apiserver(cluster: &mut Cluster) -> Client<'_> {
    let user = User {
        name: "system:apiserver".to_owned(),
        groups: vec!["system:masters".to_owned(), "system:authenticated".to_owned()],
        ..User::default()
    };
    Client::acting(cluster, user)
}

/// Type and ports as `--kubernetes-service-node-port` asks for them.
fn shape(node_port: i64, target: Value) -> (&'static str, Value) {
    let mut port = json!({"name": "https", "port": 443, "protocol": "TCP", "targetPort": target});
    if node_port > 0 {
        port.set(&["nodePort"], node_port);
    }
    (if node_port > 0 { "NodePort" } else { "ClusterIP" }, Value::from(vec![port]))
}

pub(super) fn pass(client: &mut Client<'_>) {
    let there = client.get("namespaces", "", NAMESPACE).is_some_and(|n| !n.is_deleting());
    if !there || client.get(SERVICES, NAMESPACE, NAME).is_some() {
        return;
    }
    let (kind, ports) = shape(client.cluster.config.kubernetes_service_node_port, 6443.into());
    let service = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": NAME, "namespace": NAMESPACE, "labels": {"component": "apiserver", "provider": "kubernetes"}},
        "spec": {"clusterIP": "10.96.0.1", "ports": ports, "sessionAffinity": "None", "type": kind},
    });
    let _ = apiserver(client.cluster).create(SERVICES, service);
}

/// Puts the service's type and ports right, as a server that starts does.
pub fn correct(cluster: &mut Cluster) {
    let Some(service) = cluster.store.get(SERVICES, NAMESPACE, NAME).cloned() else { return };
    let old = service.list_at(&["spec", "ports"]).first().cloned().unwrap_or_default();
    let target = old.get("targetPort").cloned().unwrap_or_else(|| 6443.into());
    let wanted = cluster.config.kubernetes_service_node_port;
    let (kind, ports) = shape(wanted, target);
    if service.str_at(&["spec", "type"]) == kind && old.i64_at(&["nodePort"]).unwrap_or(0) == wanted {
        return;
    }
    let mut changed = (*service).clone();
    changed.set(&["spec", "type"], kind);
    changed.set(&["spec", "ports"], ports);
    if kind == "ClusterIP" {
        changed.remove(&["spec", "externalTrafficPolicy"]);
    }
    let _ = apiserver(cluster).update(SERVICES, &changed, "");
}
