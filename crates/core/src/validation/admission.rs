//! Webhook configurations, admission policies and their bindings. Expressions are compiled.
//!
//! Models `pkg/apis/admissionregistration/validation/validation.go`.

use gatehouse_model::{FieldError, FieldPath, Object, Value, names};

use super::check::{self, Errors};
use super::meta;
use crate::admission::policies::Variable;
use crate::admission::policies::cel::{self, Wanted};

/// A webhook configuration.
pub(super) fn webhooks(errors: &mut Errors, object: &Object, mutating: bool) {
    meta::object(errors, object, false, names::dns1123_subdomain);
    let mut seen: Vec<&str> = Vec::new();
    for (i, hook) in object.list_at(&["webhooks"]).iter().enumerate() {
        let path = FieldPath::new("webhooks").index(i);
        webhook(errors, &path, hook, mutating);
        let name = hook.str_at(&["name"]);
        if seen.contains(&name) && !name.is_empty() {
            errors.push(FieldError::duplicate(path.child("name"), &name.into()));
        }
        seen.push(name);
    }
}

fn webhook(errors: &mut Errors, path: &FieldPath, hook: &Value, mutating: bool) {
    fully_qualified(errors, &path.child("name"), hook.str_at(&["name"]));
    for (i, rule) in hook.list_at(&["rules"]).iter().enumerate() {
        operations(
            errors,
            &path.child("rules").index(i),
            rule,
            &["*", "CONNECT", "CREATE", "DELETE", "UPDATE"],
        );
        self::rule(errors, &path.child("rules").index(i), rule);
    }
    check::allowed(errors, path.child("failurePolicy"), hook.str_at(&["failurePolicy"]), &["Fail", "Ignore"]);
    check::allowed(
        errors,
        path.child("matchPolicy"),
        hook.str_at(&["matchPolicy"]),
        &["Equivalent", "Exact"],
    );
    match hook.get("sideEffects").and_then(Value::as_str) {
        None => errors
            .push(FieldError::required(path.child("sideEffects"), "must specify one of None, NoneOnDryRun")),
        Some(effects) => {
            check::allowed(errors, path.child("sideEffects"), effects, &["None", "NoneOnDryRun"])
        }
    }
    let timeout = hook.i64_at(&["timeoutSeconds"]).unwrap_or(10);
    if !(1..=30).contains(&timeout) {
        let why = "the timeout value must be between 1 and 30 seconds";
        errors.push(FieldError::invalid(path.child("timeoutSeconds"), &Value::Int(timeout), why));
    }
    meta::selector(errors, &path.child("namespaceSelector"), hook.get("namespaceSelector"));
    meta::selector(errors, &path.child("objectSelector"), hook.get("objectSelector"));
    if mutating && let Some(policy) = hook.get("reinvocationPolicy").and_then(Value::as_str) {
        check::allowed(errors, path.child("reinvocationPolicy"), policy, &["IfNeeded", "Never"]);
    }
    client(errors, &path.child("clientConfig"), hook.get("clientConfig").unwrap_or(&Value::Null));
    conditions(errors, &path.child("matchConditions"), hook.list_at(&["matchConditions"]), false);
    versions(errors, &path.child("admissionReviewVersions"), hook.list_at(&["admissionReviewVersions"]));
}

pub(super) fn client(errors: &mut Errors, path: &FieldPath, client: &Value) {
    match (client.get("url").and_then(Value::as_str), client.get("service")) {
        (Some(url), None) => {
            self::url(errors, &path.child("url"), url);
        }
        (None, Some(service)) => {
            let path = path.child("service");
            let missing = |what: &str| format!("service {what} is required");
            for field in ["name", "namespace"] {
                if service.str_at(&[field]).is_empty() {
                    errors.push(FieldError::required(path.child(field), missing(field)));
                }
            }
            let port = service.i64_at(&["port"]).unwrap_or(443);
            if !names::port_number(port).is_empty() {
                let why = format!("port is not valid: {}", names::port_number(port).join(","));
                errors.push(FieldError::invalid(path.child("port"), &Value::Int(port), why));
            }
        }
        _ => errors.push(FieldError::required(path.clone(), "exactly one of url or service is required")),
    }
}

