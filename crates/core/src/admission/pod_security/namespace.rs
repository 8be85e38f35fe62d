//! Labels of namespaces: whether they can be read, and what a stricter one means for pods that exist.

use std::collections::BTreeMap;

use gatehouse_model::Object;

use super::{
    AdmissionRequest, Configuration, Evaluator, Level, LevelVersion, Notes, Operation, PodView, Policy,
};
use crate::cluster::Cluster;
use crate::status::Status;

/// So many pods are looked at when a namespace is relabelled.
const MOST_PODS: usize = 3000;

pub(super) fn validate(
    cluster: &Cluster,
    request: &AdmissionRequest<'_>,
    namespace: &Object,
    config: &Configuration,
    notes: &mut Notes,
) -> Result<(), Status> {
    if !request.subresource.is_empty() {
        return Ok(());
    }
    let (policy, errors) = Policy::from_labels(namespace.labels(), config.defaults);
    let invalid = |errors: &[_]| {
        Status::invalid(&request.resource.gv.group, &request.resource.kind, &request.display_name(), errors)
    };
    let exempt = config.exempt_namespaces.iter().any(|n| n == namespace.name());
    let mut warn_exempt = || {
        notes.warnings.extend(policy.exempt_warning(namespace.name(), namespace.labels(), &config.defaults));
    };
    let Some(old) = request.old_object.filter(|_| request.operation == Operation::Update) else {
        if !errors.is_empty() {
            return Err(invalid(&errors));
        }
        if exempt {
            warn_exempt();
        }
        return Ok(());
    };
    let (old_policy, old_errors) = Policy::from_labels(old.labels(), config.defaults);
    if !errors.is_empty() && errors != old_errors {
        return Err(invalid(&errors));
    }
    let (new, was) = (policy.enforce, old_policy.enforce);
    let relaxed = new.version == was.version && new.level <= was.level;
    if new == was || new.level == Level::Privileged || relaxed {
        return Ok(());
    }
    if exempt {
        warn_exempt();
        return Ok(());
    }
    notes.warnings.extend(existing_pods(cluster, namespace.name(), new, config));
    Ok(())
}

/// What to say of the pods that a namespace has already.
fn existing_pods(
    cluster: &Cluster,
    namespace: &str,
    enforce: LevelVersion,
    config: &Configuration,
) -> Vec<String> {
    let evaluator = Evaluator::new(enforce, cluster.version.minor());
    // The first pod of each controller comes first: its siblings say the same.
    let (mut first, mut siblings, mut seen): (Vec<&Object>, Vec<&Object>, Vec<&str>) = Default::default();
    for pod in cluster.store.list("pods", Some(namespace)) {
        let class = pod.str_at(&["spec", "runtimeClassName"]);
        if !class.is_empty() && config.exempt_runtime_classes.iter().any(|c| c == class) {
            continue;
        }
        match pod.controller().map(|c| c.str_at(&["uid"])) {
            Some(uid) if seen.contains(&uid) => siblings.push(pod),
            Some(uid) => {
                seen.push(uid);
                first.push(pod);
            }
            None => first.push(pod),
        }
    }
    first.append(&mut siblings);
    let total = first.len();
    let mut found: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for pod in first.into_iter().take(MOST_PODS) {
        let violations = evaluator.violations(&PodView::new(pod));
        if !violations.is_empty() {
            let reasons: Vec<&str> = violations.iter().map(|(_, v)| v.reason).collect();
            found.entry(reasons.join(", ")).or_default().push(pod.name());
        }
    }
    let mut warnings = Vec::new();
    if total > MOST_PODS {
        warnings.push(format!(
            "new PodSecurity enforce level only checked against the first {MOST_PODS} of {total} existing pods"
        ));
    }
    if !found.is_empty() {
        warnings.push(format!(
            "existing pods in namespace \"{namespace}\" violate the new PodSecurity enforce level \"{enforce}\""
        ));
    }
    let mut lines: Vec<String> = found
        .iter()
        .map(|(reasons, pods)| {
            let name = pods.iter().min().copied().unwrap_or_default();
            match pods.len() {
                1 => format!("{name}: {reasons}"),
                2 => format!("{name} (and 1 other pod): {reasons}"),
                n => format!("{name} (and {} other pods): {reasons}", n - 1),
            }
        })
        .collect();
    gatehouse_model::order::sort(&mut lines);
    warnings.append(&mut lines);
    warnings
}
