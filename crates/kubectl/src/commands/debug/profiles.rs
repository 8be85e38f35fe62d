//! What `--profile` grants and takes. Models kubectl `pkg/cmd/debug/profiles.go`.

use gatehouse_model::{Object, Value, json};

use crate::cli::Args;

/// The ways to debug.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Node,
    Copy,
    Ephemeral,
}

pub(super) const PROFILES: [&str; 6] =
    ["legacy", "general", "baseline", "restricted", "netadmin", "sysadmin"];

/// Changes the pod and its debugging container as the profile wants them.
pub(super) fn apply(profile: &str, style: Style, args: &Args, pod: &mut Object, container: &str) {
    let legacy = profile == "legacy";
    if matches!(profile, "baseline" | "restricted") || (profile == "general" && style == Style::Node) {
        with(pod, container, |c| {
            c.remove(&["securityContext"]);
        });
    }
    match profile {
        "general" if style != Style::Node => with(pod, container, |c| add(c, "SYS_PTRACE")),
        "restricted" => with(pod, container, |c| {
            c.set(&["securityContext", "runAsNonRoot"], true);
            c.set(&["securityContext", "capabilities"], json!({"drop": ["ALL"]}));
            c.set(&["securityContext", "allowPrivilegeEscalation"], false);
            c.set(&["securityContext", "seccompProfile", "type"], "RuntimeDefault");
        }),
        "netadmin" => with(pod, container, |c| {
            add(c, "NET_ADMIN");
            add(c, "NET_RAW");
        }),
        "sysadmin" => with(pod, container, |c| c.set(&["securityContext", "privileged"], true)),
        _ => {}
    }
    match style {
        Style::Node => {
            if matches!(profile, "legacy" | "general" | "sysadmin") {
                mount_root(pod, container);
            }
            if matches!(profile, "legacy" | "general" | "sysadmin" | "netadmin") {
                for field in ["hostNetwork", "hostPID", "hostIPC"] {
                    pod.set(&["spec", field], true);
                }
            }
        }
        Style::Copy if legacy => {
            pod.remove(&["metadata", "labels"]);
        }
        Style::Copy => tidy(args, pod),
        Style::Ephemeral => {}
    }
}

/// What a copy does not take over unless it is kept.
fn tidy(args: &Args, pod: &mut Object) {
    for field in ["labels", "annotations"] {
        if !args.bool(&format!("keep-{field}")) {
            pod.remove(&["metadata", field]);
        }
    }
    for probe in ["liveness", "readiness", "startup"] {
        if !args.bool(&format!("keep-{probe}")) {
            for container in pod.entry_at(&["spec", "containers"]).make_list() {
                container.remove(&[&format!("{probe}Probe")]);
            }
        }
    }
    if args.flag("keep-init-containers").is_some() && !args.bool("keep-init-containers") {
        pod.remove(&["spec", "initContainers"]);
    }
    if pod.at(&["spec", "shareProcessNamespace"]).is_none() {
        pod.set(&["spec", "shareProcessNamespace"], true);
    }
}

pub(super) fn with(pod: &mut Object, name: &str, mut change: impl FnMut(&mut Value)) {
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        let Some(list) = pod.0.at_mut(&["spec", list]) else { continue };
        if let Some(container) = list.make_list().iter_mut().find(|c| c.str_at(&["name"]) == name) {
            change(container);
            return;
        }
    }
}

fn add(container: &mut Value, capability: &str) {
    container.entry_at(&["securityContext", "capabilities", "add"]).make_list().push(capability.into());
}

fn mount_root(pod: &mut Object, container: &str) {
    let volume = json!({"name": "host-root", "hostPath": {"path": "/"}});
    pod.entry_at(&["spec", "volumes"]).make_list().push(volume);
    with(pod, container, |c| {
        let mount = json!({"mountPath": "/host", "name": "host-root"});
        c.entry_at(&["volumeMounts"]).make_list().push(mount);
    });
}
