//! The network of a cluster: from a program's connection to whoever answers it.
//!
//! A packet meets, in this order: the rules of services, the policies at both ends, the nodes' own firewalls, the listener. Nodes always reach
//! their own pods, and pods their own node. Knows no program and no words of theirs; what a pod's process answers is
//! [`programs::answer`]'s business.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use gatehouse_core::Cluster;
use gatehouse_core::network::services::{self, Entry, Route};
use gatehouse_core::network::{HttpRequest, Network, Port, Protocol, dns};

use super::{
    Conversation, Heard, Hosts, Reach, Request, Response, Said, ServerHello, Transport, ingress, mesh, node,
};
use crate::kubelet::Node;
use crate::machine::{HOST, Machine};
use crate::node::firewall::{self, Packet, Verdict, Way};
use crate::process::Process;
use crate::programs;

/// The port of DNS.
const DNS: u16 = 53;

/// See the module.
pub struct Wire<'w> {
    /// The cluster.
    pub cluster: &'w mut Cluster,
    /// The nodes, without the one whose machine the packet leaves from.
    pub nodes: &'w BTreeMap<String, Node>,
    /// The world outside.
    pub hosts: &'w Hosts,
}

/// What a node's firewall makes of a connection that it does not let pass.
fn filtered(machine: &Machine, way: Way, talk: &Conversation, loopback: bool) -> Option<Reach> {
    if !firewall::filters(machine) {
        return None;
    }
    let packet = Packet {
        transport: talk.transport,
        from: talk.seen,
        to: talk.end.ip(),
        port: talk.end.port(),
        loopback,
    };
    match firewall::judge(machine, way, &packet) {
        Verdict::Accept => None,
        Verdict::Drop => Some(Reach::TimedOut),
        Verdict::Reject if talk.transport == Transport::Udp => {
            Some(Reach::Open(Conversation { refused: true, ..talk.clone() }))
        }
        Verdict::Reject => Some(Reach::Refused),
    }
}

/// Who has an address.
enum Owner {
    /// A pod in a network of its own; its node.
    Pod(String),
    /// A node.
    Node(String),
    /// A host of the world outside.
    Outside,
    Nobody,
}

impl<'w> Wire<'w> {
    /// Opens a connection, or finds out where datagrams would go. In a mesh it is the client's sidecar that takes it.
    pub fn connect(&self, machine: &Machine, space: u32, to: SocketAddr, transport: Transport) -> Reach {
        let reach = self.open(machine, space, to, transport);
        if transport != Transport::Tcp || matches!(reach, Reach::Open(_)) {
            return reach;
        }
        let (from, _) = self.origin(machine, space);
        match mesh::upstream_failure(self.cluster, from, to, &reach) {
            Some(why) => Reach::Open(Conversation {
                transport,
                from,
                seen: from,
                to,
                end: to,
                refused: false,
                stopped: Some(why),
            }),
            None => reach,
        }
    }

    fn open(&self, machine: &Machine, space: u32, to: SocketAddr, transport: Transport) -> Reach {
        let (from, here) = self.origin(machine, space);
        let mut talk =
            Conversation { transport, from, seen: from, to, end: to, refused: false, stopped: None };
        let answered = |open: bool, talk| if open { Reach::Open(talk) } else { Reach::Refused };
        if to.ip().is_loopback() || to.ip() == from {
            talk.end.set_ip(from);
            if space == HOST
                && let Some(stopped) = filtered(machine, Way::In, &talk, true)
            {
                return stopped;
            }
            let open = transport != Transport::Tcp || self.here(machine, space, to.port());
            return answered(open, talk);
        }
        let owner = self.owner(to.ip());
        let entry = match (&here, &owner) {
            (Some(node), _) => Entry::Inside(node),
            (None, Owner::Node(node)) => Entry::Outside(node),
            (None, Owner::Outside) => return self.arrive(machine, talk, &owner),
            // From outside nobody knows the way to pods and services.
            (None, _) => return Reach::TimedOut,
        };
        let protocol = if transport == Transport::Udp { Protocol::Udp } else { Protocol::Tcp };
        let route = match transport {
            // The rules of services look at ports; an echo request has none and finds nobody at a service's address.
            Transport::Icmp => Route::Direct,
            _ => services::route(&self.cluster.store, to, protocol, entry),
        };
        match route {
            Route::Direct => {}
            Route::Refused if transport == Transport::Udp => {
                return Reach::Open(Conversation { refused: true, ..talk });
            }
            Route::Refused => return Reach::Refused,
            Route::Dropped => return Reach::TimedOut,
            Route::To { endpoints, masked, sticky, .. } => {
                let turn = match (sticky, from) {
                    (false, _) => usize::try_from(self.cluster.now.seconds()).unwrap_or(0),
                    (true, IpAddr::V4(ip)) => ip.octets().into_iter().map(usize::from).sum(),
                    (true, IpAddr::V6(ip)) => ip.octets().into_iter().map(usize::from).sum(),
                };
                let Some(end) = endpoints.get(turn % endpoints.len().max(1)) else { return Reach::Refused };
                talk.end = *end;
                let node = match entry {
                    Entry::Inside(node) | Entry::Outside(node) => node,
                };
                if masked && let Some(ip) = self.address_of(node) {
                    talk.seen = ip;
                }
            }
        }
        let network = Network::of(self.cluster);
        if !self.admitted(&network, &talk) {
            return Reach::TimedOut;
        }
        if here.is_some() {
            let own =
                machine.space(space).is_some_and(|s| s.address == talk.from.to_string()) && space != HOST;
            let way = if own { Way::Through } else { Way::Out };
            if let Some(stopped) = filtered(machine, way, &talk, false) {
                return stopped;
            }
        }
        let owner = self.owner(talk.end.ip());
        let met = match &owner {
            Owner::Node(node) => self.machine(machine, node).and_then(|m| filtered(m, Way::In, &talk, false)),
            Owner::Pod(node) => {
                self.machine(machine, node).and_then(|m| filtered(m, Way::Through, &talk, false))
            }
            _ => None,
        };
        met.unwrap_or_else(|| self.arrive(machine, talk, &owner))
    }

