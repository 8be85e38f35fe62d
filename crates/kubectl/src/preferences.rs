//! The file of preferences: aliases of commands and defaults of flags. Models kubectl `pkg/kuberc`.
//!
//! Knows nothing of credential plugins' policy, which no plugin here would feel.

use std::collections::BTreeSet;

use gatehouse_model::{ClientVersion, Value, yaml};

use crate::cli::{Command, Flag, find, value};
use crate::commands::ROOT;
use crate::host::Files;

/// The first client whose preferences are on unless turned off.
pub const SINCE: u8 = 34;

/// The file in question, and whether it was asked for by name; `None` where preferences are turned off.
///
/// # Errors
/// Turned off and asked for.
pub fn file(files: &dyn Files, flag: &str) -> Result<Option<(String, bool)>, String> {
    let named = files.env("KUBERC").unwrap_or_default();
    match (named.as_str(), flag) {
        ("off", "") => Ok(None),
        ("off", _) => {
            Err("disabling kuberc via KUBERC=off and passing kuberc flag are mutually exclusive".to_owned())
        }
        ("", "") => {
            let home = files.env("HOME").unwrap_or_default();
            Ok(Some((format!("{}/.kube/kuberc", home.trim_end_matches('/')), false)))
        }
        (named, "") => Ok(Some((named.to_owned(), true))),
        (_, flag) => Ok(Some((flag.to_owned(), true))),
    }
}

/// The file that the words of a line name.
fn explicit(line: &[String]) -> Result<&str, String> {
    let missing = || "kuberc file is not found".to_owned();
    for (i, word) in line.iter().enumerate().take_while(|(_, word)| *word != "--") {
        if word == "--kuberc" {
            return line.get(i + 1).map(String::as_str).ok_or_else(missing);
        }
        if let Some((_, path)) = word.split_once("--kuberc=") {
            return if path.is_empty() { Err(missing()) } else { Ok(path) };
        }
    }
    Ok("")
}

/// What the line comes to with the preferences of the file; the line itself where there are none.
///
/// # Errors
/// What is wrong with them.
pub fn apply(
    files: &mut dyn Files,
    line: Vec<String>,
    version: ClientVersion,
    notes: &mut Vec<String>,
) -> Result<Vec<String>, String> {
    let off = files.env("KUBECTL_KUBERC").is_some_and(|on| value::parse_bool(&on) == Ok(false));
    if version.minor < SINCE || off || line.is_empty() {
        return Ok(line);
    }
    let Some((path, named)) = file(files, explicit(&line)?).map_err(|e| format!("kuberc error {e}"))? else {
        return Ok(line);
    };
    let bytes = match files.read(&path) {
        Ok(bytes) => bytes,
        Err(_) if !named => return Ok(line),
        Err(e) => return Err(format!("kuberc error kuberc: open {path}: {}", e.errno)),
    };
    prefer(&bytes, &path, named, line, version, notes)
}

#[inline(never)] // An entry in web/chunks.txt: most have no such file.
fn prefer(
    bytes: &[u8],
    path: &str,
    named: bool,
    line: Vec<String>,
    version: ClientVersion,
    notes: &mut Vec<String>,
) -> Result<Vec<String>, String> {
    let text = String::from_utf8_lossy(bytes);
    let mut documents = yaml::parse_all(&text)
        .into_iter()
        .map(|d| d.map(|d| d.value))
        .filter(|d| *d != Ok(Value::Null))
        .peekable();
    if documents.peek().is_none() {
        return Ok(line);
    }
    let versions = ["kubectl.config.k8s.io/v1beta1", "kubectl.config.k8s.io/v1alpha1"];
    let fits = |d: &Value| {
        d.str_at(&["kind"]) == "Preference" && versions.contains(&d.str_at(&["apiVersion"])) && spelled(d)
    };
    let Some(preference) = documents.filter_map(Result::ok).find(fits) else {
        let why = format!("no valid preferences found in {path}, use --v=5 to see details");
        if named {
            return Err(format!("kuberc error kuberc: {why}"));
        }
        // Written without an end of line.
        notes.push(format!("kuberc: no preferences loaded from {path}: {why}"));
        return Ok(line);
    };
    validate(&preference)?;
    // An alias is a command of its own, whose name no defaults have.
    let typed = line.clone();
    let line = aliases(&preference, line, version, notes)?;
    let aliased = line != typed;
    overrides(&preference, line, aliased, version, notes)
}

/// Whether every default is text: a file that says `default: true` cannot be decoded.
fn spelled(preference: &Value) -> bool {
    let entries = ["aliases", "defaults"].map(|list| preference.list_at(&[list])).concat();
    let text = |value: Option<&Value>| value.is_none_or(|value| value.as_str().is_some());
    entries.iter().all(|entry| entry.list_at(&["options"]).iter().all(|option| text(option.get("default"))))
}

