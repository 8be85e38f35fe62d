//! One manifest a rule, and what a real API server says of it.

mod definitions;
mod fields;

use gatehouse_model::{GroupVersion, KubeVersion, Value, json};

use crate::cluster::Cluster;
use crate::request::{Body, Credential, DryRun, PatchType, Request, ResourceTarget, Target, User, Verb};
use crate::server::handle;

fn request(c: &Cluster, verb: Verb, object: &Value, name: &str) -> Request {
    let gv = GroupVersion::parse(object.str_at(&["apiVersion"]));
    let kind = object.str_at(&["kind"]);
    let resource = c.resources().into_iter().find(|r| r.gv == gv && r.kind == kind).expect("a kind");
    let namespace = if resource.namespaced() { "default" } else { "" };
    let target = Target::Resource(ResourceTarget {
        group: gv.group.to_string(),
        version: gv.version.to_string(),
        resource: resource.plural.to_string(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        ..ResourceTarget::default()
    });
    let admin =
        User { name: "admin".to_owned(), groups: vec!["system:masters".to_owned()], ..User::default() };
    Request::new(Credential::Internal(admin), verb, target)
}

/// The findings about an object that somebody tries to make.
fn findings(object: Value) -> Vec<String> {
    let mut c = Cluster::bare(KubeVersion::V1_36, 1);
    let mut request = request(&c, Verb::Create, &object, "");
    request.body = Body::Object(object);
    request.options.dry_run = DryRun::All;
    match handle(&mut c, &request).result {
        Ok(_) => Vec::new(),
        Err(status) if status.causes.is_empty() => vec![status.message],
        Err(status) => status.causes.iter().map(|c| format!("{}: {}", c.field, c.message)).collect(),
    }
}

/// The findings about a change of an object that was made before.
fn change(object: Value, patch: Value) -> Vec<String> {
    let mut c = Cluster::bare(KubeVersion::V1_36, 1);
    let name = object.str_at(&["metadata", "name"]).to_owned();
    let mut make = request(&c, Verb::Create, &object, "");
    make.body = Body::Object(object.clone());
    handle(&mut c, &make).result.expect("made");
    let mut change = request(&c, Verb::Patch, &object, &name);
    change.body = Body::Patch(PatchType::Merge, patch);
    match handle(&mut c, &change).result {
        Ok(_) => Vec::new(),
        Err(status) if status.causes.is_empty() => vec![status.message],
        Err(status) => status.causes.iter().map(|c| format!("{}: {}", c.field, c.message)).collect(),
    }
}

fn pod(spec: Value) -> Value {
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec});
    if pod.at(&["spec", "containers"]).is_none() {
        pod.set(&["spec", "containers"], json!([{"name": "c", "image": "nginx"}]));
    }
    pod
}

#[test]
fn pods() {
    for (spec, found) in [
        (json!({}), vec![]),
        (json!({"containers": []}), vec!["spec.containers: Required value"]),
        (json!({"containers": [{"name": "c"}]}), vec!["spec.containers[0].image: Required value"]),
        (
            json!({"containers": [{"name": "c", "image": "x", "ports": [{"containerPort": 70000}, {"containerPort": 80, "protocol": "HTTP"}]}]}),
            vec![
                "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
                "spec.containers[0].ports[1].protocol: Unsupported value: \"HTTP\": supported values: \"SCTP\", \"TCP\", \"UDP\"",
            ],
        ),
        (
            json!({"restartPolicy": "Sometimes", "activeDeadlineSeconds": 0}),
            vec![
                "spec.restartPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \"OnFailure\", \"Never\"",
                "spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive",
            ],
        ),
        (
            json!({"volumes": [{"name": "h", "hostPath": {"path": "/a/../b"}}]}),
            vec!["spec.volumes[0].hostPath.path: Invalid value: \"/a/../b\": must not contain '..'"],
        ),
        (
            json!({"containers": [{"name": "c", "image": "x", "resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}}]}),
            vec![
                "spec.containers[0].resources.requests: Invalid value: \"2\": must be less than or equal to cpu limit of 1",
            ],
        ),
        (
            json!({"securityContext": {"runAsUser": -1, "seccompProfile": {"type": "Localhost"}}}),
            vec![
                "spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive",
                "spec.securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost",
            ],
        ),
    ] {
        assert_eq!(findings(pod(spec.clone())), found, "{spec:?}");
    }
}

#[test]
fn workloads() {
    let template = json!({"metadata": {"labels": {"app": "b"}}, "spec": {"containers": [{"name": "c", "image": "nginx"}]}});
    let deployment = |selector: Value| {
        let template = template.clone();
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": {"selector": selector, "template": template}})
    };
    assert_eq!(
        findings(deployment(json!({"matchLabels": {"app": "a"}}))),
        [
            "spec.template.metadata.labels: Invalid value: {\"app\":\"b\"}: `selector` does not match template `labels`"
        ]
    );
    let good = deployment(json!({"matchLabels": {"app": "b"}}));
    assert_eq!(
        change(good, json!({"spec": {"replicas": -1}})),
        ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"]
    );
    let cron = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c"}, "spec": {
        "schedule": "every day",
        "jobTemplate": {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "x"}]}}}},
    }});
    assert_eq!(
        findings(cron),
        ["spec.schedule: Invalid value: \"every day\": expected exactly 5 fields, found 2: [every day]"]
    );
}

