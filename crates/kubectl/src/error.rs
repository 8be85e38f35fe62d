//! Why a command failed, and how kubectl says so.
//!
//! Models kubectl `pkg/cmd/util/helpers.go` (`checkErr`, `StandardErrorMessage`, `MultilineError`).

use gatehouse_core::{Reason, Status};
pub use gatehouse_model::field::aggregate_texts as aggregate;

/// A failure on its way to standard error.
#[derive(Clone, Debug, PartialEq)]
pub enum Error {
    /// The server refused.
    Status(Box<Status>),
    /// kubectl's own words, printed behind `error: `.
    Plain(String),
    /// No resource of that name, printed without `error: ` (`meta.NoResourceMatchError`).
    NoResource {
        /// As typed.
        resource: String,
        /// As typed, maybe empty.
        group: String,
        /// As typed, maybe empty.
        version: String,
    },
    /// The kubeconfig does not hold together.
    Configuration {
        /// What is wrong.
        causes: Vec<String>,
        /// Whether it came up among the errors of choosing objects, which shows in how it is printed.
        wrapped: bool,
    },
    /// Nobody answered: what was asked and what Go's HTTP client says.
    Transport {
        /// `Get`, `Post`
        method: &'static str,
        /// For instance `https://172.30.1.2:6443/api/v1/pods`.
        server: String,
        /// `dial tcp 172.30.1.2:6443: connect: connection refused`
        cause: String,
    },
    /// Several at once.
    Many(Vec<Error>),
    /// Printed as it is (nothing where empty), with this exit code.
    Exit(i32, String),
}

impl Error {
    /// kubectl's own words.
    #[must_use]
    pub fn plain(message: impl Into<String>) -> Self {
        Self::Plain(message.into())
    }

    /// A refusal of the server's.
    #[must_use]
    pub fn status(status: Status) -> Self {
        Self::Status(Box::new(status))
    }

    /// Several failures; a single one stays itself.
    ///
    /// # Errors
    /// All of them, if there are any.
    pub fn collect(mut errors: Vec<Self>) -> Result<(), Self> {
        match errors.len() {
            0 => Ok(()),
            1 => Err(errors.remove(0)),
            _ => Err(Self::Many(errors)),
        }
    }

    /// This failure with what was done to which file, as kubectl's `AddSourceToErr` adds it.
    #[must_use]
    pub fn with_source(self, doing: &str, source: &str) -> Self {
        if source.is_empty() {
            return self;
        }
        let prefix = format!("error when {doing} {source:?}: ");
        match self {
            Self::Status(mut status) => {
                status.message = format!("{prefix}{}", status.message);
                Self::Status(status)
            }
            other => Self::Plain(format!("{prefix}{}", other.text())),
        }
    }

    /// This failure behind some words (`fmt.Errorf("failed to create x: %v", err)`): no longer a status.
    #[must_use]
    pub fn prefixed(self, words: &str) -> Self {
        Self::Plain(format!("{words}: {}", self.text()))
    }

    /// This failure as one of those that came up while objects were chosen.
    #[must_use]
    pub fn wrapped(self) -> Self {
        match self {
            Self::Configuration { causes, .. } => Self::Configuration { causes, wrapped: true },
            other => other,
        }
    }

