//! What the documentation of NetworkPolicy, AdminNetworkPolicy and BaselineAdminNetworkPolicy says, in as few words as
//! possible: the reference.

use super::*;

/// One end: a pod, or an address that is no pod's.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Who<'a> {
    Pod(&'a Pod),
    Ip(IpAddr),
}

impl Who<'_> {
    fn ips(&self) -> Vec<IpAddr> {
        match self {
            Self::Pod(pod) => pod.ips.clone(),
            Self::Ip(ip) => vec![*ip],
        }
    }
}

pub(super) fn selects(selector: &Value, labels: &Map) -> bool {
    let get = |k: &str| labels.get(k).and_then(Value::as_str);
    let listed = |e: &Value, v: &str| e.list_at(&["values"]).iter().any(|x| x.as_str() == Some(v));
    selector.map_at(&["matchLabels"]).iter().all(|(k, v)| get(k) == v.as_str())
        && selector.list_at(&["matchExpressions"]).iter().all(|e| {
            let value = get(e.str_at(&["key"]));
            match e.str_at(&["operator"]) {
                "In" => value.is_some_and(|v| listed(e, v)),
                "NotIn" => !value.is_some_and(|v| listed(e, v)),
                "Exists" => value.is_some(),
                _ => value.is_none(),
            }
        })
}

fn pod_in<'a>(who: Who<'a>) -> Option<&'a Pod> {
    match who {
        Who::Pod(pod) if !pod.host_network => Some(pod),
        _ => None,
    }
}

fn inside(who: Who<'_>, cidr: &str, except: &[Value]) -> bool {
    let holds = |c: &str, ip: IpAddr| Cidr::parse(c).is_some_and(|c| c.contains(ip));
    who.ips()
        .into_iter()
        .any(|ip| holds(cidr, ip) && !except.iter().any(|e| holds(e.as_str().expect("text"), ip)))
}

fn of_namespaces(s: &Value, namespaces: &[Namespace], pod: &Pod) -> bool {
    namespaces.iter().any(|n| n.name == pod.namespace && selects(s, &n.labels))
}

fn peer(p: &Value, home: &str, namespaces: &[Namespace], other: Who<'_>) -> bool {
    if let Some(block) = p.get("ipBlock") {
        return inside(other, block.str_at(&["cidr"]), block.list_at(&["except"]));
    }
    let Some(pod) = pod_in(other) else { return false };
    let in_namespace = match p.get("namespaceSelector") {
        Some(s) => of_namespaces(s, namespaces, pod),
        None => pod.namespace == home,
    };
    in_namespace && p.get("podSelector").is_none_or(|s| selects(s, &pod.labels))
}

fn open(entry: &Value, port: Port, to: Who<'_>) -> bool {
    let protocol = Protocol::parse(entry.str_at(&["protocol"])).unwrap_or_default();
    protocol == port.protocol
        && match entry.get("port") {
            None => true,
            Some(Value::Int(n)) => {
                (*n..=entry.i64_at(&["endPort"]).unwrap_or(*n)).contains(&i64::from(port.number))
            }
            Some(name) => named(name, protocol, port, to),
        }
}

fn named(name: &Value, protocol: Protocol, port: Port, to: Who<'_>) -> bool {
    let Who::Pod(pod) = to else { return false };
    let mut declared =
        pod.ports.iter().filter(|p| Some(p.name.as_str()) == name.as_str() && p.protocol == protocol);
    declared.next().is_some_and(|p| p.number == port.number)
}

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

/// All that the reference looks at.
pub(super) struct World<'a> {
    pub(super) namespaces: &'a [Namespace],
    pub(super) nodes: &'a [Node],
    pub(super) policies: &'a [Object],
}

impl World<'_> {
    pub(super) fn allowed(&self, from: Who<'_>, to: Who<'_>, port: Port) -> bool {
        from == to
            || [("ingress", "from", to, from), ("egress", "to", from, to)]
                .into_iter()
                .all(|(word, peers, subject, other)| self.half(word, peers, subject, other, to, port))
    }

    fn half(
        &self,
        word: &str,
        peers: &str,
        subject: Who<'_>,
        other: Who<'_>,
        to: Who<'_>,
        port: Port,
    ) -> bool {
        let Some(pod) = pod_in(subject) else { return true };
        let of = |kind: &'static str| self.policies.iter().filter(move |p| p.kind() == kind);
        let decide = |policies: &[&Object]| {
            policies
                .iter()
                .filter(|p| {
                    admin_peer(p.at(&["spec", "subject"]).expect("a subject"), self.namespaces, &[], subject)
                })
                .flat_map(|p| p.list_at(&["spec", word]))
                .find(|r| {
                    let (ps, os) = (r.list_at(&[peers]), r.list_at(&["ports"]));
                    ps.iter().any(|p| admin_peer(p, self.namespaces, self.nodes, other))
                        && (os.is_empty() || os.iter().any(|e| admin_open(e, port, to)))
                })
                .map(|r| r.str_at(&["action"]).to_owned())
        };
        let mut admin: Vec<&Object> = of("AdminNetworkPolicy").collect();
        admin.sort_by_key(|p| p.i64_at(&["spec", "priority"]));
        match decide(&admin).as_deref() {
            Some("Allow") => return true,
            Some("Deny") => return false,
            _ => {}
        }
        let mut selecting = of("NetworkPolicy")
            .filter(|p| {
                let typed = match p.list_at(&["spec", "policyTypes"]) {
                    [] => word == "ingress" || !p.list_at(&["spec", "egress"]).is_empty(),
                    types => types.iter().any(|t| t.as_str().is_some_and(|t| t.eq_ignore_ascii_case(word))),
                };
                typed
                    && p.namespace() == pod.namespace
                    && selects(p.at(&["spec", "podSelector"]).expect("a selector"), &pod.labels)
            })
            .peekable();
        if selecting.peek().is_none() {
            let baseline: Vec<&Object> = of("BaselineAdminNetworkPolicy").collect();
            return decide(&baseline).as_deref() != Some("Deny");
        }
        selecting.any(|p| {
            p.list_at(&["spec", word]).iter().any(|r| {
                let (ps, os) = (r.list_at(&[peers]), r.list_at(&["ports"]));
                (ps.is_empty() || ps.iter().any(|q| peer(q, p.namespace(), self.namespaces, other)))
                    && (os.is_empty() || os.iter().any(|e| open(e, port, to)))
            })
        })
    }
}
