//! `du`: what files take up, in blocks of a kibibyte.

use super::options::{self, Options};
use crate::sys::Sys;

struct Walk<'o> {
    opts: &'o Options,
    deepest: usize,
    busybox: bool,
    code: i32,
}

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [
        ("all", 'a'),
        ("bytes", 'b'),
        ("human-readable", 'h'),
        ("max-depth", 'd'),
        ("summarize", 's'),
        ("total", 'c'),
    ];
    let opts = match options::parse(sys, argv, "abcd:hHkLlmsx", &long) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let deepest = match opts.value('d') {
        _ if opts.has('s') => 0,
        None => usize::MAX,
        Some(d) => match d.parse() {
            Ok(d) => d,
            Err(_) => {
                sys.complain(&format!("du: invalid maximum depth \u{2018}{d}\u{2019}\n"));
                return 1;
            }
        },
    };
    let here = vec![".".to_owned()];
    let mut walk = Walk { opts: &opts, deepest, busybox: sys.busybox(), code: 0 };
    let mut total = 0;
    for file in if opts.operands.is_empty() { &here } else { &opts.operands } {
        total += walk.visit(sys, file, 0);
    }
    if opts.has('c') {
        walk.line(sys, total, "total");
    }
    walk.code
}

impl Walk<'_> {
    fn line(&self, sys: &mut Sys<'_>, size: u64, name: &str) {
        let text = match () {
            () if self.opts.has('b') => size.to_string(),
            () if self.opts.has('h') && self.busybox => format!("{:.1}K", size as f64 / 1024.0),
            () if self.opts.has('h') => super::ls::human(size),
            () if self.opts.has('m') => size.div_ceil(1 << 20).to_string(),
            () => (size / 1024).to_string(),
        };
        sys.print(&format!("{text}\t{name}\n"));
    }

    /// What a file and everything below it takes.
    fn visit(&mut self, sys: &mut Sys<'_>, path: &str, depth: usize) -> u64 {
        let stat = match sys.lstat(path) {
            Ok(s) => s,
            Err(e) => {
                sys.complain(&if self.busybox {
                    format!("du: {path}: {}\n", e.text())
                } else {
                    format!("du: cannot access '{path}': {}\n", e.text())
                });
                self.code = 1;
                return 0;
            }
        };
        let bytes = self.opts.has('b');
        let mut size = match stat.is_dir() {
            true => 4096,
            false if bytes => stat.size(),
            false => stat.size().div_ceil(4096) * 4096,
        };
        if stat.is_dir() && depth < 60 && sys.runs() {
            if !self.busybox {
                for call in ["fcntl", "fstatfs"] {
                    let _ = sys.call(call);
                }
            }
            match sys.list(path) {
                Ok(names) => {
                    for name in names {
                        size += self.visit(sys, &format!("{}/{name}", path.trim_end_matches('/')), depth + 1);
                    }
                }
                Err(e) => {
                    sys.complain(&if self.busybox {
                        format!("du: can't open '{path}': {}\n", e.text())
                    } else {
                        format!("du: cannot read directory '{path}': {}\n", e.text())
                    });
                    self.code = 1;
                }
            }
        }
        if depth <= self.deepest && (stat.is_dir() || self.opts.has('a') || depth == 0) {
            self.line(sys, size, path);
        }
        size
    }
}
