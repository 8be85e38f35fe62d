//! The authorization stage: only it makes an [`Authorized`].
//!
//! Models apiserver `pkg/endpoints/filters/authorization.go` and `handlers/responsewriters/errors.go`.

use crate::authz::{self, Attributes};
use crate::cluster::Cluster;
use crate::decision::Trace;
use crate::request::{Target, User, Verb};
use crate::status::Status;

/// A request that was let in. Nothing else in the house can make one.
#[derive(Debug)]
pub struct Authorized {
    user: User,
}

impl Authorized {
    /// Who was let in.
    #[must_use]
    pub const fn user(&self) -> &User {
        &self.user
    }

    pub(super) fn into_user(self) -> User {
        self.user
    }
}

/// Asks the authorizers about the request.
pub(super) fn request(
    cluster: &Cluster,
    user: User,
    verb: &Verb,
    target: &Target,
    trace: &mut Trace,
) -> Result<Authorized, Status> {
    let decision = authz::authorize(cluster, &Attributes { user: &user, verb, target });
    let allowed = decision.allowed();
    let reason = decision.reason.clone();
    trace.authorization = Some(decision);
    if allowed { Ok(Authorized { user }) } else { Err(forbidden(&user, verb, target, &reason)) }
}

/// `pods "web" is forbidden: User "jane" cannot get resource "pods" in API group "" in the namespace "default"`.
pub(crate) fn forbidden(user: &User, verb: &Verb, target: &Target, reason: &str) -> Status {
    let user = gatehouse_model::json::go_quote(&user.name);
    let (what, name, mut message) = match target {
        Target::Path(path) => (None, "", format!("User {user} cannot {verb} path \"{path}\"")),
        Target::Resource(t) => {
            let resource = if t.subresource.is_empty() {
                t.resource.clone()
            } else {
                format!("{}/{}", t.resource, t.subresource)
            };
            let place = if t.namespace.is_empty() {
                "at the cluster scope".to_owned()
            } else {
                format!("in the namespace \"{}\"", t.namespace)
            };
            let message = format!(
                "User {user} cannot {verb} resource \"{resource}\" in API group \"{}\" {place}",
                t.group
            );
            (Some(t), t.name.as_str(), message)
        }
    };
    if !reason.is_empty() {
        message.push_str(": ");
        message.push_str(reason);
    }
    match what {
        Some(t) => Status::forbidden(&t.group, &t.resource, name, &message),
        None => Status::forbidden("", "", name, &message),
    }
}
