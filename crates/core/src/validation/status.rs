//! What a status may say: counts that are not negative and do not contradict one another.
//!
//! Models the `Validate…StatusUpdate` of `pkg/apis/{apps,core,networking,policy,autoscaling}/validation`. The status of
//! pods, signing requests, claims and jobs stands with their kinds.

use gatehouse_model::{FieldError, FieldPath, Object, Value, names};

use super::check::{self, Errors};
use super::{meta, quota};

/// A kind, the counts of its status in the order they are looked at, and which of them must not be above which.
struct Counts {
    kind: &'static str,
    counts: &'static [&'static str],
    below: &'static [(&'static str, &'static str, &'static str)],
}

const OF_ALL: &str = "cannot be greater than status.replicas";
const OF_READY: &str = "cannot be greater than readyReplicas";

const COUNTS: &[Counts] = &[
    Counts {
        kind: "Deployment",
        counts: &[
            "observedGeneration",
            "replicas",
            "updatedReplicas",
            "readyReplicas",
            "availableReplicas",
            "unavailableReplicas",
            "collisionCount",
        ],
        below: &[
            ("updatedReplicas", "replicas", OF_ALL),
            ("readyReplicas", "replicas", OF_ALL),
            ("availableReplicas", "replicas", OF_ALL),
            ("availableReplicas", "readyReplicas", OF_READY),
        ],
    },
    Counts { kind: "ReplicaSet", counts: SET_COUNTS, below: SET_BELOW },
    Counts { kind: "ReplicationController", counts: SET_COUNTS, below: SET_BELOW },
    Counts {
        kind: "StatefulSet",
        counts: &[
            "replicas",
            "readyReplicas",
            "currentReplicas",
            "updatedReplicas",
            "availableReplicas",
            "observedGeneration",
            "collisionCount",
        ],
        below: &[
            ("readyReplicas", "replicas", OF_ALL),
            ("currentReplicas", "replicas", OF_ALL),
            ("updatedReplicas", "replicas", OF_ALL),
            ("availableReplicas", "replicas", OF_ALL),
            ("availableReplicas", "readyReplicas", "cannot be greater than status.readyReplicas"),
        ],
    },
    Counts {
        kind: "DaemonSet",
        counts: &[
            "currentNumberScheduled",
            "numberMisscheduled",
            "desiredNumberScheduled",
            "numberReady",
            "observedGeneration",
            "updatedNumberScheduled",
            "numberAvailable",
            "numberUnavailable",
            "collisionCount",
        ],
        below: &[],
    },
    Counts {
        kind: "PodDisruptionBudget",
        counts: &["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"],
        below: &[],
    },
    Counts { kind: "HorizontalPodAutoscaler", counts: &["currentReplicas", "desiredReplicas"], below: &[] },
];

const SET_COUNTS: &[&str] =
    &["replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration"];
const SET_BELOW: &[(&str, &str, &str)] = &[
    ("fullyLabeledReplicas", "replicas", OF_ALL),
    ("readyReplicas", "replicas", OF_ALL),
    ("availableReplicas", "replicas", OF_ALL),
    ("availableReplicas", "readyReplicas", OF_READY),
];

/// A change of a status.
pub(super) fn update(errors: &mut Errors, new: &Object, old: &Object) {
    let path = FieldPath::new("status");
    if let Some(kind) = COUNTS.iter().find(|c| c.kind == new.kind()) {
        counts(errors, &path, kind, new, old);
    }
    match new.kind() {
        "Service" | "Ingress" => balancer(errors, &path.children(&["loadBalancer", "ingress"]), new),
        "Namespace" => {
            let (phase, wanted, why) = if new.is_deleting() {
                let why = "may only be 'Terminating' if `deletionTimestamp` is not empty";
                (new.str_at(&["status", "phase"]), "Terminating", why)
            } else {
                let why = "may only be 'Active' if `deletionTimestamp` is empty";
                (new.str_at(&["status", "phase"]), "Active", why)
            };
            if phase != wanted {
                errors.push(FieldError::invalid(path.child("Phase"), &phase.into(), why));
            }
        }
        "ResourceQuota" => quota::amounts(errors, &path, new.get("status").unwrap_or(&Value::Null)),
        _ => {}
    }
    meta::update(errors, new, old);
}

fn counts(errors: &mut Errors, path: &FieldPath, kind: &Counts, new: &Object, old: &Object) {
    let number = |o: &Object, field: &str| o.i64_at(&["status", field]);
    for field in kind.counts {
        check::non_negative(errors, path.child(field), number(new, field));
    }
    for (field, most, why) in kind.below {
        let count = number(new, field).unwrap_or(0);
        if count > number(new, most).unwrap_or(0) {
            errors.push(FieldError::invalid(path.child(field), &Value::Int(count), *why));
        }
    }
    let field = "collisionCount";
    if kind.counts.contains(&field)
        && number(old, field).is_some_and(|before| number(new, field).is_none_or(|now| now < before))
    {
        let now = Value::Int(number(new, field).unwrap_or(0));
        errors.push(FieldError::invalid(path.child(field), &now, "cannot be decremented"));
    }
}

/// The addresses of a balancer.
fn balancer(errors: &mut Errors, path: &FieldPath, object: &Object) {
    let entries = object.list_at(&["status", "loadBalancer", "ingress"]);
    let service = object.kind() == "Service";
    if service && !entries.is_empty() && object.str_at(&["spec", "type"]) != "LoadBalancer" {
        let why = "may only be used when `spec.type` is 'LoadBalancer'";
        errors.push(FieldError::forbidden(path.clone(), why));
        return;
    }
    for (i, entry) in entries.iter().enumerate() {
        let path = path.index(i);
        let (ip, host) = (entry.str_at(&["ip"]), entry.str_at(&["hostname"]));
        if !ip.is_empty() {
            check::ip(errors, &path.child("ip"), ip);
        }
        if let Some(mode) = entry.get("ipMode").and_then(Value::as_str).filter(|_| service) {
            if ip.is_empty() {
                let why = "may not be specified when `ip` is not set";
                errors.push(FieldError::forbidden(path.child("ipMode"), why));
            } else {
                check::allowed(errors, path.child("ipMode"), mode, &["Proxy", "VIP"]);
            }
        }
        if !host.is_empty() {
            let path = path.child("hostname");
            check::text(errors, &path, host, names::dns1123_subdomain(host));
            if names::parse_ip(host).is_some() {
                let why = "must be a DNS name, not an IP address";
                errors.push(FieldError::invalid(path, &host.into(), why));
            }
        }
    }
}
