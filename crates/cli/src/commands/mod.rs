//! One file a command.

pub(crate) mod conformance;

/// Prints to standard output; a closed pipe is no error worth a word.
pub(crate) fn say(text: &str) {
    use std::io::Write as _;
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Prints an error as every command does: `error: …` on standard error.
pub(crate) fn complain(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "error: {text}");
}
