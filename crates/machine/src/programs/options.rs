//! Options on command lines, as getopt_long reads them.

use crate::sys::Sys;

/// What a command line says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// Letters in order, with their values.
    pub(crate) given: Vec<(char, String)>,
    /// Everything else.
    pub(crate) operands: Vec<String>,
}

impl Options {
    /// Whether a letter was given.
    pub(crate) fn has(&self, letter: char) -> bool {
        self.given.iter().any(|(l, _)| *l == letter)
    }

    /// The last value of a letter.
    pub(crate) fn value(&self, letter: char) -> Option<&str> {
        self.given.iter().rev().find(|(l, _)| *l == letter).map(|(_, v)| v.as_str())
    }
}

/// Reads options: letters, a colon behind those that take a value, two behind those whose value is optional and
/// attached. Long options stand for letters.
///
/// # Errors
/// The exit code, after the complaint was made.
pub(crate) fn parse(
    sys: &mut Sys<'_>,
    argv: &[String],
    letters: &str,
    long: &[(&str, char)],
) -> Result<Options, i32> {
    read(argv, letters, long, true).map_err(|e| refuse(sys, argv, &e))
}

/// As [`parse`], but operands end the options (`env`, `xargs`, `timeout`).
///
/// # Errors
/// The exit code, after the complaint was made.
pub(crate) fn parse_leading(
    sys: &mut Sys<'_>,
    argv: &[String],
    letters: &str,
    long: &[(&str, char)],
) -> Result<Options, i32> {
    read(argv, letters, long, false).map_err(|e| refuse(sys, argv, &e))
}

enum Refusal {
    Letter(char),
    Long(String),
    NeedsValue(char),
}

fn refuse(sys: &mut Sys<'_>, argv: &[String], refusal: &Refusal) -> i32 {
    let program = argv.first().map_or("", |a| a.rsplit('/').next().unwrap_or(a)).to_owned();
    let text = if sys.busybox() {
        match refusal {
            Refusal::Letter(c) => format!("{program}: unrecognized option: {c}\n"),
            Refusal::Long(l) => format!("{program}: unrecognized option: {l}\n"),
            Refusal::NeedsValue(c) => format!("{program}: option requires an argument: {c}\n"),
        }
    } else {
        let what = match refusal {
            Refusal::Letter(c) => format!("invalid option -- '{c}'"),
            Refusal::Long(l) => format!("unrecognized option '--{l}'"),
            Refusal::NeedsValue(c) => format!("option requires an argument -- '{c}'"),
        };
        format!("{program}: {what}\nTry '{program} --help' for more information.\n")
    };
    // getopt prints by itself.
    let _ = sys.write(2, text.as_bytes());
    if matches!(program.as_str(), "ls" | "sort" | "grep" | "diff") { 2 } else { 1 }
}

fn read(argv: &[String], letters: &str, long: &[(&str, char)], permute: bool) -> Result<Options, Refusal> {
    let mut out = Options::default();
    let takes = |c: char| {
        let (_, rest) = letters.split_once(c)?;
        Some(rest.bytes().take_while(|b| *b == b':').count())
    };
    let mut args = argv.iter().skip(1);
    while let Some(arg) = args.next() {
        if arg == "--" {
            out.operands.extend(args.cloned());
            break;
        }
        if let Some(name) = arg.strip_prefix("--") {
            let (name, value) = name.split_once('=').map_or((name, None), |(n, v)| (n, Some(v.to_owned())));
            let exact = long.iter().find(|(n, _)| *n == name);
            let letter = exact.or_else(|| {
                let mut starts = long.iter().filter(|(n, _)| n.starts_with(name));
                starts.next().filter(|_| starts.next().is_none())
            });
            let Some((_, letter)) = letter else { return Err(Refusal::Long(name.to_owned())) };
            let value = match (takes(*letter), value) {
                (_, Some(v)) => v,
                (Some(1), None) => args.next().cloned().ok_or(Refusal::NeedsValue(*letter))?,
                _ => String::new(),
            };
            out.given.push((*letter, value));
            continue;
        }
        let Some(cluster) = arg.strip_prefix('-').filter(|c| !c.is_empty()) else {
            out.operands.push(arg.clone());
            if !permute {
                out.operands.extend(args.cloned());
                break;
            }
            continue;
        };
        let mut chars = cluster.chars();
        while let Some(c) = chars.next() {
            match takes(c) {
                None => return Err(Refusal::Letter(c)),
                Some(0) => out.given.push((c, String::new())),
                Some(n) => {
                    let rest: String = chars.by_ref().collect();
                    let value = if rest.is_empty() && n == 1 {
                        args.next().cloned().ok_or(Refusal::NeedsValue(c))?
                    } else {
                        rest
                    };
                    out.given.push((c, value));
                }
            }
        }
    }
    Ok(out)
}
