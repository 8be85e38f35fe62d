//! Volumes: types, host paths, drivers.
//!
//! Models `validatePodVolumes` of `provider.go` and `pkg/security/podsecuritypolicy/util`.

use gatehouse_model::{FieldError, FieldPath, Object, Value};

use super::Policy;

pub(super) fn check(policy: &Policy<'_>, pod: &Object) -> Vec<FieldError> {
    let allowed = policy.words("volumes");
    let mut errors = Vec::new();
    for (i, volume) in pod.list_at(&["spec", "volumes"]).iter().enumerate() {
        let path = FieldPath::new("spec").child("volumes").index(i);
        let source = volume.entries().iter().find(|(k, v)| *k != "name" && !v.is_null());
        let (kind, source) = source.unwrap_or(("", &Value::Null));
        if !(allowed.contains(&"*") || allowed.contains(&kind) || is_token(&allowed, kind, source)) {
            let detail = format!("{kind} volumes are not allowed to be used");
            errors.push(FieldError::invalid(path, &kind.into(), detail));
            continue;
        }
        match kind {
            "hostPath" => host_path(policy, pod, volume, &path, &mut errors),
            "flexVolume" => driver(
                policy,
                ("allowedFlexVolumes", "driver"),
                source,
                &path.child("driver"),
                "Flexvolume driver is not allowed to be used",
                &mut errors,
            ),
            "csi" => driver(
                policy,
                ("allowedCSIDrivers", "name"),
                source,
                &path.child("csi").child("driver"),
                "Inline CSI driver is not allowed to be used",
                &mut errors,
            ),
            _ => {}
        }
    }
    errors
}

/// Who allows secrets allows the projected volume that brings a service account's token.
fn is_token(allowed: &[&str], kind: &str, source: &Value) -> bool {
    let expected = |s: &Value| {
        s.get("serviceAccountToken").is_some()
            || s.str_at(&["configMap", "name"]) == "kube-root-ca.crt"
            || s.list_at(&["downwardAPI", "items"])
                .iter()
                .any(|i| i.str_at(&["fieldRef", "fieldPath"]) == "metadata.namespace")
    };
    kind == "projected" && allowed.contains(&"secret") && source.list_at(&["sources"]).iter().all(expected)
}

/// Whether `path` is `prefix` or lies below it.
fn below(path: &str, prefix: &str) -> bool {
    let (path, prefix) = (path.strip_suffix('/').unwrap_or(path), prefix.strip_suffix('/').unwrap_or(prefix));
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn host_path(
    policy: &Policy<'_>,
    pod: &Object,
    volume: &Value,
    path: &FieldPath,
    errors: &mut Vec<FieldError>,
) {
    let Some(allowed) = policy.at("allowedHostPaths").map(Value::items).filter(|l| !l.is_empty()) else {
        return;
    };
    let host = volume.str_at(&["hostPath", "path"]);
    let fitting: Vec<&Value> = allowed.iter().filter(|a| below(host, a.str_at(&["pathPrefix"]))).collect();
    if fitting.is_empty() {
        let path = path.child("hostPath").child("pathPrefix");
        errors.push(FieldError::invalid(path, &host.into(), "is not allowed to be used"));
        return;
    }
    if fitting.iter().any(|a| a.bool_at(&["readOnly"]) != Some(true)) {
        return;
    }
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for (c, container) in pod.list_at(&["spec", list]).iter().enumerate() {
            for (m, mount) in container.list_at(&["volumeMounts"]).iter().enumerate() {
                let read_only = mount.bool_at(&["readOnly"]) == Some(true);
                if mount.str_at(&["name"]) == volume.str_at(&["name"]) && !read_only {
                    let path = FieldPath::new("spec").child(list).index(c).child("volumeMounts").index(m);
                    errors.push(FieldError::invalid(
                        path.child("readOnly"),
                        &false.into(),
                        "must be read-only",
                    ));
                }
            }
        }
    }
}

fn driver(
    policy: &Policy<'_>,
    (field, key): (&str, &str),
    source: &Value,
    path: &FieldPath,
    detail: &str,
    errors: &mut Vec<FieldError>,
) {
    let allowed = policy.at(field).map_or(&[][..], Value::items);
    let name = source.str_at(&["driver"]);
    if !allowed.is_empty() && !allowed.iter().any(|a| a.str_at(&[key]) == name) {
        errors.push(FieldError::invalid(path.clone(), &name.into(), detail));
    }
}
