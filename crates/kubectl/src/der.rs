//! What identifies a key, in certificates and in private keys. DER and PEM themselves are core's.

use gatehouse_core::pki::der::{Block, Element, INTEGER, OCTET_STRING, SEQUENCE, elements, pem_blocks_of};

/// The blocks of a PEM text as Go's `encoding/pem` finds them: their marks begin the line.
#[must_use]
pub fn pem_blocks(text: &str) -> Vec<Block> {
    pem_blocks_of(text.lines().map(str::trim_end))
}

/// The content of the first element.
#[must_use]
pub fn inside(bytes: &[u8]) -> Option<&[u8]> {
    elements(bytes).first().map(|(.., content)| *content)
}

/// The fields of a certificate's first part, the optional version not counted:
/// serial, algorithm, issuer, validity, subject, public key.
fn certificate_fields(der: &[u8]) -> Option<Vec<&[u8]>> {
    let tbs = inside(inside(der)?)?;
    Some(elements(tbs).into_iter().filter(|(tag, ..)| *tag != 0xa0).map(|(.., content)| content).collect())
}

/// What identifies the public key of a certificate: the point of an elliptic curve or the modulus of RSA.
#[must_use]
pub fn certificate_key(der: &[u8]) -> Option<Vec<u8>> {
    let fields = certificate_fields(der)?;
    let (.., bits) = elements(fields.get(5)?).get(1).copied()?;
    let key = bits.get(1..)?;
    // An RSA key is a sequence of modulus and exponent, a point is not.
    match elements(key).as_slice() {
        [(SEQUENCE, whole, inner)] if *whole == key => inside(inner).map(<[u8]>::to_vec),
        _ => Some(key.to_vec()),
    }
}

/// The same of a private key in PKCS#8, PKCS#1 or SEC 1, as far as it is written in it.
#[must_use]
pub fn private_key_public(der: &[u8]) -> Option<Vec<u8>> {
    let parts: Vec<Element<'_>> = elements(inside(der)?);
    match parts.as_slice() {
        // PKCS#8: version, algorithm, an octet string around the key.
        [(INTEGER, ..), (SEQUENCE, ..), (OCTET_STRING, _, inner), ..] => private_key_public(inner),
        // PKCS#1: version, modulus, …
        [(INTEGER, ..), (INTEGER, _, modulus), ..] => Some(modulus.to_vec()),
        // SEC 1: version, octets, curve, public key.
        [(INTEGER, ..), (OCTET_STRING, ..), rest @ ..] => {
            let (.., public) = rest.iter().find(|(tag, ..)| *tag == 0xa1)?;
            inside(public)?.get(1..).map(<[u8]>::to_vec)
        }
        _ => None,
    }
}
