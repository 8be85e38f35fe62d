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
    for key in ANNOTATIONS {
        if let Some(value) = object.annotation(key) {
            annotation(errors, key, value);
        }
    }
    let path = FieldPath::new("spec");
    let spec = object.get("spec").unwrap_or(&Value::Null);
    let rule = |field: &str| spec.str_at(&[field, "rule"]);
    let rule_path = |field: &str| path.child(field).child("rule");
    let ranges_path = |field: &str| path.child(field).child("ranges");
    let users = ["MustRunAs", "MustRunAsNonRoot", "RunAsAny"];
    check::allowed(errors, rule_path("runAsUser"), rule("runAsUser"), &users);
    id_ranges(errors, &ranges_path("runAsUser"), spec.list_at(&["runAsUser", "ranges"]));
    if let Some(group) = spec.get("runAsGroup") {
        run_as_group(errors, &path.child("runAsGroup"), group);
    }
    check::allowed(errors, rule_path("seLinux"), rule("seLinux"), &["MustRunAs", "RunAsAny"]);
    for field in ["supplementalGroups", "fsGroup"] {
        check::allowed(errors, rule_path(field), rule(field), &["MayRunAs", "MustRunAs", "RunAsAny"]);
        id_ranges(errors, &ranges_path(field), spec.list_at(&[field, "ranges"]));
    }
    for volume in spec.list_at(&["volumes"]) {
        check::allowed(errors, path.child("volumes"), volume.as_str().unwrap_or_default(), VOLUMES);
    }
    capabilities(errors, spec);
    if spec.bool_at(&["defaultAllowPrivilegeEscalation"]) == Some(true)
        && spec.bool_at(&["allowPrivilegeEscalation"]) == Some(false)
    {
        let why = "Cannot set DefaultAllowPrivilegeEscalation to true without also setting AllowPrivilegeEscalation to true";
        let path = path.child("defaultAllowPrivilegeEscalation");
        errors.push(FieldError::invalid(path, &Value::Bool(true), why));
    }
    for (i, kind) in spec.list_at(&["allowedProcMountTypes"]).iter().enumerate() {
        let path = path.child("allowedProcMountTypes").index(i);
        check::allowed(errors, path, kind.as_str().unwrap_or_default(), &["Default", "Unmasked"]);
    }
    for (i, prefix) in spec.list_at(&["allowedHostPaths"]).iter().enumerate() {
        let path = path.child("allowedHostPaths").index(i);
        let text = prefix.str_at(&["pathPrefix"]);
        if text.is_empty() {
            errors.push(FieldError::required(path, "is required"));
            break;
        }
        check::no_backsteps(errors, &path, text);
    }
    for (i, driver) in spec.list_at(&["allowedFlexVolumes"]).iter().enumerate() {
        if driver.str_at(&["driver"]).is_empty() {
            // The server names the list twice.
            let path = path.children(&["allowedFlexVolumes", "allowedFlexVolumes"]).index(i);
            errors.push(FieldError::required(path.child("driver"), "must specify a driver"));
        }
    }
    sysctls(errors, &path, spec);
    if let Some(class) = spec.get("runtimeClass") {
        runtime_class(errors, &path.child("runtimeClass"), class);
    }
}

fn run_as_group(errors: &mut Errors, path: &FieldPath, group: &Value) {
    let ranges = group.list_at(&["ranges"]);
    match group.str_at(&["rule"]) {
        "RunAsAny" => {
            if !ranges.is_empty() {
                let shown = super::internal::print("[]IDRange", group.get("ranges").unwrap_or(&Value::Null));
                errors.push(FieldError::invalid_rendered(
                    path.child("ranges"),
                    shown,
                    "Ranges must be empty",
                ));
            }
        }
        "MustRunAs" | "MayRunAs" => {
            if ranges.is_empty() {
                let why = "must provide at least one range";
                errors.push(FieldError::invalid(path.child("ranges"), &Value::Null, why));
            }
            id_ranges(errors, &path.child("ranges"), ranges);
        }
        other => check::allowed(errors, path.child("rule"), other, &["MustRunAs", "RunAsAny", "MayRunAs"]),
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
        if name != "*" {
            check::text(errors, &at.index(i), name, names::dns1123_subdomain(name));
        }
        if allowed.iter().take(i).any(|n| n.as_str() == Some(name)) {
            errors.push(FieldError::duplicate(at.index(i), &name.into()));
        }
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
            errors.push(FieldError::required(at.clone(), format!("default \"{default}\" must be allowed")));
        }
    }
    if allowed.len() > 1 && allowed.iter().any(|n| n.as_str() == Some("*")) {
        let shown = Value::from(allowed.to_vec());
        let why = "if '*' is present, must not specify other RuntimeClass names";
        errors.push(FieldError::invalid(at, &shown, why));
    }
}

