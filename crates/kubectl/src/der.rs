//! PEM blocks and just enough DER to look into certificates and keys.

use gatehouse_model::base64;

/// A PEM block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// For instance `CERTIFICATE`.
    pub kind: String,
    /// What it carries.
    pub bytes: Vec<u8>,
}

/// The blocks of a PEM text; broken ones are left out.
#[must_use]
pub fn pem_blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(kind) = line.trim_end().strip_prefix("-----BEGIN ").and_then(|l| l.strip_suffix("-----"))
        else {
            continue;
        };
        let end = format!("-----END {kind}-----");
        let mut body = String::new();
        for line in lines.by_ref() {
            if line.trim_end() == end {
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

/// One DER element: its tag and its content, and what follows it.
#[must_use]
pub fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (len, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        (digits.iter().try_fold(0usize, |n, d| n.checked_mul(256)?.checked_add(usize::from(*d)))?, rest)
    };
    let (content, rest) = rest.split_at_checked(len)?;
    Some((*tag, content, rest))
}

/// The elements one after the other.
#[must_use]
pub fn elements(mut bytes: &[u8]) -> Vec<(u8, &[u8])> {
    let mut all = Vec::new();
    while let Some((tag, content, rest)) = element(bytes) {
        all.push((tag, content));
        bytes = rest;
    }
    all
}

/// The content of the first element.
#[must_use]
pub fn inside(bytes: &[u8]) -> Option<&[u8]> {
    element(bytes).map(|(_, content, _)| content)
}

/// The fields of a certificate's first part, the optional version not counted:
/// serial, algorithm, issuer, validity, subject, public key.
#[must_use]
pub fn certificate_fields(der: &[u8]) -> Option<Vec<&[u8]>> {
    let tbs = inside(inside(der)?)?;
    Some(elements(tbs).into_iter().filter(|(tag, _)| *tag != 0xa0).map(|(_, c)| c).collect())
}

/// What identifies the public key of a certificate: the point of an elliptic curve or the modulus of RSA.
#[must_use]
pub fn certificate_key(der: &[u8]) -> Option<Vec<u8>> {
    let fields = certificate_fields(der)?;
    let parts = elements(fields.get(5)?);
    let (_, bits) = parts.get(1)?;
    let key = bits.get(1..)?;
    // An RSA key is a sequence of modulus and exponent, a point is not.
    match element(key) {
        Some((0x30, inner, [])) => elements(inner).first().map(|(_, modulus)| modulus.to_vec()),
        _ => Some(key.to_vec()),
    }
}

/// The same of a private key in PKCS#8, PKCS#1 or SEC 1, as far as it is written in it.
#[must_use]
pub fn private_key_public(der: &[u8]) -> Option<Vec<u8>> {
    let parts = elements(inside(der)?);
    match parts.as_slice() {
        // PKCS#8: version, algorithm, an octet string around the key.
        [(0x02, _), (0x30, _), (0x04, inner), ..] => private_key_public(inner),
        // PKCS#1: version, modulus, …
        [(0x02, _), (0x02, modulus), ..] => Some(modulus.to_vec()),
        // SEC 1: version, octets, curve, public key.
        [(0x02, _), (0x04, _), rest @ ..] => {
            let (_, public) = rest.iter().find(|(tag, _)| *tag == 0xa1)?;
            inside(public)?.get(1..).map(<[u8]>::to_vec)
        }
        _ => None,
    }
}
