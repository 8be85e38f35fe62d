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
            return Err(refused(&made, "exists; behavior must be merge or replace"));
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
        _ => return Err(refused(&made, "does not exist; cannot merge or replace")),
    }
    Ok(())
}

/// What is said of something generated that does not fit what is there; Go prints the generator by its address.
fn refused(made: &Resource, why: &str) -> String {
    let gv = made.object.group_version();
    format!(
        "merging from generator &{{0xc000a8e000 <nil>}}: id resid.ResId{{Gvk:resid.Gvk{{Group:{:?}, Version:{:?}, Kind:{:?}, isClusterScoped:false}}, Name:{:?}, Namespace:{:?}}} {why}",
        gv.group,
        gv.version,
        made.object.kind(),
        made.name(),
        made.namespace()
    )
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
    let words = |field: &str| args.list_at(&[field]).iter().filter_map(Value::as_str).collect::<Vec<_>>();
    let (mut envs, literals, files) = (words("envs"), words("literals"), words("files"));
    envs.extend(Some(args.str_at(&["env"])).filter(|path| !path.is_empty()));
    let all = |list: &[&str]| format!("[{}]", list.join(" "));
    let mut found = Vec::new();
    for path in &envs {
        let bytes = work
            .file(dir, path)
            .map_err(|e| format!("loading KV pairs: env source files: {}: {e}", all(&envs)))?;
        for line in String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}').lines() {
            let line = line.trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            found.push((key.to_owned(), value.as_bytes().to_vec()));
        }
    }
    for literal in &literals {
        let Some((key, value)) = literal.split_once('=').filter(|(k, _)| !k.is_empty()) else {
            return Err(format!(
                "loading KV pairs: literal sources {}: invalid literal source {literal}, expected key=value",
                all(&literals)
            ));
        };
        let bare = ['"', '\''].iter().find_map(|q| value.strip_prefix(*q)?.strip_suffix(*q)).unwrap_or(value);
        found.push((key.to_owned(), bare.as_bytes().to_vec()));
    }
    for source in &files {
        let (key, path) = match source.split_once('=') {
            Some((key, path)) => (key, path),
            None => (source.rsplit('/').next().unwrap_or(source), *source),
        };
        let content = work
            .file(dir, path)
            .map_err(|e| format!("loading KV pairs: file sources: {}: {e}", all(&files)))?;
        found.push((key.to_owned(), content));
    }
    Ok(found)
}
