//! Config maps, secrets, service accounts, namespaces, nodes.
//!
//! Models their parts of `pkg/apis/core/validation/validation.go`.

use gatehouse_model::{FieldError, FieldPath, Object, Value, base64, names};

use super::check::{self, Errors};
use super::{Rules, meta, resources, scheduling};

/// The most a config map or secret may hold, in bytes.
const MAX_SIZE: usize = 1024 * 1024;

/// A ConfigMap.
pub(super) fn config_map(errors: &mut Errors, object: &Object) {
    meta::object(errors, object, true, names::dns1123_subdomain);
    let mut size = 0;
    for (field, other) in [("data", "binaryData"), ("binaryData", "data")] {
        for (key, value) in object.map_at(&[field]).iter() {
            let path = FieldPath::new(field).key(key);
            check::text(errors, &path, key, names::config_map_key(key));
            if field == "data" && object.map_at(&[other]).contains_key(key) {
                let path = FieldPath::new("data").key(key);
                let why = "duplicate of key present in binaryData";
                errors.push(FieldError::invalid(path, &key.into(), why));
            }
            size += value.as_str().map_or(0, str::len);
        }
    }
    if size > MAX_SIZE {
        errors.push(FieldError::too_long(FieldPath::new("[]"), MAX_SIZE));
    }
}

/// What `immutable: true` forbids.
pub(super) fn immutable_data(errors: &mut Errors, new: &Object, old: &Object) {
    if old.bool_at(&["immutable"]) != Some(true) {
        return;
    }
    let why = "field is immutable when `immutable` is set";
    if new.bool_at(&["immutable"]) != Some(true) {
        errors.push(FieldError::forbidden(FieldPath::new("immutable"), why));
    }
    for field in ["data", "binaryData"] {
        if new.map_at(&[field]) != old.map_at(&[field]) {
            errors.push(FieldError::forbidden(FieldPath::new(field), why));
        }
    }
}

/// A Secret.
pub(super) fn secret(errors: &mut Errors, object: &Object) {
    meta::object(errors, object, true, names::dns1123_subdomain);
    let path = FieldPath::new("data");
    let data = object.map_at(&["data"]);
    let mut size = 0;
    for (key, value) in data.iter() {
        check::text(errors, &path.key(key), key, names::config_map_key(key));
        size += value.as_str().map_or(0, |v| v.len() / 4 * 3);
    }
    if size > MAX_SIZE {
        errors.push(FieldError::too_long(path.clone(), MAX_SIZE));
    }
    let missing = |key: &str| !data.contains_key(key);
    let mut need = |key: &str| {
        if missing(key) {
            errors.push(FieldError::required(path.key(key), ""));
        }
    };
    match object.str_at(&["type"]) {
        "kubernetes.io/service-account-token" => {
            let key = "kubernetes.io/service-account.name";
            if object.annotation(key).is_none_or(str::is_empty) {
                errors.push(FieldError::required(FieldPath::new("metadata.annotations").key(key), ""));
            }
        }
        "kubernetes.io/dockercfg" => json_content(errors, &path, object, ".dockercfg"),
        "kubernetes.io/dockerconfigjson" => json_content(errors, &path, object, ".dockerconfigjson"),
        "kubernetes.io/basic-auth" if missing("username") && missing("password") => {
            need("username");
            need("password");
        }
        "kubernetes.io/ssh-auth" if data.get("ssh-privatekey").is_none_or(|v| v.as_str() == Some("")) => {
            errors.push(FieldError::required(path.key("ssh-privatekey"), ""));
        }
        "kubernetes.io/tls" => {
            need("tls.crt");
            need("tls.key");
        }
        _ => {}
    }
}

fn json_content(errors: &mut Errors, path: &FieldPath, object: &Object, key: &str) {
    let Some(content) = object.map_at(&["data"]).get(key).and_then(Value::as_str) else {
        errors.push(FieldError::required(path.key(key), ""));
        return;
    };
    let bytes = base64::decode(content).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let why = match gatehouse_model::json::parse(&text) {
        Err(error) => error.message,
        Ok(Value::Map(_) | Value::Null) => return,
        Ok(Value::List(_)) => {
            "json: cannot unmarshal array into Go value of type map[string]interface {}".to_owned()
        }
        Ok(Value::Str(_)) => {
            "json: cannot unmarshal string into Go value of type map[string]interface {}".to_owned()
        }
        Ok(Value::Bool(_)) => {
            "json: cannot unmarshal bool into Go value of type map[string]interface {}".to_owned()
        }
        Ok(_) => "json: cannot unmarshal number into Go value of type map[string]interface {}".to_owned(),
    };
    errors.push(FieldError::invalid(path.key(key), &"<secret contents redacted>".into(), why));
}

/// A change of a Secret.
pub(super) fn secret_update(errors: &mut Errors, new: &Object, old: &Object) {
    meta::update(errors, new, old);
    check::immutable(errors, FieldPath::new("type"), new.get("type"), old.get("type"));
    immutable_data(errors, new, old);
    secret(errors, new);
}

