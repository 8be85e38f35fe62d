//! Containers, in pods and in templates of pods.

use gatehouse_model::{Object, Quantity, Value};

use super::writer::Writer;
use super::{capital, date, int_or_string, number, or_none, present, quantity};
use crate::print::gofmt;

/// Where containers are described.
#[derive(Clone, Copy)]
pub(super) enum Where<'p> {
    /// In a pod, whose fields environment variables may refer to.
    Pod(&'p Object),
    /// In a template.
    Template,
}

/// All containers under a title.
pub(super) fn containers(
    w: &mut Writer,
    title: &str,
    containers: &[Value],
    statuses: &[Value],
    at: Where<'_>,
) {
    let space = if matches!(at, Where::Template) { "  " } else { "" };
    let name_indent = if space.is_empty() { "" } else { " " };
    w.line(0, format!("{space}{title}:{}", if containers.is_empty() { " <none>" } else { "" }));
    for container in containers {
        let name = container.str_at(&["name"]);
        let status = statuses.iter().find(|s| s.str_at(&["name"]) == name);
        w.line(1, format!("{name_indent}{name}:"));
        basics(w, container, status);
        for (title, member) in [("Command", "command"), ("Args", "args")] {
            words(w, title, container.list_at(&[member]));
        }
        if let Some(status) = status {
            states(w, status);
        }
        resources(w, container, 2);
        for (title, member) in
            [("Liveness", "livenessProbe"), ("Readiness", "readinessProbe"), ("Startup", "startupProbe")]
        {
            if let Some(p) = present(container, &[member]) {
                w.field(2, title, probe(p));
            }
        }
        environment(w, container, at);
        mounts(w, container);
    }
}

fn basics(w: &mut Writer, container: &Value, status: Option<&Value>) {
    if let Some(status) = status {
        w.field(2, "Container ID", status.str_at(&["containerID"]));
    }
    w.field(2, "Image", container.str_at(&["image"]));
    if let Some(status) = status {
        w.field(2, "Image ID", status.str_at(&["imageID"]));
    }
    for (title, member) in [("Port", "containerPort"), ("Host Port", "hostPort")] {
        let ports: Vec<String> = container
            .list_at(&["ports"])
            .iter()
            .map(|p| {
                let name = p.str_at(&["name"]);
                let name = if name.is_empty() || w.old { String::new() } else { format!(" ({name})") };
                format!("{}/{}{name}", number(p, &[member]), p.str_at(&["protocol"]))
            })
            .collect();
        let ports = ports.join(", ");
        if ports.contains(',') {
            w.field(2, &format!("{title}s"), ports);
        } else {
            w.field(2, title, or_none(&ports));
        }
    }
    if let Some(profile) = present(container, &["securityContext", "seccompProfile"]) {
        w.field(2, "SeccompProfile", profile.str_at(&["type"]));
        if profile.str_at(&["type"]) == "Localhost" {
            w.field(3, "LocalhostProfile", profile.str_at(&["localhostProfile"]));
        }
    }
}

fn words(w: &mut Writer, title: &str, list: &[Value]) {
    if list.is_empty() {
        return;
    }
    w.line(2, format!("{title}:"));
    for word in list.iter().filter_map(Value::as_str) {
        for line in word.split('\n') {
            w.line(3, line);
        }
    }
}

fn states(w: &mut Writer, status: &Value) {
    state(w, "State", status.get("state").unwrap_or(&Value::Null));
    if present(status, &["lastState", "terminated"]).is_some() {
        state(w, "Last State", status.get("lastState").unwrap_or(&Value::Null));
    }
    w.field(2, "Ready", capital(status.bool_at(&["ready"]) == Some(true)));
    w.field(2, "Restart Count", number(status, &["restartCount"]).to_string());
}

