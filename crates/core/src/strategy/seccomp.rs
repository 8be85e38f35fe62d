//! Seccomp annotations and fields of pods say the same.
//!
//! Models `pkg/registry/core/pod/strategy.go` (`applySeccompVersionSkew`), from 1.19 to 1.26.

use gatehouse_model::{Object, Value, json};

const POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";

/// A profile as annotations write it; empty where they cannot.
pub(crate) fn annotation_for(profile: &Value) -> String {
    match profile.str_at(&["type"]) {
        "Unconfined" => "unconfined".to_owned(),
        "RuntimeDefault" => "runtime/default".to_owned(),
        "Localhost" => match profile.str_at(&["localhostProfile"]) {
            "" => String::new(),
            name => format!("localhost/{name}"),
        },
        _ => String::new(),
    }
}

fn field_for(annotation: &str) -> Option<Value> {
    match annotation {
        "unconfined" => Some(json!({"type": "Unconfined"})),
        "runtime/default" | "docker/default" => Some(json!({"type": "RuntimeDefault"})),
        other => {
            let name = other.strip_prefix("localhost/").filter(|n| !n.is_empty())?;
            Some(json!({"type": "Localhost", "localhostProfile": name}))
        }
    }
}

/// Copies whichever of the two is there into the other.
pub(super) fn sync(pod: &mut Object) {
    let mut annotations: Vec<(String, String)> = Vec::new();
    let known = pod.annotations().clone();
    let mut one = |key: String, holder: &mut Value, path: &[&str]| {
        let annotation = known.get(&key).and_then(Value::as_str);
        match (holder.at(path).filter(|p| !p.is_null()), annotation) {
            (Some(field), None) => {
                let text = annotation_for(field);
                if !text.is_empty() {
                    annotations.push((key, text));
                }
            }
            (None, Some(text)) => {
                if let Some(field) = field_for(text) {
                    holder.set(path, field);
                }
            }
            _ => {}
        }
    };
    one(POD.to_owned(), &mut pod.0, &["spec", "securityContext", "seccompProfile"]);
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        if pod.list_at(&["spec", list]).is_empty() {
            continue;
        }
        for container in pod.entry_at(&["spec", list]).make_list() {
            let key = format!("{CONTAINER}{}", container.str_at(&["name"]));
            one(key, container, &["securityContext", "seccompProfile"]);
        }
    }
    for (key, text) in annotations {
        pod.set(&["metadata", "annotations", &key], text);
    }
}
