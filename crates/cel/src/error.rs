//! What is wrong with an expression, and where.

use std::fmt;

/// One finding: the place (in characters from 0) and the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Characters before it.
    pub at: usize,
    /// cel-go's words.
    pub message: String,
}

impl Issue {
    pub(crate) fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }
}

/// All findings, in the order of their places, ready to be shown with the line and a pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issues {
    source: String,
    /// The findings.
    pub list: Vec<Issue>,
}

impl Issues {
    pub(crate) fn new(source: &str, mut list: Vec<Issue>) -> Self {
        list.sort_by_key(|i| i.at);
        Self { source: source.to_owned(), list }
    }
}

impl fmt::Display for Issues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, issue) in self.list.iter().enumerate() {
            let before: Vec<char> = self.source.chars().take(issue.at).collect();
            let line = before.iter().filter(|c| **c == '\n').count();
            let column = before.iter().rev().take_while(|c| **c != '\n').count();
            let text = self.source.split('\n').nth(line).unwrap_or_default();
            let newline = if i == 0 { "" } else { "\n" };
            write!(
                f,
                "{newline}ERROR: <input>:{}:{}: {}\n | {text}\n | {}^",
                line + 1,
                column + 1,
                issue.message,
                ".".repeat(column)
            )?;
        }
        Ok(())
    }
}
