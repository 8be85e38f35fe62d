//! `istioctl`: what is in force for a pod, and why.
//!
//! `istioctl experimental describe pod` and `istioctl analyze`. Models istio `istioctl/pkg/describe/describe.go`,
//! `istioctl/pkg/analyze` and of the analyzers `injection` and `service/portname.go`; knows no gateways, no routing rules,
//! and not the reason behind a failure to reach a sidecar.

use gatehouse_core::network::istio;
use gatehouse_core::store::Store;
use gatehouse_machine::Output;
use gatehouse_model::{Object, Selector, Value};

const RULE: &str = "--------------------\n";

/// Runs a command line.
pub(super) fn run(store: &Store, argv: &[String]) -> Output {
    let mut namespace = "default".to_owned();
    let mut words = Vec::new();
    let mut rest = argv.iter().skip(1);
    while let Some(word) = rest.next() {
        match word.as_str() {
            "-n" | "--namespace" => namespace = rest.next().cloned().unwrap_or_default(),
            word if word.starts_with("-n=") || word.starts_with("--namespace=") => {
                namespace = word.split_once('=').map_or("", |(_, n)| n).to_owned();
            }
            word => words.push(word),
        }
    }
    match words.as_slice() {
        ["x" | "exp" | "experimental", "describe" | "des", "pod" | "po", name] => {
            let (name, of) = name.rsplit_once('.').unwrap_or((name, &namespace));
            match store.get("pods", of, name) {
                Some(pod) => describe(store, pod, &namespace),
                None => Output::failure(1, format!("Error: pods \"{name}\" not found\n")),
            }
        }
        ["x" | "exp" | "experimental", "describe" | "des", "pod" | "po"] => {
            Output::failure(1, "Error: expecting pod name\n")
        }
        ["analyze"] => analyze(store, &namespace, false),
        ["analyze", "-A" | "--all-namespaces"] => analyze(store, "", true),
        ["version"] => Output::success("client version: 1.28.0\ncontrol plane version: 1.28.0\n"),
        [] => Output::success(
            "Istio configuration command line utility for service operators to\ndebug and diagnose their Istio mesh.\n",
        ),
        [word, ..] => Output::failure(1, format!("Error: unknown command \"{word}\" for \"istioctl\"\n")),
    }
}

/// A name with its namespace where that is another than asked for.
fn named(object: &Object, namespace: &str) -> String {
    if object.namespace() == namespace {
        object.name().to_owned()
    } else {
        format!("{}.{}", object.name(), object.namespace())
    }
}

fn describe(store: &Store, pod: &Object, namespace: &str) -> Output {
    let mut text = format!("Pod: {}\n", named(pod, namespace));
    text.push_str(&format!("   Pod Revision: {}\n", pod.annotation("istio.io/rev").unwrap_or("")));
    let mut ports = Vec::new();
    for container in pod.list_at(&["spec", "containers"]) {
        for port in container.list_at(&["ports"]) {
            let protocol = match port.str_at(&["protocol"]) {
                "" | "TCP" => String::new(),
                other => format!("/{other}"),
            };
            let number = port.i64_at(&["containerPort"]).unwrap_or(0);
            ports.push(format!("{number}{protocol} ({})", container.str_at(&["name"])));
        }
    }
    text.push_str(&if ports.is_empty() {
        "   Pod does not expose ports\n".to_owned()
    } else {
        format!("   Pod Ports: {}\n", ports.join(", "))
    });
    let meshed = istio::has_sidecar(pod);
    if !meshed {
        text.push_str(&format!("WARNING: {} is not part of mesh; no Istio sidecar\n", named(pod, namespace)));
    }
    let services: Vec<&Object> = store
        .list("services", Some(pod.namespace()))
        .map(|s| &**s)
        .filter(|s| {
            let selector = s.map_at(&["spec", "selector"]);
            !selector.is_empty() && Selector::from_labels(selector).matches(pod.labels())
        })
        .collect();
    if services.is_empty() {
        text.push_str(&format!("Warning: No Kubernetes Services select pod {} (see https://istio.io/docs/setup/kubernetes/additional-setup/requirements/ )\n", named(pod, namespace)));
    }
    text.push_str(RULE);
    if !meshed {
        let why = "Error: failed to execute command on sidecar\n";
        return Output {
            stdout: text.into_bytes(),
            stderr: why.as_bytes().to_vec(),
            exit: 1,
            ..Output::default()
        };
    }
    for (i, service) in services.iter().enumerate() {
        if i > 0 {
            text.push_str(RULE);
        }
        text.push_str(&format!("Service: {}\n", named(service, namespace)));
        for port in service.list_at(&["spec", "ports"]).iter().filter(|p| is_tcp(p)) {
            text.push_str(&service_port(port, pod));
        }
        if let Some(rule) = istio::destination_rule(store, pod.namespace(), service) {
            text.push_str(&destination_rule(rule, pod, namespace));
        }
        let policies = rules(store, pod);
        if !policies.is_empty() {
            text.push_str(&format!("RBAC policies: {}\n", policies.join(", ")));
        }
    }
    text.push_str(RULE);
    text.push_str(&peers(store, pod));
    Output::success(text)
}

