//! Rules that few manifests break: volumes of every kind, claims, classes, slices, events, services, nodes.

use gatehouse_model::{Value, json};

use super::{change, findings, pod};

fn all(cases: Vec<(Value, &[&str])>) {
    for (object, wanted) in cases {
        let shown = gatehouse_model::json::print(&object);
        assert_eq!(findings(object), wanted, "{shown}");
    }
}

fn volume(source: Value) -> Value {
    let mut volume = json!({"name": "v"});
    for (key, value) in source.entries().iter() {
        volume.set(&[key], value.clone());
    }
    pod(json!({"volumes": [volume]}))
}

#[test]
fn sources_of_volumes() {
    let v = |source: Value, wanted: &'static [&'static str]| (volume(source), wanted);
    all(vec![
        v(
            json!({"gcePersistentDisk": {"partition": 300}}),
            &[
                "spec.volumes[0].persistentDisk.pdName: Required value",
                "spec.volumes[0].persistentDisk.partition: Invalid value: 300: must be between 1 and 255, inclusive",
            ],
        ),
        v(
            json!({"iscsi": {"targetPortal": "t", "iqn": "x", "lun": 300}}),
            &[
                "spec.volumes[0].iscsi.iqn: Invalid value: \"x\": must be valid format starting with iqn, eui, or naa",
                "spec.volumes[0].iscsi.lun: Invalid value: 300: must be between 0 and 255, inclusive",
            ],
        ),
        v(json!({"iscsi": {"targetPortal": "t", "iqn": "iqn.2003-01.org.linux-iscsi:x.1", "lun": 1}}), &[]),
        v(
            json!({"csi": {"driver": "Bad_Driver", "nodePublishSecretRef": {"name": ""}}}),
            &[
                "spec.volumes[0].csi.driver: Invalid value: \"Bad_Driver\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
                "spec.volumes[0].csi.nodePublishSecretRef.name: Required value",
            ],
        ),
        v(
            json!({"ephemeral": {"volumeClaimTemplate": {"metadata": {"name": "x"}, "spec": {"accessModes": ["Any"], "resources": {"requests": {"storage": "0"}}}}}}),
            &[
                "spec.volumes[0].ephemeral.volumeClaimTemplate.metadata.name: Forbidden: cannot be set",
                "spec.volumes[0].ephemeral.volumeClaimTemplate.spec.accessModes: Unsupported value: \"Any\": supported values: \"ReadOnlyMany\", \"ReadWriteMany\", \"ReadWriteOnce\", \"ReadWriteOncePod\"",
                "spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources[storage]: Invalid value: \"0\": must be greater than zero",
            ],
        ),
        v(
            json!({"flexVolume": {"driver": "a/b", "options": {"kubernetes.io/x": "y"}}}),
            &[
                "spec.volumes[0].flexVolume.options[kubernetes.io/x]: Invalid value: \"kubernetes.io/x\": kubernetes.io and k8s.io namespaces are reserved",
            ],
        ),
    ]);
}

