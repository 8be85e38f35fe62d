//! etcd, kube-controller-manager and kube-scheduler: what their flags need, and the words they end with.
//!
//! Models etcd server/etcdmain, cmd/kube-controller-manager/app and cmd/kube-scheduler/app.

use gatehouse_core::Timestamp;
use gatehouse_model::{Value, yaml};

use super::apiserver::{command_failed, tls_errors};
use super::flags::Flags;
use super::klog;
use super::manifest::{Manifest, Sight};
use super::static_pods::{Effect, Failure};
use crate::machine::Machine;
use crate::net::tls;

const ETCD_USAGE: &str = "Usage:\n\n  etcd [flags]\n    Start an etcd server.\n\n  etcd --version\n    Show the version of etcd.\n\n  etcd -h | --help\n    Show the help information about etcd.\n\n  etcd --config-file\n    Path to the server configuration file. Note that if a configuration file is provided, other command line flags and environment variables will be ignored.\n\n  etcd gateway\n    Run the stateless pass-through etcd TCP connection forwarding proxy.\n\n  etcd grpc-proxy\n    Run the stateless etcd v3 gRPC L7 reverse proxy.\n";

/// A line of etcd's: JSON, as zap writes it.
fn zap(level: &str, now: i64, caller: &str, message: &str, error: &str) -> String {
    let time = Timestamp(now).to_string();
    let quoted = |t: &str| gatehouse_model::json::print(&t.into());
    let error = if error.is_empty() { String::new() } else { format!(",\"error\":{}", quoted(error)) };
    format!(
        "{{\"level\":\"{level}\",\"ts\":\"{}.000000Z\",\"caller\":\"{caller}\",\"msg\":{}{error}}}",
        time.trim_end_matches('Z'),
        quoted(message)
    )
}

/// What a component that starts writes first.
pub(super) fn greeting(program: &str, now: i64) -> Vec<String> {
    let line = |rest: &str| format!("{}       1 {rest}", klog('I', now));
    match program {
        "etcd" => vec![zap("info", now, "embed/etcd.go:640", "serving client traffic securely", "")],
        "kube-scheduler" => vec![
            line("serving.go:386] Generated self-signed cert in-memory"),
            line("server.go:176] \"Starting Kubernetes Scheduler\" version=\"v1.36.2\""),
            line(
                "leaderelection.go:258] \"Attempting to acquire leader lease...\" lock=\"kube-system/kube-scheduler\"",
            ),
            line(
                "leaderelection.go:272] \"Successfully acquired lease\" lock=\"kube-system/kube-scheduler\"",
            ),
        ],
        _ => vec![
            line("serving.go:386] Generated self-signed cert in-memory"),
            line("controllermanager.go:189] \"Starting\" version=\"v1.36.2\""),
            line(
                "leaderelection.go:258] \"Attempting to acquire leader lease...\" lock=\"kube-system/kube-controller-manager\"",
            ),
            line(
                "leaderelection.go:272] \"Successfully acquired lease\" lock=\"kube-system/kube-controller-manager\"",
            ),
        ],
    }
}

