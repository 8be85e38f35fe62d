//! Amounts of resources in containers and pods, as quotas and limits add them up.
//!
//! Models component-helpers `resource/helpers.go`.

use std::collections::BTreeMap;

pub(crate) use gatehouse_model::quantity::Quantity;
use gatehouse_model::{Object, Value, json};

/// Amounts by name of resource.
pub(crate) type Amounts = BTreeMap<String, Quantity>;

/// Reads a quantity as it stands in an object: a string or a bare number.
pub(crate) fn parse(value: &Value) -> Option<Quantity> {
    let text = value.as_str().map_or_else(|| json::print(value), str::to_owned);
    Quantity::parse(&text).ok()
}

/// Reads a list of resources.
pub(crate) fn amounts(value: Option<&Value>) -> Amounts {
    let all = value.map(Value::entries).into_iter().flat_map(|m| m.iter());
    gatehouse_model::order::map(all.filter_map(|(k, v)| Some((k.to_owned(), parse(v)?))))
}

/// Adds amounts to others.
pub(crate) fn add(sum: &mut Amounts, more: &Amounts) {
    for (name, amount) in more {
        let total = sum.get(name).map_or_else(|| amount.clone(), |known| known.add(amount));
        sum.insert(name.clone(), total);
    }
}

fn raise(most: &mut Amounts, other: &Amounts) {
    for (name, amount) in other {
        if most.get(name).is_none_or(|known| amount > known) {
            most.insert(name.clone(), amount.clone());
        }
    }
}

/// What the containers of a specification ask for or are limited to: together, or any one init container with the
/// sidecars started before it, whichever is more.
pub(crate) fn of_containers(spec: &Value, kind: &str) -> Amounts {
    let of = |container: &Value| amounts(container.at(&["resources", kind]));
    let mut total = Amounts::new();
    for container in spec.list_at(&["containers"]) {
        add(&mut total, &of(container));
    }
    let (mut sidecars, mut most) = (Amounts::new(), Amounts::new());
    for container in spec.list_at(&["initContainers"]) {
        let mut together = of(container);
        if container.str_at(&["restartPolicy"]) == "Always" {
            add(&mut total, &together);
            add(&mut sidecars, &together);
            together = sidecars.clone();
        } else {
            add(&mut together, &sidecars);
        }
        raise(&mut most, &together);
    }
    raise(&mut total, &most);
    total
}

/// What a pod asks for (`requests`) or is limited to (`limits`): its containers, and the overhead of its runtime class.
pub(crate) fn of_pod(pod: &Object, kind: &str) -> Amounts {
    let mut total = of_containers(pod.get("spec").unwrap_or(&Value::Null), kind);
    let overhead = amounts(pod.at(&["spec", "overhead"]));
    if kind == "requests" {
        add(&mut total, &overhead);
    } else {
        // A limit that is not set stays unset.
        let limited = overhead.into_iter().filter(|(name, _)| total.contains_key(name));
        let limited = gatehouse_model::order::map(limited);
        add(&mut total, &limited);
    }
    total
}