fn is_tcp(port: &Value) -> bool {
    matches!(port.str_at(&["protocol"]), "" | "TCP")
}

fn service_port(port: &Value, pod: &Object) -> String {
    let number = port.i64_at(&["port"]).unwrap_or(0);
    let name = port.str_at(&["name"]);
    let target = match port.get("targetPort") {
        Some(Value::Int(n)) if *n > 0 => *n,
        Some(Value::Str(wanted)) => {
            let all = pod.list_at(&["spec", "containers"]).iter().flat_map(|c| c.list_at(&["ports"]));
            let found = all.into_iter().find(|p| p.str_at(&["name"]) == &**wanted);
            found.and_then(|p| p.i64_at(&["containerPort"])).unwrap_or(0)
        }
        _ => number,
    };
    let protocol = protocol(name);
    format!("   Port: {name} {number}/{protocol} targets pod port {target}\n")
}

/// The protocol that the name of a port says.
fn protocol(name: &str) -> &'static str {
    match name.split('-').next().unwrap_or("") {
        "" => "auto-detect",
        "http" => "HTTP",
        "http2" => "HTTP2",
        "https" => "HTTPS",
        "grpc" => "GRPC",
        "tls" => "TLS",
        "tcp" => "TCP",
        "redis" => "Redis",
        "mysql" => "MySQL",
        "mongo" => "Mongo",
        _ => "UnsupportedTCP",
    }
}

fn destination_rule(rule: &Object, pod: &Object, namespace: &str) -> String {
    let mut text =
        format!("DestinationRule: {} for \"{}\"\n", named(rule, namespace), rule.str_at(&["spec", "host"]));
    let names = |matching: bool| -> Vec<&str> {
        let subsets = rule.list_at(&["spec", "subsets"]).iter();
        let fits =
            |s: &&Value| Selector::from_labels(s.map_at(&["labels"])).matches(pod.labels()) == matching;
        subsets.filter(fits).map(|s| s.str_at(&["name"])).collect()
    };
    let (matching, other) = (names(true), names(false));
    if !matching.is_empty() || !other.is_empty() {
        if matching.is_empty() {
            let all = other.join(",");
            text.push_str(&format!(
                "   WARNING POD DOES NOT MATCH ANY SUBSETS.  (Non matching subsets {all})\n"
            ));
        }
        text.push_str(&format!("   Matching subsets: {}\n", matching.join(",")));
        if !other.is_empty() {
            text.push_str(&format!("      (Non-matching subsets {})\n", other.join(",")));
        }
    }
    match rule.at(&["spec", "trafficPolicy"]) {
        None => text.push_str("   No Traffic Policy\n"),
        Some(policy) => {
            let mode = policy.str_at(&["tls", "mode"]);
            if policy.get("tls").is_some() {
                let mode = if mode.is_empty() { "DISABLE" } else { mode };
                text.push_str(&format!("   Traffic Policy TLS Mode: {mode}\n"));
            }
        }
    }
    text
}