/// Starts one of them.
///
/// # Errors
/// Why it ends.
pub(super) fn start(machine: &Machine, program: &str, manifest: &Manifest) -> Result<Effect, Failure> {
    let now = machine.now.0;
    let parsed = Flags::parse(program, manifest.argv().skip(1));
    if program == "etcd" {
        let flags = parsed.map_err(|why| {
            let name =
                why.strip_prefix("unknown flag: --").map(|n| format!("flag provided but not defined: -{n}"));
            let text = format!("{}\n{ETCD_USAGE}", name.unwrap_or(why));
            Failure::Exit(text.lines().map(str::to_owned).collect(), 2)
        })?;
        return etcd(machine, manifest, &flags);
    }
    let flags = parsed.map_err(|why| Failure::Exit(vec![format!("Error: {why}")], 1))?;
    let failed = |why: &str| Failure::Exit(vec![command_failed(now, why)], 1);
    if let Some(wrong) = tls_errors(&flags).into_iter().next() {
        return Err(failed(&wrong));
    }
    for name in ["kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig", "config"] {
        let Some(path) = flags.get(name).filter(|p| !p.is_empty()) else { continue };
        match manifest.look(machine, path) {
            Sight::File(text) => usable(path, &text).map_err(|why| failed(&why))?,
            Sight::Directory => {
                return Err(failed(&format!(
                    "error loading config file {path:?}: read {path}: is a directory"
                )));
            }
            Sight::Nothing if name == "config" => {
                return Err(failed(&format!("open {path}: no such file or directory")));
            }
            Sight::Nothing if name != "kubeconfig" => {
                return Err(failed(&format!(
                    "failed to get delegated authentication kubeconfig: failed to get delegated authentication kubeconfig: stat {path}: no such file or directory"
                )));
            }
            Sight::Nothing => return Err(failed(&format!("stat {path}: no such file or directory"))),
        }
    }
    for name in [
        "client-ca-file",
        "requestheader-client-ca-file",
        "root-ca-file",
        "service-account-private-key-file",
        "cluster-signing-cert-file",
        "cluster-signing-key-file",
        "tls-cert-file",
        "tls-private-key-file",
    ] {
        if let Some(path) = flags.get(name)
            && let Err(why) = manifest.look(machine, path).read(path)
        {
            return Err(failed(&match name {
                "root-ca-file" => format!("error reading root-ca-file at {path}: {why}"),
                "service-account-private-key-file" => {
                    format!("error reading key for service account token controller: {why}")
                }
                _ => why,
            }));
        }
    }
    let tls = tls::Server::new(flags.text("tls-min-version"), flags.list("tls-cipher-suites"));
    if let Some(why) = tls.http2_error() {
        return Err(failed(&format!("error configuring http2: {why}")));
    }
    Ok(Effect::Acts)
}

/// Whether a kubeconfig can be read at all.
fn usable(path: &str, text: &str) -> Result<(), String> {
    let value: Value = yaml::parse(text).map_err(|e| format!("error loading config file {path:?}: {e}"))?;
    if text.trim().is_empty()
        || value.list_at(&["clusters"]).is_empty() && value.str_at(&["kind"]) == "Config"
    {
        return Err("invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable".to_owned());
    }
    Ok(())
}

fn etcd(machine: &Machine, manifest: &Manifest, flags: &Flags) -> Result<Effect, Failure> {
    let now = machine.now.0;
    let fatal = |why: &str| {
        Failure::Exit(vec![zap("fatal", now, "etcdmain/etcd.go:181", "discovery failed", why)], 1)
    };
    for name in [
        "cert-file",
        "key-file",
        "trusted-ca-file",
        "peer-cert-file",
        "peer-key-file",
        "peer-trusted-ca-file",
    ] {
        if let Some(path) = flags.get(name)
            && let Err(why) = manifest.look(machine, path).read(path)
        {
            return Err(fatal(&why));
        }
    }
    let data = flags.get("data-dir").unwrap_or("default.etcd");
    if let Some((host, true)) = manifest.on_host(data) {
        let _ = host;
        return Err(fatal(&format!(
            "cannot access data directory: open {data}/.touch: read-only file system"
        )));
    }
    let urls = flags.list("listen-client-urls");
    for url in &urls {
        let scheme = url.split("://").next().unwrap_or_default();
        if !matches!(scheme, "http" | "https" | "unix" | "unixs") || !url.contains("://") {
            let why = format!("URL scheme must be http, https, unix, or unixs: {url}");
            return Err(Failure::Exit(
                vec![
                    format!("invalid value {url:?} for flag -listen-client-urls: {why}"),
                    ETCD_USAGE.trim_end().to_owned(),
                ],
                2,
            ));
        }
        if scheme == "https" && flags.text("cert-file").is_empty() {
            return Err(fatal(&format!(
                "TLS key/cert (--cert-file, --key-file) must be provided for client url {url} with HTTPS scheme"
            )));
        }
    }
    let urls = if urls.is_empty() { vec!["http://localhost:2379".to_owned()] } else { urls };
    let tls = tls::Server::new(flags.text("tls-min-version"), flags.list("cipher-suites"));
    Ok(Effect::Etcd(urls, flags.is("client-cert-auth", false), tls))
}
