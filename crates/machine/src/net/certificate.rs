//! Certificates as far as a client looks at them: whose, from whom, for which names, until when.
//!
//! Read from X.509 in PEM, or from a line `subject=CN=jane,O=developers` in the PEM's body, which is how the lab may write
//! certificates that nobody needs to verify. No signature is verified: a certificate is trusted where its issuer's
//! name is that of a certificate the client trusts.

use gatehouse_core::Credential;
use gatehouse_core::pki::{der, x509};

/// A certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    /// The subject's parts in their order: `O`, `CN`, …
    pub subject: Vec<(String, String)>,
    /// The issuer's.
    pub issuer: Vec<(String, String)>,
    /// The names and addresses it is for.
    pub names: Vec<String>,
    /// From when, in milliseconds since 1970.
    pub from: i64,
    /// Until when.
    pub until: i64,
    /// Its bytes, where it has any.
    pub der: Vec<u8>,
}

/// The names of a subjectAltName extension.
fn alternatives(extensions: &[x509::Extension]) -> Vec<String> {
    let Some(found) = extensions.iter().find(|e| e.0 == [0x55, 0x1d, 0x11]) else { return Vec::new() };
    let mut names = Vec::new();
    for (tag, _, value) in der::inside(&found.2) {
        match (tag, value) {
            (0x82, name) => names.push(String::from_utf8_lossy(name).into_owned()),
            (0x87, [a, b, c, d]) => names.push(format!("{a}.{b}.{c}.{d}")),
            _ => {}
        }
    }
    names
}

/// A `YYMMDDHHMMSSZ`.
fn moment(text: &str) -> i64 {
    let text = if text.len() == 13 { format!("20{text}") } else { text.to_owned() };
    let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or("00").to_owned();
    let stamp = format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0..4),
        part(4..6),
        part(6..8),
        part(8..10),
        part(10..12),
        part(12..14)
    );
    gatehouse_model::time::parse_rfc3339(&stamp).map_or(0, |(seconds, _)| seconds * 1000)
}

/// The parts of `CN=jane,O=developers` or `/CN=jane/O=developers`.
fn parts_of(line: &str) -> Vec<(String, String)> {
    let pairs = line.split([',', '/']).filter_map(|p| p.split_once('='));
    pairs.map(|(k, v)| (k.trim().to_owned(), v.trim().to_owned())).collect()
}

impl Certificate {
    /// The first certificate of a PEM text.
    #[must_use]
    pub fn parse(pem: &str) -> Option<Self> {
        Self::all(pem).into_iter().next()
    }

    /// Every certificate of a PEM text.
    #[must_use]
    pub fn all(pem: &str) -> Vec<Self> {
        let blocks = der::pem_blocks(pem).into_iter().filter(|b| b.kind == "CERTIFICATE");
        blocks.filter_map(|b| Self::read(&b.bytes)).collect()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        if let Ok(text) = std::str::from_utf8(bytes)
            && let Some(line) = text.lines().find_map(|l| l.trim().strip_prefix("subject="))
        {
            let issuer = vec![("CN".to_owned(), "kubernetes".to_owned())];
            return Some(Self { subject: parts_of(line), issuer, ..Self::default() });
        }
        let read = x509::Certificate::read(bytes)?;
        Some(Self {
            subject: x509::read_name(&read.subject),
            issuer: x509::read_name(&read.issuer),
            names: alternatives(&read.extensions),
            from: moment(&read.validity.0),
            until: moment(&read.validity.1),
            der: bytes.to_vec(),
        })
    }

    /// A part of the subject.
    #[must_use]
    pub fn part(&self, key: &str) -> Option<&str> {
        self.subject.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// Whether it signed itself.
    #[must_use]
    pub fn self_signed(&self) -> bool {
        self.subject == self.issuer
    }

    /// Whether it is for a host: a name, one with a `*` for its first label, or an address. Without names of its own
    /// the common name counts.
    #[must_use]
    pub fn is_for(&self, host: &str) -> bool {
        let matches = |name: &str| match name.strip_prefix("*.") {
            Some(domain) => host.split_once('.').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(domain)),
            None => name.eq_ignore_ascii_case(host),
        };
        if self.names.is_empty() {
            self.part("CN").is_some_and(matches)
        } else {
            self.names.iter().any(|n| matches(n))
        }
    }

    /// A name as curl prints it: `O=Acme Co; CN=web`.
    #[must_use]
    pub fn line(parts: &[(String, String)]) -> String {
        parts.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join("; ")
    }
}

/// What a client presents: the server finds out whose it is and whether to believe it.
#[must_use]
pub fn credential(pem: &str) -> Option<Credential> {
    let block = der::pem_blocks(pem).into_iter().find(|b| b.kind == "CERTIFICATE")?;
    if x509::Certificate::read(&block.bytes).is_some() {
        return Some(Credential::Presented(block.bytes));
    }
    let certificate = Certificate::read(&block.bytes)?;
    let common_name = certificate.part("CN")?.to_owned();
    let organizations =
        certificate.subject.iter().filter(|(k, _)| k == "O").map(|(_, v)| v.clone()).collect();
    Some(Credential::Certificate { common_name, organizations })
}
