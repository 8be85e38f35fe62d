//! `ps`: what /proc says of processes.
//!
//! Models procps 4's selections and columns for people who look for a process, its user, its arguments and what confines
//! it; busybox's knows one table. Time of processors and memory are the same for every process here.

mod busybox;
mod columns;
mod words;

use std::collections::BTreeMap;

use crate::sys::Sys;
use columns::{Column, FULL, JOBS, PLAIN, STATES, USERS};
use words::{Asked, Style};

/// A process as /proc tells of it.
pub(super) struct Row {
    pub(super) pid: u32,
    pub(super) ppid: u32,
    pub(super) uid: u32,
    ruid: u32,
    gid: u32,
    rgid: u32,
    session: u32,
    group: u32,
    terminal: bool,
    foreground: bool,
    state: String,
    nice: i32,
    /// Milliseconds since 1970.
    started: i64,
    pub(super) comm: String,
    pub(super) command: String,
    label: String,
}

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    if sys.busybox() {
        return busybox::main(sys, argv);
    }
    let _ = sys.call("ioctl");
    let asked = match words::parse(argv.get(1..).unwrap_or_default()) {
        Ok(asked) => asked,
        Err(why) => {
            sys.complain(&format!("error: {why}\n{}", words::USAGE));
            return 1;
        }
    };
    let mut users = Vec::new();
    for name in &asked.users {
        let Some(uid) = name.parse().ok().or_else(|| sys.find_user(|u| u.name == *name).map(|u| u.uid))
        else {
            sys.complain(&format!("error: user name does not exist\n{}", words::USAGE));
            return 1;
        };
        users.push(uid);
    }
    let columns = chosen(&asked);
    let rows = rows(sys, columns.iter().any(|(column, _)| column.is_label()));
    let Some(rows) = rows else { return 0 };
    let me = (sys.me().cred.uid, sys.me().terminal);
    let mut rows: Vec<Row> = rows.into_iter().filter(|row| selected(row, &asked, &users, me)).collect();
    for (key, down) in asked.sort.iter().rev() {
        rows.sort_by_cached_key(|row| key.sorts(row));
        if *down {
            rows.reverse();
        }
    }
    let branches = if asked.forest { forest(&mut rows) } else { BTreeMap::new() };
    let mut text = String::new();
    if asked.headings && columns.iter().any(|(_, heading)| !heading.is_empty()) {
        line(&mut text, columns.iter().map(|(column, heading)| (*column, heading.clone())));
    }
    for row in &rows {
        let branch = branches.get(&row.pid).map_or("", String::as_str);
        let mut fields = Vec::new();
        for (column, _) in &columns {
            fields.push((*column, column.text(sys, row, branch)));
        }
        line(&mut text, fields.into_iter());
    }
    sys.print(&text);
    i32::from(rows.is_empty())
}

/// Which columns, under which headings.
fn chosen(asked: &Asked) -> Vec<(Column, String)> {
    if !asked.columns.is_empty() {
        return asked.columns.clone();
    }
    let names = match (asked.style, asked.full, asked.jobs) {
        (Style::Users, ..) => USERS,
        (_, _, true) => JOBS,
        (Style::Bsd, ..) => STATES,
        (Style::Unix, true, _) => FULL,
        (Style::Unix, false, _) => PLAIN,
    };
    let label = asked.label.then_some("label");
    let names = label.into_iter().chain(names.split(' '));
    names.filter_map(|name| columns::find(name).map(|c| (*c, c.heading().to_owned()))).collect()
}

/// Which processes are meant.
fn selected(row: &Row, asked: &Asked, users: &[u32], (uid, terminal): (u32, Option<u32>)) -> bool {
    let named =
        !asked.pids.is_empty() || !asked.ppids.is_empty() || !asked.names.is_empty() || !users.is_empty();
    if asked.all {
        return true;
    }
    if named {
        return asked.pids.contains(&row.pid)
            || asked.ppids.contains(&row.ppid)
            || asked.names.contains(&row.comm)
            || users.contains(&row.uid);
    }
    match asked.style {
        Style::Unix if asked.others => row.terminal && row.session != row.pid,
        Style::Unix => row.uid == uid && row.terminal == terminal.is_some(),
        _ => (asked.others || row.uid == uid) && (asked.detached || row.terminal),
    }
}

