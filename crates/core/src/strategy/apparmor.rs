//! AppArmor annotations of pods become fields.
//!
//! Models `pkg/registry/core/pod/strategy.go` (`applyAppArmorVersionSkew`), since 1.30.

use gatehouse_model::{Object, Value, json};

const PREFIX: &str = "container.apparmor.security.beta.kubernetes.io/";

/// The profile an annotation stands for; `None` where it says nothing that a field could.
fn profile(annotation: &str) -> Option<Value> {
    match annotation {
        "unconfined" => Some(json!({"type": "Unconfined"})),
        "runtime/default" => Some(json!({"type": "RuntimeDefault"})),
        other => {
            let name = other.strip_prefix("localhost/").map(str::trim).filter(|n| !n.is_empty())?;
            Some(json!({"type": "Localhost", "localhostProfile": name}))
        }
    }
}

/// Copies annotations into containers that have no profile; returns the warnings about it.
pub(super) fn annotations_to_fields(pod: &mut Object) -> Vec<String> {
    let mut warnings = Vec::new();
    if pod.str_at(&["spec", "os", "name"]) == "windows"
        || !pod.annotations().keys().any(|k| k.starts_with(PREFIX))
    {
        return warnings;
    }
    let own = pod.at(&["spec", "securityContext", "appArmorProfile"]).cloned();
    let annotations = pod.annotations().clone();
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        let Some(containers) = pod.at_mut(&["spec", list]) else { continue };
        for container in containers.make_list() {
            let key = format!("{PREFIX}{}", container.str_at(&["name"]));
            let Some(annotation) = annotations.get(&key).and_then(Value::as_str) else { continue };
            if container.at(&["securityContext", "appArmorProfile"]).is_some_and(|p| !p.is_null()) {
                continue;
            }
            let field = profile(annotation);
            if field.is_some() && field == own {
                continue;
            }
            if let Some(field) = field {
                container.set(&["securityContext", "appArmorProfile"], field);
            }
            warnings.push(format!(
                "metadata.annotations[{key}]: deprecated since v1.30; use the \"appArmorProfile\" field instead"
            ));
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_annotation_fills_a_missing_field_only() {
        let mut pod = Object(json!({
            "metadata": {"annotations": {
                "container.apparmor.security.beta.kubernetes.io/a": "localhost/deny-write",
                "container.apparmor.security.beta.kubernetes.io/b": "unconfined",
            }},
            "spec": {"containers": [{"name": "a"}, {"name": "b", "securityContext": {"appArmorProfile": {"type": "RuntimeDefault"}}}]},
        }));
        let warnings = annotations_to_fields(&mut pod);
        assert_eq!(warnings.len(), 1);
        let profiles: Vec<_> = pod
            .list_at(&["spec", "containers"])
            .iter()
            .map(|c| c.str_at(&["securityContext", "appArmorProfile", "type"]))
            .collect();
        assert_eq!(profiles, ["Localhost", "RuntimeDefault"]);
    }
}
