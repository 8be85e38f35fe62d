//! Security contexts of pods and containers, and the annotations that came before their fields.
//!
//! Models `ValidateSecurityContext`, `validatePodSpecSecurityContext`, `ValidateAppArmorProfileField`.

use gatehouse_model::{FieldError, FieldPath, Map, Value, names};

use super::check::{self, Errors};
use super::pod_spec::Context;
use super::{pod::MIRROR, windows};

const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";
const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";
const SECCOMP_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP: &str = "container.seccomp.security.alpha.kubernetes.io/";

fn id(errors: &mut Errors, path: FieldPath, id: Option<i64>) {
    if let Some(id) = id {
        for complaint in names::user_id(id) {
            errors.push(FieldError::invalid(path.clone(), &Value::Int(id), complaint));
        }
    }
}

/// `securityContext` of a container.
pub(super) fn container(
    errors: &mut Errors,
    context: &Context<'_>,
    path: &FieldPath,
    security: Option<&Value>,
) {
    let Some(security) = security else { return };
    let privileged = security.bool_at(&["privileged"]) == Some(true);
    id(errors, path.child("runAsUser"), security.i64_at(&["runAsUser"]));
    id(errors, path.child("runAsGroup"), security.i64_at(&["runAsGroup"]));
    if let Some(mount) = security.get("procMount").and_then(Value::as_str) {
        check::allowed(errors, path.child("procMount"), mount, &["Default", "Unmasked"]);
        if context.version.minor() >= 30 && context.host_users() && mount == "Unmasked" {
            errors.push(FieldError::invalid(
                path.child("procMount"),
                &mount.into(),
                "`hostUsers` must be false to use `Unmasked`",
            ));
        }
    }
    seccomp(errors, &path.child("seccompProfile"), security.get("seccompProfile"));
    if security.bool_at(&["allowPrivilegeEscalation"]) == Some(false) {
        if privileged {
            errors.push(FieldError::invalid_rendered(
                path.clone(),
                go_struct(security),
                "cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
            ));
        }
        let adds =
            |name: &str| security.list_at(&["capabilities", "add"]).iter().any(|c| c.as_str() == Some(name));
        if adds("CAP_SYS_ADMIN") {
            errors.push(FieldError::invalid_rendered(
                path.clone(),
                go_struct(security),
                "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN",
            ));
        }
    }
    windows::options(errors, &path.child("windowsOptions"), security.get("windowsOptions"));
    app_armor(errors, &path.child("appArmorProfile"), security.get("appArmorProfile"));
}

/// A security context as the server's internal type prints: its Go names, unset fields null.
fn go_struct(security: &Value) -> String {
    super::internal::print("SecurityContext", security)
}

/// `securityContext` of a pod.
pub(super) fn pod(errors: &mut Errors, context: &Context<'_>) {
    let path = context.path.child("securityContext");
    let Some(security) = context.spec.get("securityContext") else { return };
    id(errors, path.child("fsGroup"), security.i64_at(&["fsGroup"]));
    id(errors, path.child("runAsUser"), security.i64_at(&["runAsUser"]));
    id(errors, path.child("runAsGroup"), security.i64_at(&["runAsGroup"]));
    for (i, group) in security.list_at(&["supplementalGroups"]).iter().enumerate() {
        id(errors, path.child("supplementalGroups").index(i), group.as_i64());
    }
    if context.flag("shareProcessNamespace") && context.flag("hostPID") {
        errors.push(FieldError::invalid(
            path.child("shareProcessNamespace"),
            &Value::Bool(true),
            "ShareProcessNamespace and HostPID cannot both be enabled",
        ));
    }
    sysctls(errors, context, &path.child("sysctls"), security.list_at(&["sysctls"]));
    if let Some(policy) = security.get("fsGroupChangePolicy").and_then(Value::as_str) {
        check::allowed(errors, path.child("fsGroupChangePolicy"), policy, &["Always", "OnRootMismatch"]);
    }
    seccomp(errors, &path.child("seccompProfile"), security.get("seccompProfile"));
    windows::options(errors, &path.child("windowsOptions"), security.get("windowsOptions"));
    app_armor(errors, &path.child("appArmorProfile"), security.get("appArmorProfile"));
    if let Some(policy) = security.get("supplementalGroupsPolicy").and_then(Value::as_str) {
        check::allowed(errors, path.child("supplementalGroupsPolicy"), policy, &["Merge", "Strict"]);
    }
    if let Some(policy) = security.get("seLinuxChangePolicy").and_then(Value::as_str) {
        check::allowed(errors, path.child("seLinuxChangePolicy"), policy, &["MountOption", "Recursive"]);
    }
}

