//! A namespace that is being deleted loses everything in it, then itself.
//!
//! Models kube-controller-manager `pkg/controller/namespace/deletion/namespaced_resources_deleter.go`.

use gatehouse_model::Value;

use super::client::Client;

pub(super) fn pass(client: &mut Client<'_>) {
    for namespace in client.list("namespaces", None).into_iter().filter(|n| n.is_deleting()) {
        let name = namespace.name().to_owned();
        let resources: Vec<String> = client.cluster.store.resources().map(str::to_owned).collect();
        let mut left = false;
        for resource in &resources {
            for object in client.list(resource, Some(&name)) {
                left = true;
                if !object.is_deleting() {
                    let _ = client.delete(resource, &name, object.name());
                }
            }
        }
        if !left {
            let mut last = (*namespace).clone();
            last.set(&["spec", "finalizers"], Value::list());
            let _ = client.update("namespaces", &last, "finalize");
        }
    }
}