fn state(w: &mut Writer, title: &str, state: &Value) {
    if let Some(running) = present(state, &["running"]) {
        w.field(2, title, "Running");
        w.field(3, "Started", date(running, &["startedAt"]));
    } else if let Some(ended) = present(state, &["terminated"]) {
        w.field(2, title, "Terminated");
        for (title, member) in [("Reason", "reason"), ("Message", "message")] {
            if !ended.str_at(&[member]).is_empty() {
                w.field(3, title, ended.str_at(&[member]));
            }
        }
        w.field(3, "Exit Code", number(ended, &["exitCode"]).to_string());
        if number(ended, &["signal"]) > 0 {
            w.field(3, "Signal", number(ended, &["signal"]).to_string());
        }
        w.field(3, "Started", date(ended, &["startedAt"]));
        w.field(3, "Finished", date(ended, &["finishedAt"]));
    } else {
        w.field(2, title, "Waiting");
        let reason = state.str_at(&["waiting", "reason"]);
        if !reason.is_empty() {
            w.field(3, "Reason", reason);
        }
    }
}

/// Limits and requests of what has `resources`.
pub(super) fn resources(w: &mut Writer, of: &Value, level: usize) {
    for (title, member) in [("Limits", "limits"), ("Requests", "requests")] {
        let list = of.map_at(&["resources", member]);
        if !list.is_empty() {
            w.line(level, format!("{title}:"));
        }
        for (name, value) in list.iter() {
            w.field(level + 1, name, quantity(Some(value)));
        }
    }
}

fn probe(p: &Value) -> String {
    let attributes = format!(
        "delay={}s timeout={}s period={}s #success={} #failure={}",
        number(p, &["initialDelaySeconds"]),
        number(p, &["timeoutSeconds"]),
        number(p, &["periodSeconds"]),
        number(p, &["successThreshold"]),
        number(p, &["failureThreshold"])
    );
    if let Some(exec) = present(p, &["exec"]) {
        let command = exec.get("command").cloned().unwrap_or_else(Value::list);
        return format!("exec {} {attributes}", gofmt::sprint(&command));
    }
    if let Some(get) = present(p, &["httpGet"]) {
        let scheme = get.str_at(&["scheme"]).to_lowercase();
        let (host, port) = (get.str_at(&["host"]), int_or_string(get.get("port")));
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let path = get.str_at(&["path"]);
        let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
        return format!("http-get {scheme}://{host}:{port}{slash}{path} {attributes}");
    }
    if let Some(tcp) = present(p, &["tcpSocket"]) {
        return format!(
            "tcp-socket {}:{} {attributes}",
            tcp.str_at(&["host"]),
            int_or_string(tcp.get("port"))
        );
    }
    if let Some(grpc) = present(p, &["grpc"]) {
        return format!("grpc <pod>:{} {} {attributes}", number(grpc, &["port"]), grpc.str_at(&["service"]));
    }
    format!("unknown {attributes}")
}

fn environment(w: &mut Writer, container: &Value, at: Where<'_>) {
    let from = container.list_at(&["envFrom"]);
    if !from.is_empty() {
        w.line(2, "Environment Variables from:");
    }
    for source in from {
        let (kind, reference) = match (present(source, &["configMapRef"]), present(source, &["secretRef"])) {
            (Some(r), _) => ("ConfigMap", r),
            (None, Some(r)) => ("Secret", r),
            (None, None) => ("", &Value::Null),
        };
        let prefix = source.str_at(&["prefix"]);
        let with = if prefix.is_empty() { String::new() } else { format!(" with prefix '{prefix}'") };
        let name = reference.str_at(&["name"]);
        w.line(3, format!("{name}\t{kind}{with}\tOptional: {}", is_optional(reference)));
    }
    let env = container.list_at(&["env"]);
    w.line(2, if env.is_empty() { "Environment:\t<none>" } else { "Environment:" });
    for variable in env {
        let name = variable.str_at(&["name"]);
        let Some(source) = present(variable, &["valueFrom"]) else {
            for (i, line) in variable.str_at(&["value"]).split('\n').enumerate() {
                if i == 0 { w.field(3, name, line) } else { w.line(3, format!("\t{line}")) }
            }
            continue;
        };
        if let Some(field) = present(source, &["fieldRef"]) {
            let path = field.str_at(&["fieldPath"]);
            let value = match at {
                Where::Pod(pod) => pod_field(pod, path),
                Where::Template => String::new(),
            };
            w.field(3, name, format!("{value} ({}:{path})", field.str_at(&["apiVersion"])));
        } else if let Some(reference) = present(source, &["resourceFieldRef"]) {
            let resource = reference.str_at(&["resource"]);
            let mut value = resource_field(container, reference).unwrap_or_default();
            if value == "0" && matches!(resource, "limits.cpu" | "limits.memory") {
                "node allocatable".clone_into(&mut value);
            }
            w.field(3, name, format!("{value} ({resource})"));
        } else if let Some(key) = present(source, &["secretKeyRef"]) {
            let (k, s) = (key.str_at(&["key"]), key.str_at(&["name"]));
            w.field(
                3,
                name,
                format!("<set to the key '{k}' in secret '{s}'>\tOptional: {}", is_optional(key)),
            );
        } else if let Some(key) = present(source, &["configMapKeyRef"]) {
            let (k, s) = (key.str_at(&["key"]), key.str_at(&["name"]));
            w.field(
                3,
                name,
                format!("<set to the key '{k}' of config map '{s}'>\tOptional: {}", is_optional(key)),
            );
        }
    }
}

