//! How a controller talks to the API server: as its own service account, through every stage of the pipeline.

use std::sync::Arc;

use gatehouse_model::{Object, Value};

use super::events::{self, EventType, Source};
use super::memory::Due;
use crate::cluster::Cluster;
use crate::request::{
    Body, Credential, PatchType, Propagation, Reply, Request, ResourceTarget, Target, User, Verb,
};
use crate::server;
use crate::status::Status;
use crate::world::Timestamp;

/// A controller's way to the API server.
pub struct Client<'a> {
    /// The cluster; reading it is what informers do.
    pub cluster: &'a mut Cluster,
    name: &'static str,
    user: User,
}

/// The user that a component of the control plane is.
#[must_use]
pub fn component(name: &str) -> User {
    let groups = |g: &[&str]| g.iter().map(|g| (*g).to_owned()).collect();
    let certificate = match name {
        "default-scheduler" => Some("system:kube-scheduler"),
        // Runs before there are service accounts, so with the manager's own certificate.
        "tokens-controller" => Some("system:kube-controller-manager"),
        _ => None,
    };
    if let Some(user) = certificate {
        return User { name: user.to_owned(), groups: groups(&["system:authenticated"]), ..User::default() };
    }
    User {
        name: format!("system:serviceaccount:kube-system:{name}"),
        groups: groups(&[
            "system:serviceaccounts",
            "system:serviceaccounts:kube-system",
            "system:authenticated",
        ]),
        ..User::default()
    }
}

impl<'a> Client<'a> {
    /// A client that acts as the component `name`.
    pub fn new(cluster: &'a mut Cluster, name: &'static str) -> Self {
        Self { cluster, name, user: component(name) }
    }

    /// A client that acts as some other user.
    pub fn acting(cluster: &'a mut Cluster, user: User) -> Self {
        Self { cluster, name: "kubectl", user }
    }

    /// A client that acts as the kubelet of a node.
    pub fn kubelet(cluster: &'a mut Cluster, node: &str) -> Self {
        let user = User {
            name: format!("system:node:{node}"),
            groups: vec!["system:nodes".to_owned(), "system:authenticated".to_owned()],
            ..User::default()
        };
        Self { cluster, name: "kubelet", user }
    }

    /// The component's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Notes an event about `object`.
    pub fn event(
        &mut self,
        source: Source<'_>,
        object: &Object,
        kind: EventType,
        reason: &str,
        message: &str,
    ) {
        events::note(self, source, object, "", kind, reason, message);
    }

    /// Whether an event about `object` that fits was noted before.
    #[must_use]
    pub fn has_told(&self, object: &Object, fits: impl Fn(&Object) -> bool) -> bool {
        let namespace = if object.namespace().is_empty() { "default" } else { object.namespace() };
        let mut events = self.cluster.store.list("events", Some(namespace));
        events.any(|e| e.str_at(&["involvedObject", "uid"]) == object.uid() && fits(e))
    }

    /// Now, as objects carry it.
    #[must_use]
    pub fn now(&self) -> String {
        self.cluster.now.to_string()
    }

    /// Asks to be looked at again then, even if nothing changes.
    pub fn wake_at(&mut self, when: Timestamp) {
        self.cluster.controllers.wake_at(when);
    }

    /// Whether what failed may be tried again.
    pub(super) fn may_retry(&mut self, key: &str) -> bool {
        let now = self.cluster.now;
        self.cluster.controllers.may_retry(key, &self.cluster.store, now)
    }

    /// Notes that something failed, so that it is tried again later.
    pub(super) fn failed(&mut self, key: &str) {
        let now = self.cluster.now;
        self.cluster.controllers.failed(key, &self.cluster.store, now);
    }

    /// Notes that something works.
    pub(super) fn succeeded(&mut self, key: &str) {
        self.cluster.controllers.succeeded(key);
    }

    /// Everything stored of a resource (`deployments.apps`), in one namespace or everywhere.
    #[must_use]
    pub fn list(&self, group_resource: &str, namespace: Option<&str>) -> Vec<Arc<Object>> {
        self.cluster.store.list(group_resource, namespace).cloned().collect()
    }

    /// What there is to look at of a resource (`Memory::due`).
    pub(super) fn due(&mut self, own: &str, owned: &[&str], near: &[&str]) -> Due {
        self.cluster.controllers.due(&self.cluster.store, own, owned, near)
    }

    /// Whether an object has to be looked at; what follows is about it then.
    pub(super) fn looks_at(&mut self, due: &Due, object: &Object) -> bool {
        let has = due.has(object);
        if has {
            self.cluster.controllers.look_at(object);
        }
        has
    }

    /// One stored object.
    #[must_use]
    pub fn get(&self, group_resource: &str, namespace: &str, name: &str) -> Option<Arc<Object>> {
        self.cluster.store.get(group_resource, namespace, name).cloned()
    }

