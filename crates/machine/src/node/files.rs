//! What kubeadm and the packages leave on a node's disk.

use std::sync::Arc;

use super::Services;
use crate::machine::Machine;

const CONTAINERD: &str = "version = 2\n\n[plugins]\n  [plugins.\"io.containerd.grpc.v1.cri\"]\n    [plugins.\"io.containerd.grpc.v1.cri\".containerd]\n      default_runtime_name = \"runc\"\n      [plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes]\n        [plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc]\n          runtime_type = \"io.containerd.runc.v2\"\n          [plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc.options]\n            SystemdCgroup = true\n        [plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runsc]\n          runtime_type = \"io.containerd.runsc.v1\"\n        [plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.kata]\n          runtime_type = \"io.containerd.kata.v2\"\n";

const KUBELET: &str = "apiVersion: kubelet.config.k8s.io/v1beta1\nauthentication:\n  anonymous:\n    enabled: false\n  webhook:\n    cacheTTL: 0s\n    enabled: true\n  x509:\n    clientCAFile: /etc/kubernetes/pki/ca.crt\nauthorization:\n  mode: Webhook\n  webhook:\n    cacheAuthorizedTTL: 0s\n    cacheUnauthorizedTTL: 0s\ncgroupDriver: systemd\nclusterDNS:\n- 10.96.0.10\nclusterDomain: cluster.local\nkind: KubeletConfiguration\nrotateCertificates: true\nstaticPodPath: /etc/kubernetes/manifests\n";

const API_SERVER: &str = "apiVersion: v1
kind: Pod
metadata:
  annotations:
    kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint: 172.30.1.2:6443
  labels:
    component: kube-apiserver
    tier: control-plane
  name: kube-apiserver
  namespace: kube-system
spec:
  containers:
  - command:
    - kube-apiserver
    - --advertise-address=172.30.1.2
    - --allow-privileged=true
    - --authorization-mode=Node,RBAC
    - --client-ca-file=/etc/kubernetes/pki/ca.crt
    - --enable-admission-plugins=NodeRestriction
    - --enable-bootstrap-token-auth=true
    - --etcd-cafile=/etc/kubernetes/pki/etcd/ca.crt
    - --etcd-certfile=/etc/kubernetes/pki/apiserver-etcd-client.crt
    - --etcd-keyfile=/etc/kubernetes/pki/apiserver-etcd-client.key
    - --etcd-servers=https://127.0.0.1:2379
    - --kubelet-client-certificate=/etc/kubernetes/pki/apiserver-kubelet-client.crt
    - --kubelet-client-key=/etc/kubernetes/pki/apiserver-kubelet-client.key
    - --kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname
    - --proxy-client-cert-file=/etc/kubernetes/pki/front-proxy-client.crt
    - --proxy-client-key-file=/etc/kubernetes/pki/front-proxy-client.key
    - --requestheader-allowed-names=front-proxy-client
    - --requestheader-client-ca-file=/etc/kubernetes/pki/front-proxy-ca.crt
    - --requestheader-extra-headers-prefix=X-Remote-Extra-
    - --requestheader-group-headers=X-Remote-Group
    - --requestheader-username-headers=X-Remote-User
    - --secure-port=6443
    - --service-account-issuer=https://kubernetes.default.svc.cluster.local
    - --service-account-key-file=/etc/kubernetes/pki/sa.pub
    - --service-account-signing-key-file=/etc/kubernetes/pki/sa.key
    - --service-cluster-ip-range=10.96.0.0/12
    - --tls-cert-file=/etc/kubernetes/pki/apiserver.crt
    - --tls-private-key-file=/etc/kubernetes/pki/apiserver.key
    image: registry.k8s.io/kube-apiserver:v1.36.2
    imagePullPolicy: IfNotPresent
    name: kube-apiserver
    resources:
      requests:
        cpu: 250m
    volumeMounts:
    - mountPath: /etc/ssl/certs
      name: ca-certs
      readOnly: true
    - mountPath: /etc/kubernetes/pki
      name: k8s-certs
      readOnly: true
  hostNetwork: true
  priorityClassName: system-node-critical
  securityContext:
    seccompProfile:
      type: RuntimeDefault
  volumes:
  - hostPath:
      path: /etc/ssl/certs
      type: DirectoryOrCreate
    name: ca-certs
  - hostPath:
      path: /etc/kubernetes/pki
      type: DirectoryOrCreate
    name: k8s-certs
status: {}
";

