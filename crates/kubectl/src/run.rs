//! From a line's words to an outcome. Models cobra's `ExecuteC` with kubectl's templates around it.

use gatehouse_machine::{Outcome, Output};
use gatehouse_model::ClientVersion;

use crate::cli::parse::{FlagError, parse};
use crate::cli::{Args, find, help};
use crate::commands::{GROUPS, ROOT};
use crate::error::Error;
use crate::host::Host;
use crate::preferences;
use crate::session::{Finish, Session};

/// What Go can profile; where a command has a flag of that name itself, this one is not there.
const PROFILES: [&str; 9] =
    ["", "none", "cpu", "heap", "goroutine", "threadcreate", "block", "mutex", "trace"];

/// Runs kubectl. `argv` begins with the program's name.
pub fn run(host: &mut Host<'_>, argv: &[String]) -> Outcome {
    let line = argv.get(1..).unwrap_or(&[]).to_vec();
    let version = host.version;
    let mut notes = Vec::new();
    let line = match preferences::apply(host.files, line, version, &mut notes) {
        Ok(line) => line,
        Err(why) => {
            let text = format!("error occurred while applying preferences {why}\n");
            return Outcome::Done(Output::failure(1, notes.concat() + &text));
        }
    };
    let mut outcome = dispatch(host, &line, version);
    if !notes.is_empty()
        && let Outcome::Done(output) | Outcome::NeedsEdit(output, _) | Outcome::Streaming(output) =
            &mut outcome
    {
        output.stderr.splice(0..0, notes.concat().into_bytes());
    }
    outcome
}

fn dispatch(host: &mut Host<'_>, line: &[String], version: ClientVersion) -> Outcome {
    // `kubectl help get` is `kubectl get --help`.
    if line.first().is_some_and(|w| w == "help") {
        let mut line: Vec<String> = line.iter().skip(1).filter(|w| !w.starts_with('-')).cloned().collect();
        if !line.is_empty() && find::find(&ROOT, &line, version).is_err() {
            return unknown_topic(&line, version);
        }
        line.push("--help".to_owned());
        return run_line(host, &line, version);
    }
    run_line(host, line, version)
}

fn run_line(host: &mut Host<'_>, line: &[String], version: ClientVersion) -> Outcome {
    let found = match find::find(&ROOT, line, version) {
        Ok(found) => found,
        Err(error) => return failure(&error),
    };
    let flags = find::flags_of(found.command, version);
    let mut args = Args::new(found.path, found.command, found.parents, flags);
    args.argv = line.to_vec();
    let mut notes = Vec::new();
    match parse(&mut args, &found.rest, &mut notes) {
        Ok(()) => {}
        Err(FlagError::Help) => return Outcome::Done(Output::success(help::help(&args, GROUPS, version))),
        Err(FlagError::Message(why)) => {
            let shift = args.command.exit_shift;
            let hint = if shift == 0 {
                format!("{why}\nSee '{} --help' for usage.", args.path)
            } else {
                args.usage_error(why).text()
            };
            let (text, exit) = Error::plain(hint).render();
            let exit = exit + shift;
            let notes: String = notes.iter().map(|n| format!("{n}\n")).collect();
            return Outcome::Done(Output::failure(exit, notes + &text));
        }
    }
    let Some(action) = args.command.run else {
        return Outcome::Done(Output::success(help::help(&args, GROUPS, version)));
    };
    let missing: Vec<String> = args
        .flags
        .iter()
        .filter(|f| f.required && !args.changed(f.name))
        .map(|f| format!("\"{}\"", f.name))
        .collect();
    let mut session = Session::new(host, args.clone());
    for note in notes {
        session.eprintln(note);
    }
    let profile = args.global("profile");
    let result = if !PROFILES.contains(&profile) {
        Err(Error::plain(format!("unknown profile '{profile}'")))
    } else if missing.is_empty() {
        action(&mut session, &args)
    } else {
        Err(Error::plain(format!("required flag(s) {} not set", missing.join(", "))))
    };
    let result = result.and_then(|()| match (args.bool("warnings-as-errors"), session.warnings()) {
        (false, _) | (true, 0) => Ok(()),
        (true, 1) => Err(Error::plain("1 warning received")),
        (true, n) => Err(Error::plain(format!("{n} warnings received"))),
    });
    finish(session, result, args.command.exit_shift)
}

/// `kubectl help` of something that is no command: the root's usage instead.
fn unknown_topic(words: &[String], version: ClientVersion) -> Outcome {
    let args = Args::new(ROOT.name.to_owned(), &ROOT, Vec::new(), find::flags_of(&ROOT, version));
    let help = help::help(&args, GROUPS, version);
    let usage = help.find(GROUPS.first().map_or("", |group| group.heading)).and_then(|at| help.get(at..));
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    let text = format!("Unknown help topic [{}]\n\n\n{}", words.join(" "), usage.unwrap_or_default());
    Outcome::Done(Output { exit: 0, ..Output::failure(1, text) })
}

fn finish(session: Session<'_, '_>, result: Result<(), Error>, shift: i32) -> Outcome {
    let mut output = session.output;
    if let Err(error) = result {
        let (text, exit) = error.render();
        output.complain(text.as_bytes());
        output.exit = if matches!(error, Error::Exit(..)) { exit } else { exit + shift };
        return Outcome::Done(output);
    }
    match session.finish {
        Finish::Done => Outcome::Done(output),
        Finish::Edit(request) => Outcome::NeedsEdit(output, request),
        Finish::Stream => Outcome::Streaming(output),
    }
}

fn failure(error: &Error) -> Outcome {
    let (text, exit) = error.render();
    Outcome::Done(Output::failure(exit, text))
}
