//! From profiles as read to what the kernel asks: variables expanded, patterns compiled, conflicts found.
//!
//! Models post_process_policy in parser/parser_policy.c: each profile's variables, then the merge of equal
//! paths, then patterns; the first failure ends the parser with exit code 1.

use std::collections::BTreeMap;

use super::glob::Glob;
use super::mount::flag;
use super::perms::{ExecKind, FilePerms, bit};
use super::rule::{
    Body, Flags, Location, MountKind, MountRule, NetworkRule, Ownership, Prefix, ProfileMode, PtraceRule,
    RawProfile, Rule, RuleMode, SignalRule,
};
use super::syntax::PolicyError;
use super::variables::{Variables, escape, filter_slashes};
use crate::effects::capabilities::CapSet;

/// A profile as the kernel holds it.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// The full name, `parent//child`.
    pub name: String,
    /// What it does with what it does not allow.
    pub mode: ProfileMode,
    /// `flags=`.
    pub flags: Flags,
    /// The pattern of executables it attaches to.
    pub attachment: Option<Glob>,
    pub(super) files: Vec<FileEntry>,
    pub(super) links: Vec<LinkEntry>,
    pub(super) capabilities: Vec<Entry<CapSet>>,
    pub(super) networks: Vec<Entry<NetworkRule>>,
    pub(super) mounts: Vec<MountEntry>,
    pub(super) signals: Vec<Entry<(SignalRule, Option<Glob>)>>,
    pub(super) ptraces: Vec<Entry<(PtraceRule, Option<Glob>)>>,
    pub(super) changes: Vec<Entry<(Glob, Option<Glob>)>>,
    pub(super) userns: Vec<Entry<()>>,
}

/// A rule with its prefix and place.
#[derive(Clone, Debug)]
pub(super) struct Entry<T> {
    pub(super) prefix: Prefix,
    pub(super) at: Location,
    pub(super) what: T,
}

#[derive(Clone, Debug)]
pub(super) struct FileEntry {
    pub(super) prefix: Prefix,
    pub(super) at: Location,
    pub(super) glob: Glob,
    pub(super) bits: u16,
    pub(super) exec: Option<(ExecKind, Option<String>)>,
}

#[derive(Clone, Debug)]
pub(super) struct LinkEntry {
    pub(super) prefix: Prefix,
    pub(super) at: Location,
    pub(super) name: Glob,
    /// None: any absolute path.
    pub(super) target: Option<Glob>,
    pub(super) subset: bool,
}

/// One of the calls a mount rule is for.
#[derive(Clone, Debug)]
pub(super) struct MountEntry {
    pub(super) prefix: Prefix,
    pub(super) at: Location,
    pub(super) kind: MountKind,
    pub(super) point: Option<Glob>,
    pub(super) source: Option<Glob>,
    pub(super) fstype: Vec<Glob>,
    /// Flags that must be set, and flags that may; none is any.
    pub(super) flags: (u32, u32),
}

type Result<T> = std::result::Result<T, PolicyError>;

fn fail<T>(text: String) -> Result<T> {
    Err(PolicyError { text, at: None })
}

/// Compiles every profile and child, parents first.
pub(super) fn compile(
    raw: &[RawProfile],
    variables: &Variables,
    aliases: &[(String, String)],
) -> Result<Vec<Profile>> {
    let mut out = vec![];
    for profile in raw {
        one(profile, None, variables, aliases, &mut out)?;
    }
    Ok(out)
}

