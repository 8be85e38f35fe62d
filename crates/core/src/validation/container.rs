//! Containers of all three sorts.
//!
//! Models `validateContainerCommon`, `validateContainers`, `validateInitContainers`, `validateEphemeralContainers`.

use gatehouse_model::{FieldError, FieldPath, Value, names};

use super::check::{self, Errors};
use super::pod_spec::Context;
use super::{env, probe, resources, security, volume};

/// `spec.containers`
pub(super) fn regular(errors: &mut Errors, context: &Context<'_>) {
    let path = context.path.child("containers");
    let containers = context.spec.list_at(&["containers"]);
    if containers.is_empty() {
        errors.push(FieldError::required(path, ""));
        return;
    }
    let mut seen: Vec<&str> = Vec::new();
    for (i, container) in containers.iter().enumerate() {
        let path = path.index(i);
        common(errors, context, &path, container);
        let name = container.str_at(&["name"]);
        if seen.contains(&name) {
            errors.push(FieldError::duplicate(path.child("name"), &name.into()));
        } else {
            seen.push(name);
        }
        life(errors, context, &path, container);
        restart(errors, context, &path, container);
        if container.get("restartPolicy").is_some() && context.version.minor() < 34 {
            errors.push(FieldError::forbidden(
                path.child("restartPolicy"),
                "may not be set for non-init containers",
            ));
        }
    }
    host_ports(errors, &path, containers.iter().enumerate());
}

/// `spec.initContainers`
pub(super) fn init(errors: &mut Errors, context: &Context<'_>) {
    let path = context.path.child("initContainers");
    let mut seen: Vec<&str> =
        context.spec.list_at(&["containers"]).iter().map(|c| c.str_at(&["name"])).collect();
    for (i, container) in context.spec.list_at(&["initContainers"]).iter().enumerate() {
        let path_i = path.index(i);
        common(errors, context, &path_i, container);
        let policy = container.str_at(&["restartPolicy"]);
        if container.get("restartPolicy").is_some() && context.version.minor() < 34 {
            check::allowed(errors, path_i.child("restartPolicy"), policy, &["Always"]);
        }
        restart(errors, context, &path_i, container);
        let name = container.str_at(&["name"]);
        if seen.contains(&name) {
            errors.push(FieldError::duplicate(path_i.child("name"), &name.into()));
        } else if !name.is_empty() {
            seen.push(name);
        }
        host_ports(errors, &path, std::iter::once((0, container)));
        if policy == "Always" {
            life(errors, context, &path_i, container);
            continue;
        }
        let why = if context.version.minor() >= 28 {
            "may not be set for init containers without restartPolicy=Always"
        } else {
            "must not be set for init containers"
        };
        for field in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
            if container.get(field).is_some() {
                errors.push(FieldError::forbidden(path_i.child(field), why));
            }
        }
    }
}

/// `spec.ephemeralContainers`
pub(super) fn ephemeral(errors: &mut Errors, context: &Context<'_>) {
    let path = context.path.child("ephemeralContainers");
    let names_of =
        |field: &str| context.spec.list_at(&[field]).iter().map(|c| c.str_at(&["name"])).collect::<Vec<_>>();
    let others: Vec<&str> = names_of("containers").into_iter().chain(names_of("initContainers")).collect();
    let mut all = others.clone();
    for (i, container) in context.spec.list_at(&["ephemeralContainers"]).iter().enumerate() {
        let path = path.index(i);
        common(errors, context, &path, container);
        image_padding(errors, &path, container);
        let name = container.str_at(&["name"]);
        if all.contains(&name) {
            errors.push(FieldError::duplicate(path.child("name"), &name.into()));
        } else {
            all.push(name);
        }
        let target = container.str_at(&["targetContainerName"]);
        if !target.is_empty() && !others.contains(&target) {
            errors.push(FieldError::not_found(path.child("targetContainerName"), &target.into()));
        }
        let forbidden = "cannot be set for an Ephemeral Container";
        for field in ["ports", "resources", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle"] {
            let set = container.get(field).is_some_and(|v| match v {
                Value::Map(m) => !(m.is_empty() && field == "resources"),
                Value::List(l) => !l.is_empty(),
                _ => true,
            });
            if set {
                errors.push(FieldError::forbidden(path.child(field), forbidden));
            }
        }
        for (j, mount) in container.list_at(&["volumeMounts"]).iter().enumerate() {
            for field in ["subPath", "subPathExpr"] {
                if !mount.str_at(&[field]).is_empty() {
                    errors.push(FieldError::forbidden(
                        path.child("volumeMounts").index(j).child(field),
                        forbidden,
                    ));
                }
            }
        }
    }
}

/// Only pods, not templates, mind spaces around the image.
pub(super) fn images(errors: &mut Errors, context: &Context<'_>) {
    for field in ["containers", "initContainers"] {
        for (i, container) in context.spec.list_at(&[field]).iter().enumerate() {
            image_padding(errors, &context.path.child(field).index(i), container);
        }
    }
}

/// `must not have leading or trailing whitespace`
pub(super) fn image_padding(errors: &mut Errors, path: &FieldPath, container: &Value) {
    let image = container.str_at(&["image"]);
    if image.trim() != image {
        errors.push(FieldError::invalid(
            path.child("image"),
            &image.into(),
            "must not have leading or trailing whitespace",
        ));
    }
}

