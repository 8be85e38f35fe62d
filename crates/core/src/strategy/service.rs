//! Services get a cluster IP, an IP family and node ports.
//!
//! Models `pkg/registry/core/service/storage/alloc.go`.

use gatehouse_model::{FieldError, FieldPath, Object, Value};

use crate::cluster::Cluster;
use crate::server::Call;
use crate::status::Status;

/// The recordings' and kubeadm's `--service-cluster-ip-range`: 10.96.0.0/12.
const RANGE_START: u32 = u32::from_be_bytes([10, 96, 0, 0]);
const RANGE_SIZE: u32 = 1 << 20;
/// `--service-node-port-range`
const NODE_PORTS: std::ops::RangeInclusive<i64> = 30_000..=32_767;

/// Fills in what the request left to the server, or refuses what it cannot have.
pub(super) fn allocate(
    call: &mut Call<'_>,
    service: &mut Object,
    old: Option<&Object>,
) -> Result<(), Status> {
    let kind = service.str_at(&["spec", "type"]).to_owned();
    if let Some(old) = old {
        inherit(service, old);
    }
    if kind == "ExternalName" {
        for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"] {
            if old.is_none_or(|o| o.str_at(&["spec", "type"]) != "ExternalName" || field != "clusterIP") {
                service.remove(&["spec", field]);
            }
        }
        return Ok(());
    }
    if !matches!(kind.as_str(), "ClusterIP" | "NodePort" | "LoadBalancer") {
        return Ok(());
    }
    families(call.cluster, service);
    cluster_ip(call, service, old)?;
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer") {
        node_ports(call, service, old)?;
    }
    Ok(())
}

/// An update that does not mention the address keeps it.
fn inherit(service: &mut Object, old: &Object) {
    if old.str_at(&["spec", "type"]) == "ExternalName" || service.str_at(&["spec", "type"]) == "ExternalName"
    {
        return;
    }
    for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort"] {
        let path = ["spec", field];
        if service.at(&path).is_none_or(|v| v.is_null() || v.as_str() == Some(""))
            && let Some(value) = old.at(&path)
        {
            let value = value.clone();
            service.set(&path, value);
        }
    }
    // A new clusterIP replaces the first of the addresses it was sent without.
    let ip = service.str_at(&["spec", "clusterIP"]).to_owned();
    if ip != old.str_at(&["spec", "clusterIP"])
        && service.list_at(&["spec", "clusterIPs"]) == old.list_at(&["spec", "clusterIPs"])
    {
        service.set(&["spec", "clusterIPs"], vec![ip]);
    }
    let old_ports: Vec<Value> = old.list_at(&["spec", "ports"]).to_vec();
    if matches!(service.str_at(&["spec", "type"]), "NodePort" | "LoadBalancer")
        && let Some(ports) = service.at_mut(&["spec", "ports"])
    {
        for port in ports.make_list() {
            if port.i64_at(&["nodePort"]).unwrap_or(0) != 0 {
                continue;
            }
            let same =
                |o: &&Value| o.get("port") == port.get("port") && o.get("protocol") == port.get("protocol");
            if let Some(node_port) = old_ports.iter().find(same).and_then(|o| o.i64_at(&["nodePort"])) {
                port.set(&["nodePort"], node_port);
            }
        }
    }
}

fn families(cluster: &Cluster, service: &mut Object) {
    // Dual-stack services arrived with 1.20's ipFamilies behind a gate that was off.
    if cluster.version.minor() < 21 {
        return;
    }
    if service.str_at(&["spec", "ipFamilyPolicy"]).is_empty() {
        service.set(&["spec", "ipFamilyPolicy"], "SingleStack");
    }
    if service.list_at(&["spec", "ipFamilies"]).is_empty() {
        let headless_without_selector = service.str_at(&["spec", "clusterIP"]) == "None"
            && service.map_at(&["spec", "selector"]).is_empty();
        if headless_without_selector && service.str_at(&["spec", "ipFamilyPolicy"]) == "SingleStack" {
            service.set(&["spec", "ipFamilyPolicy"], "RequireDualStack");
            service.set(&["spec", "ipFamilies"], vec!["IPv4", "IPv6"]);
        } else {
            service.set(&["spec", "ipFamilies"], vec!["IPv4"]);
        }
    }
}