#[test]
fn immutable_things() {
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "immutable": true, "stringData": {"k": "1"}});
    assert_eq!(
        change(secret, json!({"data": {"k": "Mg=="}})),
        ["data: Forbidden: field is immutable when `immutable` is set"]
    );
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "rb"},
        "roleRef": {"kind": "Role", "name": "one"}, "subjects": [{"kind": "User", "name": "jane"}],
    });
    assert_eq!(
        change(binding, json!({"roleRef": {"name": "two"}})),
        [
            "roleRef: Invalid value: {\"APIGroup\":\"rbac.authorization.k8s.io\",\"Kind\":\"Role\",\"Name\":\"two\"}: cannot change roleRef"
        ]
    );
    let class = json!({"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "r"}, "handler": "runsc"});
    assert_eq!(
        change(class, json!({"handler": "kata"})),
        ["handler: Invalid value: \"kata\": field is immutable"]
    );
}

#[test]
fn network_policies() {
    let policy = |ingress: Value| json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "p"}, "spec": {"podSelector": {}, "ingress": [ingress]}});
    assert_eq!(
        findings(policy(json!({"from": [{}]}))),
        ["spec.ingress[0].from[0]: Required value: must specify a peer"]
    );
    assert_eq!(
        findings(policy(json!({"ports": [{"port": 100, "endPort": 90}]}))),
        ["spec.ingress[0].ports[0].endPort: Invalid value: 100: must be greater than or equal to `port`"]
    );
}

#[test]
fn custom_resources() {
    let mut c = Cluster::bare(KubeVersion::V1_36, 1);
    let crd = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "backups.stable.example.com"},
        "spec": {
            "group": "stable.example.com", "scope": "Namespaced",
            "names": {"plural": "backups", "kind": "Backup"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                "type": "object", "properties": {"spec": {"type": "object", "required": ["schedule"], "properties": {
                    "schedule": {"type": "string"}, "keep": {"type": "integer", "minimum": 1, "default": 7},
                }}},
            }}}],
        },
    });
    let mut make = request(&c, Verb::Create, &crd, "");
    make.body = Body::Object(crd);
    handle(&mut c, &make).result.expect("defined");
    let mut ask = |spec: Value| {
        let backup = json!({"apiVersion": "stable.example.com/v1", "kind": "Backup", "metadata": {"name": "b"}, "spec": spec});
        let mut make = request(&c, Verb::Create, &backup, "");
        make.body = Body::Object(backup);
        make.options.dry_run = DryRun::All;
        handle(&mut c, &make).result
    };
    let refused = ask(json!({"keep": 0})).expect_err("invalid");
    assert_eq!(
        refused.message,
        "Backup.stable.example.com \"b\" is invalid: [spec.keep: Invalid value: 0: spec.keep in body should be greater than or equal to 1, spec.schedule: Required value]"
    );
    let Ok(crate::request::Reply::Object(made)) = ask(json!({"schedule": "x"})) else { panic!("not made") };
    assert_eq!(made.i64_at(&["spec", "keep"]), Some(7));
}

#[test]
fn ingresses() {
    let ingress = |spec: Value| json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "i"}, "spec": spec});
    let path = |path: Value| ingress(json!({"rules": [{"http": {"paths": [path]}}]}));
    let at = "spec.rules[0].http.paths[0]";
    assert_eq!(
        findings(ingress(json!({}))),
        ["spec: Invalid value: null: either `defaultBackend` or `rules` must be specified"]
    );
    assert_eq!(
        findings(path(json!({"path": "a", "pathType": "Prefix", "backend": {}}))),
        [
            format!("{at}.path: Invalid value: \"a\": must be an absolute path"),
            format!("{at}.backend: Invalid value: \"\": resource or service backend is required"),
        ]
    );
    assert_eq!(
        findings(path(json!({"path": "/", "backend": {"service": {"name": "web"}}}))),
        [format!("{at}.pathType: Required value: pathType must be specified")]
    );
    assert_eq!(
        findings(path(json!({"path": "/", "pathType": "Exact", "backend": {"service": {"name": "1web"}}}))),
        [format!("{at}.backend: Required value: port name or number is required")]
    );
    let mut both = path(
        json!({"path": "/", "pathType": "Exact", "backend": {"service": {"name": "web", "port": {"number": 80}}}}),
    );
    both.set(&["spec", "ingressClassName"], "a");
    both.set(&["metadata", "annotations", "kubernetes.io/ingress.class"], "b");
    assert_eq!(
        findings(both),
        [
            "annotations.kubernetes.io/ingress.class: Invalid value: \"b\": must match `ingressClassName` when both are specified"
        ]
    );
}

