//! Services.
//!
//! Models `ValidateService`.

use gatehouse_model::{FieldError, FieldPath, Object, Value, names};

use super::check::{self, Errors};
use super::{Rules, endpoints, meta};

/// What the name of a service may be: since 1.34 it may begin with a digit.
pub(super) fn name_rule(rules: &Rules) -> fn(&str) -> Vec<String> {
    if rules.version.minor() >= 34 { names::dns1123_label } else { names::dns1035_label }
}

/// How long a client keeps to one endpoint.
fn affinity(errors: &mut Errors, path: &FieldPath, config: Option<&Value>) {
    let mut path = path.clone();
    let mut value = config;
    for field in ["clientIP", "timeoutSeconds"] {
        let Some(found) = value else { break };
        value = found.get(field);
        path = path.child(field);
    }
    match value.and_then(Value::as_i64) {
        None => errors.push(FieldError::required(path, "when session affinity type is ClientIP")),
        Some(seconds) if seconds <= 0 || seconds > 86_400 => {
            let why = "must be greater than 0 and less than 86400";
            errors.push(FieldError::invalid(path, &Value::Int(seconds), why));
        }
        Some(_) => {}
    }
}

/// Two annotations for one thing, which must agree.
const HINTS: &str = "service.kubernetes.io/topology-aware-hints";
const MODE: &str = "service.kubernetes.io/topology-mode";
/// The annotation that was there before `loadBalancerSourceRanges`.
const RANGES: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";

/// A Service.
pub(super) fn service(errors: &mut Errors, rules: &Rules, object: &Object) {
    meta::object(errors, object, true, name_rule(rules));
    if let (Some(hints), Some(mode)) = (object.annotation(HINTS), object.annotation(MODE))
        && rules.version.minor() >= 27
        && hints != mode
    {
        let why = format!("must match annotations[{HINTS}] when both are specified");
        errors.push(FieldError::invalid(FieldPath::new("metadata.annotations").key(MODE), &mode.into(), why));
    }
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
        affinity(errors, &path.child("sessionAffinityConfig"), object.at(&["spec", "sessionAffinityConfig"]));
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
    if let Some(ranges) = object.annotation(RANGES).filter(|_| ranges.is_empty()) {
        let path = FieldPath::new("metadata.annotations").key(RANGES);
        if kind != "LoadBalancer" {
            let why = "may only be used when `type` is 'LoadBalancer'";
            errors.push(FieldError::forbidden(path.clone(), why));
        }
        for range in ranges.split(',').map(str::trim).filter(|_| !ranges.trim().is_empty()) {
            check::text(errors, &path, range, names::cidr(range, true));
        }
    }
    if object.at(&["spec", "allocateLoadBalancerNodePorts"]).is_some() && kind != "LoadBalancer" {
        let why = "may only be used when `type` is 'LoadBalancer'";
        errors.push(FieldError::forbidden(path.child("allocateLoadBalancerNodePorts"), why));
    }
    balancer_class(errors, object);
    traffic(errors, &path, object, kind);
}

/// Which balancer a service is for.
pub(super) fn balancer_class(errors: &mut Errors, object: &Object) {
    let Some(class) = object.at(&["spec", "loadBalancerClass"]).and_then(Value::as_str) else { return };
    let path = FieldPath::new("spec.loadBalancerClass");
    if object.str_at(&["spec", "type"]) == "LoadBalancer" {
        check::text(errors, &path, class, names::label_key(class));
    } else {
        errors.push(FieldError::forbidden(path, "may only be used when `type` is 'LoadBalancer'"));
    }
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
    if kind == "LoadBalancer" && policy == "Local" {
        if health != 0 {
            check::port(errors, &path.child("healthCheckNodePort"), health);
        }
    } else if health != 0 {
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

/// `ValidateServiceClusterIPsRelatedFields`.
fn cluster_ips(errors: &mut Errors, path: &FieldPath, object: &Object) {
    if object.str_at(&["spec", "type"]) == "ExternalName" {
        return;
    }
    let ips = object.list_at(&["spec", "clusterIPs"]);
    let families = object.list_at(&["spec", "ipFamilies"]);
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let at = path.child("clusterIPs");
    let all = |why: &str| FieldError::invalid(at.clone(), &Value::from(ips.to_vec()), why);
    let ip = object.str_at(&["spec", "clusterIP"]);
    match ips.first() {
        None if !ip.is_empty() => errors.push(FieldError::required(at.clone(), "")),
        Some(_) if ip.is_empty() => errors.push(all("must be empty when `clusterIP` is not specified")),
        Some(first) if first.as_str() != Some(ip) => errors.push(all("first value must match `clusterIP`")),
        _ => {}
    }
    for (i, family) in families.iter().enumerate() {
        let at = path.child("ipFamilies").index(i);
        check::allowed(errors, at.clone(), &text(family), &["IPv4", "IPv6"]);
        if families.iter().take(i).any(|earlier| earlier == family) {
            errors.push(FieldError::duplicate(at, family));
        }
    }
    if let Some(policy) = object.at(&["spec", "ipFamilyPolicy"]).and_then(Value::as_str) {
        check::allowed(
            errors,
            path.child("ipFamilyPolicy"),
            policy,
            &["PreferDualStack", "RequireDualStack", "SingleStack"],
        );
    }
    let mut wrong = false;
    for (i, ip) in ips.iter().enumerate() {
        if i == 0 && ip.as_str() == Some("None") {
            if ips.len() > 1 {
                wrong = true;
                errors.push(all("'None' must be the first and only value"));
            }
            continue;
        }
        let before = errors.len();
        check::ip(errors, &at.index(i), &text(ip));
        wrong |= errors.len() > before;
    }
    if ips.len() > 2 {
        errors.push(all("may only hold up to 2 values"));
    }
    let of_six = |ip: &Value| names::parse_ip(&text(ip)).is_some_and(|ip| ip.is_ipv6());
    if wrong {
        return;
    }
    if ips.len() > 1 && (ips.iter().all(of_six) || !ips.iter().any(of_six)) {
        errors.push(all("may specify no more than one IP for each IP family"));
    }
    if ip == "None" {
        return;
    }
    for (i, (ip, family)) in ips.iter().zip(families).enumerate() {
        let family = text(family);
        if (family == "IPv6") != of_six(ip) && matches!(family.as_str(), "IPv4" | "IPv6") {
            let why = format!("expected an {family} value as indicated by `ipFamilies[{i}]`");
            errors.push(FieldError::invalid(at.index(i), ip, why));
        }
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
