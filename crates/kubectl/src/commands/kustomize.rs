//! `kubectl kustomize`. Models kustomize `kustomize/commands/build`.

use gatehouse_model::yaml;

use crate::cli::{Args, Command, Flag};
use crate::error::Error;
use crate::kustomize::{Restrictor, build};
use crate::session::Session;

const FLAGS: &[Flag] = &[
    Flag::bool("as-current-user", "use the uid and gid of the command executor to run the function in the container"),
    Flag::bool("enable-alpha-plugins", "enable kustomize plugins"),
    Flag::bool("enable-helm", "Enable use of the Helm chart inflator generator."),
    Flag::array("env", "a list of environment variables to be used by functions").short('e'),
    Flag::slice("helm-api-versions", "Kubernetes api versions used by Helm for Capabilities.APIVersions"),
    Flag::str("helm-command", "helm command (path to executable)").default("helm"),
    Flag::bool("helm-debug", "Enable debug output from the Helm chart inflator generator."),
    Flag::str("helm-kube-version", "Kubernetes version used by Helm for Capabilities.KubeVersion"),
    Flag::str("load-restrictor", "if set to 'LoadRestrictionsNone', local kustomizations may load files from outside their root. This does, however, break the relocatability of the kustomization.").default("LoadRestrictionsRootOnly"),
    Flag::array("mount", "a list of storage options read from the filesystem"),
    Flag::bool("network", "enable network access for functions that declare it"),
    Flag::str("network-name", "the docker network to run the container in").default("bridge"),
    Flag::str("output", "If specified, write output to this path.").short('o'),
    Flag::str("reorder", "").default("legacy").deprecated("use the new 'sortOptions' field in kustomization.yaml instead."),
];

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Build a kustomization target from a directory or URL",
    long: "Build a set of KRM resources using a 'kustomization.yaml' file. The DIR argument must be a path to a directory containing 'kustomization.yaml', or a git repository URL with a path suffix specifying same with respect to the repository root. If DIR is omitted, '.' is assumed.",
    examples: "# Build the current working directory\nkubectl kustomize\n\n# Build some shared configuration directory\nkubectl kustomize /home/config/production",
    usage: "DIR [flags]",
    flags: &[FLAGS],
    run: Some(run),
    ..Command::named("kustomize")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let dir = match args.words.as_slice() {
        [] => ".",
        [one] => one.as_str(),
        _ => return Err(Error::plain("specify one path to kustomization.yaml")),
    };
    let restrictor = match args.str("load-restrictor") {
        "LoadRestrictionsRootOnly" => Restrictor::RootOnly,
        "LoadRestrictionsNone" => Restrictor::None,
        other => {
            return Err(Error::plain(format!(
                "illegal flag value --load-restrictor {other}; legal values: [LoadRestrictionsRootOnly LoadRestrictionsNone]"
            )));
        }
    };
    let built = build(session.host.files, dir, restrictor);
    for warning in built.warnings {
        session.eprintln(warning);
    }
    let text =
        built.objects.map_err(Error::plain)?.iter().map(|o| yaml::emit(o)).collect::<Vec<_>>().join("---\n");
    match args.str("output") {
        "" => session.print(text),
        path => session
            .host
            .files
            .write(path, text.as_bytes())
            .map_err(|e| Error::plain(format!("open {path}: {}", e.errno)))?,
    }
    Ok(())
}
