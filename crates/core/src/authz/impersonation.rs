//! Being somebody else: `--as` and its kin, each part authorized on its own.
//!
//! Models apiserver `pkg/endpoints/filters/impersonation/impersonation.go` (the filter before constrained
//! impersonation; where 1.36 words a refusal in either way, this is the older one).

use std::borrow::Cow;

use super::{Attributes, decide, forbidden};
use crate::cluster::Cluster;
use crate::request::{Impersonation, ResourceTarget, Target, User, Verb};
use crate::status::{Reason, Status};

const AUTHENTICATION: &str = "authentication.k8s.io";
const ACCOUNT: &str = "system:serviceaccount:";
const ANONYMOUS: &str = "system:anonymous";
const AUTHENTICATED: &str = "system:authenticated";
const UNAUTHENTICATED: &str = "system:unauthenticated";

fn account(name: &str) -> Option<(&str, &str)> {
    let (namespace, name) = name.strip_prefix(ACCOUNT)?.split_once(':')?;
    let valid = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.')
    };
    (valid(namespace) && valid(name)).then_some((namespace, name))
}

/// Turns `user` into whom it wants to be, if it may.
///
/// # Errors
/// 403 for the first part that is not allowed; 500 where a group is asked for without a user.
pub fn impersonate(cluster: &Cluster, user: &User, wanted: &Impersonation) -> Result<User, Status> {
    if wanted.user.is_empty() {
        return Err(Status::new(
            Reason::InternalError,
            "Internal error occurred: requested impersonation without impersonating a user",
        ));
    }
    let verb = Verb::Other(Cow::Borrowed("impersonate"));
    let may = |group: &str, resource: &str, subresource: &str, namespace: &str, name: &str| {
        let target = Target::Resource(ResourceTarget {
            group: group.to_owned(),
            version: "v1".to_owned(),
            resource: resource.to_owned(),
            subresource: subresource.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        });
        let attributes = Attributes { user, verb: &verb, target: &target, field_selector: "" };
        let decision = decide(cluster, &attributes);
        if decision.allowed() { Ok(()) } else { Err(forbidden::status(&attributes, &decision.reason)) }
    };
    let mut groups = wanted.groups.clone();
    if let Some((namespace, name)) = account(&wanted.user) {
        may("", "serviceaccounts", "", namespace, name)?;
        if groups.is_empty() {
            groups = vec!["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}")];
        }
    } else {
        may("", "users", "", "", &wanted.user)?;
    }
    for group in &wanted.groups {
        may("", "groups", "", "", group)?;
    }
    for (key, values) in &wanted.extra {
        for value in values {
            may(AUTHENTICATION, "userextras", key, "", value)?;
        }
    }
    if !wanted.uid.is_empty() {
        may(AUTHENTICATION, "uids", "", "", &wanted.uid)?;
    }
    let has = |group: &str| groups.iter().any(|g| g == group);
    if wanted.user == ANONYMOUS {
        if !has(UNAUTHENTICATED) {
            groups.push(UNAUTHENTICATED.to_owned());
        }
    } else if !has(AUTHENTICATED) && !has(UNAUTHENTICATED) {
        groups.push(AUTHENTICATED.to_owned());
    }
    Ok(User { name: wanted.user.clone(), uid: wanted.uid.clone(), groups, extra: wanted.extra.clone() })
}
