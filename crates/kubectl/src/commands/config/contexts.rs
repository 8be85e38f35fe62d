//! `kubectl config` `current-context`, `use-context`, `rename-context`, `get-contexts`, `get-clusters`, `get-users`.

use super::{start, store, unexpected};
use crate::cli::{Args, Command, Flag};
use crate::config::save::default_file;
use crate::error::Error;
use crate::print::tabwriter::TabWriter;
use crate::session::Session;

pub(super) static CURRENT: Command = Command {
    short: "Display the current-context",
    long: "Display the current-context.",
    examples: "# Display the current-context\nkubectl config current-context",
    usage: "[flags]",
    run: Some(current),
    ..Command::named("current-context")
};

fn current(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let (_, config) = start(session, args)?;
    if config.current_context.is_empty() {
        return Err(Error::plain("current-context is not set"));
    }
    session.println(&config.current_context);
    Ok(())
}

pub(super) static USE: Command = Command {
    aliases: &["use"],
    short: "Set the current-context in a kubeconfig file",
    long: "Set the current-context in a kubeconfig file.",
    examples: "# Use the context for the minikube cluster\nkubectl config use-context minikube",
    usage: "CONTEXT_NAME",
    run: Some(use_context),
    ..Command::named("use-context")
};

fn use_context(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let [name] = args.words.as_slice() else { return Err(unexpected(session, args)) };
    let (which, before) = start(session, args)?;
    if name.is_empty() {
        return Err(Error::plain("empty context names are not allowed"));
    }
    if !before.contexts.contains_key(name) {
        return Err(Error::plain(format!("no context exists with the name: {name:?}")));
    }
    let mut after = before.clone();
    after.current_context.clone_from(name);
    store(session, &which, &before, &after)?;
    session.println(format!("Switched to context {name:?}."));
    Ok(())
}

pub(super) static RENAME: Command = Command {
    short: "Rename a context from the kubeconfig file",
    long: "Renames a context from the kubeconfig file.\n\n CONTEXT_NAME is the context name that you want to change.\n\n NEW_NAME is the new name you want to set.\n\n Note: If the context being renamed is the 'current-context', this field will also be updated.",
    examples: "# Rename the context 'old-name' to 'new-name' in your kubeconfig file\nkubectl config rename-context old-name new-name",
    usage: "CONTEXT_NAME NEW_NAME",
    run: Some(rename),
    ..Command::named("rename-context")
};

fn rename(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let [old, new] = args.words.as_slice() else { return Err(unexpected(session, args)) };
    if new.is_empty() {
        return Err(Error::plain("You must specify a new non-empty context name"));
    }
    let (which, before) = start(session, args)?;
    let file = default_file(session.host.files, &which);
    let Some(entry) = before.contexts.get(old) else {
        return Err(Error::plain(format!("cannot rename the context {old:?}, it's not in {file}")));
    };
    if before.contexts.contains_key(new) {
        return Err(Error::plain(format!(
            "cannot rename the context {old:?}, the context {new:?} already exists in {file}"
        )));
    }
    let mut after = before.clone();
    after.contexts.insert(new.clone(), entry.clone());
    after.contexts.remove(old);
    if after.current_context == *old {
        after.current_context.clone_from(new);
    }
    store(session, &which, &before, &after)?;
    session.println(format!("Context {old:?} renamed to {new:?}."));
    Ok(())
}

pub(super) static GET: Command = Command {
    short: "Describe one or many contexts",
    long: "Display one or many contexts from the kubeconfig file.",
    examples: "# List all the contexts in your kubeconfig file\nkubectl config get-contexts\n\n# Describe one context in your kubeconfig file\nkubectl config get-contexts my-context",
    usage: "[(-o|--output=)name)]",
    flags: &[&[
        Flag::bool(
            "no-headers",
            "When using the default or custom-column output format, don't print headers (default print headers).",
        ),
        Flag::str("output", "Output format. One of: (name).").short('o'),
    ]],
    run: Some(get),
    ..Command::named("get-contexts")
};

fn get(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let output = args.str("output");
    if !matches!(output, "" | "name") {
        return Err(Error::plain(format!(
            "--output {output} is not available in kubectl config get-contexts; resetting to default output format"
        )));
    }
    let name_only = output == "name";
    let (_, config) = start(session, args)?;
    let mut errors = Vec::new();
    let mut names: Vec<String> = Vec::new();
    if args.words.is_empty() {
        names.extend(config.contexts.keys().cloned());
    }
    for name in &args.words {
        if config.contexts.contains_key(name) {
            names.push(name.clone());
        } else {
            errors.push(Error::plain(format!("context {name} not found")));
        }
    }
    gatehouse_model::order::sort(&mut names);
    let mut table = TabWriter::table();
    if !args.bool("no-headers") && !name_only {
        table.write("CURRENT\tNAME\tCLUSTER\tAUTHINFO\tNAMESPACE\n");
    }
    for name in names {
        if name_only {
            table.write(&format!("{name}\n"));
            continue;
        }
        let mark = if config.current_context == name { "*" } else { " " };
        let field = |key: &str| config.contexts.get(&name).map_or("", |e| e.value.str_at(&[key])).to_owned();
        table.write(&format!(
            "{mark}\t{name}\t{}\t{}\t{}\n",
            field("cluster"),
            field("user"),
            field("namespace")
        ));
    }
    table.flush();
    let text = table.take();
    session.print(text);
    Error::collect(errors)
}

pub(super) static GET_CLUSTERS: Command = Command {
    short: "Display clusters defined in the kubeconfig",
    long: "Display clusters defined in the kubeconfig.",
    examples: "# List the clusters that kubectl knows about\nkubectl config get-clusters",
    usage: "[flags]",
    run: Some(|session, args| {
        let (_, config) = start(session, args)?;
        session.println("NAME");
        for name in config.clusters.keys() {
            session.println(name);
        }
        Ok(())
    }),
    ..Command::named("get-clusters")
};

pub(super) static GET_USERS: Command = Command {
    short: "Display users defined in the kubeconfig",
    long: "Display users defined in the kubeconfig.",
    examples: "# List the users that kubectl knows about\nkubectl config get-users",
    usage: "[flags]",
    run: Some(|session, args| {
        let (_, config) = start(session, args)?;
        session.println("NAME");
        for name in config.users.keys() {
            session.println(name);
        }
        Ok(())
    }),
    ..Command::named("get-users")
};
