//! What Cilium refuses although its schema allows it, in the words of its operator and agent.
//!
//! Models `pkg/policy/api/rule_validation.go`. Where Cilium looks at a map in random order, the order here is fixed.

use gatehouse_model::Value;

use super::super::addr::Cidr;
use super::Settings;
use super::compile::number;
use super::requests::whole;

type Check = Result<(), String>;

const SIDES: [&str; 4] = ["ingress", "ingressDeny", "egress", "egressDeny"];

/// What is wrong with one rule specification: the first fault, and what authentication would need.
pub(super) fn complaints(spec: &Value, settings: Settings) -> Vec<String> {
    let mut found: Vec<String> = sanitize(spec).err().into_iter().collect();
    let asks = |side: &str| {
        spec.list_at(&[side]).iter().any(|r| r.get("authentication").is_some_and(|a| !a.is_null()))
    };
    if !settings.authentication {
        for side in ["ingress", "egress"] {
            if asks(side) {
                found.push(format!(
                    "mutual auth feature is disabled but an {side} auth rule is defined in policy"
                ));
                break;
            }
        }
    }
    found
}

fn sanitize(spec: &Value) -> Check {
    if SIDES.iter().all(|side| spec.list_at(&[side]).is_empty()) {
        return Err("rule must have at least one of Ingress, IngressDeny, Egress, EgressDeny".to_owned());
    }
    let there = |key: &str| spec.get(key).is_some_and(|v| !v.is_null());
    match (there("endpointSelector"), there("nodeSelector")) {
        (false, false) => return Err("rule must have one of EndpointSelector or NodeSelector".to_owned()),
        (true, true) => return Err("rule cannot have both EndpointSelector and NodeSelector".to_owned()),
        _ => {}
    }
    let host = there("nodeSelector");
    for side in SIDES {
        for rule in spec.list_at(&[side]) {
            rule_of(rule, side, host)?;
        }
    }
    Ok(())
}

fn rule_of(rule: &Value, side: &str, host: bool) -> Check {
    let ingress = side.starts_with("ingress");
    let denies = side.ends_with("Deny");
    if ingress {
        members(rule, "from", "From", &["Endpoints", "CIDR", "CIDRSet", "Entities", "Nodes", "Groups"])?;
    } else {
        let all = ["CIDR", "CIDRSet", "Endpoints", "Entities", "Services", "Groups", "Nodes", "FQDNs"];
        members(rule, "to", "To", &all)?;
    }
    let word = if ingress { "from" } else { "to" };
    let list = |what: &str| rule.list_at(&[&format!("{word}{what}")]);
    if !list("Nodes").is_empty() {
        let flag = "enable-node-selector-labels";
        return Err(format!("FromNodes/ToNodes rules can only be applied when the \"{flag}\" flag is set"));
    }
    for cidr in list("CIDR") {
        let text = cidr.as_str().unwrap_or_default();
        if text.is_empty() {
            return Err("IP must be specified".to_owned());
        }
        if Cidr::parse(text).is_none() && text.parse::<std::net::IpAddr>().is_err() {
            return Err(format!("unable to parse CIDR: {}", go_parse_addr(text)));
        }
    }
    for set in list("CIDRSet") {
        cidr_set(set)?;
    }
    for entity in list("Entities").iter().filter_map(Value::as_str) {
        if !ENTITIES.contains(&entity) {
            return Err(format!("unsupported entity: {entity}"));
        }
    }
    let ports = rule.list_at(&["toPorts"]);
    let uses = |kind: &str| ports.iter().any(|p| !p.list_at(&["rules", kind]).is_empty());
    if !denies {
        let layer7 = ports.iter().any(|p| p.get("rules").is_some_and(|r| !r.entries().is_empty()));
        if ingress && host && layer7 {
            return Err("L7 policy is not supported on host ingress yet".to_owned());
        }
        if ingress && uses("dns") {
            return Err("L7 protocol DNS is not supported on ingress yet".to_owned());
        }
        for (kind, name) in [("http", "HTTP"), ("kafka", "Kafka")] {
            if !ingress && host && uses(kind) {
                return Err(format!("L7 protocol {name} is not supported on host egress yet"));
            }
        }
    }
    if !rule.list_at(&["icmps"]).is_empty() && !ports.is_empty() {
        let why =
            "the ICMPs block may only be present without ToPorts. Define a separate rule to use ToPorts";
        return Err(why.to_owned());
    }
    for list in ports {
        port_rule(list)?;
    }
    if rule.list_at(&["icmps"]).iter().any(|l| l.list_at(&["fields"]).len() > 40) {
        return Err("too many types, the max is 40".to_owned());
    }
    for name in list("FQDNs") {
        dns_name(name, true)?;
    }
    Ok(())
}

const ENTITIES: [&str; 13] = [
    "all",
    "world",
    "world-ipv4",
    "world-ipv6",
    "cluster",
    "host",
    "init",
    "ingress",
    "unmanaged",
    "remote-node",
    "health",
    "none",
    "kube-apiserver",
];

fn members(rule: &Value, word: &str, shown: &str, all: &[&str]) -> Check {
    let mut used = all.iter().filter(|what| !rule.list_at(&[&format!("{word}{what}")]).is_empty());
    match (used.next(), used.next()) {
        (Some(a), Some(b)) => Err(format!("combining {shown}{a} and {shown}{b} is not supported yet")),
        _ => Ok(()),
    }
}

