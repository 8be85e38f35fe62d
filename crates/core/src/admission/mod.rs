//! May it come in: admission plugins, mutating ones first, then validating ones, in the API server's order.

pub mod pod_security;

use gatehouse_model::{Object, ResourceType};

use crate::cluster::Cluster;
use crate::decision::{AdmissionStep, Cause};
use crate::request::{DryRun, User};
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

impl AdmissionRequest<'_> {
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
}

/// Runs the mutating plugins over `request.object`, in order.
///
/// # Errors
/// The first refusal.
pub fn mutate(
    _cluster: &mut Cluster,
    _request: &mut AdmissionRequest<'_>,
    _notes: &mut Notes,
) -> Result<(), Status> {
    Ok(())
}

/// Runs the validating plugins, in order.
///
/// # Errors
/// The first refusal.
pub fn validate(
    _cluster: &mut Cluster,
    _request: &AdmissionRequest<'_>,
    _notes: &mut Notes,
) -> Result<(), Status> {
    Ok(())
}
