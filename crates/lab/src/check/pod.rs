//! `pod`: how a pod is doing, in the words of kubectl's STATUS column.

use gatehouse_kubectl::tables;

use super::Finding;
use crate::exercise::format::PodCheck;
use crate::world::World;

pub(super) fn probe(check: &PodCheck, world: &World) -> Finding {
    let subject = format!("pod {}/{}", check.namespace, check.name);
    let expected = check.status.join(" or ");
    let Some(pod) = world.cluster.store.get("pods", &check.namespace, &check.name) else {
        return Finding::compare(&subject, &expected, "it does not exist", Vec::new());
    };
    let status = tables::pod_status(pod);
    let mut finding = Finding::compare(&subject, &expected, &status, Vec::new());
    finding.passed = check.status.contains(&status);
    if !finding.passed {
        finding.because = world.events_of("Pod", &check.namespace, &check.name);
    }
    finding
}
