//! `paste`, `nl`, `rev`, `tac`, `comm`, `column`.

use super::{inputs, lines, options};
use crate::sys::Sys;

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(sys, argv, "d:s", &[("delimiters", 'd'), ("serial", 's')]) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let joint: Vec<char> =
        opts.value('d').unwrap_or("\t").replace("\\n", "\n").replace("\\t", "\t").chars().collect();
    let at = |i: usize| joint.get(i % joint.len().max(1)).map(char::to_string).unwrap_or_default();
    let (all, fine) = inputs(sys, "paste", &opts.operands);
    if opts.has('s') {
        for (_, t) in &all {
            let mut out = String::new();
            for (i, l) in lines(t).iter().enumerate() {
                if i > 0 {
                    out.push_str(&at(i - 1));
                }
                out.push_str(l);
            }
            sys.print(&(out + "\n"));
        }
        return i32::from(!fine);
    }
    let columns: Vec<Vec<&str>> = all.iter().map(|(_, t)| lines(t)).collect();
    // `paste - -` takes turns on standard input.
    let dashes = opts.operands.iter().filter(|o| *o == "-").count();
    if dashes > 1 && dashes == opts.operands.len() {
        let one: Vec<&str> = columns.first().cloned().unwrap_or_default();
        for row in one.chunks(dashes) {
            sys.print(&(row.join(&at(0)) + "\n"));
        }
        return 0;
    }
    for r in 0..columns.iter().map(Vec::len).max().unwrap_or(0) {
        let mut out = String::new();
        for (i, c) in columns.iter().enumerate() {
            if i > 0 {
                out.push_str(&at(i - 1));
            }
            out.push_str(c.get(r).copied().unwrap_or(""));
        }
        sys.print(&(out + "\n"));
    }
    i32::from(!fine)
}

pub(super) fn nl(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(sys, argv, "b:w:s:n:", &[]) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let (all, fine) = inputs(sys, "nl", &opts.operands);
    let mut n = 0;
    for (_, t) in all {
        for l in lines(&t) {
            if l.is_empty() && opts.value('b') != Some("a") {
                sys.print("       \n");
            } else {
                n += 1;
                sys.print(&format!("{n:6}\t{l}\n"));
            }
        }
    }
    i32::from(!fine)
}

pub(super) fn rev(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let (all, fine) = inputs(sys, "rev", argv.get(1..).unwrap_or_default());
    for (_, t) in all {
        for l in lines(&t) {
            let r: String = l.chars().rev().collect();
            sys.print(&(r + "\n"));
        }
    }
    i32::from(!fine)
}

pub(super) fn tac(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let (all, fine) = inputs(sys, "tac", argv.get(1..).unwrap_or_default());
    for (_, t) in all {
        for l in lines(&t).iter().rev() {
            sys.print(&format!("{l}\n"));
        }
    }
    i32::from(!fine)
}

pub(super) fn comm(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(sys, argv, "123", &[]) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let (all, fine) = inputs(sys, "comm", &opts.operands);
    let [(_, a), (_, b)] = all.as_slice() else { return 1 };
    let (a, b) = (lines(a), lines(b));
    let (mut i, mut j) = (0, 0);
    let tabs = |upto: &[char]| "\t".repeat(upto.iter().filter(|c| !opts.has(**c)).count());
    loop {
        let (x, y) = (a.get(i), b.get(j));
        let (column, line) = match (x, y) {
            (None, None) => break,
            (Some(x), Some(y)) if x == y => {
                (i, j) = (i + 1, j + 1);
                ('3', x)
            }
            (Some(x), Some(y)) if x > y => {
                j += 1;
                ('2', y)
            }
            (None, Some(y)) => {
                j += 1;
                ('2', y)
            }
            (Some(x), _) => {
                i += 1;
                ('1', x)
            }
        };
        if !opts.has(column) {
            let before: &[char] = match column {
                '1' => &[],
                '2' => &['1'],
                _ => &['1', '2'],
            };
            sys.print(&format!("{}{line}\n", tabs(before)));
        }
    }
    i32::from(!fine)
}

pub(super) fn column(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(sys, argv, "ts:o:", &[("table", 't'), ("separator", 's')]) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let (all, fine) = inputs(sys, "column", &opts.operands);
    for (_, t) in all {
        let rows: Vec<Vec<&str>> = lines(&t)
            .into_iter()
            .filter(|l| !l.trim().is_empty())
            .map(|l| match opts.value('s') {
                Some(s) => l.split(|c| s.contains(c)).collect(),
                None => l.split_whitespace().collect(),
            })
            .collect();
        let count = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width =
            |i: usize| rows.iter().filter_map(|r| r.get(i)).map(|c| c.chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..count).map(width).collect();
        for r in &rows {
            let mut line = String::new();
            for (i, c) in r.iter().enumerate() {
                line.push_str(c);
                if i + 1 < r.len() {
                    let pad = widths.get(i).copied().unwrap_or(0) + 2 - c.chars().count();
                    line.push_str(&" ".repeat(pad));
                }
            }
            sys.print(&(line + "\n"));
        }
    }
    i32::from(!fine)
}
