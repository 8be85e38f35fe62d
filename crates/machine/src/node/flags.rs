//! Command lines of the control plane's components: which flags they have, and what pflag says of wrong ones.
//!
//! The lists in `flags/` name each flag and what it takes: a text, a truth value, a number, a duration, a list, pairs.
//! Models spf13/pflag and component-base `cli/run.go`.

use gatehouse_model::time::parse_duration;

/// What a component's flags were set to.
#[derive(Clone, Debug, Default)]
pub(super) struct Flags {
    given: Vec<(String, String)>,
}

/// The flags of a component, each with the letter of what it takes.
fn known(program: &str) -> &'static str {
    match program {
        "kube-apiserver" => include_str!("flags/kube-apiserver.txt"),
        "kube-controller-manager" => include_str!("flags/kube-controller-manager.txt"),
        "kube-scheduler" => include_str!("flags/kube-scheduler.txt"),
        _ => include_str!("flags/etcd.txt"),
    }
}

const TRUE: [&str; 6] = ["1", "t", "T", "TRUE", "true", "True"];
const FALSE: [&str; 6] = ["0", "f", "F", "FALSE", "false", "False"];

impl Flags {
    /// Reads a command line without the program's name.
    ///
    /// # Errors
    /// What the program says before it ends.
    pub(super) fn parse<'a>(program: &str, words: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let mut flags = Self::default();
        let mut operands = Vec::new();
        let mut words = words.peekable();
        while let Some(word) = words.next() {
            let Some(text) = word.strip_prefix("--") else {
                match word.strip_prefix('-').and_then(|w| w.chars().next()) {
                    Some('v') => continue,
                    Some(letter) => {
                        return Err(format!("unknown shorthand flag: '{letter}' in {word}"));
                    }
                    None => operands.push(word),
                }
                continue;
            };
            let (name, value) = text.split_once('=').map_or((text, None), |(n, v)| (n, Some(v)));
            let name = name.replace('_', "-");
            let kind = known(program).lines().find_map(|l| l.strip_prefix(name.as_str())?.strip_prefix(' '));
            let Some(kind) = kind else { return Err(format!("unknown flag: --{name}")) };
            let value = match (value, kind) {
                (Some(v), _) => v,
                (None, "b") => "true",
                (None, _) => match words.next() {
                    Some(next) => next,
                    None => return Err(format!("flag needs an argument: --{name}")),
                },
            };
            check(kind, value)
                .map_err(|why| format!("invalid argument {value:?} for \"--{name}\" flag: {why}"))?;
            match flags.given.iter_mut().find(|(n, _)| *n == name) {
                Some((_, there)) if matches!(kind, "l" | "m") => *there = format!("{there},{value}"),
                Some((_, there)) => value.clone_into(there),
                None => flags.given.push((name, value.to_owned())),
            }
        }
        if operands.is_empty() {
            return Ok(flags);
        }
        Err(format!("{program:?} does not take any arguments, got {operands:?}").replace("\", \"", "\" \""))
    }

    /// A flag's value.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.given.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// A flag's value, empty where it was not given.
    pub(super) fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// The parts of a list.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        self.text(name).split(',').map(str::trim).filter(|w| !w.is_empty()).map(str::to_owned).collect()
    }

    /// Whether a flag is on.
    pub(super) fn is(&self, name: &str, default: bool) -> bool {
        self.get(name).map_or(default, |v| TRUE.contains(&v))
    }

    /// A number.
    pub(super) fn number(&self, name: &str, default: i64) -> i64 {
        self.get(name).and_then(|v| v.parse().ok()).unwrap_or(default)
    }
}

fn check(kind: &str, value: &str) -> Result<(), String> {
    match kind {
        "b" if !TRUE.contains(&value) && !FALSE.contains(&value) => {
            Err(format!("strconv.ParseBool: parsing {value:?}: invalid syntax"))
        }
        "n" if value.parse::<i64>().is_err() => {
            Err(format!("strconv.ParseInt: parsing {value:?}: invalid syntax"))
        }
        "d" => parse_duration(value).map(|_| ()),
        "m" => match value.split(',').find(|p| !p.is_empty() && !p.contains('=')) {
            Some(pair) => Err(format!("malformed pair, expect string=bool: {pair}")),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}