#[test]
fn devices_claims_and_resources() {
    let container = |extra: Value| {
        let mut c = json!({"name": "c", "image": "i"});
        for (key, value) in extra.entries().iter() {
            c.set(&[key], value.clone());
        }
        c
    };
    all(vec![
        (
            pod(json!({
                "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "x"}}],
                "containers": [(container(json!({"volumeMounts": [{"name": "v", "mountPath": "/d"}], "volumeDevices": [{"name": "v", "devicePath": "/../d"}]})))],
            })),
            &[
                "spec.containers[0].volumeMounts[0].name: Invalid value: \"v\": must not already exist in volumeDevices",
                "spec.containers[0].volumeDevices[0].devicePath: Invalid value: \"/../d\": can not contain backsteps ('..')",
                "spec.containers[0].volumeDevices[0].name: Invalid value: \"v\": must not already exist in volumeMounts",
            ],
        ),
        (
            pod(json!({
                "resourceClaims": [{"name": "a"}],
                "containers": [(container(json!({"resources": {"claims": [{"name": "b"}]}})))],
            })),
            &[
                "spec.resourceClaims[0]: Invalid value: {\"Name\":\"a\",\"ResourceClaimName\":null,\"ResourceClaimTemplateName\":null}: must specify one of: `resourceClaimName`, `resourceClaimTemplateName`",
                "spec.containers[0].resources.claims[0]: Not found: \"b\": must be one of the names in pod.spec.resourceClaims: a",
            ],
        ),
        (
            pod(
                json!({"containers": [(container(json!({"resources": {"limits": {"hugepages-2Mi": "3Mi"}}})))]}),
            ),
            &[
                "spec.containers[0].resources.limits[hugepages-2Mi]: Invalid value: \"3Mi\": 3Mi is not positive integer multiple of hugepages-2Mi",
                "spec.containers[0].resources.requests[hugepages-2Mi]: Invalid value: \"3Mi\": 3Mi is not positive integer multiple of hugepages-2Mi",
                "spec.containers[0].resources: Forbidden: HugePages require cpu or memory",
            ],
        ),
        (
            pod(json!({
                "resources": {"requests": {"cpu": "1"}, "limits": {"cpu": "1"}},
                "containers": [(container(json!({"resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "2"}}})))],
            })),
            &[
                "spec.resources.requests[cpu]: Invalid value: \"1\": must be greater than or equal to aggregate container requests of 2",
                "spec.resources.containers[0][cpu].limits: Invalid value: \"2\": must be less than or equal to pod limits of 1",
            ],
        ),
        (
            pod(json!({"securityContext": {"windowsOptions": {"runAsUserName": "a\\b\\c"}}})),
            &[
                "spec.securityContext.windowsOptions.runAsUserName: Invalid value: \"a\\\\b\\\\c\": runAsUserName cannot contain more than one backslash",
            ],
        ),
    ]);
}

fn persistent(spec: Value) -> Value {
    let mut object = json!({
        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "v"},
        "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"]},
    });
    for (key, value) in spec.entries().iter() {
        object.set(&["spec", key], value.clone());
    }
    object
}

#[test]
fn persistent_volumes_and_claims() {
    let claim = |spec: Value| {
        let mut object = json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "c"},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
        });
        for (key, value) in spec.entries().iter() {
            object.set(&["spec", key], value.clone());
        }
        object
    };
    all(vec![
        (persistent(json!({})), &["spec: Required value: must specify a volume type"]),
        (
            persistent(json!({"csi": {"driver": "d.example.com", "nodePublishSecretRef": {"name": "n"}}})),
            &[
                "spec.csi.volumeHandle: Required value",
                "spec.csi.nodePublishSecretRef.namespace: Required value",
            ],
        ),
        (
            persistent(json!({"local": {"path": "/a/../b"}})),
            &[
                "spec.local.path: Invalid value: \"/a/../b\": must not contain '..'",
                "spec.nodeAffinity: Required value: Local volume requires node affinity",
            ],
        ),
        (
            persistent(
                json!({"hostPath": {"path": "/"}, "persistentVolumeReclaimPolicy": "Recycle", "capacity": {"storage": "-1"}}),
            ),
            &[
                "spec.capacity[storage]: Invalid value: -1: must be a valid resource quantity",
                "spec.capacity[storage]: Invalid value: \"-1\": must be greater than zero",
                "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'",
            ],
        ),
        (
            claim(json!({"dataSourceRef": {"kind": "Thing", "name": ""}})),
            &[
                "spec.dataSource.name: Required value",
                "spec.dataSource: Invalid value: \"Thing\": must be 'PersistentVolumeClaim' when referencing the default apiGroup",
                "spec.dataSourceRef.name: Required value",
                "spec.dataSourceRef: Invalid value: \"Thing\": must be 'PersistentVolumeClaim' when referencing the default apiGroup",
            ],
        ),
        // What the old field cannot name is forgotten.
        (claim(json!({"dataSource": {"kind": "Thing", "name": ""}})), &[]),
    ]);
    let disk = persistent(json!({"hostPath": {"path": "/x", "type": ""}}));
    let found = change(disk, json!({"spec": {"hostPath": {"path": "/y"}}}));
    assert!(found.len() == 1, "{found:?}");
    assert!(
        found.concat().contains("spec.persistentvolumesource is immutable after creation\n"),
        "{found:?}"
    );
}