    /// Whether anything listens where packets arrive.
    fn arrive(&self, machine: &Machine, talk: Conversation, owner: &Owner) -> Reach {
        let port = talk.end.port();
        let open = match owner {
            Owner::Nobody => return Reach::TimedOut,
            _ if talk.transport != Transport::Tcp => true,
            Owner::Outside => match self.hosts.at(talk.end.ip()) {
                Some(host) if host.ports.contains(&port) => true,
                // What is not open is filtered there.
                _ => return Reach::TimedOut,
            },
            Owner::Pod(node) => self
                .machine(machine, node)
                .is_some_and(|m| programs::listener(m, &talk.end.ip().to_string(), port, false).is_some()),
            Owner::Node(node) => {
                let m = self.machine(machine, node);
                node::listens(self.cluster, node, m, port)
                    || m.is_some_and(|m| {
                        programs::listener(m, &talk.end.ip().to_string(), port, false).is_some()
                    })
            }
        };
        if open { Reach::Open(talk) } else { Reach::Refused }
    }

    /// Says something and hears what comes back.
    pub fn talk(&mut self, machine: &Machine, space: u32, talk: &Conversation, said: &Said) -> Heard {
        let loopback = talk.end.ip() == talk.from;
        if talk.refused {
            return Heard::Refused;
        }
        if let Some(why) = talk.stopped {
            return mesh::unreachable(self.cluster, said, why);
        }
        if talk.transport == Transport::Icmp {
            return Heard::Bytes(None, Vec::new());
        }
        if loopback && let Some(heard) = self.resolver(talk, said) {
            return heard;
        }
        let address = talk.end.ip().to_string();
        let udp = talk.transport == Transport::Udp;
        let owner = if loopback { self.home(machine, space) } else { self.owner(talk.end.ip()) };
        match owner {
            Owner::Nobody => Heard::Silence,
            Owner::Outside => self.proxied(talk, said).unwrap_or_else(|| self.outside(talk, said)),
            Owner::Node(node) => {
                let m = self.machine(machine, &node);
                let process = m.and_then(|m| programs::listener(m, &address, talk.end.port(), udp));
                match (m, process) {
                    (Some(m), Some(process)) => self.process(m, &process, talk, said),
                    (None, _) | (_, None) if udp => Heard::Refused,
                    (m, _) => node::answer(self.cluster, &node, m, talk.end.port(), said),
                }
            }
            Owner::Pod(node) => {
                let Some(m) = self.machine(machine, &node) else { return Heard::Silence };
                let Some(process) = programs::listener(m, &address, talk.end.port(), udp) else {
                    return Heard::Refused;
                };
                if loopback {
                    return self.process(m, &process, talk, said);
                }
                if let Some(refusal) = self.proxied(talk, said) {
                    return refusal;
                }
                let heard = match mesh::meet(self.cluster, talk, said) {
                    mesh::Meeting::Plain => self.process(m, &process, talk, said),
                    mesh::Meeting::Inside(by) => mesh::through(self.process(m, &process, talk, said), by),
                    mesh::Meeting::Answered(heard) => *heard,
                };
                self.learn(talk, said, &heard);
                heard
            }
        }
    }

