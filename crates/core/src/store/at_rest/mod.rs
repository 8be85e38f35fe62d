//! Encryption at rest: which provider an object is written with, and whether it can be read back.
//!
//! An object remembers the key it was sealed with when it was last written; nothing else about the bytes in etcd is
//! kept, they are made up when somebody looks ([`super::etcd`]). There is no cryptography: only whoever has the same
//! key under the same name opens a seal.
//!
//! No KMS plugin ever answers: a server that names one starts, is not ready, and can write nothing for it.
//!
//! Models apiserver `pkg/server/options/encryptionconfig` and `pkg/storage/value/{transformer,encrypt}`.

mod validation;

use std::sync::Arc;

use gatehouse_model::field::{aggregate, aggregate_texts};
use gatehouse_model::{Value, base64};

/// How a provider encrypts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cipher {
    /// `aescbc`
    AesCbc,
    /// `aesgcm`
    AesGcm,
    /// `secretbox`
    Secretbox,
}

/// Providers with keys, in the order validation asks for them.
const CIPHERS: [(&str, Cipher, &[usize]); 3] = [
    ("aesgcm", Cipher::AesGcm, &[16, 24, 32]),
    ("aescbc", Cipher::AesCbc, &[16, 24, 32]),
    ("secretbox", Cipher::Secretbox, &[32]),
];

impl Cipher {
    /// The provider's name in the configuration and in etcd.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AesCbc => "aescbc",
            Self::AesGcm => "aesgcm",
            Self::Secretbox => "secretbox",
        }
    }

    /// What opening a value with another key of the same name comes to.
    const fn wrong_key(self) -> &'static str {
        match self {
            Self::AesCbc => "invalid padding on input",
            Self::AesGcm => "cipher: message authentication failed",
            Self::Secretbox => "output array was not large enough for encryption",
        }
    }

    const fn no_key(self) -> &'static str {
        match self {
            Self::AesCbc | Self::AesGcm => "no matching key was found for the provided AES transformer",
            Self::Secretbox => "no matching key was found for the provided Secretbox transformer",
        }
    }
}

/// What an object was sealed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// The provider.
    pub cipher: Cipher,
    /// The key's name.
    pub key: String,
    secret: Vec<u8>,
}

impl Seal {
    /// A number that depends on the key.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.secret
            .iter()
            .fold(0xcbf2_9ce4_8422_2325, |n, b| (n ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3))
    }
}

/// A provider of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Provider {
    /// `identity`: as it is.
    Plain,
    /// Keys of a cipher.
    Keys(Cipher, Vec<Arc<Seal>>),
    /// `kms`: whether its plugin speaks the second version, and the socket it would listen on.
    Kms { second: bool, socket: String },
}

/// What the server's flags have to do with the file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flags {
    /// `--encryption-provider-config-automatic-reload`
    pub reload: bool,
    /// `--feature-gates=KMSv1=true`
    pub kms_v1: bool,
}

/// An `EncryptionConfiguration` that was found to be in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encryption {
    /// `secrets`, `deployments.apps`, `*.` and so on, each with its providers.
    lists: Vec<(String, Vec<Provider>)>,
    /// Whether the file is read again when it changes.
    reload: bool,
}

impl Encryption {
    /// Reads a configuration that is no broken YAML.
    ///
    /// # Errors
    /// What the server says of it.
    #[inline(never)]
    pub fn read(path: &str, text: &str, value: &Value, flags: Flags) -> Result<Self, String> {
        let (version, kind) = (value.str_at(&["apiVersion"]), value.str_at(&["kind"]));
        let parsing = |why: String| format!("error while parsing file: {why}");
        let undecoded = |why: String| {
            parsing(format!("error decoding encryption provider configuration file {path:?}: {why}"))
        };
        for (field, word) in [("Kind", kind), ("apiVersion", version)] {
            if word.is_empty() {
                return Err(undecoded(format!("Object '{field}' is missing in '{text}'")));
            }
        }
        let others = ["AdmissionConfiguration", "AuthenticationConfiguration", "AuthorizationConfiguration"];
        if version == "apiserver.config.k8s.io/v1" && others.contains(&kind) {
            return Err(parsing(format!("got unexpected config type: {version}, Kind={kind}")));
        }
        if (version, kind) != ("apiserver.config.k8s.io/v1", "EncryptionConfiguration") {
            return Err(undecoded(format!(
                "no kind {kind:?} is registered for version {version:?} in scheme \"k8s.io/apiserver/pkg/server/options/encryptionconfig/config.go:142\""
            )));
        }
        validation::shape(value).map_err(undecoded)?;
        let unknown = validation::unknown_fields(value);
        if !unknown.is_empty() {
            return Err(undecoded(format!("strict decoding error: {}", unknown.join(", "))));
        }
        let errors = validation::validate(value, flags.reload);
        if !errors.is_empty() {
            return Err(parsing(aggregate(&errors)));
        }
        Self::build(value, flags).map_err(|why| format!("error while building transformers: {why}"))
    }

