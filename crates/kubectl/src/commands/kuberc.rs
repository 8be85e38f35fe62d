//! `kubectl kuberc`: the file of preferences, shown and written. Models kubectl `pkg/cmd/kuberc`.

use gatehouse_model::{Object, Value, json, yaml};

use crate::cli::groups::print_as;
use crate::cli::{Args, Command, Flag};
use crate::error::{Error, aggregate};
use crate::output::{Dry, Printer};
use crate::preferences;
use crate::session::Session;

const FILE: Flag = Flag::str(
    "kuberc",
    "Path to the kuberc file to use for preferences. This can be disabled by exporting KUBECTL_KUBERC=false feature gate or turning off the feature KUBERC=off.",
);

/// The group.
pub(super) static COMMAND: Command = Command {
    short: "Manage kuberc configuration files",
    long: "Manage user preferences (kuberc) file.\n\n The kuberc file allows you to customize your kubectl experience.",
    usage: "SUBCOMMAND",
    subcommands: &[&SET, &VIEW],
    run: Some(super::run_group),
    since: preferences::SINCE,
    ..Command::named("kuberc")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

static SET: Command = Command {
    short: "Set values in the kuberc configuration",
    long: "Set values in the kuberc configuration file.\n\n Use --section to specify whether to set defaults or aliases.\n\n For defaults: Sets default flag values for kubectl commands. The --command flag should specify only the command (e.g., \"get\", \"create\", \"set env\"), not resources.\n\n For aliases: Creates command aliases with optional default flag values and arguments. Use --prependarg and --appendarg to include resources or other arguments.",
    usage: "--section (defaults|aliases) --command COMMAND",
    flags: &[&[
        FILE,
        Flag::str("section", "Section to modify: 'defaults', 'aliases', or 'credentialplugin'").required(),
        Flag::str("command", "Command to configure (e.g., 'get', 'create', 'set env')"),
        Flag::str("name", "Alias name (required for --section=aliases)"),
        Flag::str(
            "policy",
            "Plugin policy to use for exec credential plugins, must be one of 'AllowAll', 'DenyAll' or 'Allowlist'",
        ),
        Flag::array("option", "Flag option in the form flag=value (can be specified multiple times)"),
        Flag::array(
            "prependarg",
            "Argument to prepend to the command (can be specified multiple times, for aliases only)",
        ),
        Flag::array(
            "appendarg",
            "Argument to append to the command (can be specified multiple times, for aliases only)",
        ),
        Flag::array(
            "allowlist-entry",
            "Allowlist entry the form field=value (can be specified multiple times)",
        ),
        Flag::bool("overwrite", "Allow overwriting existing entries"),
    ]],
    run: Some(set),
    ..Command::named("set")
};

static VIEW: Command = Command {
    short: "Display the current kuberc configuration",
    long: "Display the contents of the kuberc file in the specified output format.",
    flags: &[&[FILE], &print_as("yaml")],
    run: Some(view),
    ..Command::named("view")
};

/// The file, and whether it was asked for by name.
fn file(session: &mut Session<'_, '_>, args: &Args) -> Result<(String, bool), Error> {
    let found = preferences::file(session.host.files, args.str("kuberc")).map_err(Error::plain)?;
    found.ok_or_else(|| Error::plain("KUBERC is disabled via KUBERC=off environment variable"))
}

/// What the file says; `None` where there is none, or nothing in it.
fn read(session: &mut Session<'_, '_>, path: &str) -> Result<Option<Value>, Error> {
    let bytes = match session.host.files.read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.errno == "no such file or directory" => return Ok(None),
        Err(e) => return Err(Error::plain(format!("error reading kuberc file: open {path}: {}", e.errno))),
    };
    if bytes.is_empty() {
        return Ok(None);
    }
    let parsed = yaml::parse(&String::from_utf8_lossy(&bytes));
    parsed.map(Some).map_err(|e| Error::plain(format!("error parsing kuberc file: {}", e.bare())))
}

fn save(session: &mut Session<'_, '_>, path: &str, preference: &Value) -> Result<(), Error> {
    if let Some((dir, _)) = path.rsplit_once('/') {
        let made = session.host.files.make_dirs(dir);
        made.map_err(|e| {
            Error::plain(format!("failed to create directory {dir}: mkdir {dir}: {}", e.errno))
        })?;
    }
    let written = session.host.files.write(path, yaml::emit(preference).as_bytes());
    written.map_err(|e| Error::plain(format!("failed to write kuberc file: open {path}: {}", e.errno)))?;
    session.println(format!("Updated {path}"));
    Ok(())
}

fn empty() -> Value {
    json!({"apiVersion": "kubectl.config.k8s.io/v1beta1", "kind": "Preference", "aliases": null, "defaults": null})
}

fn view(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let (path, named) = file(session, args)?;
    let Some(mut preference) = read(session, &path)? else {
        if named {
            return Err(Error::plain(format!("kuberc file not found at {path}")));
        }
        session.println(format!("kuberc file not found at {path}"));
        session.print("Would you like to generate a default kuberc file with recommended options? (y/N): ");
        let answer = session.host.stdin.take().unwrap_or_default();
        if !String::from_utf8_lossy(&answer).trim().eq_ignore_ascii_case("y") {
            return Ok(());
        }
        let mut preference = empty();
        let option = |name: &str| json!([{"name": name, "default": "true"}]);
        let defaults = json!([
            {"command": "apply", "options": (option("server-side"))},
            {"command": "delete", "options": (option("interactive"))},
        ]);
        preference.set(&["defaults"], defaults);
        return save(session, &path, &preference);
    };
    for field in ["aliases", "defaults"] {
        if preference.get(field).is_none_or(Value::is_null) {
            preference.set(&[field], Value::from(Vec::<Value>::new()));
        }
    }
    Printer::new(session, args, Dry::No)?.typed().print(session, &Object(preference), "")
}

