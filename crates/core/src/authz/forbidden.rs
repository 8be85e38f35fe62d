//! What a user reads who may not.
//!
//! Models apiserver `pkg/endpoints/handlers/responsewriters/errors.go`.

use super::Attributes;
use crate::request::Target;
use crate::status::Status;

/// `User "jane" cannot list resource "pods" in API group "" in the namespace "ci"`.
#[must_use]
pub fn message(attributes: &Attributes<'_>) -> String {
    let (user, verb) = (&attributes.user.name, attributes.verb);
    match attributes.target {
        Target::Path(path) => format!("User \"{user}\" cannot {verb} path \"{path}\""),
        Target::Resource(t) => {
            let resource = if t.subresource.is_empty() {
                t.resource.clone()
            } else {
                format!("{}/{}", t.resource, t.subresource)
            };
            let whereabouts = if t.namespace.is_empty() {
                "at the cluster scope".to_owned()
            } else {
                format!("in the namespace \"{}\"", t.namespace)
            };
            format!(
                "User \"{user}\" cannot {verb} resource \"{resource}\" in API group \"{}\" {whereabouts}",
                t.group
            )
        }
    }
}

/// The 403 of a request that no authorizer allows, with the authorizers' reason behind it.
#[must_use]
pub fn status(attributes: &Attributes<'_>, reason: &str) -> Status {
    let mut why = message(attributes);
    if !reason.is_empty() {
        why.push_str(": ");
        why.push_str(reason);
    }
    match attributes.target {
        Target::Path(_) => Status::forbidden("", "", "", &why),
        Target::Resource(t) => Status::forbidden(&t.group, &t.resource, &t.name, &why),
    }
}
