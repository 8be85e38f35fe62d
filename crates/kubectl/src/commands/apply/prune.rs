//! `kubectl apply --prune`: removes what was applied once and is in the files no more.
//! Models kubectl `pkg/cmd/apply/prune.go` and `pkg/util/prune`.

use gatehouse_model::ResourceType;

use super::Apply;
use crate::cli::Args;
use crate::client::{Builder, Info};
use crate::error::Error;
use crate::mapping;
use crate::output::Dry;
use crate::patch::last_applied;
use crate::session::Session;

/// What is looked through, where `--prune-allowlist` does not say otherwise.
const NAMESPACED: &[(&str, &str, &str)] = &[
    ("", "v1", "ConfigMap"),
    ("", "v1", "Endpoints"),
    ("", "v1", "PersistentVolumeClaim"),
    ("", "v1", "Pod"),
    ("", "v1", "ReplicationController"),
    ("", "v1", "Secret"),
    ("", "v1", "Service"),
    ("batch", "v1", "Job"),
    ("batch", "v1", "CronJob"),
    ("networking.k8s.io", "v1", "Ingress"),
    ("apps", "v1", "DaemonSet"),
    ("apps", "v1", "Deployment"),
    ("apps", "v1", "ReplicaSet"),
    ("apps", "v1", "StatefulSet"),
];

const CLUSTER: &[(&str, &str, &str)] = &[("", "v1", "Namespace"), ("", "v1", "PersistentVolume")];

pub(super) fn allowed(session: &mut Session<'_, '_>, args: &Args) -> Result<Vec<ResourceType>, Error> {
    let resources = session.resources()?;
    let list = args.list("prune-allowlist");
    if list.is_empty() {
        let all = NAMESPACED.iter().chain(CLUSTER);
        return Ok(all.filter_map(|(g, v, k)| mapping::for_kind(resources, g, v, k).cloned()).collect());
    }
    let mut found = Vec::new();
    for entry in list {
        let parts: Vec<&str> = entry.split('/').collect();
        let [group, version, kind] = parts.as_slice() else {
            return Err(Error::plain(format!(
                "invalid GroupVersionKind format: {entry}, please follow <group/version/kind>"
            )));
        };
        let group = if *group == "core" { "" } else { group };
        match mapping::for_kind(resources, group, version, kind) {
            Some(resource) => found.push(resource.clone()),
            None => {
                let gv = if group.is_empty() { (*version).to_owned() } else { format!("{group}/{version}") };
                return Err(Error::plain(format!("no matches for kind {kind:?} in version {gv:?}")));
            }
        }
    }
    Ok(found)
}

/// Removes what is left over.
pub(super) fn run(
    session: &mut Session<'_, '_>,
    args: &Args,
    apply: &mut Apply,
    infos: &[Info],
) -> Result<(), Error> {
    for info in leftovers(session, args, infos)? {
        let Some(object) = &info.object else { continue };
        if apply.dry != Dry::Client {
            apply.removal.delete(session, info.mapping()?, &info.namespace, &info.name)?;
        }
        apply.printer.print(session, object, "pruned")?;
    }
    Ok(())
}

/// What was applied once and is not among these objects.
pub(in crate::commands) fn leftovers(
    session: &mut Session<'_, '_>,
    args: &Args,
    infos: &[Info],
) -> Result<Vec<Info>, Error> {
    let visited: Vec<&str> = infos.iter().filter_map(|i| i.object.as_ref()).map(|o| o.uid()).collect();
    let mut namespaces: Vec<String> = Vec::new();
    let chosen = session.namespace()?;
    if chosen.explicit {
        namespaces.push(chosen.name);
    }
    for info in infos.iter().filter(|i| i.namespaced()) {
        if !namespaces.contains(&info.namespace) {
            namespaces.push(info.namespace.clone());
        }
    }
    let types = allowed(session, args)?;
    if args.list("prune-allowlist").is_empty() {
        crate::output::klog(
            session,
            "prune.go:71",
            "Deprecated: kubectl apply will no longer prune non-namespaced resources by default when used with the --namespace flag in a future release. To preserve the current behaviour, list the resources you want to target explicitly in the --prune-allowlist flag.",
        );
    }
    let (namespaced, cluster): (Vec<_>, Vec<_>) = types.into_iter().partition(ResourceType::namespaced);
    let mut found = Vec::new();
    let pairs = namespaces.iter().flat_map(|n| namespaced.iter().map(move |m| (n.as_str(), m)));
    for (namespace, mapping) in pairs.chain(cluster.iter().map(|m| ("", m))) {
        let builder = Builder {
            namespace: namespace.to_owned(),
            words: vec![mapping.group_resource()],
            selector: args.str("selector").to_owned(),
            allow_bare_type: true,
            flatten: true,
            ..Builder::default()
        };
        found.extend(builder.infos(session)?.into_iter().filter(|info| {
            info.object
                .as_ref()
                .is_some_and(|o| last_applied::original(o).is_some() && !visited.contains(&o.uid()))
        }));
    }
    Ok(found)
}
