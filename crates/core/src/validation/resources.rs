//! Resource lists: names, amounts, requests against limits.
//!
//! Models `ValidateContainerResourceRequirements` and its kin in `pkg/apis/core/validation/validation.go`.

use gatehouse_model::quantity::Quantity;
use gatehouse_model::{FieldError, FieldPath, Value, names};

use super::check::{self, Errors};

/// A quantity and its text; numbers are quantities too.
pub(super) fn quantity(value: &Value) -> (String, Option<Quantity>) {
    let text = value.as_str().map_or_else(|| gatehouse_model::json::print(value), str::to_owned);
    let parsed = Quantity::parse(&text).ok();
    (text, parsed)
}

const HUGE_PAGES: &str = "hugepages-";

/// `resources` of a container; `claims` are the names the pod gives to what it claims.
pub(super) fn container(errors: &mut Errors, path: &FieldPath, resources: Option<&Value>, claims: &[&str]) {
    let Some(resources) = resources else { return };
    requirements(errors, path, resources, resource_name);
    claim_names(errors, &path.child("claims"), resources.list_at(&["claims"]), claims);
}

/// What a pod as a whole may ask for, against what its containers ask for.
pub(super) fn pod(errors: &mut Errors, path: &FieldPath, spec: &Value, claims: &[&str]) {
    let Some(resources) = spec.get("resources") else { return };
    if resources.get("claims").is_some() {
        let why = "claims cannot be set for Resources at pod-level";
        errors.push(FieldError::forbidden(path.child("claims"), why));
    }
    requirements(errors, path, resources, |errors, path, name| {
        let before = errors.len();
        self::name(errors, path, name, false);
        let huge = name.starts_with(HUGE_PAGES);
        if errors.len() == before && !huge && !matches!(name, "cpu" | "memory") {
            errors.push(FieldError::not_supported(
                path.clone(),
                &name.into(),
                &["cpu", "hugepages-", "memory"],
            ));
        }
    });
    claim_names(errors, &path.child("claims"), resources.list_at(&["claims"]), claims);
    let sums = crate::admission::quantities::of_containers(spec, "requests");
    for (name, sum) in &sums {
        let has = resources.map_at(&["requests"]).get(name).map(quantity);
        let (text, has) = match has {
            Some((text, Some(has))) => (text, has),
            _ => ("0".to_owned(), Quantity::from_units(0)),
        };
        if *sum > has {
            let why = format!("must be greater than or equal to aggregate container requests of {sum}");
            errors.push(FieldError::invalid(path.child("requests").key(name), &text.into(), why));
        }
    }
    for (i, container) in spec.list_at(&["containers"]).iter().enumerate() {
        for (name, limit) in container.map_at(&["resources", "limits"]).iter() {
            let whole = resources.map_at(&["limits"]).get(name).map(quantity);
            if let (Some((most, Some(whole))), (text, Some(limit))) = (whole, quantity(limit))
                && limit > whole
            {
                let path = path.child("containers").index(i).key(name).child("limits");
                let why = format!("must be less than or equal to pod limits of {most}");
                errors.push(FieldError::invalid(path, &text.into(), why));
            }
        }
    }
}

/// Limits, and requests that fit them.
fn requirements(
    errors: &mut Errors,
    path: &FieldPath,
    resources: &Value,
    name_rule: fn(&mut Errors, &FieldPath, &str),
) {
    let (limits, requests) = (resources.map_at(&["limits"]), resources.map_at(&["requests"]));
    let limits_path = path.child("limits");
    let requests_path = path.child("requests");
    for (name, amount) in limits.iter() {
        let path = limits_path.key(name);
        name_rule(errors, &path, name);
        amount_of(errors, &path, name, amount);
        huge_pages(errors, &path, name, amount);
    }
    for (name, amount) in requests.iter() {
        let path = requests_path.key(name);
        name_rule(errors, &path, name);
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
        huge_pages(errors, &path, name, amount);
    }
    let has = |rule: fn(&str) -> bool| limits.keys().chain(requests.keys()).any(rule);
    if has(|name| name.starts_with(HUGE_PAGES)) && !has(|name| matches!(name, "cpu" | "memory")) {
        errors.push(FieldError::forbidden(path.clone(), "HugePages require cpu or memory"));
    }
}

