//! Who owns which field: `metadata.managedFields`, and server-side apply.
//!
//! Models apimachinery `pkg/util/managedfields` and structured-merge-diff. A write notes the fields it changed under
//! its manager; an apply notes all fields of its configuration and asks before it takes one from somebody else.

mod conflict;
mod last_applied;
mod merge;
#[cfg(test)]
mod reference;
mod set;
#[cfg(test)]
mod tests;
mod typed;
mod walk;

use gatehouse_model::schema::TypeRef;
use gatehouse_model::{Object, ResourceType, Value, json};
pub(crate) use last_applied::sync as sync_last_applied;

use crate::cluster::Cluster;
use crate::schema;
use crate::server::Call;
use crate::status::Status;
use set::FieldSet;

/// How a manager came by its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Apply,
    Update,
}

/// One entry of `metadata.managedFields`.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    manager: String,
    operation: Operation,
    api_version: String,
    time: String,
    subresource: String,
    fields: FieldSet,
}

impl Entry {
    fn read(value: &Value) -> Self {
        let text = |key: &str| value.str_at(&[key]).to_owned();
        Self {
            manager: text("manager"),
            operation: if value.str_at(&["operation"]) == "Apply" {
                Operation::Apply
            } else {
                Operation::Update
            },
            api_version: text("apiVersion"),
            time: text("time"),
            subresource: text("subresource"),
            fields: value.get("fieldsV1").map(FieldSet::from_value).unwrap_or_default(),
        }
    }

    fn write(&self) -> Value {
        let mut out = json!({
            "manager": (self.manager.as_str()),
            "operation": (if self.operation == Operation::Apply { "Apply" } else { "Update" }),
            "apiVersion": (self.api_version.as_str()),
            "time": (self.time.as_str()),
            "fieldsType": "FieldsV1",
            "fieldsV1": (self.fields.to_value()),
        });
        if !self.subresource.is_empty() {
            out.set(&["subresource"], self.subresource.as_str());
        }
        out
    }

    fn is(&self, operation: Operation, call: &Call<'_>) -> bool {
        self.operation == operation && self.manager == manager(call) && self.subresource == subresource(call)
    }
}

fn entries(object: &Object) -> Vec<Entry> {
    object.list_at(&["metadata", "managedFields"]).iter().map(Entry::read).collect()
}

fn store(object: &mut Value, mut entries: Vec<Entry>) {
    entries.retain(|e| !e.fields.is_empty());
    // Applies first, then by time; equals stay in the order they came.
    gatehouse_model::order::by_key(&mut entries, |e| (e.operation == Operation::Update, e.time.clone()));
    if entries.is_empty() {
        object.remove(&["metadata", "managedFields"]);
    } else {
        let list: Value = entries.iter().map(Entry::write).collect();
        object.set(&["metadata", "managedFields"], list);
    }
}

/// The name a write goes by: `fieldManager`, else what the client calls itself.
fn manager(call: &Call<'_>) -> String {
    let given = &call.options().field_manager;
    if !given.is_empty() {
        return given.clone();
    }
    let user = call.user.name.as_str();
    if user.starts_with("system:node:") {
        "kubelet".to_owned()
    } else if user == "system:kube-scheduler" {
        "kube-scheduler".to_owned()
    } else if user.starts_with("system:serviceaccount:kube-system:")
        || user == "system:kube-controller-manager"
    {
        "kube-controller-manager".to_owned()
    } else {
        "kubectl".to_owned()
    }
}

fn subresource<'a>(call: &'a Call<'_>) -> &'a str {
    call.target.subresource.as_str()
}

/// What in a configuration does not fit its kind.
pub(crate) fn misfits(call: &Call<'_>, config: &Value) -> Option<String> {
    with_type(call, |ty| typed::misfits(config, ty))
}

/// Runs `work` with the type of the call's resource.
fn with_type<T>(call: &Call<'_>, work: impl FnOnce(Option<TypeRef<'_>>) -> T) -> T {
    schema::with_type(call.cluster, &call.resource, work)
}

/// Notes who made an object.
pub(crate) fn created(call: &Call<'_>, object: &mut Object) {
    if !entries(object).is_empty() && is_apply(call) {
        return;
    }
    object.remove(&["metadata", "managedFields"]);
    note(call, &Object::default(), object);
}

fn is_apply(call: &Call<'_>) -> bool {
    matches!(&call.request.body, crate::request::Body::Patch(crate::request::PatchType::Apply, _))
}

/// Notes who changed an object.
pub(crate) fn updated(call: &Call<'_>, old: &Object, object: &mut Object) {
    match object.at(&["metadata", "managedFields"]) {
        // An explicit empty list forgets everything.
        Some(list) if list.items().is_empty() && list.as_list().is_some() => {
            object.remove(&["metadata", "managedFields"]);
            return;
        }
        Some(_) => {}
        None => {
            if let Some(before) = old.at(&["metadata", "managedFields"]) {
                object.set(&["metadata", "managedFields"], before.clone());
            }
        }
    }
    note(call, old, object);
}

