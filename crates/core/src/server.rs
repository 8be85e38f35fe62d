//! The API server's pipeline: authenticate, impersonate, authorize, decode, mutate, validate, admit, commit.
//!
//! Models apiserver `pkg/server/config.go` (the handler chain) and `pkg/endpoints/handlers`.

use crate::authn;
use crate::authz::{self, Attributes};
use crate::cluster::Cluster;
use crate::decision::Trace;
use crate::request::{Request, Response};
use crate::status::Status;

/// Answers one request and changes the cluster accordingly.
pub fn handle(cluster: &mut Cluster, request: &Request) -> Response {
    let mut trace = Trace::default();
    let user = match authn::authenticate(cluster, &request.credential) {
        Ok(user) => user,
        Err(status) => return Response { result: Err(status), warnings: Vec::new(), trace },
    };
    let decision =
        authz::authorize(cluster, &Attributes { user: &user, verb: &request.verb, target: &request.target });
    trace.user = Some(user);
    trace.authorization = Some(decision);
    Response { result: Err(Status::path_not_found()), warnings: Vec::new(), trace }
}
