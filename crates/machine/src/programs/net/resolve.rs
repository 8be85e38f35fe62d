//! Names to addresses, as glibc's resolver finds them: /etc/hosts, then the servers of /etc/resolv.conf along the search
//! path.
//!
//! Models glibc 2.36 `resolv/{res_query,res_send}.c` and `getaddrinfo` with `hosts: files dns`. Knows no mDNS, no nscd.

use std::net::{IpAddr, SocketAddr};

use gatehouse_core::network::dns::{Answer, Data, Rcode, RecordType};

use crate::net::{Heard, Said};
use crate::sys::Sys;

use super::{DATAGRAM, INET};

/// What /etc/resolv.conf says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Conf {
    /// The servers, at most three.
    pub(super) servers: Vec<IpAddr>,
    /// The domains to try.
    pub(super) search: Vec<String>,
    /// A name with so many dots is tried as it is first.
    pub(super) ndots: usize,
    /// How long an answer is waited for, in milliseconds.
    pub(super) timeout: i64,
    /// How often each server is asked.
    pub(super) attempts: i64,
}

impl Conf {
    /// Reads the file.
    pub(super) fn read(sys: &mut Sys<'_>) -> Self {
        let text = super::super::read_input(sys, "/etc/resolv.conf").unwrap_or_default();
        Self::parse(&String::from_utf8_lossy(&text))
    }

    fn parse(text: &str) -> Self {
        let mut conf = Self { servers: Vec::new(), search: Vec::new(), ndots: 1, timeout: 5000, attempts: 2 };
        for line in text.lines() {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") if conf.servers.len() < 3 => {
                    conf.servers.extend(words.next().and_then(|w| w.parse::<IpAddr>().ok()));
                }
                Some("search" | "domain") => conf.search = words.map(str::to_owned).collect(),
                Some("options") => {
                    for option in words {
                        let (name, value) = option.split_once(':').unwrap_or((option, ""));
                        match (name, value.parse::<i64>()) {
                            ("ndots", Ok(n)) => conf.ndots = usize::try_from(n.min(15)).unwrap_or(1),
                            ("timeout", Ok(n)) => conf.timeout = n.clamp(1, 30) * 1000,
                            ("attempts", Ok(n)) => conf.attempts = n.clamp(1, 5),
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        if conf.servers.is_empty() {
            conf.servers.push(IpAddr::from([127, 0, 0, 1]));
        }
        conf
    }

    /// The names that are tried for a name, in order.
    pub(super) fn candidates(&self, name: &str) -> Vec<String> {
        if let Some(name) = name.strip_suffix('.') {
            return vec![name.to_owned()];
        }
        let searched = self.search.iter().map(|d| format!("{name}.{}", d.trim_end_matches('.')));
        let own = std::iter::once(name.to_owned());
        if name.matches('.').count() >= self.ndots {
            own.chain(searched).collect()
        } else {
            searched.chain(own).collect()
        }
    }
}

/// What came of one question to one server.
pub(super) enum Asked {
    /// An answer.
    Answer(Answer),
    /// The server does not want to answer.
    NotAllowed,
    /// Nothing listens there.
    Refused,
    /// Nothing came back; the time it took has not passed yet.
    Silence,
    /// The process may not ask.
    Failed,
}

/// Asks one server. The calls are those of glibc; other resolvers make their own and use [`put`].
pub(super) fn ask(sys: &mut Sys<'_>, server: IpAddr, name: &str, kind: RecordType) -> Asked {
    let fd = match sys.socket(INET, DATAGRAM, 0) {
        Ok(fd) => fd,
        Err(_) => return Asked::Failed,
    };
    let asked = match sys.connect(fd, SocketAddr::new(server, 53), None) {
        Err(_) => Asked::Failed,
        Ok(()) => {
            for call in ["poll", "sendto", "recvfrom"] {
                let _ = sys.call(call);
            }
            put(sys, fd, name, kind)
        }
    };
    sys.close(fd);
    asked
}

/// Puts a question to a connected socket.
pub(super) fn put(sys: &mut Sys<'_>, fd: i32, name: &str, kind: RecordType) -> Asked {
    match sys.exchange(fd, &Said::Question(name.to_owned(), kind)) {
        Heard::Answer(answer) => Asked::Answer(answer),
        Heard::NotAllowed => Asked::NotAllowed,
        Heard::Refused | Heard::Reset => Asked::Refused,
        _ => Asked::Silence,
    }
}

/// Why there is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::programs) enum Failure {
    /// No such name.
    Unknown,
    /// The name has no address.
    NoAddress,
    /// Nobody who knows could be asked.
    Again,
    /// The caller's own patience ended first.
    Late,
}

impl Failure {
    /// What gai_strerror(3) says.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Unknown => "Name or service not known",
            Self::NoAddress => "No address associated with hostname",
            Self::Again | Self::Late => "Temporary failure in name resolution",
        }
    }
}

/// The addresses of a name, and the name they belong to in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::programs) struct Found {
    pub(in crate::programs) addresses: Vec<IpAddr>,
    pub(in crate::programs) canonical: String,
    /// The name the canonical one was asked for by, where that is another.
    pub(in crate::programs) alias: Option<String>,
}

