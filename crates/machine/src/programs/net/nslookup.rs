//! `nslookup` and `host`'s relatives: busybox's nslookup, which asks by itself, and BIND's.
//!
//! Models busybox 1.37 `networking/nslookup.c` (the big one) and bind9 9.18 `bin/dig/nslookup.c`.

use std::net::{IpAddr, SocketAddr};

use gatehouse_core::network::dns::{Answer, Data, Rcode, Record, RecordType};

use super::resolve::{self, Asked, Conf};
use super::{DATAGRAM, INET};
use crate::sys::Sys;

pub(in crate::programs) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    if sys.busybox() { of_busybox(sys, argv) } else { of_bind(sys, argv) }
}

/// The name that stands for an address in DNS.
pub(super) fn reverse(text: &str) -> Option<String> {
    match text.parse::<IpAddr>().ok()? {
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets();
            Some(format!("{d}.{c}.{b}.{a}.in-addr.arpa"))
        }
        IpAddr::V6(ip) => {
            let digits: Vec<String> =
                ip.octets().iter().rev().map(|o| format!("{:x}.{:x}", o & 15, o >> 4)).collect();
            Some(format!("{}.ip6.arpa", digits.join(".")))
        }
    }
}

/// Options of the form `-type=srv`, and the rest.
fn arguments(argv: &[String]) -> (Vec<RecordType>, Vec<String>, Option<String>) {
    let (mut types, mut operands, mut bad) = (Vec::new(), Vec::new(), None);
    for word in argv.iter().skip(1) {
        let option = word.strip_prefix('-').filter(|o| !o.is_empty());
        match option.map(|o| o.split_once('=').unwrap_or((o, ""))) {
            None => operands.push(word.clone()),
            Some((name, value)) if "querytype".starts_with(name) || "type".starts_with(name) => {
                match RecordType::parse(value) {
                    Some(kind) => types.push(kind),
                    None => bad = Some(value.to_owned()),
                }
            }
            Some(_) => {}
        }
    }
    (types, operands, bad)
}

fn of_busybox(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let (types, operands, bad) = arguments(argv);
    if let Some(word) = bad {
        sys.complain(&format!("nslookup: invalid query type \"{word}\"\n"));
        return 1;
    }
    let Some(name) = operands.first() else {
        sys.complain("BusyBox v1.37.0 () multi-call binary.\n\nUsage: nslookup [-type=QUERY_TYPE] [-debug] HOST [DNS_SERVER]\n");
        return 1;
    };
    let mut conf = match operands.get(1) {
        Some(_) => Conf { servers: Vec::new(), search: Vec::new(), ndots: 1, timeout: 5000, attempts: 2 },
        None => Conf::read(sys),
    };
    if let Some(server) = operands.get(1) {
        match resolve::first(sys, server) {
            Ok(ip) => conf.servers.push(ip),
            Err(_) => {
                sys.complain(&format!("nslookup: bad address '{server}'\n"));
                return 1;
            }
        }
    } else if conf.search.is_empty() {
        // Without a search path the host's own domain is one.
        let _ = sys.call("uname");
    }
    for call in ["newfstatat", "futex"] {
        let _ = sys.call(call);
    }
    let pointer = reverse(name).filter(|_| types.is_empty());
    let asked: Vec<RecordType> = match (&pointer, types.is_empty()) {
        (Some(_), _) => vec![RecordType::Ptr],
        (None, true) => vec![RecordType::A, RecordType::Aaaa],
        (None, false) => types,
    };
    let mut questions: Vec<(String, RecordType)> = Vec::new();
    for kind in asked {
        match &pointer {
            Some(pointer) => questions.push((pointer.clone(), kind)),
            None if kind == RecordType::Ptr || conf.search.is_empty() || name.contains('.') => {
                questions.push((name.clone(), kind));
            }
            None => questions.extend(conf.search.iter().map(|d| (format!("{name}.{d}"), kind))),
        }
    }
    for server in conf.servers {
        if let Some(code) = server_busybox(sys, server, &questions) {
            return code;
        }
    }
    sys.print(";; connection timed out; no servers could be reached\n\n");
    1
}

/// Puts all questions to one server; `None` where it says nothing.
fn server_busybox(sys: &mut Sys<'_>, server: IpAddr, questions: &[(String, RecordType)]) -> Option<i32> {
    let fd = match sys.socket(INET, DATAGRAM, 0) {
        Ok(fd) => fd,
        Err(e) => {
            sys.complain(&format!("nslookup: socket: {}\n", e.text()));
            return Some(1);
        }
    };
    if let Err(e) = sys.bind(fd, 0) {
        sys.complain(&format!("nslookup: bind: {}\n", e.text()));
        return Some(1);
    }
    if let Err(e) = sys.connect(fd, SocketAddr::new(server, 53), None) {
        sys.complain(&format!("nslookup: can't connect to remote host ({server}): {}\n", e.text()));
        return Some(1);
    }
    let _ = sys.call("fcntl");
    if let Err(e) = sys.call("write") {
        sys.complain(&format!("nslookup: write to '{server}': {}\n", e.text()));
        return None;
    }
    let _ = sys.call("poll");
    let mut code = 0;
    let mut greeted = false;
    for (name, kind) in questions {
        match resolve::put(sys, fd, name, *kind) {
            Asked::Answer(answer) => {
                let _ = sys.call("read");
                greet(sys, server, &mut greeted);
                if answer.rcode == Rcode::NoError {
                    if !answer.authoritative {
                        sys.print("Non-authoritative answer:\n");
                    }
                    for record in &answer.records {
                        sys.print(&line(record, false));
                    }
                } else {
                    sys.print(&format!("** server can't find {name}: {}\n", answer.rcode.as_str()));
                    code = 1;
                }
                sys.print("\n");
            }
            Asked::NotAllowed => {
                let _ = sys.call("read");
                greet(sys, server, &mut greeted);
                sys.print(&format!("** server can't find {name}: REFUSED\n\n"));
                code = 1;
            }
            Asked::Refused => {
                // The packet came back, both times.
                for _ in 0..2 {
                    let _ = sys.call("read");
                    sys.complain("nslookup: read: Connection refused\n");
                }
                sys.pass(5000);
                return None;
            }
            Asked::Silence | Asked::Failed => {
                sys.pass(5000);
                return None;
            }
        }
    }
    sys.close(fd);
    Some(code)
}

