//! `gatehouse run EXERCISE`

use std::io::{BufRead as _, IsTerminal as _};
use std::process::{Command, ExitCode, Stdio};

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
    let mut edit = transcript.edit;
    while let Some(path) = edit.take() {
        let text = session.world().read(&path).unwrap_or_default();
        let text = edited(&text).unwrap_or(text);
        if let Some(rest) = session.finish_edit(&text) {
            rest.pieces.iter().for_each(|(_, piece)| say(piece));
            exit = rest.exit;
            edit = rest.edit;
        }
    }
    exit
}

/// The text as whoever sits there leaves it in the editor of `KUBE_EDITOR` or `EDITOR`. `None` where nobody does: the
/// file is then saved as it is, as an editor left at once would.
fn edited(text: &str) -> Option<String> {
    let given = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
    let editor =
        given("KUBE_EDITOR").or_else(|| given("EDITOR").filter(|_| std::io::stdin().is_terminal()))?;
    let path = std::env::temp_dir().join(format!("gatehouse-edit-{}.yaml", std::process::id()));
    std::fs::write(&path, text).ok()?;
    // Lines come on standard input: the editor has the terminal itself.
    let terminal = std::fs::File::open("/dev/tty").map_or_else(|_| Stdio::null(), Stdio::from);
    let line = format!("{editor} \"$1\"");
    let status = Command::new("sh").args(["-c", &line, "sh"]).arg(&path).stdin(terminal).status();
    let left = std::fs::read_to_string(&path).ok();
    let _ = std::fs::remove_file(&path);
    left.filter(|_| status.is_ok_and(|s| s.success()))
}