    /// Where a process sends packets from, and the node it is on.
    fn origin(&self, machine: &Machine, space: u32) -> (IpAddr, Option<String>) {
        let name = machine.space(HOST).map(|s| s.hostname.clone()).unwrap_or_default();
        let node = self.cluster.store.get("nodes", "", &name).map(|n| n.name().to_owned());
        let own = machine.space(space).and_then(|s| s.address.parse::<IpAddr>().ok());
        let outer = node.as_deref().and_then(|n| self.address_of(n));
        let address = own.filter(|ip| !ip.is_loopback()).or(outer).unwrap_or(IpAddr::from([127, 0, 0, 1]));
        (address, node)
    }

    fn home(&self, machine: &Machine, space: u32) -> Owner {
        let (address, node) = self.origin(machine, space);
        match (node, self.owner(address)) {
            (Some(node), Owner::Node(_)) => Owner::Node(node),
            (Some(node), _) => Owner::Pod(node),
            (None, _) => Owner::Nobody,
        }
    }

    fn address_of(&self, node: &str) -> Option<IpAddr> {
        self.cluster.store.get("nodes", "", node).and_then(|n| services::node_address(n))
    }

    fn owner(&self, ip: IpAddr) -> Owner {
        let store = &self.cluster.store;
        if let Some(node) = store.list("nodes", None).find(|n| services::node_address(n) == Some(ip)) {
            return Owner::Node(node.name().to_owned());
        }
        let text = ip.to_string();
        let alive = |phase: &str| !matches!(phase, "Succeeded" | "Failed");
        let pod = store
            .list("pods", None)
            .find(|p| p.str_at(&["status", "podIP"]) == text && alive(p.str_at(&["status", "phase"])));
        match pod {
            Some(pod) => Owner::Pod(pod.str_at(&["spec", "nodeName"]).to_owned()),
            None if self.hosts.at(ip).is_some() => Owner::Outside,
            None => Owner::Nobody,
        }
    }

