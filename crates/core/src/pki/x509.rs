//! Signing requests and certificates, written and read. Models Go's `crypto/x509` and what `openssl req` makes.

use super::der::{self, BIT_STRING, INTEGER, OCTET_STRING, OID, SEQUENCE, SET, element, sequence};
use super::key::{self, Algorithm, Key};
use crate::world::{Entropy, Timestamp};

/// `sha256WithRSAEncryption` with its empty parameters.
const SHA256_RSA: &[u8] =
    &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00];
/// `ecdsa-with-SHA256`
const SHA256_EC: &[u8] = &[0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const ED25519: &[u8] = &[0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70];

/// A part of a distinguished name: `CN` and the like, and its text.
pub type Attribute = (String, String);

/// Attribute types of names by their last number below 2.5.4.
const ATTRIBUTES: [(&str, u8); 9] = [
    ("CN", 3),
    ("SN", 4),
    ("serialNumber", 5),
    ("C", 6),
    ("L", 7),
    ("ST", 8),
    ("street", 9),
    ("O", 10),
    ("OU", 11),
];
/// `emailAddress`
const EMAIL: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01];

/// Writes a distinguished name.
#[must_use]
pub fn name(attributes: &[Attribute]) -> Vec<u8> {
    let sets: Vec<Vec<u8>> = attributes
        .iter()
        .map(|(kind, text)| {
            let last = ATTRIBUTES.iter().find(|(n, _)| n == kind).map(|(_, b)| *b);
            let (oid, tag) = match (last, kind.as_str()) {
                (Some(b), _) => (vec![0x55, 0x04, b], if kind == "C" { der::PRINTABLE } else { der::UTF8 }),
                (None, _) => (EMAIL.to_vec(), 0x16),
            };
            element(SET, &sequence(&[&element(OID, &oid), &element(tag, text.as_bytes())]))
        })
        .collect();
    element(SEQUENCE, &sets.concat())
}

/// Reads a distinguished name.
#[must_use]
pub fn read_name(bytes: &[u8]) -> Vec<Attribute> {
    let mut all = Vec::new();
    for (_, _, set) in der::inside(bytes) {
        for (_, _, pair) in der::elements(set) {
            if let [(_, _, oid), (_, _, value), ..] = der::elements(pair).as_slice() {
                let kind = match *oid {
                    [0x55, 0x04, b] => ATTRIBUTES.iter().find(|(_, n)| n == b).map_or("?", |(n, _)| *n),
                    o if o == EMAIL => "emailAddress",
                    _ => "?",
                };
                all.push((kind.to_owned(), String::from_utf8_lossy(value).into_owned()));
            }
        }
    }
    all
}

/// The subject of a request as a `CertificateSigningRequest` holds it: PEM in base64. `None` where it holds none.
#[must_use]
#[inline(never)]
pub fn requested_subject(encoded: &str) -> Option<Vec<Attribute>> {
    let text = String::from_utf8(gatehouse_model::base64::decode(encoded).ok()?).ok()?;
    let block = der::pem_blocks(&text).into_iter().find(|b| b.kind.ends_with("CERTIFICATE REQUEST"))?;
    Some(read_name(&Request::read(&block.bytes)?.subject))
}

/// An extension: its OID's content, whether it is critical, its value in DER.
pub type Extension = (Vec<u8>, bool, Vec<u8>);

/// What a request asks to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The subject's name in DER.
    pub subject: Vec<u8>,
    /// The public key in DER.
    pub key: Vec<u8>,
    /// Extensions that are asked for.
    pub extensions: Vec<Extension>,
    signature: Vec<u8>,
    signed: Vec<u8>,
}