/// An amount of huge pages is a number of them.
fn huge_pages(errors: &mut Errors, path: &FieldPath, name: &str, amount: &Value) {
    let Some(page) = name.strip_prefix(HUGE_PAGES).and_then(|size| Quantity::parse(size).ok()) else {
        return;
    };
    let (text, Some(amount)) = quantity(amount) else { return };
    if page.units() == 0 || amount.units() % page.units() != 0 {
        let why = format!("{text} is not positive integer multiple of {name}");
        errors.push(FieldError::invalid(path.clone(), &text.into(), why));
    }
}

/// The claims a container names: each of the pod's, none twice.
fn claim_names(errors: &mut Errors, path: &FieldPath, list: &[Value], claims: &[&str]) {
    let mut seen: Vec<String> = Vec::new();
    for (i, claim) in list.iter().enumerate() {
        let path = path.index(i);
        let (name, request) = (claim.str_at(&["name"]), claim.str_at(&["request"]));
        if name.is_empty() {
            errors.push(FieldError::required(path, ""));
            continue;
        }
        if seen.iter().any(|s| s == name) {
            errors.push(FieldError::duplicate(path.clone(), &name.into()));
        } else {
            let mut key = name.to_owned();
            if !request.is_empty() {
                check::text(errors, &path.child("request"), request, names::dns1123_label(request));
                key = format!("{name}/{request}");
            }
            if seen.contains(&key) {
                errors.push(FieldError::duplicate(path.clone(), &key.as_str().into()));
            } else if request.is_empty() {
                let parts = seen.iter().filter(|s| s.split_once('/').is_some_and(|(n, _)| n == name)).count();
                errors.extend((0..parts).map(|_| FieldError::duplicate(path.clone(), &name.into())));
            }
            seen.push(key);
        }
        if !claims.contains(&name) {
            let mut error = FieldError::not_found(path, &name.into());
            let mut known = claims.to_vec();
            gatehouse_model::order::sort(&mut known);
            error.detail = if known.is_empty() {
                "must be one of the names in pod.spec.resourceClaims which is empty".to_owned()
            } else {
                format!("must be one of the names in pod.spec.resourceClaims: {}", known.join(", "))
            };
            errors.push(error);
        }
    }
}

/// What a pod claims, by the names it gives to them.
pub(super) fn claims(errors: &mut Errors, path: &FieldPath, claims: &[Value]) {
    let mut seen: Vec<&str> = Vec::new();
    for (i, claim) in claims.iter().enumerate() {
        let path = path.index(i);
        let name = claim.str_at(&["name"]);
        if name.is_empty() {
            errors.push(FieldError::required(path.child("name"), ""));
        } else if seen.contains(&name) {
            errors.push(FieldError::duplicate(path.child("name"), &name.into()));
        } else {
            check::text(errors, &path.child("name"), name, names::dns1123_label(name));
            seen.push(name);
        }
        let text = |field: &str| claim.get(field).and_then(Value::as_str);
        let sources = ["resourceClaimName", "resourceClaimTemplateName"];
        let count = sources.iter().filter(|s| text(s).is_some()).count();
        if count != 1 {
            let why = if count == 0 {
                "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"
            } else {
                "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
            };
            let shown = super::internal::print("PodResourceClaim", claim);
            errors.push(FieldError::invalid_rendered(path.clone(), shown, why));
        }
        for source in sources {
            if let Some(name) = text(source) {
                check::text(errors, &path.child(source), name, names::dns1123_subdomain(name));
            }
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
        let extended = is_native(name)
            || (!name.starts_with("requests.") && names::label_key(&format!("requests.{name}")).is_empty());
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
