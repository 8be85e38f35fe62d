//! Names inside a pod: /etc/hosts and /etc/resolv.conf.
//!
//! Models pkg/kubelet/kubelet_pods.go (`managedHostsFileContent`) and network/dns/dns.go.

use std::fmt::Write as _;

use gatehouse_model::{Object, Value};

use super::plan::Site;

/// The cluster's own name server.
const SERVER: &str = "10.96.0.10";
const DOMAIN: &str = "cluster.local";

/// /etc/hosts of a pod.
pub(super) fn hosts(site: &Site<'_>, pod: &Object) -> String {
    if pod.bool_at(&["spec", "hostNetwork"]) == Some(true) {
        let own = site.node.read_file("/etc/hosts").unwrap_or_default();
        let mut text = "# Kubernetes-managed hosts file (host network).\n".to_owned();
        text.push_str(&String::from_utf8_lossy(&own));
        aliases(pod, &mut text);
        return text;
    }
    let (host, domain) = (super::plan::hostname(pod), pod.str_at(&["spec", "subdomain"]));
    let mut text =
        "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n\
        fe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n"
            .to_owned();
    if domain.is_empty() {
        let _ = writeln!(text, "{}\t{host}", site.ip);
    } else {
        let _ = writeln!(text, "{}\t{host}.{domain}.{}.svc.{DOMAIN}\t{host}", site.ip, pod.namespace());
    }
    aliases(pod, &mut text);
    text
}

fn aliases(pod: &Object, text: &mut String) {
    let aliases = pod.list_at(&["spec", "hostAliases"]);
    if aliases.is_empty() {
        return;
    }
    text.push_str("\n# Entries added by HostAliases.\n");
    for alias in aliases {
        let names: Vec<&str> = alias.list_at(&["hostnames"]).iter().filter_map(Value::as_str).collect();
        let _ = writeln!(text, "{}\t{}", alias.str_at(&["ip"]), names.join("\t"));
    }
}

/// /etc/resolv.conf of a pod.
pub(super) fn resolv_conf(site: &Site<'_>, pod: &Object) -> String {
    let host = pod.bool_at(&["spec", "hostNetwork"]) == Some(true);
    let (mut servers, mut searches, mut options): (Vec<String>, Vec<String>, Vec<String>) =
        (Vec::new(), Vec::new(), Vec::new());
    match pod.str_at(&["spec", "dnsPolicy"]) {
        "None" => {}
        "Default" => own(site, &mut servers, &mut searches, &mut options),
        "ClusterFirst" | "" if host => own(site, &mut servers, &mut searches, &mut options),
        _ => {
            servers.push(SERVER.to_owned());
            let namespace = pod.namespace();
            searches.extend([
                format!("{namespace}.svc.{DOMAIN}"),
                format!("svc.{DOMAIN}"),
                DOMAIN.to_owned(),
            ]);
            options.push("ndots:5".to_owned());
        }
    }
    let config = |field: &str| -> Vec<String> {
        let list = pod.list_at(&["spec", "dnsConfig", field]);
        list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    for (into, more) in [(&mut servers, config("nameservers")), (&mut searches, config("searches"))] {
        for m in more {
            if !into.contains(&m) {
                into.push(m);
            }
        }
    }
    for option in pod.list_at(&["spec", "dnsConfig", "options"]) {
        let (name, value) = (option.str_at(&["name"]), option.str_at(&["value"]));
        options.retain(|o| o.split(':').next() != Some(name));
        options.push(if value.is_empty() { name.to_owned() } else { format!("{name}:{value}") });
    }
    let mut text = String::new();
    if !searches.is_empty() {
        let _ = writeln!(text, "search {}", searches.join(" "));
    }
    for s in &servers {
        let _ = writeln!(text, "nameserver {s}");
    }
    if !options.is_empty() {
        let _ = writeln!(text, "options {}", options.join(" "));
    }
    text
}

/// The node's own, which lists the servers outside instead of its stub resolver.
fn own(site: &Site<'_>, servers: &mut Vec<String>, searches: &mut Vec<String>, options: &mut Vec<String>) {
    let file = site.node.read_file("/run/systemd/resolve/resolv.conf").unwrap_or_default();
    for line in String::from_utf8_lossy(&file).lines() {
        let mut words = line.split_whitespace().map(str::to_owned);
        match words.next().as_deref() {
            Some("nameserver") => servers.extend(words),
            Some("search") => searches.extend(words.filter(|w| w != ".")),
            Some("options") => options.extend(words),
            _ => {}
        }
    }
}
