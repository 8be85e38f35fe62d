//! CustomResourceDefinitions are accepted and established at once: the two controllers that say so live in the server.
//!
//! Models apiextensions `pkg/registry/customresourcedefinition/strategy.go` and `pkg/controller/{status,establish}`.

use gatehouse_model::{Object, Value, json};

use crate::server::Call;

/// Fills in the status.
pub(super) fn prepare(call: &Call<'_>, object: &mut Object) {
    let stored = object
        .list_at(&["spec", "versions"])
        .iter()
        .find(|v| v.bool_at(&["storage"]) == Some(true))
        .map_or_else(String::new, |v| v.str_at(&["name"]).to_owned());
    let mut versions: Vec<Value> = object.list_at(&["status", "storedVersions"]).to_vec();
    if !versions.iter().any(|v| v.as_str() == Some(&stored)) {
        versions.push(Value::from(stored));
    }
    let (accepted, conflict) = names(call, object);
    let now = call.cluster.now.to_string();
    let condition = |kind: &str, status: &str, reason: &str, message: &str| {
        let before = object.list_at(&["status", "conditions"]).iter().find(|c| c.str_at(&["type"]) == kind);
        let same = before.filter(|c| c.str_at(&["status"]) == status);
        let since = same.map_or(now.as_str(), |c| c.str_at(&["lastTransitionTime"]));
        json!({"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": since})
    };
    let was = object
        .list_at(&["status", "conditions"])
        .iter()
        .any(|c| c.str_at(&["type"]) == "Established" && c.str_at(&["status"]) == "True");
    let named = match &conflict {
        None => condition("NamesAccepted", "True", "NoConflicts", "no conflicts found"),
        Some((reason, why)) => condition("NamesAccepted", "False", reason, why),
    };
    let established = if was || conflict.is_none() {
        condition("Established", "True", "InitialNamesAccepted", "the initial names have been accepted")
    } else {
        condition("Established", "False", "NotAccepted", "not all names are accepted")
    };
    object.set(
        &["status"],
        json!({"conditions": [named, established], "acceptedNames": accepted, "storedVersions": versions}),
    );
}

/// The names that nobody else of the group has, and the last conflict about the others: its reason and its words.
fn names(call: &Call<'_>, object: &Object) -> (Value, Option<(&'static str, String)>) {
    let (mut resources, mut kinds): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    let others = call.cluster.store.list("customresourcedefinitions.apiextensions.k8s.io", None);
    for other in others {
        if other.name() == object.name() || other.at(&["spec", "group"]) != object.at(&["spec", "group"]) {
            continue;
        }
        let name = |field: &str| other.str_at(&["status", "acceptedNames", field]);
        resources.extend([name("plural"), name("singular")]);
        resources.extend(
            other.list_at(&["status", "acceptedNames", "shortNames"]).iter().filter_map(Value::as_str),
        );
        kinds.extend([name("kind"), name("listKind")]);
    }
    let wanted = object.at(&["spec", "names"]).cloned().unwrap_or_default();
    let before = object.at(&["status", "acceptedNames"]).cloned().unwrap_or_default();
    let (mut accepted, mut conflict) = (wanted.clone(), None);
    let mut refuse = |field: &str, reason: &'static str, why: String| {
        match before.get(field) {
            Some(name) => accepted.set(&[field], name.clone()),
            // Go's empty name where there has to be one.
            None if matches!(field, "plural" | "kind") => accepted.set(&[field], ""),
            None => {
                accepted.remove(&[field]);
            }
        }
        conflict = Some((reason, why));
    };
    let taken = |name: &str, before: &str, used: &[&str]| name != before && used.contains(&name);
    let in_use = |name: &str| format!("\"{name}\" is already in use");
    for (field, reason, used) in [
        ("plural", "PluralConflict", &resources),
        ("singular", "SingularConflict", &resources),
        ("shortNames", "ShortNamesConflict", &resources),
        ("kind", "KindConflict", &kinds),
        ("listKind", "ListKindConflict", &kinds),
    ] {
        if field == "shortNames" {
            let old: Vec<&str> = before.list_at(&[field]).iter().filter_map(Value::as_str).collect();
            let new = wanted.list_at(&[field]).iter().filter_map(Value::as_str);
            let wrong: Vec<String> =
                new.filter(|name| !old.contains(name) && taken(name, "", used)).map(in_use).collect();
            if !wrong.is_empty() {
                refuse(field, reason, gatehouse_model::field::aggregate_texts(&wrong));
            }
        } else if taken(wanted.str_at(&[field]), before.str_at(&[field]), used) {
            refuse(field, reason, in_use(wanted.str_at(&[field])));
        }
    }
    (accepted, conflict)
}
