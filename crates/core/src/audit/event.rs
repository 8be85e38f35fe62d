//! One event: filled while a request is worked on, written at each stage.
//!
//! Fields stand in the order of the Go structures, since that is what the log shows; inside request and response
//! objects only `kind`, `apiVersion` and the metadata are ordered so, everything else by name.
//!
//! Models apiserver `pkg/audit/{request,format}.go` and `pkg/apis/audit/v1/types.go`.

use gatehouse_model::object::METADATA_ORDER;
use gatehouse_model::{Object, Value, json as model_json};

use super::policy::{Level, Stage, Telling};
use super::{Auditing, Format};
use crate::cluster::Cluster;
use crate::request::{
    Credential, DryRun, FieldValidation, Options, Propagation, Reply, Request, ResourceTarget,
};
use crate::request::{Target, User, Verb, escape};
use crate::status::Status;
use crate::world::Timestamp;

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Event {
    telling: Telling,
    id: String,
    uri: String,
    verb: String,
    user: Option<User>,
    /// Whom the request acts as, and the verb of the constrained mode that allowed it.
    pub(super) impersonated: Option<(User, String)>,
    source: String,
    agent: String,
    target: Option<ResourceTarget>,
    uid: String,
    resource_version: String,
    status: Option<String>,
    code: u16,
    request: Option<String>,
    response: Option<String>,
    received: Timestamp,
    /// Below the millisecond.
    micros: u64,
    /// How long the answer took, in microseconds.
    took: u64,
    annotations: Vec<(String, String)>,
}

impl Event {
    /// An event of a request, if the policy wants any.
    pub(super) fn begin(
        cluster: &mut Cluster,
        request: &Request,
        user: Option<&User>,
        verb: &Verb,
        target: &Target,
    ) -> Option<Self> {
        let auditing = cluster.config.auditing.clone()?;
        let telling = auditing.policy.telling(user, verb, target);
        if telling.level == Level::None {
            return None;
        }
        let chance = cluster.entropy.next_u64();
        let agent = if request.agent.is_empty() {
            agent(&request.credential, &cluster.version.git_version())
        } else {
            request.agent.clone()
        };
        Some(Self {
            telling,
            id: cluster.entropy.uid(),
            uri: uri(
                verb,
                if matches!(target, Target::Path(_)) { &request.target } else { target },
                &request.options,
                agent.starts_with("kubectl/"),
            ),
            verb: verb.as_str().to_owned(),
            user: user.cloned(),
            impersonated: None,
            source: if request.source.is_empty() { "172.30.1.2".to_owned() } else { request.source.clone() },
            agent,
            target: match target {
                Target::Resource(t) => Some(t.clone()),
                Target::Path(_) => None,
            },
            uid: String::new(),
            resource_version: String::new(),
            status: None,
            code: 0,
            request: None,
            response: None,
            received: cluster.now,
            micros: chance % 1000,
            took: 900 + chance / 1000 % 7000,
            annotations: Vec::new(),
        })
    }

    /// Authentication failed: by which ways it was tried.
    pub(super) fn attempted(&mut self, request: &Request, status: &Status) {
        let way = match request.credential {
            Credential::Token(_) => "attempted: bearer",
            Credential::Certificate { .. } | Credential::Presented(_) => "attempted: x509",
            _ => "no credentials provided",
        };
        let message = model_json::print(&format!("Authentication failed, {way}").into());
        self.code = status.code;
        self.status = Some(format!("{{\"metadata\":{{}},\"message\":{message},\"code\":{}}}", status.code));
    }

    pub(super) fn annotate(&mut self, key: &str, value: &str) {
        if !self.annotations.iter().any(|(k, _)| k == key) {
            self.annotations.push((key.to_owned(), value.to_owned()));
        }
    }

    /// Fills what the URL did not say from the body's metadata.
    pub(super) fn name_object(&mut self, object: &Object) {
        let Some(target) = &mut self.target else { return };
        if target.namespace.is_empty() {
            object.namespace().clone_into(&mut target.namespace);
        }
        if target.name.is_empty() {
            object.name().clone_into(&mut target.name);
        }
        object.uid().clone_into(&mut self.uid);
        object.str_at(&["metadata", "resourceVersion"]).clone_into(&mut self.resource_version);
    }

    /// Notes the body.
    pub(super) fn asked(&mut self, body: String) {
        if self.telling.level >= Level::Request && self.target.is_some() {
            self.request = Some(body);
        }
    }

