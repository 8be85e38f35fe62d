//! `iptables`, `iptables-save`: the rules of the table `filter`.
//!
//! Other tables are shown empty; the chains of ufw, kube-proxy and the network plugin are not shown. Models iptables 1.8.10
//! iptables/{xtables,xshared,nft-shared}.c.

use std::sync::Arc;

use super::ports;
use crate::node::firewall::{Chain, Filter, Rule};
use crate::sys::Sys;

const VERSION: &str = "iptables v1.8.10 (nf_tables)";
const NO_CHAIN: &str = "iptables: No chain/target/match by that name.\n";
const BAD_RULE: &str = "iptables: Bad rule (does a matching rule exist in that chain?).\n";
const BUILT_IN: [&str; 3] = ["ACCEPT", "DROP", "REJECT"];

/// What went wrong: the exit code and the words.
type Trouble = (i32, String);

fn usage(why: &str) -> Trouble {
    (2, format!("{VERSION}: {why}\nTry `iptables -h' or 'iptables --help' for more information.\n"))
}

/// A command line, read.
#[derive(Default)]
struct Line {
    /// The command's letter.
    command: char,
    chain: String,
    /// A rule's number, a policy, a new name.
    extra: String,
    rule: Rule,
    table: String,
    numeric: bool,
    verbose: bool,
    numbers: bool,
    /// Which match gives meaning to states and ports.
    modules: Vec<String>,
}

impl Line {
    fn parse(argv: &[String]) -> Result<Self, Trouble> {
        let mut line = Self { table: "filter".to_owned(), ..Self::default() };
        let mut words = argv.iter().skip(1).map(String::as_str).flat_map(spread).peekable();
        let mut not = false;
        while let Some(word) = words.next() {
            let word = word.as_str();
            if word == "!" {
                not = true;
                continue;
            }
            let turn = |v: String| if not { format!("!{v}") } else { v };
            let mut value =
                || words.next().ok_or_else(|| usage(&format!("option \"{word}\" requires an argument")));
            let rule = &mut line.rule;
            match word {
                "-A" | "--append" | "-D" | "--delete" | "-I" | "--insert" | "-P" | "--policy" | "-N"
                | "--new-chain" | "-C" | "--check" => {
                    line.command = letter(word);
                    line.chain = value()?;
                    let takes = matches!(line.command, 'D' | 'I' | 'P');
                    if takes && words.peek().is_some_and(|w| !w.starts_with('-') && w != "!") {
                        line.extra = words.next().unwrap_or_default();
                    }
                }
                "-L" | "--list" | "-S" | "--list-rules" | "-F" | "--flush" | "-X" | "--delete-chain"
                | "-Z" => {
                    line.command = letter(word);
                    if words.peek().is_some_and(|w| !w.starts_with('-')) {
                        line.chain = words.next().unwrap_or_default();
                    }
                }
                "-t" | "--table" => line.table = value()?,
                "-n" | "--numeric" => line.numeric = true,
                "-v" | "--verbose" => line.verbose = true,
                "-w" | "--wait" | "-x" => {}
                "--line-numbers" => line.numbers = true,
                "-p" | "--protocol" => rule.protocol = turn(value()?.to_lowercase()),
                "-s" | "--source" | "--src" => rule.source = turn(address(&value()?)?),
                "-d" | "--destination" | "--dst" => rule.destination = turn(address(&value()?)?),
                "-i" | "--in-interface" => rule.input = turn(value()?),
                "-o" | "--out-interface" => rule.output = turn(value()?),
                "-m" | "--match" => line.modules.push(value()?),
                "-j" | "--jump" => rule.target = value()?,
                "--dport" | "--destination-port" | "--sport" | "--source-port" | "--dports" | "--sports" => {
                    let transport = matches!(rule.protocol.trim_start_matches('!'), "tcp" | "udp");
                    let many = word.ends_with("ports");
                    if !transport || many && !line.modules.iter().any(|m| m == "multiport") {
                        return Err(usage(&format!("unknown option \"{word}\"")));
                    }
                    let text = turn(value()?);
                    let bad = text.trim_start_matches('!').split([',', ':']).find(|p| number(p).is_none());
                    if let Some(bad) = bad {
                        return Err(usage(&format!("invalid port/service `{bad}' specified")));
                    }
                    let text: String = text.split(',').map(numbered).collect::<Vec<_>>().join(",");
                    if word.starts_with("--d") { rule.ports = text } else { rule.source_ports = text }
                }
                "--state" | "--ctstate" => {
                    rule.states = format!("{} {}", word.trim_start_matches('-'), value()?)
                }
                "--comment" => rule.comment = value()?,
                "--reject-with" => rule.reject_with = value()?,
                other if other.starts_with('-') => {
                    return Err(usage(&format!("unknown option \"{other}\"")));
                }
                other => return Err(usage(&format!("Bad argument `{other}'"))),
            }
            not = false;
        }
        if line.rule.target == "REJECT" && line.rule.reject_with.is_empty() {
            "icmp-port-unreachable".clone_into(&mut line.rule.reject_with);
        }
        if line.command == '\0' {
            return Err(usage("no command specified"));
        }
        Ok(line)
    }
}

