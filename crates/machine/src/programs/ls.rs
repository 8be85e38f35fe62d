//! `ls`.

use super::date;
use super::options;
use crate::fs::Kind;
use crate::sys::{Stat, Sys};

/// The `drwxr-xr-x` of an inode.
pub(super) fn mode_text(s: &Stat) -> String {
    let mut out = String::from(s.type_letter());
    for (shift, special, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
        let bits = s.mode >> shift;
        out.push(if bits & 4 != 0 { 'r' } else { '-' });
        out.push(if bits & 2 != 0 { 'w' } else { '-' });
        out.push(match (bits & 1 != 0, s.mode & special != 0) {
            (true, true) => letter,
            (false, true) => letter.to_ascii_uppercase(),
            (true, false) => 'x',
            (false, false) => '-',
        });
    }
    out
}

fn size_text(s: &Stat) -> String {
    match s.kind {
        Kind::Char(a, b) | Kind::Block(a, b) => format!("{a}, {b:3}"),
        _ => s.size().to_string(),
    }
}

/// Columns of one entry of `ls -l`: mode, links, owner, group, size, time, name.
fn columns(sys: &mut Sys<'_>, name: &str, path: &str, s: &Stat, opts: &options::Options) -> [String; 7] {
    let numeric = opts.has('n');
    let owner = if numeric { None } else { sys.user_name(s.uid) }.unwrap_or_else(|| s.uid.to_string());
    let group = if numeric { None } else { sys.group_name(s.gid) }.unwrap_or_else(|| s.gid.to_string());
    let old = sys.now().0 - s.mtime > 182 * 86_400_000;
    let time = if opts.has('T') {
        "%F %T.%N %z"
    } else if old {
        "%b %e  %Y"
    } else {
        "%b %e %H:%M"
    };
    let time = date::format(time, s.mtime);
    let mut shown = name.to_owned();
    if let Kind::Link(_) = s.kind
        && let Ok(target) = sys.read_link(path)
    {
        shown = format!("{name} -> {target}");
    }
    let size = if opts.has('h') { human(s.size()) } else { size_text(s) };
    [mode_text(s), s.links.max(if s.is_dir() { 2 } else { 1 }).to_string(), owner, group, size, time, shown]
}

/// A size as people read it: `4.0K`.
pub(super) fn human(n: u64) -> String {
    let units = ["", "K", "M", "G", "T"];
    let mut value = n as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    let name = units.get(unit).copied().unwrap_or("");
    if unit == 0 {
        n.to_string()
    } else if value < 10.0 {
        format!("{:.1}{name}", (value * 10.0).ceil() / 10.0)
    } else {
        format!("{:.0}{name}", value.ceil())
    }
}

