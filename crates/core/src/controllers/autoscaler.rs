//! Autoscalers of a cluster without metrics: they say that they cannot know.
//!
//! Models `pkg/controller/podautoscaler/horizontal.go` as far as it gets without a metrics API.

use gatehouse_model::{Object, Value, json};

use super::client::Client;
use super::events::{EventType, Source};
use super::pods;

const SCALERS: &str = "horizontalpodautoscalers.autoscaling";
/// How long it takes until an autoscaler is looked at, in milliseconds (`--horizontal-pod-autoscaler-sync-period`).
const PERIOD: i64 = 15_000;
const SOURCE: Source<'static> = Source::new("horizontal-pod-autoscaler");

pub(super) fn pass(client: &mut Client<'_>) {
    let now = client.cluster.now;
    let mut next = std::mem::take(&mut client.cluster.controllers.scaling);
    let scalers = client.list(SCALERS, None);
    next.retain(|uid, _| scalers.iter().any(|s| s.uid() == uid));
    for scaler in scalers {
        let made = pods::moment(pods::created(&scaler)).unwrap_or(now);
        let due = next.entry(scaler.uid().to_owned()).or_insert_with(|| made.plus_millis(PERIOD));
        if *due <= now {
            if !scaler.is_deleting() {
                sync(client, &scaler);
            }
            *due = now.plus_millis(PERIOD);
        }
        client.wake_at(*due);
    }
    client.cluster.controllers.scaling = next;
}

/// What an autoscaler finds out about itself.
struct Finding {
    kind: &'static str,
    word: &'static str,
    reason: &'static str,
    message: String,
}

fn sync(client: &mut Client<'_>, scaler: &Object) {
    let target = |key: &str| scaler.str_at(&["spec", "scaleTargetRef", key]).to_owned();
    let (kind, name) = (target("kind"), target("name"));
    let group = target("apiVersion").rsplit_once('/').map(|(g, _)| g.to_owned()).unwrap_or_default();
    let served = client.cluster.resources();
    let table = served.iter().find(|r| *r.kind == *kind && *r.gv.group == *group).map(|r| r.group_resource());
    let found = table.as_ref().and_then(|t| client.get(t, scaler.namespace(), &name));
    let Some(found) = found else {
        let message = match &table {
            Some(table) => format!(
                "the HPA controller was unable to get the target's current scale: {table} \"{name}\" not found"
            ),
            None => format!(
                "the HPA controller was unable to get the target's current scale: no matches for kind \"{kind}\" in group \"{group}\""
            ),
        };
        let event = message.rsplit_once("scale: ").map_or(message.clone(), |(_, m)| m.to_owned());
        let finding = Finding { kind: "AbleToScale", word: "False", reason: "FailedGetScale", message };
        write(client, scaler, None, vec![finding], ("FailedGetScale", &event));
        return;
    };
    let mut findings = vec![Finding {
        kind: "AbleToScale",
        word: "True",
        reason: "SucceededGetScale",
        message: "the HPA controller was able to get the target's current scale".to_owned(),
    }];
    let replicas = found.i64_at(&["spec", "replicas"]).unwrap_or(1);
    let (least, most) = (
        scaler.i64_at(&["spec", "minReplicas"]).unwrap_or(1),
        scaler.i64_at(&["spec", "maxReplicas"]).unwrap_or(1),
    );
    if replicas == 0 && least != 0 {
        findings.push(Finding {
            kind: "ScalingActive",
            word: "False",
            reason: "ScalingDisabled",
            message: "scaling is disabled since the replica count of the target is zero".to_owned(),
        });
        write(client, scaler, Some(&found), findings, ("", ""));
        return;
    }
    let bounded = replicas.clamp(least.min(most), most);
    if bounded != replicas {
        resize(client, scaler, &found, table.as_deref().unwrap_or_default(), (replicas, bounded));
        return;
    }
    let (reason, why) = no_metrics(scaler);
    let message = format!("the HPA was unable to compute the replica count: {why}");
    findings.push(Finding { kind: "ScalingActive", word: "False", reason, message });
    write(client, scaler, Some(&found), findings, (reason, &why));
}

