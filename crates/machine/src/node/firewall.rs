//! A node's own firewall: the kernel's `filter` table as `iptables` writes it, and ufw's rules in front of what was appended.
//!
//! Answers which packets come in, go out or pass through. A connection is looked at when it is opened, so rules for what is
//! already established never match. Knows neither the chains of kube-proxy and the network plugin, which let their own
//! traffic pass, nor other tables. Models net/ipv4/netfilter/ip_tables.c and ufw's conf/before.rules.

mod ufw;

use std::net::IpAddr;

use crate::machine::Machine;
use crate::net::Transport;

pub use ufw::{ANY, UfwRule};

/// A packet's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To the node itself.
    In,
    /// From the node itself.
    Out,
    /// Through it.
    Through,
}

/// What happens to a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It passes.
    Accept,
    /// It is lost.
    Drop,
    /// Whoever sent it is told.
    Reject,
}

/// The first packet of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Packet {
    /// How it travels.
    pub transport: Transport,
    /// Where it comes from.
    pub from: IpAddr,
    /// Where it goes.
    pub to: IpAddr,
    /// The port there.
    pub port: u16,
    /// Whether it never leaves the machine.
    pub loopback: bool,
}

/// A rule of a chain; empty parts match everything, a leading `!` turns a part round.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// `-p`
    pub protocol: String,
    /// `-s`
    pub source: String,
    /// `-d`
    pub destination: String,
    /// `-i`
    pub input: String,
    /// `-o`
    pub output: String,
    /// `--dport`, or a list with `-m multiport`.
    pub ports: String,
    /// `--sport`
    pub source_ports: String,
    /// `-m state --state` or `-m conntrack --ctstate`, with that word in front.
    pub states: String,
    /// `-m comment --comment`
    pub comment: String,
    /// `-j`
    pub target: String,
    /// `--reject-with`
    pub reject_with: String,
    /// Whether it was inserted: such rules stand in front of ufw's.
    pub inserted: bool,
}

/// A chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    /// Its name.
    pub name: String,
    /// What becomes of a packet that no rule matches; empty for a chain of the administrator's.
    pub policy: String,
    /// Its rules.
    pub rules: Vec<Rule>,
}

/// The table `filter`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Its chains, the kernel's own first.
    pub chains: Vec<Chain>,
}

impl Default for Filter {
    fn default() -> Self {
        let built_in =
            |name: &str| Chain { name: name.to_owned(), policy: "ACCEPT".to_owned(), rules: Vec::new() };
        Self { chains: ["INPUT", "FORWARD", "OUTPUT"].map(built_in).to_vec() }
    }
}

impl Filter {
    /// A chain by its name.
    #[must_use]
    pub fn chain(&self, name: &str) -> Option<&Chain> {
        self.chains.iter().find(|c| c.name == name)
    }
}

/// Whether the node has any firewall at all.
#[must_use]
pub fn filters(machine: &Machine) -> bool {
    machine.services.filter.chains.iter().any(|c| !c.rules.is_empty() || c.policy == "DROP")
        || ufw::active(machine)
}

/// What becomes of a connection from outside to a port of the node.
#[must_use]
pub fn arriving(machine: &Machine, from: &str, port: u16) -> Verdict {
    let (Ok(from), true) = (from.parse::<IpAddr>(), filters(machine)) else { return Verdict::Accept };
    let to = IpAddr::from([0, 0, 0, 0]);
    judge(machine, Way::In, &Packet { transport: Transport::Tcp, from, to, port, loopback: false })
}

/// What becomes of a connection that the node opens to a port elsewhere.
#[must_use]
pub fn leaving(machine: &Machine, to: &str, port: u16) -> Verdict {
    let (Ok(to), true) = (to.parse::<IpAddr>(), filters(machine)) else { return Verdict::Accept };
    let from = IpAddr::from([0, 0, 0, 0]);
    judge(machine, Way::Out, &Packet { transport: Transport::Tcp, from, to, port, loopback: false })
}

