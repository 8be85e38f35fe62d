//! Nobody gives what they do not have: writes of roles and bindings beyond authorization itself.
//!
//! Models kubernetes `pkg/registry/rbac/{role,clusterrole,rolebinding,clusterrolebinding}/policybased/storage.go`,
//! `pkg/registry/rbac/escalation_check.go` and `pkg/registry/rbac/validation/rule.go`.

use std::borrow::Cow;

use gatehouse_model::json::go_quote;
use gatehouse_model::{Object, Value};

use super::policy_rule::{PolicyRule, compacted, uncovered};
use super::{Attributes, decide, is_master};
use crate::cluster::Cluster;
use crate::request::{ResourceTarget, Target, User, Verb};
use crate::status::Status;

const GROUP: &str = "rbac.authorization.k8s.io";

/// What is written, by whom.
#[derive(Clone, Copy, Debug)]
pub struct Write<'a> {
    /// Who writes.
    pub user: &'a User,
    /// `roles`, `clusterroles`, `rolebindings` or `clusterrolebindings`; anything else passes.
    pub resource: &'a str,
    /// The request's namespace; empty for cluster-scoped objects.
    pub namespace: &'a str,
    /// The name in the request's URL: empty for creates.
    pub name: &'a str,
    /// What would be stored.
    pub object: &'a Object,
    /// What is stored; `None` for creates.
    pub old: Option<&'a Object>,
}

/// Refuses writes of roles and bindings that would give rights the writer does not have.
///
/// # Errors
/// 403 with the rights that are missing; 404 where a binding's role does not exist.
pub fn check(cluster: &Cluster, write: &Write<'_>) -> Result<(), Status> {
    if is_master(write.user) || write.old.is_some_and(|old| only_collector_fields_differ(write.object, old)) {
        return Ok(());
    }
    match write.resource {
        "roles" | "clusterroles" => check_role(cluster, write),
        "rolebindings" | "clusterrolebindings" => check_binding(cluster, write),
        _ => Ok(()),
    }
}

fn may(
    cluster: &Cluster,
    user: &User,
    verb: &'static str,
    resource: &str,
    namespace: &str,
    name: &str,
) -> bool {
    let target = Target::Resource(ResourceTarget {
        group: GROUP.to_owned(),
        version: "*".to_owned(),
        resource: resource.to_owned(),
        subresource: String::new(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    });
    decide(
        cluster,
        &Attributes { user, verb: &Verb::Other(Cow::Borrowed(verb)), target: &target, field_selector: "" },
    )
    .allowed()
}

fn check_role(cluster: &Cluster, write: &Write<'_>) -> Result<(), Status> {
    if may(cluster, write.user, "escalate", write.resource, write.namespace, write.name) {
        return Ok(());
    }
    let forbid = |why: &str| Status::forbidden(GROUP, write.resource, write.object.name(), why);
    confirm(cluster, write.user, write.namespace, &PolicyRule::of_role(write.object))
        .map_err(|why| forbid(&why))?;
    let aggregates = |o: &Object| o.at(&["aggregationRule"]).is_some_and(|v| !v.is_null());
    let changed = match write.old {
        None => aggregates(write.object),
        Some(old) => {
            (aggregates(write.object) || aggregates(old))
                && write.object.at(&["aggregationRule"]) != old.at(&["aggregationRule"])
        }
    };
    if write.resource == "clusterroles" && changed {
        // It can gather anything, so it takes everything.
        let all = |resource: bool| {
            let star = || vec!["*".to_owned()];
            if resource {
                PolicyRule { verbs: star(), api_groups: star(), resources: star(), ..PolicyRule::default() }
            } else {
                PolicyRule { verbs: star(), non_resource_urls: star(), ..PolicyRule::default() }
            }
        };
        confirm(cluster, write.user, write.namespace, &[all(true), all(false)])
            .map_err(|_| forbid("must have cluster-admin privileges to use the aggregationRule"))?;
    }
    Ok(())
}

fn check_binding(cluster: &Cluster, write: &Write<'_>) -> Result<(), Status> {
    let (kind, name) = (write.object.str_at(&["roleRef", "kind"]), write.object.str_at(&["roleRef", "name"]));
    let (resource, role_namespace) =
        if kind == "ClusterRole" { ("clusterroles", "") } else { ("roles", write.namespace) };
    if may(cluster, write.user, "bind", resource, write.namespace, name) {
        return Ok(());
    }
    let role = cluster
        .store
        .get(&format!("{resource}.{GROUP}"), role_namespace, name)
        .ok_or_else(|| Status::not_found(GROUP, resource, name))?;
    confirm(cluster, write.user, write.namespace, &PolicyRule::of_role(role))
        .map_err(|why| Status::forbidden(GROUP, write.resource, write.object.name(), &why))
}

/// Whether the user holds everything in `rules`; otherwise what the server says.
fn confirm(cluster: &Cluster, user: &User, namespace: &str, rules: &[PolicyRule]) -> Result<(), String> {
    let (held, errors) = cluster.rbac.of(&cluster.store).rules_for(user, namespace);
    let missing = uncovered(&held, rules);
    if missing.is_empty() {
        return Ok(());
    }
    let mut lines: Vec<String> = compacted(missing).iter().map(PolicyRule::compact).collect();
    gatehouse_model::order::sort(&mut lines);
    lines.dedup();
    let groups: Vec<String> = user.groups.iter().map(|g| go_quote(g)).collect();
    let mut why = format!(
        "user {} (groups=[{}]) is attempting to grant RBAC permissions not currently held:\n{}",
        go_quote(&user.name),
        groups.join(" "),
        lines.join("\n")
    );
    match errors.as_slice() {
        [] => {}
        [one] => why.push_str(&format!("; resolution errors: [{one}]")),
        many => why.push_str(&format!("; resolution errors: [[{}]]", many.join(", "))),
    }
    Err(why)
}

/// Whether nothing changes but what the garbage collector needs to remove the object.
fn only_collector_fields_differ(new: &Object, old: &Object) -> bool {
    let stripped = |object: &Object| -> Value {
        let mut value = object.0.clone();
        for field in ["ownerReferences", "finalizers", "managedFields", "resourceVersion", "generation"] {
            value.remove(&["metadata", field]);
        }
        value
    };
    stripped(new) == stripped(old) && new != old
}

#[cfg(test)]
#[path = "escalation_tests.rs"]
mod tests;
