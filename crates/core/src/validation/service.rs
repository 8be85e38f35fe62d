//! Services.
//!
//! Models `ValidateService` and `ValidateServiceUpdate`.

use gatehouse_model::{FieldError, FieldPath, Object, Value, names};

use super::check::{self, Errors};
use super::{Rules, endpoints, meta};

/// What the name of a service may be: since 1.34 it may begin with a digit.
pub(super) fn name_rule(rules: &Rules) -> fn(&str) -> Vec<String> {
    if rules.version.minor() >= 34 { names::dns1123_label } else { names::dns1035_label }
}

/// A Service.
pub(super) fn service(errors: &mut Errors, rules: &Rules, object: &Object) {
    meta::object(errors, object, true, name_rule(rules));
    let path = FieldPath::new("spec");
    let text = |field: &str| object.str_at(&["spec", field]);
    let kind = text("type");
    let ports = object.list_at(&["spec", "ports"]);
    let headless = text("clusterIP") == "None";
    if ports.is_empty() && !headless && kind != "ExternalName" {
        errors.push(FieldError::required(path.child("ports"), ""));
    }
    match kind {
        "LoadBalancer" | "NodePort" if headless => {
            let why = format!("may not be set to 'None' for {kind} services");
            errors.push(FieldError::invalid(path.child("clusterIPs").index(0), &"None".into(), why));
        }
        "ExternalName" => {
            for field in ["clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
                if object.at(&["spec", field]).is_some_and(|v| v.as_str().is_some() || !v.items().is_empty())
                {
                    let why = "may not be set for ExternalName services";
                    errors.push(FieldError::forbidden(path.child(field), why));
                }
            }
            let name = text("externalName").trim_end_matches('.');
            if check::required(errors, path.child("externalName"), name) {
                check::text(errors, &path.child("externalName"), name, names::dns1123_subdomain(name));
            }
        }
        _ => {}
    }
    let mut seen: Vec<&str> = Vec::new();
    for (i, port) in ports.iter().enumerate() {
        self::port(errors, &path.child("ports").index(i), port, ports.len() > 1, &mut seen);
    }
    meta::labels(errors, &path.child("selector"), object.map_at(&["spec", "selector"]));
    check::one_of(errors, path.child("sessionAffinity"), text("sessionAffinity"), &["ClientIP", "None"]);
    if text("sessionAffinity") == "ClientIP" {
        let seconds =
            object.i64_at(&["spec", "sessionAffinityConfig", "clientIP", "timeoutSeconds"]).unwrap_or(0);
        if seconds <= 0 || seconds > 86_400 {
            let path = path.children(&["sessionAffinityConfig", "clientIP", "timeoutSeconds"]);
            let why = "must be greater than 0 and less than 86400";
            errors.push(FieldError::invalid(path, &Value::Int(seconds), why));
        }
    }
    if text("sessionAffinity") == "None" && object.at(&["spec", "sessionAffinityConfig"]).is_some() {
        let why = "must not be set when session affinity is None";
        errors.push(FieldError::forbidden(path.child("sessionAffinityConfig"), why));
    }
    cluster_ips(errors, &path, object);
    for (i, ip) in object.list_at(&["spec", "externalIPs"]).iter().enumerate() {
        let (ip, path) = (ip.as_str().unwrap_or_default(), path.child("externalIPs").index(i));
        let before = errors.len();
        check::ip(errors, &path, ip);
        if errors.len() == before {
            endpoints::usable(errors, &path, ip);
        }
    }
    check::one_of(
        errors,
        path.child("type"),
        kind,
        &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"],
    );
    if kind == "ClusterIP" {
        for (i, port) in ports.iter().enumerate() {
            if port.i64_at(&["nodePort"]).unwrap_or(0) != 0 {
                let why = "may not be used when `type` is 'ClusterIP'";
                errors.push(FieldError::forbidden(path.child("ports").index(i).child("nodePort"), why));
            }
        }
    }
    duplicates(errors, &path.child("ports"), ports);
    let ranges = object.list_at(&["spec", "loadBalancerSourceRanges"]);
    let ranges_path = path.child("LoadBalancerSourceRanges");
    if !ranges.is_empty() && kind != "LoadBalancer" {
        errors.push(FieldError::forbidden(
            ranges_path.clone(),
            "may only be used when `type` is 'LoadBalancer'",
        ));
    }
    for (i, range) in ranges.iter().enumerate() {
        let range = range.as_str().unwrap_or_default().trim();
        check::text(errors, &ranges_path.index(i), range, names::cidr(range, true));
    }
    if object.at(&["spec", "allocateLoadBalancerNodePorts"]).is_some() && kind != "LoadBalancer" {
        let why = "may only be used when `type` is 'LoadBalancer'";
        errors.push(FieldError::forbidden(path.child("allocateLoadBalancerNodePorts"), why));
    }
    traffic(errors, &path, object, kind);
}

fn traffic(errors: &mut Errors, path: &FieldPath, object: &Object, kind: &str) {
    let policy = object.str_at(&["spec", "externalTrafficPolicy"]);
    let external = matches!(kind, "NodePort" | "LoadBalancer")
        || (kind == "ClusterIP" && !object.list_at(&["spec", "externalIPs"]).is_empty());
    let at = path.child("externalTrafficPolicy");
    if external {
        check::one_of(errors, at, policy, &["Cluster", "Local"]);
    } else if !policy.is_empty() {
        let why = "may only be set for externally-accessible services";
        errors.push(FieldError::invalid(at, &policy.into(), why));
    }
    let health = object.i64_at(&["spec", "healthCheckNodePort"]).unwrap_or(0);
    if health != 0 && !(kind == "LoadBalancer" && policy == "Local") {
        let why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
        errors.push(FieldError::invalid(path.child("healthCheckNodePort"), &Value::Int(health), why));
    }
    if let Some(policy) = object.at(&["spec", "internalTrafficPolicy"]).and_then(Value::as_str) {
        check::allowed(errors, path.child("internalTrafficPolicy"), policy, &["Cluster", "Local"]);
    }
    if let Some(distribution) = object.at(&["spec", "trafficDistribution"]).and_then(Value::as_str) {
        check::allowed(
            errors,
            path.child("trafficDistribution"),
            distribution,
            &["PreferClose", "PreferSameNode", "PreferSameZone"],
        );
    }
}

