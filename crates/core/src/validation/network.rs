//! Network policies, ingresses and their classes.
//!
//! Models `pkg/apis/networking/validation/validation.go`.

use gatehouse_model::{FieldError, FieldPath, Object, Value, names};

use super::check::{self, Errors};
use super::{Rules, meta};

/// A NetworkPolicy.
pub(super) fn policy(errors: &mut Errors, object: &Object) {
    meta::object(errors, object, true, names::dns1123_subdomain);
    spec(errors, object);
}

/// A change of a NetworkPolicy.
pub(super) fn policy_update(errors: &mut Errors, new: &Object, old: &Object) {
    meta::update(errors, new, old);
    spec(errors, new);
}

fn spec(errors: &mut Errors, object: &Object) {
    let path = FieldPath::new("spec");
    meta::selector(errors, &path.child("podSelector"), object.at(&["spec", "podSelector"]));
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        for (i, rule) in object.list_at(&["spec", direction]).iter().enumerate() {
            let path = path.child(direction).index(i);
            for (j, port) in rule.list_at(&["ports"]).iter().enumerate() {
                self::port(errors, &path.child("ports").index(j), port);
            }
            for (j, peer) in rule.list_at(&[peers]).iter().enumerate() {
                self::peer(errors, &path.child(peers).index(j), peer);
            }
        }
    }
    let types = object.list_at(&["spec", "policyTypes"]);
    if types.len() > 2 {
        let shown = Value::from(types.to_vec());
        errors.push(FieldError::invalid(
            path.child("policyTypes"),
            &shown,
            "may not specify more than two policyTypes",
        ));
        return;
    }
    for (i, kind) in types.iter().enumerate() {
        let kind = kind.as_str().unwrap_or_default();
        check::allowed(errors, path.child("policyTypes").index(i), kind, &["Ingress", "Egress"]);
    }
}

fn port(errors: &mut Errors, path: &FieldPath, port: &Value) {
    if let Some(protocol) = port.get("protocol").and_then(Value::as_str) {
        check::allowed(errors, path.child("protocol"), protocol, &["TCP", "UDP", "SCTP"]);
    }
    let end = port.i64_at(&["endPort"]);
    match port.get("port") {
        Some(Value::Int(number)) => {
            check::port(errors, &path.child("port"), *number);
            if let Some(end) = end {
                if end < *number {
                    let why = "must be greater than or equal to `port`";
                    // The server shows the other end.
                    errors.push(FieldError::invalid(path.child("endPort"), &Value::Int(*number), why));
                }
                check::port(errors, &path.child("endPort"), end);
            }
        }
        Some(Value::Str(name)) => {
            if let Some(end) = end {
                let why = "may not be specified when `port` is non-numeric";
                errors.push(FieldError::invalid(path.child("endPort"), &Value::Int(end), why));
            }
            check::text(errors, &path.child("port"), name, names::port_name(name));
        }
        _ => {
            if let Some(end) = end {
                let why = "may not be specified when `port` is not specified";
                errors.push(FieldError::invalid(path.child("endPort"), &Value::Int(end), why));
            }
        }
    }
}

fn peer(errors: &mut Errors, path: &FieldPath, peer: &Value) {
    let mut kinds = 0;
    for field in ["podSelector", "namespaceSelector"] {
        if let Some(selector) = peer.get(field) {
            kinds += 1;
            meta::selector(errors, &path.child(field), Some(selector));
        }
    }
    if let Some(block) = peer.get("ipBlock") {
        kinds += 1;
        ip_block(errors, &path.child("ipBlock"), block);
    }
    if kinds == 0 {
        errors.push(FieldError::required(path.clone(), "must specify a peer"));
    } else if kinds > 1 && peer.get("ipBlock").is_some() {
        let why = "may not specify both ipBlock and another peer";
        errors.push(FieldError::forbidden(path.clone(), why));
    }
}

fn ip_block(errors: &mut Errors, path: &FieldPath, block: &Value) {
    let cidr = block.str_at(&["cidr"]);
    if cidr.is_empty() {
        errors.push(FieldError::required(path.child("cidr"), ""));
        return;
    }
    let complaints = names::cidr(cidr, true);
    check::text(errors, &path.child("cidr"), cidr, complaints);
    let Some((net, bits)) = names::parse_cidr(cidr) else { return };
    for (i, except) in block.list_at(&["except"]).iter().enumerate() {
        let path = path.child("except").index(i);
        let text = except.as_str().unwrap_or_default();
        check::text(errors, &path, text, names::cidr(text, true));
        if let Some((inner, inner_bits)) = names::parse_cidr(text) {
            let within = names::contains((names::network(net, bits), bits), inner) && inner_bits > bits;
            if !within {
                errors.push(FieldError::invalid(path, &text.into(), "must be a strict subset of `cidr`"));
            }
        }
    }
}