    /// Notes the answer.
    pub(super) fn reply(&mut self, result: &Result<Reply, Status>) {
        let full = self.telling.level >= Level::RequestResponse && self.target.is_some();
        let with_managed = !self.telling.omit_managed_fields;
        let (code, status, object) = match result {
            Ok(Reply::Object(object)) => {
                let created = self.verb == "create" && self.target.is_some();
                (if created { 201 } else { 200 }, None, full.then(|| stripped(object, with_managed)))
            }
            Ok(Reply::List { api_version, kind, resource_version, items }) => {
                let list = || {
                    let items: Vec<String> = items.iter().map(|o| stripped(o, with_managed)).collect();
                    format!(
                        "{{\"kind\":\"{kind}List\",\"apiVersion\":\"{api_version}\",\"metadata\":{{\"resourceVersion\":\"{resource_version}\"}},\"items\":[{}]}}",
                        items.join(",")
                    )
                };
                (200, None, full.then(list))
            }
            Ok(Reply::Success(value)) => {
                let details =
                    value.get("details").map_or(String::new(), |d| format!(",\"details\":{}", details(d)));
                let status = format!("{{\"metadata\":{{}},\"status\":\"Success\"{details},\"code\":200}}");
                let object = full.then(|| {
                    format!("{{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{{}},\"status\":\"Success\"{details}}}")
                });
                (200, Some(status), object)
            }
            Ok(Reply::Text(_)) => {
                let connects = self.target.as_ref().is_some_and(|t| t.subresource != "log");
                (if connects { 101 } else { 200 }, None, None)
            }
            Err(status) => {
                let told = failure(status);
                let object = full.then(|| {
                    format!(
                        "{{\"kind\":\"Status\",\"apiVersion\":\"v1\",{}",
                        told.get(1..).unwrap_or_default()
                    )
                });
                (status.code, Some(told), object)
            }
        };
        self.code = code;
        self.status = Some(status.unwrap_or_else(|| format!("{{\"metadata\":{{}},\"code\":{code}}}")));
        self.response = object;
    }

    /// Watches, and connections into pods.
    pub(super) fn long_running(&self, request: &Request) -> bool {
        let sub = self.target.as_ref().map_or("", |t| t.subresource.as_str());
        let follows = request.options.query.iter().any(|(k, v)| k == "follow" && v == "true");
        self.verb == "watch"
            || matches!(sub, "exec" | "attach" | "portforward" | "proxy")
            || sub == "log" && follows
    }

    /// Adds the line to the server's log, unless the policy leaves this stage out.
    pub(super) fn write(&self, cluster: &mut Cluster, stage: Stage) {
        if self.telling.omit_stages.contains(&stage) {
            return;
        }
        let legacy = cluster
            .config
            .auditing
            .as_ref()
            .is_some_and(|a: &std::sync::Arc<Auditing>| a.format == Format::Legacy);
        let largest = cluster.config.auditing.as_ref().and_then(|a| a.largest);
        let told = self.json(stage);
        let line = match largest.filter(|most| told.len() >= *most && self.telling.level >= Level::Request) {
            Some(most) => {
                let mut short = self.clone();
                (short.request, short.response) = (None, None);
                short.annotate("audit.k8s.io/truncated", "true");
                let told = short.json(stage);
                if told.len() >= most {
                    return;
                }
                if legacy { short.legacy(stage) } else { told }
            }
            None if legacy => self.legacy(stage),
            None => told,
        };
        cluster.audit_log.push(line);
    }

