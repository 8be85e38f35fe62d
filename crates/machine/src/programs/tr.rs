//! `tr`.

use super::options;
use crate::sys::Sys;

fn set(text: &str) -> Vec<char> {
    let text = super::escapes(text, super::Escapes::Format).0;
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let mut i = 0;
    while let Some(c) = chars.get(i) {
        if *c == '[' && chars.get(i + 1) == Some(&':') {
            let rest: String = chars.get(i + 2..).unwrap_or_default().iter().collect();
            if let Some((name, _)) = rest.split_once(":]") {
                let test: fn(&u8) -> bool = match name {
                    "upper" => u8::is_ascii_uppercase,
                    "lower" => u8::is_ascii_lowercase,
                    "digit" => u8::is_ascii_digit,
                    "alpha" => u8::is_ascii_alphabetic,
                    "alnum" => u8::is_ascii_alphanumeric,
                    "space" => |b| b.is_ascii_whitespace() || *b == 11,
                    "blank" => |b| *b == b' ' || *b == b'\t',
                    "punct" => u8::is_ascii_punctuation,
                    "cntrl" => u8::is_ascii_control,
                    "xdigit" => u8::is_ascii_hexdigit,
                    "print" => |b| *b == b' ' || b.is_ascii_graphic(),
                    _ => u8::is_ascii_graphic,
                };
                out.extend((0..=127u8).filter(test).map(char::from));
                i += name.chars().count() + 4;
                continue;
            }
        }
        if let (Some('-'), Some(to)) = (chars.get(i + 1), chars.get(i + 2))
            && to >= c
        {
            out.extend(*c..=*to);
            i += 3;
            continue;
        }
        out.push(*c);
        i += 1;
    }
    out
}

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(
        sys,
        argv,
        "dscCt",
        &[("delete", 'd'), ("squeeze-repeats", 's'), ("complement", 'c'), ("truncate-set1", 't')],
    ) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let Some(first) = opts.operands.first() else {
        sys.complain("tr: missing operand\nTry 'tr --help' for more information.\n");
        return 1;
    };
    let delete = opts.has('d');
    let complement = opts.has('c') || opts.has('C');
    let from = set(first);
    let to = opts.operands.get(1).map(|t| set(t)).unwrap_or_default();
    if opts.operands.len() < 2 && !delete && !opts.has('s') {
        sys.complain(&format!("tr: missing operand after '{first}'\nTwo strings must be given when translating.\nTry 'tr --help' for more information.\n"));
        return 1;
    }
    if !sys.busybox() {
        let _ = sys.call("fadvise64");
    }
    let input = crate::text::decode(&sys.read_all(0).unwrap_or_default());
    let place = |c: char| {
        let at = from.iter().position(|f| *f == c);
        if complement { if at.is_none() { Some(usize::MAX) } else { None } } else { at }
    };
    let squeeze: &[char] = if to.is_empty() || delete && opts.operands.len() < 2 { &from } else { &to };
    let mut out = String::new();
    let mut last = None;
    for c in input.chars() {
        let c = match place(c) {
            Some(_) if delete => continue,
            Some(i) if !to.is_empty() => to.get(i).or(to.last()).copied().unwrap_or(c),
            _ => c,
        };
        let in_set = if complement && to.is_empty() { !from.contains(&c) } else { squeeze.contains(&c) };
        if opts.has('s') && last == Some(c) && in_set {
            continue;
        }
        last = Some(c);
        out.push(c);
    }
    sys.print(&out);
    0
}
