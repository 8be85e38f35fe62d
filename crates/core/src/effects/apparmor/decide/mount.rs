//! mount, umount and pivot_root. Models security/apparmor/mount.c.

use std::fmt::Write as _;

use super::access::{Said, refusal, settle};
use super::{Cause, Verdict};
use crate::effects::Errno;
use crate::effects::apparmor::audit::{AuditRecord, quoted};
use crate::effects::apparmor::compile::{MountEntry, Profile};
use crate::effects::apparmor::glob::Glob;
use crate::effects::apparmor::mount::{flag, flags_text};
use crate::effects::apparmor::rule::MountKind;

/// A call of mount(2).
#[derive(Clone, Copy, Debug, Default)]
pub struct MountRequest<'a> {
    /// The device as given; of a bind mount or a move, the path it resolves to. A directory's path ends in a slash.
    pub source: Option<&'a str>,
    /// The mount point's path, with its slash.
    pub point: &'a str,
    /// The type of file system.
    pub fstype: Option<&'a str>,
    /// The flags, without `MS_MGC_VAL`.
    pub flags: u32,
}

fn fits(pattern: &Option<Glob>, text: &str) -> bool {
    pattern.as_ref().is_none_or(|p| p.matches(text))
}

/// Whether a rule still stands after the flags were read, from the lowest bit to the highest that is set: a missing
/// bit above those is only noticed when permissions are looked up.
fn flags_lead_on(entry: &MountEntry, flags: u32) -> bool {
    let (required, optional) = entry.flags;
    let below = flags.checked_ilog2().map_or(0, |top| (1u32 << top) - 1);
    flags & !(required | optional) == 0 && required & below & !flags == 0
}

pub(super) fn mount(profile: &Profile, request: &MountRequest<'_>) -> Verdict {
    // Each kind of call shows the rules only what concerns it.
    let (source, fstype, flags) = match request.flags {
        f if f & flag::REMOUNT != 0 => (None, None, f),
        f if f & flag::BIND != 0 => (request.source, None, f & (flag::BIND | flag::REC)),
        f if f & flag::PROPAGATION != 0 => (None, None, f & (flag::PROPAGATION | flag::REC | flag::SILENT)),
        f if f & flag::MOVE != 0 => (request.source, None, flag::MOVE),
        f => (request.source, request.fstype, f),
    };
    let mut left: Vec<&MountEntry> = profile.mounts.iter().filter(|m| m.kind == MountKind::Mount).collect();
    let mut info = "";
    for (why, keep) in [
        (
            "failed mntpnt match",
            &(|m: &MountEntry| fits(&m.point, request.point)) as &dyn Fn(&MountEntry) -> bool,
        ),
        ("failed srcname match", &|m| fits(&m.source, source.unwrap_or(""))),
        ("failed type match", &|m| {
            m.fstype.is_empty() || m.fstype.iter().any(|t| t.matches(fstype.unwrap_or("")))
        }),
        ("failed flags match", &|m| flags_lead_on(m, flags)),
    ] {
        if info.is_empty() {
            left.retain(|m| keep(m));
            if left.is_empty() {
                info = why;
            }
        }
    }
    left.retain(|m| flags & m.flags.0 == m.flags.0);
    let mut details = String::new();
    for (key, value) in [("fstype", fstype), ("srcname", source)] {
        if let Some(v) = value {
            let _ = write!(details, " {key}={}", quoted(v));
        }
    }
    if flags != 0 {
        let _ = write!(details, " flags=\"{}\"", flags_text(flags));
    }
    decide(profile, &left, "mount", info, request.point, details)
}

pub(super) fn umount(profile: &Profile, point: &str) -> Verdict {
    let hits: Vec<&MountEntry> =
        profile.mounts.iter().filter(|m| m.kind == MountKind::Umount && fits(&m.point, point)).collect();
    decide(profile, &hits, "umount", "", point, String::new())
}

pub(super) fn pivot_root(profile: &Profile, new_root: &str, old_root: &str) -> Verdict {
    let hits: Vec<&MountEntry> = profile
        .mounts
        .iter()
        .filter(|m| m.kind == MountKind::PivotRoot && fits(&m.point, new_root) && fits(&m.source, old_root))
        .collect();
    decide(profile, &hits, "pivotroot", "", new_root, format!(" srcname={}", quoted(old_root)))
}

/// Models audit_mount: an empty `info` is left out.
fn decide(
    profile: &Profile,
    hits: &[&MountEntry],
    operation: &'static str,
    info: &'static str,
    name: &str,
    details: String,
) -> Verdict {
    let mut said = Said::default();
    for m in hits {
        said.add(m.prefix, &m.at);
    }
    let record = |kind, failed: bool| AuditRecord {
        kind,
        operation,
        class: "mount",
        info: (failed && !info.is_empty()).then_some((info, -13)),
        profile: profile.name.clone(),
        name: Some(name.to_owned()),
        details: details.clone(),
    };
    let info_of_perms =
        info.is_empty() && operation == "mount" && said.allow.is_none() && said.deny.is_none();
    if info_of_perms {
        // Rules reached this place but none of them for mounting.
        let kind = refusal(profile);
        let mut verdict =
            Verdict { error: Some(Errno::EACCES), because: Cause::NoRule, ..Verdict::default() };
        let mut line = record(kind, true);
        line.info = Some(("failed perms check", -13));
        verdict.audit.push(line);
        settle(&mut verdict, kind);
        return verdict;
    }
    said.verdict(profile, record)
}
