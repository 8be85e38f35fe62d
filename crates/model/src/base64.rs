//! Base64 in the standard alphabet, with Go's errors. Models `encoding/base64` `StdEncoding`.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Encodes with padding, on one line.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let n = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            let sextet = (n >> (18 - 6 * i)) & 63;
            let symbol = ALPHABET.get(sextet as usize).copied().unwrap_or(b'=');
            out.push(if i <= chunk.len() { char::from(symbol) } else { '=' });
        }
    }
    out
}

/// Decodes; line breaks are skipped.
///
/// # Errors
/// `illegal base64 data at input byte n`.
pub fn decode(text: &str) -> Result<Vec<u8>, String> {
    let corrupt = |at: usize| Err(format!("illegal base64 data at input byte {at}"));
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let mut symbols = text.bytes().enumerate().filter(|(_, b)| !matches!(b, b'\n' | b'\r'));
    loop {
        let (mut n, mut count, mut last) = (0u32, 0, 0);
        while count < 4 {
            let Some((at, b)) = symbols.next() else {
                return match count {
                    0 => Ok(out),
                    _ => corrupt(last + 1 - count),
                };
            };
            last = at;
            if b == b'=' {
                if count < 2 {
                    return corrupt(at);
                }
                if count == 2 {
                    match symbols.next() {
                        Some((_, b'=')) => {}
                        Some((at, _)) => return corrupt(at),
                        None => return corrupt(text.len()),
                    }
                }
                if let Some((at, _)) = symbols.next() {
                    return corrupt(at);
                }
                n <<= 6 * (4 - count);
                out.extend(n.to_be_bytes().iter().skip(1).take(count - 1));
                return Ok(out);
            }
            let Some(sextet) = ALPHABET.iter().position(|a| *a == b).and_then(|p| u32::try_from(p).ok())
            else {
                return corrupt(at);
            };
            n = n << 6 | sextet;
            count += 1;
        }
        out.extend(n.to_be_bytes().iter().skip(1));
    }
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn there_and_back() {
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
        {
            assert_eq!(encode(plain.as_bytes()), coded);
            assert_eq!(decode(coded).expect("valid"), plain.as_bytes());
        }
        assert_eq!(decode("Zm9v\nYg==\n").expect("lines"), b"foob");
    }

    #[test]
    fn errors_are_gos() {
        for (text, at) in
            [("hunter2", 4), ("a b=", 1), ("Zg=", 3), ("Zg==x", 4), ("Z", 0), ("=", 0), ("not-base64!", 3)]
        {
            assert_eq!(decode(text), Err(format!("illegal base64 data at input byte {at}")), "{text}");
        }
    }
}
