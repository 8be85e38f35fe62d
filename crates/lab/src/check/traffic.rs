//! `traffic`: whether a packet would arrive.

use gatehouse_core::network::{End, Network, Port, Protocol};

use super::Finding;
use crate::exercise::format::{Passage, Traffic};
use crate::world::World;

pub(super) fn probe(check: &Traffic, world: &World) -> Finding {
    let network = Network::of(&world.cluster);
    let subject = format!("{} to {} on {}", check.from, check.to, check.port);
    let word = |allowed: bool| if allowed { "allowed" } else { "denied" };
    let expected = word(check.expect == Passage::Allowed);
    let (Some(from), Some(to)) = (end(&network, &check.from), end(&network, &check.to)) else {
        let missing = if end(&network, &check.from).is_none() { &check.from } else { &check.to };
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
    let flow = network.flow(from, to, port);
    let because = flow.because().into_iter().map(|c| c.text.clone()).collect();
    Finding::compare(&subject, expected, word(flow.allowed()), because)
}

/// `namespace/pod` or an address.
fn end(network: &Network, text: &str) -> Option<End> {
    match text.split_once('/') {
        Some((namespace, name)) => network.find(namespace, name).map(End::Pod),
        None => text.parse().ok().map(End::Ip),
    }
}

/// Reads a port such as `TCP/80`.
#[must_use]
pub fn port(text: &str) -> Option<Port> {
    let (protocol, number) = text.split_once('/')?;
    Some(Port { protocol: Protocol::parse(protocol)?, number: number.parse().ok()? })
}
