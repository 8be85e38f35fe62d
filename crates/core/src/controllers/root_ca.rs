//! Every active namespace has a config map with the cluster's certificate authority.
//!
//! Models kube-controller-manager `pkg/controller/certificates/rootcacertpublisher`.

use gatehouse_model::json;

use super::client::Client;

const NAME: &str = "kube-root-ca.crt";

pub(super) fn pass(client: &mut Client<'_>) {
    let Some(bundle) = client
        .list("configmaps", None)
        .iter()
        .find(|c| c.name() == NAME)
        .map(|c| c.str_at(&["data", "ca.crt"]).to_owned())
    else {
        return;
    };
    for namespace in client.list("namespaces", None) {
        let name = namespace.name();
        if !namespace.is_deleting() && client.get("configmaps", name, NAME).is_none() {
            let about = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints \
                         such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across \
                         distributions of Kubernetes clusters.";
            let map = json!({
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": NAME, "namespace": name, "annotations": {"kubernetes.io/description": about}},
                "data": {"ca.crt": (bundle.as_str())},
            });
            let _ = client.create("configmaps", map);
        }
    }
}
