//! AppArmor's lines in the kernel log. Models security/apparmor/{audit,file,capability,net,ipc,mount}.c.

use std::fmt::Write as _;

/// The word after `apparmor=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditType {
    /// Refused.
    Denied,
    /// Would have been refused: complain mode.
    Allowed,
    /// Allowed by a rule that says `audit`.
    Audit,
    /// Refused, and the process is killed.
    Killed,
}

impl AuditType {
    const fn word(self) -> &'static str {
        match self {
            Self::Denied => "DENIED",
            Self::Allowed => "ALLOWED",
            Self::Audit => "AUDIT",
            Self::Killed => "KILLED",
        }
    }
}

/// What a line says, but for the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// What happened.
    pub kind: AuditType,
    /// `operation=`: `open`, `capable`…
    pub operation: &'static str,
    /// `class=`.
    pub class: &'static str,
    /// `info=` with its `error=`.
    pub info: Option<(&'static str, i32)>,
    /// `profile=`: whose rules were asked.
    pub profile: String,
    /// `name=`.
    pub name: Option<String>,
    /// What the class adds after the process, with a blank before each field.
    pub details: String,
}

impl AuditRecord {
    /// The line from `audit:` on. `stamp` is `seconds.milliseconds:serial`, `comm` at most fifteen bytes.
    #[must_use]
    pub fn line(&self, stamp: &str, pid: u32, comm: &str) -> String {
        self.line_with(stamp, &pid.to_string(), comm)
    }

    /// As [`Self::line`], with the process' number as a text: recordings have a placeholder there.
    #[must_use]
    pub fn line_with(&self, stamp: &str, pid: &str, comm: &str) -> String {
        let mut out = format!(
            "audit: type=1400 audit({stamp}): apparmor=\"{}\" operation=\"{}\" class=\"{}\"",
            self.kind.word(),
            self.operation,
            self.class
        );
        // Writing into a String cannot fail.
        if let Some((info, error)) = self.info {
            let _ = write!(out, " info=\"{info}\" error={error}");
        }
        let _ = write!(out, " profile={}", quoted(&self.profile));
        if let Some(name) = &self.name {
            let _ = write!(out, " name={}", quoted(name));
        }
        let _ = write!(out, " pid={pid} comm={}{}", quoted(comm), self.details);
        out
    }
}

/// A text in quotes, or in hexadecimal digits where it has characters that would confuse a reader.
#[must_use]
pub fn quoted(text: &str) -> String {
    if text.bytes().all(|b| (0x21..0x7f).contains(&b) && b != b'"') {
        return format!("\"{text}\"");
    }
    let mut out = String::with_capacity(text.len() * 2);
    for b in text.bytes() {
        let _ = write!(out, "{b:02X}");
    }
    out
}

const SIGNALS: &[&str] = &[
    "exists", "hup", "int", "quit", "ill", "trap", "abrt", "bus", "fpe", "kill", "usr1", "segv", "usr2",
    "pipe", "alrm", "term", "stkflt", "chld", "cont", "stop", "stp", "ttin", "ttou", "urg", "xcpu", "xfsz",
    "vtalrm", "prof", "winch", "io", "pwr", "sys", "emt",
];

/// The number of a signal's name in a rule; `exists` is 0. Real-time signals are `rtmin+N`, from 32 on here.
#[must_use]
pub(super) fn signal_number(name: &str) -> Option<u32> {
    if let Some(n) = name.strip_prefix("rtmin+") {
        return n.parse::<u32>().ok().filter(|n| *n <= 32 && name.len() > 6).map(|n| n + 128);
    }
    SIGNALS.iter().position(|s| *s == name).and_then(|n| u32::try_from(n).ok())
}

/// The name of a signal in a log line; its number on x86 and in rules agree below the real-time ones.
#[must_use]
pub(super) fn signal_name(number: u32) -> String {
    match SIGNALS.get(number as usize) {
        Some(name) => (*name).to_owned(),
        None => format!("rtmin+{}", number.saturating_sub(32)),
    }
}
