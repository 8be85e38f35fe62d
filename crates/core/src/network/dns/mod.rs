//! Cluster DNS: what CoreDNS answers with kubeadm's Corefile (`kubernetes cluster.local` with `pods insecure`, the rest
//! forwarded to the node's servers).
//!
//! Knows names and records, not packets: whether a question reaches a server is somebody else's matter. Models coredns
//! `plugin/kubernetes/{kubernetes,handler,parse,reverse}.go` and `plugin/forward`.

use std::net::IpAddr;

use gatehouse_model::{Object, Value};

use super::services::{self, Endpoint};
use crate::store::Store;

/// The zone.
pub const ZONE: &str = "cluster.local";
/// The time to live of its records, in seconds.
const TTL: u32 = 30;

/// A type of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordType {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
    /// Another name.
    Cname,
    /// The name of an address.
    Ptr,
    /// Hosts and ports of a service.
    Srv,
    /// Texts.
    Txt,
    /// Name servers.
    Ns,
    /// The zone's own record.
    Soa,
    /// Mail exchangers.
    Mx,
}

impl RecordType {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Cname => "CNAME",
            Self::Ptr => "PTR",
            Self::Srv => "SRV",
            Self::Txt => "TXT",
            Self::Ns => "NS",
            Self::Soa => "SOA",
            Self::Mx => "MX",
        }
    }

    /// Reads the word, in either case.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        const ALL: [RecordType; 9] = [
            RecordType::A,
            RecordType::Aaaa,
            RecordType::Cname,
            RecordType::Ptr,
            RecordType::Srv,
            RecordType::Txt,
            RecordType::Ns,
            RecordType::Soa,
            RecordType::Mx,
        ];
        ALL.into_iter().find(|t| t.as_str().eq_ignore_ascii_case(word))
    }
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// An address.
    Address(IpAddr),
    /// A name: of CNAME and PTR.
    Name(RecordType, String),
    /// Priority 0, a weight, a port and a host.
    Srv(u16, u16, String),
}

/// A record. Names have no final dot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Whose it is.
    pub name: String,
    /// How long it may be kept, in seconds.
    pub ttl: u32,
    /// What it says.
    pub data: Data,
}

impl Record {
    /// The type.
    #[must_use]
    pub const fn kind(&self) -> RecordType {
        match &self.data {
            Data::Address(IpAddr::V4(_)) => RecordType::A,
            Data::Address(IpAddr::V6(_)) => RecordType::Aaaa,
            Data::Name(kind, _) => *kind,
            Data::Srv(..) => RecordType::Srv,
        }
    }
}

/// A response code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rcode {
    /// The name exists.
    #[default]
    NoError,
    /// The server cannot find out.
    ServFail,
    /// The name does not exist.
    NxDomain,
}

impl Rcode {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoError => "NOERROR",
            Self::ServFail => "SERVFAIL",
            Self::NxDomain => "NXDOMAIN",
        }
    }
}

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The code.
    pub rcode: Rcode,
    /// Whether the server is responsible for the name; then it does not offer recursion.
    pub authoritative: bool,
    /// The records.
    pub records: Vec<Record>,
}

impl Answer {
    fn of(records: Vec<Record>) -> Self {
        Self { rcode: Rcode::NoError, authoritative: true, records }
    }

    fn missing() -> Self {
        Self { rcode: Rcode::NxDomain, authoritative: true, records: Vec::new() }
    }
}

/// What servers outside the cluster know of a name: its addresses, none where it has none, `None` where there is no such
/// name.
pub type Upstream<'a> = &'a dyn Fn(&str) -> Option<Vec<IpAddr>>;

/// What a server outside answers.
#[must_use]
pub fn outside(upstream: Upstream<'_>, name: &str, kind: RecordType) -> Answer {
    let Some(addresses) = upstream(name) else {
        return Answer { rcode: Rcode::NxDomain, ..Answer::default() };
    };
    let mut records: Vec<Record> = addresses
        .into_iter()
        .map(|ip| Record { name: name.to_owned(), ttl: TTL, data: Data::Address(ip) })
        .collect();
    records.retain(|r| r.kind() == kind);
    Answer { records, ..Answer::default() }
}

