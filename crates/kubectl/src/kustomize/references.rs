//! Names in objects follow the objects they name. Models kustomize's name reference transformer.

use gatehouse_model::Value;

use super::resource::Resource;
use super::transform::template;

/// An object that was renamed: kind, earlier name, name, namespace.
struct Renamed {
    kind: String,
    before: Vec<String>,
    name: String,
    namespace: String,
}

pub(super) fn fix(all: &mut [Resource]) {
    let renamed: Vec<Renamed> = all
        .iter()
        .filter(|r| !r.before.is_empty())
        .map(|r| Renamed {
            kind: r.object.kind().to_owned(),
            before: r.before.iter().map(|(n, _)| n.clone()).collect(),
            name: r.name().to_owned(),
            namespace: r.namespace().to_owned(),
        })
        .collect();
    if renamed.is_empty() {
        return;
    }
    for resource in all {
        let kind = resource.object.kind().to_owned();
        let namespace = resource.namespace().to_owned();
        let new_name = |kind: &str, name: &str| {
            renamed
                .iter()
                .find(|r| {
                    r.kind == kind
                        && r.name != name
                        && r.before.iter().any(|b| b == name)
                        && (r.namespace == namespace || r.namespace.is_empty() || namespace.is_empty())
                })
                .map(|r| r.name.clone())
        };
        let value = &mut resource.object.0;
        if let Some(path) = template(&kind) {
            let full: Vec<&str> = path.iter().copied().chain(["spec"]).collect();
            if let Some(spec) = value.at_mut(&full) {
                pod_spec(spec, &new_name);
            }
        }
        match kind.as_str() {
            "StatefulSet" => field(value, &["spec", "serviceName"], "Service", &new_name),
            "ServiceAccount" => {
                for list in ["secrets", "imagePullSecrets"] {
                    each(value, list, &mut |v| field(v, &["name"], "Secret", &new_name));
                }
            }
            "RoleBinding" | "ClusterRoleBinding" => {
                let of = value.str_at(&["roleRef", "kind"]).to_owned();
                field(value, &["roleRef", "name"], &of, &new_name);
                each(value, "subjects", &mut |s| subject(s, &renamed));
            }
            "HorizontalPodAutoscaler" => {
                let of = value.str_at(&["spec", "scaleTargetRef", "kind"]).to_owned();
                field(value, &["spec", "scaleTargetRef", "name"], &of, &new_name);
            }
            "PersistentVolumeClaim" => {
                field(value, &["spec", "storageClassName"], "StorageClass", &new_name);
                field(value, &["spec", "volumeName"], "PersistentVolume", &new_name);
            }
            "Ingress" => ingress(value, &new_name),
            "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration" => {
                each(value, "webhooks", &mut |w| {
                    field(w, &["clientConfig", "service", "name"], "Service", &new_name);
                })
            }
            "ValidatingAdmissionPolicyBinding" => {
                field(value, &["spec", "policyName"], "ValidatingAdmissionPolicy", &new_name);
            }
            _ => {}
        }
    }
}

type NewName<'a> = dyn Fn(&str, &str) -> Option<String> + 'a;

fn field(value: &mut Value, path: &[&str], kind: &str, new_name: &NewName<'_>) {
    let old = value.str_at(path).to_owned();
    if !old.is_empty()
        && let Some(new) = new_name(kind, &old)
    {
        value.set(path, new);
    }
}

fn each(value: &mut Value, list: &str, act: &mut dyn FnMut(&mut Value)) {
    if let Some(list) = value.at_mut(&[list]).filter(|l| l.as_list().is_some()) {
        list.make_list().iter_mut().for_each(act);
    }
}

/// A service account as a subject: the namespace follows as well.
fn subject(value: &mut Value, renamed: &[Renamed]) {
    if value.str_at(&["kind"]) != "ServiceAccount" {
        return;
    }
    let name = value.str_at(&["name"]).to_owned();
    let found =
        renamed.iter().find(|r| r.kind == "ServiceAccount" && (r.name == name || r.before.contains(&name)));
    if let Some(r) = found {
        value.set(&["name"], r.name.as_str());
        if !r.namespace.is_empty() {
            value.set(&["namespace"], r.namespace.as_str());
        }
    }
}

fn pod_spec(spec: &mut Value, new_name: &NewName<'_>) {
    field(spec, &["serviceAccountName"], "ServiceAccount", new_name);
    field(spec, &["serviceAccount"], "ServiceAccount", new_name);
    field(spec, &["priorityClassName"], "PriorityClass", new_name);
    field(spec, &["runtimeClassName"], "RuntimeClass", new_name);
    each(spec, "imagePullSecrets", &mut |s| field(s, &["name"], "Secret", new_name));
    each(spec, "volumes", &mut |volume| {
        field(volume, &["configMap", "name"], "ConfigMap", new_name);
        field(volume, &["secret", "secretName"], "Secret", new_name);
        field(volume, &["persistentVolumeClaim", "claimName"], "PersistentVolumeClaim", new_name);
        if let Some(projected) = volume.at_mut(&["projected"]) {
            each(projected, "sources", &mut |source| {
                field(source, &["configMap", "name"], "ConfigMap", new_name);
                field(source, &["secret", "name"], "Secret", new_name);
            });
        }
    });
    for list in ["containers", "initContainers"] {
        each(spec, list, &mut |container| {
            each(container, "env", &mut |env| {
                field(env, &["valueFrom", "configMapKeyRef", "name"], "ConfigMap", new_name);
                field(env, &["valueFrom", "secretKeyRef", "name"], "Secret", new_name);
            });
            each(container, "envFrom", &mut |env| {
                field(env, &["configMapRef", "name"], "ConfigMap", new_name);
                field(env, &["secretRef", "name"], "Secret", new_name);
            });
        });
    }
}

fn ingress(value: &mut Value, new_name: &NewName<'_>) {
    field(value, &["spec", "ingressClassName"], "IngressClass", new_name);
    field(value, &["spec", "defaultBackend", "service", "name"], "Service", new_name);
    let Some(spec) = value.at_mut(&["spec"]) else { return };
    each(spec, "tls", &mut |tls| field(tls, &["secretName"], "Secret", new_name));
    each(spec, "rules", &mut |rule| {
        if let Some(http) = rule.at_mut(&["http"]) {
            each(http, "paths", &mut |path| {
                field(path, &["backend", "service", "name"], "Service", new_name);
            });
        }
    });
}
