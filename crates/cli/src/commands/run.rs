//! `gatehouse run EXERCISE`

use std::io::BufRead as _;
use std::process::ExitCode;

use gatehouse_lab::Session;

use super::{bundles, complain, say};

/// Arguments of `run`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The exercise, by id or folder
    exercise: String,
    /// Begin with the exercise's own solution
    #[arg(long)]
    solved: bool,
}

/// Runs it: reads shell lines on standard input, prints prompts, lines and what the terminal would print.
/// A line that opens a here-document or a quote goes on until it is closed. Exit code: the last line's.
pub(crate) fn run(args: &Args) -> ExitCode {
    let session = bundles::load(&args.exercise).and_then(|b| Session::new(b, 1).map_err(|e| e.to_string()));
    let mut session = match session {
        Ok(session) => session,
        Err(e) => return complain(&e),
    };
    if args.solved {
        let answer = session.bundle().answer("solution");
        session.answer(&answer);
    }
    let mut exit = 0;
    let mut pending = String::new();
    for line in std::io::stdin().lock().lines() {
        let line = match line {
            Ok(line) => line,
            Err(e) => return complain(&format!("standard input: {e}")),
        };
        if pending.is_empty() {
            say(&format!("{}{line}\n", session.prompt()));
            pending = line;
        } else {
            say(&format!("> {line}\n"));
            pending = format!("{pending}\n{line}");
        }
        if !session.is_incomplete(&pending) {
            exit = perform(&mut session, &std::mem::take(&mut pending));
        }
    }
    if !pending.is_empty() {
        exit = perform(&mut session, &pending);
    }
    ExitCode::from(u8::try_from(exit).unwrap_or(1))
}

fn perform(session: &mut Session, line: &str) -> i32 {
    let transcript = session.run(line);
    transcript.pieces.iter().for_each(|(_, piece)| say(piece));
    let mut exit = transcript.exit;
    // There is nobody to edit the file: it is saved as it is, as an editor left at once would.
    if let Some(path) = &transcript.edit {
        let text = session.world().read(path).unwrap_or_default();
        if let Some(rest) = session.finish_edit(&text) {
            rest.pieces.iter().for_each(|(_, piece)| say(piece));
            exit = rest.exit;
        }
    }
    exit
}
