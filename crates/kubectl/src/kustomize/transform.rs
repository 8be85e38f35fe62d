//! Namespaces, names, labels, annotations, replicas and images. Models kustomize's built-in transformers.

use gatehouse_model::{Map, Value};

use super::resource::Resource;

/// Where the pod template of a kind is.
pub(super) fn template(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet" | "Job" | "ReplicationController" => {
            &["spec", "template"]
        }
        "CronJob" => &["spec", "jobTemplate", "spec", "template"],
        "Pod" => &[],
        "PodTemplate" => &["template"],
        _ => return None,
    })
}

pub(super) fn run(k: &Value, all: &mut [Resource]) -> Result<(), String> {
    let namespace = k.str_at(&["namespace"]);
    let (prefix, suffix) = (k.str_at(&["namePrefix"]), k.str_at(&["nameSuffix"]));
    for resource in all.iter_mut() {
        if !namespace.is_empty() {
            set_namespace(resource, namespace);
        }
        let unnamed =
            matches!(resource.object.kind(), "Namespace" | "CustomResourceDefinition" | "APIService");
        if !(unnamed || prefix.is_empty() && suffix.is_empty()) {
            let name = format!("{prefix}{}{suffix}", resource.name());
            let namespace = resource.namespace().to_owned();
            resource.rename(&name, &namespace);
        }
        labels(resource, k.map_at(&["commonLabels"]), true, true);
        for entry in k.list_at(&["labels"]) {
            let selectors = entry.bool_at(&["includeSelectors"]).unwrap_or(false);
            let templates = entry.bool_at(&["includeTemplates"]).unwrap_or(false);
            labels(resource, entry.map_at(&["pairs"]), selectors, selectors || templates);
        }
        let annotations = k.map_at(&["commonAnnotations"]);
        put(&mut resource.object.0, &["metadata", "annotations"], annotations);
        if let Some(path) = template(resource.object.kind()).filter(|p| !p.is_empty()) {
            put_in_template(&mut resource.object.0, path, "annotations", annotations);
        }
    }
    for entry in k.list_at(&["replicas"]) {
        let (name, count) = (entry.str_at(&["name"]), entry.i64_at(&["count"]).unwrap_or(0));
        let scaled = ["Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"];
        let mut hits = 0;
        for r in all.iter_mut().filter(|r| scaled.contains(&r.object.kind()) && r.was(name)) {
            r.object.set(&["spec", "replicas"], count);
            hits += 1;
        }
        if hits == 0 {
            return Err(format!(
                "resource with name {name} does not match a config with the following GVK [Deployment.[noVer].[noGrp] ReplicationController.[noVer].[noGrp] ReplicaSet.[noVer].[noGrp] StatefulSet.[noVer].[noGrp]]"
            ));
        }
    }
    for entry in k.list_at(&["images"]).iter().chain(k.list_at(&["imageTags"])) {
        for resource in all.iter_mut() {
            images(&mut resource.object.0, entry);
        }
    }
    Ok(())
}

fn set_namespace(resource: &mut Resource, namespace: &str) {
    if resource.object.kind() == "Namespace" {
        resource.rename(namespace, "");
        return;
    }
    if matches!(resource.object.kind(), "RoleBinding" | "ClusterRoleBinding") {
        let subjects = resource.object.0.at_mut(&["subjects"]);
        for subject in subjects.map(Value::make_list).into_iter().flatten() {
            if subject.str_at(&["kind"]) == "ServiceAccount" && subject.str_at(&["name"]) == "default" {
                subject.set(&["namespace"], namespace);
            }
        }
    }
    if !resource.cluster_scoped() {
        let name = resource.name().to_owned();
        resource.rename(&name, namespace);
    }
}

fn put(value: &mut Value, path: &[&str], pairs: &Map) {
    for (key, entry) in pairs.iter() {
        let full: Vec<&str> = path.iter().copied().chain([key]).collect();
        value.set(&full, entry.clone());
    }
}

fn put_in_template(value: &mut Value, path: &[&str], field: &str, pairs: &Map) {
    let full: Vec<&str> = path.iter().copied().chain(["metadata", field]).collect();
    put(value, &full, pairs);
}

fn labels(resource: &mut Resource, pairs: &Map, selectors: bool, templates: bool) {
    if pairs.is_empty() {
        return;
    }
    let kind = resource.object.kind().to_owned();
    let value = &mut resource.object.0;
    put(value, &["metadata", "labels"], pairs);
    if templates && let Some(path) = template(&kind).filter(|p| !p.is_empty()) {
        put_in_template(value, path, "labels", pairs);
        if kind == "CronJob" {
            put(value, &["spec", "jobTemplate", "metadata", "labels"], pairs);
        }
    }
    if !selectors {
        return;
    }
    match kind.as_str() {
        "Service" | "ReplicationController" => put(value, &["spec", "selector"], pairs),
        "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet" => {
            put(value, &["spec", "selector", "matchLabels"], pairs);
        }
        "Job" | "PodDisruptionBudget" if value.at(&["spec", "selector", "matchLabels"]).is_some() => {
            put(value, &["spec", "selector", "matchLabels"], pairs);
        }
        "NetworkPolicy" if value.at(&["spec", "podSelector", "matchLabels"]).is_some() => {
            put(value, &["spec", "podSelector", "matchLabels"], pairs);
        }
        _ => {}
    }
}

/// An image's name, tag (`:1.27`) and digest (`@sha256:…`).
fn split_image(image: &str) -> (&str, &str) {
    let at = image.find('@').unwrap_or(image.len());
    let tag = image.get(..at).and_then(|name| {
        let colon = name.rfind(':')?;
        (!name.get(colon..)?.contains('/')).then_some(colon)
    });
    image.split_at(tag.unwrap_or(at))
}

fn images(value: &mut Value, entry: &Value) {
    match value {
        Value::Map(_) => {
            for (key, inner) in value.make_map().iter_mut() {
                if matches!(key, "containers" | "initContainers") {
                    for container in inner.make_list() {
                        image(container, entry);
                    }
                }
                images(inner, entry);
            }
        }
        Value::List(_) => value.make_list().iter_mut().for_each(|v| images(v, entry)),
        _ => {}
    }
}

fn image(container: &mut Value, entry: &Value) {
    let old = container.str_at(&["image"]).to_owned();
    let (name, rest) = split_image(&old);
    if name != entry.str_at(&["name"]) || name.is_empty() {
        return;
    }
    let name = match entry.str_at(&["newName"]) {
        "" => name,
        new => new,
    };
    let tag = entry
        .get("newTag")
        .map(|t| t.as_str().map_or_else(|| gatehouse_core::patch::strategic::go_text(t), str::to_owned));
    let rest = match (tag.as_deref().unwrap_or(""), entry.str_at(&["digest"])) {
        ("", "") => rest.to_owned(),
        ("", digest) => format!("@{digest}"),
        (tag, "") => format!(":{tag}"),
        (tag, digest) => format!(":{tag}@{digest}"),
    };
    container.set(&["image"], format!("{name}{rest}"));
}
