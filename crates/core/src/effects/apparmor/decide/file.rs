//! Paths: what rules give on a file, and which hook asks for what. Models security/apparmor/file.c and lsm.c.

use std::fmt::Write as _;

use super::access::{refusal, settle};
use super::{Cause, Subject, Verdict};
use crate::effects::Errno;
use crate::effects::apparmor::audit::{AuditRecord, AuditType, quoted};
use crate::effects::apparmor::compile::{FileEntry, LinkEntry, Profile};
use crate::effects::apparmor::perms::bit;
use crate::effects::apparmor::rule::{Location, Ownership, Prefix, RuleMode};

/// Something done with one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathOp {
    /// open(2) of a file that exists (a new one was asked for before, as [`PathOp::Mknod`]).
    Open {
        /// `O_RDONLY` or `O_RDWR`.
        read: bool,
        /// `O_WRONLY` or `O_RDWR`.
        write: bool,
        /// `O_APPEND`.
        append: bool,
        /// `O_TRUNC`.
        truncate: bool,
        /// `O_CREAT`.
        create: bool,
    },
    /// A new file of any kind but those below, also by `O_CREAT`.
    Mknod,
    /// mkdir(2), with the new directory's path and its slash.
    Mkdir,
    /// symlink(2), with the new link's path.
    Symlink,
    /// unlink(2).
    Unlink,
    /// rmdir(2).
    Rmdir,
    /// truncate(2), ftruncate(2), and the second hook of `O_TRUNC`.
    Truncate,
    /// chmod(2) and its kin.
    Chmod,
    /// chown(2) and its kin.
    Chown,
    /// stat(2) and its kin.
    Getattr,
    /// flock(2), fcntl(2) locks.
    Lock {
        /// An exclusive lock.
        exclusive: bool,
    },
    /// mmap(2) or mprotect(2) of a file that was opened under another label, or in a way the open did not cover.
    Mmap {
        /// `PROT_READ`.
        read: bool,
        /// `PROT_WRITE` on a shared mapping.
        write: bool,
        /// `PROT_EXEC`.
        exec: bool,
    },
}

/// Bits of a request in the kernel.
pub(super) mod may {
    pub(in super::super) const EXEC: u32 = 1;
    pub(in super::super) const WRITE: u32 = 2;
    pub(in super::super) const READ: u32 = 4;
    pub(in super::super) const APPEND: u32 = 8;
    pub(in super::super) const CREATE: u32 = 0x10;
    pub(in super::super) const DELETE: u32 = 0x20;
    pub(in super::super) const SETATTR: u32 = 0x100;
    pub(in super::super) const GETATTR: u32 = 0x200;
    pub(in super::super) const CHMOD: u32 = 0x1000;
    pub(in super::super) const CHOWN: u32 = 0x2000;
    pub(in super::super) const LOCK: u32 = 0x8000;
    pub(in super::super) const MMAP: u32 = 0x1_0000;
    pub(in super::super) const LINK: u32 = 0x4_0000;
    /// Those a log line shows.
    pub(in super::super) const SHOWN: u32 = EXEC
        | WRITE
        | READ
        | APPEND
        | CREATE
        | DELETE
        | SETATTR
        | GETATTR
        | CHMOD
        | CHOWN
        | LOCK
        | MMAP
        | LINK;
}

/// The kernel's bits of a rule's letters.
fn mapped(bits: u16) -> u32 {
    let on = |b: u16, m: u32| if bits & b != 0 { m } else { 0 };
    on(bit::READ, may::READ | may::GETATTR)
        | on(bit::WRITE, may::WRITE | may::SETATTR | may::CREATE | may::DELETE | may::CHMOD | may::CHOWN)
        | on(bit::APPEND, may::APPEND)
        | on(bit::EXEC, may::EXEC)
        | on(bit::LOCK, may::LOCK)
        | on(bit::MMAP, may::MMAP)
}

/// What a profile says about one path.
#[derive(Clone, Debug, Default)]
pub(super) struct Perms<'a> {
    pub(super) allow: u32,
    pub(super) audit: u32,
    pub(super) quiet: u32,
    /// The rules that matched, for the cause.
    pub(super) matched: Vec<(Prefix, u32, &'a Location)>,
    /// The rule whose exec qualifier holds.
    pub(super) exec: Option<&'a FileEntry>,
}

impl Perms<'_> {
    /// What decided about `request`.
    pub(super) fn cause(&self, request: u32) -> Cause {
        let missing = request & !self.allow;
        let wanted = if missing == 0 { (RuleMode::Allow, request) } else { (RuleMode::Deny, missing) };
        let hit = self.matched.iter().find(|(p, bits, _)| p.mode == wanted.0 && bits & wanted.1 != 0);
        match hit {
            Some((_, _, at)) => Cause::Rule((*at).clone()),
            None if missing == 0 => Cause::Implied,
            None => Cause::NoRule,
        }
    }

    fn add(&mut self, prefix: Prefix, bits: u32) {
        match prefix.mode {
            RuleMode::Allow => {
                self.allow |= bits;
                if prefix.audit {
                    self.audit |= bits;
                }
            }
            RuleMode::Deny => {
                if !prefix.audit {
                    self.quiet |= bits;
                }
            }
            RuleMode::Prompt => {}
        }
    }

    fn finish(&mut self, denied: u32, profile: &Profile) {
        self.allow &= !denied;
        self.quiet &= denied;
        if profile.flags.audit {
            self.audit = u32::MAX;
            self.quiet = 0;
        }
    }
}