fn url(errors: &mut Errors, path: &FieldPath, url: &str) {
    let form = "desired format: https://host[/path]";
    let mut invalid =
        |shown: &str, why: String| errors.push(FieldError::invalid(path.clone(), &shown.into(), why));
    let (url, fragment) = url.split_once('#').unwrap_or((url, ""));
    let (url, query) = url.split_once('?').unwrap_or((url, ""));
    let (scheme, rest) = url.split_once("://").unwrap_or(("", ""));
    let authority = rest.split('/').next().unwrap_or_default();
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    if scheme != "https" {
        invalid(scheme, format!("'https' is the only allowed URL scheme; {form}"));
    }
    if host.is_empty() {
        invalid("", format!("host must be specified; {form}"));
    }
    for (part, what) in [
        (user, "user information is not permitted in the URL"),
        (fragment, "fragments are not permitted in the URL"),
        (query, "query parameters are not permitted in the URL"),
    ] {
        if !part.is_empty() {
            invalid(part, what.to_owned());
        }
    }
}

fn versions(errors: &mut Errors, path: &FieldPath, versions: &[Value]) {
    if versions.is_empty() {
        errors.push(FieldError::required(path.clone(), "must specify one of v1, v1beta1"));
        return;
    }
    let mut accepted = false;
    for (i, version) in versions.iter().enumerate() {
        let text = version.as_str().unwrap_or_default();
        if versions.iter().take(i).any(|v| v == version) {
            errors.push(FieldError::invalid(path.index(i), version, "duplicate version"));
            continue;
        }
        check::text(errors, &path.index(i), text, names::dns1035_label(text));
        accepted |= matches!(text, "v1" | "v1beta1");
    }
    if !accepted {
        let shown = Value::from(versions.to_vec());
        errors.push(FieldError::invalid(path.clone(), &shown, "must include at least one of v1, v1beta1"));
    }
}

/// `IsFullyQualifiedName`: a domain of three segments.
fn fully_qualified(errors: &mut Errors, path: &FieldPath, name: &str) {
    if !check::required(errors, path.clone(), name) {
        return;
    }
    let complaints = names::dns1123_subdomain(name);
    if !complaints.is_empty() {
        check::text(errors, path, name, complaints);
    } else if name.split('.').count() < 3 {
        let why = "should be a domain with at least three segments separated by dots";
        errors.push(FieldError::invalid(path.clone(), &name.into(), why));
    }
}

fn operations(errors: &mut Errors, path: &FieldPath, rule: &Value, supported: &[&str]) {
    let operations = rule.list_at(&["operations"]);
    let path = path.child("operations");
    if operations.is_empty() {
        errors.push(FieldError::required(path.clone(), ""));
    }
    if operations.len() > 1 && operations.iter().any(|o| o.as_str() == Some("*")) {
        let shown = Value::from(operations.to_vec());
        let why = "if '*' is present, must not specify other operations";
        errors.push(FieldError::invalid(path.clone(), &shown, why));
    }
    for (i, operation) in operations.iter().enumerate() {
        check::allowed(errors, path.index(i), operation.as_str().unwrap_or_default(), supported);
    }
}

fn rule(errors: &mut Errors, path: &FieldPath, rule: &Value) {
    for (field, what) in [("apiGroups", "API groups"), ("apiVersions", "API versions")] {
        let list = rule.list_at(&[field]);
        let path = path.child(field);
        if list.is_empty() {
            errors.push(FieldError::required(path.clone(), ""));
        }
        if list.len() > 1 && list.iter().any(|v| v.as_str() == Some("*")) {
            let shown = Value::from(list.to_vec());
            let why = format!("if '*' is present, must not specify other {what}");
            errors.push(FieldError::invalid(path.clone(), &shown, why));
        }
        if field == "apiVersions" {
            for (i, version) in list.iter().enumerate() {
                check::required(errors, path.index(i), version.as_str().unwrap_or_default());
            }
        }
    }
    let resources: Vec<&str> = rule.list_at(&["resources"]).iter().filter_map(Value::as_str).collect();
    let path_r = path.child("resources");
    if resources.is_empty() {
        errors.push(FieldError::required(path_r.clone(), ""));
    }
    let shown = Value::from(resources.clone());
    if resources.len() > 1 && resources.contains(&"*/*") {
        let why = "if '*/*' is present, must not specify other resources";
        errors.push(FieldError::invalid(path_r.clone(), &shown, why));
    }
    if resources.contains(&"*") && resources.iter().any(|r| *r != "*" && !r.contains('/')) {
        let why = "if '*' is present, must not specify other resources without subresources";
        errors.push(FieldError::invalid(path_r, &shown, why));
    }
    if let Some(scope) = rule.get("scope").and_then(Value::as_str) {
        check::allowed(errors, path.child("scope"), scope, &["*", "Cluster", "Namespaced"]);
    }
}

