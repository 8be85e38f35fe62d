//! Which command a line means. Models spf13/cobra `command.go` (`Find`, `stripFlags`, `findSuggestions`).

use gatehouse_model::ClientVersion;

use crate::cli::global::GLOBAL_FLAGS;
use crate::cli::{Command, Flag, FlagType};
use crate::error::Error;

/// A command found, and what of the line is left for it.
pub struct Found {
    /// The command.
    pub command: &'static Command,
    /// The groups it lies in, the root first.
    pub parents: Vec<&'static Command>,
    /// `kubectl create deployment`
    pub path: String,
    /// The line without the words that named the command.
    pub rest: Vec<String>,
}

/// The flags a command takes: its own and the global ones, as far as this client has them.
#[must_use]
pub fn flags_of(command: &Command, version: ClientVersion) -> Vec<&'static Flag> {
    let own: Vec<&'static Flag> =
        command.own_flags().filter(|f| f.since <= version.minor && version.minor < f.until).collect();
    let shadowed = |g: &Flag| own.iter().any(|f| f.name == g.name);
    let global =
        GLOBAL_FLAGS.iter().filter(|f| f.since <= version.minor && version.minor < f.until && !shadowed(f));
    own.iter().copied().chain(global).collect()
}

/// Finds the command that `line` (without the program's name) means.
///
/// # Errors
/// `unknown command "x" for "kubectl"`, with suggestions.
pub fn find(root: &'static Command, line: &[String], version: ClientVersion) -> Result<Found, Error> {
    let mut command = root;
    let mut parents = Vec::new();
    let mut path = root.name.to_owned();
    let mut rest = line.to_vec();
    loop {
        let flags = flags_of(command, version);
        let words = strip_flags(&rest, &flags);
        let Some((_, first)) = words.first() else { break };
        let Some(next) = command.subcommand(first).filter(|c| c.since <= version.minor) else { break };
        if let Some((at, _)) = words.first() {
            rest.remove(*at);
        }
        parents.push(command);
        command = next;
        path.push(' ');
        path.push_str(next.name);
    }
    if parents.is_empty() {
        let flags = flags_of(command, version);
        if let Some((_, first)) = strip_flags(&rest, &flags).first() {
            // What kubectl does not know could be a plugin's, and those take no flags before their names.
            if let Some(flag) = line.first().filter(|word| word.starts_with('-')) {
                let text = format!("Error: flags cannot be placed before plugin name: {flag}");
                return Err(Error::Exit(1, text));
            }
            let suggestions = suggestions(command, first);
            return Err(Error::plain(format!("unknown command {first:?} for {path:?}{suggestions}")));
        }
    }
    Ok(Found { command, parents, path, rest })
}

/// The words that are no flags and no values of flags, with their places.
fn strip_flags(line: &[String], flags: &[&Flag]) -> Vec<(usize, String)> {
    let mut words = Vec::new();
    let mut i = 0;
    while let Some(word) = line.get(i) {
        if word == "--" {
            break;
        }
        let takes_next =
            |flag: Option<&&Flag>| flag.is_none_or(|f| f.ty != FlagType::Bool && f.no_opt.is_empty());
        if let Some(long) = word.strip_prefix("--") {
            if !long.contains('=') && takes_next(flags.iter().find(|f| f.name == long)) {
                i += 1;
            }
        } else if let Some(shorts) = word.strip_prefix('-').filter(|s| !s.is_empty()) {
            let letter = shorts.chars().next();
            if shorts.chars().count() == 1
                && takes_next(flags.iter().find(|f| f.short == letter && letter.is_some()))
            {
                i += 1;
            }
        } else if !word.is_empty() {
            words.push((i, word.clone()));
        }
        i += 1;
    }
    words
}

fn suggestions(command: &Command, typed: &str) -> String {
    let lower = typed.to_lowercase();
    let close: Vec<&str> = command
        .names()
        .filter(|name| distance(&lower, &name.to_lowercase()) <= 2 || name.to_lowercase().starts_with(&lower))
        .collect();
    if close.is_empty() {
        return String::new();
    }
    let mut text = String::from("\n\nDid you mean this?\n");
    for name in close {
        text.push('\t');
        text.push_str(name);
        text.push('\n');
    }
    text
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, cb) in b.iter().enumerate() {
            let replace = row.get(j).copied().unwrap_or(0) + usize::from(ca != *cb);
            let remove = row.get(j + 1).copied().unwrap_or(0) + 1;
            let insert = next.last().copied().unwrap_or(0) + 1;
            next.push(replace.min(remove).min(insert));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}
