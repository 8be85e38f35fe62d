//! What etcd holds under its keys: objects as protocol buffers or JSON, or sealed.
//!
//! Secrets and config maps have the fields and numbers of the real messages; other kinds carry their texts in the order of
//! their names, which is enough for `strings` and `grep`. Sealed values are as long as real ones and otherwise noise.
//!
//! Models apimachinery `pkg/runtime/serializer/protobuf` and `k8s.io/api/core/v1/generated.proto`.

use gatehouse_model::time::parse_rfc3339;
use gatehouse_model::{Object, Value, base64, json};

use super::Store;
use super::at_rest::{Cipher, Seal};
use crate::world::Entropy;

/// Resources whose keys do not carry their name.
const PREFIXES: [(&str, &str); 6] = [
    ("endpoints", "services/endpoints"),
    ("nodes", "minions"),
    ("replicationcontrollers", "controllers"),
    ("services", "services/specs"),
    ("ingresses.networking.k8s.io", "ingress"),
    ("podsecuritypolicies.policy", "podsecuritypolicy"),
];

/// The key of an object.
#[must_use]
pub fn key(group_resource: &str, namespace: &str, name: &str) -> String {
    let prefix = PREFIXES.iter().find(|(r, _)| *r == group_resource).map(|(_, p)| (*p).to_owned());
    let prefix = prefix.unwrap_or_else(|| match group_resource.split_once('.') {
        Some((plural, group)) if !built_in(group) => format!("{group}/{plural}"),
        Some((plural, _)) => plural.to_owned(),
        None => group_resource.to_owned(),
    });
    if namespace.is_empty() {
        format!("/registry/{prefix}/{name}")
    } else {
        format!("/registry/{prefix}/{namespace}/{name}")
    }
}

/// Whether a group's keys carry no group.
fn built_in(group: &str) -> bool {
    !group.contains('.')
        || group.ends_with(".k8s.io")
            && !matches!(group, "apiregistration.k8s.io" | "apiextensions.k8s.io")
            && !group.contains("cluster.x-k8s")
            && !group.starts_with("gateway.")
            && !group.starts_with("policy.networking.")
}

/// All keys and the values under them, by key.
#[must_use]
pub fn entries(store: &Store) -> Vec<(String, Entry)> {
    let mut all = Vec::new();
    for resource in store.resources() {
        for object in store.list(resource, None) {
            let (namespace, name) = (object.namespace(), object.name());
            let seal = store.seal_of(resource, namespace, name).map(|s| (**s).clone());
            let entry = Entry {
                custom: resource.split_once('.').is_some_and(|(_, g)| !built_in(g)),
                object: (**object).clone(),
                seal,
            };
            all.push((key(resource, namespace, name), entry));
        }
    }
    gatehouse_model::order::by(&mut all, |a, b| a.0.cmp(&b.0));
    all
}

/// A value of etcd.
#[derive(Clone, Debug)]
pub struct Entry {
    custom: bool,
    object: Object,
    seal: Option<Seal>,
}

impl Entry {
    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut stored = self.object.clone();
        stored.remove(&["metadata", "resourceVersion"]);
        let plain = if self.custom { (json::print(&stored) + "\n").into_bytes() } else { protobuf(&stored) };
        match &self.seal {
            Some(seal) => sealed(seal, &plain, self.revision()),
            None => plain,
        }
    }

    /// The revision it was written at.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.object.str_at(&["metadata", "resourceVersion"]).parse().unwrap_or(1)
    }
}

fn sealed(seal: &Seal, plain: &[u8], revision: u64) -> Vec<u8> {
    let length = match seal.cipher {
        Cipher::AesCbc => 16 + plain.len() + (16 - plain.len() % 16),
        Cipher::AesGcm => 12 + plain.len() + 16,
        Cipher::Secretbox => 24 + plain.len() + 16,
    };
    let mut noise = Entropy::new(seal.number() ^ revision.rotate_left(17));
    let mut bytes = format!("k8s:enc:{}:v1:{}:", seal.cipher.as_str(), seal.key).into_bytes();
    bytes.extend((0..length.div_ceil(8)).flat_map(|_| noise.next_u64().to_be_bytes()).take(length));
    bytes
}

/// A message under construction.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut n: u64) {
        while n > 0x7f {
            self.0.push(0x80 | u8::try_from(n & 0x7f).unwrap_or(0));
            n >>= 7;
        }
        self.0.push(u8::try_from(n).unwrap_or(0));
    }

    fn number(&mut self, field: u64, n: u64) {
        self.varint(field << 3);
        self.varint(n);
    }

    fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    /// A map from texts to bytes: one small message an entry.
    fn map<'a>(&mut self, field: u64, entries: impl Iterator<Item = (&'a str, Vec<u8>)>) {
        for (key, value) in entries {
            let mut pair = Self::default();
            pair.bytes(1, key.as_bytes());
            pair.bytes(2, &value);
            self.bytes(field, &pair.0);
        }
    }
}

