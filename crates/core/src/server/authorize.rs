//! The authorization stage: only it makes an [`Authorized`].
//!
//! Models apiserver `pkg/endpoints/filters/authorization.go` and `handlers/responsewriters/errors.go`.

use crate::authz::{self, Attributes, forbidden};
use crate::cluster::Cluster;
use crate::decision::Trace;
use crate::request::{ResourceTarget, Target, User, Verb};
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
    field_selector: &str,
    trace: &mut Trace,
) -> Result<Authorized, Status> {
    let named = named(verb, target, field_selector);
    let target = named.as_ref().unwrap_or(target);
    let attributes = Attributes { user: &user, verb, target, field_selector };
    let decision = authz::authorize(cluster, &attributes);
    let refusal = (!decision.allowed()).then(|| forbidden::status(&attributes, &decision.reason));
    trace.authorization = Some(decision);
    match refusal {
        Some(status) => Err(status),
        None => Ok(Authorized { user }),
    }
}

/// A collection that is narrowed to one name counts as about that object.
fn named(verb: &Verb, target: &Target, field_selector: &str) -> Option<Target> {
    let (Verb::List | Verb::Watch | Verb::DeleteCollection, Target::Resource(t)) = (verb, target) else {
        return None;
    };
    let name = authz::selected(field_selector, "metadata.name").filter(|_| t.name.is_empty())?;
    Some(Target::Resource(ResourceTarget { name, ..t.clone() }))
}
