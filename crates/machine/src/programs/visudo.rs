//! `visudo`: opens /etc/sudoers in the editor, or (`-c`) says whether the files can be read.
//!
//! Models sudo 1.9's plugins/sudoers/visudo.c; of a line that cannot be read it says where it begins to be wrong only
//! as far as the line goes.

use super::{edit, options};
use crate::sys::Sys;

const SUDOERS: &str = "/etc/sudoers";

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(
        sys,
        argv,
        "cqsf:x:",
        &[("check", 'c'), ("file", 'f'), ("quiet", 'q'), ("strict", 's')],
    ) {
        Ok(o) => o,
        Err(_) => return 1,
    };
    let file = opts.value('f').or(opts.operands.first().map(String::as_str)).unwrap_or(SUDOERS).to_owned();
    if sys.getid("geteuid") != 0 {
        sys.complain(&format!("visudo: {file}: Permission denied\n"));
        return 1;
    }
    if !opts.has('c') {
        return edit::main(sys, &["visudo".to_owned(), file]);
    }
    let mut files = vec![file.clone()];
    let Ok(text) = sys.slurp(&file) else {
        sys.complain(&format!("visudo: unable to open {file}: No such file or directory\n"));
        return 1;
    };
    for line in text.lines().map(str::trim) {
        let folder = line.strip_prefix("@includedir").or_else(|| line.strip_prefix("#includedir"));
        let Some(folder) = folder.map(str::trim) else { continue };
        let names = sys.list(folder).unwrap_or_default().into_iter();
        files
            .extend(names.filter(|n| !n.contains('.') && !n.ends_with('~')).map(|n| format!("{folder}/{n}")));
    }
    let mut code = 0;
    let mut fine = String::new();
    for file in &files {
        let text = sys.slurp(file).unwrap_or_default();
        match text.lines().enumerate().find(|(_, l)| !readable(l.trim())) {
            None => fine.push_str(&format!("{file}: parsed OK\n")),
            Some((i, line)) => {
                sys.complain(&format!("{file}:{}:{}: syntax error\n{line}\n", i + 1, line.len() + 1));
                code = 1;
            }
        }
    }
    if code == 0 && !opts.has('q') {
        sys.print(&fine);
    }
    code
}

/// Whether a line can be a line of sudoers.
fn readable(line: &str) -> bool {
    let alias = ["User_Alias", "Runas_Alias", "Host_Alias", "Cmnd_Alias", "Cmd_Alias"];
    if line.is_empty() || line.starts_with(['#', '@']) || line.starts_with("Defaults") || line.ends_with('\\')
    {
        return true;
    }
    if let Some(rest) = alias.iter().find_map(|a| line.strip_prefix(a)) {
        return rest.split_once('=').is_some_and(|(name, list)| {
            name.trim().chars().next().is_some_and(|c| c.is_ascii_uppercase()) && !list.trim().is_empty()
        });
    }
    let Some((who, rest)) = line.split_once(char::is_whitespace) else { return false };
    let Some((hosts, spec)) = rest.split_once('=') else { return false };
    let spec = spec.trim();
    let commands = match spec.strip_prefix('(') {
        Some(inner) => match inner.split_once(')') {
            Some((_, rest)) => rest.trim(),
            None => return false,
        },
        None => spec,
    };
    let commands = commands.rsplit_once(':').map_or(commands, |(tags, rest)| {
        if tags.chars().all(|c| c.is_ascii_uppercase() || c == ':' || c == ' ') {
            rest.trim()
        } else {
            commands
        }
    });
    !who.is_empty()
        && !hosts.trim().is_empty()
        && !commands.is_empty()
        && commands.split(',').map(|c| c.trim().trim_start_matches('!').trim()).all(|c| {
            c.starts_with('/')
                || c == "list"
                || c.starts_with("sudoedit")
                || c.chars().next().is_some_and(|l| l.is_ascii_uppercase())
        })
}
