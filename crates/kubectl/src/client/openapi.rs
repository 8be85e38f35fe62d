//! Validation by the client, for servers too old to validate fields themselves.
//! Models kubectl `pkg/validation` and kube-openapi `pkg/util/proto/validation`.

use gatehouse_model::schema::{self, Type, TypeRef};
use gatehouse_model::{KubeVersion, Object, Value};

/// The first server that is told by `fieldValidation` how strict to be.
const SERVER_VALIDATES: u8 = 25;

/// Where structs declare required fields in another order than the alphabet's.
const DECLARED: &[(&str, &[&str])] = &[
    ("PodSecurityPolicySpec", &["seLinux", "runAsUser", "supplementalGroups", "fsGroup"]),
    ("VolumeMount", &["name", "mountPath"]),
    ("VolumeDevice", &["name", "devicePath"]),
    ("HorizontalPodAutoscalerSpec", &["scaleTargetRef", "maxReplicas"]),
    ("HTTPIngressPath", &["pathType", "backend"]),
    ("ValidatingWebhook", &["name", "clientConfig", "sideEffects", "admissionReviewVersions"]),
    ("MutatingWebhook", &["name", "clientConfig", "sideEffects", "admissionReviewVersions"]),
    ("CronJobSpec", &["schedule", "jobTemplate"]),
];

/// What is wrong with the object, all of it.
#[must_use]
pub fn check(version: KubeVersion, object: &Object) -> Vec<String> {
    let mut wrong = Vec::new();
    if version.minor() >= SERVER_VALIDATES {
        return wrong;
    }
    if let Some(root) = schema::for_kind(version, &object.group_version(), object.kind()) {
        visit(root, object, object.kind(), "", &mut wrong);
    }
    wrong
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Map(_) => "map",
        Value::List(_) => "array",
        Value::Bool(_) => "boolean",
        Value::Int(_) => "integer",
        Value::Float(_) => "number",
        Value::Str(_) => "string",
        Value::Null => "null",
    }
}

/// Looks at a value: `path` is where it is in the object, `named` the field in the schema.
fn visit(t: TypeRef<'_>, value: &Value, path: &str, named: &str, wrong: &mut Vec<String>) {
    let expected = match t.ty() {
        Type::Any | Type::ObjectOrElse(_) => return,
        Type::Object(_) => return visit_object(t, value, path, named, wrong),
        Type::List(_) => {
            let Value::List(list) = value else {
                return wrong.push(invalid(path, named, value, "array"));
            };
            let Some(item) = t.item() else { return };
            for (i, value) in list.iter().enumerate() {
                if value.is_null() {
                    wrong.push(format!("unknown object type \"nil\" in {path}[{i}]"));
                } else {
                    visit(item, value, &format!("{path}[{i}]"), named, wrong);
                }
            }
            return;
        }
        Type::Map(_) => {
            let Value::Map(map) = value else {
                return wrong.push(invalid(path, named, value, "map"));
            };
            let Some(item) = t.item() else { return };
            for (key, value) in map.iter() {
                if value.is_null() {
                    wrong.push(format!("unknown object type \"nil\" in {path}.{key}"));
                } else {
                    visit(item, value, &format!("{path}.{key}"), named, wrong);
                }
            }
            return;
        }
        Type::Bool => "boolean",
        Type::Int32 | Type::Int64 => "integer",
        Type::Number => "number",
        _ => "string",
    };
    let fits = match (expected, value) {
        (_, Value::Map(_) | Value::List(_)) => false,
        ("boolean", value) => matches!(value, Value::Bool(_)),
        ("integer" | "number", value) => matches!(value, Value::Int(_) | Value::Float(_)),
        _ => true,
    };
    if !fits {
        wrong.push(invalid(path, named, value, expected));
    }
}

fn invalid(path: &str, named: &str, value: &Value, expected: &str) -> String {
    let got = kind_of(value);
    format!("ValidationError({path}): invalid type for {named}: got {got:?}, expected {expected:?}")
}

fn visit_object(t: TypeRef<'_>, value: &Value, path: &str, named: &str, wrong: &mut Vec<String>) {
    let name = t.object().map_or("", |o| o.name.as_ref());
    let Value::Map(map) = value else {
        let named = if named.is_empty() { name } else { named };
        return wrong.push(invalid(path, named, value, "map"));
    };
    let open = t.object().is_none_or(|o| o.preserve_unknown);
    for (key, value) in map.iter().filter(|(_, v)| !v.is_null()) {
        match t.field(key) {
            Some(field) => visit(field, value, &format!("{path}.{key}"), &format!("{name}.{key}"), wrong),
            None if open => {}
            None => wrong.push(format!("ValidationError({path}): unknown field {key:?} in {name}")),
        }
    }
    let mut required: Vec<&str> = t.fields().filter(|f| f.required).map(|f| f.name.as_ref()).collect();
    let last = name.rsplit('.').next().unwrap_or(name);
    if let Some((_, order)) = DECLARED.iter().find(|(n, _)| *n == last) {
        required.sort_by_key(|f| order.iter().position(|o| o == f).unwrap_or(usize::MAX));
    }
    for field in required {
        if map.get(field).is_none_or(Value::is_null) {
            wrong.push(format!("ValidationError({path}): missing required field {field:?} in {name}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_model::{KubeVersion, Object, json};

    #[test]
    fn old_servers_leave_unknown_fields_to_the_client() {
        let pod = Object(json!({
            "apiVersion": "v1", "kind": "Pod",
            "spec": {"containers": [{"image": "nginx", "comand": ["a"], "stdin": "yes"}]},
        }));
        let wrong = super::check(KubeVersion::V1_20, &pod);
        assert_eq!(
            wrong,
            [
                "ValidationError(Pod.spec.containers[0]): unknown field \"comand\" in io.k8s.api.core.v1.Container",
                "ValidationError(Pod.spec.containers[0].stdin): invalid type for io.k8s.api.core.v1.Container.stdin: got \"string\", expected \"boolean\"",
                "ValidationError(Pod.spec.containers[0]): missing required field \"name\" in io.k8s.api.core.v1.Container",
            ]
        );
        assert!(super::check(KubeVersion::V1_36, &pod).is_empty());
    }
}
