//! What the API server warns of although it accepts it.
//!
//! Models `pkg/api/pod/warnings.go` and the `WarningsOnCreate` of the strategies.

use gatehouse_model::{FieldPath, KubeVersion, Object, Value, names};

/// The warnings about an object that was found valid.
pub(super) fn of(version: KubeVersion, object: &Object, old: Option<&Object>) -> Vec<String> {
    if version.minor() < 24 {
        return Vec::new();
    }
    let mut out = Vec::new();
    match object.kind() {
        "Pod" if old.is_none() => {
            let complaints = names::dns1123_label(object.name());
            if !complaints.is_empty() {
                out.push(format!(
                    "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [{}]",
                    complaints.join(" ")
                ));
            }
            pod(&mut out, &FieldPath::default(), object);
        }
        "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet" | "Job" | "ReplicationController" => {
            template(&mut out, &["spec", "template"], object, old);
        }
        "CronJob" => {
            if old.is_none() && object.str_at(&["spec", "timeZone"]).is_empty() {
                let schedule = object.str_at(&["spec", "schedule"]);
                if schedule.contains("TZ") {
                    out.push(
                        "spec.schedule: cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
                            .to_owned(),
                    );
                }
            }
            template(&mut out, &["spec", "jobTemplate", "spec", "template"], object, old);
        }
        "PodTemplate" => template(&mut out, &["template"], object, old),
        "Service" => service(&mut out, version, object),
        _ => {}
    }
    out
}

fn template(out: &mut Vec<String>, path: &[&str], object: &Object, old: Option<&Object>) {
    let Some(template) = object.at(path) else { return };
    if old.is_some_and(|o| o.at(path) == Some(template)) {
        return;
    }
    pod(out, &FieldPath::default().children(path), template);
}

fn service(out: &mut Vec<String>, version: KubeVersion, object: &Object) {
    if version.minor() >= 36 && !object.list_at(&["spec", "externalIPs"]).is_empty() {
        out.push("spec.externalIPs is deprecated".to_owned());
    }
    if !object.str_at(&["spec", "externalName"]).is_empty()
        && object.str_at(&["spec", "type"]) != "ExternalName"
    {
        out.push("spec.externalName is ignored when spec.type is not \"ExternalName\"".to_owned());
    }
}

