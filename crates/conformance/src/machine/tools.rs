//! Suite `apparmor-tools`: AppArmor's command lines, one after the other, on a node.

use gatehouse_core::Timestamp;
use gatehouse_core::effects::apparmor::Label;
use gatehouse_machine::shell::{self, ShellState};
use gatehouse_machine::{Alone, Machine, Outcome};
use gatehouse_model::Value;

use crate::kernel::matches;
use crate::record::Record;
use crate::suite::{StepResult, Suite, Support};

/// See the module.
pub struct ApparmorTools;

/// Runs a line as root; its exit code and both streams.
fn run(machine: &mut Machine, line: &str) -> (i32, String) {
    let mut session = ShellState::interactive("root");
    session.interactive = false;
    let (Outcome::Done(o) | Outcome::Streaming(o) | Outcome::NeedsEdit(o, _)) =
        shell::run(machine, &mut session, &mut Alone, line);
    let text = String::from_utf8_lossy(&o.stdout).into_owned() + &String::from_utf8_lossy(&o.stderr);
    (o.exit, text.trim_end_matches('\n').to_owned())
}

/// The recorder's own steps before the first and the last `aa-status`.
fn between(machine: &mut Machine, line: &str, earlier: &[&str]) {
    if line != "aa-status" {
        return;
    }
    if earlier.contains(&"aa-status") {
        run(machine, "apparmor_parser -r -C /etc/apparmor.d/lab-deny");
        return;
    }
    let mut sleeper = machine.new_process(1, gatehouse_machine::process::Cred::user(0, 0), &["sleep", "300"]);
    sleeper.cred.label = Label::new("lab-deny");
    sleeper.exe = "/usr/bin/sleep".to_owned();
    machine.processes.insert(sleeper.pid, std::sync::Arc::new(sleeper));
}

impl Suite for ApparmorTools {
    fn name(&self) -> &'static str {
        "apparmor-tools"
    }

    fn steps(&self, record: &Record, _support: &Support) -> Result<Vec<StepResult>, String> {
        let body = &record.body;
        let mut machine = Machine::host("node", "root", Timestamp::GENESIS);
        for (path, text) in body.map_at(&["files"]).iter() {
            machine.write_file(path, text.as_str().unwrap_or(""), 0o644, (0, 0));
        }
        let before: Vec<&str> = body.list_at(&["before"]).iter().filter_map(Value::as_str).collect();
        for (i, line) in before.iter().enumerate() {
            between(&mut machine, line, before.get(..i).unwrap_or_default());
            run(&mut machine, line);
        }
        let command = body.str_at(&["command"]);
        between(&mut machine, command, &before);
        let (exit, output) = run(&mut machine, command);
        let wanted = body.str_at(&["expect", "output"]);
        let agrees = body.i64_at(&["expect", "exit"]) == Some(i64::from(exit)) && matches(wanted, &output);
        let expected = format!("{} {wanted}", body.i64_at(&["expect", "exit"]).unwrap_or(0));
        Ok(vec![if agrees {
            StepResult::PASS
        } else {
            StepResult::fail(&expected, &format!("{exit} {output}"))
        }])
    }
}