/// A Node.
pub(super) fn node(errors: &mut Errors, object: &Object) {
    meta::object(errors, object, false, names::dns1123_subdomain);
    taints(errors, &FieldPath::new("metadata.taints"), object.list_at(&["spec", "taints"]));
    node_resources(errors, object);
    let (ranges, path) = (object.list_at(&["spec", "podCIDRs"]), FieldPath::new("spec.podCIDRs"));
    for (i, range) in ranges.iter().enumerate() {
        let range = range.as_str().unwrap_or_default();
        check::text(errors, &path.index(i), range, names::cidr(range, true));
    }
    if ranges.len() > 1 {
        let of_four =
            |v: &Value| names::parse_cidr(v.as_str().unwrap_or_default()).is_some_and(|(ip, _)| ip.is_ipv4());
        let both = ranges.iter().any(of_four) && !ranges.iter().all(of_four);
        if !both || ranges.len() > 2 {
            let why = "may specify no more than one CIDR for each IP family";
            errors.push(FieldError::invalid(path.clone(), &Value::from(ranges.to_vec()), why));
        }
        for (i, range) in ranges.iter().enumerate() {
            if ranges.iter().take(i).any(|earlier| earlier == range) {
                errors.push(FieldError::duplicate(path.index(i), range));
            }
        }
    }
}

/// What a node has and can give away.
fn node_resources(errors: &mut Errors, object: &Object) {
    for field in ["capacity", "allocatable"] {
        for (name, amount) in object.map_at(&["status", field]).iter() {
            let path = FieldPath::new("status").child(field).child(name);
            resources::amount_of(errors, &path, name, amount);
        }
    }
}

/// The server looks for taints in the metadata.
fn taints(errors: &mut Errors, path: &FieldPath, taints: &[Value]) {
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for (i, taint) in taints.iter().enumerate() {
        let path = path.index(i);
        let (key, value, effect) =
            (taint.str_at(&["key"]), taint.str_at(&["value"]), taint.str_at(&["effect"]));
        check::text(errors, &path.child("key"), key, names::label_key(key));
        let complaints = names::label_value(value);
        if !complaints.is_empty() {
            errors.push(FieldError::invalid(path.child("value"), &value.into(), complaints.join(";")));
        }
        if check::required(errors, path.child("effect"), effect) {
            scheduling::effect(errors, path.child("effect"), effect);
        }
        if seen.contains(&(key, effect)) {
            let mut error = FieldError::duplicate(path, &Value::Null);
            error.value = Some(super::internal::print("Taint", taint));
            "taints must be unique by key and effect pair".clone_into(&mut error.detail);
            errors.push(error);
        }
        seen.push((key, effect));
    }
}

/// A change of a Node, or of its status.
pub(super) fn node_update(errors: &mut Errors, new: &Object, old: &Object) {
    meta::update(errors, new, old);
    node_resources(errors, new);
    let addresses = new.list_at(&["status", "addresses"]);
    for (i, address) in addresses.iter().enumerate() {
        if addresses.iter().take(i).any(|earlier| earlier == address) {
            let mut error = FieldError::duplicate(FieldPath::new("status.addresses").index(i), &Value::Null);
            error.value = Some(super::internal::print("NodeAddress", address));
            errors.push(error);
        }
    }
    let ranges = |o: &Object| o.list_at(&["spec", "podCIDRs"]).to_vec();
    let (now, before) = (ranges(new), ranges(old));
    if !before.is_empty() {
        let changed = before.iter().zip(&now).filter(|(a, b)| a != b).count();
        let count = if before.len() == now.len() { changed } else { 1 };
        for _ in 0..count {
            let why = "node updates may not change podCIDR except from \"\" to valid";
            errors.push(FieldError::forbidden(FieldPath::new("spec.podCIDRs"), why));
        }
    }
    let provider = |o: &Object| o.str_at(&["spec", "providerID"]).to_owned();
    if !provider(old).is_empty() && provider(old) != provider(new) {
        let why = "node updates may not change providerID except from \"\" to valid";
        errors.push(FieldError::forbidden(FieldPath::new("spec.providerID"), why));
    }
    taints(errors, &FieldPath::new("metadata.taints"), new.list_at(&["spec", "taints"]));
    if new.str_at(&["spec", "externalID"]) != old.str_at(&["spec", "externalID"]) {
        errors.push(FieldError::forbidden(FieldPath::new("spec.externalID"), "may not be updated"));
    }
}

/// A Namespace.
pub(super) fn namespace(errors: &mut Errors, object: &Object) {
    meta::object(errors, object, false, names::dns1123_label);
    finalizers(errors, object, false);
}

/// The finalizers of a namespace's contents; where they are taken away, errors say which.
fn finalizers(errors: &mut Errors, object: &Object, indexed: bool) {
    let path = FieldPath::new("spec.finalizers");
    for (i, finalizer) in object.list_at(&["spec", "finalizers"]).iter().enumerate() {
        let name = finalizer.as_str().unwrap_or_default();
        let path = if indexed { path.index(i) } else { path.clone() };
        check::text(errors, &path, name, names::label_key(name));
        meta::standard_finalizer(errors, path, name);
    }
}

/// A change of a Namespace.
pub(super) fn namespace_update(errors: &mut Errors, rules: &Rules, new: &Object, old: &Object) {
    meta::update(errors, new, old);
    if rules.subresource == "finalize" {
        finalizers(errors, new, true);
    }
}
