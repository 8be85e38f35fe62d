//! MutatingAdmissionWebhook and ValidatingAdmissionWebhook: configurations that call backends of the simulation.
//!
//! A backend is a table (see `backends`) kept under the address the configuration names: a URL, or
//! `https://NAME.NAMESPACE.svc:PORT/PATH`. Where there is none, nobody answers.
//!
//! Models apiserver `pkg/admission/plugin/webhook/{validating,mutating,errors}`.

use std::borrow::Cow;

use gatehouse_model::{Object, ResourceType, Value};

use super::backends::Rule;
use super::policies::{Conditions, Context, conditions, matching};
use super::{AdmissionRequest, Notes, backends};
use crate::cluster::Cluster;
use crate::decision::{Bearing, Cause, ObjectRef};
use crate::network::istio;
use crate::server::{in_version, out_of_version};
use crate::status::{Reason, Status};
use crate::{defaults, patch, schema};

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

    const fn object(self) -> &'static str {
        match self {
            Self::Mutating => "MutatingWebhookConfiguration",
            Self::Validating => "ValidatingWebhookConfiguration",
        }
    }
}

/// A webhook of a configuration.
struct Hook {
    kind: Kind,
    configuration: String,
    position: usize,
    value: Value,
}

impl Hook {
    /// Notes what came of asking, or of not asking.
    fn note(&self, bearing: Bearing, field: &str, text: String, notes: &mut Notes) {
        let object = ObjectRef {
            kind: self.kind.object().to_owned(),
            namespace: String::new(),
            name: self.configuration.clone(),
        };
        let field = format!("webhooks[{}]{field}", self.position);
        notes.because.push(Cause { bearing, object: Some(object), field, text });
    }

    /// As which resource it is to be asked about the request as it is now; `None` where it is not asked.
    fn concerns<'a>(
        &self,
        cluster: &Cluster,
        request: &AdmissionRequest<'a>,
        notes: &mut Notes,
    ) -> Result<Option<Cow<'a, ResourceType>>, Status> {
        let hook = &self.value;
        let equivalent = hook.str_at(&["matchPolicy"]) != "Exact";
        let seen = matching::matched(cluster, request, hook.list_at(&["rules"]), equivalent)
            .filter(|_| matching::selectors(cluster, request, hook));
        let (Some(seen), Some(evaluator)) = (seen.clone(), &cluster.expressions) else { return Ok(seen) };
        let context = Context::new(cluster, request, &Object::default(), &seen);
        let scope = context.scope(cluster, request.user, None);
        match conditions(&**evaluator, &scope, hook.list_at(&["matchConditions"])) {
            Conditions::Met => Ok(Some(seen)),
            Conditions::Unmet => Ok(None),
            Conditions::Failed(_) if hook.str_at(&["failurePolicy"]) == "Ignore" => Ok(None),
            Conditions::Failed(why) => {
                self.note(Bearing::Decided, ".matchConditions", why.clone(), notes);
                Err(request.forbid(&why))
            }
        }
    }
}

pub(super) fn mutate(
    cluster: &mut Cluster,
    request: &mut AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    let second = notes.passes.second;
    notes.passes.webhooks.begin(second, request.object.as_ref());
    for hook in hooks(cluster, request, Kind::Mutating) {
        let Some(seen) = hook.concerns(cluster, request, notes)? else { continue };
        let key = format!("{}/{}", hook.configuration, hook.position);
        if !notes.passes.webhooks.calls(second, &key) {
            continue;
        }
        let rule = call(cluster, request, &seen, &hook, notes)?;
        let changed = match rule.filter(|r| !r.patch.is_empty()) {
            Some(rule) => Some(patched(cluster, request, &seen, &hook, &rule.patch)?),
            None => injected(cluster, request, &hook),
        };
        if let Some(changed) = changed
            && request.object.as_ref() != Some(&changed)
        {
            request.object = Some(changed);
            notes.passes.webhooks.changed();
            notes.passes.wanted = true;
        }
        notes.passes.webhooks.called(key, hook.value.str_at(&["reinvocationPolicy"]) == "IfNeeded");
    }
    notes.passes.webhooks.end(request.object.as_ref());
    Ok(())
}

