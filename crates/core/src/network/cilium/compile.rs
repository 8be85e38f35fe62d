//! Cilium's rules, compiled.

use gatehouse_model::{Object, Value, json};

use super::super::bits::Bits;
use super::super::compile::Facts;
use super::super::policy::{Action, Direction, Policy, PortMatch, Protocol, Rule, Side, Tier};
use super::identity::{Facts as Identities, NAMESPACE};
use super::requests::Beyond;
use super::selectors::{self, Scope};
use crate::decision::ObjectRef;

/// Compiles a policy; to nothing where Cilium would not take it.
pub(in super::super) fn compile(facts: &Facts, object: &Object) -> Vec<Policy> {
    if !super::complaints(object, facts.snapshot.settings).is_empty() {
        return Vec::new();
    }
    let clusterwide = object.kind() == "CiliumClusterwideNetworkPolicy";
    let home = if object.namespace().is_empty() { "default" } else { object.namespace() };
    let namespace = (!clusterwide).then_some(home);
    let source = ObjectRef {
        kind: object.kind().to_owned(),
        namespace: namespace.unwrap_or_default().to_owned(),
        name: object.name().to_owned(),
    };
    super::specs(object).map(|(at, spec)| policy(facts, namespace, &source, &at, spec)).collect()
}

fn policy(facts: &Facts, namespace: Option<&str>, source: &ObjectRef, at: &str, spec: &Value) -> Policy {
    let (selects, nodes) = subjects(facts, namespace, spec);
    let initial = spec.get("endpointSelector").is_some_and(|s| selectors::has(s, |k| k == "reserved:init"));
    let scope = Scope { namespace, initial };
    let side = |direction: Direction| -> Option<Side> {
        let (allow, deny, from) = match direction {
            Direction::Ingress => ("ingress", "ingressDeny", "from"),
            Direction::Egress => ("egress", "egressDeny", "to"),
        };
        let (allowing, denying) = (spec.list_at(&[allow]), spec.list_at(&[deny]));
        if allowing.is_empty() && denying.is_empty() {
            return None;
        }
        let mut rules = Vec::new();
        for (word, list, action) in [(allow, allowing, Action::Allow), (deny, denying, Action::Deny)] {
            for (i, rule) in list.iter().enumerate() {
                let field = format!("{at}.{word}[{i}]");
                add_rules(facts, scope, direction, (from, action), rule, &field, &mut rules);
            }
        }
        let isolates = spec.bool_at(&["enableDefaultDeny", allow]).unwrap_or(true);
        let mut side = Side::new(isolates, rules);
        let requires = format!("{from}Requires");
        side.requires =
            [allowing, denying].map(|list| selectors::requirements(facts, scope, list, &requires));
        Some(side)
    };
    Policy {
        source: source.clone(),
        tier: Tier::Standard,
        selects,
        nodes,
        ingress: side(Direction::Ingress),
        egress: side(Direction::Egress),
    }
}

/// The pods and nodes a policy is about.
fn subjects(facts: &Facts, namespace: Option<&str>, spec: &Value) -> (Bits, Vec<usize>) {
    if let Some(selector) = spec.get("nodeSelector") {
        if !facts.snapshot.settings.host_firewall {
            return (Bits::none(facts.size()), Vec::new());
        }
        let labels = facts.snapshot.nodes.iter().map(|n| &n.labels);
        let index = super::super::index::LabelIndex::new(labels);
        let nodes: Vec<usize> = index.select(&selectors::plain(selector)).iter().collect();
        let on = |i: usize| facts.cilium.as_ref().and_then(|c| c.node_of_pod(i));
        let pods = Bits::of(facts.size(), |i| {
            !facts.selectable.contains(i) && on(i).is_some_and(|n| nodes.contains(&n))
        });
        return (pods, nodes);
    }
    let mut selector = selectors::plain(spec.get("endpointSelector").unwrap_or(&Value::Null));
    match namespace {
        Some(namespace) => {
            selector.entry_at(&["matchLabels"]).make_map().insert(NAMESPACE, namespace);
        }
        None => selector
            .entry_at(&["matchExpressions"])
            .make_list()
            .push(json!({"key": NAMESPACE, "operator": "Exists"})),
    }
    (selectors::selection(facts, &selector).pods, Vec::new())
}

