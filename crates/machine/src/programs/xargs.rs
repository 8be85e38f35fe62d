//! `xargs`.

use super::{execvp, options};
use crate::sys::Sys;

/// Words as xargs splits them: blanks and newlines, with quotes and backslashes.
fn words(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut now: Option<String> = None;
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), c) => now.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                now.get_or_insert_default();
            }
            (None, '\\') => now.get_or_insert_default().extend(chars.next()),
            (None, c) if c.is_whitespace() => out.extend(now.take()),
            (None, c) => now.get_or_insert_default().push(c),
        }
    }
    out.extend(now);
    out
}

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [
        ("max-args", 'n'),
        ("replace", 'I'),
        ("no-run-if-empty", 'r'),
        ("null", '0'),
        ("max-lines", 'L'),
        ("verbose", 't'),
        ("max-procs", 'P'),
        ("delimiter", 'd'),
    ];
    let opts = match options::parse_leading(sys, argv, "n:I:rt0L:P:d:", &long) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let input = crate::text::decode(&sys.read_all(0).unwrap_or_default());
    let mut command = opts.operands.clone();
    if command.is_empty() {
        command.push("echo".to_owned());
    }
    let delimiter = opts.value('d').map(|d| super::escapes(d, super::Escapes::Format).0);
    let items: Vec<String> = if opts.has('0') {
        input.split('\0').filter(|s| !s.is_empty()).map(str::to_owned).collect()
    } else if let Some(d) = delimiter.filter(|d| !d.is_empty()) {
        input.strip_suffix(&d).unwrap_or(&input).split(&d).map(str::to_owned).collect()
    } else if opts.has('I') || opts.has('L') {
        input.lines().map(|l| l.trim_start().to_owned()).filter(|l| !l.is_empty()).collect()
    } else {
        words(&input)
    };
    let batches: Vec<Vec<String>> =
        match (opts.value('I'), opts.value('n').or(opts.value('L')).and_then(|n| n.parse::<usize>().ok())) {
            (Some(mark), _) => {
                items.iter().map(|i| command.iter().map(|w| w.replace(mark, i)).collect()).collect()
            }
            (None, Some(n)) => items
                .chunks(n.max(1))
                .map(|c| command.iter().cloned().chain(c.iter().cloned()).collect())
                .collect(),
            (None, None) if items.is_empty() && (opts.has('r')) => Vec::new(),
            (None, None) => vec![command.iter().cloned().chain(items).collect()],
        };
    let mut code = 0;
    for b in batches {
        if opts.has('t') {
            sys.complain(&(b.join(" ") + "\n"));
        }
        let name = b.first().cloned().unwrap_or_default();
        let job = sys.fork("vfork", |child| match execvp(child, &b) {
            Ok(c) => c,
            Err(e) => {
                child.complain(&format!("xargs: {name}: {}\n", e.text()));
                if e == crate::errno::Errno::ENOENT { 127 } else { 126 }
            }
        });
        match job.map(|j| j.wait.code()) {
            Ok(0) => {}
            Ok(c @ (126 | 127)) => return c,
            Ok(255) => return 124,
            Ok(_) => code = 123,
            Err(e) => {
                sys.complain(&format!("xargs: cannot fork: {}\n", e.text()));
                return 1;
            }
        }
        if !sys.runs() {
            break;
        }
    }
    code
}
