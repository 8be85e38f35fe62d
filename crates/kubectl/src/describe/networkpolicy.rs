//! Network policies.

use gatehouse_model::{Object, Value, time};

use super::writer::Writer;
use super::{Description, int_or_string, joined, or_none, present, selector};
use crate::error::Error;

/// The words for one direction of traffic.
struct Direction {
    name: &'static str,
    member: &'static str,
    peers: &'static str,
    title: &'static str,
    end: &'static str,
}

const DIRECTIONS: [Direction; 2] = [
    Direction { name: "Ingress", member: "ingress", peers: "from", title: "From", end: "source" },
    Direction { name: "Egress", member: "egress", peers: "to", title: "To", end: "destination" },
];

pub(super) fn describe(d: &mut Description<'_, '_, '_>, policy: &Object) -> Result<(), Error> {
    d.heading(policy);
    let created = policy.str_at(&["metadata", "creationTimestamp"]);
    let created = match time::parse_rfc3339(created) {
        Ok((seconds, _)) => time::rfc3339(seconds).replace('T', " ").replace('Z', " +0000 UTC"),
        Err(_) => "0001-01-01 00:00:00 +0000 UTC".to_owned(),
    };
    d.w.field(0, "Created on", created);
    d.labels_and_annotations(policy);
    let w = &mut d.w;
    let spec = policy.get("spec").unwrap_or(&Value::Null);
    w.line(0, "Spec:");
    w.write(1, "PodSelector: ");
    let pods = spec.get("podSelector");
    let everything = pods
        .is_none_or(|p| p.map_at(&["matchLabels"]).is_empty() && p.list_at(&["matchExpressions"]).is_empty());
    if everything {
        w.line(2, "<none> (Allowing the specific traffic to all pods in this namespace)");
    } else {
        w.line(2, selector(pods));
    }
    let types: Vec<&str> = spec.list_at(&["policyTypes"]).iter().filter_map(Value::as_str).collect();
    for direction in &DIRECTIONS {
        let word = direction.member;
        if types.contains(&direction.name) {
            w.line(1, format!("Allowing {word} traffic:"));
            rules(w, spec.list_at(&[word]), direction);
        } else {
            w.line(1, format!("Not affecting {word} traffic"));
        }
    }
    w.line(1, format!("Policy Types: {}", or_none(&types.join(", "))));
    Ok(())
}

fn rules(w: &mut Writer, rules: &[Value], direction: &Direction) {
    if rules.is_empty() {
        w.line(2, format!("<none> (Selected pods are isolated for {} connectivity)", direction.member));
    }
    for (i, rule) in rules.iter().enumerate() {
        let ports = rule.list_at(&["ports"]);
        if ports.is_empty() {
            w.line(2, "To Port: <any> (traffic allowed to all ports)");
        }
        for port in ports {
            let protocol = present(port, &["protocol"]).map_or("TCP", |p| p.as_str().unwrap_or(""));
            // A rule may name a protocol alone: Go prints the missing port as it prints any nil.
            let number = present(port, &["port"]).map_or("<nil>".to_owned(), |p| int_or_string(Some(p)));
            match port.i64_at(&["endPort"]).filter(|_| !w.old) {
                None => w.line(2, format!("To Port: {number}/{protocol}")),
                Some(end) => w.line(2, format!("To Port Range: {number}-{end}/{protocol}")),
            }
        }
        let peers = rule.list_at(&[direction.peers]);
        if peers.is_empty() {
            w.line(2, format!("{}: <any> (traffic not restricted by {})", direction.title, direction.end));
        }
        for peer in peers {
            w.line(2, format!("{}:", direction.title));
            self::peer(w, peer);
        }
        if i + 1 < rules.len() {
            w.line(2, "----------");
        }
    }
}

fn peer(w: &mut Writer, peer: &Value) {
    let (namespaces, pods) = (present(peer, &["namespaceSelector"]), present(peer, &["podSelector"]));
    if namespaces.is_some() {
        w.line(3, format!("NamespaceSelector: {}", selector(namespaces)));
    }
    if pods.is_some() {
        w.line(3, format!("PodSelector: {}", selector(pods)));
    }
    if let (None, None, Some(block)) = (namespaces, pods, present(peer, &["ipBlock"])) {
        w.line(3, "IPBlock:");
        w.line(4, format!("CIDR: {}", block.str_at(&["cidr"])));
        w.line(4, format!("Except: {}", joined(block, &["except"], ", ")));
    }
}
