//! From a request to the resource it means, or 404 and 405.
//!
//! Models apiserver `pkg/endpoints/request/requestinfo.go`.

use gatehouse_model::ResourceType;

use crate::cluster::Cluster;
use crate::request::{Request, ResourceTarget, Target, Verb};
use crate::status::{Reason, Status};

/// The verb and target as authorization sees them: a path below `/api` or `/apis` may name a resource.
pub(crate) fn resolve(cluster: &Cluster, request: &Request) -> (Verb, Target) {
    let mut verb = request.verb.clone();
    let target = match &request.target {
        Target::Path(path) => match parse_path(path) {
            Some(target) => {
                let collection = target.name.is_empty();
                verb = match verb {
                    Verb::Get if collection => Verb::List,
                    Verb::Delete if collection => Verb::DeleteCollection,
                    other => other,
                };
                Target::Resource(target)
            }
            // Authorizers and the words of a refusal know no query.
            None => Target::Path(path.split('?').next().unwrap_or_default().to_owned()),
        },
        Target::Resource(t) => {
            let mut t = t.clone();
            // A namespace object lies in the namespace of its own name, for authorization.
            if t.group.is_empty() && t.resource == "namespaces" && t.namespace.is_empty() {
                t.namespace.clone_from(&t.name);
            }
            // What is not namespaced has no namespace in its URL.
            let known = cluster.resource(&t.group, &t.version, &t.resource);
            if known.is_some_and(|r| !r.namespaced()) && t.resource != "namespaces" {
                t.namespace.clear();
            }
            Target::Resource(t)
        }
    };
    (verb, target)
}

fn parse_path(path: &str) -> Option<ResourceTarget> {
    let path = path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let (group, version, rest) = match parts.as_slice() {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return None,
    };
    let (namespace, rest) = match rest {
        ["namespaces", namespace, rest @ ..] if !matches!(rest, [] | ["status" | "finalize"]) => {
            (*namespace, rest)
        }
        rest => ("", rest),
    };
    let (resource, name, subresource) = match rest {
        [] | [""] => return None,
        [resource] => (*resource, "", String::new()),
        [resource, name] => (*resource, *name, String::new()),
        [resource, name, sub @ ..] => (*resource, *name, sub.join("/")),
    };
    let namespace = if resource == "namespaces" { name } else { namespace };
    Some(ResourceTarget {
        group: group.to_owned(),
        version: version.to_owned(),
        resource: resource.to_owned(),
        subresource,
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    })
}

/// The resource a target names, if it is no plain path.
pub(super) fn resource(target: &Target) -> Option<&ResourceTarget> {
    match target {
        Target::Resource(t) => Some(t),
        Target::Path(_) => None,
    }
}

/// The resource served under the target's name.
pub(super) fn lookup(
    cluster: &Cluster,
    target: &ResourceTarget,
    verb: &Verb,
) -> Result<ResourceType, Status> {
    let Some(resource) = cluster.resource(&target.group, &target.version, &target.resource) else {
        return Err(unknown(target, verb));
    };
    if target.subresource.is_empty() && !resource.verbs.iter().any(|v| *v == verb.as_str()) {
        return Err(unsupported(&resource, verb));
    }
    Ok(resource)
}

/// What client-go makes of the server's bare 404 for a resource it does not serve.
fn unknown(target: &ResourceTarget, verb: &Verb) -> Status {
    let method = match verb {
        Verb::Create => "post",
        Verb::Update => "put",
        Verb::Patch => "patch",
        Verb::Delete | Verb::DeleteCollection => "delete",
        _ => "get",
    };
    let resource = gatehouse_model::resource::qualified(&target.resource, &target.group);
    let what = if target.name.is_empty() { resource } else { format!("{resource} {}", target.name) };
    let mut status = Status::path_not_found().about(&target.group, &target.resource, &target.name);
    status.message = format!("{} ({method} {what})", status.message);
    status
}

/// What client-go makes of the server's bare 405.
pub(super) fn unsupported(resource: &ResourceType, _verb: &Verb) -> Status {
    Status::new(Reason::MethodNotAllowed, "the server does not allow this method on the requested resource")
        .about(&resource.gv.group, &resource.plural, "")
}