#[test]
fn classes_of_storage() {
    let class = |extra: Value| {
        let mut object = json!({
            "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "s"}, "provisioner": "p",
        });
        for (key, value) in extra.entries().iter() {
            object.set(&[key], value.clone());
        }
        object
    };
    all(vec![
        (
            class(json!({"parameters": {"": "x"}})),
            &["parameters: Invalid value: \"\": field can not be empty."],
        ),
        (
            class(json!({"allowedTopologies": [
                {"matchLabelExpressions": [{"key": "zone", "values": ["a", "a"]}, {"key": "zone", "values": []}]},
            ]})),
            &[
                "allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: \"a\"",
                "allowedTopologies[0].matchLabelExpressions[1].values: Required value",
                "allowedTopologies[0].matchLabelExpressions[1].key: Duplicate value: \"zone\"",
            ],
        ),
        (
            class(json!({"allowedTopologies": [
                {"matchLabelExpressions": [{"key": "zone", "values": ["a", "b"]}]},
                {"matchLabelExpressions": [{"key": "zone", "values": ["b", "a"]}]},
            ]})),
            &["allowedTopologies[1].matchLabelExpressions: Duplicate value: \"\""],
        ),
    ]);
}

#[test]
fn slices_and_events() {
    all(vec![
        (
            json!({
                "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": "s"}, "addressType": "IPv4",
                "endpoints": [{"addresses": ["10.0.0.1"], "hints": {"forZones": [{"name": "a"}, {"name": "a"}]}}],
            }),
            &["endpoints[0].hints.forZones[1].name: Duplicate value: \"a\""],
        ),
        (
            json!({
                "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "e"},
                "regarding": {"namespace": "default"}, "type": "Odd", "deprecatedCount": 3,
            }),
            &[
                "eventTime: Required value",
                "type: Invalid value: \"\": has invalid value: Odd",
                "count: Invalid value: \"\": needs to be unset",
            ],
        ),
        (
            json!({
                "apiVersion": "v1", "kind": "Event", "metadata": {"name": "e"}, "eventTime": "2026-01-01T00:00:00.000000Z",
                "involvedObject": {"namespace": "other"}, "reportingComponent": "x", "reportingInstance": "y",
            }),
            &["action: Required value", "reason: Required value"],
        ),
        (
            json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e"}, "involvedObject": {"namespace": "other"}}),
            &["involvedObject.namespace: Invalid value: \"other\": does not match event.namespace"],
        ),
    ]);
}

#[test]
fn services_and_nodes() {
    let service = |spec: Value| {
        let mut object = json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]},
        });
        for (key, value) in spec.entries().iter() {
            object.set(&["spec", key], value.clone());
        }
        object
    };
    all(vec![
        (
            service(json!({"loadBalancerClass": "example.com/x"})),
            &["spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'"],
        ),
        (
            service(json!({"ipFamilies": ["IPv4", "IPv4"]})),
            &["spec.ipFamilies[1]: Duplicate value: \"IPv4\""],
        ),
        (
            json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}, "spec": {"podCIDRs": ["10.0.0.0/24", "10.0.1.0/24"], "podCIDR": "10.0.0.0/24"}}),
            &[
                "spec.podCIDRs: Invalid value: [\"10.0.0.0/24\",\"10.0.1.0/24\"]: may specify no more than one CIDR for each IP family",
            ],
        ),
        (
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}, "spec": {"finalizers": ["odd"]}}),
            &[
                "spec.finalizers: Invalid value: \"odd\": name is neither a standard finalizer name nor is it fully qualified",
            ],
        ),
    ]);
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": {"hard": {"pods": "1"}, "scopes": ["BestEffort"]}});
    assert_eq!(
        change(quota, json!({"spec": {"scopes": ["NotBestEffort"]}})),
        ["spec.scopes: Invalid value: [\"NotBestEffort\"]: field is immutable"]
    );
}

#[test]
fn where_pods_run() {
    all(vec![
        (
            pod(json!({"topologySpreadConstraints": [
                {"maxSkew": 1, "topologyKey": "a b", "whenUnsatisfiable": "DoNotSchedule", "minDomains": 0, "labelSelector": {}},
                {"maxSkew": 1, "topologyKey": "a b", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {}},
            ]})),
            &[
                "spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}: Duplicate value: \"{a b, DoNotSchedule}\"",
                "spec.topologySpreadConstraints[0].minDomains: Invalid value: 0: must be greater than zero",
            ],
        ),
        (
            pod(json!({"dnsConfig": {"searches": ["_a.b", "a_"]}})),
            &[
                "spec.dnsConfig.searches[1]: Invalid value: \"a_\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')",
            ],
        ),
    ]);
}
