//! Binds pods to nodes, or says why no node will do.
//!
//! Models kube-scheduler `pkg/scheduler/schedule_one.go` and the filters, scores and preemption of its default profile.

mod affinity;
pub(super) mod fit;
mod preempt;
mod resources;
mod score;
mod view;
mod volumes;

use std::collections::BTreeSet;
use std::sync::Arc;

use gatehouse_model::{Object, Value, json};

use super::client::Client;
use super::events::{self, EventType, Source};
use super::pods;
use preempt::Outcome;
use view::View;

const SOURCE: Source<'static> = Source::new("default-scheduler");

/// A reason why a node will not do.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Refusal {
    why: String,
    /// Whether it stays even if other pods leave.
    lasting: bool,
}

impl Refusal {
    fn lasting(why: impl Into<String>) -> Self {
        Self { why: why.into(), lasting: true }
    }

    fn resolvable(why: impl Into<String>) -> Self {
        Self { why: why.into(), lasting: false }
    }
}

/// Why one node will not do.
struct Verdict {
    node: String,
    refusals: Vec<Refusal>,
}

impl Verdict {
    fn is_lasting(&self) -> bool {
        self.refusals.iter().any(|r| r.lasting)
    }
}

pub(super) fn pass(client: &mut Client<'_>) {
    let mut waiting = unscheduled(client);
    if waiting.is_empty() {
        return;
    }
    // Pods that are new are taken as they come; of those that wait, higher priorities first.
    let version = |p: &Object| p.str_at(&["metadata", "resourceVersion"]).parse::<u64>().unwrap_or(0);
    gatehouse_model::order::by_key(&mut waiting, |p| {
        let tried = pods::condition(p, "PodScheduled").is_some();
        let urgency = if tried { std::cmp::Reverse(priority(p)) } else { std::cmp::Reverse(0) };
        (tried, urgency, pods::created(p).to_owned(), version(p))
    });
    let mut view = View::new(client);
    view.nominate(&waiting);
    for pod in waiting {
        if !awaits_victims(&view, &pod) {
            schedule(client, &mut view, &pod);
        }
    }
}

/// The pods that want a node: those that wanted one before, and those that changed.
fn unscheduled(client: &mut Client<'_>) -> Vec<Arc<Object>> {
    let memory = &client.cluster.controllers;
    let known = memory.changes(&client.cluster.store).map(|changes| {
        let changed = changes.filter(|c| *c.table == *"pods").map(|c| c.key.clone());
        changed.chain(memory.unscheduled.iter().cloned()).collect::<BTreeSet<_>>()
    });
    let all = match known {
        Some(keys) => {
            keys.iter().filter_map(|(namespace, name)| client.get("pods", namespace, name)).collect()
        }
        None => client.list("pods", None),
    };
    let waiting: Vec<Arc<Object>> = all.into_iter().filter(|p| waits(p)).collect();
    client.cluster.controllers.unscheduled =
        waiting.iter().map(|p| (p.namespace().into(), p.name().into())).collect();
    waiting
}

/// Whether pods are still leaving the node that room is being made on for this one.
fn awaits_victims(view: &View, pod: &Object) -> bool {
    let nominated = pod.str_at(&["status", "nominatedNodeName"]);
    let there = view.nodes.iter().filter(|(n, _)| !nominated.is_empty() && n.name() == nominated);
    there.flat_map(|(_, pods)| pods).any(|p| p.is_deleting() && priority(p) < priority(pod))
}

fn priority(pod: &Object) -> i64 {
    pod.i64_at(&["spec", "priority"]).unwrap_or(0)
}

fn waits(pod: &Object) -> bool {
    pods::node(pod).is_empty()
        && !pod.is_deleting()
        && !pods::is_finished(pod)
        && pod.str_at(&["spec", "schedulerName"]) == "default-scheduler"
        && pod.list_at(&["spec", "schedulingGates"]).is_empty()
}

