//! `kubeadm`: tokens, certificates' expiry, upgrades; as far as a running cluster needs it.
//!
//! Models cmd/kubeadm/app/cmd.

use gatehouse_core::pki::Certificate;
use gatehouse_core::{Body, Credential, Entropy, Request, Target, Verb, request, server};
use gatehouse_model::json;

use super::{packages, sums};
use crate::node::MANIFESTS;
use crate::sys::Sys;

const CONFIG: &str = "[upgrade] Reading configuration from the \"kubeadm-config\" ConfigMap in namespace \"kube-system\"...\n[upgrade] Use 'kubeadm init phase upload-config kubeadm --config your-config-file' to re-upload it.\n";

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let words: Vec<&str> = argv.iter().skip(1).filter(|a| !a.starts_with('-')).map(String::as_str).collect();
    let has = |flag: &str| argv.iter().any(|a| a == flag || a.starts_with(&format!("{flag}=")));
    let version = installed(sys);
    match words.as_slice() {
        ["version", ..] => {
            let short = has("-o") || has("--output");
            let minor = version.split('.').nth(1).unwrap_or("36").to_owned();
            sys.print(&if short { format!("{version}\n") } else { format!("kubeadm version: &version.Info{{Major:\"1\", Minor:\"{minor}\", GitVersion:\"{version}\", GitTreeState:\"clean\", Compiler:\"gc\", Platform:\"linux/amd64\"}}\n") });
            0
        }
        _ if sys.getid("geteuid") != 0 && !matches!(words.first(), None | Some(&"help")) => {
            sys.complain("error: user is not running as root\nTo see the stack trace of this error execute with --v=5 or higher\n");
            1
        }
        ["token", "list"] => tokens(sys),
        ["token", "create", ..] => create_token(sys, has("--print-join-command")),
        ["token", "delete", id] => delete_token(sys, id),
        ["certs", "check-expiration"] => expiration(sys),
        ["upgrade", "plan", ..] => plan(sys, &version),
        ["upgrade", "apply", wanted, ..] => apply(sys, wanted, &version),
        ["upgrade", "node", ..] => node(sys),
        ["config", "images", "list"] => {
            for image in ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"] {
                sys.print(&format!("registry.k8s.io/{image}:{version}\n"));
            }
            sys.print("registry.k8s.io/coredns/coredns:v1.13.1\nregistry.k8s.io/pause:3.10.1\nregistry.k8s.io/etcd:3.6.6-0\n");
            0
        }
        [] => {
            sys.print("\n    \u{250c}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{2510}\n    \u{2502} KUBEADM  \u{2502}\n    \u{2514}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{2500}\u{2518}\n");
            0
        }
        [other, ..] => {
            sys.complain(&format!("invalid subcommand {other:?}\nTo see the stack trace of this error execute with --v=5 or higher\n"));
            1
        }
    }
}

/// kubeadm's own version, as its package says.
fn installed(sys: &mut Sys<'_>) -> String {
    let status = sys.slurp("/var/lib/dpkg/status").unwrap_or_default();
    let version = packages::version_of(&status, "kubeadm").unwrap_or_else(|| "1.36.2-1.1".to_owned());
    format!("v{}", version.split('-').next().unwrap_or("1.36.2"))
}

/// Asks the API server as the administrator.
fn ask(sys: &mut Sys<'_>, verb: Verb, name: &str, body: Body) -> Result<request::Reply, String> {
    let target = Target::Resource(request::ResourceTarget {
        version: "v1".to_owned(),
        resource: "secrets".to_owned(),
        namespace: "kube-system".to_owned(),
        name: name.to_owned(),
        ..request::ResourceTarget::default()
    });
    let admin = Credential::Certificate {
        common_name: "kubernetes-admin".into(),
        organizations: vec!["system:masters".into()],
    };
    let mut request = Request::new(admin, verb, target);
    request.body = body;
    request.agent = "kubeadm/v1.36.2 (linux/amd64) kubernetes/0000000".to_owned();
    let answer = sys.with_outside(|outside, _| outside.cluster().map(|c| server::handle(c, &request).result));
    match answer.flatten() {
        Some(Ok(reply)) => Ok(reply),
        Some(Err(status)) => Err(status.message),
        None => Err("Get \"https://172.30.1.2:6443/api/v1/namespaces/kube-system/secrets?timeout=10s\": dial tcp 172.30.1.2:6443: connect: connection refused".to_owned()),
    }
}

fn fails(sys: &mut Sys<'_>, why: &str) -> i32 {
    sys.complain(&format!(
        "error: {why}\nTo see the stack trace of this error execute with --v=5 or higher\n"
    ));
    1
}

