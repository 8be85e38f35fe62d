//! A kubeconfig in memory: named clusters, users and contexts, each knowing the file it came from.

use std::collections::BTreeMap;

use gatehouse_model::{ClientVersion, Map, Value, json};

/// An entry of one of the three lists.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// What stands under `cluster`, `user` or `context`.
    pub value: Value,
    /// The file it came from; empty for new ones.
    pub origin: String,
}

/// A kubeconfig, of one file or merged.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KubeConfig {
    /// `clusters`
    pub clusters: BTreeMap<String, Entry>,
    /// `users`
    pub users: BTreeMap<String, Entry>,
    /// `contexts`
    pub contexts: BTreeMap<String, Entry>,
    /// `current-context`
    pub current_context: String,
    /// `preferences`, kept as they are.
    pub preferences: Value,
    /// `extensions`, kept as they are.
    pub extensions: Value,
}

fn list(value: &Value, key: &str, inner: &str, origin: &str) -> BTreeMap<String, Entry> {
    gatehouse_model::order::map(value.list_at(&[key]).iter().map(|item| {
        let value = item.get(inner).filter(|v| !v.is_null()).cloned().unwrap_or_else(Value::map);
        (item.str_at(&["name"]).to_owned(), Entry { value, origin: origin.to_owned() })
    }))
}

fn to_list(entries: &BTreeMap<String, Entry>, inner: &str) -> Value {
    if entries.is_empty() {
        return Value::Null;
    }
    entries
        .iter()
        .map(|(name, entry)| {
            let mut item = json!({"name": (name.as_str())});
            item.set(&[inner], whole(entry.value.clone(), inner));
            item
        })
        .collect()
}

/// An entry with the fields that the client never leaves out.
fn whole(mut value: Value, inner: &str) -> Value {
    let needed: &[&[&str]] = match inner {
        "context" => &[&["cluster"], &["user"]],
        "cluster" => &[&["server"]],
        _ => &[],
    };
    for path in needed {
        if value.at(path).is_none() {
            value.set(path, "");
        }
    }
    if inner == "user" && value.get("exec").is_some_and(|e| e.as_map().is_some()) {
        for (key, empty) in [
            ("args", Value::Null),
            ("env", Value::Null),
            ("command", "".into()),
            ("provideClusterInfo", false.into()),
        ] {
            if value.at(&["exec", key]).is_none() {
                value.set(&["exec", key], empty);
            }
        }
    }
    value
}

impl KubeConfig {
    /// Reads the tree of a file.
    #[must_use]
    pub fn from_value(value: &Value, origin: &str) -> Self {
        Self {
            clusters: list(value, "clusters", "cluster", origin),
            users: list(value, "users", "user", origin),
            contexts: list(value, "contexts", "context", origin),
            current_context: value.str_at(&["current-context"]).to_owned(),
            preferences: value.get("preferences").cloned().unwrap_or_default(),
            extensions: value.get("extensions").cloned().unwrap_or_default(),
        }
    }

    /// The tree that is written to a file and printed by `config view`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut map = Map::new();
        map.insert("apiVersion", "v1");
        map.insert("kind", "Config");
        map.insert("clusters", to_list(&self.clusters, "cluster"));
        map.insert("users", to_list(&self.users, "user"));
        map.insert("contexts", to_list(&self.contexts, "context"));
        map.insert("current-context", self.current_context.as_str());
        if !self.preferences.entries().is_empty() {
            map.insert("preferences", self.preferences.clone());
        }
        if !self.extensions.items().is_empty() {
            map.insert("extensions", self.extensions.clone());
        }
        map.into()
    }

    /// The same as this client writes it: old ones never leave `preferences` out.
    #[must_use]
    pub fn to_value_of(&self, version: ClientVersion) -> Value {
        let mut value = self.to_value();
        if version.minor < 34 && value.get("preferences").is_none() {
            value.set(&["preferences"], Value::map());
        }
        value
    }

    /// Takes over what `other` has and this one lacks: the first file to name something wins.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in [
            (&mut self.clusters, &other.clusters),
            (&mut self.users, &other.users),
            (&mut self.contexts, &other.contexts),
        ] {
            for (name, entry) in theirs {
                mine.entry(name.clone()).or_insert_with(|| entry.clone());
            }
        }
        if self.current_context.is_empty() {
            self.current_context.clone_from(&other.current_context);
        }
        if self.preferences.is_null() {
            self.preferences.clone_from(&other.preferences);
        }
        if self.extensions.is_null() {
            self.extensions.clone_from(&other.extensions);
        }
    }

    /// Whether nothing at all is configured.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.clusters.is_empty()
            && self.users.is_empty()
            && self.contexts.is_empty()
            && self.current_context.is_empty()
    }
}
