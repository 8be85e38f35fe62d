//! A container: users, groups, labels, profiles, privileges, ports.

use gatehouse_model::{FieldError, FieldPath, Object, Value};

use super::{Policy, app_armor, capabilities, effective, groups, run_as_user, se_linux, seccomp};

/// Sets what the container leaves open.
pub(super) fn fill_in(policy: &Policy<'_>, pod: &mut Object, list: &str, index: usize) {
    let Some(container) = pod.list_at(&["spec", list]).get(index).cloned() else { return };
    let mut filled = container.clone();
    let mut set = |field: &str, value: Value| filled.set(&["securityContext", field], value);
    let missing = |field: &str| effective(pod, &container, field).is_none();
    let mut user_set = !missing("runAsUser");
    if !user_set && let Some(id) = run_as_user::first(policy) {
        set("runAsUser", id.into());
        user_set = true;
    }
    if missing("runAsGroup")
        && let Some(id) = groups::first(policy, "runAsGroup")
    {
        set("runAsGroup", id.into());
    }
    if missing("seLinuxOptions")
        && let Some(options) = se_linux::demanded(policy)
    {
        set("seLinuxOptions", options.clone());
    }
    if missing("runAsNonRoot") && !user_set && policy.rule("runAsUser") == "MustRunAsNonRoot" {
        set("runAsNonRoot", true.into());
    }
    let own = |field: &str| container.at(&["securityContext", field]).filter(|v| !v.is_null());
    if let Some(caps) = capabilities::filled_in(policy, own("capabilities")) {
        set("capabilities", caps);
    }
    if policy.flag("readOnlyRootFilesystem") && own("readOnlyRootFilesystem").is_none() {
        set("readOnlyRootFilesystem", true.into());
    }
    if own("allowPrivilegeEscalation").is_none() {
        if let Some(default) = policy.at("defaultAllowPrivilegeEscalation") {
            set("allowPrivilegeEscalation", default.clone());
        } else if !policy.allows_escalation() {
            set("allowPrivilegeEscalation", false.into());
        }
    }
    if filled != container
        && let Some(slot) = pod.entry_at(&["spec", list]).make_list().get_mut(index)
    {
        *slot = filled;
    }
}

/// Everything the policy has against a container.
pub(super) fn check(
    policy: &Policy<'_>,
    pod: &Object,
    container: &Value,
    path: &FieldPath,
) -> Vec<FieldError> {
    let context = path.child("securityContext");
    let own = |field: &str| container.at(&["securityContext", field]).filter(|v| !v.is_null());
    let mut errors = Vec::new();
    errors.extend(run_as_user::check(policy, pod, container, &context));
    let group: Vec<i64> =
        effective(pod, container, "runAsGroup").and_then(Value::as_i64).into_iter().collect();
    errors.extend(groups::check(policy, "runAsGroup", &context, &group));
    let labels = effective(pod, container, "seLinuxOptions");
    errors.extend(se_linux::check(policy, &context.child("seLinuxOptions"), labels));
    errors.extend(app_armor::check(policy, pod, container));
    errors.extend(seccomp::check_container(policy, pod, container));
    if !policy.flag("privileged") && own("privileged").and_then(Value::as_bool) == Some(true) {
        let detail = "Privileged containers are not allowed";
        errors.push(FieldError::invalid(context.child("privileged"), &true.into(), detail));
    }
    errors.extend(capabilities::check(policy, &context.child("capabilities"), own("capabilities")));
    errors.extend(host_ports(policy, container, path));
    if policy.flag("readOnlyRootFilesystem") {
        let path = context.child("readOnlyRootFilesystem");
        match own("readOnlyRootFilesystem").and_then(Value::as_bool) {
            Some(true) => {}
            Some(false) => {
                let detail = "ReadOnlyRootFilesystem must be set to true";
                errors.push(FieldError::invalid(path, &false.into(), detail));
            }
            None => {
                let detail = "ReadOnlyRootFilesystem may not be nil and must be set to true";
                errors.push(FieldError::invalid_rendered(path, "\"null\"", detail));
            }
        }
    }
    let escalation = own("allowPrivilegeEscalation").and_then(Value::as_bool);
    if !policy.allows_escalation() && escalation != Some(false) {
        let shown = if escalation.is_some() { "true" } else { "\"null\"" };
        let detail = "Allowing privilege escalation for containers is not allowed";
        errors.push(FieldError::invalid_rendered(context.child("allowPrivilegeEscalation"), shown, detail));
    }
    errors
}

fn host_ports(policy: &Policy<'_>, container: &Value, path: &FieldPath) -> Vec<FieldError> {
    let ranges = policy.ranges_of("hostPorts");
    let shown: Vec<String> = ranges
        .iter()
        .map(|r| if r.min == r.max { r.min.to_string() } else { format!("{}-{}", r.min, r.max) })
        .collect();
    let ports = container.list_at(&["ports"]).iter().filter_map(|p| p.i64_at(&["hostPort"]));
    ports
        .filter(|port| *port > 0 && !ranges.iter().any(|r| r.has(*port)))
        .map(|port| {
            let detail =
                format!("Host port {port} is not allowed to be used. Allowed ports: [{}]", shown.join(","));
            FieldError::invalid(path.child("hostPort"), &port.into(), detail)
        })
        .collect()
}
