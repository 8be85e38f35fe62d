//! The claims of a StatefulSet's pods: made before the pod, and kept or given up with it as the set says.
//!
//! Models `pkg/controller/statefulset/{stateful_pod_control,stateful_set_utils}.go`
//! (`persistentVolumeClaimRetentionPolicy`).

use gatehouse_model::{Object, Value, json};

use super::{SOURCE, Work};
use crate::controllers::client::Client;
use crate::controllers::events::EventType;
use crate::controllers::owner;

pub(super) const CLAIMS: &str = "persistentvolumeclaims";

/// The name of the claim that a template makes for a pod.
pub(super) fn name(set: &Object, template: &Value, ordinal: i64) -> String {
    format!("{}-{}-{ordinal}", template.str_at(&["metadata", "name"]), set.name())
}

/// Makes the claims of a pod that are missing.
pub(super) fn make(client: &mut Client<'_>, work: &Work, ordinal: i64) -> Result<(), String> {
    let set = &work.set;
    for template in set.list_at(&["spec", "volumeClaimTemplates"]) {
        let name = name(set, template, ordinal);
        if client.get(CLAIMS, set.namespace(), &name).is_some() {
            continue;
        }
        let mut labels = template.map_at(&["metadata", "labels"]).clone();
        for (key, value) in set.map_at(&["spec", "selector", "matchLabels"]).iter() {
            labels.insert(key, value.clone());
        }
        let mut claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim"});
        claim.set(&["metadata"], template.get("metadata").cloned());
        claim.set(&["metadata", "name"], name.as_str());
        claim.set(&["metadata", "namespace"], set.namespace());
        claim.set(&["metadata", "labels"], labels);
        claim.set(&["spec"], template.get("spec").cloned());
        let pod = format!("{}-{ordinal}", set.name());
        match client.create(CLAIMS, claim) {
            Ok(_) => {
                let message = format!("create Claim {name} Pod {pod} in StatefulSet {} success", set.name());
                client.event(SOURCE, set, EventType::Normal, "SuccessfulCreate", &message);
            }
            Err(refusal) => {
                let message = format!(
                    "create Claim {name} for Pod {pod} in StatefulSet {} failed error: {}",
                    set.name(),
                    refusal.message
                );
                client.event(SOURCE, set, EventType::Warning, "FailedCreate", &message);
                return Err(format!("failed to create PVC {name}: {}", refusal.message));
            }
        }
    }
    Ok(())
}

/// Gives a pod's claims the owners with which they are to go: the set, or the pod where it is one too many.
pub(super) fn retain(client: &mut Client<'_>, work: &Work, pod: &Object, ordinal: i64, too_many: bool) {
    let set = &work.set;
    let policy = |when: &str| set.str_at(&["spec", "persistentVolumeClaimRetentionPolicy", when]) == "Delete";
    let (with_set, with_pod) = (policy("whenDeleted"), policy("whenScaled") && too_many);
    for template in set.list_at(&["spec", "volumeClaimTemplates"]) {
        let Some(claim) = client.get(CLAIMS, set.namespace(), &name(set, template, ordinal)) else {
            continue;
        };
        let mut owners: Vec<Value> = owner::references(&claim).to_vec();
        let before = owners.clone();
        for (by, wanted) in [(set, with_set && !with_pod), (pod, with_pod)] {
            let is = |r: &Value| r.str_at(&["uid"]) == by.uid();
            if !wanted {
                owners.retain(|r| !is(r));
            } else if !owners.iter().any(is) {
                owners.push(owner::controller_ref(by));
            }
        }
        if owners != before {
            let mut changed = (*claim).clone();
            changed.set(&["metadata", "ownerReferences"], owners);
            let _ = client.update(CLAIMS, &changed, "");
        }
    }
}
