//! Network policies, ingresses and their classes.
//!
//! Models `pkg/apis/networking/validation/validation.go`.

use gatehouse_model::{FieldError, FieldPath, Object, Value, names};

use super::check::{self, Errors};
use super::{internal, meta};

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
        check::allowed(errors, path.child("policyTypes").index(i), kind, &["Egress", "Ingress"]);
    }
}

fn port(errors: &mut Errors, path: &FieldPath, port: &Value) {
    if let Some(protocol) = port.get("protocol").and_then(Value::as_str) {
        check::allowed(errors, path.child("protocol"), protocol, &["SCTP", "TCP", "UDP"]);
    }
    let end = port.i64_at(&["endPort"]);
    match port.get("port") {
        Some(Value::Int(number)) => {
            check::port(errors, &path.child("port"), *number);
            if let Some(end) = end {
                if end < *number {
                    let why = "must be greater than or equal to `port`";
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
    let bad = !complaints.is_empty();
    check::text(errors, &path.child("cidr"), cidr, complaints);
    if bad && names::parse_cidr(cidr).is_none() {
        return;
    }
    let outer = names::parse_cidr(cidr);
    for (i, except) in block.list_at(&["except"]).iter().enumerate() {
        let path = path.child("except").index(i);
        let text = except.as_str().unwrap_or_default();
        let complaints = names::cidr(text, true);
        if !complaints.is_empty() {
            check::text(errors, &path, text, complaints);
            continue;
        }
        if let (Some((net, bits)), Some((inner, inner_bits))) = (outer, names::parse_cidr(text)) {
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
pub(super) fn ingress(errors: &mut Errors, object: &Object) {
    meta::object(errors, object, true, names::dns1123_subdomain);
    ingress_spec(errors, object);
}

/// A change of an Ingress.
pub(super) fn ingress_update(errors: &mut Errors, new: &Object, old: &Object) {
    meta::update(errors, new, old);
    ingress(errors, new);
}

fn ingress_spec(errors: &mut Errors, object: &Object) {
    let path = FieldPath::new("spec");
    let rules = object.list_at(&["spec", "rules"]);
    let backend = object.at(&["spec", "defaultBackend"]);
    if rules.is_empty() && backend.is_none() {
        let why = "either `defaultBackend` or `rules` must be specified";
        errors.push(FieldError::invalid(path.clone(), &Value::from(Vec::<Value>::new()), why));
    }
    if let Some(backend) = backend {
        self::backend(errors, &path.child("defaultBackend"), backend);
    }
    for (i, rule) in rules.iter().enumerate() {
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
            http_path(errors, &path.index(j), item);
        }
    }
    for (i, tls) in object.list_at(&["spec", "tls"]).iter().enumerate() {
        let path = path.child("tls").index(i);
        for (j, host) in tls.list_at(&["hosts"]).iter().enumerate() {
            host_name(errors, &path.child("hosts").index(j), host.as_str().unwrap_or_default());
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
    let complaints = if host.contains('*') {
        names::wildcard_dns1123_subdomain(host)
    } else {
        names::dns1123_subdomain(host)
    };
    check::text(errors, path, host, complaints);
}

fn http_path(errors: &mut Errors, path: &FieldPath, item: &Value) {
    let text = item.str_at(&["path"]);
    let kind = item.get("pathType").and_then(Value::as_str);
    match kind {
        None => errors.push(FieldError::required(path.child("pathType"), "pathType must be specified")),
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
    backend(errors, &path.child("backend"), item.get("backend").unwrap_or(&Value::Null));
}

fn backend(errors: &mut Errors, path: &FieldPath, backend: &Value) {
    let service = backend.get("service");
    let resource = backend.get("resource");
    if let Some(service) = service {
        if resource.is_some() {
            let why = "cannot set both resource and service backends";
            let shown = internal::print("IngressBackend", backend);
            errors.push(FieldError::invalid_rendered(path.clone(), shown, why));
        }
        let name = service.str_at(&["name"]);
        if check::required(errors, path.children(&["service", "name"]), name) {
            check::text(errors, &path.children(&["service", "name"]), name, names::dns1035_label(name));
        }
        let (port_name, number) =
            (service.str_at(&["port", "name"]), service.i64_at(&["port", "number"]).unwrap_or(0));
        let has_name = !port_name.is_empty();
        let has_number = number != 0;
        let path = path.child("service").child("port");
        if has_name && has_number {
            errors.push(FieldError::invalid_rendered(
                path,
                internal::print("IngressBackend", backend),
                "cannot set both port name & port number",
            ));
        } else if has_name {
            check::text(errors, &path.child("name"), port_name, names::port_name(port_name));
        } else if has_number {
            check::port(errors, &path.child("number"), number);
        } else {
            errors.push(FieldError::required(path, "port name or number is required"));
        }
    } else if resource.is_none() {
        errors.push(FieldError::invalid_rendered(
            path.clone(),
            internal::print("IngressBackend", backend),
            "resource or service backend is required",
        ));
    }
}
