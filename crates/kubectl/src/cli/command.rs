//! A command's row in the registry.

use crate::cli::{Args, Flag};
use crate::error::Error;
use crate::session::Session;

/// What a command does once its words are understood. It prints through the session.
pub type Run = fn(&mut Session<'_, '_>, &Args) -> Result<(), Error>;

/// A command that is found by its name, the command's own, before anything else is known of it.
#[derive(Clone, Copy)]
pub struct Row {
    /// Its first word.
    pub name: &'static str,
    /// The command itself.
    pub command: fn() -> &'static Command,
}

/// A command or a group of commands.
#[derive(Clone, Copy)]
pub struct Command {
    /// The first word.
    pub name: &'static str,
    /// Other first words.
    pub aliases: &'static [&'static str],
    /// One line, for the lists in help texts.
    pub short: &'static str,
    /// What help opens with; `short` where empty.
    pub long: &'static str,
    /// Examples of the help text, unindented.
    pub examples: &'static str,
    /// What follows the command's path in `Usage:`, for instance `NAME --image=image`.
    pub usage: &'static str,
    /// Its own flags, in groups that commands share.
    pub flags: &'static [&'static [Flag]],
    /// Commands below it, in the order of help.
    pub subcommands: &'static [&'static Command],
    /// Further commands below it, known here by their names only.
    pub apart: &'static [Row],
    /// What it does; a group without one prints its help.
    pub run: Option<Run>,
    /// The first client minor that has it.
    pub since: u8,
    /// What its failures add to the exit code: `diff` keeps 1 for differences.
    pub exit_shift: i32,
}

impl Command {
    /// A command with nothing but a name; tables fill in the rest with `..`.
    #[must_use]
    pub const fn named(name: &'static str) -> Self {
        Self {
            name,
            aliases: &[],
            short: "",
            long: "",
            examples: "",
            usage: "",
            flags: &[],
            subcommands: &[],
            apart: &[],
            run: None,
            since: 0,
            exit_shift: 0,
        }
    }

    /// The command below it that `word` calls.
    #[must_use]
    pub fn subcommand(&self, word: &str) -> Option<&'static Command> {
        let apart = self.apart.iter().find(|row| row.name == word).map(|row| (row.command)());
        apart.or_else(|| {
            self.subcommands.iter().copied().find(|c| c.name == word || c.aliases.contains(&word))
        })
    }

    /// Whether it is a group of commands.
    #[must_use]
    pub const fn is_group(&self) -> bool {
        !(self.apart.is_empty() && self.subcommands.is_empty())
    }

    /// The names of the commands below it, in the order of help.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.apart.iter().map(|row| row.name).chain(self.subcommands.iter().map(|c| c.name))
    }

    /// The commands below it, in the order of help.
    pub fn below(&self) -> impl Iterator<Item = &'static Command> + use<> {
        self.apart.iter().map(|row| (row.command)()).chain(self.subcommands.iter().copied())
    }

    /// Its own flags.
    pub fn own_flags(&self) -> impl Iterator<Item = &'static Flag> + use<> {
        self.flags.iter().flat_map(|group| group.iter())
    }
}
