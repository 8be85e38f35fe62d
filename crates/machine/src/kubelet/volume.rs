//! What volumes hold.
//!
//! Models kubelet `volume/{configmap,secret,projected,downwardapi,emptydir,hostpath}`.

use std::collections::BTreeMap;

use gatehouse_core::authn::token::{self, BoundObject, Claims};
use gatehouse_model::{Object, Value};

use super::downward;
use super::plan::{Site, decoded};

/// A volume's content when it is first mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A directory that starts empty and belongs to the pod.
    Empty,
    /// Files that the kubelet writes: path, bytes, mode.
    Files(BTreeMap<String, (Vec<u8>, u32)>),
    /// A path of the node.
    Host(String),
    /// What an image holds.
    Image(String),
}

impl Content {
    /// What the kubelet writes can only be read.
    #[must_use]
    pub const fn always_read_only(&self) -> bool {
        matches!(self, Self::Files(_) | Self::Image(_))
    }
}

/// The text of a value of a config map or a secret.
pub(super) fn text(table: &str, value: &Value) -> String {
    String::from_utf8_lossy(&decoded(table, value)).into_owned()
}

/// What a volume holds.
///
/// # Errors
/// What the kubelet says when it cannot be set up, behind `MountVolume.SetUp failed for volume "…" : `.
pub fn content(site: &mut Site<'_>, pod: &Object, volume: &Value) -> Result<Content, String> {
    if let Some(source) = volume.get("configMap") {
        let mode = mode_of(source);
        return keyed(site, pod, "configmaps", source.str_at(&["name"]), source, mode).map(Content::Files);
    }
    if let Some(source) = volume.get("secret") {
        let mode = mode_of(source);
        return keyed(site, pod, "secrets", source.str_at(&["secretName"]), source, mode).map(Content::Files);
    }
    if let Some(source) = volume.get("hostPath") {
        host_path(site, source)?;
        return Ok(Content::Host(source.str_at(&["path"]).to_owned()));
    }
    if let Some(source) = volume.get("image") {
        return Ok(Content::Image(source.str_at(&["reference"]).to_owned()));
    }
    if let Some(source) = volume.get("downwardAPI") {
        return Ok(Content::Files(downward(site, pod, source.list_at(&["items"]), mode_of(source))));
    }
    if let Some(projected) = volume.get("projected") {
        let mode = mode_of(projected);
        let mut files = BTreeMap::new();
        for source in projected.list_at(&["sources"]) {
            if let Some(map) = source.get("configMap") {
                files.extend(keyed(site, pod, "configmaps", map.str_at(&["name"]), map, mode)?);
            } else if let Some(secret) = source.get("secret") {
                files.extend(keyed(site, pod, "secrets", secret.str_at(&["name"]), secret, mode)?);
            } else if let Some(api) = source.get("downwardAPI") {
                files.extend(downward(site, pod, api.list_at(&["items"]), mode));
            } else if let Some(t) = source.get("serviceAccountToken") {
                files
                    .insert(t.str_at(&["path"]).to_owned(), (account_token(site, pod, t).into_bytes(), mode));
            }
        }
        return Ok(Content::Files(files));
    }
    Ok(Content::Empty)
}

/// Whether the path is of the type that is asked for.
fn host_path(site: &Site<'_>, source: &Value) -> Result<(), String> {
    let path = source.str_at(&["path"]);
    let space = site.node.space(crate::machine::HOST);
    let at = space.and_then(|s| s.mounts.locate(&site.node.fs, path));
    let letter = at.and_then(|a| site.node.fs.get(a.ino)).map(|i| i.type_letter());
    let (wanted, word) = match source.str_at(&["type"]) {
        "Directory" => ('d', "directory"),
        "File" => ('-', "file"),
        "Socket" => ('s', "socket file"),
        "CharDevice" => ('c', "character device"),
        "BlockDevice" => ('b', "block device"),
        "DirectoryOrCreate" if letter.is_some() => ('d', "directory"),
        "FileOrCreate" if letter.is_some() => ('-', "file"),
        _ => return Ok(()),
    };
    if letter == Some(wanted) {
        Ok(())
    } else {
        Err(format!("hostPath type check failed: {path} is not a {word}"))
    }
}

