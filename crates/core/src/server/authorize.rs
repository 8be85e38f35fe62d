//! The authorization stage: only it makes an [`Authorized`].
//!
//! Models apiserver `pkg/endpoints/filters/authorization.go` and `handlers/responsewriters/errors.go`.

use crate::authz::{self, Attributes, forbidden};
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
    let attributes = Attributes { user: &user, verb, target };
    let decision = authz::authorize(cluster, &attributes);
    let refusal = (!decision.allowed()).then(|| forbidden::status(&attributes, &decision.reason));
    trace.authorization = Some(decision);
    match refusal {
        Some(status) => Err(status),
        None => Ok(Authorized { user }),
    }
}
