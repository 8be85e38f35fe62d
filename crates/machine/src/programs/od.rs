//! `od`: bytes in octal, hexadecimal, decimal or as letters.

use super::options;
use crate::sys::Sys;

/// How bytes are shown: so many together, each so wide.
struct Form {
    bytes: usize,
    width: usize,
    kind: char,
}

fn form(text: &str) -> Option<Form> {
    let mut chars = text.chars();
    let kind = chars.next()?;
    let digits: String = chars.take_while(char::is_ascii_digit).collect();
    let bytes = match (kind, digits.as_str()) {
        ('a' | 'c', _) => 1,
        (_, "") => 4,
        (_, n) => n.parse().ok().filter(|n| matches!(n, 1 | 2 | 4 | 8))?,
    };
    let width = match (kind, bytes) {
        ('a' | 'c', _) => 3,
        ('x', n) => n * 2,
        ('o', 1) => 3,
        ('o', 2) => 6,
        ('o', 4) => 11,
        ('o', _) => 22,
        ('d' | 'u', 1) => {
            if kind == 'd' {
                4
            } else {
                3
            }
        }
        ('d' | 'u', 2) => {
            if kind == 'd' {
                6
            } else {
                5
            }
        }
        ('d' | 'u', 4) => {
            if kind == 'd' {
                11
            } else {
                10
            }
        }
        ('d' | 'u', _) => 20,
        _ => return None,
    };
    Some(Form { bytes, width, kind })
}

fn letter(byte: u8) -> String {
    match byte {
        0 => "\\0".to_owned(),
        7 => "\\a".to_owned(),
        8 => "\\b".to_owned(),
        9 => "\\t".to_owned(),
        10 => "\\n".to_owned(),
        11 => "\\v".to_owned(),
        12 => "\\f".to_owned(),
        13 => "\\r".to_owned(),
        0x20..0x7f => char::from(byte).to_string(),
        other => format!("{other:03o}"),
    }
}

fn shown(piece: &[u8], form: &Form) -> String {
    let value = piece.iter().rev().fold(0u64, |v, b| v << 8 | u64::from(*b));
    let text = match form.kind {
        'a' | 'c' => letter(piece.first().copied().unwrap_or(0)),
        'x' => format!("{value:0w$x}", w = form.width),
        'o' => format!("{value:0w$o}", w = form.width),
        'd' => {
            let shift = 64 - 8 * form.bytes;
            ((value << shift) as i64 >> shift).to_string()
        }
        _ => value.to_string(),
    };
    format!(" {text:>w$}", w = form.width)
}

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [
        ("address-radix", 'A'),
        ("format", 't'),
        ("read-bytes", 'N'),
        ("skip-bytes", 'j'),
        ("output-duplicates", 'v'),
    ];
    let opts = match options::parse(sys, argv, "A:t:N:j:vbcdoxw::", &long) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let given = opts.given.iter().rev().find_map(|(l, v)| match l {
        't' => Some(v.as_str()),
        'b' => Some("o1"),
        'c' => Some("c"),
        'd' => Some("u2"),
        'o' => Some("o2"),
        'x' => Some("x2"),
        _ => None,
    });
    let Some(form) = form(given.unwrap_or("o2")) else {
        let text = given.unwrap_or("");
        sys.complain(&format!("od: invalid type string \u{2018}{text}\u{2019}\n"));
        return 1;
    };
    let files = if opts.operands.is_empty() { vec!["-".to_owned()] } else { opts.operands.clone() };
    let mut bytes = Vec::new();
    let mut code = 0;
    for f in files {
        match if f == "-" { sys.read_all(0) } else { super::read_input(sys, &f) } {
            Ok(more) => bytes.extend(more),
            Err(e) => {
                sys.complain(&format!("od: {f}: {}\n", e.text()));
                code = 1;
            }
        }
    }
    if !sys.busybox() {
        let _ = sys.call("lseek");
    }
    let number = |l: char| opts.value(l).and_then(super::dd::size);
    let start = number('j').unwrap_or(0).min(bytes.len());
    bytes.drain(..start);
    bytes.truncate(number('N').unwrap_or(usize::MAX));
    let radix = opts.value('A').unwrap_or("o").to_owned();
    let address = |at: usize| match radix.as_str() {
        "n" => String::new(),
        "d" => format!("{at:07}"),
        "x" => format!("{at:06x}"),
        _ => format!("{at:07o}"),
    };
    let mut last: Option<&[u8]> = None;
    let mut starred = false;
    for (i, row) in bytes.chunks(16).enumerate() {
        if last == Some(row) && !opts.has('v') {
            if !starred {
                sys.print("*\n");
            }
            starred = true;
            continue;
        }
        (last, starred) = (Some(row), false);
        let columns: String = row.chunks(form.bytes).map(|p| shown(p, &form)).collect();
        sys.print(&format!("{}{columns}\n", address(start + i * 16)));
    }
    if radix != "n" {
        sys.print(&format!("{}\n", address(start + bytes.len())));
    }
    code
}
