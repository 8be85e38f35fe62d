//! What components write about the cluster's life, and people sometimes by hand: endpoints, slices of them, leases.
//!
//! Models `pkg/apis/discovery/validation`, `ValidateEndpoints` of `pkg/apis/core/validation`, and
//! `pkg/apis/coordination/validation`.

use std::net::IpAddr;

use gatehouse_model::{FieldError, FieldPath, Object, Value, names};

use super::check::{self, Errors};
use super::{Rules, meta};

const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];

/// An address that traffic can be sent to: `ValidateEndpointIP`.
pub(super) fn usable(errors: &mut Errors, path: &FieldPath, address: &str) {
    let mut invalid = |why: &str| errors.push(FieldError::invalid(path.clone(), &address.into(), why));
    let Ok(ip) = address.parse::<IpAddr>() else {
        invalid("must be a valid IP address");
        return;
    };
    if ip.is_unspecified() {
        invalid(&format!("may not be unspecified ({address})"));
    }
    if ip.is_loopback() {
        invalid("may not be in the loopback range (127.0.0.0/8, ::1/128)");
    }
    let (link, multicast) = match ip {
        IpAddr::V4(ip) => (ip.is_link_local(), matches!(ip.octets(), [224, 0, 0, _])),
        IpAddr::V6(ip) => (ip.is_unicast_link_local(), matches!(ip.segments(), [0xff02, ..])),
    };
    if link {
        invalid("may not be in the link-local range (169.254.0.0/16, fe80::/10)");
    }
    if multicast {
        invalid("may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
    }
}

/// An EndpointSlice.
pub(super) fn slice(errors: &mut Errors, rules: &Rules, object: &Object) {
    meta::object(errors, object, true, names::dns1123_subdomain);
    let family = object.str_at(&["addressType"]);
    check::one_of(errors, FieldPath::new("addressType"), family, &["FQDN", "IPv4", "IPv6"]);
    let (endpoints, path) = (object.list_at(&["endpoints"]), FieldPath::new("endpoints"));
    if endpoints.len() > 1000 {
        errors.push(FieldError::too_many(path, endpoints.len(), 1000));
    } else {
        for (i, endpoint) in endpoints.iter().enumerate() {
            slice_endpoint(errors, &path.index(i), endpoint, family);
        }
    }
    let ports = object.list_at(&["ports"]);
    let most = if rules.version.minor() >= 21 { 20_000 } else { 100 };
    if ports.len() > most {
        errors.push(FieldError::too_many(FieldPath::new("ports"), ports.len(), most));
        return;
    }
    let mut seen: Vec<&str> = Vec::new();
    for (i, port) in ports.iter().enumerate() {
        let path = FieldPath::new("ports").index(i);
        let name = port.str_at(&["name"]);
        if !name.is_empty() {
            check::text(errors, &path.child("name"), name, names::dns1123_label(name));
        }
        if seen.contains(&name) {
            errors.push(FieldError::duplicate(path.child("name"), &name.into()));
        }
        seen.push(name);
        if let Some(number) = port.i64_at(&["port"]) {
            check::port(errors, &path.child("port"), number);
        }
        check::allowed(errors, path.child("protocol"), port.str_at(&["protocol"]), PROTOCOLS);
        if let Some(protocol) = port.get("appProtocol").and_then(Value::as_str) {
            check::text(errors, &path.child("appProtocol"), protocol, names::label_key(protocol));
        }
    }
}

fn slice_endpoint(errors: &mut Errors, path: &FieldPath, endpoint: &Value, family: &str) {
    let (addresses, at) = (endpoint.list_at(&["addresses"]), path.child("addresses"));
    if addresses.is_empty() {
        errors.push(FieldError::required(at.clone(), "must contain at least 1 address"));
    } else if addresses.len() > 100 {
        errors.push(FieldError::too_many(at.clone(), addresses.len(), 100));
    }
    for (i, address) in addresses.iter().enumerate() {
        let (at, address) = (at.index(i), address.as_str().unwrap_or_default());
        let mut of_family = |right: bool, why: &str| {
            if !right {
                errors.push(FieldError::invalid(at.clone(), &address.into(), why));
            }
        };
        match family {
            "IPv4" => {
                let right = matches!(address.parse(), Ok(IpAddr::V4(_)));
                of_family(right, "must be a valid IPv4 address");
                usable(errors, &at, address);
            }
            "IPv6" => {
                let right = matches!(address.parse(), Ok(IpAddr::V6(_)));
                of_family(right, "must be a valid IPv6 address");
                usable(errors, &at, address);
            }
            "FQDN" => {
                let name = address.strip_suffix('.').unwrap_or(address);
                if name.is_empty() {
                    errors.push(FieldError::required(at, ""));
                } else if !names::dns1123_subdomain(name).is_empty() {
                    let why = names::dns1123_subdomain(name).join(",");
                    errors.push(FieldError::invalid(at, &name.into(), why));
                } else if !name.contains('.') {
                    let why = "should be a domain with at least two segments separated by dots";
                    errors.push(FieldError::invalid(at, &name.into(), why));
                }
            }
            _ => {}
        }
    }
    if let Some(node) = endpoint.get("nodeName").and_then(Value::as_str) {
        check::text(errors, &path.child("nodeName"), node, names::dns1123_subdomain(node));
    }
    let topology = endpoint.map_at(&["deprecatedTopology"]);
    if topology.len() > 16 {
        errors.push(FieldError::too_many(path.child("deprecatedTopology"), topology.len(), 16));
    }
    meta::labels(errors, &path.child("deprecatedTopology"), topology);
    if let Some(host) = endpoint.get("hostname").and_then(Value::as_str) {
        check::text(errors, &path.child("hostname"), host, names::dns1123_label(host));
    }
    hints(errors, &path.child("hints"), endpoint);
}

/// For which zones and nodes an endpoint is meant.
fn hints(errors: &mut Errors, path: &FieldPath, endpoint: &Value) {
    let rules: [(&str, meta::NameRule); 2] =
        [("forZones", names::label_value), ("forNodes", names::dns1123_subdomain)];
    for (field, rule) in rules {
        let (list, path) = (endpoint.list_at(&["hints", field]), path.child(field));
        if list.len() > 8 {
            errors.push(FieldError::too_many(path, list.len(), 8));
            return;
        }
        let mut seen: Vec<&str> = Vec::new();
        for (i, hint) in list.iter().enumerate() {
            let (name, path) = (hint.str_at(&["name"]), path.index(i).child("name"));
            if seen.contains(&name) {
                errors.push(FieldError::duplicate(path.clone(), &name.into()));
            }
            seen.push(name);
            check::text(errors, &path, name, rule(name));
        }
    }
}

/// A change of an EndpointSlice: its kind of addresses stays.
pub(super) fn slice_update(errors: &mut Errors, rules: &Rules, new: &Object, old: &Object) {
    slice(errors, rules, new);
    let kind = "addressType";
    check::immutable(errors, FieldPath::new(kind), new.get(kind), old.get(kind));
}

/// Endpoints.
pub(super) fn endpoints(errors: &mut Errors, object: &Object) {
    meta::object(errors, object, true, names::dns1123_subdomain);
    for (i, subset) in object.list_at(&["subsets"]).iter().enumerate() {
        let path = FieldPath::new("subsets").index(i);
        let lists = ["addresses", "notReadyAddresses"];
        if lists.iter().all(|l| subset.list_at(&[l]).is_empty()) {
            errors
                .push(FieldError::required(path.clone(), "must specify `addresses` or `notReadyAddresses`"));
        }
        for list in lists {
            for (j, address) in subset.list_at(&[list]).iter().enumerate() {
                endpoint_address(errors, &path.child(list).index(j), address);
            }
        }
        let ports = subset.list_at(&["ports"]);
        for (j, port) in ports.iter().enumerate() {
            let path = path.child("ports").index(j);
            let name = port.str_at(&["name"]);
            if !name.is_empty() {
                check::text(errors, &path.child("name"), name, names::dns1123_label(name));
            } else if ports.len() > 1 {
                errors.push(FieldError::required(path.child("name"), ""));
            }
            check::port(errors, &path.child("port"), port.i64_at(&["port"]).unwrap_or(0));
            check::one_of(errors, path.child("protocol"), port.str_at(&["protocol"]), PROTOCOLS);
            if let Some(protocol) = port.get("appProtocol").and_then(Value::as_str) {
                check::text(errors, &path.child("appProtocol"), protocol, names::label_key(protocol));
            }
        }
    }
}

fn endpoint_address(errors: &mut Errors, path: &FieldPath, address: &Value) {
    let ip = address.str_at(&["ip"]);
    check::ip(errors, &path.child("ip"), ip);
    let host = address.str_at(&["hostname"]);
    if !host.is_empty() {
        check::text(errors, &path.child("hostname"), host, names::dns1123_label(host));
    }
    if let Some(node) = address.get("nodeName").and_then(Value::as_str) {
        check::text(errors, &path.child("nodeName"), node, names::dns1123_subdomain(node));
    }
    if ip.parse::<IpAddr>().is_ok() {
        usable(errors, &path.child("ip"), ip);
    }
}

/// A Lease.
pub(super) fn lease(errors: &mut Errors, object: &Object) {
    meta::object(errors, object, true, names::dns1123_subdomain);
    let path = FieldPath::new("spec");
    let number = |field: &str| object.i64_at(&["spec", field]);
    check::positive(errors, path.child("leaseDurationSeconds"), number("leaseDurationSeconds"));
    check::non_negative(errors, path.child("leaseTransitions"), number("leaseTransitions"));
    let text = |field: &str| object.str_at(&["spec", field]);
    if !text("preferredHolder").is_empty() && text("strategy").is_empty() {
        let why = "may only be specified if `strategy` is defined";
        errors.push(FieldError::forbidden(path.child("preferredHolder"), why));
    }
}
