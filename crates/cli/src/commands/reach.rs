//! `gatehouse reach FILES…`

use std::process::ExitCode;

use gatehouse_lab::Cni;
use gatehouse_lab::explain::Sources;
use gatehouse_lab::reach::{Change, Question, Reach, ReachError, changes, port};

use super::{complain, say};

/// Arguments of `reach`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Manifests of namespaces, pods, workloads and network policies
    #[arg(required = true)]
    files: Vec<String>,
    /// The destination port
    #[arg(long, default_value = "TCP/80")]
    port: String,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// The network plugin; without it, one that knows the policies there are
    #[arg(long, value_enum)]
    cni: Option<Plugin>,
    /// Explain one flow instead: its source, namespace/pod or an address
    #[arg(long, requires = "to")]
    from: Option<String>,
    /// Explain one flow instead: its destination
    #[arg(long, requires = "from")]
    to: Option<String>,
    /// With --from and --to: a request over the connection, "GET /path" or a name that is looked up
    #[arg(long, requires = "from")]
    request: Option<String>,
    /// Print what changes when the manifests are replaced by these
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "useless", "suggest", "apply"])]
    against: Vec<String>,
    /// Print what changes when these are applied on top
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "useless", "suggest"])]
    apply: Vec<String>,
    /// Print the rules and policies that could go without changing anything
    #[arg(long, conflicts_with_all = ["from", "suggest"])]
    useless: bool,
    /// Print policies that allow just the traffic of a file, a line each: FROM TO PORT
    #[arg(long, value_name = "FILE", conflicts_with = "from")]
    suggest: Option<String>,
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

#[derive(Clone, Copy, clap::ValueEnum)]
enum Plugin {
    /// Enforces NetworkPolicy
    Enforcing,
    /// Enforces AdminNetworkPolicy and BaselineAdminNetworkPolicy besides
    AdminPolicy,
    /// Cilium
    Cilium,
}

/// Runs it.
pub(crate) fn run(args: &Args) -> ExitCode {
    let mut watch = Watch::default();
    let code = match print(args, &mut watch) {
        Ok(text) => {
            say(&text);
            ExitCode::SUCCESS
        }
        Err(ReachError { place, why }) if place.is_empty() => complain(&why),
        Err(ReachError { place, why }) => complain(&format!("{place}: {why}")),
    };
    if args.stats {
        watch.print();
    }
    code
}

fn print(args: &Args, watch: &mut Watch) -> Result<String, ReachError> {
    let port = port(&args.port).ok_or_else(|| ReachError {
        place: String::new(),
        why: format!("\"{}\" is not a port such as TCP/80", args.port),
    })?;
    let texts = read(&args.files)?;
    let cni = args.cni.map(|plugin| match plugin {
        Plugin::Enforcing => Cni::Enforcing,
        Plugin::AdminPolicy => Cni::AdminPolicy,
        Plugin::Cilium => Cni::Cilium,
    });
    let snapshot = watch.time("parse", || Reach::parse(&texts, cni))?;
    let reach = watch.time("compile", || Reach::compile(snapshot));
    if let (Some(from), Some(to)) = (&args.from, &args.to) {
        let question = args.request.as_deref().map(Question::parse);
        let mut sources = Sources::default();
        texts.iter().for_each(|(file, text)| sources.add(file, text));
        return reach.explain(from, to, port, question.as_ref(), &sources);
    }
    if !args.against.is_empty() || !args.apply.is_empty() {
        let mut later = if args.apply.is_empty() { Vec::new() } else { texts };
        later.extend(read(&args.against)?);
        later.extend(read(&args.apply)?);
        let other = Reach::read(&later, cni)?;
        let lines = changes(reach.network(), other.network(), port);
        return Ok(lines.iter().map(|c: &Change| format!("{c}\n")).collect());
    }
    if args.useless {
        return Ok(watch.time("evaluate", || reach.useless()));
    }
    if let Some(file) = &args.suggest {
        let texts = read(std::slice::from_ref(file))?;
        return texts.iter().map(|(name, text)| reach.suggest(name, text)).collect();
    }
    let matrix = watch.time("evaluate", || reach.matrix(port));
    Ok(watch.time("print", || match args.format {
        Format::Table => reach.table(&matrix),
        Format::Json => reach.json(&matrix, port),
        Format::Dot => reach.dot(&matrix),
        Format::Count => format!("{}\n", matrix.count()),
    }))
}

fn read(files: &[String]) -> Result<Vec<(String, String)>, ReachError> {
    let one = |file: &String| match std::fs::read_to_string(file) {
        Ok(text) => Ok((file.clone(), text)),
        Err(e) => Err(ReachError { place: file.clone(), why: e.to_string() }),
    };
    files.iter().map(one).collect()
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