fn create_token(sys: &mut Sys<'_>, join: bool) -> i32 {
    let mut chance = Entropy::new(sys.now().0.unsigned_abs() ^ u64::from(sys.me().pid) << 32);
    let mut letters = |n: usize| -> String {
        const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        (0..n)
            .filter_map(|_| ALPHABET.get(usize::try_from(chance.next_u64() % 36).ok()?))
            .map(|b| char::from(*b))
            .collect()
    };
    let (id, secret) = (letters(6), letters(16));
    let encode = |text: &str| super::encode_base64(text.as_bytes());
    let expires = sys.now().plus_millis(86_400_000).to_string();
    let object = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "bootstrap.kubernetes.io/token",
        "metadata": {"name": (format!("bootstrap-token-{id}")), "namespace": "kube-system"},
        "data": {
            "auth-extra-groups": (encode("system:bootstrappers:kubeadm:default-node-token")), "expiration": (encode(&expires)),
            "token-id": (encode(&id)), "token-secret": (encode(&secret)),
            "usage-bootstrap-authentication": (encode("true")), "usage-bootstrap-signing": (encode("true")),
        },
    });
    if let Err(why) = ask(sys, Verb::Create, "", Body::Object(object)) {
        return fails(sys, &format!("could not create token: {why}"));
    }
    if !join {
        sys.print(&format!("{id}.{secret}\n"));
        return 0;
    }
    let ca = sys.slurp("/etc/kubernetes/pki/ca.crt").unwrap_or_default();
    let hash = Certificate::from_pem(&ca).map(|c| sums::sha256(&c.key)).unwrap_or_default();
    sys.print(&format!(
        "kubeadm join 172.30.1.2:6443 --token {id}.{secret} --discovery-token-ca-cert-hash sha256:{hash} \n"
    ));
    0
}

fn tokens(sys: &mut Sys<'_>) -> i32 {
    let items = match ask(sys, Verb::List, "", Body::None) {
        Ok(request::Reply::List { items, .. }) => items,
        Ok(_) => Vec::new(),
        Err(why) => return fails(sys, &format!("failed to list bootstrap tokens: {why}")),
    };
    let mut rows =
        vec![["TOKEN", "TTL", "EXPIRES", "USAGES", "DESCRIPTION", "EXTRA GROUPS"].map(str::to_owned)];
    for secret in items.iter().filter(|s| s.str_at(&["type"]) == "bootstrap.kubernetes.io/token") {
        let field = |name: &str| {
            let bytes = super::decode_base64(secret.str_at(&["data", name]).as_bytes());
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let expires = field("expiration");
        let until = gatehouse_model::time::parse_rfc3339(&expires).map_or(0, |(s, _)| s);
        let hours = (until - sys.now().seconds()).max(0) / 3600;
        rows.push([
            format!("{}.{}", field("token-id"), field("token-secret")),
            format!("{hours}h"),
            expires,
            "authentication,signing".to_owned(),
            "<none>".to_owned(),
            field("auth-extra-groups"),
        ]);
    }
    if rows.len() == 1 {
        return 0;
    }
    let width = |i: usize| rows.iter().filter_map(|r| r.get(i)).map(|c| c.len() + 3).max().unwrap_or(0);
    let widths: Vec<usize> = (0..6).map(width).collect();
    for row in &rows {
        let line: String = row.iter().zip(&widths).map(|(c, w)| format!("{c:<w$}")).collect();
        sys.print(&format!("{}\n", line.trim_end()));
    }
    0
}

fn delete_token(sys: &mut Sys<'_>, id: &str) -> i32 {
    let id = id.split('.').next().unwrap_or(id);
    match ask(sys, Verb::Delete, &format!("bootstrap-token-{id}"), Body::None) {
        Ok(_) => {
            sys.print(&format!("bootstrap token {id:?} deleted\n"));
            0
        }
        Err(why) => fails(sys, &format!("failed to delete bootstrap token {id:?}: {why}")),
    }
}

fn expiration(sys: &mut Sys<'_>) -> i32 {
    sys.print("[check-expiration] Reading configuration from the \"kubeadm-config\" ConfigMap in namespace \"kube-system\"...\n[check-expiration] Use 'kubeadm init phase upload-config kubeadm --config your-config-file' to re-upload it.\n\n");
    let now = sys.now();
    let row = |sys: &mut Sys<'_>, name: &str, pem: &str, authority: &str| {
        let Some(c) = Certificate::from_pem(pem) else { return };
        let part = |i: usize| c.validity.1.get(i..i + 2).unwrap_or("00").to_owned();
        let text = format!("20{}-{}-{}T{}:{}:{}Z", part(0), part(2), part(4), part(6), part(8), part(10));
        let until = gatehouse_model::time::parse_rfc3339(&text).map_or(0, |(s, _)| s);
        let days = (until - now.seconds()) / 86_400;
        let left = if days > 365 { format!("{}y", days / 365) } else { format!("{days}d") };
        let shown = super::date::format("%b %d, %Y %H:%M UTC", until * 1000);
        let tail =
            if authority.is_empty() { "no      ".to_owned() } else { format!("{authority:<23} no      ") };
        let width = if authority.is_empty() { 23 } else { 26 };
        sys.print(&format!("{name:<width$} {shown}   {left:<15} {tail}\n"));
    };
    sys.print("CERTIFICATE                EXPIRES                  RESIDUAL TIME   CERTIFICATE AUTHORITY   EXTERNALLY MANAGED\n");
    for (name, path, authority) in [
        ("admin.conf", "/etc/kubernetes/admin.conf", "ca"),
        ("apiserver", "/etc/kubernetes/pki/apiserver.crt", "ca"),
        ("apiserver-etcd-client", "/etc/kubernetes/pki/apiserver-etcd-client.crt", "etcd-ca"),
        ("apiserver-kubelet-client", "/etc/kubernetes/pki/apiserver-kubelet-client.crt", "ca"),
        ("controller-manager.conf", "/etc/kubernetes/controller-manager.conf", "ca"),
        ("etcd-healthcheck-client", "/etc/kubernetes/pki/etcd/healthcheck-client.crt", "etcd-ca"),
        ("etcd-peer", "/etc/kubernetes/pki/etcd/peer.crt", "etcd-ca"),
        ("etcd-server", "/etc/kubernetes/pki/etcd/server.crt", "etcd-ca"),
        ("front-proxy-client", "/etc/kubernetes/pki/front-proxy-client.crt", "front-proxy-ca"),
        ("scheduler.conf", "/etc/kubernetes/scheduler.conf", "ca"),
        ("super-admin.conf", "/etc/kubernetes/super-admin.conf", "ca"),
    ] {
        let mut text = sys.slurp(path).unwrap_or_default();
        if let Some(data) = text.lines().find_map(|l| l.trim().strip_prefix("client-certificate-data: ")) {
            text = String::from_utf8_lossy(&super::decode_base64(data.as_bytes())).into_owned();
        }
        row(sys, name, &text, authority);
    }
    sys.print("\nCERTIFICATE AUTHORITY   EXPIRES                  RESIDUAL TIME   EXTERNALLY MANAGED\n");
    for (name, path) in
        [("ca", "ca.crt"), ("etcd-ca", "etcd/ca.crt"), ("front-proxy-ca", "front-proxy-ca.crt")]
    {
        let text = sys.slurp(&format!("/etc/kubernetes/pki/{path}")).unwrap_or_default();
        row(sys, name, &text, "");
    }
    0
}

