//! Changes of profile that a process asks for itself. Models aa_change_profile and aa_change_hat in domain.c.

use super::file::{Note, Perms, answer, may};
use super::{Cause, Subject, Verdict};
use crate::effects::Errno;
use crate::effects::apparmor::audit::{AuditRecord, AuditType};
use crate::effects::apparmor::compile::Profile;
use crate::effects::apparmor::label::Label;
use crate::effects::apparmor::policy::PolicySet;
use crate::effects::apparmor::rule::{ProfileMode, RuleMode};
use crate::effects::capabilities::NewPrivileges;

fn operation(on_exec: bool) -> &'static str {
    if on_exec { "change_onexec" } else { "change_profile" }
}

pub(super) fn profile(
    set: &PolicySet,
    profile: &Profile,
    subject: &Subject<'_>,
    target: &str,
    on_exec: bool,
) -> Verdict {
    let name = operation(on_exec);
    // The error is of the change, not of a permission: nothing of a file is shown.
    let note =
        Note { operation: name, name: target, target: Some(target), fsuid: subject.fsuid, ..Note::default() };
    let label = match set.named(target) {
        Some(label) => label,
        None if target == "unconfined" => Label::Unconfined,
        None if profile.mode == ProfileMode::Complain => {
            Label::Profile(format!("{}//null-{target}", profile.name))
        }
        None => {
            let mut verdict =
                Verdict { error: Some(Errno::ENOENT), because: Cause::NoRule, ..Verdict::default() };
            verdict.audit.push(record(
                AuditType::Denied,
                name,
                Some(("label not found", -2)),
                profile,
                Some(target),
            ));
            return verdict;
        }
    };
    let hits: Vec<_> = profile
        .changes
        .iter()
        .filter(|c| c.what.0.matches(target) && (c.what.1.is_none() || on_exec))
        .collect();
    let denies = hits.iter().find(|c| c.prefix.mode == RuleMode::Deny);
    let allows = hits.iter().find(|c| c.prefix.mode == RuleMode::Allow);
    let because = match (denies, allows) {
        (Some(c), _) | (None, Some(c)) => Cause::Rule(c.at.clone()),
        (None, None) => Cause::NoRule,
    };
    if denies.is_some() || allows.is_none() {
        let mut verdict =
            answer(profile, &Perms::default(), CHANGE, Note { error: Some(Errno::EACCES), ..note });
        verdict.because = because;
        if verdict.allowed() {
            verdict.label = Some(label);
        }
        return verdict;
    }
    if subject.new_privileges == NewPrivileges::Forbidden && !on_exec && label.name() != profile.name {
        let info = Some("no new privs");
        return answer(profile, &Perms::default(), CHANGE, Note { error: Some(Errno::EPERM), info, ..note });
    }
    let perms = Perms { allow: CHANGE, ..Perms::default() };
    let mut verdict = answer(profile, &perms, CHANGE, note);
    verdict.because = because;
    verdict.label = Some(label);
    verdict
}

/// A bit no log line shows.
const CHANGE: u32 = 0x8000_0000 & !may::SHOWN;

fn record(
    kind: AuditType,
    operation: &'static str,
    info: Option<(&'static str, i32)>,
    profile: &Profile,
    name: Option<&str>,
) -> AuditRecord {
    AuditRecord {
        kind,
        operation,
        class: "file",
        info,
        profile: profile.name.clone(),
        name: name.map(str::to_owned),
        details: String::new(),
    }
}

/// A process without rules may change to any label there is.
pub(super) fn unconfined(set: &PolicySet, target: &str, on_exec: bool) -> Verdict {
    if target == "unconfined" {
        return Verdict::label(Label::Unconfined);
    }
    if let Some(label) = set.named(target) {
        return Verdict::label(label);
    }
    let profile = Profile { name: "unconfined".to_owned(), ..Profile::default() };
    let mut verdict = Verdict { error: Some(Errno::ENOENT), ..Verdict::default() };
    let info = Some(("label not found", -2));
    verdict.audit.push(record(AuditType::Denied, operation(on_exec), info, &profile, Some(target)));
    verdict
}

pub(super) fn hat(set: &PolicySet, profile: &Profile, hat: &str) -> Verdict {
    // A process in a hat moves between its siblings.
    let parent = if profile.flags.hat {
        profile.name.rsplit_once("//").map_or(profile.name.as_str(), |(p, _)| p)
    } else {
        profile.name.as_str()
    };
    let name = format!("{parent}//{hat}");
    match set.get(&name) {
        Some(p) if p.flags.hat => Verdict::label(Label::Profile(name)),
        Some(_) => {
            let mut verdict =
                Verdict { error: Some(Errno::EPERM), because: Cause::NoRule, ..Verdict::default() };
            let info = Some(("target not hat", -1));
            verdict.audit.push(record(AuditType::Denied, "change_hat", info, profile, Some(&name)));
            verdict
        }
        None => {
            let any = set.names().any(|n| {
                n.strip_prefix(parent).and_then(|r| r.strip_prefix("//")).is_some_and(|r| !r.contains("//"))
            });
            // Without any hat the profile was not made for changing; that is not worth a line.
            let error = if any { Errno::ENOENT } else { Errno(10) };
            Verdict { error: Some(error), because: Cause::NoRule, ..Verdict::default() }
        }
    }
}

pub(super) fn unconfined_hat(label: &Label) -> Verdict {
    let profile = Profile { name: label.name().to_owned(), ..Profile::default() };
    let mut verdict = Verdict { error: Some(Errno::EPERM), because: Cause::Unconfined, ..Verdict::default() };
    let info = Some(("unconfined can not change_hat", -1));
    verdict.audit.push(record(AuditType::Denied, "change_hat", info, &profile, None));
    verdict
}
