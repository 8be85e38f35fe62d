//! CustomResourceDefinitions of v1beta1: what all versions share stands above them.
//!
//! Models apiextensions `pkg/apis/apiextensions/{v1,v1beta1}/{conversion,defaults}.go`.

use gatehouse_model::{Object, Value, json};

/// What a version has and v1beta1 also says once for all: its name there.
const PARTS: [(&str, &str); 3] = [
    ("schema", "validation"),
    ("subresources", "subresources"),
    ("additionalPrinterColumns", "additionalPrinterColumns"),
];

/// Columns name their source in other letters.
fn columns(version: &mut Value, from: &str, to: &str) {
    let Some(columns) = version.at_mut(&["additionalPrinterColumns"]) else { return };
    for column in columns.make_list() {
        if let Some(source) = column.remove(&[from]) {
            column.set(&[to], source);
        }
    }
}

pub(super) fn to_v1(object: &mut Object) {
    let named = object.remove(&["spec", "version"]);
    if object.list_at(&["spec", "versions"]).is_empty()
        && let Some(name) = named.filter(|name| name.as_str() != Some(""))
    {
        object.set(&["spec", "versions"], json!([{"name": name, "served": true, "storage": true}]));
    }
    let shared = PARTS.map(|(part, above)| (part, object.remove(&["spec", above])));
    if let Some(versions) = object.at_mut(&["spec", "versions"]) {
        for version in versions.make_list() {
            for (part, value) in &shared {
                if let Some(value) = value.as_ref().filter(|_| version.get(part).is_none()) {
                    version.set(&[part], value.clone());
                }
            }
            columns(version, "JSONPath", "jsonPath");
        }
    }
    for (field, inside) in
        [("webhookClientConfig", "clientConfig"), ("conversionReviewVersions", "conversionReviewVersions")]
    {
        if let Some(value) = object.remove(&["spec", "conversion", field]) {
            object.set(&["spec", "conversion", "webhook", inside], value);
        }
    }
    if object.at(&["spec", "preserveUnknownFields"]).is_none() {
        object.set(&["spec", "preserveUnknownFields"], true);
    }
    if object.str_at(&["spec", "scope"]).is_empty() {
        object.set(&["spec", "scope"], "Namespaced");
    }
    object.set(&["apiVersion"], "apiextensions.k8s.io/v1");
}

pub(super) fn to_v1beta1(object: &mut Object) {
    let mut versions = object.list_at(&["spec", "versions"]).to_vec();
    for version in &mut versions {
        columns(version, "jsonPath", "JSONPath");
    }
    for (part, above) in PARTS {
        let first = versions.first().and_then(|v| v.get(part)).cloned();
        if versions.iter().all(|v| v.get(part) == first.as_ref())
            && let Some(value) = first
        {
            object.set(&["spec", above], value);
            for version in &mut versions {
                version.remove(&[part]);
            }
        }
    }
    if let Some(name) = versions.first().map(|v| v.str_at(&["name"]).to_owned()) {
        object.set(&["spec", "version"], name);
    }
    object.set(&["spec", "versions"], versions);
    if let Some(webhook) = object.remove(&["spec", "conversion", "webhook"]) {
        for (inside, field) in [
            ("clientConfig", "webhookClientConfig"),
            ("conversionReviewVersions", "conversionReviewVersions"),
        ] {
            if let Some(value) = webhook.get(inside) {
                object.set(&["spec", "conversion", field], value.clone());
            }
        }
    }
}
