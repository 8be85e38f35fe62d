//! Capabilities, sockets, signals, tracing, user namespaces: what is not a path.

use std::fmt::Write as _;

use super::{Cause, Verdict};
use crate::effects::Errno;
use crate::effects::apparmor::audit::{AuditRecord, AuditType, quoted, signal_name};
use crate::effects::apparmor::compile::{Entry, Profile};
use crate::effects::apparmor::glob::Glob;
use crate::effects::apparmor::label::Label;
use crate::effects::apparmor::rule::{Location, Prefix, ProfileMode, RuleMode};
use crate::effects::apparmor::syntax::family_name;
use crate::effects::capabilities::Capability;

/// What is done with a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the system calls' names")]
pub enum NetworkAccess {
    Create,
    Bind,
    Listen,
    Accept,
    Connect,
    Send,
    Receive,
    Getattr,
    Setattr,
    Getopt,
    Setopt,
    Shutdown,
}

impl NetworkAccess {
    /// The operation's name and the access' name in a log line.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Create => ("create", "create"),
            Self::Bind => ("bind", "bind"),
            Self::Listen => ("listen", "listen"),
            Self::Accept => ("accept", "accept"),
            Self::Connect => ("connect", "connect"),
            Self::Send => ("sendmsg", "send"),
            Self::Receive => ("recvmsg", "receive"),
            Self::Getattr => ("getsockname", "getattr"),
            Self::Setattr => ("setattr", "setattr"),
            Self::Getopt => ("getsockopt", "getopt"),
            Self::Setopt => ("setsockopt", "setopt"),
            Self::Shutdown => ("socket_shutdown", "shutdown"),
        }
    }
}

/// How a process is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trace {
    /// ptrace(2) attach.
    Trace,
    /// Reading its memory or its maps.
    Read,
}

/// What matching rules say about one access.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    pub(super) allow: Option<Location>,
    pub(super) deny: Option<Location>,
    audit: bool,
    quiet: bool,
    priority: Option<i32>,
}

impl Said {
    /// Adds a rule that is about the access.
    pub(super) fn add(&mut self, prefix: Prefix, at: &Location) {
        match self.priority {
            Some(p) if p > prefix.priority => return,
            Some(p) if p < prefix.priority => *self = Self::default(),
            _ => {}
        }
        self.priority = Some(prefix.priority);
        match prefix.mode {
            RuleMode::Allow => {
                self.allow.get_or_insert_with(|| at.clone());
                self.audit |= prefix.audit;
            }
            RuleMode::Deny => {
                self.deny.get_or_insert_with(|| at.clone());
                self.quiet |= !prefix.audit;
            }
            RuleMode::Prompt => {}
        }
    }

    /// The answer and its line. Models aa_audit.
    pub(super) fn verdict(
        &self,
        profile: &Profile,
        record: impl FnOnce(AuditType, bool) -> AuditRecord,
    ) -> Verdict {
        let mut verdict = Verdict::default();
        match (&self.deny, &self.allow) {
            (None, Some(at)) => {
                verdict.because = Cause::Rule(at.clone());
                if self.audit || profile.flags.audit {
                    verdict.audit.push(record(AuditType::Audit, false));
                }
                return verdict;
            }
            (Some(at), _) => verdict.because = Cause::Rule(at.clone()),
            (None, None) => verdict.because = Cause::NoRule,
        }
        verdict.error = Some(Errno::EACCES);
        if self.quiet && !profile.flags.audit {
            return verdict;
        }
        let kind = refusal(profile);
        verdict.audit.push(record(kind, true));
        settle(&mut verdict, kind);
        verdict
    }

    /// As [`Self::verdict`], for the classes that go through aa_check_perms: it says KILLED but does not kill.
    fn verdict_without_kill(
        &self,
        profile: &Profile,
        record: impl FnOnce(AuditType, bool) -> AuditRecord,
    ) -> Verdict {
        Verdict { killed: false, ..self.verdict(profile, record) }
    }
}

/// The kind of line a refusal gives.
pub(super) const fn refusal(profile: &Profile) -> AuditType {
    match profile.mode {
        ProfileMode::Complain => AuditType::Allowed,
        ProfileMode::Kill => AuditType::Killed,
        _ => AuditType::Denied,
    }
}

/// After the line is written: complain mode lets it pass, kill mode kills.
pub(super) fn settle(verdict: &mut Verdict, kind: AuditType) {
    match kind {
        AuditType::Allowed => verdict.error = None,
        AuditType::Killed => verdict.killed = true,
        _ => {}
    }
}

pub(super) fn capability(profile: &Profile, cap: Capability) -> Verdict {
    let mut said = Said::default();
    for e in profile.capabilities.iter().filter(|e| e.what.has(cap)) {
        // Capabilities are plain sets: priorities are not looked at.
        said.add(Prefix { priority: 0, ..e.prefix }, &e.at);
    }
    let name = cap.name().trim_start_matches("CAP_").to_ascii_lowercase();
    let mut verdict = said.verdict(profile, |kind, _| AuditRecord {
        kind,
        operation: "capable",
        class: "cap",
        info: None,
        profile: profile.name.clone(),
        name: None,
        details: format!(" capability={}  capname={}", cap as u8, quoted(&name)),
    });
    verdict.error = verdict.error.map(|_| Errno::EPERM);
    verdict
}