/// Short flags in one word, apart: `-nvL`.
fn spread(word: &str) -> Vec<String> {
    let letters = word.strip_prefix('-').filter(|w| w.len() > 1 && w.chars().all(|c| "nvLSFxZ".contains(c)));
    match letters {
        // The command comes last, so that a chain may follow it.
        Some(w) => {
            let (command, flags): (Vec<char>, Vec<char>) = w.chars().partition(|c| "LSFZ".contains(*c));
            flags.into_iter().chain(command).map(|c| format!("-{c}")).collect()
        }
        None => vec![word.to_owned()],
    }
}

fn letter(word: &str) -> char {
    match word {
        "--append" => 'A',
        "--delete" => 'D',
        "--insert" => 'I',
        "--policy" => 'P',
        "--new-chain" => 'N',
        "--check" => 'C',
        "--list" => 'L',
        "--list-rules" => 'S',
        "--flush" => 'F',
        "--delete-chain" => 'X',
        w => w.chars().nth(1).unwrap_or('L'),
    }
}

fn number(port: &str) -> Option<u16> {
    port.parse().ok().or_else(|| (1..1024).find(|p| ports::service(*p) == Some(port)))
}

fn numbered(range: &str) -> String {
    let (mark, bare) = range.strip_prefix('!').map_or(("", range), |b| ("!", b));
    let parts: Vec<String> =
        bare.split(':').map(|p| number(p).map_or_else(|| p.to_owned(), |n| n.to_string())).collect();
    format!("{mark}{}", parts.join(":"))
}

fn address(text: &str) -> Result<String, Trouble> {
    let (base, length) = text.split_once('/').map_or((text, None), |(b, l)| (b, Some(l)));
    let fine = base.parse::<std::net::Ipv4Addr>().is_ok()
        && length.is_none_or(|l| l.parse::<u8>().is_ok_and(|l| l <= 32));
    if !fine {
        return Err(usage(&format!("host/network `{base}' not found")));
    }
    Ok(match length {
        None => format!("{base}/32"),
        Some("0") => String::new(),
        Some(_) => text.to_owned(),
    })
}

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    if argv.iter().any(|a| a == "-V" || a == "--version") {
        sys.print(&format!("{VERSION}\n"));
        return 0;
    }
    if sys.change_network("setsockopt").is_err() {
        sys.complain(&format!(
            "{VERSION}: Could not fetch rule set generation id: Permission denied (you must be root)\n"
        ));
        return 4;
    }
    match Line::parse(argv).and_then(|line| apply(sys, line)) {
        Ok(()) => 0,
        Err((code, text)) => {
            sys.complain(&text);
            code
        }
    }
}

