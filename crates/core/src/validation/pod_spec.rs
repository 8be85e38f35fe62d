//! The specification of pods, in pods and in templates.
//!
//! Models `ValidatePodSpec` and what it calls for the whole pod.

use gatehouse_model::{FieldError, FieldPath, KubeVersion, Value, names};

use super::check::{self, Errors};
use super::{container, resources, scheduling, security, volume};

/// What the checks of a pod's parts need to know of the whole.
pub(super) struct Context<'a> {
    /// Which server asks.
    pub(super) version: KubeVersion,
    /// `spec`
    pub(super) spec: &'a Value,
    /// Where it is.
    pub(super) path: FieldPath,
    /// The volumes that can be mounted.
    pub(super) volumes: Vec<&'a Value>,
    /// Whether this is a pod, not a template.
    pub(super) is_pod: bool,
}

impl<'a> Context<'a> {
    /// A flag of the specification.
    pub(super) fn flag(&self, field: &str) -> bool {
        self.spec.bool_at(&[field]) == Some(true)
    }

    /// Whether the pod shares the host's user namespace.
    pub(super) fn host_users(&self) -> bool {
        self.spec.bool_at(&["hostUsers"]) != Some(false)
    }

    /// All containers and where they are: init, regular, ephemeral.
    pub(super) fn containers(&self) -> impl Iterator<Item = (&'a Value, FieldPath)> + use<'a> {
        let (spec, path) = (self.spec, self.path.clone());
        ["initContainers", "containers", "ephemeralContainers"].into_iter().flat_map(move |field| {
            let path = path.child(field);
            spec.list_at(&[field])
                .iter()
                .enumerate()
                .map(move |(i, c)| (c, path.index(i)))
                .collect::<Vec<_>>()
        })
    }
}

/// Checks a specification; `pod` is the pod's name, and missing in a template.
pub(super) fn spec<'a>(
    errors: &mut Errors,
    version: KubeVersion,
    path: FieldPath,
    spec: &'a Value,
    pod: Option<&str>,
) -> Context<'a> {
    let volumes = volume::volumes(errors, &path, spec, pod);
    let context = Context { version, spec, path, volumes, is_pod: pod.is_some() };
    let claims = spec.list_at(&["resourceClaims"]);
    resources::claims(errors, &context.path.child("resourceClaims"), claims);
    container::regular(errors, &context);
    container::init(errors, &context);
    container::ephemeral(errors, &context);
    // Since 1.34 a pod may ask for resources as a whole.
    if version.minor() >= 34 {
        let claims: Vec<&str> = claims.iter().map(|c| c.str_at(&["name"])).collect();
        resources::pod(errors, &context.path.child("resources"), spec, &claims);
    }
    host_network(errors, &context);
    let path = &context.path;
    let text = |field: &str| spec.str_at(&[field]);
    check::one_of(
        errors,
        path.child("restartPolicy"),
        text("restartPolicy"),
        &["Always", "OnFailure", "Never"],
    );
    check::one_of(
        errors,
        path.child("dnsPolicy"),
        text("dnsPolicy"),
        &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"],
    );
    super::meta::labels(errors, &path.child("nodeSelector"), spec.map_at(&["nodeSelector"]));
    security::pod(errors, &context);
    scheduling::affinity(errors, &path.child("affinity"), spec.get("affinity"));
    dns(errors, &context);
    gates(errors, &context);
    scheduling::spread(
        errors,
        &path.child("topologySpreadConstraints"),
        spec.list_at(&["topologySpreadConstraints"]),
    );
    host_process(errors, &context);
    host_users(errors, &context);
    let mut named = |field: &str, rule: fn(&str) -> Vec<String>| {
        let name = text(field);
        if !name.is_empty() {
            check::text(errors, &path.child(field), name, rule(name));
        }
    };
    named("serviceAccountName", names::dns1123_subdomain);
    named("nodeName", names::dns1123_subdomain);
    if let Some(seconds) = spec.i64_at(&["activeDeadlineSeconds"]) {
        let top = i64::from(i32::MAX);
        for complaint in names::in_range(seconds, 1, top) {
            errors.push(FieldError::invalid(
                path.child("activeDeadlineSeconds"),
                &Value::Int(seconds),
                complaint,
            ));
        }
    }
    let mut named = |field: &str, rule: fn(&str) -> Vec<String>| {
        let name = text(field);
        if !name.is_empty() {
            check::text(errors, &path.child(field), name, rule(name));
        }
    };
    named("hostname", names::dns1123_label);
    named("subdomain", names::dns1123_label);
    scheduling::tolerations(errors, &path.child("tolerations"), spec.list_at(&["tolerations"]));
    aliases(errors, &path.child("hostAliases"), spec.list_at(&["hostAliases"]));
    let mut named = |field: &str, rule: fn(&str) -> Vec<String>| {
        let name = text(field);
        if !name.is_empty() {
            check::text(errors, &path.child(field), name, rule(name));
        }
    };
    named("priorityClassName", names::dns1123_subdomain);
    if let Some(name) = spec.get("runtimeClassName").and_then(Value::as_str) {
        check::text(errors, &path.child("runtimeClassName"), name, names::dns1123_subdomain(name));
    }
    if let Some(policy) = spec.get("preemptionPolicy").and_then(Value::as_str) {
        check::one_of(errors, path.child("preemptionPolicy"), policy, &["PreemptLowerPriority", "Never"]);
    }
    if let Some(overhead) = spec.get("overhead") {
        let limits = gatehouse_model::json!({"limits": (overhead.clone())});
        resources::container(errors, &path.child("overhead"), Some(&limits), &[]);
    }
    super::os::pod(errors, &context);
    context
}