pub(super) fn socket(
    profile: &Profile,
    access: NetworkAccess,
    (family, kind, protocol): (u16, u32, i32),
    local_port: u16,
) -> Verdict {
    let (operation, word) = access.words();
    let mut said = Said::default();
    for e in &profile.networks {
        let named = e.what.families.as_ref().is_none_or(|f| {
            f.iter().any(|(af, mask)| *af == family && mask.checked_shr(kind).unwrap_or(0) & 1 == 1)
        });
        let asked = e.what.access.is_empty()
            || e.what.access.iter().any(|a| match a.as_str() {
                "read" => word == "receive",
                "write" => word == "send",
                a => a == word,
            });
        if named && asked {
            said.add(e.prefix, &e.at);
        }
    }
    let types = ["unknown", "stream", "dgram", "raw", "rdm", "seqpacket", "dccp", "", "", "", "packet"];
    said.verdict_without_kill(profile, |kind_of_line, denied| {
        let mut details = String::new();
        if local_port != 0 {
            let _ = write!(details, " lport={local_port}");
        }
        match family_name(family) {
            Some(name) => drop(write!(details, " family=\"{name}\"")),
            None => drop(write!(details, " family=\"unknown({family})\"")),
        }
        match types.get(kind as usize).filter(|t| !t.is_empty()) {
            Some(name) => drop(write!(details, " sock_type=\"{name}\"")),
            None => drop(write!(details, " sock_type=\"unknown({kind})\"")),
        }
        let _ = write!(details, " protocol={protocol} requested_mask=\"{word}\"");
        if denied {
            let _ = write!(details, " denied_mask=\"{word}\"");
        }
        AuditRecord {
            kind: kind_of_line,
            operation,
            class: "net",
            info: None,
            profile: profile.name.clone(),
            name: None,
            details,
        }
    })
}

/// Whether a rule's peer pattern names a label.
fn is_peer(pattern: &Option<Glob>, peer: &Label) -> bool {
    pattern.as_ref().is_none_or(|p| p.matches(peer.name()))
}

pub(super) fn signal(profile: &Profile, sending: bool, number: u32, peer: &Label) -> Verdict {
    let mut said = Said::default();
    for Entry { prefix, at, what: (rule, pattern) } in &profile.signals {
        let side = if sending { rule.send } else { rule.receive };
        if side && (rule.set.is_empty() || rule.set.contains(&number)) && is_peer(pattern, peer) {
            said.add(*prefix, at);
        }
    }
    let word = if sending { "send" } else { "receive" };
    said.verdict_without_kill(profile, |kind, denied| {
        let mut details = format!(" requested_mask=\"{word}\"");
        if denied {
            let _ = write!(details, " denied_mask=\"{word}\"");
        }
        let _ = write!(details, " signal={} peer={}", signal_name(number), quoted(peer.name()));
        AuditRecord {
            kind,
            operation: "signal",
            class: "signal",
            info: None,
            profile: profile.name.clone(),
            name: None,
            details,
        }
    })
}

pub(super) fn ptrace(profile: &Profile, how: Trace, target_side: bool, peer: &Label) -> Verdict {
    let word = match (how, target_side) {
        (Trace::Trace, false) => "trace",
        (Trace::Trace, true) => "tracedby",
        (Trace::Read, false) => "read",
        (Trace::Read, true) => "readby",
    };
    let mut said = Said::default();
    for Entry { prefix, at, what: (rule, pattern) } in &profile.ptraces {
        let side = match word {
            "trace" => rule.trace,
            "tracedby" => rule.traced_by,
            "read" => rule.read,
            _ => rule.read_by,
        };
        if side && is_peer(pattern, peer) {
            said.add(*prefix, at);
        }
    }
    said.verdict_without_kill(profile, |kind, denied| {
        let mut details = format!(" requested_mask=\"{word}\"");
        if denied {
            let _ = write!(details, " denied_mask=\"{word}\"");
        }
        let _ = write!(details, " peer={}", quoted(peer.name()));
        AuditRecord {
            kind,
            operation: "ptrace",
            class: "ptrace",
            info: None,
            profile: profile.name.clone(),
            name: None,
            details,
        }
    })
}

pub(super) fn user_namespace(profile: &Profile) -> Verdict {
    let mut said = Said::default();
    for e in &profile.userns {
        said.add(e.prefix, &e.at);
    }
    said.verdict_without_kill(profile, |kind, denied| AuditRecord {
        kind,
        operation: "userns_create",
        class: "namespace",
        info: None,
        profile: profile.name.clone(),
        name: None,
        details: format!(
            " requested=\"userns_create\"{}",
            if denied { " denied=\"userns_create\"" } else { "" }
        ),
    })
}
