//! A Deployment rolls its pods over from one ReplicaSet to the next.
//!
//! Models kube-controller-manager `pkg/controller/deployment/{deployment_controller,sync}.go`.

mod revision;
mod rollout;
mod scale;
mod status;

use std::sync::Arc;

use gatehouse_model::{Object, Value};

use super::client::Client;
use super::events::Source;
use super::owner;
use super::pods;

const SOURCE: Source<'static> = Source::new("deployment-controller");
const SETS: &str = "replicasets.apps";
const DEPLOYMENTS: &str = "deployments.apps";
const HASH: &str = "pod-template-hash";
const REVISION: &str = "deployment.kubernetes.io/revision";
const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
const MAX: &str = "deployment.kubernetes.io/max-replicas";

pub(super) use revision::template_hash;

pub(super) fn pass(client: &mut Client<'_>) {
    let due = client.due(DEPLOYMENTS, &[SETS], &[]);
    // One that makes its pods anew all at once waits for the old ones to be gone.
    let pods = client.due(DEPLOYMENTS, &[], &["pods"]);
    for deployment in client.list(DEPLOYMENTS, None) {
        let due = if is_recreate(&deployment) && pods.has(&deployment) { &pods } else { &due };
        if client.looks_at(due, &deployment) {
            sync(client, (*deployment).clone());
        }
    }
}

fn sync(client: &mut Client<'_>, deployment: Object) {
    let Some(selector) = owner::selector_of(&deployment) else { return };
    let sets = owner::claim(client, SETS, &deployment, &selector);
    let mut work = Rollout::new(client, deployment, &sets);
    if work.deployment.is_deleting() {
        work.find_current(false);
        status::sync(&mut work);
        return;
    }
    status::note_pause(&mut work);
    if work.is_paused() {
        work.find_current(false);
        scale::follow_size(&mut work);
        revision::clean_up(&mut work);
        status::sync(&mut work);
        return;
    }
    if scale::is_scaling(&work) {
        work.find_current(false);
        scale::follow_size(&mut work);
        status::sync(&mut work);
        return;
    }
    if work.is_recreate() {
        rollout::recreate(&mut work);
    } else {
        rollout::rolling(&mut work);
    }
    status::sync_rollout(&mut work);
}

/// One deployment and its ReplicaSets, while the controller works on them.
struct Rollout<'c, 'a> {
    client: &'c mut Client<'a>,
    deployment: Object,
    /// The set of the present template.
    current: Option<Object>,
    /// The others, oldest first.
    old: Vec<Object>,
}

impl<'c, 'a> Rollout<'c, 'a> {
    fn new(client: &'c mut Client<'a>, deployment: Object, sets: &[Arc<Object>]) -> Self {
        let mut sets: Vec<Object> = sets.iter().map(|s| (**s).clone()).collect();
        gatehouse_model::order::by(&mut sets, |a, b| {
            (pods::created(a), a.name()).cmp(&(pods::created(b), b.name()))
        });
        let wanted = deployment.at(&["spec", "template"]);
        let current = sets
            .iter()
            .position(|s| revision::same_template(s.at(&["spec", "template"]), wanted))
            .map(|i| sets.remove(i));
        Self { client, deployment, current, old: sets }
    }

    /// Keeps the present set's annotations true; makes that set where `create` says so.
    fn find_current(&mut self, create: bool) {
        revision::current(self, create);
    }

    fn is_paused(&self) -> bool {
        self.deployment.bool_at(&["spec", "paused"]) == Some(true)
    }

    fn is_recreate(&self) -> bool {
        is_recreate(&self.deployment)
    }

    fn wanted(&self) -> i64 {
        replicas(&self.deployment)
    }

    fn sets(&self) -> impl Iterator<Item = &Object> {
        self.old.iter().chain(&self.current)
    }

    /// The sum of what the sets are to have.
    fn total(&self) -> i64 {
        self.sets().map(replicas).sum()
    }

    /// The sum of a count in the sets' status.
    fn sum(&self, key: &str) -> i64 {
        self.sets().map(|s| pods::status_of(s, key)).sum()
    }

    fn max_surge(&self) -> i64 {
        if self.is_recreate() { 0 } else { self.room().0 }
    }

    fn max_unavailable(&self) -> i64 {
        let wanted = self.wanted();
        if self.is_recreate() || wanted == 0 { 0 } else { self.room().1.min(wanted) }
    }

    /// `maxSurge` and `maxUnavailable` as numbers of pods; at least one of them is positive.
    fn room(&self) -> (i64, i64) {
        let part = |key: &str| self.deployment.at(&["spec", "strategy", "rollingUpdate", key]);
        let surge = pods::scaled(part("maxSurge"), self.wanted(), true, 0);
        let unavailable = pods::scaled(part("maxUnavailable"), self.wanted(), false, 0);
        if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable) }
    }
}

fn is_recreate(deployment: &Object) -> bool {
    deployment.str_at(&["spec", "strategy", "type"]) == "Recreate"
}

fn replicas(object: &Object) -> i64 {
    object.i64_at(&["spec", "replicas"]).unwrap_or(1)
}

fn conditions(object: &Object) -> Vec<Value> {
    object.list_at(&["status", "conditions"]).to_vec()
}