fn host_network(errors: &mut Errors, context: &Context<'_>) {
    if !context.flag("hostNetwork") {
        return;
    }
    for (i, container) in context.spec.list_at(&["containers"]).iter().enumerate() {
        for (j, port) in container.list_at(&["ports"]).iter().enumerate() {
            let (host, own) =
                (port.i64_at(&["hostPort"]).unwrap_or(0), port.i64_at(&["containerPort"]).unwrap_or(0));
            if (context.is_pod || host != 0) && host != own {
                let path =
                    context.path.child("containers").index(i).child("ports").index(j).child("hostPort");
                let why = "must match `containerPort` when `hostNetwork` is true";
                errors.push(FieldError::invalid(path, &Value::Int(host), why));
            }
        }
    }
}

fn dns(errors: &mut Errors, context: &Context<'_>) {
    let path = context.path.child("dnsConfig");
    let config = context.spec.get("dnsConfig");
    if context.spec.str_at(&["dnsPolicy"]) == "None" {
        let Some(config) = config else {
            errors.push(FieldError::required(path, "must provide `dnsConfig` when `dnsPolicy` is None"));
            return;
        };
        if config.list_at(&["nameservers"]).is_empty() {
            let why = "must provide at least one DNS nameserver when `dnsPolicy` is None";
            errors.push(FieldError::required(path.child("nameservers"), why));
            return;
        }
    }
    let Some(config) = config else { return };
    let servers = config.list_at(&["nameservers"]);
    if servers.len() > 3 {
        let shown = Value::from(servers.to_vec());
        errors.push(FieldError::invalid(
            path.child("nameservers"),
            &shown,
            "must not have more than 3 nameservers",
        ));
    }
    for (i, server) in servers.iter().enumerate() {
        check::ip(errors, &path.child("nameservers").index(i), server.as_str().unwrap_or_default());
    }
    let searches = config.list_at(&["searches"]);
    if searches.len() > 32 {
        let shown = Value::from(searches.to_vec());
        errors.push(FieldError::invalid(
            path.child("searches"),
            &shown,
            "must not have more than 32 search paths",
        ));
    }
    let length: usize = searches.iter().map(|s| s.as_str().map_or(0, str::len) + 1).sum();
    if length > 2048 + 1 {
        let shown = Value::from(searches.to_vec());
        let why = "must not have more than 2048 characters (including spaces) in the search list";
        errors.push(FieldError::invalid(path.child("searches"), &shown, why));
    }
    for (i, search) in searches.iter().enumerate() {
        let search = search.as_str().unwrap_or_default();
        let at = path.child("searches").index(i);
        let name = search.strip_suffix('.').unwrap_or(search);
        // Since 1.32 names with underscores are searched, and the root.
        if context.version.minor() < 32 {
            check::text(errors, &at, name, names::dns1123_subdomain(name));
        } else if search != "." {
            check::text(errors, &at, name, names::dns1123_subdomain_with_underscore(name));
        }
    }
    for (i, option) in config.list_at(&["options"]).iter().enumerate() {
        if option.str_at(&["name"]).is_empty() {
            errors.push(FieldError::required(path.child("options").index(i), "must not be empty"));
        }
    }
}

