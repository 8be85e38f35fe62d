//! `traffic`: whether a packet would arrive, or a request be let through.

use gatehouse_core::Cause;
use gatehouse_core::network::{Network, Port, Protocol};

use super::Finding;
use crate::exercise::format::{Passage, Traffic};
use crate::reach::{Question, end};
use crate::world::World;

pub(super) fn probe(check: &Traffic, world: &World) -> Finding {
    let network = Network::of(&world.cluster);
    let mut subject = format!("{} to {} on {}", check.from, check.to, check.port);
    if !check.request.is_empty() {
        subject = format!("{subject}, {}", check.request);
    }
    let word = |allowed: bool| if allowed { "allowed" } else { "denied" };
    let expected = word(check.expect == Passage::Allowed);
    let (Ok(from), Ok(to)) = (end(&network, &check.from), end(&network, &check.to)) else {
        let missing = if end(&network, &check.from).is_err() { &check.from } else { &check.to };
        return Finding::compare(&subject, expected, &format!("the pod {missing} does not run"), Vec::new());
    };
    let Some(port) = port(&check.port) else {
        return Finding::compare(
            &subject,
            expected,
            &format!("\"{}\" is not a port", check.port),
            Vec::new(),
        );
    };
    let (allowed, because) = if check.request.is_empty() {
        let flow = network.flow(from, to, port);
        (flow.allowed(), flow.because().into_iter().cloned().collect())
    } else {
        let verdict = match Question::parse(&check.request) {
            Question::Http(request) => network.http(from, to, port, &request),
            Question::Name(name) => network.dns(from, to, port, &name),
        };
        (verdict.allowed, verdict.because)
    };
    let because = because.into_iter().map(|c: Cause| c.text).collect();
    Finding::compare(&subject, expected, word(allowed), because)
}

/// Reads a port such as `TCP/80`.
#[must_use]
pub fn port(text: &str) -> Option<Port> {
    let (protocol, number) = text.split_once('/')?;
    Some(Port { protocol: Protocol::parse(protocol)?, number: number.parse().ok()? })
}
