//! What a command line came to: the command, its flags' values and the words between.

use std::collections::BTreeMap;

use crate::cli::global::GLOBAL_FLAGS;
use crate::cli::value;
use crate::cli::{Command, Flag, FlagType};
use crate::error::Error;

/// The given values of one flag.
#[derive(Clone, Debug, Default)]
struct Given {
    values: Vec<String>,
}

/// A parsed command line.
#[derive(Clone)]
pub struct Args {
    /// The command and the words that led to it: `kubectl create deployment`.
    pub path: String,
    /// The command.
    pub command: &'static Command,
    /// The groups it lies in, outermost first, the root included.
    pub parents: Vec<&'static Command>,
    /// What is left when flags are taken away.
    pub words: Vec<String>,
    /// How many of `words` stood before `--`, where it was given (cobra's `ArgsLenAtDash`).
    pub dash: Option<usize>,
    /// The whole command line, for what repeats it.
    pub argv: Vec<String>,
    pub(crate) flags: Vec<&'static Flag>,
    given: BTreeMap<&'static str, Given>,
}

impl Args {
    pub(crate) fn new(
        path: String,
        command: &'static Command,
        parents: Vec<&'static Command>,
        flags: Vec<&'static Flag>,
    ) -> Self {
        Self {
            path,
            command,
            parents,
            words: Vec::new(),
            dash: None,
            argv: Vec::new(),
            flags,
            given: BTreeMap::new(),
        }
    }

    pub(crate) fn give(&mut self, flag: &'static Flag, text: &str) {
        self.given.entry(flag.name).or_default().values.push(text.to_owned());
    }

    /// The flag of this name, if the command has it.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<&'static Flag> {
        self.flags.iter().copied().find(|f| f.name == name)
    }

    /// Whether the flag was given.
    #[must_use]
    pub fn changed(&self, name: &str) -> bool {
        self.given.contains_key(name)
    }

    /// The flag's last value, or its default; empty where the command has no such flag.
    #[must_use]
    pub fn str(&self, name: &str) -> &str {
        match self.given.get(name).and_then(|g| g.values.last()) {
            Some(text) => text,
            None => self.flag(name).map_or("", |f| f.default),
        }
    }

    /// The value of a flag that every command has; empty where the command's own flag of that name hides it.
    #[must_use]
    pub fn global(&self, name: &str) -> &str {
        let hidden = self.flag(name).is_some_and(|f| !GLOBAL_FLAGS.iter().any(|g| std::ptr::eq(g, f)));
        if hidden { "" } else { self.str(name) }
    }

    /// Whether a switch is on.
    #[must_use]
    pub fn bool(&self, name: &str) -> bool {
        value::parse_bool(self.str(name)).unwrap_or(false)
    }

    /// A number.
    #[must_use]
    pub fn int(&self, name: &str) -> i64 {
        value::parse_int(self.str(name), i64::MIN, i64::MAX).unwrap_or(0)
    }

    /// A duration in milliseconds.
    #[must_use]
    pub fn millis(&self, name: &str) -> i64 {
        value::parse_duration(self.str(name)).unwrap_or(0)
    }

    /// The values of a slice or array, in the order given.
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<String> {
        let Some(flag) = self.flag(name) else { return Vec::new() };
        let split = |text: &str| match flag.ty {
            FlagType::StrSlice => value::split_csv(text).unwrap_or_default(),
            _ => vec![text.to_owned()],
        };
        match self.given.get(name) {
            Some(given) => given.values.iter().flat_map(|v| split(v)).collect(),
            None => {
                let inner = flag.default.trim_start_matches('[').trim_end_matches(']');
                if inner.is_empty() { Vec::new() } else { inner.split(',').map(str::to_owned).collect() }
            }
        }
    }

    /// The n-th word.
    #[must_use]
    pub fn word(&self, n: usize) -> Option<&str> {
        self.words.get(n).map(String::as_str)
    }

    /// `message` with the hint at the command's help that kubectl's `UsageErrorf` adds.
    #[must_use]
    pub fn usage_error(&self, message: impl AsRef<str>) -> Error {
        Error::plain(format!("{}\nSee '{} -h' for help and examples", message.as_ref(), self.path))
    }

    /// Takes a flag as not given.
    pub fn forget(&mut self, name: &str) {
        self.given.remove(name);
    }

    /// The refusal of flags that were given but do not go together with how the command is used.
    #[must_use]
    pub fn given_names(&self) -> Vec<&'static str> {
        self.given.keys().copied().collect()
    }
}
