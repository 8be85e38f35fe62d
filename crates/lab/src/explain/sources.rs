//! The texts objects came from: from an object and a field to the file and the line.

use gatehouse_core::decision::ObjectRef;
use gatehouse_model::Value;
use gatehouse_model::yaml::{self, SourceMap};

use crate::session::Session;

/// Where something stands in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// What the line says, without the blanks around it.
    pub text: String,
}

/// Where pods' fields stand in the kinds that make pods.
const TEMPLATES: [&str; 2] = ["spec.template.", "spec.jobTemplate.spec.template."];

struct Written {
    kind: String,
    namespace: String,
    name: String,
    file: usize,
    /// `items[2]` for a member of a list.
    prefix: String,
    map: usize,
}

/// Manifests as they were written.
#[derive(Default)]
pub struct Sources {
    files: Vec<(String, String)>,
    maps: Vec<SourceMap>,
    objects: Vec<Written>,
}

impl Sources {
    /// What a session's texts say: those the exercise starts from, then the learner's.
    #[must_use]
    pub fn of(session: &Session) -> Self {
        let mut sources = Self::default();
        let bundle = session.bundle();
        for path in &bundle.exercise.start.manifests {
            sources.add(path, bundle.file(path).unwrap_or_default());
        }
        for tab in session.tabs() {
            if tab.path.ends_with(".yaml") || tab.path.ends_with(".yml") {
                sources.add(&tab.path, &tab.text);
            }
        }
        sources
    }

    /// Adds a text. Where two say something of one object, the later one counts.
    pub fn add(&mut self, file: &str, text: &str) {
        self.files.push((file.to_owned(), text.to_owned()));
        for document in yaml::parse_all(text).into_iter().flatten() {
            self.maps.push(document.source);
            self.open(&document.value, String::new());
        }
    }

    fn open(&mut self, value: &Value, prefix: String) {
        if value.str_at(&["kind"]).ends_with("List") {
            for (i, item) in value.list_at(&["items"]).iter().enumerate() {
                self.open(item, format!("items[{i}]"));
            }
            return;
        }
        self.objects.push(Written {
            kind: value.str_at(&["kind"]).to_owned(),
            namespace: value.str_at(&["metadata", "namespace"]).to_owned(),
            name: value.str_at(&["metadata", "name"]).to_owned(),
            file: self.files.len().saturating_sub(1),
            prefix,
            map: self.maps.len().saturating_sub(1),
        });
    }

    /// Where a field of an object stands, or the nearest field around it that was written.
    #[must_use]
    pub fn find(&self, object: &ObjectRef, field: &str) -> Option<Place> {
        let written = self.objects.iter().rev().find(|o| {
            o.kind == object.kind
                && o.name == object.name
                && (o.namespace == object.namespace || o.namespace.is_empty())
        })?;
        let map = self.maps.get(written.map)?;
        let within = |field: &str| match (written.prefix.as_str(), field) {
            ("", field) => field.to_owned(),
            (prefix, "") => prefix.to_owned(),
            (prefix, field) => format!("{prefix}.{field}"),
        };
        let template = TEMPLATES.iter().find(|t| map.get(&within(t.trim_end_matches('.'))).is_some());
        let place = match template.filter(|_| map.get(&within(field)).is_none()) {
            Some(template) if !field.is_empty() => map.nearest(&within(&format!("{template}{field}"))),
            _ => map.nearest(&within(field)),
        }?;
        let span = place.key.as_ref().unwrap_or(&place.value);
        let (file, text) = self.files.get(written.file)?;
        let line = text.lines().nth(span.line.saturating_sub(1)).unwrap_or_default();
        Some(Place { file: file.clone(), line: span.line, column: span.column, text: line.trim().to_owned() })
    }
}