fn validate(preference: &Value) -> Result<(), String> {
    let dashed = |entry: &Value| {
        let names = entry.list_at(&["options"]).iter().map(|option| option.str_at(&["name"]).to_owned());
        match names.into_iter().find(|name| name.starts_with('-')) {
            Some(name) => Err(format!("flag name {name} should be in long form without dashes")),
            None => Ok(()),
        }
    };
    let mut seen = BTreeSet::new();
    for alias in preference.list_at(&["aliases"]) {
        let name = alias.str_at(&["name"]);
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphabetic()) {
            return Err("invalid alias name, can only include alphabetical characters".to_owned());
        }
        dashed(alias)?;
        if !seen.insert(name) {
            return Err(format!("duplicate alias name {name}"));
        }
    }
    preference.list_at(&["defaults"]).iter().try_for_each(dashed)
}

fn words(entry: &Value, field: &str) -> Vec<String> {
    entry.list_at(&[field]).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn command_of(entry: &Value) -> Vec<String> {
    entry.str_at(&["command"]).split_whitespace().map(str::to_owned).collect()
}

/// The line with the alias that it begins with resolved.
fn aliases(
    preference: &Value,
    line: Vec<String>,
    version: ClientVersion,
    notes: &mut Vec<String>,
) -> Result<Vec<String>, String> {
    if find::find(&ROOT, &line, version).is_ok() {
        return Ok(line);
    }
    let Some(at) = line.iter().position(|word| !word.starts_with('-')) else { return Ok(line) };
    let typed = line.get(at).cloned().unwrap_or_default();
    let Some(alias) = preference.list_at(&["aliases"]).iter().find(|a| a.str_at(&["name"]) == typed) else {
        return Ok(line);
    };
    if ROOT.subcommand(&typed).is_some() {
        notes.push(format!("Warning: Setting alias {typed:?} to a built-in command is not supported\n"));
        return Ok(line);
    }
    let command = command_of(alias);
    let found = find::find(&ROOT, &command, version).map_err(|_| {
        let words = command.join(" ");
        format!("command {:?} not found to set alias {typed:?}: [{words}]", alias.str_at(&["command"]))
    })?;
    let set = flags(alias, found.command, &line, version, &|flag| {
        format!("invalid alias flag {flag} in alias kubectl")
    })
    .map_err(|e| e.replace("{}", "alias kubectl"))?;
    let (before, behind) = (line.iter().take(at), line.iter().skip(at + 1));
    let mut all: Vec<String> = before.cloned().chain(command).chain(set).collect();
    all.extend(words(alias, "prependArgs"));
    all.extend(behind.cloned());
    all.extend(words(alias, "appendArgs"));
    Ok(all)
}

/// The line with the defaults of its command's flags, where it does not say otherwise.
fn overrides(
    preference: &Value,
    line: Vec<String>,
    aliased: bool,
    version: ClientVersion,
    notes: &mut Vec<String>,
) -> Result<Vec<String>, String> {
    let Ok(found) = find::find(&ROOT, &line, version) else { return Ok(line) };
    let mut set = Vec::new();
    for entry in preference.list_at(&["defaults"]) {
        let command = entry.str_at(&["command"]);
        let Ok(meant) = find::find(&ROOT, &command_of(entry), version) else {
            notes.push(format!("Warning: command {command:?} not found to set kuberc override\n"));
            continue;
        };
        if aliased || meant.command.name != found.command.name {
            continue;
        }
        let given = flags(entry, found.command, &line, version, &|flag| {
            format!("invalid flag {flag} for command {command}")
        });
        set.extend(given.map_err(|e| e.replace("{}", &format!("command {command}")))?);
    }
    // They may stand before the command as well as behind it.
    Ok(set.into_iter().chain(line).collect())
}

/// The flags of an entry that the line does not give itself, as words.
fn flags(
    entry: &Value,
    command: &Command,
    line: &[String],
    version: ClientVersion,
    unknown: &dyn Fn(&str) -> String,
) -> Result<Vec<String>, String> {
    let known = find::flags_of(command, version);
    let mut set = Vec::new();
    for option in entry.list_at(&["options"]) {
        let (name, text) = (option.str_at(&["name"]), option.str_at(&["default"]));
        let Some(flag) = known.iter().find(|flag| flag.name == name) else { return Err(unknown(name)) };
        if given(flag, &known, line) {
            continue;
        }
        value::check(flag.ty, text).map_err(|why| {
            let shown = flag.spelled();
            let why = format!("invalid argument {text:?} for {shown:?} flag: {why}");
            let word = if entry.get("name").is_some() { "value" } else { "override value" };
            format!("could not apply {word} {text} to flag {name} in {{}} err: {why}")
        })?;
        set.push(format!("--{name}={text}"));
    }
    Ok(set)
}

/// Whether a line gives a flag, in any of the ways letters may be written.
fn given(flag: &Flag, known: &[&'static Flag], line: &[String]) -> bool {
    let long = format!("--{}", flag.name);
    let assigned = format!("{long}=");
    line.iter().any(|word| {
        if *word == long || word.starts_with(&assigned) {
            return true;
        }
        let (Some(letter), Some(cluster)) = (flag.short, word.strip_prefix('-')) else { return false };
        if cluster.starts_with(letter) {
            return true;
        }
        let letters = !cluster.is_empty() && cluster.bytes().all(|b| b.is_ascii_alphabetic());
        letters && known.iter().any(|f| f.short == Some(letter)) && cluster.contains(letter)
    })
}
