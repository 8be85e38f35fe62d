//! Priority classes, runtime classes and signing requests.

use gatehouse_model::{FieldError, FieldPath, Object, Value, base64, names};

use super::check::{self, Errors};
use super::{Rules, meta, resources, scheduling};

const HIGHEST_USER_PRIORITY: i64 = 1_000_000_000;

/// A PriorityClass.
pub(super) fn priority(errors: &mut Errors, object: &Object) {
    meta::object(errors, object, false, names::dns1123_subdomain);
    let name = object.name();
    let value = object.i64_at(&["value"]).unwrap_or(0);
    if name.starts_with("system-") {
        let known = [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)];
        match known.iter().find(|(n, _)| *n == name) {
            None => errors.push(FieldError::forbidden(
                FieldPath::new("metadata.name"),
                format!("priority class names with 'system-' prefix are reserved for system use only. error: {name} is not a known system priority class"),
            )),
            Some((_, right)) if *right != value => errors.push(FieldError::forbidden(
                FieldPath::new("metadata.name"),
                format!("priority class names with 'system-' prefix are reserved for system use only. error: value of {name} PriorityClass must be {right}"),
            )),
            Some(_) => {}
        }
    } else if value > HIGHEST_USER_PRIORITY {
        let why = "maximum allowed value of a user defined priority is 1000000000";
        errors.push(FieldError::forbidden(FieldPath::new("value"), why));
    }
    if let Some(policy) = object.get("preemptionPolicy").and_then(Value::as_str) {
        check::one_of(errors, FieldPath::new("preemptionPolicy"), policy, &["PreemptLowerPriority", "Never"]);
    }
}

/// A change of a PriorityClass.
pub(super) fn priority_update(errors: &mut Errors, new: &Object, old: &Object) {
    meta::update(errors, new, old);
    if new.i64_at(&["value"]) != old.i64_at(&["value"]) {
        errors.push(FieldError::forbidden(FieldPath::new("value"), "may not be changed in an update."));
    }
    check::immutable(
        errors,
        FieldPath::new("preemptionPolicy"),
        new.get("preemptionPolicy"),
        old.get("preemptionPolicy"),
    );
}

/// A RuntimeClass.
pub(super) fn runtime(errors: &mut Errors, object: &Object) {
    meta::object(errors, object, false, names::dns1123_subdomain);
    let handler = object.str_at(&["handler"]);
    if check::required(errors, FieldPath::new("handler"), handler) {
        check::text(errors, &FieldPath::new("handler"), handler, names::dns1123_label(handler));
    }
    let fixed = object.map_at(&["overhead", "podFixed"]);
    let limits = gatehouse_model::json!({"limits": (fixed.clone())});
    resources::container(errors, &FieldPath::new("overhead"), Some(&limits), &[]);
    meta::labels(
        errors,
        &FieldPath::new("scheduling.nodeSelector"),
        object.map_at(&["scheduling", "nodeSelector"]),
    );
    scheduling::tolerations(
        errors,
        &FieldPath::new("scheduling.tolerations"),
        object.list_at(&["scheduling", "tolerations"]),
    );
}

/// A change of a RuntimeClass.
pub(super) fn runtime_update(errors: &mut Errors, new: &Object, old: &Object) {
    meta::update(errors, new, old);
    check::immutable(errors, FieldPath::new("handler"), new.get("handler"), old.get("handler"));
}

/// What a certificate may be for.
const USAGES: &[&str] = &[
    "any",
    "cert sign",
    "client auth",
    "code signing",
    "content commitment",
    "crl sign",
    "data encipherment",
    "decipher only",
    "digital signature",
    "email protection",
    "encipher only",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "key agreement",
    "key encipherment",
    "microsoft sgc",
    "netscape sgc",
    "ocsp signing",
    "s/mime",
    "server auth",
    "signing",
    "timestamping",
];