impl Request {
    /// Reads a request in DER.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let parts = der::inside(bytes);
        let info = parts.first()?;
        let fields = der::elements(info.2);
        let (subject, key) = (fields.get(1)?, fields.get(2)?);
        if subject.0 != SEQUENCE || key.0 != SEQUENCE {
            return None;
        }
        let mut extensions = Vec::new();
        for (_, _, attribute) in fields.get(3).map(|f| der::elements(f.2)).unwrap_or_default() {
            let attribute = der::elements(attribute);
            // extensionRequest: a set of one list of extensions.
            if let Some((_, _, set)) = attribute.get(1) {
                extensions.extend(read_extensions(set));
            }
        }
        Some(Self {
            subject: subject.1.to_vec(),
            key: key.1.to_vec(),
            extensions,
            signature: parts.get(2).and_then(|p| p.2.get(1..)).unwrap_or_default().to_vec(),
            signed: info.1.to_vec(),
        })
    }

    /// Writes a request, signed by its own key.
    #[must_use]
    pub fn write(subject: &[Attribute], key: &Key, extensions: &[Extension]) -> Vec<u8> {
        let mut attributes = Vec::new();
        if !extensions.is_empty() {
            let oid = element(OID, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e]);
            let list = write_extensions(extensions);
            attributes = sequence(&[&oid, &element(SET, &list)]);
        }
        let info =
            sequence(&[&der::integer(&[0]), &name(subject), &key.public_der(), &element(0xa0, &attributes)]);
        sequence(&[&info, algorithm(&key.algorithm), &der::bit_string(&key.sign(&info))])
    }

    /// Whether the request was signed by the key in it.
    #[must_use]
    pub fn verifies(&self) -> bool {
        self.signature == key::signature(&key::public_of(&self.key), &self.signed)
    }
}

fn algorithm(key: &Algorithm) -> &'static [u8] {
    match key {
        Algorithm::Rsa(_) => SHA256_RSA,
        Algorithm::P256 => SHA256_EC,
        Algorithm::Ed25519 => ED25519,
    }
}

fn write_extensions(all: &[Extension]) -> Vec<u8> {
    let one = |(oid, critical, value): &Extension| {
        let critical: &[u8] = if *critical { &[0x01, 0x01, 0xff] } else { &[] };
        sequence(&[&element(OID, oid), critical, &element(OCTET_STRING, value)])
    };
    element(SEQUENCE, &all.iter().map(one).collect::<Vec<_>>().concat())
}

fn read_extensions(bytes: &[u8]) -> Vec<Extension> {
    let mut all = Vec::new();
    for (_, _, extension) in der::inside(bytes) {
        let parts = der::elements(extension);
        let (Some(oid), Some(value)) = (parts.first(), parts.last()) else { continue };
        all.push((oid.2.to_vec(), parts.len() > 2, value.2.to_vec()));
    }
    all
}

/// What a certificate says besides its subject.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The issuer's name in DER.
    pub issuer: Vec<u8>,
    /// From when it holds.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Its extensions.
    pub extensions: Vec<Extension>,
    /// How many bytes its serial number has.
    pub serial: usize,
}

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Whether it says its version.
    pub version: u8,
    /// The serial number.
    pub serial: Vec<u8>,
    /// Who signed it, in DER.
    pub issuer: Vec<u8>,
    /// `YYMMDDHHMMSSZ` of its beginning and its end.
    pub validity: (String, String),
    /// Whose it is, in DER.
    pub subject: Vec<u8>,
    /// The public key in DER.
    pub key: Vec<u8>,
    /// Its extensions.
    pub extensions: Vec<Extension>,
    /// The signature's bytes.
    pub signature: Vec<u8>,
    signed: Vec<u8>,
}

fn utc(time: Timestamp) -> Vec<u8> {
    // 2026-11-20T00:00:00Z is written 261120000000Z.
    let text = time.to_string();
    let digits: String = text.chars().skip(2).filter(char::is_ascii_digit).chain(['Z']).collect();
    element(der::UTC_TIME, digits.as_bytes())
}

impl Certificate {
    /// Writes a certificate for a subject and a public key (both in DER), signed by `by`.
    #[must_use]
    pub fn write(subject: &[u8], public: &[u8], terms: &Terms, by: &Key, entropy: &mut Entropy) -> Vec<u8> {
        let mut serial = key::noise(entropy, terms.serial);
        if let Some(first) = serial.first_mut() {
            *first = *first & 0x7f | 0x01;
        }
        let extensions = match terms.extensions.as_slice() {
            [] => Vec::new(),
            all => element(0xa3, &write_extensions(all)),
        };
        let version: Vec<u8> =
            if extensions.is_empty() { Vec::new() } else { element(0xa0, &element(INTEGER, &[2])) };
        let body = sequence(&[
            &version,
            &element(INTEGER, &serial),
            algorithm(&by.algorithm),
            &terms.issuer,
            &sequence(&[&utc(terms.from), &utc(terms.until)]),
            subject,
            public,
            &extensions,
        ]);
        sequence(&[&body, algorithm(&by.algorithm), &der::bit_string(&by.sign(&body))])
    }

