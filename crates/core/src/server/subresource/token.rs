//! `serviceaccounts/token`: a TokenRequest becomes a bound token.
//!
//! Models `pkg/registry/core/serviceaccount/storage/token.go`.

use gatehouse_model::{FieldError, FieldPath, Object, Value, json};

use crate::admission::Operation;
use crate::authn::token;
use crate::request::Reply;
use crate::server::admit;
use crate::server::call::Call;
use crate::status::Status;
use crate::world::Timestamp;

const HOUR: i64 = 3600;
/// The minor version since when tokens can be bound to nodes.
const NODES: u8 = 31;

/// POST of a token request.
pub(super) fn request(call: &mut Call<'_>) -> Result<Reply, Status> {
    let account = call.stored()?;
    let name = call.target.name.clone();
    let request = super::body(call, "TokenRequest")?;
    let mut request = admit::about(call, Operation::Create, &name, request, None)?;
    let seconds = request.i64_at(&["spec", "expirationSeconds"]).unwrap_or(HOUR);
    let path = FieldPath::new("spec.expirationSeconds");
    let mut errors = Vec::new();
    if seconds < 600 {
        errors.push(FieldError::invalid(
            path,
            &Value::Int(seconds),
            "may not specify a duration less than 10 minutes",
        ));
    } else if seconds > 1 << 32 {
        errors.push(FieldError::invalid(
            path,
            &Value::Int(seconds),
            "may not specify a duration larger than 2^32 seconds",
        ));
    }
    if !errors.is_empty() {
        return Err(Status::invalid("authentication.k8s.io", "TokenRequest", "", &errors));
    }
    let mut audiences: Vec<String> =
        request.list_at(&["spec", "audiences"]).iter().filter_map(Value::as_str).map(str::to_owned).collect();
    if audiences.is_empty() {
        audiences.push(token::ISSUER.to_owned());
    }
    let mut bound = request.at(&["spec", "boundObjectRef"]).filter(|r| !r.is_null()).cloned();
    if let Some(bound) = &mut bound {
        let uid = bound_object(call, bound)?;
        bound.set(&["uid"], uid);
    }
    let expires = call.cluster.now.plus_millis(seconds * 1000);
    let token = issue(call, &account, bound.as_ref(), &audiences, expires);
    request.set(&["apiVersion"], "authentication.k8s.io/v1");
    request.set(&["metadata"], json!({"name": (account.name()), "namespace": (account.namespace()), "creationTimestamp": (call.cluster.now.to_string())}));
    request.set(&["spec", "expirationSeconds"], seconds);
    request.set(&["spec", "audiences"], audiences);
    request.set(&["status"], json!({"token": token, "expirationTimestamp": (expires.to_string())}));
    Ok(Reply::Object(request))
}

/// The UID of what a token is to be bound to.
fn bound_object(call: &Call<'_>, bound: &Value) -> Result<String, Status> {
    let (version, kind, name) =
        (bound.str_at(&["apiVersion"]), bound.str_at(&["kind"]), bound.str_at(&["name"]));
    let table = match (version.contains('/'), kind) {
        (false, "Pod") => "pods",
        (false, "Secret") => "secrets",
        (false, "Node") if call.cluster.version.minor() >= NODES => "nodes",
        _ => {
            let version = if version.contains('/') { version.to_owned() } else { format!("/{version}") };
            return Err(Status::bad_request(format!(
                "cannot bind token to object of type {version}, Kind={kind}"
            )));
        }
    };
    let namespace = if table == "nodes" { "" } else { call.target.namespace.as_str() };
    let Some(object) = call.cluster.store.get(table, namespace, name) else {
        return Err(Status::not_found("", table, name));
    };
    let account = call.target.name.as_str();
    if table == "pods" && object.str_at(&["spec", "serviceAccountName"]) != account {
        return Err(Status::bad_request(format!(
            "cannot bind token for serviceaccount \"{account}\" to pod running with different serviceaccount name."
        )));
    }
    let uid = bound.str_at(&["uid"]);
    if !uid.is_empty() && uid != object.uid() {
        let why = format!(
            "the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been deleted and then recreated"
        );
        return Err(Status::conflict("", kind, name, &why));
    }
    Ok(object.uid().to_owned())
}

fn issue(
    call: &mut Call<'_>,
    account: &Object,
    bound: Option<&Value>,
    audiences: &[String],
    expires: Timestamp,
) -> String {
    let node = bound.filter(|b| b.str_at(&["kind"]) == "Pod").and_then(|b| {
        let pod = call.cluster.store.get("pods", account.namespace(), b.str_at(&["name"]))?;
        let node = call.cluster.store.get("nodes", "", pod.str_at(&["spec", "nodeName"]))?;
        Some((node.name().to_owned(), node.uid().to_owned()))
    });
    let text = |b: &Value, key: &str| b.str_at(&[key]).to_owned();
    let claims = token::Claims {
        namespace: account.namespace().to_owned(),
        service_account: account.name().to_owned(),
        uid: account.uid().to_owned(),
        audiences: audiences.to_vec(),
        issued: call.cluster.now,
        expires,
        id: call.cluster.entropy.uid(),
        bound: bound.map(|b| token::BoundObject {
            kind: text(b, "kind"),
            name: text(b, "name"),
            uid: text(b, "uid"),
        }),
        node,
    };
    token::issue(call.cluster, &claims)
}
