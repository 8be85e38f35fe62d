//! The registry: one file a command, in the order of help.

use crate::cli::command::Row;
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
mod kuberc;
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
#[cfg(test)]
mod tests;
mod top;
mod version;
mod wait;

/// Its commands. Each stands behind a function of its own module, so that nothing but its name is needed to find it: a
/// command that nobody calls need not be loaded.
const SUBCOMMANDS: &[Row] = &[
    row("create", create::command),
    row("expose", expose::command),
    row("run", run::command),
    row("set", set::command),
    row("explain", explain::command),
    row("get", get::command),
    row("edit", edit::command),
    row("delete", delete::command),
    row("rollout", rollout::command),
    row("scale", scale::command),
    row("autoscale", autoscale::command),
    row("certificate", certificate::command),
    row("cluster-info", cluster_info::command),
    row("top", top::command),
    row("cordon", drain::cordon_command),
    row("uncordon", drain::uncordon_command),
    row("drain", drain::command),
    row("taint", taint::command),
    row("describe", describe::command),
    row("logs", logs::command),
    row("attach", attach::command),
    row("exec", exec::command),
    row("port-forward", forward::command),
    row("proxy", forward::proxy_command),
    row("cp", cp::command),
    row("auth", auth::command),
    row("debug", debug::command),
    row("events", events::command),
    row("diff", diff::command),
    row("apply", apply::command),
    row("patch", patch::command),
    row("replace", replace::command),
    row("wait", wait::command),
    row("kustomize", kustomize::command),
    row("label", label::command),
    row("annotate", annotate::command),
    row("completion", completion::command),
    row("api-resources", api_resources::command),
    row("api-versions", api_resources::versions_command),
    row("config", config::command),
    row("kuberc", kuberc::command),
    row("plugin", plugin::command),
    row("version", version::command),
    row("options", options::command),
    row("alpha", alpha::command),
];

const fn row(name: &'static str, command: fn() -> &'static Command) -> Row {
    Row { name, command }
}

/// `kubectl` itself.
pub static ROOT: Command = Command {
    short: "kubectl controls the Kubernetes cluster manager",
    long: "kubectl controls the Kubernetes cluster manager.\n\n Find more information at: https://kubernetes.io/docs/reference/kubectl/",
    apart: SUBCOMMANDS,
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
    Group { heading: "Subcommands provided by plugins:", commands: &[] },
    Group {
        heading: "Other Commands:",
        commands: &["api-resources", "api-versions", "config", "kuberc", "plugin", "version"],
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
