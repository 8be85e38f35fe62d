//! What the documentation of NetworkPolicy says, in as few words as possible: the reference.

use super::*;

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
                "DoesNotExist" => value.is_none(),
                _ => false,
            }
        })
}

pub(super) fn pod_in<'a>(who: Who<'a>) -> Option<&'a Pod> {
    match who {
        Who::Pod(pod) if !pod.host_network => Some(pod),
        _ => None,
    }
}

pub(super) fn inside(who: Who<'_>, cidr: &str, except: &[Value]) -> bool {
    let holds = |c: &str, ip: IpAddr| Cidr::parse(c).is_some_and(|c| c.contains(ip));
    who.ips()
        .into_iter()
        .any(|ip| holds(cidr, ip) && !except.iter().any(|e| holds(e.as_str().expect("text"), ip)))
}

pub(super) fn of_namespaces(s: &Value, namespaces: &[Namespace], pod: &Pod) -> bool {
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

pub(super) fn named(name: &Value, protocol: Protocol, port: Port, to: Who<'_>) -> bool {
    let Who::Pod(pod) = to else { return false };
    let mut declared =
        pod.ports.iter().filter(|p| Some(p.name.as_str()) == name.as_str() && p.protocol == protocol);
    declared.next().is_some_and(|p| p.number == port.number)
}

/// All that the reference looks at.
pub(super) struct World<'a> {
    pub(super) namespaces: &'a [Namespace],
    pub(super) policies: &'a [Object],
}

impl World<'_> {
    pub(super) fn allowed(&self, from: Who<'_>, to: Who<'_>, port: Port) -> bool {
        let half = |word, subject, other| self.half(word, subject, other, to, port) != Some(false);
        from == to || half("ingress", to, from) && half("egress", from, to)
    }

    /// What the policies that select the subject say; nothing where none does.
    pub(super) fn half(
        &self,
        word: &str,
        subject: Who<'_>,
        other: Who<'_>,
        to: Who<'_>,
        port: Port,
    ) -> Option<bool> {
        let (pod, peers) = (pod_in(subject)?, if word == "ingress" { "from" } else { "to" });
        let mut selecting = self
            .policies
            .iter()
            .filter(|p| p.kind() == "NetworkPolicy")
            .filter(|p| {
                let typed = match p.list_at(&["spec", "policyTypes"]) {
                    [] => word == "ingress" || !p.list_at(&["spec", "egress"]).is_empty(),
                    types => types.iter().any(|t| t.as_str().is_some_and(|t| t.eq_ignore_ascii_case(word))),
                };
                let selector = p.at(&["spec", "podSelector"]).expect("a selector");
                typed && p.namespace() == pod.namespace && selects(selector, &pod.labels)
            })
            .peekable();
        selecting.peek()?;
        Some(selecting.flat_map(|p| p.list_at(&["spec", word]).iter().map(move |r| (p, r))).any(|(p, r)| {
            let (ps, os) = (r.list_at(&[peers]), r.list_at(&["ports"]));
            (ps.is_empty() || ps.iter().any(|q| peer(q, p.namespace(), self.namespaces, other)))
                && (os.is_empty() || os.iter().any(|e| open(e, port, to)))
        }))
    }
}