fn for_owner(prefix: Prefix, mine: bool) -> bool {
    match prefix.owner {
        Ownership::Any => true,
        Ownership::Owner => mine,
        Ownership::Other => !mine,
    }
}

/// The permissions on a path, for the file's owner or for others.
pub(super) fn perms<'a>(profile: &'a Profile, path: &str, mine: bool) -> Perms<'a> {
    let hits: Vec<&FileEntry> =
        profile.files.iter().filter(|f| for_owner(f.prefix, mine) && f.glob.matches(path)).collect();
    let mut out = Perms::default();
    let mut denied = 0;
    // Of each permission the rules of the highest priority count.
    let top = |b: u16| hits.iter().filter(|f| f.bits & b != 0).map(|f| f.prefix.priority).max();
    for f in &hits {
        let counted =
            (0..7).map(|i| 1u16 << i).filter(|b| f.bits & b != 0 && top(*b) == Some(f.prefix.priority));
        let bits = mapped(counted.fold(0, |a, b| a | b));
        out.add(f.prefix, bits);
        if f.prefix.mode == RuleMode::Deny {
            denied |= bits;
        }
        out.matched.push((f.prefix, bits, &f.at));
    }
    let runs = hits.iter().filter(|f| f.exec.is_some() && top(bit::EXEC) == Some(f.prefix.priority));
    let runs: Vec<&&FileEntry> = runs.filter(|f| f.prefix.mode == RuleMode::Allow).collect();
    out.exec = runs.iter().find(|f| f.glob.is_exact()).or_else(|| runs.first()).map(|f| **f);
    out.finish(denied, profile);
    // Whoever has any file rule may look at every file's attributes.
    if !profile.files.is_empty() || !profile.links.is_empty() || !profile.changes.is_empty() {
        out.allow |= may::GETATTR;
    }
    out
}

fn letters(mask: u32) -> String {
    let mut mask = mask;
    if mask & may::GETATTR != 0 {
        mask |= may::READ;
    }
    if mask & (may::SETATTR | may::CHMOD | may::CHOWN) != 0 {
        mask |= may::WRITE;
    }
    let table = [
        (may::EXEC, 'x'),
        (may::WRITE, 'w'),
        (may::READ, 'r'),
        (may::APPEND, 'a'),
        (may::CREATE, 'c'),
        (may::DELETE, 'd'),
        (may::LOCK, 'k'),
        (may::MMAP, 'm'),
        (may::LINK, 'l'),
    ];
    table.iter().filter(|(b, _)| mask & b != 0).map(|(_, c)| c).collect()
}

/// What a line about a file says besides the permissions.
#[derive(Clone, Copy, Default)]
pub(super) struct Note<'a> {
    pub(super) operation: &'static str,
    pub(super) name: &'a str,
    pub(super) target: Option<&'a str>,
    pub(super) info: Option<&'static str>,
    pub(super) fsuid: u32,
    pub(super) owner: u32,
    /// The call fails whatever the permissions say.
    pub(super) error: Option<Errno>,
}

/// The answer to a request and its line. Models aa_audit_file.
pub(super) fn answer(profile: &Profile, perms: &Perms<'_>, request: u32, note: Note<'_>) -> Verdict {
    let mut verdict = Verdict { because: perms.cause(request), ..Verdict::default() };
    let missing = request & !perms.allow;
    let failed = note.error.or((missing != 0).then_some(Errno::EACCES));
    let (kind, shown, denied) = match failed {
        None => {
            let shown = request & perms.audit;
            if shown == 0 {
                return verdict;
            }
            (AuditType::Audit, shown, 0)
        }
        Some(e) => {
            verdict.error = Some(e);
            let mut shown = missing;
            if missing & perms.quiet != 0 {
                shown &= !perms.quiet;
            }
            if shown == 0 {
                return verdict;
            }
            (refusal(profile), shown, shown)
        }
    };
    let mut details = String::new();
    if shown & may::SHOWN != 0 {
        let _ = write!(details, " requested_mask=\"{}\"", letters(shown));
        if denied != 0 {
            let _ = write!(details, " denied_mask=\"{}\"", letters(denied));
        }
        let _ = write!(details, " fsuid={} ouid={}", note.fsuid, note.owner);
    }
    if let Some(target) = note.target {
        let _ = write!(details, " target={}", quoted(target));
    }
    let error = failed.map_or(0, |e| -i32::from(e.0));
    verdict.audit.push(AuditRecord {
        kind,
        operation: note.operation,
        class: "file",
        info: note.info.map(|i| (i, error)),
        profile: profile.name.clone(),
        name: Some(note.name.to_owned()),
        details,
    });
    settle(&mut verdict, kind);
    verdict
}

