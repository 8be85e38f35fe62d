//! Horizontal pod autoscalers.

use gatehouse_model::json::go_quote;
use gatehouse_model::{Object, Value, json};

use super::writer::Writer;
use super::{Description, date, number, present, quantity};
use crate::error::Error;

pub(super) fn describe(d: &mut Description<'_, '_, '_>, hpa: &Object) -> Result<(), Error> {
    d.heading(hpa);
    d.labels_and_annotations(hpa);
    let w = &mut d.w;
    w.field(0, "CreationTimestamp", date(hpa, &["metadata", "creationTimestamp"]));
    let spec = hpa.get("spec").unwrap_or(&Value::Null);
    let target = spec.get("scaleTargetRef").unwrap_or(&Value::Null);
    w.field(0, "Reference", format!("{}/{}", target.str_at(&["kind"]), target.str_at(&["name"])));
    // A server without `autoscaling/v2` is asked for the first version.
    let first = w.old && hpa.api_version() == "autoscaling/v1";
    if first {
        utilization(w, hpa);
    } else {
        w.field(0, "Metrics", "( current / target )");
    }
    let statuses = hpa.list_at(&["status", "currentMetrics"]);
    for (i, m) in as_v2(spec).iter().enumerate().filter(|_| !first) {
        metric(w, m, statuses.get(i));
    }
    let min = spec.i64_at(&["minReplicas"]).map_or("<unset>".to_owned(), |n| n.to_string());
    w.field(0, "Min replicas", min);
    w.field(0, "Max replicas", number(spec, &["maxReplicas"]).to_string());
    if let Some(behavior) = present(spec, &["behavior"]) {
        w.line(0, "Behavior:");
        for (title, member) in [("Scale Up", "scaleUp"), ("Scale Down", "scaleDown")] {
            if let Some(rules) = present(behavior, &[member]) {
                direction(w, title, rules);
            }
        }
    }
    let (now, wanted) =
        (number(hpa, &["status", "currentReplicas"]), number(hpa, &["status", "desiredReplicas"]));
    w.field(0, &format!("{} pods", target.str_at(&["kind"])), format!("{now} current / {wanted} desired"));
    let conditions = hpa.list_at(&["status", "conditions"]);
    w.conditions(&["Type", "Status", "Reason", "Message"], conditions, |c| {
        ["type", "status", "reason", "message"].iter().map(|m| c.str_at(&[m]).to_owned()).collect()
    });
    d.events(hpa);
    Ok(())
}

/// The only metric of `autoscaling/v1`.
fn utilization(w: &mut Writer, hpa: &Object) {
    let Some(target) = hpa.i64_at(&["spec", "targetCPUUtilizationPercentage"]) else { return };
    let now = hpa.i64_at(&["status", "currentCPUUtilizationPercentage"]);
    w.field(0, "Target CPU utilization", format!("{target}%"));
    w.field(
        0,
        "Current CPU utilization",
        format!("{}%", now.map_or("<unknown>".to_owned(), |n| n.to_string())),
    );
}

/// The metrics; the one of `autoscaling/v1` as the server converts it.
fn as_v2(spec: &Value) -> Vec<Value> {
    match spec.i64_at(&["targetCPUUtilizationPercentage"]) {
        Some(percent) => vec![json!({"type": "Resource", "resource": {
            "name": "cpu", "target": {"type": "Utilization", "averageUtilization": percent}}})],
        None => spec.list_at(&["metrics"]).to_vec(),
    }
}

fn metric(w: &mut Writer, metric: &Value, status: Option<&Value>) {
    let kind = metric.str_at(&["type"]);
    let source = match kind {
        "External" => "external",
        "Pods" => "pods",
        "Object" => "object",
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        _ => return w.line(1, format!("<unknown metric type {}>", go_quote(kind))),
    };
    let m = metric.get(source).unwrap_or(&Value::Null);
    let current = status.and_then(|s| s.at(&[source, "current"]));
    let pair = |member: &str| {
        let now = current.and_then(|c| c.get(member));
        let now = now.map_or("<unknown>".to_owned(), |v| quantity(Some(v)));
        format!("{now} / {}", quantity(m.at(&["target", member])))
    };
    let name = m.str_at(&["metric", "name"]);
    let average = m.at(&["target", "averageValue"]).is_some();
    match source {
        "external" if average => {
            w.field(1, &format!("{} (target average value)", go_quote(name)), pair("averageValue"));
        }
        "external" => w.field(1, &format!("{} (target value)", go_quote(name)), pair("value")),
        "pods" => w.field(1, &format!("{} on pods", go_quote(name)), pair("averageValue")),
        "object" => {
            let on = format!(
                "{}/{}",
                m.str_at(&["describedObject", "kind"]),
                m.str_at(&["describedObject", "name"])
            );
            let (what, member) = if m.str_at(&["target", "type"]) == "AverageValue" {
                ("target average value", "averageValue")
            } else {
                ("target value", "value")
            };
            w.field(1, &format!("\"{name}\" on {on} ({what})"), pair(member));
        }
        _ => {
            let resource = m.str_at(&["name"]);
            let what = match source {
                "resource" => format!("resource {resource} on pods"),
                _ => format!("resource {resource} of container \"{}\" on pods", m.str_at(&["container"])),
            };
            if average {
                return w.field(1, &what, pair("averageValue"));
            }
            let percent = |v: Option<i64>, other: &str| v.map_or(other.to_owned(), |n| format!("{n}%"));
            let used = current.and_then(|c| c.i64_at(&["averageUtilization"]));
            let mut shown = percent(used, "<unknown>");
            if used.is_some() {
                let value = current.and_then(|c| c.get("averageValue"));
                shown = format!("{shown} ({})", quantity(value));
            }
            let wanted = percent(m.i64_at(&["target", "averageUtilization"]), "<auto>");
            w.field(1, &format!("{what}  (as a percentage of request)"), format!("{shown} / {wanted}"));
        }
    }
}

fn direction(w: &mut Writer, title: &str, rules: &Value) {
    w.line(1, format!("{title}:"));
    if let Some(seconds) = rules.i64_at(&["stabilizationWindowSeconds"]) {
        w.line(2, format!("Stabilization Window: {seconds} seconds"));
    }
    let policies = rules.list_at(&["policies"]);
    if policies.is_empty() {
        return;
    }
    let select = rules.str_at(&["selectPolicy"]);
    w.line(2, format!("Select Policy: {}", if select.is_empty() { "Max" } else { select }));
    w.line(2, "Policies:");
    for p in policies {
        w.line(
            3,
            format!(
                "- Type: {}\tValue: {}\tPeriod: {} seconds",
                p.str_at(&["type"]),
                number(p, &["value"]),
                number(p, &["periodSeconds"])
            ),
        );
    }
}
