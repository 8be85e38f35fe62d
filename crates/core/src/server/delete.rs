//! Removing an object: at once, gracefully, or when its finalizers are gone.
//!
//! Models apiserver `pkg/registry/rest/delete.go` and `store.go` (`BeforeDelete`, finalizers, `finalizeDelete`).

use gatehouse_model::{Object, Value, json};

use crate::admission::Operation;
use crate::request::{Propagation, Reply};
use crate::server::admit;
use crate::server::call::{Call, in_version};
use crate::status::{Reason, Status};

/// DELETE of one object.
pub(super) fn delete(call: &mut Call<'_>) -> Result<Reply, Status> {
    let old = call.stored()?;
    one(call, &old)
}

/// Deletes one stored object of the call's resource.
pub(super) fn one(call: &mut Call<'_>, old: &Object) -> Result<Reply, Status> {
    let precondition = &call.options().precondition_uid;
    if !precondition.is_empty() && precondition != old.uid() {
        // Here the kind stands where else the resource does.
        let what = match &*call.resource.gv.group {
            "" => call.resource.kind.to_string(),
            group => format!("{}.{group}", call.resource.kind),
        };
        let why = format!(
            "Operation cannot be fulfilled on {what} \"{}\": the UID in the precondition ({precondition}) does not match the UID in record ({}). The object might have been deleted and then recreated",
            old.name(),
            old.uid()
        );
        return Err(Status::new(Reason::Conflict, why));
    }
    admit::without_object(call, Operation::Delete, old.name(), Some(old))?;
    let mut object = old.clone();
    let was_deleting = object.is_deleting();
    let grace = grace_period(call, old);
    set_finalizers(call, &mut object);
    let pending = has_finalizers(&object);
    if grace == 0 && !pending {
        if !call.is_dry_run() {
            remove(call, &object);
        }
        return Ok(success(call, &object));
    }
    if was_deleting {
        let current = object.i64_at(&["metadata", "deletionGracePeriodSeconds"]).unwrap_or(0);
        if grace >= current && old == &object {
            return Ok(Reply::Object(in_version(&call.resource, object)));
        }
        if grace < current {
            object.set(&["metadata", "deletionGracePeriodSeconds"], grace);
        }
    } else {
        let deadline = call.cluster.now.plus_millis(grace * 1000);
        object.set(&["metadata", "deletionTimestamp"], deadline.to_string());
        object.set(&["metadata", "deletionGracePeriodSeconds"], grace);
        if object.generation() > 0 {
            let next = object.generation() + 1;
            object.set(&["metadata", "generation"], next);
        }
        if call.resource.plural == "namespaces" && call.resource.gv.group.is_empty() {
            object.set(&["status", "phase"], "Terminating");
            object.remove(&["metadata", "deletionGracePeriodSeconds"]);
        }
    }
    if call.is_dry_run() {
        return Ok(Reply::Object(in_version(&call.resource, object)));
    }
    let stored = call.cluster.store.put(&call.table(), object);
    Ok(Reply::Object(in_version(&call.resource, (*stored).clone())))
}

/// How long the object may linger: only pods that a kubelet runs take their time.
fn grace_period(call: &Call<'_>, object: &Object) -> i64 {
    if call.table() != "pods" {
        return 0;
    }
    let phase = object.str_at(&["status", "phase"]);
    if object.str_at(&["spec", "nodeName"]).is_empty() || phase == "Succeeded" || phase == "Failed" {
        return 0;
    }
    let wanted = call.options().grace_period_seconds;
    let own = object.i64_at(&["spec", "terminationGracePeriodSeconds"]).unwrap_or(30);
    let grace = wanted.unwrap_or(own);
    if grace < 0 { 1 } else { grace }
}

/// Foreground and orphan deletion leave a finalizer for the garbage collector.
fn set_finalizers(call: &Call<'_>, object: &mut Object) {
    let propagation = call.options().propagation;
    let mut finalizers: Vec<Value> = object.list_at(&["metadata", "finalizers"]).to_vec();
    let before = finalizers.clone();
    let wanted = match propagation {
        Some(Propagation::Foreground) => Some("foregroundDeletion"),
        Some(Propagation::Orphan) => Some("orphan"),
        Some(Propagation::Background) => None,
        None => match finalizers.iter().filter_map(Value::as_str).find(|f| is_gc_finalizer(f)) {
            Some(_) => return,
            None if orphans_by_default(call) => Some("orphan"),
            None => None,
        },
    };
    finalizers.retain(|f| f.as_str().is_none_or(|f| !is_gc_finalizer(f)));
    if let Some(finalizer) = wanted {
        finalizers.push(finalizer.into());
    }
    if finalizers != before {
        if finalizers.is_empty() {
            object.remove(&["metadata", "finalizers"]);
        } else {
            object.set(&["metadata", "finalizers"], finalizers);
        }
    }
}

fn is_gc_finalizer(name: &str) -> bool {
    name == "orphan" || name == "foregroundDeletion"
}

fn orphans_by_default(call: &Call<'_>) -> bool {
    matches!(call.table().as_str(), "replicationcontrollers" | "jobs.batch")
}

fn has_finalizers(object: &Object) -> bool {
    !object.list_at(&["metadata", "finalizers"]).is_empty()
        || (object.kind() == "Namespace" && !object.list_at(&["spec", "finalizers"]).is_empty())
}

/// Whether an update removed the last finalizer of an object that is being deleted.
pub(super) fn finished(call: &Call<'_>, object: &Object) -> bool {
    object.is_deleting()
        && !has_finalizers(object)
        && (call.table() != "pods"
            || object.i64_at(&["metadata", "deletionGracePeriodSeconds"]).unwrap_or(0) == 0)
}

/// Takes the object out of the store.
pub(super) fn remove(call: &mut Call<'_>, object: &Object) {
    let table = call.table();
    call.cluster.store.remove(&table, object.namespace(), object.name());
}

/// `{"kind":"Status","status":"Success"}` with what was deleted.
fn success(call: &Call<'_>, object: &Object) -> Reply {
    let mut details =
        json!({"name": (object.name()), "kind": (&*call.resource.plural), "uid": (object.uid())});
    if !call.resource.gv.group.is_empty() {
        details.set(&["group"], &*call.resource.gv.group);
    }
    Reply::Success(
        json!({"apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Success", "details": details}),
    )
}
