//! Pods.

use gatehouse_model::{Object, Value};

use super::container::{Where, containers, resources};
use super::volume::volumes;
use super::writer::Writer;
use super::{Description, controlled_by, date, number, present, selector};
use crate::error::Error;
use crate::tables::since;

const MIRROR: &str = "kubernetes.io/config.mirror";

pub(super) fn describe(d: &mut Description<'_, '_, '_>, pod: &Object) -> Result<(), Error> {
    head(d, pod);
    let w = &mut d.w;
    let at = Where::Pod(pod);
    for (title, member, status) in [
        ("Init Containers", "initContainers", "initContainerStatuses"),
        ("Containers", "containers", "containerStatuses"),
        ("Ephemeral Containers", "ephemeralContainers", "ephemeralContainerStatuses"),
    ] {
        let list = pod.list_at(&["spec", member]);
        if !list.is_empty() || member == "containers" {
            containers(w, title, list, pod.list_at(&["status", status]), at);
        }
    }
    let conditions = pod.list_at(&["status", "conditions"]);
    let gates = pod.list_at(&["spec", "readinessGates"]);
    if !gates.is_empty() {
        w.line(0, "Readiness Gates:\n  Type\tStatus");
        for gate in gates {
            let kind = gate.str_at(&["conditionType"]);
            let met = conditions.iter().find(|c| c.str_at(&["type"]) == kind);
            w.line(1, format!("{kind} \t{} ", met.map_or("<none>", |c| c.str_at(&["status"]))));
        }
    }
    if !conditions.is_empty() {
        w.line(0, "Conditions:\n  Type\tStatus");
        for c in conditions {
            w.line(1, format!("{} \t{} ", c.str_at(&["type"]), c.str_at(&["status"])));
        }
    }
    volumes(w, pod.list_at(&["spec", "volumes"]), "");
    w.field(0, "QoS Class", qos(pod));
    w.labels("Node-Selectors", pod.map_at(&["spec", "nodeSelector"]));
    tolerations(w, "Tolerations", pod.list_at(&["spec", "tolerations"]));
    spread_constraints(w, pod.list_at(&["spec", "topologySpreadConstraints"]), "");
    if let Some(group) = present(pod, &["spec", "schedulingGroup"]) {
        w.line(0, "SchedulingGroup:");
        w.field(1, "PodGroupName", group.str_at(&["podGroupName"]));
    }
    if d.show_events {
        // Of any kind: what a pod's containers report bears the same name.
        let uid = pod.annotation(MIRROR).unwrap_or_else(|| pod.uid());
        let events = d.find_events(pod, "", uid).unwrap_or_default();
        d.write_events(events);
    }
    Ok(())
}

fn head(d: &mut Description<'_, '_, '_>, pod: &Object) {
    let now = d.now();
    d.heading(pod);
    let w = &mut d.w;
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    let status = pod.get("status").unwrap_or(&Value::Null);
    if let Some(priority) = spec.i64_at(&["priority"]) {
        w.field(0, "Priority", priority.to_string());
    }
    for (title, member) in [
        ("Priority Class Name", "priorityClassName"),
        ("Runtime Class Name", "runtimeClassName"),
        ("Service Account", "serviceAccountName"),
    ] {
        if !spec.str_at(&[member]).is_empty() {
            w.field(0, title, spec.str_at(&[member]));
        }
    }
    match spec.str_at(&["nodeName"]) {
        "" => w.field(0, "Node", "<none>"),
        node => w.field(0, "Node", format!("{node}/{}", status.str_at(&["hostIP"]))),
    }
    if present(status, &["startTime"]).is_some() {
        w.field(0, "Start Time", date(status, &["startTime"]));
    }
    w.labels("Labels", pod.labels());
    w.annotations("Annotations", pod.annotations());
    let phase = status.str_at(&["phase"]);
    if pod.is_deleting() && (w.old || !matches!(phase, "Failed" | "Succeeded")) {
        let lasts = since(pod.str_at(&["metadata", "deletionTimestamp"]), now);
        w.field(0, "Status", format!("Terminating (lasts {lasts})"));
        let grace = number(pod, &["metadata", "deletionGracePeriodSeconds"]);
        w.field(0, "Termination Grace Period", format!("{grace}s"));
    } else {
        w.field(0, "Status", phase);
    }
    for (title, member) in [("Reason", "reason"), ("Message", "message")] {
        if !status.str_at(&[member]).is_empty() {
            w.field(0, title, status.str_at(&[member]));
        }
    }
    if let Some(profile) = present(spec, &["securityContext", "seccompProfile"]) {
        w.field(0, "SeccompProfile", profile.str_at(&["type"]));
        if profile.str_at(&["type"]) == "Localhost" {
            w.field(0, "LocalhostProfile", profile.str_at(&["localhostProfile"]));
        }
    }
    w.field(0, "IP", status.str_at(&["podIP"]));
    let ips = status.list_at(&["podIPs"]);
    w.line(0, if ips.is_empty() { "IPs:\t<none>" } else { "IPs:" });
    for ip in ips {
        w.field(1, "IP", ip.str_at(&["ip"]));
    }
    if let Some(controller) = controlled_by(pod) {
        w.field(0, "Controlled By", controller);
    }
    if !status.str_at(&["nominatedNodeName"]).is_empty() {
        w.field(0, "NominatedNodeName", status.str_at(&["nominatedNodeName"]));
    }
    if present(spec, &["resources"]).is_some() {
        w.line(0, "Resources:");
        resources(w, spec, 1);
    }
}

