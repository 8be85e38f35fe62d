//! Pods: as made, as changed, with ephemeral containers, with a status.
//!
//! Models `ValidatePodCreate`, `ValidatePodUpdate`, `ValidatePodEphemeralContainersUpdate`. The status and the resizing
//! of pods stand in files of their own.

use gatehouse_model::{FieldError, FieldPath, Object, Value, names};

use super::check::{self, Errors};
use super::pod_spec::{self, Context};
use super::{Rules, container, internal, meta, pod_resize, pod_status, scheduling, security};

/// On a pod that stands for one of a node's own.
pub(super) const MIRROR: &str = "kubernetes.io/config.mirror";

const UPDATABLE: &str = "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
const UPDATABLE_1_20: &str = "`spec.containers[*].image`, `spec.initContainers[*].image`, `spec.activeDeadlineSeconds` or `spec.tolerations` (only additions to existing tolerations)";

/// The checks of a pod that is made and of one that is changed.
pub(super) fn whole<'a>(errors: &mut Errors, rules: &Rules, pod: &'a Object) -> Context<'a> {
    static NOTHING: Value = Value::Null;
    meta::object(errors, pod, true, names::dns1123_subdomain);
    let spec = pod.get("spec").unwrap_or(&NOTHING);
    let context = Context {
        version: rules.version,
        spec,
        path: FieldPath::new("spec"),
        volumes: Vec::new(),
        is_pod: true,
    };
    security::annotations(errors, &context, &FieldPath::new("metadata.annotations"), pod.annotations());
    let context = pod_spec::spec(errors, rules.version, FieldPath::new("spec"), spec, Some(pod.name()));
    if spec.str_at(&["serviceAccountName"]).is_empty() {
        for (i, volume) in spec.list_at(&["volumes"]).iter().enumerate() {
            for (j, source) in volume.list_at(&["projected", "sources"]).iter().enumerate() {
                if source.get("serviceAccountToken").is_some() {
                    let path =
                        context.path.child("volumes").index(i).children(&["projected", "sources"]).index(j);
                    let why = "must not be specified when serviceAccountName is not set";
                    errors.push(FieldError::forbidden(path.child("serviceAccountToken"), why));
                }
            }
        }
    }
    container::images(errors, &context);
    context
}

/// A pod that is to be made.
pub(super) fn create(errors: &mut Errors, rules: &Rules, pod: &Object) {
    let context = whole(errors, rules, pod);
    let path = FieldPath::new("spec");
    if !pod.list_at(&["spec", "ephemeralContainers"]).is_empty() {
        errors.push(FieldError::forbidden(path.child("ephemeralContainers"), "cannot be set on create"));
    }
    if !pod.str_at(&["spec", "nodeName"]).is_empty() && !pod.list_at(&["spec", "schedulingGates"]).is_empty()
    {
        let why = "cannot be set until all schedulingGates have been cleared";
        errors.push(FieldError::forbidden(path.child("nodeName"), why));
    }
    security::annotations_match(errors, &context, pod.annotations());
}

/// A pod that somebody changes.
pub(super) fn update(errors: &mut Errors, rules: &Rules, new: &Object, old: &Object) {
    match rules.subresource.as_str() {
        "status" => return pod_status::update(errors, rules, new, old),
        "ephemeralcontainers" => return ephemeral(errors, rules, new, old),
        "resize" => return pod_resize::update(errors, rules, new, old),
        _ => {}
    }
    meta::update(errors, new, old);
    whole(errors, rules, new);
    annotations(errors, new, old);
    let path = FieldPath::new("spec");
    for field in ["containers", "initContainers"] {
        let (new, old) = (new.list_at(&["spec", field]), old.list_at(&["spec", field]));
        let path = path.child(field);
        if new.len() != old.len() {
            errors.push(FieldError::forbidden(path, "pod updates may not add or remove containers"));
            return;
        }
        for (i, container) in new.iter().enumerate() {
            check::required(errors, path.index(i).child("image"), container.str_at(&["image"]));
            container::image_padding(errors, &path.index(i), container);
        }
    }
    if !deadline(errors, &path, new, old) {
        return;
    }
    tolerations(errors, &path.child("tolerations"), new, old);
    let gates = old.list_at(&["spec", "schedulingGates"]);
    for (i, gate) in new.list_at(&["spec", "schedulingGates"]).iter().enumerate() {
        if !gates.contains(gate) {
            let why = format!(
                "only deletion is allowed, but found new scheduling gate '{}'",
                gate.str_at(&["name"])
            );
            errors.push(FieldError::forbidden(path.child("schedulingGates").index(i).child("name"), why));
        }
    }
    unchanged(errors, rules, new, old);
}

