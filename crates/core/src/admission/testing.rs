//! What tests of plugins share.

use gatehouse_model::{GroupVersion, Object, ResourceType, Scope, Value};

use super::{AdmissionRequest, Notes, Operation, mutate, validate};
use crate::cluster::Cluster;
use crate::request::{DryRun, User};

/// A resource type with nothing but names.
pub(super) fn resource(group: &'static str, kind: &'static str, plural: &'static str) -> ResourceType {
    ResourceType {
        gv: GroupVersion { group: group.into(), version: "v1".into() },
        kind: kind.into(),
        plural: plural.into(),
        singular: "".into(),
        short_names: Vec::new(),
        scope: Scope::Namespaced,
        verbs: Vec::new(),
        categories: Vec::new(),
        subresources: Vec::new(),
    }
}

/// One request through both halves of admission: the object it became or the refusal, and the notes.
pub(super) fn admit(
    cluster: &mut Cluster,
    user: &str,
    kind: &ResourceType,
    object: &Value,
    old: Option<&Value>,
) -> (Result<Value, String>, Notes) {
    let user =
        User { name: user.to_owned(), groups: vec!["system:authenticated".to_owned()], ..User::default() };
    let old = old.cloned().map(Object);
    let name = object.str_at(&["metadata", "name"]).to_owned();
    let namespace = object.str_at(&["metadata", "namespace"]).to_owned();
    let mut request = AdmissionRequest {
        user: &user,
        operation: if old.is_some() { Operation::Update } else { Operation::Create },
        resource: kind,
        subresource: "",
        namespace: &namespace,
        name: &name,
        object: Some(Object(object.clone())),
        old_object: old.as_ref(),
        dry_run: DryRun::No,
    };
    let mut notes = Notes::default();
    let result =
        mutate(cluster, &mut request, &mut notes).and_then(|()| validate(cluster, &request, &mut notes));
    let object = request.object.take().map(|o| o.0).unwrap_or_default();
    (result.map(|()| object).map_err(|s| s.message), notes)
}
