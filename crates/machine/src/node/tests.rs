use gatehouse_core::Cluster;
use gatehouse_core::config::AuthorizationMode;
use gatehouse_model::KubeVersion;

use super::*;
use crate::kubelet;
use crate::machine::Machine;

fn bench() -> (Machine, Cluster) {
    let mut cluster = Cluster::empty(KubeVersion::V1_36, 1);
    let mut machine = kubelet::Node::new("controlplane", "10.244.0", &cluster).machine;
    sync_static_pods(&mut machine, &mut cluster);
    (machine, cluster)
}

fn edit(machine: &mut Machine, from: &str, to: &str) {
    let text = String::from_utf8(machine.read_file(API_SERVER).unwrap().to_vec()).unwrap();
    assert!(text.contains(from), "{from}");
    machine.write_file(API_SERVER, text.replacen(from, to, 1), 0o600, (0, 0));
}

#[test]
fn a_fresh_manifest_is_the_cluster_as_it_is() {
    let (_, cluster) = bench();
    assert!(cluster.config.up);
    assert_eq!(cluster.config.authorization_modes, [AuthorizationMode::Node, AuthorizationMode::Rbac]);
}

#[test]
fn flags_reach_the_server_and_bad_ones_keep_it_down() {
    for (from, to, last_words) in [
        ("--authorization-mode=Node,RBAC", "--authorization-mode=Node", None),
        ("    - --secure-port=6443\n", "    - --secure-port=6443\n    - --anonymous-auth=false\n", None),
        (
            "--authorization-mode=Node,RBAC",
            "--authorization-mode=Node,RBCA",
            Some("authorization-mode \\\"RBCA\\\" is not a valid mode"),
        ),
        ("--secure-port=6443", "--secure-prot=6443", Some("Error: unknown flag: --secure-prot")),
        (
            "=NodeRestriction",
            "=NodeRestriction,Nope",
            Some("enable-admission-plugins plugin \\\"Nope\\\" is unknown"),
        ),
        (
            "    - --secure-port=6443\n",
            "    - --secure-port=6443\n    - --anonymous-auth=maybe\n",
            Some("strconv.ParseBool: parsing \"maybe\": invalid syntax"),
        ),
        (
            "    - --secure-port=6443\n",
            "    - --secure-port=6443\n    - --audit-policy-file=/etc/audit.yaml\n",
            Some("loading audit policy file"),
        ),
    ] {
        let (mut machine, mut cluster) = bench();
        edit(&mut machine, from, to);
        assert!(sync_static_pods(&mut machine, &mut cluster), "{to}");
        assert_eq!(cluster.config.up, last_words.is_none(), "{to}");
        let last = machine.services.containers.last().unwrap();
        assert_eq!(last.running, last_words.is_none());
        if let Some(words) = last_words {
            assert!(last.log.iter().any(|(_, l)| l.contains(words)), "{:?}", last.log);
            edit(&mut machine, to, from);
            assert!(sync_static_pods(&mut machine, &mut cluster));
            assert!(cluster.config.up, "mended");
        }
    }
}

#[test]
fn broken_yaml_and_a_missing_file_take_the_server_away() {
    let (mut machine, mut cluster) = bench();
    edit(&mut machine, "  containers:\n", "  containers:\n bad\n");
    assert!(sync_static_pods(&mut machine, &mut cluster));
    assert!(!cluster.config.up);
    assert!(
        machine
            .services
            .journal
            .iter()
            .any(|(_, u, l)| u.starts_with("kubelet[") && l.contains("couldn't parse as pod"))
    );
    assert!(machine.services.containers.iter().all(|c| c.name != "kube-apiserver" || !c.running));
}
