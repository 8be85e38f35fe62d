//! Network rules: families and types of sockets. Models parser/network.cc.

use super::rules::SOCKET;
use super::{Parser, Result};
use crate::effects::apparmor::rule::{Body, NetworkRule};
use crate::effects::apparmor::token::Tok;

/// Socket families by name; the number is that of `AF_*`.
pub(in crate::effects::apparmor) const FAMILIES: &[(&str, u16)] = &[
    ("unspec", 0),
    ("unix", 1),
    ("inet", 2),
    ("ax25", 3),
    ("ipx", 4),
    ("appletalk", 5),
    ("netrom", 6),
    ("bridge", 7),
    ("atmpvc", 8),
    ("x25", 9),
    ("inet6", 10),
    ("rose", 11),
    ("netbeui", 13),
    ("security", 14),
    ("key", 15),
    ("netlink", 16),
    ("packet", 17),
    ("ash", 18),
    ("econet", 19),
    ("atmsvc", 20),
    ("rds", 21),
    ("sna", 22),
    ("irda", 23),
    ("pppox", 24),
    ("wanpipe", 25),
    ("llc", 26),
    ("ib", 27),
    ("mpls", 28),
    ("can", 29),
    ("tipc", 30),
    ("bluetooth", 31),
    ("iucv", 32),
    ("rxrpc", 33),
    ("isdn", 34),
    ("phonet", 35),
    ("ieee802154", 36),
    ("caif", 37),
    ("alg", 38),
    ("nfc", 39),
    ("vsock", 40),
    ("kcm", 41),
    ("qipcrtr", 42),
    ("smc", 43),
    ("xdp", 44),
    ("mctp", 45),
];

/// The number of a socket type that a network rule may name.
pub(in crate::effects::apparmor) fn socket_type(name: &str) -> Option<u32> {
    Some(match name {
        "stream" => 1,
        "dgram" => 2,
        "raw" => 3,
        "rdm" => 4,
        "seqpacket" => 5,
        "packet" => 10,
        _ => return None,
    })
}

/// Words for a protocol: the family it is known in and the type it stands for.
const PROTOCOLS: &[(&str, u16, u32)] =
    &[("tcp", 2, 1), ("udp", 2, 2), ("icmp", 2, 3), ("tcp", 10, 1), ("udp", 10, 2)];

fn lookup(family: Option<&str>, kind: Option<&str>) -> Vec<(u16, u32)> {
    let types: Vec<u32> = match kind {
        None => vec![1, 2, 3, 4, 5, 10],
        Some(k) => socket_type(k).into_iter().collect(),
    };
    let mut out = vec![];
    for (name, number) in FAMILIES.iter().filter(|(n, _)| family.is_none_or(|f| f == *n)) {
        let mut mask: u32 = types.iter().map(|t| 1 << t).sum();
        let words = PROTOCOLS.iter().filter(|(w, f, _)| f == number && kind == Some(w));
        mask |= words.map(|(_, _, t)| 1 << t).sum::<u32>();
        if mask != 0 {
            out.push((*number, mask));
        }
        debug_assert!(!name.is_empty(), "families have names");
    }
    out
}

impl Parser<'_> {
    pub(super) fn network(&mut self) -> Result<Body> {
        self.take();
        let access = if self.old() { vec![] } else { self.access("net", SOCKET)? };
        let mut words = vec![];
        while words.len() < 2 {
            match self.peek()? {
                Tok::Id => words.push(self.take()),
                Tok::EndOfRule => break,
                _ if self.old() => return Err(self.syntax(&[Tok::Id, Tok::EndOfRule])),
                _ => break,
            }
        }
        let conditions = self.conditions()?;
        let peer = self.optional_peer()?;
        self.end_of_rule()?;
        if let Some((name, _)) = peer.as_ref().filter(|(n, _)| n != "peer") {
            return Err(self.fail(&format!("network rule: invalid conditional group {name}=()")));
        }
        for c in conditions.iter().chain(peer.iter().flat_map(|(_, l)| l)) {
            if !c.equals {
                return Err(self.fail("keyword \"in\" is not allowed in network rules\n"));
            }
            match c.name.as_str() {
                "ip" if c.value() == "none" || c.value().parse::<std::net::IpAddr>().is_ok() => {}
                "ip" => return Err(self.fail(&format!("network invalid ip='{}'\n", c.value()))),
                "port" if is_port(&c.value()) => {}
                "port" => return Err(self.fail(&format!("network invalid port='{}'\n", c.value()))),
                other => return Err(self.fail(&format!("invalid network rule conditional \"{other}\"\n"))),
            }
        }
        let (first, second) = (words.first().map(String::as_str), words.get(1).map(String::as_str));
        let families = match (first, second) {
            (None, _) => return Ok(Body::Network(NetworkRule { families: None, access })),
            (Some(f), None) => {
                let by_family = lookup(Some(f), None);
                if by_family.is_empty() { lookup(None, Some(f)) } else { by_family }
            }
            (Some(f), Some(k)) => lookup(Some(f), Some(k)),
        };
        if families.is_empty() {
            return Err(self.fail("Invalid network entry."));
        }
        Ok(Body::Network(NetworkRule { families: Some(families), access }))
    }
}

fn is_port(text: &str) -> bool {
    match text.split_once('-') {
        Some((a, b)) => matches!((a.parse::<u16>(), b.parse::<u16>()), (Ok(a), Ok(b)) if a <= b),
        None => text.parse::<u16>().is_ok(),
    }
}
