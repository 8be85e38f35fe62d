//! Who needs whom, and so which functions and constants go with which chunk.

use std::collections::BTreeMap;

use super::links::{Links, Target};
use super::manifest::Chunks;
use super::read::Module;
use crate::command::Outcome;

/// Where everything goes.
pub(super) struct Plan {
    /// For each defined function, its chunk; none is the engine.
    pub(super) place: Vec<Option<usize>>,
    /// For each defined function of a chunk, whether somebody outside of the chunk calls or names it.
    pub(super) called: Vec<bool>,
    /// Address, size and chunk of the constants that do not stay, in the order of their addresses.
    pub(super) constants: Vec<(u32, u32, usize)>,
}

/// What is known of a function or constant while looking.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Nowhere,
    Chunk(usize),
    Engine,
}

/// Functions first, then constants, as the numbers of one graph.
struct Graph {
    functions: usize,
    needs: Vec<Vec<usize>>,
    /// The chunk that a function is an entry of.
    entry: Vec<Option<usize>>,
    /// What is needed from outside of the module.
    roots: Vec<usize>,
    seen: Vec<Seen>,
}

pub(super) fn plan(module: &Module<'_>, links: &Links, chunks: &Chunks) -> Outcome<Plan> {
    let gone: Vec<&str> = chunks
        .all
        .iter()
        .flat_map(|chunk| &chunk.entries)
        .filter(|entry| !module.names.contains(entry))
        .map(String::as_str)
        .collect();
    if !gone.is_empty() {
        let why = "no function of the engine; one with a single caller needs #[inline(never)]";
        return Err(format!("web/chunks.txt: {why}: {}", gone.join(", ")));
    }
    let mut graph = Graph::new(module, links, chunks);
    graph.spread_engine();
    (0..chunks.all.len()).for_each(|chunk| graph.spread_chunk(chunk));
    Ok(graph.plan(links))
}

impl Graph {
    fn new(module: &Module<'_>, links: &Links, chunks: &Chunks) -> Self {
        let functions = module.functions.len();
        let own = |index: &u32| index.checked_sub(module.imported).map(|own| own as usize);
        let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (function, name) in module.unique_names.iter().enumerate() {
            by_name.entry(name).or_default().push(function);
        }
        let nodes = |targets: &[Target]| -> Vec<usize> {
            targets
                .iter()
                .flat_map(|target| match target {
                    Target::Function(name) => by_name.get(name.as_str()).cloned().unwrap_or_default(),
                    Target::Constant(constant) => vec![functions + constant],
                })
                .collect()
        };
        let mut needs: Vec<Vec<usize>> =
            module.calls.iter().map(|calls| calls.iter().filter_map(own).collect()).collect();
        needs.extend(links.constants.iter().map(|constant| nodes(&constant.names)));
        let mut roots: Vec<usize> = module
            .exports
            .iter()
            .filter(|export| export.kind == wasmparser::ExternalKind::Func)
            .map(|export| export.index)
            .chain(module.start)
            .filter_map(|index| own(&index))
            .collect();
        for (name, targets) in &links.functions {
            match by_name.get(name.as_str()) {
                Some(same) => {
                    for function in same {
                        if let Some(needs) = needs.get_mut(*function) {
                            needs.extend(nodes(targets));
                        }
                    }
                }
                // Gone, or under another name: what it named stays within reach of everybody.
                None => roots.extend(nodes(targets)),
            }
        }
        // What stands in the table and is named by nobody we know of is called by somebody we do not know of.
        let mut named = vec![false; needs.len()];
        for node in needs.iter().flatten() {
            if let Some(named) = named.get_mut(*node) {
                *named = true;
            }
        }
        let in_table = module.elements.iter().flat_map(|element| &element.functions).filter_map(own);
        roots.extend(in_table.filter(|function| named.get(*function) == Some(&false)));

        let mut entry: Vec<Option<usize>> = module.names.iter().map(|name| chunks.entered_by(name)).collect();
        entry.resize(needs.len(), None);
        let seen = entry.iter().map(|entry| entry.map_or(Seen::Nowhere, Seen::Chunk)).collect();
        Self { functions, needs, entry, roots, seen }
    }

    fn free(&self, node: usize) -> bool {
        self.entry.get(node) == Some(&None)
    }

    /// Marks these, what they need as far as it may be marked, and what that needs.
    fn spread(&mut self, mut stack: Vec<usize>, mark: Seen, may: &dyn Fn(Seen) -> bool) {
        let Self { needs, entry, seen, .. } = self;
        for node in &stack {
            if let Some(state) = seen.get_mut(*node) {
                *state = mark;
            }
        }
        while let Some(node) = stack.pop() {
            for needed in needs.get(node).into_iter().flatten() {
                if let Some(state) = seen.get_mut(*needed)
                    && entry.get(*needed) == Some(&None)
                    && may(*state)
                {
                    *state = mark;
                    stack.push(*needed);
                }
            }
        }
    }

    /// What is reached from outside by another way than an entry is the engine's.
    fn spread_engine(&mut self) {
        let roots = self.roots.iter().copied().filter(|root| self.free(*root)).collect();
        self.spread(roots, Seen::Engine, &|state| state == Seen::Nowhere);
    }

    /// A chunk takes what nobody has taken; what another one has taken and it needs too is the engine's after all.
    fn spread_chunk(&mut self, chunk: usize) {
        let roots =
            (0..self.entry.len()).filter(|node| self.entry.get(*node) == Some(&Some(chunk))).collect();
        self.spread(roots, Seen::Chunk(chunk), &|state| state == Seen::Nowhere);
        let mut shared = Vec::new();
        for (node, needs) in self.needs.iter().enumerate() {
            if self.seen.get(node) == Some(&Seen::Chunk(chunk)) {
                shared.extend(needs.iter().copied().filter(|needed| {
                    self.free(*needed)
                        && matches!(self.seen.get(*needed), Some(Seen::Chunk(other)) if *other != chunk)
                }));
            }
        }
        self.spread(shared, Seen::Engine, &|state| state != Seen::Engine);
    }

    fn plan(&self, links: &Links) -> Plan {
        let chunk = |node: usize| match self.seen.get(node) {
            Some(Seen::Chunk(chunk)) => Some(*chunk),
            _ => None,
        };
        let mut called = vec![false; self.functions];
        let outside = self.roots.iter().copied();
        let across = self.needs.iter().enumerate().flat_map(|(node, needs)| {
            needs.iter().copied().filter(move |needed| chunk(*needed) != chunk(node))
        });
        for node in outside.chain(across) {
            if let Some(called) = called.get_mut(node) {
                *called = true;
            }
        }
        // Constants may overlap; a byte moves only if every constant over it moves to the same place.
        let mut constants: Vec<(u32, u32, usize)> = Vec::new();
        let mut stays_until = 0;
        for (at, constant) in links.constants.iter().enumerate() {
            let (address, size, place) = (constant.address, constant.size, chunk(self.functions + at));
            let end = address + size;
            let overlapped = constants.last().is_some_and(|(from, length, _)| from + length > address);
            match place {
                Some(place) if address >= stays_until && !overlapped => {
                    constants.push((address, size, place))
                }
                _ => {
                    if overlapped {
                        constants.pop();
                    }
                    stays_until = stays_until.max(end);
                }
            }
        }
        constants.retain(|(_, size, _)| *size > 0);
        Plan { place: (0..self.functions).map(chunk).collect(), called, constants }
    }
}
