//! Every active namespace has a service account `default`.
//!
//! Models kube-controller-manager `pkg/controller/serviceaccount/serviceaccounts_controller.go`.

use gatehouse_model::json;

use super::client::Client;

pub(super) fn pass(client: &mut Client<'_>) {
    for namespace in client.list("namespaces", None) {
        let name = namespace.name();
        if !namespace.is_deleting() && client.get("serviceaccounts", name, "default").is_none() {
            let account = json!({
                "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": name},
            });
            let _ = client.create("serviceaccounts", account);
        }
    }
}
