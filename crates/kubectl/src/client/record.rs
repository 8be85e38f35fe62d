//! `--record`: the command line as the cause of a change. Models cli-runtime `genericclioptions/record_flags.go`.

use gatehouse_model::Object;

use crate::cli::{Args, FlagType};

/// Where it is kept.
const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

/// Notes the command line on an object, where `--record` asks for it.
pub(crate) fn note(args: &Args, object: &mut Object) {
    if let Some(cause) = cause(args) {
        object.entry_at(&["metadata", "annotations"]).make_map().insert(CHANGE_CAUSE, cause);
    }
}

/// The command line as it is kept: its words, then each flag with its value.
pub(crate) fn cause(args: &Args) -> Option<String> {
    if !args.bool("record") {
        return None;
    }
    let (mut words, mut flags) = (String::new(), String::new());
    let mut line = args.argv.iter();
    while let Some(word) = line.next() {
        if word == "--" {
            line.by_ref().for_each(|w| words.push_str(&format!(" {w}")));
            break;
        }
        let (found, inline) = if let Some(long) = word.strip_prefix("--") {
            let (name, value) = long.split_once('=').map_or((long, None), |(n, v)| (n, Some(v)));
            (args.flags.iter().find(|f| f.name == name), value)
        } else if let Some(short) = word.strip_prefix('-').filter(|s| !s.is_empty()) {
            let mut rest = short.chars();
            let letter = rest.next();
            let value = Some(rest.as_str()).filter(|v| !v.is_empty());
            let value = value.map(|v| v.strip_prefix('=').unwrap_or(v));
            (args.flags.iter().find(|f| f.short == letter && letter.is_some()), value)
        } else {
            words.push_str(&format!(" {word}"));
            continue;
        };
        let Some(flag) = found else { continue };
        let value = match inline {
            Some(value) => value.to_owned(),
            None if !flag.no_opt.is_empty() || flag.ty == FlagType::Bool => flag.no_opt.to_owned(),
            None => line.next().cloned().unwrap_or_default(),
        };
        flags.push_str(&format!(" --{}={value}", flag.name));
    }
    Some(format!("kubectl{words}{flags}"))
}
