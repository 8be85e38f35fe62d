//! `xxd`: bytes in hexadecimal and as letters.

use super::options;
use crate::sys::Sys;

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(sys, argv, "pl:c:g:s:ru", &[]) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let number = |letter: char| opts.value(letter).and_then(|v| v.parse::<usize>().ok());
    let read = match opts.operands.first() {
        Some(file) if file != "-" => sys.slurp_bytes(file).map_err(|e| (file.clone(), e)),
        _ => sys.read_all(0).map_err(|e| ("stdin".to_owned(), e)),
    };
    let mut bytes = match read {
        Ok(bytes) => bytes,
        Err((file, e)) => {
            sys.complain(&format!("xxd: {file}: {}\n", e.text()));
            return 2;
        }
    };
    if opts.has('r') {
        let hex: Vec<u32> = String::from_utf8_lossy(&bytes).chars().filter_map(|c| c.to_digit(16)).collect();
        let back: Vec<u8> = hex
            .chunks(2)
            .map(|p| p.iter().fold(0, |n, d| n * 16 + d))
            .filter_map(|n| u8::try_from(n).ok())
            .collect();
        sys.print_bytes(&back);
        return 0;
    }
    let start = number('s').unwrap_or(0).min(bytes.len());
    bytes.drain(..start);
    bytes.truncate(number('l').unwrap_or(usize::MAX));
    if opts.has('p') {
        for chunk in bytes.chunks(number('c').unwrap_or(30).max(1)) {
            sys.print(&(chunk.iter().map(|b| format!("{b:02x}")).collect::<String>() + "\n"));
        }
        return 0;
    }
    let (columns, group) = (number('c').unwrap_or(16).max(1), number('g').unwrap_or(2).max(1));
    let width = columns * 2 + columns.div_ceil(group);
    for (i, chunk) in bytes.chunks(columns).enumerate() {
        let hex: String = chunk
            .chunks(group)
            .map(|g| g.iter().map(|b| format!("{b:02x}")).collect::<String>() + " ")
            .collect();
        let text: String =
            chunk.iter().map(|b| if (0x20..0x7f).contains(b) { char::from(*b) } else { '.' }).collect();
        sys.print(&format!("{:08x}: {hex:<width$} {text}\n", start + i * columns));
    }
    0
}