    /// Go's `err.Error()`.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Status(s) => s.message.clone(),
            Self::Plain(m) | Self::Exit(_, m) => m.clone(),
            Self::NoResource { resource, .. } => format!("no matches for /, Resource={resource}"),
            Self::Configuration { causes, .. } => format!("invalid configuration: {}", aggregate(causes)),
            Self::Transport { method, server, cause } => format!("{method} \"{server}\": {cause}"),
            Self::Many(errors) => aggregate(&errors.iter().map(Self::text).collect::<Vec<_>>()),
        }
    }

    /// Whether the server said that it does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.reason() == Some(Reason::NotFound)
    }

    /// The server's reason, if it was the server.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        if let Self::Status(s) = self { Some(s.reason) } else { None }
    }

    /// What goes to standard error, and the exit code.
    #[must_use]
    pub fn render(&self) -> (String, i32) {
        // A list of one is that one, though it be a list itself.
        let this = match self {
            Self::Many(errors) if let [one] = errors.as_slice() => one,
            other => other,
        };
        let message = match this {
            Self::Exit(code, text) => return (line(text.clone()), *code),
            Self::Status(s) if s.reason == Reason::Invalid => invalid(s),
            Self::Configuration { causes, wrapped: false } if matches!(causes.as_slice(), [one] if !one.starts_with("context was not found")) =>
            {
                format!("error: {}", aggregate(causes))
            }
            Self::Configuration { causes, .. } => multiline("Error in configuration: ", causes),
            Self::NoResource { resource, group, version } => no_resource(resource, group, version),
            Self::Many(errors) => errors.iter().map(|e| format!("{}\n", e.in_list())).collect(),
            other => other.standard().unwrap_or_else(|| {
                let text = other.text();
                if text.starts_with("error: ") { text } else { format!("error: {text}") }
            }),
        };
        (line(message), 1)
    }

    /// How a list of failures shows this one.
    #[must_use]
    pub fn in_list(&self) -> String {
        self.standard().unwrap_or_else(|| self.text())
    }

    fn standard(&self) -> Option<String> {
        match self {
            Self::Status(s) if s.reason == Reason::Unauthorized => {
                Some(format!("error: You must be logged in to the server ({})", s.message))
            }
            Self::Status(s) if s.reason == Reason::Unknown => {
                Some(format!("Error from server: {}", s.message))
            }
            Self::Status(s) => Some(format!("Error from server ({}): {}", s.reason.as_str(), s.message)),
            Self::Transport { server, cause, .. } if cause.contains("connection refused") => {
                let host = server.split_once("://").map_or(server.as_str(), |(_, rest)| rest);
                let host = host.split('/').next().unwrap_or(host);
                Some(format!(
                    "The connection to the server {host} was refused - did you specify the right host or port?"
                ))
            }
            Self::Transport { cause, .. } => Some(format!("Unable to connect to the server: {cause}")),
            _ => None,
        }
    }
}

fn line(mut text: String) -> String {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

fn no_resource(resource: &str, group: &str, version: &str) -> String {
    let head = format!("the server doesn't have a resource type {resource:?}");
    match (group.is_empty(), version.is_empty()) {
        (false, false) => format!("{head} in group {group:?} and version {version:?}"),
        (false, true) => format!("{head} in group {group:?}"),
        (true, false) => format!("{head} in version {version:?}"),
        (true, true) => head,
    }
}

fn invalid(s: &Status) -> String {
    let mut head = "The request is invalid".to_owned();
    if !s.kind.is_empty() || !s.name.is_empty() {
        head = format!("The {} {:?} is invalid", s.kind, s.name);
    } else if !s.message.is_empty() && s.causes.is_empty() {
        head = format!("{head}: {}", s.message);
    }
    if s.causes.is_empty() {
        return head;
    }
    let mut texts: Vec<String> = Vec::new();
    for cause in &s.causes {
        let text = format!("{}: {}", cause.field, cause.message);
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    multiline(&format!("{head}: "), &texts)
}

fn multiline(prefix: &str, texts: &[String]) -> String {
    match texts {
        [one] => format!("{prefix}{one}\n"),
        many => {
            let bullets: String = many.iter().map(|t| format!("* {t}\n")).collect();
            format!("{prefix}\n{bullets}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_read_as_kubectl_prints_them() {
        let e = Error::status(Status::not_found("", "pods", "x"));
        assert_eq!(e.render(), ("Error from server (NotFound): pods \"x\" not found\n".to_owned(), 1));
        let e = e.with_source("deleting", "a.yaml");
        assert_eq!(
            e.render().0,
            "Error from server (NotFound): error when deleting \"a.yaml\": pods \"x\" not found\n"
        );
        let down = Error::Transport {
            method: "Get",
            server: "https://h:6443".into(),
            cause: "dial tcp h:6443: connect: connection refused".into(),
        };
        assert_eq!(
            down.render().0,
            "The connection to the server h:6443 was refused - did you specify the right host or port?\n"
        );
    }
}
