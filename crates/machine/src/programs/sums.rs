//! `sha256sum`, `sha512sum`, `md5sum`, `hexdump`.

mod sha1;
mod sha512;

pub use sha512::sha512;

use super::options;
use crate::sys::Sys;

/// SHA-256 (FIPS 180-4), in hexadecimal.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    gatehouse_model::sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// MD5 (RFC 1321), in hexadecimal.
#[must_use]
pub fn md5(bytes: &[u8]) -> String {
    const SHIFTS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
    let (mut a0, mut b0, mut c0, mut d0) = (0x6745_2301u32, 0xefcd_ab89u32, 0x98ba_dcfeu32, 0x1032_5476u32);
    let mut data = bytes.to_vec();
    data.push(0x80);
    while !(data.len() + 8).is_multiple_of(64) {
        data.push(0);
    }
    data.extend((bytes.len() as u64 * 8).to_le_bytes());
    for block in data.chunks(64) {
        let m: Vec<u32> =
            block.chunks(4).map(|c| c.iter().rev().fold(0u32, |v, b| v << 8 | u32::from(*b))).collect();
        let (mut a, mut b, mut c, mut d) = (a0, b0, c0, d0);
        for i in 0..64usize {
            let (f, g) = match i / 16 {
                0 => (b & c | !b & d, i),
                1 => (d & b | !d & c, (5 * i + 1) % 16),
                2 => (b ^ c ^ d, (3 * i + 5) % 16),
                _ => (c ^ (b | !d), 7 * i % 16),
            };
            let k = (((i as f64) + 1.0).sin().abs() * 4_294_967_296.0) as u32;
            let sum = f.wrapping_add(a).wrapping_add(k).wrapping_add(m.get(g).copied().unwrap_or(0));
            let shift = SHIFTS.get(i / 16).and_then(|s| s.get(i % 4)).copied().unwrap_or(0);
            (a, d, c, b) = (d, c, b, b.wrapping_add(sum.rotate_left(shift)));
        }
        a0 = a0.wrapping_add(a);
        b0 = b0.wrapping_add(b);
        c0 = c0.wrapping_add(c);
        d0 = d0.wrapping_add(d);
    }
    [a0, b0, c0, d0].iter().flat_map(|w| w.to_le_bytes()).map(|b| format!("{b:02x}")).collect()
}

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let program = argv.first().map_or("sha256sum", |a| a.rsplit('/').next().unwrap_or(a)).to_owned();
    let opts = match options::parse(sys, argv, "cbtqs", &[("check", 'c'), ("status", 's'), ("quiet", 'q')]) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let sum = match program.as_str() {
        "md5sum" => md5,
        "sha1sum" => sha1::sha1,
        "sha512sum" => sha512,
        _ => sha256,
    };
    let files = if opts.operands.is_empty() { vec!["-".to_owned()] } else { opts.operands.clone() };
    let (mut code, mut failed) = (0, 0);
    for f in files {
        let read = match (f.as_str(), sys.busybox()) {
            ("-", _) => sys.read_all(0),
            (_, true) => sys.slurp_bytes(&f),
            (_, false) => super::read_input(sys, &f),
        };
        let bytes = match read {
            Ok(b) => b,
            Err(e) => {
                let text = if sys.busybox() {
                    format!("{program}: can't open '{f}': {}\n", e.text())
                } else {
                    format!("{program}: {f}: {}\n", e.text())
                };
                sys.complain(&text);
                code = 1;
                continue;
            }
        };
        if !opts.has('c') {
            sys.print(&format!("{}  {f}\n", sum(&bytes)));
            continue;
        }
        let list = String::from_utf8_lossy(&bytes).into_owned();
        for line in list.lines() {
            let Some((wanted, name)) = line.split_once(char::is_whitespace) else { continue };
            let name = name.trim_start().trim_start_matches('*');
            let right = super::read_input(sys, name).is_ok_and(|b| sum(&b) == wanted);
            if !right {
                failed += 1;
                code = 1;
            }
            let silent = opts.has('s') || right && opts.has('q');
            if !silent {
                sys.print(&format!("{name}: {}\n", if right { "OK" } else { "FAILED" }));
            }
        }
        if failed > 0 && !opts.has('s') {
            let text = if failed == 1 {
                "1 computed checksum did NOT match".to_owned()
            } else {
                format!("{failed} computed checksums did NOT match")
            };
            sys.flush();
            sys.complain(&format!("{program}: WARNING: {text}\n"));
        }
    }
    code
}

/// `cksum` and `sum`.
pub(super) fn cksum(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let program = argv.first().map_or("cksum", |a| a.rsplit('/').next().unwrap_or(a)).to_owned();
    let files: Vec<String> =
        argv.iter().skip(1).filter(|a| *a == "-" || !a.starts_with('-')).cloned().collect();
    let files = if files.is_empty() { vec![String::new()] } else { files };
    let mut code = 0;
    for f in &files {
        let read = if f.is_empty() || f == "-" { sys.read_all(0) } else { super::read_input(sys, f) };
        let bytes = match read {
            Ok(b) => b,
            Err(e) => {
                let what = if sys.busybox() { format!("can't open '{f}'") } else { f.clone() };
                sys.complain(&format!("{program}: {what}: {}\n", e.text()));
                code = 1;
                continue;
            }
        };
        let name = if f.is_empty() { String::new() } else { format!(" {f}") };
        let line = if program == "sum" {
            format!("{:05} {:5}{name}\n", sha1::sum(&bytes), bytes.len().div_ceil(1024))
        } else {
            format!("{} {}{name}\n", sha1::cksum(&bytes), bytes.len())
        };
        sys.print(&line);
    }
    code
}

pub(super) fn hexdump(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let canonical = argv.iter().any(|a| a == "-C");
    let files: Vec<String> = argv.iter().skip(1).filter(|a| !a.starts_with('-')).cloned().collect();
    let mut all = Vec::new();
    if files.is_empty() {
        all = sys.read_all(0).unwrap_or_default();
    }
    for f in files {
        match super::read_input(sys, &f) {
            Ok(b) => all.extend(b),
            Err(e) => {
                sys.complain(&format!("hexdump: {f}: {}\n", e.text()));
                return 1;
            }
        }
    }
    for (i, row) in all.chunks(16).enumerate() {
        if canonical {
            let mut hex = String::new();
            for j in 0..16 {
                match row.get(j) {
                    Some(b) => hex.push_str(&format!("{b:02x} ")),
                    None => hex.push_str("   "),
                }
                if j == 7 {
                    hex.push(' ');
                }
            }
            let text: String =
                row.iter().map(|b| if (32..127).contains(b) { char::from(*b) } else { '.' }).collect();
            sys.print(&format!("{:08x}  {hex} |{text}|\n", i * 16));
        } else {
            let words: Vec<String> = row
                .chunks(2)
                .map(|c| {
                    format!("{:02x}{:02x}", c.get(1).copied().unwrap_or(0), c.first().copied().unwrap_or(0))
                })
                .collect();
            sys.print(&format!("{:07x} {}\n", i * 16, words.join(" ")));
        }
    }
    if !all.is_empty() {
        sys.print(&if canonical { format!("{:08x}\n", all.len()) } else { format!("{:07x}\n", all.len()) });
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_sums() {
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        let long = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
        assert_eq!(sha512(b"abc"), long);
        assert_eq!(md5(b"abc"), "900150983cd24fb0d6963f7d28e17f72");
    }
}