/// A CertificateSigningRequest.
pub(super) fn signing_request(errors: &mut Errors, object: &Object) {
    meta::object(errors, object, false, |_| Vec::new());
    let path = FieldPath::new("spec");
    request(errors, &path.child("request"), object.str_at(&["spec", "request"]));
    let usages = object.list_at(&["spec", "usages"]);
    if usages.is_empty() {
        errors.push(FieldError::required(path.child("usages"), ""));
    }
    for (i, usage) in usages.iter().enumerate() {
        let usage = usage.as_str().unwrap_or_default();
        check::allowed(errors, path.child("usages").index(i), usage, USAGES);
    }
    for (i, usage) in usages.iter().enumerate() {
        if usages.iter().take(i).any(|u| u == usage) {
            errors.push(FieldError::duplicate(path.child("usages").index(i), usage));
        }
    }
    let signer = object.str_at(&["spec", "signerName"]);
    if check::required(errors, path.child("signerName"), signer) {
        self::signer(errors, &path.child("signerName"), signer);
    }
    if let Some(seconds) = object.i64_at(&["spec", "expirationSeconds"])
        && seconds < 600
    {
        let why = "may not specify a duration less than 600 seconds (10 minutes)";
        errors.push(FieldError::invalid(path.child("expirationSeconds"), &Value::Int(seconds), why));
    }
}

/// The request is a PEM block that holds a request.
fn request(errors: &mut Errors, path: &FieldPath, encoded: &str) {
    let bytes = base64::decode(encoded).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let block = text
        .split_once("-----BEGIN CERTIFICATE REQUEST-----")
        .and_then(|(_, rest)| rest.split_once("-----END CERTIFICATE REQUEST-----").map(|(body, _)| body));
    let shown = Value::from(encoded);
    let Some(block) = block else {
        errors.push(FieldError::invalid(path.clone(), &shown, "PEM block type must be CERTIFICATE REQUEST"));
        return;
    };
    let body: String = block.split_whitespace().collect();
    let sequence = base64::decode(&body).ok().filter(|der| der.first() == Some(&0x30));
    if sequence.is_none() {
        errors.push(FieldError::invalid(path.clone(), &shown, "asn1: structure error: tags don't match"));
    }
}

/// `example.com/signer-name`
pub(super) fn signer(errors: &mut Errors, path: &FieldPath, signer: &str) {
    let shown = Value::from(signer);
    let Some((domain, rest)) = signer.split_once('/') else {
        let why = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
        errors.push(FieldError::invalid(path.clone(), &shown, why));
        return;
    };
    for complaint in names::dns1123_subdomain(domain) {
        errors.push(FieldError::invalid(
            path.clone(),
            &Value::from(domain),
            format!("validating label \"{domain}\": {complaint}"),
        ));
    }
    if domain.split('.').count() < 2 {
        let why = "should be a domain with at least two segments separated by dots";
        errors.push(FieldError::invalid(path.clone(), &Value::from(domain), why));
    }
    if rest.is_empty() {
        let why = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
        errors.push(FieldError::invalid(path.clone(), &shown, why));
    }
}

/// A change of a signing request.
pub(super) fn signing_update(errors: &mut Errors, rules: &Rules, new: &Object, old: &Object) {
    signing_request(errors, new);
    meta::update(errors, new, old);
    let path = FieldPath::new("status.conditions");
    let conditions = |o: &Object| o.list_at(&["status", "conditions"]).to_vec();
    let (now, before) = (conditions(new), conditions(old));
    for (i, condition) in now.iter().enumerate() {
        let kind = condition.str_at(&["type"]);
        let path = path.index(i);
        check::required(errors, path.child("type"), kind);
        let status = condition.str_at(&["status"]);
        if matches!(kind, "Approved" | "Denied" | "Failed") {
            check::one_of(errors, path.child("status"), status, &["True"]);
        } else {
            check::one_of(errors, path.child("status"), status, &["False", "True", "Unknown"]);
        }
        if kind == "Denied" && now.iter().any(|c| c.str_at(&["type"]) == "Approved") {
            let why = "Approved and Denied conditions are mutually exclusive";
            errors.push(FieldError::invalid(path.child("type"), &kind.into(), why));
        }
    }
    if rules.subresource == "approval" {
        for kind in ["Approved", "Denied"] {
            let count = |list: &[Value]| list.iter().filter(|c| c.str_at(&["type"]) == kind).count();
            if count(&now) < count(&before) {
                let why = format!("updates may not remove a condition of type \"{kind}\"");
                errors.push(FieldError::forbidden(path.clone(), why));
            }
        }
    }
}
