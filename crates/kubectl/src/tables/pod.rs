//! The cells of pods: what `READY`, `STATUS` and `RESTARTS` are computed from.
//!
//! Models `printPod` of kubernetes `pkg/printers/internalversion/printers.go`.

use gatehouse_model::Value;

use super::{At, since};

/// What the cells of one pod come to.
struct Summary {
    ready: usize,
    total: usize,
    reason: String,
    restarts: i64,
    /// When a container last ended, if one was restarted.
    last_restart: String,
}

fn later(a: &mut String, b: &str) {
    if b > a.as_str() {
        b.clone_into(a);
    }
}

fn last_end(status: &Value) -> &str {
    status.str_at(&["lastState", "terminated", "finishedAt"])
}

fn present<'v>(status: &'v Value, state: &str) -> Option<&'v Value> {
    status.at(&["state", state]).filter(|v| !v.is_null())
}

fn ended(terminated: &Value) -> String {
    let reason = terminated.str_at(&["reason"]);
    let signal = terminated.i64_at(&["signal"]).unwrap_or(0);
    if !reason.is_empty() {
        reason.to_owned()
    } else if signal != 0 {
        format!("Signal:{signal}")
    } else {
        format!("ExitCode:{}", terminated.i64_at(&["exitCode"]).unwrap_or(0))
    }
}

fn has_condition(pod: &Value, kind: &str) -> bool {
    let conditions = pod.list_at(&["status", "conditions"]);
    conditions.iter().any(|c| c.str_at(&["type"]) == kind && c.str_at(&["status"]) == "True")
}

fn summary(pod: &Value) -> Summary {
    let init = pod.list_at(&["spec", "initContainers"]);
    let is_sidecar = |name: &str| {
        init.iter().any(|c| c.str_at(&["name"]) == name && c.str_at(&["restartPolicy"]) == "Always")
    };
    let sidecars = init.iter().filter(|c| c.str_at(&["restartPolicy"]) == "Always").count();
    let mut s = Summary {
        ready: 0,
        total: pod.list_at(&["spec", "containers"]).len() + sidecars,
        reason: pod.str_at(&["status", "phase"]).to_owned(),
        restarts: 0,
        last_restart: String::new(),
    };
    let why = pod.str_at(&["status", "reason"]);
    if !why.is_empty() {
        why.clone_into(&mut s.reason);
    }
    let gated = pod
        .list_at(&["status", "conditions"])
        .iter()
        .any(|c| c.str_at(&["type"]) == "PodScheduled" && c.str_at(&["reason"]) == "SchedulingGated");
    if gated {
        "SchedulingGated".clone_into(&mut s.reason);
    }
    let (mut sidecar_restarts, mut sidecar_end) = (0, String::new());
    let mut initializing = false;
    for (i, status) in pod.list_at(&["status", "initContainerStatuses"]).iter().enumerate() {
        let count = status.i64_at(&["restartCount"]).unwrap_or(0);
        let sidecar = is_sidecar(status.str_at(&["name"]));
        s.restarts += count;
        later(&mut s.last_restart, last_end(status));
        if sidecar {
            sidecar_restarts += count;
            later(&mut sidecar_end, last_end(status));
        }
        let terminated = present(status, "terminated");
        if terminated.is_some_and(|t| t.i64_at(&["exitCode"]).unwrap_or(0) == 0) {
            continue;
        }
        if sidecar && status.bool_at(&["started"]) == Some(true) {
            s.ready += usize::from(status.bool_at(&["ready"]) == Some(true));
            continue;
        }
        let waiting = present(status, "waiting").map_or("", |w| w.str_at(&["reason"]));
        s.reason = match terminated {
            Some(terminated) => format!("Init:{}", ended(terminated)),
            None if !waiting.is_empty() && waiting != "PodInitializing" => format!("Init:{waiting}"),
            None => format!("Init:{i}/{}", init.len()),
        };
        initializing = true;
        break;
    }
    if !initializing || has_condition(pod, "Initialized") {
        s.restarts = sidecar_restarts;
        s.last_restart = sidecar_end;
        containers(pod, &mut s);
    }
    let deleting = !pod.str_at(&["metadata", "deletionTimestamp"]).is_empty();
    if deleting && why == "NodeLost" {
        "Unknown".clone_into(&mut s.reason);
    } else if deleting && !matches!(pod.str_at(&["status", "phase"]), "Succeeded" | "Failed") {
        "Terminating".clone_into(&mut s.reason);
    }
    s
}

/// The containers proper; the first one that is not running gives the reason.
fn containers(pod: &Value, s: &mut Summary) {
    let mut running = false;
    let mut failed = None;
    for status in pod.list_at(&["status", "containerStatuses"]).iter().rev() {
        s.restarts += status.i64_at(&["restartCount"]).unwrap_or(0);
        later(&mut s.last_restart, last_end(status));
        let waiting = present(status, "waiting").map_or("", |w| w.str_at(&["reason"]));
        if !waiting.is_empty() {
            waiting.clone_into(&mut s.reason);
        } else if let Some(terminated) = present(status, "terminated") {
            s.reason = ended(terminated);
            if terminated.i64_at(&["exitCode"]).unwrap_or(0) != 0 {
                failed = Some(s.reason.clone());
            }
        } else if status.bool_at(&["ready"]) == Some(true) && present(status, "running").is_some() {
            running = true;
            s.ready += 1;
        }
    }
    if s.reason == "Completed" {
        if running && has_condition(pod, "Ready") {
            "Running".clone_into(&mut s.reason);
        } else if let Some(failed) = failed {
            s.reason = failed;
        } else if running {
            "NotReady".clone_into(&mut s.reason);
        }
    }
}

pub(super) fn ready(pod: &Value, _: At) -> String {
    let s = summary(pod);
    format!("{}/{}", s.ready, s.total)
}

pub(super) fn status(pod: &Value, _: At) -> String {
    summary(pod).reason
}

pub(super) fn restarts(pod: &Value, at: At) -> String {
    let s = summary(pod);
    // Since 1.22 the table says when.
    if s.restarts != 0 && !s.last_restart.is_empty() && at.version.minor() >= 22 {
        format!("{} ({} ago)", s.restarts, since(&s.last_restart, at.now))
    } else {
        s.restarts.to_string()
    }
}

pub(super) fn ip(pod: &Value, _: At) -> String {
    let ips = pod.list_at(&["status", "podIPs"]);
    let ip = ips.first().map_or("", |ip| ip.str_at(&["ip"]));
    if ip.is_empty() { "<none>".to_owned() } else { ip.to_owned() }
}

pub(super) fn readiness_gates(pod: &Value, _: At) -> String {
    let gates = pod.list_at(&["spec", "readinessGates"]);
    if gates.is_empty() {
        return "<none>".to_owned();
    }
    let met = gates.iter().filter(|g| has_condition(pod, g.str_at(&["conditionType"]))).count();
    format!("{met}/{}", gates.len())
}
