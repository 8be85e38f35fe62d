//! The native binary, for authors and instructors: check exercises, grade files, replay shells, hold us to recordings.

mod commands;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Kubernetes security, simulated: what the API server, kubectl and the kernel really say.
#[derive(Parser)]
#[command(version, about, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Compare with recordings of real components
    Conformance(commands::conformance::Args),
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Conformance(args) => commands::conformance::run(&args),
    }
}
