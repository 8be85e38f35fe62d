//! DER and PEM: just enough to write and to read keys, requests and certificates.

use gatehouse_model::base64;

/// `SEQUENCE`
pub const SEQUENCE: u8 = 0x30;
/// `SET`
pub const SET: u8 = 0x31;
/// `INTEGER`
pub const INTEGER: u8 = 0x02;
/// `BIT STRING`
pub const BIT_STRING: u8 = 0x03;
/// `OCTET STRING`
pub const OCTET_STRING: u8 = 0x04;
/// `NULL`
pub const NULL: u8 = 0x05;
/// `OBJECT IDENTIFIER`
pub const OID: u8 = 0x06;
/// `UTF8String`
pub const UTF8: u8 = 0x0c;
/// `PrintableString`
pub const PRINTABLE: u8 = 0x13;
/// `UTCTime`
pub const UTC_TIME: u8 = 0x17;

/// One element: its tag, all its bytes, and its content.
pub type Element<'a> = (u8, &'a [u8], &'a [u8]);

/// The elements one after the other, up to what is none.
#[must_use]
pub fn elements(mut bytes: &[u8]) -> Vec<Element<'_>> {
    let mut all = Vec::new();
    while let [tag, first, rest @ ..] = bytes {
        let digits = if *first < 0x80 { 0 } else { usize::from(*first & 0x7f) };
        let Some((length, content)) = rest.split_at_checked(digits) else { break };
        let length = match digits {
            0 if *first < 0x80 => usize::from(*first),
            _ => length.iter().fold(0usize, |n, d| n.saturating_mul(256).saturating_add(usize::from(*d))),
        };
        let Some((content, after)) = content.split_at_checked(length) else { break };
        let Some((whole, _)) = bytes.split_at_checked(bytes.len() - after.len()) else { break };
        all.push((*tag, whole, content));
        bytes = after;
    }
    all
}

/// The elements inside the first element.
#[must_use]
pub fn inside(bytes: &[u8]) -> Vec<Element<'_>> {
    elements(bytes).first().map(|(_, _, content)| elements(content)).unwrap_or_default()
}

/// Writes an element.
#[must_use]
pub fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    let length = content.len().to_be_bytes();
    let digits: Vec<u8> = length.into_iter().skip_while(|b| *b == 0).collect();
    match digits.as_slice() {
        [] => bytes.push(0),
        [one] if *one < 0x80 => bytes.push(*one),
        more => {
            bytes.push(0x80 | u8::try_from(more.len()).unwrap_or(0));
            bytes.extend_from_slice(more);
        }
    }
    bytes.extend_from_slice(content);
    bytes
}

/// Writes a sequence.
#[must_use]
pub fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(SEQUENCE, &parts.concat())
}

/// Writes a positive integer.
#[must_use]
pub fn integer(bytes: &[u8]) -> Vec<u8> {
    let mut digits: Vec<u8> = bytes.iter().copied().skip_while(|b| *b == 0).collect();
    if digits.first().is_none_or(|b| *b >= 0x80) {
        digits.insert(0, 0);
    }
    element(INTEGER, &digits)
}

/// Writes a bit string of whole bytes.
#[must_use]
pub fn bit_string(bytes: &[u8]) -> Vec<u8> {
    element(BIT_STRING, &[&[0], bytes].concat())
}

/// A PEM block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// For instance `CERTIFICATE`.
    pub kind: String,
    /// What it carries.
    pub bytes: Vec<u8>,
}

/// The blocks of a PEM text, which may be indented; broken ones are left out.
#[must_use]
pub fn pem_blocks(text: &str) -> Vec<Block> {
    pem_blocks_of(text.lines().map(str::trim))
}

/// The blocks of these lines, whose marks stand alone in them.
#[must_use]
pub fn pem_blocks_of<'a>(mut lines: impl Iterator<Item = &'a str>) -> Vec<Block> {
    let mut blocks = Vec::new();
    while let Some(line) = lines.next() {
        let Some(kind) = line.strip_prefix("-----BEGIN ").and_then(|l| l.strip_suffix("-----")) else {
            continue;
        };
        let end = format!("-----END {kind}-----");
        let mut body = String::new();
        for line in lines.by_ref() {
            if line == end {
                if let Ok(bytes) = base64::decode(&body) {
                    blocks.push(Block { kind: kind.to_owned(), bytes });
                }
                break;
            }
            body.extend(line.chars().filter(|c| !c.is_whitespace()));
        }
    }
    blocks
}

/// A PEM block with lines of 64 letters.
#[must_use]
pub fn pem(kind: &str, bytes: &[u8]) -> String {
    let body = base64::encode(bytes);
    let mut text = format!("-----BEGIN {kind}-----\n");
    for (i, letter) in body.chars().enumerate() {
        if i > 0 && i % 64 == 0 {
            text.push('\n');
        }
        text.push(letter);
    }
    text.push_str(&format!("\n-----END {kind}-----\n"));
    text
}