fn one(
    raw: &RawProfile,
    parent: Option<&str>,
    variables: &Variables,
    aliases: &[(String, String)],
    out: &mut Vec<Profile>,
) -> Result<()> {
    let expand = |v: &Variables, t: &str| v.expand(t).or_else(fail);
    let local = expand(variables, &raw.name)?;
    let name = parent.map_or_else(|| local.clone(), |p| format!("{p}//{local}"));
    let mut variables = variables.clone();
    variables.set("profile_name", vec![escape(&name)]);
    let v = &variables;
    let shown = local.as_str();
    let regex = |r: std::result::Result<Glob, String>| {
        r.or_else(|t| fail(format!("{t}ERROR processing regexs for profile {shown}, failed to load\n")))
    };
    let policydb = |r: std::result::Result<Glob, String>| {
        r.or_else(|t| {
            fail(format!("{t}ERROR processing policydb rules for profile {shown}, failed to load\n"))
        })
    };
    let attachment = raw.attachment.as_deref().map(|a| expand(v, a)).transpose()?;
    let rules = expand_rules(&raw.rules, v)?;
    merge(&rules, shown)?;
    let attachment = attachment.map(|a| regex(Glob::new(&filter_slashes(&a)))).transpose()?;
    let mut p = Profile {
        name: name.clone(),
        mode: raw.flags.mode.unwrap_or_default(),
        flags: raw.flags.clone(),
        attachment,
        ..Profile::default()
    };
    // File patterns first, then the rest: the order in which a bad one is noticed.
    for rule in &rules {
        match &rule.body {
            Body::File(f) => {
                for path in with_aliases(&f.path, aliases) {
                    let path = filter_slashes(&path);
                    file(
                        &mut p,
                        rule,
                        regex(Glob::new(&path))?,
                        f.perms,
                        f.target.as_deref(),
                        f.subset,
                        &regex,
                    )?;
                }
            }
            Body::Link(l) => {
                let name = regex(Glob::new(&filter_slashes(&l.path)))?;
                let target = Some(regex(Glob::new(&filter_slashes(&l.target)))?);
                p.links.push(LinkEntry {
                    prefix: rule.prefix,
                    at: rule.at.clone(),
                    name,
                    target,
                    subset: l.subset,
                });
            }
            Body::ChangeProfile(c) => {
                let exec = c.exec.as_deref().map(|e| regex(Glob::new(e))).transpose()?;
                let target = regex(Glob::new(&c.target))?;
                p.changes.push(Entry { prefix: rule.prefix, at: rule.at.clone(), what: (target, exec) });
            }
            _ => {}
        }
    }
    if let Some(text) = conflict(&p.files) {
        return fail(format!("{text}ERROR processing regexs for profile {shown}, failed to load\n"));
    }
    for rule in &rules {
        other(&mut p, rule, &policydb)?;
    }
    out.push(p);
    for child in &raw.children {
        one(child, Some(&name), &variables, aliases, out)?;
    }
    Ok(())
}

/// Puts variables into every text of every rule.
fn expand_rules(rules: &[Rule], v: &Variables) -> Result<Vec<Rule>> {
    let expand = |t: &str| v.expand(t).or_else(fail);
    let optional = |t: &Option<String>| t.as_deref().map(expand).transpose();
    let mut out = Vec::with_capacity(rules.len());
    for rule in rules {
        let mut rule = rule.clone();
        match &mut rule.body {
            Body::File(f) => {
                f.path = expand(&f.path)?;
                if f.perms.has(bit::LINK) || f.target.is_some() {
                    f.target = optional(&f.target)?;
                }
            }
            Body::Link(l) => {
                l.path = expand(&l.path)?;
                l.target = expand(&l.target)?;
            }
            Body::ChangeProfile(c) => {
                c.target = expand(&c.target)?;
                c.exec = optional(&c.exec)?;
            }
            Body::Mount(m) => {
                m.point = optional(&m.point)?.map(|t| filter_slashes(&t));
                m.source = optional(&m.source)?.map(|t| filter_slashes(&t));
                m.fstype = m.fstype.iter().map(|t| expand(t)).collect::<Result<_>>()?;
            }
            Body::Signal(s) => s.peer = optional(&s.peer)?,
            Body::Ptrace(s) => s.peer = optional(&s.peer)?,
            Body::Unix(u) => {
                u.peer = optional(&u.peer)?;
                u.address = optional(&u.address)?;
            }
            _ => {}
        }
        out.push(rule);
    }
    Ok(out)
}

