//! `ps`: procps' with its own and BSD's options, and busybox's.

use super::options;
use crate::sys::Sys;

/// A process as /proc has it.
pub(super) struct Row {
    pub(super) pid: u32,
    pub(super) ppid: u32,
    pub(super) uid: u32,
    gid: u32,
    nice: i32,
    pub(super) comm: String,
    pub(super) command: String,
    label: String,
}

/// Reads /proc; none where the process may not go on.
pub(super) fn rows(sys: &mut Sys<'_>, labels: bool) -> Option<Vec<Row>> {
    let busybox = sys.busybox();
    let mut rows = Vec::new();
    let (names, dir) = sys.list_open("/proc").unwrap_or_default();
    for name in names {
        let Ok(pid) = name.parse::<u32>() else { continue };
        let owner = if busybox { sys.stat(&format!("/proc/{name}")).ok().map(|s| s.uid) } else { None };
        let Ok(status) = sys.slurp(&format!("/proc/{name}/status")) else { continue };
        let field = |key: &str| {
            let line = status.lines().find_map(|l| l.strip_prefix(key));
            line.and_then(|l| l.split_whitespace().next()).unwrap_or("").to_owned()
        };
        let cmdline = sys.slurp(&format!("/proc/{name}/cmdline")).unwrap_or_default();
        let command = cmdline.trim_end_matches('\0').replace('\0', " ");
        let comm = field("Name:");
        let command = if command.is_empty() { format!("[{comm}]") } else { command };
        let number = |key: &str| field(key).parse().unwrap_or(0);
        let label = if labels {
            sys.slurp(&format!("/proc/{name}/attr/current"))
                .map_or_else(|_| "-".to_owned(), |l| l.trim_end().to_owned())
        } else {
            String::new()
        };
        rows.push(Row {
            pid,
            ppid: number("PPid:"),
            uid: owner.unwrap_or_else(|| number("Uid:")),
            gid: number("Gid:"),
            nice: sys.machine().processes.values().find(|p| p.vpid == pid).map_or(0, |p| p.nice),
            comm,
            command,
            label,
        });
    }
    sys.close(dir);
    sys.runs().then_some(rows)
}

/// procps' columns: name, header, width, whether it stands at the right.
const COLUMNS: &[(&str, &str, usize, bool)] = &[
    ("args", "COMMAND", 27, false),
    ("cmd", "CMD", 27, false),
    ("command", "COMMAND", 27, false),
    ("comm", "COMMAND", 15, false),
    ("ucmd", "CMD", 15, false),
    ("pid", "PID", 7, true),
    ("ppid", "PPID", 7, true),
    ("pgid", "PGID", 7, true),
    ("tid", "TID", 7, true),
    ("user", "USER", 8, false),
    ("euser", "EUSER", 8, false),
    ("ruser", "RUSER", 8, false),
    ("uname", "USER", 8, false),
    ("group", "GROUP", 8, false),
    ("egroup", "EGROUP", 8, false),
    ("uid", "UID", 5, true),
    ("euid", "EUID", 5, true),
    ("ruid", "RUID", 5, true),
    ("gid", "GID", 5, true),
    ("egid", "EGID", 5, true),
    ("pcpu", "%CPU", 4, true),
    ("%cpu", "%CPU", 4, true),
    ("pmem", "%MEM", 4, true),
    ("%mem", "%MEM", 4, true),
    ("vsz", "VSZ", 6, true),
    ("rss", "RSS", 5, true),
    ("tty", "TT", 8, false),
    ("tt", "TT", 8, false),
    ("tname", "TTY", 8, false),
    ("stat", "STAT", 4, false),
    ("s", "S", 1, false),
    ("state", "S", 1, false),
    ("start", "STARTED", 8, true),
    ("stime", "STIME", 5, false),
    ("lstart", "STARTED", 24, true),
    ("etime", "ELAPSED", 11, true),
    ("time", "TIME", 8, true),
    ("cputime", "TIME", 8, true),
    ("ni", "NI", 3, true),
    ("nice", "NI", 3, true),
    ("pri", "PRI", 3, true),
    ("nlwp", "NLWP", 4, true),
    ("label", "LABEL", 31, false),
    ("c", "C", 2, true),
];

const HELP: &str = "\n\nUsage:\n ps [options]\n\n Try 'ps --help <simple|list|output|threads|misc|all>'\n  or 'ps --help <s|l|o|t|m|a>'\n for additional help text.\n\nFor more details see ps(1).\n";

