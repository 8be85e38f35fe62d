//! Pod Security admission: the standards' three levels, enforced, audited and warned of, a namespace at a time.
//!
//! Knows nothing of PodSecurityPolicy, and nothing of what a kubelet would do with the pod.
//!
//! Models pod-security-admission `admission/admission.go` and `policy/registry.go`, and kubernetes
//! `plugin/pkg/admission/security/podsecurity/admission.go`.

pub mod checks;
pub mod config;
pub mod level;
mod namespace;
pub mod view;

use gatehouse_model::Object;

use super::{AdmissionRequest, Notes, Operation};
use crate::cluster::Cluster;
use crate::decision::{Bearing, Cause, ObjectRef};
use crate::status::Status;
use checks::{CHECKS, Check, Run, Violation, Words};
pub use config::Configuration;
pub use level::{Level, LevelVersion, Policy, Version};
pub use view::PodView;

/// The plugin's name.
pub const NAME: &str = "PodSecurity";

/// The checks of one level and version, in the order of their messages.
#[derive(Clone, Debug, Default)]
pub struct Evaluator {
    runs: Vec<(&'static Check, Run)>,
}

impl Evaluator {
    /// The checks of `policy` on a server of `1.server`.
    #[must_use]
    pub fn new(policy: LevelVersion, server: u8) -> Self {
        let minor = policy.version.minor(server);
        let steps: Vec<_> = CHECKS
            .iter()
            .filter(|c| c.level <= policy.level && policy.level != Level::Privileged)
            .filter_map(|c| c.at(minor).map(|s| (*c, s)))
            .collect();
        let replaced = |id: &str| steps.iter().any(|(_, s)| s.replaces.contains(&id));
        Self { runs: steps.iter().filter(|(c, _)| !replaced(c.id)).map(|(c, s)| (*c, s.run)).collect() }
    }

    /// Whether no check has anything to say.
    #[must_use]
    pub fn allows(&self, pod: &PodView<'_>) -> bool {
        self.runs.iter().all(|(_, run)| run(pod, Words::Spared).is_none())
    }

