//! What the scheduler sees in one pass: nodes, the pods on them, namespaces.

use std::sync::Arc;

use gatehouse_model::Object;

use crate::controllers::client::Client;
use crate::controllers::pods;

/// See the module.
pub(super) struct View {
    /// The nodes, each with the pods bound to it that have not ended.
    pub(super) nodes: Vec<(Arc<Object>, Vec<Arc<Object>>)>,
    pub(super) namespaces: Vec<Arc<Object>>,
    /// Pods that wait for a node on which room was made for them.
    nominated: Vec<Arc<Object>>,
}

impl View {
    pub(super) fn new(client: &Client<'_>) -> Self {
        let mut nodes: Vec<(Arc<Object>, Vec<Arc<Object>>)> =
            client.list("nodes", None).into_iter().map(|n| (n, Vec::new())).collect();
        for pod in client.list("pods", None) {
            let there = nodes.iter_mut().find(|(n, _)| n.name() == pods::node(&pod));
            if let Some((_, list)) = there.filter(|_| !pods::is_finished(&pod)) {
                list.push(pod);
            }
        }
        Self { nodes, namespaces: client.list("namespaces", None), nominated: Vec::new() }
    }

    /// Notes which of the waiting pods were promised a node.
    pub(super) fn nominate(&mut self, waiting: &[Arc<Object>]) {
        let promised = |p: &&Arc<Object>| !p.str_at(&["status", "nominatedNodeName"]).is_empty();
        self.nominated = waiting.iter().filter(promised).cloned().collect();
    }

    /// The same with the pods on a node that it was promised to and that are of no lower priority than `pod`.
    pub(super) fn with_nominated(&self, pod: &Object, node: &str) -> Option<Self> {
        let comes_first = |p: &&Arc<Object>| {
            p.str_at(&["status", "nominatedNodeName"]) == node
                && p.uid() != pod.uid()
                && super::priority(p) >= super::priority(pod)
        };
        let more: Vec<Arc<Object>> = self.nominated.iter().filter(comes_first).cloned().collect();
        if more.is_empty() {
            return None;
        }
        let mut view =
            Self { nodes: self.nodes.clone(), namespaces: self.namespaces.clone(), nominated: Vec::new() };
        for pod in more {
            view.place(pod, node);
        }
        Some(view)
    }

    /// The same with other pods on the node at a position.
    pub(super) fn with(&self, at: usize, there: Vec<Arc<Object>>) -> Self {
        let mut nodes = self.nodes.clone();
        if let Some(entry) = nodes.get_mut(at) {
            entry.1 = there;
        }
        Self { nodes, namespaces: self.namespaces.clone(), nominated: Vec::new() }
    }

    /// Notes that a pod is on a node now.
    pub(super) fn place(&mut self, pod: Arc<Object>, node: &str) {
        self.nominated.retain(|p| p.uid() != pod.uid());
        if let Some((_, list)) = self.nodes.iter_mut().find(|(n, _)| n.name() == node) {
            list.push(pod);
        }
    }
}
