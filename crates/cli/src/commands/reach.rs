//! `gatehouse reach FILES…`

use std::process::ExitCode;

use gatehouse_lab::reach::{Reach, ReachError, port};

use super::{complain, say};

/// Arguments of `reach`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Manifests of namespaces, pods and network policies
    #[arg(required = true)]
    files: Vec<String>,
    /// The destination port
    #[arg(long, default_value = "TCP/80")]
    port: String,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Also print parse, compile and evaluate time and peak memory, on standard error
    #[arg(long)]
    stats: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    /// A matrix for people
    Table,
    /// One JSON document
    Json,
    /// A graph for Graphviz
    Dot,
    /// The number of allowed ordered pairs of distinct pods
    Count,
}

/// Runs it.
pub(crate) fn run(args: &Args) -> ExitCode {
    let Some(port) = port(&args.port) else {
        return complain(&format!("\"{}\" is not a port such as TCP/80", args.port));
    };
    let mut texts = Vec::new();
    for file in &args.files {
        match std::fs::read_to_string(file) {
            Ok(text) => texts.push((file.clone(), text)),
            Err(e) => return complain(&format!("{file}: {e}")),
        }
    }
    let mut watch = Watch::default();
    let reach = watch.time("parse and compile", || Reach::read(&texts));
    let reach = match reach {
        Ok(reach) => reach,
        Err(ReachError { place, why }) => return complain(&format!("{place}: {why}")),
    };
    let matrix = watch.time("evaluate", || reach.matrix(port));
    let text = watch.time("print", || match args.format {
        Format::Table => reach.table(&matrix),
        Format::Json => reach.json(&matrix, port),
        Format::Dot => reach.dot(&matrix),
        Format::Count => format!("{}\n", matrix.count()),
    });
    say(&text);
    if args.stats {
        watch.print();
    }
    ExitCode::SUCCESS
}

/// Times of stages. A native tool may look at the clock.
#[derive(Default)]
struct Watch {
    stages: Vec<(&'static str, std::time::Duration)>,
}

impl Watch {
    #[expect(clippy::disallowed_methods, reason = "statistics of a native run, not the lab's time")]
    fn time<T>(&mut self, stage: &'static str, f: impl FnOnce() -> T) -> T {
        let start = std::time::Instant::now();
        let result = f();
        self.stages.push((stage, start.elapsed()));
        result
    }

    fn print(&self) {
        use std::io::Write as _;
        let mut err = std::io::stderr();
        for (stage, time) in &self.stages {
            let _ = writeln!(err, "{stage:<18} {:>9.3} ms", time.as_secs_f64() * 1000.0);
        }
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        if let Some(peak) = status.lines().find_map(|l| l.strip_prefix("VmHWM:")) {
            let _ = writeln!(err, "{:<18} {}", "peak memory", peak.trim());
        }
    }
}