fn seccomp(errors: &mut Errors, path: &FieldPath, profile: Option<&Value>) {
    let Some(profile) = profile else { return };
    let kind = profile.str_at(&["type"]);
    match kind {
        "Localhost" | "RuntimeDefault" | "Unconfined" => {}
        "" => errors
            .push(FieldError::required(path.child("type"), "type is required when seccompProfile is set")),
        other => errors.push(FieldError::not_supported(
            path.child("type"),
            &other.into(),
            &["Localhost", "RuntimeDefault", "Unconfined"],
        )),
    }
    let local = profile.get("localhostProfile").and_then(Value::as_str);
    let path_local = path.child("localhostProfile");
    match (kind, local) {
        ("Localhost", None) => {
            errors.push(FieldError::required(path_local, "must be set when seccomp type is Localhost"));
        }
        ("Localhost", Some(file)) => check::descending(errors, &path_local, file),
        (_, Some(_)) => errors.push(FieldError::invalid_rendered(
            path_local,
            super::internal::print("SeccompProfile", profile),
            "can only be set when seccomp type is Localhost",
        )),
        _ => {}
    }
}

fn app_armor(errors: &mut Errors, path: &FieldPath, profile: Option<&Value>) {
    let Some(profile) = profile else { return };
    let local = profile.get("localhostProfile").and_then(Value::as_str);
    let path_local = path.child("localhostProfile");
    match profile.str_at(&["type"]) {
        "Localhost" => match local {
            None => {
                errors.push(FieldError::required(path_local, "must be set when AppArmor type is Localhost"))
            }
            Some(name) => {
                if name.trim() != name {
                    errors.push(FieldError::invalid(
                        path_local.clone(),
                        &name.into(),
                        "must not be padded with whitespace",
                    ));
                } else if name.is_empty() {
                    errors.push(FieldError::required(
                        path_local.clone(),
                        "must be set when AppArmor type is Localhost",
                    ));
                }
                if name.len() > 4095 {
                    errors.push(FieldError::too_long(path_local, 4095));
                }
            }
        },
        "RuntimeDefault" | "Unconfined" => {
            if let Some(name) = local {
                errors.push(FieldError::invalid(
                    path_local,
                    &name.into(),
                    "can only be set when AppArmor type is Localhost",
                ));
            }
        }
        "" => errors
            .push(FieldError::required(path.child("type"), "type is required when appArmorProfile is set")),
        other => errors.push(FieldError::not_supported(
            path.child("type"),
            &other.into(),
            &["Localhost", "RuntimeDefault", "Unconfined"],
        )),
    }
}

fn sysctls(errors: &mut Errors, context: &Context<'_>, path: &FieldPath, sysctls: &[Value]) {
    let mut seen: Vec<&str> = Vec::new();
    for (i, sysctl) in sysctls.iter().enumerate() {
        let path = path.index(i).child("name");
        let name = sysctl.str_at(&["name"]);
        if name.is_empty() {
            errors.push(FieldError::required(path.clone(), ""));
        } else if !is_sysctl(name) {
            errors.push(FieldError::invalid(
                path.clone(),
                &name.into(),
                "must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$",
            ));
        } else if seen.contains(&name) {
            errors.push(FieldError::duplicate(path.clone(), &name.into()));
        }
        seen.push(name);
        let dotted = name.replace('/', ".");
        let of_ipc = dotted.starts_with("kernel.shm")
            || dotted.starts_with("kernel.msg")
            || dotted == "kernel.sem"
            || dotted.starts_with("fs.mqueue.");
        if context.version.minor() >= 30 && context.flag("hostNetwork") && dotted.starts_with("net.") {
            errors.push(FieldError::invalid(
                path,
                &name.into(),
                "may not be specified when 'hostNetwork' is true",
            ));
        } else if context.version.minor() >= 30 && context.flag("hostIPC") && of_ipc {
            errors.push(FieldError::invalid(
                path,
                &name.into(),
                "may not be specified when 'hostIPC' is true",
            ));
        }
    }
}

/// Segments of `[a-z0-9]([-_a-z0-9]*[a-z0-9])?` between dots or slashes.
pub(super) fn is_sysctl(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.len() <= 253
        && name.split(['.', '/']).all(|segment| {
            segment.starts_with(letter)
                && segment.ends_with(letter)
                && segment.chars().all(|c| letter(c) || c == '-' || c == '_')
        })
}

