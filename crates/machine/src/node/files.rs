//! What kubeadm and the packages leave on a node's disk.

use gatehouse_core::Cluster;
use gatehouse_core::pki::{Algorithm, Authority, Key, der};
use gatehouse_core::world::Entropy;

use crate::machine::Machine;
use crate::programs::encode_base64;

/// The manifests of the control plane.
const PODS: [(&str, &str); 4] = [
    ("etcd", include_str!("disk/etcd.yaml")),
    ("kube-apiserver", include_str!("disk/kube-apiserver.yaml")),
    ("kube-controller-manager", include_str!("disk/kube-controller-manager.yaml")),
    ("kube-scheduler", include_str!("disk/kube-scheduler.yaml")),
];

const UNIT: &str = "[Unit]\nDescription=kubelet: The Kubernetes Node Agent\nDocumentation=https://kubernetes.io/docs/\nWants=network-online.target\nAfter=network-online.target\n\n[Service]\nExecStart=/usr/bin/kubelet\nRestart=always\nStartLimitInterval=0\nRestartSec=10\n\n[Install]\nWantedBy=multi-user.target\n";

const DROP_IN: &str = "# Note: This dropin only works with kubeadm and kubelet v1.11+\n[Service]\nEnvironment=\"KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf\"\nEnvironment=\"KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml\"\n# This is a file that \"kubeadm init\" and \"kubeadm join\" generates at runtime, populating the KUBELET_KUBEADM_ARGS variable dynamically\nEnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env\n# This is a file that the user can use for overrides of the kubelet args as a last resort. Preferably, the user should use\n# the .NodeRegistration.KubeletExtraArgs object in the configuration files instead. KUBELET_EXTRA_ARGS should be sourced from this file.\nEnvironmentFile=-/etc/default/kubelet\nExecStart=\nExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS\n";

const SERVER: &str = "https://172.30.1.2:6443";
const ROOT: (u32, u32) = (0, 0);

/// A kubeconfig as kubeadm writes it.
fn kubeconfig(ca: &str, user: &str, credential: &str) -> String {
    let ca = encode_base64(ca.as_bytes());
    format!(
        "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: {ca}\n    server: {SERVER}\n  name: kubernetes\ncontexts:\n- context:\n    cluster: kubernetes\n    user: {user}\n  name: {user}@kubernetes\ncurrent-context: {user}@kubernetes\nkind: Config\nusers:\n- name: {user}\n  user:\n{credential}"
    )
}

/// The kubeconfig of a user whom the authority gives a certificate: organization and name.
#[must_use]
pub fn user_config(ca: &mut Authority, organization: &str, user: &str) -> String {
    let subject: &[(&str, &str)] =
        if organization.is_empty() { &[("CN", user)] } else { &[("O", organization), ("CN", user)] };
    let (certificate, key) =
        ca.issue(subject, &["digital signature", "key encipherment", "client auth"], &[]);
    let data = |text: &str| encode_base64(text.as_bytes());
    let credential = format!(
        "    client-certificate-data: {}\n    client-key-data: {}\n",
        data(&certificate),
        data(&key.traditional_pem())
    );
    kubeconfig(&ca.pem(), user, &credential)
}

/// Puts a node's files in place; a control plane has the manifests of its static pods besides.
pub fn furnish(machine: &mut Machine, control_plane: bool, cluster: &Cluster) {
    let host = machine.space(crate::machine::HOST).map(|s| s.hostname.clone()).unwrap_or_default();
    let salt = host.bytes().fold(0_u64, |n, b| n.wrapping_mul(31) ^ u64::from(b));
    let mut ca = Authority::of(cluster);
    // Each node draws its own certificates.
    for _ in 0..salt % 7 {
        let _ = ca.issue(&[("CN", &host)], &[], &[]);
    }
    for (path, text, mode) in [
        ("/etc/containerd/config.toml", include_str!("disk/containerd.toml"), 0o644),
        ("/etc/ssh/sshd_config", super::sshd::STOCK, 0o644),
        ("/etc/crictl.yaml", "runtime-endpoint: unix:///run/containerd/containerd.sock\n", 0o644),
        (
            "/etc/default/ufw",
            "DEFAULT_INPUT_POLICY=\"DROP\"\nDEFAULT_OUTPUT_POLICY=\"ACCEPT\"\nDEFAULT_FORWARD_POLICY=\"DROP\"\n",
            0o644,
        ),
        ("/var/lib/dpkg/status", crate::programs::packages::status_text().as_str(), 0o644),
        (super::KUBELET_CONFIG, super::kubelet_config::STOCK, 0o644),
        ("/var/lib/kubelet/kubeadm-flags.env", "KUBELET_KUBEADM_ARGS=\"\"\n", 0o644),
        ("/usr/lib/systemd/system/kubelet.service", UNIT, 0o644),
        ("/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf", DROP_IN, 0o644),
    ] {
        machine.write_file(path, text, mode, ROOT);
    }
    for (path, text) in
        crate::programs::kmod::LOADED.iter().filter_map(|m| crate::programs::kmod::files(m)).flatten()
    {
        machine.write_file(&path, text, 0o444, ROOT);
    }
    for (dir, mode) in [
        ("/etc/modprobe.d", 0o755),
        ("/etc/sysctl.d", 0o755),
        ("/var/lib/kubelet/seccomp", 0o755),
        ("/var/lib/kubelet/seccomp/profiles", 0o755),
        ("/var/lib/kubelet/pki", 0o755),
        (super::MANIFESTS, 0o755),
        ("/var/log/pods", 0o755),
        ("/var/log/containers", 0o755),
    ] {
        machine.make_dir(dir, mode, ROOT);
    }
    machine.write_file("/etc/kubernetes/pki/ca.crt", ca.pem(), 0o644, ROOT);
    let node = format!("system:node:{host}");
    let client = ["digital signature", "key encipherment", "client auth"];
    let (certificate, key) = ca.issue(&[("O", "system:nodes"), ("CN", &node)], &client, &[]);
    machine.write_file(
        "/var/lib/kubelet/pki/kubelet-client-current.pem",
        certificate + &key.traditional_pem(),
        0o600,
        ROOT,
    );
    // A kubelet signs for itself.
    let mut own = Authority::new(&format!("{host}-ca@1795132800"), salt ^ 0x6b75_6265);
    let (certificate, key) = own.issue(&[("CN", &format!("{host}@1795132800"))], &["server auth"], &[&host]);
    machine.write_file("/var/lib/kubelet/pki/kubelet.crt", certificate + &own.pem(), 0o644, ROOT);
    machine.write_file("/var/lib/kubelet/pki/kubelet.key", key.traditional_pem(), 0o600, ROOT);
    let current = "    client-certificate: /var/lib/kubelet/pki/kubelet-client-current.pem\n    client-key: /var/lib/kubelet/pki/kubelet-client-current.pem\n";
    let text = kubeconfig(&ca.pem(), "default-auth", current);
    machine.write_file("/etc/kubernetes/kubelet.conf", text, 0o600, ROOT);
    if control_plane {
        control_plane_files(machine, &mut ca, cluster);
    }
}

