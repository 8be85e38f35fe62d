//! The hash behind the names of generated config maps and secrets. Models kubectl `pkg/util/hash`.

use gatehouse_machine::programs::sums::sha256;
use gatehouse_model::{Object, Value};

/// Ten letters that follow from the content.
#[must_use]
pub fn of(object: &Object) -> String {
    let mut all = Value::map();
    all.set(&["kind"], object.kind());
    all.set(&["name"], object.str_at(&["metadata", "name"]));
    let data = object.map_at(&["data"]).clone();
    all.set(&["data"], data);
    if object.kind() == "Secret" {
        all.set(&["type"], object.str_at(&["type"]));
    } else if !object.map_at(&["binaryData"]).is_empty() {
        all.set(&["binaryData"], object.map_at(&["binaryData"]).clone());
    }
    if let Some(immutable) = object.get("immutable") {
        all.set(&["immutable"], immutable.clone());
    }
    letters(&all)
}

/// The same as kustomize makes it, which looks for the name where none is and leaves out what is not there. Models
/// kustomize `api/hasher`.
#[must_use]
pub fn of_kustomized(object: &Object) -> String {
    let mut all = Value::map();
    all.set(&["kind"], object.kind());
    all.set(&["name"], "");
    all.set(&["data"], object.get("data").cloned().unwrap_or_else(|| Value::from("")));
    if object.kind() == "Secret" {
        all.set(&["type"], object.str_at(&["type"]));
    }
    for field in ["binaryData", "stringData"] {
        if let Some(data) = object.get(field) {
            all.set(&[field], data.clone());
        }
    }
    letters(&all)
}

fn letters(content: &Value) -> String {
    let digest = sha256(crate::print::json::compact_html(content).as_bytes());
    let letter = |c| match c {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        other => other,
    };
    digest.chars().take(10).map(letter).collect()
}

#[cfg(test)]
mod tests {
    use gatehouse_model::{Object, json};

    #[test]
    fn hashes_as_kubectl_does() {
        let map = json!({"kind": "ConfigMap", "data": {"one": ""}});
        assert_eq!(super::of(&Object(map)), "9g67k2htb6");
    }
}
