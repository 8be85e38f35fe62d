//! The environment variables that tell a container of services: `WEB_SERVICE_HOST` and its kin.
//!
//! The real ones come in no order; here by service. Models pkg/kubelet `envvars/envvars.go` and `kubelet_pods.go`
//! (`getServiceEnvVarMap`).

use gatehouse_core::store::Store;
use gatehouse_model::Object;

/// The variables of a pod: the API server's service, and those of its own namespace unless it wants none.
pub(super) fn of(store: &Store, pod: &Object) -> Vec<(String, String)> {
    let mut env = Vec::new();
    if let Some(master) = store.get("services", "default", "kubernetes") {
        add(master, &mut env);
    }
    if pod.bool_at(&["spec", "enableServiceLinks"]) != Some(false) {
        let is_master = |s: &Object| s.namespace() == "default" && s.name() == "kubernetes";
        for service in store.list("services", Some(pod.namespace())).filter(|s| !is_master(s)) {
            add(service, &mut env);
        }
    }
    env
}

fn name(text: &str) -> String {
    text.to_uppercase().replace('-', "_")
}

fn add(service: &Object, env: &mut Vec<(String, String)>) {
    let ip = service.str_at(&["spec", "clusterIP"]);
    let ports = service.list_at(&["spec", "ports"]);
    if matches!(ip, "" | "None") || ports.is_empty() {
        return;
    }
    let prefix = name(service.name());
    let number = |p: &gatehouse_model::Value| p.i64_at(&["port"]).unwrap_or(0);
    env.push((format!("{prefix}_SERVICE_HOST"), ip.to_owned()));
    env.extend(ports.first().map(|p| (format!("{prefix}_SERVICE_PORT"), number(p).to_string())));
    for port in ports.iter().filter(|p| !p.str_at(&["name"]).is_empty()) {
        env.push((
            format!("{prefix}_SERVICE_PORT_{}", name(port.str_at(&["name"]))),
            number(port).to_string(),
        ));
    }
    for (i, port) in ports.iter().enumerate() {
        let protocol = match port.str_at(&["protocol"]) {
            "" => "TCP",
            protocol => protocol,
        };
        let (number, small) = (number(port), protocol.to_lowercase());
        let url = format!("{small}://{ip}:{number}");
        if i == 0 {
            env.push((format!("{prefix}_PORT"), url.clone()));
        }
        let own = format!("{prefix}_PORT_{number}_{protocol}");
        env.push((own.clone(), url));
        env.push((format!("{own}_PROTO"), small));
        env.push((format!("{own}_PORT"), number.to_string()));
        env.push((format!("{own}_ADDR"), ip.to_owned()));
    }
}