/// A static pod of one container with a short command.
fn small(name: &str, flags: &[&str]) -> String {
    let command: String = flags.iter().map(|f| format!("    - --{f}\n")).collect();
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  labels:\n    component: {name}\n    tier: control-plane\n  name: {name}\n  namespace: kube-system\nspec:\n  containers:\n  - command:\n    - {name}\n{command}    image: registry.k8s.io/{name}:v1.36.2\n    imagePullPolicy: IfNotPresent\n    name: {name}\n  hostNetwork: true\n  priorityClassName: system-node-critical\n  securityContext:\n    seccompProfile:\n      type: RuntimeDefault\nstatus: {{}}\n"
    )
}

const CERTIFICATES: &[&str] = &[
    "ca.crt",
    "apiserver.crt",
    "apiserver-etcd-client.crt",
    "apiserver-kubelet-client.crt",
    "front-proxy-ca.crt",
    "front-proxy-client.crt",
    "etcd/ca.crt",
    "etcd/server.crt",
    "etcd/peer.crt",
];
const KEYS: &[&str] = &[
    "ca.key",
    "apiserver.key",
    "apiserver-etcd-client.key",
    "apiserver-kubelet-client.key",
    "front-proxy-ca.key",
    "front-proxy-client.key",
    "sa.key",
    "etcd/ca.key",
    "etcd/server.key",
    "etcd/peer.key",
];

/// Puts a node's files in place; a control plane has the manifests of its static pods besides.
pub fn furnish(machine: &mut Machine, control_plane: bool) {
    let root = (0, 0);
    machine.write_file("/etc/containerd/config.toml", CONTAINERD, 0o644, root);
    machine.write_file(
        "/etc/crictl.yaml",
        "runtime-endpoint: unix:///run/containerd/containerd.sock\n",
        0o644,
        root,
    );
    machine.write_file("/var/lib/kubelet/config.yaml", KUBELET, 0o600, root);
    machine.make_dir("/var/lib/kubelet/seccomp", 0o755, root);
    machine.make_dir("/var/lib/kubelet/seccomp/profiles", 0o755, root);
    machine.make_dir("/etc/kubernetes/manifests", 0o755, root);
    machine.make_dir("/var/log/pods", 0o755, root);
    machine.make_dir("/var/log/containers", 0o755, root);
    let certificate =
        "-----BEGIN CERTIFICATE-----\nMIIDBTCCAe2gAwIBAgIIYWp0ZWhvdXNlMA==\n-----END CERTIFICATE-----\n";
    machine.write_file("/etc/kubernetes/pki/ca.crt", certificate, 0o644, root);
    let kubelet = format!(
        "kubelet[1402]: {} 1402 server.go:212] \"Kubelet version\" kubeletVersion=\"v1.36.2\"",
        super::klog('I', machine.now.0)
    );
    let line = kubelet.split_once(": ").map_or(kubelet.clone(), |(_, l)| l.to_owned());
    let now = machine.now.0;
    let mut services = Services::default();
    services.log(now, "kubelet", line);
    if control_plane {
        for name in CERTIFICATES {
            machine.write_file(&format!("/etc/kubernetes/pki/{name}"), certificate, 0o644, root);
        }
        for name in KEYS {
            let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\n";
            machine.write_file(&format!("/etc/kubernetes/pki/{name}"), key, 0o600, root);
        }
        machine.write_file(
            "/etc/kubernetes/pki/sa.pub",
            "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkq\n-----END PUBLIC KEY-----\n",
            0o600,
            root,
        );
        machine.write_file(super::API_SERVER, API_SERVER, 0o600, root);
        let etcd = [
            "advertise-client-urls=https://172.30.1.2:2379",
            "cert-file=/etc/kubernetes/pki/etcd/server.crt",
            "client-cert-auth=true",
            "data-dir=/var/lib/etcd",
            "listen-client-urls=https://127.0.0.1:2379,https://172.30.1.2:2379",
            "trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt",
        ];
        let controllers = [
            "authentication-kubeconfig=/etc/kubernetes/controller-manager.conf",
            "bind-address=127.0.0.1",
            "cluster-cidr=10.244.0.0/16",
            "kubeconfig=/etc/kubernetes/controller-manager.conf",
            "use-service-account-credentials=true",
        ];
        let scheduler = [
            "authentication-kubeconfig=/etc/kubernetes/scheduler.conf",
            "bind-address=127.0.0.1",
            "kubeconfig=/etc/kubernetes/scheduler.conf",
            "leader-elect=true",
        ];
        for (name, flags) in
            [("etcd", &etcd[..]), ("kube-controller-manager", &controllers), ("kube-scheduler", &scheduler)]
        {
            machine.write_file(&format!("{}/{name}.yaml", super::MANIFESTS), small(name, flags), 0o600, root);
            services.start(name, "controlplane", true, 0, Vec::new(), now);
        }
        machine.make_dir("/var/lib/etcd", 0o700, root);
    }
    machine.services = Arc::new(services);
}