/// One line of `find -ls`.
pub(super) fn long_line(sys: &mut Sys<'_>, path: &str, s: &Stat) -> String {
    let c = columns(sys, path, path, s, &options::Options::default());
    format!(
        "{:9} {:6} {} {:>3} {:8} {:8} {:>8} {} {}",
        s.ino,
        s.size().div_ceil(1024),
        c[0],
        c[1],
        c[2],
        c[3],
        c[4],
        c[5],
        c[6]
    )
}

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [
        ("all", 'a'),
        ("almost-all", 'A'),
        ("directory", 'd'),
        ("human-readable", 'h'),
        ("recursive", 'R'),
        ("reverse", 'r'),
        ("numeric-uid-gid", 'n'),
        ("color", 'K'),
        ("inode", 'i'),
        ("full-time", 'T'),
        ("classify", 'F'),
        ("size", 's'),
    ];
    let opts = match options::parse(sys, argv, "alAd1hRrtSniFpKTsZLHgoCx", &long) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let busybox = sys.busybox();
    let _ = sys.call("ioctl");
    let operands = if opts.operands.is_empty() { vec![".".to_owned()] } else { opts.operands.clone() };
    let many = operands.len() > 1;
    let mut code = 0;
    let (mut files, mut dirs) = (Vec::new(), Vec::new());
    for o in operands {
        let long = (opts.has('l') || opts.has('d')) && !opts.has('L') && !opts.has('H');
        let named = !opts.operands.is_empty() || opts.has('d');
        let stat = match (busybox, long && !o.ends_with('/')) {
            (true, true) => sys.lstat(&o),
            (true, false) => sys.stat(&o).or_else(|_| sys.lstat(&o)),
            (false, short) => {
                if named && let Err(e) = sys.call("statx") {
                    Err(e)
                } else if short {
                    sys.stat_quietly(&o)
                } else {
                    sys.follow_quietly(&o).or_else(|_| sys.stat_quietly(&o))
                }
            }
        };
        match stat {
            Ok(s) if s.is_dir() && !opts.has('d') => dirs.push(o),
            Ok(s) => files.push((o.clone(), o, s)),
            Err(e) => {
                let text = if busybox {
                    format!("ls: {o}: {}\n", e.text())
                } else {
                    format!("ls: cannot access '{o}': {}\n", e.text())
                };
                sys.complain(&text);
                code = if busybox { 1 } else { 2 };
            }
        }
    }
    let mut printed = !files.is_empty();
    show(sys, files, &opts, false);
    for d in dirs {
        code = code.max(directory(sys, &d, &opts, many || opts.has('R'), &mut printed, 0));
        if !sys.runs() {
            break;
        }
    }
    code
}

fn directory(
    sys: &mut Sys<'_>,
    dir: &str,
    opts: &options::Options,
    titled: bool,
    printed: &mut bool,
    depth: u32,
) -> i32 {
    let names = match sys.list(dir) {
        Ok(n) => n,
        Err(e) => {
            sys.flush();
            let text = if sys.busybox() {
                format!("ls: can't open '{dir}': {}\n", e.text())
            } else {
                format!("ls: cannot open directory '{dir}': {}\n", e.text())
            };
            sys.complain(&text);
            return if sys.busybox() {
                1
            } else if depth == 0 {
                2
            } else {
                1
            };
        }
    };
    if titled {
        sys.print(&format!("{}{dir}:\n", if *printed { "\n" } else { "" }));
    }
    *printed = true;
    let mut shown: Vec<String> = Vec::new();
    if opts.has('a') {
        shown.extend([".".to_owned(), "..".to_owned()]);
    }
    shown.extend(names.into_iter().filter(|n| !n.starts_with('.') || opts.has('a') || opts.has('A')));
    let mut entries = Vec::new();
    for n in shown {
        let path = if dir.ends_with('/') { format!("{dir}{n}") } else { format!("{dir}/{n}") };
        let stat = if opts.has('L') { sys.stat(&path) } else { sys.stat_quietly(&path) };
        if let Ok(s) = stat {
            entries.push((n, path, s));
        }
    }
    let below: Vec<String> = entries
        .iter()
        .filter(|(n, _, s)| s.is_dir() && n != "." && n != "..")
        .map(|(_, p, _)| p.clone())
        .collect();
    show(sys, entries, opts, true);
    let mut code = 0;
    if opts.has('R') && depth < 60 {
        for d in below {
            code = code.max(directory(sys, &d, opts, true, printed, depth + 1));
        }
    }
    code
}

