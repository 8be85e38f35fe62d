//! Services and the endpoints behind their ports.

use gatehouse_model::{Object, Value, json};

use super::{Description, joined, number, or_none, present};
use crate::error::Error;
use crate::tables::host_port;

const ENDPOINTS: (&str, &str, &str) = ("", "v1", "endpoints");
const SLICES: (&str, &str, &str) = ("discovery.k8s.io", "v1", "endpointslices");

impl Description<'_, '_, '_> {
    /// The endpoint slices of a service. Old clients look at its endpoints; here these are seen as slices too.
    pub(super) fn slices(&mut self, namespace: &str, service: &str) -> Result<Vec<Object>, Error> {
        if self.w.old {
            return Ok(slices_of(&self.get(ENDPOINTS, namespace, service)?));
        }
        self.list(SLICES, namespace, &format!("kubernetes.io/service-name={service}"), "")
    }
}

pub(super) fn describe(d: &mut Description<'_, '_, '_>, service: &Object) -> Result<(), Error> {
    let slices = d.slices(service.namespace(), service.name()).unwrap_or_default();
    d.heading(service);
    d.labels_and_annotations(service);
    let w = &mut d.w;
    let spec = service.get("spec").unwrap_or(&Value::Null);
    w.flat_labels("Selector", spec.map_at(&["selector"]));
    w.field(0, "Type", spec.str_at(&["type"]));
    if present(spec, &["ipFamilyPolicy"]).is_some() {
        w.field(0, "IP Family Policy", spec.str_at(&["ipFamilyPolicy"]));
    }
    w.field(0, "IP Families", or_none(&joined(spec, &["ipFamilies"], ",")));
    w.field(0, "IP", spec.str_at(&["clusterIP"]));
    w.field(0, "IPs", or_none(&joined(spec, &["clusterIPs"], ",")));
    if !spec.list_at(&["externalIPs"]).is_empty() {
        w.field(0, "External IPs", joined(spec, &["externalIPs"], ","));
    }
    let desired = if w.old { "IP" } else { "Desired LoadBalancer IP" };
    for (title, member) in [(desired, "loadBalancerIP"), ("External Name", "externalName")] {
        if !spec.str_at(&[member]).is_empty() {
            w.field(0, title, spec.str_at(&[member]));
        }
    }
    let balancer = service.list_at(&["status", "loadBalancer", "ingress"]);
    if !balancer.is_empty() {
        let shown: Vec<String> = balancer
            .iter()
            .map(|i| match (i.str_at(&["ip"]), i.str_at(&["ipMode"])) {
                ("", _) => i.str_at(&["hostname"]).to_owned(),
                (ip, "") => ip.to_owned(),
                (ip, _) if w.old => ip.to_owned(),
                (ip, mode) => format!("{ip} ({mode})"),
            })
            .collect();
        w.field(0, "LoadBalancer Ingress", shown.join(", "));
    }
    for port in spec.list_at(&["ports"]) {
        let name = port.str_at(&["name"]);
        let shown = if name.is_empty() { "<unset>" } else { name };
        let protocol = port.str_at(&["protocol"]);
        w.field(0, "Port", format!("{shown}\t{}/{protocol}", number(port, &["port"])));
        w.field(0, "TargetPort", format!("{}/{protocol}", super::int_or_string(port.get("targetPort"))));
        if present(port, &["appProtocol"]).is_some() && !w.old {
            w.field(0, "AppProtocol", port.str_at(&["appProtocol"]));
        }
        if number(port, &["nodePort"]) != 0 {
            w.field(0, "NodePort", format!("{shown}\t{}/{protocol}", number(port, &["nodePort"])));
        }
        w.field(0, "Endpoints", slice_addresses(&slices, name));
    }
    w.field(0, "Session Affinity", spec.str_at(&["sessionAffinity"]));
    for (title, member) in [
        ("External Traffic Policy", "externalTrafficPolicy"),
        ("Internal Traffic Policy", "internalTrafficPolicy"),
    ] {
        let policy = spec.str_at(&[member]);
        let known = !w.old || member == "externalTrafficPolicy";
        if known && !policy.is_empty() {
            w.field(0, title, policy);
        }
    }
    if number(spec, &["healthCheckNodePort"]) != 0 {
        w.field(0, "HealthCheck NodePort", number(spec, &["healthCheckNodePort"]).to_string());
    }
    if !spec.list_at(&["loadBalancerSourceRanges"]).is_empty() {
        w.field(0, "LoadBalancer Source Ranges", joined(spec, &["loadBalancerSourceRanges"], ","));
    }
    if present(spec, &["trafficDistribution"]).is_some() && !w.old {
        w.field(0, "Traffic Distribution", spec.str_at(&["trafficDistribution"]));
    }
    d.events(service);
    Ok(())
}

/// One slice for each subset of endpoints.
fn slices_of(endpoints: &Object) -> Vec<Object> {
    let as_slice = |subset: &Value| {
        let addresses = subset.list_at(&["addresses"]).iter();
        let ready: Vec<Value> =
            addresses.map(|a| json!({"addresses": [a.str_at(&["ip"]).to_owned()]})).collect();
        let ports = subset.list_at(&["ports"]).to_vec();
        Object(json!({"ports": Value::from(ports), "endpoints": Value::from(ready)}))
    };
    endpoints.list_at(&["subsets"]).iter().map(as_slice).collect()
}

/// The ready addresses behind a port: three at most, and how many more there are.
pub(super) fn slice_addresses(slices: &[Object], port_name: &str) -> String {
    if slices.is_empty() {
        return "<none>".to_owned();
    }
    let mut list: Vec<String> = Vec::new();
    let (mut more, mut count) = (false, 0);
    let mut add = |endpoint: &Value, port: Option<i64>| {
        more |= list.len() == 3;
        if endpoint.bool_at(&["conditions", "ready"]) == Some(false) {
            return;
        }
        let address = endpoint.list_at(&["addresses"]).first().and_then(Value::as_str).unwrap_or("");
        if !more {
            list.push(port.map_or_else(|| address.to_owned(), |p| host_port(address, p)));
        }
        count += 1;
    };
    for slice in slices {
        let endpoints = slice.list_at(&["endpoints"]);
        let ports = slice.list_at(&["ports"]);
        if ports.is_empty() {
            endpoints.iter().for_each(|e| add(e, None));
        }
        for port in ports.iter().filter(|p| p.str_at(&["name"]) == port_name) {
            endpoints.iter().for_each(|e| add(e, Some(number(port, &["port"]))));
        }
    }
    let text = list.join(",");
    if more { format!("{text} + {} more...", count - 3) } else { text }
}
