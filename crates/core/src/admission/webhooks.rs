//! MutatingAdmissionWebhook and ValidatingAdmissionWebhook: configurations that call backends of the simulation.
//!
//! A backend is a table (see [`Backend`]) kept under the address the configuration names: a URL, or
//! `https://NAME.NAMESPACE.svc:PORT/PATH`. Where there is none, nobody answers.
//!
//! Models apiserver `pkg/admission/plugin/webhook/{validating,mutating,errors}`.

use gatehouse_model::{Object, Value};

use super::policies::matching;
use super::{AdmissionRequest, Notes};
use crate::cluster::Cluster;
use crate::patch;
use crate::status::{Reason, Status};

/// What a simulated backend answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Backend {
    /// The first rule that fits decides; none means yes.
    pub rules: Vec<Rule>,
}

/// One answer of a backend.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rule {
    /// Where to look: `spec.containers[*].image`.
    pub field: String,
    /// What must stand there, `*` for any text; a missing field counts as empty.
    pub pattern: String,
    /// Whether the request is allowed.
    pub allowed: bool,
    /// What the backend says.
    pub message: String,
    /// The operations of a JSON patch, for mutating webhooks.
    pub patch: Vec<Value>,
    /// Warnings for the user.
    pub warnings: Vec<String>,
}

/// Which half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Mutating,
    Validating,
}

impl Kind {
    const fn table(self) -> &'static str {
        match self {
            Self::Mutating => "mutatingwebhookconfigurations.admissionregistration.k8s.io",
            Self::Validating => "validatingwebhookconfigurations.admissionregistration.k8s.io",
        }
    }
}

pub(super) fn mutate(
    cluster: &mut Cluster,
    request: &mut AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    for hook in hooks(cluster, request, Kind::Mutating) {
        let Some(rule) = call(cluster, request, &hook, notes)? else { continue };
        if let Some(object) = request.object.as_ref().filter(|_| !rule.patch.is_empty()) {
            let changed = patch::json::apply(object, &rule.patch).map_err(|why| Status::internal(&why))?;
            request.object = Some(Object(changed));
        }
    }
    Ok(())
}

pub(super) fn validate(
    cluster: &mut Cluster,
    request: &AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    for hook in hooks(cluster, request, Kind::Validating) {
        call(cluster, request, &hook, notes)?;
    }
    Ok(())
}

/// The webhooks that concern a request, in order.
fn hooks(cluster: &Cluster, request: &AdmissionRequest<'_>, kind: Kind) -> Vec<Value> {
    if matching::is_exempt(request) {
        return Vec::new();
    }
    let all = cluster.store.list(kind.table(), None).flat_map(|c| c.list_at(&["webhooks"]).to_vec());
    all.filter(|hook| {
        let equivalent = hook.str_at(&["matchPolicy"]) != "Exact";
        hook.list_at(&["rules"]).iter().any(|r| matching::rule(request, r, equivalent))
            && matching::selectors(cluster, request, hook)
    })
    .collect()
}

/// Where a webhook's backend is.
fn address(hook: &Value) -> String {
    let url = hook.str_at(&["clientConfig", "url"]);
    if !url.is_empty() {
        return url.to_owned();
    }
    let service = hook.at(&["clientConfig", "service"]).cloned().unwrap_or_default();
    let path = service.str_at(&["path"]);
    let path = if path.is_empty() || path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    let port = service.i64_at(&["port"]).unwrap_or(443);
    format!("https://{}.{}.svc:{port}{path}", service.str_at(&["name"]), service.str_at(&["namespace"]))
}

/// Asks a backend; the rule that decided, if any.
fn call(
    cluster: &Cluster,
    request: &AdmissionRequest<'_>,
    hook: &Value,
    notes: &mut Notes,
) -> Result<Option<Rule>, Status> {
    let (name, address) = (hook.str_at(&["name"]), address(hook));
    let Some(backend) = cluster.webhook_backends.get(&address) else {
        if hook.str_at(&["failurePolicy"]) == "Ignore" {
            return Ok(None);
        }
        return Err(Status::internal(&format!(
            "failed calling webhook \"{name}\": failed to call webhook: {}",
            unreachable(cluster, hook, &address)
        )));
    };
    let nothing = Object::default();
    let object = request.object.as_ref().or(request.old_object).unwrap_or(&nothing);
    let rule = backend
        .rules
        .iter()
        .find(|r| values(object, &r.field).iter().any(|v| super::glob::fits(&r.pattern, v)));
    let Some(rule) = rule else { return Ok(None) };
    notes.warnings.extend(rule.warnings.iter().cloned());
    if rule.allowed {
        return Ok(Some(rule.clone()));
    }
    let message = if rule.message.is_empty() {
        format!("admission webhook \"{name}\" denied the request without explanation")
    } else {
        format!("admission webhook \"{name}\" denied the request: {}", rule.message)
    };
    Err(Status::new(Reason::Forbidden, message))
}

