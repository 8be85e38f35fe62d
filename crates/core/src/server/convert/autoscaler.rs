//! HorizontalPodAutoscalers of v2beta1: metrics say their targets in fields of their own.
//!
//! Models `pkg/apis/autoscaling/v2beta1/conversion.go`. What v2beta1 cannot say is not kept in annotations.

use gatehouse_model::{Object, Value};

/// Where metrics stand, and what their values are called there.
const PLACES: [([&str; 2], &str); 2] =
    [(["spec", "metrics"], "target"), (["status", "currentMetrics"], "current")];
const SOURCES: [&str; 5] = ["resource", "containerResource", "pods", "object", "external"];

/// The three values of a metric, here and in v2.
fn values(source: &str, word: &str) -> [(String, &'static str); 3] {
    let average = if source == "object" { "averageValue".to_owned() } else { format!("{word}AverageValue") };
    [
        (format!("{word}AverageUtilization"), "averageUtilization"),
        (average, "averageValue"),
        (format!("{word}Value"), "value"),
    ]
}

/// What a metric is called and selected by, where it has a name.
fn identity(source: &str) -> Option<[(&'static str, &'static str); 2]> {
    match source {
        "resource" | "containerResource" => None,
        "external" => Some([("metricName", "name"), ("metricSelector", "selector")]),
        _ => Some([("metricName", "name"), ("selector", "selector")]),
    }
}

fn each(object: &mut Object, work: impl Fn(&str, &str, &mut Value)) {
    for (place, word) in PLACES {
        let Some(metrics) = object.at_mut(&place).filter(|m| !m.is_null()) else { continue };
        for metric in metrics.make_list() {
            for source in SOURCES {
                if let Some(inner) = metric.at_mut(&[source]) {
                    work(source, word, inner);
                }
            }
        }
    }
}

pub(super) fn to_v2(object: &mut Object) {
    each(object, |source, word, metric| {
        if let Some(described) = metric.remove(&["target"]) {
            metric.set(&["describedObject"], described);
        }
        let mut found = Value::map();
        for (field, inside) in values(source, word) {
            if let Some(value) = metric.remove(&[&field]) {
                found.set(&[inside], value);
            }
        }
        for (field, inside) in identity(source).into_iter().flatten() {
            if let Some(value) = metric.remove(&[field]) {
                metric.set(&["metric", inside], value);
            }
        }
        if word == "target" {
            let kind = match source {
                "resource" | "containerResource" if found.get("averageUtilization").is_some() => {
                    "Utilization"
                }
                "object" if found.get("averageValue").is_none() => "Value",
                "external" if found.get("value").is_some() => "Value",
                _ => "AverageValue",
            };
            found.set(&["type"], kind);
        }
        metric.set(&[word], found);
    });
    object.set(&["apiVersion"], "autoscaling/v2");
}

pub(super) fn to_v2beta1(object: &mut Object) {
    object.remove(&["spec", "behavior"]);
    each(object, |source, word, metric| {
        let found = metric.remove(&[word]).unwrap_or_default();
        if let Some(described) = metric.remove(&["describedObject"]) {
            metric.set(&["target"], described);
        }
        for (field, inside) in values(source, word) {
            if let Some(value) = found.get(inside) {
                metric.set(&[&field], value.clone());
            }
        }
        let named = metric.remove(&["metric"]).unwrap_or_default();
        for (field, inside) in identity(source).into_iter().flatten() {
            if let Some(value) = named.get(inside) {
                metric.set(&[field], value.clone());
            }
        }
    });
}