    /// Reads a certificate in DER.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let parts = der::inside(bytes);
        let body = parts.first()?;
        let mut fields = der::elements(body.2);
        let version = if fields.first()?.0 == 0xa0 {
            fields.remove(0);
            3
        } else {
            1
        };
        let [serial, _, issuer, validity, subject, public, rest @ ..] = fields.as_slice() else {
            return None;
        };
        let times: Vec<String> =
            der::elements(validity.2).iter().map(|t| String::from_utf8_lossy(t.2).into_owned()).collect();
        let extensions = rest.iter().find(|(tag, ..)| *tag == 0xa3).map(|e| read_extensions(e.2));
        Some(Self {
            version,
            serial: serial.2.to_vec(),
            issuer: issuer.1.to_vec(),
            validity: (times.first()?.clone(), times.get(1)?.clone()),
            subject: subject.1.to_vec(),
            key: public.1.to_vec(),
            extensions: extensions.unwrap_or_default(),
            signature: parts.get(2).and_then(|p| p.2.get(1..)).unwrap_or_default().to_vec(),
            signed: body.1.to_vec(),
        })
    }

    /// The first certificate of a PEM text.
    #[must_use]
    pub fn from_pem(text: &str) -> Option<Self> {
        let block = der::pem_blocks(text).into_iter().find(|b| b.kind == "CERTIFICATE")?;
        Self::read(&block.bytes)
    }

    /// Whether the holder of a public key (in DER) signed it.
    #[must_use]
    pub fn signed_by(&self, public: &[u8]) -> bool {
        self.signature == key::signature(&key::public_of(public), &self.signed)
    }

    /// Whether a moment lies in its time.
    #[must_use]
    pub fn holds_at(&self, now: Timestamp) -> bool {
        // Two digits of the year sort as they should until 2049.
        let text: String = now.to_string().chars().skip(2).filter(char::is_ascii_digit).collect();
        let digits = |t: &str| t.trim_end_matches('Z').to_owned();
        digits(&self.validity.0) <= text && text <= digits(&self.validity.1)
    }
}

/// `keyUsage`, `extendedKeyUsage` and `basicConstraints` for the usages of a signing request; none makes an authority.
#[must_use]
pub fn usages(usages: &[&str]) -> Vec<Extension> {
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
    let mut all = Vec::new();
    if bits != 0 {
        let unused = u8::try_from(bits.trailing_zeros()).unwrap_or(0);
        all.push((vec![0x55, 0x1d, 0x0f], true, element(BIT_STRING, &[unused, bits])));
    }
    if !extended.is_empty() {
        all.push((vec![0x55, 0x1d, 0x25], false, element(SEQUENCE, &extended)));
    }
    let basic: &[u8] = if is_authority { &[0x01, 0x01, 0xff] } else { &[] };
    all.push((vec![0x55, 0x1d, 0x13], true, element(SEQUENCE, basic)));
    all
}

/// Twenty bytes that name a key.
fn key_id(public: &[u8]) -> Vec<u8> {
    key::signature(&key::public_of(public), b"key").into_iter().take(20).collect()
}

/// `subjectKeyIdentifier` of a key.
#[must_use]
pub fn subject_key(public: &[u8]) -> Extension {
    (vec![0x55, 0x1d, 0x0e], false, element(der::OCTET_STRING, &key_id(public)))
}

/// `authorityKeyIdentifier` of the key that signs.
#[must_use]
pub fn authority_key(public: &[u8]) -> Extension {
    (vec![0x55, 0x1d, 0x23], false, element(SEQUENCE, &element(0x80, &key_id(public))))
}

/// `id-kp-…`
fn purpose(last: u8) -> Vec<u8> {
    element(OID, &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, last])
}

/// `subjectAltName` of names (`DNS:x`) and addresses (`IP:1.2.3.4`).
#[must_use]
pub fn alternative_names(names: &[&str]) -> Extension {
    let all: Vec<u8> = names
        .iter()
        .flat_map(|n| match n.split_once(':') {
            Some(("IP" | "IP Address", ip)) => {
                element(0x87, &ip.split('.').filter_map(|p| p.trim().parse().ok()).collect::<Vec<u8>>())
            }
            Some(("email", mail)) => element(0x81, mail.as_bytes()),
            Some((_, dns)) => element(0x82, dns.as_bytes()),
            None => element(0x82, n.as_bytes()),
        })
        .collect();
    (vec![0x55, 0x1d, 0x11], false, element(SEQUENCE, &all))
}