#[test]
fn schedules() {
    let cron = |schedule: &str, zone: &str| {
        json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c"}, "spec": {
            "schedule": schedule, "timeZone": zone, "jobTemplate": {"spec": {"template": {"spec": {
                "restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox"}],
            }}}},
        }})
    };
    assert_eq!(findings(cron("@daily", "Europe/Berlin")), Vec::<String>::new());
    assert_eq!(
        findings(cron("TZ=UTC 0 1 * * *", "UTC")),
        [
            "spec.schedule: Invalid value: \"TZ=UTC 0 1 * * *\": cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
        ]
    );
    assert_eq!(
        findings(cron("0 1 * * *", "Mars")),
        ["spec.timeZone: Invalid value: \"Mars\": unknown time zone Mars"]
    );
}

#[test]
fn claims_stay_as_they_are() {
    let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "c"}, "spec": {
        "accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}},
    }});
    let diff = "@@ -1,6 +1,6 @@\n {\n  \"AccessModes\": [\n-  \"ReadWriteMany\"\n+  \"ReadWriteOnce\"\n  ],\n  \"Selector\": null,\n  \"Resources\": {\n";
    assert_eq!(
        change(claim, json!({"spec": {"accessModes": ["ReadWriteOnce"]}})),
        [format!(
            "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n{diff}"
        )]
    );
}

#[test]
fn volumes_and_templates() {
    let projected = json!([{"name": "v", "projected": {"sources": [
        {"secret": {"name": "a"}, "configMap": {"name": "b"}},
        {"serviceAccountToken": {"path": "", "expirationSeconds": 60}},
    ]}}]);
    assert_eq!(
        findings(pod(json!({"volumes": projected, "serviceAccountName": "default"}))),
        [
            "spec.volumes[0].projected.sources[0]: Forbidden: may not specify more than 1 volume type per source",
            "spec.volumes[0].projected.sources[1].serviceAccountToken.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes",
            "spec.volumes[0].projected.path: Required value",
        ]
    );
    let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": {
        "strategy": {"type": "Fast"},
        "selector": {"matchLabels": {"a": "b"}},
        "template": {
            "metadata": {"labels": {"a": "b", "c": "no good"}},
            "spec": {"containers": [{"name": "c", "image": "nginx"}]},
        },
    }});
    let found = findings(deployment);
    assert!(
        found.first().is_some_and(|f| f.starts_with("spec.template.labels: Invalid value: \"no good\": "))
    );
    assert_eq!(
        found.get(1).map(String::as_str),
        Some(
            "spec.strategy: Unsupported value: {\"Type\":\"Fast\",\"RollingUpdate\":null}: supported values: \"Recreate\", \"RollingUpdate\""
        )
    );
}

#[test]
fn policies_without_sense() {
    let policy = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": "p"}, "spec": {
            "matchConstraints": {"resourceRules": [
                {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]},
            ]},
            "paramKind": {"apiVersion": "a/b/c", "kind": "9"},
            "matchConditions": [{"name": "x y", "expression": ""}],
            "validations": [{"expression": "true", "reason": "Because"}],
        },
    });
    let found = findings(policy);
    let words: Vec<&str> = found.iter().map(|f| f.split(": ").next().unwrap_or_default()).collect();
    assert_eq!(
        words,
        [
            "spec.paramKind.apiVersion",
            "spec.paramKind.kind",
            "spec.matchConditions[0].expression",
            "spec.matchConditions[0].name",
            "spec.validations[0].reason",
        ]
    );
}

#[test]
fn definitions() {
    let crd = |group: &str, schema: Value| {
        json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": (format!("pets.{group}"))},
            "spec": {
                "group": group, "scope": "Namespaced", "names": {"plural": "pets", "kind": "Pet"},
                "versions": [{"name": "v1", "served": true, "storage": true, "schema": schema}],
            },
        })
    };
    assert_eq!(
        findings(crd("example.com", json!({}))),
        ["spec.versions[0].schema.openAPIV3Schema: Required value"]
    );
    // What all versions say alike is said of the definition.
    let at = "spec.validation.openAPIV3Schema";
    let schema = json!({"type": "object", "properties": {
        "a": {"type": "array", "items": {}},
        "b": {"type": "object", "properties": {"c": {}}, "additionalProperties": {"type": "string"}},
    }});
    assert_eq!(
        findings(crd("example.com", json!({"openAPIV3Schema": schema}))),
        [
            format!(
                "{at}.properties[a].items.type: Required value: must not be empty for specified array items"
            ),
            format!(
                "{at}.properties[b].properties[c].type: Required value: must not be empty for specified object fields"
            ),
            format!(
                "{at}.properties[b].additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive"
            ),
        ]
    );
    assert_eq!(
        findings(crd("pets.k8s.io", json!({"openAPIV3Schema": {"type": "object"}}))),
        [
            "metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval annotation \"api-approved.kubernetes.io\", see https://github.com/kubernetes/enhancements/pull/1111"
        ]
    );
}
