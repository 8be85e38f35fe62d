//! Pods and pod templates.
//!
//! Models `pkg/apis/core/v1/defaults.go` and the conversion of deprecated fields in `conversion.go`.

use gatehouse_model::{KubeVersion, Value};

use super::{fill, probe, volume};

const CONTAINERS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// A pod: everything a template gets, and what only running pods have.
pub(super) fn pod(version: KubeVersion, object: &mut Value) {
    inside_spec(version, object);
    let Some(spec) = object.at_mut(&["spec"]) else { return };
    for field in ["containers", "initContainers"] {
        fill::each(spec, &[field], requests_from_limits);
    }
    fill::pointer(spec, &["enableServiceLinks"], true);
    if spec.bool_at(&["hostNetwork"]) == Some(true) {
        host_ports(spec);
    }
    fill::structure(object, &["status"]);
}

/// A pod template.
pub(super) fn template(version: KubeVersion, template: &mut Value) {
    fill::structure(template, &["metadata"]);
    if version.minor() < 29 {
        // Go's zero time is written as null before it learnt to leave it out.
        fill::pointer(template, &["metadata", "creationTimestamp"], Value::Null);
    }
    inside_spec(version, template);
    let Some(spec) = template.at_mut(&["spec"]) else { return };
    if version.minor() < 28 && spec.bool_at(&["hostNetwork"]) == Some(true) {
        host_ports(spec);
    }
}

fn inside_spec(version: KubeVersion, object: &mut Value) {
    let spec = object.entry_at(&["spec"]);
    fill::text(spec, &["dnsPolicy"], "ClusterFirst");
    fill::text(spec, &["restartPolicy"], "Always");
    fill::structure(spec, &["securityContext"]);
    fill::pointer(spec, &["terminationGracePeriodSeconds"], 30);
    fill::text(spec, &["schedulerName"], "default-scheduler");
    account(spec);
    for field in CONTAINERS {
        fill::each(spec, &[field], |c| container(version, c));
    }
    fill::each(spec, &["volumes"], volume::volume);
}

/// `serviceAccount` is the deprecated twin of `serviceAccountName`; the newer one wins.
fn account(spec: &mut Value) {
    let name = match spec.str_at(&["serviceAccountName"]) {
        "" => spec.str_at(&["serviceAccount"]).to_owned(),
        name => name.to_owned(),
    };
    if !name.is_empty() {
        spec.set(&["serviceAccountName"], name.as_str());
        spec.set(&["serviceAccount"], name);
    }
}

fn container(_version: KubeVersion, container: &mut Value) {
    if container.str_at(&["imagePullPolicy"]).is_empty() {
        let latest = tag(container.str_at(&["image"])) == "latest";
        container.set(&["imagePullPolicy"], if latest { "Always" } else { "IfNotPresent" });
    }
    fill::text(container, &["terminationMessagePath"], "/dev/termination-log");
    fill::text(container, &["terminationMessagePolicy"], "File");
    fill::structure(container, &["resources"]);
    fill::each(container, &["ports"], |p| fill::text(p, &["protocol"], "TCP"));
    fill::each(container, &["env"], |e| {
        fill::inside(e, &["valueFrom", "fieldRef"], |r| fill::text(r, &["apiVersion"], "v1"));
        // A divisor is a quantity, and Go writes its zero.
        fill::inside(e, &["valueFrom", "resourceFieldRef"], |r| fill::pointer(r, &["divisor"], "0"));
    });
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        fill::inside(container, &[name], probe::probe);
    }
    for name in ["postStart", "preStop"] {
        fill::inside(container, &["lifecycle", name], probe::handler);
    }
}

/// The tag an image is pulled by: `latest` where neither tag nor digest is given.
pub(super) fn tag(image: &str) -> &str {
    if image.contains('@') {
        return "";
    }
    let name = image.rsplit('/').next().unwrap_or(image);
    name.split_once(':').map_or("latest", |(_, tag)| tag)
}

fn requests_from_limits(container: &mut Value) {
    let limits = container.map_at(&["resources", "limits"]).clone();
    for (resource, amount) in limits.iter() {
        fill::pointer(container, &["resources", "requests", resource], amount.clone());
    }
}

fn host_ports(spec: &mut Value) {
    for field in ["containers", "initContainers"] {
        fill::each(spec, &[field], |c| {
            fill::each(c, &["ports"], |p| {
                if let Some(port) = p.i64_at(&["containerPort"]) {
                    fill::number(p, &["hostPort"], port);
                }
            });
        });
    }
}
