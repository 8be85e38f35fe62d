//! Splits the engine: one module for a first visit, and chunks that are fetched when something reaches them.
//!
//! `web/chunks.txt` says by which functions a chunk is entered. What is needed by these alone goes with them. In the engine a stub stands for every function of a chunk that others call: it asks JavaScript to load
//! the chunk if that has not happened, and goes on through a table. Memory, tables and globals are the engine's, so
//! the program does not notice. Constants that only a chunk names go with it too: the linker's relocations tell.
//!
//! Knows WebAssembly, not what the functions do. The idea is that of Binaryen's `wasm-split`, which is not to be had
//! from the registries a fresh machine has.

mod emit;
mod graph;
mod later;
mod links;
mod manifest;
mod read;
#[cfg(test)]
mod tests;

use crate::command::Outcome;

/// An engine in pieces.
pub(crate) struct Pieces {
    /// What a first visit loads.
    pub(crate) engine: Vec<u8>,
    /// Name and module of each chunk, in the order of the manifest: their numbers are what the engine asks for.
    pub(crate) chunks: Vec<(String, Vec<u8>)>,
}

/// Where the parts are described: `web/chunks.txt` and `web/later.txt`, as texts.
pub(crate) struct Manifest {
    pub(crate) chunks: String,
    pub(crate) later: String,
}

/// What else an engine is to have, for somebody who works on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Extra {
    /// Nothing: as it ships.
    #[default]
    None,
    /// The names of its functions.
    Names,
    /// Each of its functions says when it is entered: it calls `chunks.mark` with its place among the module's own.
    Marks,
}

/// Splits an engine that still has its names; `linked` is the same before wasm-bindgen, with its relocations.
///
/// # Errors
/// A module that cannot be read, or a chunk that the manifest names and nothing belongs to.
pub(crate) fn split(module: &[u8], linked: &[u8], manifest: &Manifest, extra: Extra) -> Outcome<Pieces> {
    // Marks are made to find out anew what can come later.
    let later = if extra == Extra::Marks { "" } else { &manifest.later };
    let chunks = manifest::parse(&manifest.chunks, later)?;
    let module = read::Module::parse(module)?;
    let plan = graph::plan(&module, &links::Links::parse(linked)?, &chunks)?;
    emit::emit(&module, &chunks, &plan, extra)
}

/// What the pieces of an engine weigh: the bytes of code, functions and bytes of constants of each, then those of the engine's own paths, the largest
/// first, for somebody who writes the manifest.
///
/// # Errors
/// As [`split`].
pub(crate) fn weigh(linked: &[u8], manifest: &Manifest) -> Outcome<String> {
    let chunks = manifest::parse(&manifest.chunks, &manifest.later)?;
    let module = read::Module::parse(linked)?;
    let links = links::Links::parse(linked)?;
    let plan = graph::plan(&module, &links, &chunks)?;
    let mut totals = vec![(0usize, 0usize, 0u32); chunks.all.len() + 1];
    for (_, size, chunk) in &plan.constants {
        if let Some((.., constants)) = totals.get_mut(chunk + 1) {
            *constants += size;
        }
    }
    let mut paths = std::collections::BTreeMap::<(Option<usize>, String), usize>::new();
    for ((body, place), name) in module.bodies.iter().zip(&plan.place).zip(&module.names) {
        let range = body.range();
        let weight = usize::try_from(range.end - range.start).map_err(read::unreadable)?;
        if let Some((bytes, functions, _)) = totals.get_mut(place.map_or(0, |chunk| chunk + 1)) {
            *bytes += weight;
            *functions += 1;
        }
        *paths.entry((*place, path_of(name))).or_default() += weight;
    }
    let names = std::iter::once("engine").chain(chunks.all.iter().map(|chunk| chunk.name.as_str()));
    let mut out: String = names
        .zip(&totals)
        .map(|(name, (bytes, functions, constants))| {
            format!("{bytes:>9} {functions:>6} {constants:>9}  {name}\n")
        })
        .collect();
    let mut paths: Vec<((Option<usize>, String), usize)> = paths.into_iter().collect();
    paths.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    let pieces = std::iter::once(None).chain((0..chunks.all.len()).map(Some));
    for piece in pieces {
        let name = piece.and_then(|chunk| chunks.all.get(chunk)).map_or("engine", |chunk| &chunk.name);
        out.push_str(&format!("\nin {name}, by path:\n"));
        let own = paths.iter().filter(|((place, _), _)| *place == piece);
        for ((_, path), bytes) in own.take(LISTED) {
            out.push_str(&format!("{bytes:>9}  {path}\n"));
        }
    }
    let gone: std::collections::BTreeSet<u32> = plan.constants.iter().map(|(address, ..)| *address).collect();
    let mut kept: Vec<&links::Constant> =
        links.constants.iter().filter(|c| !gone.contains(&c.address)).collect();
    kept.sort_by_key(|constant| std::cmp::Reverse(constant.size));
    out.push_str("\nconstants in the engine, the largest:\n");
    for constant in kept.iter().take(LISTED) {
        let text: String = module
            .text_at(constant.address, 60)
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        out.push_str(&format!("{:>9}  {text}\n", constant.size));
    }
    Ok(out)
}

/// How many paths and constants of each piece are listed.
const LISTED: usize = 150;

/// The first three steps of the first path of ours in a name, or what library it is of.
fn path_of(name: &str) -> String {
    let from = name.find("gatehouse_").unwrap_or_default();
    let path = name.get(from..).unwrap_or(name).trim_start_matches(['<', '&', '_']);
    let end = path.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(path.len());
    let steps: Vec<&str> = path.get(..end).unwrap_or(path).split("::").take(3).collect();
    steps.join("::")
}

/// What `web/later.txt` should say: the paths below which nothing was entered, by the marks of an engine that was split
/// with [`Extra::Marks`] while every exercise was opened. What goes with a chunk of its own is not counted.
///
/// # Errors
/// As [`split`].
pub(crate) fn later(module: &[u8], linked: &[u8], manifest: &Manifest, marks: &[u8]) -> Outcome<Vec<String>> {
    let chunks = manifest::parse(&manifest.chunks, "")?;
    let module = read::Module::parse(module)?;
    let plan = graph::plan(&module, &links::Links::parse(linked)?, &chunks)?;
    Ok(later::paths(&module, &plan, marks))
}

/// The functions whose path contains `path`, and who needs them, for somebody who looks for an entry.
///
/// # Errors
/// A module that cannot be read.
pub(crate) fn who(linked: &[u8], path: &str) -> Outcome<String> {
    let module = read::Module::parse(linked)?;
    let mut out = String::new();
    for (index, name) in (module.imported..).zip(&module.names).filter(|(_, name)| name.contains(path)) {
        let callers = module.calls.iter().zip(&module.names).filter(|(calls, _)| calls.contains(&index));
        let callers: Vec<&str> = callers.map(|(_, name)| name.as_str()).collect();
        out.push_str(&format!("{name}\n    called by {}\n", callers.join(", ")));
    }
    Ok(out)
}
