//! Paths to fields and the errors of validation, worded as apimachinery's `field` package words them.
//!
//! Models apimachinery `pkg/util/validation/field/{path,errors}.go`.

use std::fmt;

use crate::value::Value;

/// A path such as `spec.containers[0].ports[web].name`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldPath(String);

impl FieldPath {
    /// The path of a top-level field; empty for the object itself.
    #[must_use]
    pub fn new(root: &str) -> Self {
        Self(root.to_owned())
    }

    /// This path and a member of it.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        if self.0.is_empty() { Self(name.to_owned()) } else { Self(format!("{}.{name}", self.0)) }
    }

    /// This path and several members, one inside the other.
    #[must_use]
    pub fn children(&self, names: &[&str]) -> Self {
        names.iter().fold(self.clone(), |p, n| p.child(n))
    }

    /// This path and an element of the list it names.
    #[must_use]
    pub fn index(&self, i: usize) -> Self {
        Self(format!("{}[{i}]", self.0))
    }

    /// This path and an entry of the map it names.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        Self(format!("{}[{key}]", self.0))
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path as errors show it: Go prints the path of the object itself as `<nil>`.
    #[must_use]
    pub fn shown(&self) -> &str {
        if self.0.is_empty() { "<nil>" } else { &self.0 }
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FieldErrorKind {
    /// `Not found`: it names something that does not exist.
    NotFound,
    /// `Required value`.
    Required,
    /// `Duplicate value`.
    Duplicate,
    /// `Invalid value`.
    Invalid,
    /// `Unsupported value`: the detail lists what is supported.
    NotSupported,
    /// `Forbidden`: the field may not be set here.
    Forbidden,
    /// `Too long`.
    TooLong,
    /// `Too many`.
    TooMany,
    /// `Internal error`.
    Internal,
    /// `Invalid value` of a wrong type.
    TypeInvalid,
}

impl FieldErrorKind {
    /// The words that open the message.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::NotFound => "Not found",
            Self::Required => "Required value",
            Self::Duplicate => "Duplicate value",
            Self::Invalid | Self::TypeInvalid => "Invalid value",
            Self::NotSupported => "Unsupported value",
            Self::Forbidden => "Forbidden",
            Self::TooLong => "Too long",
            Self::TooMany => "Too many",
            Self::Internal => "Internal error",
        }
    }

    /// The `reason` of the status cause.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NotFound => "FieldValueNotFound",
            Self::Required => "FieldValueRequired",
            Self::Duplicate => "FieldValueDuplicate",
            Self::Invalid => "FieldValueInvalid",
            Self::NotSupported => "FieldValueNotSupported",
            Self::Forbidden => "FieldValueForbidden",
            Self::TooLong => "FieldValueTooLong",
            Self::TooMany => "FieldValueTooMany",
            Self::Internal => "InternalError",
            Self::TypeInvalid => "FieldValueTypeInvalid",
        }
    }
}

/// One finding of validation.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldError {
    /// What is wrong.
    pub kind: FieldErrorKind,
    /// Where.
    pub path: FieldPath,
    /// The value as Go prints it after `Invalid value: ` (strings quoted, structs as JSON), where the kind shows one.
    pub value: Option<String>,
    /// The words behind the value.
    pub detail: String,
}

/// How Go's `%#v`-like rendering in field errors shows a value: strings quoted, numbers and booleans bare,
/// anything else as compact JSON.
#[must_use]
pub fn render(value: &Value) -> String {
    match value {
        Value::Str(s) => crate::json::go_quote(s),
        Value::Null => "null".to_owned(),
        other => crate::json::html_escaped(&crate::json::print(other)),
    }
}

impl FieldError {
    /// `path: Invalid value: value: detail`.
    #[must_use]
    pub fn invalid(path: FieldPath, value: &Value, detail: impl Into<String>) -> Self {
        Self { kind: FieldErrorKind::Invalid, path, value: Some(render(value)), detail: detail.into() }
    }