fn request(op: PathOp) -> (&'static str, u32) {
    match op {
        PathOp::Open { read, write, append, truncate, create } => {
            let mut mask = if read { may::READ } else { 0 };
            if write {
                mask |= if append { may::APPEND } else { may::WRITE };
            }
            if truncate {
                mask |= may::WRITE;
            }
            if create {
                mask |= may::CREATE;
            }
            ("open", mask)
        }
        PathOp::Mknod => ("mknod", may::CREATE),
        PathOp::Mkdir => ("mkdir", may::CREATE),
        PathOp::Symlink => ("symlink", may::CREATE),
        PathOp::Unlink => ("unlink", may::DELETE),
        PathOp::Rmdir => ("rmdir", may::DELETE),
        PathOp::Truncate => ("truncate", may::WRITE | may::SETATTR),
        PathOp::Chmod => ("chmod", may::CHMOD),
        PathOp::Chown => ("chown", may::CHOWN),
        PathOp::Getattr => ("getattr", may::GETATTR),
        PathOp::Lock { exclusive } => ("file_lock", may::LOCK | if exclusive { may::WRITE } else { 0 }),
        PathOp::Mmap { read, write, exec } => {
            let on = |b: bool, m: u32| if b { m } else { 0 };
            ("file_mmap", on(read, may::READ) | on(write, may::WRITE) | on(exec, may::MMAP))
        }
    }
}

pub(super) fn path(profile: &Profile, subject: &Subject<'_>, op: PathOp, path: &str, owner: u32) -> Verdict {
    let (operation, request) = request(op);
    let perms = perms(profile, path, subject.fsuid == owner);
    let note = Note { operation, name: path, fsuid: subject.fsuid, owner, ..Note::default() };
    answer(profile, &perms, request, note)
}

pub(super) fn rename(profile: &Profile, subject: &Subject<'_>, from: &str, to: &str, owner: u32) -> Verdict {
    let mine = subject.fsuid == owner;
    let source = may::READ | may::GETATTR | may::WRITE | may::SETATTR | may::DELETE;
    let note = Note { operation: "rename_src", name: from, fsuid: subject.fsuid, owner, ..Note::default() };
    let first = answer(profile, &perms(profile, from, mine), source, note);
    if !first.allowed() {
        return first;
    }
    let target = may::WRITE | may::SETATTR | may::CREATE;
    let note = Note { operation: "rename_dest", name: to, ..note };
    first.and(answer(profile, &perms(profile, to, mine), target, note))
}

/// Models profile_path_link: a rule for the new name, one for the pair, and perhaps the subset test.
pub(super) fn link(
    profile: &Profile,
    subject: &Subject<'_>,
    name: &str,
    target: &str,
    owner: u32,
) -> Verdict {
    let mine = subject.fsuid == owner;
    let note = Note {
        operation: "link",
        name,
        target: Some(target),
        fsuid: subject.fsuid,
        owner,
        error: Some(Errno::EACCES),
        ..Note::default()
    };
    let mut lperms = perms(profile, name, mine);
    let named: Vec<&LinkEntry> =
        profile.links.iter().filter(|l| for_owner(l.prefix, mine) && l.name.matches(name)).collect();
    let Some(given) = named.iter().find(|l| l.prefix.mode == RuleMode::Allow) else {
        return answer(profile, &lperms, may::LINK, note);
    };
    lperms.allow |= may::LINK;
    lperms.matched.push((given.prefix, may::LINK, &given.at));
    let mut pair = Perms::default();
    let (mut denied, mut subset) = (0, false);
    for l in named {
        let fits = l
            .target
            .as_ref()
            .map_or_else(|| target.starts_with('/') && target.len() > 1, |t| t.matches(target));
        if !fits {
            continue;
        }
        pair.add(l.prefix, may::LINK);
        pair.matched.push((l.prefix, may::LINK, &l.at));
        match l.prefix.mode {
            RuleMode::Deny => denied |= may::LINK,
            _ => subset |= l.subset,
        }
    }
    pair.finish(denied, profile);
    lperms.audit = pair.audit;
    lperms.quiet = pair.quiet;
    if pair.allow & may::LINK == 0 {
        return answer(profile, &pair, may::LINK, Note { info: Some("target restricted"), ..note });
    }
    let mut request = may::LINK;
    if subset {
        let theirs = perms(profile, target, mine);
        request = lperms.allow & !may::LINK;
        lperms.allow &= theirs.allow | may::LINK;
        request |= may::SHOWN & (lperms.allow & !theirs.allow);
        if request & !lperms.allow != 0 {
            return answer(profile, &lperms, request, note);
        }
        let differs = lperms.exec.map(|e| &e.exec) != theirs.exec.map(|e| &e.exec);
        if lperms.allow & may::EXEC != 0 && differs {
            lperms.allow &= !may::EXEC;
            let note = Note { info: Some("link not subset of target"), ..note };
            return answer(profile, &lperms, request | may::EXEC, note);
        }
    }
    answer(profile, &lperms, request, Note { error: None, ..note })
}
