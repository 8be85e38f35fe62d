//! busybox's `ps`: one table, or the columns that `-o` names.

use super::columns;
use crate::programs::options;
use crate::sys::Sys;

/// Name, header and width of busybox's columns; numbers stand at the right of all but the header.
const OWN: &[(&str, &str, usize)] = &[
    ("user", "USER", 8),
    ("group", "GROUP", 8),
    ("comm", "COMMAND", 16),
    ("args", "COMMAND", 256),
    ("pid", "PID", 5),
    ("ppid", "PPID", 5),
    ("pgid", "PGID", 5),
    ("etime", "ELAPSED", 7),
    ("nice", "NI", 5),
    ("time", "TIME", 6),
    ("tty", "TT", 6),
    ("vsz", "VSZ", 4),
    ("stat", "STAT", 4),
    ("rss", "RSS", 4),
];

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(sys, argv, "o:Twlef", &[]) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let _ = sys.call("ioctl");
    let formats: Vec<String> = opts.given.iter().filter(|(l, _)| *l == 'o').map(|(_, v)| v.clone()).collect();
    if formats.is_empty() {
        sys.print("PID   USER     TIME  COMMAND\n");
    }
    let Some(rows) = super::rows(sys, false) else { return 0 };
    if formats.is_empty() {
        for row in rows {
            let user = sys.user_name(row.uid).unwrap_or_else(|| row.uid.to_string());
            let user: String = user.chars().take(8).collect();
            sys.print(&format!("{:5} {user:<8}  0:00 {}\n", row.pid, row.command));
        }
        return 0;
    }
    let mut chosen = Vec::new();
    for list in &formats {
        for name in list.split(',') {
            let (name, header) = name.split_once('=').map_or((name, None), |(n, h)| (n, Some(h)));
            let Some(known) = OWN.iter().find(|c| c.0 == name) else {
                sys.complain(&format!(
                    "ps: bad -o argument '{name}', supported arguments: {}\n",
                    OWN.iter().map(|c| c.0).collect::<Vec<_>>().join(",")
                ));
                return 1;
            };
            chosen.push((known.0, header.unwrap_or(known.1).to_owned(), known.2));
        }
    }
    let last = chosen.len().saturating_sub(1);
    let line = |cells: Vec<String>, head: bool| {
        let mut out = String::new();
        for (i, (cell, (name, _, width))) in cells.iter().zip(&chosen).enumerate() {
            let right =
                !head && matches!(*name, "pid" | "ppid" | "pgid" | "nice" | "time" | "vsz" | "rss" | "etime");
            match (i == last, right) {
                (true, false) => out.push_str(cell),
                (true, true) => out.push_str(&format!("{cell:>width$}")),
                (false, true) => out.push_str(&format!("{cell:>width$} ")),
                (false, false) => out.push_str(&format!("{cell:<width$} ")),
            }
        }
        out + "\n"
    };
    sys.print(&line(chosen.iter().map(|(_, h, _)| h.clone()).collect(), true));
    for row in rows {
        let cells = chosen
            .iter()
            .map(|(name, _, _)| match *name {
                "time" => "0:00".to_owned(),
                "stat" => "S".to_owned(),
                name => columns::find(name).map(|column| column.text(sys, &row, "")).unwrap_or_default(),
            })
            .collect();
        sys.print(&line(cells, false));
    }
    0
}
