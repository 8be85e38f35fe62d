//! What would change: the difference of two pictures.

use std::collections::BTreeMap;
use std::fmt;

use gatehouse_core::network::{Network, Pod, Port};

/// An ordered pair of pods between which something changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The source, `namespace/pod`.
    pub from: String,
    /// The destination.
    pub to: String,
    /// Whether the pair is allowed afterwards.
    pub allowed: bool,
}

impl fmt::Display for Change {
    /// `+ shop/web -> shop/db`, with a minus where it is no longer allowed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} -> {}", if self.allowed { '+' } else { '-' }, self.from, self.to)
    }
}

/// The pairs whose fate differs between two networks, by source and destination. Only pods that both have are compared.
#[must_use]
pub fn changes(before: &Network, after: &Network, port: Port) -> Vec<Change> {
    let (old, new) = (before.matrix(port), after.matrix_after(port, None));
    let places: BTreeMap<String, usize> = after.pods().iter().enumerate().map(|(i, p)| (p.id(), i)).collect();
    let both: Vec<(String, usize, usize)> = before
        .pods()
        .iter()
        .enumerate()
        .filter_map(|(i, p): (usize, &Pod)| places.get(&p.id()).map(|j| (p.id(), i, *j)))
        .collect();
    let mut out = Vec::new();
    for (from, a, b) in &both {
        for (to, c, d) in &both {
            let allowed = new.allows(*b, *d);
            if old.allows(*a, *c) != allowed {
                out.push(Change { from: from.clone(), to: to.clone(), allowed });
            }
        }
    }
    out
}
