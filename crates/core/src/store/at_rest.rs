//! Encryption at rest: which provider an object is written with, and whether it can be read back.
//!
//! An object remembers the key it was sealed with when it was last written; nothing else about the bytes in etcd is
//! kept, they are made up when somebody looks ([`super::etcd`]). There is no cryptography: only whoever has the same
//! key under the same name opens a seal.
//!
//! Models apiserver `pkg/server/options/encryptionconfig`, `pkg/apis/apiserver/validation/validation_encryption.go` and
//! `pkg/storage/value/transformer.go`.

use std::sync::Arc;

use gatehouse_model::field::aggregate;
use gatehouse_model::{FieldError, FieldPath, Value, base64, json};

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

/// A provider of a list: keys of a cipher, or `identity`.
type Provider = Option<(Cipher, Vec<Arc<Seal>>)>;

/// An `EncryptionConfiguration` that was found to be in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encryption {
    /// `secrets`, `deployments.apps`, `*.` and so on, each with its providers.
    lists: Vec<(String, Vec<Provider>)>,
}

impl Encryption {
    /// Reads a configuration that is no broken YAML.
    ///
    /// # Errors
    /// What the server says of it.
    pub fn read(path: &str, value: &Value) -> Result<Self, String> {
        let (version, kind) = (value.str_at(&["apiVersion"]), value.str_at(&["kind"]));
        let undecoded = |why: String| {
            format!(
                "error while parsing file: error decoding encryption provider configuration file {path:?}: {why}"
            )
        };
        for (field, text) in [("Kind", kind), ("apiVersion", version)] {
            if text.is_empty() {
                return Err(undecoded(format!("Object '{field}' is missing in '{}'", json::print(value))));
            }
        }
        if (version, kind) != ("apiserver.config.k8s.io/v1", "EncryptionConfiguration") {
            return Err(undecoded(format!(
                "no kind {kind:?} is registered for version {version:?} in scheme \"k8s.io/apiserver/pkg/server/options/encryptionconfig/config.go:142\""
            )));
        }
        let unknown = unknown_fields(value);
        if !unknown.is_empty() {
            return Err(undecoded(format!("strict decoding error: {}", unknown.join(", "))));
        }
        let errors = validate(value);
        if !errors.is_empty() {
            return Err(format!("error while parsing file: {}", aggregate(&errors)));
        }
        let mut lists: Vec<(String, Vec<Provider>)> = Vec::new();
        for entry in value.list_at(&["resources"]) {
            let providers = entry.list_at(&["providers"]);
            if let Some(kms) = providers.iter().find_map(|p| p.get("kms")) {
                return Err(kms_refused(kms));
            }
            let providers: Vec<Provider> = providers.iter().map(provider).collect();
            for name in entry.list_at(&["resources"]).iter().filter_map(Value::as_str) {
                let group = name.split_once('.').map_or("", |(_, g)| g);
                for mask in [format!("*.{group}"), "*.*".to_owned()] {
                    if lists.iter().any(|(n, _)| *n == mask) {
                        return Err(format!(
                            "error while building transformers: resource {name:?} is masked by earlier rule {mask:?}"
                        ));
                    }
                }
                match lists.iter_mut().find(|(n, _)| n == name) {
                    Some((_, all)) => all.extend(providers.iter().cloned()),
                    None => lists.push((name.to_owned(), providers.clone())),
                }
            }
        }
        Ok(Self { lists })
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
            Some(Some((_, keys))) => keys.first().cloned(),
            _ => None,
        }
    }

    /// Whether an object can be read.
    ///
    /// # Errors
    /// What the storage says when it cannot.
    pub fn open(&self, group_resource: &str, seal: Option<&Arc<Seal>>) -> Result<(), &'static str> {
        let providers = self.providers(group_resource);
        let Some(seal) = seal else {
            let plain = providers.is_empty() || providers.iter().any(Option::is_none);
            return if plain { Ok(()) } else { Err("no matching prefix found") };
        };
        if providers.is_empty() {
            return Err("identity transformer tried to read encrypted data");
        }
        let mut error = "no matching prefix found";
        for (cipher, keys) in providers.iter().flatten().filter(|(c, _)| *c == seal.cipher) {
            match keys.iter().find(|k| k.key == seal.key) {
                Some(key) if key == seal => return Ok(()),
                Some(_) => error = cipher.wrong_key(),
                None => error = cipher.no_key(),
            }
        }
        Err(error)
    }
}

fn provider(value: &Value) -> Provider {
    let (name, cipher, _) = CIPHERS.into_iter().find(|(name, ..)| value.get(name).is_some())?;
    let keys = value.list_at(&[name, "keys"]).iter().map(|k| {
        Arc::new(Seal {
            cipher,
            key: k.str_at(&["name"]).to_owned(),
            secret: base64::decode(k.str_at(&["secret"])).unwrap_or_default(),
        })
    });
    Some((cipher, keys.collect()))
}