/// What the cluster's DNS answers.
#[must_use]
pub fn answer(store: &Store, upstream: Upstream<'_>, name: &str, kind: RecordType) -> Answer {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    if let Some(ip) = reverse(&name) {
        let names = names_of(store, ip);
        if names.is_empty() {
            return Answer { rcode: Rcode::NxDomain, ..Answer::default() };
        }
        let record =
            |n: String| Record { name: name.clone(), ttl: TTL, data: Data::Name(RecordType::Ptr, n) };
        let asked = kind == RecordType::Ptr;
        return Answer::of(if asked { names.into_iter().map(record).collect() } else { Vec::new() });
    }
    let Some(rest) =
        name.strip_suffix(ZONE).and_then(|r| r.strip_suffix('.').or(Some(r).filter(|r| r.is_empty())))
    else {
        return outside(upstream, &name, kind);
    };
    let mut parts: Vec<&str> = rest.split('.').filter(|p| !p.is_empty()).collect();
    match parts.pop() {
        None => Answer::of(Vec::new()),
        Some("svc") => service_name(store, upstream, &parts, &name, kind),
        Some("pod") => pod_name(store, &parts, &name, kind),
        Some("dns-version") if parts.is_empty() => Answer::of(Vec::new()),
        Some(_) => Answer::missing(),
    }
}

/// `a-b-c-d.NAMESPACE.pod`: any address, as long as the namespace exists.
fn pod_name(store: &Store, parts: &[&str], name: &str, kind: RecordType) -> Answer {
    let (ip, namespace) = match parts {
        [] => return Answer::of(Vec::new()),
        [namespace] => (None, *namespace),
        [ip, namespace] => (Some(*ip), *namespace),
        _ => return Answer::missing(),
    };
    if store.get("namespaces", "", namespace).is_none() {
        return Answer::missing();
    }
    let Some(ip) = ip else { return Answer::of(Vec::new()) };
    let dotted = if ip.matches('-').count() == 3 { ip.replace('-', ".") } else { ip.replace('-', ":") };
    match dotted.parse::<IpAddr>() {
        Ok(ip) => addresses(name, [ip], kind),
        Err(_) => Answer::missing(),
    }
}

fn addresses(name: &str, ips: impl IntoIterator<Item = IpAddr>, kind: RecordType) -> Answer {
    let record = |ip| Record { name: name.to_owned(), ttl: TTL, data: Data::Address(ip) };
    let records = ips.into_iter().map(record).filter(|r| r.kind() == kind).collect();
    Answer::of(records)
}

/// `[_PORT._PROTOCOL | ENDPOINT].SERVICE.NAMESPACE.svc`.
fn service_name(
    store: &Store,
    upstream: Upstream<'_>,
    parts: &[&str],
    name: &str,
    kind: RecordType,
) -> Answer {
    let (prefix, service, namespace) = match parts {
        [] => return Answer::of(Vec::new()),
        [namespace] => {
            let known = store.get("namespaces", "", namespace).is_some();
            return if known { Answer::of(Vec::new()) } else { Answer::missing() };
        }
        [prefix @ .., service, namespace] => (prefix, *service, *namespace),
    };
    let Some(service) = store.get("services", namespace, service) else { return Answer::missing() };
    let full = format!("{}.{}.svc.{ZONE}", service.name(), service.namespace());
    if service.str_at(&["spec", "type"]) == "ExternalName" {
        return alias(service, upstream, prefix, name, kind);
    }
    let headless = matches!(service.str_at(&["spec", "clusterIP"]), "" | "None");
    match prefix {
        [] if kind == RecordType::Srv => {
            Answer::of(services_of(store, service, &full, headless, name, |_| true))
        }
        [] if headless => {
            let mut ips: Vec<IpAddr> =
                all_endpoints(store, service).into_iter().map(|e| e.address.ip()).collect();
            gatehouse_model::order::sort(&mut ips);
            ips.dedup();
            // A headless service without endpoints has no name.
            if ips.is_empty() { Answer::missing() } else { addresses(name, ips, kind) }
        }
        [] => {
            let mut all = service.list_at(&["spec", "clusterIPs"]).to_vec();
            if all.is_empty() {
                all.push(Value::from(service.str_at(&["spec", "clusterIP"])));
            }
            addresses(name, all.iter().filter_map(|ip| ip.as_str()?.parse().ok()), kind)
        }
        [port, protocol] if port.starts_with('_') && protocol.starts_with('_') => {
            let (port, protocol) = (port.trim_start_matches('_'), protocol.trim_start_matches('_'));
            let wanted = |p: &Value| {
                let of = match p.str_at(&["protocol"]) {
                    "" => "TCP",
                    of => of,
                };
                p.str_at(&["name"]) == port && of.eq_ignore_ascii_case(protocol)
            };
            if !service.list_at(&["spec", "ports"]).iter().any(wanted) {
                return Answer::missing();
            }
            if kind != RecordType::Srv {
                return Answer::of(Vec::new());
            }
            Answer::of(services_of(store, service, &full, headless, name, wanted))
        }
        [endpoint] => {
            let all = all_endpoints(store, service);
            let ips: Vec<IpAddr> =
                all.iter().filter(|e| host_of(e) == *endpoint).map(|e| e.address.ip()).collect();
            match ips.first() {
                Some(first) => addresses(name, [*first], kind),
                None => Answer::missing(),
            }
        }
        _ => Answer::missing(),
    }
}