fn cidr_set(set: &Value) -> Check {
    let text = |key: &str| set.str_at(&[key]);
    let ways = [
        !text("cidrGroupRef").is_empty(),
        !text("cidr").is_empty(),
        set.get("cidrGroupSelector").is_some_and(|s| !s.is_null()),
    ];
    match ways.iter().filter(|w| **w).count() {
        0 => return Err("one of cidr, cidrGroupRef, or cidrGroupSelector is required".to_owned()),
        1 => {}
        _ => {
            return Err("more than one of cidr, cidrGroupRef, or cidrGroupSelector may not be set".to_owned());
        }
    }
    if text("cidr").is_empty() {
        return Ok(());
    }
    let cidr = text("cidr");
    let Some(outer) = Cidr::parse(cidr) else {
        let why = format!("netip.ParsePrefix(\"{cidr}\"): no '/'");
        return Err(format!("unable to parse CIDRRule \"{cidr}\": {why}"));
    };
    for except in set.list_at(&["except"]).iter().filter_map(Value::as_str) {
        let Some(inner) = Cidr::parse(except) else {
            return Err(format!("netip.ParsePrefix(\"{except}\"): no '/'"));
        };
        if !outer.contains(inner.base()) {
            return Err(format!("allow CIDR prefix {cidr} does not contain exclude CIDR prefix {except}"));
        }
    }
    Ok(())
}

/// What Go says of something that is no address.
fn go_parse_addr(text: &str) -> String {
    format!("ParseAddr(\"{text}\"): unable to parse IP")
}

fn port_rule(list: &Value) -> Check {
    let (dns, http) = (list.list_at(&["rules", "dns"]), list.list_at(&["rules", "http"]));
    let layer7 = list.get("rules").is_some_and(|r| !r.entries().is_empty());
    let ports = list.list_at(&["ports"]);
    if !list.list_at(&["serverNames"]).is_empty() && layer7 && list.get("terminatingTLS").is_none() {
        return Err("ServerNames are not allowed with L7 rules without TLS termination".to_owned());
    }
    if ports.len() > 40 {
        return Err("too many ports, the max is 40".to_owned());
    }
    let mut zero = false;
    for entry in ports {
        let (port, protocol) = (entry.str_at(&["port"]), entry.str_at(&["protocol"]).to_ascii_uppercase());
        if port.is_empty() {
            return Err("port must be specified".to_owned());
        }
        if !service_name(port) {
            let Some(number) = number(port) else {
                let why = format!("strconv.ParseUint: parsing \"{port}\": invalid syntax");
                return Err(format!("unable to parse port: {why}"));
            };
            zero |= number == 0;
            let last = entry.i64_at(&["endPort"]).unwrap_or(0);
            if !dns.is_empty() && last > i64::from(number) {
                return Err("DNS rules do not support port ranges".to_owned());
            }
        }
        let shown = if protocol.is_empty() { "ANY" } else { &protocol };
        if !matches!(shown, "ANY" | "TCP" | "UDP" | "SCTP" | "VRRP" | "IGMP") {
            return Err(format!(
                "invalid protocol \"{shown}\", must be {{ tcp | udp | sctp | vrrp | igmp | any }}"
            ));
        }
        if layer7 && dns.is_empty() && shown != "TCP" {
            return Err(format!("L7 rules can only apply to TCP (not {shown}) except for DNS rules"));
        }
    }
    if !layer7 {
        return Ok(());
    }
    if zero {
        return Err("L7 rules can not be used when a port is 0".to_owned());
    }
    for rule in http {
        for key in ["path", "method"] {
            if let Err(why) = whole(rule.str_at(&[key])) {
                return Err(format!("error parsing regexp: {why}"));
            }
        }
    }
    if !dns.is_empty() && ports.is_empty() {
        return Err("port 53 must be specified for DNS rules".to_owned());
    }
    dns.iter().try_for_each(|name| dns_name(name, false))?;
    let kinds = ["http", "kafka", "dns"].iter().filter(|k| list.at(&["rules", k]).is_some()).count();
    let other = usize::from(!list.str_at(&["rules", "l7proto"]).is_empty());
    if list.at(&["rules", "l7"]).is_some() && other == 0 {
        return Err("'l7' may only be specified when a 'l7proto' is also specified".to_owned());
    }
    if kinds + other > 1 {
        return Err("multiple L7 protocol rule types specified in single rule".to_owned());
    }
    Ok(())
}

/// What IANA calls a service's name: some letter, no two dashes, at most fifteen characters.
///
/// Models Cilium's `pkg/iana`.
fn service_name(text: &str) -> bool {
    text.len() <= 15
        && text.bytes().any(|c| c.is_ascii_alphabetic())
        && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--")
}

fn dns_name(selector: &Value, peer: bool) -> Check {
    let (name, pattern) = (selector.str_at(&["matchName"]), selector.str_at(&["matchPattern"]));
    if peer && !name.is_empty() && !pattern.is_empty() {
        return Err("only one of MatchName or MatchPattern is allowed in an FQDNSelector".to_owned());
    }
    let only = |text: &str, extra: &str| {
        text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c) || extra.contains(c))
    };
    if !only(name, "") {
        return Err(format!(
            "Invalid characters in MatchName: \"{name}\". Only 0-9, a-z, A-Z and . and - characters are allowed"
        ));
    }
    if !only(pattern, "*") {
        return Err(format!(
            "Invalid characters in MatchPattern: \"{pattern}\". Only 0-9, a-z, A-Z and ., - and * characters are allowed"
        ));
    }
    Ok(())
}
