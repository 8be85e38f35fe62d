//! One authorized request on its way through the house: what every later stage needs to know.

use gatehouse_model::{Object, ResourceType};

use crate::admission::{AdmissionRequest, Notes, Operation};
use crate::cluster::Cluster;
use crate::request::{DryRun, Options, Request, ResourceTarget, User};
use crate::server::authorize::Authorized;
use crate::status::Status;

/// A request about a resource, after authorization.
pub(crate) struct Call<'a> {
    /// The cluster it changes.
    pub(crate) cluster: &'a mut Cluster,
    /// Who asks.
    pub(crate) user: User,
    /// The request as it came.
    pub(crate) request: &'a Request,
    /// What it is about.
    pub(crate) target: &'a ResourceTarget,
    /// The resource served under that name.
    pub(crate) resource: ResourceType,
    /// Warnings and what admission did.
    pub(crate) notes: &'a mut Notes,
}

impl<'a> Call<'a> {
    /// Only an authorized request becomes a call.
    pub(super) fn new(
        cluster: &'a mut Cluster,
        authorized: Authorized,
        request: &'a Request,
        target: &'a ResourceTarget,
        resource: ResourceType,
        notes: &'a mut Notes,
    ) -> Self {
        Self { cluster, user: authorized.into_user(), request, target, resource, notes }
    }

    /// The query parameters.
    pub(crate) fn options(&self) -> &'a Options {
        &self.request.options
    }

    /// Whether nothing may be stored.
    pub(crate) fn is_dry_run(&self) -> bool {
        self.options().dry_run == DryRun::All
    }

    /// The table of the store this resource lies in.
    pub(crate) fn table(&self) -> String {
        storage_table(&self.resource)
    }

    /// The namespace of the request; empty for cluster-scoped resources.
    pub(crate) fn namespace(&self) -> &'a str {
        if self.resource.namespaced() { &self.target.namespace } else { "" }
    }

    /// The stored object the request names.
    pub(crate) fn stored(&self) -> Result<Object, Status> {
        let (name, table) = (&self.target.name, self.table());
        let store = &self.cluster.store;
        let object = store.get(&table, self.namespace(), name).ok_or_else(|| self.not_found(name))?;
        store.readable(&table, object).map_err(|why| Status::internal(&why))?;
        Ok((**object).clone())
    }

    /// `pods "web" not found`.
    pub(crate) fn not_found(&self, name: &str) -> Status {
        Status::not_found(&self.resource.gv.group, &self.resource.plural, name)
    }

    /// `Operation cannot be fulfilled on pods "web": why`.
    pub(crate) fn conflict(&self, name: &str, why: &str) -> Status {
        Status::conflict(&self.resource.gv.group, &self.resource.plural, name, why)
    }

    /// Runs `work` with the admission request of this call.
    pub(super) fn with_admission<T>(
        &mut self,
        operation: Operation,
        name: &str,
        object: Option<Object>,
        old: Option<&Object>,
        work: impl FnOnce(&mut Cluster, &mut AdmissionRequest<'_>, &mut Notes) -> T,
    ) -> T {
        let mut request = AdmissionRequest {
            user: &self.user,
            operation,
            resource: &self.resource,
            subresource: &self.target.subresource,
            namespace: if self.resource.plural == "namespaces" { name } else { &self.target.namespace },
            name,
            object,
            old_object: old,
            dry_run: self.options().dry_run,
        };
        work(self.cluster, &mut request, self.notes)
    }
}

/// The table a resource is stored in: events of both groups and ingresses of all groups share theirs.
pub(crate) fn storage_table(resource: &ResourceType) -> String {
    match (&*resource.plural, &*resource.gv.group) {
        ("events", _) => "events".to_owned(),
        ("ingresses", "extensions") => "ingresses.networking.k8s.io".to_owned(),
        ("podsecuritypolicies", "extensions") => "podsecuritypolicies.policy".to_owned(),
        _ => resource.group_resource(),
    }
}

/// The object as a client of this version sees it.
pub(crate) fn in_version(resource: &ResourceType, mut object: Object) -> Object {
    super::convert::to_served(&mut object, &resource.gv.to_string());
    object
}
