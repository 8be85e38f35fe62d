//! execve: whether, and under which label. Models profile_transition and x_to_label in security/apparmor/domain.c.

use super::file::{Note, answer, may, perms};
use super::{Subject, Verdict};
use crate::effects::Errno;
use crate::effects::apparmor::compile::Profile;
use crate::effects::apparmor::label::Label;
use crate::effects::apparmor::perms::{Fallback, Transition};
use crate::effects::apparmor::policy::PolicySet;
use crate::effects::apparmor::rule::ProfileMode;
use crate::effects::capabilities::NewPrivileges;

pub(super) fn exec(
    set: &PolicySet,
    profile: &Profile,
    subject: &Subject<'_>,
    path: &str,
    owner: u32,
) -> Verdict {
    let mut perms = perms(profile, path, subject.fsuid == owner);
    let note = Note { operation: "exec", name: path, fsuid: subject.fsuid, owner, ..Note::default() };
    let same = Label::Profile(profile.name.clone());
    if perms.allow & may::EXEC == 0 {
        if profile.mode != ProfileMode::Complain {
            return answer(profile, &perms, may::EXEC, Note { error: Some(Errno::EACCES), ..note });
        }
        // A learning profile: it does not exist, allows everything and logs.
        let learning = format!("{}//null-{path}", profile.name);
        let mut verdict = answer(
            profile,
            &perms,
            may::EXEC,
            Note { error: Some(Errno::EACCES), target: Some(&learning), ..note },
        );
        if verdict.allowed() {
            verdict.label = Some(Label::Profile(learning));
        }
        return verdict;
    }
    let Some((kind, target)) = perms.exec.and_then(|f| f.exec.as_ref()) else {
        let mut verdict = answer(profile, &perms, may::EXEC, note);
        verdict.label = Some(same);
        return verdict;
    };
    let found = match (kind.to, target) {
        (Transition::Inherit | Transition::Unconfined, _) => None,
        (Transition::Profile, None) => set.attached(path),
        (Transition::Profile, Some(name)) => set.named(name),
        (Transition::Child, None) => set.attached_child(&profile.name, path),
        (Transition::Child, Some(name)) => set.named(&format!("{}//{name}", profile.name)),
    };
    let label = match (kind.to, found, kind.or) {
        (Transition::Inherit, ..) | (_, None, Some(Fallback::Inherit)) => Some(same.clone()),
        (Transition::Unconfined, ..) | (_, None, Some(Fallback::Unconfined)) => Some(Label::Unconfined),
        (_, found, _) => found,
    };
    let Some(label) = label else {
        perms.allow &= !may::EXEC;
        let target = target.as_deref().unwrap_or(path);
        let info = Some("profile transition not found");
        return answer(
            profile,
            &perms,
            may::EXEC,
            Note { error: Some(Errno::EACCES), target: Some(target), info, ..note },
        );
    };
    if subject.new_privileges == NewPrivileges::Forbidden && label != same {
        // Only a label with less may follow; whether another has less is not modelled, so none has.
        perms.allow &= !may::EXEC;
        let info = Some("no new privs");
        let target = Some(label.name());
        return answer(profile, &perms, may::EXEC, Note { error: Some(Errno::EPERM), target, info, ..note });
    }
    let shown = (label != same).then(|| label.name().to_owned());
    let mut verdict = answer(profile, &perms, may::EXEC, Note { target: shown.as_deref(), ..note });
    verdict.secure = label != same && !kind.keeps_environment;
    verdict.label = Some(label);
    verdict
}
