//! Suite `order`: which check answers first, for one call.

use gatehouse_core::effects::seccomp::{Arch, name_of};
use gatehouse_machine::Alone;
use gatehouse_machine::container::with_process;
use gatehouse_machine::errno::Errno;
use gatehouse_machine::sys::Arg;
use gatehouse_model::Value;

use super::world::{Make, World, seccomp_text};
use crate::kernel::text_of;
use crate::record::Record;
use crate::suite::{StepResult, Suite, Support};

/// See the module.
pub struct Order;

/// A probe: its call and arguments.
pub(super) fn probe(line: &Value) -> Result<(&'static str, Vec<Arg>), String> {
    let number =
        line.i64_at(&["nr"]).and_then(|n| u32::try_from(n).ok()).ok_or("a probe without a number")?;
    let name = name_of(Arch::X86_64, number).ok_or("an unknown call")?;
    let args = line.list_at(&["args"]).iter().filter_map(Value::as_str).map(|a| match a.strip_prefix("s:") {
        Some(text) => Arg::Text(text.to_owned()),
        None if a == "buf" => Arg::Buffer,
        None => Arg::Number(integer(a)),
    });
    Ok((name, args.collect()))
}

fn integer(text: &str) -> i64 {
    if let Some(hex) = text.strip_prefix("0x") {
        return i64::from_str_radix(hex, 16).unwrap_or(0);
    }
    if text.len() > 1 && text.starts_with('0') {
        return i64::from_str_radix(text, 8).unwrap_or(0);
    }
    text.parse().unwrap_or(0)
}

pub(super) fn word(result: Result<(), Errno>) -> String {
    match result {
        Ok(()) => "ok".to_owned(),
        Err(e) => e.name(),
    }
}

impl Suite for Order {
    fn name(&self) -> &'static str {
        "order"
    }

    fn steps(&self, record: &Record, support: &Support) -> Result<Vec<StepResult>, String> {
        let body = &record.body;
        let security = body.get("securityContext").cloned().unwrap_or_default();
        let profile = security.str_at(&["appArmorProfile", "localhostProfile"]).to_owned();
        let mut profiles = Vec::new();
        if !profile.is_empty() {
            let text = text_of(support, "apparmor-profiles", &profile)?.str_at(&["text"]);
            profiles.push((profile.clone(), text.to_owned()));
        }
        let local = security.str_at(&["seccompProfile", "localhostProfile"]).to_owned();
        let seccomp = if local.is_empty() { None } else { Some(seccomp_text(support, &local)?) };
        let make = Make {
            busybox: true,
            security,
            seccomp,
            apparmor: Some(profiles),
            pod: Value::map(),
            old_ports: false,
        };
        let wanted = body.str_at(&["probe"]);
        let mut world = World::new(&make)?;
        world.reset();
        // The probes run one after the other on one container; only this one's answer counts here.
        let mut answer = String::new();
        for line in support.of("probes").iter().filter(|l| l.str_at(&["for"]) == "order") {
            if line.str_at(&["probe"]) != wanted {
                continue;
            }
            let (name, args) = probe(line)?;
            answer = with_process(&mut world.machine, &mut Alone, &world.container, |sys| {
                word(sys.raw(name, &args))
            });
        }
        let expected = body.str_at(&["expect"]);
        // `noresult`: the probe itself was replaced by the program it executed.
        let replaced = expected == "noresult" && answer == "ok";
        Ok(vec![if replaced { StepResult::PASS } else { StepResult::compare(wanted, expected, &answer) }])
    }
}