    fn target(&self, group_resource: &str, namespace: &str, name: &str, subresource: &str) -> Target {
        let (resource, group) = group_resource.split_once('.').unwrap_or((group_resource, ""));
        let version = self.cluster.find(group, None, resource);
        Target::Resource(ResourceTarget {
            group: group.to_owned(),
            version: version.map_or_else(|| "v1".to_owned(), |r| r.gv.version.to_string()),
            resource: resource.to_owned(),
            subresource: subresource.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        })
    }

    fn send(&mut self, verb: Verb, target: Target, body: Body) -> Result<Reply, Status> {
        server::handle(self.cluster, &self.request(verb, target, body)).result
    }

    fn request(&self, verb: Verb, target: Target, body: Body) -> Request {
        let mut request = Request::new(Credential::Internal(self.user.clone()), verb, target);
        request.body = body;
        request.options.field_manager = self.name.to_owned();
        request
    }

    /// Makes an object.
    ///
    /// # Errors
    /// The server's refusal.
    pub fn create(&mut self, group_resource: &str, object: Value) -> Result<Object, Status> {
        let namespace = object.str_at(&["metadata", "namespace"]).to_owned();
        let target = self.target(group_resource, &namespace, "", "");
        object_of(self.send(Verb::Create, target, Body::Object(object)))
    }

    /// Replaces an object, or with a subresource (`status`, `binding`) that part of it.
    ///
    /// # Errors
    /// The server's refusal.
    pub fn update(
        &mut self,
        group_resource: &str,
        object: &Object,
        subresource: &str,
    ) -> Result<Object, Status> {
        let target = self.target(group_resource, object.namespace(), object.name(), subresource);
        object_of(self.send(Verb::Update, target, Body::Object(object.0.clone())))
    }

    /// Replaces an object's status unless it is that already.
    ///
    /// # Errors
    /// The server's refusal.
    pub fn update_status(
        &mut self,
        group_resource: &str,
        object: &Object,
        status: Value,
    ) -> Result<(), Status> {
        if object.get("status") == Some(&status)
            || (object.get("status").is_none() && status.entries().is_empty())
        {
            return Ok(());
        }
        let mut changed = object.clone();
        changed.set(&["status"], status);
        self.update(group_resource, &changed, "status").map(|_| ())
    }

    /// Changes an object by a merge patch.
    ///
    /// # Errors
    /// The server's refusal.
    pub fn merge(
        &mut self,
        group_resource: &str,
        namespace: &str,
        name: &str,
        patch: Value,
    ) -> Result<Object, Status> {
        let target = self.target(group_resource, namespace, name, "");
        object_of(self.send(Verb::Patch, target, Body::Patch(PatchType::Merge, patch)))
    }

    /// Makes something of a subresource (`pods/binding`).
    ///
    /// # Errors
    /// The server's refusal.
    pub fn create_sub(
        &mut self,
        group_resource: &str,
        namespace: &str,
        name: &str,
        subresource: &str,
        body: Value,
    ) -> Result<(), Status> {
        let target = self.target(group_resource, namespace, name, subresource);
        self.send(Verb::Create, target, Body::Object(body)).map(|_| ())
    }

    /// Removes an object in the background.
    ///
    /// # Errors
    /// The server's refusal.
    pub fn delete(&mut self, group_resource: &str, namespace: &str, name: &str) -> Result<(), Status> {
        self.remove(group_resource, namespace, name, None, Propagation::Background)
    }

    /// Removes an object, its dependents as `propagation` says.
    ///
    /// # Errors
    /// The server's refusal.
    pub fn delete_with(
        &mut self,
        group_resource: &str,
        namespace: &str,
        name: &str,
        propagation: Propagation,
    ) -> Result<(), Status> {
        self.remove(group_resource, namespace, name, None, propagation)
    }

    /// Removes an object without grace, as a kubelet does once the containers are gone.
    ///
    /// # Errors
    /// The server's refusal.
    pub fn delete_now(&mut self, group_resource: &str, namespace: &str, name: &str) -> Result<(), Status> {
        self.remove(group_resource, namespace, name, Some(0), Propagation::Background)
    }

    fn remove(
        &mut self,
        group_resource: &str,
        namespace: &str,
        name: &str,
        grace: Option<i64>,
        propagation: Propagation,
    ) -> Result<(), Status> {
        let target = self.target(group_resource, namespace, name, "");
        let mut request = self.request(Verb::Delete, target, Body::None);
        request.options.propagation = Some(propagation);
        request.options.grace_period_seconds = grace;
        server::handle(self.cluster, &request).result.map(|_| ())
    }
}

fn object_of(result: Result<Reply, Status>) -> Result<Object, Status> {
    match result? {
        Reply::Object(object) => Ok(object),
        _ => Ok(Object::default()),
    }
}
