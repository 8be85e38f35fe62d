//! `gatehouse grade EXERCISE FILES…`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use gatehouse_lab::exercise::{Answer, lines};
use gatehouse_lab::{Report, Session};

use super::{bundles, complain, say};

/// Arguments of `grade`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The exercise, by id or folder
    exercise: String,
    /// The answer: manifests are applied in this order; *.sh are lines for the terminal; HOST:PATH=FILE is a host's
    /// file; a *.json file is a session exported from the page, replayed
    #[arg(required = true)]
    files: Vec<String>,
    /// Print one JSON document and nothing else
    #[arg(long)]
    json: bool,
}

/// Runs it. Exit code 0 for a full score, 1 for less, 2 where the answer cannot be read.
pub(crate) fn run(args: &Args) -> ExitCode {
    match report(args) {
        Err(e) => complain(&e),
        Ok((report, said)) => {
            if args.json {
                say(&format!("{}\n", report.to_json()));
            } else {
                say(&said);
                say(&table(&report));
            }
            ExitCode::from(u8::from(report.score() < report.max()))
        }
    }
}

fn report(args: &Args) -> Result<(Report, String), String> {
    let bundle = bundles::load(&args.exercise)?;
    let read = |path: &Path| std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()));
    if let [only] = args.files.as_slice()
        && only.ends_with(".json")
        && let Ok(text) = read(Path::new(only))
        && text.contains("\"formatVersion\"")
    {
        let session = Session::restore(&text).map_err(|e| format!("{only}: {e}"))?;
        if session.bundle().exercise.id != bundle.exercise.id {
            return Err(format!("{only}: a session of the exercise \"{}\"", session.bundle().exercise.id));
        }
        return Ok((session.grade(), String::new()));
    }
    let mut answer = Answer::default();
    for word in &args.files {
        if let Some((target, file)) = word.split_once('=').filter(|(t, _)| t.contains(":/")) {
            answer.files.push((target.to_owned(), read(Path::new(file))?));
            continue;
        }
        let path = PathBuf::from(word);
        let text = read(&path)?;
        if path.extension().is_some_and(|e| e == "sh") {
            answer.commands.extend(lines(&text));
        } else {
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            if path.extension().is_some_and(|e| e == "yaml" || e == "yml" || e == "json") {
                answer.commands.push(format!("kubectl apply -f '{}'", name.replace('\'', r"'\''")));
            }
            answer.files.push((name, text));
        }
    }
    let mut session = Session::new(bundle, 1).map_err(|e| e.to_string())?;
    session.answer(&answer);
    let said =
        session.transcripts().iter().map(|t| format!("$ {}\n{}{}", t.line, t.stdout, t.stderr)).collect();
    Ok((session.grade(), said))
}

fn table(report: &Report) -> String {
    let mut out = String::new();
    for check in &report.checks {
        let mark = if check.passed { "ok  " } else { "FAIL" };
        out.push_str(&format!("{mark} {:>3}  {}\n", check.weight, check.wants));
        if !check.passed {
            out.push_str(&format!(
                "          expected {}\n          actual   {}\n",
                check.expected, check.actual
            ));
            for cause in &check.because {
                out.push_str(&format!("          because  {cause}\n"));
            }
        }
    }
    out.push_str(&format!("{} of {}\n", report.score(), report.max()));
    out
}