/// One column of a process.
fn value(sys: &mut Sys<'_>, row: &Row, name: &str) -> String {
    match name {
        "args" | "cmd" | "command" => row.command.clone(),
        "comm" | "ucmd" => row.comm.clone(),
        "pid" | "tid" | "pgid" => row.pid.to_string(),
        "ppid" => row.ppid.to_string(),
        "user" | "euser" | "ruser" | "uname" => sys.user_name(row.uid).unwrap_or_else(|| row.uid.to_string()),
        "group" | "egroup" => sys.group_name(row.gid).unwrap_or_else(|| row.gid.to_string()),
        "uid" | "euid" | "ruid" => row.uid.to_string(),
        "gid" | "egid" => row.gid.to_string(),
        "pcpu" | "%cpu" | "pmem" | "%mem" => "0.0".to_owned(),
        "vsz" => "4624".to_owned(),
        "rss" => "1664".to_owned(),
        "tty" | "tt" | "tname" => "?".to_owned(),
        "stat" => if row.nice < 0 {
            "S<s"
        } else if row.nice > 0 {
            "SNs"
        } else {
            "Ss"
        }
        .to_owned(),
        "s" | "state" => "S".to_owned(),
        "start" => "00:00:00".to_owned(),
        "stime" => "00:00".to_owned(),
        "lstart" | "etime" => {
            let started =
                sys.machine().processes.values().find(|p| p.vpid == row.pid).map_or(0, |p| p.started);
            if name == "lstart" {
                super::date::format("%a %b %e %T %Y", started)
            } else {
                let s = (sys.now().0 - started).max(0) / 1000;
                match (s / 86_400, s / 3600 % 24) {
                    (0, 0) => format!("{:02}:{:02}", s / 60, s % 60),
                    (0, h) => format!("{h:02}:{:02}:{:02}", s / 60 % 60, s % 60),
                    (d, h) => format!("{d}-{h:02}:{:02}:{:02}", s / 60 % 60, s % 60),
                }
            }
        }
        "time" | "cputime" => "00:00:00".to_owned(),
        "ni" | "nice" => row.nice.to_string(),
        "pri" => (19 - row.nice).to_string(),
        "nlwp" => "1".to_owned(),
        "label" => row.label.clone(),
        "c" => "0".to_owned(),
        _ => String::new(),
    }
}

/// Prints chosen columns, each a name with its header.
fn table(sys: &mut Sys<'_>, rows: &[Row], columns: &[(String, String)]) {
    let shape = |name: &str| COLUMNS.iter().find(|c| c.0 == name).map_or((8, false), |c| (c.2, c.3));
    let line = |cells: Vec<String>| {
        let last = cells.len().saturating_sub(1);
        let mut out = String::new();
        for (i, (cell, (name, header))) in cells.iter().zip(columns).enumerate() {
            let (width, right) = shape(name);
            let width = width.max(header.len());
            match (right, i == last) {
                (true, _) => out.push_str(&format!("{cell:>width$}")),
                (false, true) => out.push_str(cell),
                (false, false) => {
                    out.push_str(&format!("{:<width$}", cell.chars().take(width).collect::<String>()))
                }
            }
            if i != last {
                out.push(' ');
            }
        }
        out + "\n"
    };
    if columns.iter().any(|(_, h)| !h.is_empty()) {
        sys.print(&line(columns.iter().map(|(_, h)| h.clone()).collect()));
    }
    for row in rows {
        let cells = columns.iter().map(|(name, _)| value(sys, row, name)).collect();
        sys.print(&line(cells));
    }
}

/// The columns of `-o`: `pid,user=WHO`; the name that is none otherwise.
fn chosen(given: &[String]) -> Result<Vec<(String, String)>, String> {
    let mut all = Vec::new();
    for list in given {
        for name in list.split([',', ' ']).filter(|n| !n.is_empty()) {
            let (name, header) = name.split_once('=').map_or((name, None), |(n, h)| (n, Some(h.to_owned())));
            let known = COLUMNS.iter().find(|c| c.0 == name).ok_or_else(|| name.to_owned())?;
            all.push((name.to_owned(), header.unwrap_or_else(|| known.1.to_owned())));
        }
    }
    Ok(all)
}

