//! Disruption budgets and pod security policies.
//!
//! Models `pkg/apis/policy/validation/validation.go`.

use gatehouse_model::{FieldError, FieldPath, Object, Value, names};

use super::check::{self, Errors};
use super::{meta, workload};

/// A PodDisruptionBudget.
pub(super) fn budget(errors: &mut Errors, object: &Object) {
    let path = FieldPath::new("spec");
    let (min, max) = (object.at(&["spec", "minAvailable"]), object.at(&["spec", "maxUnavailable"]));
    if min.is_some() && max.is_some() {
        let shown =
            super::internal::print("PodDisruptionBudgetSpec", object.get("spec").unwrap_or(&Value::Null));
        let why = "minAvailable and maxUnavailable cannot be both set";
        errors.push(FieldError::invalid_rendered(path.clone(), shown, why));
    }
    for (field, value) in [("minAvailable", min), ("maxUnavailable", max)] {
        workload::amount(errors, &path.child(field), value);
        if let Some(Value::Str(text)) = value
            && text.trim_end_matches('%').parse::<i64>().is_ok_and(|n| n > 100)
        {
            let why = "must not be greater than 100%";
            errors.push(FieldError::invalid(path.child(field), &Value::Str(text.clone()), why));
        }
    }
    meta::selector(errors, &path.child("selector"), object.at(&["spec", "selector"]));
    if let Some(policy) = object.at(&["spec", "unhealthyPodEvictionPolicy"]).and_then(Value::as_str) {
        check::allowed(
            errors,
            path.child("unhealthyPodEvictionPolicy"),
            policy,
            &["AlwaysAllow", "IfHealthyBudget"],
        );
    }
}

/// The volume types a PodSecurityPolicy knows, as errors list them.
const VOLUMES: &[&str] = &[
    "*",
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephFS",
    "cinder",
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "gitRepo",
    "glusterfs",
    "hostPath",
    "iscsi",
    "nfs",
    "persistentVolumeClaim",
    "photonPersistentDisk",
    "portworxVolume",
    "projected",
    "quobyte",
    "rbd",
    "scaleIO",
    "secret",
    "storageos",
    "vsphereVolume",
];

/// A PodSecurityPolicy.
pub(super) fn pod_security(errors: &mut Errors, object: &Object) {
    meta::object(errors, object, false, names::dns1123_subdomain);
    let path = FieldPath::new("spec");
    let spec = object.get("spec").unwrap_or(&Value::Null);
    for (i, prefix) in spec.list_at(&["allowedHostPaths"]).iter().enumerate() {
        let path = path.child("allowedHostPaths").index(i).child("pathPrefix");
        let text = prefix.str_at(&["pathPrefix"]);
        if check::required(errors, path.clone(), text) {
            check::no_backsteps(errors, &path, text);
        }
    }
    let rule = |field: &str| spec.str_at(&[field, "rule"]);
    check::allowed(
        errors,
        path.children(&["runAsUser", "rule"]),
        rule("runAsUser"),
        &["MustRunAs", "MustRunAsNonRoot", "RunAsAny"],
    );
    id_ranges(errors, &path.children(&["runAsUser", "ranges"]), spec.list_at(&["runAsUser", "ranges"]));
    if let Some(group) = spec.get("runAsGroup") {
        check::allowed(
            errors,
            path.children(&["runAsGroup", "rule"]),
            group.str_at(&["rule"]),
            &["MayRunAs", "MustRunAs", "RunAsAny"],
        );
        id_ranges(errors, &path.children(&["runAsGroup", "ranges"]), group.list_at(&["ranges"]));
    }
    check::allowed(errors, path.children(&["seLinux", "rule"]), rule("seLinux"), &["MustRunAs", "RunAsAny"]);
    for field in ["supplementalGroups", "fsGroup"] {
        check::allowed(
            errors,
            path.children(&[field, "rule"]),
            rule(field),
            &["MayRunAs", "MustRunAs", "RunAsAny"],
        );
        id_ranges(errors, &path.children(&[field, "ranges"]), spec.list_at(&[field, "ranges"]));
    }
    for volume in spec.list_at(&["volumes"]) {
        check::allowed(errors, path.child("volumes"), volume.as_str().unwrap_or_default(), VOLUMES);
    }
    if let Some(class) = spec.get("runtimeClass") {
        runtime_class(errors, &path.child("runtimeClass"), class);
    }
    capabilities(errors, &path, spec);
    if spec.bool_at(&["defaultAllowPrivilegeEscalation"]) == Some(true)
        && spec.bool_at(&["allowPrivilegeEscalation"]) == Some(false)
    {
        let why = "Cannot set DefaultAllowPrivilegeEscalation to true without also setting AllowPrivilegeEscalation to true";
        errors.push(FieldError::invalid(
            path.child("defaultAllowPrivilegeEscalation"),
            &Value::Bool(true),
            why,
        ));
    }
    for (i, kind) in spec.list_at(&["allowedProcMountTypes"]).iter().enumerate() {
        let path = path.child("allowedProcMountTypes").index(i);
        check::allowed(errors, path, kind.as_str().unwrap_or_default(), &["Default", "Unmasked"]);
    }
    sysctls(errors, &path, spec);
    for (i, driver) in spec.list_at(&["allowedFlexVolumes"]).iter().enumerate() {
        let why = "must specify a driver";
        if driver.str_at(&["driver"]).is_empty() {
            errors.push(FieldError::required(path.child("allowedFlexVolumes").index(i).child("driver"), why));
        }
    }
    for key in ANNOTATIONS {
        if let Some(value) = object.annotation(key) {
            annotation(errors, key, value);
        }
    }
}