/// The table a line is about; only `filter` is kept.
fn table(sys: &Sys<'_>, name: &str) -> Result<Filter, Trouble> {
    let names: &[&str] = match name {
        "filter" => return Ok(sys.machine().services.filter.clone()),
        "nat" => &["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
        "mangle" => &["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
        "raw" => &["PREROUTING", "OUTPUT"],
        other => {
            return Err((
                3,
                format!(
                    "{VERSION}: can't initialize iptables table `{other}': Table does not exist (do you need to insmod?)\nPerhaps iptables or your kernel needs to be upgraded.\n"
                ),
            ));
        }
    };
    let chain = |n: &&str| Chain { name: (*n).to_owned(), policy: "ACCEPT".to_owned(), rules: Vec::new() };
    Ok(Filter { chains: names.iter().map(chain).collect() })
}

fn apply(sys: &mut Sys<'_>, line: Line) -> Result<(), Trouble> {
    let mut filter = table(sys, &line.table)?;
    let refused = |text: &str| Err((1, text.to_owned()));
    if matches!(line.command, 'L' | 'S') {
        let shown: Vec<&Chain> =
            filter.chains.iter().filter(|c| line.chain.is_empty() || c.name == line.chain).collect();
        if shown.is_empty() {
            return refused(NO_CHAIN);
        }
        let text = if line.command == 'L' { list(&filter, &shown, &line) } else { save(&shown) };
        sys.print(&text);
        return Ok(());
    }
    let known = BUILT_IN.contains(&line.rule.target.as_str())
        || matches!(line.rule.target.as_str(), "" | "RETURN" | "LOG")
        || filter.chain(&line.rule.target).is_some();
    if !known {
        return Err((
            2,
            format!(
                "{VERSION}: Chain '{}' does not exist\nTry `iptables -h' or 'iptables --help' for more information.\n",
                line.rule.target
            ),
        ));
    }
    if line.command == 'N' {
        if filter.chain(&line.chain).is_some() {
            return refused("iptables: Chain already exists.\n");
        }
        filter.chains.push(Chain { name: line.chain.clone(), ..Chain::default() });
    } else if matches!(line.command, 'F' | 'Z') && line.chain.is_empty() {
        if line.command == 'F' {
            filter.chains.iter_mut().for_each(|c| c.rules.clear());
        }
    } else if line.command == 'X' {
        let used = |name: &str| filter.chains.iter().any(|c| c.rules.iter().any(|r| r.target == name));
        let busy = filter.chain(&line.chain).is_some_and(|c| !c.rules.is_empty()) || used(&line.chain);
        if busy {
            return refused(&format!(
                "{VERSION}:  CHAIN_DEL failed (Device or resource busy): chain {}\n",
                line.chain
            ));
        }
        let before = filter.chains.len();
        filter.chains.retain(|c| {
            !c.policy.is_empty()
                || if line.chain.is_empty() { !c.rules.is_empty() } else { c.name != line.chain }
        });
        if !line.chain.is_empty() && filter.chains.len() == before {
            return refused(NO_CHAIN);
        }
    } else {
        let Some(chain) = filter.chains.iter_mut().find(|c| c.name == line.chain) else {
            return refused(NO_CHAIN);
        };
        change(chain, &line)?;
    }
    if line.table == "filter" {
        Arc::make_mut(&mut sys.machine_mut().services).filter = filter;
    }
    Ok(())
}

fn change(chain: &mut Chain, line: &Line) -> Result<(), Trouble> {
    let place = line.extra.parse::<usize>().ok();
    let same = |r: &Rule| Rule { inserted: false, ..r.clone() } == line.rule;
    match line.command {
        'A' => chain.rules.push(line.rule.clone()),
        'I' => {
            let at = place.unwrap_or(1);
            if at == 0 || at > chain.rules.len() + 1 {
                return Err((1, "iptables: Index of insertion too big.\n".to_owned()));
            }
            let inserted = chain.rules.get(at - 1).is_none_or(|r| r.inserted) || at == 1;
            chain.rules.insert(at - 1, Rule { inserted, ..line.rule.clone() });
        }
        'D' if place.is_some() => {
            let at = place.unwrap_or(0);
            if at == 0 || at > chain.rules.len() {
                return Err((1, "iptables: Index of deletion too big.\n".to_owned()));
            }
            chain.rules.remove(at - 1);
        }
        'D' | 'C' => {
            let Some(at) = chain.rules.iter().position(same) else { return Err((1, BAD_RULE.to_owned())) };
            if line.command == 'D' {
                chain.rules.remove(at);
            }
        }
        'P' if chain.policy.is_empty() || !matches!(line.extra.as_str(), "ACCEPT" | "DROP") => {
            return Err((1, "iptables: Bad policy name. Run `dmesg' for more information.\n".to_owned()));
        }
        'P' => chain.policy.clone_from(&line.extra),
        'F' => chain.rules.clear(),
        _ => {}
    }
    Ok(())
}

fn list(filter: &Filter, chains: &[&Chain], line: &Line) -> String {
    let mut out = String::new();
    for (i, chain) in chains.iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        let counts = if line.verbose { " 0 packets, 0 bytes" } else { "" };
        out.push_str(&if chain.policy.is_empty() {
            let used = filter.chains.iter().flat_map(|c| &c.rules).filter(|r| r.target == chain.name).count();
            format!("Chain {} ({used} references)\n", chain.name)
        } else {
            format!("Chain {} (policy {}{counts})\n", chain.name, chain.policy)
        });
        if line.numbers {
            out.push_str("num  ");
        }
        if line.verbose {
            out.push_str(" pkts bytes ");
        }
        out.push_str("target     prot opt ");
        if line.verbose {
            out.push_str("in     out     ");
        }
        out.push_str("source               destination         \n");
        for (n, rule) in chain.rules.iter().enumerate() {
            if line.numbers {
                out.push_str(&format!("{:<4} ", n + 1));
            }
            if line.verbose {
                out.push_str("    0     0 ");
            }
            out.push_str(&row(rule, line));
        }
    }
    out
}

fn split(text: &str) -> (&'static str, &str) {
    text.strip_prefix('!').map_or((" ", text), |rest| ("!", rest))
}

fn row(rule: &Rule, line: &Line) -> String {
    let (mark, protocol) = split(&rule.protocol);
    let protocol = match (protocol, line.numeric) {
        ("" | "all", true) => "0",
        ("" | "all", false) => "all",
        ("icmp", true) => "1",
        ("tcp", true) => "6",
        ("udp", true) => "17",
        (name, _) => name,
    };
    let mut out = format!("{:<9} {mark}{protocol:<4} -- ", rule.target);
    if line.verbose {
        for interface in [&rule.input, &rule.output] {
            let (mark, name) = split(interface);
            let name = if name.is_empty() { if line.numeric { "*" } else { "any" } } else { name };
            out.push_str(&format!("{mark}{name:<6}"));
        }
        out.push(' ');
    }
    for place in [&rule.source, &rule.destination] {
        let (mark, place) = split(place);
        let place = match place.strip_suffix("/32").unwrap_or(place) {
            "" if line.numeric => "0.0.0.0/0",
            "" => "anywhere",
            other => other,
        };
        out.push_str(&format!("{mark}{place:<19} "));
    }
    let shown = |list: &str| -> String {
        let one = |p: &str| match p.parse::<u16>().ok().and_then(ports::service).filter(|_| !line.numeric) {
            Some(name) => name.to_owned(),
            None => p.to_owned(),
        };
        list.split(',').map(one).collect::<Vec<_>>().join(",")
    };
    let name = rule.protocol.trim_start_matches('!');
    for (text, one, many) in [(&rule.source_ports, "spt", "sports"), (&rule.ports, "dpt", "dports")] {
        let (mark, list) = split(text);
        let mark = mark.trim();
        if list.contains(',') {
            out.push_str(&format!(" multiport {many} {mark}{}", shown(list)));
        } else if !list.is_empty() {
            let plural = if list.contains(':') { "s" } else { "" };
            out.push_str(&format!(" {name} {one}{plural}:{mark}{}", shown(list)));
        }
    }
    if !rule.states.is_empty() {
        out.push_str(&format!(" {}", rule.states));
    }
    if !rule.comment.is_empty() {
        out.push_str(&format!(" /* {} */", rule.comment));
    }
    if !rule.reject_with.is_empty() {
        out.push_str(&format!(" reject-with {}", rule.reject_with));
    }
    out.push('\n');
    out
}

/// Chains and rules as `-S` and `iptables-save` write them.
fn save(chains: &[&Chain]) -> String {
    let mut out = String::new();
    for c in chains {
        out.push_str(&if c.policy.is_empty() {
            format!("-N {}\n", c.name)
        } else {
            format!("-P {} {}\n", c.name, c.policy)
        });
    }
    for c in chains {
        c.rules.iter().for_each(|r| out.push_str(&format!("-A {}{}\n", c.name, words(r))));
    }
    out
}

fn words(rule: &Rule) -> String {
    let mut out = String::new();
    let mut add = |flag: &str, value: &str| {
        if let Some(rest) = value.strip_prefix('!') {
            out.push_str(&format!(" ! {flag} {rest}"));
        } else if !value.is_empty() {
            out.push_str(&format!(" {flag} {value}"));
        }
    };
    let protocol = rule.protocol.trim_start_matches('!').to_owned();
    for (flag, value) in [
        ("-s", &rule.source),
        ("-d", &rule.destination),
        ("-i", &rule.input),
        ("-o", &rule.output),
        ("-p", &rule.protocol),
    ] {
        add(flag, value);
    }
    let many = rule.ports.contains(',') || rule.source_ports.contains(',');
    if !(rule.ports.is_empty() && rule.source_ports.is_empty()) {
        add("-m", if many { "multiport" } else { &protocol });
    }
    let (sport, dport) = if many { ("--sports", "--dports") } else { ("--sport", "--dport") };
    add(sport, &rule.source_ports);
    add(dport, &rule.ports);
    if let Some((kind, states)) = rule.states.split_once(' ') {
        add("-m", if kind == "state" { "state" } else { "conntrack" });
        add(&format!("--{kind}"), states);
    }
    if !rule.comment.is_empty() {
        let quoted =
            if rule.comment.contains(' ') { format!("{:?}", rule.comment) } else { rule.comment.clone() };
        add("-m", "comment");
        add("--comment", &quoted);
    }
    add("-j", &rule.target);
    add("--reject-with", &rule.reject_with);
    out
}

/// `iptables-save`
pub(super) fn dump(sys: &mut Sys<'_>, _argv: &[String]) -> i32 {
    let filter = sys.machine().services.filter.clone();
    let when = super::date::format("%a %b %e %T %Y", sys.now().0);
    let mut out = format!("# Generated by iptables-save v1.8.10 (nf_tables) on {when}\n*filter\n");
    for c in &filter.chains {
        let policy = if c.policy.is_empty() { "-" } else { &c.policy };
        out.push_str(&format!(":{} {policy} [0:0]\n", c.name));
    }
    for c in &filter.chains {
        c.rules.iter().for_each(|r| out.push_str(&format!("-A {}{}\n", c.name, words(r))));
    }
    out.push_str(&format!("COMMIT\n# Completed on {when}\n"));
    sys.print(&out);
    0
}