/// getaddrinfo(3): all addresses, those of IPv4 first. With `limit` the caller gives up after so many milliseconds.
pub(in crate::programs) fn lookup(
    sys: &mut Sys<'_>,
    name: &str,
    limit: Option<i64>,
) -> Result<Found, Failure> {
    find(sys, name, &[RecordType::A, RecordType::Aaaa], limit)
}

/// The first address of a name.
pub(in crate::programs) fn first(sys: &mut Sys<'_>, name: &str) -> Result<IpAddr, Failure> {
    let found = lookup(sys, name, None)?;
    found.addresses.first().copied().ok_or(Failure::NoAddress)
}

/// As [`lookup`], for some types of addresses.
pub(super) fn find(
    sys: &mut Sys<'_>,
    name: &str,
    kinds: &[RecordType],
    limit: Option<i64>,
) -> Result<Found, Failure> {
    if let Ok(ip) = name.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Ok(Found { addresses: vec![ip], canonical: name.to_owned(), alias: None });
    }
    if let Some(found) = in_hosts(sys, name, kinds) {
        return Ok(found);
    }
    let conf = Conf::read(sys);
    let mut waited = 0;
    let mut worst = Failure::Unknown;
    let mut gave_up = false;
    for (i, candidate) in conf.candidates(name).iter().enumerate() {
        let own = candidate == name.trim_end_matches('.');
        // Behind silence the rest of the search path is not tried, but the name itself is.
        if gave_up && !own {
            continue;
        }
        let (result, millis) = one(sys, &conf, candidate, kinds);
        waited += millis;
        if let Some(limit) = limit.filter(|l| waited >= *l) {
            sys.pass(limit);
            return Err(Failure::Late);
        }
        match result {
            Ok(found) => {
                sys.pass(waited);
                return Ok(found);
            }
            Err(Failure::Again) => {
                worst = Failure::Again;
                gave_up = i > 0 || !own;
            }
            Err(Failure::NoAddress) if worst == Failure::Unknown => worst = Failure::NoAddress,
            Err(_) => {}
        }
    }
    sys.pass(waited);
    Err(worst)
}

/// Asks the servers for one name; also how long that takes.
fn one(sys: &mut Sys<'_>, conf: &Conf, name: &str, kinds: &[RecordType]) -> (Result<Found, Failure>, i64) {
    let mut waited = 0;
    for _ in 0..conf.attempts {
        let mut silent = false;
        for (i, server) in conf.servers.iter().enumerate() {
            let mut addresses = Vec::new();
            let mut canonical = name.to_owned();
            let mut known = false;
            let mut next = false;
            for kind in kinds {
                match ask(sys, *server, name, *kind) {
                    Asked::Answer(answer) if answer.rcode == Rcode::ServFail => next = true,
                    Asked::Answer(answer) => {
                        known |= answer.rcode == Rcode::NoError;
                        for record in &answer.records {
                            match &record.data {
                                Data::Address(ip) => addresses.push(*ip),
                                Data::Name(RecordType::Cname, target) => canonical.clone_from(target),
                                _ => {}
                            }
                        }
                    }
                    Asked::Silence => {
                        let patience = conf.timeout << i;
                        waited += if i > 0 {
                            patience / i64::try_from(conf.servers.len()).unwrap_or(1)
                        } else {
                            patience
                        };
                        silent = true;
                        next = true;
                        break;
                    }
                    Asked::NotAllowed | Asked::Refused | Asked::Failed => {
                        next = true;
                        break;
                    }
                }
            }
            if next {
                continue;
            }
            return (
                match (addresses.is_empty(), known) {
                    (false, _) => Ok(Found {
                        addresses,
                        alias: (canonical != name).then(|| name.to_owned()),
                        canonical,
                    }),
                    (true, true) => Err(Failure::NoAddress),
                    (true, false) => Err(Failure::Unknown),
                },
                waited,
            );
        }
        // What was refused once is refused again.
        if !silent {
            break;
        }
    }
    (Err(Failure::Again), waited)
}

/// A line of /etc/hosts.
fn in_hosts(sys: &mut Sys<'_>, name: &str, kinds: &[RecordType]) -> Option<Found> {
    let text = super::super::read_input(sys, "/etc/hosts").ok()?;
    let mut found: Option<Found> = None;
    for line in String::from_utf8_lossy(&text).lines() {
        let mut words = line.split('#').next().unwrap_or("").split_whitespace();
        let Some(Ok(ip)) = words.next().map(str::parse::<IpAddr>) else { continue };
        let names: Vec<&str> = words.collect();
        let kind = if ip.is_ipv4() { RecordType::A } else { RecordType::Aaaa };
        if names.iter().any(|n| n.eq_ignore_ascii_case(name)) && kinds.contains(&kind) {
            let first = names.first().copied().unwrap_or(name).to_owned();
            found
                .get_or_insert(Found { addresses: Vec::new(), canonical: first, alias: None })
                .addresses
                .push(ip);
        }
    }
    let mut found = found?;
    gatehouse_model::order::by(&mut found.addresses, |a, b| b.is_ipv4().cmp(&a.is_ipv4()));
    Some(found)
}