/// What becomes of a packet.
#[must_use]
#[inline(never)]
pub fn judge(machine: &Machine, way: Way, packet: &Packet) -> Verdict {
    let name = match way {
        Way::In => "INPUT",
        Way::Out => "OUTPUT",
        Way::Through => "FORWARD",
    };
    let filter = &machine.services.filter;
    let Some(chain) = filter.chain(name) else { return Verdict::Accept };
    let (front, back): (Vec<&Rule>, Vec<&Rule>) = chain.rules.iter().partition(|r| r.inserted);
    let walk = |rules: &[&Rule]| rules.iter().find_map(|r| follow(filter, r, packet, 0));
    walk(&front)
        .or_else(|| if ufw::active(machine) { ufw::judge(machine, way, packet) } else { None })
        .or_else(|| walk(&back))
        .or_else(|| if ufw::active(machine) { ufw::policy(machine, way) } else { None })
        .unwrap_or(if chain.policy == "DROP" { Verdict::Drop } else { Verdict::Accept })
}

/// What a rule makes of a packet; nothing where the next rule is asked.
fn follow(filter: &Filter, rule: &Rule, packet: &Packet, depth: usize) -> Option<Verdict> {
    if !rule.matches(packet) || depth > 16 {
        return None;
    }
    match rule.target.as_str() {
        "ACCEPT" => Some(Verdict::Accept),
        "DROP" => Some(Verdict::Drop),
        "REJECT" => Some(Verdict::Reject),
        name => {
            let rules = &filter.chain(name)?.rules;
            let until = rules.iter().position(|r| r.target == "RETURN" && r.matches(packet));
            rules.iter().take(until.unwrap_or(rules.len())).find_map(|r| follow(filter, r, packet, depth + 1))
        }
    }
}

/// A part that may be turned round.
fn part(text: &str, holds: impl Fn(&str) -> bool) -> bool {
    match text.strip_prefix('!') {
        _ if text.is_empty() => true,
        Some(rest) => !holds(rest.trim()),
        None => holds(text),
    }
}

impl Rule {
    fn matches(&self, packet: &Packet) -> bool {
        let protocol = match packet.transport {
            Transport::Tcp => "tcp",
            Transport::Udp => "udp",
            Transport::Icmp => "icmp",
        };
        let interface = |name: &str| (name == "lo") == packet.loopback;
        part(&self.protocol, |p| p == "all" || p == protocol)
            && part(&self.source, |s| within(s, packet.from))
            && part(&self.destination, |d| within(d, packet.to))
            && part(&self.input, interface)
            && part(&self.output, interface)
            && part(&self.ports, |p| in_ports(p, packet.port))
            && self.source_ports.is_empty()
            && (self.states.is_empty() || self.states.contains("NEW"))
    }
}

/// Whether an address lies in a network or is the one given.
pub(super) fn within(network: &str, address: IpAddr) -> bool {
    let (base, length) = network.split_once('/').map_or((network, None), |(b, l)| (b, l.parse::<u32>().ok()));
    let bits = |ip: IpAddr| match ip {
        IpAddr::V4(v4) => (u128::from(u32::from(v4)), 32),
        IpAddr::V6(v6) => (u128::from(v6), 128),
    };
    let Ok(base) = base.parse::<IpAddr>() else { return false };
    let ((a, width), (b, other)) = (bits(base), bits(address));
    let length = length.unwrap_or(width).min(width);
    width == other && (length == 0 || a >> (width - length) == b >> (width - length))
}

/// Whether a port is in a list of ports and ranges.
pub(super) fn in_ports(list: &str, port: u16) -> bool {
    list.split(',').any(|p| {
        let (low, high) = p.split_once(':').unwrap_or((p, p));
        low.parse().unwrap_or(0) <= port && port <= high.parse().unwrap_or(u16::MAX)
    })
}
