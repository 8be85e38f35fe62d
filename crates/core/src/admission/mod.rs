//! May it come in: admission plugins, mutating ones first, then validating ones, in the API server's order.
//!
//! One plugin a module; which of them run follows the server's flags. Plugins never call one another.
//!
//! Models apiserver `pkg/admission` and kubernetes `pkg/kubeapiserver/options/plugins.go`.

mod always;
mod always_pull_images;
mod anti_affinity;
pub mod backends;
mod certificates;
mod classes;
mod default_ingress_class;
mod default_tolerations;
mod diff;
mod event_rate_limit;
mod external_ips;
mod glob;
mod image_policy;
mod limit_ranger;
mod namespace_existence;
mod namespace_lifecycle;
mod node_restriction;
mod nodes;
mod owner_references;
mod plugins;
mod pod_node_selector;
pub mod pod_security;
mod pod_security_policy;
mod pod_tolerations;
pub mod policies;
mod priority;
pub(crate) mod quantities;
mod reinvocation;
pub mod resource_quota;
mod runtime_class;
mod service_account;
mod storage;
mod tolerations;
pub mod webhooks;

pub use event_rate_limit::Buckets as EventBuckets;
pub use image_policy::Reviews as ImageReviews;
pub use plugins::{enabled_names, is_known};

use gatehouse_model::{Object, ResourceType};

use crate::cluster::Cluster;
use crate::decision::{AdmissionStep, Bearing, Cause, Change, ObjectRef, Phase, Reviewed};
use crate::request::{DryRun, Response, User};
use crate::status::Status;

/// What is being done to the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// It is made.
    Create,
    /// It is replaced or patched.
    Update,
    /// It is removed.
    Delete,
    /// A connecting subresource is opened (`exec`, `attach`, `proxy`).
    Connect,
}

/// What an admission plugin looks at.
#[derive(Clone, Debug)]
pub struct AdmissionRequest<'a> {
    /// Who asks.
    pub user: &'a User,
    /// What they do.
    pub operation: Operation,
    /// To which resource.
    pub resource: &'a ResourceType,
    /// Of it; empty for the resource itself.
    pub subresource: &'a str,
    /// Empty for cluster-scoped objects.
    pub namespace: &'a str,
    /// The object's name; may still be empty where it is generated.
    pub name: &'a str,
    /// The object as it would be stored; `None` for deletes.
    pub object: Option<Object>,
    /// The object as it is stored; `None` for creates.
    pub old_object: Option<&'a Object>,
    /// Whether anything will be stored.
    pub dry_run: DryRun,
}

impl Operation {
    /// The word in messages and policies.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Connect => "CONNECT",
        }
    }
}

impl AdmissionRequest<'_> {
    /// Whether an object is made or changed.
    #[must_use]
    pub fn writes(&self) -> bool {
        matches!(self.operation, Operation::Create | Operation::Update)
    }

    /// Whether the request is about this resource of this group, and about itself rather than a subresource.
    #[must_use]
    pub fn is_about(&self, group: &str, plural: &str) -> bool {
        self.subresource.is_empty() && self.resource.gv.group == group && self.resource.plural == plural
    }

    /// A refusal of this request: `pods "web" is forbidden: why`.
    #[must_use]
    pub fn forbid(&self, why: &str) -> Status {
        let resource = self.resource;
        Status::forbidden(&resource.gv.group, &resource.plural, &self.display_name(), why)
    }

    /// The name refusals show: the object's, or the prefix its name will be made from.
    #[must_use]
    pub fn display_name(&self) -> String {
        if !self.name.is_empty() {
            return self.name.to_owned();
        }
        let Some(object) = &self.object else { return String::new() };
        let name = object.name();
        if name.is_empty() {
            object.str_at(&["metadata", "generateName"]).to_owned()
        } else {
            name.to_owned()
        }
    }
}

