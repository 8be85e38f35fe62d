//! `uniq`.

use super::{inputs, lines, options};
use crate::sys::Sys;

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(
        sys,
        argv,
        "cduif:s:w:",
        &[("count", 'c'), ("repeated", 'd'), ("unique", 'u'), ("ignore-case", 'i')],
    ) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let (all, fine) = inputs(sys, "uniq", opts.operands.get(..1).unwrap_or_default());
    let skip = opts.value('f').and_then(|f| f.parse::<usize>().ok()).unwrap_or(0);
    let key = |l: &str| {
        let rest = l.split_whitespace().skip(skip).collect::<Vec<_>>().join(" ");
        let k = if skip > 0 { rest } else { l.to_owned() };
        if opts.has('i') { k.to_lowercase() } else { k }
    };
    for (_, t) in all {
        let mut runs: Vec<(&str, usize)> = Vec::new();
        for l in lines(&t) {
            match runs.last_mut() {
                Some((last, n)) if key(last) == key(l) => *n += 1,
                _ => runs.push((l, 1)),
            }
        }
        for (l, n) in runs {
            if opts.has('d') && n < 2 || opts.has('u') && n > 1 {
                continue;
            }
            let line = if opts.has('c') { format!("{n:7} {l}\n") } else { format!("{l}\n") };
            sys.print(&line);
        }
    }
    i32::from(!fine)
}