    fn build(value: &Value, flags: Flags) -> Result<Self, String> {
        let mut lists: Vec<(String, Vec<Provider>)> = Vec::new();
        for entry in value.list_at(&["resources"]) {
            let providers: Vec<Provider> = entry.list_at(&["providers"]).iter().map(provider).collect();
            if providers.iter().any(|p| matches!(p, Provider::Kms { second: false, .. })) && !flags.kms_v1 {
                return Err("KMSv1 is deprecated and will only receive security updates going forward. Use KMSv2 instead.  Set --feature-gates=KMSv1=true to use the deprecated KMSv1 feature.".to_owned());
            }
            for name in entry.list_at(&["resources"]).iter().filter_map(Value::as_str) {
                let group = name.split_once('.').map_or("", |(_, g)| g);
                for mask in [format!("*.{group}"), "*.*".to_owned()] {
                    if lists.iter().any(|(n, _)| *n == mask) {
                        return Err(format!("resource {name:?} is masked by earlier rule {mask:?}"));
                    }
                }
                match lists.iter_mut().find(|(n, _)| n == name) {
                    Some((_, all)) => all.extend(providers.iter().cloned()),
                    None => lists.push((name.to_owned(), providers.clone())),
                }
            }
        }
        Ok(Self { lists, reload: flags.reload })
    }

    fn providers(&self, group_resource: &str) -> &[Provider] {
        let group = group_resource.split_once('.').map_or("", |(_, g)| g);
        let find = |name: &str| self.lists.iter().find(|(n, _)| n == name).map(|(_, p)| p.as_slice());
        find(group_resource)
            .or_else(|| find(&format!("*.{group}")))
            .or_else(|| find("*.*"))
            .unwrap_or_default()
    }

    /// What an object that is written now is sealed with.
    #[must_use]
    pub fn seal(&self, group_resource: &str) -> Option<Arc<Seal>> {
        match self.providers(group_resource).first() {
            Some(Provider::Keys(_, keys)) => keys.first().cloned(),
            _ => None,
        }
    }

    /// Whether an object can be written: a plugin that is away seals nothing.
    ///
    /// # Errors
    /// What the storage says when it cannot.
    pub fn can_write(&self, group_resource: &str) -> Result<(), &'static str> {
        match self.providers(group_resource).first() {
            Some(Provider::Kms { second: true, .. }) => Err("got unexpected nil transformer"),
            Some(Provider::Kms { .. }) => Err(
                "failed to encrypt DEK, error: failed get version from remote KMS provider: rpc error: code = DeadlineExceeded desc = context deadline exceeded",
            ),
            _ => Ok(()),
        }
    }

    /// Whether an object can be read.
    ///
    /// # Errors
    /// What the storage says when it cannot.
    pub fn open(&self, group_resource: &str, seal: Option<&Arc<Seal>>) -> Result<(), String> {
        let providers = self.providers(group_resource);
        let none = || Err("no matching prefix found".to_owned());
        let Some(seal) = seal else {
            let plain = providers.is_empty() || providers.contains(&Provider::Plain);
            return if plain { Ok(()) } else { none() };
        };
        if providers.is_empty() {
            return Err("identity transformer tried to read encrypted data".to_owned());
        }
        let mut errors: Vec<String> = Vec::new();
        for provider in providers {
            let Provider::Keys(cipher, keys) = provider else { continue };
            if *cipher != seal.cipher {
                continue;
            }
            match keys.iter().find(|k| k.key == seal.key) {
                Some(key) if key == seal => return Ok(()),
                Some(_) => errors.push(cipher.wrong_key().to_owned()),
                None => errors.push(cipher.no_key().to_owned()),
            }
        }
        if errors.is_empty() { none() } else { Err(aggregate_texts(&errors)) }
    }

    /// The sockets of KMS plugins, each with whether it is of the second version.
    #[must_use]
    pub fn sockets(&self) -> Vec<(&str, bool)> {
        let mut all = Vec::new();
        for provider in self.lists.iter().flat_map(|(_, providers)| providers) {
            let Provider::Kms { second, socket } = provider else { continue };
            if !all.contains(&(socket.as_str(), *second)) {
                all.push((socket.as_str(), *second));
            }
        }
        all
    }

    /// What /readyz and /healthz look at besides, and whether it is well.
    #[must_use]
    pub fn health(&self) -> Vec<(String, bool)> {
        let sockets = self.sockets();
        if self.reload || !sockets.is_empty() && sockets.iter().all(|(_, second)| *second) {
            return vec![("kms-providers".to_owned(), sockets.is_empty())];
        }
        (0..sockets.len()).map(|i| (format!("kms-provider-{i}"), false)).collect()
    }
}

fn provider(value: &Value) -> Provider {
    if let Some(kms) = value.get("kms").filter(|k| !k.is_null()) {
        let socket = kms.str_at(&["endpoint"]).trim_start_matches("unix://").to_owned();
        return Provider::Kms { second: kms.str_at(&["apiVersion"]) == "v2", socket };
    }
    let Some((name, cipher, _)) = CIPHERS.into_iter().find(|(name, ..)| value.get(name).is_some()) else {
        return Provider::Plain;
    };
    let keys = value.list_at(&[name, "keys"]).iter().map(|k| {
        Arc::new(Seal {
            cipher,
            key: k.str_at(&["name"]).to_owned(),
            secret: base64::decode(k.str_at(&["secret"])).unwrap_or_default(),
        })
    });
    Provider::Keys(cipher, keys.collect())
}

#[cfg(test)]
mod tests;
