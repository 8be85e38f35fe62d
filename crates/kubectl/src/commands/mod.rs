//! The registry: one file a command, in the order of help.

use crate::cli::help::{self, Group};
use crate::cli::{Args, Command};
use crate::error::Error;
use crate::session::Session;

mod alpha;
mod annotate;
mod api_resources;
mod apply;
mod attach;
mod auth;
mod autoscale;
mod certificate;
mod cluster_info;
mod completion;
mod config;
mod cp;
mod create;
mod debug;
mod delete;
mod describe;
mod diff;
mod drain;
mod edit;
mod events;
mod exec;
mod explain;
mod expose;
mod forward;
mod get;
mod kustomize;
mod label;
mod logs;
mod options;
mod patch;
mod patience;
mod plugin;
mod raw;
mod reading;
mod replace;
mod rollout;
mod run;
mod scale;
mod set;
mod taint;
mod top;
mod version;
mod wait;

/// Its commands.
#[rustfmt::skip]
const SUBCOMMANDS: &[&Command] = &[
    &create::COMMAND,
    &annotate::COMMAND,
    &apply::COMMAND,
    &delete::COMMAND,
    &describe::COMMAND,
    &get::COMMAND,
    &label::COMMAND,
    &patch::COMMAND,
    &replace::COMMAND,
    &auth::COMMAND,
    &config::COMMAND,
    &explain::COMMAND,
    &rollout::COMMAND,
    &logs::COMMAND,
    &top::COMMAND,
    &cluster_info::COMMAND,
    &events::COMMAND,
    &wait::COMMAND,
    &api_resources::COMMAND,
    &api_resources::VERSIONS,
    &version::COMMAND,
    &attach::COMMAND,
    &exec::COMMAND,
    &expose::COMMAND,
    &run::COMMAND,
    &set::COMMAND,
    &scale::COMMAND,
    &autoscale::COMMAND,
    &taint::COMMAND,
    &certificate::COMMAND,
    &diff::COMMAND,
    &kustomize::COMMAND,
    &debug::COMMAND,
    &edit::COMMAND,
    &completion::COMMAND,
    &cp::COMMAND,
    &forward::COMMAND,
    &forward::PROXY,
    &plugin::COMMAND,
    &drain::CORDON,
    &drain::UNCORDON,
    &drain::COMMAND,
    &options::COMMAND,
    &alpha::COMMAND,
];

/// `kubectl` itself.
pub static ROOT: Command = Command {
    short: "kubectl controls the Kubernetes cluster manager",
    long: "kubectl controls the Kubernetes cluster manager.\n\n Find more information at: https://kubernetes.io/docs/reference/kubectl/",
    subcommands: SUBCOMMANDS,
    ..Command::named("kubectl")
};

/// The headings of `kubectl --help`.
pub static GROUPS: &[Group] = &[
    Group { heading: "Basic Commands (Beginner):", commands: &["create", "expose", "run", "set"] },
    Group { heading: "Basic Commands (Intermediate):", commands: &["explain", "get", "edit", "delete"] },
    Group { heading: "Deploy Commands:", commands: &["rollout", "scale", "autoscale"] },
    Group {
        heading: "Cluster Management Commands:",
        commands: &["certificate", "cluster-info", "top", "cordon", "uncordon", "drain", "taint"],
    },
    Group {
        heading: "Troubleshooting and Debugging Commands:",
        commands: &[
            "describe",
            "logs",
            "attach",
            "exec",
            "port-forward",
            "proxy",
            "cp",
            "auth",
            "debug",
            "events",
        ],
    },
    Group {
        heading: "Advanced Commands:",
        commands: &["diff", "apply", "patch", "replace", "wait", "kustomize"],
    },
    Group { heading: "Settings Commands:", commands: &["label", "annotate", "completion"] },
    Group {
        heading: "Other Commands:",
        commands: &["api-resources", "api-versions", "config", "plugin", "version"],
    },
];

/// What a group says to words that name none of its commands; without words its help, on standard error
/// (kubectl's `DefaultSubCommandRun`).
fn run_group(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    if args.words.is_empty() {
        let text = help::help(args, &[], session.version());
        return Err(Error::Exit(1, text));
    }
    let words = args.words.join(" ");
    Err(args.usage_error(format!("unknown command {words:?}")))
}
