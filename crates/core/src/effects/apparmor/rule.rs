//! Profiles and rules as read, before variables are expanded.

use super::perms::FilePerms;
use crate::effects::capabilities::CapSet;

/// Where a rule stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Location {
    /// The file, as named to the parser, or the included one.
    pub file: String,
    /// The line on which the rule ends, from 1.
    pub line: usize,
}

/// Whether a rule gives or takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum RuleMode {
    /// Gives (with or without `allow`).
    #[default]
    Allow,
    /// Takes, whatever other rules give.
    Deny,
    /// Asks; a kernel without prompting denies.
    Prompt,
}

/// For which owner of a file a rule holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Ownership {
    /// For every file.
    #[default]
    Any,
    /// For files of the process' own user.
    Owner,
    /// For files of others.
    Other,
}

/// The words before a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Prefix {
    /// `priority=`.
    pub(super) priority: i32,
    /// `audit`.
    pub(super) audit: bool,
    /// `allow`, `deny` or `prompt`.
    pub(super) mode: RuleMode,
    /// `owner` or `other`.
    pub(super) owner: Ownership,
}

/// A rule with its prefix and place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rule {
    /// The words before it.
    pub(super) prefix: Prefix,
    /// What it is about.
    pub(super) body: Body,
    /// Where it stands.
    pub(super) at: Location,
}

/// What a rule is about.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Body {
    /// A file.
    File(FileRule),
    /// `link`.
    Link(LinkRule),
    /// `capability`.
    Capability(CapSet),
    /// `network`.
    Network(NetworkRule),
    /// `mount`, `remount`, `umount`, `pivot_root`.
    Mount(MountRule),
    /// `signal`.
    Signal(SignalRule),
    /// `ptrace`.
    Ptrace(PtraceRule),
    /// `unix`: read, but not enforced by this kernel beyond the socket's creation.
    Unix(UnixRule),
    /// `change_profile`.
    ChangeProfile(ChangeProfileRule),
    /// `userns`.
    Userns,
    /// `dbus`, `mqueue`, `io_uring`: read; nothing here asks for them.
    Other(&'static str),
    /// `all`.
    All,
}

/// A file rule.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FileRule {
    /// The pattern.
    pub(super) path: String,
    /// What it is about.
    pub(super) perms: FilePerms,
    /// After `->`: the profile an exec leads to, or the target of a link.
    pub(super) target: Option<String>,
    /// `link subset` or `<=`.
    pub(super) subset: bool,
}

/// A link rule.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LinkRule {
    /// The pattern of the new name.
    pub(super) path: String,
    /// The pattern of what it leads to.
    pub(super) target: String,
    /// Whether the new name may not have more permissions than the target.
    pub(super) subset: bool,
}

/// Socket families and types a network rule is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct NetworkRule {
    /// Family number and mask of types; none is every family.
    pub(super) families: Option<Vec<(u16, u32)>>,
    /// The accesses named; none is all.
    pub(super) access: Vec<String>,
}

/// Which mount call a rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MountKind {
    /// `mount` and `remount`.
    Mount,
    /// `umount`.
    Umount,
    /// `pivot_root`.
    PivotRoot,
}

/// A mount rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MountRule {
    /// Which call.
    pub(super) kind: MountKind,
    /// `remount` was written.
    pub(super) remount: bool,
    /// Patterns of `fstype=`.
    pub(super) fstype: Vec<String>,
    /// The device, before `->`.
    pub(super) source: Option<String>,
    /// The mount point.
    pub(super) point: Option<String>,
    /// Flags of each `options=`.
    pub(super) required: Vec<u32>,
    /// Flags of each `options in`.
    pub(super) optional: Vec<u32>,
}

/// A signal rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SignalRule {
    /// `send`.
    pub(super) send: bool,
    /// `receive`.
    pub(super) receive: bool,
    /// Signal numbers; none is every signal. 0 is `exists`.
    pub(super) set: Vec<u32>,
    /// The other side's label; none is anyone.
    pub(super) peer: Option<String>,
}

/// A ptrace rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PtraceRule {
    /// `trace`.
    pub(super) trace: bool,
    /// `read`.
    pub(super) read: bool,
    /// `tracedby`.
    pub(super) traced_by: bool,
    /// `readby`.
    pub(super) read_by: bool,
    /// The other side's label; none is anyone.
    pub(super) peer: Option<String>,
}

/// A unix rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct UnixRule {
    /// The accesses named; none is all.
    pub(super) access: Vec<String>,
    /// The socket type named.
    pub(super) socket_type: Option<String>,
    /// The address named.
    pub(super) address: Option<String>,
    /// The other side's label.
    pub(super) peer: Option<String>,
}

/// A change_profile rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ChangeProfileRule {
    /// Only together with an exec of this.
    pub(super) exec: Option<String>,
    /// The label, as a pattern.
    pub(super) target: String,
}

/// What a profile does with what it does not allow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProfileMode {
    /// Refuses.
    #[default]
    Enforce,
    /// Allows and logs.
    Complain,
    /// Kills.
    Kill,
    /// Does not look at all.
    Unconfined,
    /// Asks.
    Prompt,
}

impl ProfileMode {
    /// The word in `/proc/PID/attr/current` and in aa-status.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Complain => "complain",
            Self::Kill => "kill",
            Self::Unconfined => "unconfined",
            Self::Prompt => "prompt",
        }
    }
}

/// `flags=(…)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// The mode; none where no word says one.
    pub mode: Option<ProfileMode>,
    /// `audit`: everything allowed is logged.
    pub audit: bool,
    /// The path flags, as written.
    pub path: Vec<String>,
    /// Whether it is a hat.
    pub hat: bool,
}

/// A profile as read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct RawProfile {
    /// The name, without a parent's.
    pub(super) name: String,
    /// The pattern of executables it attaches to.
    pub(super) attachment: Option<String>,
    /// `flags=`.
    pub(super) flags: Flags,
    /// Its rules, in order.
    pub(super) rules: Vec<Rule>,
    /// Hats and local profiles.
    pub(super) children: Vec<RawProfile>,
    /// The name of the policy namespace.
    pub(super) namespace: Option<String>,
}
