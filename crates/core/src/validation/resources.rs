//! Resource lists: names, amounts, requests against limits.
//!
//! Models `ValidateContainerResourceRequirements` and its kin in `pkg/apis/core/validation/validation.go`.

use gatehouse_model::quantity::Quantity;
use gatehouse_model::{FieldError, FieldPath, Value, names};

use super::check::Errors;

/// A quantity and its text; numbers are quantities too.
pub(super) fn quantity(value: &Value) -> (String, Option<Quantity>) {
    let text = value.as_str().map_or_else(|| gatehouse_model::json::print(value), str::to_owned);
    let parsed = Quantity::parse(&text).ok();
    (text, parsed)
}

const HUGE_PAGES: &str = "hugepages-";

/// `resources` of a container.
pub(super) fn container(errors: &mut Errors, path: &FieldPath, resources: Option<&Value>) {
    let Some(resources) = resources else { return };
    let (limits, requests) = (resources.map_at(&["limits"]), resources.map_at(&["requests"]));
    let limits_path = path.child("limits");
    let requests_path = path.child("requests");
    for (name, amount) in limits.iter() {
        let path = limits_path.key(name);
        resource_name(errors, &path, name);
        amount_of(errors, &path, name, amount);
    }
    for (name, amount) in requests.iter() {
        let path = requests_path.key(name);
        resource_name(errors, &path, name);
        amount_of(errors, &path, name, amount);
        let (text, request) = quantity(amount);
        let limit = limits.get(name).map(quantity);
        match (limit, request) {
            (Some((limit_text, Some(limit))), Some(request)) => {
                if !overcommits(name) && request != limit {
                    let why = format!("must be equal to {name} limit of {limit_text}");
                    errors.push(FieldError::invalid(requests_path.clone(), &Value::from(text), why));
                } else if request > limit {
                    let why = format!("must be less than or equal to {name} limit of {limit_text}");
                    errors.push(FieldError::invalid(requests_path.clone(), &Value::from(text), why));
                }
            }
            (None, _) if !overcommits(name) => {
                errors.push(FieldError::required(
                    limits_path.clone(),
                    "Limit must be set for non overcommitable resources",
                ));
            }
            _ => {}
        }
    }
}

/// Whether a container may be promised less of it than it may take.
pub(super) fn overcommits(name: &str) -> bool {
    is_native(name) && !name.starts_with(HUGE_PAGES)
}

fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// The name of a resource a container may ask for.
fn resource_name(errors: &mut Errors, path: &FieldPath, resource: &str) {
    name(errors, path, resource, true);
}

/// The name of a resource; `of_container` if a container must be able to ask for it.
pub(super) fn name(errors: &mut Errors, path: &FieldPath, name: &str, of_container: bool) {
    let complaints = names::label_key(name);
    let invalid = |why: &str| FieldError::invalid(path.clone(), &Value::from(name), why);
    if !complaints.is_empty() {
        errors.extend(complaints.iter().map(|c| invalid(c)));
        return;
    }
    if name.contains('/') {
        let extended = !is_native(name)
            && !name.starts_with("requests.")
            && names::label_key(&format!("requests.{name}")).is_empty();
        if of_container && !extended {
            errors.push(invalid("doesn't follow extended resource name standard"));
        }
        return;
    }
    let standard = matches!(name, "cpu" | "memory" | "ephemeral-storage") || name.starts_with(HUGE_PAGES);
    if !standard {
        if !is_known_word(name) {
            errors.push(invalid("must be a standard resource type or fully qualified"));
        }
        if of_container {
            errors.push(invalid("must be a standard resource for containers"));
        }
    }
}

/// Words that are resources, but of quotas.
fn is_known_word(name: &str) -> bool {
    matches!(
        name,
        "storage"
            | "pods"
            | "services"
            | "replicationcontrollers"
            | "resourcequotas"
            | "secrets"
            | "configmaps"
            | "persistentvolumeclaims"
            | "services.nodeports"
            | "services.loadbalancers"
            | "requests.cpu"
            | "requests.memory"
            | "requests.storage"
            | "requests.ephemeral-storage"
            | "limits.cpu"
            | "limits.memory"
            | "limits.ephemeral-storage"
    )
}

/// An amount is not negative, and whole where parts make no sense.
pub(super) fn amount_of(errors: &mut Errors, path: &FieldPath, name: &str, amount: &Value) {
    let (text, parsed) = quantity(amount);
    let Some(parsed) = parsed else { return };
    if parsed.is_negative() {
        errors.push(FieldError::invalid(
            path.clone(),
            &Value::from(text.as_str()),
            "must be greater than or equal to 0",
        ));
    }
    let whole =
        !matches!(name, "cpu" | "memory" | "ephemeral-storage" | "storage" | "requests.cpu" | "limits.cpu")
            && is_integer(name);
    if whole && parsed.milli() % 1000 != 0 {
        errors.push(FieldError::invalid(path.clone(), &Value::from(text), "must be an integer"));
    }
}

fn is_integer(name: &str) -> bool {
    matches!(
        name,
        "pods"
            | "services"
            | "replicationcontrollers"
            | "resourcequotas"
            | "secrets"
            | "configmaps"
            | "persistentvolumeclaims"
            | "services.nodeports"
            | "services.loadbalancers"
    ) || name.starts_with("count/")
        || !is_native(name)
}
