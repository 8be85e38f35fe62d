//! Nodes, with the pods on them and what these ask for.

use std::collections::BTreeMap;

use gatehouse_model::{Object, Quantity, Value};

use super::writer::Writer;
use super::{Description, date, joined, or_none, quantity};
use crate::error::Error;
use crate::tables::{role_names, since};

/// Amounts by resource.
type Amounts = BTreeMap<String, Quantity>;

pub(super) fn describe(d: &mut Description<'_, '_, '_>, node: &Object) -> Result<(), Error> {
    let fields = format!("spec.nodeName={},status.phase!=Failed,status.phase!=Succeeded", node.name());
    let pods = match d.list(("", "v1", "pods"), "", "", &fields) {
        Ok(pods) => Some(pods),
        Err(e) if e.reason() == Some(gatehouse_core::Reason::Forbidden) => None,
        Err(e) => return Err(e),
    };
    let lease = d.get(("coordination.k8s.io", "v1", "leases"), "kube-node-lease", node.name());
    d.w.field(0, "Name", node.name());
    d.w.field(0, "Roles", or_none(&role_names(node).join(",")));
    d.labels_and_annotations(node);
    let now = d.now();
    let w = &mut d.w;
    w.field(0, "CreationTimestamp", date(node, &["metadata", "creationTimestamp"]));
    taints(w, node);
    w.field(0, "Unschedulable", (node.bool_at(&["spec", "unschedulable"]) == Some(true)).to_string());
    match lease {
        Ok(lease) => {
            w.line(0, "Lease:");
            let holder = lease.str_at(&["spec", "holderIdentity"]);
            w.field(1, "HolderIdentity", if holder.is_empty() { "<unset>" } else { holder });
            for (title, member) in [("AcquireTime", "acquireTime"), ("RenewTime", "renewTime")] {
                let set = !lease.str_at(&["spec", member]).is_empty();
                let shown = if set { date(&lease, &["spec", member]) } else { "<unset>".to_owned() };
                w.field(1, title, shown);
            }
        }
        Err(e) => w.field(0, "Lease", format!("Failed to get lease: {}", e.text())),
    }
    status(w, node);
    match pods {
        Some(pods) => {
            let rows = |p: &Object| since(p.str_at(&["metadata", "creationTimestamp"]), now);
            resources(w, node, &pods, rows);
        }
        None => w.field(0, "Pods", "not authorized"),
    }
    if d.show_events {
        let mut events = d.find_events(node, "Node", node.uid()).unwrap_or_default();
        // The kubelet's events carry the node's name where a UID belongs.
        events.extend(d.find_events(node, "Node", node.name()).unwrap_or_default());
        d.write_events(events);
    }
    Ok(())
}

fn taints(w: &mut Writer, node: &Object) {
    let mut taints: Vec<&Value> = node.list_at(&["spec", "taints"]).iter().collect();
    if taints.is_empty() {
        w.field(0, "Taints", "<none>");
    }
    gatehouse_model::order::by_key(&mut taints, |t| {
        format!("{},{}", t.str_at(&["effect"]), t.str_at(&["key"]))
    });
    for (i, t) in taints.into_iter().enumerate() {
        let (key, value, effect) = (t.str_at(&["key"]), t.str_at(&["value"]), t.str_at(&["effect"]));
        let text = match (value, effect) {
            ("", "") => key.to_owned(),
            ("", effect) => format!("{key}:{effect}"),
            (value, "") => format!("{key}={value}:"),
            (value, effect) => format!("{key}={value}:{effect}"),
        };
        if i == 0 { w.field(0, "Taints", text) } else { w.line(0, format!("\t{text}")) }
    }
}

fn status(w: &mut Writer, node: &Object) {
    let conditions = node.list_at(&["status", "conditions"]);
    if !conditions.is_empty() {
        w.line(0, "Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage");
        w.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
    }
    for c in conditions {
        let cells = [
            c.str_at(&["type"]),
            c.str_at(&["status"]),
            &date(c, &["lastHeartbeatTime"]),
            &date(c, &["lastTransitionTime"]),
            c.str_at(&["reason"]),
            c.str_at(&["message"]),
        ];
        w.line(1, cells.join(" \t"));
    }
    w.line(0, "Addresses:");
    for a in node.list_at(&["status", "addresses"]) {
        w.field(1, a.str_at(&["type"]), a.str_at(&["address"]));
    }
    for (title, member) in [("Capacity", "capacity"), ("Allocatable", "allocatable")] {
        let list = node.map_at(&["status", member]);
        if !list.is_empty() {
            w.line(0, format!("{title}:"));
        }
        for (name, value) in list.iter() {
            w.field(1, name, quantity(Some(value)));
        }
    }
    w.line(0, "System Info:");
    for (title, member) in [
        ("Machine ID", "machineID"),
        ("System UUID", "systemUUID"),
        ("Boot ID", "bootID"),
        ("Kernel Version", "kernelVersion"),
        ("OS Image", "osImage"),
        ("Operating System", "operatingSystem"),
        ("Architecture", "architecture"),
        ("Container Runtime Version", "containerRuntimeVersion"),
        ("Kubelet Version", "kubeletVersion"),
        ("Kube-Proxy Version", "kubeProxyVersion"),
    ] {
        if member == "kubeProxyVersion" && !w.old {
            continue;
        }
        w.field(1, title, node.str_at(&["status", "nodeInfo", member]));
    }
    if !node.str_at(&["spec", "podCIDR"]).is_empty() {
        w.field(0, "PodCIDR", node.str_at(&["spec", "podCIDR"]));
    }
    if !node.list_at(&["spec", "podCIDRs"]).is_empty() {
        w.field(0, "PodCIDRs", joined(node, &["spec", "podCIDRs"], ","));
    }
    if !node.str_at(&["spec", "providerID"]).is_empty() {
        w.field(0, "ProviderID", node.str_at(&["spec", "providerID"]));
    }
}

