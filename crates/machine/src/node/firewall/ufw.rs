//! ufw's rules, as /etc/ufw/user.rules keeps them, and what they make of a packet.

use super::{Packet, Verdict, Way, in_ports, within};
use crate::machine::Machine;
use crate::net::Transport;

/// Every address.
pub const ANY: &str = "0.0.0.0/0";

/// A rule, as the tuples of user.rules have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UfwRule {
    /// `allow`, `deny`, `reject`, `limit`.
    pub action: String,
    /// `tcp`, `udp`, `any`.
    pub proto: String,
    /// `any` or ports.
    pub port: String,
    /// The network it goes to.
    pub to: String,
    /// The network it comes from.
    pub from: String,
    /// Whether it is about what goes out.
    pub out: bool,
    /// Whether it is about IPv6.
    pub v6: bool,
}

impl UfwRule {
    /// Reads a tuple.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let rest = line.strip_prefix("### tuple ### ")?;
        let f: Vec<&str> = rest.split(' ').collect();
        let [action, proto, port, to, _, from, direction, ..] = f.as_slice() else { return None };
        Some(Self {
            action: (*action).to_owned(),
            proto: (*proto).to_owned(),
            port: (*port).to_owned(),
            to: (*to).to_owned(),
            from: (*from).to_owned(),
            out: *direction == "out",
            v6: *to == "::/0" || from.contains("::"),
        })
    }

    fn matches(&self, packet: &Packet) -> bool {
        let proto = match packet.transport {
            Transport::Tcp => "tcp",
            Transport::Udp => "udp",
            Transport::Icmp => "icmp",
        };
        (self.proto == "any" || self.proto == proto)
            && (self.port == "any" || in_ports(&self.port, packet.port))
            && within(&self.from, packet.from)
            && within(&self.to, packet.to)
    }
}

fn text(machine: &Machine, path: &str) -> String {
    machine.read_file(path).map(|b| String::from_utf8_lossy(&b).into_owned()).unwrap_or_default()
}

/// Whether ufw is on.
#[must_use]
pub(super) fn active(machine: &Machine) -> bool {
    text(machine, "/etc/ufw/ufw.conf").lines().any(|l| l.trim() == "ENABLED=yes")
}

/// What its rules make of a packet. Its own rules let loopback and echo requests pass before any of the user's.
pub(super) fn judge(machine: &Machine, way: Way, packet: &Packet) -> Option<Verdict> {
    if way == Way::Through {
        return None;
    }
    if packet.loopback || packet.transport == Transport::Icmp && way == Way::In {
        return Some(Verdict::Accept);
    }
    let rules = text(machine, "/etc/ufw/user.rules");
    let rule =
        rules.lines().filter_map(UfwRule::parse).find(|r| r.out == (way == Way::Out) && r.matches(packet))?;
    Some(match rule.action.as_str() {
        "deny" => Verdict::Drop,
        "reject" => Verdict::Reject,
        _ => Verdict::Accept,
    })
}

/// What becomes of a packet that no rule matches.
pub(super) fn policy(machine: &Machine, way: Way) -> Option<Verdict> {
    let (key, default) = match way {
        Way::In => ("DEFAULT_INPUT_POLICY=", "DROP"),
        Way::Out => ("DEFAULT_OUTPUT_POLICY=", "ACCEPT"),
        Way::Through => return None,
    };
    let defaults = text(machine, "/etc/default/ufw");
    let word =
        defaults.lines().rev().find_map(|l| l.strip_prefix(key)).map_or(default, |v| v.trim_matches('"'));
    Some(match word {
        "ACCEPT" => Verdict::Accept,
        "REJECT" => Verdict::Reject,
        _ => Verdict::Drop,
    })
}
