//! Content has its own gate: the starter scores nothing, the solution everything, each wrong answer fails just the
//! checks it names, and no file lies about unused.

use std::sync::Arc;

use crate::exercise::Bundle;
use crate::report::Report;
use crate::session::Session;

/// What is wrong with an exercise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file or folder concerned.
    pub at: String,
    /// What is wrong, and what was seen.
    pub what: String,
}

/// Proves an exercise; nothing comes back where it is sound.
#[must_use]
pub fn prove(bundle: &Arc<Bundle>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut report = |at: &str, what: String| problems.push(Problem { at: at.to_owned(), what });
    if bundle.task().trim().is_empty() {
        report("task.md", "missing or empty".to_owned());
    }
    let start = match Session::new(Arc::clone(bundle), 1) {
        Ok(session) => session,
        Err(e) => {
            report("exercise.yaml", e.to_string());
            return problems;
        }
    };
    let grade = start.grade();
    if grade.score() != 0 {
        let passing: Vec<&str> = grade.checks.iter().filter(|c| c.passed).map(|c| c.id.as_str()).collect();
        report(
            "starter",
            format!("scores {} before anything is done: {}", grade.score(), passing.join(", ")),
        );
    }
    let mut answers = vec!["solution".to_owned()];
    answers.extend(bundle.exercise.right.iter().map(|r| r.dir.clone()));
    for dir in answers {
        let (grade, said) = graded(&start, bundle, &dir);
        if grade.score() != grade.max() {
            report(&dir, format!("scores {} of {}\n{}{said}", grade.score(), grade.max(), failures(&grade)));
        }
    }
    for wrong in &bundle.exercise.wrong {
        let (grade, said) = graded(&start, bundle, &wrong.dir);
        let failing: Vec<&str> = grade.failing().map(|c| c.id.as_str()).collect();
        let mut named: Vec<&str> = wrong.fails.iter().map(String::as_str).collect();
        gatehouse_model::order::by_key(&mut named, |id| grade.checks.iter().position(|c| c.id == *id));
        if failing != named {
            let what = format!("fails {failing:?}, not {named:?}\n{}{said}", failures(&grade));
            report(&wrong.dir, what);
        }
    }
    for path in strays(bundle) {
        report(&path, "nothing refers to this file".to_owned());
    }
    problems
}

fn graded(start: &Session, bundle: &Bundle, dir: &str) -> (Report, String) {
    let mut session = start.clone();
    session.answer(&bundle.answer(dir));
    let said =
        session.transcripts().iter().map(|t| format!("$ {}\n{}{}", t.line, t.stdout, t.stderr)).collect();
    (session.grade(), said)
}

fn failures(report: &Report) -> String {
    report.failing().map(|c| format!("{}: expected {}, got {}\n", c.id, c.expected, c.actual)).collect()
}

fn strays(bundle: &Bundle) -> Vec<String> {
    let exercise = &bundle.exercise;
    let answers = exercise.right.iter().map(|r| &r.dir).chain(exercise.wrong.iter().map(|w| &w.dir));
    let dirs: Vec<String> = answers.map(|d| format!("{d}/")).chain(["solution/".to_owned()]).collect();
    let hosts = exercise.start.hosts.values().flat_map(|files| files.values());
    let setup: Vec<&String> = exercise.start.manifests.iter().chain(hosts).collect();
    let known = |path: &str| {
        matches!(path, "task.md" | "solution.md")
            || dirs.iter().any(|d| path.starts_with(d.as_str()))
            || setup.iter().any(|s| *s == path)
            || path.strip_prefix("starter/").is_some_and(|p| exercise.files.iter().any(|f| f == p))
    };
    bundle.files.keys().filter(|p| !known(p)).cloned().collect()
}
