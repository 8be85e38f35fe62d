//! Private and public keys that are shaped like real ones.
//!
//! The numbers are noise: a modulus is no product of primes, a point lies on no curve. What matters in the lab holds: a
//! private key and its public key carry the same modulus or point, and no two keys are alike.

use super::der::{self, element, integer, sequence};
use crate::world::Entropy;

/// What kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA with a modulus of so many bits.
    Rsa(usize),
    /// An elliptic curve: P-256.
    P256,
    /// Ed25519.
    Ed25519,
}

/// A private key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// What kind.
    pub algorithm: Algorithm,
    /// The modulus, or the public point.
    pub public: Vec<u8>,
    /// The private number.
    secret: Vec<u8>,
}

const RSA: &[u8] =
    &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
const EC: &[u8] = &[
    0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07,
];
const P256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const ED25519: &[u8] = &[0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70];

/// So many bytes of noise.
pub(super) fn noise(entropy: &mut Entropy, len: usize) -> Vec<u8> {
    (0..len.div_ceil(8)).flat_map(|_| entropy.next_u64().to_be_bytes()).take(len).collect()
}

/// A number of exactly so many bytes, odd.
fn number(entropy: &mut Entropy, len: usize) -> Vec<u8> {
    let mut bytes = noise(entropy, len);
    if let Some(first) = bytes.first_mut() {
        *first |= 0x80;
    }
    if let Some(last) = bytes.last_mut() {
        *last |= 1;
    }
    bytes
}

impl Key {
    /// A new key.
    #[must_use]
    pub fn new(algorithm: Algorithm, entropy: &mut Entropy) -> Self {
        match algorithm {
            Algorithm::Rsa(bits) => {
                let len = bits.div_ceil(8).max(64);
                Self { algorithm, public: number(entropy, len), secret: number(entropy, len) }
            }
            Algorithm::P256 => {
                let public = [&[4], noise(entropy, 64).as_slice()].concat();
                Self { algorithm, public, secret: noise(entropy, 32) }
            }
            Algorithm::Ed25519 => Self { algorithm, public: noise(entropy, 32), secret: noise(entropy, 32) },
        }
    }

    /// `SubjectPublicKeyInfo`
    #[must_use]
    pub fn public_der(&self) -> Vec<u8> {
        match self.algorithm {
            Algorithm::Rsa(_) => {
                let key = sequence(&[&integer(&self.public), &integer(&[1, 0, 1])]);
                sequence(&[RSA, &der::bit_string(&key)])
            }
            Algorithm::P256 => sequence(&[EC, &der::bit_string(&self.public)]),
            Algorithm::Ed25519 => sequence(&[ED25519, &der::bit_string(&self.public)]),
        }
    }

    /// PKCS#1 of an RSA key, SEC 1 of another.
    #[must_use]
    pub fn traditional_der(&self) -> Vec<u8> {
        match self.algorithm {
            Algorithm::Rsa(bits) => {
                let half = bits.div_ceil(16).max(32);
                let mut rest =
                    Entropy::new(self.secret.iter().fold(7, |n, b| n.wrapping_mul(31) ^ u64::from(*b)));
                let parts: Vec<Vec<u8>> = (0..5).map(|_| integer(&number(&mut rest, half))).collect();
                let head = [integer(&[0]), integer(&self.public), integer(&[1, 0, 1]), integer(&self.secret)];
                element(der::SEQUENCE, &[head.concat(), parts.concat()].concat())
            }
            Algorithm::P256 | Algorithm::Ed25519 => sequence(&[
                &integer(&[1]),
                &element(der::OCTET_STRING, &self.secret),
                &element(0xa0, P256),
                &element(0xa1, &der::bit_string(&self.public)),
            ]),
        }
    }

    /// PKCS#8.
    #[must_use]
    pub fn pkcs8_der(&self) -> Vec<u8> {
        let (algorithm, inner) = match self.algorithm {
            Algorithm::Rsa(_) => (RSA, self.traditional_der()),
            Algorithm::P256 => (
                EC,
                sequence(&[
                    &integer(&[1]),
                    &element(der::OCTET_STRING, &self.secret),
                    &element(0xa1, &der::bit_string(&self.public)),
                ]),
            ),
            // A real one keeps only the seed; the lab cannot compute the public key from it and appends it.
            Algorithm::Ed25519 => (
                ED25519,
                element(der::OCTET_STRING, &[self.secret.as_slice(), self.public.as_slice()].concat()),
            ),
        };
        sequence(&[&integer(&[0]), algorithm, &element(der::OCTET_STRING, &inner)])
    }

