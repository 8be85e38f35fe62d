//! Every active namespace has a config map with the cluster's certificate authority.
//!
//! Since 1.20. Models kube-controller-manager `pkg/controller/certificates/rootcacertpublisher`.

use gatehouse_model::json;

use super::certificate;
use super::client::Client;

const NAME: &str = "kube-root-ca.crt";
const ABOUT: &str = "kubernetes.io/description";
const DESCRIPTION: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints \
    such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of \
    Kubernetes clusters.";

pub(super) fn pass(client: &mut Client<'_>) {
    let bundle = certificate::authority(client.cluster);
    // The annotation came in 1.21.
    let about = client.cluster.version.minor() >= 21;
    for namespace in client.list("namespaces", None) {
        let name = namespace.name();
        if namespace.is_deleting() {
            continue;
        }
        match client.get("configmaps", name, NAME) {
            None => {
                let mut map = json!({
                    "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": NAME, "namespace": name},
                    "data": {"ca.crt": (bundle.as_str())},
                });
                if about {
                    map.set(&["metadata", "annotations", ABOUT], DESCRIPTION);
                }
                let _ = client.create("configmaps", map);
            }
            Some(map) => {
                let true_to_us =
                    map.map_at(&["data"]).len() == 1 && map.str_at(&["data", "ca.crt"]) == bundle;
                if !true_to_us || (about && map.annotation(ABOUT) != Some(DESCRIPTION)) {
                    let mut changed = (*map).clone();
                    changed.set(&["data"], json!({"ca.crt": (bundle.as_str())}));
                    if about {
                        changed.set(&["metadata", "annotations", ABOUT], DESCRIPTION);
                    }
                    let _ = client.update("configmaps", &changed, "");
                }
            }
        }
    }
}