/// `matchConditions`, which know no variables.
fn conditions(errors: &mut Errors, path: &FieldPath, conditions: &[Value], params: bool) {
    for (i, condition) in conditions.iter().enumerate() {
        let path = path.index(i);
        let (at, expression) = (path.child("expression"), condition.str_at(&["expression"]).trim());
        if check::required(errors, at.clone(), expression) {
            compiles(errors, &at, expression, Wanted::Bool, params, &[]);
        }
        let name = condition.str_at(&["name"]);
        if check::required(errors, path.child("name"), name) {
            check::text(errors, &path.child("name"), name, names::label_key(name));
            if conditions.iter().take(i).any(|c| c.str_at(&["name"]) == name) {
                errors.push(FieldError::duplicate(path.child("name"), &name.into()));
            }
        }
    }
}

/// What one of the parameters' objects is.
fn param_kind(errors: &mut Errors, path: &FieldPath, kind: &Value) {
    let version = kind.str_at(&["apiVersion"]);
    let at = path.child("apiVersion");
    let joined = |text: &str, complaints: Vec<String>| {
        (!complaints.is_empty()).then(|| FieldError::invalid(at.clone(), &text.into(), complaints.join(",")))
    };
    if check::required(errors, at.clone(), version) {
        let (group, number) = version.split_once('/').unwrap_or(("", version));
        if number.contains('/') {
            let why = format!("unexpected GroupVersion string: {version}");
            errors.push(FieldError::invalid(at.clone(), &version.into(), why));
        } else {
            if !group.is_empty() {
                errors.extend(joined(group, names::dns1123_subdomain(group)));
            }
            if number.is_empty() {
                errors.push(FieldError::invalid(at.clone(), &version.into(), "version must be specified"));
            } else {
                errors.extend(joined(number, names::dns1035_label(number)));
            }
        }
    }
    let name = kind.str_at(&["kind"]);
    if check::required(errors, path.child("kind"), name) {
        let complaints = names::dns1035_label(&name.to_lowercase());
        if !complaints.is_empty() {
            let why = format!("may have mixed case, but should otherwise match: {}", complaints.join(","));
            errors.push(FieldError::invalid(path.child("kind"), &name.into(), why));
        }
    }
}

/// A ValidatingAdmissionPolicy or MutatingAdmissionPolicy.
pub(super) fn policy(errors: &mut Errors, object: &Object) {
    meta::object(errors, object, false, names::dns1123_subdomain);
    let path = FieldPath::new("spec");
    let spec = object.get("spec").unwrap_or(&Value::Null);
    check::allowed(errors, path.child("failurePolicy"), spec.str_at(&["failurePolicy"]), &["Fail", "Ignore"]);
    if let Some(kind) = spec.get("paramKind") {
        param_kind(errors, &path.child("paramKind"), kind);
    }
    match spec.get("matchConstraints") {
        None => errors.push(FieldError::required(path.child("matchConstraints"), "")),
        Some(constraints) => {
            let at = path.child("matchConstraints");
            match_resources(errors, &at, constraints);
            if constraints.list_at(&["resourceRules"]).is_empty() {
                errors.push(FieldError::required(at.child("resourceRules"), ""));
            }
        }
    }
    let params = spec.get("paramKind").is_some();
    conditions(errors, &path.child("matchConditions"), spec.list_at(&["matchConditions"]), params);
    let variables: Vec<Variable> = spec
        .list_at(&["variables"])
        .iter()
        .map(|v| Variable {
            name: v.str_at(&["name"]).to_owned(),
            expression: v.str_at(&["expression"]).to_owned(),
        })
        .collect();
    for (i, variable) in spec.list_at(&["variables"]).iter().enumerate() {
        let path = path.child("variables").index(i);
        let name = variable.str_at(&["name"]);
        if name.trim().is_empty() {
            errors.push(FieldError::required(path.child("name"), "name is not specified"));
        } else if !names::c_identifier(name).is_empty() || gatehouse_cel::RESERVED.contains(&name) {
            let why = "name is not a valid CEL identifier";
            errors.push(FieldError::invalid(path.child("name"), &name.into(), why));
        }
        let expression = variable.str_at(&["expression"]);
        if expression.trim().is_empty() {
            errors.push(FieldError::required(path.child("expression"), "expression is not specified"));
        } else {
            let before = variables.get(..i).unwrap_or(&[]);
            compiles(errors, &path.child("expression"), expression, Wanted::Any, params, before);
        }
    }
    if object.kind() == "MutatingAdmissionPolicy" {
        mutations(errors, &path, spec, params, &variables);
        return;
    }
    let (validations, audits) = (spec.list_at(&["validations"]), spec.list_at(&["auditAnnotations"]));
    if validations.is_empty() && audits.is_empty() {
        let why = "validations or auditAnnotations must contain at least one item";
        errors.push(FieldError::required(path.child("validations"), why));
        errors.push(FieldError::required(path.child("auditAnnotations"), why));
        return;
    }
    for (i, validation) in validations.iter().enumerate() {
        let path = path.child("validations").index(i);
        let expression = validation.str_at(&["expression"]).trim();
        if expression.is_empty() {
            errors.push(FieldError::required(path.child("expression"), "expression is not specified"));
        } else {
            let own = validation.str_at(&["expression"]);
            compiles(errors, &path.child("expression"), own, Wanted::Bool, params, &variables);
        }
        let message = validation.str_at(&["messageExpression"]);
        if !message.is_empty() && message.trim().is_empty() {
            let why = "must be non-empty if specified";
            errors.push(FieldError::invalid(path.child("messageExpression"), &message.into(), why));
        } else {
            compiles(errors, &path.child("messageExpression"), message, Wanted::Text, params, &variables);
        }
        let message = validation.str_at(&["message"]);
        if !message.is_empty() && message.trim().is_empty() {
            let why = "message must be non-empty if specified";
            errors.push(FieldError::invalid(path.child("message"), &message.into(), why));
        } else if message.trim().contains('\n') {
            let why = "message must not contain line breaks";
            errors.push(FieldError::invalid(path.child("message"), &message.into(), why));
        }
        if let Some(reason) = validation.get("reason").and_then(Value::as_str) {
            check::allowed(
                errors,
                path.child("reason"),
                reason,
                &["Forbidden", "Invalid", "RequestEntityTooLarge"],
            );
        }
    }
    audit_annotations(errors, object, audits, params, &variables);
}