fn schedule(client: &mut Client<'_>, view: &mut View, pod: &Arc<Object>) {
    if view.nodes.is_empty() {
        fail(client, pod, "no nodes available to schedule pods", None);
        return;
    }
    let total = view.nodes.len();
    let general = volumes::general_refusal(client, pod);
    let pinned = fit::pinned(pod);
    let mut verdicts = Vec::new();
    let mut fitting = Vec::new();
    for (node, there) in &view.nodes {
        if general.is_some() {
            verdicts.push(Verdict { node: node.name().to_owned(), refusals: vec![Refusal::lasting("")] });
        } else if pinned.as_ref().is_some_and(|names| !names.iter().any(|n| n == node.name())) {
            let why = "node(s) didn't satisfy plugin(s) [NodeAffinity]";
            verdicts.push(Verdict { node: node.name().to_owned(), refusals: vec![Refusal::lasting(why)] });
        } else {
            // Room that was made for others of its rank is not for this one.
            let with = view.with_nominated(pod, node.name());
            let mut refusals = with.map(|view| refuse(client, &view, pod, node)).unwrap_or_default();
            if refusals.is_empty() {
                refusals = refuse(client, view, pod, node);
            }
            if refusals.is_empty() {
                fitting.push((node, there));
            } else {
                verdicts.push(Verdict { node: node.name().to_owned(), refusals });
            }
        }
    }
    if let Some(node) = score::best(pod, &fitting).cloned() {
        bind(client, pod, &node);
        view.place(Arc::clone(pod), node.name());
        return;
    }
    let mut message = format!("0/{total} nodes are available:");
    match general {
        Some(why) => message.push_str(&format!(" {why}.")),
        None => message.push_str(&format!(" {}.", counted(&verdicts).join(", "))),
    }
    let minor = client.cluster.version.minor();
    match preempt::find(client, view, pod, &verdicts) {
        Outcome::Nominated(node, victims) => {
            fail(client, pod, &message, Some(&node));
            for victim in victims {
                preempt::evict(client, pod, &node, &victim);
            }
        }
        Outcome::Hopeless(why) if minor >= 34 => {
            message.push_str(&format!(" no new claims to deallocate, preemption: {why}"));
            fail(client, pod, &message, None);
        }
        Outcome::Hopeless(why) if minor >= 24 => {
            message.push_str(&format!(" preemption: {why}"));
            fail(client, pod, &message, None);
        }
        Outcome::Hopeless(_) => fail(client, pod, &message, None),
    }
}

/// How often each reason was given, as text in the order of text.
fn counted(verdicts: &[Verdict]) -> Vec<String> {
    let mut counted: Vec<(usize, &str)> = Vec::new();
    for refusal in verdicts.iter().flat_map(|v| &v.refusals) {
        match counted.iter_mut().find(|(_, w)| *w == refusal.why) {
            Some((n, _)) => *n += 1,
            None => counted.push((1, &refusal.why)),
        }
    }
    let mut reasons: Vec<String> = counted.iter().map(|(n, why)| format!("{n} {why}")).collect();
    gatehouse_model::order::sort(&mut reasons);
    reasons
}