/// The object after the patch a backend sent.
fn patched(
    cluster: &Cluster,
    request: &AdmissionRequest<'_>,
    seen: &ResourceType,
    hook: &Hook,
    operations: &[Value],
) -> Result<Object, Status> {
    let Some(object) = &request.object else {
        return Err(Status::internal(&format!(
            "admission webhook \"{}\" attempted to modify the object, which is not supported for this operation",
            hook.value.str_at(&["name"])
        )));
    };
    let changed =
        patch::json::apply(&in_version(object, seen), operations).map_err(|why| Status::internal(&why))?;
    let (typed, _) = schema::decode(cluster, seen, changed).map_err(|why| Status::internal(&why))?;
    let mut changed = Object(typed);
    defaults::apply(cluster.version, &mut changed);
    Ok(out_of_version(changed, object))
}

pub(super) fn validate(
    cluster: &mut Cluster,
    request: &AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    for hook in hooks(cluster, request, Kind::Validating) {
        if let Some(seen) = hook.concerns(cluster, request, notes)? {
            call(cluster, request, &seen, &hook, notes)?;
        }
    }
    Ok(())
}

/// What Istio's injector makes of a pod, if the webhook is its and the pod gets a sidecar.
fn injected(cluster: &Cluster, request: &AdmissionRequest<'_>, hook: &Hook) -> Option<Object> {
    cluster.webhook_backends.get(&address(&hook.value)).filter(|b| b.sidecars)?;
    let namespace = cluster.store.get("namespaces", "", request.namespace);
    let labels = namespace.map(|n| n.labels().clone()).unwrap_or_default();
    istio::inject(request.object.as_ref()?, &labels)
}

/// The webhooks of all configurations, in order.
fn hooks(cluster: &Cluster, request: &AdmissionRequest<'_>, kind: Kind) -> Vec<Hook> {
    if matching::is_exempt(request) {
        return Vec::new();
    }
    let of = |configuration: &std::sync::Arc<Object>| -> Vec<Hook> {
        let list = configuration.list_at(&["webhooks"]).iter().enumerate();
        list.map(|(position, value)| Hook {
            kind,
            configuration: configuration.name().to_owned(),
            position,
            value: value.clone(),
        })
        .collect()
    };
    cluster.store.list(kind.table(), None).flat_map(of).collect()
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
    seen: &ResourceType,
    hook: &Hook,
    notes: &mut Notes,
) -> Result<Option<Rule>, Status> {
    let (name, address) = (hook.value.str_at(&["name"]), address(&hook.value));
    let Some(backend) = cluster.webhook_backends.get(&address) else {
        let nobody = format!("nobody answers at {address}");
        if hook.value.str_at(&["failurePolicy"]) == "Ignore" {
            hook.note(Bearing::Noted, "", format!("{nobody}; failurePolicy Ignore lets it pass"), notes);
            return Ok(None);
        }
        hook.note(Bearing::Decided, ".clientConfig", format!("{nobody}; failurePolicy Fail refuses"), notes);
        return Err(Status::internal(&format!(
            "failed calling webhook \"{name}\": failed to call webhook: {}",
            unreachable(cluster, &hook.value, &address)
        )));
    };
    let nothing = Object::default();
    let object = request.object.as_ref().or(request.old_object).unwrap_or(&nothing);
    let object = &in_version(object, seen);
    let fits = |r: &&Rule| values(object, &r.field).iter().any(|v| super::glob::fits(&r.pattern, v));
    let Some(rule) = backend.rules.iter().find(fits) else {
        hook.note(Bearing::Noted, "", format!("{address} allows it"), notes);
        return Ok(None);
    };
    notes.warnings.extend(rule.warnings.iter().cloned());
    if rule.allowed {
        hook.note(Bearing::Noted, "", format!("{address} allows it"), notes);
        return Ok(Some(rule.clone()));
    }
    hook.note(Bearing::Decided, "", format!("{address} denies it"), notes);
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
    let start = backends::post(address, seconds);
    let service = ["clientConfig", "service"];
    let Some(reference) = hook.at(&service).filter(|s| !s.is_null()) else {
        return backends::nobody(address, seconds);
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
#[path = "webhooks_tests.rs"]
mod tests;
