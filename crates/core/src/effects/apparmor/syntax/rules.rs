//! Rules that are not about files, mounts or sockets.

use super::profile::Block;
use super::{Parser, Result};
use crate::effects::apparmor::audit::signal_number;
use crate::effects::apparmor::rule::{
    Body, ChangeProfileRule, Ownership, Prefix, PtraceRule, Rule, SignalRule, UnixRule,
};
use crate::effects::apparmor::token::Tok;
use crate::effects::capabilities::{CapSet, Capability};

const SIGNAL: &[(Tok, &str)] =
    &[(Tok::Send, "send"), (Tok::Receive, "receive"), (Tok::Read, "read"), (Tok::Write, "write")];
const PTRACE: &[(Tok, &str)] = &[
    (Tok::Trace, "trace"),
    (Tok::TracedBy, "tracedby"),
    (Tok::Read, "read"),
    (Tok::Write, "write"),
    (Tok::ReadBy, "readby"),
];
const DBUS: &[(Tok, &str)] = &[
    (Tok::Bind, "bind"),
    (Tok::Send, "send"),
    (Tok::Receive, "receive"),
    (Tok::Read, "read"),
    (Tok::Write, "write"),
    (Tok::Eavesdrop, "eavesdrop"),
];
const MQUEUE: &[(Tok, &str)] = &[
    (Tok::Create, "create"),
    (Tok::Open, "open"),
    (Tok::Delete, "delete"),
    (Tok::Getattr, "getattr"),
    (Tok::Setattr, "setattr"),
    (Tok::Write, "write"),
    (Tok::Read, "read"),
];
/// Accesses to sockets.
pub(super) const SOCKET: &[(Tok, &str)] = &[
    (Tok::Create, "create"),
    (Tok::Bind, "bind"),
    (Tok::Listen, "listen"),
    (Tok::Accept, "accept"),
    (Tok::Connect, "connect"),
    (Tok::Shutdown, "shutdown"),
    (Tok::Getattr, "getattr"),
    (Tok::Setattr, "setattr"),
    (Tok::Getopt, "getopt"),
    (Tok::Setopt, "setopt"),
    (Tok::Send, "send"),
    (Tok::Receive, "receive"),
    (Tok::Read, "read"),
    (Tok::Write, "write"),
];

