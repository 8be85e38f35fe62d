use super::{decode, prune, strict_error};
use crate::resource::GroupVersion;
use crate::schema::{self, Schemas};
use crate::version::KubeVersion;
use crate::{Value, json, yaml};

fn run(version: KubeVersion, text: &str) -> Result<(Value, Option<String>), String> {
    let value = yaml::parse(text).expect("yaml");
    let gv = GroupVersion::parse(value.str_at(&["apiVersion"]));
    let ty = schema::for_kind(version, &gv, value.str_at(&["kind"])).expect("a known kind");
    let decoded = decode(&value, ty).map_err(|e| e.0)?;
    Ok((decoded.object, strict_error(&decoded.unknown)))
}

fn error(text: &str) -> String {
    match run(KubeVersion::V1_36, text) {
        Err(e) => e,
        Ok((object, strict)) => strict.unwrap_or_else(|| panic!("no error: {object:?}")),
    }
}

#[test]
fn wrong_types_in_gos_words() {
    let pod = |spec: &str| format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: x}}\nspec: {spec}\n");
    for (spec, message) in [
        (
            "{containers: [{name: c, ports: [{containerPort: \"80\"}]}]}",
            "json: cannot unmarshal string into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32",
        ),
        (
            "{containers: {name: c}}",
            "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container",
        ),
        (
            "{hostNetwork: \"true\"}",
            "json: cannot unmarshal string into Go struct field PodSpec.spec.hostNetwork of type bool",
        ),
        (
            "{containers: [{env: [{name: A, value: 5}]}]}",
            "json: cannot unmarshal number into Go struct field EnvVar.spec.containers.env.value of type string",
        ),
        (
            "{containers: [{env: [{name: N, value: x}]}]}",
            "json: cannot unmarshal bool into Go struct field EnvVar.spec.containers.env.name of type string",
        ),
        (
            "{securityContext: {runAsUser: root}}",
            "json: cannot unmarshal string into Go struct field PodSecurityContext.spec.securityContext.runAsUser of type int64",
        ),
        (
            "{containers: [{command: sleep}]}",
            "json: cannot unmarshal string into Go struct field Container.spec.containers.command of type []string",
        ),
        (
            "{containers: [{resources: {limits: {cpu: 1, memory: lots}}}]}",
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
        (
            "{hostNetwork: 1, containers: [{resources: {limits: {cpu: 1k1}}}]}",
            "json: cannot unmarshal number into Go struct field PodSpec.spec.hostNetwork of type bool",
        ),
        (
            "{containers: [{resources: {limits: [cpu]}}]}",
            "json: cannot unmarshal array into Go struct field ResourceRequirements.spec.containers.resources.limits of type v1.ResourceList",
        ),
        (
            "{containers: [{imagePullPolicy: 5}]}",
            "json: cannot unmarshal number into Go struct field Container.spec.containers.imagePullPolicy of type v1.PullPolicy",
        ),
        (
            "{containers: [{ports: [{containerPort: 8.5}]}]}",
            "json: cannot unmarshal number 8.5 into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32",
        ),
        (
            "{containers: [{ports: [{containerPort: 3000000000}]}]}",
            "json: cannot unmarshal number 3000000000 into Go struct field ContainerPort.spec.containers.ports.containerPort of type int32",
        ),
        (
            "{containers: [{livenessProbe: {httpGet: {port: true}}}]}",
            "json: cannot unmarshal bool into Go struct field HTTPGetAction.spec.containers.livenessProbe.httpGet.port of type int32",
        ),
        ("[]", "json: cannot unmarshal array into Go struct field Pod.spec of type v1.PodSpec"),
        (
            "{containers: [x]}",
            "json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type v1.Container",
        ),
    ] {
        let got = error(&pod(spec));
        if spec.contains("1k1") {
            // A value its own type refuses goes before an earlier wrong type.
            assert_eq!(got, "unable to parse quantity's suffix", "{spec}");
        } else {
            assert_eq!(got, message, "{spec}");
        }
    }
    for (text, message) in [
        (
            "{apiVersion: v1, kind: ConfigMap, data: {port: 80}}",
            "json: cannot unmarshal number into Go struct field ConfigMap.data of type string",
        ),
        (
            "{apiVersion: v1, kind: ConfigMap, metadata: {labels: {a: true}}}",
            "json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type string",
        ),
        (
            "{apiVersion: v1, kind: ConfigMap, metadata: {creationTimestamp: 5}}",
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type string",
        ),
        (
            "{apiVersion: v1, kind: ConfigMap, metadata: {creationTimestamp: now}}",
            "parsing time \"now\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"now\" as \"2006\"",
        ),
        ("{apiVersion: v1, kind: Secret, data: {a: hunter2}}", "illegal base64 data at input byte 4"),
        (
            "{apiVersion: apps/v1, kind: Deployment, spec: {replicas: two}}",
            "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        (
            "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, rules: [{verbs: get}]}",
            "json: cannot unmarshal string into Go struct field PolicyRule.rules.verbs of type []string",
        ),
    ] {
        assert_eq!(error(text), message, "{text}");
    }
}

