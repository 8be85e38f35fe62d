//! `stat`.

use super::{date, options};
use crate::fs::Kind;
use crate::sys::{Stat, Sys};

fn kind(s: &Stat) -> &'static str {
    match &s.kind {
        Kind::File(c) if c.is_empty() => "regular empty file",
        Kind::File(_) => "regular file",
        Kind::Dir(_) => "directory",
        Kind::Link(_) => "symbolic link",
        Kind::Char(..) => "character special file",
        Kind::Block(..) => "block special file",
        Kind::Fifo => "fifo",
        Kind::Socket => "socket",
    }
}

fn fill(sys: &mut Sys<'_>, format: &str, path: &str, s: &Stat) -> String {
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let letter = chars.next().unwrap_or('%');
        let time = date::format("%F %T.%N %z", s.mtime);
        out.push_str(&match letter {
            'a' => format!("{:o}", s.mode),
            'A' => super::ls::mode_text(s),
            'u' => s.uid.to_string(),
            'g' => s.gid.to_string(),
            'U' => sys.user_name(s.uid).unwrap_or_else(|| "UNKNOWN".to_owned()),
            'G' => sys.group_name(s.gid).unwrap_or_else(|| "UNKNOWN".to_owned()),
            'n' => path.to_owned(),
            'N' => format!("'{path}'"),
            's' => s.size().to_string(),
            'F' => kind(s).to_owned(),
            'i' => s.ino.to_string(),
            'h' => s.links.to_string(),
            'b' => s.size().div_ceil(512).to_string(),
            'B' => "512".to_owned(),
            'o' => "4096".to_owned(),
            'd' => s.dev.to_string(),
            'f' => format!("{:x}", s.mode),
            'x' | 'y' | 'z' => time,
            'X' | 'Y' | 'Z' => s.mtime.div_euclid(1000).to_string(),
            '%' => "%".to_owned(),
            other => format!("%{other}"),
        });
    }
    out
}

/// `stat -f`: the file system's own figures.
fn file_system(sys: &mut Sys<'_>, file: &str) -> i32 {
    if let Err(e) = sys.call("statfs").and_then(|()| sys.stat_quietly(file)) {
        let text = if sys.busybox() {
            format!("stat: can't read file system information for '{file}': {}\n", e.text())
        } else {
            format!("stat: cannot read file system information for '{file}': {}\n", e.text())
        };
        sys.complain(&text);
        return 1;
    }
    sys.print(&format!(
        "  File: \"{file}\"\n    ID: 794a3b2c5d6e7f80 Namelen: 255     Type: overlayfs\nBlock size: 4096       Fundamental block size: 4096\nBlocks: Total: 5033648    Free: 3691596    Available: 3687500\nInodes: Total: 2621440    Free: 2404251\n"
    ));
    0
}

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts =
        match options::parse(sys, argv, "c:Lft", &[("format", 'c'), ("printf", 'P'), ("dereference", 'L')]) {
            Ok(o) => o,
            Err(code) => return code,
        };
    let mut code = 0;
    for f in &opts.operands {
        if opts.has('f') {
            code |= file_system(sys, f);
            continue;
        }
        let stat = match (sys.busybox(), opts.has('L')) {
            (true, true) => sys.stat(f),
            (true, false) => sys.lstat(f),
            (false, follow) => match sys.call("statx") {
                Err(e) => Err(e),
                Ok(()) if follow => sys.follow_quietly(f),
                Ok(()) => sys.stat_quietly(f),
            },
        };
        let s = match stat {
            Ok(s) => s,
            Err(e) => {
                let text = if sys.busybox() {
                    format!("stat: can't stat '{f}': {}\n", e.text())
                } else {
                    format!("stat: cannot statx '{f}': {}\n", e.text())
                };
                sys.complain(&text);
                code = 1;
                continue;
            }
        };
        if !sys.busybox() && opts.value('c').is_none_or(|c| c.contains("%U") || c.contains("%G")) {
            sys.ask_name_service();
        }
        let text = match opts.value('c') {
            Some(format) => fill(sys, format, f, &s) + "\n",
            None => {
                let format = "  File: %n\n  Size: %s\t\tBlocks: %b          IO Block: %o   %F\nDevice: %d\tInode: %i      Links: %h\nAccess: (0%a/%A)  Uid: (%u/%U)   Gid: (%g/%G)\nAccess: %x\nModify: %y\nChange: %z\n";
                fill(sys, format, f, &s)
            }
        };
        sys.print(&text);
    }
    code
}