/// The longest value of an audit annotation, in bytes of its expression.
const LONGEST_AUDIT: usize = 5 * 1024;

fn audit_annotations(
    errors: &mut Errors,
    object: &Object,
    annotations: &[Value],
    params: bool,
    variables: &[Variable],
) {
    let path = FieldPath::new("spec").child("auditAnnotations");
    if annotations.len() > 20 {
        let why = "must not have more than 20 auditAnnotations";
        errors.push(FieldError::invalid(path.clone(), &Value::from(annotations.to_vec()), why));
    }
    for (i, annotation) in annotations.iter().enumerate() {
        let path = path.index(i);
        let key = annotation.str_at(&["key"]);
        if object.name().is_empty() {
            let why = "requires metadata.name be non-empty";
            errors.push(FieldError::invalid(path.child("key"), &key.into(), why));
        } else {
            let full = format!("{}/{key}", object.name());
            check::text(errors, &path.child("key"), &full, names::label_key(&full));
        }
        let expression = annotation.str_at(&["valueExpression"]);
        let at = path.child("valueExpression");
        if expression.trim().is_empty() {
            errors.push(FieldError::required(at, "valueExpression is not specified"));
        } else if expression.trim().len() > LONGEST_AUDIT {
            let why = format!("must not exceed {LONGEST_AUDIT} bytes in length");
            errors.push(FieldError::required(at, why));
        } else if let Err(fault) = cel::problem(expression.trim(), Wanted::TextOrNull, params, variables) {
            errors.push(fault.at(at, expression));
        }
        if annotations.iter().take(i).any(|a| a.str_at(&["key"]) == key) {
            errors.push(FieldError::duplicate(path.child("key"), &key.into()));
        }
    }
}

/// What a MutatingAdmissionPolicy does: each mutation says in one of two ways how.
fn mutations(errors: &mut Errors, path: &FieldPath, spec: &Value, params: bool, variables: &[Variable]) {
    let list = spec.list_at(&["mutations"]);
    if list.is_empty() {
        errors
            .push(FieldError::required(path.child("mutations"), "mutations must contain at least one item"));
    }
    for (i, mutation) in list.iter().enumerate() {
        let path = path.child("mutations").index(i);
        let (field, wanted) = match mutation.str_at(&["patchType"]) {
            "ApplyConfiguration" => ("applyConfiguration", Wanted::Object),
            "JSONPatch" => ("jsonPatch", Wanted::Patch),
            other => {
                check::allowed(errors, path.child("patchType"), other, &["ApplyConfiguration", "JSONPatch"]);
                continue;
            }
        };
        let expression = mutation.str_at(&[field, "expression"]);
        let at = path.child(field).child("expression");
        if expression.trim().is_empty() {
            errors.push(FieldError::required(at, "expression is not specified"));
        } else {
            compiles(errors, &at, expression, wanted, params, variables);
        }
    }
    let again = spec.str_at(&["reinvocationPolicy"]);
    if again.is_empty() {
        errors.push(FieldError::required(path.child("reinvocationPolicy"), ""));
    } else {
        check::allowed(errors, path.child("reinvocationPolicy"), again, &["Never", "IfNeeded"]);
    }
}

