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
        Self { nodes, namespaces: client.list("namespaces", None) }
    }

    /// Notes that a pod is on a node now.
    pub(super) fn place(&mut self, pod: Arc<Object>, node: &str) {
        if let Some((_, list)) = self.nodes.iter_mut().find(|(n, _)| n.name() == node) {
            list.push(pod);
        }
    }
}
