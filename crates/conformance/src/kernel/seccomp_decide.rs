//! Suite `seccomp-decide`: a profile, a call and its arguments, and what the installed program answers.

use gatehouse_core::effects::Errno;
use gatehouse_core::effects::seccomp::{Action, Arch, Filter, Profile, number_of};
use gatehouse_model::Value;

use super::text_of;
use crate::record::Record;
use crate::suite::{StepResult, Suite, Support};

/// See the module.
pub struct SeccompDecide;

impl Suite for SeccompDecide {
    fn name(&self) -> &'static str {
        "seccomp-decide"
    }

    fn steps(&self, record: &Record, support: &Support) -> Result<Vec<StepResult>, String> {
        let body = &record.body;
        let text = text_of(support, "seccomp-profiles", body.str_at(&["profile"]))?.str_at(&["text"]);
        let profile = Profile::parse(text)?;
        let filter = Filter::compile(&profile).map_err(|e| format!("{e:?}"))?.ok_or("no filter")?;
        let arch = if body.str_at(&["arch"]) == "x86" { Arch::X86 } else { Arch::X86_64 };
        let number = match body.get("syscall") {
            Some(Value::Int(n)) => u32::try_from(*n).ok(),
            Some(Value::Str(s)) => s.parse().ok().or_else(|| number_of(arch, s)),
            _ => None,
        };
        let mut args = [0; 6];
        for (slot, value) in args.iter_mut().zip(body.list_at(&["args"])) {
            *slot = value.as_i64().and_then(|v| u64::try_from(v).ok()).ok_or("an argument is no number")?;
        }
        let verdict = filter.decide(arch, number.ok_or("unknown call")?, &args);
        let actual = match verdict.action {
            Action::Errno(Errno(0)) => "ERRNO 0".to_owned(),
            Action::Errno(e) => format!("ERRNO {e}"),
            other => other.to_string(),
        };
        let errno = match body.at(&["expect", "errno"]) {
            Some(Value::Str(s)) => format!(" {s}"),
            Some(Value::Int(n)) => format!(" {n}"),
            _ => String::new(),
        };
        let expected = format!("{}{errno}", body.str_at(&["expect", "action"]));
        Ok(vec![StepResult::compare("action", &expected, &actual)])
    }
}