/// One rule for each of its port lists, since each list may ask for requests of its own.
fn add_rules(
    facts: &Facts,
    scope: Scope<'_>,
    direction: Direction,
    (word, action): (&str, Action),
    rule: &Value,
    field: &str,
    into: &mut Vec<Rule>,
) {
    let peers = selectors::peers(facts, scope, rule, word);
    let beyond = |ports: Option<&Value>| match action {
        Action::Allow => Beyond::of(rule, ports),
        Action::Deny | Action::Pass => None,
    };
    let (lists, icmps) = (rule.list_at(&["toPorts"]), rule.list_at(&["icmps"]));
    if lists.is_empty() && icmps.is_empty() {
        // A rule that says nothing matches nothing: it only isolates.
        if peers.is_some() {
            let ports = Vec::new();
            into.push(Rule { field: field.to_owned(), action, peers, ports, beyond: beyond(None) });
        }
        return;
    }
    for (i, list) in lists.iter().enumerate() {
        let mut ports = Vec::new();
        for entry in list.list_at(&["ports"]) {
            port_matches(facts, direction, entry, &mut ports);
        }
        if !ports.is_empty() {
            let field = format!("{field}.toPorts[{i}]");
            into.push(Rule { field, action, peers: peers.clone(), ports, beyond: beyond(Some(list)) });
        }
    }
    for (i, list) in icmps.iter().enumerate() {
        let ports: Vec<PortMatch> = list.list_at(&["fields"]).iter().filter_map(icmp).collect();
        if !ports.is_empty() {
            let field = format!("{field}.icmps[{i}]");
            into.push(Rule { field, action, peers: peers.clone(), ports, beyond: beyond(None) });
        }
    }
}

fn port_matches(facts: &Facts, direction: Direction, entry: &Value, into: &mut Vec<PortMatch>) {
    let protocols: &[Protocol] = match entry.str_at(&["protocol"]).to_ascii_uppercase().as_str() {
        "" | "ANY" => &[Protocol::Tcp, Protocol::Udp, Protocol::Sctp],
        "TCP" => &[Protocol::Tcp],
        "UDP" => &[Protocol::Udp],
        "SCTP" => &[Protocol::Sctp],
        // Protocols without ports, which nothing here speaks.
        _ => return into.push(PortMatch::Nothing),
    };
    for protocol in protocols {
        let matched = match number(entry.str_at(&["port"])) {
            Some(0) => PortMatch::Any(*protocol),
            Some(first) => {
                let last = entry.i64_at(&["endPort"]).and_then(|l| u16::try_from(l).ok()).unwrap_or(0);
                PortMatch::Range(*protocol, first, last.max(first))
            }
            None => PortMatch::Named(Some(*protocol), entry.str_at(&["port"]).to_ascii_lowercase()),
        };
        Identities::settle(&facts.snapshot, direction, matched, into);
    }
}

/// A port written as a number, as Go reads one.
pub(super) fn number(text: &str) -> Option<u16> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u16::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

const TYPES: [(&str, u16); 13] = [
    ("EchoReply", 0),
    ("DestinationUnreachable", 3),
    ("Redirect", 5),
    ("Echo", 8),
    ("EchoRequest", 8),
    ("RouterAdvertisement", 9),
    ("RouterSelection", 10),
    ("TimeExceeded", 11),
    ("ParameterProblem", 12),
    ("Timestamp", 13),
    ("TimestampReply", 14),
    ("ExtendedEchoRequest", 42),
    ("ExtendedEchoReply", 43),
];

const TYPES_V6: [(&str, u16); 12] = [
    ("DestinationUnreachable", 1),
    ("PacketTooBig", 2),
    ("TimeExceeded", 3),
    ("ParameterProblem", 4),
    ("EchoRequest", 128),
    ("EchoReply", 129),
    ("RouterSolicitation", 133),
    ("RouterAdvertisement", 134),
    ("NeighborSolicitation", 135),
    ("NeighborAdvertisement", 136),
    ("ExtendedEchoRequest", 160),
    ("ExtendedEchoReply", 161),
];

fn icmp(field: &Value) -> Option<PortMatch> {
    let (protocol, names) = match field.str_at(&["family"]) {
        "IPv6" => (Protocol::Icmpv6, &TYPES_V6[..]),
        _ => (Protocol::Icmp, &TYPES[..]),
    };
    let kind = match field.get("type")? {
        Value::Int(number) => u16::try_from(*number).ok()?,
        Value::Str(text) => match text.parse() {
            Ok(number) => number,
            Err(_) => names.iter().find(|(name, _)| *name == &**text).map(|(_, number)| *number)?,
        },
        _ => return None,
    };
    Some(PortMatch::Range(protocol, kind, kind))
}
