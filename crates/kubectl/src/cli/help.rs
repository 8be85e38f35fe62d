//! Help texts. Models kubectl `pkg/util/templates` (the main help and usage templates).

use gatehouse_model::ClientVersion;

use crate::cli::find::flags_of;
use crate::cli::global::GLOBAL_FLAGS;
use crate::cli::{Args, Command, Flag, FlagType};

/// Commands under a heading.
pub struct Group {
    /// With its colon.
    pub heading: &'static str,
    /// By name.
    pub commands: &'static [&'static str],
}

/// What `--help` prints.
#[must_use]
pub fn help(args: &Args, groups: &[Group], version: ClientVersion) -> String {
    let long = if args.command.long.is_empty() { args.command.short } else { args.command.long };
    format!("{}\n\n{}\n", long.trim(), usage(args, groups, version))
}

/// The part of the help below its first paragraph.
#[must_use]
pub fn usage(args: &Args, groups: &[Group], version: ClientVersion) -> String {
    let command = args.command;
    let is_root = args.parents.is_empty();
    let mut sections = Vec::new();
    if !command.aliases.is_empty() {
        sections.push(format!("Aliases:\n{}, {}", command.name, command.aliases.join(", ")));
    }
    if !command.examples.is_empty() {
        let lines: Vec<String> = command
            .examples
            .trim_matches('\n')
            .lines()
            .map(|l| if l.is_empty() { String::new() } else { format!("  {l}") })
            .collect();
        sections.push(format!("Examples:\n{}", lines.join("\n")));
    }
    if command.is_group() {
        sections.push(subcommands(command, if is_root { groups } else { &[] }, version));
    }
    let flags: Vec<&Flag> = flags_of(command, version)
        .into_iter()
        .filter(|f| !GLOBAL_FLAGS.iter().any(|g| std::ptr::eq(g, *f)) && !f.hidden && f.deprecated.is_empty())
        .collect();
    if !flags.is_empty() {
        let mut sorted = flags;
        gatehouse_model::order::by_key(&mut sorted, |f| f.name);
        let rows: Vec<String> = sorted.iter().map(|f| flag_row(f)).collect();
        sections.push(format!("Options:\n{}", rows.join("\n\n")));
    }
    if is_root {
        sections.push(format!("Usage:\n  {} [flags] [options]", args.path));
    } else {
        let operands = if command.usage.is_empty() { String::new() } else { format!(" {}", command.usage) };
        let flags_mark =
            if command.run.is_some() && command.usage.contains("[flags]") || command.run.is_none() {
                " [flags]"
            } else {
                ""
            };
        let mut line =
            format!("{}{operands}{}", args.path, if operands.contains("[flags]") { "" } else { flags_mark });
        if !line.contains("[options]") {
            line.push_str(" [options]");
        }
        sections.push(format!("Usage:\n  {line}"));
    }
    let mut tips = String::new();
    if command.is_group() {
        // Old clients name no group here.
        let path = if version.minor < 30 { "kubectl" } else { &args.path };
        tips.push_str(&format!(
            "Use \"{path} <command> --help\" for more information about a given command.\n"
        ));
    }
    tips.push_str(
        "Use \"kubectl options\" for a list of global command-line options (applies to all commands).",
    );
    sections.push(tips);
    sections.join("\n\n")
}

fn subcommands(command: &Command, groups: &[Group], version: ClientVersion) -> String {
    let all: Vec<&Command> = command
        .below()
        .filter(|c| c.since <= version.minor && !c.short.is_empty() && c.name != "options")
        .collect();
    let pad = all.iter().map(|c| c.name.len()).max().unwrap_or(0).max(11);
    let row = |c: &Command| format!("  {:pad$}   {}", c.name, c.short);
    if groups.is_empty() {
        let mut rows: Vec<&Command> = all;
        gatehouse_model::order::by_key(&mut rows, |c| c.name);
        let rows: Vec<String> = rows.into_iter().map(row).collect();
        return format!("Available Commands:\n{}", rows.join("\n"));
    }
    let texts: Vec<String> = groups
        .iter()
        .map(|g| {
            let found = g.commands.iter().filter_map(|name| all.iter().find(|c| c.name == *name));
            found.fold(g.heading.to_owned(), |text, command| text + "\n" + &row(command))
        })
        .collect();
    texts.join("\n\n")
}

/// A flag's two lines. kubectl breaks the second only where it knows how wide the terminal is.
#[must_use]
pub fn flag_row(flag: &Flag) -> String {
    let quote = if flag.ty == FlagType::Str { "'" } else { "" };
    let short = flag.short.map_or_else(|| "    ".to_owned(), |c| format!("    -{c}, "));
    format!("{short}--{}={quote}{}{quote}:\n\t{}", flag.name, flag.default, flag.usage)
}
