//! Why a request is answered as it is: stage by stage, with the field and the line of the text that matter.
//!
//! Everything is tried on a copy of the world. The causes are the core's; here they get places in the texts they came
//! from, and words around them. The page draws an [`Explanation`], the native binary prints it; words and signs are here.

mod ask;
mod render;
mod sources;
#[cfg(test)]
mod tests;

use gatehouse_core::admission;
use gatehouse_core::decision::{AdmissionStep, Cause, Decision, Verdict};
pub use gatehouse_core::decision::{Bearing, Change, Phase};
use gatehouse_core::request::{Reply, Request, Response, Target, Verb};

pub(crate) use ask::telling;
pub use ask::{Asker, SCRATCH, apply, ask, commit, what_can, who_can};
pub use render::{difference, granted_text, holders_text};
pub use sources::{Place, Sources};

use crate::world::World;

/// What a stage did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It let the request pass as it was.
    Passed,
    /// It changed the object.
    Changed,
    /// It refused.
    Refused,
    /// It had something to say, and let the request pass.
    Noted,
}

/// One cause, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// How it bore on the decision.
    pub bearing: Bearing,
    /// The object and field concerned (`Role dev/reader rules[0]`); empty for none.
    pub about: String,
    /// What happened.
    pub text: String,
    /// Where the texts say so, if they do.
    pub place: Option<Place>,
}

/// A stage of the server.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// `authentication`, `authorization`, or the admission plugin.
    pub name: String,
    /// For admission plugins: which half.
    pub phase: Option<Phase>,
    /// What it did.
    pub mark: Mark,
    /// The server's own words; may be empty.
    pub said: String,
    /// What it changed.
    pub changes: Vec<Change>,
    /// Why.
    pub lines: Vec<Line>,
}

/// What the last command asked the cluster, and how each request came to its answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    /// The command.
    pub line: String,
    /// The requests that changed something or were refused; where none did, those that read something.
    pub requests: Vec<Explanation>,
}

/// How one request came to its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// `create pods "web" in namespace "dev" as jane`.
    pub request: String,
    /// The stages that did or said something, in the server's order.
    pub stages: Vec<Stage>,
    /// The admission plugins that were asked and had nothing to say.
    pub silent: Vec<&'static str>,
    /// Whether the request was let through.
    pub allowed: bool,
    /// The server's answer.
    pub answer: String,
    /// Its warnings.
    pub warnings: Vec<String>,
}

impl Explanation {
    /// What a response says of how it came about.
    pub(crate) fn of(world: &World, request: &Request, response: &Response, sources: &Sources) -> Self {
        let trace = &response.trace;
        let mut stages = Vec::new();
        let who = trace.user.as_ref();
        let refusal = response.result.as_ref().err();
        stages.push(Stage {
            name: "authentication".to_owned(),
            phase: None,
            mark: if who.is_some() { Mark::Passed } else { Mark::Refused },
            said: who.map_or_else(String::new, |user| {
                let groups = if user.groups.is_empty() {
                    String::new()
                } else {
                    format!(", in groups {}", user.groups.join(", "))
                };
                format!("{}{groups}", user.name)
            }),
            changes: Vec::new(),
            lines: lines(&trace.authentication, sources),
        });
        let authorized = trace.authorization.as_ref();
        stages.extend(authorized.map(|d| decided("authorization", d.reason.clone(), d, sources)));
        stages.extend(trace.reviewed.as_ref().map(|review| {
            let mut said = described(&review.verb, &review.target, "", &review.user.name);
            if !review.decision.reason.is_empty() {
                said = format!("{said}: {}", review.decision.reason);
            }
            decided("the question asked", said, &review.decision, sources)
        }));
        stages.extend(trace.admission.iter().map(|step| stage(step, sources)));
        let writes = !matches!(request.verb, Verb::Get | Verb::List | Verb::Watch);
        let admitted = writes
            && matches!(request.target, Target::Resource(_))
            && authorized.is_some_and(gatehouse_core::decision::Decision::allowed);
        let spoke = |name: &str| trace.admission.iter().any(|s| s.plugin == name);
        let refused = trace.admission.iter().any(|s| s.refused.is_some());
        let silent = if admitted && (!refused || refusal.is_none()) {
            admission::enabled_names(&world.cluster).into_iter().filter(|n| !spoke(n)).collect()
        } else {
            Vec::new()
        };
        Self {
            request: {
                let name = match &request.body {
                    gatehouse_core::request::Body::Object(body) => body.str_at(&["metadata", "name"]),
                    _ => "",
                };
                described(&request.verb, &request.target, name, who.map_or("nobody", |u| &u.name))
            },
            stages,
            silent,
            allowed: refusal.is_none(),
            answer: match &response.result {
                Ok(reply) => answer(reply, request),
                Err(status) => format!("Error from server ({}): {}", status.reason.as_str(), status.message),
            },
            warnings: response.warnings.clone(),
        }
    }
}

