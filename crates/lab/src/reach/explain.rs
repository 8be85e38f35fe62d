//! One packet's fate in words: who selects each end, what admitted it or what each policy lacked.

use gatehouse_core::network::{End, HalfVerdict, HttpRequest, Network, Pod, Port, RequestVerdict};

use super::{Reach, ReachError};
use crate::explain::Sources;
use gatehouse_core::decision::ObjectRef;

/// What is asked over the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// An HTTP request.
    Http(HttpRequest),
    /// A name, looked up.
    Name(String),
}

impl Question {
    /// Reads `GET /path` or a name.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.split_once(' ') {
            Some((method, path)) => Self::Http(HttpRequest {
                method: method.to_owned(),
                path: path.to_owned(),
                ..HttpRequest::default()
            }),
            None => Self::Name(text.to_owned()),
        }
    }
}

impl Reach {
    /// Explains a flow between two ends, each `namespace/pod` or an address, with the places of rules in the texts.
    ///
    /// # Errors
    /// An end that does not exist.
    pub fn explain(
        &self,
        from: &str,
        to: &str,
        port: Port,
        question: Option<&Question>,
        texts: &Sources,
    ) -> Result<String, ReachError> {
        explain(&self.network, from, to, port, question, texts)
    }
}

/// Explains a flow between two ends of a network, each `namespace/pod` or an address. What stands in one of the texts is
/// named with its file and line.
///
/// # Errors
/// An end that does not exist.
pub fn explain(
    network: &Network,
    from: &str,
    to: &str,
    port: Port,
    question: Option<&Question>,
    texts: &Sources,
) -> Result<String, ReachError> {
    let (from, to) = (end(network, from)?, end(network, to)?);
    let flow = network.flow(from, to, port);
    let word = |allowed: bool| if allowed { "allowed" } else { "denied" };
    let (a, b) = (name(network, from), name(network, to));
    let mut out = format!("{a} to {b} on {port}: {}\n", word(flow.allowed()));
    let at = |object: &ObjectRef, field: &str| {
        texts.find(object, field).map(|p| format!(" ({}:{})", p.file, p.line)).unwrap_or_default()
    };
    let mut half = |title: &str, half: &HalfVerdict| {
        let named: Vec<String> =
            half.selecting.iter().map(|o| format!("{o}{}", at(o, "metadata.name"))).collect();
        let selecting = if named.is_empty() { "nothing".to_owned() } else { named.join(", ") };
        out.push_str(&format!("{title}: {}\n  selected by: {selecting}\n", word(half.allowed)));
        for cause in &half.because {
            let place = cause.object.as_ref().map(|o| at(o, &cause.field)).unwrap_or_default();
            out.push_str(&format!("  {}{place}\n", cause.text));
        }
    };
    half(&format!("egress of {a}"), &flow.egress);
    half(&format!("ingress of {b}"), &flow.ingress);
    let Some(question) = question.filter(|_| flow.allowed()) else { return Ok(out) };
    let (title, verdict) = match question {
        Question::Http(request) => {
            (format!("{} {}", request.method, request.path), network.http(from, to, port, request))
        }
        Question::Name(name) => (format!("the question for {name}"), network.dns(from, to, port, name)),
    };
    let RequestVerdict { allowed, proxied, because, .. } = verdict;
    let by = if proxied { " by the proxy that reads along" } else { "" };
    out.push_str(&format!("{title}: {}{by}\n", if allowed { "let through" } else { "refused" }));
    if proxied {
        let told = because.iter().filter(|c| !allowed || c.text.contains(" lets "));
        told.for_each(|c| out.push_str(&format!("  {}\n", c.text)));
    }
    Ok(out)
}

/// `namespace/pod` or an address.
pub(crate) fn end(network: &Network, text: &str) -> Result<End, ReachError> {
    let found = match text.split_once('/') {
        Some((namespace, name)) => network.find(namespace, name).map(End::Pod),
        None => text.parse().ok().map(|ip| network.end(ip)),
    };
    found.ok_or_else(|| ReachError {
        place: format!("\"{text}\""),
        why: "no such pod, and no address; a pod is written namespace/name".to_owned(),
    })
}

fn name(network: &Network, end: End) -> String {
    match end {
        End::Pod(i) => network.pods().get(i).map(Pod::id).unwrap_or_default(),
        End::Ip(ip) => ip.to_string(),
    }
}
