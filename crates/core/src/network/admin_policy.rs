//! AdminNetworkPolicy and BaselineAdminNetworkPolicy of `policy.networking.k8s.io/v1alpha1`.
//!
//! Models their documentation in kubernetes-sigs/network-policy-api `apis/v1alpha1`. Rules are looked at in order, and
//! the first that matches decides; admin policies come before NetworkPolicy, the baseline after it, and only for pods
//! that no NetworkPolicy selects. Among policies of one priority, which is left open, the first by name comes first.

use gatehouse_model::{Object, Value};

use super::addr::Cidr;
use super::bits::Bits;
use super::compile::Facts;
use super::policy::{Action, Block, Direction, Peer, Policy, PortMatch, Protocol, Rule, Side, Tier};
use crate::decision::ObjectRef;

/// Compiles an AdminNetworkPolicy or a BaselineAdminNetworkPolicy.
pub(super) fn compile(facts: &Facts, object: &Object) -> Policy {
    let spec = object.get("spec").unwrap_or(&Value::Null);
    let side = |direction: Direction| {
        let word = direction.as_str();
        let rules = spec.list_at(&[word]).iter().enumerate();
        let rules = rules.map(|(i, r)| rule(facts, r, format!("spec.{word}[{i}]"), direction));
        (!spec.list_at(&[word]).is_empty()).then(|| Side::new(false, rules.collect()))
    };
    Policy {
        source: ObjectRef {
            kind: object.kind().to_owned(),
            namespace: String::new(),
            name: object.name().to_owned(),
        },
        tier: if object.kind() == "AdminNetworkPolicy" {
            Tier::Admin(spec.i64_at(&["priority"]).unwrap_or(0))
        } else {
            Tier::Baseline
        },
        selects: pods(facts, spec.get("subject").unwrap_or(&Value::Null))
            .unwrap_or_else(|| Bits::none(facts.size())),
        nodes: Vec::new(),
        ingress: side(Direction::Ingress),
        egress: side(Direction::Egress),
    }
}

fn rule(facts: &Facts, rule: &Value, field: String, direction: Direction) -> Rule {
    let word = if direction == Direction::Ingress { "from" } else { "to" };
    let action = match rule.str_at(&["action"]) {
        "Allow" => Action::Allow,
        "Pass" => Action::Pass,
        _ => Action::Deny,
    };
    let ports: Vec<PortMatch> = rule.list_at(&["ports"]).iter().map(port).collect();
    let peers: Option<Vec<Peer>> = rule.list_at(&[word]).iter().map(|p| peer(facts, p)).collect();
    match peers {
        Some(peers) => Rule { field, action, peers: Some(peers.into()), ports, beyond: None },
        // A peer of a kind that is not known: closed is the safe side.
        None if action == Action::Allow => {
            Rule { field, action, peers: Some(Vec::new().into()), ports, beyond: None }
        }
        None => Rule { field, action: Action::Deny, peers: None, ports: Vec::new(), beyond: None },
    }
}

/// The pods a subject or peer names, which are never those of the nodes' own network.
fn pods(facts: &Facts, of: &Value) -> Option<Bits> {
    let mut pods = if let Some(selector) = of.get("namespaces") {
        facts.in_namespaces(selector)
    } else {
        let both = of.get("pods")?;
        let mut pods = facts.in_namespaces(both.get("namespaceSelector").unwrap_or(&Value::Null));
        pods.intersect(&facts.labels.select(both.get("podSelector").unwrap_or(&Value::Null)));
        pods
    };
    pods.intersect(&facts.selectable);
    Some(pods)
}

fn peer(facts: &Facts, of: &Value) -> Option<Peer> {
    if let Some(pods) = pods(facts, of) {
        return Some(Peer::pods(pods));
    }
    let blocks: Vec<Block> = if let Some(selector) = of.get("nodes") {
        let nodes = &facts.snapshot.nodes;
        let chosen = super::index::LabelIndex::new(nodes.iter().map(|n| &n.labels)).select(selector);
        let ips = chosen.iter().filter_map(|n| nodes.get(n)).flat_map(|n| &n.ips);
        ips.map(|ip| Block::single(*ip)).collect()
    } else if let Some(cidrs) = of.get("networks") {
        let cidrs = cidrs.items().iter().filter_map(|c| Cidr::parse(c.as_str()?));
        cidrs.map(|cidr| Block { cidr, except: Vec::new() }).collect()
    } else {
        let names = of.get("domainNames")?.items();
        let wanted = |name: &str| names.iter().filter_map(Value::as_str).any(|n| domain(n, name));
        let learned = facts.snapshot.plugin.learned.iter().filter(|(name, _)| wanted(name));
        learned.flat_map(|(_, ips)| ips.iter().map(|ip| Block::single(*ip))).collect()
    };
    let mut pods = Bits::none(facts.size());
    for block in &blocks {
        pods.union(&facts.in_block(block));
    }
    Some(Peer { blocks, ..Peer::pods(pods) })
}

/// Whether a domain name, or `*.` and one, matches a name that was looked up. The star stands for one or more labels.
fn domain(pattern: &str, name: &str) -> bool {
    let pattern = pattern.trim_end_matches('.').to_ascii_lowercase();
    match pattern.strip_prefix("*.") {
        Some(parent) => {
            name.strip_suffix(parent).and_then(|n| n.strip_suffix('.')).is_some_and(|n| !n.is_empty())
        }
        None => name == pattern,
    }
}

fn port(entry: &Value) -> PortMatch {
    let number = |v: Option<i64>| v.and_then(|n| u16::try_from(n).ok()).unwrap_or(0);
    if let Some(one) = entry.get("portNumber") {
        let n = number(one.i64_at(&["port"]));
        PortMatch::Range(Protocol::of(one), n, n)
    } else if let Some(range) = entry.get("portRange") {
        let (first, last) = (range.i64_at(&["start"]), range.i64_at(&["end"]));
        PortMatch::Range(Protocol::of(range), number(first), number(last))
    } else if let Some(name) = entry.get("namedPort") {
        PortMatch::Named(None, name.as_str().unwrap_or_default().to_owned())
    } else {
        PortMatch::Nothing
    }
}
