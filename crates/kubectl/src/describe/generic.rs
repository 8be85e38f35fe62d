//! Any kind that has no description of its own: all its fields.

use gatehouse_model::{Object, Value};

use super::Description;
use super::writer::Writer;
use crate::error::Error;
use crate::print::gofmt;

const SKIPPED: &[&str] = &[
    ".metadata.managedFields",
    ".metadata.name",
    ".metadata.namespace",
    ".metadata.labels",
    ".metadata.annotations",
];

pub(super) fn describe(d: &mut Description<'_, '_, '_>, o: &Object) -> Result<(), Error> {
    d.heading(o);
    d.labels_and_annotations(o);
    content(&mut d.w, 0, o, "");
    d.events(o);
    Ok(())
}

fn content(w: &mut Writer, level: usize, value: &Value, prefix: &str) {
    for (field, value) in value.entries().iter() {
        let path = format!("{prefix}.{field}");
        if SKIPPED.contains(&path.as_str()) {
            continue;
        }
        let title = label(field);
        match value {
            Value::Map(_) => {
                w.line(level, format!("{title}:"));
                content(w, level + 1, value, &path);
            }
            Value::List(items) => {
                w.line(level, format!("{title}:"));
                for item in items.iter() {
                    match item {
                        Value::Map(_) => content(w, level + 1, item, &path),
                        other => w.line(level + 1, gofmt::sprint(other)),
                    }
                }
            }
            other => w.field(level, &title, gofmt::sprint(other)),
        }
    }
}

/// What a letter is to the splitting of camel case.
#[derive(Clone, Copy, PartialEq)]
enum Class {
    Lower,
    Upper,
    Other,
}

/// `creationTimestamp` is `Creation Timestamp`, `apiVersion` is `API Version`.
fn label(field: &str) -> String {
    if field.chars().any(|c| !c.is_alphabetic() && c != '-') {
        return field.to_owned();
    }
    let words: Vec<String> = merged(split(field))
        .into_iter()
        .map(|word| {
            let upper = word.to_uppercase();
            if ["API", "URL", "UID", "GUID"].contains(&upper.as_str()) {
                upper
            } else if word.to_lowercase() == word {
                let mut chars = word.chars();
                chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
            } else {
                word
            }
        })
        .collect();
    words.join(" ")
}

fn split(field: &str) -> Vec<String> {
    let mut runs: Vec<(Class, String)> = Vec::new();
    for c in field.chars() {
        let class = match c {
            c if c.is_lowercase() => Class::Lower,
            c if c.is_uppercase() => Class::Upper,
            _ => Class::Other,
        };
        match runs.last_mut() {
            Some((last, run)) if *last == class => run.push(c),
            _ => runs.push((class, c.to_string())),
        }
    }
    // The last capital before small letters begins their word.
    for i in 1..runs.len() {
        if let [.., (Class::Upper, before)] = runs.get(..i).unwrap_or(&[])
            && runs.get(i).is_some_and(|(class, _)| *class == Class::Lower)
        {
            let mut before = before.clone();
            let capital = before.pop();
            if let (Some(capital), Some((_, run))) = (capital, runs.get_mut(i)) {
                run.insert(0, capital);
            }
            if let Some((_, run)) = runs.get_mut(i - 1) {
                *run = before;
            }
        }
    }
    runs.into_iter().map(|(_, run)| run).filter(|run| !run.is_empty()).collect()
}

/// A run of capitals stays with the capitalized word behind it: `CIDRs` is one word.
fn merged(words: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        let all_upper = word.len() >= 2 && word.chars().all(|c| !c.is_alphabetic() || c.is_uppercase());
        match words.peek() {
            Some(next) if all_upper && next.starts_with(char::is_uppercase) => {
                out.push(word + &words.next().unwrap_or_default());
            }
            _ => out.push(word),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn titles_are_made_from_field_names() {
        for (field, title) in [
            ("creationTimestamp", "Creation Timestamp"),
            ("apiVersion", "API Version"),
            ("uid", "UID"),
            ("podCIDRs", "Pod CIDRs"),
            ("spec", "Spec"),
            ("f:x", "f:x"),
        ] {
            assert_eq!(label(field), title);
        }
    }
}