fn busybox(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(sys, argv, "o:Twlef", &[]) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let _ = sys.call("ioctl");
    let formats: Vec<String> = opts.given.iter().filter(|(l, _)| *l == 'o').map(|(_, v)| v.clone()).collect();
    if formats.is_empty() {
        sys.print("PID   USER     TIME  COMMAND\n");
    }
    let Some(rows) = rows(sys, false) else { return 0 };
    if formats.is_empty() {
        for row in rows {
            let user = sys.user_name(row.uid).unwrap_or_else(|| row.uid.to_string());
            let user: String = user.chars().take(8).collect();
            sys.print(&format!("{:5} {user:<8}  0:00 {}\n", row.pid, row.command));
        }
        return 0;
    }
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
    let mut columns = Vec::new();
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
            columns.push((known.0, header.unwrap_or(known.1).to_owned(), known.2));
        }
    }
    let last = columns.len().saturating_sub(1);
    let line = |cells: Vec<String>, head: bool| {
        let mut out = String::new();
        for (i, (cell, (name, _, width))) in cells.iter().zip(&columns).enumerate() {
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
    sys.print(&line(columns.iter().map(|(_, h, _)| h.clone()).collect(), true));
    for row in rows {
        let cells = columns
            .iter()
            .map(|(name, _, _)| match *name {
                "time" => "0:00".to_owned(),
                "stat" => "S".to_owned(),
                name => value(sys, &row, name),
            })
            .collect();
        sys.print(&line(cells, false));
    }
    0
}

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    if sys.busybox() {
        return busybox(sys, argv);
    }
    let (mut every, mut full, mut users, mut labels) = (false, false, false, false);
    let (mut formats, mut pids, mut names, mut of_users) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut args = argv.iter().skip(1);
    while let Some(arg) = args.next() {
        let bsd = !arg.starts_with('-');
        if arg.starts_with("--") {
            every |= arg == "--everyone";
            continue;
        }
        let mut letters = arg.trim_start_matches('-').chars();
        while let Some(c) = letters.next() {
            let mut operand = || {
                let rest: String = letters.by_ref().collect();
                if rest.is_empty() { args.next().cloned().unwrap_or_default() } else { rest }
            };
            match c {
                'e' | 'A' => every = true,
                'a' | 'x' => every = true,
                'u' if bsd => users = true,
                'f' => full |= !bsd,
                'o' | 'O' => formats.push(operand()),
                'p' => pids.extend(operand().split([',', ' ']).filter_map(|p| p.parse::<u32>().ok())),
                'C' => names.push(operand()),
                'u' | 'U' => of_users.push(operand()),
                'Z' | 'M' => labels = true,
                _ if c.is_ascii_digit() && bsd => pids.extend(arg.parse::<u32>().ok()),
                _ => {}
            }
        }
    }
    let columns = match chosen(&formats) {
        Ok(c) => c,
        Err(name) => {
            sys.complain(&format!("error: unknown user-defined format specifier \"{name}\"{HELP}"));
            return 1;
        }
    };
    let _ = sys.call("ioctl");
    labels |= columns.iter().any(|(n, _)| n == "label");
    let Some(mut rows) = rows(sys, labels) else { return 0 };
    let me = sys.me().cred.uid;
    let picked = !pids.is_empty() || !names.is_empty() || !of_users.is_empty();
    rows.retain(|r| {
        let by_user = of_users.iter().any(|u| *u == r.uid.to_string());
        if picked {
            pids.contains(&r.pid) || names.contains(&r.comm) || by_user
        } else {
            every || full || users || r.uid == me
        }
    });
    for wanted in &of_users {
        if let Some(user) = sys.find_user(|u| u.name == *wanted) {
            let more = self::rows(sys, labels).unwrap_or_default();
            rows.extend(more.into_iter().filter(|r| r.uid == user.uid));
        }
    }
    let found = !rows.is_empty();
    if !columns.is_empty() {
        table(sys, &rows, &columns);
        return i32::from(!found);
    }
    let label = |row: &Row| if labels { format!("{:<31} ", row.label) } else { String::new() };
    let head = if labels { format!("{:<31} ", "LABEL") } else { String::new() };
    if users {
        sys.print(&format!(
            "{head}USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n"
        ));
    } else if full {
        sys.print(&format!("{head}UID          PID    PPID  C STIME TTY          TIME CMD\n"));
    } else {
        sys.print(&format!("{head}    PID TTY          TIME CMD\n"));
    }
    for row in rows {
        let user = sys.user_name(row.uid).unwrap_or_else(|| row.uid.to_string());
        let (pid, ppid) = (row.pid, row.ppid);
        let label = label(&row);
        let line = if users {
            format!(
                "{label}{user:<8} {pid:>7}  0.0  0.0   4624  1664 ?        Ss   00:00   0:00 {}\n",
                row.command
            )
        } else if full {
            format!("{label}{user:<8} {pid:>7} {ppid:>7}  0 00:00 ?        00:00:00 {}\n", row.command)
        } else {
            format!("{label}{pid:7} ?        00:00:00 {}\n", row.comm)
        };
        sys.print(&line);
    }
    i32::from(!found)
}
