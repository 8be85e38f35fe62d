//! Suites of commands: `capabilities-exec`, `seccomp-exec`, `seccomp-log`, `apparmor-exec`.

use gatehouse_machine::Output;
use gatehouse_machine::container::Started;
use gatehouse_model::{Value, json};

use super::world::{Make, World, seccomp_text};
use crate::kernel::{matches, text_of};
use crate::record::Record;
use crate::suite::{StepResult, Suite, Support};

/// Commands in containers with various capabilities and users.
pub struct CapabilitiesExec;
/// Commands under seccomp profiles.
pub struct SeccompExec;
/// The kernel's lines about one command.
pub struct SeccompLog;
/// Commands under AppArmor profiles.
pub struct ApparmorExec;
/// Whether containers start under AppArmor profiles.
pub struct ApparmorStart;

fn words(value: &Value) -> Vec<String> {
    value.items().iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn argv(body: &Value) -> Vec<String> {
    body.get("argv").map(words).unwrap_or_default()
}

fn bare<'a>(body: &Value) -> Make<'a> {
    Make {
        busybox: body.str_at(&["userland"]) == "busybox",
        pod: body.get("podSecurityContext").cloned().unwrap_or_default(),
        security: body.get("securityContext").cloned().unwrap_or_default(),
        ..Make::default()
    }
}

/// What the recordings say of the place a container ran at.
pub(super) fn place(body: &Value) -> Make<'static> {
    let env = body.str_at(&["env"]);
    Make {
        apparmor: env.starts_with("AppArmor live").then(Vec::new),
        old_ports: env.contains("enable_unprivileged_ports=false"),
        ..bare(body)
    }
}

fn compare(expect: &Value, actual: &Result<Output, String>, audit: Option<&[String]>) -> StepResult {
    let shown = |o: &Output| {
        json!({
            "exit": (i64::from(o.exit)),
            "stdout": (String::from_utf8_lossy(&o.stdout).into_owned()),
            "stderr": (String::from_utf8_lossy(&o.stderr).into_owned()),
        })
    };
    let said = match actual {
        Ok(o) => json::print(&shown(o)),
        Err(e) => e.clone(),
    };
    let fail = || {
        StepResult::fail(&json::print(expect), &format!("{said} {}", audit.unwrap_or_default().join("\n")))
    };
    if let Some(wanted) = expect.get("exec_error").and_then(Value::as_str) {
        return match actual {
            Err(e) if matches(wanted, e) => StepResult::PASS,
            _ => fail(),
        };
    }
    let Ok(o) = actual else { return fail() };
    let shown = shown(o);
    // wget's stamp has a blank in it; the recordings have one placeholder for the whole.
    let stamped = |text: &str| {
        let start = text.strip_prefix("--").and_then(|t| t.get(19..)).filter(|t| t.starts_with("--"));
        start.map_or_else(|| text.to_owned(), |rest| format!("--<TIME>{rest}"))
    };
    let shown = json!({"exit": (i64::from(o.exit)), "stdout": (shown.str_at(&["stdout"])), "stderr": (stamped(shown.str_at(&["stderr"])))});
    let streams = ["stdout", "stderr"].iter().all(|k| matches(expect.str_at(&[k]), shown.str_at(&[k])));
    if expect.i64_at(&["exit"]) != shown.i64_at(&["exit"]) || !streams {
        return fail();
    }
    let lines = |key: &str| expect.get(key).map(words);
    if let (Some(wanted), Some(got)) = (lines("audit").or_else(|| lines("kernel_log")), audit) {
        let keep = |l: &&String| !l.contains("operation=\"capable\"");
        let mut wanted: Vec<&String> = wanted.iter().filter(keep).collect();
        let mut got: Vec<&String> = got.iter().filter(keep).collect();
        if expect.get("audit").is_some() {
            // The recordings sorted these; stamp and process take no part in the order.
            let key = |l: &&String| {
                let rest = l.split_once("): ").map_or(l.as_str(), |(_, r)| r);
                let (before, after) = rest.split_once(" pid=").unwrap_or((rest, ""));
                format!("{before}{}", after.split_once(' ').map_or("", |(_, a)| a))
            };
            wanted.sort_by_key(key);
            got.sort_by_key(key);
        }
        if wanted.len() != got.len() || !wanted.iter().zip(&got).all(|(w, g)| matches(w, g)) {
            return fail();
        }
    }
    StepResult::PASS
}

impl Suite for CapabilitiesExec {
    fn name(&self) -> &'static str {
        "capabilities-exec"
    }

    fn steps(&self, record: &Record, _support: &Support) -> Result<Vec<StepResult>, String> {
        let body = &record.body;
        let mut world = World::new(&place(body))?;
        for before in body.list_at(&["before"]) {
            let _ = world.exec(&words(before));
        }
        let actual = world.exec(&argv(body));
        Ok(vec![compare(body.get("expect").unwrap_or(&Value::Null), &actual, None)])
    }
}