fn cluster_ip(call: &mut Call<'_>, service: &mut Object, old: Option<&Object>) -> Result<(), Status> {
    let mut wanted = service.str_at(&["spec", "clusterIP"]).to_owned();
    if wanted.is_empty()
        && let Some(first) = service.list_at(&["spec", "clusterIPs"]).first().and_then(Value::as_str)
    {
        wanted = first.to_owned();
    }
    let had = old.map_or("", |o| o.str_at(&["spec", "clusterIP"]));
    let ip = if wanted.is_empty() {
        free_address(call.cluster, service)
    } else {
        if wanted != "None" && wanted != had && old.is_none() {
            wanted_address(call, service, &wanted)?;
        }
        wanted
    };
    service.set(&["spec", "clusterIP"], ip.as_str());
    if service.list_at(&["spec", "clusterIPs"]).is_empty() {
        service.set(&["spec", "clusterIPs"], vec![ip]);
    }
    Ok(())
}

fn invalid(call: &Call<'_>, service: &Object, error: FieldError) -> Status {
    Status::invalid("", &call.resource.kind, service.name(), &[error])
}

fn wanted_address(call: &Call<'_>, service: &Object, wanted: &str) -> Result<(), Status> {
    let path = FieldPath::new("spec.clusterIPs");
    let shown = Value::from(vec![wanted]);
    let Some(address) = address(wanted) else {
        return Ok(());
    };
    if address.wrapping_sub(RANGE_START) >= RANGE_SIZE {
        let why =
            format!("failed to allocate IP {wanted}: the provided network does not match the current range");
        return Err(invalid(call, service, FieldError::invalid(path, &shown, why)));
    }
    if taken(call.cluster, wanted) {
        let why = format!("failed to allocate IP {wanted}: provided IP is already allocated");
        return Err(invalid(call, service, FieldError::invalid(path, &shown, why)));
    }
    Ok(())
}

fn address(text: &str) -> Option<u32> {
    text.parse::<std::net::Ipv4Addr>().ok().map(u32::from)
}

fn taken(cluster: &Cluster, ip: &str) -> bool {
    cluster.store.list("services", None).any(|s| s.str_at(&["spec", "clusterIP"]) == ip)
}

/// An address of the upper part of the range, where dynamic ones come from.
fn free_address(cluster: &mut Cluster, _service: &Object) -> String {
    loop {
        let offset =
            u32::try_from(cluster.entropy.next_u64() % u64::from(RANGE_SIZE - 258)).unwrap_or(0) + 257;
        let ip = std::net::Ipv4Addr::from(RANGE_START + offset).to_string();
        if !taken(cluster, &ip) {
            return ip;
        }
    }
}

fn node_ports(call: &mut Call<'_>, service: &mut Object, old: Option<&Object>) -> Result<(), Status> {
    if service.bool_at(&["spec", "allocateLoadBalancerNodePorts"]) == Some(false) {
        return Ok(());
    }
    let had: Vec<i64> = old.into_iter().flat_map(ports_of).collect();
    let used: Vec<i64> = call
        .cluster
        .store
        .list("services", None)
        .filter(|s| s.uid() != service.uid() || old.is_none())
        .filter(|s| old.is_none_or(|o| o.uid() != s.uid()))
        .flat_map(|s| ports_of(s))
        .collect();
    let count = service.list_at(&["spec", "ports"]).len();
    let mut given: Vec<i64> = Vec::new();
    for i in 0..count {
        let path = FieldPath::new("spec.ports").index(i).child("nodePort");
        let Some(port) = service.list_at(&["spec", "ports"]).get(i) else { continue };
        let wanted = port.i64_at(&["nodePort"]).unwrap_or(0);
        let number = if wanted == 0 {
            free_port(call.cluster, &used, &given)
        } else {
            if !had.contains(&wanted) {
                if !NODE_PORTS.contains(&wanted) {
                    let why =
                        "provided port is not in the valid range. The range of valid ports is 30000-32767";
                    return Err(invalid(call, service, FieldError::invalid(path, &Value::Int(wanted), why)));
                }
                if used.contains(&wanted) {
                    let why = "provided port is already allocated";
                    return Err(invalid(call, service, FieldError::invalid(path, &Value::Int(wanted), why)));
                }
            }
            wanted
        };
        given.push(number);
        if let Some(port) = service.entry_at(&["spec", "ports"]).make_list().get_mut(i) {
            port.set(&["nodePort"], number);
        }
    }
    Ok(())
}

fn ports_of(service: &Object) -> Vec<i64> {
    service
        .list_at(&["spec", "ports"])
        .iter()
        .filter_map(|p| p.i64_at(&["nodePort"]))
        .filter(|p| *p != 0)
        .collect()
}

fn free_port(cluster: &mut Cluster, used: &[i64], given: &[i64]) -> i64 {
    loop {
        let offset = i64::try_from(cluster.entropy.next_u64() % 2768).unwrap_or(0);
        let port = NODE_PORTS.start() + offset;
        if !used.contains(&port) && !given.contains(&port) {
            return port;
        }
    }
}
