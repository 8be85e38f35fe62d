//! Just enough DER to read a signing request and to write a certificate that tools can read.
//!
//! Verifies no signature and makes none: the bytes where one belongs are noise. Models the output of Go's
//! `crypto/x509` as `pkg/controller/certificates/authority` uses it.

use gatehouse_model::base64;

use crate::world::{Entropy, Timestamp};

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OID: u8 = 0x06;
const UTC_TIME: u8 = 0x17;

/// `sha256WithRSAEncryption` with its empty parameters.
const ALGORITHM: &[u8] =
    &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00];

/// What a request asks to be signed: the subject and the public key, both as DER.
pub(super) struct Subject {
    pub(super) name: Vec<u8>,
    pub(super) key: Vec<u8>,
}

/// What a certificate says besides its subject.
pub(super) struct Terms<'a> {
    pub(super) issuer: Vec<u8>,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    /// `digital signature` and so on; none makes a certificate authority.
    pub(super) usages: &'a [&'a str],
}

/// One element of DER: its tag, all its bytes, and its content.
fn elements(mut bytes: &[u8]) -> Vec<(u8, &[u8], &[u8])> {
    let mut all = Vec::new();
    while let [tag, first, rest @ ..] = bytes {
        let digits = if *first < 0x80 { 0 } else { usize::from(first & 0x7f) };
        let Some((length, content)) = rest.split_at_checked(digits) else { break };
        let length = match digits {
            0 => usize::from(*first),
            _ => length.iter().fold(0usize, |n, d| n.saturating_mul(256).saturating_add(usize::from(*d))),
        };
        let Some((content, after)) = content.split_at_checked(length) else { break };
        let Some((whole, _)) = bytes.split_at_checked(bytes.len() - after.len()) else { break };
        all.push((*tag, whole, content));
        bytes = after;
    }
    all
}

/// The subject and key of a request in DER.
pub(super) fn request(der: &[u8]) -> Option<Subject> {
    let (_, _, outer) = *elements(der).first()?;
    let (_, _, info) = *elements(outer).first()?;
    let parts = elements(info);
    let (name, key) = (parts.get(1)?, parts.get(2)?);
    (name.0 == SEQUENCE && key.0 == SEQUENCE).then(|| Subject { name: name.1.to_vec(), key: key.1.to_vec() })
}

/// The bytes of the first PEM block.
pub(super) fn pem_body(text: &str) -> Option<Vec<u8>> {
    let mut lines = text.lines().skip_while(|l| !l.starts_with("-----BEGIN ")).skip(1);
    let body: String = lines.by_ref().take_while(|l| !l.starts_with("-----END ")).collect();
    base64::decode(body.trim()).ok()
}

/// A PEM block with lines of 64 letters.
pub(super) fn pem(kind: &str, bytes: &[u8]) -> String {
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

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
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

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(SEQUENCE, &parts.concat())
}

/// A name with nothing but a `CN`.
pub(super) fn common_name(text: &str) -> Vec<u8> {
    let pair = sequence(&[&element(OID, &[0x55, 0x04, 0x03]), &element(0x13, text.as_bytes())]);
    sequence(&[&element(SET, &pair)])
}

/// An RSA public key of 2048 bits, drawn from `entropy`.
pub(super) fn rsa_key(entropy: &mut Entropy) -> Vec<u8> {
    let mut modulus = noise(entropy, 256);
    if let Some(first) = modulus.first_mut() {
        *first |= 0x80;
    }
    modulus.insert(0, 0);
    let key = sequence(&[&element(INTEGER, &modulus), &element(INTEGER, &[1, 0, 1])]);
    let algorithm = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    sequence(&[&element(SEQUENCE, &algorithm), &element(BIT_STRING, &[&[0], key.as_slice()].concat())])
}

fn noise(entropy: &mut Entropy, len: usize) -> Vec<u8> {
    (0..len.div_ceil(8)).flat_map(|_| entropy.next_u64().to_be_bytes()).take(len).collect()
}

fn utc(time: Timestamp) -> Vec<u8> {
    // 2026-11-20T00:00:00Z is written 261120000000Z.
    let text = time.to_string();
    let digits: String = text.chars().skip(2).filter(char::is_ascii_digit).chain(['Z']).collect();
    element(UTC_TIME, digits.as_bytes())
}

/// A certificate in DER.
pub(super) fn certificate(subject: &Subject, terms: &Terms<'_>, entropy: &mut Entropy) -> Vec<u8> {
    let mut serial = noise(entropy, 16);
    if let Some(first) = serial.first_mut() {
        *first = *first & 0x7f | 0x01;
    }
    let body = sequence(&[
        &element(0xa0, &element(INTEGER, &[2])),
        &element(INTEGER, &serial),
        ALGORITHM,
        &terms.issuer,
        &sequence(&[&utc(terms.from), &utc(terms.until)]),
        &subject.name,
        &subject.key,
        &element(0xa3, &extensions(terms.usages)),
    ]);
    let signature = [&[0], noise(entropy, 256).as_slice()].concat();
    sequence(&[&body, ALGORITHM, &element(BIT_STRING, &signature)])
}

fn extensions(usages: &[&str]) -> Vec<u8> {
    let is_authority = usages.is_empty();
    let mut bits: u8 = if is_authority { 0b1010_0100 } else { 0 };
    let mut extended: Vec<u8> = Vec::new();
    for usage in usages {
        match *usage {
            "signing" | "digital signature" => bits |= 0b1000_0000,
            "content commitment" => bits |= 0b0100_0000,
            "key encipherment" => bits |= 0b0010_0000,
            "data encipherment" => bits |= 0b0001_0000,
            "key agreement" => bits |= 0b0000_1000,
            "cert sign" => bits |= 0b0000_0100,
            "crl sign" => bits |= 0b0000_0010,
            "server auth" => extended.extend(purpose(1)),
            "client auth" => extended.extend(purpose(2)),
            "code signing" => extended.extend(purpose(3)),
            "email protection" => extended.extend(purpose(4)),
            "timestamping" => extended.extend(purpose(8)),
            "ocsp signing" => extended.extend(purpose(9)),
            _ => {}
        }
    }
    let critical: &[u8] = &[0x01, 0x01, 0xff];
    let extension = |id: u8, critical: &[u8], value: Vec<u8>| {
        sequence(&[&element(OID, &[0x55, 0x1d, id]), critical, &element(OCTET_STRING, &value)])
    };
    let mut all = Vec::new();
    if bits != 0 {
        let unused = u8::try_from(bits.trailing_zeros()).unwrap_or(0);
        all.extend(extension(0x0f, critical, element(BIT_STRING, &[unused, bits])));
    }
    if !extended.is_empty() {
        all.extend(extension(0x25, &[], element(SEQUENCE, &extended)));
    }
    let basic: &[u8] = if is_authority { &[0x01, 0x01, 0xff] } else { &[] };
    all.extend(extension(0x13, critical, element(SEQUENCE, basic)));
    element(SEQUENCE, &all)
}

/// `id-kp-…`
fn purpose(last: u8) -> Vec<u8> {
    element(OID, &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, last])
}