fn note(call: &Call<'_>, old: &Object, object: &mut Object) {
    let keep_status = !call.target.subresource.is_empty();
    let (changed, removed) = with_type(call, |ty| {
        let strip = |o: &Object| stripped(o, keep_status);
        walk::compare(&strip(old), &strip(object), ty)
    });
    if changed.is_empty() && removed.is_empty() {
        return;
    }
    let mut all = entries(object);
    for entry in &mut all {
        if !entry.is(Operation::Update, call) {
            entry.fields = entry.fields.minus(&changed);
        }
        entry.fields = entry.fields.minus(&removed);
    }
    if !changed.is_empty() {
        let time = call.cluster.now.to_string();
        let api_version = call.resource.gv.to_string();
        match all.iter_mut().find(|e| e.is(Operation::Update, call) && e.api_version == api_version) {
            Some(entry) => {
                entry.fields = entry.fields.union(&changed);
                entry.time = time;
            }
            None => all.push(Entry {
                manager: manager(call),
                operation: Operation::Update,
                api_version,
                time,
                subresource: subresource(call).to_owned(),
                fields: changed,
            }),
        }
    }
    store(object, all);
}

/// The fields nobody owns: identity, and what only the server writes.
fn stripped(object: &Object, keep_status: bool) -> Value {
    let mut value = object.0.clone();
    for path in [&["apiVersion"][..], &["kind"], &["metadata", "name"], &["metadata", "namespace"]] {
        value.remove(path);
    }
    for field in [
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "selfLink",
        "managedFields",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ] {
        value.remove(&["metadata", field]);
    }
    if value.map_at(&["metadata"]).is_empty() {
        value.remove(&["metadata"]);
    }
    if !keep_status {
        value.remove(&["status"]);
    }
    value
}

/// A live object with the fields of a configuration that owns nothing.
///
/// # Errors
/// The lists and structs in the configuration that could only be replaced as a whole.
pub(crate) fn merged(
    cluster: &Cluster,
    resource: &ResourceType,
    live: &Value,
    config: &Value,
) -> Result<Value, String> {
    schema::with_type(cluster, resource, |ty| {
        let mut whole = Vec::new();
        walk::atomics(config, ty, String::new(), &mut whole);
        if whole.is_empty() {
            return Ok(merge::merge(live, config, ty));
        }
        Err(format!(
            "invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: {}",
            whole.join(", ")
        ))
    })
}

/// Merges an applied configuration into the live object.
///
/// # Errors
/// 409 where another manager owns a field that the configuration would change.
pub(crate) fn apply(call: &Call<'_>, live: Option<&Object>, config: &Value) -> Result<Value, Status> {
    let empty = Object::default();
    let current = live.unwrap_or(&empty);
    let mut all = entries(current);
    let keep_status = !call.target.subresource.is_empty();
    let configured = stripped(&Object(config.clone()), keep_status);
    let owned = with_type(call, |ty| walk::fields(&configured, ty));
    let before =
        all.iter().find(|e| e.is(Operation::Apply, call)).map(|e| e.fields.clone()).unwrap_or_default();
    let others = all
        .iter()
        .filter(|e| !e.is(Operation::Apply, call))
        .fold(FieldSet::default(), |sum, e| sum.union(&e.fields));
    // What the manager applied earlier and applies no longer goes, unless somebody else wants it.
    let dropped = before.minus(&owned).minus(&others);
    let merged = with_type(call, |ty| {
        let merged = merge::merge(&current.0, config, ty);
        merge::without(&merged, &dropped, ty)
    });
    let (changed, removed) = with_type(call, |ty| {
        walk::compare(&stripped(current, keep_status), &stripped(&Object(merged.clone()), keep_status), ty)
    });
    let taken = owned.intersection(&changed);
    if live.is_some() {
        let mut conflicts = conflict::find(&all, call, &taken);
        if !call.options().force && !conflicts.is_empty() {
            if manager(call) == "kubectl" {
                let allowed = with_type(call, |ty| last_applied::fields(current, ty));
                conflicts = conflict::except(conflicts, &allowed);
            }
            if !conflicts.is_empty() {
                return Err(conflict::status(&conflicts));
            }
        }
    }
    for entry in &mut all {
        if !entry.is(Operation::Apply, call) {
            entry.fields = entry.fields.minus(&taken).minus(&removed);
        }
    }
    let time = call.cluster.now.to_string();
    let same = all.iter().any(|e| e.is(Operation::Apply, call) && e.fields == owned) && changed.is_empty();
    if !same {
        all.retain(|e| !e.is(Operation::Apply, call));
        all.push(Entry {
            manager: manager(call),
            operation: Operation::Apply,
            api_version: call.resource.gv.to_string(),
            time,
            subresource: subresource(call).to_owned(),
            fields: owned,
        });
    }
    let mut merged = merged;
    store(&mut merged, all);
    Ok(merged)
}
