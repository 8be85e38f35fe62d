//! `configMapGenerator` and `secretGenerator`. Models kustomize `api/internal/generators`.

use gatehouse_model::{Map, Object, Value, base64, json};

use super::Work;
use super::resource::Resource;

pub(super) fn run(work: &mut Work<'_>, dir: &str, k: &Value, all: &mut Vec<Resource>) -> Result<(), String> {
    for (field, kind) in [("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")] {
        for args in k.list_at(&[field]) {
            let made = make(work, dir, args, kind, k.map_at(&["generatorOptions"]))?;
            absorb(all, made, args.str_at(&["behavior"]))?;
        }
    }
    Ok(())
}

fn absorb(all: &mut Vec<Resource>, made: Resource, behavior: &str) -> Result<(), String> {
    let (kind, name) = (made.object.kind().to_owned(), made.name().to_owned());
    let existing = all.iter_mut().find(|r| r.object.kind() == kind && r.was(&name));
    match (behavior, existing) {
        ("" | "create" | "unspecified", None) => all.push(made),
        ("" | "create" | "unspecified", Some(_)) => {
            return Err(format!(
                "merging from generator: id resid.ResId{} exists; behavior must be merge or replace",
                made.id()
            ));
        }
        ("merge" | "replace", Some(old)) => {
            for field in ["data", "binaryData"] {
                let new = made.object.map_at(&[field]).clone();
                if behavior == "replace" {
                    old.object.remove(&[field]);
                }
                for (key, value) in new.iter() {
                    old.object.set(&[field, key], value.clone());
                }
            }
            for field in ["labels", "annotations"] {
                for (key, value) in made.object.map_at(&["metadata", field]).iter() {
                    old.object.set(&["metadata", field, key], value.clone());
                }
            }
            old.hashed = made.hashed;
        }
        (other, _) => {
            let id = made.id();
            return Err(format!(
                "merging from generator: id resid.ResId{id} does not exist; cannot merge or replace (behavior {other})"
            ));
        }
    }
    Ok(())
}

fn make(work: &mut Work<'_>, dir: &str, args: &Value, kind: &str, shared: &Map) -> Result<Resource, String> {
    let mut object = Object(json!({"apiVersion": "v1", "kind": kind}));
    object.set(&["metadata", "name"], args.str_at(&["name"]));
    if !args.str_at(&["namespace"]).is_empty() {
        object.set(&["metadata", "namespace"], args.str_at(&["namespace"]));
    }
    for (key, content) in contents(work, dir, args)? {
        if object.map_at(&["data"]).contains_key(&key) {
            return Err(format!("cannot add key {key:?}, another key by that name already exists"));
        }
        if kind == "Secret" {
            object.set(&["data", &key], base64::encode(&content));
        } else {
            match String::from_utf8(content) {
                Ok(text) => object.set(&["data", &key], text),
                Err(e) => object.set(&["binaryData", &key], base64::encode(e.as_bytes())),
            }
        }
    }
    if kind == "Secret" {
        let typed = args.str_at(&["type"]);
        object.set(&["type"], if typed.is_empty() { "Opaque" } else { typed });
    }
    let empty = Map::new();
    let own = args.get("options").map_or(&empty, Value::entries);
    let mut hashed = true;
    for options in [shared, own] {
        for field in ["labels", "annotations"] {
            for (key, value) in options.get(field).map_or(&empty, Value::entries).iter() {
                object.set(&["metadata", field, key], value.clone());
            }
        }
        if let Some(Value::Bool(off)) = options.get("disableNameSuffixHash") {
            hashed = !off;
        }
        if let Some(Value::Bool(true)) = options.get("immutable") {
            object.set(&["immutable"], true);
        }
    }
    Ok(Resource { hashed, ..Resource::new(object) })
}

fn contents(work: &mut Work<'_>, dir: &str, args: &Value) -> Result<Vec<(String, Vec<u8>)>, String> {
    let mut found = Vec::new();
    let envs = args.list_at(&["envs"]).iter().filter_map(Value::as_str).chain(match args.str_at(&["env"]) {
        "" => None,
        path => Some(path),
    });
    for path in envs {
        let bytes = work.file(dir, path).map_err(|e| format!("env source files: [{path}]: {e}"))?;
        for line in String::from_utf8_lossy(&bytes).lines() {
            let line = line.trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (key, value) = match line.split_once('=') {
                Some((key, value)) => (key, value.to_owned()),
                None => (line, work.files.env(line).unwrap_or_default()),
            };
            found.push((key.to_owned(), value.into_bytes()));
        }
    }
    for source in args.list_at(&["files"]).iter().filter_map(Value::as_str) {
        let (key, path) = match source.split_once('=') {
            Some((key, path)) => (key, path),
            None => (source.rsplit('/').next().unwrap_or(source), source),
        };
        let content =
            work.file(dir, path).map_err(|e| format!("loading KV pairs: file sources: [{source}]: {e}"))?;
        found.push((key.to_owned(), content));
    }
    for literal in args.list_at(&["literals"]).iter().filter_map(Value::as_str) {
        let Some((key, value)) = literal.split_once('=').filter(|(k, _)| !k.is_empty()) else {
            return Err(format!(
                "loading KV pairs: literal sources: [{literal}]: invalid literal source {literal}, expected key=value"
            ));
        };
        let bare = ['"', '\''].iter().find_map(|q| value.strip_prefix(*q)?.strip_suffix(*q)).unwrap_or(value);
        found.push((key.to_owned(), bare.as_bytes().to_vec()));
    }
    Ok(found)
}
