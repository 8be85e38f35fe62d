//! From client-side to server-side apply: whose fields they were is written down anew, so that what is left out of a
//! file goes away. Models kubectl `pkg/cmd/apply/apply.go` (`migrateToSSAIfNecessary` and what stands around it) and
//! client-go `util/csaupgrade`.

use std::collections::BTreeSet;

use gatehouse_core::request::PatchType;
use gatehouse_model::{Object, Value, json};

use super::Apply;
use crate::client::{Change, Info};
use crate::error::Error;
use crate::patch::last_applied;
use crate::session::Session;

/// The manager that keeps the annotation for clients that do not know server-side apply.
const KEEPER: &str = "kubectl-last-applied";

/// Whether an entry owns the annotation of client-side apply.
fn owns_annotation(entry: &Value, operation: &str) -> bool {
    let field = format!("f:{}", last_applied::KEY);
    entry.str_at(&["operation"]) == operation
        && entry.at(&["fieldsV1", "f:metadata", "f:annotations", &field]).is_some()
}

fn managed(object: &Object) -> &[Value] {
    object.list_at(&["metadata", "managedFields"])
}

/// What is left to do when an object was applied on the server: what goes wrong with it is a warning only.
#[inline(never)] // An entry in web/chunks.txt: only where both ways of applying meet.
pub(super) fn migrate(apply: &Apply, session: &mut Session<'_, '_>, info: &mut Info, wanted: &Value) {
    apply.migrate(session, info, wanted);
}

impl Apply {
    fn migrate(&self, session: &mut Session<'_, '_>, info: &mut Info, wanted: &Value) {
        let again = "This is non-fatal and will be retried next time you apply. Error:";
        if let Err(e) = self.keep_annotation(session, info) {
            let what = format!("failed to migrate {} for Server-Side Apply", last_applied::KEY);
            return session.warn(format!("{what}. {again} {}", e.text()));
        }
        match self.hand_over(session, info) {
            Ok(false) => {}
            Ok(true) => match self.send(session, info, &self.change, (PatchType::Apply, wanted.clone())) {
                Ok(applied) => info.refresh(applied),
                Err(e) => {
                    let what =
                        "failed to re-apply configuration after performing Server-Side Apply migration";
                    session.warn(format!("{what}. {again} {}", e.text()));
                }
            },
            Err(e) => {
                let what = "server rejected managed fields migration to Server-Side Apply";
                session.warn(format!("{what}. {again} {}", e.text()));
            }
        }
    }

    fn send(
        &self,
        session: &mut Session<'_, '_>,
        info: &Info,
        change: &Change,
        patch: (PatchType, Value),
    ) -> Result<Object, Error> {
        let mapping = info.mapping()?.clone();
        change.patch(session, &mapping, &info.namespace, &info.name, patch)
    }

    /// Gives the annotation to a manager of its own.
    fn keep_annotation(&self, session: &mut Session<'_, '_>, info: &mut Info) -> Result<(), Error> {
        let object = info.object()?;
        let Some(text) = last_applied::original(object).filter(|_| self.change.manager == "kubectl") else {
            return Ok(());
        };
        if managed(object).iter().any(|entry| owns_annotation(entry, "Apply")) {
            return Ok(());
        }
        let mut alone = json!({"apiVersion": (object.str_at(&["apiVersion"])), "kind": (object.kind())});
        alone.set(&["metadata", "name"], object.name());
        if !object.namespace().is_empty() {
            alone.set(&["metadata", "namespace"], object.namespace());
        }
        alone.set(&["metadata", "annotations", last_applied::KEY], text);
        let change = Change { manager: KEEPER.to_owned(), force: false, ..self.change.clone() };
        let kept = self.send(session, info, &change, (PatchType::Apply, alone))?;
        info.refresh(kept);
        Ok(())
    }

    /// Makes the fields of those who applied on the client's side this manager's; whether there were any.
    fn hand_over(&self, session: &mut Session<'_, '_>, info: &mut Info) -> Result<bool, Error> {
        let object = info.object()?;
        let before = managed(object).to_vec();
        let owners = before.iter().filter(|entry| owns_annotation(entry, "Update"));
        let names: BTreeSet<String> = owners.map(|entry| entry.str_at(&["manager"]).to_owned()).collect();
        let after = names.iter().fold(before.clone(), |all, name| upgraded(all, name, &self.change.manager));
        if after == before {
            return Ok(false);
        }
        let patch = json!([
            {"op": "replace", "path": "/metadata/managedFields", "value": after},
            {"op": "replace", "path": "/metadata/resourceVersion",
                "value": (object.str_at(&["metadata", "resourceVersion"]))},
        ]);
        let patched = self.send(session, info, &self.change, (PatchType::Json, patch))?;
        info.refresh(patched);
        Ok(true)
    }
}

/// The entries with those of a client-side manager united with the server-side one's.
fn upgraded(mut entries: Vec<Value>, client: &str, server: &str) -> Vec<Value> {
    let is = |entry: &Value, manager: &str, operation: &str| {
        entry.str_at(&["manager"]) == manager
            && entry.str_at(&["operation"]) == operation
            && entry.str_at(&["subresource"]).is_empty()
    };
    let old = entries.iter().find(|entry| is(entry, client, "Update")).cloned();
    let mut at = entries.iter().position(|entry| is(entry, server, "Apply"));
    if at.is_none() {
        at = entries.iter().position(|entry| is(entry, client, "Update"));
        if let Some(entry) = at.and_then(|at| entries.get_mut(at)) {
            entry.set(&["operation"], "Apply");
            entry.set(&["manager"], server);
        }
    }
    if let (Some(entry), Some(old)) = (at.and_then(|at| entries.get_mut(at)), old)
        && entry.get("apiVersion") == old.get("apiVersion")
    {
        unite(entry.entry_at(&["fieldsV1"]), old.at(&["fieldsV1"]).unwrap_or(&Value::Null));
    }
    entries.retain(|entry| !is(entry, client, "Update"));
    entries
}

/// Adds the fields of one set to another.
fn unite(into: &mut Value, more: &Value) {
    for (field, below) in more.entries().iter() {
        if into.get(field).is_none() {
            into.set(&[field], below.clone());
        } else if let Some(inner) = into.at_mut(&[field]) {
            unite(inner, below);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_side_fields_become_the_servers() {
        let entry = |manager: &str, operation: &str, fields: Value| json!({"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsV1": fields});
        let csa = entry("csa", "Update", json!({"f:data": {"f:a": {}}, "f:metadata": {"f:labels": {}}}));
        let other = entry("other", "Update", json!({"f:data": {"f:x": {}}}));
        let made = upgraded(vec![csa.clone(), other.clone()], "csa", "kubectl");
        assert_eq!(
            made,
            [
                entry("kubectl", "Apply", json!({"f:data": {"f:a": {}}, "f:metadata": {"f:labels": {}}})),
                other.clone()
            ]
        );
        let ssa = entry("kubectl", "Apply", json!({"f:data": {"f:b": {}}}));
        let made = upgraded(vec![csa, ssa, other.clone()], "csa", "kubectl");
        let both = json!({"f:data": {"f:a": {}, "f:b": {}}, "f:metadata": {"f:labels": {}}});
        assert_eq!(made, [entry("kubectl", "Apply", both), other]);
    }
}
