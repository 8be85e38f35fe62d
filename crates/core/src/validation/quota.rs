//! Resource quotas and limit ranges.
//!
//! Models `ValidateResourceQuota` and `ValidateLimitRange`.

use gatehouse_model::{FieldError, FieldPath, Object, Value, names};

use super::check::{self, Errors};
use super::{meta, resources};

/// What a quota counts or sums.
const STANDARD: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.storage",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
];

const SCOPES: &[&str] = &[
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "CrossNamespacePodAffinity",
    "VolumeAttributesClass",
];

/// A ResourceQuota.
pub(super) fn quota(errors: &mut Errors, object: &Object) {
    meta::object(errors, object, true, names::dns1123_subdomain);
    let path = FieldPath::new("spec");
    amounts(errors, &path, object.get("spec").unwrap_or(&Value::Null));
    scopes(errors, object);
    selector(errors, object);
}

/// The amounts of a specification or of a status.
pub(super) fn amounts(errors: &mut Errors, path: &FieldPath, part: &Value) {
    for field in ["hard", "used"] {
        for (name, amount) in part.map_at(&[field]).iter() {
            let path = path.child(field).key(name);
            quota_name(errors, &path, name);
            resources::amount_of(errors, &path, name, amount);
        }
    }
}

/// A change of a ResourceQuota: its scopes stay.
pub(super) fn update(errors: &mut Errors, new: &Object, old: &Object) {
    meta::update(errors, new, old);
    quota(errors, new);
    let (now, before) = (new.list_at(&["spec", "scopes"]), old.list_at(&["spec", "scopes"]));
    let within = |all: &[Value], some: &[Value]| some.iter().all(|s| all.contains(s));
    if !within(now, before) || !within(before, now) {
        let shown = if now.is_empty() { Value::Null } else { Value::from(now.to_vec()) };
        errors.push(FieldError::invalid(FieldPath::new("spec.scopes"), &shown, "field is immutable"));
    }
}

fn quota_name(errors: &mut Errors, path: &FieldPath, name: &str) {
    let complaints = names::label_key(name);
    if !complaints.is_empty() {
        check::text(errors, path, name, complaints);
        return;
    }
    let word = !name.contains('/');
    if word && !is_standard(name) {
        for why in
            ["must be a standard resource type or fully qualified", "must be a standard resource for quota"]
        {
            errors.push(FieldError::invalid(path.clone(), &name.into(), why));
        }
    }
}

fn scopes(errors: &mut Errors, object: &Object) {
    let scopes = object.list_at(&["spec", "scopes"]);
    if scopes.is_empty() {
        return;
    }
    let path = FieldPath::new("spec.scopes");
    let shown = Value::from(scopes.to_vec());
    let hard = object.map_at(&["spec", "hard"]);
    let has = |name: &str| scopes.iter().any(|s| s.as_str() == Some(name));
    for scope in scopes {
        let scope = scope.as_str().unwrap_or_default();
        if !SCOPES.contains(&scope) {
            errors.push(FieldError::invalid(path.clone(), &shown, "unsupported scope"));
        }
        for (name, _) in hard.iter() {
            if is_standard(name) && !applies(scope, name) {
                errors.push(FieldError::invalid(
                    path.clone(),
                    &shown,
                    "unsupported scope applied to resource",
                ));
            }
        }
    }
    for (a, b) in [("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating")] {
        if has(a) && has(b) {
            errors.push(FieldError::invalid(path.clone(), &shown, "conflicting scopes"));
        }
    }
}

fn is_standard(name: &str) -> bool {
    STANDARD.contains(&name) || name.starts_with("hugepages-") || name.starts_with("requests.hugepages-")
}

