//! `sort`.

use std::cmp::Ordering;

use super::{inputs, lines, options};
use crate::sys::Sys;

#[derive(Clone, Debug, Default)]
struct Key {
    from: usize,
    from_char: usize,
    to: Option<usize>,
    flags: String,
}

fn key(text: &str) -> Option<Key> {
    let (a, b) = text.split_once(',').map_or((text, None), |(a, b)| (a, Some(b)));
    let digits = |t: &str| {
        let end = t.find(|c: char| !c.is_ascii_digit()).unwrap_or(t.len());
        let (n, rest) = t.split_at(end);
        n.parse::<usize>().ok().map(|n| (n, rest.to_owned()))
    };
    let (from, mut flags) = digits(a)?;
    let mut from_char = 1;
    if let Some(rest) = flags.strip_prefix('.').map(str::to_owned) {
        let (n, more) = digits(&rest)?;
        (from_char, flags) = (n, more);
    }
    let to = match b {
        Some(b) => {
            let (n, more) = digits(b)?;
            flags.push_str(
                more.split('.').next_back().unwrap_or("").trim_start_matches(|c: char| c.is_ascii_digit()),
            );
            Some(n)
        }
        None => None,
    };
    (from > 0).then_some(Key { from, from_char, to, flags })
}

fn number(text: &str) -> f64 {
    let t = text.trim_start();
    let end = t
        .char_indices()
        .find(|(i, c)| !(c.is_ascii_digit() || *c == '.' || *i == 0 && *c == '-'))
        .map_or(t.len(), |(i, _)| i);
    t.get(..end).and_then(|n| n.parse().ok()).unwrap_or(0.0)
}

fn human(text: &str) -> f64 {
    let unit = match text.trim().chars().last() {
        Some('K' | 'k') => 1024.0,
        Some('M') => 1_048_576.0,
        Some('G') => 1_073_741_824.0,
        _ => 1.0,
    };
    number(text) * unit
}

fn version(a: &str, b: &str) -> Ordering {
    let (mut x, mut y) = (a.chars().peekable(), b.chars().peekable());
    loop {
        match (x.peek().copied(), y.peek().copied()) {
            (None, None) => return Ordering::Equal,
            (None, _) => return Ordering::Less,
            (_, None) => return Ordering::Greater,
            (Some(p), Some(q)) if p.is_ascii_digit() && q.is_ascii_digit() => {
                let take = |it: &mut std::iter::Peekable<std::str::Chars<'_>>| {
                    let mut n = 0u64;
                    while let Some(d) = it.peek().and_then(|c| c.to_digit(10)) {
                        n = n.saturating_mul(10).saturating_add(u64::from(d));
                        it.next();
                    }
                    n
                };
                match take(&mut x).cmp(&take(&mut y)) {
                    Ordering::Equal => {}
                    o => return o,
                }
            }
            (Some(p), Some(q)) => match p.cmp(&q) {
                Ordering::Equal => {
                    x.next();
                    y.next();
                }
                o => return o,
            },
        }
    }
}

fn compare(a: &str, b: &str, flags: &str) -> Ordering {
    let (a, b) = if flags.contains('b') { (a.trim_start(), b.trim_start()) } else { (a, b) };
    let order = if flags.contains('n') || flags.contains('g') {
        number(a).partial_cmp(&number(b)).unwrap_or(Ordering::Equal)
    } else if flags.contains('h') {
        human(a).partial_cmp(&human(b)).unwrap_or(Ordering::Equal)
    } else if flags.contains('V') {
        version(a, b)
    } else if flags.contains('f') {
        a.to_uppercase().cmp(&b.to_uppercase())
    } else {
        a.cmp(b)
    };
    if flags.contains('r') { order.reverse() } else { order }
}

