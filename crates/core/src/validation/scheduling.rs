//! Where a pod may run: selectors, affinity, tolerations, spreading.
//!
//! Models `validateAffinity`, `ValidateTolerations`, `validateTopologySpreadConstraints`.

use gatehouse_model::{FieldError, FieldPath, Value, names};

use super::check::{self, Errors};
use super::meta;

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// `spec.affinity`
pub(super) fn affinity(errors: &mut Errors, path: &FieldPath, affinity: Option<&Value>) {
    let Some(affinity) = affinity else { return };
    if let Some(node) = affinity.get("nodeAffinity") {
        node_affinity(errors, &path.child("nodeAffinity"), node);
    }
    for kind in ["podAffinity", "podAntiAffinity"] {
        let Some(pods) = affinity.get(kind) else { continue };
        let path = path.child(kind);
        for (i, term) in pods.list_at(&[REQUIRED]).iter().enumerate() {
            pod_term(errors, &path.child(REQUIRED).index(i), term);
        }
        for (i, weighted) in pods.list_at(&[PREFERRED]).iter().enumerate() {
            let path = path.child(PREFERRED).index(i);
            weight(errors, &path, weighted);
            pod_term(
                errors,
                &path.child("podAffinityTerm"),
                weighted.get("podAffinityTerm").unwrap_or(&Value::Null),
            );
        }
    }
}

fn weight(errors: &mut Errors, path: &FieldPath, term: &Value) {
    let weight = term.i64_at(&["weight"]).unwrap_or(0);
    if !(1..=100).contains(&weight) {
        errors.push(FieldError::invalid(
            path.child("weight"),
            &Value::Int(weight),
            "must be in the range 1-100",
        ));
    }
}

fn node_affinity(errors: &mut Errors, path: &FieldPath, node: &Value) {
    if let Some(required) = node.get(REQUIRED) {
        node_selector(errors, &path.child(REQUIRED), required);
    }
    for (i, preferred) in node.list_at(&[PREFERRED]).iter().enumerate() {
        let path = path.child(PREFERRED).index(i);
        weight(errors, &path, preferred);
        node_term(
            errors,
            &path.child("preference"),
            preferred.get("preference").unwrap_or(&Value::Null),
            false,
        );
    }
}

/// Which nodes will do: at least one term.
pub(super) fn node_selector(errors: &mut Errors, path: &FieldPath, selector: &Value) {
    let path = path.child("nodeSelectorTerms");
    let terms = selector.list_at(&["nodeSelectorTerms"]);
    if terms.is_empty() {
        errors.push(FieldError::required(path.clone(), "must have at least one node selector term"));
    }
    for (i, term) in terms.iter().enumerate() {
        node_term(errors, &path.index(i), term, true);
    }
}

fn node_term(errors: &mut Errors, path: &FieldPath, term: &Value, check_values: bool) {
    for (i, requirement) in term.list_at(&["matchExpressions"]).iter().enumerate() {
        let path = path.child("matchExpressions").index(i);
        let values = requirement.list_at(&["values"]);
        match requirement.str_at(&["operator"]) {
            "In" | "NotIn" => {
                if values.is_empty() {
                    let why = "must be specified when `operator` is 'In' or 'NotIn'";
                    errors.push(FieldError::required(path.child("values"), why));
                }
            }
            "Exists" | "DoesNotExist" => {
                if !values.is_empty() {
                    let why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
                    errors.push(FieldError::forbidden(path.child("values"), why));
                }
            }
            "Gt" | "Lt" => {
                if values.len() != 1 {
                    let why = "must be specified single value when `operator` is 'Lt' or 'Gt'";
                    errors.push(FieldError::required(path.child("values"), why));
                }
            }
            other => {
                errors.push(FieldError::invalid(
                    path.child("operator"),
                    &other.into(),
                    "not a valid selector operator",
                ));
            }
        }
        let key = requirement.str_at(&["key"]);
        check::text(errors, &path.child("key"), key, names::label_key(key));
        if check_values {
            for (j, value) in values.iter().enumerate() {
                let value = value.as_str().unwrap_or_default();
                check::text(errors, &path.child("values").index(j), value, names::label_value(value));
            }
        }
    }
    for (i, requirement) in term.list_at(&["matchFields"]).iter().enumerate() {
        let path = path.child("matchFields").index(i);
        let operator = requirement.str_at(&["operator"]);
        if !matches!(operator, "In" | "NotIn") {
            errors.push(FieldError::invalid(
                path.child("operator"),
                &operator.into(),
                "not a valid selector operator",
            ));
        } else if requirement.list_at(&["values"]).len() != 1 {
            let why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
            errors.push(FieldError::required(path.child("values"), why));
        }
        let key = requirement.str_at(&["key"]);
        if key != "metadata.name" {
            errors.push(FieldError::invalid(
                path.child("key"),
                &key.into(),
                "not a valid field selector key",
            ));
            continue;
        }
        for (j, value) in requirement.list_at(&["values"]).iter().enumerate() {
            let name = value.as_str().unwrap_or_default();
            check::text(errors, &path.child("values").index(j), name, names::dns1123_subdomain(name));
        }
    }
}

