//! Lines and their width: `fold`, `expand`, `unexpand`.

use super::{inputs, options};
use crate::sys::Sys;

pub(super) fn fold(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(sys, argv, "bsw:", &[("bytes", 'b'), ("spaces", 's'), ("width", 'w')]) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let given = opts.value('w').unwrap_or("80").to_owned();
    let Some(width) = given.parse::<usize>().ok().filter(|w| *w > 0) else {
        let text = if sys.busybox() {
            format!("fold: invalid number '{given}'\n")
        } else {
            format!("fold: invalid number of columns: \u{2018}{given}\u{2019}\n")
        };
        sys.complain(&text);
        return 1;
    };
    let (all, fine) = inputs(sys, "fold", &opts.operands);
    let mut out = String::new();
    for (_, text) in all {
        let mut line = String::new();
        for c in text.chars() {
            if c == '\n' {
                out.push_str(&line);
                out.push('\n');
                line.clear();
                continue;
            }
            if line.chars().count() >= width {
                let cut = if opts.has('s') { line.rfind([' ', '\t']).map(|i| i + 1) } else { None };
                let rest = line.split_off(cut.unwrap_or(line.len()));
                out.push_str(&line);
                out.push('\n');
                line = rest;
            }
            line.push(c);
        }
        out.push_str(&line);
    }
    sys.print(&out);
    i32::from(!fine)
}

/// The width of tabs that is asked for.
fn stops(opts: &options::Options) -> usize {
    opts.value('t').and_then(|t| t.parse().ok()).filter(|t| *t > 0).unwrap_or(8)
}

pub(super) fn expand(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(sys, argv, "it:", &[("initial", 'i'), ("tabs", 't')]) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let (tab, initial) = (stops(&opts), opts.has('i'));
    let (all, fine) = inputs(sys, "expand", &opts.operands);
    let mut out = String::new();
    for (_, text) in all {
        let (mut column, mut lead) = (0, true);
        for c in text.chars() {
            match c {
                '\t' if lead || !initial => {
                    let n = tab - column % tab;
                    out.push_str(&" ".repeat(n));
                    column += n;
                }
                '\n' => {
                    out.push(c);
                    (column, lead) = (0, true);
                }
                c => {
                    lead &= c == ' ';
                    column += 1;
                    out.push(c);
                }
            }
        }
    }
    sys.print(&out);
    i32::from(!fine)
}

pub(super) fn unexpand(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(sys, argv, "aft:", &[("all", 'a'), ("first-only", 'f'), ("tabs", 't')]) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let (tab, everywhere) = (stops(&opts), (opts.has('a') || opts.has('t')) && !opts.has('f'));
    let (all, fine) = inputs(sys, "unexpand", &opts.operands);
    let mut out = String::new();
    for (_, text) in all {
        let (mut column, mut blanks, mut lead) = (0usize, 0usize, true);
        for c in text.chars() {
            if c == ' ' && (lead || everywhere) {
                blanks += 1;
                column += 1;
                if column % tab == 0 {
                    out.push_str(if blanks > 1 || lead { "\t" } else { " " });
                    blanks = 0;
                }
                continue;
            }
            out.push_str(&" ".repeat(std::mem::take(&mut blanks)));
            out.push(c);
            match c {
                '\n' => (column, lead) = (0, true),
                '\t' => column += tab - column % tab,
                _ => {
                    column += 1;
                    lead = false;
                }
            }
        }
        out.push_str(&" ".repeat(blanks));
    }
    sys.print(&out);
    i32::from(!fine)
}