/// Gone volume plugins and what became of them.
const VOLUMES: &[(&str, &str)] = &[
    ("photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    ("gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"),
    ("scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("flocker", "deprecated in v1.22, non-functional in v1.25+"),
    ("storageos", "deprecated in v1.22, non-functional in v1.25+"),
    ("quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("rbd", "deprecated in v1.28, non-functional in v1.31+"),
];

/// Node labels that have successors.
const LABELS: &[(&str, &str)] = &[
    ("beta.kubernetes.io/arch", "deprecated since v1.14; use \"kubernetes.io/arch\" instead"),
    ("beta.kubernetes.io/os", "deprecated since v1.14; use \"kubernetes.io/os\" instead"),
    (
        "failure-domain.beta.kubernetes.io/region",
        "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead",
    ),
    (
        "failure-domain.beta.kubernetes.io/zone",
        "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead",
    ),
    (
        "beta.kubernetes.io/instance-type",
        "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead",
    ),
];

const SECCOMP_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP: &str = "container.seccomp.security.alpha.kubernetes.io/";
const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";

/// A pod or template at `path`.
fn pod(out: &mut Vec<String>, path: &FieldPath, pod: &Value) {
    let is_template = !path.as_str().is_empty();
    let spec_path = path.child("spec");
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    for (key, _) in spec.map_at(&["nodeSelector"]).iter() {
        if let Some((_, words)) = LABELS.iter().find(|(l, _)| *l == key) {
            out.push(format!("{}: {words}", spec_path.child("nodeSelector").key(key)));
        }
    }
    for (i, constraint) in spec.list_at(&["topologySpreadConstraints"]).iter().enumerate() {
        if constraint.get("labelSelector").is_none() {
            let at = spec_path.child("topologySpreadConstraints").index(i).child("labelSelector");
            out.push(format!("{at}: a null labelSelector results in matching no pod"));
        }
    }
    let annotations = pod.map_at(&["metadata", "annotations"]);
    let annotations_path = path.children(&["metadata", "annotations"]);
    for (key, words) in [
        (
            "scheduler.alpha.kubernetes.io/critical-pod",
            "non-functional in v1.16+; use the \"priorityClassName\" field instead",
        ),
        (
            "security.alpha.kubernetes.io/sysctls",
            "non-functional in v1.11+; use the \"sysctls\" field instead",
        ),
        (
            "security.alpha.kubernetes.io/unsafe-sysctls",
            "non-functional in v1.11+; use the \"sysctls\" field instead",
        ),
    ] {
        if annotations.contains_key(key) {
            out.push(format!("{}: {words}", annotations_path.key(key)));
        }
    }
    for (i, volume) in spec.list_at(&["volumes"]).iter().enumerate() {
        for (plugin, words) in VOLUMES {
            if volume.get(plugin).is_some() {
                out.push(format!("{}: {words}", spec_path.child("volumes").index(i).child(plugin)));
            }
        }
    }
    repeated(out, &spec_path, spec, "hostAliases", "ip");
    repeated(out, &spec_path, spec, "imagePullSecrets", "name");
    for (i, secret) in spec.list_at(&["imagePullSecrets"]).iter().enumerate() {
        if secret.str_at(&["name"]).is_empty() {
            let at = spec_path.child("imagePullSecrets").index(i).child("name");
            out.push(format!("{at}: invalid empty name \"\""));
        }
    }
    let pod_seccomp = spec.at(&["securityContext", "seccompProfile"]).is_some();
    let seccomp_words = "non-functional in v1.27+; use the \"seccompProfile\" field instead";
    if !pod_seccomp && annotations.contains_key(SECCOMP_POD) {
        out.push(format!("{}: {seccomp_words}", annotations_path.key(SECCOMP_POD)));
    }
    let pod_app_armor = spec.at(&["securityContext", "appArmorProfile"]).is_some();
    let containers = containers(&spec_path, spec);
    for (container, at) in &containers {
        let name = container.str_at(&["name"]);
        let key = format!("{SECCOMP}{name}");
        if container.at(&["securityContext", "seccompProfile"]).is_none() && annotations.contains_key(&key) {
            out.push(format!("{}: {seccomp_words}", annotations_path.key(&key)));
        }
        let key = format!("{APP_ARMOR}{name}");
        let has_field = pod_app_armor || container.at(&["securityContext", "appArmorProfile"]).is_some();
        if is_template && !has_field && annotations.contains_key(&key) {
            let words = "deprecated since v1.30; use the \"appArmorProfile\" field instead";
            out.push(format!("{}: {words}", annotations_path.key(&key)));
        }
        fractions(out, at, container);
        variables(out, at, container);
    }
    ports(out, &containers);
    if let Some(period) = spec.i64_at(&["terminationGracePeriodSeconds"])
        && period < 0
    {
        let at = spec_path.child("terminationGracePeriodSeconds");
        out.push(format!("{at}: must be >= 0; negative values are invalid and will be treated as 1"));
    }
}

fn containers<'a>(path: &FieldPath, spec: &'a Value) -> Vec<(&'a Value, FieldPath)> {
    ["initContainers", "containers", "ephemeralContainers"]
        .iter()
        .flat_map(|field| {
            let path = path.child(field);
            spec.list_at(&[field]).iter().enumerate().map(move |(i, c)| (c, path.index(i)))
        })
        .collect()
}

fn repeated(out: &mut Vec<String>, path: &FieldPath, spec: &Value, list: &str, key: &str) {
    let items = spec.list_at(&[list]);
    for (i, item) in items.iter().enumerate() {
        let text = item.str_at(&[key]);
        if items.iter().take(i).any(|other| other.str_at(&[key]) == text) {
            out.push(format!("{}: duplicate {key} \"{text}\"", path.child(list).index(i).child(key)));
        }
    }
}

fn fractions(out: &mut Vec<String>, path: &FieldPath, container: &Value) {
    for field in ["limits", "requests"] {
        for resource in ["memory", "ephemeral-storage"] {
            let Some(amount) = container.at(&["resources", field, resource]) else { continue };
            let (text, parsed) = super::resources::quantity(amount);
            if parsed.is_some_and(|q| q.milli() % 1000 != 0) {
                let at = path.children(&["resources", field]).key(resource);
                out.push(format!("{at}: fractional byte value \"{text}\" is invalid, must be an integer"));
            }
        }
    }
}

fn variables(out: &mut Vec<String>, path: &FieldPath, container: &Value) {
    let variables = container.list_at(&["env"]);
    for (i, variable) in variables.iter().enumerate() {
        let name = variable.str_at(&["name"]);
        if !variables.iter().take(i).any(|v| v.str_at(&["name"]) == name) {
            continue;
        }
        let reference = format!("$({name})");
        let value = variable.str_at(&["value"]);
        if variable.get("valueFrom").is_some() || value == reference || !value.contains(&reference) {
            let at = path.child("env").index(i);
            out.push(format!(
                "{at}: hides previous definition of \"{name}\", which may be dropped when using apply"
            ));
        }
    }
}

fn ports(out: &mut Vec<String>, containers: &[(&Value, FieldPath)]) {
    let mut seen: Vec<(String, FieldPath, &Value)> = Vec::new();
    for (container, path) in containers {
        for (i, port) in container.list_at(&["ports"]).iter().enumerate() {
            let at = path.child("ports").index(i);
            let key =
                format!("{}/{}", port.i64_at(&["containerPort"]).unwrap_or(0), port.str_at(&["protocol"]));
            let host = |p: &Value| p.i64_at(&["hostPort"]).unwrap_or(0);
            for (other_key, other_at, other) in &seen {
                if *other_key != key {
                    continue;
                }
                if port.str_at(&["hostIP"]) == other.str_at(&["hostIP"]) && host(port) == host(other) {
                    out.push(format!("{at}: duplicate port definition with {other_at}"));
                } else if host(port) == 0 || host(other) == 0 {
                    out.push(format!("{at}: overlapping port definition with {other_at}"));
                }
            }
            seen.push((key, at, port));
        }
    }
}
