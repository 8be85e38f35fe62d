//! `serviceaccounts/token`: a TokenRequest becomes a bound token.
//!
//! Models `pkg/registry/core/serviceaccount/storage/token.go`.

use gatehouse_model::{FieldError, FieldPath, Object, Value, base64, json};

use crate::admission::Operation;
use crate::request::Reply;
use crate::server::admit;
use crate::server::call::Call;
use crate::status::Status;
use crate::world::Timestamp;

const HOUR: i64 = 3600;

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
        audiences.push("https://kubernetes.default.svc.cluster.local".to_owned());
    }
    let bound = request.at(&["spec", "boundObjectRef"]).cloned();
    if let Some(bound) = &bound {
        bound_object(call, bound)?;
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

fn bound_object(call: &Call<'_>, bound: &Value) -> Result<(), Status> {
    let table = match bound.str_at(&["kind"]) {
        "Pod" => "pods",
        "Secret" => "secrets",
        "Node" => "nodes",
        other => {
            return Err(Status::bad_request(&format!(
                "cannot bind token for serviceaccount {:?} to object with kind {other:?}",
                call.target.name
            )));
        }
    };
    let namespace = if table == "nodes" { "" } else { call.target.namespace.as_str() };
    let name = bound.str_at(&["name"]);
    let Some(object) = call.cluster.store.get(table, namespace, name) else {
        return Err(Status::not_found("", table, name));
    };
    let uid = bound.str_at(&["uid"]);
    if !uid.is_empty() && uid != object.uid() {
        return Err(Status::conflict(
            "",
            table,
            name,
            &format!(
                "the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been deleted and then recreated"
            ),
        ));
    }
    Ok(())
}

/// A token in the form of a JWT. Its signature is random: who checks it trusts the store, not the key.
fn issue(
    call: &mut Call<'_>,
    account: &Object,
    bound: Option<&Value>,
    audiences: &[String],
    expires: Timestamp,
) -> String {
    let (namespace, name) = (account.namespace(), account.name());
    let now = call.cluster.now.seconds();
    let mut private =
        json!({"namespace": namespace, "serviceaccount": {"name": name, "uid": (account.uid())}});
    if let Some(bound) = bound {
        let kind = bound.str_at(&["kind"]).to_lowercase();
        private.set(&[&kind, "name"], bound.str_at(&["name"]));
        private.set(&[&kind, "uid"], bound.str_at(&["uid"]));
    }
    let claims = json!({
        "aud": (audiences.to_vec()), "exp": (expires.seconds()), "iat": now, "nbf": now,
        "iss": "https://kubernetes.default.svc.cluster.local", "jti": (call.cluster.entropy.uid()),
        "kubernetes.io": private, "sub": (format!("system:serviceaccount:{namespace}:{name}")),
    });
    let header = json!({"alg": "RS256", "kid": "gatehouse"});
    let part = |v: &Value| url_safe(gatehouse_model::json::print(v).as_bytes());
    let mut signature = Vec::new();
    for _ in 0..32 {
        signature.extend_from_slice(&call.cluster.entropy.next_u64().to_be_bytes());
    }
    format!("{}.{}.{}", part(&header), part(&claims), url_safe(&signature))
}

fn url_safe(bytes: &[u8]) -> String {
    base64::encode(bytes).trim_end_matches('=').replace('+', "-").replace('/', "_")
}