fn show(
    sys: &mut Sys<'_>,
    mut entries: Vec<(String, String, Stat)>,
    opts: &options::Options,
    directory: bool,
) {
    if sys.userland() == crate::process::Userland::Coreutils
        && sys.env("LANG").is_some_and(|l| l.contains("en_"))
    {
        gatehouse_model::order::by_key(&mut entries, |(n, _, _)| n.to_lowercase());
    } else {
        gatehouse_model::order::by(&mut entries, |a, b| a.0.cmp(&b.0));
    }
    if opts.has('t') {
        gatehouse_model::order::by_key(&mut entries, |(_, _, s)| std::cmp::Reverse(s.mtime));
    }
    if opts.has('S') {
        gatehouse_model::order::by_key(&mut entries, |(_, _, s)| std::cmp::Reverse(s.size()));
    }
    if opts.has('r') {
        entries.reverse();
    }
    let decorate = |n: &str, s: &Stat| {
        let mark = match (&s.kind, opts.has('F')) {
            (Kind::Dir(_), _) if opts.has('F') || opts.has('p') => "/",
            (Kind::Link(_), true) => "@",
            (Kind::File(_), true) if s.mode & 0o111 != 0 => "*",
            _ => "",
        };
        format!("{n}{mark}")
    };
    if opts.has('l') || opts.has('n') || opts.has('g') || opts.has('o') || opts.has('T') {
        if !sys.busybox() && !entries.is_empty() {
            for call in ["statx", "llistxattr"] {
                let _ = sys.call(call);
            }
            if !opts.has('n') {
                sys.ask_name_service();
            }
            // The zone's file.
            let _ = sys.call("lseek");
        }
        if directory {
            let blocks: u64 = entries
                .iter()
                .map(|(_, _, s)| if s.is_dir() { 4 } else { s.size().div_ceil(4096) * 4 })
                .sum();
            sys.print(&format!("total {blocks}\n"));
        }
        let rows: Vec<([String; 7], u64)> =
            entries.iter().map(|(n, p, s)| (columns(sys, &decorate(n, s), p, s, opts), s.ino)).collect();
        let width = |i: usize| {
            rows.iter().filter_map(|(r, _)| r.get(i)).map(|c| c.chars().count()).max().unwrap_or(0)
        };
        let w: Vec<usize> = (0..7).map(width).collect();
        let at = |i: usize| w.get(i).copied().unwrap_or(0);
        for (r, ino) in rows {
            let [mode, links, owner, group, size, time, name] = r;
            let inode = if opts.has('i') { format!("{ino} ") } else { String::new() };
            let line = if sys.busybox() {
                format!("{inode}{mode} {links:>4} {owner:<8} {group:<8} {size:>9} {time} {name}\n")
            } else {
                let owner = if opts.has('g') { String::new() } else { format!("{owner:<w$} ", w = at(2)) };
                let group = if opts.has('o') { String::new() } else { format!("{group:<w$} ", w = at(3)) };
                format!(
                    "{inode}{mode} {links:>l$} {owner}{group}{size:>s$} {time} {name}\n",
                    l = at(1),
                    s = at(4)
                )
            };
            sys.print(&line);
        }
        return;
    }
    let names: Vec<String> = entries
        .iter()
        .map(|(n, _, s)| if opts.has('i') { format!("{} {}", s.ino, decorate(n, s)) } else { decorate(n, s) })
        .collect();
    if names.is_empty() {
        return;
    }
    if sys.is_tty(1) && !opts.has('1') || opts.has('C') || opts.has('x') {
        sys.print(&in_columns(&names, 80));
    } else {
        sys.print(&(names.join("\n") + "\n"));
    }
}

/// Names side by side, down the columns, as `ls` does on a terminal.
fn in_columns(names: &[String], width: usize) -> String {
    let widths: Vec<usize> = names.iter().map(|n| n.chars().count()).collect();
    let mut rows = 1;
    let layout = loop {
        let cols: Vec<usize> =
            widths.chunks(rows).map(|c| c.iter().max().copied().unwrap_or(0) + 2).collect();
        if rows >= names.len() || cols.iter().sum::<usize>().saturating_sub(2) < width {
            break cols;
        }
        rows += 1;
    };
    let mut out = String::new();
    for r in 0..rows {
        let mut line = String::new();
        for (c, w) in layout.iter().enumerate() {
            if let Some(n) = names.get(c * rows + r) {
                let last = names.get((c + 1) * rows + r).is_none();
                line.push_str(n);
                if !last {
                    line.push_str(&" ".repeat(w.saturating_sub(n.chars().count())));
                }
            }
        }
        out.push_str(&line);
        out.push('\n');
    }
    out
}
