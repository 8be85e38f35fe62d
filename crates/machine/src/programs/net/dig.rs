//! `dig`, `getent` and what they print of names.
//!
//! Models bind9 9.18 `bin/dig/dig.c` and glibc's `getent`.

use std::net::IpAddr;

use gatehouse_core::network::dns::{Answer, Data, Rcode, Record, RecordType, ZONE};

use super::nslookup::{reverse, unreachable};
use super::resolve::{self, Asked, Conf};
use crate::programs::date;
use crate::sys::Sys;

const VERSION: &str = "9.18.41-1~deb12u1-Debian";

/// What is shown.
struct Show {
    short: bool,
    /// Everything but the answer.
    rest: bool,
    answer: bool,
}

pub(in crate::programs) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let (mut server, mut name, mut kind, mut search) = (None, None, RecordType::A, false);
    let mut typed = false;
    let mut show = Show { short: false, rest: true, answer: true };
    let mut words = argv.iter().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "-x" => {
                name = words.next().and_then(|ip| reverse(ip));
                kind = RecordType::Ptr;
            }
            "-t" => kind = words.next().and_then(|t| RecordType::parse(t)).unwrap_or(kind),
            "-4" | "-6" | "-u" => {}
            "+short" => show.short = true,
            "+search" => search = true,
            "+noall" => show = Show { rest: false, answer: false, ..show },
            "+answer" => show.answer = true,
            _ if word.starts_with('+') => {}
            _ if word.starts_with('@') => server = word.strip_prefix('@').map(str::to_owned),
            _ => match RecordType::parse(word) {
                Some(known) if !typed => {
                    typed = true;
                    kind = known;
                }
                _ => name = Some(word.clone()),
            },
        }
    }
    let name = name.unwrap_or_else(|| ".".to_owned());
    let conf = Conf::read(sys);
    let address = match &server {
        None => conf.servers.first().copied().unwrap_or(IpAddr::from([127, 0, 0, 1])),
        Some(server) => match resolve::first(sys, server) {
            Ok(ip) => ip,
            Err(_) => {
                sys.complain(&format!("dig: couldn't get address for '{server}': not found\n"));
                return 10;
            }
        },
    };
    let candidates =
        if search { conf.candidates(&name) } else { vec![name.trim_end_matches('.').to_owned()] };
    let heading = format!("\n; <<>> DiG {VERSION} <<>> {}\n", argv.get(1..).unwrap_or_default().join(" "));
    let mut last = None;
    for candidate in candidates {
        match resolve::ask(sys, address, &candidate, kind) {
            Asked::Answer(answer) => {
                let done = answer.rcode != Rcode::NxDomain;
                last = Some((candidate, answer.rcode.as_str(), answer));
                if done {
                    break;
                }
            }
            Asked::NotAllowed => {
                last = Some((candidate, "REFUSED", Answer::default()));
                break;
            }
            silent => {
                unreachable(sys, address, matches!(silent, Asked::Refused));
                if !show.short && show.rest {
                    sys.print(&format!("{heading};; global options: +cmd\n"));
                }
                sys.print(";; no servers could be reached\n");
                return 9;
            }
        }
    }
    let Some((found, word, answer)) = last else { return 9 };
    if show.short {
        for record in &answer.records {
            sys.print(&format!("{}\n", data(record)));
        }
        return 0;
    }
    if show.rest {
        sys.print(&format!("{heading};; global options: +cmd\n"));
        head(sys, &found, kind, word, &answer);
    }
    if show.answer && !answer.records.is_empty() {
        if show.rest {
            sys.print(";; ANSWER SECTION:\n");
        }
        for record in &answer.records {
            let ttl = record.ttl.to_string();
            sys.print(&row(&format!("{}.", record.name), &ttl, record.kind().as_str(), &data(record)));
        }
        if show.rest {
            sys.print("\n");
        }
    }
    if show.rest {
        let authority = in_zone(&found) && answer.records.is_empty();
        if authority {
            sys.print(";; AUTHORITY SECTION:\n");
            let serial = sys.now().seconds();
            let soa = format!("ns.dns.{ZONE}. hostmaster.{ZONE}. {serial} 7200 1800 86400 30");
            sys.print(&row(&format!("{ZONE}."), "30", "SOA", &soa));
            sys.print("\n");
        }
        let when = date::format("%a %b %d %H:%M:%S UTC %Y", sys.now().0);
        let size = 12
            + found.len()
            + 6
            + 23
            + answer.records.iter().map(size).sum::<usize>()
            + usize::from(authority) * 75;
        sys.print(&format!(
            ";; Query time: 0 msec\n;; SERVER: {address}#53({}) (UDP)\n;; WHEN: {when}\n;; MSG SIZE  rcvd: {size}\n\n",
            server.unwrap_or_else(|| address.to_string())
        ));
    }
    0
}

fn in_zone(name: &str) -> bool {
    name.ends_with(ZONE)
}

/// The bytes a record takes, its owner pointing back to the question.
fn size(record: &Record) -> usize {
    12 + match &record.data {
        Data::Address(IpAddr::V4(_)) => 4,
        Data::Address(IpAddr::V6(_)) => 16,
        Data::Name(_, name) => name.len() + 2,
        Data::Srv(_, _, host) => host.len() + 8,
    }
}