/// Refuses flags that do not go together.
fn check(args: &Args) -> Result<(), Error> {
    let refuse = |why: &str| Err(Error::plain(why));
    let (section, policy) = (args.str("section"), args.str("policy"));
    let (plugin, entries) = (section == "credentialplugin", args.changed("allowlist-entry"));
    match section {
        "defaults" | "aliases" | "credentialplugin" => {}
        _ => {
            return refuse(&format!(
                "--section must be \"defaults\", \"aliases\", or \"credentialplugin\", got: {section}"
            ));
        }
    }
    if section == "aliases" && args.str("name").is_empty() {
        return refuse("--name is required when --section=aliases");
    }
    if section == "defaults" && !args.str("name").is_empty() {
        return refuse("--name should not be specified when --section=defaults");
    }
    if section == "defaults" && (args.changed("prependarg") || args.changed("appendarg")) {
        return refuse("--prependarg and --appendarg are only valid for --section=aliases");
    }
    if !plugin && args.str("command").is_empty() {
        return refuse("--command is required when --section=aliases or --section=defaults");
    }
    match policy {
        _ if !plugin => Ok(()),
        "" => refuse("--policy is required when --section=credentialplugin"),
        "AllowAll" | "DenyAll" if entries => refuse(
            "--allowlist-entry may only be used when --section=credentialplugin and --policy=Allowlist",
        ),
        "Allowlist" if !entries => {
            refuse("--allowlist-entry is required when --section=credentialplugin and --policy=Allowlist")
        }
        "AllowAll" | "DenyAll" | "Allowlist" => Ok(()),
        other => {
            refuse(&format!(" --policy must be  \"AllowAll\", \"DenyAll\", or \"Allowlist\", got: {other}"))
        }
    }
}

fn set(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let (path, _) = file(session, args)?;
    check(args)?;
    let mut preference = read(session, &path)?.unwrap_or_else(empty);
    let mut options = Vec::new();
    for option in args.list("option") {
        let Some((name, value)) = option.split_once('=') else {
            return Err(Error::plain(format!("invalid option format {option:?}, expected flag=value")));
        };
        options.push(json!({"name": (name.trim_start_matches('-')), "default": value}));
    }
    let overwrite = args.bool("overwrite");
    let command = args.str("command");
    match args.str("section") {
        "defaults" => {
            let mut entry = json!({"command": command});
            let exists =
                format!("defaults for command {command:?} already exist, use --overwrite to replace");
            put(&mut preference, "defaults", "command", &mut entry, vec![("options", options)], overwrite)
                .ok_or_else(|| Error::plain(exists))?;
        }
        "aliases" => {
            let name = args.str("name");
            let mut entry = json!({"command": command, "name": name});
            let given = |flag: &str| args.list(flag).into_iter().map(Value::from).collect::<Vec<_>>();
            let lists = vec![
                ("options", options),
                ("prependArgs", given("prependarg")),
                ("appendArgs", given("appendarg")),
            ];
            put(&mut preference, "aliases", "name", &mut entry, lists, overwrite).ok_or_else(|| {
                Error::plain(format!("alias {name:?} already exists, use --overwrite to replace"))
            })?;
        }
        _ => {
            if args.str("policy") == "Allowlist" {
                preference.set(&["credentialPluginAllowlist"], allowlist(&args.list("allowlist-entry"))?);
            }
            preference.set(&["credentialPluginPolicy"], args.str("policy"));
        }
    }
    save(session, &path, &preference)
}

/// Puts an entry into a list: what is not given stays as it was. `None` where one is there and may not be replaced.
fn put(
    preference: &mut Value,
    list: &str,
    key: &str,
    entry: &mut Value,
    fields: Vec<(&str, Vec<Value>)>,
    overwrite: bool,
) -> Option<()> {
    let mut all = preference.list_at(&[list]).to_vec();
    let old = all.iter_mut().find(|old| old.get(key) == entry.get(key));
    if old.is_some() && !overwrite {
        return None;
    }
    for (field, given) in fields {
        let kept = old.as_ref().and_then(|old| old.get(field)).filter(|kept| !kept.is_null()).cloned();
        match kept.filter(|_| given.is_empty()) {
            Some(kept) => entry.set(&[field], kept),
            None if !given.is_empty() => entry.set(&[field], given),
            // Defaults are written though they be none.
            None if list == "defaults" => entry.set(&[field], Value::Null),
            None => {}
        }
    }
    match old {
        Some(old) => *old = entry.clone(),
        None => all.push(entry.clone()),
    }
    preference.set(&[list], all);
    Some(())
}

fn allowlist(given: &[String]) -> Result<Vec<Value>, Error> {
    let (mut entries, mut wrong) = (Vec::new(), Vec::new());
    for pair in given.iter().flat_map(|pairs| pairs.split(',')) {
        match pair.split_once('=') {
            None => wrong.push(format!("improperly formatted allowlist entry: {pair:?}")),
            Some(("name", _)) => {
                wrong
                    .push("allowlist entry field \"name\" is deprecated, use \"command\" instead".to_owned());
            }
            Some(("command", value)) if value.trim().is_empty() => {
                wrong.push("empty value in allowlist entry for field \"command\"".to_owned());
            }
            Some(("command", value)) => entries.push(json!({"command": value})),
            Some((field, _)) => wrong.push(format!("unrecognized allowlist entry field: {field:?}")),
        }
    }
    if wrong.is_empty() { Ok(entries) } else { Err(Error::plain(aggregate(&wrong))) }
}
