//! Suite `seccomp-start`: whether a container starts under a profile.
//!
//! Compared are the runtime's answers. What the command itself needs is the machine's to know, so a container that
//! ends by its own doing (`exited` with no log) counts as started.

use gatehouse_core::effects::capabilities::NewPrivileges;
use gatehouse_core::effects::seccomp::start::{Start, Step, install, load, start};
use gatehouse_model::Value;

use super::{matches, shown, text_of};
use crate::record::Record;
use crate::suite::{StepResult, Suite, Support};

/// See the module.
pub struct SeccompStart;

impl Suite for SeccompStart {
    fn name(&self) -> &'static str {
        "seccomp-start"
    }

    fn steps(&self, record: &Record, support: &Support) -> Result<Vec<StepResult>, String> {
        let body = &record.body;
        let name = body.str_at(&["profile"]);
        let line = text_of(support, "seccomp-profiles", name)?;
        // A null text is a file without a byte, but for the one that is not there at all.
        let missing = line.str_at(&["about"]).contains("does not exist")
            && line.get("text").is_none_or(|t| t.as_str().is_none());
        let text = (!missing).then(|| line.str_at(&["text"]));
        let path = format!("/var/lib/kubelet/seccomp/profiles/{name}.json");
        let privileges = match body.bool_at(&["allowPrivilegeEscalation"]) {
            Some(false) => NewPrivileges::Forbidden,
            _ => NewPrivileges::Allowed,
        };
        let command = body.list_at(&["command"]).first().and_then(Value::as_str).unwrap_or("");
        let folder = if body.str_at(&["userland"]) == "busybox" { "/bin" } else { "/usr/bin" };
        let exe = format!("{folder}/{command}");
        let actual = load(&path, text)
            .and_then(|p| install(&p, privileges))
            .and_then(|f| start(f.as_ref(), privileges, &exe, "<ID>"));
        let expect = body.get("expect").unwrap_or(&Value::Null);
        let started = expect.bool_at(&["started"]) == Some(true);
        let log = expect.list_at(&["log"]).first().and_then(|l| l.items().get(1)).and_then(Value::as_str);
        let agrees = match &actual {
            Ok(Start::Running) => started && log.is_none(),
            Ok(Start::Exited { code, stderr }) => {
                started && expect.i64_at(&["exit"]) == Some(i64::from(*code)) && log == Some(stderr)
            }
            Err(e) => {
                let step = match e.step {
                    Step::CreateContainer => "CreateContainer",
                    Step::StartContainer => "StartContainer",
                };
                let wanted = expect.str_at(&["error"]);
                let said = matches(wanted, &e.message) || e.varies.iter().any(|v| matches(wanted, v));
                !started && expect.str_at(&["step"]) == step && said
            }
        };
        Ok(vec![if agrees {
            StepResult::PASS
        } else {
            StepResult::fail(&shown(expect), &format!("{actual:?}"))
        }])
    }
}