fn greet(sys: &mut Sys<'_>, server: IpAddr, greeted: &mut bool) {
    if !std::mem::replace(greeted, true) {
        sys.print(&format!("Server:\t\t{server}\nAddress:\t{server}:53\n\n"));
    }
}

/// A record as nslookup writes it; BIND's names end in a dot where they are targets.
fn line(record: &Record, bind: bool) -> String {
    let (name, dot) = (&record.name, if bind { "." } else { "" });
    match &record.data {
        Data::Address(ip) => format!("Name:\t{name}\nAddress: {ip}\n"),
        Data::Name(RecordType::Cname, target) => format!("{name}\tcanonical name = {target}{dot}\n"),
        Data::Name(_, target) => format!("{name}\tname = {target}{dot}\n"),
        Data::Srv(weight, port, host) => format!("{name}\tservice = 0 {weight} {port} {host}{dot}\n"),
    }
}

/// What BIND's tools make of a server that does not answer: three tries of five seconds. Prints what they say of each.
pub(super) fn unreachable(sys: &mut Sys<'_>, server: IpAddr, refused: bool) {
    for _ in 0..3 {
        let why = if refused { "connection refused" } else { "timed out" };
        sys.print(&format!(";; communications error to {server}#53: {why}\n"));
        if !refused {
            sys.pass(5000);
        }
    }
}

fn of_bind(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let (types, operands, bad) = arguments(argv);
    if let Some(word) = bad {
        sys.print(&format!("unknown query type: {word}\n"));
    }
    let Some(name) = operands.first().cloned() else { return 1 };
    let conf = Conf::read(sys);
    let server = match operands.get(1) {
        None => conf.servers.first().copied().unwrap_or(IpAddr::from([127, 0, 0, 1])),
        Some(server) => match resolve::first(sys, server) {
            Ok(ip) => ip,
            Err(_) => {
                sys.print(&format!("nslookup: couldn't get address for '{server}': not found\n"));
                return 1;
            }
        },
    };
    let pointer = reverse(&name).filter(|_| types.is_empty());
    let kind = match (&pointer, types.last()) {
        (Some(_), _) => RecordType::Ptr,
        (None, Some(kind)) => *kind,
        (None, None) => RecordType::A,
    };
    let candidates = match &pointer {
        Some(pointer) => vec![pointer.clone()],
        None => conf.candidates(&name),
    };
    let header = pointer.is_none();
    let mut last = None;
    for candidate in &candidates {
        match resolve::ask(sys, server, candidate, kind) {
            Asked::Answer(answer) => {
                note_recursion(sys, server, &answer);
                let done = answer.rcode != Rcode::NxDomain;
                last = Some((candidate.clone(), answer.rcode.as_str(), Some(answer)));
                if done {
                    break;
                }
            }
            Asked::NotAllowed => {
                last = Some((candidate.clone(), "REFUSED", None));
                break;
            }
            silent => {
                unreachable(sys, server, matches!(silent, Asked::Refused));
                sys.print(";; no servers could be reached\n\n");
                return 1;
            }
        }
    }
    let Some((found, word, answer)) = last else { return 1 };
    if header {
        sys.print(&format!("Server:\t\t{server}\nAddress:\t{server}#53\n\n"));
    }
    let Some(answer) = answer.filter(|a| a.rcode == Rcode::NoError) else {
        let shown = pointer.unwrap_or(name);
        sys.print(&format!("** server can't find {shown}: {word}\n\n"));
        return 1;
    };
    if !answer.authoritative && header {
        sys.print("Non-authoritative answer:\n");
    }
    for record in &answer.records {
        sys.print(&line(record, true));
    }
    if kind == RecordType::A && types.is_empty() {
        // The other family is asked for under the name the first one was found by.
        let asked = answer.records.last().map_or(found, |r| r.name.clone());
        if let Asked::Answer(six) = resolve::ask(sys, server, &asked, RecordType::Aaaa) {
            note_recursion(sys, server, &six);
            if answer.records.is_empty() && six.records.is_empty() {
                sys.print(&format!("*** Can't find {name}: No answer\n"));
            }
            for record in six.records.iter().filter(|r| r.kind() == RecordType::Aaaa) {
                sys.print(&line(record, true));
            }
        }
    } else if answer.records.is_empty() {
        sys.print(&format!("*** Can't find {name}: No answer\n"));
    }
    sys.print("\n");
    0
}

/// CoreDNS offers no recursion for its own zone, and these tools say so.
fn note_recursion(sys: &mut Sys<'_>, server: IpAddr, answer: &Answer) {
    if answer.authoritative {
        sys.print(&format!(";; Got recursion not available from {server}\n"));
    }
}
