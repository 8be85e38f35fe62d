//! `cut`.

use super::{inputs, lines, options};
use crate::sys::Sys;

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [
        ("delimiter", 'd'),
        ("fields", 'f'),
        ("characters", 'c'),
        ("bytes", 'b'),
        ("only-delimited", 's'),
        ("output-delimiter", 'o'),
        ("complement", 'C'),
    ];
    let opts = match options::parse(sys, argv, "d:f:c:b:snCo:", &long) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let Some(list) = opts.value('f').or(opts.value('c')).or(opts.value('b')) else {
        sys.complain("cut: you must specify a list of bytes, characters, or fields\nTry 'cut --help' for more information.\n");
        return 1;
    };
    let Some(ranges) = ranges(list) else {
        sys.complain(&format!("cut: invalid field value '{list}'\nTry 'cut --help' for more information.\n"));
        return 1;
    };
    let within = |n: usize| ranges.iter().any(|(a, b)| *a <= n && n <= *b) != opts.has('C');
    let delimiter = opts.value('d').unwrap_or("\t").to_owned();
    let joint = opts.value('o').unwrap_or(&delimiter).to_owned();
    let (all, fine) = inputs(sys, "cut", &opts.operands);
    for (_, text) in all {
        for line in lines(&text) {
            let out = if opts.has('f') {
                if !line.contains(&delimiter) || delimiter.is_empty() {
                    if opts.has('s') {
                        continue;
                    }
                    line.to_owned()
                } else {
                    let parts =
                        line.split(&delimiter).enumerate().filter(|(i, _)| within(i + 1)).map(|(_, p)| p);
                    parts.collect::<Vec<_>>().join(&joint)
                }
            } else {
                line.chars().enumerate().filter(|(i, _)| within(i + 1)).map(|(_, c)| c).collect()
            };
            sys.print(&out);
            sys.print("\n");
        }
    }
    i32::from(!fine)
}

fn ranges(list: &str) -> Option<Vec<(usize, usize)>> {
    list.split(',')
        .map(|r| {
            let number = |t: &str| t.parse::<usize>().ok().filter(|n| *n > 0);
            match r.split_once('-') {
                None => number(r).map(|n| (n, n)),
                Some(("", "")) => None,
                Some(("", b)) => Some((1, number(b)?)),
                Some((a, "")) => Some((number(a)?, usize::MAX)),
                Some((a, b)) => Some((number(a)?, number(b)?)),
            }
        })
        .collect()
}
