//! Flags out of words, with pflag's errors. Models spf13/pflag `flag.go` (`parseArgs`).

use crate::cli::args::Args;
use crate::cli::flag::Flag;
use crate::cli::value;

/// Why the flags could not be understood, or that help was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlagError {
    /// `-h` or `--help`
    Help,
    /// pflag's words.
    Message(String),
}

/// Reads flags and words of `input` into `args`; `notes` takes what deprecated flags say.
///
/// # Errors
/// The first flag that cannot be understood.
pub fn parse(args: &mut Args, input: &[String], notes: &mut Vec<String>) -> Result<(), FlagError> {
    let mut input = input.iter();
    while let Some(word) = input.next() {
        if word == "--" {
            args.dash = Some(args.words.len());
            args.words.extend(input.by_ref().cloned());
            break;
        }
        if let Some(long) = word.strip_prefix("--") {
            parse_long(args, long, word, &mut input, notes)?;
        } else if let Some(cluster) = word.strip_prefix('-').filter(|c| !c.is_empty()) {
            parse_cluster(args, cluster, &mut input, notes)?;
        } else {
            args.words.push(word.clone());
        }
    }
    Ok(())
}

fn parse_long(
    args: &mut Args,
    body: &str,
    word: &str,
    rest: &mut std::slice::Iter<'_, String>,
    notes: &mut Vec<String>,
) -> Result<(), FlagError> {
    if body.starts_with('-') || body.starts_with('=') {
        return Err(FlagError::Message(format!("bad flag syntax: {word}")));
    }
    let (name, inline) = match body.split_once('=') {
        Some((n, v)) => (n, Some(v)),
        None => (body, None),
    };
    // Kubernetes normalises `_` to `-` in the names of flags.
    let normal = name.replace('_', "-");
    let Some(flag) = args.flag(&normal) else {
        return Err(if name == "help" {
            FlagError::Help
        } else {
            FlagError::Message(format!("unknown flag: --{name}"))
        });
    };
    let text = match inline {
        Some(v) => v.to_owned(),
        None if !flag.no_opt.is_empty() => flag.no_opt.to_owned(),
        None => match rest.next() {
            Some(v) => v.clone(),
            None => return Err(FlagError::Message(format!("flag needs an argument: --{name}"))),
        },
    };
    set(args, flag, &text, notes)
}

fn parse_cluster(
    args: &mut Args,
    cluster: &str,
    rest: &mut std::slice::Iter<'_, String>,
    notes: &mut Vec<String>,
) -> Result<(), FlagError> {
    let mut shorts = cluster;
    while let Some(letter) = shorts.chars().next() {
        let after = shorts.get(letter.len_utf8()..).unwrap_or("");
        let Some(flag) = args.flags.iter().copied().find(|f| f.short == Some(letter)) else {
            return Err(if letter == 'h' {
                FlagError::Help
            } else {
                FlagError::Message(format!("unknown shorthand flag: {letter:?} in -{shorts}"))
            });
        };
        let (text, next) = if let Some(v) = after.strip_prefix('=').filter(|v| !v.is_empty()) {
            (v.to_owned(), "")
        } else if !flag.no_opt.is_empty() {
            (flag.no_opt.to_owned(), after)
        } else if !after.is_empty() {
            (after.to_owned(), "")
        } else {
            match rest.next() {
                Some(v) => (v.clone(), ""),
                None => {
                    return Err(FlagError::Message(format!(
                        "flag needs an argument: {letter:?} in -{shorts}"
                    )));
                }
            }
        };
        set(args, flag, &text, notes)?;
        shorts = next;
    }
    Ok(())
}

fn set(args: &mut Args, flag: &'static Flag, text: &str, notes: &mut Vec<String>) -> Result<(), FlagError> {
    if let Err(why) = value::check(flag.ty, text) {
        return Err(FlagError::Message(format!(
            "invalid argument {text:?} for {:?} flag: {why}",
            flag.spelled()
        )));
    }
    args.give(flag, text);
    if flag.name == "help" && value::parse_bool(text) == Ok(true) {
        return Err(FlagError::Help);
    }
    if !flag.deprecated.is_empty() {
        notes.push(format!("Flag --{} has been deprecated, {}", flag.name, flag.deprecated));
    }
    Ok(())
}