/// There is no plugin to talk to in the lab.
fn kms_refused(kms: &Value) -> String {
    let version = if kms.str_at(&["apiVersion"]) == "v2" { "v2" } else { "v1" };
    if version == "v1" {
        return "error while building transformers: KMSv1 is deprecated and will only receive security updates going forward. Use KMSv2 instead.  Set --feature-gates=KMSv1=true to use the deprecated KMSv1 feature.".to_owned();
    }
    let (name, endpoint) = (kms.str_at(&["name"]), kms.str_at(&["endpoint"]));
    let socket = endpoint.trim_start_matches("unix://");
    format!(
        "error while building transformers: could not configure KMSv2-Plugin's probe {name:?}, error: failed to create connection to {endpoint}, error: dial unix {socket}: connect: no such file or directory"
    )
}

/// Fields the strict decoder does not know, in its words.
fn unknown_fields(value: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut look = |v: &Value, path: &str, known: &[&str]| {
        for (key, _) in v.entries().iter().filter(|(k, _)| !known.contains(k)) {
            wrong.push(format!("unknown field \"{path}{key}\""));
        }
    };
    look(value, "", &["apiVersion", "kind", "resources"]);
    for (i, entry) in value.list_at(&["resources"]).iter().enumerate() {
        look(entry, &format!("resources[{i}]."), &["resources", "providers"]);
        for (j, provider) in entry.list_at(&["providers"]).iter().enumerate() {
            let path = format!("resources[{i}].providers[{j}].");
            look(provider, &path, &["aescbc", "aesgcm", "identity", "kms", "secretbox"]);
            for (name, ..) in CIPHERS {
                let Some(cipher) = provider.get(name) else { continue };
                look(cipher, &format!("{path}{name}."), &["keys"]);
                for (k, key) in cipher.list_at(&["keys"]).iter().enumerate() {
                    look(key, &format!("{path}{name}.keys[{k}]."), &["name", "secret"]);
                }
            }
        }
    }
    wrong
}

fn validate(value: &Value) -> Vec<FieldError> {
    let root = FieldPath::new("resources");
    let entries = value.list_at(&["resources"]);
    if entries.is_empty() {
        return vec![FieldError::required(root, "at least one resources is required")];
    }
    let mut errors = Vec::new();
    let none =
        |path: &FieldPath| FieldError::required(path.clone(), format!("at least one {path} is required"));
    for (i, entry) in entries.iter().enumerate() {
        let path = root.index(i).child("resources");
        if entry.list_at(&["resources"]).is_empty() {
            errors.push(none(&path));
        }
        errors.extend(resource_names(entry.get("resources").unwrap_or(&Value::Null), &path));
        let path = root.index(i).child("providers");
        if entry.list_at(&["providers"]).is_empty() {
            errors.push(none(&path));
        }
        for (j, provider) in entry.list_at(&["providers"]).iter().enumerate() {
            errors.extend(single_provider(provider, &path.index(j)));
        }
    }
    errors
}

fn resource_names(list: &Value, path: &FieldPath) -> Vec<FieldError> {
    let names: Vec<&str> = list.items().iter().filter_map(Value::as_str).collect();
    let group = |n: &str| n.split_once('.').map_or(String::new(), |(_, g)| g.to_owned());
    let mut errors = Vec::new();
    let twice = names.iter().enumerate().any(|(i, n)| names.iter().skip(i + 1).any(|m| m == n));
    if twice {
        let why = "the same resource cannot be specified multiple times";
        errors.push(FieldError::invalid(path.clone(), list, why));
    }
    let covers = |n: &str, m: &str| n == "*.*" || n.starts_with("*.") && group(n) == group(m);
    let overlap = names
        .iter()
        .enumerate()
        .any(|(i, n)| names.iter().enumerate().any(|(j, m)| i != j && n != m && covers(n, m)));
    if overlap {
        let why = "using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked";
        errors.push(FieldError::invalid(path.clone(), list, why));
    }
    for (i, name) in names.iter().enumerate() {
        let why = if name.chars().any(char::is_uppercase) {
            "resource name should not contain capital letters"
        } else if *name == "*" {
            "use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources"
        } else if matches!(*name, "apiserveripinfo" | "serviceipallocations" | "servicenodeportallocations") {
            "resources which do not have REST API/s cannot be encrypted"
        } else if group(name) == "events.k8s.io" {
            "'*.events.k8s.io' objects are stored using the 'events' API group in etcd. Use 'events' instead in the config file"
        } else if group(name) == "extensions" {
            "'extensions' group has been removed and cannot be used for encryption"
        } else if group(name) == "*" && *name != "*.*" {
            "encrypting the same resource across groups is not supported"
        } else {
            continue;
        };
        errors.push(FieldError::invalid(path.index(i), &(*name).into(), why));
    }
    errors
}