/// An ExternalName service: a CNAME, and what the servers outside know of it.
fn alias(service: &Object, upstream: Upstream<'_>, prefix: &[&str], name: &str, kind: RecordType) -> Answer {
    if !prefix.is_empty() {
        return Answer::missing();
    }
    let target = service.str_at(&["spec", "externalName"]).trim_end_matches('.').to_owned();
    let mut records =
        vec![Record { name: name.to_owned(), ttl: TTL, data: Data::Name(RecordType::Cname, target.clone()) }];
    if matches!(kind, RecordType::A | RecordType::Aaaa) && !target.ends_with(ZONE) {
        records.extend(outside(upstream, &target, kind).records);
    }
    Answer::of(records)
}

/// The endpoints of all ports of a service, each address once.
fn all_endpoints(store: &Store, service: &Object) -> Vec<Endpoint> {
    let mut all: Vec<Endpoint> = Vec::new();
    let ports = service.list_at(&["spec", "ports"]);
    let names = ports.iter().map(|p| p.str_at(&["name"])).chain(ports.is_empty().then_some(""));
    for endpoint in names.flat_map(|n| services::endpoints(store, service, n)) {
        if !all.iter().any(|e| e.address.ip() == endpoint.address.ip()) {
            all.push(endpoint);
        }
    }
    all
}

/// The label of an endpoint: its host name, or its address with dashes.
fn host_of(endpoint: &Endpoint) -> String {
    if endpoint.hostname.is_empty() {
        endpoint.address.ip().to_string().replace(['.', ':'], "-")
    } else {
        endpoint.hostname.clone()
    }
}

fn services_of(
    store: &Store,
    service: &Object,
    full: &str,
    headless: bool,
    name: &str,
    wanted: impl Fn(&Value) -> bool,
) -> Vec<Record> {
    let mut found: Vec<(u16, String)> = Vec::new();
    for port in service.list_at(&["spec", "ports"]).iter().filter(|p| wanted(p)) {
        if headless {
            let all = services::endpoints(store, service, port.str_at(&["name"]));
            found.extend(all.iter().map(|e| (e.address.port(), format!("{}.{full}", host_of(e)))));
        } else if let Some(number) = port.i64_at(&["port"]).and_then(|p| u16::try_from(p).ok()) {
            found.push((number, full.to_owned()));
        }
    }
    let weight = u16::try_from(100 / found.len().max(1)).unwrap_or(1).max(1);
    let record =
        |(port, host)| Record { name: name.to_owned(), ttl: TTL, data: Data::Srv(weight, port, host) };
    found.into_iter().map(record).collect()
}

/// The address a reverse name stands for.
fn reverse(name: &str) -> Option<IpAddr> {
    if let Some(rest) = name.strip_suffix(".in-addr.arpa") {
        let mut parts: Vec<&str> = rest.split('.').collect();
        parts.reverse();
        return parts.join(".").parse().ok();
    }
    let digits: Vec<char> =
        name.strip_suffix(".ip6.arpa")?.split('.').rev().filter_map(|d| d.chars().next()).collect();
    let groups: Vec<String> = digits.chunks(4).map(|g| g.iter().collect()).collect();
    groups.join(":").parse().ok()
}

/// The names of an address: a service's, else those of the endpoints with it.
fn names_of(store: &Store, ip: IpAddr) -> Vec<String> {
    let text = ip.to_string();
    for service in store.list("services", None) {
        if service.list_at(&["spec", "clusterIPs"]).iter().any(|i| i.as_str() == Some(&text)) {
            return vec![format!("{}.{}.svc.{ZONE}", service.name(), service.namespace())];
        }
    }
    let mut names = Vec::new();
    for service in store.list("services", None) {
        for endpoint in all_endpoints(store, service).iter().filter(|e| e.address.ip() == ip) {
            names.push(format!(
                "{}.{}.{}.svc.{ZONE}",
                host_of(endpoint),
                service.name(),
                service.namespace()
            ));
        }
    }
    names
}

#[cfg(test)]
mod tests;
