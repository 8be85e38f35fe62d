//! `@{variables}`: declared before profiles, expanded into alternations.
//!
//! Models parser/parser_variable.c: one value is put in as it is, several become `{a,b}`; a slash that would
//! double is dropped. Expansion is bounded: the real parser only stops when memory does.

use std::collections::BTreeMap;

/// The greatest length of an expanded text.
const MAX_LENGTH: usize = 1 << 16;

/// How many values a variable may come to.
const MAX_VALUES: usize = 512;

/// Declared variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Variables {
    sets: BTreeMap<String, Vec<String>>,
}

impl Variables {
    /// Declares; false where it is declared already.
    pub(super) fn declare(&mut self, name: &str, values: Vec<String>) -> bool {
        if self.sets.contains_key(name) {
            return false;
        }
        self.sets.insert(name.to_owned(), values);
        true
    }

    /// Adds values; false where it is not declared.
    pub(super) fn add(&mut self, name: &str, values: Vec<String>) -> bool {
        self.sets.get_mut(name).map(|v| v.extend(values)).is_some()
    }

    /// Sets a variable of the parser's own, whatever it was.
    pub(super) fn set(&mut self, name: &str, values: Vec<String>) {
        self.sets.insert(name.to_owned(), values);
    }

    pub(super) fn is_declared(&self, name: &str) -> bool {
        self.sets.contains_key(name)
    }

    /// The text with its variables replaced. The error is what apparmor_parser prints before it exits.
    pub(super) fn expand(&self, text: &str) -> Result<String, String> {
        let mut text = text.to_owned();
        while let Some((from, to, name)) = first_variable(&text) {
            let Some(values) = self.sets.get(&name) else {
                return Err(format!("Found reference to variable {name}, but is never declared\n"));
            };
            let mut seen = vec![name.clone()];
            let values = self
                .values(values, &mut seen)
                .map_err(|e| format!("{e}failure expanding variable {name}\n"))?;
            let prefix = text.get(..from).unwrap_or("");
            let suffix = text.get(to..).unwrap_or("");
            let joined = match values.as_slice() {
                [one] => one.clone(),
                many => {
                    let trim = |v: &String| {
                        let v = if prefix.ends_with('/') { v.trim_start_matches('/') } else { v };
                        if suffix.starts_with('/') { v.trim_end_matches('/') } else { v }.to_owned()
                    };
                    format!("{{{}}}", many.iter().map(trim).collect::<Vec<_>>().join(","))
                }
            };
            text = format!("{prefix}{joined}{suffix}");
            if text.len() > MAX_LENGTH {
                return Err("memory exhausted\n".to_owned());
            }
        }
        Ok(text)
    }

    /// A variable's values with the variables in them replaced: every combination.
    fn values(&self, values: &[String], seen: &mut Vec<String>) -> Result<Vec<String>, String> {
        let mut out: Vec<String> = vec![];
        for value in values {
            let mut todo = vec![value.clone()];
            while let Some(text) = todo.pop() {
                let Some((from, to, name)) = first_variable(&text) else {
                    if !out.contains(&text) {
                        out.push(text);
                    }
                    continue;
                };
                let by = seen.last().cloned().unwrap_or_default();
                if seen.contains(&name) {
                    return Err(format!("Variable @{{{name}}} is referenced recursively (by @{{{by}}})\n"));
                }
                let Some(inner) = self.sets.get(&name) else {
                    return Err(format!("Variable @{{{by}}} references undefined variable @{{{name}}}\n"));
                };
                seen.push(name);
                let inner = self.values(inner, seen)?;
                seen.pop();
                for v in inner.iter().rev() {
                    todo.push(format!(
                        "{}{v}{}",
                        text.get(..from).unwrap_or(""),
                        text.get(to..).unwrap_or("")
                    ));
                }
                let longest = todo.iter().map(String::len).max().unwrap_or(0);
                if todo.len() + out.len() > MAX_VALUES || longest > MAX_LENGTH {
                    return Err("memory exhausted\n".to_owned());
                }
            }
        }
        Ok(out)
    }
}

/// The first `@{name}` that is not escaped: where it begins and ends, and its name.
fn first_variable(text: &str) -> Option<(usize, usize, String)> {
    let mut escaped = false;
    for (i, c) in text.char_indices() {
        match c {
            '\\' => escaped = !escaped,
            '@' if !escaped => {
                let Some(rest) = text.get(i..).and_then(|t| t.strip_prefix("@{")) else { continue };
                let Some(end) = rest.find('}') else { continue };
                return rest.get(..end).map(|name| (i, i + 2 + end + 1, name.to_owned()));
            }
            _ => escaped = false,
        }
    }
    None
}

/// Doubled slashes become one (but for the two that begin a path of their own).
pub(super) fn filter_slashes(text: &str) -> String {
    let (head, rest) = match text.strip_prefix("//") {
        Some(rest) if !rest.starts_with('/') => ("//", rest),
        _ => ("", text),
    };
    let mut out = head.to_owned();
    for c in rest.chars() {
        if c != '/' || out.len() == head.len() || !out.ends_with('/') {
            out.push(c);
        }
    }
    out
}

/// A name as a pattern that matches only itself.
pub(super) fn escape(name: &str) -> String {
    let mut out = String::new();
    let mut chars = name.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                out.push(c);
                out.extend(chars.next());
            }
            '{' | '}' | '[' | ']' | '*' | '?' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}
