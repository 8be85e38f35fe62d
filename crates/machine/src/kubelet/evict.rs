//! Pods that take more of their node's disk than they may.
//!
//! Models pkg/kubelet/eviction (`localStorageEviction`). Knows no pressure on the node as a whole, and no memory's file systems.

use gatehouse_core::Timestamp;
use gatehouse_core::controllers::events::EventType;
use gatehouse_model::{Object, Quantity, Value};

use super::pod::{Running, Work};
use crate::fs::{Fs, Ino, Kind};
use crate::machine::Machine;

/// How often the eviction manager looks.
const PERIOD: i64 = 10_000;
/// The resource that limits are for.
const STORAGE: &str = "ephemeral-storage";

/// How many bytes of blocks a tree takes.
pub(super) fn usage(fs: &Fs, root: Ino) -> u64 {
    let (mut total, mut left) = (0, vec![root]);
    while let Some(ino) = left.pop() {
        match fs.get(ino).map(|i| &i.kind) {
            Some(Kind::Dir(dir)) => left.extend(dir.entries.values().filter(|i| **i != ino)),
            Some(Kind::File(content)) => total += (content.len() as u64).next_multiple_of(4096),
            _ => {}
        }
    }
    total
}

fn quantity(value: Option<&Value>) -> Option<Quantity> {
    Quantity::parse(value?.as_str()?).ok().filter(|q| !q.is_zero())
}

fn limit(c: &Value) -> Option<Quantity> {
    quantity(c.at(&["resources", "limits", STORAGE]))
}

/// What a container wrote over its image, and its log.
fn layer(machine: &Machine, running: &Running, name: &str) -> u64 {
    let Some(known) = running.containers.get(name) else { return 0 };
    let root = known.space.and_then(|s| machine.space(s)).map(|s| s.mounts.root().ino);
    let written = root.map_or(0, |r| usage(&machine.fs, r).saturating_sub(known.image_size));
    let logged: usize = known.log.iter().map(|(_, line)| line.len() + 60).sum();
    written + logged as u64
}

/// What a pod has too much of, in the kubelet's words.
fn excess(pod: &Object, running: &Running, machine: &Machine) -> Option<String> {
    let volumes = pod.list_at(&["spec", "volumes"]);
    let containers = pod.list_at(&["spec", "containers"]);
    let sized = volumes.iter().any(|v| v.at(&["emptyDir", "sizeLimit"]).is_some());
    if !sized && !containers.iter().any(|c| limit(c).is_some()) {
        return None;
    }
    weigh(pod, running, machine)
}

/// As [`excess`], for a pod that has limits.
#[inline(never)]
fn weigh(pod: &Object, running: &Running, machine: &Machine) -> Option<String> {
    let volumes = pod.list_at(&["spec", "volumes"]);
    let containers = pod.list_at(&["spec", "containers"]);
    let over = |used: u64, limit: &Quantity| i64::try_from(used).is_ok_and(|u| u > limit.units());
    let used =
        |v: &Value| running.volumes.get(v.str_at(&["name"])).map_or(0, |root| usage(&machine.fs, *root));
    for v in volumes {
        if let Some(limit) = quantity(v.at(&["emptyDir", "sizeLimit"]))
            && over(used(v), &limit)
        {
            return Some(format!(
                "Usage of EmptyDir volume \"{}\" exceeds the limit \"{limit}\". ",
                v.str_at(&["name"])
            ));
        }
    }
    let total = containers.iter().filter_map(limit).reduce(|sum, l| sum.add(&l))?;
    let layers: u64 = containers.iter().map(|c| layer(machine, running, c.str_at(&["name"]))).sum();
    let scratch = |v: &&Value| v.get("emptyDir").is_some() && v.str_at(&["emptyDir", "medium"]).is_empty();
    if over(layers + volumes.iter().filter(scratch).map(used).sum::<u64>(), &total) {
        return Some(format!(
            "Pod ephemeral local storage usage exceeds the total limit of containers {total}. "
        ));
    }
    containers.iter().find_map(|c| {
        let (name, limit) = (c.str_at(&["name"]), limit(c)?);
        over(layer(machine, running, name), &limit)
            .then(|| format!("Container {name} exceeded its local ephemeral storage limit \"{limit}\". "))
    })
}

impl Work<'_> {
    /// Ends a pod that takes more of the disk than it may, when the eviction manager next looks. Says whether it did.
    pub(super) fn evict(&mut self, running: &mut Running) -> bool {
        let Some(message) = excess(self.pod, running, &self.node.machine) else {
            running.evicted_at = None;
            return false;
        };
        let now = self.cluster.now;
        let looks = (now.0 - running.since.0).div_euclid(PERIOD) + 1;
        let due = *running.evicted_at.get_or_insert(Timestamp(running.since.0 + looks * PERIOD));
        if now < due {
            return false;
        }
        running.evicted_at = None;
        self.event("", EventType::Warning, "Evicted", &message);
        self.fail_pod(running, "Evicted", &message, 1);
        true
    }
}