    /// `path: Invalid value: value: detail`, the value already rendered as Go would.
    #[must_use]
    pub fn invalid_rendered(path: FieldPath, value: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { kind: FieldErrorKind::Invalid, path, value: Some(value.into()), detail: detail.into() }
    }

    /// `path: Required value: detail`.
    #[must_use]
    pub fn required(path: FieldPath, detail: impl Into<String>) -> Self {
        Self { kind: FieldErrorKind::Required, path, value: None, detail: detail.into() }
    }

    /// `path: Internal error: detail`.
    #[must_use]
    pub fn internal(path: FieldPath, detail: impl Into<String>) -> Self {
        Self { kind: FieldErrorKind::Internal, path, value: None, detail: detail.into() }
    }

    /// `path: Duplicate value: value`.
    #[must_use]
    pub fn duplicate(path: FieldPath, value: &Value) -> Self {
        Self { kind: FieldErrorKind::Duplicate, path, value: Some(render(value)), detail: String::new() }
    }

    /// `path: Not found: value`.
    #[must_use]
    pub fn not_found(path: FieldPath, value: &Value) -> Self {
        Self { kind: FieldErrorKind::NotFound, path, value: Some(render(value)), detail: String::new() }
    }

    /// `path: Forbidden: detail`.
    #[must_use]
    pub fn forbidden(path: FieldPath, detail: impl Into<String>) -> Self {
        Self { kind: FieldErrorKind::Forbidden, path, value: None, detail: detail.into() }
    }

    /// `path: Unsupported value: value: supported values: "a", "b"`.
    #[must_use]
    pub fn not_supported(path: FieldPath, value: &Value, supported: &[&str]) -> Self {
        Self::not_supported_rendered(path, render(value), supported)
    }

    /// As [`FieldError::not_supported`], the value already rendered as Go would.
    #[must_use]
    pub fn not_supported_rendered(path: FieldPath, value: impl Into<String>, supported: &[&str]) -> Self {
        let detail = if supported.is_empty() {
            String::new()
        } else {
            let quoted: Vec<String> = supported.iter().map(|s| crate::json::go_quote(s)).collect();
            format!("supported values: {}", quoted.join(", "))
        };
        Self { kind: FieldErrorKind::NotSupported, path, value: Some(value.into()), detail }
    }

    /// `path: Too long: may not be more than max bytes`.
    #[must_use]
    pub fn too_long(path: FieldPath, max: usize) -> Self {
        Self {
            kind: FieldErrorKind::TooLong,
            path,
            value: None,
            detail: format!("may not be more than {max} bytes"),
        }
    }

    /// `path: Too many: actual: must have at most max items`.
    #[must_use]
    pub fn too_many(path: FieldPath, actual: usize, max: usize) -> Self {
        let detail = format!("must have at most {max} {}", if max == 1 { "item" } else { "items" });
        Self { kind: FieldErrorKind::TooMany, path, value: Some(actual.to_string()), detail }
    }

    /// The message without the path: what a status cause carries.
    #[must_use]
    pub fn body(&self) -> String {
        let mut s = self.kind.text().to_owned();
        if let Some(v) = &self.value {
            s.push_str(": ");
            s.push_str(v);
        }
        if !self.detail.is_empty() {
            s.push_str(": ");
            s.push_str(&self.detail);
        }
        s
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.shown(), self.body())
    }
}

/// Several findings as apimachinery's aggregate prints them: duplicates once, one bare, several as `[a, b]`.
#[must_use]
pub fn aggregate(errors: &[FieldError]) -> String {
    aggregate_texts(&errors.iter().map(ToString::to_string).collect::<Vec<_>>())
}

/// The same of errors of any kind: each once, several in brackets. Models apimachinery `pkg/util/errors`.
#[must_use]
pub fn aggregate_texts(texts: &[String]) -> String {
    let mut unique: Vec<&str> = Vec::new();
    for text in texts {
        if !unique.contains(&text.as_str()) {
            unique.push(text);
        }
    }
    match unique.as_slice() {
        [one] => (*one).to_owned(),
        many => format!("[{}]", many.join(", ")),
    }
}
