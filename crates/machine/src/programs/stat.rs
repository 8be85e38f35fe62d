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
            'b' => blocks(s).to_string(),
            'B' => "512".to_owned(),
            'o' => "4096".to_owned(),
            'd' => device(s).to_string(),
            'D' => format!("{:x}", device(s)),
            'f' => format!("{:x}", s.mode),
            'x' | 'y' | 'z' => time,
            'X' | 'Y' | 'Z' => s.mtime.div_euclid(1000).to_string(),
            '%' => "%".to_owned(),
            other => format!("%{other}"),
        });
    }
    out
}

/// Blocks of 512 bytes, as a file system with blocks of 4096 gives them.
fn blocks(s: &Stat) -> u64 {
    match &s.kind {
        Kind::File(_) | Kind::Dir(_) => s.size().div_ceil(4096) * 8,
        _ => 0,
    }
}

/// The device's number.
fn device(s: &Stat) -> u32 {
    40 + s.dev
}

/// All that is known.
fn whole(sys: &mut Sys<'_>, path: &str, s: &Stat) -> String {
    let name = match &s.kind {
        Kind::Link(target) => format!("{path} -> {target}"),
        _ => path.to_owned(),
    };
    let device =
        if sys.busybox() { format!("{:x}h/{}d", device(s), device(s)) } else { format!("0,{}", device(s)) };
    let of_device = match &s.kind {
        Kind::Char(major, minor) | Kind::Block(major, minor) => {
            format!("     Device type: {major:x},{minor:x}")
        }
        _ => String::new(),
    };
    let owner = |name: Option<String>| name.unwrap_or_else(|| "UNKNOWN".to_owned());
    let (user, group) = (owner(sys.user_name(s.uid)), owner(sys.group_name(s.gid)));
    let time = date::format("%F %T.%N %z", s.mtime);
    let birth = if sys.busybox() { String::new() } else { format!(" Birth: {time}\n") };
    format!(
        "  File: {name}\n  Size: {:<10}\tBlocks: {:<10} IO Block: {:<6} {}\nDevice: {device}\tInode: {:<10}  Links: {}{of_device}\nAccess: ({:04o}/{})  Uid: ({:5}/{user:>8})   Gid: ({:5}/{group:>8})\nAccess: {time}\nModify: {time}\nChange: {time}\n{birth}",
        s.size(),
        blocks(s),
        4096,
        kind(s),
        s.ino,
        s.links,
        s.mode & 0o7777,
        super::ls::mode_text(s),
        s.uid,
        s.gid,
    )
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
            None => whole(sys, f, &s),
        };
        sys.print(&text);
    }
    code
}