/// Outside its bounds a target is resized without asking for metrics.
fn resize(client: &mut Client<'_>, scaler: &Object, found: &Object, table: &str, (from, to): (i64, i64)) {
    let scale = Object(json!({
        "apiVersion": "autoscaling/v1", "kind": "Scale", "spec": {"replicas": to},
        "metadata": {"name": (found.name()), "namespace": (found.namespace())},
    }));
    let why = if to < from {
        "Current number of replicas above Spec.MaxReplicas"
    } else {
        "Current number of replicas below Spec.MinReplicas"
    };
    if client.update(table, &scale, "scale").is_ok() {
        let message = format!("New size: {to}; reason: {why}");
        client.event(SOURCE, scaler, EventType::Normal, "SuccessfulRescale", &message);
        let finding = Finding {
            kind: "AbleToScale",
            word: "True",
            reason: "SucceededRescale",
            message: format!("the HPA controller was able to update the target scale to {to}"),
        };
        let mut status = scaler.get("status").cloned().unwrap_or_else(Value::map);
        let all = with(scaler.list_at(&["status", "conditions"]), &finding, &client.now());
        status.set(&["conditions"], Value::from(all));
        status.set(&["currentMetrics"], Value::Null);
        status.set(&["currentReplicas"], from);
        status.set(&["desiredReplicas"], to);
        status.set(&["lastScaleTime"], client.now());
        let _ = client.update_status(SCALERS, scaler, status);
    }
}

fn condition(finding: &Finding, old: Option<&Value>, now: &str) -> Value {
    let same = old.filter(|c| c.str_at(&["status"]) == finding.word);
    let since = same.map_or(now, |c| c.str_at(&["lastTransitionTime"]));
    json!({
        "type": (finding.kind), "status": (finding.word), "reason": (finding.reason),
        "message": (finding.message.as_str()), "lastTransitionTime": since,
    })
}

/// The conditions with this one brought up to date.
fn with(old: &[Value], finding: &Finding, now: &str) -> Vec<Value> {
    let mut all = old.to_vec();
    let known = old.iter().find(|c| c.str_at(&["type"]) == finding.kind);
    let condition = condition(finding, known, now);
    match all.iter_mut().find(|c| c.str_at(&["type"]) == finding.kind) {
        Some(place) => *place = condition,
        None => all.push(condition),
    }
    all
}

/// Why the first metric cannot be read.
fn no_metrics(scaler: &Object) -> (&'static str, String) {
    let metric = scaler.list_at(&["spec", "metrics"]).first().cloned().unwrap_or_default();
    let missing = "the server could not find the requested resource";
    match metric.str_at(&["type"]) {
        "Resource" | "" => {
            let resource = match metric.str_at(&["resource", "name"]) {
                "" => "cpu",
                name => name,
            };
            let whose = if metric.str_at(&["resource", "target", "type"]) == "AverageValue" {
                format!("failed to get {resource} usage: ")
            } else {
                format!("failed to get {resource} utilization: ")
            };
            (
                "FailedGetResourceMetric",
                format!(
                    "{whose}unable to get metrics for resource {resource}: unable to fetch metrics from resource metrics API: \
                     {missing} (get pods.metrics.k8s.io)"
                ),
            )
        }
        "Pods" => (
            "FailedGetPodsMetric",
            format!(
                "unable to get metric {}: unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered",
                metric.str_at(&["pods", "metric", "name"])
            ),
        ),
        "Object" => (
            "FailedGetObjectMetric",
            format!(
                "unable to get metric {}: unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered",
                metric.str_at(&["object", "metric", "name"])
            ),
        ),
        _ => (
            "FailedGetExternalMetric",
            format!(
                "unable to get external metric {}/{}/nil: unable to fetch metrics from external metrics API: {missing} (get {}.external.metrics.k8s.io)",
                scaler.namespace(),
                metric.str_at(&["external", "metric", "name"]),
                metric.str_at(&["external", "metric", "name"])
            ),
        ),
    }
}

fn write(
    client: &mut Client<'_>,
    scaler: &Object,
    found: Option<&Object>,
    findings: Vec<Finding>,
    (reason, event): (&str, &str),
) {
    let now = client.now();
    let mut all: Vec<Value> = scaler.list_at(&["status", "conditions"]).to_vec();
    for finding in findings {
        all = with(&all, &finding, &now);
    }
    if !event.is_empty() {
        client.event(SOURCE, scaler, EventType::Warning, reason, event);
        if reason != "FailedGetScale" {
            let message = format!(
                "invalid metrics (1 invalid out of 1), first error is: failed to get {} metric value: {event}",
                metric_kind(reason)
            );
            client.event(SOURCE, scaler, EventType::Warning, "FailedComputeMetricsReplicas", &message);
        }
    }
    let mut status = scaler.get("status").cloned().unwrap_or_else(Value::map);
    status.set(&["conditions"], Value::from(all));
    if let Some(found) = found {
        status.set(&["currentReplicas"], found.i64_at(&["spec", "replicas"]).unwrap_or(1));
    }
    let _ = client.update_status(SCALERS, scaler, status);
}

fn metric_kind(reason: &str) -> &str {
    match reason {
        "FailedGetResourceMetric" => "cpu resource",
        "FailedGetPodsMetric" => "pods",
        "FailedGetObjectMetric" => "object",
        _ => "external",
    }
}