/// What plugins have to say besides yes or no.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    /// `Warning:` headers.
    pub warnings: Vec<String>,
    /// Audit annotations.
    pub audit: Vec<(String, String)>,
    /// Causes of what the plugin that runs now decides.
    pub because: Vec<Cause>,
    /// What plugins did.
    pub steps: Vec<AdmissionStep>,
    /// The question of an access review, and the answer.
    pub reviewed: Option<Reviewed>,
    /// The object of the body, decoded and defaulted.
    pub decoded: Option<Object>,
    passes: reinvocation::Passes,
}

/// Runs the mutating plugins over `request.object`, in order; a second time where webhooks or policies changed it.
///
/// # Errors
/// The first refusal.
pub fn mutate(
    cluster: &mut Cluster,
    request: &mut AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    notes.passes = reinvocation::Passes::default();
    pass(cluster, request, notes)?;
    if !notes.passes.wanted {
        return Ok(());
    }
    notes.passes.second = true;
    pass(cluster, request, notes)
}

fn pass(cluster: &mut Cluster, request: &mut AdmissionRequest<'_>, notes: &mut Notes) -> Result<(), Status> {
    for plugin in plugins::enabled(cluster) {
        let Some(run) = plugin.mutate else { continue };
        let before = request.object.clone();
        let because = std::mem::take(&mut notes.because);
        let result = run(cluster, request, notes);
        notes.blame_whole(request, &result);
        let changes = match (&before, &request.object) {
            (Some(before), Some(after)) => diff::changes(before, after),
            _ => Vec::new(),
        };
        notes.close(plugin.name, Phase::Mutating, changes, &result, because);
        result?;
    }
    Ok(())
}

/// Runs the validating plugins, in order.
///
/// # Errors
/// The first refusal.
pub fn validate(
    cluster: &mut Cluster,
    request: &AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    for plugin in plugins::enabled(cluster) {
        let Some(run) = plugin.validate else { continue };
        let because = std::mem::take(&mut notes.because);
        let result = run(cluster, request, notes);
        notes.blame_whole(request, &result);
        notes.close(plugin.name, Phase::Validating, Vec::new(), &result, because);
        result?;
    }
    Ok(())
}

/// Whether a request was refused only because a namespace's default service account is not there yet. The real
/// plugin looks for it again, for up to two seconds, while the controllers make it.
#[must_use]
pub fn awaits_controllers(response: &Response) -> bool {
    response.trace.admission.iter().any(|step| {
        let missing = |why: &String| why.ends_with("serviceaccount \"default\" not found");
        step.plugin == service_account::NAME && step.refused.as_ref().is_some_and(missing)
    })
}

impl Notes {
    /// Notes the field of the request's object that a refusal is about.
    fn blame(&mut self, request: &AdmissionRequest<'_>, field: &str, text: &str) {
        self.because.push(Cause {
            bearing: Bearing::Decided,
            object: Some(ObjectRef {
                kind: request.resource.kind.to_string(),
                namespace: request.namespace.to_owned(),
                name: request.display_name(),
            }),
            field: field.to_owned(),
            text: text.to_owned(),
        });
    }

    /// Notes the request's object where a refusal is about no field of it in particular.
    fn blame_whole(&mut self, request: &AdmissionRequest<'_>, result: &Result<(), Status>) {
        if result.is_err() && self.because.is_empty() {
            self.blame(request, "", "refused as a whole");
        }
    }

    /// Notes the stored object that a refusal comes from.
    fn blame_stored(&mut self, kind: &str, object: &Object, field: &str, text: &str) {
        self.because.push(Cause {
            bearing: Bearing::Decided,
            object: Some(ObjectRef {
                kind: kind.to_owned(),
                namespace: object.namespace().to_owned(),
                name: object.name().to_owned(),
            }),
            field: field.to_owned(),
            text: text.to_owned(),
        });
    }

    /// Writes down what a plugin did, if it did anything.
    fn close(
        &mut self,
        plugin: &'static str,
        phase: Phase,
        changes: Vec<Change>,
        result: &Result<(), Status>,
        before: Vec<Cause>,
    ) {
        let because = std::mem::replace(&mut self.because, before);
        let refused = result.as_ref().err().map(|status| status.message.clone());
        if refused.is_some() || !changes.is_empty() || !because.is_empty() {
            self.steps.push(AdmissionStep { plugin, phase, changes, refused, because });
        }
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
