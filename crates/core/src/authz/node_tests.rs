use gatehouse_model::{KubeVersion, json};

use super::*;
use crate::request::Verb;

fn ask(version: KubeVersion, verb: &str, resource: &str, namespace: &str, name: &str) -> (bool, String) {
    select(version, verb, (resource, namespace, name), "")
}

fn select(
    version: KubeVersion,
    verb: &str,
    (resource, namespace, name): (&str, &str, &str),
    field_selector: &str,
) -> (bool, String) {
    let mut cluster = Cluster::empty(version, 1);
    cluster.seed(&json!({"/api/v1/pods": [
        {"metadata": {"name": "web", "namespace": "ci"}, "spec": {"nodeName": "node01", "serviceAccountName": "builder",
         "volumes": [{"secret": {"secretName": "tls"}}, {"persistentVolumeClaim": {"claimName": "data"}},
                     {"csi": {"driver": "d", "nodePublishSecretRef": {"name": "csi"}}}],
         "containers": [{"envFrom": [{"configMapRef": {"name": "settings"}}]}]}},
        {"metadata": {"name": "db", "namespace": "ci"}, "spec": {"nodeName": "node02",
         "volumes": [{"secret": {"secretName": "root"}}]}},
        {"metadata": {"name": "mirror", "namespace": "ci", "annotations": {"kubernetes.io/config.mirror": "x"}},
         "spec": {"nodeName": "node01", "volumes": [{"secret": {"secretName": "kept"}}]}}],
        "/api/v1/persistentvolumeclaims": [{"metadata": {"name": "data", "namespace": "ci"}, "spec": {"volumeName": "pv1"}}],
        "/api/v1/persistentvolumes": [{"metadata": {"name": "pv1"}, "spec": {"csi": {"driver": "d", "nodeStageSecretRef": {"name": "stage", "namespace": "store"}}}}],
        "/apis/resource.k8s.io/v1/resourceslices": [{"metadata": {"name": "own"}, "spec": {"nodeName": "node01"}}, {"metadata": {"name": "other"}, "spec": {"nodeName": "node02"}}]}));
    let user = User {
        name: "system:node:node01".to_owned(),
        groups: vec!["system:nodes".to_owned()],
        ..User::default()
    };
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let group = if resource == "resourceslices" { "resource.k8s.io" } else { "" };
    let target = Target::Resource(ResourceTarget {
        group: group.to_owned(),
        resource: resource.to_owned(),
        subresource: subresource.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        ..ResourceTarget::default()
    });
    let decision = decide(
        &cluster,
        &Attributes { user: &user, verb: &Verb::parse(verb), target: &target, field_selector },
    );
    (decision.allowed(), decision.reason)
}

#[test]
fn a_kubelet_reads_what_its_own_pods_use() {
    let v = KubeVersion::V1_36;
    assert!(ask(v, "get", "secrets", "ci", "tls").0);
    assert!(ask(v, "get", "configmaps", "ci", "settings").0);
    assert!(ask(v, "create", "serviceaccounts/token", "ci", "builder").0);
    let strange = "no relationship found between node 'node01' and this object";
    assert_eq!(ask(v, "get", "secrets", "ci", "root"), (false, strange.to_owned()));
    assert_eq!(ask(v, "list", "secrets", "ci", ""), (false, "No Object name found".to_owned()));
    assert_eq!(ask(v, "delete", "secrets", "ci", "tls").1, "can only read resources of this type");
    assert_eq!(ask(v, "list", "secrets", "", "").1, "can only read namespaced object of this type");
}

#[test]
fn since_1_32_a_kubelet_sees_only_its_own_node() {
    assert!(ask(KubeVersion::V1_36, "get", "nodes", "", "node01").0);
    assert_eq!(
        ask(KubeVersion::V1_36, "get", "nodes", "", "node02"),
        (false, "node 'node01' cannot read 'node02', only its own Node object".to_owned())
    );
    assert!(ask(KubeVersion::V1_20, "get", "nodes", "", "node02").0);
    assert!(ask(KubeVersion::V1_36, "list", "services", "", "").0);
    assert!(!ask(KubeVersion::V1_36, "delete", "services", "ci", "x").0);
}

#[test]
fn a_kubelet_lists_the_pods_of_its_own_node() {
    let list = |selector| select(KubeVersion::V1_36, "list", ("pods", "", ""), selector);
    assert!(list("spec.nodeName=node01").0);
    let wrong = "can only list/watch pods with spec.nodeName field selector";
    assert_eq!(list("spec.nodeName=node02"), (false, wrong.to_owned()));
    assert_eq!(list(""), (false, wrong.to_owned()));
}

#[test]
fn the_graph_goes_through_claims_and_volumes() {
    let v = KubeVersion::V1_36;
    for (resource, namespace, name) in [
        ("secrets", "ci", "csi"),
        ("persistentvolumeclaims", "ci", "data"),
        ("persistentvolumes", "", "pv1"),
        ("secrets", "store", "stage"),
        ("resourceslices", "", "own"),
    ] {
        assert!(ask(v, "get", resource, namespace, name).0, "{resource} {name}");
    }
    // A mirror pod refers to nothing, and a volume's secret is its own namespace's.
    for (resource, namespace, name) in
        [("secrets", "ci", "kept"), ("secrets", "ci", "stage"), ("resourceslices", "", "other")]
    {
        assert!(!ask(v, "get", resource, namespace, name).0, "{resource} {name}");
    }
    let slices = |selector| select(v, "list", ("resourceslices", "", ""), selector);
    assert!(slices("nodeName=node01").0);
    assert_eq!(
        slices("").1,
        "can only list/watch/deletecollection resourceslices with nodeName field selector"
    );
}