/// Annotations of seccomp and AppArmor.
pub(super) fn annotations(errors: &mut Errors, context: &Context<'_>, path: &FieldPath, annotations: &Map) {
    if annotations.contains_key(MIRROR) && context.spec.str_at(&["nodeName"]).is_empty() {
        let shown = annotations.get(MIRROR).cloned().unwrap_or_default();
        let why = "must set spec.nodeName if mirror pod annotation is set";
        errors.push(FieldError::invalid(path.key(MIRROR), &shown, why));
    }
    if let Some(cost) = annotations.get(DELETION_COST).and_then(Value::as_str)
        && context.version.minor() >= 22
        && !is_cost(cost)
    {
        let why = "must be a 32bit integer";
        errors.push(FieldError::invalid(path.key(DELETION_COST), &cost.into(), why));
    }
    for (key, value) in annotations.iter() {
        let value = value.as_str().unwrap_or_default();
        if context.version.minor() < 27 && (key == SECCOMP_POD || key.starts_with(SECCOMP)) {
            seccomp_name(errors, &path.child(key), value);
        }
    }
    for (key, value) in annotations.iter() {
        let Some(container) = key.strip_prefix(APP_ARMOR) else { continue };
        let value = value.as_str().unwrap_or_default();
        if !context.containers().any(|(c, _)| c.str_at(&["name"]) == container) {
            errors.push(FieldError::invalid(path.key(key), &container.into(), "container not found"));
        }
        if !value.is_empty()
            && value != "runtime/default"
            && value != "unconfined"
            && !value.starts_with("localhost/")
        {
            let why = format!("invalid AppArmor profile name: {}", gatehouse_model::json::go_quote(value));
            errors.push(FieldError::invalid(path.key(key), &value.into(), why));
        }
    }
}

/// `5` and `-3`, not `+5` and not `05`.
fn is_cost(cost: &str) -> bool {
    let plain = !cost.starts_with('+') && (cost == "0" || !cost.starts_with('0'));
    plain && cost.parse::<i32>().is_ok()
}

fn seccomp_name(errors: &mut Errors, path: &FieldPath, profile: &str) {
    match profile {
        "runtime/default" | "docker/default" | "unconfined" => {}
        other => match other.strip_prefix("localhost/") {
            Some(file) => check::descending(errors, path, file),
            None => errors.push(FieldError::invalid(
                path.clone(),
                &other.into(),
                "must be a valid seccomp profile",
            )),
        },
    }
}

/// On create, annotations and fields that say different things.
pub(super) fn annotations_match(errors: &mut Errors, context: &Context<'_>, annotations: &Map) {
    let annotation = |key: &str| annotations.get(key).and_then(Value::as_str);
    let spec_profile = context.spec.at(&["securityContext", "seccompProfile"]);
    if let (Some(field), Some(annotation)) = (spec_profile, annotation(SECCOMP_POD)) {
        let path = context.path.children(&["securityContext", "seccompProfile"]);
        matches(errors, &path, field, annotation, "seccomp", annotation == "docker/default");
    }
    for (container, path) in context.containers() {
        let key = format!("{SECCOMP}{}", container.str_at(&["name"]));
        if let (Some(field), Some(annotation)) =
            (container.at(&["securityContext", "seccompProfile"]), annotation(&key))
        {
            let path = path.children(&["securityContext", "seccompProfile"]);
            matches(errors, &path, field, annotation, "seccomp", annotation == "docker/default");
        }
    }
    if context.version.minor() < 30 {
        return;
    }
    let pod_wide = context.spec.at(&["securityContext", "appArmorProfile"]);
    for (container, path) in context.containers() {
        let key = format!("{APP_ARMOR}{}", container.str_at(&["name"]));
        let field = container.at(&["securityContext", "appArmorProfile"]).or(pod_wide);
        if let (Some(field), Some(annotation)) = (field, annotation(&key)) {
            let path = path.children(&["securityContext", "appArmorProfile"]);
            matches(errors, &path, field, annotation, "apparmor", false);
        }
    }
}

fn matches(errors: &mut Errors, path: &FieldPath, field: &Value, annotation: &str, what: &str, docker: bool) {
    let type_differs = format!("{what} type in annotation and field must match");
    match field.str_at(&["type"]) {
        "Unconfined" if annotation != "unconfined" => {
            errors.push(FieldError::forbidden(path.child("type"), type_differs))
        }
        "RuntimeDefault" if annotation != "runtime/default" && !docker => {
            errors.push(FieldError::forbidden(path.child("type"), type_differs));
        }
        "Localhost" => match annotation.strip_prefix("localhost/") {
            None => errors.push(FieldError::forbidden(path.child("type"), type_differs)),
            Some(name) if name != field.str_at(&["localhostProfile"]) => {
                let why = format!("{what} profile in annotation and field must match");
                errors.push(FieldError::forbidden(path.child("localhostProfile"), why));
            }
            Some(_) => {}
        },
        _ => {}
    }
}
