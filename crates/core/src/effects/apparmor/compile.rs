//! From profiles as read to what the kernel asks: variables expanded, patterns compiled, conflicts found.
//!
//! Models post_process_policy in parser/parser_policy.c: each profile's variables, then the merge of equal
//! paths, then patterns; the first failure ends the parser with exit code 1.

use std::collections::BTreeMap;

use super::entries::{Compile, other};
use super::glob::Glob;
use super::perms::{ExecKind, FilePerms, bit};
use super::rule::{
    Body, Flags, Location, MountKind, NetworkRule, Ownership, Prefix, ProfileMode, PtraceRule, RawProfile,
    Rule, RuleMode, SignalRule,
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

pub(super) type Result<T> = std::result::Result<T, PolicyError>;

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
    // Rules about files are expanded first, the last one first: that is the variable an error names.
    for rule in raw.rules.iter().rev() {
        let texts = match &rule.body {
            Body::File(f) => [Some(&f.path), None],
            Body::Link(l) => [Some(&l.path), Some(&l.target)],
            _ => continue,
        };
        for text in texts.into_iter().flatten() {
            expand(v, text)?;
        }
    }
    let rules = expand_rules(&raw.rules, v)?;
    merge(&rules, shown)?;
    let attachment = match attachment {
        Some(a) => Some(named(&filter_slashes(&a), shown)?),
        // A name with special characters is the pattern itself.
        None => Some(named(&filter_slashes(&local), shown)?).filter(|g| !g.is_exact()),
    };
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

/// The pattern of a profile's name or attachment.
fn named(pattern: &str, profile: &str) -> Result<Glob> {
    Glob::new(pattern).or_else(|t| {
        fail(format!(
            "{t}apparmor_parser: Invalid profile name '{pattern}' - bad regular expression\nERROR processing regexs for profile {profile}, failed to load\n"
        ))
    })
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
    type Key<'a> = (&'a str, u8, bool, i32, Option<&'a str>);
    let mut seen: BTreeMap<Key<'_>, Vec<FilePerms>> = BTreeMap::new();
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

/// How many steps comparing patterns may take: a check the author of a huge profile goes without.
const COMPARISONS: usize = 500_000;

/// Patterns that overlap and disagree about exec; a path without special characters beats a pattern.
fn conflict(files: &[FileEntry]) -> Option<String> {
    type Kind<'a> = (&'a (ExecKind, Option<String>), Vec<&'a FileEntry>);
    let mut kinds: Vec<Kind<'_>> = vec![];
    for f in files.iter().filter(|f| f.prefix.mode != RuleMode::Deny) {
        let Some(exec) = &f.exec else { continue };
        match kinds.iter_mut().find(|(k, _)| *k == exec) {
            Some((_, all)) => all.push(f),
            None => kinds.push((exec, vec![f])),
        }
    }
    let mut budget = COMPARISONS;
    for (i, (_, some)) in kinds.iter().enumerate() {
        for (_, others) in kinds.iter().take(i) {
            for (a, b) in some.iter().flat_map(|a| others.iter().map(move |b| (a, b))) {
                let same_user = a.prefix.owner == Ownership::Any
                    || b.prefix.owner == Ownership::Any
                    || a.prefix.owner == b.prefix.owner;
                let equal = a.glob.is_exact() == b.glob.is_exact() && a.prefix.priority == b.prefix.priority;
                budget = budget.saturating_sub(1);
                if equal && same_user && a.glob.intersects(&b.glob, &mut budget) {
                    return Some("profile has merged rule with conflicting x modifiers\n".to_owned());
                }
                if budget == 0 {
                    return None;
                }
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
    regex: Compile<'_>,
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
