//! If you apply this now: what the cluster, the kernel's loader or the runtime would say of a text, tried on a copy.

use gatehouse_core::network::Port;
use gatehouse_machine::Outcome;
use gatehouse_machine::shell::quoted;
use gatehouse_model::yaml;

use crate::picture::{FlowChange, changes};
use crate::world::World;

/// What kind of line it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreviewKind {
    /// Something would be made.
    Created,
    /// Something would change.
    Configured,
    /// Nothing would change.
    Unchanged,
    /// The cluster would refuse it.
    Refused,
    /// The text cannot even be read.
    Mistake,
    /// The cluster would take it with a warning.
    Warning,
    /// Said by the tutor: there is nothing to apply.
    Note,
}

/// A place in the text, both counted from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// One line of a preview.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviewLine {
    /// What would be printed.
    pub text: String,
    /// What kind of line it is.
    pub kind: PreviewKind,
    /// Where in the text the reason stands, if it can be told.
    pub at: Option<At>,
}

/// What applying a text would come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// In the order it would be printed.
    pub lines: Vec<PreviewLine>,
    /// The flows whose fate would change.
    pub flows: Vec<FlowChange>,
}

impl Preview {
    fn note(text: &str) -> Self {
        Self {
            lines: vec![PreviewLine { text: text.to_owned(), kind: PreviewKind::Note, at: None }],
            ..Self::default()
        }
    }
}

/// What applying the file at `path` would come to; with a port, to which flows on it, too. The world is not changed.
#[must_use]
pub fn preview(world: &World, path: &str, port: Option<Port>) -> Preview {
    let Some(text) = world.read(path) else {
        return Preview::note("the file does not exist yet");
    };
    let is_yaml = path.ends_with(".yaml") || path.ends_with(".yml");
    if is_yaml && !path.contains(':') {
        manifest(world, path, &text, port)
    } else if path.ends_with(".json") {
        json(&text)
    } else if path.contains(":/etc/apparmor.d/") {
        apparmor(world, path, &text)
    } else if is_yaml {
        let lines = yaml::parse_all(&text)
            .into_iter()
            .filter_map(Result::err)
            .map(|e| mistake(&e.to_string(), e.line));
        Preview { lines: lines.collect(), ..Preview::default() }
    } else {
        Preview::default()
    }
}

fn mistake(text: &str, line: usize) -> PreviewLine {
    PreviewLine {
        text: text.to_owned(),
        kind: PreviewKind::Mistake,
        at: Some(At { line: line.max(1), column: 1 }),
    }
}

fn manifest(world: &World, path: &str, text: &str, port: Option<Port>) -> Preview {
    let documents = yaml::parse_all(text);
    if documents.is_empty() {
        return Preview::note("nothing to apply yet");
    }
    let mut copy = world.clone();
    let output = match copy.run_fresh(&format!("kubectl apply -f {}", quoted(path))) {
        Outcome::Done(output) | Outcome::NeedsEdit(output, _) | Outcome::Streaming(output) => output,
    };
    let mut lines = Vec::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let kind = match line.rsplit(' ').next() {
            Some("created") => PreviewKind::Created,
            Some("unchanged") => PreviewKind::Unchanged,
            _ => PreviewKind::Configured,
        };
        lines.push(PreviewLine { text: line.to_owned(), kind, at: None });
    }
    let first_mistake = documents.iter().find_map(|d| d.as_ref().err());
    for line in errors(&String::from_utf8_lossy(&output.stderr)) {
        if line.starts_with("Warning: ") {
            let at = locate(&line, &documents);
            lines.push(PreviewLine { text: line, kind: PreviewKind::Warning, at });
        } else if let Some(e) =
            first_mistake.filter(|_| line.contains("error parsing") || line.contains("yaml:"))
        {
            lines.push(mistake(&line, e.line));
        } else {
            let at = locate(&line, &documents);
            lines.push(PreviewLine { text: line, kind: PreviewKind::Refused, at });
        }
    }
    let port = port.filter(|_| !output.stdout.is_empty());
    let flows = port.map(|port| changes(world, &copy, port)).unwrap_or_default();
    Preview { lines, flows }
}

/// The errors and warnings in what kubectl printed: lines that go on a message belong to it.
fn errors(stderr: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for line in stderr.lines() {
        let begins =
            ["Warning: ", "Error from server", "error: ", "The "].iter().any(|p| line.starts_with(p));
        match out.last_mut() {
            Some(last) if !begins => {
                last.push('\n');
                last.push_str(line);
            }
            _ => out.push(line.to_owned()),
        }
    }
    out
}

/// The place of the first field that the message names, in the document whose object it names if that can be told.
fn locate(message: &str, documents: &[Result<yaml::Document, yaml::YamlError>]) -> Option<At> {
    let readable: Vec<&yaml::Document> = documents.iter().filter_map(|d| d.as_ref().ok()).collect();
    let named = |d: &&&yaml::Document| {
        let name = d.value.str_at(&["metadata", "name"]);
        !name.is_empty() && message.contains(&format!("\"{name}\""))
    };
    let document = readable.iter().find(named).or(readable.first())?;
    let mut best: Option<(usize, usize, At)> = None;
    for (path, place) in document.source.iter().filter(|(path, _)| !path.is_empty()) {
        if let Some(at) = find_word(message, path) {
            let span = place.key.as_ref().unwrap_or(&place.value);
            let candidate = (at, usize::MAX - path.len(), At { line: span.line, column: span.column });
            if best.as_ref().is_none_or(|b| candidate < *b) {
                best = Some(candidate);
            }
        }
    }
    if let Some((_, _, at)) = best {
        return Some(at);
    }
    // A field that should be there and is not: the nearest one around it.
    let path =
        message.split([' ', ':', '"']).find(|w| w.starts_with("spec.") || w.starts_with("metadata."))?;
    let place = document.source.nearest(path)?;
    let span = place.key.as_ref().unwrap_or(&place.value);
    Some(At { line: span.line, column: span.column })
}

/// Where `path` stands in the message as a whole word.
fn find_word(message: &str, path: &str) -> Option<usize> {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '[' | ']' | '_' | '-' | '/');
    message.match_indices(path).map(|(i, _)| i).find(|i| {
        let before = message.get(..*i).and_then(|t| t.chars().next_back());
        let after = message.get(i + path.len()..).and_then(|t| t.chars().next());
        // A single word such as "kind" is also English: only paths count.
        path.contains('.') && !before.is_some_and(part) && !after.is_some_and(part)
    })
}

fn json(text: &str) -> Preview {
    match gatehouse_model::json::parse(text) {
        Ok(_) => Preview::default(),
        Err(e) => {
            let before = text.get(..e.offset).unwrap_or(text);
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
            let at = Some(At { line, column });
            Preview {
                lines: vec![PreviewLine { text: e.message, kind: PreviewKind::Mistake, at }],
                ..Preview::default()
            }
        }
    }
}

/// What apparmor_parser would say of the file, without loading it.
fn apparmor(world: &World, path: &str, _text: &str) -> Preview {
    let Some((host, file)) = path.split_once(':') else { return Preview::default() };
    let mut copy = world.clone();
    let command = format!("ssh {host} apparmor_parser -Q -K {}", quoted(file));
    let Outcome::Done(output) = copy.run_fresh(&command) else { return Preview::default() };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let lines = said.lines().filter(|l| !l.is_empty()).map(|l| {
        let number =
            l.split("at line ").nth(1).and_then(|t| t.split(':').next()).and_then(|n| n.parse().ok());
        mistake(l, number.unwrap_or(1))
    });
    Preview { lines: lines.collect(), ..Preview::default() }
}