/// A line of the table; what stands last is as long as it is.
fn line(text: &mut String, fields: impl Iterator<Item = (Column, String)>) {
    let fields: Vec<(Column, String)> = fields.collect();
    let last = fields.len().saturating_sub(1);
    for (at, (column, field)) in fields.into_iter().enumerate() {
        if at > 0 {
            text.push(' ');
        }
        column.pad(text, &field, at == last);
    }
    text.push('\n');
}

/// Puts children below their parents; what stands before the command of each.
fn forest(rows: &mut Vec<Row>) -> BTreeMap<u32, String> {
    let mut branches = BTreeMap::new();
    let mut left = std::mem::take(rows);
    let known: Vec<u32> = left.iter().map(|row| row.pid).collect();
    let mut open: Vec<(u32, String, bool)> = left
        .iter()
        .filter(|row| row.ppid <= 1 || !known.contains(&row.ppid))
        .rev()
        .map(|row| (row.pid, String::new(), true))
        .collect();
    while let Some((pid, before, top)) = open.pop() {
        let Some(at) = left.iter().position(|row| row.pid == pid) else { continue };
        let row = left.remove(at);
        let children: Vec<u32> =
            left.iter().filter(|child| child.ppid == pid && pid > 1).map(|child| child.pid).collect();
        let goes_on = open.last().is_some_and(|(_, other, _)| *other == before) && !top;
        let below = match (top, goes_on) {
            (true, _) => String::new(),
            (false, true) => format!("{before} |  "),
            (false, false) => format!("{before}    "),
        };
        branches.insert(pid, if top { String::new() } else { format!("{before} \\_ ") });
        open.extend(children.into_iter().rev().map(|child| (child, below.clone(), false)));
        rows.push(row);
    }
    branches
}

/// What the folders of /proc say; none where the process may not go on.
pub(super) fn rows(sys: &mut Sys<'_>, label: bool) -> Option<Vec<Row>> {
    let busybox = sys.busybox();
    let mut rows = Vec::new();
    let booted = sys.machine().booted;
    let (names, dir) = sys.list_open("/proc").unwrap_or_default();
    for name in names {
        let Ok(pid) = name.parse::<u32>() else { continue };
        // busybox asks whose folder it is, procps reads that too.
        let folder = if busybox { sys.stat(&format!("/proc/{name}")).ok() } else { None };
        let Ok(stat) = sys.slurp(&format!("/proc/{name}/stat")) else { continue };
        let status = match busybox {
            true => String::new(),
            false => match sys.slurp(&format!("/proc/{name}/status")) {
                Ok(status) => status,
                Err(_) => continue,
            },
        };
        let cmdline = sys.slurp(&format!("/proc/{name}/cmdline")).unwrap_or_default();
        let label = match label {
            true => sys.slurp(&format!("/proc/{name}/attr/current")).unwrap_or_default().trim().to_owned(),
            false => String::new(),
        };
        let ids = |key: &str| -> (u32, u32) {
            let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
            let mut words = line.split_whitespace().map(|word| word.parse().unwrap_or_default());
            (words.next().unwrap_or_default(), words.next().unwrap_or_default())
        };
        let ((ruid, uid), (rgid, gid)) = match folder {
            Some(folder) => ((folder.uid, folder.uid), (folder.gid, folder.gid)),
            None => (ids("Uid:"), ids("Gid:")),
        };
        let (head, fields) = stat.rsplit_once(") ").unwrap_or_default();
        let comm = head.split_once(" (").unwrap_or_default().1;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let number = |at: usize| fields.get(at).and_then(|f| f.parse::<i64>().ok()).unwrap_or_default();
        let id = |at: usize| u32::try_from(number(at)).unwrap_or_default();
        let command = cmdline.trim_end_matches('\0').replace('\0', " ");
        rows.push(Row {
            pid,
            ppid: id(1),
            uid,
            ruid,
            gid,
            rgid,
            group: id(2),
            session: id(3),
            terminal: number(4) != 0,
            foreground: number(5) == number(2),
            state: fields.first().copied().unwrap_or("S").to_owned(),
            nice: i32::try_from(number(16)).unwrap_or_default(),
            started: booted + 10 * number(19),
            command: if command.is_empty() { format!("[{comm}]") } else { command },
            comm: comm.to_owned(),
            label: if label.is_empty() { "-".to_owned() } else { label },
        });
    }
    sys.close(dir);
    sys.runs().then_some(rows)
}