fn common(errors: &mut Errors, context: &Context<'_>, path: &FieldPath, container: &Value) {
    let name = container.str_at(&["name"]);
    if check::required(errors, path.child("name"), name) {
        check::text(errors, &path.child("name"), name, names::dns1123_label(name));
    }
    check::required(errors, path.child("image"), container.str_at(&["image"]));
    check::one_of(
        errors,
        path.child("terminationMessagePolicy"),
        container.str_at(&["terminationMessagePolicy"]),
        &["File", "FallbackToLogsOnError"],
    );
    ports(errors, &path.child("ports"), container.list_at(&["ports"]));
    env::variables(errors, context, &path.child("env"), container.list_at(&["env"]));
    env::sources(errors, context, &path.child("envFrom"), container.list_at(&["envFrom"]));
    volume::mounts(errors, context, &path.child("volumeMounts"), container);
    volume::devices(errors, context, &path.child("volumeDevices"), container);
    check::one_of(
        errors,
        path.child("imagePullPolicy"),
        container.str_at(&["imagePullPolicy"]),
        &["Always", "IfNotPresent", "Never"],
    );
    let claims: Vec<&str> =
        context.spec.list_at(&["resourceClaims"]).iter().map(|c| c.str_at(&["name"])).collect();
    resources::container(errors, &path.child("resources"), container.get("resources"), &claims);
    resize(errors, context, &path.child("resizePolicy"), container.list_at(&["resizePolicy"]));
    security::container(errors, context, &path.child("securityContext"), container.get("securityContext"));
}

/// Since 1.34 each container may say for itself when it is started again.
fn restart(errors: &mut Errors, context: &Context<'_>, path: &FieldPath, container: &Value) {
    if context.version.minor() >= 34
        && let Some(policy) = container.get("restartPolicy").and_then(Value::as_str)
    {
        check::allowed(errors, path.child("restartPolicy"), policy, &["Always", "Never", "OnFailure"]);
    }
}

fn resize(errors: &mut Errors, context: &Context<'_>, path: &FieldPath, policies: &[Value]) {
    let mut seen: Vec<&str> = Vec::new();
    for (i, policy) in policies.iter().enumerate() {
        let (name, restart) = (policy.str_at(&["resourceName"]), policy.str_at(&["restartPolicy"]));
        if seen.contains(&name) {
            errors.push(FieldError::duplicate(path.index(i), &name.into()));
        }
        seen.push(name);
        check::one_of(errors, path.clone(), name, &["cpu", "memory"]);
        check::one_of(errors, path.clone(), restart, &["NotRequired", "RestartContainer"]);
        if context.spec.str_at(&["restartPolicy"]) == "Never" && restart != "NotRequired" {
            let why = "must be 'NotRequired' when `restartPolicy` is 'Never'";
            errors.push(FieldError::invalid(path.clone(), &restart.into(), why));
        }
    }
}

fn life(errors: &mut Errors, context: &Context<'_>, path: &FieldPath, container: &Value) {
    for hook in ["postStart", "preStop"] {
        if let Some(handler) = container.at(&["lifecycle", hook]) {
            probe::handler(errors, context, &path.child("lifecycle").child(hook), handler);
        }
    }
    for kind in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(probe) = container.get(kind) {
            probe::probe(errors, context, &path.child(kind), probe, kind);
        }
    }
}

fn ports(errors: &mut Errors, path: &FieldPath, ports: &[Value]) {
    let mut seen: Vec<&str> = Vec::new();
    for (i, port) in ports.iter().enumerate() {
        let path = path.index(i);
        let name = port.str_at(&["name"]);
        if !name.is_empty() {
            let complaints = names::port_name(name);
            if !complaints.is_empty() {
                check::text(errors, &path.child("name"), name, complaints);
            } else if seen.contains(&name) {
                errors.push(FieldError::duplicate(path.child("name"), &name.into()));
            } else {
                seen.push(name);
            }
        }
        match port.i64_at(&["containerPort"]).unwrap_or(0) {
            0 => errors.push(FieldError::required(path.child("containerPort"), "")),
            number => check::port(errors, &path.child("containerPort"), number),
        }
        if let Some(number) = port.i64_at(&["hostPort"]).filter(|p| *p != 0) {
            check::port(errors, &path.child("hostPort"), number);
        }
        check::one_of(errors, path.child("protocol"), port.str_at(&["protocol"]), &["SCTP", "TCP", "UDP"]);
        let ip = port.str_at(&["hostIP"]);
        if !ip.is_empty() {
            check::ip(errors, &path.child("hostIP"), ip);
        }
    }
}

fn host_ports<'a>(
    errors: &mut Errors,
    path: &FieldPath,
    containers: impl Iterator<Item = (usize, &'a Value)>,
) {
    let mut taken: Vec<String> = Vec::new();
    for (i, container) in containers {
        for (j, port) in container.list_at(&["ports"]).iter().enumerate() {
            let Some(number) = port.i64_at(&["hostPort"]).filter(|p| *p != 0) else { continue };
            let what = format!("{}/{}/{number}", port.str_at(&["protocol"]), port.str_at(&["hostIP"]));
            if taken.contains(&what) {
                let path = path.index(i).child("ports").index(j).child("hostPort");
                errors.push(FieldError::duplicate(path, &Value::from(what)));
            } else {
                taken.push(what);
            }
        }
    }
}
