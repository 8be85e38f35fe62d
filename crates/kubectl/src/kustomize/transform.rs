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
        put(&mut resource.object.0, &["metadata", "annotations"], annotations, true);
        for path in template_metadata(resource.object.kind()) {
            put(
                &mut resource.object.0,
                &[*path, &["metadata", "annotations"][..]].concat(),
                annotations,
                true,
            );
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
                "resource with name {name} does not match a config with the following GVK [Deployment.[noVer].[noGrp] StatefulSet.[noVer].[noGrp] ReplicaSet.[noVer].[noGrp] ReplicationController.[noVer].[noGrp]]"
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

/// Adds pairs to the map at a path, through every element of lists on the way; without `create` only where the map is.
fn put(value: &mut Value, path: &[&str], pairs: &Map, create: bool) {
    if let Value::List(_) = value {
        value.make_list().iter_mut().for_each(|element| put(element, path, pairs, create));
        return;
    }
    let Some((field, below)) = path.split_first() else {
        for (key, entry) in pairs.iter() {
            value.set(&[key], entry.clone());
        }
        return;
    };
    if value.get(field).is_none() {
        // An empty map is no more than nothing.
        if !create || pairs.is_empty() {
            return;
        }
        value.set(&[field], Value::map());
    }
    if let Some(inner) = value.at_mut(&[field]) {
        put(inner, below, pairs, create);
    }
}

/// Where a kind has further metadata: that of its templates.
fn template_metadata(kind: &str) -> &'static [&'static [&'static str]] {
    match kind {
        "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet" | "Job" | "ReplicationController" => {
            &[&["spec", "template"]]
        }
        "CronJob" => &[&["spec", "jobTemplate"], &["spec", "jobTemplate", "spec", "template"]],
        _ => &[],
    }
}

/// Where a kind has selectors, and whether one is made where there is none. Models kustomize
/// `konfig/builtinpluginconsts/commonlabels.go`.
fn selectors(kind: &str) -> &'static [(&'static str, bool)] {
    match kind {
        "Service" | "ReplicationController" => &[("spec.selector", true)],
        "ReplicaSet" | "DaemonSet" => &[("spec.selector.matchLabels", true)],
        "Deployment" | "StatefulSet" => &[
            ("spec.selector.matchLabels", true),
            (
                "spec.template.spec.affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution.podAffinityTerm.labelSelector.matchLabels",
                false,
            ),
            (
                "spec.template.spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution.labelSelector.matchLabels",
                false,
            ),
            (
                "spec.template.spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution.podAffinityTerm.labelSelector.matchLabels",
                false,
            ),
            (
                "spec.template.spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution.labelSelector.matchLabels",
                false,
            ),
            ("spec.template.spec.topologySpreadConstraints.labelSelector.matchLabels", false),
        ],
        "Job" | "PodDisruptionBudget" => &[("spec.selector.matchLabels", false)],
        "CronJob" => &[("spec.jobTemplate.spec.selector.matchLabels", false)],
        "NetworkPolicy" => &[
            ("spec.podSelector.matchLabels", false),
            ("spec.ingress.from.podSelector.matchLabels", false),
            ("spec.egress.to.podSelector.matchLabels", false),
        ],
        _ => &[],
    }
}

fn labels(resource: &mut Resource, pairs: &Map, in_selectors: bool, in_templates: bool) {
    if pairs.is_empty() {
        return;
    }
    let kind = resource.object.kind().to_owned();
    let value = &mut resource.object.0;
    put(value, &["metadata", "labels"], pairs, true);
    if in_templates {
        for path in template_metadata(&kind) {
            put(value, &[*path, &["metadata", "labels"][..]].concat(), pairs, true);
        }
        if kind == "StatefulSet" && value.at(&["spec", "volumeClaimTemplates"]).is_some() {
            put(value, &["spec", "volumeClaimTemplates", "metadata", "labels"], pairs, true);
        }
    }
    if in_selectors {
        for (path, create) in selectors(&kind) {
            put(value, &path.split('.').collect::<Vec<_>>(), pairs, *create);
        }
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
