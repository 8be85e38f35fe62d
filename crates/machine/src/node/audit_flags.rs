//! The flags of auditing: what is wrong with them, and what they make of the policy's file.
//!
//! Models apiserver pkg/server/options/audit.go.

use std::sync::Arc;

use gatehouse_core::audit::{Auditing, Format, Policy};
use gatehouse_model::yaml;

use super::apiserver::Site;
use super::audit_log::Sink;
use super::flags::Flags;
use super::klog;
use super::server_config::current_server;

const MODES: &str = "batch,blocking,blocking-strict";

/// Everything that is wrong with the flags of auditing.
#[inline(never)]
pub(super) fn wrong(flags: &Flags) -> Vec<String> {
    let mut wrong = Vec::new();
    if !flags.text("audit-log-path").is_empty() {
        wrong.extend(backend(flags, "log", "blocking", 1));
        let format = flags.get("audit-log-format").unwrap_or("json");
        if !matches!(format, "json" | "legacy") {
            wrong.push(format!("invalid audit log format {format}, allowed formats are \"legacy,json\""));
        }
        for name in ["audit-log-maxage", "audit-log-maxbackup", "audit-log-maxsize"] {
            let value = flags.number(name, 0);
            if value < 0 {
                wrong.push(format!("--{name} {value} can't be a negative number"));
            }
        }
    }
    if !flags.text("audit-webhook-config-file").is_empty() {
        wrong.extend(backend(flags, "webhook", "batch", 400));
    }
    wrong
}

/// What both backends have: a mode, batches, a limit for events, a version.
fn backend(flags: &Flags, plugin: &str, mode: &str, batch: i64) -> Vec<String> {
    let mut wrong = Vec::new();
    let name = |rest: &str| format!("audit-{plugin}-{rest}");
    let mode = flags.get(&name("mode")).unwrap_or(mode);
    let number = |rest: &str, default: i64| flags.number(&name(rest), default);
    let quick = plugin == "webhook";
    let throttles = flags.is(&name("batch-throttle-enable"), quick);
    let qps: f64 = flags.text(&name("batch-throttle-qps")).parse().unwrap_or(if quick { 10.0 } else { 0.0 });
    let size = number("batch-buffer-size", 10_000);
    let most = number("batch-max-size", batch);
    let burst = number("batch-throttle-burst", if quick { 15 } else { 0 });
    let positive = |what: &str, value: String| {
        format!("invalid audit batch {plugin} {what} {value}, must be a positive number")
    };
    if !MODES.split(',').any(|m| m == mode) {
        wrong.push(format!("invalid audit {plugin} mode {mode}, allowed modes are \"{MODES}\""));
    } else if mode != "batch" {
        // What is not used is not looked at.
    } else if size <= 0 {
        wrong.push(positive("buffer size", size.to_string()));
    } else if most <= 0 {
        wrong.push(positive("max batch size", most.to_string()));
    } else if throttles && qps <= 0.0 {
        wrong.push(positive("throttle QPS", qps.to_string()));
    } else if throttles && burst <= 0 {
        wrong.push(positive("throttle burst", burst.to_string()));
    }
    let event = number("truncate-max-event-size", 102_400);
    let batch = number("truncate-max-batch-size", 10_485_760);
    if event <= 0 {
        wrong.push(format!(
            "invalid audit truncate {plugin} max event size {event}, must be a positive number"
        ));
    } else if batch < event {
        wrong.push(format!("invalid audit truncate {plugin} max batch size {batch}, must be greater than max event size ({event})"));
    }
    match flags.get(&name("version")).unwrap_or("audit.k8s.io/v1") {
        "audit.k8s.io/v1" => {}
        v if v.matches('/').count() > 1 => wrong.push(format!("unexpected GroupVersion string: {v}")),
        _ => wrong.push("invalid group version, allowed versions are [\"audit.k8s.io/v1\"]".to_owned()),
    }
    wrong
}

impl Site<'_> {
    /// Reads the policy and opens the log.
    #[inline(never)]
    pub(super) fn audit(&mut self) -> Result<Option<Arc<Auditing>>, String> {
        let flags = self.flags;
        let policy = match flags.text("audit-policy-file") {
            "" => None,
            path => {
                let named = |why: String| format!("loading audit policy file: {why}");
                let text = self
                    .read(path)
                    .map_err(|why| named(format!("failed to read file path {path:?}: {why}")))?;
                let value = yaml::parse(&text).map_err(|e| {
                    named(format!("failed decoding: {}: from file {path}", super::yaml_error(&e)))
                })?;
                let policy =
                    Policy::read(&text, &value).map_err(|why| named(format!("{why}: from file {path}")))?;
                let strange = Policy::strange(&value);
                if !strange.is_empty() {
                    let now = self.machine.now.0;
                    self.files.greeting.push(format!("{}       1 reader.go:81] Audit policy contains errors, falling back to lenient decoding: strict decoding error: {}", klog('W', now), strange.join(", ")));
                }
                Some(policy)
            }
        };
        let (path, webhook) = (flags.text("audit-log-path"), flags.text("audit-webhook-config-file"));
        let mut sink = Sink::default();
        if !path.is_empty() {
            sink = Sink::open(self.machine, self.manifest, path, flags)?;
        }
        let Some(policy) = policy else { return Ok(None) };
        if !webhook.is_empty() {
            let named = |why: String| format!("initializing audit webhook: {why}");
            let address = self.webhook(webhook).map_err(named)?;
            let batches = flags.get("audit-webhook-mode").unwrap_or("batch") == "batch";
            sink.send_to(address, batches);
        }
        if path.is_empty() && webhook.is_empty() {
            return Ok(None);
        }
        self.files.audit = Some(sink);
        let format = if flags.text("audit-log-format") == "legacy" { Format::Legacy } else { Format::Json };
        let truncates = flags.is("audit-log-truncate-enabled", false);
        let largest = usize::try_from(flags.number("audit-log-truncate-max-event-size", 102_400)).ok();
        Ok(Some(Arc::new(Auditing { policy, format, largest: largest.filter(|_| truncates) })))
    }

    /// Where the backend is that a kubeconfig names.
    fn webhook(&self, path: &str) -> Result<String, String> {
        let text = self.read(path).map_err(|why| match why.strip_prefix("open ") {
            Some(rest) => format!("stat {rest}"),
            None => format!("error loading config file {path:?}: {why}"),
        })?;
        let parsed = yaml::parse(&text).map_err(|e| format!("error loading config file {path:?}: {e}"))?;
        if parsed.list_at(&["clusters"]).is_empty() {
            return Err("invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable".to_owned());
        }
        self.kubeconfig_files(&parsed)?;
        Ok(current_server(&parsed))
    }
}