fn deadline(errors: &mut Errors, path: &FieldPath, new: &Object, old: &Object) -> bool {
    let path = path.child("activeDeadlineSeconds");
    let of = |o: &Object| o.i64_at(&["spec", "activeDeadlineSeconds"]);
    match (of(new), of(old)) {
        (Some(new), old) => {
            let complaints = names::in_range(new, 0, i64::from(i32::MAX));
            if !complaints.is_empty() {
                for complaint in complaints {
                    errors.push(FieldError::invalid(path.clone(), &Value::Int(new), complaint));
                }
                return false;
            }
            if old.is_some_and(|old| old < new) {
                let why = "must be less than or equal to previous value";
                errors.push(FieldError::invalid(path, &Value::Int(new), why));
                return false;
            }
        }
        (None, Some(_)) => {
            let why = "must not update from a positive integer to nil value";
            errors.push(FieldError::invalid(path, &Value::Null, why));
        }
        (None, None) => {}
    }
    true
}

fn tolerations(errors: &mut Errors, path: &FieldPath, new: &Object, old: &Object) {
    let strip = |t: &Value| {
        let mut t = t.clone();
        t.remove(&["tolerationSeconds"]);
        t
    };
    let new = new.list_at(&["spec", "tolerations"]);
    let kept = |t: &Value| new.iter().any(|n| strip(n) == strip(t));
    if !old.list_at(&["spec", "tolerations"]).iter().all(kept) {
        let why = "existing toleration can not be modified except its tolerationSeconds";
        errors.push(FieldError::forbidden(path.clone(), why));
        return;
    }
    scheduling::tolerations(errors, path, new);
}

/// Everything an update may not touch, with the difference as the API server prints it.
fn unchanged(errors: &mut Errors, rules: &Rules, new: &Object, old: &Object) {
    let mut munged = new.get("spec").cloned().unwrap_or_default();
    for field in ["containers", "initContainers"] {
        let before: Vec<Value> = old.list_at(&["spec", field]).to_vec();
        let Some(list) = munged.at_mut(&[field]) else { continue };
        for (container, old) in list.make_list().iter_mut().zip(before) {
            container.set(&["image"], old.str_at(&["image"]));
        }
    }
    let mut copied = vec!["activeDeadlineSeconds", "schedulingGates", "tolerations"];
    let grace = |v: Option<i64>| v.unwrap_or(0);
    if grace(old.i64_at(&["spec", "terminationGracePeriodSeconds"])) < 0
        && munged.i64_at(&["terminationGracePeriodSeconds"]) == Some(1)
    {
        copied.push("terminationGracePeriodSeconds");
    }
    if !old.list_at(&["spec", "schedulingGates"]).is_empty() {
        copied.push("nodeSelector");
        gated(errors, &mut munged, new, old);
    }
    for field in copied {
        match old.at(&["spec", field]) {
            Some(value) => munged.set(&[field], value.clone()),
            None => {
                munged.remove(&[field]);
            }
        }
    }
    let before = old.get("spec").cloned().unwrap_or_default();
    if munged == before {
        return;
    }
    let fields = if rules.version.minor() < 24 { UPDATABLE_1_20 } else { UPDATABLE };
    let diff = internal::diff("PodSpec", &before, &munged);
    let why = format!("pod updates may not change fields other than {fields}\n{diff}");
    errors.push(FieldError::forbidden(FieldPath::new("spec"), why));
}

/// A pod that waits at its gates may be told more narrowly where to run, never more widely.
fn gated(errors: &mut Errors, munged: &mut Value, new: &Object, old: &Object) {
    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    let path = FieldPath::new("spec");
    let (now, before) = (new.map_at(&["spec", "nodeSelector"]), old.map_at(&["spec", "nodeSelector"]));
    if before.iter().any(|(key, value)| now.get(key) != Some(value)) {
        let shown = if now.is_empty() { Value::Null } else { Value::from(now.clone()) };
        let why = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
        errors.push(FieldError::invalid(path.child("nodeSelector"), &shown, why));
    }
    let affinity = ["spec", "affinity", "nodeAffinity"];
    let (now, before) = (new.at(&affinity), old.at(&affinity));
    if now == before {
        return;
    }
    let terms = |affinity: Option<&Value>| {
        let required = affinity.and_then(|a| a.at(&[REQUIRED, "nodeSelectorTerms"]));
        required.map(|terms| terms.items().to_vec()).unwrap_or_default()
    };
    let at = path.children(&["affinity", "nodeAffinity", REQUIRED, "nodeSelectorTerms"]);
    let (after, first) = (terms(now), terms(before));
    if !first.is_empty() && first.len() != after.len() {
        let shown: Vec<String> = after.iter().map(|t| internal::print("NodeSelectorTerm", t)).collect();
        let shown = if after.is_empty() { "null".to_owned() } else { format!("[{}]", shown.join(",")) };
        let why = "no additions/deletions to non-empty NodeSelectorTerms list are allowed";
        errors.push(FieldError::invalid_rendered(at, shown, why));
    } else {
        for (i, (after, first)) in after.iter().zip(&first).enumerate() {
            if !only_adds(after, first) {
                let shown = internal::print("NodeSelectorTerm", after);
                let why = "only additions are allowed (no mutations or deletions)";
                errors.push(FieldError::invalid_rendered(at.index(i), shown, why));
            }
        }
    }
    match before {
        Some(before) => munged.set(&["affinity", "nodeAffinity"], before.clone()),
        None => {
            munged.remove(&["affinity", "nodeAffinity"]);
            if old.at(&["spec", "affinity"]).is_none() && munged.map_at(&["affinity"]).is_empty() {
                munged.remove(&["affinity"]);
            }
        }
    }
}

