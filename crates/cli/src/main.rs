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
    /// Prove exercises: starters score 0, solutions 100, wrong answers fail the checks they name
    Check(commands::check::Args),
    /// Grade files as an answer to an exercise
    Grade(commands::grade::Args),
    /// Read shell lines on standard input and print what the terminal would
    Run(commands::run::Args),
    /// Compare with recordings of real components
    Conformance(commands::conformance::Args),
    /// Print who reaches whom among the pods of some manifests
    Reach(commands::reach::Args),
    /// Explain how a request is answered: who asks, which bindings decide, what each admission plugin does
    Explain(commands::explain::Args),
    /// Print everybody whom roles and bindings let do something
    WhoCan(commands::explain::WhoArgs),
    /// Print everything roles and bindings let somebody do
    WhatCan(commands::explain::WhatArgs),
    /// Print the JSON Schema of exercise.yaml
    Schema,
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Check(args) => commands::check::run(&args),
        Command::Grade(args) => commands::grade::run(&args),
        Command::Run(args) => commands::run::run(&args),
        Command::Conformance(args) => commands::conformance::run(&args),
        Command::Reach(args) => commands::reach::run(&args),
        Command::Explain(args) => commands::explain::run(&args),
        Command::WhoCan(args) => commands::explain::who(&args),
        Command::WhatCan(args) => commands::explain::what(&args),
        Command::Schema => commands::schema(),
    }
}
