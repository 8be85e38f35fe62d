//! Bytes as text and back, without loss: what is no UTF-8 becomes characters of a private range, one for each byte.

/// The character of byte 0; those above 0x7f occur.
const BASE: u32 = 0x10_ff00;

/// The character that stands for a byte.
#[must_use]
pub fn of_byte(byte: u8) -> char {
    if byte < 0x80 { char::from(byte) } else { char::from_u32(BASE + u32::from(byte)).unwrap_or('\u{fffd}') }
}

/// Bytes as text.
#[must_use]
pub fn decode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|b| of_byte(*b)));
    }
    out
}

/// The bytes a text stands for.
#[must_use]
pub fn encode(text: &str) -> Vec<u8> {
    // The private range starts with this byte; hardly any text has it.
    if !text.as_bytes().contains(&0xf4) {
        return text.as_bytes().to_vec();
    }
    let mut out = Vec::with_capacity(text.len());
    let mut buffer = [0; 4];
    for c in text.chars() {
        match u32::from(c).checked_sub(BASE).and_then(|b| u8::try_from(b).ok()).filter(|b| *b >= 0x80) {
            Some(byte) => out.push(byte),
            None => out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn nothing_is_lost() {
        for bytes in
            [&b"plain"[..], "h\u{e9}llo \u{1f600}".as_bytes(), &[0xff, 0x41, 0xc3], &[0xc3, 0xa9, 0x80, 0xf4]]
        {
            assert_eq!(encode(&decode(bytes)), bytes);
        }
        assert_eq!(encode("h\u{e9}"), "h\u{e9}".as_bytes());
    }
}