fn gates(errors: &mut Errors, context: &Context<'_>) {
    for (i, gate) in context.spec.list_at(&["readinessGates"]).iter().enumerate() {
        let kind = gate.str_at(&["conditionType"]);
        let path = context.path.child("readinessGates").index(i).child("conditionType");
        check::text(errors, &path, kind, names::label_key(kind));
    }
    let mut seen: Vec<&str> = Vec::new();
    for (i, gate) in context.spec.list_at(&["schedulingGates"]).iter().enumerate() {
        let path = context.path.child("schedulingGates").index(i);
        let name = gate.str_at(&["name"]);
        check::text(errors, &path, name, names::label_key(name));
        if seen.contains(&name) {
            errors.push(FieldError::duplicate(path, &name.into()));
        }
        seen.push(name);
    }
}

fn host_process(errors: &mut Errors, context: &Context<'_>) {
    let flag = |v: &Value| v.bool_at(&["securityContext", "windowsOptions", "hostProcess"]);
    let pod = flag(context.spec);
    let (mut count, mut hosts) = (0, 0);
    for (container, path) in context.containers() {
        count += 1;
        let own = flag(container);
        if let (Some(pod), Some(own)) = (pod, own)
            && pod != own
        {
            let why = format!("pod hostProcess value must be identical if both are specified, was {pod}");
            let path = path.children(&["securityContext", "windowsOptions", "hostProcess"]);
            errors.push(FieldError::invalid(path, &Value::Bool(own), why));
        }
        if own.or(pod) == Some(true) {
            hosts += 1;
        }
    }
    if hosts == 0 {
        return;
    }
    if hosts != count {
        let why =
            "If pod contains any hostProcess containers then all containers must be HostProcess containers";
        errors.push(FieldError::invalid(context.path.clone(), &"".into(), why));
    }
    if !context.flag("hostNetwork") {
        let why = "hostNetwork must be true if pod contains any hostProcess containers";
        errors.push(FieldError::invalid(context.path.child("hostNetwork"), &Value::Bool(false), why));
    }
}

fn host_users(errors: &mut Errors, context: &Context<'_>) {
    if context.host_users() {
        return;
    }
    for (field, shown) in [("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")] {
        if context.flag(field) {
            errors
                .push(FieldError::forbidden(context.path.child(shown), "when `pod.Spec.HostUsers` is false"));
        }
    }
}

fn aliases(errors: &mut Errors, path: &FieldPath, aliases: &[Value]) {
    for (i, alias) in aliases.iter().enumerate() {
        let path = path.index(i);
        check::ip(errors, &path.child("ip"), alias.str_at(&["ip"]));
        for (j, host) in alias.list_at(&["hostnames"]).iter().enumerate() {
            let host = host.as_str().unwrap_or_default();
            check::text(errors, &path.child("hostnames").index(j), host, names::dns1123_subdomain(host));
        }
    }
}
