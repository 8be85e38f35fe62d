//! What the server says of CustomResourceDefinitions.

use gatehouse_model::{Value, json};

use super::findings;

/// What the server says of a definition whose spec has this besides what every one has.
fn of(more: Value) -> Vec<String> {
    let mut spec = json!({
        "group": "example.com", "scope": "Namespaced",
        "names": {"plural": "pets", "kind": "Pet"},
        "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object"}}}],
    });
    for (key, value) in more.entries().iter() {
        spec.set(&[key], value.clone());
    }
    findings(json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "pets.example.com"}, "spec": spec,
    }))
}

/// The same of a schema.
fn schema(properties: Value) -> Vec<String> {
    let schema = json!({"type": "object", "properties": properties});
    of(json!({"versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}]}))
        .into_iter()
        .map(|finding| finding.replace("spec.validation.openAPIV3Schema.properties", "…"))
        .collect()
}

#[test]
fn names_and_versions() {
    assert_eq!(of(json!({})), Vec::<String>::new());
    assert_eq!(
        of(
            json!({"names": {"plural": "pets", "kind": "Pet", "listKind": "Pet", "shortNames": ["P"], "singular": "a.b"}})
        ),
        [
            "spec.names.singular: Invalid value: \"a.b\": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
            "spec.names.shortNames[0]: Invalid value: \"P\": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
            "spec.names.listKind: Invalid value: \"Pet\": kind and listKind may not be the same",
        ]
    );
    let version = |name: &str, storage: bool, more: Value| {
        let mut version = json!({
            "name": name, "served": true, "storage": storage,
            "schema": {"openAPIV3Schema": {"type": "object"}},
        });
        for (key, value) in more.entries().iter() {
            version.set(&[key], value.clone());
        }
        version
    };
    let none = version("v2", false, json!({}));
    let found = of(json!({"versions": [version("v1", false, json!({})), none.clone()]}));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("spec.versions: Invalid value: ")
            && found[0].ends_with(": must have exactly one version marked as storage version"),
        "{found:?}"
    );
    // What only one version says is said of that one.
    let columns = json!([{"name": "", "type": "text", "jsonPath": "spec"}]);
    let told = [
        "additionalPrinterColumns[0].name: Required value",
        "additionalPrinterColumns[0].type: Invalid value: \"text\": must be one of boolean,date,integer,number,string",
        "additionalPrinterColumns[0].JSONPath: Invalid value: \"spec\": must be a simple json path starting with .",
    ];
    let with = version("v1", true, json!({"additionalPrinterColumns": columns}));
    let at = |place: &str| told.map(|t| format!("{place}{t}"));
    assert_eq!(of(json!({"versions": [with.clone()]})), at("spec."));
    assert_eq!(of(json!({"versions": [with, none]})), at("spec.versions[0]."));
}

#[test]
fn subresources_fields_and_conversions() {
    let versions = |more: Value| {
        let mut version = json!({
            "name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                "type": "object", "properties": {"spec": {"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "string"}}}},
            }},
        });
        for (key, value) in more.entries().iter() {
            version.set(&[key], value.clone());
        }
        of(json!({"versions": [version]}))
    };
    assert_eq!(
        versions(
            json!({"subresources": {"scale": {"specReplicasPath": ".replicas", "statusReplicasPath": "status"}}})
        ),
        [
            "spec.subresources.scale.specReplicasPath: Invalid value: \".replicas\": should be a json path under .spec",
            "spec.subresources.scale.statusReplicasPath: Invalid value: \"status\": must be a simple json path starting with .",
        ]
    );
    assert_eq!(
        versions(
            json!({"selectableFields": [{"jsonPath": ".spec.b"}, {"jsonPath": ".spec.a"}, {"jsonPath": ".spec.c"}, {"jsonPath": ".spec.b"}]})
        ),
        [
            "spec.selectableFields[1].jsonPath: Invalid value: \".spec.a\": must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.",
            "spec.selectableFields[2].jsonPath: Invalid value: \".spec.c\": is an invalid path: does not refer to a valid field",
            "spec.selectableFields[3].jsonPath: Duplicate value: \".spec.b\"",
        ]
    );
    assert_eq!(
        of(json!({"conversion": {"strategy": "Webhook"}})),
        [
            "spec.conversion.webhookClientConfig: Required value: required when strategy is set to Webhook",
            "spec.conversion.conversionReviewVersions: Required value",
        ]
    );
    assert_eq!(
        of(json!({"preserveUnknownFields": true})),
        [
            "spec.preserveUnknownFields: Invalid value: true: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
        ]
    );
}

#[test]
fn schemas() {
    assert_eq!(
        schema(json!({
            "a": {"type": "array"},
            "b": {"anyOf": [{"type": "string"}], "type": "string"},
        })),
        [
            "…[a].items: Required value: must be specified",
            "…[b].anyOf[0].type: Forbidden: must be empty to be structural",
        ]
    );
    // A schema that no structural one can be made of is not asked more.
    assert_eq!(
        schema(json!({"a": {"type": "array"}, "d": {"type": "array", "uniqueItems": true}})),
        [
            "…[d].uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        ]
    );
    assert_eq!(
        schema(json!({"c": {"type": "integer", "default": "x", "minimum": 1}})),
        ["…[c].default: Invalid value: \"string\":  in body must be of type integer: \"string\""]
    );
    assert_eq!(
        schema(json!({
            "l": {"type": "array", "x-kubernetes-list-type": "map", "items": {"type": "object", "properties": {"k": {"type": "string"}}}},
            "m": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "object", "properties": {"k": {"type": "string"}}}},
        })),
        [
            "…[l].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map",
            "…[m].items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a list with x-kubernetes-list-type=set",
        ]
    );
}

#[test]
fn services_of_apis() {
    let of = |name: &str, spec: Value| {
        findings(json!({
            "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": name}, "spec": spec,
        }))
    };
    assert_eq!(
        of(
            "v1.b.com",
            json!({"group": "a.com", "version": "v1", "groupPriorityMinimum": 20_001, "versionPriority": 1, "service": {"name": "s"}})
        ),
        [
            "metadata.name: Invalid value: \"v1.b.com\": must be `spec.version+\".\"+spec.group`: \"v1.a.com\"",
            "spec.groupPriorityMinimum: Invalid value: 20001: must be positive and less than 20000",
            "spec.service.namespace: Required value",
        ]
    );
    assert_eq!(
        of(
            "v1.a.com",
            json!({"group": "a.com", "version": "v1", "groupPriorityMinimum": 1, "versionPriority": 1, "insecureSkipTLSVerify": true})
        ),
        [
            "spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify"
        ]
    );
}
