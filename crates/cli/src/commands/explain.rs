//! `gatehouse explain`, `gatehouse who-can` and `gatehouse what-can`.

use std::path::Path;
use std::process::ExitCode;

use gatehouse_lab::explain::{self, Asker, Sources};
use gatehouse_lab::{KubeVersion, Session, World};

use super::{bundles, complain, say};

/// Where the question is asked.
#[derive(clap::Args)]
pub(crate) struct Place {
    /// Ask in the world of this exercise, by id or folder; in an empty cluster otherwise
    #[arg(long)]
    exercise: Option<String>,
    /// Ask after the exercise's solution
    #[arg(long, requires = "exercise")]
    solved: bool,
    /// The Kubernetes version of the empty cluster
    #[arg(long, default_value = "1.36", conflicts_with = "exercise")]
    version: String,
    /// Manifests that are applied first, in this order
    #[arg(long = "given", value_name = "FILE")]
    given: Vec<String>,
    /// The namespace asked about
    #[arg(short, long, default_value = "")]
    namespace: String,
}

/// Arguments of `explain`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    /// Who asks; the cluster's administrator otherwise
    #[arg(long = "as", value_name = "USER", default_value = "")]
    user: String,
    /// A group whoever asks is in
    #[arg(long = "as-group", value_name = "GROUP", requires = "user")]
    groups: Vec<String>,
    /// Explain what applying this manifest comes to
    #[arg(long, value_name = "FILE", required_unless_present = "verb", conflicts_with = "verb")]
    apply: Option<String>,
    /// The verb (get, list, delete, create, …)
    #[arg(requires = "resource")]
    verb: Option<String>,
    /// The resource (pods, deploy, pods/log, roles.rbac.authorization.k8s.io) or a path (/healthz)
    resource: Option<String>,
    /// The object's name
    name: Option<String>,
}

/// Arguments of `who-can`.
#[derive(clap::Args)]
pub(crate) struct WhoArgs {
    #[command(flatten)]
    place: Place,
    /// The verb
    verb: String,
    /// The resource or path
    resource: String,
    /// The object's name
    name: Option<String>,
}

/// Arguments of `what-can`.
#[derive(clap::Args)]
pub(crate) struct WhatArgs {
    #[command(flatten)]
    place: Place,
    /// The user; a service account is system:serviceaccount:NAMESPACE:NAME
    user: String,
    /// A group the user is in
    #[arg(long = "as-group", value_name = "GROUP")]
    groups: Vec<String>,
}

/// The world asked about, and the texts it was made from.
fn world(place: &Place) -> Result<(World, Sources), String> {
    let mut sources = Sources::default();
    let mut world = match &place.exercise {
        None => {
            let version = KubeVersion::parse(&place.version)
                .ok_or_else(|| format!("\"{}\" is not a version this knows", place.version))?;
            World::lab(version, 1)
        }
        Some(word) => {
            let mut session = Session::new(bundles::load(word)?, 1).map_err(|e| e.to_string())?;
            if place.solved {
                let answer = session.bundle().answer("solution");
                session.answer(&answer);
            }
            sources = Sources::of(&session);
            session.world().clone()
        }
    };
    for file in &place.given {
        let text = read(file)?;
        sources.add(file, &text);
        let (said, done) = explain::commit(&mut world, &text);
        if !done {
            return Err(format!("{file}: {}", said.trim_end()));
        }
    }
    Ok((world, sources))
}

fn read(file: &str) -> Result<String, String> {
    std::fs::read_to_string(Path::new(file)).map_err(|e| format!("{file}: {e}"))
}

fn print(result: Result<(String, bool), String>) -> ExitCode {
    match result {
        Err(why) => complain(&why),
        Ok((text, allowed)) => {
            say(&text);
            ExitCode::from(u8::from(!allowed))
        }
    }
}

/// Runs `explain`. Exit code 0 where the request is let through, 1 where it is refused, 2 where it makes no sense.
pub(crate) fn run(args: &Args) -> ExitCode {
    print(explained(args))
}

fn explained(args: &Args) -> Result<(String, bool), String> {
    let (mut world, mut sources) = world(&args.place)?;
    let asker = Asker {
        user: args.user.clone(),
        groups: args.groups.clone(),
        namespace: args.place.namespace.clone(),
    };
    if let Some(file) = &args.apply {
        let text = read(file)?;
        sources.add(file, &text);
        world.write(explain::SCRATCH, &text);
        let (explanations, said) = explain::apply(&world, &sources, explain::SCRATCH, &asker);
        let mut out: String = explanations.iter().map(|e| format!("{}\n", e.text())).collect();
        out.push_str(&said);
        return Ok((out, explanations.iter().all(|e| e.allowed)));
    }
    let word = |word: &Option<String>| word.clone().unwrap_or_default();
    let (verb, resource, name) = (word(&args.verb), word(&args.resource), word(&args.name));
    let explanation = explain::ask(&world, &sources, &asker, &verb, &resource, &name)?;
    Ok((explanation.text(), explanation.allowed))
}

/// Runs `who-can`. Exit code 1 where nobody can.
pub(crate) fn who(args: &WhoArgs) -> ExitCode {
    let name = args.name.as_deref().unwrap_or_default();
    print(world(&args.place).and_then(|(world, sources)| {
        let holders = explain::who_can(&world, &args.place.namespace, &args.verb, &args.resource, name)?;
        Ok((explain::holders_text(&holders, &sources), !holders.is_empty()))
    }))
}

/// Runs `what-can`. Exit code 1 where the user can nothing.
pub(crate) fn what(args: &WhatArgs) -> ExitCode {
    let asker = Asker {
        user: args.user.clone(),
        groups: args.groups.clone(),
        namespace: args.place.namespace.clone(),
    };
    print(world(&args.place).map(|(world, sources)| {
        let granted = explain::what_can(&world, &asker);
        (explain::granted_text(&granted, &sources), !granted.is_empty())
    }))
}