fn pod_term(errors: &mut Errors, path: &FieldPath, term: &Value) {
    meta::selector(errors, &path.child("labelSelector"), term.get("labelSelector"));
    meta::selector(errors, &path.child("namespaceSelector"), term.get("namespaceSelector"));
    for namespace in term.list_at(&["namespaces"]) {
        let name = namespace.as_str().unwrap_or_default();
        check::text(errors, &path.child("namespace"), name, names::dns1123_label(name));
    }
    match_keys(errors, path, term);
    let key = term.str_at(&["topologyKey"]);
    if key.is_empty() {
        errors.push(FieldError::required(path.child("topologyKey"), "can not be empty"));
    }
    check::text(errors, &path.child("topologyKey"), key, names::label_key(key));
}

/// Label keys whose values the pod itself gives to the selector beside them, or keeps out of it.
fn match_keys(errors: &mut Errors, path: &FieldPath, term: &Value) {
    let (same, other) = ("matchLabelKeys", "mismatchLabelKeys");
    let selector = term.get("labelSelector");
    for field in [same, other] {
        let keys = term.list_at(&[field]);
        let path = path.child(field);
        if !keys.is_empty() && selector.is_none() {
            errors.push(FieldError::forbidden(path, "must not be specified when labelSelector is not set"));
            continue;
        }
        for (i, key) in keys.iter().enumerate() {
            let key = key.as_str().unwrap_or_default();
            check::text(errors, &path.index(i), key, names::label_key(key));
        }
    }
    let keys = term.list_at(&[same]);
    // The keys are in the selector by now, once; a second time somebody wrote them there.
    let mut seen: Vec<&str> = term.map_at(&["labelSelector", "matchLabels"]).keys().collect();
    for expression in term.list_at(&["labelSelector", "matchExpressions"]) {
        let key = expression.str_at(&["key"]);
        let place = keys.iter().rposition(|k| k.as_str() == Some(key));
        if let Some(i) = place.filter(|_| seen.contains(&key)) {
            let why = "exists in both matchLabelKeys and labelSelector";
            errors.push(FieldError::invalid(path.index(i), &key.into(), why));
        }
        seen.push(key);
    }
    for (i, key) in keys.iter().enumerate() {
        if term.list_at(&[other]).contains(key) {
            let why = "exists in both matchLabelKeys and mismatchLabelKeys";
            errors.push(FieldError::invalid(path.child(same).index(i), key, why));
        }
    }
}

/// Label keys by which pods of one kind are told apart when they are spread.
fn spread_keys(errors: &mut Errors, path: &FieldPath, constraint: &Value) {
    let keys = constraint.list_at(&["matchLabelKeys"]);
    let path = path.child("matchLabelKeys");
    if !keys.is_empty() && constraint.get("labelSelector").is_none() {
        let why = "must not be specified when labelSelector is not set";
        errors.push(FieldError::forbidden(path.clone(), why));
    }
    let selects = |key: &str| {
        constraint.map_at(&["labelSelector", "matchLabels"]).contains_key(key)
            || constraint
                .list_at(&["labelSelector", "matchExpressions"])
                .iter()
                .any(|e| e.str_at(&["key"]) == key)
    };
    for (i, key) in keys.iter().enumerate() {
        let key = key.as_str().unwrap_or_default();
        check::text(errors, &path.index(i), key, names::label_key(key));
        if selects(key) {
            let why = "exists in both matchLabelKeys and labelSelector";
            errors.push(FieldError::invalid(path.index(i), &key.into(), why));
        }
    }
}

