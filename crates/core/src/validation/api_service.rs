//! APIServices.
//!
//! Models kube-aggregator `pkg/apis/apiregistration/validation/validation.go`.

use gatehouse_model::{FieldError, FieldPath, Object, Value, names};

use super::check::{self, Errors};
use super::meta;

/// An APIService, new or changed.
pub(super) fn service(errors: &mut Errors, object: &Object) {
    meta::object(errors, object, false, names::path_segment);
    let text = |path: &[&str]| object.str_at(path);
    let (group, version) = (text(&["spec", "group"]), text(&["spec", "version"]));
    let wanted = format!("{version}.{group}");
    if object.name() != wanted {
        let why = format!("must be `spec.version+\".\"+spec.group`: \"{wanted}\"");
        errors.push(FieldError::invalid(FieldPath::new("metadata.name"), &object.name().into(), why));
    }
    let path = FieldPath::new("spec");
    if group.is_empty() && version != "v1" {
        let why = "only v1 may have an empty group and it better be legacy kube";
        errors.push(FieldError::required(path.child("group"), why));
    }
    if !group.is_empty() {
        check::text(errors, &path.child("group"), group, names::dns1123_subdomain(group));
    }
    check::text(errors, &path.child("version"), version, names::dns1035_label(version));
    for (field, most) in [("groupPriorityMinimum", 20_000), ("versionPriority", 1000)] {
        let priority = object.i64_at(&["spec", field]).unwrap_or(0);
        if !(1..=most).contains(&priority) {
            let why = format!("must be positive and less than {most}");
            errors.push(FieldError::invalid(path.child(field), &Value::Int(priority), why));
        }
    }
    let insecure = object.bool_at(&["spec", "insecureSkipTLSVerify"]) == Some(true);
    let bundle = text(&["spec", "caBundle"]);
    let invalid = |errors: &mut Errors, field: &str, value: Value, why: &str| {
        errors.push(FieldError::invalid(path.child(field), &value, why));
    };
    if object.at(&["spec", "service"]).is_none() {
        if !bundle.is_empty() {
            let bytes = gatehouse_model::base64::decode(bundle).map_or(0, |b| b.len());
            let why = "local APIServices may not have a caBundle";
            invalid(errors, "caBundle", format!("{bytes} bytes").into(), why);
        }
        if insecure {
            let why = "local APIServices may not have insecureSkipTLSVerify";
            invalid(errors, "insecureSkipTLSVerify", true.into(), why);
        }
        return;
    }
    let at = path.child("service");
    for field in ["namespace", "name"] {
        check::required(errors, at.child(field), text(&["spec", "service", field]));
    }
    if insecure && !bundle.is_empty() {
        invalid(errors, "insecureSkipTLSVerify", true.into(), "may not be true if caBundle is present");
    }
}
