//! `gatehouse check [EXERCISE…]`

use std::process::ExitCode;
use std::sync::Arc;

use gatehouse_lab::content::{self, Problem};
use gatehouse_lab::exercise::{self, Bundle};

use super::{bundles, complain, say};

/// Arguments of `check`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Exercises by id or folder; all built-in ones where none is given
    exercises: Vec<String>,
}

/// Runs it. Exit code 0 only if nothing is wrong.
pub(crate) fn run(args: &Args) -> ExitCode {
    let bundles: Result<Vec<Arc<Bundle>>, String> = if args.exercises.is_empty() {
        Ok(exercise::catalogue().iter().cloned().map(Arc::new).collect())
    } else {
        args.exercises.iter().map(|word| bundles::load(word)).collect()
    };
    let bundles = match bundles {
        Ok(bundles) => bundles,
        Err(e) => return complain(&e),
    };
    let mut failed = 0;
    for bundle in &bundles {
        let problems = content::prove(bundle);
        let verdict = if problems.is_empty() { "ok  " } else { "FAIL" };
        say(&format!("{verdict} {}\n", bundle.exercise.id));
        for Problem { at, what } in &problems {
            say(&format!("     {at}: {}\n", what.trim_end().replace('\n', "\n       ")));
        }
        failed += usize::from(!problems.is_empty());
    }
    say(&format!("{} passed, {failed} failed\n", bundles.len() - failed));
    ExitCode::from(u8::from(failed > 0))
}
