//! Suite `syscall-outcomes`: calls without a userland, in containers with various capabilities.

use gatehouse_machine::Alone;
use gatehouse_machine::container::with_process;
use gatehouse_model::Value;

use super::exec::place;
use super::order::{probe, word};
use super::world::World;
use crate::record::Record;
use crate::suite::{StepResult, Suite, Support};

/// See the module.
pub struct SyscallOutcomes;

impl Suite for SyscallOutcomes {
    fn name(&self) -> &'static str {
        "syscall-outcomes"
    }

    fn steps(&self, record: &Record, support: &Support) -> Result<Vec<StepResult>, String> {
        let body = &record.body;
        let mut world = World::new(&place(body))?;
        for before in body.list_at(&["before"]) {
            let words: Vec<String> =
                before.items().iter().filter_map(Value::as_str).map(str::to_owned).collect();
            let _ = world.exec(&words);
        }
        world.reset();
        let expect = body.map_at(&["expect", "results"]);
        let (mut wanted, mut got) = (Vec::new(), Vec::new());
        for line in support.of("probes").iter().filter(|l| l.str_at(&["for"]) == "syscall-outcomes") {
            let what = line.str_at(&["probe"]);
            let (name, args) = probe(line)?;
            let answer = with_process(&mut world.machine, &mut Alone, &world.container, |sys| {
                word(sys.raw(name, &args))
            });
            let answer = if answer == "ok" { answer } else { format!("-1 {answer}") };
            if let Some(e) = expect.get(what).and_then(Value::as_str).filter(|e| *e != answer) {
                wanted.push(format!("{what} {e}"));
                got.push(format!("{what} {answer}"));
            }
        }
        Ok(vec![if wanted.is_empty() {
            StepResult::PASS
        } else {
            StepResult::fail(&wanted.join(", "), &got.join(", "))
        }])
    }
}