fn cluster_ips(errors: &mut Errors, path: &FieldPath, object: &Object) {
    for (i, ip) in object.list_at(&["spec", "clusterIPs"]).iter().enumerate() {
        let ip = ip.as_str().unwrap_or_default();
        let path = path.child("clusterIPs").index(i);
        if ip == "None" {
            if i > 0 {
                errors.push(FieldError::invalid(path, &ip.into(), "'None' must be the first and only value"));
            }
        } else {
            check::ip(errors, &path, ip);
        }
    }
    let first = object.list_at(&["spec", "clusterIPs"]).first().and_then(Value::as_str).unwrap_or_default();
    let ip = object.str_at(&["spec", "clusterIP"]);
    if !ip.is_empty() && !first.is_empty() && first != ip {
        let shown = Value::from(object.list_at(&["spec", "clusterIPs"]).to_vec());
        errors.push(FieldError::invalid(
            path.child("clusterIPs"),
            &shown,
            "first value must match `clusterIP`",
        ));
    }
    for (i, family) in object.list_at(&["spec", "ipFamilies"]).iter().enumerate() {
        let family = family.as_str().unwrap_or_default();
        check::allowed(errors, path.child("ipFamilies").index(i), family, &["IPv4", "IPv6"]);
    }
    if let Some(policy) = object.at(&["spec", "ipFamilyPolicy"]).and_then(Value::as_str) {
        check::allowed(
            errors,
            path.child("ipFamilyPolicy"),
            policy,
            &["PreferDualStack", "RequireDualStack", "SingleStack"],
        );
    }
}

fn port<'a>(
    errors: &mut Errors,
    path: &FieldPath,
    port: &'a Value,
    needs_name: bool,
    seen: &mut Vec<&'a str>,
) {
    let name = port.str_at(&["name"]);
    if needs_name && name.is_empty() {
        errors.push(FieldError::required(path.child("name"), ""));
    } else if !name.is_empty() {
        check::text(errors, &path.child("name"), name, names::dns1123_label(name));
        if seen.contains(&name) {
            errors.push(FieldError::duplicate(path.child("name"), &name.into()));
        } else {
            seen.push(name);
        }
    }
    check::port(errors, &path.child("port"), port.i64_at(&["port"]).unwrap_or(0));
    check::one_of(errors, path.child("protocol"), port.str_at(&["protocol"]), &["SCTP", "TCP", "UDP"]);
    check::port_or_name(errors, &path.child("targetPort"), port.get("targetPort"));
    if let Some(protocol) = port.get("appProtocol").and_then(Value::as_str) {
        check::text(errors, &path.child("appProtocol"), protocol, names::label_key(protocol));
    }
}

fn duplicates(errors: &mut Errors, path: &FieldPath, ports: &[Value]) {
    let mut nodes: Vec<(&str, i64)> = Vec::new();
    for (i, port) in ports.iter().enumerate() {
        let Some(number) = port.i64_at(&["nodePort"]).filter(|n| *n != 0) else { continue };
        let key = (port.str_at(&["protocol"]), number);
        if nodes.contains(&key) {
            errors.push(FieldError::duplicate(path.index(i).child("nodePort"), &Value::Int(number)));
        }
        nodes.push(key);
    }
    let mut seen: Vec<(&str, i64)> = Vec::new();
    for (i, port) in ports.iter().enumerate() {
        let key = (port.str_at(&["protocol"]), port.i64_at(&["port"]).unwrap_or(0));
        if seen.contains(&key) {
            let shown = gatehouse_model::json!({"protocol": (key.0), "port": (key.1)});
            let mut error = FieldError::duplicate(path.index(i), &Value::Null);
            error.value = Some(super::internal::print("ServicePort", &shown));
            errors.push(error);
        }
        seen.push(key);
    }
}

/// A change of a Service: its address stays.
pub(super) fn update(errors: &mut Errors, rules: &Rules, new: &Object, old: &Object) {
    meta::update(errors, new, old);
    let external = |o: &Object| o.str_at(&["spec", "type"]) == "ExternalName";
    let ips = |o: &Object| o.list_at(&["spec", "clusterIPs"]).to_vec();
    let (now, before) = (ips(new), ips(old));
    if !external(new) && !external(old) {
        let path = FieldPath::new("spec.clusterIPs");
        for (i, ip) in before.iter().enumerate() {
            if i == 0 && now.first().is_some_and(|n| n != ip) {
                let shown = Value::from(now.clone());
                errors.push(FieldError::invalid(path.index(i), &shown, "may not change once set"));
            }
        }
        let families = |o: &Object| o.list_at(&["spec", "ipFamilies"]).to_vec();
        let (now, before) = (families(new), families(old));
        if let (Some(a), Some(b)) = (now.first(), before.first())
            && a != b
        {
            let shown = Value::from(now.clone());
            let path = FieldPath::new("spec.ipFamilies").index(0);
            errors.push(FieldError::invalid(path, &shown, "may not change once set"));
        }
    }
    service(errors, rules, new);
}