    /// Everything the checks have to say.
    #[must_use]
    pub fn violations(&self, pod: &PodView<'_>) -> Vec<(&'static Check, Violation)> {
        self.runs.iter().filter_map(|(check, run)| run(pod, Words::Wanted).map(|v| (*check, v))).collect()
    }
}

/// Reasons with their particulars: `host namespaces (hostPID=true), privileged (…)`.
#[must_use]
pub fn detail(violations: &[(&'static Check, Violation)]) -> String {
    let text = |v: &Violation| {
        if v.detail.is_empty() { v.reason.to_owned() } else { format!("{} ({})", v.reason, v.detail) }
    };
    violations.iter().map(|(_, v)| text(v)).collect::<Vec<_>>().join(", ")
}

/// Subresources of pods that do not carry a pod, or not its specification.
const IGNORED: [&str; 8] = ["exec", "attach", "binding", "eviction", "log", "portforward", "proxy", "status"];

/// Where a kind keeps the pod it makes; `None` for kinds that make none.
fn template(group: &str, resource: &str, object: &Object) -> Option<Object> {
    let path: &[&str] = match (group, resource) {
        ("", "podtemplates") => &["template"],
        ("", "replicationcontrollers")
        | ("apps", "replicasets" | "deployments" | "statefulsets" | "daemonsets")
        | ("batch", "jobs") => &["spec", "template"],
        ("batch", "cronjobs") => &["spec", "jobTemplate", "spec", "template"],
        _ => return None,
    };
    object.at(path).filter(|t| !t.is_null()).cloned().map(Object)
}

/// Looks at a request.
///
/// # Errors
/// 403 where a pod violates the enforced policy, 422 where a namespace's labels cannot be read.
pub fn validate(cluster: &Cluster, request: &AdmissionRequest<'_>, notes: &mut Notes) -> Result<(), Status> {
    let (Operation::Create | Operation::Update, Some(object)) = (request.operation, &request.object) else {
        return Ok(());
    };
    let config = configuration(cluster);
    let (group, resource) = (&*request.resource.gv.group, &*request.resource.plural);
    match (group, resource) {
        ("", "namespaces") => namespace::validate(cluster, request, object, &config, notes),
        ("", "pods") => {
            if IGNORED.contains(&request.subresource) {
                return Ok(());
            }
            if let (Operation::Update, Some(old)) = (request.operation, request.old_object)
                && !significant(object, old)
            {
                return Ok(());
            }
            evaluate(cluster, request, object, &config, true, notes)
        }
        _ if !request.subresource.is_empty() => Ok(()),
        _ => match template(group, resource, object) {
            Some(template) => evaluate(cluster, request, &template, &config, false, notes),
            None => Ok(()),
        },
    }
}

fn configuration(cluster: &Cluster) -> Configuration {
    cluster.config.admission_configuration.get(NAME).map(Configuration::from_value).unwrap_or_default()
}

fn audit(notes: &mut Notes, key: &str, value: impl Into<String>) {
    notes.audit.push((format!("pod-security.kubernetes.io/{key}"), value.into()));
}

fn evaluate(
    cluster: &Cluster,
    request: &AdmissionRequest<'_>,
    pod: &Object,
    config: &Configuration,
    enforce: bool,
    notes: &mut Notes,
) -> Result<(), Status> {
    let listed = |list: &[String], what: &str| !what.is_empty() && list.iter().any(|l| l == what);
    let exempt = if listed(&config.exempt_namespaces, request.namespace) {
        Some("namespace")
    } else if listed(&config.exempt_users, &request.user.name) {
        Some("user")
    } else {
        None
    };
    if let Some(why) = exempt {
        audit(notes, "exempt", why);
        return Ok(());
    }
    let Some(namespace) = cluster.store.get("namespaces", "", request.namespace) else {
        let why = format!("failed to lookup namespace \"{}\"", request.namespace);
        return if enforce { Err(Status::internal(&why)) } else { Ok(()) };
    };
    let (policy, errors) = Policy::from_labels(namespace.labels(), config.defaults);
    if errors.is_empty()
        && (policy.fully_privileged()
            || (!enforce
                && policy.warn.level == Level::Privileged
                && policy.audit.level == Level::Privileged))
    {
        if enforce {
            audit(notes, "enforce-policy", "privileged:latest");
        }
        return Ok(());
    }
    let view = PodView::new(pod);
    if listed(&config.exempt_runtime_classes, view.runtime_class) {
        audit(notes, "exempt", "runtimeClass");
        return Ok(());
    }
    let server = cluster.version.minor();
    let look = |policy: LevelVersion| Evaluator::new(policy, server).violations(&view);
    let mut refusal = None;
    if enforce {
        audit(notes, "enforce-policy", policy.enforce.to_string());
        let found = look(policy.enforce);
        if !found.is_empty() {
            let why = format!("violates PodSecurity \"{}\": {}", policy.enforce, detail(&found));
            refusal = Some(Status::forbidden(
                &request.resource.gv.group,
                &request.resource.plural,
                &request.display_name(),
                &why,
            ));
        }
        explain(request, &found, Bearing::Decided, notes);
    }
    let found = look(policy.audit);
    if !found.is_empty() {
        let text = format!("would violate PodSecurity \"{}\": {}", policy.audit, detail(&found));
        audit(notes, "audit-violations", text);
    }
    if let Some(status) = refusal {
        return Err(status);
    }
    let found = look(policy.warn);
    if !found.is_empty() {
        notes.warnings.push(format!("would violate PodSecurity \"{}\": {}", policy.warn, detail(&found)));
        explain(request, &found, Bearing::Noted, notes);
    }
    Ok(())
}

fn explain(
    request: &AdmissionRequest<'_>,
    found: &[(&'static Check, Violation)],
    bearing: Bearing,
    notes: &mut Notes,
) {
    let object = ObjectRef {
        kind: request.resource.kind.to_string(),
        namespace: request.namespace.to_owned(),
        name: request.display_name(),
    };
    for (check, violation) in found {
        for field in &violation.fields {
            notes.because.push(Cause {
                bearing,
                object: Some(object.clone()),
                field: field.clone(),
                text: format!("{}: {} ({})", check.id, violation.reason, violation.detail),
            });
        }
    }
}

/// Whether an update can change what the checks see: of a pod's specification only images can be changed.
fn significant(new: &Object, old: &Object) -> bool {
    let list = |pod: &Object, name: &str| pod.list_at(&["spec", name]).to_vec();
    for name in ["containers", "initContainers"] {
        let (new, old) = (list(new, name), list(old, name));
        let changed = new.iter().zip(&old).any(|(n, o)| n.str_at(&["image"]) != o.str_at(&["image"]));
        if new.len() != old.len() || changed {
            return true;
        }
    }
    let known = list(old, "ephemeralContainers");
    list(new, "ephemeralContainers").iter().any(|c| {
        let before = known.iter().find(|o| o.str_at(&["name"]) == c.str_at(&["name"]));
        before.is_none_or(|o| o.str_at(&["image"]) != c.str_at(&["image"]))
    })
}

#[cfg(test)]
mod tests;