/// An IngressClass.
pub(super) fn class(errors: &mut Errors, object: &Object) {
    meta::object(errors, object, false, names::dns1123_subdomain);
    let controller = object.str_at(&["spec", "controller"]);
    let path = FieldPath::new("spec.controller");
    if controller.len() > 250 {
        errors.push(FieldError::too_long(path.clone(), 250));
    }
    domain_prefixed(errors, &path, controller);
    let Some(parameters) = object.at(&["spec", "parameters"]) else { return };
    let path = FieldPath::new("spec.parameters");
    reference(errors, &path, parameters);
    let namespace = parameters.get("namespace").and_then(Value::as_str);
    match (parameters.get("scope").and_then(Value::as_str), namespace) {
        (None, _) => errors.push(FieldError::required(path.child("scope"), "")),
        (Some("Namespace"), None) => {
            let why = "`parameters.scope` is set to 'Namespace'";
            errors.push(FieldError::required(path.child("namespace"), why));
        }
        (Some("Namespace"), Some(name)) => {
            check::text(errors, &path.child("namespace"), name, names::dns1123_label(name));
        }
        (Some("Cluster"), Some(_)) => {
            let why = "`parameters.scope` is set to 'Cluster'";
            errors.push(FieldError::forbidden(path.child("namespace"), why));
        }
        (Some("Cluster"), None) => {}
        (Some(other), _) => check::allowed(errors, path.child("scope"), other, &["Cluster", "Namespace"]),
    }
}

/// A change of an IngressClass: never of the controller.
pub(super) fn class_update(errors: &mut Errors, new: &Object, old: &Object) {
    meta::update(errors, new, old);
    let path = ["spec", "controller"];
    check::immutable(errors, FieldPath::new("spec.controller"), new.at(&path), old.at(&path));
    class(errors, new);
}

/// `example.com/path`
pub(super) fn domain_prefixed(errors: &mut Errors, path: &FieldPath, value: &str) {
    if value.is_empty() {
        errors.push(FieldError::required(path.clone(), ""));
        return;
    }
    let Some((host, rest)) = value.split_once('/') else {
        let why = "must be a domain-prefixed path (such as \"acme.io/foo\")";
        errors.push(FieldError::invalid(path.clone(), &value.into(), why));
        return;
    };
    check::text(errors, path, host, names::dns1123_subdomain(host));
    if rest.is_empty() {
        let why = "must be a domain-prefixed path (such as \"acme.io/foo\")";
        errors.push(FieldError::invalid(path.clone(), &value.into(), why));
    }
}

/// An Ingress.
pub(super) fn ingress(errors: &mut Errors, rules: &Rules, object: &Object) {
    ingress_any(errors, rules, object);
    let class = object.at(&["spec", "ingressClassName"]).and_then(Value::as_str);
    let annotation = object.annotations().get("kubernetes.io/ingress.class").and_then(Value::as_str);
    if let (Some(annotation), Some(class)) = (annotation, class)
        && annotation != class
    {
        let path = FieldPath::new("annotations").child("kubernetes.io/ingress.class");
        let why = "must match `ingressClassName` when both are specified";
        errors.push(FieldError::invalid(path, &annotation.into(), why));
    }
}

fn ingress_any(errors: &mut Errors, rules: &Rules, object: &Object) {
    meta::object(errors, object, true, names::dns1123_subdomain);
    ingress_spec(errors, rules, object);
}

/// A change of an Ingress.
pub(super) fn ingress_update(errors: &mut Errors, rules: &Rules, new: &Object, old: &Object) {
    meta::update(errors, new, old);
    ingress_any(errors, rules, new);
}

fn ingress_spec(errors: &mut Errors, rules: &Rules, object: &Object) {
    let path = FieldPath::new("spec");
    let routes = object.list_at(&["spec", "rules"]);
    let backend = object.at(&["spec", "defaultBackend"]);
    if routes.is_empty() && backend.is_none() {
        let why = "either `defaultBackend` or `rules` must be specified";
        errors.push(FieldError::invalid(path.clone(), &Value::Null, why));
    }
    if let Some(backend) = backend {
        self::backend(errors, rules, &path.child("defaultBackend"), backend);
    }
    for (i, rule) in routes.iter().enumerate() {
        let path = path.child("rules").index(i);
        let host = rule.str_at(&["host"]);
        if !host.is_empty() {
            host_name(errors, &path.child("host"), host);
        }
        let Some(http) = rule.get("http") else { continue };
        let paths = http.list_at(&["paths"]);
        let path = path.child("http").child("paths");
        if paths.is_empty() {
            errors.push(FieldError::required(path.clone(), ""));
        }
        for (j, item) in paths.iter().enumerate() {
            http_path(errors, rules, &path.index(j), item);
        }
    }
    for (i, tls) in object.list_at(&["spec", "tls"]).iter().enumerate() {
        let path = path.child("tls").index(i);
        for (j, host) in tls.list_at(&["hosts"]).iter().enumerate() {
            dns_name(errors, &path.child("hosts").index(j), host.as_str().unwrap_or_default());
        }
        let secret = tls.str_at(&["secretName"]);
        if !secret.is_empty() {
            check::text(errors, &path.child("secretName"), secret, names::dns1123_subdomain(secret));
        }
    }
    if let Some(class) = object.at(&["spec", "ingressClassName"]).and_then(Value::as_str) {
        check::text(errors, &path.child("ingressClassName"), class, names::dns1123_subdomain(class));
    }
}

