//! What the API server writes down about requests, and at which stage of them.
//!
//! A policy's first rule that fits decides how much of a request is told; events become lines that whoever keeps the
//! server's log takes away. Knows no file and no rotation.
//!
//! Models apiserver `pkg/audit` and `pkg/endpoints/filters/{audit,authn_audit}.go`.

mod event;
mod policy;

use gatehouse_model::Object;

use crate::cluster::Cluster;
use crate::decision::Trace;
use crate::request::{Body, Options, Reply, Request, Target, User, Verb};
use crate::status::Status;

use event::Event;
pub use policy::{Level, Policy, Stage};

/// The path and the query with which kubectl asks for something.
#[must_use]
pub fn uri(verb: &Verb, target: &Target, options: &Options) -> String {
    event::uri(verb, target, options, true)
}

/// How a line of the log is written (`--audit-log-format`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    #[default]
    Json,
    /// The one-line text of old.
    Legacy,
}

/// What an API server with an audit log was told.
#[derive(Clone, Debug, PartialEq)]
pub struct Auditing {
    /// The policy's rules.
    pub policy: Policy,
    /// How lines are written.
    pub format: Format,
    /// How long a line may be before it loses its bodies (`--audit-log-truncate-enabled`).
    pub largest: Option<usize>,
}

/// One request's way through the log.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    event: Option<Event>,
}

impl Recorder {
    /// Notes a request whose credential was not accepted.
    pub(crate) fn refused(cluster: &mut Cluster, request: &Request, status: &Status) {
        let (verb, target) = crate::server::resolve(cluster, request);
        let Some(mut event) = Event::begin(cluster, request, None, &verb, &target) else { return };
        event.attempted(request, status);
        event.write(cluster, Stage::ResponseStarted);
    }

    /// Notes that a request came in from `user`.
    pub(crate) fn received(
        &mut self,
        cluster: &mut Cluster,
        request: &Request,
        user: &User,
        verb: &Verb,
        target: &Target,
    ) {
        self.event = Event::begin(cluster, request, Some(user), verb, target);
        if let Some(event) = &self.event {
            event.write(cluster, Stage::RequestReceived);
        }
    }

    /// Notes whom the request acts as, and the verb of the constrained mode that allowed it; empty for none.
    pub(crate) fn impersonates(&mut self, user: &User, constraint: String) {
        if let Some(event) = &mut self.event {
            event.impersonated = Some((user.clone(), constraint));
        }
    }

    /// Notes the answer.
    pub(crate) fn answered(
        self,
        cluster: &mut Cluster,
        request: &Request,
        result: &Result<Reply, Status>,
        decoded: Option<&Object>,
        trace: &Trace,
        annotations: &[(String, String)],
    ) {
        let Some(mut event) = self.event else { return };
        if let Some(decision) = &trace.authorization {
            let allowed = if decision.allowed() { "allow" } else { "forbid" };
            event.annotate("authorization.k8s.io/decision", allowed);
            event.annotate("authorization.k8s.io/reason", &decision.reason);
        }
        for (key, value) in annotations {
            event.annotate(key, value);
        }
        if let Some(object) = decoded {
            event.name_object(object);
        }
        match (&request.body, decoded) {
            (Body::Patch(_, patch), _) => event.asked(event::json(patch)),
            (_, Some(object)) => event.asked(event::json(object)),
            _ if request.verb == Verb::Delete => event.asked(event::delete_options(request)),
            _ => {}
        }
        event.reply(result);
        if event.long_running(request) {
            event.write(cluster, Stage::ResponseStarted);
        }
        event.write(cluster, Stage::ResponseComplete);
    }
}

#[cfg(test)]
mod tests;