impl Parser<'_> {
    /// A rule after its prefix.
    pub(super) fn rule(&mut self, prefix: Prefix, into: &mut Block) -> Result<()> {
        let (kind, body) = match self.peek()? {
            Tok::Open => {
                self.take();
                return self.nested(prefix, into);
            }
            Tok::Link => return self.link_rule(prefix, into),
            Tok::Capability => ("capability", self.capability()?),
            Tok::Network => ("network", self.network()?),
            Tok::Mount | Tok::Remount | Tok::Umount | Tok::PivotRoot => ("mount", self.mount()?),
            Tok::Signal => ("signal", self.signal()?),
            Tok::Ptrace => ("ptrace", self.ptrace()?),
            Tok::Unix => ("unix", self.unix()?),
            Tok::ChangeProfile => ("change_profile", self.change_profile()?),
            Tok::Dbus => ("dbus", self.dbus()?),
            Tok::Userns => ("userns", self.userns()?),
            Tok::Mqueue => ("mqueue", self.mqueue()?),
            Tok::IoUring => ("io_uring", self.io_uring()?),
            Tok::All => {
                self.take();
                self.end_of_rule()?;
                ("all", Body::All)
            }
            _ => return self.file_rule(prefix, into),
        };
        if let Some(m) = self.prefix_problem(prefix, kind) {
            return Err(self.fail(&m));
        }
        into.rules.push(Rule { prefix, body, at: self.here() });
        Ok(())
    }

    /// What is wrong with the words before a rule of this kind.
    fn prefix_problem(&self, prefix: Prefix, kind: &str) -> Option<String> {
        if prefix.priority != 0 && ["network", "all"].contains(&kind) {
            return Some(format!("priority prefix not allowed on {kind} rules"));
        }
        if prefix.owner == Ownership::Any {
            return None;
        }
        Some(match kind {
            // A change_profile rule calls itself a unix rule here.
            "capability" | "change_profile" => {
                let kind = if kind == "capability" { kind } else { "unix" };
                let word = if self.old() { "prefix" } else { "conditional" };
                format!("owner {word} not allowed on {kind} rules")
            }
            "network" if self.old() => "owner prefix not allowed".to_owned(),
            _ => format!("owner prefix not allowed on {kind} rules"),
        })
    }

    fn capability(&mut self) -> Result<Body> {
        self.take();
        let mut set = CapSet::EMPTY;
        loop {
            match self.peek()? {
                Tok::Id => {
                    let name = self.take();
                    let known =
                        Capability::all().find(|c| c.name().eq_ignore_ascii_case(&format!("CAP_{name}")));
                    let Some(cap) = known.filter(|_| name.bytes().all(|b| !b.is_ascii_uppercase())) else {
                        return Err(self.fail(&format!("Invalid capability {name}.")));
                    };
                    set = set.with(cap);
                }
                Tok::EndOfRule => {
                    self.take();
                    return Ok(Body::Capability(if set.is_empty() { CapSet::ALL } else { set }));
                }
                _ => return Err(self.syntax(&[Tok::Id, Tok::EndOfRule])),
            }
        }
    }

    fn no_in(&self, equals: bool, kind: &str) -> Result<()> {
        if equals {
            Ok(())
        } else {
            Err(self.fail(&format!("keyword \"in\" is not allowed in {kind} rules\n")))
        }
    }

    fn end_after_conditions(&mut self) -> Result<()> {
        self.expect_of(Tok::EndOfRule, &[Tok::CondId, Tok::EndOfRule]).map(|_| ())
    }

    fn signal(&mut self) -> Result<Body> {
        self.take();
        let access = self.access("signal", SIGNAL)?;
        let conditions = self.conditions()?;
        self.end_after_conditions()?;
        let mut rule = SignalRule::default();
        for c in &conditions {
            self.no_in(c.equals, "signal")?;
            match c.name.as_str() {
                "set" => {
                    for v in &c.values {
                        let Some(n) = signal_number(v) else {
                            return Err(self.fail(&format!("unknown signal \"{v}\"\n")));
                        };
                        rule.set.push(n);
                    }
                }
                "peer" => self.once(&mut rule.peer, "signal", c)?,
                other => return Err(self.fail(&format!("invalid signal rule conditional \"{other}\"\n"))),
            }
        }
        let has = |words: &[&str]| access.is_empty() || access.iter().any(|a| words.contains(&a.as_str()));
        rule.send = has(&["send", "write"]);
        rule.receive = has(&["receive", "read"]);
        Ok(Body::Signal(rule))
    }

    fn ptrace(&mut self) -> Result<Body> {
        self.take();
        let access = self.access("ptrace", PTRACE)?;
        let conditions = self.conditions()?;
        self.end_after_conditions()?;
        let mut rule = PtraceRule::default();
        for c in &conditions {
            self.no_in(c.equals, "ptrace")?;
            if c.name != "peer" {
                return Err(self.fail(&format!("invalid ptrace rule conditional \"{}\"\n", c.name)));
            }
            self.once(&mut rule.peer, "ptrace", c)?;
        }
        let has = |words: &[&str]| access.is_empty() || access.iter().any(|a| words.contains(&a.as_str()));
        rule.trace = has(&["trace", "write"]);
        rule.read = has(&["read"]);
        rule.traced_by = has(&["tracedby"]);
        rule.read_by = has(&["readby"]);
        Ok(Body::Ptrace(rule))
    }

    fn unix(&mut self) -> Result<Body> {
        self.take();
        let access = self.access("net", SOCKET)?;
        let conditions = self.conditions()?;
        let peer = self.optional_peer()?;
        self.end_of_rule()?;
        if let Some((name, _)) = peer.as_ref().filter(|(n, _)| n != "peer") {
            return Err(self.fail(&format!("unix rule: invalid conditional group {name}=()")));
        }
        let mut rule = UnixRule { access, ..UnixRule::default() };
        let mut peer_address = None;
        for (side, c) in
            conditions.iter().map(|c| (false, c)).chain(peer.iter().flat_map(|(_, l)| l).map(|c| (true, c)))
        {
            match (c.name.as_str(), side) {
                ("type", false) => {
                    let value = c.value();
                    if super::network::socket_type(&value).is_none() && value != "none" {
                        return Err(self.fail(&format!("socket rule: invalid socket type '{value}'")));
                    }
                    self.once(&mut rule.socket_type, "socket rule", c)?;
                }
                ("addr", _) => {
                    let value = c.value();
                    if value != "none" && !value.starts_with('/') && !value.starts_with('@') {
                        return Err(self.fail(&format!("unix rule: invalid value for addr='{value}'\n")));
                    }
                    let slot = if side { &mut peer_address } else { &mut rule.address };
                    self.once(slot, "unix socket", c)?;
                }
                ("label", true) => self.once(&mut rule.peer, "unix", c)?,
                ("type", true) => {
                    return Err(
                        self.fail("unknown rule: 'type' conditional is not allowed in the peer expression\n")
                    );
                }
                ("label", false) => {
                    return Err(
                        self.fail("unknown rule: 'label' conditional is only valid in the peer expression\n")
                    );
                }
                ("protocol", _) => {
                    return Err(
                        self.fail("unknown rule: 'protocol' conditional is not currently supported\n")
                    );
                }
                (other, false) => {
                    return Err(self.fail(&format!("unix rule: invalid conditional '{other}'\n")));
                }
                (other, true) => {
                    return Err(self.fail(&format!("unix rule: invalid peer conditional '{other}'\n")));
                }
            }
        }
        Ok(Body::Unix(rule))
    }

    fn change_profile(&mut self) -> Result<Body> {
        self.take();
        let guarded = matches!(self.peek()?, Tok::Unsafe | Tok::Safe);
        if guarded {
            self.take();
        }
        let exec = self.accept(Tok::Id)?;
        let target = self.arrow()?;
        self.end_of_rule()?;
        if exec.is_none() && guarded {
            return Err(self.fail("Exec condition is required when unsafe or safe keywords are present"));
        }
        if exec.as_ref().is_some_and(|e| !e.starts_with('/') && !e.starts_with("@{")) {
            return Err(self.fail("Exec condition must begin with '/'."));
        }
        Ok(Body::ChangeProfile(ChangeProfileRule { exec, target: target.unwrap_or_else(|| "**".to_owned()) }))
    }

    fn dbus(&mut self) -> Result<Body> {
        self.take();
        self.access("dbus", DBUS)?;
        let conditions = self.conditions()?;
        let peer = self.optional_peer()?;
        self.end_of_rule()?;
        if let Some((name, _)) = peer.as_ref().filter(|(n, _)| n != "peer") {
            return Err(self.fail(&format!("dbus rule: invalid conditional group {name}=()")));
        }
        for c in &conditions {
            self.no_in(c.equals, "dbus")?;
            if c.values.len() > 1 {
                return Err(
                    self.fail(&format!("dbus conditional \"{}\" only supports a single value\n", c.name))
                );
            }
            match c.name.as_str() {
                "bus" | "name" | "path" | "interface" | "member" => {}
                "label" => {
                    return Err(self.fail(
                        "dbus \"label\" conditional can only be used inside of the \"peer=()\" grouping\n",
                    ));
                }
                other => return Err(self.fail(&format!("invalid dbus conditional \"{other}\"\n"))),
            }
        }
        Ok(Body::Other("dbus"))
    }

    fn userns(&mut self) -> Result<Body> {
        self.take();
        self.access("userns", &[(Tok::Create, "create")])?;
        let conditions = self.conditions()?;
        self.end_after_conditions()?;
        if let Some(c) = conditions.first() {
            self.no_in(c.equals, "userns")?;
            return Err(self.fail(&format!("invalid userns rule conditional \"{}\"\n", c.name)));
        }
        Ok(Body::Userns)
    }

    fn mqueue(&mut self) -> Result<Body> {
        self.take();
        self.access("mqueue", MQUEUE)?;
        let conditions = self.conditions()?;
        let name = self.accept(Tok::Id)?;
        if name.is_some() {
            self.end_of_rule()?;
        } else {
            self.expect_of(Tok::EndOfRule, &[Tok::Id, Tok::CondId, Tok::EndOfRule])?;
        }
        for c in &conditions {
            self.no_in(c.equals, "mqueue")?;
            match c.name.as_str() {
                "label" => {}
                "type" if ["posix", "sysv"].contains(&c.value().as_str()) => {}
                "type" => return Err(self.fail(&format!("mqueue invalid type='{}'\n", c.value()))),
                other => return Err(self.fail(&format!("invalid mqueue rule conditional \"{other}\"\n"))),
            }
        }
        if let Some(name) = name.filter(|n| !n.starts_with('/') && n.parse::<u32>().is_err()) {
            return Err(self.fail(&format!(
                "mqueue invalid name '{name}', message queue names must begin with a / or be a positive integer.\n"
            )));
        }
        Ok(Body::Other("mqueue"))
    }

    fn io_uring(&mut self) -> Result<Body> {
        self.take();
        self.access("io_uring", &[(Tok::OverrideCreds, "override_creds"), (Tok::Sqpoll, "sqpoll")])?;
        let conditions = self.conditions()?;
        self.optional_peer()?;
        self.end_of_rule()?;
        for c in &conditions {
            self.no_in(c.equals, "io_uring")?;
            if c.name != "label" {
                return Err(self.fail(&format!("invalid io_uring conditional \"{}\"\n", c.name)));
            }
        }
        Ok(Body::Other("io_uring"))
    }

    /// `set rlimit`: read and checked; limits are not modelled.
    pub(super) fn rlimit(&mut self) -> Result<()> {
        self.take();
        self.expect(Tok::Rlimit)?;
        let name = self.expect(Tok::Id)?;
        self.expect(Tok::Le)?;
        let value = self.expect(Tok::Value)?;
        let unit = self.accept(Tok::Id)?;
        self.expect_of(Tok::EndOfRule, &[Tok::EndOfRule])?;
        let unit = unit.as_deref();
        let number = value.parse::<i64>().ok();
        let bad =
            |unit: Option<&str>| format!("RLIMIT '{name}' invalid value {value} {}\n", unit.unwrap_or(""));
        let message = match name.as_str() {
            "cpu" | "fsize" | "data" | "stack" | "core" | "rss" | "nofile" | "ofile" | "as" | "nproc"
            | "memlock" | "locks" | "sigpending" | "msgqueue" | "nice" | "rtprio" | "rttime"
                if value == "infinity" =>
            {
                None
            }
            "fsize" | "data" | "stack" | "core" | "rss" | "as" | "memlock" | "msgqueue" => {
                match (number, unit) {
                    (Some(0..), None) => None,
                    (Some(0..), Some(u)) if ["K", "KB", "M", "MB", "G", "GB"].contains(&u) => None,
                    (Some(0..), Some(u)) => Some(format!("RLIMIT '{name}' invalid value {value} {u}\n")),
                    _ => Some(bad(unit)),
                }
            }
            "nofile" | "ofile" | "nproc" | "locks" | "sigpending" | "rtprio" => {
                (unit.is_some() || !matches!(number, Some(0..))).then(|| bad(unit))
            }
            "nice" => match number {
                Some(-20..=19) if unit.is_none() => None,
                Some(n) if unit.is_none() => Some(format!("RLIMIT '{name}' out of range (-20 .. 19) {n}\n")),
                _ => Some(bad(unit)),
            },
            "cpu" => {
                (!matches!(number, Some(0..))).then(|| format!("RLIMIT '{name}' invalid value {value}\n"))
            }
            "rttime" => (!matches!(number, Some(0..))).then(|| bad(unit)),
            _ => Some(format!("INVALID RLIMIT '{name}'\n")),
        };
        message.map_or(Ok(()), |m| Err(self.fail(&m)))
    }
}
