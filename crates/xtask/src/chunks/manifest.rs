//! `web/chunks.txt`: by which functions the parts are entered that travel apart.
//!
//! A line `chunk NAME` begins one. The lines below it are `entry PATH`, a function by its whole path; `later`, for all
//! functions of which `web/later.txt` says that no exercise needs them to be opened; and `word TEXT` and `typed TEXT`,
//! which only the page reads.

use crate::command::Outcome;

/// One chunk.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) name: String,
    /// The paths of the functions by which it is entered.
    pub(super) entries: Vec<String>,
    /// The beginnings of paths that belong to it altogether.
    pub(super) later: Vec<String>,
}

/// All chunks, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    pub(super) all: Vec<Chunk>,
}

impl Chunks {
    /// The chunk that a function of this name is an entry of.
    pub(super) fn entered_by(&self, name: &str) -> Option<usize> {
        let entry = self.all.iter().position(|chunk| chunk.entries.iter().any(|entry| entry == name));
        entry.or_else(|| {
            self.all.iter().position(|chunk| chunk.later.iter().any(|path| lies_below(name, path)))
        })
    }
}

/// Whether a function's path is this one or goes on from it; `<Type as Trait>::name` counts as the type's. The compiler's
/// second copy of a function has a number behind a dot, and is a function of its own.
fn lies_below(name: &str, path: &str) -> bool {
    let own = name.strip_prefix('<').unwrap_or(name);
    let rest = own.strip_prefix(path).or_else(|| name.strip_prefix(path));
    rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.'))
}

pub(super) fn parse(text: &str, later: &str) -> Outcome<Chunks> {
    let mut chunks = Chunks::default();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |why: &str| format!("web/chunks.txt:{}: {why}", number + 1);
        if line == "later" {
            let chunk = chunks.all.last_mut().ok_or_else(|| wrong("it stands before any chunk"))?;
            let paths =
                later.lines().map(str::trim).filter(|path| !path.is_empty() && !path.starts_with('#'));
            chunk.later = paths.map(str::to_owned).collect();
            continue;
        }
        let (key, value) = line.split_once(' ').ok_or_else(|| wrong("a line is two words"))?;
        let value = value.trim().to_owned();
        match (key, chunks.all.last_mut()) {
            ("chunk", _) => chunks.all.push(Chunk { name: value, entries: Vec::new(), later: Vec::new() }),
            ("entry", Some(chunk)) => chunk.entries.push(value),
            ("word" | "typed", Some(_)) => {}
            ("entry" | "word" | "typed", None) => return Err(wrong("it stands before any chunk")),
            _ => return Err(wrong(&format!("\"{key}\" is none of chunk, entry, later, typed, word"))),
        }
    }
    Ok(chunks)
}