fn single_provider(provider: &Value, path: &FieldPath) -> Vec<FieldError> {
    let known = ["kms", "aesgcm", "aescbc", "secretbox", "identity"];
    let shown = json::print(provider);
    match known.iter().filter(|n| provider.get(n).is_some_and(|v| !v.is_null())).count() {
        1 => {}
        0 => {
            let why = "provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity";
            return vec![FieldError::invalid_rendered(path.clone(), shown, why)];
        }
        _ => {
            let why = "more than one provider specified in a single element, should split into different list elements";
            return vec![FieldError::invalid_rendered(path.clone(), shown, why)];
        }
    }
    let Some((name, _, sizes)) = CIPHERS.into_iter().find(|(n, ..)| provider.get(n).is_some()) else {
        return Vec::new();
    };
    let path = path.child(name).child("keys");
    let keys = provider.list_at(&[name, "keys"]);
    if keys.is_empty() {
        return vec![FieldError::required(path, "at least one keys is required")];
    }
    let mut errors = Vec::new();
    for (i, key) in keys.iter().enumerate() {
        let path = path.index(i);
        if key.str_at(&["name"]).is_empty() {
            errors.push(FieldError::required(path.child("name"), "name is a mandatory field for a key"));
        }
        let secret = key.str_at(&["secret"]);
        if secret.is_empty() {
            errors.push(FieldError::required(path.child("secret"), "secret is a mandatory field for a key"));
            continue;
        }
        let path = path.child("secret");
        match base64::decode(secret) {
            Err(_) => {
                errors.push(FieldError::invalid(path, &"REDACTED".into(), "secrets must be base64 encoded"))
            }
            Ok(bytes) if !sizes.contains(&bytes.len()) => {
                let sizes: Vec<String> = sizes.iter().map(ToString::to_string).collect();
                let why = format!(
                    "secret is not of the expected length, got {}, expected one of [{}]",
                    bytes.len(),
                    sizes.join(" ")
                );
                errors.push(FieldError::invalid(path, &"REDACTED".into(), why));
            }
            Ok(_) => {}
        }
    }
    errors
}

#[cfg(test)]
mod tests {
    use gatehouse_model::json;

    use super::*;

    fn configuration(providers: Value) -> Result<Encryption, String> {
        Encryption::read(
            "/enc.yaml",
            &json!({
                "apiVersion": "apiserver.config.k8s.io/v1", "kind": "EncryptionConfiguration",
                "resources": [{"resources": ["secrets", "deployments.apps"], "providers": providers}],
            }),
        )
    }

    fn keys(names: &[(&str, u8)]) -> Value {
        names.iter().map(|(n, b)| json!({"name": (*n), "secret": (base64::encode(&[*b; 32]))})).collect()
    }

    #[test]
    fn the_first_key_writes_and_every_key_reads() {
        let first =
            configuration(json!([{"aescbc": {"keys": (keys(&[("one", 1)]))}}, {"identity": {}}])).unwrap();
        let seal = first.seal("secrets").unwrap();
        assert_eq!((seal.cipher, seal.key.as_str()), (Cipher::AesCbc, "one"));
        assert_eq!(first.seal("configmaps"), None);
        let rotated =
            configuration(json!([{"aescbc": {"keys": (keys(&[("two", 2), ("one", 1)]))}}])).unwrap();
        assert_eq!(rotated.seal("secrets").unwrap().key, "two");
        assert_eq!(rotated.open("secrets", Some(&seal)), Ok(()));
        assert_eq!(rotated.open("secrets", None), Err("no matching prefix found"));
        assert_eq!(first.open("secrets", None), Ok(()));
        let other = configuration(json!([{"aescbc": {"keys": (keys(&[("one", 9)]))}}])).unwrap();
        assert_eq!(other.open("secrets", Some(&seal)), Err("invalid padding on input"));
        let plain =
            configuration(json!([{"identity": {}}, {"secretbox": {"keys": (keys(&[("one", 1)]))}}])).unwrap();
        assert_eq!(plain.seal("secrets"), None);
        assert_eq!(plain.open("secrets", Some(&seal)), Err("no matching prefix found"));
        let none = Encryption::default();
        assert_eq!(
            none.open("secrets", Some(&seal)),
            Err("identity transformer tried to read encrypted data")
        );
    }

    #[test]
    fn wildcards_cover_groups() {
        let config = |names: Value| {
            Encryption::read(
                "e",
                &json!({
                    "apiVersion": "apiserver.config.k8s.io/v1", "kind": "EncryptionConfiguration",
                    "resources": [{"resources": names, "providers": [{"aesgcm": {"keys": (keys(&[("k", 1)]))}}]}],
                }),
            )
        };
        assert!(config(json!(["*."])).unwrap().seal("configmaps").is_some());
        assert!(config(json!(["*."])).unwrap().seal("deployments.apps").is_none());
        assert!(config(json!(["*.apps"])).unwrap().seal("deployments.apps").is_some());
        assert!(config(json!(["*.*"])).unwrap().seal("ingresses.networking.k8s.io").is_some());
        for (names, why) in [
            (
                json!(["*"]),
                "use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources",
            ),
            (json!(["Secrets"]), "resource name should not contain capital letters"),
            (json!(["secrets", "*."]), "using overlapping resources"),
            (json!(["secrets", "secrets"]), "the same resource cannot be specified multiple times"),
        ] {
            let error = config(names).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
