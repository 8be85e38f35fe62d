//! The API server's pipeline: authenticate, impersonate, authorize, decode, mutate, validate, admit, commit.
//!
//! Models apiserver `pkg/server/config.go` (the handler chain) and `pkg/endpoints/handlers`. What a stage lets pass has
//! a type only that stage can make, so nothing reaches the store around a stage.

mod admit;
mod authorize;
mod call;
mod collection;
mod connect;
mod convert;
mod create;
mod decode;
mod delete;
mod deprecated;
mod discovery;
mod health;
mod patch;
mod read;
mod reviews;
mod route;
mod selection;
mod subresource;
mod update;

#[cfg(test)]
mod tests;

use gatehouse_model::Value;

use crate::admission::Notes;
use crate::audit::Recorder;
use crate::authn;
use crate::authz::impersonation;
use crate::cluster::Cluster;
use crate::decision::Trace;
use crate::request::{Body, Reply, Request, Response, Target, Verb};
use crate::status::{Reason, Status};

pub use admit::Admitted;
pub use authorize::Authorized;
pub(crate) use call::Call;
pub(crate) use convert::{in_version, out_of_version};
pub(crate) use decode::Mutated;
pub(crate) use route::resolve;

/// The largest body that is read, in bytes (`MaxRequestBodyBytes`).
const MAX_BODY: usize = 3 << 20;

/// The longest object that etcd takes (`--max-request-bytes`).
const MAX_STORED: usize = 3 << 19;

/// About how long a value is as JSON; never too much.
fn weight(value: &Value) -> usize {
    match value {
        Value::Str(text) => text.len() + 2,
        Value::List(items) => items.iter().map(|i| weight(i) + 1).sum(),
        Value::Map(map) => map.iter().map(|(k, v)| k.len() + 4 + weight(v)).sum(),
        _ => 1,
    }
}

/// Whether an object can be sealed, and etcd takes one of its size.
fn etcd_takes(cluster: &Cluster, admitted: &Admitted) -> Result<(), Status> {
    cluster.store.encryption().can_write(admitted.table()).map_err(Status::internal)?;
    if weight(&admitted.object().0) > MAX_STORED {
        return Err(Status::new(Reason::Unknown, "etcdserver: request is too large"));
    }
    Ok(())
}

/// Answers one request and changes the cluster accordingly.
pub fn handle(cluster: &mut Cluster, request: &Request) -> Response {
    let mut trace = Trace::default();
    let mut notes = Notes::default();
    let mut recorder = Recorder::default();
    let result = answer(cluster, request, &mut trace, &mut notes, &mut recorder);
    recorder.answered(cluster, request, &result, notes.decoded.as_ref(), &trace, &notes.audit);
    trace.admission = notes.steps;
    trace.reviewed = notes.reviewed;
    let mut warnings: Vec<String> = Vec::new();
    for warning in notes.warnings {
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }
    Response { result, warnings, trace }
}

/// Follows a request as far as authorization: whether it would be let in, and why. Nothing is changed.
#[must_use]
pub fn permit(cluster: &Cluster, request: &Request) -> Response {
    let mut trace = Trace::default();
    let entered = enter(&mut cluster.clone(), request, &mut trace, &mut Recorder::default());
    let result = entered.map(|_| Reply::Text(String::new()));
    Response { result, warnings: Vec::new(), trace }
}

/// Authentication, impersonation and authorization.
fn enter(
    cluster: &mut Cluster,
    request: &Request,
    trace: &mut Trace,
    recorder: &mut Recorder,
) -> Result<(Authorized, Verb, Target), Status> {
    if !cluster.config.up {
        return Err(Status::connection_refused());
    }
    if let Body::Object(value) | Body::Patch(_, value) = &request.body
        && weight(value) > MAX_BODY
    {
        let why = format!("Request entity too large: limit is {MAX_BODY}");
        return Err(Status::new(Reason::RequestEntityTooLarge, why));
    }
    let kept_out = request.credential == crate::Credential::Anonymous
        && !authn::anonymous_may_ask(cluster, &request.target);
    let user = if kept_out {
        Err(Status::unauthorized())
    } else {
        authn::authenticate(cluster, &request.credential)
    };
    trace.authentication = authn::explain(cluster, &request.credential, user.as_ref().ok());
    let user = user.inspect_err(|status| Recorder::refused(cluster, request, status))?;
    if let crate::Credential::Token(token) = &request.credential {
        authn::token::note_use(cluster, token);
    }
    let (verb, target) = route::resolve(cluster, request);
    recorder.received(cluster, request, &user, &verb, &target);
    let user = match &request.impersonate {
        Some(wanted) => {
            let causes = &mut trace.authentication;
            let (user, constraint) =
                impersonation::impersonate(cluster, &user, wanted, (&verb, &target), causes)?;
            recorder.impersonates(&user, constraint);
            user
        }
        None => user,
    };
    trace.user = Some(user.clone());
    let authorized =
        authorize::request(cluster, user, &verb, &target, &request.options.field_selector, trace)?;
    Ok((authorized, verb, target))
}

fn answer(
    cluster: &mut Cluster,
    request: &Request,
    trace: &mut Trace,
    notes: &mut Notes,
    recorder: &mut Recorder,
) -> Result<Reply, Status> {
    let (authorized, verb, target) = enter(cluster, request, trace, recorder)?;
    let Some(target) = route::resource(&target) else {
        return discovery::get(cluster, authorized, &request.target);
    };
    let resource = route::lookup(cluster, target, &verb)?;
    notes.warnings.extend(deprecated::warning(cluster.version, &resource));
    let mut call = Call::new(cluster, authorized, request, target, resource, notes);
    if !target.subresource.is_empty() {
        return subresource::handle(&mut call, &verb);
    }
    match verb {
        Verb::Get => read::get(&mut call),
        Verb::List | Verb::Watch => collection::list(&mut call),
        Verb::Create => create::create(&mut call),
        Verb::Update => update::update(&mut call),
        Verb::Patch => patch::patch(&mut call),
        Verb::Delete => delete::delete(&mut call),
        Verb::DeleteCollection => collection::delete(&mut call),
        Verb::Other(_) => Err(route::unsupported(&call.resource, &verb)),
    }
}