/// An expression that must make sense.
fn compiles(
    errors: &mut Errors,
    path: &FieldPath,
    expression: &str,
    wanted: Wanted,
    params: bool,
    variables: &[Variable],
) {
    if expression.trim().is_empty() {
        return;
    }
    if let Err(fault) = cel::problem(expression, wanted, params, variables) {
        errors.push(fault.at(path.clone(), expression));
    }
}

fn match_resources(errors: &mut Errors, path: &FieldPath, resources: &Value) {
    if let Some(policy) = resources.get("matchPolicy").and_then(Value::as_str) {
        check::allowed(errors, path.child("matchPolicy"), policy, &["Equivalent", "Exact"]);
    }
    meta::selector(errors, &path.child("namespaceSelector"), resources.get("namespaceSelector"));
    meta::selector(errors, &path.child("objectSelector"), resources.get("objectSelector"));
    for field in ["resourceRules", "excludeResourceRules"] {
        for (i, rule) in resources.list_at(&[field]).iter().enumerate() {
            let path = path.child(field).index(i);
            let resources = rule.list_at(&["resourceNames"]);
            for (j, name) in resources.iter().enumerate() {
                let (path, text) = (path.child("resourceNames").index(j), name.as_str().unwrap_or_default());
                check::text(errors, &path, text, names::path_segment(text));
                if resources.iter().take(j).any(|n| n == name) {
                    errors.push(FieldError::duplicate(path, name));
                }
            }
            operations(errors, &path, rule, &["*", "CONNECT", "CREATE", "DELETE", "UPDATE"]);
            self::rule(errors, &path, rule);
        }
    }
}

/// A policy's binding.
pub(super) fn binding(errors: &mut Errors, object: &Object) {
    meta::object(errors, object, false, names::dns1123_subdomain);
    let path = FieldPath::new("spec");
    let spec = object.get("spec").unwrap_or(&Value::Null);
    let policy = spec.str_at(&["policyName"]);
    if check::required(errors, path.child("policyName"), policy) {
        check::text(errors, &path.child("policyName"), policy, names::dns1123_subdomain(policy));
    }
    if let Some(reference) = spec.get("paramRef") {
        param_ref(errors, &path.child("paramRef"), reference);
    }
    if let Some(resources) = spec.get("matchResources") {
        // The server's own spelling.
        match_resources(errors, &path.child("matchResouces"), resources);
    }
    if object.kind() == "ValidatingAdmissionPolicyBinding" {
        actions(errors, &path.child("validationActions"), spec.list_at(&["validationActions"]));
    }
}

fn param_ref(errors: &mut Errors, path: &FieldPath, reference: &Value) {
    let (name, selector) = (reference.str_at(&["name"]), reference.get("selector"));
    let exclusive = "name and selector are mutually exclusive";
    if !name.is_empty() {
        check::text(errors, &path.child("name"), name, names::path_segment(name));
        if selector.is_some() {
            errors.push(FieldError::forbidden(path.child("name"), exclusive));
        }
    }
    meta::selector(errors, &path.child("selector"), selector);
    if selector.is_some() && !name.is_empty() {
        errors.push(FieldError::forbidden(path.child("selector"), exclusive));
    }
    if name.is_empty() && selector.is_none() {
        errors.push(FieldError::required(path.clone(), "one of name or selector must be specified"));
    }
    match reference.get("parameterNotFoundAction").and_then(Value::as_str) {
        None => errors.push(FieldError::required(path.child("parameterNotFoundAction"), "")),
        Some(action) => {
            check::allowed(errors, path.child("parameterNotFoundAction"), action, &["Deny", "Allow"]);
        }
    }
}

fn actions(errors: &mut Errors, path: &FieldPath, actions: &[Value]) {
    for (i, action) in actions.iter().enumerate() {
        check::allowed(
            errors,
            path.index(i),
            action.as_str().unwrap_or_default(),
            &["Audit", "Deny", "Warn"],
        );
        if actions.iter().take(i).any(|a| a == action) {
            errors.push(FieldError::duplicate(path.index(i), action));
        }
    }
    let has = |name: &str| actions.iter().any(|a| a.as_str() == Some(name));
    if has("Deny") && has("Warn") {
        let shown = Value::from(actions.to_vec());
        let why = "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)";
        errors.push(FieldError::invalid(path.clone(), &shown, why));
    }
    if actions.is_empty() {
        errors.push(FieldError::required(path.clone(), "at least one validation action is required"));
    }
}