/// A cause with its place.
fn lines(causes: &[Cause], sources: &Sources) -> Vec<Line> {
    let line = |cause: &Cause| {
        let mut about = String::new();
        if let Some(object) = &cause.object {
            about = render::reference(object);
        }
        if !cause.field.is_empty() {
            about = format!("{about} {}", cause.field).trim_start().to_owned();
        }
        let place = cause.object.as_ref().and_then(|object| sources.find(object, &cause.field));
        Line { bearing: cause.bearing, about, text: cause.text.clone(), place }
    };
    causes.iter().map(line).collect()
}

/// A stage that an authorizer's decision is, with what each of them said.
fn decided(name: &str, said: String, decision: &Decision, sources: &Sources) -> Stage {
    let answers = decision.answers.iter().map(|answer| {
        let (bearing, text) = match answer.verdict {
            Verdict::Allow => (Bearing::Decided, "yes"),
            Verdict::Deny => (Bearing::Decided, "no, and nobody else is asked"),
            Verdict::NoOpinion => (Bearing::Noted, "no opinion"),
        };
        let about = format!("authorizer {}", answer.authorizer);
        Line { bearing, about, text: text.to_owned(), place: None }
    });
    Stage {
        name: name.to_owned(),
        phase: None,
        mark: if decision.allowed() { Mark::Passed } else { Mark::Refused },
        said,
        changes: Vec::new(),
        lines: answers.chain(lines(&decision.because, sources)).collect(),
    }
}

fn stage(step: &AdmissionStep, sources: &Sources) -> Stage {
    let mark = match (&step.refused, step.changes.is_empty()) {
        (Some(_), _) => Mark::Refused,
        (None, false) => Mark::Changed,
        (None, true) => Mark::Noted,
    };
    Stage {
        name: step.plugin.to_owned(),
        phase: Some(step.phase),
        mark,
        said: step.refused.clone().unwrap_or_default(),
        changes: step.changes.clone(),
        lines: lines(&step.because, sources),
    }
}

/// `create pods "web" in namespace "dev" as jane`.
fn described(verb: &Verb, target: &Target, named: &str, who: &str) -> String {
    match target {
        Target::Path(path) => format!("{verb} {path} as {who}"),
        Target::Resource(t) => {
            let mut text = format!("{verb} {}", gatehouse_model::resource::qualified(&t.resource, &t.group));
            if !t.subresource.is_empty() {
                text.push('/');
                text.push_str(&t.subresource);
            }
            let name = if t.name.is_empty() { named } else { &t.name };
            if !name.is_empty() {
                text.push_str(&format!(" \"{name}\""));
            }
            if !t.namespace.is_empty() {
                text.push_str(&format!(" in namespace \"{}\"", t.namespace));
            }
            format!("{text} as {who}")
        }
    }
}

fn answer(reply: &Reply, request: &Request) -> String {
    let done = match request.verb {
        Verb::Create => "created",
        Verb::Update => "replaced",
        Verb::Patch => "changed",
        Verb::Delete | Verb::DeleteCollection => "deleted",
        _ => "answered",
    };
    match reply {
        Reply::Object(object) if !object.name().is_empty() => {
            format!("{done}: {} \"{}\"", object.kind(), object.name())
        }
        Reply::List { kind, items, .. } => format!("{done}: {} of {kind}", items.len()),
        Reply::Text(text) if text.is_empty() => {
            "allowed, as far as authorization; it is not tried".to_owned()
        }
        _ => done.to_owned(),
    }
}
