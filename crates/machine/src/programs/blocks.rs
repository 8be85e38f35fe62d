//! Mounts, disks and namespaces: `mountpoint`, `findmnt`, `lsblk`, `lsns`.

use super::options;
use crate::sys::Sys;

pub(super) fn mountpoint(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(sys, argv, "qdxn", &[("quiet", 'q'), ("fs-devno", 'd')]) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let [path] = opts.operands.as_slice() else {
        sys.complain("mountpoint: bad usage\nTry 'mountpoint --help' for more information.\n");
        return 1;
    };
    let quiet = opts.has('q');
    if let Err(e) = sys.stat(path) {
        if !quiet {
            sys.complain(&format!("mountpoint: {path}: {}\n", e.text()));
        }
        return 1;
    }
    let real = sys.walk(path, true).map_or_else(|_| path.clone(), |f| sys.found_path(&f));
    let table = sys.slurp("/proc/self/mountinfo").unwrap_or_default();
    let is = table.lines().any(|l| l.split(' ').nth(4) == Some(real.as_str()));
    if !quiet {
        sys.print(&format!("{path} is {}a mountpoint\n", if is { "" } else { "not " }));
    }
    if is { 0 } else { 32 }
}

/// A mount as findmnt shows it.
struct Mounted {
    id: u32,
    parent: u32,
    cells: [String; 4],
}

fn tree(all: &[Mounted], parent: u32, lead: &str, out: &mut Vec<[String; 4]>) {
    let mine: Vec<&Mounted> = all.iter().filter(|m| m.parent == parent).collect();
    for (i, m) in mine.iter().enumerate() {
        let last = i + 1 == mine.len();
        let [target, rest @ ..] = m.cells.clone();
        let (branch, below) = if last { ("└─", "  ") } else { ("├─", "│ ") };
        let [source, fstype, options] = rest;
        out.push([format!("{lead}{branch}{target}"), source, fstype, options]);
        tree(all, m.id, &format!("{lead}{below}"), out);
    }
}

/// Rows in columns as wide as they need.
fn table(rows: &[Vec<String>], right: &[bool]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |c: usize| rows.iter().filter_map(|r| r.get(c)).map(|t| t.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (c, cell) in row.iter().enumerate() {
            let pad = " ".repeat(width(c).saturating_sub(cell.chars().count()));
            if right.get(c) == Some(&true) {
                line.push_str(&(pad + cell));
            } else {
                line.push_str(cell);
                if c + 1 < columns {
                    line.push_str(&pad);
                }
            }
            if c + 1 < columns {
                line.push(' ');
            }
        }
        out.push_str(&line);
        out.push('\n');
    }
    out
}

pub(super) fn findmnt(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [
        ("noheadings", 'n'),
        ("output", 'o'),
        ("target", 'T'),
        ("types", 't'),
        ("list", 'l'),
        ("mountpoint", 'M'),
    ];
    let opts = match options::parse(sys, argv, "no:T:t:lM:rRS:", &long) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let info = sys.slurp("/proc/self/mountinfo").unwrap_or_default();
    let mut all = Vec::new();
    for line in info.lines() {
        let (Some(head), Some(tail)) = (line.split(" - ").next(), line.split(" - ").nth(1)) else { continue };
        let (head, tail): (Vec<&str>, Vec<&str>) = (head.split(' ').collect(), tail.split(' ').collect());
        let ([id, parent, _, _, target, options, ..], [fstype, source, ..]) =
            (head.as_slice(), tail.as_slice())
        else {
            continue;
        };
        all.push(Mounted {
            id: id.parse().unwrap_or(0),
            parent: parent.parse().unwrap_or(0),
            cells: [*target, *source, *fstype, *options].map(str::to_owned),
        });
    }
    let wanted = opts.operands.first().map(String::as_str).or(opts.value('M')).or(opts.value('T'));
    let mut rows: Vec<[String; 4]> = Vec::new();
    if let Some(wanted) = wanted {
        let of = |m: &&Mounted| m.cells.iter().take(2).any(|c| c == wanted);
        let covers = |m: &&Mounted| m.cells.first().is_some_and(|t| wanted.starts_with(t.as_str()));
        let found = if opts.has('T') {
            all.iter().filter(covers).max_by_key(|m| m.cells.first().map_or(0, String::len))
        } else {
            all.iter().rfind(of)
        };
        let Some(m) = found else { return 1 };
        rows.push(m.cells.clone());
    } else if let Some(types) = opts.value('t') {
        rows.extend(
            all.iter()
                .filter(|m| m.cells.get(2).is_some_and(|t| types.split(',').any(|w| w == t)))
                .map(|m| m.cells.clone()),
        );
    } else if opts.has('l') {
        rows.extend(all.iter().map(|m| m.cells.clone()));
    } else {
        for root in all.iter().filter(|m| !all.iter().any(|p| p.id == m.parent)) {
            rows.push(root.cells.clone());
            tree(&all, root.id, "", &mut rows);
        }
    }
    const NAMES: [&str; 4] = ["TARGET", "SOURCE", "FSTYPE", "OPTIONS"];
    let asked: Vec<usize> = match opts.value('o') {
        None => vec![0, 1, 2, 3],
        Some(list) => {
            list.split(',').filter_map(|n| NAMES.iter().position(|c| c.eq_ignore_ascii_case(n))).collect()
        }
    };
    let pick = |row: &[String]| asked.iter().filter_map(|i| row.get(*i).cloned()).collect::<Vec<_>>();
    let mut shown: Vec<Vec<String>> = rows.iter().map(|r| pick(r)).collect();
    if !opts.has('n') {
        shown.insert(0, pick(&NAMES.map(str::to_owned)));
    }
    sys.print(&table(&shown, &[]));
    i32::from(rows.is_empty())
}

