//! Rules that are not about files, as the kernel looks them up.

use super::compile::{Entry, FileEntry, LinkEntry, MountEntry, Profile, Result};
use super::glob::Glob;
use super::mount::flag;
use super::perms::{FilePerms, bit};
use super::rule::{
    Body, Location, MountKind, MountRule, NetworkRule, Prefix, PtraceRule, Rule, RuleMode, SignalRule,
};
use crate::effects::capabilities::CapSet;

/// Compiles a pattern, or gives the parser's complaint about it.
pub(super) type Compile<'a> = &'a dyn Fn(std::result::Result<Glob, String>) -> Result<Glob>;

/// Adds a rule to the profile.
pub(super) fn other(p: &mut Profile, rule: &Rule, glob: Compile<'_>) -> Result<()> {
    let (prefix, at) = (rule.prefix, rule.at.clone());
    let peer = |t: &Option<String>| t.as_deref().map(|t| glob(Glob::new(t))).transpose();
    match &rule.body {
        Body::Capability(set) => p.capabilities.push(Entry { prefix, at, what: *set }),
        Body::Network(n) => p.networks.push(Entry { prefix, at, what: n.clone() }),
        Body::Signal(s) => {
            let peer = peer(&s.peer)?;
            p.signals.push(Entry { prefix, at, what: (s.clone(), peer) });
        }
        Body::Ptrace(t) => {
            let peer = peer(&t.peer)?;
            p.ptraces.push(Entry { prefix, at, what: (t.clone(), peer) });
        }
        Body::Unix(u) => {
            // This kernel does not look at unix sockets but when they are made; such a rule is put down as a
            // network rule, and a denying one is dropped because it would take too much.
            let creates = u.access.is_empty() || u.access.iter().any(|a| a == "create");
            if prefix.mode != RuleMode::Deny && (creates || !u.access.is_empty()) {
                let mask =
                    u.socket_type.as_deref().and_then(super::syntax::socket_type_mask).unwrap_or(u32::MAX);
                let what = NetworkRule { families: Some(vec![(1, mask)]), access: vec![] };
                p.networks.push(Entry { prefix, at, what });
            }
        }
        Body::Userns => p.userns.push(Entry { prefix, at, what: () }),
        Body::Mount(m) => {
            let mut mounts = mount_entries(m, prefix, &at, glob)?;
            p.mounts.append(&mut mounts);
        }
        Body::All => all(p, prefix, &at, glob)?,
        Body::File(_) | Body::Link(_) | Body::ChangeProfile(_) | Body::Other(_) => {}
    }
    Ok(())
}

/// The calls a mount rule allows: without flags it is for every kind of them.
fn mount_entries(m: &MountRule, prefix: Prefix, at: &Location, glob: Compile<'_>) -> Result<Vec<MountEntry>> {
    let compile = |t: &Option<String>| t.as_deref().map(|t| glob(Glob::new(t))).transpose();
    let point = compile(&m.point)?;
    let source = compile(&m.source)?;
    let fstype = m.fstype.iter().map(|t| glob(Glob::new(t))).collect::<Result<Vec<_>>>()?;
    let entry =
        |point: &Option<Glob>, source: &Option<Glob>, fstype: &[Glob], flags: (u32, u32)| MountEntry {
            prefix,
            at: at.clone(),
            kind: m.kind,
            point: point.clone(),
            source: source.clone(),
            fstype: fstype.to_vec(),
            flags,
        };
    if m.kind != MountKind::Mount {
        return Ok(vec![entry(&point, &source, &[], (0, u32::MAX))]);
    }
    let everything = m.required.is_empty() && m.optional.is_empty() && !m.remount;
    let mut required = m.required.clone();
    let mut optional = m.optional.clone();
    if everything {
        required.push(0);
        optional.push(u32::MAX);
    }
    if required.is_empty() {
        required.push(if m.remount { flag::REMOUNT } else { 0 });
        if optional.is_empty() {
            optional.push(!flag::REMOUNT);
        }
    }
    if optional.is_empty() {
        optional.push(0);
    }
    let remountable = !(flag::MOVE | flag::PROPAGATION);
    let mut out = vec![];
    for r in &required {
        for o in &optional {
            let within = |mask: u32| (r & mask & !o, o & mask);
            let free = source.is_none() || point.is_none();
            // With one place only, a rule about an existing mount means that place.
            let place = if point.is_some() { &point } else { &source };
            let plain = fstype.is_empty();
            if *r == 0 {
                if source.is_none() && plain {
                    out.push(entry(place, &None, &[], within(remountable)));
                }
                if plain {
                    out.push(entry(&point, &source, &[], within(flag::BIND | flag::REC)));
                    if free {
                        out.push(entry(place, &None, &[], within(flag::PROPAGATION | flag::REC)));
                    }
                    out.push(entry(&point, &source, &[], within(flag::MOVE)));
                }
                out.push(entry(&point, &source, &fstype, within(!flag::COMMANDS)));
            } else if r & flag::REMOUNT != 0 && source.is_none() && plain {
                out.push(entry(place, &None, &[], within(remountable)));
            } else if r & flag::BIND != 0 && plain {
                out.push(entry(&point, &source, &[], within(flag::BIND | flag::REC)));
            } else if r & (flag::PROPAGATION | flag::REC) != 0 && free && plain {
                out.push(entry(place, &None, &[], within(flag::PROPAGATION | flag::REC)));
            } else if r & flag::MOVE != 0 && plain {
                out.push(entry(&point, &source, &[], within(flag::MOVE)));
            } else if (r | o) & !flag::COMMANDS != 0 {
                out.push(entry(&point, &source, &fstype, within(!flag::COMMANDS)));
            }
        }
    }
    Ok(out)
}

/// `all`: everything there is a rule for.
fn all(p: &mut Profile, prefix: Prefix, at: &Location, glob: Compile<'_>) -> Result<()> {
    let at = at.clone();
    let every = glob(Glob::new("/{**,}"))?;
    let everything = FilePerms::everything();
    let exec = everything.exec.map(|e| (e, None)).filter(|_| prefix.mode != RuleMode::Deny);
    p.files.push(FileEntry { prefix, at: at.clone(), glob: every.clone(), bits: bit::ALL, exec });
    p.links.push(LinkEntry { prefix, at: at.clone(), name: every, target: None, subset: false });
    p.capabilities.push(Entry { prefix, at: at.clone(), what: CapSet::ALL });
    p.networks.push(Entry { prefix, at: at.clone(), what: NetworkRule::default() });
    for kind in [MountKind::Mount, MountKind::Umount, MountKind::PivotRoot] {
        p.mounts.push(MountEntry {
            prefix,
            at: at.clone(),
            kind,
            point: None,
            source: None,
            fstype: vec![],
            flags: (0, u32::MAX),
        });
    }
    let signal = SignalRule { send: true, receive: true, set: vec![], peer: None };
    p.signals.push(Entry { prefix, at: at.clone(), what: (signal, None) });
    let ptrace = PtraceRule { trace: true, read: true, traced_by: true, read_by: true, peer: None };
    p.ptraces.push(Entry { prefix, at: at.clone(), what: (ptrace, None) });
    let any = glob(Glob::new("**"))?;
    p.changes.push(Entry { prefix, at: at.clone(), what: (any, None) });
    p.userns.push(Entry { prefix, at, what: () });
    Ok(())
}
