//! The completion indexes of a Job: which succeeded, which failed for good, which are free.
//!
//! Models `pkg/controller/job/{indexed_job_utils,backoff_utils}.go`.

use std::collections::BTreeSet;

use gatehouse_model::Object;

use super::policy;
use super::{Work, is_indexed};
use crate::controllers::pods;

/// The annotation, and since 1.28 the label, with a pod's index.
pub(super) const INDEX: &str = "batch.kubernetes.io/job-completion-index";
/// How often pods of the index failed before this one.
pub(super) const FAILURES: &str = "batch.kubernetes.io/job-index-failure-count";
/// How many of those failures a policy ignored.
pub(super) const IGNORED: &str = "batch.kubernetes.io/job-index-ignored-failure-count";

/// Indexes of a job.
pub(super) type Indexes = BTreeSet<i64>;

/// A pod's index.
pub(super) fn of(pod: &Object) -> Option<i64> {
    pod.annotation(INDEX).and_then(|i| i.parse().ok())
}

/// Whether each index has a limit of its own.
pub(super) fn has_limits(job: &Object) -> bool {
    job.i64_at(&["spec", "backoffLimitPerIndex"]).is_some()
}

/// The indexes that are done: those of the status, and those of pods that are not counted yet.
pub(super) fn succeeded(job: &Object, uncounted: &[std::sync::Arc<Object>]) -> Indexes {
    let total = job.i64_at(&["spec", "completions"]).unwrap_or(0);
    let mut done = parse(job.str_at(&["status", "completedIndexes"]), total);
    let new = uncounted.iter().filter(|p| pods::phase(p) == "Succeeded").filter_map(|p| of(p));
    done.extend(new.filter(|i| *i < total));
    done
}

/// The indexes that are given up.
pub(super) fn failed(job: &Object, ended: &[std::sync::Arc<Object>]) -> Indexes {
    let total = job.i64_at(&["spec", "completions"]).unwrap_or(0);
    let mut lost = parse(job.str_at(&["status", "failedIndexes"]), total);
    let limit = job.i64_at(&["spec", "backoffLimitPerIndex"]).unwrap_or(0);
    for pod in ended.iter().filter(|p| pods::phase(p) == "Failed") {
        let (counts, gives_up) = match policy::verdict(job, pod) {
            None => (true, false),
            Some(verdict) => (verdict.action != "Ignore", verdict.action == "FailIndex"),
        };
        if gives_up || (counts && count(pod, FAILURES) >= limit) {
            lost.extend(of(pod).filter(|i| *i < total));
        }
    }
    lost
}

/// A number in an annotation.
pub(super) fn count(pod: &Object, annotation: &str) -> i64 {
    pod.annotation(annotation).and_then(|n| n.parse().ok()).unwrap_or(0)
}

/// The indexes that no pod has and that are neither done nor given up.
pub(super) fn free(work: &Work) -> Vec<i64> {
    let total = work.job.i64_at(&["spec", "completions"]).unwrap_or(0);
    let leaving = work.leaving.iter().filter(|_| work.waits_for_ends());
    let taken: Indexes = work.active.iter().chain(leaving).filter_map(|p| of(p)).collect();
    let open = |i: &i64| !taken.contains(i) && !work.done.contains(i) && !work.lost.contains(i);
    (0..total).filter(open).collect()
}

/// `1,3-5` as indexes below `total`.
pub(super) fn parse(text: &str, total: i64) -> Indexes {
    text.split(',')
        .filter_map(|part| {
            let (from, to) = part.split_once('-').unwrap_or((part, part));
            Some(from.parse::<i64>().ok()?..=to.parse::<i64>().ok()?.min(total - 1))
        })
        .flatten()
        .filter(|i| *i < total)
        .collect()
}

/// Indexes as `1,3-5`.
pub(super) fn print(indexes: &Indexes) -> String {
    let mut parts: Vec<(i64, i64)> = Vec::new();
    for n in indexes {
        match parts.last_mut() {
            Some((_, to)) if *to + 1 == *n => *to = *n,
            _ => parts.push((*n, *n)),
        }
    }
    let text = |(from, to): &(i64, i64)| match to - from {
        0 => from.to_string(),
        1 => format!("{from},{to}"),
        _ => format!("{from}-{to}"),
    };
    parts.iter().map(text).collect::<Vec<_>>().join(",")
}

/// The failed pod that a new one of the index replaces: the last of them.
pub(super) fn replaced(work: &Work, index: i64) -> Option<&Object> {
    if !is_indexed(&work.job) || !has_limits(&work.job) {
        return None;
    }
    let of_index = work.ended.iter().filter(|p| pods::phase(p) == "Failed" && of(p) == Some(index));
    let failures = |p: &Object| count(p, FAILURES) + count(p, IGNORED);
    of_index.map(|p| &**p).max_by_key(|p| failures(p))
}