/// Whether a scope can be asked of a resource.
fn applies(scope: &str, resource: &str) -> bool {
    let of_pods = matches!(
        resource,
        "pods" | "cpu" | "memory" | "requests.cpu" | "requests.memory" | "limits.cpu" | "limits.memory"
    );
    match scope {
        "BestEffort" => resource == "pods",
        "Terminating"
        | "NotTerminating"
        | "NotBestEffort"
        | "PriorityClass"
        | "CrossNamespacePodAffinity" => of_pods,
        "VolumeAttributesClass" => matches!(resource, "persistentvolumeclaims" | "requests.storage"),
        _ => true,
    }
}

fn selector(errors: &mut Errors, object: &Object) {
    let path = FieldPath::new("spec.scopeSelector.matchExpressions");
    let whole = object.at(&["spec", "scopeSelector"]).unwrap_or(&Value::Null);
    let mut seen: Vec<&str> = Vec::new();
    for expression in object.list_at(&["spec", "scopeSelector", "matchExpressions"]) {
        let scope = expression.str_at(&["scopeName"]);
        if !SCOPES.contains(&scope) {
            errors.push(FieldError::invalid(path.child("scopeName"), &scope.into(), "unsupported scope"));
        }
        for (name, _) in object.map_at(&["spec", "hard"]).iter() {
            if is_standard(name) && !applies(scope, name) {
                let why = "unsupported scope applied to resource";
                let shown = super::internal::print("ScopeSelector", whole);
                errors.push(FieldError::invalid_rendered(path.clone(), shown, why));
            }
        }
        seen.push(scope);
        let operator = expression.str_at(&["operator"]);
        let values = expression.list_at(&["values"]);
        if matches!(
            scope,
            "BestEffort" | "NotBestEffort" | "Terminating" | "NotTerminating" | "CrossNamespacePodAffinity"
        ) && operator != "Exists"
        {
            let why = "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
            errors.push(FieldError::invalid(path.child("operator"), &operator.into(), why));
        }
        match operator {
            "In" | "NotIn" if values.is_empty() => errors.push(FieldError::required(
                path.child("values"),
                "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
            )),
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                let shown = Value::from(values.to_vec());
                let why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
                errors.push(FieldError::invalid(path.child("values"), &shown, why));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => errors.push(FieldError::invalid(
                path.child("operator"),
                &other.into(),
                "not a valid selector operator",
            )),
        }
    }
    for (a, b) in [("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating")] {
        if seen.contains(&a) && seen.contains(&b) {
            // The server shows the scopes beside the selector, not those in it.
            let scopes = object.list_at(&["spec", "scopes"]);
            let shown = if scopes.is_empty() { Value::Null } else { Value::from(scopes.to_vec()) };
            errors.push(FieldError::invalid(path.clone(), &shown, "conflicting scopes"));
        }
    }
}

/// A LimitRange.
pub(super) fn limit_range(errors: &mut Errors, object: &Object) {
    meta::object(errors, object, true, names::dns1123_subdomain);
    let mut seen: Vec<&str> = Vec::new();
    for (i, limit) in object.list_at(&["spec", "limits"]).iter().enumerate() {
        let path = FieldPath::new("spec.limits").index(i);
        let kind = limit.str_at(&["type"]);
        if check::required(errors, path.child("type"), kind) {
            let complaints = names::label_key(kind);
            if !complaints.is_empty() {
                check::text(errors, &path.child("type"), kind, complaints);
            } else if !kind.contains('/') && !matches!(kind, "Pod" | "Container" | "PersistentVolumeClaim") {
                let why = "must be a standard limit type or fully qualified";
                errors.push(FieldError::invalid(path.child("type"), &kind.into(), why));
            }
        }
        if seen.contains(&kind) {
            errors.push(FieldError::duplicate(path.child("type"), &kind.into()));
        }
        seen.push(kind);
        one_limit(errors, &path, limit, kind);
    }
}