fn host_name(errors: &mut Errors, path: &FieldPath, host: &str) {
    if names::parse_ip(host).is_some() {
        errors.push(FieldError::invalid(path.clone(), &host.into(), "must be a DNS name, not an IP address"));
        return;
    }
    dns_name(errors, path, host);
}

/// A name, or one with a wildcard for its first label.
fn dns_name(errors: &mut Errors, path: &FieldPath, host: &str) {
    let complaints = if host.contains('*') {
        names::wildcard_dns1123_subdomain(host)
    } else {
        names::dns1123_subdomain(host)
    };
    check::text(errors, path, host, complaints);
}

fn http_path(errors: &mut Errors, rules: &Rules, path: &FieldPath, item: &Value) {
    let text = item.str_at(&["path"]);
    let kind = item.get("pathType").and_then(Value::as_str);
    match kind {
        None => {
            errors.push(FieldError::required(path.child("pathType"), "pathType must be specified"));
            return;
        }
        Some("Exact" | "Prefix") => {
            if !text.starts_with('/') {
                errors.push(FieldError::invalid(
                    path.child("path"),
                    &text.into(),
                    "must be an absolute path",
                ));
            }
            for sequence in ["//", "/./", "/../", "%2f", "%2F"] {
                if text.contains(sequence) {
                    let why = format!("must not contain '{sequence}'");
                    errors.push(FieldError::invalid(path.child("path"), &text.into(), why));
                }
            }
            for ending in ["/..", "/."] {
                if text.ends_with(ending) {
                    let why = format!("cannot end with '{ending}'");
                    errors.push(FieldError::invalid(path.child("path"), &text.into(), why));
                }
            }
        }
        Some("ImplementationSpecific") => {
            if !text.is_empty() && !text.starts_with('/') {
                errors.push(FieldError::invalid(
                    path.child("path"),
                    &text.into(),
                    "must be an absolute path",
                ));
            }
        }
        Some(other) => errors.push(FieldError::not_supported(
            path.child("pathType"),
            &other.into(),
            &["Exact", "ImplementationSpecific", "Prefix"],
        )),
    }
    backend(errors, rules, &path.child("backend"), item.get("backend").unwrap_or(&Value::Null));
}

fn backend(errors: &mut Errors, rules: &Rules, path: &FieldPath, backend: &Value) {
    let service = backend.get("service");
    let resource = backend.get("resource");
    if let Some(service) = service {
        if resource.is_some() {
            let why = "cannot set both resource and service backends";
            errors.push(FieldError::invalid(path.clone(), &"".into(), why));
            return;
        }
        let name = service.str_at(&["name"]);
        if check::required(errors, path.children(&["service", "name"]), name) {
            let rule = super::service::name_rule(rules);
            check::text(errors, &path.children(&["service", "name"]), name, rule(name));
        }
        let (port_name, number) =
            (service.str_at(&["port", "name"]), service.i64_at(&["port", "number"]).unwrap_or(0));
        let has_name = !port_name.is_empty();
        let has_number = number != 0;
        let port = path.child("service").child("port");
        if has_name && has_number {
            let why = "cannot set both port name & port number";
            errors.push(FieldError::invalid(path.clone(), &"".into(), why));
        } else if has_name {
            check::text(errors, &port.child("name"), port_name, names::port_name(port_name));
        } else if has_number {
            check::port(errors, &port.child("number"), number);
        } else {
            errors.push(FieldError::required(path.clone(), "port name or number is required"));
        }
    } else if let Some(resource) = resource {
        reference(errors, &path.child("resource"), resource);
    } else {
        let why = "resource or service backend is required";
        errors.push(FieldError::invalid(path.clone(), &"".into(), why));
    }
}

/// An object by group, kind and name.
fn reference(errors: &mut Errors, path: &FieldPath, reference: &Value) {
    if let Some(group) = reference.get("apiGroup").and_then(Value::as_str) {
        check::text(errors, &path.child("apiGroup"), group, names::dns1123_subdomain(group));
    }
    for field in ["kind", "name"] {
        let text = reference.str_at(&[field]);
        if check::required(errors, path.child(field), text) {
            check::text(errors, &path.child(field), text, names::path_segment(text));
        }
    }
}
