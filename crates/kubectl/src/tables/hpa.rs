//! The TARGETS cell of autoscalers. Models `formatHPAMetrics` of kubernetes `printers.go`.

use gatehouse_model::Value;

use super::At;
use super::cells::quantity;

pub(super) fn targets(o: &Value, at: At) -> String {
    if let Some(percent) = o.i64_at(&["spec", "targetCPUUtilizationPercentage"]) {
        // autoscaling/v1 knows only one.
        let current = o.i64_at(&["status", "currentCPUUtilizationPercentage"]);
        let current = current.map_or("<unknown>".to_owned(), |c| format!("{c}%"));
        return format!("{}{current}/{percent}%", prefix("cpu", at));
    }
    let specs = o.list_at(&["spec", "metrics"]);
    if specs.is_empty() {
        return "<none>".to_owned();
    }
    let statuses = o.list_at(&["status", "currentMetrics"]);
    let list: Vec<String> =
        specs.iter().enumerate().map(|(i, spec)| metric(spec, statuses.get(i), at)).collect();
    let shown = list.iter().take(2).map(String::as_str).collect::<Vec<_>>().join(", ");
    if list.len() > 2 { format!("{shown} + {} more...", list.len() - 2) } else { shown }
}

/// Which resource it is was not said in old tables.
fn prefix(resource: &str, at: At) -> String {
    if at.version.minor() >= 31 { format!("{resource}: ") } else { String::new() }
}

fn metric(spec: &Value, status: Option<&Value>, at: At) -> String {
    let source = match spec.str_at(&["type"]) {
        "External" => "external",
        "Pods" => "pods",
        "Object" => "object",
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        _ => return "<unknown type>".to_owned(),
    };
    let target = spec.at(&[source, "target"]).unwrap_or(&Value::Null);
    let current = status.and_then(|s| s.at(&[source, "current"]));
    let now = |member: &str| match current.and_then(|c| c.get(member)) {
        Some(value) => quantity(Some(value)),
        None => "<unknown>".to_owned(),
    };
    let average = target.get("averageValue");
    match source {
        "pods" => format!("{}/{}", now("averageValue"), quantity(average)),
        "external" | "object" => match average {
            Some(average) => format!("{}/{} (avg)", now("averageValue"), quantity(Some(average))),
            None => format!("{}/{}", now("value"), quantity(target.get("value"))),
        },
        _ => {
            let name = prefix(spec.str_at(&[source, "name"]), at);
            match (average, target.i64_at(&["averageUtilization"])) {
                (Some(average), _) => format!("{name}{}/{}", now("averageValue"), quantity(Some(average))),
                (None, wanted) => {
                    let percent =
                        |n: Option<i64>, other: &str| n.map_or(other.to_owned(), |n| format!("{n}%"));
                    let current = current.and_then(|c| c.i64_at(&["averageUtilization"]));
                    format!("{name}{}/{}", percent(current, "<unknown>"), percent(wanted, "<auto>"))
                }
            }
        }
    }
}