    fn json(&self, stage: Stage) -> String {
        let mut w = Writer(String::from("{\"kind\":\"Event\",\"apiVersion\":\"audit.k8s.io/v1\""));
        let begun = stage == Stage::RequestReceived;
        w.text("level", self.telling.level.as_str());
        w.text("auditID", &self.id);
        w.text("stage", stage.as_str());
        w.text("requestURI", &self.uri);
        w.text("verb", &self.verb);
        w.raw("user", &self.user.as_ref().map_or_else(|| "{}".to_owned(), user_info));
        if let Some((user, constraint)) = &self.impersonated {
            w.raw("impersonatedUser", &user_info(user));
            if !constraint.is_empty() {
                let constraint = model_json::print(&constraint.as_str().into());
                w.raw("authenticationMetadata", &format!("{{\"impersonationConstraint\":{constraint}}}"));
            }
        }
        w.raw("sourceIPs", &model_json::print(&Value::from(vec![Value::from(self.source.as_str())])));
        w.text("userAgent", &self.agent);
        if let Some(t) = &self.target {
            let mut r = Writer(String::new());
            for (key, value) in [
                ("resource", &t.resource),
                ("namespace", &t.namespace),
                ("name", &t.name),
                ("uid", &self.uid),
                ("apiGroup", &t.group),
                ("apiVersion", &t.version),
                ("resourceVersion", &self.resource_version),
                ("subresource", &t.subresource),
            ] {
                let late = matches!(key, "uid" | "resourceVersion") && begun;
                if !value.is_empty() && !late {
                    r.text(key, value);
                }
            }
            w.raw("objectRef", &format!("{{{}}}", r.0.trim_start_matches(',')));
        }
        for (key, value) in [
            ("responseStatus", &self.status),
            ("requestObject", &self.request),
            ("responseObject", &self.response),
        ] {
            if let Some(value) = value {
                w.raw(key, value);
            }
        }
        w.text("requestReceivedTimestamp", &self.time(0));
        w.text("stageTimestamp", &self.time(if begun { 0 } else { self.took }));
        if !self.annotations.is_empty() {
            let mut all = self.annotations.clone();
            gatehouse_model::order::by(&mut all, |a, b| a.0.cmp(&b.0));
            let mut a = Writer(String::new());
            for (key, value) in all {
                a.text(&key, &value);
            }
            w.raw("annotations", &format!("{{{}}}", a.0.trim_start_matches(',')));
        }
        w.0 + "}"
    }

    fn legacy(&self, stage: Stage) -> String {
        let quoted =
            |list: &[String]| list.iter().map(|g| model_json::go_quote(g)).collect::<Vec<_>>().join(",");
        let (user, groups) = match &self.user {
            Some(u) => (u.name.as_str(), quoted(&u.groups)),
            None => ("<none>", "<none>".to_owned()),
        };
        let (other, others) = match &self.impersonated {
            Some((u, _)) => (u.name.as_str(), quoted(&u.groups)),
            None => ("<self>", "<lookup>".to_owned()),
        };
        let namespace = self.target.as_ref().map_or("", |t| t.namespace.as_str());
        let namespace = if namespace.is_empty() { "<none>" } else { namespace };
        let response = if self.status.is_some() { self.code.to_string() } else { "<deferred>".to_owned() };
        let q = model_json::go_quote;
        format!(
            "{} AUDIT: id={} stage={} ip={} method={} user={} groups={} as={} asgroups={} user-agent={} namespace={} uri={} response=\"{response}\"",
            self.time(0),
            q(&self.id),
            q(stage.as_str()),
            q(&self.source),
            q(&self.verb),
            q(user),
            q(&groups),
            q(other),
            q(&others),
            q(&self.agent),
            q(namespace),
            q(&self.uri)
        )
    }

    /// A moment of the request with its microseconds.
    fn time(&self, after: u64) -> String {
        let micros = self.received.0.rem_euclid(1000).unsigned_abs() * 1000 + self.micros + after;
        let whole = self.received.plus_millis(i64::try_from(micros / 1_000_000).unwrap_or(0) * 1000);
        let text = whole.to_string();
        format!("{}.{:06}Z", text.trim_end_matches('Z'), micros % 1_000_000)
    }
}

/// Members of a JSON object, one after the other.
struct Writer(String);

impl Writer {
    fn raw(&mut self, key: &str, value: &str) {
        self.0.push_str(&format!(",{}:{value}", model_json::print(&key.into())));
    }

    fn text(&mut self, key: &str, value: &str) {
        self.raw(key, &model_json::print(&value.into()));
    }
}

fn user_info(user: &User) -> String {
    let mut w = Writer(String::new());
    if !user.name.is_empty() {
        w.text("username", &user.name);
    }
    if !user.uid.is_empty() {
        w.text("uid", &user.uid);
    }
    let list =
        |l: &[String]| model_json::print(&l.iter().map(|g| Value::from(g.as_str())).collect::<Value>());
    if !user.groups.is_empty() {
        w.raw("groups", &list(&user.groups));
    }
    if !user.extra.is_empty() {
        let mut extra = Writer(String::new());
        for (key, values) in &user.extra {
            extra.raw(key, &list(values));
        }
        w.raw("extra", &format!("{{{}}}", extra.0.trim_start_matches(',')));
    }
    format!("{{{}}}", w.0.trim_start_matches(','))
}

/// A tree, its objects' heads in the order of their structures.
pub(super) fn json(value: &Value) -> String {
    members(value, &["kind", "apiVersion", "metadata"], |key, v| {
        if key == "metadata" {
            members(v, &METADATA_ORDER, |_, v| model_json::print(v))
        } else {
            model_json::print(v)
        }
    })
}