pub(super) fn lsblk(sys: &mut Sys<'_>, _: &[String]) -> i32 {
    // The disk is the node's: /sys shows it in containers too, what is mounted from it only there.
    let mounts = sys.slurp("/proc/self/mountinfo").unwrap_or_default();
    let points: Vec<&str> =
        mounts.lines().filter(|l| l.contains(" /dev/vda1 ")).filter_map(|l| l.split(' ').nth(4)).collect();
    let root = if points.is_empty() && sys.space().is_some_and(|s| s.id == crate::machine::HOST) {
        vec!["/"]
    } else {
        points
    };
    sys.print("NAME   MAJ:MIN RM SIZE RO TYPE MOUNTPOINTS\nvda    253:0    0  50G  0 disk \n");
    let mut points = root.into_iter().rev();
    sys.print(&format!("└─vda1 253:1    0  50G  0 part {}\n", points.next().unwrap_or("")));
    for point in points {
        sys.print(&format!("{:31}{point}\n", ""));
    }
    0
}

pub(super) fn lsns(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [("type", 't'), ("task", 'p'), ("noheadings", 'n')];
    let opts = match options::parse(sys, argv, "t:p:nlro:", &long) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let Some(rows) = super::ps::rows(sys, false) else { return 0 };
    let mut found: Vec<(u64, String, usize, u32, String, String)> = Vec::new();
    for row in &rows {
        if opts.value('p').is_some_and(|p| p != row.pid.to_string()) {
            continue;
        }
        for kind in ["time", "cgroup", "user", "uts", "ipc", "mnt", "pid", "net"] {
            if opts.value('t').is_some_and(|t| t != kind) {
                continue;
            }
            let Ok(link) = sys.read_link(&format!("/proc/{}/ns/{kind}", row.pid)) else { continue };
            let Some(number) = link.split(['[', ']']).nth(1).and_then(|n| n.parse::<u64>().ok()) else {
                continue;
            };
            match found.iter_mut().find(|f| f.0 == number && f.1 == kind) {
                Some(f) => f.2 += 1,
                None => {
                    let user = sys.user_name(row.uid).unwrap_or_else(|| row.uid.to_string());
                    found.push((number, kind.to_owned(), 1, row.pid, user, row.command.clone()));
                }
            }
        }
    }
    gatehouse_model::order::by_key(&mut found, |f| (f.0, f.3));
    let mut shown: Vec<Vec<String>> = Vec::new();
    if !opts.has('n') {
        shown.push(["NS", "TYPE", "NPROCS", "PID", "USER", "COMMAND"].map(str::to_owned).to_vec());
    }
    shown.extend(
        found.into_iter().map(|f| vec![f.0.to_string(), f.1, f.2.to_string(), f.3.to_string(), f.4, f.5]),
    );
    sys.print(&table(&shown, &[true, false, true, true, false, false]));
    0
}