impl Suite for SeccompExec {
    fn name(&self) -> &'static str {
        "seccomp-exec"
    }

    fn steps(&self, record: &Record, support: &Support) -> Result<Vec<StepResult>, String> {
        let body = &record.body;
        let expect = body.get("expect").unwrap_or(&Value::Null);
        let text = seccomp_text(support, body.str_at(&["profile"]))?;
        let mut world = World::new(&Make { seccomp: Some(text), ..bare(body) })?;
        let actual = world.exec(&argv(body));
        Ok(vec![compare(expect, &actual, None)])
    }
}

impl Suite for SeccompLog {
    fn name(&self) -> &'static str {
        "seccomp-log"
    }

    fn steps(&self, record: &Record, support: &Support) -> Result<Vec<StepResult>, String> {
        let body = &record.body;
        let text = seccomp_text(support, body.str_at(&["profile"]))?;
        let mut world = World::new(&Make { seccomp: Some(text), ..bare(body) })?;
        let actual = world.exec(&argv(body));
        let comm = argv(body).first().cloned().unwrap_or_default();
        let log: Vec<String> = world
            .machine
            .log
            .iter()
            .map(|(_, l)| l.clone())
            .filter(|l| l.contains(&format!("comm=\"{comm}\"")))
            .collect();
        Ok(vec![compare(body.get("expect").unwrap_or(&Value::Null), &actual, Some(&log))])
    }
}

fn confined(record: &Record, support: &Support) -> Result<World, String> {
    let body = &record.body;
    let name = body.str_at(&["profile"]);
    let loaded = text_of(support, "apparmor-profiles", name).ok();
    let profiles =
        loaded.map(|l| vec![(name.to_owned(), l.str_at(&["text"]).to_owned())]).unwrap_or_default();
    let profile = match name {
        "" | "runtime-default" => json!({"type": "RuntimeDefault"}),
        "unconfined" => json!({"type": "Unconfined"}),
        name => json!({"type": "Localhost", "localhostProfile": name}),
    };
    let security = match body.get("securityContext") {
        Some(s) => s.clone(),
        None => json!({"appArmorProfile": (profile)}),
    };
    World::new(&Make { apparmor: Some(profiles), security, ..bare(body) })
}

impl Suite for ApparmorExec {
    fn name(&self) -> &'static str {
        "apparmor-exec"
    }

    fn steps(&self, record: &Record, support: &Support) -> Result<Vec<StepResult>, String> {
        let mut world = confined(record, support)?;
        let actual = world.exec(&argv(&record.body));
        let log: Vec<String> = world.machine.log.iter().map(|(_, l)| l.clone()).collect();
        Ok(vec![compare(record.body.get("expect").unwrap_or(&Value::Null), &actual, Some(&log))])
    }
}

impl Suite for ApparmorStart {
    fn name(&self) -> &'static str {
        "apparmor-start"
    }

    fn steps(&self, record: &Record, support: &Support) -> Result<Vec<StepResult>, String> {
        let mut world = confined(record, support)?;
        let expect = record.body.get("expect").unwrap_or(&Value::Null);
        Ok(vec![starts(&mut world, expect, record.body.str_at(&["profile"]))])
    }
}

fn starts(world: &mut World, expect: &Value, profile: &str) -> StepResult {
    let label = world.container.template.cred.label.clone();
    let known = label.name() == "unconfined"
        || world.machine.apparmor.as_ref().is_some_and(|p| p.get(label.name()).is_some());
    let refused = format!(
        "failed to get container spec opts: failed to generate apparmor spec opts: apparmor profile not found {profile}"
    );
    let result = if known { world.start(vec!["sleep".to_owned(), "86400".to_owned()]) } else { Err(refused) };
    let log: Vec<String> = world.machine.log.iter().map(|(_, l)| l.clone()).collect();
    let fail = |actual: &str| StepResult::fail(&json::print(expect), &format!("{actual} {log:?}"));
    let started = expect.bool_at(&["started"]) == Some(true);
    match result {
        Ok(Started::Running(..)) if started && expect.str_at(&["state"]) == "CONTAINER_RUNNING" => {
            StepResult::PASS
        }
        Ok(Started::Ended(_)) if started && expect.bool_at(&["exited"]) == Some(true) => {
            let wanted = expect.get("audit").map(words).unwrap_or_default();
            let same = wanted.len() == log.len() && wanted.iter().zip(&log).all(|(w, l)| matches(w, l));
            if same { StepResult::PASS } else { fail("ended") }
        }
        Ok(other) => fail(&format!("{other:?}")),
        Err(e) if !started && matches(expect.str_at(&["error"]), &e) => StepResult::PASS,
        Err(e) => fail(&e),
    }
}