    /// The PEM that `openssl genrsa` writes since 3.0.
    #[must_use]
    pub fn pem(&self) -> String {
        der::pem("PRIVATE KEY", &self.pkcs8_der())
    }

    /// The PEM that kubeadm writes.
    #[must_use]
    pub fn traditional_pem(&self) -> String {
        let kind =
            if matches!(self.algorithm, Algorithm::Rsa(_)) { "RSA PRIVATE KEY" } else { "EC PRIVATE KEY" };
        der::pem(kind, &self.traditional_der())
    }

    /// Reads a private key in PEM; `None` where there is none.
    #[must_use]
    pub fn from_pem(text: &str) -> Option<Self> {
        let block = der::pem_blocks(text).into_iter().find(|b| b.kind.ends_with("PRIVATE KEY"))?;
        Self::from_der(&block.bytes)
    }

    fn from_der(bytes: &[u8]) -> Option<Self> {
        let parts = der::inside(bytes);
        let bare = |b: &[u8]| b.iter().copied().skip_while(|b| *b == 0).collect::<Vec<u8>>();
        match parts.as_slice() {
            // PKCS#8 of Ed25519.
            [(0x02, ..), (0x30, whole, _), (0x04, _, inner)] if *whole == ED25519 => {
                let both = der::elements(inner).first().map(|(_, _, c)| c.to_vec()).unwrap_or_default();
                let (secret, public) = both.split_at_checked(32)?;
                Some(Self { algorithm: Algorithm::Ed25519, public: public.to_vec(), secret: secret.to_vec() })
            }
            [(0x02, ..), (0x30, ..), (0x04, _, inner), ..] => Self::from_der(inner),
            [(0x02, ..), (0x02, _, modulus), _, (0x02, _, secret), ..] => {
                let public = bare(modulus);
                Some(Self { algorithm: Algorithm::Rsa(public.len() * 8), public, secret: bare(secret) })
            }
            [(0x02, ..), (0x04, _, secret), rest @ ..] => {
                let (_, _, point) = rest.iter().find(|(tag, ..)| *tag == 0xa1)?;
                let public = der::elements(point).first()?.2.get(1..)?.to_vec();
                Some(Self { algorithm: Algorithm::P256, public, secret: secret.to_vec() })
            }
            _ => None,
        }
    }

    /// Signs: bytes that only depend on the key and on what is signed.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        signature(&self.public, message)
    }
}

/// The modulus or point in a `SubjectPublicKeyInfo`.
#[must_use]
pub fn public_of(spki: &[u8]) -> Vec<u8> {
    let parts = der::inside(spki);
    let Some((_, _, bits)) = parts.get(1) else { return Vec::new() };
    let key = bits.get(1..).unwrap_or_default();
    match der::inside(key).first() {
        Some((der::INTEGER, _, modulus)) => modulus.iter().copied().skip_while(|b| *b == 0).collect(),
        _ => key.to_vec(),
    }
}

/// The kind of key in a `SubjectPublicKeyInfo`.
#[must_use]
pub fn algorithm_of(spki: &[u8]) -> Algorithm {
    match der::inside(spki).first().map(|(_, whole, _)| *whole) {
        Some(EC) => Algorithm::P256,
        Some(ED25519) => Algorithm::Ed25519,
        _ => Algorithm::Rsa(public_of(spki).len() * 8),
    }
}

/// The signature that the holder of a public key's secret makes.
#[must_use]
pub fn signature(public: &[u8], message: &[u8]) -> Vec<u8> {
    let mut state = 0x6a09_e667_f3bc_c908_u64;
    for byte in public.iter().chain(b"/").chain(message) {
        state = (state ^ u64::from(*byte)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        state ^= state >> 32;
    }
    noise(&mut Entropy::new(state), if public.len() < 100 { 70 } else { public.len() })
}
