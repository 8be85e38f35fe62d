//! What is wrong with an expression, and where.

use std::fmt;

/// One finding: the place (in characters from 0) and the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Characters before it; `None` where it is about the whole.
    pub at: Option<usize>,
    /// cel-go's words.
    pub message: String,
}

impl Issue {
    pub(crate) fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at: Some(at), message: message.into() }
    }

    pub(crate) fn nowhere(message: impl Into<String>) -> Self {
        Self { at: None, message: message.into() }
    }
}

/// All findings, in the order of their places, ready to be shown with the line and a pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issues {
    source: String,
    /// The findings.
    pub list: Vec<Issue>,
}

/// So many findings are shown.
const MOST: usize = 100;

/// Longer lines are not shown, in bytes.
const LONGEST: usize = 16_384;

impl Issues {
    pub(crate) fn new(source: &str, mut list: Vec<Issue>) -> Self {
        list.sort_by_key(|i| i.at);
        Self { source: source.to_owned(), list }
    }

    fn show(&self, issue: &Issue, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(at) = issue.at else { return write!(f, "ERROR: <input>:-1:0: {}", issue.message) };
        if self.source.is_empty() {
            return write!(f, "ERROR: <input>:1:0: {}", issue.message);
        }
        let before: Vec<char> = self.source.chars().take(at).collect();
        let line = before.iter().filter(|c| **c == '\n').count();
        let column = before.iter().rev().take_while(|c| **c != '\n').count();
        let text = self.source.split('\n').nth(line).unwrap_or_default();
        write!(f, "ERROR: <input>:{}:{}: {}", line + 1, column + 1, issue.message)?;
        if text.len() > LONGEST {
            return Ok(());
        }
        // A character of several bytes is underlined by a wide one.
        let wide = |c: Option<char>| c.is_some_and(|c| c.len_utf8() > 1);
        let mut rest = text.chars();
        let dots: String =
            rest.by_ref().take(column).map(|c| if wide(Some(c)) { '．' } else { '.' }).collect();
        let pointer = if wide(rest.next()) { '＾' } else { '^' };
        write!(f, "\n | {}\n | {dots}{pointer}", text.replace('\t', " "))
    }
}

impl fmt::Display for Issues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, issue) in self.list.iter().take(MOST).enumerate() {
            f.write_str(if i == 0 { "" } else { "\n" })?;
            self.show(issue, f)?;
        }
        if self.list.len() > MOST {
            write!(f, "\n{} more errors were truncated", self.list.len() - MOST)?;
        }
        Ok(())
    }
}
