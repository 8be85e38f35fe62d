//! The gates of the project, each under a name that anyone can run: `cargo xtask VERB`.
//!
//! A native tool of the workshop: it knows cargo, npm, Chromium and the layout of the repository, and imports none
//! of the project's crates, so that it compiles in seconds on a fresh machine.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "talking to a terminal is what it is for")]
#![expect(clippy::disallowed_methods, reason = "a build tool measures real time")]

mod bench;
mod build;
mod chunks;
mod command;
mod http;
mod pack;
mod serve;
mod size;
mod test;
mod tidy;
mod tools;
mod watch;

use std::process::ExitCode;

use command::{Outcome, cargo, root};

/// One thing that can be asked for.
struct Verb {
    name: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Outcome,
}

const VERBS: &[Verb] = &[
    Verb {
        name: "serve",
        about: "install what is missing, build the site, serve it on 127.0.0.1:8080",
        run: serve::run,
    },
    Verb {
        name: "watch",
        about: "as serve, quick build, built again when a source changes",
        run: watch::run,
    },
    Verb { name: "build", about: "build the site as it ships, into dist/", run: build::run },
    Verb {
        name: "test",
        about: "every gate, or only those named: cargo xtask test fmt clippy …",
        run: test::run,
    },
    Verb { name: "tidy", about: "the invariants of ARCHITECTURE.md", run: tidy::run },
    Verb { name: "size", about: "what a first visit downloads, against size-budget.toml", run: size::run },
    Verb {
        name: "later",
        about: "open every exercise and write down what none needed: web/later.txt",
        run: build::later,
    },
    Verb {
        name: "weigh",
        about: "what the pieces of the engine weigh; weigh PATH: who calls what is below it",
        run: build::weigh,
    },
    Verb { name: "bless", about: "write the transcripts of the literate suites anew", run: bless },
    Verb { name: "bench", about: "the benchmarks; bench --wasm: the decisions in Chromium", run: bench::run },
];

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let name = words.next().unwrap_or_default();
    let rest: Vec<String> = words.collect();
    match VERBS.iter().find(|verb| verb.name == name) {
        Some(verb) => match (verb.run)(&rest) {
            Ok(()) => ExitCode::SUCCESS,
            Err(why) => {
                eprintln!("xtask {name}: {why}");
                ExitCode::FAILURE
            }
        },
        None => {
            println!("cargo xtask VERB\n");
            for verb in VERBS {
                println!("  {:<7} {}", verb.name, verb.about);
            }
            if name.is_empty() || name == "help" {
                return ExitCode::SUCCESS;
            }
            eprintln!("\nxtask: no verb is called \"{name}\"");
            ExitCode::FAILURE
        }
    }
}

/// Runs the suites with leave to write down what they saw; the difference is then read as any other.
fn bless(rest: &[String]) -> Outcome {
    cargo(["test", "--package", "gatehouse-tests"]).env("GATEHOUSE_BLESS", "1").args(rest).run()?;
    command::program("git").args(["--no-pager", "diff", "--stat", "--", "tests"]).current_dir(root()).run()
}
