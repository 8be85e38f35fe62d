//! The cells of services, endpoints and ingresses. Models kubernetes `pkg/printers/internalversion/printers.go`.

use gatehouse_model::Value;

use super::At;
use super::cells::shortened;

fn strings(o: &Value, path: &[&str]) -> Vec<String> {
    o.list_at(path).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The addresses of a load balancer.
pub(crate) fn load_balancer_addresses(o: &Value) -> String {
    let ingress = o.list_at(&["status", "loadBalancer", "ingress"]);
    let addresses = ingress
        .iter()
        .map(|i| if i.str_at(&["ip"]).is_empty() { i.str_at(&["hostname"]) } else { i.str_at(&["ip"]) })
        .filter(|a| !a.is_empty());
    gatehouse_model::order::set(addresses).into_iter().collect::<Vec<_>>().join(",")
}

/// The addresses of a load balancer, clipped unless `-o wide`.
pub(super) fn load_balancer(o: &Value, at: At) -> String {
    let text = load_balancer_addresses(o);
    if !at.wide && text.len() > 16 {
        let head: String = text.chars().take(13).collect();
        return format!("{head}...");
    }
    text
}

pub(super) fn cluster_ip(o: &Value, _: At) -> String {
    let ips = o.list_at(&["spec", "clusterIPs"]);
    let first = ips.first().and_then(Value::as_str).unwrap_or_else(|| o.str_at(&["spec", "clusterIP"]));
    if first.is_empty() { "<none>".to_owned() } else { first.to_owned() }
}

pub(super) fn external_ip(o: &Value, at: At) -> String {
    let external = strings(o, &["spec", "externalIPs"]);
    match o.str_at(&["spec", "type"]) {
        "ClusterIP" | "NodePort" if external.is_empty() => "<none>".to_owned(),
        "ClusterIP" | "NodePort" => external.join(","),
        "LoadBalancer" => {
            let balancer = load_balancer(o, at);
            if external.is_empty() {
                return if balancer.is_empty() { "<pending>".to_owned() } else { balancer };
            }
            let all: Vec<String> =
                balancer.split(',').filter(|a| !a.is_empty()).map(str::to_owned).chain(external).collect();
            all.join(",")
        }
        "ExternalName" => o.str_at(&["spec", "externalName"]).to_owned(),
        _ => "<unknown>".to_owned(),
    }
}

pub(super) fn ports(o: &Value, _: At) -> String {
    let ports = o.list_at(&["spec", "ports"]);
    if ports.is_empty() {
        return "<none>".to_owned();
    }
    let pieces: Vec<String> = ports
        .iter()
        .map(|p| {
            let port = p.i64_at(&["port"]).unwrap_or(0);
            let protocol = p.str_at(&["protocol"]);
            match p.i64_at(&["nodePort"]) {
                Some(node) if node > 0 => format!("{port}:{node}/{protocol}"),
                _ => format!("{port}/{protocol}"),
            }
        })
        .collect();
    pieces.join(",")
}

/// `ip:port`, with brackets around IPv6.
pub(crate) fn host_port(ip: &str, port: i64) -> String {
    if ip.contains(':') { format!("[{ip}]:{port}") } else { format!("{ip}:{port}") }
}

pub(super) fn endpoints(o: &Value, _: At) -> String {
    let subsets = o.list_at(&["subsets"]);
    if subsets.is_empty() {
        return "<none>".to_owned();
    }
    let mut list = Vec::new();
    for subset in subsets {
        let ips: Vec<&str> = subset.list_at(&["addresses"]).iter().map(|a| a.str_at(&["ip"])).collect();
        let ports = subset.list_at(&["ports"]);
        if ports.is_empty() {
            list.extend(ips.iter().map(|ip| (*ip).to_owned()));
        }
        for port in ports {
            list.extend(ips.iter().map(|ip| host_port(ip, port.i64_at(&["port"]).unwrap_or(0))));
        }
    }
    shortened(&list, 3)
}

pub(super) fn slice_ports(o: &Value, _: At) -> String {
    let list: Vec<String> = o
        .list_at(&["ports"])
        .iter()
        .map(|p| match (p.i64_at(&["port"]), p.at(&["name"]).and_then(Value::as_str)) {
            (Some(port), _) => port.to_string(),
            (None, Some(name)) => name.to_owned(),
            (None, None) => "*".to_owned(),
        })
        .collect();
    or_unset(&list)
}

pub(super) fn slice_endpoints(o: &Value, _: At) -> String {
    let list: Vec<String> =
        o.list_at(&["endpoints"]).iter().flat_map(|e| strings(e, &["addresses"])).collect();
    or_unset(&list)
}

fn or_unset(list: &[String]) -> String {
    let text = shortened(list, 3);
    if text.is_empty() { "<unset>".to_owned() } else { text }
}

pub(super) fn hosts(o: &Value, _: At) -> String {
    let rules = o.list_at(&["spec", "rules"]);
    let mut list: Vec<&str> = Vec::new();
    let mut more = false;
    for rule in rules {
        more |= list.len() == 3;
        let host = rule.str_at(&["host"]);
        if !more && !host.is_empty() {
            list.push(host);
        }
    }
    match (list.is_empty(), more) {
        (true, _) => "*".to_owned(),
        (false, true) => format!("{} + {} more...", list.join(","), rules.len() - 3),
        (false, false) => list.join(","),
    }
}

pub(super) fn ingress_ports(o: &Value, _: At) -> String {
    if o.list_at(&["spec", "tls"]).is_empty() { "80".to_owned() } else { "80, 443".to_owned() }
}

pub(super) fn class_parameters(o: &Value, _: At) -> String {
    let Some(parameters) = o.at(&["spec", "parameters"]) else { return "<none>".to_owned() };
    let mut text = parameters.str_at(&["kind"]).to_owned();
    if let Some(group) = parameters.at(&["apiGroup"]).and_then(Value::as_str) {
        text = format!("{text}.{group}");
    }
    format!("{text}/{}", parameters.str_at(&["name"]))
}

pub(super) fn ip_parent(o: &Value, _: At) -> String {
    let Some(parent) = o.at(&["spec", "parentRef"]) else { return "<none>".to_owned() };
    let resource =
        gatehouse_model::resource::qualified(parent.str_at(&["resource"]), parent.str_at(&["group"]));
    let namespace = parent.str_at(&["namespace"]);
    let namespace = if namespace.is_empty() { String::new() } else { format!("/{namespace}") };
    format!("{}{namespace}/{}", resource.to_lowercase(), parent.str_at(&["name"]))
}
