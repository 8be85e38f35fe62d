//! Suite `seccomp-syscalls`: which calls a command makes, in the order of their first use.

use std::sync::Arc;

use gatehouse_model::Value;

use super::world::{Make, World};
use crate::record::Record;
use crate::suite::{StepResult, Suite, Support};

/// See the module.
pub struct SeccompSyscalls;

impl Suite for SeccompSyscalls {
    fn name(&self) -> &'static str {
        "seccomp-syscalls"
    }

    fn steps(&self, record: &Record, _support: &Support) -> Result<Vec<StepResult>, String> {
        let body = &record.body;
        let make = Make {
            busybox: body.str_at(&["userland"]) == "busybox",
            pod: Value::map(),
            security: Value::map(),
            ..Make::default()
        };
        let mut world = World::new(&make)?;
        world.machine.trace = Some(Arc::default());
        let argv: Vec<String> =
            body.list_at(&["argv"]).iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let exit = world.exec(&argv).map(|o| o.exit);
        let calls = world.machine.trace.take().unwrap_or_default().join(" ");
        let expect = body.get("expect").unwrap_or(&Value::Null);
        let wanted: Vec<&str> = expect.list_at(&["syscalls"]).iter().filter_map(Value::as_str).collect();
        let exit = exit.map_or_else(|e| e, |c| c.to_string());
        let expected = format!("{} {}", expect.i64_at(&["exit"]).unwrap_or(0), wanted.join(" "));
        Ok(vec![StepResult::compare("calls", &expected, &format!("{exit} {calls}"))])
    }
}