fn field<'l>(line: &'l str, k: &Key, separator: Option<&str>) -> &'l str {
    let mut starts = vec![0];
    match separator {
        Some(s) if !s.is_empty() => starts.extend(line.match_indices(s).map(|(i, m)| i + m.len())),
        _ => {
            // A field starts with the blanks before it.
            let mut blank = true;
            for (i, c) in line.char_indices() {
                if c == ' ' || c == '\t' {
                    if !blank {
                        starts.push(i);
                    }
                    blank = true;
                } else {
                    blank = false;
                }
            }
        }
    }
    let Some(start) = starts.get(k.from - 1).copied() else { return "" };
    let end = k.to.and_then(|t| starts.get(t)).map_or(line.len(), |e| e - separator.map_or(0, str::len));
    let text = line.get(start..end.max(start)).unwrap_or("");
    text.char_indices().nth(k.from_char.saturating_sub(1)).and_then(|(i, _)| text.get(i..)).unwrap_or("")
}

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [
        ("numeric-sort", 'n'),
        ("reverse", 'r'),
        ("unique", 'u'),
        ("key", 'k'),
        ("field-separator", 't'),
        ("output", 'o'),
        ("ignore-case", 'f'),
        ("human-numeric-sort", 'h'),
        ("version-sort", 'V'),
        ("stable", 's'),
        ("check", 'c'),
    ];
    let opts = match options::parse(sys, argv, "nrufbhVgsck:t:o:dizM", &long) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let busybox = sys.busybox();
    if !busybox && !opts.operands.is_empty() {
        let _ = sys.call("newfstatat");
    }
    let (all, fine) = inputs(sys, if sys.busybox() { "sort" } else { "sort: cannot read" }, &opts.operands);
    if !busybox && fine {
        for call in [
            "geteuid",
            "getegid",
            "getuid",
            "getgid",
            "sched_getaffinity",
            "fcntl",
            "fadvise64",
            "sysinfo",
            "lseek",
        ] {
            let _ = sys.call(call);
        }
    }
    let flags: String = opts.given.iter().filter(|(l, _)| "nrfbhVg".contains(*l)).map(|(l, _)| *l).collect();
    let mut keys = Vec::new();
    for (_, k) in opts.given.iter().filter(|(l, _)| *l == 'k') {
        match key(k) {
            Some(mut k) => {
                if k.flags.is_empty() {
                    k.flags.clone_from(&flags);
                }
                keys.push(k);
            }
            None => {
                sys.complain(&format!(
                    "sort: invalid number at field start: invalid count at start of \u{2018}{k}\u{2019}\n"
                ));
                return 2;
            }
        }
    }
    let separator = opts.value('t');
    let by_keys = |a: &str, b: &str| {
        if keys.is_empty() {
            return compare(a, b, &flags);
        }
        keys.iter()
            .map(|k| compare(field(a, k, separator), field(b, k, separator), &k.flags))
            .find(|o| o.is_ne())
            .unwrap_or(Ordering::Equal)
    };
    let mut rows: Vec<&str> = all.iter().flat_map(|(_, t)| lines(t)).collect();
    if opts.has('c') {
        let sorted = rows.is_sorted_by(|a, b| by_keys(a, b) != Ordering::Greater);
        return i32::from(!sorted);
    }
    gatehouse_model::order::by(&mut rows, |a, b| {
        by_keys(a, b).then_with(|| {
            if opts.has('u') || opts.has('s') {
                Ordering::Equal
            } else if flags.contains('r') {
                b.cmp(a)
            } else {
                a.cmp(b)
            }
        })
    });
    if opts.has('u') {
        rows.dedup_by(|b, a| by_keys(a, b).is_eq());
    }
    let text: String = rows.iter().map(|r| format!("{r}\n")).collect();
    match opts.value('o') {
        Some(f) => {
            if let Err(e) = sys.spill(f, &crate::text::encode(&text)) {
                sys.complain(&format!("sort: open failed: {f}: {}\n", e.text()));
                return 2;
            }
        }
        None => sys.print(&text),
    }
    if fine { 0 } else { 2 }
}
