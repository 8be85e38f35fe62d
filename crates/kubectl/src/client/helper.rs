//! Small checks on objects before they are sent. Models kubectl `pkg/validation` and apimachinery's unstructured decoder.

use gatehouse_model::resource::Scope;
use gatehouse_model::selector::Selector;
use gatehouse_model::{GroupVersion, KubeVersion, Map, ResourceType, Value, kinds};

use crate::error::Error;

/// What validation says of something that is no API object at all.
///
/// # Errors
/// `invalid object to validate`, `apiVersion not set`, `kind not set` and the like.
pub fn check_object(value: &Value) -> Result<(), String> {
    let Some(map) = value.as_map() else { return Err("invalid object to validate".to_owned()) };
    let mut wrong = Vec::new();
    for key in ["apiVersion", "kind"] {
        match map.get(key) {
            None | Some(Value::Null) => wrong.push(format!("{key} not set")),
            Some(Value::Str(_)) => {}
            Some(_) => wrong.push(format!("{key} isn't string type")),
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(crate::error::aggregate(&wrong)) }
}

/// What Go says of labels and annotations that are no strings: they are decoded before anything is sent.
#[must_use]
pub fn metadata_error(value: &Value) -> Option<String> {
    let kind_of = |v: &Value| match v {
        Value::Bool(_) => Some("bool"),
        Value::Int(_) | Value::Float(_) => Some("number"),
        Value::List(_) => Some("array"),
        Value::Map(_) => Some("object"),
        Value::Null | Value::Str(_) => None,
    };
    for field in ["labels", "annotations"] {
        match value.at(&["metadata", field]) {
            Some(Value::Map(map)) => {
                if let Some(kind) = map.values().find_map(kind_of) {
                    return Some(format!(
                        "json: cannot unmarshal {kind} into Go struct field ObjectMeta.metadata.{field} of type string"
                    ));
                }
            }
            Some(Value::Null) | None => {}
            Some(other) => {
                let kind = kind_of(other).unwrap_or("string");
                return Some(format!(
                    "json: cannot unmarshal {kind} into Go struct field ObjectMeta.metadata.{field} of type map[string]string"
                ));
            }
        }
    }
    None
}

/// `v1` `List`, which no server lists but every client knows.
#[must_use]
pub fn generic_list(kind: &str, gv: &GroupVersion) -> Option<ResourceType> {
    (kind == "List" && gv.group.is_empty()).then(|| ResourceType {
        gv: gv.clone(),
        kind: "List".into(),
        plural: "lists".into(),
        singular: "list".into(),
        short_names: Vec::new(),
        scope: Scope::Cluster,
        verbs: Vec::new(),
        categories: Vec::new(),
        subresources: Vec::new(),
    })
}

/// Whether labels fit a selector.
///
/// # Errors
/// A selector that cannot be read.
pub fn selects(selector: &str, labels: &Map) -> Result<bool, Error> {
    match Selector::parse(selector.trim()) {
        Ok(parsed) => Ok(parsed.matches(labels)),
        Err(why) => Err(Error::plain(format!("the provided selector {selector:?} is not valid: {why}"))),
    }
}

/// Whether client-go has a type for a kind. It keeps those of versions that are no longer served; what extends the API
/// and custom resources are not among them.
#[must_use]
pub fn is_registered(gv: &GroupVersion, kind: &str) -> bool {
    let old = gv.version.contains("alpha") || gv.version.contains("beta");
    gv.group != "apiextensions.k8s.io"
        && gv.group != "apiregistration.k8s.io"
        && [KubeVersion::V1_36, KubeVersion::V1_20].iter().any(|version| {
            kinds::builtin(*version).iter().any(|known| {
                known.kind == kind
                    && (known.gv == *gv || old && (known.gv.group == gv.group || gv.group == "extensions"))
            })
        })
}
