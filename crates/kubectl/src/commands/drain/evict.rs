//! Removing a node's pods by eviction, retrying where a budget forbids it. Models kubectl `pkg/drain/drain.go`.

use gatehouse_core::request::Body;
use gatehouse_core::{Reason, Verb};
use gatehouse_model::{Object, ResourceType, Value, json};

use super::pods;
use crate::cli::Args;
use crate::client::Removal;
use crate::error::Error;
use crate::output::Dry;
use crate::session::{Session, target_of};

/// How long kubectl waits before it tries again.
const RETRY: i64 = 5_000;
/// Without a timeout it would try for ever; the simulation stops being patient after this.
const PATIENCE: i64 = 600_000;

/// Drains one node.
pub(super) fn node(session: &mut Session<'_, '_>, args: &Args, name: &str, dry: Dry) -> Result<(), Error> {
    let chosen = pods::choose(session, args, name)?;
    if !chosen.warnings.is_empty() {
        session.warn(&chosen.warnings);
    }
    if dry == Dry::Client {
        for pod in &chosen.pods {
            session.println(format!("evicting pod {}/{} (dry run)", pod.namespace(), pod.name()));
        }
        return Ok(());
    }
    let result = remove(session, args, &chosen.pods, dry);
    let Err(error) = result else { return Ok(()) };
    if let Ok(pending) = pods::choose(session, args, name)
        && !pending.pods.is_empty()
    {
        session.eprintln(format!(
            "There are pending pods in node {name:?} when an error occurred: {}",
            error.text()
        ));
        for pod in &pending.pods {
            session.eprintln(format!("pod/{}", pod.name()));
        }
    }
    Err(error)
}

fn go_duration(millis: i64) -> String {
    gatehouse_model::time::duration(millis.saturating_mul(1_000_000))
}

fn evict(
    session: &mut Session<'_, '_>,
    args: &Args,
    mapping: &ResourceType,
    pod: &Object,
    dry: Dry,
) -> Result<(), Error> {
    let version = if session.server_version().minor() >= 22 { "policy/v1" } else { "policy/v1beta1" };
    let mut body = json!({
        "apiVersion": version, "kind": "Eviction", "metadata": {"name": (pod.name()), "namespace": (pod.namespace())},
        "deleteOptions": {},
    });
    if args.int("grace-period") >= 0 {
        body.set(&["deleteOptions", "gracePeriodSeconds"], args.int("grace-period"));
    }
    if dry == Dry::Server {
        body.set(&["deleteOptions", "dryRun"], vec![Value::from("All")]);
    }
    let target = target_of(mapping, pod.namespace(), pod.name(), "eviction");
    let mut request = session.request(Verb::Create, target)?;
    request.body = Body::Object(body);
    request.options.dry_run = dry.option();
    session.send(request).map(drop)
}

fn remove(session: &mut Session<'_, '_>, args: &Args, pods: &[Object], dry: Dry) -> Result<(), Error> {
    let mapping = session.resource("pods")?;
    let evicting = !args.bool("disable-eviction");
    let limit = args.millis("timeout");
    let grace = args.int("grace-period");
    let mut waited = 0;
    let mut errors = Vec::new();
    let mut open: Vec<Object> = pods.to_vec();
    let mut leaving: Vec<Object> = Vec::new();
    while !open.is_empty() {
        let mut again = Vec::new();
        for pod in open {
            let place = format!("pods/{:?} -n {:?}", pod.name(), pod.namespace());
            if evicting {
                session.println(format!("evicting pod {}/{}{}", pod.namespace(), pod.name(), dry.suffix()));
                if limit > 0 && waited >= limit {
                    let limit = go_duration(limit);
                    errors.push(Error::plain(format!(
                        "error when evicting {place}: global timeout reached: {limit}"
                    )));
                    continue;
                }
            }
            let result = if evicting {
                evict(session, args, &mapping, &pod, dry)
            } else {
                let removal = Removal { propagation: None, grace: (grace >= 0).then_some(grace), dry };
                removal.delete(session, &mapping, pod.namespace(), pod.name()).map(drop)
            };
            match result {
                Ok(()) => leaving.push(pod),
                Err(e) if e.is_not_found() => {}
                Err(e) if e.reason() == Some(Reason::TooManyRequests) => {
                    session.eprintln(format!(
                        "error when evicting {place} (will retry after {}): {}",
                        go_duration(RETRY),
                        e.text()
                    ));
                    again.push(pod);
                }
                Err(e) => errors.push(Error::plain(format!("error when evicting {place}: {}", e.text()))),
            }
        }
        open = again;
        if !open.is_empty() {
            if waited >= PATIENCE && limit == 0 {
                session.finish = crate::session::Finish::Stream;
                break;
            }
            session.advance(RETRY);
            waited += RETRY;
        }
    }
    if dry == Dry::No {
        wait(
            session,
            &mapping,
            &leaving,
            if evicting { "evicted" } else { "deleted" },
            (limit, waited),
            &mut errors,
        )?;
    }
    Error::collect(errors)
}

fn wait(
    session: &mut Session<'_, '_>,
    mapping: &ResourceType,
    leaving: &[Object],
    word: &str,
    (limit, mut waited): (i64, i64),
    errors: &mut Vec<Error>,
) -> Result<(), Error> {
    for pod in leaving {
        loop {
            match session.get(mapping, pod.namespace(), pod.name()) {
                Ok(now) if now.uid() == pod.uid() => {}
                Ok(_) => break,
                Err(e) if e.is_not_found() => break,
                Err(e) => return Err(e),
            }
            if (limit > 0 && waited >= limit) || waited >= PATIENCE {
                let limit = go_duration(limit);
                errors.push(Error::plain(format!(
                    "error when waiting for pod {:?} in namespace {:?} to terminate: global timeout reached: {limit}",
                    pod.name(),
                    pod.namespace()
                )));
                break;
            }
            session.advance(1000);
            waited += 1000;
        }
        session.println(format!("pod/{} {word}", pod.name()));
    }
    Ok(())
}