/// The version the control plane runs, by its manifest.
fn running(sys: &mut Sys<'_>) -> Option<String> {
    let text = sys.slurp(&format!("{MANIFESTS}/kube-apiserver.yaml")).ok()?;
    text.lines().find_map(|l| Some(l.trim().strip_prefix("image: ")?.rsplit_once(':')?.1.to_owned()))
}

fn plan(sys: &mut Sys<'_>, version: &str) -> i32 {
    let Some(now) = running(sys) else {
        return fails(
            sys,
            "couldn't create a Kubernetes client from file \"/etc/kubernetes/admin.conf\": failed to load admin kubeconfig: open /etc/kubernetes/admin.conf: no such file or directory",
        );
    };
    let target = "v1.36.4";
    sys.print(&format!("[preflight] Running pre-flight checks.\n{CONFIG}[upgrade] Running cluster health checks\n[upgrade] Fetching available versions to upgrade to\n[upgrade/versions] Cluster version: {}\n[upgrade/versions] kubeadm version: {version}\n[upgrade/versions] Target version: {target}\n[upgrade/versions] Latest version in the v1.36 series: {target}\n\n", now.trim_start_matches('v')));
    if now == target {
        sys.print("Awesome, you're up-to-date! Enjoy!\n");
        return 0;
    }
    sys.print("Components that must be upgraded manually after you have upgraded the control plane with 'kubeadm upgrade apply':\nCOMPONENT   NODE           CURRENT   TARGET\n");
    for node in ["controlplane", "node01"] {
        sys.print(&format!("kubelet     {node:<14} {now:<9} {target}\n"));
    }
    sys.print("\nUpgrade to the latest version in the v1.36 series:\n\nCOMPONENT                 NODE           CURRENT   TARGET\n");
    for component in ["kube-apiserver", "kube-controller-manager", "kube-scheduler"] {
        sys.print(&format!("{component:<25} controlplane   {now:<9} {target}\n"));
    }
    sys.print(&format!("kube-proxy                               {:<9} {}\netcd                      controlplane   3.6.6-0   3.6.6-0\n\nYou can now apply the upgrade by executing the following command:\n\n\tkubeadm upgrade apply {target}\n\n", now.trim_start_matches('v'), target));
    if version != target {
        sys.print(&format!(
            "Note: Before you can perform this upgrade, you have to update kubeadm to {target}.\n\n"
        ));
    }
    sys.print("_____________________________________________________________________\n\n");
    0
}