/// The quality of service: as the server says, or as it follows from the containers.
fn qos(pod: &Object) -> String {
    let said = pod.str_at(&["status", "qosClass"]);
    if !said.is_empty() {
        return said.to_owned();
    }
    let mut all_guaranteed = true;
    let mut any = false;
    for c in pod.list_at(&["spec", "containers"]) {
        let (limits, requests) = (c.map_at(&["resources", "limits"]), c.map_at(&["resources", "requests"]));
        any |= !limits.is_empty() || !requests.is_empty();
        all_guaranteed &= ["cpu", "memory"]
            .iter()
            .all(|r| limits.get(r).is_some() && requests.get(r).is_none_or(|v| Some(v) == limits.get(r)));
    }
    match (any, all_guaranteed) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
    .to_owned()
}

/// Tolerations by key, one a line.
pub(super) fn tolerations(w: &mut Writer, title: &str, list: &[Value]) {
    if list.is_empty() {
        w.field(0, title, "<none>");
    }
    let mut sorted: Vec<&Value> = list.iter().collect();
    gatehouse_model::order::by_key(&mut sorted, |t| t.str_at(&["key"]));
    for (i, t) in sorted.into_iter().enumerate() {
        let (key, value, effect) = (t.str_at(&["key"]), t.str_at(&["value"]), t.str_at(&["effect"]));
        let mut text = key.to_owned();
        if !value.is_empty() {
            text = format!("{text}={value}");
        }
        if !effect.is_empty() {
            text = format!("{text}:{effect}");
        }
        if t.str_at(&["operator"]) == "Exists" && value.is_empty() {
            text.push_str(if key.is_empty() && effect.is_empty() { "op=Exists" } else { " op=Exists" });
        }
        if let Some(seconds) = t.i64_at(&["tolerationSeconds"]) {
            text = format!("{text} for {seconds}s");
        }
        if i == 0 { w.field(0, title, text) } else { w.line(0, format!("\t{text}")) }
    }
}

/// Topology spread constraints by key, one a line; nothing where there are none.
pub(super) fn spread_constraints(w: &mut Writer, list: &[Value], space: &str) {
    let mut sorted: Vec<&Value> = list.iter().collect();
    gatehouse_model::order::by_key(&mut sorted, |c| c.str_at(&["topologyKey"]));
    for (i, c) in sorted.into_iter().enumerate() {
        let mut text = format!(
            "{}:{} when max skew {} is exceeded",
            c.str_at(&["topologyKey"]),
            c.str_at(&["whenUnsatisfiable"]),
            number(c, &["maxSkew"])
        );
        if let Some(labels) = present(c, &["labelSelector"]) {
            text = format!("{text} for selector {}", selector(Some(labels)));
        }
        let head = if i == 0 { "Topology Spread Constraints:" } else { "" };
        w.line(0, format!("{space}{head}\t{text}"));
    }
}
