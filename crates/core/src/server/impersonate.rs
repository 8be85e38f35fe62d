//! Impersonation: a caller asks to be somebody else, and needs the right to.
//!
//! Models apiserver `pkg/endpoints/filters/impersonation/impersonation.go`, in its old wording.

use crate::authz::{self, Attributes};
use crate::cluster::Cluster;
use crate::request::{Impersonation, ResourceTarget, Target, User, Verb};
use crate::server::authorize::forbidden;
use crate::status::Status;

const SERVICE_ACCOUNT: &str = "system:serviceaccount:";

/// The user the request runs as.
pub(super) fn become_other(
    cluster: &Cluster,
    user: User,
    wanted: Option<&Impersonation>,
) -> Result<User, Status> {
    let Some(wanted) = wanted else { return Ok(user) };
    if wanted.user.is_empty() {
        if wanted.groups.is_empty() && wanted.uid.is_empty() && wanted.extra.is_empty() {
            return Ok(user);
        }
        return Err(Status::internal(&format!(
            "requested [{}] without impersonating a user",
            wanted.groups.iter().map(|g| format!("{{Group  {g}    }}")).collect::<Vec<_>>().join(" ")
        )));
    }
    let verb = Verb::Other("impersonate".into());
    let ask = |target: ResourceTarget| {
        let target = Target::Resource(target);
        let decision = authz::authorize(cluster, &Attributes { user: &user, verb: &verb, target: &target });
        if decision.allowed() { Ok(()) } else { Err(forbidden(&user, &verb, &target, &decision.reason)) }
    };
    let mut groups = wanted.groups.clone();
    match wanted.user.strip_prefix(SERVICE_ACCOUNT).and_then(|rest| rest.split_once(':')) {
        Some((namespace, name)) => {
            ask(resource("", "v1", "serviceaccounts", "", namespace, name))?;
            if wanted.groups.is_empty() {
                groups =
                    vec!["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}")];
            }
        }
        None => ask(resource("", "v1", "users", "", "", &wanted.user))?,
    }
    for group in &wanted.groups {
        ask(resource("", "v1", "groups", "", "", group))?;
    }
    if !wanted.uid.is_empty() {
        ask(resource("authentication.k8s.io", "v1", "uids", "", "", &wanted.uid))?;
    }
    for (key, values) in &wanted.extra {
        for value in values {
            ask(resource("authentication.k8s.io", "v1", "userextras", key, "", value))?;
        }
    }
    if wanted.user == "system:anonymous" {
        if !groups.iter().any(|g| g == "system:unauthenticated") {
            groups.push("system:unauthenticated".to_owned());
        }
    } else if !groups.iter().any(|g| g == "system:authenticated" || g == "system:unauthenticated") {
        groups.push("system:authenticated".to_owned());
    }
    Ok(User { name: wanted.user.clone(), uid: wanted.uid.clone(), groups, extra: wanted.extra.clone() })
}

fn resource(
    group: &str,
    version: &str,
    resource: &str,
    subresource: &str,
    namespace: &str,
    name: &str,
) -> ResourceTarget {
    ResourceTarget {
        group: group.to_owned(),
        version: version.to_owned(),
        resource: resource.to_owned(),
        subresource: subresource.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }
}
