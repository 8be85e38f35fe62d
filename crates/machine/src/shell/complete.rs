//! Completion of file and command names.

use super::builtins;
use super::state::ShellState;
use crate::fs::Kind;
use crate::machine::{HOST, Machine};

/// What the last word of `line` may become: whole words, sorted; directories end in `/`.
#[must_use]
pub fn complete(machine: &Machine, session: &ShellState, line: &str) -> Vec<String> {
    let word = line.rsplit(|c: char| c.is_whitespace() || "|;&()<>".contains(c)).next().unwrap_or("");
    let before = line.get(..line.len() - word.len()).unwrap_or("").trim_end();
    let first = before.is_empty() || before.ends_with(['|', ';', '&', '(']);
    if first && !word.contains('/') {
        return commands(machine, session, word);
    }
    files(machine, session, word)
}

fn commands(machine: &Machine, session: &ShellState, word: &str) -> Vec<String> {
    let mut names: Vec<String> = builtins::names().filter(|n| n.len() > 1).map(str::to_owned).collect();
    names.extend(session.aliases.keys().cloned());
    names.extend(session.functions.keys().cloned());
    for dir in session.get("PATH").unwrap_or("/usr/bin").split(':') {
        names.extend(entries(machine, session, dir).into_iter().map(|(n, _)| n));
    }
    names.retain(|n| n.starts_with(word));
    gatehouse_model::order::sort(&mut names);
    names.dedup();
    names
}

fn files(machine: &Machine, session: &ShellState, word: &str) -> Vec<String> {
    let (dir, name) =
        word.rsplit_once('/').map_or(("", word), |(d, n)| (if d.is_empty() { "/" } else { d }, n));
    let home = session.get("HOME").unwrap_or("/").to_owned();
    let full = match dir.strip_prefix('~') {
        Some(rest) => format!("{home}{rest}"),
        None if dir.starts_with('/') => dir.to_owned(),
        None => format!("{}/{dir}", session.cwd()),
    };
    let prefix = word.strip_suffix(name).unwrap_or("");
    let mut out: Vec<String> = entries(machine, session, &full)
        .into_iter()
        .filter(|(n, _)| n.starts_with(name) && (!n.starts_with('.') || name.starts_with('.')))
        .map(|(n, is_dir)| format!("{prefix}{n}{}", if is_dir { "/" } else { "" }))
        .collect();
    gatehouse_model::order::sort(&mut out);
    out
}

fn entries(machine: &Machine, session: &ShellState, dir: &str) -> Vec<(String, bool)> {
    let Some(space) = machine.space(session.process.as_ref().map_or(HOST, |process| process.space)) else {
        return Vec::new();
    };
    let Some(at) = space.mounts.locate(&machine.fs, dir) else { return Vec::new() };
    match machine.fs.get(at.ino).map(|i| &i.kind) {
        Some(Kind::Dir(d)) => d
            .entries
            .keys()
            .map(|n| {
                let path = format!("{dir}/{n}");
                let is_dir = space
                    .mounts
                    .locate(&machine.fs, &path)
                    .and_then(|l| machine.fs.get(l.ino))
                    .is_some_and(|i| i.is_dir());
                (n.to_string(), is_dir)
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// The longest text all candidates start with.
#[must_use]
pub fn common_prefix(candidates: &[String]) -> String {
    let Some(first) = candidates.first() else { return String::new() };
    let mut len = first.chars().count();
    for c in candidates {
        len = len.min(first.chars().zip(c.chars()).take_while(|(a, b)| a == b).count());
    }
    first.chars().take(len).collect()
}
