//! What the policies could do without, and the policies that would be enough for what a picture allows.

use gatehouse_core::network::{End, Network, Observed};
use gatehouse_model::yaml;

use super::{Picture, Why, dns_pods};
use crate::explain::Sources;
use crate::world::World;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// Policies and rules that could go without changing anybody's reach, each with the reason.
    pub useless: Vec<Why>,
    /// The smallest set of policies that lets just the allowed flows of the picture pass, as YAML.
    pub enough: String,
}

/// Looks over the policies of a world.
#[must_use]
pub fn audit(world: &World, picture: &Picture, sources: &Sources) -> Audit {
    let network = Network::of(&world.cluster);
    let useless = network.useless().into_iter().map(|u| Why {
        text: crate::reach::sentence(&u),
        place: sources.find(&u.object, if u.field.is_empty() { "metadata.name" } else { &u.field }),
    });
    let ends = |i: usize| -> Vec<End> {
        let Some(pod) = picture.pods.get(i) else { return Vec::new() };
        match network.find(&pod.namespace, &pod.name) {
            Some(i) => vec![End::Pod(i)],
            None => dns_pods(&network).into_iter().map(End::Pod).collect(),
        }
    };
    let mut observed = Vec::new();
    for edge in picture.edges.iter().filter(|e| e.allowed) {
        for from in ends(edge.from) {
            observed.extend(ends(edge.to).into_iter().map(|to| Observed { from, to, port: edge.port }));
        }
    }
    // The cluster's own namespace is nobody's to isolate here.
    let policies = network.suggest(&observed).into_iter().filter(|p| p.namespace() != super::OWN);
    let texts: Vec<String> = policies.map(|p| format!("{}\n", yaml::emit(&p.0).trim_end())).collect();
    Audit { useless: useless.collect(), enough: texts.join("---\n") }
}
