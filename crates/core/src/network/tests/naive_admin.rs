//! The same of AdminNetworkPolicy and BaselineAdminNetworkPolicy, around the reference for NetworkPolicy.

use super::Who;
use super::naive::{self, inside, named, of_namespaces, pod_in, selects};
use super::*;

/// Whom an admin policy's subject or peer means.
fn admin_peer(p: &Value, namespaces: &[Namespace], nodes: &[Node], other: Who<'_>) -> bool {
    if let Some(s) = p.get("nodes") {
        let mut chosen = nodes.iter().filter(|n| selects(s, &n.labels));
        return chosen.any(|n| n.ips.iter().any(|ip| other.ips().contains(ip)));
    }
    if let Some(cidrs) = p.get("networks") {
        return cidrs.items().iter().any(|c| inside(other, c.as_str().expect("text"), &[]));
    }
    let Some(pod) = pod_in(other) else { return false };
    if let Some(s) = p.get("namespaces") {
        return of_namespaces(s, namespaces, pod);
    }
    let both = |key: &str| p.at(&["pods", key]).expect("a selector");
    of_namespaces(both("namespaceSelector"), namespaces, pod) && selects(both("podSelector"), &pod.labels)
}

fn admin_open(entry: &Value, port: Port, to: Who<'_>) -> bool {
    let protocol = |v: &Value| Protocol::parse(v.str_at(&["protocol"])).unwrap_or_default() == port.protocol;
    let within = |v: &Value, first: &str, last: &str| {
        let (first, last) = (v.i64_at(&[first]).expect("a number"), v.i64_at(&[last]).expect("a number"));
        (first..=last).contains(&i64::from(port.number))
    };
    if let Some(one) = entry.get("portNumber") {
        return protocol(one) && within(one, "port", "port");
    }
    if let Some(range) = entry.get("portRange") {
        return protocol(range) && within(range, "start", "end");
    }
    named(entry.get("namedPort").expect("a name"), port.protocol, port, to)
}

/// The admin policies, and what lies between them.
pub(super) struct World<'a> {
    pub(super) standard: naive::World<'a>,
    pub(super) nodes: &'a [Node],
}

impl World<'_> {
    pub(super) fn allowed(&self, from: Who<'_>, to: Who<'_>, port: Port) -> bool {
        let half = |word, subject, other| self.half(word, subject, other, to, port);
        from == to || half("ingress", to, from) && half("egress", from, to)
    }

    fn half(&self, word: &str, subject: Who<'_>, other: Who<'_>, to: Who<'_>, port: Port) -> bool {
        if pod_in(subject).is_none() {
            return true;
        }
        let peers = if word == "ingress" { "from" } else { "to" };
        let namespaces = self.standard.namespaces;
        let decide = |kind: &str| {
            let mut all: Vec<&Object> = self.standard.policies.iter().filter(|p| p.kind() == kind).collect();
            all.sort_by_key(|p| p.i64_at(&["spec", "priority"]));
            all.into_iter()
                .filter(|p| {
                    admin_peer(p.at(&["spec", "subject"]).expect("a subject"), namespaces, &[], subject)
                })
                .flat_map(|p| p.list_at(&["spec", word]))
                .find(|r| {
                    let (ps, os) = (r.list_at(&[peers]), r.list_at(&["ports"]));
                    ps.iter().any(|p| admin_peer(p, namespaces, self.nodes, other))
                        && (os.is_empty() || os.iter().any(|e| admin_open(e, port, to)))
                })
                .map(|r| r.str_at(&["action"]).to_owned())
        };
        match decide("AdminNetworkPolicy").as_deref() {
            Some("Allow") => true,
            Some("Deny") => false,
            _ => self
                .standard
                .half(word, subject, other, to, port)
                .unwrap_or_else(|| decide("BaselineAdminNetworkPolicy").as_deref() != Some("Deny")),
        }
    }
}
