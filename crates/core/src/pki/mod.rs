//! The cluster's public key infrastructure: its authority, and certificates of its components.
//!
//! Keys, requests and certificates are DER that any tool can read; the numbers in them are noise and signatures are keyed
//! hashes ([`key`]), which is all a simulation needs: within the lab only the holder of a key can sign with it.
//!
//! Models cmd/kubeadm/app/phases/certs and `crypto/x509`.

pub mod der;
pub mod key;
pub mod x509;

use crate::cluster::Cluster;
use crate::request::Credential;
use crate::world::{Entropy, Timestamp};

pub use key::{Algorithm, Key};
pub use x509::{Certificate, Request, Terms};

const YEAR: i64 = 365 * 24 * 3_600_000;

/// A certificate authority.
#[derive(Clone, Debug)]
pub struct Authority {
    /// Its key.
    pub key: Key,
    /// Its certificate in DER.
    pub certificate: Vec<u8>,
    name: Vec<u8>,
    entropy: Entropy,
}

impl Authority {
    /// An authority that depends on nothing but its name and a seed.
    #[must_use]
    pub fn new(common_name: &str, seed: u64) -> Self {
        let mut entropy = Entropy::new(seed);
        let key = Key::new(Algorithm::Rsa(2048), &mut entropy);
        let name = x509::name(&[("CN".to_owned(), common_name.to_owned())]);
        let from = Timestamp::GENESIS;
        let mut extensions = x509::usages(&[]);
        extensions.push(x509::subject_key(&key.public_der()));
        extensions.push(x509::alternative_names(&[common_name]));
        let terms =
            Terms { issuer: name.clone(), from, until: from.plus_millis(10 * YEAR), extensions, serial: 8 };
        let certificate = Certificate::write(&name, &key.public_der(), &terms, &key, &mut entropy);
        Self { key, certificate, name, entropy }
    }

    /// The cluster's own: as lasting as the UID of `kube-system`.
    #[must_use]
    pub fn of(cluster: &Cluster) -> Self {
        let seed = cluster.store.get("namespaces", "", "kube-system").map_or("", |n| n.uid());
        let seed = seed.bytes().fold(0_u64, |n, b| n.wrapping_mul(0x0100_0000_01b3) ^ u64::from(b));
        Self::new("kubernetes", seed)
    }

    /// Its certificate in PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        der::pem("CERTIFICATE", &self.certificate)
    }

    /// The issuer's name in what it signs, in DER.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// A certificate of a component for a year, in PEM, and its key.
    #[must_use]
    pub fn issue(&mut self, subject: &[(&str, &str)], usages: &[&str], names: &[&str]) -> (String, Key) {
        let key = Key::new(Algorithm::Rsa(2048), &mut self.entropy);
        let subject: Vec<_> = subject.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let mut extensions = x509::usages(usages);
        extensions.push(x509::authority_key(&self.key.public_der()));
        if !names.is_empty() {
            extensions.push(x509::alternative_names(names));
        }
        let from = Timestamp::GENESIS;
        let terms =
            Terms { issuer: self.name.clone(), from, until: from.plus_millis(YEAR), extensions, serial: 8 };
        let subject = x509::name(&subject);
        let bytes = Certificate::write(&subject, &key.public_der(), &terms, &self.key, &mut self.entropy);
        (der::pem("CERTIFICATE", &bytes), key)
    }
}

/// Whom the API server takes the holder of a client certificate for; nobody where the cluster's authority did not
/// sign it or its time is over.
#[must_use]
pub fn authenticate(cluster: &Cluster, der: &[u8]) -> Option<Credential> {
    let certificate = Certificate::read(der)?;
    let authority = Authority::of(cluster);
    let public = authority.key.public_der();
    if !certificate.signed_by(&public) || !certificate.holds_at(cluster.now) {
        return None;
    }
    let mut common_name = String::new();
    let mut organizations = Vec::new();
    for (kind, text) in x509::read_name(&certificate.subject) {
        match kind.as_str() {
            "CN" => common_name = text,
            "O" => organizations.push(text),
            _ => {}
        }
    }
    (!common_name.is_empty()).then_some(Credential::Certificate { common_name, organizations })
}

#[cfg(test)]
mod tests;
