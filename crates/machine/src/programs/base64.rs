//! `base64`.

use super::options;
use crate::sys::Sys;

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 with padding.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let b = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let word = b(0) << 16 | b(1) << 8 | b(2);
        for i in 0..4 {
            let letter = LETTERS.get((word >> (18 - 6 * i) & 63) as usize).copied().unwrap_or(b'A');
            out.push(if i <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

/// The bytes up to the first character that is no base64, and whether all of it was.
#[must_use]
pub fn decode(text: &[u8], ignore_garbage: bool) -> (Vec<u8>, bool) {
    let mut out = Vec::new();
    let (mut word, mut count) = (0u32, 0);
    let mut fine = true;
    let mut padded = 0;
    for c in text {
        if c.is_ascii_whitespace() && (*c == b'\n' || *c == b'\r') {
            continue;
        }
        if *c == b'=' && count >= 2 {
            padded += 1;
            if count + padded == 4 {
                finish(&mut out, word, count);
                (word, count, padded) = (0, 0, 0);
            }
            continue;
        }
        let Some(v) = LETTERS.iter().position(|l| l == c).filter(|_| padded == 0) else {
            if ignore_garbage {
                continue;
            }
            fine = false;
            break;
        };
        word = word << 6 | u32::try_from(v).unwrap_or(0);
        count += 1;
        if count == 4 {
            out.extend_from_slice(word.to_be_bytes().get(1..).unwrap_or_default());
            (word, count) = (0, 0);
        }
    }
    if count > 0 {
        finish(&mut out, word, count);
        fine = false;
    }
    (out, fine)
}

fn finish(out: &mut Vec<u8>, word: u32, count: u32) {
    let bytes = (word << (6 * (4 - count))).to_be_bytes();
    let n = match count {
        2 => 1,
        3 => 2,
        _ => 0,
    };
    out.extend_from_slice(bytes.get(1..1 + n).unwrap_or_default());
}

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(
        sys,
        argv,
        "dDiw:",
        &[("decode", 'd'), ("wrap", 'w'), ("ignore-garbage", 'i')],
    ) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let bytes = match opts.operands.first().filter(|f| *f != "-") {
        None => sys.read_all(0).unwrap_or_default(),
        Some(f) => match super::read_input(sys, f) {
            Ok(b) => b,
            Err(e) => {
                sys.complain(&format!("base64: {f}: {}\n", e.text()));
                return 1;
            }
        },
    };
    if opts.has('d') || opts.has('D') {
        let (out, fine) = decode(&bytes, opts.has('i'));
        sys.print_bytes(&out);
        sys.flush();
        if !fine {
            let text = if sys.busybox() { "base64: truncated input\n" } else { "base64: invalid input\n" };
            sys.complain(text);
            return 1;
        }
        return 0;
    }
    let width = opts.value('w').map_or(Some(76), |w| w.parse::<usize>().ok());
    let Some(width) = width else {
        sys.complain(&format!(
            "base64: invalid wrap size: \u{2018}{}\u{2019}\n",
            opts.value('w').unwrap_or("")
        ));
        return 1;
    };
    let text = encode(&bytes);
    if width == 0 {
        sys.print(&text);
        if sys.busybox() {
            sys.print("\n");
        }
        return 0;
    }
    for line in text.as_bytes().chunks(width) {
        sys.print_bytes(line);
        sys.print("\n");
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for t in ["", "a", "ab", "abc", "s3cr$t!\n"] {
            assert_eq!(decode(encode(t.as_bytes()).as_bytes(), false), (t.as_bytes().to_vec(), true));
        }
        assert_eq!(decode(b"YWI", false).0, b"ab");
        assert!(!decode(b"YW!", false).1);
    }
}