/// What the client says where nobody answers.
fn unreachable(cluster: &Cluster, hook: &Value, address: &str) -> String {
    let seconds = hook.i64_at(&["timeoutSeconds"]).unwrap_or(10);
    let separator = if address.contains('?') { '&' } else { '?' };
    let start = format!("Post \"{address}{separator}timeout={seconds}s\":");
    let service = ["clientConfig", "service"];
    let Some(reference) = hook.at(&service).filter(|s| !s.is_null()) else {
        let host = address.split("//").nth(1).and_then(|r| r.split('/').next()).unwrap_or_default();
        let host = host.split(':').next().unwrap_or_default();
        return format!("{start} dial tcp: lookup {host}: no such host");
    };
    let (namespace, name) = (reference.str_at(&["namespace"]), reference.str_at(&["name"]));
    match cluster.store.get("services", namespace, name) {
        None => format!("{start} service \"{name}\" not found"),
        Some(_) => format!("{start} no endpoints available for service \"{name}\""),
    }
}

/// The texts a field path leads to; one empty text where it leads nowhere.
fn values(object: &Value, path: &str) -> Vec<String> {
    let mut here: Vec<&Value> = vec![object];
    for part in path.split('.').filter(|p| !p.is_empty()) {
        let (key, all) = part.strip_suffix("[*]").map_or((part, false), |k| (k, true));
        let next = here.iter().filter_map(|v| v.get(key));
        here = if all { next.flat_map(Value::items).collect() } else { next.collect() };
    }
    let text = |v: &&Value| v.as_str().map_or_else(|| gatehouse_model::json::print(v), str::to_owned);
    if here.is_empty() { vec![String::new()] } else { here.iter().map(text).collect() }
}

#[cfg(test)]
mod tests {
    use gatehouse_model::{KubeVersion, json};

    use super::super::testing::{admit, resource};
    use super::*;

    fn cluster(failure: &str, backend: Option<Backend>) -> Cluster {
        let mut cluster = Cluster::empty(KubeVersion::V1_36, 1);
        cluster.seed(&json!({
            "/api/v1/namespaces": [{"metadata": {"name": "ci"}, "status": {"phase": "Active"}}],
            "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations": [{"metadata": {"name": "w"}, "webhooks": [{
                "name": "images.example.com", "failurePolicy": failure,
                "clientConfig": {"service": {"name": "hook", "namespace": "sec", "path": "/validate"}},
                "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"]}]}]}],
        }));
        if let Some(backend) = backend {
            std::sync::Arc::make_mut(&mut cluster.webhook_backends)
                .insert("https://hook.sec.svc:443/validate".to_owned(), backend);
        }
        cluster
    }

    fn run(cluster: &mut Cluster, value: &str) -> Result<(), String> {
        let map = json!({"metadata": {"name": "m", "namespace": "ci"}, "data": {"a": value}});
        admit(cluster, "jane", &resource("", "ConfigMap", "configmaps"), &map, None).0.map(|_| ())
    }

    #[test]
    fn a_backend_decides_and_its_absence_follows_the_failure_policy() {
        let rule = Rule {
            field: "data.a".to_owned(),
            pattern: "bad*".to_owned(),
            message: "no".to_owned(),
            ..Rule::default()
        };
        let mut with = cluster("Fail", Some(Backend { rules: vec![rule] }));
        assert_eq!(run(&mut with, "good"), Ok(()));
        assert_eq!(
            run(&mut with, "bad one"),
            Err("admission webhook \"images.example.com\" denied the request: no".to_owned())
        );
        assert_eq!(run(&mut cluster("Ignore", None), "good"), Ok(()));
        assert_eq!(
            run(&mut cluster("Fail", None), "good"),
            Err("Internal error occurred: failed calling webhook \"images.example.com\": failed to call webhook: \
                 Post \"https://hook.sec.svc:443/validate?timeout=10s\": service \"hook\" not found".to_owned())
        );
    }
}
