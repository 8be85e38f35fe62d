//! One flow of a picture, explained at both ends, with the places of the rules in the learner's files.

use gatehouse_core::Cause;
use gatehouse_core::network::{HalfVerdict, Network};

use super::{DNS, OWN, Picture, dns_pods, meet};
use crate::explain::{Place, Sources};
use crate::world::World;

/// One reason and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// In words.
    pub text: String,
    /// The place in a file that says so, where it is one of the learner's.
    pub place: Option<Place>,
}

/// What one end says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Half {
    /// `out of shop/web`
    pub title: String,
    /// Whether it lets the flow pass.
    pub allowed: bool,
    /// The policies that select this end.
    pub selecting: Vec<Why>,
    /// The rule that admitted it, or what each lacked.
    pub because: Vec<Why>,
}

/// A flow explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Both ends, the source first.
    pub halves: [Half; 2],
}

/// Explains a flow of a picture of the world. `None` where the flow is no longer there.
#[must_use]
pub fn told(world: &World, picture: &Picture, edge: usize, sources: &Sources) -> Option<Told> {
    let network = Network::of(&world.cluster);
    let edge = picture.edges.get(edge)?;
    let pods = |i: usize| match picture.pods.get(i) {
        Some(pod) if pod.namespace == OWN && pod.name == DNS => Some(dns_pods(&network)),
        Some(pod) => network.find(&pod.namespace, &pod.name).map(|i| vec![i]),
        None => None,
    };
    let (_, flow) = meet(&network, &pods(edge.from)?, &pods(edge.to)?, edge.port)?;
    let name = |i: usize| picture.pods.get(i).map(super::PicturePod::id).unwrap_or_default();
    Some(Told {
        halves: [
            half(format!("out of {}", name(edge.from)), &flow.egress, sources),
            half(format!("into {}", name(edge.to)), &flow.ingress, sources),
        ],
    })
}

fn half(title: String, verdict: &HalfVerdict, sources: &Sources) -> Half {
    let why = |c: &Cause| Why {
        text: c.text.clone(),
        place: c.object.as_ref().and_then(|object| sources.find(object, &c.field)),
    };
    let selecting = verdict
        .selecting
        .iter()
        .map(|id| Why { text: id.to_string(), place: sources.find(id, "metadata.name") });
    Half {
        title,
        allowed: verdict.allowed,
        selecting: selecting.collect(),
        because: verdict.because.iter().map(why).collect(),
    }
}