fn members(value: &Value, first: &[&str], print: impl Fn(&str, &Value) -> String) -> String {
    let Some(map) = value.as_map() else { return model_json::print(value) };
    let mut w = Writer(String::new());
    for key in first {
        if let Some(v) = map.get(key) {
            w.raw(key, &print(key, v));
        }
    }
    for (key, v) in map.iter().filter(|(k, _)| !first.contains(k)) {
        w.raw(key, &print(key, v));
    }
    format!("{{{}}}", w.0.trim_start_matches(','))
}

fn stripped(object: &Object, with_managed: bool) -> String {
    if with_managed {
        return json(object);
    }
    let mut object = object.clone();
    object.remove(&["metadata", "managedFields"]);
    json(&object)
}

fn details(value: &Value) -> String {
    members(value, &["name", "group", "kind", "uid", "causes", "retryAfterSeconds"], |_, v| {
        model_json::print(v)
    })
}

/// A refusal as `metav1.Status` writes it.
fn failure(status: &Status) -> String {
    let value = status.to_value();
    let mut w = Writer(String::from("{\"metadata\":{},\"status\":\"Failure\""));
    w.text("message", &status.message);
    w.text("reason", status.reason.as_str());
    if let Some(d) = value.get("details") {
        w.raw("details", &details(d));
    }
    w.raw("code", &status.code.to_string());
    w.0 + "}"
}

/// The body of a delete.
pub(super) fn delete_options(request: &Request) -> String {
    let mut w = Writer(String::from("{\"kind\":\"DeleteOptions\",\"apiVersion\":\"meta.k8s.io/v1\""));
    let options = &request.options;
    if let Some(grace) = options.grace_period_seconds {
        w.raw("gracePeriodSeconds", &grace.to_string());
    }
    let policy = match options.propagation {
        Some(Propagation::Foreground) => "Foreground",
        Some(Propagation::Orphan) => "Orphan",
        Some(Propagation::Background) | None => "Background",
    };
    w.text("propagationPolicy", policy);
    w.0 + "}"
}

/// What components call themselves.
fn agent(credential: &Credential, version: &str) -> String {
    let built = format!("{version} (linux/amd64) kubernetes/0000000");
    let Credential::Internal(user) = credential else { return String::new() };
    match user.name.as_str() {
        "system:kube-scheduler" => format!("kube-scheduler/{built}/scheduler"),
        name if name.starts_with("system:node:") => format!("kubelet/{built}"),
        "system:kube-controller-manager" => format!("kube-controller-manager/{built}/tokens-controller"),
        name => format!("kube-controller-manager/{built}/{name}"),
    }
}

/// The URI that a client of Kubernetes asks for.
pub(super) fn uri(verb: &Verb, target: &Target, options: &Options, kubectl: bool) -> String {
    let (path, create) = match target {
        Target::Path(path) => (path.clone(), false),
        Target::Resource(t) => {
            let mut path = match t.group.as_str() {
                "" => format!("/api/{}", t.version),
                group => format!("/apis/{group}/{}", t.version),
            };
            if !t.namespace.is_empty() && t.resource != "namespaces" {
                path.push_str(&format!("/namespaces/{}", t.namespace));
            }
            path.push_str(&format!("/{}", t.resource));
            for part in [&t.name, &t.subresource] {
                if !part.is_empty() {
                    path.push_str(&format!("/{part}"));
                }
            }
            (path, matches!(verb, Verb::Create | Verb::Update | Verb::Patch))
        }
    };
    let mut query: Vec<(String, String)> = Vec::new();
    let mut add = |key: &str, value: &str| query.push((key.to_owned(), value.to_owned()));
    if create {
        if options.dry_run == DryRun::All {
            add("dryRun", "All");
        }
        if !options.field_manager.is_empty() && kubectl {
            add("fieldManager", &options.field_manager);
        }
        if kubectl {
            add(
                "fieldValidation",
                match options.field_validation {
                    FieldValidation::Strict => "Strict",
                    FieldValidation::Warn => "Warn",
                    FieldValidation::Ignore => "Ignore",
                },
            );
        }
        if options.force {
            add("force", "true");
        }
    }
    for (key, value) in
        [("fieldSelector", &options.field_selector), ("labelSelector", &options.label_selector)]
    {
        if !value.is_empty() {
            add(key, value);
        }
    }
    match verb {
        Verb::List if kubectl => add("limit", "500"),
        Verb::Watch => add("watch", "true"),
        _ => {}
    }
    for (key, value) in &options.query {
        add(key, value);
    }
    let query: Vec<String> = query.iter().map(|(k, v)| format!("{k}={}", escape(v))).collect();
    if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
}
