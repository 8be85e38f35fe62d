//! Subresources: status, scale, eviction, binding, token, approval, finalize, ephemeralcontainers and the connecting ones.
//!
//! Models the REST storages in `pkg/registry/*/*/storage`.

mod binding;
mod eviction;
mod scale;
mod token;

use gatehouse_model::Object;

use crate::request::{Reply, Verb};
use crate::server::call::Call;
use crate::server::{connect, patch, read, route, update};
use crate::status::Status;

/// Answers a request about a subresource.
pub(super) fn handle(call: &mut Call<'_>, verb: &Verb) -> Result<Reply, Status> {
    let sub = call.target.subresource.clone();
    let sub = sub.split('/').next().unwrap_or_default();
    if !call.resource.subresources.iter().any(|s| s.split('/').next() == Some(sub)) {
        return Err(Status::path_not_found().about(
            &call.resource.gv.group,
            &call.resource.plural,
            &call.target.name,
        ));
    }
    match (sub, verb) {
        ("log" | "exec" | "attach" | "portforward" | "proxy", _) => connect::connect(call),
        ("scale", Verb::Get) => scale::get(call),
        ("scale", Verb::Update | Verb::Patch) => scale::change(call),
        ("eviction", Verb::Create) => eviction::evict(call),
        ("binding", Verb::Create) => binding::bind(call),
        ("token", Verb::Create) => token::request(call),
        ("status" | "approval" | "ephemeralcontainers" | "resize" | "finalize", Verb::Get) => read::get(call),
        ("status" | "approval" | "ephemeralcontainers" | "resize" | "finalize", Verb::Update) => {
            update::update(call)
        }
        ("status" | "approval" | "ephemeralcontainers" | "resize" | "finalize", Verb::Patch) => {
            patch::patch(call)
        }
        _ => Err(route::unsupported(&call.resource, verb)),
    }
}

/// The body of a create on a subresource, of the subresource's own kind.
fn body(call: &Call<'_>, kind: &str) -> Result<Object, Status> {
    match &call.request.body {
        crate::request::Body::Object(value) => {
            let mut value = value.clone();
            if value.str_at(&["kind"]).is_empty() {
                value.set(&["kind"], kind);
            }
            Ok(Object(value))
        }
        _ => Err(Status::bad_request("Object 'Kind' is missing in ''")),
    }
}
