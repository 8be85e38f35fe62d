//! `gatehouse conformance PATH…`

use std::path::PathBuf;
use std::process::ExitCode;

use super::{complain, say};

/// Arguments of `conformance`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Files or folders of recordings (*.yaml, *.jsonl)
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Print one JSON document and nothing else
    #[arg(long)]
    json: bool,
    /// Name every case, also those that pass, and every step that differs
    #[arg(long)]
    verbose: bool,
}

/// Runs it. Exit code 0 only if everything agrees, 2 where a recording cannot be read.
pub(crate) fn run(args: &Args) -> ExitCode {
    let result = gatehouse_conformance::run(&args.paths, &mut |case| {
        if args.json {
            return;
        }
        let failed: Vec<_> = case
            .steps
            .iter()
            .enumerate()
            .filter_map(|(i, s)| s.difference.as_ref().map(|d| (i + 1, d)))
            .collect();
        if failed.is_empty() && args.verbose {
            say(&format!("ok   {} {}\n", case.suite, case.case));
        }
        if !failed.is_empty() {
            say(&format!(
                "FAIL {} {} ({} of {} steps)\n",
                case.suite,
                case.case,
                failed.len(),
                case.steps.len()
            ));
        }
        let shown = if args.verbose { usize::MAX } else { 1 };
        for (step, d) in failed.into_iter().take(shown) {
            say(&format!(
                "  step {step}\n    expected {}\n    actual   {}\n",
                indent(&d.expected),
                indent(&d.actual)
            ));
        }
    });
    match result {
        Err(e) => {
            complain(&e);
            ExitCode::from(2)
        }
        Ok(summary) => {
            say(&if args.json { summary.to_json() + "\n" } else { summary.table() });
            ExitCode::from(u8::from(!summary.passed()))
        }
    }
}

fn indent(text: &str) -> String {
    text.trim_end().replace('\n', "\n             ")
}