#[test]
fn unknown_fields_in_order() {
    assert_eq!(
        error(
            "{apiVersion: v1, kind: Pod, metadata: {label: {a: b}}, spec: {hostnetwork: true, containers: [{imagePullPolice: Always, securityContext: {runAsNonroot: true}}]}}"
        ),
        "strict decoding error: unknown field \"metadata.label\", unknown field \"spec.containers[0].imagePullPolice\", unknown field \"spec.containers[0].securityContext.runAsNonroot\", unknown field \"spec.hostnetwork\""
    );
    assert_eq!(
        error(
            "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, rules: [{apiGroup: [\"\"], resource: [pods], verbs: [get]}]}"
        ),
        "strict decoding error: unknown field \"rules[0].apiGroup\", unknown field \"rules[0].resource\""
    );
    let host_users = "{apiVersion: v1, kind: Pod, spec: {hostUsers: false}}";
    assert_eq!(run(KubeVersion::V1_36, host_users).expect("valid").1, None);
    assert!(run(KubeVersion::V1_20, host_users).expect("valid").1.is_some());
}

#[test]
fn a_round_through_gos_structs() {
    let object = |version, text: &str| json::print(&run(version, text).expect("valid").0);
    let new = |text: &str| object(KubeVersion::V1_36, text);
    assert_eq!(
        new(
            "{apiVersion: v1, kind: Pod, metadata: {name: x, labels: {}, namespace: null}, spec: {hostNetwork: false, hostUsers: false, nodeName: '', volumes: [{name: v, emptyDir: {}}], containers: [{name: c, args: [], resources: {limits: {cpu: 0.5, memory: 1024Mi}}}]}}"
        ),
        r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"spec":{"containers":[{"name":"c","resources":{"limits":{"cpu":"500m","memory":"1Gi"}}}],"hostUsers":false,"volumes":[{"emptyDir":{},"name":"v"}]},"status":{}}"#
    );
    let deployment = "{apiVersion: apps/v1, kind: Deployment, spec: {replicas: 0, template: {spec: {containers: [{name: c}]}}}}";
    assert_eq!(
        new(deployment),
        r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{},"spec":{"replicas":0,"selector":null,"strategy":{},"template":{"metadata":{},"spec":{"containers":[{"name":"c","resources":{}}]}}},"status":{}}"#
    );
    assert!(
        object(KubeVersion::V1_20, deployment)
            .contains(r#""template":{"metadata":{"creationTimestamp":null}"#)
    );
    assert_eq!(
        new("{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: r}, rules: []}"),
        r#"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"r"},"rules":null}"#
    );
    assert_eq!(
        new(
            "{apiVersion: v1, kind: Secret, data: {a: \"aGk=\\n\"}, metadata: {creationTimestamp: '2026-01-02T03:04:05+01:00'}}"
        ),
        r#"{"apiVersion":"v1","data":{"a":"aGk="},"kind":"Secret","metadata":{"creationTimestamp":"2026-01-02T02:04:05Z"}}"#
    );
    assert_eq!(
        new(
            "{apiVersion: v1, kind: Service, spec: {ports: [{port: 80, targetPort: web}], selector: {a: null}}}"
        ),
        r#"{"apiVersion":"v1","kind":"Service","metadata":{},"spec":{"ports":[{"port":80,"targetPort":"web"}],"selector":{"a":""}},"status":{"loadBalancer":{}}}"#
    );
}

#[test]
fn custom_resources_are_pruned() {
    let schemas = Schemas::from_openapi_v3(
        &json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}, "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}}}),
    );
    let value = yaml::parse("{apiVersion: x/v1, kind: X, metadata: {name: a, label: b}, spec: {size: big, colour: red, free: {a: 1}}, extra: 1}").expect("yaml");
    let decoded = prune(&value, schemas.root().expect("a root")).expect("valid");
    assert_eq!(decoded.unknown, ["extra", "metadata.label", "spec.colour"]);
    assert_eq!(
        json::print(&decoded.object),
        r#"{"apiVersion":"x/v1","kind":"X","metadata":{"name":"a"},"spec":{"free":{"a":1},"size":"big"}}"#
    );
}