fn one_limit(errors: &mut Errors, path: &FieldPath, limit: &Value, kind: &str) {
    let mut keys: Vec<&str> = Vec::new();
    let of_container = matches!(kind, "Pod" | "Container");
    for field in ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] {
        if kind == "Pod" && field.starts_with("default") {
            if !limit.map_at(&[field]).is_empty() {
                let why = "may not be specified when `type` is 'Pod'";
                errors.push(FieldError::forbidden(path.child(field), why));
            }
            continue;
        }
        if field == "maxLimitRequestRatio" && kind == "PersistentVolumeClaim" {
            storage(errors, path, limit);
        }
        for key in limit.map_at(&[field]).keys() {
            resources::name(errors, &path.child(field).key(key), key, of_container);
            keys.push(key);
        }
    }
    gatehouse_model::order::sort(&mut keys);
    keys.dedup();
    for key in keys {
        bounds(errors, path, limit, kind, key);
    }
}

fn storage(errors: &mut Errors, path: &FieldPath, limit: &Value) {
    let has = |field: &str| limit.map_at(&[field]).contains_key("storage");
    if !has("min") && !has("max") {
        errors.push(FieldError::required(
            path.child("limits"),
            "either minimum or maximum storage value is required, but neither was provided",
        ));
    }
}

/// Which amount must not be above which, the words for it, the field that is blamed, and the amount that is shown.
const BOUNDS: [(&str, &str, &str, &str, &str); 6] = [
    ("min", "max", "min value {} is greater than max value {}", "min", "min"),
    (
        "min",
        "defaultRequest",
        "min value {} is greater than default request value {}",
        "defaultRequest",
        "defaultRequest",
    ),
    (
        "defaultRequest",
        "max",
        "default request value {} is greater than max value {}",
        "defaultRequest",
        "defaultRequest",
    ),
    (
        "defaultRequest",
        "default",
        "default request value {} is greater than default limit value {}",
        "defaultRequest",
        "defaultRequest",
    ),
    ("min", "default", "min value {} is greater than default value {}", "default", "min"),
    ("default", "max", "default value {} is greater than max value {}", "default", "max"),
];

/// How the amounts of one resource stand to one another.
#[expect(clippy::cast_precision_loss, reason = "ratios are printed with six digits")]
fn bounds(errors: &mut Errors, path: &FieldPath, limit: &Value, kind: &str, key: &str) {
    let amount = |field: &str| {
        let ignored = kind == "Pod" && field.starts_with("default");
        let (text, amount) = resources::quantity(limit.map_at(&[field]).get(key).filter(|_| !ignored)?);
        Some((text, amount?))
    };
    let mut invalid = |field: &str, shown: &str, why: String| {
        errors.push(FieldError::invalid(path.child(field).key(key), &shown.into(), why));
    };
    for (low, high, words, field, shown) in BOUNDS {
        let (Some((low_text, low)), Some((high_text, high))) = (amount(low), amount(high)) else { continue };
        if low > high {
            let shown = amount(shown).map_or_else(String::new, |(text, _)| text);
            invalid(field, &shown, words.replacen("{}", &low_text, 1).replacen("{}", &high_text, 1));
        }
    }
    if let Some((text, ratio)) = amount("maxLimitRequestRatio") {
        if ratio.milli() < 1000 {
            invalid("maxLimitRequestRatio", &text, format!("ratio {text} is less than 1"));
        }
        if let (Some((_, min)), Some((_, max))) = (amount("min"), amount("max")) {
            let most = max.milli() as f64 / min.milli() as f64;
            if ratio.milli() as f64 / 1000.0 > most {
                let why = format!("ratio {text} is greater than max/min = {most:.6}");
                invalid("maxLimitRequestRatio", &text, why);
            }
        }
    }
    if let (Some((limit, a)), Some((request, b)), false) =
        (amount("default"), amount("defaultRequest"), resources::overcommits(key))
        && a != b
    {
        let why = format!("default value {limit} must equal to defaultRequest value {request} in {key}");
        invalid("defaultRequest", &request, why);
    }
}
