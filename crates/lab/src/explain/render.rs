//! An explanation as text for a terminal.

use std::fmt::Write as _;

use gatehouse_core::authz::rbac::{Granted, Holder};
use gatehouse_core::decision::{Bearing, Change, ObjectRef, Phase};

use super::{Explanation, Line, Mark, Place, Sources, Stage};

impl Explanation {
    /// The whole trace: `*` decided, `~` nearly did, `-` took part; `+` added, `-` removed, `!` changed fields.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = format!("{}\n", self.request);
        for stage in &self.stages {
            write_stage(stage, &mut out);
        }
        if !self.silent.is_empty() {
            let _ = writeln!(out, "  admission: nothing to say from {}", self.silent.join(", "));
        }
        for warning in &self.warnings {
            let _ = writeln!(out, "  Warning: {warning}");
        }
        let _ = writeln!(out, "  {}", self.answer.trim_end().replace('\n', "\n  "));
        out
    }
}

/// Who can, one a line: the subject, then what gives it to them.
#[must_use]
pub fn holders_text(holders: &[Holder], sources: &Sources) -> String {
    let mut out = String::new();
    for holder in holders {
        let Holder { kind, namespace, name, binding, role, rule } = holder;
        let name = if namespace.is_empty() { name.clone() } else { format!("{namespace}/{name}") };
        let _ = writeln!(out, "{kind} {name}");
        let _ = writeln!(out, "    by {} and {} rules[{rule}]", reference(binding), reference(role));
        write_place(sources.find(role, &format!("rules[{rule}]")).as_ref(), &mut out);
    }
    out.push_str("besides, members of the group system:masters\n");
    out
}

/// What somebody can, one rule a line, then what gives it to them.
#[must_use]
pub fn granted_text(granted: &[Granted], sources: &Sources) -> String {
    let mut out = String::new();
    for Granted { namespace, rule, binding, role } in granted {
        let place = if namespace.is_empty() { "everywhere".to_owned() } else { format!("in {namespace}") };
        let verbs = rule.verbs.join(",");
        let what = if rule.non_resource_urls.is_empty() {
            let groups: Vec<&str> =
                rule.api_groups.iter().map(|g| if g.is_empty() { "core" } else { g.as_str() }).collect();
            format!("{} ({})", rule.resources.join(","), groups.join(","))
        } else {
            rule.non_resource_urls.join(",")
        };
        let names = if rule.resource_names.is_empty() {
            String::new()
        } else {
            format!(" named {}", rule.resource_names.join(","))
        };
        let _ = writeln!(out, "{place}: {verbs} {what}{names}");
        let _ = writeln!(out, "    by {} and {}", reference(binding), reference(role));
        write_place(sources.find(role, "rules").as_ref(), &mut out);
    }
    out
}

pub(super) fn reference(object: &ObjectRef) -> String {
    if object.namespace.is_empty() {
        format!("{} {}", object.kind, object.name)
    } else {
        format!("{} {}/{}", object.kind, object.namespace, object.name)
    }
}

fn write_place(place: Option<&Place>, out: &mut String) {
    if let Some(Place { file, line, text, .. }) = place {
        let _ = writeln!(out, "        {file}:{line}: {text}");
    }
}

impl Mark {
    /// In words.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Changed => "changed the object",
            Self::Refused => "refused",
            Self::Noted => "passed, with notes",
        }
    }
}

impl Stage {
    /// The stage's name, and which half of admission it stands in.
    #[must_use]
    pub fn title(&self) -> String {
        let phase = match self.phase {
            None => "",
            Some(Phase::Mutating) => " (mutating)",
            Some(Phase::Validating) => " (validating)",
        };
        format!("{}{phase}", self.name)
    }
}

/// A change as a line of a difference: its sign (`+`, `-`, `!`) and the rest.
#[must_use]
pub fn difference(change: &Change) -> (char, String) {
    let Change { field, before, after } = change;
    match (before.is_empty(), after.is_empty()) {
        (true, _) => ('+', format!("{field}: {after}")),
        (_, true) => ('-', format!("{field}: {before}")),
        _ => ('!', format!("{field}: {before} -> {after}")),
    }
}

fn write_stage(stage: &Stage, out: &mut String) {
    let _ = write!(out, "  {}: {}", stage.title(), stage.mark.word());
    if !stage.said.is_empty() {
        let _ = write!(out, ": {}", stage.said.trim_end().replace('\n', "\n      "));
    }
    out.push('\n');
    for (sign, text) in stage.changes.iter().map(difference) {
        let _ = writeln!(out, "    {sign} {text}");
    }
    for Line { bearing, about, text, place } in &stage.lines {
        let sign = match bearing {
            Bearing::Decided => '*',
            Bearing::NearMiss => '~',
            Bearing::Noted => '-',
        };
        let about = if about.is_empty() { String::new() } else { format!("{about}: ") };
        let _ = writeln!(out, "    {sign} {about}{}", text.replace('\n', "\n      "));
        write_place(place.as_ref(), out);
    }
}
