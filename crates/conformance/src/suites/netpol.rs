//! Suite `netpol`: a cluster of namespaces, pods and policies, and queries with the verdict at both ends.

use gatehouse_core::network::{ContainerPort, End, Namespace, Network, Pod, Port, Protocol};
use gatehouse_model::{Object, Value};

use crate::record::Record;
use crate::suite::{StepResult, Suite, Support};

/// See the module.
pub(super) struct Netpol;

impl Suite for Netpol {
    fn name(&self) -> &'static str {
        "netpol"
    }

    fn steps(&self, record: &Record, _support: &Support) -> Result<Vec<StepResult>, String> {
        let cluster = record.body.get("cluster").ok_or("no \"cluster\"")?;
        let namespaces: Vec<Namespace> = cluster
            .list_at(&["namespaces"])
            .iter()
            .map(|n| Namespace {
                name: n.str_at(&["name"]).to_owned(),
                labels: n.map_at(&["labels"]).clone(),
            })
            .collect();
        let pods = cluster.list_at(&["pods"]).iter().map(pod).collect::<Result<Vec<_>, _>>()?;
        let policies: Vec<Object> = cluster.list_at(&["policies"]).iter().cloned().map(Object).collect();
        let network = Network::new(&namespaces, pods, &policies);
        record.body.list_at(&["queries"]).iter().map(|q| query(&network, q)).collect()
    }
}

fn pod(v: &Value) -> Result<Pod, String> {
    let ip = v.str_at(&["ip"]).parse().map_err(|_| format!("pod address \"{}\"", v.str_at(&["ip"])))?;
    let ports = v.list_at(&["ports"]).iter().map(|p| ContainerPort {
        name: p.str_at(&["name"]).to_owned(),
        number: p.i64_at(&["containerPort"]).and_then(|n| u16::try_from(n).ok()).unwrap_or(0),
        protocol: Protocol::parse(p.str_at(&["protocol"])).unwrap_or_default(),
    });
    Ok(Pod {
        namespace: v.str_at(&["namespace"]).to_owned(),
        name: v.str_at(&["name"]).to_owned(),
        labels: v.map_at(&["labels"]).clone(),
        ips: vec![ip],
        ports: ports.collect(),
        ..Pod::default()
    })
}

fn end(network: &Network, v: &Value) -> Result<End, String> {
    if let Some((namespace, name)) = v.str_at(&["pod"]).split_once('/') {
        return network
            .find(namespace, name)
            .map(End::Pod)
            .ok_or_else(|| format!("no pod \"{namespace}/{name}\""));
    }
    v.str_at(&["ip"]).parse().map(End::Ip).map_err(|_| format!("address \"{}\"", v.str_at(&["ip"])))
}

fn query(network: &Network, q: &Value) -> Result<StepResult, String> {
    let (from, to) = (
        end(network, q.get("from").unwrap_or(&Value::Null))?,
        end(network, q.get("to").unwrap_or(&Value::Null))?,
    );
    let number = q.i64_at(&["port"]).and_then(|n| u16::try_from(n).ok()).ok_or("no \"port\"")?;
    let port = Port { number, protocol: Protocol::parse(q.str_at(&["protocol"])).ok_or("no \"protocol\"")? };
    let flow = network.flow(from, to, port);
    let words =
        |ingress: bool, egress: bool, all: bool| format!("ingress {ingress}, egress {egress}, allowed {all}");
    let recorded = |key: &str| q.bool_at(&[key]).unwrap_or(false);
    let expected = words(recorded("ingress_allowed"), recorded("egress_allowed"), recorded("allowed"));
    let actual = words(flow.ingress.allowed, flow.egress.allowed, flow.allowed());
    if let (End::Pod(i), End::Pod(j)) = (from, to)
        && network.matrix(port).allows(i, j) != flow.allowed()
    {
        return Ok(StepResult::fail(&expected, "the matrix and the flow disagree"));
    }
    let about = format!("{} to {} on {}", show(q, "from"), show(q, "to"), number);
    Ok(StepResult::compare(&about, &expected, &actual))
}

fn show(q: &Value, end: &str) -> String {
    format!("{}{}", q.str_at(&[end, "pod"]), q.str_at(&[end, "ip"]))
}
