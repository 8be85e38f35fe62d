//! Cilium's operator says of each policy whether Cilium can take it.
//!
//! Models Cilium's `operator/pkg/networkpolicy/validator.go`.

use gatehouse_model::{Value, json};

use super::client::Client;
use crate::network::{Cni, Settings, cilium};

const KINDS: [&str; 2] = ["ciliumnetworkpolicies.cilium.io", "ciliumclusterwidenetworkpolicies.cilium.io"];

pub(super) fn pass(client: &mut Client<'_>) {
    if client.cluster.network.cni != Cni::Cilium {
        return;
    }
    let config = client.get("configmaps", "kube-system", "cilium-config");
    let settings = config.map_or_else(Settings::default, |c| Settings::of(&c));
    for kind in KINDS {
        for policy in client.list(kind, None) {
            let complaints = cilium::complaints(&policy, settings);
            let (status, message) = if complaints.is_empty() {
                ("True", "Policy validation succeeded".to_owned())
            } else {
                ("False", complaints.join("\n"))
            };
            let mut conditions = policy.list_at(&["status", "conditions"]).to_vec();
            let said = conditions.iter().position(|c| c.str_at(&["type"]) == "Valid");
            let mut condition = json!({
                "lastTransitionTime": (client.now()), "message": (message.as_str()), "status": status, "type": "Valid",
            });
            match said.and_then(|i| conditions.get_mut(i)) {
                Some(old) if old.str_at(&["status"]) == status => {
                    if old.str_at(&["message"]) == message {
                        continue;
                    }
                    condition.set(&["lastTransitionTime"], old.str_at(&["lastTransitionTime"]));
                    *old = condition;
                }
                Some(old) => *old = condition,
                None => conditions.push(condition),
            }
            let mut all = policy.get("status").cloned().unwrap_or_else(Value::map);
            all.set(&["conditions"], conditions.into_iter().collect::<Value>());
            let _ = client.update_status(kind, &policy, all);
        }
    }
}