/// A capability that is both required to be dropped and added or allowed. The server leaves `spec` out of these paths.
fn capabilities(errors: &mut Errors, spec: &Value) {
    let list =
        |field: &str| -> Vec<&str> { spec.list_at(&[field]).iter().filter_map(Value::as_str).collect() };
    let dropped = list("requiredDropCapabilities");
    if !dropped.is_empty() && list("allowedCapabilities").contains(&"*") {
        let shown = Value::from(dropped.clone());
        let why = "must be empty when all capabilities are allowed by a wildcard";
        errors.push(FieldError::invalid(FieldPath::new("requiredDropCapabilities"), &shown, why));
    }
    for field in ["defaultAddCapabilities", "allowedCapabilities"] {
        for name in list(field) {
            if dropped.contains(&name) {
                let why = format!("capability is listed in {field} and requiredDropCapabilities");
                errors.push(FieldError::invalid(FieldPath::new(field), &name.into(), why));
            }
        }
    }
}

fn sysctls(errors: &mut Errors, path: &FieldPath, spec: &Value) {
    let list =
        |field: &str| -> Vec<&str> { spec.list_at(&[field]).iter().filter_map(Value::as_str).collect() };
    for field in ["allowedUnsafeSysctls", "forbiddenSysctls"] {
        let (names, path) = (list(field), path.child(field));
        for (i, name) in names.iter().enumerate() {
            let mut invalid =
                |why: &str| errors.push(FieldError::invalid(path.index(i), &(*name).into(), why));
            if name.is_empty() {
                invalid("empty sysctl not allowed");
            } else if !is_sysctl_pattern(name) {
                invalid(
                    "must have at most 253 characters and match regex ([a-z0-9]([-_a-z0-9]*[a-z0-9])?\\.)*([a-z0-9][-_a-z0-9]*)?[a-z0-9*]",
                );
            }
        }
        if names.len() > 1 && names.iter().any(|n| n.starts_with('*') && is_sysctl_pattern(n)) {
            let why = "if '*' is present, must not specify other sysctls";
            errors.push(FieldError::forbidden(path.child("items"), why));
        }
    }
    let (allowed, forbidden) = (list("allowedUnsafeSysctls"), list("forbiddenSysctls"));
    for (i, ours) in allowed.iter().enumerate() {
        for (j, theirs) in forbidden.iter().enumerate() {
            let (field, at, name, other) = match overlap(ours, theirs) {
                Some(true) => ("allowedUnsafeSysctls", i, ours, theirs),
                Some(false) => ("forbiddenSysctls", j, theirs, ours),
                None => continue,
            };
            let why = format!("sysctl overlaps with {other}");
            errors.push(FieldError::invalid(path.child(field).index(at), &(*name).into(), why));
        }
    }
}

/// A sysctl by dots, whose last letter may be a star.
fn is_sysctl_pattern(name: &str) -> bool {
    match name.strip_suffix('*') {
        Some("") => true,
        Some(prefix) if prefix.ends_with('.') => {
            prefix.strip_suffix('.').is_some_and(|p| super::security::is_sysctl(p) && !p.contains('/'))
        }
        // Something goes in the star's place.
        Some(prefix) => super::security::is_sysctl(&format!("{prefix}0")) && !prefix.contains('/'),
        None => super::security::is_sysctl(name) && !name.contains('/'),
    }
}

/// Whether two sysctls mean a common one, and if so, whether the first is the one to blame.
fn overlap(allowed: &str, forbidden: &str) -> Option<bool> {
    match (allowed.strip_suffix('*'), forbidden.strip_suffix('*')) {
        (Some(a), Some(f)) if a.starts_with(f) => Some(true),
        (Some(a), Some(f)) => f.starts_with(a).then_some(false),
        (Some(a), None) => forbidden.starts_with(a).then_some(false),
        (None, Some(f)) => allowed.starts_with(f).then_some(true),
        (None, None) => (allowed == forbidden).then_some(true),
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
