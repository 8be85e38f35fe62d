use super::{ListType, Schemas, Type, builtin, for_kind};
use crate::kinds;
use crate::resource::GroupVersion;
use crate::version::KubeVersion;
use crate::{Value, json};

fn kind(version: KubeVersion, api_version: &str, kind: &str) -> super::TypeRef<'static> {
    for_kind(version, &GroupVersion::parse(api_version), kind)
        .unwrap_or_else(|| panic!("{api_version} {kind}"))
}

#[test]
fn every_built_in_kind_has_a_schema() {
    let missing = |version| -> Vec<String> {
        kinds::builtin(version)
            .iter()
            .filter(|r| for_kind(version, &r.gv, &r.kind).is_none())
            .map(|r| format!("{} {}", r.gv, r.kind))
            .collect()
    };
    assert_eq!(missing(KubeVersion::V1_36), [""; 0]);
    // Never written by hand.
    assert_eq!(missing(KubeVersion::V1_20), ["internal.apiserver.k8s.io/v1alpha1 StorageVersion"]);
}

#[test]
fn types_as_go_names_them() {
    let pod = kind(KubeVersion::V1_36, "v1", "Pod");
    for (path, go) in [
        (&["spec"][..], "v1.PodSpec"),
        (&["spec", "containers"], "[]v1.Container"),
        (&["spec", "containers", "imagePullPolicy"], "v1.PullPolicy"),
        (&["spec", "containers", "command"], "[]string"),
        (&["spec", "containers", "resources", "limits"], "v1.ResourceList"),
        (&["spec", "hostNetwork"], "bool"),
        (&["metadata", "labels"], "map[string]string"),
        (&["metadata", "creationTimestamp"], "v1.Time"),
        (&["spec", "containers", "livenessProbe", "httpGet", "port"], "intstr.IntOrString"),
        (&["spec", "containers", "securityContext", "capabilities", "add"], "[]v1.Capability"),
        (&["spec", "volumes", "secret", "secretName"], "string"),
    ] {
        assert_eq!(pod.descend(path).unwrap_or_else(|| panic!("{path:?}")).go_type(), go);
    }
    assert_eq!(
        kind(KubeVersion::V1_36, "v1", "Secret").descend(&["data"]).map(|t| t.ty().clone()),
        Some(Type::Map(Box::new(Type::Bytes)))
    );
    let policy = pod.descend(&["spec", "containers", "imagePullPolicy"]).expect("there");
    assert_eq!(policy.enum_values().map(|v| v.join(" ")), Some("Always IfNotPresent Never".to_owned()));
}

#[test]
fn merge_facts() {
    let spec = kind(KubeVersion::V1_36, "v1", "Pod").field("spec").expect("spec");
    let merge = |path: &[&str]| {
        let f = spec.descend(path).and_then(super::TypeRef::via).unwrap_or_else(|| panic!("{path:?}"));
        (f.patch_merge_key.as_deref().map(str::to_owned), f.list_type.clone())
    };
    let map = |keys: &[&'static str]| ListType::Map(keys.iter().map(|k| (*k).into()).collect());
    assert_eq!(merge(&["containers"]), (Some("name".into()), map(&["name"])));
    assert_eq!(
        merge(&["containers", "ports"]),
        (Some("containerPort".into()), map(&["containerPort", "protocol"]))
    );
    assert_eq!(merge(&["containers", "volumeMounts"]).0.as_deref(), Some("mountPath"));
    assert_eq!(merge(&["tolerations"]), (None, ListType::Atomic));
    assert_eq!(merge(&["containers", "command"]), (None, ListType::Atomic));
    let meta = kind(KubeVersion::V1_36, "v1", "Pod").field("metadata").expect("metadata");
    assert_eq!(
        meta.field("finalizers").and_then(|t| t.via()).map(|f| f.list_type.clone()),
        Some(ListType::Set)
    );
    let sa = kind(KubeVersion::V1_36, "v1", "ServiceAccount");
    assert!(sa.field("imagePullSecrets").and_then(|t| t.via()).is_some_and(|f| f.patch_merge_key.is_none()));
}

#[test]
fn versions_see_their_fields() {
    let host_users = |v| kind(v, "v1", "Pod").descend(&["spec", "hostUsers"]).is_some();
    assert!(host_users(KubeVersion::V1_36) && !host_users(KubeVersion::V1_20));
    let psp = kind(KubeVersion::V1_20, "policy/v1beta1", "PodSecurityPolicy");
    assert_eq!(
        psp.descend(&["spec", "runAsUser", "ranges", "min"]).map(super::TypeRef::go_type).as_deref(),
        Some("int64")
    );
    let ingress = kind(KubeVersion::V1_20, "extensions/v1beta1", "Ingress");
    assert!(ingress.descend(&["spec", "rules", "http", "paths", "backend", "serviceName"]).is_some());
}

#[test]
fn descriptions_stand_by_their_lines() {
    let field = builtin().description("io.k8s.api.core.v1.PodSpec", Some("hostPID")).expect("there");
    assert!(field.contains("host's pid namespace"), "{field}");
    let ty = builtin().description("io.k8s.api.core.v1.Pod", None).expect("there");
    assert!(ty.starts_with("Pod is a collection of containers"), "{ty}");
}

#[test]
fn custom_resources_have_schemas_too() {
    let schema: Value = json!({"type": "object", "properties": {
        "spec": {"type": "object", "required": ["size"], "properties": {
            "size": {"type": "integer"},
            "rules": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"], "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
            "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}}
        }}
    }});
    let schemas = Schemas::from_openapi_v3(&schema);
    let root = schemas.root().expect("a root");
    assert_eq!(
        root.fields().map(|f| &*f.name).collect::<Vec<_>>(),
        ["apiVersion", "kind", "metadata", "spec"]
    );
    assert_eq!(root.descend(&["spec", "rules", "name"]).map(|t| t.ty().clone()), Some(Type::String));
    assert!(root.descend(&["spec", "size"]).and_then(|t| t.via()).is_some_and(|f| f.required));
    assert!(root.descend(&["spec", "free"]).and_then(|t| t.object()).is_some_and(|o| o.preserve_unknown));
}

/// What is printed is read again as it was, and what was decoded decodes to itself: for every kind.
#[test]
fn parsing_undoes_printing_for_every_kind() {
    for version in [KubeVersion::V1_20, KubeVersion::V1_36] {
        for resource in kinds::builtin(version) {
            let Some(ty) = for_kind(version, &resource.gv, &resource.kind) else { continue };
            for seed in 0..12 {
                let mut random = super::random::Random::new(seed + 1);
                let mut object = random.value(ty, 0);
                object.set(&["apiVersion"], resource.gv.to_string());
                object.set(&["kind"], &*resource.kind);
                let what = format!("{} {} {seed}", resource.gv, resource.kind);
                let yaml = crate::yaml::emit(&object);
                assert_eq!(crate::yaml::parse(&yaml).as_ref(), Ok(&object), "{what}:\n{yaml}");
                let text = json::print(&object);
                assert_eq!(json::parse(&text).as_ref(), Ok(&object), "{what}: {text}");
                assert_eq!(json::parse(&json::print_indent(&object, "  ")).as_ref(), Ok(&object), "{what}");
                let once =
                    crate::decode::decode(&object, ty).unwrap_or_else(|e| panic!("{what}: {e}\n{yaml}"));
                assert_eq!(once.unknown, [""; 0], "{what}");
                let twice = crate::decode::decode(&once.object, ty).unwrap_or_else(|e| panic!("{what}: {e}"));
                assert_eq!(twice.object, once.object, "{what}");
            }
        }
    }
}
