//! Review resources: nothing is stored, the body asks a question.
//!
//! Models `pkg/registry/authorization/*` and `pkg/registry/authentication/*`.

use gatehouse_model::{FieldError, FieldPath, Map, Object, ResourceType, Value, json};

use crate::authn::token;
use crate::authz::{self, Attributes, review};
use crate::decision::{Reviewed, Verdict};
use crate::request::{Reply, ResourceTarget, Target, User, Verb};
use crate::server::call::Call;
use crate::server::decode::Decoded;
use crate::status::Status;

/// Whether a resource only answers questions.
pub(super) fn is_review(resource: &ResourceType) -> bool {
    matches!(&*resource.gv.group, "authorization.k8s.io" | "authentication.k8s.io")
}

/// POST of a review.
pub(super) fn answer(call: &mut Call<'_>, mut decoded: Decoded) -> Result<Reply, Status> {
    let mut object = std::mem::take(decoded.object_mut());
    match &*call.resource.kind {
        "SelfSubjectReview" => {
            object.set(&["metadata", "creationTimestamp"], call.cluster.now.to_string());
            let info = user_info(&call.user);
            object.set(&["status"], json!({"userInfo": info}));
        }
        "TokenReview" => token_review(call, &mut object)?,
        "SelfSubjectRulesReview" => rules_review(call, &mut object)?,
        "SelfSubjectAccessReview" => access_review(call, &mut object, Subject::Caller)?,
        "LocalSubjectAccessReview" => {
            let wanted = object.str_at(&["spec", "resourceAttributes", "namespace"]).to_owned();
            if wanted != call.target.namespace {
                return Err(Status::bad_request(format!(
                    "spec.resourceAttributes.namespace must match namespace: {}",
                    call.target.namespace
                )));
            }
            access_review(call, &mut object, Subject::Named)?;
        }
        _ => access_review(call, &mut object, Subject::Named)?,
    }
    Ok(Reply::Object(object))
}

enum Subject {
    Caller,
    Named,
}

fn access_review(call: &mut Call<'_>, object: &mut Object, subject: Subject) -> Result<(), Status> {
    let spec = object.get("spec").cloned().unwrap_or_default();
    let root = FieldPath::new("spec");
    let mut errors = Vec::new();
    let (resource, path) = (spec.get("resourceAttributes"), spec.get("nonResourceAttributes"));
    if resource.is_some() && path.is_some() {
        errors.push(FieldError::invalid(
            root.child("nonResourceAttributes"),
            path.unwrap_or(&Value::Null),
            "cannot be specified in combination with resourceAttributes",
        ));
    }
    if resource.is_none() && path.is_none() {
        errors.push(FieldError::invalid(
            root.child("resourceAttributes"),
            &Value::Null,
            "exactly one of nonResourceAttributes or resourceAttributes must be specified",
        ));
    }
    let user = match subject {
        Subject::Caller => call.user.clone(),
        Subject::Named => {
            let user = named_user(&spec);
            if user.name.is_empty() && user.groups.is_empty() {
                errors.push(FieldError::invalid(
                    root.child("user"),
                    &"".into(),
                    "at least one of user or group must be specified",
                ));
            }
            user
        }
    };
    if !errors.is_empty() {
        return Err(Status::invalid(&call.resource.gv.group, &call.resource.kind, "", &errors));
    }
    let (verb, target) = attributes(&spec);
    let decision = authz::authorize(
        call.cluster,
        &Attributes { user: &user, verb: &verb, target: &target, field_selector: "" },
    );
    let mut status = Map::new();
    status.insert("allowed", decision.allowed());
    if decision.verdict == Verdict::Deny {
        status.insert("denied", true);
    }
    if !decision.reason.is_empty() {
        status.insert("reason", decision.reason.as_str());
    }
    object.set(&["status"], status);
    call.notes.reviewed = Some(Reviewed { user, verb, target, decision });
    Ok(())
}

fn named_user(spec: &Value) -> User {
    let words = |v: &Value| v.items().iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>();
    User {
        name: spec.str_at(&["user"]).to_owned(),
        uid: spec.str_at(&["uid"]).to_owned(),
        groups: spec.get("groups").map(words).unwrap_or_default(),
        extra: spec.map_at(&["extra"]).iter().map(|(k, v)| (k.to_owned(), words(v))).collect(),
    }
}

fn attributes(spec: &Value) -> (Verb, Target) {
    if let Some(a) = spec.get("resourceAttributes") {
        let text = |key: &str| a.str_at(&[key]).to_owned();
        let target = ResourceTarget {
            group: text("group"),
            version: text("version"),
            resource: text("resource"),
            subresource: text("subresource"),
            namespace: text("namespace"),
            name: text("name"),
        };
        (Verb::parse(a.str_at(&["verb"])), Target::Resource(target))
    } else {
        let verb = Verb::parse(spec.str_at(&["nonResourceAttributes", "verb"]));
        (verb, Target::Path(spec.str_at(&["nonResourceAttributes", "path"]).to_owned()))
    }
}

fn user_info(user: &User) -> Value {
    let mut info = Map::new();
    if !user.name.is_empty() {
        info.insert("username", user.name.as_str());
    }
    if !user.uid.is_empty() {
        info.insert("uid", user.uid.as_str());
    }
    if !user.groups.is_empty() {
        info.insert("groups", user.groups.clone());
    }
    if !user.extra.is_empty() {
        info.insert(
            "extra",
            user.extra.iter().map(|(k, v)| (k.as_str(), Value::from(v.clone()))).collect::<Map>(),
        );
    }
    info.into()
}

fn token_review(call: &Call<'_>, object: &mut Object) -> Result<(), Status> {
    let token = object.str_at(&["spec", "token"]).to_owned();
    if token.is_empty() {
        return Err(Status::bad_request("token is required for TokenReview in authentication"));
    }
    let wanted: Vec<String> =
        object.list_at(&["spec", "audiences"]).iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let status = match token::authenticate(call.cluster, &token, &wanted) {
        Ok(user) => {
            let info = user_info(&user);
            let audiences = if wanted.is_empty() { vec![token::ISSUER.to_owned()] } else { wanted };
            json!({"authenticated": true, "user": info, "audiences": audiences})
        }
        Err(rejected) => json!({"user": {}, "error": (rejected.to_string())}),
    };
    object.set(&["status"], status);
    Ok(())
}

fn rules_review(call: &Call<'_>, object: &mut Object) -> Result<(), Status> {
    let namespace = object.str_at(&["spec", "namespace"]).to_owned();
    if namespace.is_empty() {
        return Err(Status::bad_request("no namespace on request"));
    }
    let rules = review::rules(call.cluster, &call.user, &namespace);
    object.set(&["status"], rules.to_status());
    Ok(())
}