/// Rules for the very same path that disagree about exec.
fn merge(rules: &[Rule], profile: &str) -> Result<()> {
    let mut seen: BTreeMap<(&str, u8, bool, i32, Option<&str>), Vec<FilePerms>> = BTreeMap::new();
    for rule in rules {
        let Body::File(f) = &rule.body else { continue };
        let link = f.target.as_deref().filter(|_| f.perms.has(bit::LINK));
        let mode = rule.prefix.mode as u8;
        let group = seen.entry((&f.path, mode, rule.prefix.audit, rule.prefix.priority, link)).or_default();
        let clash = |g: &FilePerms| g.exec.is_some() && f.perms.exec.is_some() && g.exec != f.perms.exec;
        if group.iter().any(clash) {
            return fail(format!(
                "profile {profile}: has merged rule {} with conflicting x modifiers\nERROR merging rules for profile {profile}, failed to load\n",
                f.path
            ));
        }
        group.push(f.perms);
    }
    Ok(())
}

/// Patterns that overlap and disagree about exec; a path without special characters beats a pattern.
fn conflict(files: &[FileEntry]) -> Option<String> {
    let with_exec: Vec<&FileEntry> =
        files.iter().filter(|f| f.exec.is_some() && f.prefix.mode != RuleMode::Deny).collect();
    for (i, a) in with_exec.iter().enumerate() {
        for b in with_exec.iter().take(i) {
            let same_user = a.prefix.owner == Ownership::Any
                || b.prefix.owner == Ownership::Any
                || a.prefix.owner == b.prefix.owner;
            let equal_rank = a.glob.is_exact() == b.glob.is_exact() && a.prefix.priority == b.prefix.priority;
            if equal_rank && same_user && a.exec != b.exec && a.glob.intersects(&b.glob) {
                return Some("profile has merged rule with conflicting x modifiers\n".to_owned());
            }
        }
    }
    None
}

fn with_aliases(path: &str, aliases: &[(String, String)]) -> Vec<String> {
    let mut all = vec![path.to_owned()];
    for (from, to) in aliases {
        if let Some(rest) = path.strip_prefix(from.as_str()) {
            all.push(format!("{to}{rest}"));
        }
    }
    all
}

fn file(
    p: &mut Profile,
    rule: &Rule,
    glob: Glob,
    perms: FilePerms,
    target: Option<&str>,
    subset: bool,
    regex: &dyn Fn(std::result::Result<Glob, String>) -> Result<Glob>,
) -> Result<()> {
    let mut bits = perms.bits;
    let inherits = perms.exec.is_some_and(|e| {
        e.to == super::perms::Transition::Inherit || e.or == Some(super::perms::Fallback::Inherit)
    });
    // Who may run a file in his own profile may map it.
    if inherits {
        bits |= bit::MMAP;
    }
    let deny = rule.prefix.mode == RuleMode::Deny;
    if bits & bit::LINK != 0 {
        let (target, subset) = match target {
            Some(t) => (Some(regex(Glob::new(&filter_slashes(t)))?), subset),
            // Without a target any is right, if it has the new name's permissions.
            None => (None, true),
        };
        p.links.push(LinkEntry {
            prefix: rule.prefix,
            at: rule.at.clone(),
            name: glob.clone(),
            target,
            subset,
        });
    }
    if deny {
        bits &= !bit::LINK;
    }
    let exec = perms.exec.map(|e| (e, target.map(str::to_owned).filter(|_| perms.bits & bit::LINK == 0)));
    if bits != 0 {
        p.files.push(FileEntry { prefix: rule.prefix, at: rule.at.clone(), glob, bits, exec });
    }
    Ok(())
}

fn other(
    p: &mut Profile,
    rule: &Rule,
    glob: &dyn Fn(std::result::Result<Glob, String>) -> Result<Glob>,
) -> Result<()> {
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
fn mount_entries(
    m: &MountRule,
    prefix: Prefix,
    at: &Location,
    glob: &dyn Fn(std::result::Result<Glob, String>) -> Result<Glob>,
) -> Result<Vec<MountEntry>> {
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
            optional.push(u32::MAX & !flag::REMOUNT);
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
fn all(
    p: &mut Profile,
    prefix: Prefix,
    at: &Location,
    glob: &dyn Fn(std::result::Result<Glob, String>) -> Result<Glob>,
) -> Result<()> {
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