fn only_adds(after: &Value, before: &Value) -> bool {
    let lists = ["matchExpressions", "matchFields"];
    let none = |term: &Value| lists.iter().all(|l| term.list_at(&[l]).is_empty());
    (!none(before) || none(after))
        && lists.iter().all(|l| after.list_at(&[l]).starts_with(before.list_at(&[l])))
}

/// Annotations that are fixed once a pod is made.
pub(super) fn annotations(errors: &mut Errors, new: &Object, old: &Object) {
    let path = FieldPath::new("metadata.annotations");
    let fixed = |key: &str| key.starts_with("container.apparmor.security.beta.kubernetes.io/");
    let mirror = |key: &str| key == MIRROR;
    for (key, _) in old.annotations().iter().filter(|(k, v)| new.annotations().get(k) != Some(v)) {
        if fixed(key) {
            errors
                .push(FieldError::forbidden(path.key(key), "may not remove or update AppArmor annotations"));
        }
        if mirror(key) {
            errors
                .push(FieldError::forbidden(path.key(key), "may not remove or update mirror pod annotation"));
        }
    }
    for (key, _) in new.annotations().iter().filter(|(k, _)| !old.annotations().contains_key(k)) {
        if fixed(key) {
            errors.push(FieldError::forbidden(path.key(key), "may not add AppArmor annotations"));
        }
        if mirror(key) {
            errors.push(FieldError::forbidden(path.key(key), "may not add mirror pod annotation"));
        }
    }
}

/// `pods/ephemeralcontainers`
fn ephemeral(errors: &mut Errors, rules: &Rules, new: &Object, old: &Object) {
    if old.annotations().contains_key(MIRROR) {
        let why = "static pods do not support ephemeral containers";
        errors.clear();
        errors.push(FieldError::forbidden(FieldPath::new("[]"), why));
        return;
    }
    whole(errors, rules, new);
    annotations(errors, new, old);
    let path = FieldPath::new("spec.ephemeralContainers");
    let now = new.list_at(&["spec", "ephemeralContainers"]);
    let find = |name: &str| now.iter().find(|c| c.str_at(&["name"]) == name);
    for before in old.list_at(&["spec", "ephemeralContainers"]) {
        let name = before.str_at(&["name"]);
        match find(name) {
            None => {
                let why = format!("existing ephemeral containers \"{name}\" may not be removed\n");
                errors.push(FieldError::forbidden(path.clone(), why));
            }
            Some(after) if after != before => {
                let diff = internal::diff("EphemeralContainer", before, after);
                let why = format!("existing ephemeral containers \"{name}\" may not be changed\n{diff}");
                errors.push(FieldError::forbidden(path.clone(), why));
            }
            Some(_) => {}
        }
    }
}

/// The annotations of a template, those of seccomp and AppArmor among them.
pub(super) fn template_annotations(errors: &mut Errors, rules: &Rules, path: &FieldPath, template: &Value) {
    // The server leaves `metadata` out of this path.
    let path = path.child("annotations");
    let annotations = template.map_at(&["metadata", "annotations"]);
    meta::annotations(errors, &path, annotations);
    let spec = template.get("spec").unwrap_or(&Value::Null);
    let context =
        Context { version: rules.version, spec, path: path.clone(), volumes: Vec::new(), is_pod: false };
    security::annotations(errors, &context, &path, annotations);
}

/// A pod template.
pub(super) fn template(errors: &mut Errors, rules: &Rules, path: &FieldPath, template: &Value) {
    meta::labels(errors, &path.child("labels"), template.map_at(&["metadata", "labels"]));
    template_annotations(errors, rules, path, template);
    let spec = template.get("spec").unwrap_or(&Value::Null);
    let spec_path = path.child("spec");
    let context = pod_spec::spec(errors, rules.version, spec_path.clone(), spec, None);
    security::annotations_match(errors, &context, template.map_at(&["metadata", "annotations"]));
    if !spec.list_at(&["ephemeralContainers"]).is_empty() {
        let why = "ephemeral containers not allowed in pod template";
        errors.push(FieldError::forbidden(spec_path.child("ephemeralContainers"), why));
    }
}