fn head(sys: &mut Sys<'_>, name: &str, kind: RecordType, word: &str, answer: &Answer) {
    let mut random = gatehouse_core::Entropy::new(sys.now().0.unsigned_abs() ^ name.len() as u64);
    let (id, cookie) = (random.next_u64() % 65_536, random.next_u64());
    sys.print(";; Got answer:\n");
    if name.ends_with(".local") || name == "local" {
        sys.print(";; WARNING: .local is reserved for Multicast DNS\n;; You are currently testing what happens when an mDNS query is leaked to DNS\n");
    }
    let flags = if answer.authoritative { "qr aa rd" } else { "qr rd ra" };
    let authority = u8::from(in_zone(name) && answer.records.is_empty());
    sys.print(&format!(
        ";; ->>HEADER<<- opcode: QUERY, status: {word}, id: {id}\n;; flags: {flags}; QUERY: 1, ANSWER: {}, AUTHORITY: {authority}, ADDITIONAL: 1\n",
        answer.records.len()
    ));
    if answer.authoritative {
        sys.print(";; WARNING: recursion requested but not available\n");
    }
    sys.print(&format!(
        "\n;; OPT PSEUDOSECTION:\n; EDNS: version: 0, flags:; udp: 1232\n; COOKIE: {cookie:016x} (echoed)\n;; QUESTION SECTION:\n"
    ));
    let mut line = format!(";{name}.");
    column(&mut line, 32);
    line.push_str("IN");
    column(&mut line, 40);
    sys.print(&format!("{line}{}\n\n", kind.as_str()));
}

fn data(record: &Record) -> String {
    match &record.data {
        Data::Address(ip) => ip.to_string(),
        Data::Name(_, name) => format!("{name}."),
        Data::Srv(weight, port, host) => format!("0 {weight} {port} {host}."),
    }
}

/// A record in dig's columns.
fn row(name: &str, ttl: &str, kind: &str, data: &str) -> String {
    let mut line = name.to_owned();
    for (at, word) in [(24, ttl), (32, "IN"), (40, kind), (48, data)] {
        column(&mut line, at);
        line.push_str(word);
    }
    line + "\n"
}

/// Fills a line with tabs up to a column; one that is there already gets a space.
fn column(line: &mut String, at: usize) {
    let width = |line: &str| line.chars().fold(0, |w, c| if c == '\t' { (w / 8 + 1) * 8 } else { w + 1 });
    if width(line) >= at {
        line.push(' ');
    }
    while width(line) < at {
        line.push('\t');
    }
}

/// `getent hosts|ahosts|ahostsv4|passwd|group KEY…`
pub(in crate::programs) fn getent(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let Some(database) = argv.get(1).cloned() else {
        sys.complain("Usage: getent [OPTION...] database [key ...]\n");
        return 1;
    };
    let keys: Vec<String> = argv.iter().skip(2).cloned().collect();
    let mut missing = false;
    for key in &keys {
        let text = match database.as_str() {
            "hosts" => hosts(sys, key),
            "ahosts" | "ahostsv4" => all_hosts(sys, key),
            "passwd" | "group" => {
                let file = super::super::read_input(sys, &format!("/etc/{database}")).unwrap_or_default();
                let is = |l: &&str| {
                    let mut fields = l.split(':');
                    fields.next() == Some(key) || fields.nth(1) == Some(key)
                };
                String::from_utf8_lossy(&file).lines().find(is).map(|l| format!("{l}\n"))
            }
            _ => {
                sys.complain(&format!("Unknown database: {database}\nTry `getent --help' or `getent --usage' for more information.\n"));
                return 1;
            }
        };
        match text {
            Some(text) => sys.print(&text),
            None => missing = true,
        }
    }
    if keys.is_empty() && matches!(database.as_str(), "passwd" | "group") {
        let file = super::super::read_input(sys, &format!("/etc/{database}")).unwrap_or_default();
        sys.print_bytes(&file);
    }
    if missing { 2 } else { 0 }
}

/// The addresses of IPv6, else of IPv4.
fn hosts(sys: &mut Sys<'_>, name: &str) -> Option<String> {
    for kind in [RecordType::Aaaa, RecordType::A] {
        if let Ok(found) = resolve::find(sys, name, &[kind], None) {
            let alias = found.alias.as_ref().map(|a| format!(" {a}")).unwrap_or_default();
            let line = |ip: &IpAddr| format!("{:<15} {}{alias}\n", ip.to_string(), found.canonical);
            return Some(found.addresses.iter().map(line).collect());
        }
    }
    None
}

fn all_hosts(sys: &mut Sys<'_>, name: &str) -> Option<String> {
    let found = resolve::lookup(sys, name, None).ok()?;
    let mut text = String::new();
    for (i, ip) in found.addresses.iter().enumerate() {
        let name = if i == 0 { found.canonical.as_str() } else { "" };
        text.push_str(&format!("{:<15} STREAM {name}\n", ip.to_string()));
        text.push_str(&format!("{:<15} DGRAM  \n{:<15} RAW    \n", ip.to_string(), ip.to_string()));
    }
    Some(text)
}
