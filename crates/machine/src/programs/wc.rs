//! `wc`.

use super::options;
use crate::sys::Sys;

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(
        sys,
        argv,
        "lwcmL",
        &[("lines", 'l'), ("words", 'w'), ("bytes", 'c'), ("chars", 'm')],
    ) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let busybox = sys.busybox();
    let default = opts.given.is_empty();
    let mut rows: Vec<(Vec<usize>, String)> = Vec::new();
    let mut code = 0;
    let files = if opts.operands.is_empty() { vec![String::new()] } else { opts.operands.clone() };
    let from_stdin = opts.operands.is_empty();
    for f in files {
        if !busybox && !f.is_empty() && default {
            let _ = sys.call("newfstatat");
        }
        let read = if f.is_empty() || f == "-" { sys.read_all(0) } else { super::read_input(sys, &f) };
        match read {
            Ok(b) => {
                let text = String::from_utf8_lossy(&b).into_owned();
                let mut counts = Vec::new();
                for (letter, n) in [
                    ('l', b.iter().filter(|c| **c == b'\n').count()),
                    ('w', text.split_whitespace().count()),
                    ('m', text.chars().count()),
                    ('c', b.len()),
                    ('L', text.lines().map(|l| l.chars().count()).max().unwrap_or(0)),
                ] {
                    if opts.has(letter) || default && matches!(letter, 'l' | 'w' | 'c') {
                        counts.push(n);
                    }
                }
                rows.push((counts, f));
            }
            Err(e) => {
                sys.complain(&format!("wc: {f}: {}\n", e.text()));
                code = 1;
            }
        }
    }
    if opts.operands.len() > 1 {
        let width = rows.first().map_or(0, |r| r.0.len());
        let total = (0..width).map(|i| rows.iter().filter_map(|r| r.0.get(i)).sum()).collect();
        rows.push((total, "total".to_owned()));
    }
    // GNU makes the columns as wide as the largest number; standard input alone gets seven.
    let largest = rows.iter().flat_map(|r| &r.0).max().copied().unwrap_or(0).to_string().len();
    for (counts, name) in rows {
        let width = match (busybox, counts.len()) {
            (_, 1) if opts.operands.len() <= 1 => 1,
            (true, _) => 9,
            (false, _) if from_stdin => 7,
            (false, _) => largest,
        };
        let numbers: Vec<String> = counts.iter().map(|n| format!("{n:>width$}")).collect();
        let suffix = if name.is_empty() { String::new() } else { format!(" {name}") };
        sys.print(&format!("{}{suffix}\n", numbers.join(" ")));
    }
    code
}
