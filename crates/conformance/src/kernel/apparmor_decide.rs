//! Suite `apparmor-decide`: one operation under one profile, on the live kernel.

use gatehouse_core::effects::apparmor::{Label, LoadMode, ParserVersion, Policy, PolicySet, Stock};
use gatehouse_model::Value;

use super::world::World;
use super::{matches, shown, text_of};
use crate::record::Record;
use crate::suite::{StepResult, Suite, Support};

/// See the module.
pub struct ApparmorDecide;

impl Suite for ApparmorDecide {
    fn name(&self) -> &'static str {
        "apparmor-decide"
    }

    fn steps(&self, record: &Record, support: &Support) -> Result<Vec<StepResult>, String> {
        let body = &record.body;
        let profile = body.str_at(&["profile"]);
        let (one, two) = (body.str_at(&["arg1"]), body.str_at(&["arg2"]));
        let mut set = PolicySet::new();
        // Its own profile, the one the others are, and the one it may change to.
        for name in [profile, "file-only", one] {
            if support.find("apparmor-profiles", "profile", name).is_some() {
                let text = text_of(support, "apparmor-profiles", name)?.str_at(&["text"]);
                let policy = Policy::read(name, text, &Stock, ParserVersion::V4_1_0).map_err(|e| e.text)?;
                set.load(&policy, LoadMode::Replace);
            }
        }
        let uid = body.i64_at(&["uid"]).and_then(|u| u32::try_from(u).ok()).ok_or("no \"uid\"")?;
        let outcome =
            World::new(&set, Label::new(profile), uid).run(body.str_at(&["operation"]), one, two)?;
        let expect = body.get("expect").unwrap_or(&Value::Null);
        let label = outcome.label.map(|l| set.current(&l));
        let lines = |all: Vec<String>| {
            all.into_iter().filter(|l| !l.contains("operation=\"capable\"")).collect::<Vec<_>>()
        };
        let wanted =
            lines(expect.list_at(&["audit"]).iter().filter_map(Value::as_str).map(str::to_owned).collect());
        let audit = lines(outcome.audit);
        let same = wanted.len() == audit.len() && wanted.iter().zip(&audit).all(|(w, a)| matches(w, a));
        let moved = expect.get("label_after").and_then(Value::as_str);
        // A profile without hats is not AppArmor's refusal.
        let passed = ["ok", "ECHILD"].contains(&outcome.result.as_str());
        let allowed = expect.bool_at(&["allowed"]) == Some(passed);
        let agrees = expect.str_at(&["result"]) == outcome.result
            && allowed
            && same
            && moved.is_none_or(|m| label.as_deref() == Some(m));
        Ok(vec![if agrees {
            StepResult::PASS
        } else {
            StepResult::fail(&shown(expect), &format!("{} {label:?} {audit:#?}", outcome.result))
        }])
    }
}