fn apply(sys: &mut Sys<'_>, wanted: &str, version: &str) -> i32 {
    let wanted = if wanted.starts_with('v') { wanted.to_owned() } else { format!("v{wanted}") };
    let Some(now) = running(sys) else { return fails(sys, "couldn't create a Kubernetes client") };
    sys.print(&format!("{CONFIG}[upgrade/preflight] Running preflight checks\n[upgrade] Running cluster health checks\n[upgrade/preflight] You have chosen to upgrade the cluster version to {wanted:?}\n[upgrade/versions] Cluster version: {now}\n[upgrade/versions] kubeadm version: {version}\n"));
    let number = |v: &str| {
        v.trim_start_matches('v').split('.').filter_map(|p| p.parse::<u32>().ok()).collect::<Vec<_>>()
    };
    if number(&wanted) > number(version) {
        sys.complain(&format!("[upgrade/version] FATAL: the --version argument is invalid due to these errors:\n\n\t- Specified version to upgrade to {wanted:?} is higher than the kubeadm version {version:?}. Upgrade kubeadm first using the tool you used to install kubeadm\n\nCan be bypassed if you pass the --force flag\nTo see the stack trace of this error execute with --v=5 or higher\n"));
        return 1;
    }
    sys.print("[upgrade/preflight] Pulling images required for setting up a Kubernetes cluster\n[upgrade/preflight] This might take a minute or two, depending on the speed of your internet connection\n[upgrade/preflight] You can also perform this action beforehand using 'kubeadm config images pull'\n");
    sys.print(&format!("[upgrade/control-plane] Upgrading your static Pod-hosted control plane to version {wanted:?} (timeout: 5m0s)...\n[upgrade/staticpods] Preparing for \"etcd\" upgrade\n[upgrade/staticpods] Current and new manifests of etcd are equal, skipping upgrade\n"));
    for component in ["kube-apiserver", "kube-controller-manager", "kube-scheduler"] {
        let path = format!("{MANIFESTS}/{component}.yaml");
        let text = sys.slurp(&path).unwrap_or_default();
        let _ = sys.spill(
            &path,
            text.replace(&format!("{component}:{now}"), &format!("{component}:{wanted}")).as_bytes(),
        );
        sys.print(&format!("[upgrade/staticpods] Preparing for {component:?} upgrade\n[upgrade/staticpods] Moving new manifest to \"{path}\" and backing up old manifest to \"/etc/kubernetes/tmp/kubeadm-backup-manifests/{component}.yaml\"\n[upgrade/staticpods] Waiting for the kubelet to restart the component\n[upgrade/staticpods] This can take up to 5m0s\n[apiclient] Found 1 Pods for label selector component={component}\n[upgrade/staticpods] Component {component:?} upgraded successfully!\n"));
    }
    sys.print(&format!("[upgrade/control-plane] The control plane instance for this node was successfully upgraded!\n[upload-config] Storing the configuration used in ConfigMap \"kubeadm-config\" in the \"kube-system\" Namespace\n[upgrade/kubelet-config] The kubelet configuration for this node was successfully upgraded!\n[addons] Applied essential addon: CoreDNS\n[addons] Applied essential addon: kube-proxy\n\n[upgrade] SUCCESS! A control plane node of your cluster was upgraded to {wanted:?}.\n\n[upgrade] Now please proceed with upgrading the rest of the nodes by following the right order.\n"));
    0
}

fn node(sys: &mut Sys<'_>) -> i32 {
    let plane = running(sys).is_some();
    sys.print(CONFIG);
    sys.print("[upgrade/preflight] Running pre-flight checks\n");
    if plane {
        sys.print(
            "[upgrade/control-plane] The control plane instance for this node was successfully upgraded!\n",
        );
    } else {
        sys.print("[upgrade/preflight] Skipping prepull. Not a control plane node.\n[upgrade/control-plane] Skipping phase. Not a control plane node.\n[upgrade/kubeconfig] Skipping phase. Not a control plane node.\n");
    }
    sys.print(
        "[upgrade/kubelet-config] The kubelet configuration for this node was successfully upgraded!\n",
    );
    if !plane {
        sys.print("[upgrade/addon] Skipping the addon/coredns phase. Not a control plane node.\n[upgrade/addon] Skipping the addon/kube-proxy phase. Not a control plane node.\n");
    }
    0
}
