//! Who can reach whom, ready to be drawn and to be read as a table.
//!
//! [`told`] explains one flow, [`change`] compares two pictures, [`audit`] looks for what the policies could do without.

mod audit;
mod change;
mod told;

use gatehouse_core::network::{End, Flow, Network, Pod, Port, Protocol};

use crate::world::World;

pub use audit::{Audit, audit};
pub use change::{FlowChange, changes};
pub use told::{Half, Told, Why, told};

/// The namespace of the cluster's own pods.
const OWN: &str = "kube-system";
/// The service by which pods find the cluster's DNS.
const DNS: &str = "kube-dns";

/// The port a picture is about where nobody asked for another.
pub const WEB: Port = Port { protocol: Protocol::Tcp, number: 80 };

/// A pod in the picture, or the cluster's DNS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PicturePod {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its first address.
    pub ip: String,
}

impl PicturePod {
    /// `namespace/name`
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    fn is_dns(&self) -> bool {
        self.namespace == OWN && self.name == DNS
    }
}

/// An ordered pair of pods and what happens between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The position of the source among the pods.
    pub from: usize,
    /// The position of the destination.
    pub to: usize,
    /// The destination port: the picture's, or that of DNS.
    pub port: Port,
    /// Whether a connection is made.
    pub allowed: bool,
    /// The rule that admits it, or what each policy lacks.
    pub because: Vec<String>,
}

/// All pods that have an address, by namespace and name, and every pair of them, on one port. Where policies matter, the
/// cluster's DNS is there as well, and who can ask it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The port.
    pub port: Port,
    /// The pods.
    pub pods: Vec<PicturePod>,
    /// The pairs, by source and destination.
    pub edges: Vec<Edge>,
}

impl Picture {
    /// The picture of a world on TCP port 80.
    #[must_use]
    pub fn of(world: &World) -> Self {
        Self::on(world, WEB)
    }

    /// The picture of a world on some port.
    #[must_use]
    pub fn on(world: &World, port: Port) -> Self {
        let network = Network::of(&world.cluster);
        let policies = network.sources().next().is_some();
        Self::draw(world, &network, port, policies)
    }

    fn draw(world: &World, network: &Network, port: Port, dns: bool) -> Self {
        // Whatever else the cluster runs for itself is nobody's task.
        let mut shown: Vec<Vec<usize>> = Vec::new();
        let mut pods: Vec<PicturePod> = Vec::new();
        for (i, pod) in network.pods().iter().enumerate().filter(|(_, p)| p.namespace != OWN) {
            shown.push(vec![i]);
            pods.push(PicturePod {
                namespace: pod.namespace.clone(),
                name: pod.name.clone(),
                ip: pod.ips.first().map(ToString::to_string).unwrap_or_default(),
            });
        }
        let servers = dns_pods(network);
        if dns && !pods.is_empty() && !servers.is_empty() {
            let service = world.cluster.store.get("services", OWN, DNS);
            let ip = service.map(|s| s.str_at(&["spec", "clusterIP"]).to_owned()).unwrap_or_default();
            shown.push(servers);
            pods.push(PicturePod { namespace: OWN.to_owned(), name: DNS.to_owned(), ip });
        }
        let mut edges = Vec::new();
        for (from, source) in shown.iter().enumerate().filter(|(i, _)| !is_dns(&pods, *i)) {
            for (to, targets) in shown.iter().enumerate().filter(|(to, _)| *to != from) {
                let port = if is_dns(&pods, to) { ASK } else { port };
                let Some((_, flow)) = meet(network, source, targets, port) else { continue };
                let because = flow.because().into_iter().map(|c| c.text.clone()).collect();
                edges.push(Edge { from, to, port, allowed: flow.allowed(), because });
            }
        }
        Self { port, pods, edges }
    }
}

/// How the cluster's DNS is asked.
const ASK: Port = Port { protocol: Protocol::Udp, number: 53 };

fn is_dns(pods: &[PicturePod], i: usize) -> bool {
    pods.get(i).is_some_and(PicturePod::is_dns)
}

/// The pods behind the cluster's DNS.
fn dns_pods(network: &Network) -> Vec<usize> {
    let serves =
        |p: &Pod| p.namespace == OWN && p.labels.get("k8s-app").is_some_and(|v| v.as_str() == Some(DNS));
    network.pods().iter().enumerate().filter(|(_, p)| serves(p)).map(|(i, _)| i).collect()
}

/// What becomes of a flow to one of several pods: the first that is stopped speaks for all, since any may be chosen.
fn meet(network: &Network, from: &[usize], to: &[usize], port: Port) -> Option<(usize, Flow)> {
    let from = End::Pod(*from.first()?);
    let mut flows = to.iter().map(|to| (*to, network.flow(from, End::Pod(*to), port)));
    let first = flows.next()?;
    if !first.1.allowed() {
        return Some(first);
    }
    Some(flows.find(|(_, flow)| !flow.allowed()).unwrap_or(first))
}

#[cfg(test)]
mod tests;
