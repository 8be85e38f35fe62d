//! Fields that a pod of one operating system cannot have.
//!
//! Models `validateOS`, `validateLinux`, `validateWindows`.

use gatehouse_model::FieldError;

use super::check::{self, Errors};
use super::pod_spec::Context;

const WINDOWS: &str = "cannot be set for a windows pod";

/// Checks `spec.os` and what follows from it.
pub(super) fn pod(errors: &mut Errors, context: &Context<'_>) {
    let Some(os) = context.spec.get("os") else { return };
    let path = &context.path;
    match os.str_at(&["name"]) {
        "" => errors.push(FieldError::required(path.child("os").child("name"), "cannot be empty")),
        "linux" => linux(errors, context),
        "windows" => windows(errors, context),
        other => check::allowed(errors, path.child("os"), other, &["linux", "windows"]),
    }
}

fn linux(errors: &mut Errors, context: &Context<'_>) {
    let why = "windows options cannot be set for a linux pod";
    let path = context.path.clone();
    if context.spec.at(&["securityContext", "windowsOptions"]).is_some() {
        errors.push(FieldError::forbidden(path.children(&["securityContext", "windowsOptions"]), why));
    }
    for (container, path) in context.containers() {
        if container.at(&["securityContext", "windowsOptions"]).is_some() {
            errors.push(FieldError::forbidden(path.children(&["securityContext", "windowsOptions"]), why));
        }
    }
}

fn windows(errors: &mut Errors, context: &Context<'_>) {
    let spec = context.spec;
    let mut pod = |parents: &[&str], field: &str, set: bool| {
        if set {
            errors.push(FieldError::forbidden(context.path.children(parents).child(field), WINDOWS));
        }
    };
    let inside = |field: &str| spec.at(&["securityContext", field]).is_some();
    pod(&["securityContext"], "appArmorProfile", inside("appArmorProfile"));
    pod(&["securityContext"], "seLinuxOptions", inside("seLinuxOptions"));
    pod(&[], "hostUsers", spec.get("hostUsers").is_some());
    pod(&[], "hostPID", context.flag("hostPID"));
    pod(&[], "hostIPC", context.flag("hostIPC"));
    for field in ["seccompProfile", "fsGroup", "fsGroupChangePolicy", "sysctls"] {
        pod(&["securityContext"], field, inside(field));
    }
    pod(&[], "shareProcessNamespace", spec.get("shareProcessNamespace").is_some());
    for field in
        ["runAsUser", "runAsGroup", "supplementalGroups", "supplementalGroupsPolicy", "seLinuxChangePolicy"]
    {
        pod(&["securityContext"], field, inside(field));
    }
    for (container, path) in context.containers() {
        for field in [
            "appArmorProfile",
            "seLinuxOptions",
            "seccompProfile",
            "capabilities",
            "readOnlyRootFilesystem",
            "privileged",
            "allowPrivilegeEscalation",
            "procMount",
            "runAsUser",
            "runAsGroup",
        ] {
            if container.at(&["securityContext", field]).is_some() {
                errors.push(FieldError::forbidden(path.children(&["securityContext", field]), WINDOWS));
            }
        }
    }
}