fn id_ranges(errors: &mut Errors, path: &FieldPath, ranges: &[Value]) {
    for (i, range) in ranges.iter().enumerate() {
        let path = path.index(i);
        let (min, max) = (range.i64_at(&["min"]).unwrap_or(0), range.i64_at(&["max"]).unwrap_or(0));
        let mut invalid = |field: &str, value: i64, why: &str| {
            errors.push(FieldError::invalid(path.child(field), &Value::Int(value), why))
        };
        if min < 0 {
            invalid("min", min, "min cannot be negative");
        }
        if max < 0 {
            invalid("max", max, "max cannot be negative");
        }
        if min > max {
            invalid("min", min, "min cannot be greater than max");
        }
    }
}

fn runtime_class(errors: &mut Errors, path: &FieldPath, class: &Value) {
    let allowed = class.list_at(&["allowedRuntimeClassNames"]);
    let at = path.child("allowedRuntimeClassNames");
    for (i, name) in allowed.iter().enumerate() {
        let name = name.as_str().unwrap_or_default();
        if name == "*" {
            if allowed.len() > 1 {
                let shown = Value::from(allowed.to_vec());
                let why = "if '*' is present, must not specify other RuntimeClass names";
                errors.push(FieldError::invalid(at.clone(), &shown, why));
            }
            continue;
        }
        check::text(errors, &at.index(i), name, names::dns1123_subdomain(name));
    }
    if let Some(default) = class.get("defaultRuntimeClassName").and_then(Value::as_str) {
        check::text(
            errors,
            &path.child("defaultRuntimeClassName"),
            default,
            names::dns1123_subdomain(default),
        );
        let may = allowed.iter().any(|n| matches!(n.as_str(), Some(n) if n == "*" || n == default));
        if !may {
            errors.push(FieldError::required(at, format!("default \"{default}\" must be allowed")));
        }
    }
}

/// A capability that is both required to be dropped and added or allowed.
fn capabilities(errors: &mut Errors, path: &FieldPath, spec: &Value) {
    let list =
        |field: &str| -> Vec<&str> { spec.list_at(&[field]).iter().filter_map(Value::as_str).collect() };
    let dropped = list("requiredDropCapabilities");
    let mut both = |field: &str, names: &[&str]| {
        for name in names {
            if dropped.contains(name) {
                let why = format!("capability is listed in {field} and requiredDropCapabilities");
                errors.push(FieldError::invalid(FieldPath::new(field), &(*name).into(), why));
            }
        }
    };
    both("defaultAddCapabilities", &list("defaultAddCapabilities"));
    both("allowedCapabilities", &list("allowedCapabilities"));
    if dropped.contains(&"*") {
        let shown = Value::from(dropped.clone());
        let why = "required capabilities must be empty when all capabilities are allowed by a wildcard";
        if list("allowedCapabilities").contains(&"*") && dropped.len() > 1 {
            errors.push(FieldError::invalid(path.child("requiredDropCapabilities"), &shown, why));
        }
    }
}