fn protobuf(object: &Object) -> Vec<u8> {
    let mut kind = Message::default();
    kind.bytes(1, object.api_version().as_bytes());
    kind.bytes(2, object.kind().as_bytes());
    let mut raw = Message::default();
    raw.bytes(1, &metadata(object.get("metadata").unwrap_or(&Value::Null)));
    let text = |v: &Value| v.as_str().unwrap_or_default().as_bytes().to_vec();
    match object.kind() {
        "Secret" => {
            let data = object.map_at(&["data"]);
            raw.map(
                2,
                data.iter()
                    .map(|(k, v)| (k, base64::decode(v.as_str().unwrap_or_default()).unwrap_or_default())),
            );
            raw.bytes(3, object.str_at(&["type"]).as_bytes());
        }
        "ConfigMap" => raw.map(2, object.map_at(&["data"]).iter().map(|(k, v)| (k, text(v)))),
        _ => {
            let rest =
                object.entries().iter().filter(|(k, _)| !matches!(*k, "apiVersion" | "kind" | "metadata"));
            for (field, (_, v)) in (2..).zip(rest) {
                raw.bytes(field, &plain(v));
            }
        }
    }
    let mut whole = Message(b"k8s\0".to_vec());
    whole.bytes(1, &kind.0);
    whole.bytes(2, &raw.0);
    whole.bytes(3, b"");
    whole.bytes(4, b"");
    whole.0
}

fn time(text: &str) -> Vec<u8> {
    let mut m = Message::default();
    let seconds = parse_rfc3339(text).map_or(0, |(seconds, _)| seconds);
    m.number(1, seconds.unsigned_abs());
    m.number(2, 0);
    m.0
}

fn metadata(meta: &Value) -> Vec<u8> {
    let mut m = Message::default();
    for (field, key) in [
        (1, "name"),
        (2, "generateName"),
        (3, "namespace"),
        (4, "selfLink"),
        (5, "uid"),
        (6, "resourceVersion"),
    ] {
        m.bytes(field, meta.str_at(&[key]).as_bytes());
    }
    m.number(7, meta.i64_at(&["generation"]).unwrap_or(0).unsigned_abs());
    m.bytes(8, &time(meta.str_at(&["creationTimestamp"])));
    for (field, key) in [(11, "labels"), (12, "annotations")] {
        let text = |v: &Value| v.as_str().unwrap_or_default().as_bytes().to_vec();
        m.map(field, meta.map_at(&[key]).iter().map(|(k, v)| (k, text(v))));
    }
    for owner in meta.list_at(&["ownerReferences"]) {
        m.bytes(13, &plain(owner));
    }
    for finalizer in meta.list_at(&["finalizers"]).iter().filter_map(Value::as_str) {
        m.bytes(14, finalizer.as_bytes());
    }
    for entry in meta.list_at(&["managedFields"]) {
        let mut e = Message::default();
        for (field, key) in [(1, "manager"), (2, "operation"), (3, "apiVersion")] {
            e.bytes(field, entry.str_at(&[key]).as_bytes());
        }
        e.bytes(4, &time(entry.str_at(&["time"])));
        e.bytes(6, entry.str_at(&["fieldsType"]).as_bytes());
        let mut fields = Message::default();
        fields.bytes(1, json::print(entry.get("fieldsV1").unwrap_or(&Value::Null)).as_bytes());
        e.bytes(7, &fields.0);
        e.bytes(8, entry.str_at(&["subresource"]).as_bytes());
        m.bytes(17, &e.0);
    }
    m.0
}

/// A tree whose message is not known here: its texts and numbers, in the order of their names.
fn plain(value: &Value) -> Vec<u8> {
    let mut m = Message::default();
    let add = |m: &mut Message, field: u64, v: &Value| match v {
        Value::Str(s) => m.bytes(field, s.as_bytes()),
        Value::Bool(b) => m.number(field, u64::from(*b)),
        Value::Null => {}
        Value::Map(_) | Value::List(_) => m.bytes(field, &plain(v)),
        _ => m.bytes(field, json::print(v).as_bytes()),
    };
    match value {
        Value::Map(_) => {
            for (field, (_, v)) in (1..).zip(value.entries().iter()) {
                add(&mut m, field, v);
            }
        }
        Value::List(_) => value.items().iter().for_each(|v| add(&mut m, 1, v)),
        _ => {}
    }
    m.0
}
