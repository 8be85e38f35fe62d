//! `patches`, `patchesStrategicMerge`, `patchesJson6902`. Models kustomize's patch transformers.

use gatehouse_machine::regex::{Regex, Syntax};
use gatehouse_model::schema::{self, TypeRef};
use gatehouse_model::{KubeVersion, Object, Value, yaml};

use super::Work;
use super::resource::Resource;
use crate::patch::local;

pub(super) fn run(work: &mut Work<'_>, dir: &str, k: &Value, all: &mut Vec<Resource>) -> Result<(), String> {
    for entry in k.list_at(&["patchesStrategicMerge"]).iter().filter_map(Value::as_str) {
        let text = if entry.contains('\n') { entry.to_owned() } else { read(work, dir, entry)? };
        strategic(&text, &Value::Null, all)?;
    }
    for entry in k.list_at(&["patches"]).iter().chain(k.list_at(&["patchesJson6902"])) {
        let (path, inline) = (entry.str_at(&["path"]), entry.str_at(&["patch"]));
        let text = match (path, inline) {
            ("", "") => return Err("must specify one of patch and path in\n".to_owned() + &yaml::emit(entry)),
            ("", text) => text.to_owned(),
            (path, "") => read(work, dir, path)?,
            _ => return Err("patch and path can't be set at the same time\n".to_owned() + &yaml::emit(entry)),
        };
        let target = entry.get("target").cloned().unwrap_or_default();
        match yaml::parse(&text) {
            Ok(Value::List(operations)) => {
                if target.entries().is_empty() {
                    return Err(format!("must specify a target for JSON patch {}", entry.str_at(&["path"])));
                }
                for i in chosen(&target, all) {
                    let Some(r) = all.get_mut(i) else { continue };
                    let patched = gatehouse_core::patch::json::apply(&r.object.0, &operations)?;
                    r.object = Object(patched);
                }
            }
            _ => strategic(&text, &target, all)?,
        }
    }
    Ok(())
}

fn read(work: &mut Work<'_>, dir: &str, path: &str) -> Result<String, String> {
    let bytes = work
        .file(dir, path)
        .map_err(|e| format!("trouble configuring builtin PatchTransformer with config: `\npath: {path}\n`: failed to get the patch file from path({path}): {e}"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The objects that a target selects.
pub(super) fn chosen(target: &Value, all: &[Resource]) -> Vec<usize> {
    let says = |field: &str, is: &dyn Fn(&str) -> bool| {
        let want = target.str_at(&[field]);
        want.is_empty() || is(want)
    };
    let whole = |pattern: &str, text: &str| {
        let anchored = Regex::new(&format!("^({pattern})$"), Syntax::Extended, false);
        pattern == text || anchored.is_ok_and(|r| r.is_match(text))
    };
    let labelled = |selector: &str, r: &Resource, field: &str| {
        let have = r.object.map_at(&["metadata", field]);
        crate::client::helper::selects(selector, have).unwrap_or(false)
    };
    let fits = |r: &Resource| {
        let gv = r.object.group_version();
        says("group", &|w| gv.group == w)
            && says("version", &|w| gv.version == w)
            && says("kind", &|w| whole(w, r.object.kind()))
            && says("name", &|w| whole(w, r.name()) || r.before.iter().any(|(n, _)| whole(w, n)))
            && says("namespace", &|w| whole(w, r.namespace()))
            && says("labelSelector", &|w| labelled(w, r, "labels"))
            && says("annotationSelector", &|w| labelled(w, r, "annotations"))
    };
    all.iter().enumerate().filter(|(_, r)| fits(r)).map(|(i, _)| i).collect()
}

fn strategic(text: &str, target: &Value, all: &mut Vec<Resource>) -> Result<(), String> {
    for document in yaml::parse_all(text) {
        let patch =
            document.map_err(|e| format!("unable to parse SM or JSON patch from [{text}]: {e}"))?.value;
        if patch.is_null() {
            continue;
        }
        let meant = Resource::new(Object(patch.clone()));
        let hits = if target.entries().is_empty() {
            let same = |r: &Resource| {
                r.object.kind() == meant.object.kind()
                    && r.object.group_version().group == meant.object.group_version().group
                    && r.was(meant.name())
            };
            let hits: Vec<usize> = all.iter().enumerate().filter(|(_, r)| same(r)).map(|(i, _)| i).collect();
            if hits.is_empty() {
                return Err(format!(
                    "no resource matches strategic merge patch {:?}: no matches for Id {}; failed to find unique target for patch {}",
                    meant.id(),
                    meant.id(),
                    meant.id()
                ));
            }
            hits
        } else {
            chosen(target, all)
        };
        let mut gone = Vec::new();
        for i in hits {
            let Some(r) = all.get_mut(i) else { continue };
            if patch.str_at(&["$patch"]) == "delete" {
                gone.push(i);
                continue;
            }
            let mut patch = patch.clone();
            // Neither kind nor name are the patch's business.
            let (name, namespace) = (r.name().to_owned(), r.namespace().to_owned());
            for field in ["apiVersion", "kind"] {
                patch.remove(&[field]);
            }
            patch.set(&["metadata", "name"], name);
            if namespace.is_empty() {
                patch.remove(&["metadata", "namespace"]);
            } else {
                patch.set(&["metadata", "namespace"], namespace);
            }
            let mut patched = local::strategic(KubeVersion::V1_36, &r.object, &patch)
                .unwrap_or_else(|_| gatehouse_core::patch::merge::apply(&r.object.0, &patch));
            let gv = r.object.group_version();
            if let Some(ty) = schema::for_kind(KubeVersion::V1_36, &gv, r.object.kind()) {
                arrange(&mut patched, &patch, ty);
            }
            r.object = Object(patched);
        }
        for i in gone.into_iter().rev() {
            all.remove(i);
        }
    }
    Ok(())
}

/// Puts the elements that a patch names at the head of their lists, in the patch's order, as kustomize does.
fn arrange(patched: &mut Value, patch: &Value, ty: TypeRef<'_>) {
    match patch {
        Value::Map(fields) => {
            for (name, part) in fields.iter() {
                let inner = ty.field(name).or_else(|| ty.item().filter(|_| ty.object().is_none()));
                if let (Some(inner), Some(value)) = (inner, patched.at_mut(&[name])) {
                    arrange(value, part, inner);
                }
            }
        }
        Value::List(parts) if patched.as_list().is_some() => {
            let (Some(field), Some(element)) = (ty.via(), ty.item()) else { return };
            if !field.patch_strategies.iter().any(|strategy| strategy == "merge") {
                return;
            }
            let key = field.patch_merge_key.as_deref();
            let id = |value: &Value| key.map_or_else(|| Some(value.clone()), |key| value.get(key).cloned());
            let list = patched.make_list();
            let place = |value: &Value| {
                let id = id(value)?;
                parts.iter().position(|part| self::same(part, &id, key))
            };
            gatehouse_model::order::by_key(list, |value| place(value).unwrap_or(usize::MAX));
            for value in list.iter_mut() {
                if let Some(part) = place(value).and_then(|at| parts.get(at)) {
                    arrange(value, part, element);
                }
            }
        }
        _ => {}
    }
}

/// Whether a part of a patch is about the element of this key.
fn same(part: &Value, id: &Value, key: Option<&str>) -> bool {
    match key {
        Some(key) => part.get(key) == Some(id),
        None => part == id,
    }
}