fn resources(w: &mut Writer, node: &Object, pods: &[Object], age: impl Fn(&Object) -> String) {
    w.field(0, "Non-terminated Pods", format!("({} in total)", pods.len()));
    w.line(1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge");
    w.line(1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---");
    let allocatable = match node.map_at(&["status", "allocatable"]) {
        list if list.is_empty() => node.map_at(&["status", "capacity"]),
        list => list,
    };
    let total = |name: &str| Quantity::parse(&quantity(allocatable.get(name))).ok();
    let cell = |amounts: &Amounts, name: &str| {
        let zero = Quantity::from_units(0);
        let amount = amounts.get(name).unwrap_or(&zero);
        let percent = total(name).map_or(0, |t| percent(amount, &t, name));
        format!("{amount} ({percent}%)")
    };
    let (mut requests, mut limits) = (Amounts::new(), Amounts::new());
    for pod in pods {
        let (asked, limited) = (of_pod(pod, "requests"), of_pod(pod, "limits"));
        w.line(
            1,
            format!(
                "{}\t{}\t\t{}\t{}\t{}\t{}\t{}",
                pod.namespace(),
                pod.name(),
                cell(&asked, "cpu"),
                cell(&limited, "cpu"),
                cell(&asked, "memory"),
                cell(&limited, "memory"),
                age(pod)
            ),
        );
        add(&mut requests, &asked);
        add(&mut limits, &limited);
    }
    w.line(0, "Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)");
    w.line(1, "Resource\tRequests\tLimits");
    w.line(1, "--------\t--------\t------");
    let huge = allocatable.keys().filter(|n| n.starts_with("hugepages-"));
    for name in ["cpu", "memory", "ephemeral-storage"].into_iter().chain(huge) {
        w.line(1, format!("{name}\t{}\t{}", cell(&requests, name), cell(&limits, name)));
    }
    let standard = ["cpu", "memory", "ephemeral-storage", "storage", "pods"];
    for name in allocatable.keys().filter(|n| !standard.contains(n) && !n.starts_with("hugepages-")) {
        let amount = |a: &Amounts| a.get(name).map_or("0".to_owned(), ToString::to_string);
        w.line(1, format!("{name}\t{}\t{}", amount(&requests), amount(&limits)));
    }
}

/// Whole per cent, rounded down; of CPUs by thousandths.
fn percent(amount: &Quantity, total: &Quantity, name: &str) -> i64 {
    let (a, t) =
        if name == "cpu" { (amount.milli(), total.milli()) } else { (amount.units(), total.units()) };
    if t == 0 {
        return 0;
    }
    i64::try_from(i128::from(a) * 100 / i128::from(t)).unwrap_or(i64::MAX)
}

fn add(sum: &mut Amounts, more: &Amounts) {
    for (name, amount) in more {
        let total = sum.get(name).map_or_else(|| amount.clone(), |had| had.add(amount));
        sum.insert(name.clone(), total);
    }
}

fn amounts(container: &Value, member: &str) -> Amounts {
    let list = container.map_at(&["resources", member]);
    list.iter().filter_map(|(n, v)| Some((n.to_owned(), Quantity::parse(&quantity(Some(v))).ok()?))).collect()
}

/// What a pod asks for: the sum of its containers and sidecars, or of its greediest init container, and the overhead.
fn of_pod(pod: &Value, member: &str) -> Amounts {
    let mut sum = Amounts::new();
    for c in pod.list_at(&["spec", "containers"]) {
        add(&mut sum, &amounts(c, member));
    }
    let (mut sidecars, mut greediest) = (Amounts::new(), Amounts::new());
    for c in pod.list_at(&["spec", "initContainers"]) {
        let mut own = amounts(c, member);
        if c.str_at(&["restartPolicy"]) == "Always" {
            add(&mut sum, &own);
            add(&mut sidecars, &own);
            own = sidecars.clone();
        } else {
            add(&mut own, &sidecars);
        }
        raise(&mut greediest, own);
    }
    raise(&mut sum, greediest);
    let overhead = amounts(
        &gatehouse_model::json!({"resources": {member: (pod.at(&["spec", "overhead"]).cloned())}}),
        member,
    );
    if member == "requests" || !sum.is_empty() {
        for (name, amount) in overhead {
            if member == "requests" || sum.contains_key(&name) {
                let total = sum.get(&name).map_or_else(|| amount.clone(), |had| had.add(&amount));
                sum.insert(name, total);
            }
        }
    }
    sum
}

fn raise(to: &mut Amounts, at_least: Amounts) {
    for (name, amount) in at_least {
        if to.get(&name).is_none_or(|had| *had < amount) {
            to.insert(name, amount);
        }
    }
}