fn is_optional(reference: &Value) -> bool {
    reference.bool_at(&["optional"]) == Some(true)
}

/// What kubectl itself can look up of the downward API's fields.
fn pod_field(pod: &Object, path: &str) -> String {
    let keyed = |prefix: &str| path.strip_prefix(prefix).and_then(|k| k.strip_suffix("']"));
    if let Some(key) = keyed("metadata.labels['") {
        return pod.label(key).unwrap_or("").to_owned();
    }
    if let Some(key) = keyed("metadata.annotations['") {
        return pod.annotation(key).unwrap_or("").to_owned();
    }
    match path {
        "metadata.name" => pod.name().to_owned(),
        "metadata.namespace" => pod.namespace().to_owned(),
        "metadata.uid" => pod.uid().to_owned(),
        _ => String::new(),
    }
}

/// A container's limit or request in units of a divisor, rounded up.
fn resource_field(container: &Value, reference: &Value) -> Option<String> {
    let (kind, name) = reference.str_at(&["resource"]).split_once('.')?;
    if !matches!(kind, "limits" | "requests") {
        return None;
    }
    let divisor = match reference.get("divisor") {
        Some(Value::Str(d)) => Quantity::parse(d).ok()?,
        Some(Value::Int(i)) => Quantity::from_units(*i),
        _ => Quantity::from_units(0),
    };
    let amount = container.at(&["resources", kind, name]);
    let amount = Quantity::parse(&quantity(amount)).ok()?;
    let (amount, divisor) = match name {
        "cpu" => (amount.milli(), if divisor.milli() == 0 { 1000 } else { divisor.milli() }),
        _ => (amount.units(), if divisor.units() == 0 { 1 } else { divisor.units() }),
    };
    Some(((amount + divisor - 1) / divisor).to_string())
}

fn mounts(w: &mut Writer, container: &Value) {
    let mut mounts: Vec<&Value> = container.list_at(&["volumeMounts"]).iter().collect();
    let title = |name: &str| if mounts.is_empty() { format!("{name}:\t<none>") } else { format!("{name}:") };
    let (mounts_title, devices_title) = (title("Mounts"), title("Devices"));
    w.line(2, mounts_title);
    gatehouse_model::order::by_key(&mut mounts, |m| m.str_at(&["mountPath"]));
    for mount in mounts {
        let mut flags = if mount.bool_at(&["readOnly"]) == Some(true) { "ro" } else { "rw" }.to_owned();
        let sub = mount.str_at(&["subPath"]);
        if !sub.is_empty() {
            flags = format!("{flags},path={}", gatehouse_model::json::go_quote(sub));
        }
        w.line(3, format!("{} from {} ({flags})", mount.str_at(&["mountPath"]), mount.str_at(&["name"])));
    }
    let mut devices: Vec<&Value> = container.list_at(&["volumeDevices"]).iter().collect();
    if !devices.is_empty() {
        w.line(2, devices_title);
        gatehouse_model::order::by_key(&mut devices, |d| d.str_at(&["devicePath"]));
        for device in devices {
            w.line(3, format!("{} from {}", device.str_at(&["devicePath"]), device.str_at(&["name"])));
        }
    }
}
