//! DestinationRule, as far as it says what a client's sidecar speaks to a service.
//!
//! Models istio `pilot/pkg/model/push_context.go` and `pilot/pkg/networking/core/cluster_tls.go`: a rule of the client's
//! namespace counts before one of the service's, and that before one of the root namespace; of several the most specific
//! host. Knows no subsets, no certificates of one's own (SIMPLE and MUTUAL speak TLS that no sidecar takes for the mesh's).

use gatehouse_model::{Object, Value};

use super::ROOT;
use crate::store::Store;

const RULES: &str = "destinationrules.networking.istio.io";

/// What a client's sidecar was told to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientTls {
    /// Plain text.
    Disable,
    /// The mesh's mutual TLS.
    IstioMutual,
    /// Some other TLS.
    Other,
}

/// The host a rule means, written in full: a short name is one of the rule's own namespace.
fn host_of(rule: &Object) -> String {
    let host = rule.str_at(&["spec", "host"]);
    if host.contains('.') || host.contains('*') {
        return host.to_owned();
    }
    format!("{host}.{}.svc.cluster.local", rule.namespace())
}

fn covers(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(end) => host.ends_with(end),
        None => pattern == host,
    }
}

/// The rule that counts for a service when a pod of `namespace` calls it.
#[must_use]
pub fn destination_rule<'s>(store: &'s Store, namespace: &str, service: &Object) -> Option<&'s Object> {
    let host = format!("{}.{}.svc.cluster.local", service.name(), service.namespace());
    let shown = |rule: &Object| match rule.list_at(&["spec", "exportTo"]) {
        [] => true,
        to => to
            .iter()
            .filter_map(Value::as_str)
            .any(|t| t == "*" || t == namespace || t == "." && rule.namespace() == namespace),
    };
    [namespace, service.namespace(), ROOT].into_iter().find_map(|of| {
        let mut best: Option<(usize, &Object)> = None;
        for rule in store.list(RULES, None).map(|r| &**r).filter(|r| r.namespace() == of && shown(r)) {
            let pattern = host_of(rule);
            if covers(&pattern, &host) && best.is_none_or(|(length, _)| pattern.len() > length) {
                best = Some((pattern.len(), rule));
            }
        }
        best.map(|(_, rule)| rule)
    })
}

/// What the sidecar of a pod of `namespace` was told to speak to a port of a service; `None` where nobody told it, and it
/// finds out by itself.
#[must_use]
pub fn client_tls(store: &Store, namespace: &str, service: &Object, port: u16) -> Option<ClientTls> {
    let rule = destination_rule(store, namespace, service)?;
    let policy = rule.at(&["spec", "trafficPolicy"])?;
    let mut levels = policy.list_at(&["portLevelSettings"]).iter();
    let of_port = levels.find(|l| l.i64_at(&["port", "number"]) == Some(i64::from(port)));
    // The settings of a port take the place of all others.
    match of_port.unwrap_or(policy).at(&["tls"])?.str_at(&["mode"]) {
        "ISTIO_MUTUAL" => Some(ClientTls::IstioMutual),
        "SIMPLE" | "MUTUAL" => Some(ClientTls::Other),
        _ => Some(ClientTls::Disable),
    }
}