/// Why a pod cannot go to a node: the first filter that refuses, with all it has to say.
fn refuse(client: &Client<'_>, view: &View, pod: &Object, node: &Arc<Object>) -> Vec<Refusal> {
    let there: &[Arc<Object>] =
        view.nodes.iter().find(|(n, _)| n.name() == node.name()).map_or(&[], |(_, there)| there);
    let unschedulable = json!({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"});
    let tolerations = pod.list_at(&["spec", "tolerations"]);
    if node.bool_at(&["spec", "unschedulable"]) == Some(true)
        && !tolerations.iter().any(|t| fit::tolerates(t, &unschedulable))
    {
        return vec![Refusal::lasting("node(s) were unschedulable")];
    }
    if let Some(taint) = fit::untolerated(pod, node, &["NoSchedule", "NoExecute"]) {
        return vec![Refusal::lasting(taint_words(client.cluster.version.minor(), taint))];
    }
    if !fit::matches_node(pod, node) {
        let why = match client.cluster.version.minor() {
            0..=20 => "node(s) didn't match Pod's node affinity",
            _ => "node(s) didn't match Pod's node affinity/selector",
        };
        return vec![Refusal::lasting(why)];
    }
    if fit::ports_taken(pod, there) {
        return vec![Refusal::resolvable("node(s) didn't have free ports for the requested pod ports")];
    }
    let lacking = resources::lacking(pod, node, there);
    if !lacking.is_empty() {
        return lacking;
    }
    if volumes::has_claims(pod) {
        let refusal = volumes::sole_user(client, view, pod).or_else(|| volumes::refusal(client, pod, node));
        if let Some(refusal) = refusal {
            return vec![refusal];
        }
    }
    if let Some(refusal) = affinity::spread_refusal(view, pod, node) {
        return vec![refusal];
    }
    match affinity::refusal(view, pod, node) {
        // It was said twice, in general and in particular.
        Some(refusal) if client.cluster.version.minor() <= 20 => {
            let general = "node(s) didn't match pod affinity/anti-affinity";
            vec![Refusal { why: general.to_owned(), lasting: refusal.lasting }, refusal]
        }
        refusal => refusal.into_iter().collect(),
    }
}

fn taint_words(minor: u8, taint: &Value) -> String {
    let (key, value) = (taint.str_at(&["key"]), taint.str_at(&["value"]));
    match minor {
        0..=23 => format!("node(s) had taint {{{key}: {value}}}, that the pod didn't tolerate"),
        24..=33 => format!("node(s) had untolerated taint {{{key}: {value}}}"),
        _ => "node(s) had untolerated taint(s)".to_owned(),
    }
}

fn bind(client: &mut Client<'_>, pod: &Object, node: &Object) {
    if volumes::has_claims(pod) && !volumes::bind(client, pod, node) {
        return;
    }
    let (namespace, name, node) = (pod.namespace(), pod.name(), node.name());
    let binding = json!({
        "apiVersion": "v1", "kind": "Binding", "metadata": {"name": name, "namespace": namespace},
        "target": {"apiVersion": "v1", "kind": "Node", "name": node},
    });
    if client.create_sub("pods", namespace, name, "binding", binding).is_ok() {
        let message = format!("Successfully assigned {namespace}/{name} to {node}");
        let words = ("Scheduled", "Binding");
        events::note_action(client, SOURCE, pod, EventType::Normal, words, &message);
    }
}

/// Says once that no node will do.
fn fail(client: &mut Client<'_>, pod: &Object, message: &str, nominated: Option<&str>) {
    let old = pods::condition(pod, "PodScheduled");
    if old.is_some_and(|c| c.str_at(&["message"]) == message)
        && nominated.is_none_or(|n| n == pod.str_at(&["status", "nominatedNodeName"]))
    {
        return;
    }
    let words = ("FailedScheduling", "Scheduling");
    events::note_action(client, SOURCE, pod, EventType::Warning, words, message);
    let same = old.filter(|c| c.str_at(&["status"]) == "False");
    let since = same.map_or_else(|| client.now(), |c| c.str_at(&["lastTransitionTime"]).to_owned());
    let mut condition = json!({
        "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message,
        "lastProbeTime": null, "lastTransitionTime": since,
    });
    if client.cluster.version.minor() >= 34 {
        condition.set(&["observedGeneration"], pod.generation());
    }
    let mut status = pod.get("status").cloned().unwrap_or_else(Value::map);
    let conditions = status.entry_at(&["conditions"]).make_list();
    match conditions.iter_mut().find(|c| c.str_at(&["type"]) == "PodScheduled") {
        Some(old) => *old = condition,
        None => conditions.push(condition),
    }
    if let Some(node) = nominated {
        status.set(&["nominatedNodeName"], node);
    }
    let _ = client.update_status("pods", pod, status);
}
