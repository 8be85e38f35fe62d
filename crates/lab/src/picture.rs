//! Who can reach whom, ready to be drawn and to be read as a table.

use gatehouse_core::network::{End, Network, Pod, Port, Protocol};

use crate::world::World;

/// A pod in the picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PicturePod {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its first address.
    pub ip: String,
}

/// An ordered pair of pods and what happens between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The position of the source among the pods.
    pub from: usize,
    /// The position of the destination.
    pub to: usize,
    /// Whether a connection is made.
    pub allowed: bool,
    /// The rule that admits it, or what each policy lacks.
    pub because: Vec<String>,
}

/// All pods that have an address, by namespace and name, and every pair of them, on one port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// `TCP/80`
    pub port: String,
    /// The pods.
    pub pods: Vec<PicturePod>,
    /// The pairs, by source and destination.
    pub edges: Vec<Edge>,
}

impl Picture {
    /// The picture of a world on TCP port 80.
    #[must_use]
    pub fn of(world: &World) -> Self {
        Self::on(world, Port { protocol: Protocol::Tcp, number: 80 })
    }

    /// The picture of a world on some port.
    #[must_use]
    pub fn on(world: &World, port: Port) -> Self {
        let network = Network::of(&world.cluster);
        // The cluster's own pods are nobody's task.
        let shown: Vec<(usize, &Pod)> =
            network.pods().iter().enumerate().filter(|(_, p)| p.namespace != "kube-system").collect();
        let pods: Vec<PicturePod> = shown
            .iter()
            .map(|(_, p)| PicturePod {
                namespace: p.namespace.clone(),
                name: p.name.clone(),
                ip: p.ips.first().map(ToString::to_string).unwrap_or_default(),
            })
            .collect();
        let pairs = (0..pods.len()).flat_map(|from| (0..pods.len()).map(move |to| (from, to)));
        let edges = pairs
            .filter(|(from, to)| from != to)
            .map(|(from, to)| {
                let end = |i: usize| End::Pod(shown.get(i).map_or(i, |(of, _)| *of));
                let flow = network.flow(end(from), end(to), port);
                let because = flow.because().into_iter().map(|c| c.text.clone()).collect();
                Edge { from, to, allowed: flow.allowed(), because }
            })
            .collect();
        Self { port: format!("{}/{}", port.protocol.as_str(), port.number), pods, edges }
    }
}
