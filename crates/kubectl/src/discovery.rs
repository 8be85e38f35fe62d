//! What the server serves, remembered in files for six hours. Models client-go `discovery/cached/disk`.
//!
//! A type that came or went meanwhile is noticed as kubectl notices it: one that is missing makes it ask again, one
//! that is gone is asked for in vain.

use gatehouse_model::resource::Scope;
use gatehouse_model::{GroupVersion, ResourceType, Value, json};

use crate::host::Files;

/// How long what was learned counts, in milliseconds.
const LIFETIME: i64 = 6 * 3_600_000;

/// The file for a server.
#[must_use]
pub fn path(files: &dyn Files, flag: &str, server: &str) -> Option<String> {
    let dir = match flag {
        "" | "/root/.kube/cache" => format!("{}/.kube/cache", files.env("HOME").filter(|h| !h.is_empty())?),
        dir => dir.to_owned(),
    };
    let host = server.split_once("://").map_or(server, |(_, h)| h).trim_end_matches('/');
    let safe: String = host
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '_' | '/' | '.') { c } else { '_' })
        .collect();
    Some(format!("{dir}/discovery/{safe}/servergroups.json"))
}

fn words(list: &[std::borrow::Cow<'static, str>]) -> Value {
    list.iter().map(AsRef::as_ref).collect::<Value>()
}

fn owned(value: &Value, key: &str) -> Vec<std::borrow::Cow<'static, str>> {
    value.list_at(&[key]).iter().filter_map(Value::as_str).map(|s| s.to_owned().into()).collect()
}

/// Writes what was learned; a file that cannot be written only means asking again.
pub fn save(files: &mut dyn Files, path: &str, now: i64, resources: &[ResourceType]) {
    let list: Value = resources
        .iter()
        .map(|r| {
            json!({
                "groupVersion": (r.gv.to_string()), "kind": (r.kind.as_ref()), "name": (r.plural.as_ref()),
                "singularName": (r.singular.as_ref()), "namespaced": (r.namespaced()),
                "shortNames": (words(&r.short_names)), "verbs": (words(&r.verbs)),
                "categories": (words(&r.categories)), "subresources": (words(&r.subresources)),
            })
        })
        .collect();
    let text = json::print(&json!({"fetched": now, "resources": list}));
    if let Some((dir, _)) = path.rsplit_once('/')
        && files.make_dirs(dir).is_ok()
    {
        let _ = files.write(path, text.as_bytes());
    }
}

/// Reads what was learned, unless it is too old.
pub fn load(files: &mut dyn Files, path: &str, now: i64) -> Option<Vec<ResourceType>> {
    let bytes = files.read(path).ok()?;
    let value = json::parse(std::str::from_utf8(&bytes).ok()?).ok()?;
    let fetched = value.i64_at(&["fetched"])?;
    if now < fetched || now - fetched > LIFETIME {
        return None;
    }
    let field = |v: &Value, key: &str| v.str_at(&[key]).to_owned().into();
    let resources = value.list_at(&["resources"]).iter().map(|r| ResourceType {
        gv: GroupVersion::parse(r.str_at(&["groupVersion"])),
        kind: field(r, "kind"),
        plural: field(r, "name"),
        singular: field(r, "singularName"),
        short_names: owned(r, "shortNames"),
        scope: if r.bool_at(&["namespaced"]) == Some(true) { Scope::Namespaced } else { Scope::Cluster },
        verbs: owned(r, "verbs"),
        categories: owned(r, "categories"),
        subresources: owned(r, "subresources"),
    });
    Some(resources.collect())
}
