//! What would change: the difference of two pictures.

use gatehouse_core::network::{Network, Port};

use super::{Edge, Picture};
use crate::world::World;

/// A flow whose fate differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowChange {
    /// The position of the source among the pods of the picture before.
    pub from: usize,
    /// The position of the destination.
    pub to: usize,
    /// The destination port.
    pub port: Port,
    /// Whether it is allowed afterwards.
    pub allowed: bool,
    /// `shop/web → shop/db TCP/80 would be denied`
    pub text: String,
    /// What decides then.
    pub because: String,
}

/// The flows whose fate differs between two worlds, by source and destination. Only pods that both have are compared.
#[must_use]
#[inline(never)]
pub fn changes(before: &World, after: &World, port: Port) -> Vec<FlowChange> {
    let draw = |world: &World| Picture::draw(world, &Network::of(&world.cluster), port, true);
    let (old, new) = (draw(before), draw(after));
    let places: Vec<Option<usize>> =
        new.pods.iter().map(|p| old.pods.iter().position(|o| o.id() == p.id())).collect();
    let id = |i: usize| new.pods.get(i).map(super::PicturePod::id).unwrap_or_default();
    let change = |e: &Edge| {
        let (from, to) = (places.get(e.from).copied()??, places.get(e.to).copied()??);
        let was = old.edges.iter().find(|o| o.from == from && o.to == to)?;
        let word = if e.allowed { "allowed" } else { "denied" };
        (was.allowed != e.allowed).then(|| FlowChange {
            from,
            to,
            port: e.port,
            allowed: e.allowed,
            text: format!("{} → {} {} would be {word}", id(e.from), id(e.to), e.port),
            because: e.because.join("; "),
        })
    };
    new.edges.iter().filter_map(change).collect()
}
