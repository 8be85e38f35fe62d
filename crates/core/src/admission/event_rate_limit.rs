//! EventRateLimit: nobody floods the server with events.
//!
//! `limits` of the plugin's configuration: `type` (Server, Namespace, User, SourceAndObject), `qps`, `burst`. Time is
//! the cluster's, so what controllers do at one moment comes out of the burst.
//!
//! Models kubernetes `plugin/pkg/admission/eventratelimit` and client-go `util/flowcontrol/throttle.go`.

use std::collections::BTreeMap;

use gatehouse_model::Value;
use gatehouse_model::field::aggregate_texts;

use super::{AdmissionRequest, Notes};
use crate::cluster::Cluster;
use crate::request::DryRun;
use crate::status::{Reason, Status};
use crate::world::Timestamp;

/// The plugin's name.
pub(super) const NAME: &str = "EventRateLimit";

/// What is left of each bucket, in thousandths of an event, and when that was so. By limit and key.
pub type Buckets = BTreeMap<(usize, String), (i64, Timestamp)>;

fn key(request: &AdmissionRequest<'_>, kind: &str) -> String {
    match kind {
        "Namespace" => request.namespace.to_owned(),
        "User" => request.user.name.clone(),
        "SourceAndObject" => {
            let text =
                |path: &[&str]| request.object.as_ref().map_or("", |event| event.str_at(path)).to_owned();
            let of_source = ["component", "host"].map(|f| text(&["source", f]));
            let of_object =
                ["kind", "namespace", "name", "uid", "apiVersion"].map(|f| text(&["involvedObject", f]));
            of_source.into_iter().chain(of_object).collect()
        }
        _ => String::new(),
    }
}

/// Takes one event out of a bucket; whether there was one.
fn take(cluster: &mut Cluster, limit: &Value, bucket: (usize, String)) -> bool {
    let now = cluster.now;
    let number = |field: &str| limit.i64_at(&[field]).unwrap_or(0);
    let full = number("burst") * 1000;
    let (left, since) = cluster.process.event_buckets.get(&bucket).copied().unwrap_or((full, now));
    let left = (now.0 - since.0).saturating_mul(number("qps")).saturating_add(left).min(full);
    let (left, allowed) = if left >= 1000 { (left - 1000, true) } else { (left, false) };
    cluster.process.event_buckets.insert(bucket, (left, now));
    allowed
}

pub(super) fn validate(
    cluster: &mut Cluster,
    request: &AdmissionRequest<'_>,
    _notes: &mut Notes,
) -> Result<(), Status> {
    let writes = request.writes();
    let events = request.is_about("", "events") || request.is_about("events.k8s.io", "events");
    if !writes || !events || request.dry_run != DryRun::No {
        return Ok(());
    }
    let config = cluster.config.clone();
    let limits = config.admission_configuration.get(NAME).map_or(&[][..], |c| c.list_at(&["limits"]));
    let mut reached = Vec::new();
    for (i, limit) in limits.iter().enumerate() {
        let kind = limit.str_at(&["type"]);
        let key = key(request, kind);
        if !take(cluster, limit, (i, key.clone())) {
            reached.push(format!("limit reached on type {kind} for key {key}"));
        }
    }
    if reached.is_empty() {
        return Ok(());
    }
    let why = aggregate_texts(&reached);
    Err(Status::new(Reason::TooManyRequests, format!("Too many requests: {why}")))
}
