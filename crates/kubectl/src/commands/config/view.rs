//! `kubectl config view`. Models kubectl `pkg/cmd/config/view.go` and client-go `clientcmd/api/helpers.go`.

use gatehouse_model::{Object, base64};

use super::start;
use crate::cli::groups::print_as;
use crate::cli::{Args, Command, Flag};
use crate::config::KubeConfig;
use crate::config::file::Entry;
use crate::error::Error;
use crate::host::Files;
use crate::print::{Format, PrintFlags};
use crate::session::Session;

pub(super) static COMMAND: Command = Command {
    short: "Display merged kubeconfig settings or a specified kubeconfig file",
    long: "Display merged kubeconfig settings or a specified kubeconfig file.\n\n You can use --output jsonpath={...} to extract specific values using a jsonpath expression.",
    examples: "# Show merged kubeconfig settings\nkubectl config view\n\n# Show merged kubeconfig settings, raw certificate data, and exposed secrets\nkubectl config view --raw\n\n# Get the password for the e2e user\nkubectl config view -o jsonpath='{.users[?(@.name == \"e2e\")].user.password}'",
    usage: "[flags]",
    flags: &[
        &print_as("yaml"),
        &[
            Flag::bool(
                "flatten",
                "Flatten the resulting kubeconfig file into self-contained output (useful for creating portable kubeconfig files)",
            ),
            Flag::bool("merge", "Merge the full hierarchy of kubeconfig files").default("true"),
            Flag::bool("minify", "Remove all information not used by current-context from the output"),
            Flag::bool("raw", "Display raw byte data and sensitive data"),
        ],
    ],
    run: Some(run),
    ..Command::named("view")
};

/// Only what the current context uses.
fn minify(config: &mut KubeConfig) -> Result<(), Error> {
    let name = config.current_context.clone();
    if name.is_empty() {
        return Err(Error::plain("current-context must exist in order to minify"));
    }
    let Some(context) = config.contexts.get(&name).cloned() else {
        return Err(Error::plain(format!("cannot locate context {name}")));
    };
    config.contexts.retain(|k, _| *k == name);
    let cluster = context.value.str_at(&["cluster"]);
    if !cluster.is_empty() && !config.clusters.contains_key(cluster) {
        return Err(Error::plain(format!("cannot locate cluster {cluster}")));
    }
    config.clusters.retain(|k, _| k == cluster);
    let user = context.value.str_at(&["user"]);
    if !user.is_empty() && !config.users.contains_key(user) {
        return Err(Error::plain(format!("cannot locate user {user}")));
    }
    config.users.retain(|k, _| k == user);
    Ok(())
}

/// Files become data.
fn flatten(files: &mut dyn Files, entry: &mut Entry, path_key: &str, data_key: &str) -> Result<(), Error> {
    let path = entry.value.str_at(&[path_key]).to_owned();
    if path.is_empty() {
        return Ok(());
    }
    let full = match entry.origin.rsplit_once('/') {
        Some((dir, _)) if !path.starts_with('/') => format!("{dir}/{path}"),
        _ => path,
    };
    if entry.value.str_at(&[data_key]).is_empty() {
        let bytes = files.read(&full).map_err(|e| Error::plain(format!("open {full}: {}", e.errno)))?;
        entry.value.set(&[data_key], base64::encode(&bytes));
    }
    entry.value.remove(&[path_key]);
    Ok(())
}

fn redact(config: &mut KubeConfig) {
    for entry in config.clusters.values_mut() {
        if !entry.value.str_at(&["certificate-authority-data"]).is_empty() {
            entry.value.set(&["certificate-authority-data"], "DATA+OMITTED");
        }
    }
    for entry in config.users.values_mut() {
        for (key, shown) in [
            ("client-certificate-data", "DATA+OMITTED"),
            ("client-key-data", "DATA+OMITTED"),
            ("token", "REDACTED"),
            ("password", "REDACTED"),
        ] {
            if !entry.value.str_at(&[key]).is_empty() {
                entry.value.set(&[key], shown);
            }
        }
    }
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    if !args.words.is_empty() {
        return Err(args.usage_error(format!("unexpected arguments: [{}]", args.words.join(" "))));
    }
    let explicit = !args.str("kubeconfig").is_empty();
    let flags = PrintFlags {
        // A template alone stands for its own format.
        output: match (args.changed("output"), args.str("template")) {
            (false, template) if !template.is_empty() => String::new(),
            _ => args.str("output").to_owned(),
        },
        template: args.str("template").to_owned(),
        allow_missing_keys: args.bool("allow-missing-template-keys"),
        show_managed_fields: args.bool("show-managed-fields"),
        kyaml: session.version().minor >= 34,
        ..PrintFlags::default()
    };
    let mut printer = flags.printer(session.host.files).map_err(Error::plain)?;
    if !args.bool("merge") && !explicit {
        return Err(Error::plain("if merge==false a precise file must be specified"));
    }
    let (_, mut config) = start(session, args)?;
    if args.bool("minify") {
        if !args.str("context").is_empty() {
            args.str("context").clone_into(&mut config.current_context);
        }
        minify(&mut config)?;
    }
    if args.bool("flatten") {
        for entry in config.clusters.values_mut() {
            flatten(session.host.files, entry, "certificate-authority", "certificate-authority-data")?;
        }
        for entry in config.users.values_mut() {
            flatten(session.host.files, entry, "client-certificate", "client-certificate-data")?;
            flatten(session.host.files, entry, "client-key", "client-key-data")?;
        }
    } else if !args.bool("raw") {
        redact(&mut config);
    }
    let value = config.to_value_of(session.version());
    if matches!(printer.format, Format::Json) {
        session.print(crate::structs::json(&value));
        return Ok(());
    }
    let mut text = String::new();
    let result = printer.print(&Object(value), "", &mut text);
    session.print(text);
    result.map_err(Error::plain)
}