fn sysctls(errors: &mut Errors, path: &FieldPath, spec: &Value) {
    let list =
        |field: &str| -> Vec<&str> { spec.list_at(&[field]).iter().filter_map(Value::as_str).collect() };
    let (forbidden, unsafe_ones) = (list("forbiddenSysctls"), list("allowedUnsafeSysctls"));
    for (field, names) in [("allowedUnsafeSysctls", &unsafe_ones), ("forbiddenSysctls", &forbidden)] {
        let other = if field == "forbiddenSysctls" { &unsafe_ones } else { &forbidden };
        for (i, name) in names.iter().enumerate() {
            let path = path.child(field).index(i);
            let pattern = name.trim_end_matches('*').trim_end_matches('.');
            if name.is_empty() {
                errors.push(FieldError::invalid(path, &(*name).into(), "empty sysctl not allowed"));
                continue;
            }
            if *name != "*" && !super::security::is_sysctl(pattern) {
                let why = "must have at most 253 characters and match regex ([a-z0-9]([-_a-z0-9]*[a-z0-9])?\\.)*([a-z0-9][-_a-z0-9]*)?[a-z0-9*]";
                errors.push(FieldError::invalid(path.clone(), &(*name).into(), why));
            }
            if field == "allowedUnsafeSysctls" {
                for taken in other {
                    if overlap(name, taken) {
                        let why = format!("sysctl overlaps with {taken}");
                        errors.push(FieldError::invalid(path.clone(), &(*name).into(), why));
                    }
                }
            }
        }
    }
}

fn overlap(a: &str, b: &str) -> bool {
    match (a.strip_suffix('*'), b.strip_suffix('*')) {
        (Some(a), Some(b)) => a.starts_with(b) || b.starts_with(a),
        (Some(a), None) => b.starts_with(a),
        (None, Some(b)) => a.starts_with(b),
        (None, None) => a == b,
    }
}

/// The annotations that say something of profiles, in the order they are looked at.
const ANNOTATIONS: &[&str] = &[
    "apparmor.security.beta.kubernetes.io/defaultProfileName",
    "apparmor.security.beta.kubernetes.io/allowedProfileNames",
    "seccomp.security.alpha.kubernetes.io/defaultProfileName",
    "seccomp.security.alpha.kubernetes.io/allowedProfileNames",
];

fn annotation(errors: &mut Errors, key: &str, value: &str) {
    let path = FieldPath::new("metadata.annotations").key(key);
    let app_armor = |profile: &str| {
        profile.is_empty()
            || profile == "runtime/default"
            || profile == "unconfined"
            || profile.starts_with("localhost/")
    };
    let seccomp = |profile: &str| {
        matches!(profile, "runtime/default" | "docker/default" | "unconfined")
            || profile.starts_with("localhost/")
    };
    match key {
        "apparmor.security.beta.kubernetes.io/defaultProfileName" if !app_armor(value) => {
            let why = format!("invalid AppArmor profile name: {}", gatehouse_model::json::go_quote(value));
            errors.push(FieldError::invalid(path, &value.into(), why));
        }
        "apparmor.security.beta.kubernetes.io/allowedProfileNames" => {
            for profile in value.split(',').filter(|p| !app_armor(p)) {
                let why =
                    format!("invalid AppArmor profile name: {}", gatehouse_model::json::go_quote(profile));
                errors.push(FieldError::invalid(path.clone(), &value.into(), why));
            }
        }
        "seccomp.security.alpha.kubernetes.io/defaultProfileName" if !seccomp(value) => {
            errors.push(FieldError::invalid(path, &value.into(), "must be a valid seccomp profile"));
        }
        "seccomp.security.alpha.kubernetes.io/allowedProfileNames" => {
            for profile in value.split(',').filter(|p| *p != "*" && !seccomp(p)) {
                errors.push(FieldError::invalid(
                    path.clone(),
                    &profile.into(),
                    "must be a valid seccomp profile",
                ));
            }
        }
        _ => {}
    }
}