    /// A node's machine: the one packets leave from, or another's.
    fn machine<'m>(&self, here: &'m Machine, node: &str) -> Option<&'m Machine>
    where
        'w: 'm,
    {
        if here.space(HOST).is_some_and(|s| s.hostname == node) {
            return Some(here);
        }
        self.nodes.get(node).map(|n| &n.machine)
    }

    /// Whether something of one's own listens.
    fn here(&self, machine: &Machine, space: u32, port: u16) -> bool {
        let (address, _) = self.origin(machine, space);
        let process = programs::listener(machine, &address.to_string(), port, false).is_some();
        process
            || match self.home(machine, space) {
                Owner::Node(node) => node::listens(self.cluster, &node, Some(machine), port),
                _ => false,
            }
    }

    /// Whether policies let packets pass: what the source may send to the endpoint, and what the endpoint takes from
    /// whoever it sees.
    fn admitted(&self, network: &Network, talk: &Conversation) -> bool {
        let port = match talk.transport {
            Transport::Tcp => Port { protocol: Protocol::Tcp, number: talk.end.port() },
            Transport::Udp => Port { protocol: Protocol::Udp, number: talk.end.port() },
            Transport::Icmp => Port::echo(talk.end.ip()),
        };
        let of_node = |ip: IpAddr, other: IpAddr| match (self.owner(ip), self.owner(other)) {
            (Owner::Node(a), Owner::Pod(b)) => a == b,
            _ => false,
        };
        let (from, seen, to) = (network.end(talk.from), network.end(talk.seen), network.end(talk.end.ip()));
        let out = of_node(talk.end.ip(), talk.from) || network.flow(from, to, port).egress.allowed;
        out && (of_node(talk.seen, talk.end.ip()) || network.flow(seen, to, port).ingress.allowed)
    }

    /// What a proxy of the network plugin says to a request that it does not let through.
    fn proxied(&self, talk: &Conversation, said: &Said) -> Option<Heard> {
        let network = Network::of(self.cluster);
        let (from, to) = (network.end(talk.seen), network.end(talk.end.ip()));
        let number = talk.end.port();
        let verdict = match said {
            Said::Question(name, _) => {
                let protocol = if talk.transport == Transport::Udp { Protocol::Udp } else { Protocol::Tcp };
                network.dns(from, to, Port { protocol, number }, name)
            }
            Said::Bytes(None, bytes) => {
                let request = Request::parse(bytes)?;
                let port = Port { protocol: Protocol::Tcp, number };
                let request = HttpRequest {
                    host: request.header("host").unwrap_or("").to_owned(),
                    method: request.method,
                    path: request.path,
                    headers: request.headers,
                };
                network.http(from, to, port, &request)
            }
            Said::Bytes(Some(hello), _) => {
                network.tls(from, to, Port { protocol: Protocol::Tcp, number }, &hello.server_name)
            }
        };
        if !verdict.connects || verdict.allowed {
            return None;
        }
        Some(match said {
            Said::Question(..) => Heard::NotAllowed,
            Said::Bytes(Some(_), _) => Heard::Reset,
            _ if network.reads_server_name(from, to, Port { protocol: Protocol::Tcp, number }) => {
                Heard::Reset
            }
            Said::Bytes(..) => {
                let denied = Response::new(403, "text/plain", "Access denied\r\n");
                let date = programs::http_date(self.cluster.now.0);
                Heard::Bytes(None, denied.with("date", date).with("server", "envoy").bytes("GET"))
            }
        })
    }

    /// Lets a plugin that watches answers learn the addresses of names.
    fn learn(&mut self, talk: &Conversation, said: &Said, heard: &Heard) {
        let (Said::Question(name, _), Heard::Answer(answer)) = (said, heard) else { return };
        let addresses: Vec<IpAddr> = answer
            .records
            .iter()
            .filter_map(|r| if let dns::Data::Address(ip) = r.data { Some(ip) } else { None })
            .collect();
        if addresses.is_empty() {
            return;
        }
        let network = Network::of(self.cluster);
        let (from, to) = (network.end(talk.seen), network.end(talk.end.ip()));
        let protocol = if talk.transport == Transport::Udp { Protocol::Udp } else { Protocol::Tcp };
        let port = Port { protocol, number: talk.end.port() };
        if network.dns(from, to, port, name).proxied {
            self.cluster.network.learned.learn(name, addresses);
        }
    }

    /// A node's own stub resolver, which asks the servers outside.
    fn resolver(&self, talk: &Conversation, said: &Said) -> Option<Heard> {
        let Said::Question(name, kind) = said else { return None };
        let stub = talk.to == SocketAddr::from(([127, 0, 0, 53], DNS));
        stub.then(|| Heard::Answer(dns::outside(&|n| self.hosts.resolve(n), name, *kind)))
    }

    fn outside(&self, talk: &Conversation, said: &Said) -> Heard {
        let Some(host) = self.hosts.at(talk.end.ip()) else { return Heard::Silence };
        let now = self.cluster.now.0;
        match said {
            Said::Question(name, kind) if host.ports.contains(&DNS) => {
                Heard::Answer(dns::outside(&|n| self.hosts.resolve(n), name, *kind))
            }
            Said::Question(..) => Heard::Silence,
            Said::Bytes(hello, bytes) => {
                let tls = talk.end.port() == 443;
                let shown = match hello {
                    Some(_) if !tls => return Heard::NotTls,
                    Some(hello) => Some(ServerHello {
                        certificate: host.certificate(now),
                        http2: hello.http2,
                        tls: super::tls::Agreed::default(),
                        chain: Vec::new(),
                        asks_for: Vec::new(),
                    }),
                    None => None,
                };
                let Some(request) = Request::parse(bytes) else { return Heard::Bytes(shown, Vec::new()) };
                let response = if tls && hello.is_none() {
                    Response::new(400, "text/html", "<h1>400 Bad Request</h1>\n")
                } else {
                    host.answer(&request, now)
                };
                Heard::Bytes(shown, response.bytes(&request.method))
            }
        }
    }

    /// What a process behind a port answers.
    fn process(
        &mut self,
        machine: &Machine,
        process: &Arc<Process>,
        talk: &Conversation,
        said: &Said,
    ) -> Heard {
        match (process.comm.as_str(), said) {
            ("coredns", Said::Question(name, kind)) => {
                Heard::Answer(dns::answer(&self.cluster.store, &|n| self.hosts.resolve(n), name, *kind))
            }
            (ingress::CONTROLLER, Said::Bytes(hello, bytes)) => {
                ingress::answer(self, machine, process.space, talk, hello.as_ref(), bytes)
            }
            (_, Said::Question(..)) => Heard::Silence,
            (_, Said::Bytes(Some(_), _)) => Heard::NotTls,
            (_, Said::Bytes(None, bytes)) => {
                let answer = programs::answer(machine, process, talk.end.port(), bytes);
                if answer.is_empty() && !bytes.is_empty() {
                    Heard::Silence
                } else {
                    Heard::Bytes(None, answer)
                }
            }
        }
    }
}