/// What is not as it should be: namespaces without injection, pods without a sidecar, ports with names that say nothing.
fn analyze(store: &Store, namespace: &str, all: bool) -> Output {
    if !all && store.get("namespaces", "", namespace).is_none() {
        return Output {
            stderr: format!("namespace \"{namespace}\" not found\n").into_bytes(),
            ..Output::default()
        };
    }
    let system =
        |n: &str| matches!(n, "kube-system" | "kube-public" | "kube-node-lease" | "local-path-storage");
    let looked_at = |n: &str| (all || n == namespace) && !system(n) && n != istio::ROOT;
    let mut found: Vec<String> = Vec::new();
    for of in store.list("namespaces", None).filter(|n| looked_at(n.name())) {
        let name = of.name();
        let label = |key: &str| of.labels().get(key).and_then(Value::as_str);
        if label("istio-injection").is_none() && label("istio.io/rev").is_none() {
            found.push(format!("Info [IST0102] (Namespace {name}) The namespace is not enabled for Istio injection. Run 'kubectl label namespace {name} istio-injection=enabled' to enable it, or 'kubectl label namespace {name} istio-injection=disabled' to explicitly mark it as not needing injection."));
        }
        if label("istio-injection") == Some("enabled") || label("istio.io/rev") == Some("default") {
            let bare = |p: &&std::sync::Arc<Object>| {
                !istio::has_sidecar(p)
                    && p.bool_at(&["spec", "hostNetwork"]) != Some(true)
                    && p.label("sidecar.istio.io/inject") != Some("false")
                    && p.annotation("sidecar.istio.io/inject") != Some("false")
            };
            for pod in store.list("pods", Some(name)).filter(bare) {
                let id = format!("{name}/{}", pod.name());
                found.push(format!("Warning [IST0103] (Pod {id}) The pod {id} is missing the Istio proxy. This can often be resolved by restarting or redeploying the workload."));
            }
        }
        for service in store.list("services", Some(name)) {
            for port in service.list_at(&["spec", "ports"]).iter().filter(|p| is_tcp(p)) {
                let known = port.get("appProtocol").is_some_and(|p| !p.is_null());
                if known || !matches!(protocol(port.str_at(&["name"])), "auto-detect" | "UnsupportedTCP") {
                    continue;
                }
                let target = match port.get("targetPort") {
                    Some(Value::Int(n)) => n.to_string(),
                    Some(Value::Str(name)) => name.to_string(),
                    _ => port.i64_at(&["port"]).unwrap_or(0).to_string(),
                };
                found.push(format!("Info [IST0118] (Service {name}/{}) Port name {} (port: {}, targetPort: {target}) doesn't follow the naming convention of Istio port.", service.name(), port.str_at(&["name"]), port.i64_at(&["port"]).unwrap_or(0)));
            }
        }
    }
    // The worst first, then by code.
    let rank = |line: &String| {
        (u8::from(line.starts_with("Info")), line.get(line.find('[').unwrap_or(0)..).map(str::to_owned))
    };
    gatehouse_model::order::by(&mut found, |a, b| rank(a).cmp(&rank(b)));
    if found.is_empty() {
        let target = if all { "all namespaces".to_owned() } else { format!("namespace: {namespace}") };
        let said = format!("\u{2714} No validation issues found when analyzing {target}.\n");
        return Output { stdout: b"\n".to_vec(), stderr: said.into_bytes(), ..Output::default() };
    }
    Output::success(format!("{}\n", found.join("\n")))
}

/// The rules of the first filter a request meets: of policies that deny, else of those that allow.
fn rules(store: &Store, pod: &Object) -> Vec<String> {
    let of = |deny: bool| -> Vec<String> {
        let all = store.list("authorizationpolicies.security.istio.io", None);
        all.filter(|p| p.namespace() == pod.namespace() || p.namespace() == istio::ROOT)
            .filter(|p| istio::selects(p, pod) && (p.str_at(&["spec", "action"]) == "DENY") == deny)
            .flat_map(|p| {
                let name = format!("ns[{}]-policy[{}]", p.namespace(), p.name());
                (0..p.list_at(&["spec", "rules"]).len()).map(move |i| format!("{name}-rule[{i}]"))
            })
            .collect()
    };
    let deny = of(true);
    if deny.is_empty() { of(false) } else { deny }
}

/// What the sidecar demands of those who connect, and which objects say so.
fn peers(store: &Store, pod: &Object) -> String {
    let all = |namespace: &str| -> Vec<&Object> {
        let list = store.list("peerauthentications.security.istio.io", None);
        list.map(|p| &**p).filter(|p| p.namespace() == namespace && istio::selects(p, pod)).collect()
    };
    let mut matched = all(istio::ROOT);
    if pod.namespace() != istio::ROOT {
        matched.extend(all(pod.namespace()));
    }
    let (mode, _) = istio::peer_mode(store, pod, 0);
    let mut text = format!("Effective PeerAuthentication:\n   Workload mTLS mode: {}\n", mode.as_str());
    let mut by_port = Vec::new();
    for policy in &matched {
        for key in policy.map_at(&["spec", "portLevelMtls"]).keys() {
            if let Ok(port) = key.parse::<u16>() {
                by_port.push((port, istio::peer_mode(store, pod, port).0));
            }
        }
    }
    if !by_port.is_empty() {
        text.push_str("   Port Level mTLS mode:\n");
    }
    for (port, mode) in by_port {
        text.push_str(&format!("      {port}: {}\n", mode.as_str()));
    }
    if !matched.is_empty() {
        let names: Vec<String> = matched.iter().map(|p| format!("{}.{}", p.name(), p.namespace())).collect();
        text.push_str(&format!("Applied PeerAuthentication:\n   {}\n", names.join(", ")));
    }
    text
}
