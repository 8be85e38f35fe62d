//! What is wrong with an `EncryptionConfiguration`: fields of the wrong kind, fields that do not exist, values.
//!
//! Models apiserver `pkg/apis/apiserver/validation/validation_encryption.go`.

use std::collections::BTreeSet;

use gatehouse_model::time::{duration, parse_duration};
use gatehouse_model::{FieldError, FieldPath, Value, base64, json};

use super::CIPHERS;

/// Fields the strict decoder does not know, in its words.
pub(super) fn unknown_fields(value: &Value) -> Vec<String> {
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
            for (name, fields) in
                [("identity", &[][..]), ("kms", &["apiVersion", "cachesize", "endpoint", "name", "timeout"])]
            {
                let Some(inner) = provider.get(name) else { continue };
                look(inner, &format!("{path}{name}."), fields);
            }
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

pub(super) fn validate(value: &Value, reload: bool) -> Vec<FieldError> {
    let root = FieldPath::new("resources");
    let entries = value.list_at(&["resources"]);
    if entries.is_empty() {
        return vec![FieldError::required(root, "at least one resources is required")];
    }
    let mut errors = Vec::new();
    let mut plugins = BTreeSet::new();
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
            let path = path.index(j);
            errors.extend(single_provider(provider, &path));
            if let Some(kms) = provider.get("kms").filter(|k| !k.is_null()) {
                errors.extend(plugin(kms, &path.child("kms"), &plugins, reload));
                plugins.insert(kms.str_at(&["name"]));
            }
        }
    }
    errors
}

/// What the decoder says of lists that are none.
pub(super) fn shape(value: &Value) -> Result<(), String> {
    let wrong = |of: &Value, field: &str, kind: &str, place: &str, list: &str| {
        let found = match of.get(field) {
            None | Some(Value::Null | Value::List(_)) => return Ok(()),
            Some(Value::Str(_)) => "string",
            Some(Value::Bool(_)) => "bool",
            Some(Value::Map(_)) => "object",
            Some(_) => "number",
        };
        Err(format!(
            "json: cannot unmarshal {found} into Go struct field {kind}.{place}{field} of type []{list}"
        ))
    };
    wrong(value, "resources", "EncryptionConfiguration", "", "v1.ResourceConfiguration")?;
    for entry in value.list_at(&["resources"]) {
        wrong(entry, "resources", "ResourceConfiguration", "resources.", "string")?;
        wrong(entry, "providers", "ResourceConfiguration", "resources.", "v1.ProviderConfiguration")?;
        for provider in entry.list_at(&["providers"]) {
            for (name, cipher, _) in CIPHERS {
                let Some(keys) = provider.get(name) else { continue };
                let kind = if cipher == super::Cipher::Secretbox { "Secretbox" } else { "AES" };
                let place = format!("resources.providers.{name}.");
                wrong(keys, "keys", &format!("{kind}Configuration"), &place, "v1.Key")?;
            }
        }
    }
    Ok(())
}

/// What is wrong with a KMS plugin's entry; the first version has defaults of its own.
fn plugin(kms: &Value, path: &FieldPath, others: &BTreeSet<&str>, reload: bool) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let name = kms.str_at(&["name"]);
    let version = Some(kms.str_at(&["apiVersion"])).filter(|v| !v.is_empty()).unwrap_or("v1");
    let at = path.child("name");
    if name.is_empty() {
        errors.push(FieldError::required(at.clone(), "name is a mandatory field for a provider"));
    }
    if version != "v1" && name.contains(':') {
        let why = format!("invalid KMS provider name {name}, must not contain ':'");
        errors.push(FieldError::invalid(at.clone(), &name.into(), why));
    }
    if (reload || version != "v1") && others.contains(name) {
        let why = format!("duplicate KMS provider name {name}, names must be unique");
        errors.push(FieldError::invalid(at, &name.into(), why));
    }
    let timeout = kms.get("timeout").and_then(Value::as_str);
    let nanos = timeout.map_or(Ok(3_000_000_000), parse_duration).unwrap_or(0);
    if nanos <= 0 {
        let shown: Value = duration(nanos).into();
        errors.push(FieldError::invalid(path.child("timeout"), &shown, "timeout should be a positive value"));
    }
    let endpoint = kms.str_at(&["endpoint"]);
    let scheme = endpoint.split_once(':').map_or("", |(scheme, _)| scheme);
    let why = if endpoint.is_empty() {
        Some("endpoint is a mandatory field for a kms".to_owned())
    } else if scheme != "unix" {
        Some(format!("unsupported scheme {scheme:?} for KMS provider, only unix is supported"))
    } else {
        None
    };
    errors.extend(why.map(|why| FieldError::invalid(path.child("endpoint"), &endpoint.into(), why)));
    let size = kms.get("cachesize").filter(|s| !s.is_null());
    let why = match (version, size.and_then(Value::as_i64)) {
        ("v1", Some(0)) => Some("cachesize should be a positive value, or negative to disable"),
        (v, Some(_)) if v != "v1" => Some("cachesize is not supported in v2"),
        _ => None,
    };
    if let (Some(why), Some(size)) = (why, size) {
        errors.push(FieldError::invalid(path.child("cachesize"), size, why));
    }
    if !matches!(version, "v1" | "v2") {
        let why = "unsupported apiVersion apiVersion for KMS provider, only v1 and v2 are supported";
        errors.push(FieldError::invalid(path.child("apiVersion"), &version.into(), why));
    }
    errors
}

/// A provider as Go prints the structure it is read into.
fn shown(provider: &Value) -> String {
    let keys = |name: &str| {
        provider.get(name).filter(|p| !p.is_null()).map_or("null".to_owned(), |_| {
            let keys = provider.list_at(&[name, "keys"]).iter().map(|k| {
                let text = |field: &str| json::print(&k.str_at(&[field]).into());
                format!("{{\"Name\":{},\"Secret\":{}}}", text("name"), text("secret"))
            });
            let keys = keys.collect::<Vec<_>>().join(",");
            let keys = if keys.is_empty() { "null".to_owned() } else { format!("[{keys}]") };
            format!("{{\"Keys\":{keys}}}")
        })
    };
    let there = |name: &str| provider.get(name).is_some_and(|p| !p.is_null());
    let kms = provider.get("kms").filter(|k| !k.is_null()).map_or("null".to_owned(), |kms| {
        let text = |field: &str| json::print(&kms.str_at(&[field]).into());
        let version = Some(kms.str_at(&["apiVersion"])).filter(|v| !v.is_empty()).unwrap_or("v1");
        let size = kms.i64_at(&["cachesize"]).or((version == "v1").then_some(1000));
        let timeout = kms.get("timeout").and_then(Value::as_str).unwrap_or("3s");
        format!(
            "{{\"APIVersion\":\"{version}\",\"Name\":{},\"CacheSize\":{},\"Endpoint\":{},\"Timeout\":\"{timeout}\"}}",
            text("name"),
            size.map_or("null".to_owned(), |s| s.to_string()),
            text("endpoint")
        )
    });
    format!(
        "{{\"AESGCM\":{},\"AESCBC\":{},\"Secretbox\":{},\"Identity\":{},\"KMS\":{kms}}}",
        keys("aesgcm"),
        keys("aescbc"),
        keys("secretbox"),
        if there("identity") { "{}" } else { "null" }
    )
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
    let shown = shown(provider);
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
