//! One file a command.

pub(crate) mod check;
pub(crate) mod conformance;
pub(crate) mod explain;
pub(crate) mod grade;
pub(crate) mod reach;
pub(crate) mod run;

mod bundles;

use std::process::ExitCode;

/// Prints to standard output; a closed pipe is no error worth a word.
pub(crate) fn say(text: &str) {
    use std::io::Write as _;
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Prints an error as every command does: `error: …` on standard error.
pub(crate) fn complain(text: &str) -> ExitCode {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "error: {text}");
    ExitCode::from(2)
}

/// `gatehouse schema`
pub(crate) fn schema() -> ExitCode {
    say(&format!("{}\n", gatehouse_lab::exercise::schema()));
    ExitCode::SUCCESS
}