/// A taint's or toleration's effect.
pub(super) fn effect(errors: &mut Errors, path: FieldPath, effect: &str) {
    check::allowed(errors, path, effect, &["NoSchedule", "PreferNoSchedule", "NoExecute"]);
}

/// `spec.tolerations`
pub(super) fn tolerations(errors: &mut Errors, path: &FieldPath, tolerations: &[Value]) {
    for (i, toleration) in tolerations.iter().enumerate() {
        let path = path.index(i);
        let text = |field: &str| toleration.str_at(&[field]);
        let (key, operator, value) = (text("key"), text("operator"), text("value"));
        if !key.is_empty() {
            check::text(errors, &path.child("key"), key, names::label_key(key));
        } else if operator != "Exists" {
            errors.push(FieldError::invalid(
                path.child("operator"),
                &operator.into(),
                "operator must be Exists when `key` is empty, which means \"match all values and all keys\"",
            ));
        }
        if toleration.get("tolerationSeconds").is_some() && text("effect") != "NoExecute" {
            errors.push(FieldError::invalid(
                path.child("effect"),
                &text("effect").into(),
                "effect must be 'NoExecute' when `tolerationSeconds` is set",
            ));
        }
        match operator {
            "Equal" | "" => {
                let complaints = names::label_value(value);
                if !complaints.is_empty() {
                    errors.push(FieldError::invalid(
                        path.child("operator"),
                        &value.into(),
                        complaints.join(";"),
                    ));
                }
            }
            "Exists" => {
                if !value.is_empty() {
                    errors.push(FieldError::invalid(
                        path.child("operator"),
                        &value.into(),
                        "value must be empty when `operator` is 'Exists'",
                    ));
                }
            }
            other => errors.push(FieldError::not_supported(
                path.child("operator"),
                &other.into(),
                &["Equal", "Exists"],
            )),
        }
        if !text("effect").is_empty() {
            effect(errors, path.child("effect"), text("effect"));
        }
    }
}

/// `spec.topologySpreadConstraints`
pub(super) fn spread(errors: &mut Errors, path: &FieldPath, constraints: &[Value]) {
    let pair =
        |c: &Value| (c.str_at(&["topologyKey"]).to_owned(), c.str_at(&["whenUnsatisfiable"]).to_owned());
    for (i, constraint) in constraints.iter().enumerate() {
        let path = path.index(i);
        let skew = constraint.i64_at(&["maxSkew"]).unwrap_or(0);
        if skew <= 0 {
            errors.push(FieldError::invalid(
                path.child("maxSkew"),
                &Value::Int(skew),
                "must be greater than zero",
            ));
        }
        let key = constraint.str_at(&["topologyKey"]);
        if key.is_empty() {
            errors.push(FieldError::required(path.child("topologyKey"), "can not be empty"));
        }
        let when = constraint.str_at(&["whenUnsatisfiable"]);
        check::allowed(errors, path.child("whenUnsatisfiable"), when, &["DoNotSchedule", "ScheduleAnyway"]);
        if constraints.iter().skip(i + 1).any(|later| pair(later) == pair(constraint)) {
            let shown = format!("{{{key}, {when}}}");
            errors.push(FieldError::duplicate(
                path.child("{topologyKey, whenUnsatisfiable}"),
                &Value::from(shown),
            ));
        }
        if let Some(domains) = constraint.i64_at(&["minDomains"]) {
            if domains <= 0 {
                let why = "must be greater than zero";
                errors.push(FieldError::invalid(path.child("minDomains"), &Value::Int(domains), why));
            }
            if when != "DoNotSchedule" {
                errors.push(FieldError::invalid(
                    path.child("minDomains"),
                    &Value::Int(domains),
                    format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {when}"),
                ));
            }
        }
        for field in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
            if let Some(policy) = constraint.get(field).and_then(Value::as_str) {
                check::allowed(errors, path.child(field), policy, &["Honor", "Ignore"]);
            }
        }
        spread_keys(errors, &path, constraint);
        meta::selector(errors, &path.child("labelSelector"), constraint.get("labelSelector"));
    }
}
