//! Environment variables.
//!
//! Models `ValidateEnv`, `validateEnvVarValueFrom` and `ValidateEnvFrom`.

use gatehouse_model::{FieldError, FieldPath, Value, names};

use super::check::{self, Errors};
use super::pod_spec::Context;

/// The fields a variable may take from its pod.
const FIELDS: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

const RESOURCES: &[&str] = &[
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

fn name_complaints(context: &Context<'_>, name: &str) -> Vec<String> {
    if context.version.minor() >= 32 { names::relaxed_env_var_name(name) } else { names::env_var_name(name) }
}

/// `env`
pub(super) fn variables(errors: &mut Errors, context: &Context<'_>, path: &FieldPath, variables: &[Value]) {
    for (i, variable) in variables.iter().enumerate() {
        let path = path.index(i);
        let name = variable.str_at(&["name"]);
        if check::required(errors, path.child("name"), name) {
            check::text(errors, &path.child("name"), name, name_complaints(context, name));
        }
        if let Some(from) = variable.get("valueFrom") {
            value_from(errors, &path.child("valueFrom"), variable, from);
        }
    }
}

fn value_from(errors: &mut Errors, path: &FieldPath, variable: &Value, from: &Value) {
    let mut sources = 0;
    if let Some(field) = from.get("fieldRef") {
        sources += 1;
        field_ref(errors, &path.child("fieldRef"), field, FIELDS);
    }
    if let Some(resource) = from.get("resourceFieldRef") {
        sources += 1;
        resource_ref(errors, &path.child("resourceFieldRef"), resource, false);
    }
    for kind in ["configMapKeyRef", "secretKeyRef"] {
        if let Some(reference) = from.get(kind) {
            sources += 1;
            key_ref(errors, &path.child(kind), reference);
        }
    }
    if from.get("fileKeyRef").is_some() {
        sources += 1;
    }
    let invalid = |why: &str| FieldError::invalid(path.clone(), &"".into(), why);
    if sources == 0 {
        errors.push(invalid(
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`",
        ));
    } else if !variable.str_at(&["value"]).is_empty() {
        errors.push(invalid("may not be specified when `value` is not empty"));
    } else if sources > 1 {
        errors.push(invalid("may not have more than one field specified at a time"));
    }
}

/// A field of the pod.
pub(super) fn field_ref(errors: &mut Errors, path: &FieldPath, reference: &Value, fields: &[&str]) {
    if !check::required(errors, path.child("apiVersion"), reference.str_at(&["apiVersion"])) {
        return;
    }
    let field = reference.str_at(&["fieldPath"]);
    if !check::required(errors, path.child("fieldPath"), field) {
        return;
    }
    let subscript = field.strip_suffix("']").and_then(|f| f.split_once("['"));
    let known = |f: &str| {
        FIELDS.contains(&f)
            || matches!(
                f,
                "metadata.annotations"
                    | "metadata.labels"
                    | "spec.restartPolicy"
                    | "spec.schedulerName"
                    | "status.phase"
            )
    };
    let (base, key) = subscript.map_or((field, None), |(base, key)| (base, Some(key)));
    if !known(base) {
        let why = format!("error converting fieldPath: field label not supported: {base}");
        errors.push(FieldError::invalid(path.child("fieldPath"), &field.into(), why));
        return;
    }
    match (base, key) {
        ("metadata.annotations", Some(key)) => {
            check::text(errors, path, key, names::label_key(&key.to_lowercase()))
        }
        ("metadata.labels", Some(key)) => check::text(errors, path, key, names::label_key(key)),
        (base, Some(_)) => {
            errors.push(FieldError::invalid(path.clone(), &base.into(), "does not support subscript"))
        }
        (base, None) => check::allowed(errors, path.child("fieldPath"), base, fields),
    }
}

/// A resource of a container.
pub(super) fn resource_ref(errors: &mut Errors, path: &FieldPath, reference: &Value, in_volume: bool) {
    let resource = reference.str_at(&["resource"]);
    if in_volume && reference.str_at(&["containerName"]).is_empty() {
        errors.push(FieldError::required(path.child("containerName"), ""));
    } else if resource.is_empty() {
        errors.push(FieldError::required(path.child("resource"), ""));
    } else if !resource.starts_with("requests.hugepages-") && !resource.starts_with("limits.hugepages-") {
        check::allowed(errors, path.child("resource"), resource, RESOURCES);
    }
    divisor(errors, path, reference, resource);
}

/// What an amount is divided by before it is shown.
fn divisor(errors: &mut Errors, path: &FieldPath, reference: &Value, resource: &str) {
    const POWERS: &[&str] =
        &["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];
    let Some((_, Some(divisor))) = reference.get("divisor").map(super::resources::quantity) else { return };
    if divisor.is_zero() {
        return;
    }
    let (allowed, what) = match resource.split_once('.') {
        Some(("limits" | "requests", "cpu")) => (&["1m", "1"][..], "cpu"),
        Some(("limits" | "requests", "memory")) => (POWERS, "memory"),
        Some(("limits" | "requests", "ephemeral-storage")) => (POWERS, "local ephemeral storage"),
        Some(("limits" | "requests", rest)) if rest.starts_with("hugepages-") => (POWERS, "hugepages"),
        _ => return,
    };
    if !allowed.contains(&divisor.to_string().as_str()) {
        let words = if what == "cpu" { "1m and 1".to_owned() } else { allowed.join(", ") };
        let why = format!("only divisor's values {words} are supported with the {what} resource");
        errors.push(FieldError::invalid(path.child("divisor"), &resource.into(), why));
    }
}

fn key_ref(errors: &mut Errors, path: &FieldPath, reference: &Value) {
    let name = reference.str_at(&["name"]);
    check::text(errors, &path.child("name"), name, names::dns1123_subdomain(name));
    let key = reference.str_at(&["key"]);
    if check::required(errors, path.child("key"), key) {
        check::text(errors, &path.child("key"), key, names::config_map_key(key));
    }
}

/// `envFrom`
pub(super) fn sources(errors: &mut Errors, context: &Context<'_>, path: &FieldPath, sources: &[Value]) {
    for (i, source) in sources.iter().enumerate() {
        let path_i = path.index(i);
        let prefix = source.str_at(&["prefix"]);
        if !prefix.is_empty() {
            check::text(errors, &path_i.child("prefix"), prefix, name_complaints(context, prefix));
        }
        let mut count = 0;
        for kind in ["configMapRef", "secretRef"] {
            if let Some(reference) = source.get(kind) {
                count += 1;
                let path = path_i.child(kind).child("name");
                let name = reference.str_at(&["name"]);
                if check::required(errors, path.clone(), name) {
                    check::text(errors, &path, name, names::dns1123_subdomain(name));
                }
            }
        }
        let invalid = |why: &str| FieldError::invalid(path.clone(), &"".into(), why);
        if count == 0 {
            errors.push(invalid("must specify one of: `configMapRef` or `secretRef`"));
        } else if count > 1 {
            errors.push(invalid("may not have more than one field specified at a time"));
        }
    }
}