/// Whether a component's manifest is as kubeadm wrote it.
pub(super) fn is_stock(program: &str, text: &[u8], cluster: &Cluster) -> bool {
    let version = cluster.version.git_version();
    PODS.iter().any(|(name, stock)| *name == program && stock.replace("VERSION", &version).as_bytes() == text)
}

fn control_plane_files(machine: &mut Machine, ca: &mut Authority, cluster: &Cluster) {
    let pki = |name: &str| format!("/etc/kubernetes/pki/{name}");
    let mut front = Authority::new("front-proxy-ca", ca.key.public.len() as u64 ^ 0x51);
    let mut etcd = Authority::new("etcd-ca", u64::from(ca.key.public.get(9).copied().unwrap_or(0)) ^ 0xe7cd);
    for (name, authority) in [("ca", &*ca), ("front-proxy-ca", &front), ("etcd/ca", &etcd)] {
        machine.write_file(&pki(&format!("{name}.crt")), authority.pem(), 0o644, ROOT);
        machine.write_file(&pki(&format!("{name}.key")), authority.key.traditional_pem(), 0o600, ROOT);
    }
    let client: &[&str] = &["digital signature", "key encipherment", "client auth"];
    let server: &[&str] = &["digital signature", "key encipherment", "server auth"];
    let both: &[&str] = &["digital signature", "key encipherment", "server auth", "client auth"];
    let api_names = [
        "controlplane",
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
        "IP:10.96.0.1",
        "IP:172.30.1.2",
    ];
    let etcd_names = ["controlplane", "localhost", "IP:172.30.1.2", "IP:127.0.0.1"];
    let mut write = |name: &str, (certificate, key): (String, Key)| {
        machine.write_file(&pki(&format!("{name}.crt")), certificate, 0o644, ROOT);
        machine.write_file(&pki(&format!("{name}.key")), key.traditional_pem(), 0o600, ROOT);
    };
    write("apiserver", ca.issue(&[("CN", "kube-apiserver")], server, &api_names));
    let subject = [("O", "kubeadm:cluster-admins"), ("CN", "kube-apiserver-kubelet-client")];
    write("apiserver-kubelet-client", ca.issue(&subject, client, &[]));
    write("front-proxy-client", front.issue(&[("CN", "front-proxy-client")], client, &[]));
    write("apiserver-etcd-client", etcd.issue(&[("CN", "kube-apiserver-etcd-client")], client, &[]));
    write("etcd/server", etcd.issue(&[("CN", "controlplane")], both, &etcd_names));
    write("etcd/peer", etcd.issue(&[("CN", "controlplane")], both, &etcd_names));
    write("etcd/healthcheck-client", etcd.issue(&[("CN", "kube-etcd-healthcheck-client")], client, &[]));
    let accounts = Key::new(Algorithm::Rsa(2048), &mut Entropy::new(u64::from_be_bytes(*b"accounts")));
    machine.write_file(&pki("sa.key"), accounts.traditional_pem(), 0o600, ROOT);
    machine.write_file(&pki("sa.pub"), der::pem("PUBLIC KEY", &accounts.public_der()), 0o600, ROOT);
    for (file, organization, user) in [
        ("admin.conf", "system:masters", "kubernetes-admin"),
        ("super-admin.conf", "system:masters", "kubernetes-super-admin"),
        ("controller-manager.conf", "", "system:kube-controller-manager"),
        ("scheduler.conf", "", "system:kube-scheduler"),
    ] {
        let text = user_config(ca, organization, user);
        machine.write_file(&format!("/etc/kubernetes/{file}"), text, 0o600, ROOT);
    }
    if let Some(admin) = machine.read_file("/etc/kubernetes/admin.conf") {
        machine.write_file("/root/.kube/config", admin.to_vec(), 0o600, ROOT);
    }
    let version = cluster.version.git_version();
    for (name, text) in PODS {
        let text = text.replace("VERSION", &version);
        machine.write_file(&format!("{}/{name}.yaml", super::MANIFESTS), text, 0o600, ROOT);
    }
    machine.make_dir("/var/lib/etcd", 0o700, ROOT);
    machine.make_dir("/var/lib/etcd/member", 0o700, ROOT);
}