fn mode_of(source: &Value) -> u32 {
    source.i64_at(&["defaultMode"]).and_then(|m| u32::try_from(m).ok()).unwrap_or(0o644)
}

fn keyed(
    site: &Site<'_>,
    pod: &Object,
    table: &str,
    name: &str,
    source: &Value,
    mode: u32,
) -> Result<BTreeMap<String, (Vec<u8>, u32)>, String> {
    let mut files = BTreeMap::new();
    let optional = source.bool_at(&["optional"]) == Some(true);
    let Some(object) = site.cluster.store.get(table, pod.namespace(), name) else {
        return if optional {
            Ok(files)
        } else {
            Err(format!("{} \"{name}\" not found", table.trim_end_matches('s')))
        };
    };
    let items = source.list_at(&["items"]);
    let data = object.map_at(&["data"]);
    if items.is_empty() {
        files.extend(data.iter().map(|(key, value)| (key.to_owned(), (decoded(table, value), mode))));
    }
    for item in items {
        let key = item.str_at(&["key"]);
        let own = item.i64_at(&["mode"]).and_then(|m| u32::try_from(m).ok()).unwrap_or(mode);
        match data.get(key) {
            Some(value) => {
                files.insert(item.str_at(&["path"]).to_owned(), (decoded(table, value), own));
            }
            None if optional => {}
            None => {
                return Err(if table == "secrets" {
                    format!("references non-existent secret key: {key}")
                } else {
                    format!("configmap references non-existent config key: {key}")
                });
            }
        }
    }
    Ok(files)
}

fn downward(site: &Site<'_>, pod: &Object, items: &[Value], mode: u32) -> BTreeMap<String, (Vec<u8>, u32)> {
    gatehouse_model::order::map(items.iter().map(|item| {
        let text = match item.get("resourceFieldRef").filter(|r| !r.is_null()) {
            Some(reference) => downward::resource(site, pod, None, reference),
            None => downward::field(site, pod, item.str_at(&["fieldRef", "fieldPath"])),
        };
        let own = item.i64_at(&["mode"]).and_then(|m| u32::try_from(m).ok()).unwrap_or(mode);
        (item.str_at(&["path"]).to_owned(), (text.into_bytes(), own))
    }))
}

/// A token of the pod's service account, bound to the pod.
fn account_token(site: &mut Site<'_>, pod: &Object, source: &Value) -> String {
    let account = match pod.str_at(&["spec", "serviceAccountName"]) {
        "" => "default",
        name => name,
    };
    let stored = site.cluster.store.get("serviceaccounts", pod.namespace(), account);
    let audience = match source.str_at(&["audience"]) {
        "" => "https://kubernetes.default.svc.cluster.local",
        audience => audience,
    };
    let seconds = source.i64_at(&["expirationSeconds"]).unwrap_or(3600);
    let uid = stored.map(|s| s.uid().to_owned()).unwrap_or_default();
    let id = site.cluster.entropy.uid();
    let node = pod.str_at(&["spec", "nodeName"]).to_owned();
    let node_uid = site.cluster.store.get("nodes", "", &node).map(|n| n.uid().to_owned()).unwrap_or_default();
    let claims = Claims {
        namespace: pod.namespace().to_owned(),
        service_account: account.to_owned(),
        uid,
        audiences: vec![audience.to_owned()],
        issued: site.cluster.now,
        expires: site.cluster.now.plus_millis(seconds * 1000),
        id,
        bound: Some(BoundObject {
            kind: "Pod".into(),
            name: pod.name().to_owned(),
            uid: pod.uid().to_owned(),
        }),
        node: Some((node, node_uid)),
    };
    token::issue(site.cluster, &claims)
}
