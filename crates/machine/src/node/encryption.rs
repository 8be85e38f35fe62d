//! The file of `--encryption-provider-config`: read when the server starts, and again when it changes where it may.
//!
//! Models apiserver pkg/server/options/{etcd,encryptionconfig/controller/controller}.go.

use std::sync::Arc;

use gatehouse_core::Cluster;
use gatehouse_core::store::at_rest::{Encryption, Flags};
use gatehouse_model::yaml;

use super::klog;
use super::manifest::Manifest;
use crate::machine::Machine;
use crate::programs::sums;

/// How often the file is looked at.
const PERIOD: i64 = 60_000;

/// A file that a running server reads again.
#[derive(Clone, Debug)]
pub struct Watched {
    manifest: Arc<Manifest>,
    path: String,
    flags: Flags,
    /// The sum of the text that is in force.
    sum: String,
    /// When it is looked at next.
    next: i64,
}

fn load(path: &str, text: Result<String, String>) -> Result<String, String> {
    let text =
        text.map_err(|why| format!("error reading encryption provider configuration file {path:?}: {why}"))?;
    if text.is_empty() {
        return Err(format!("encryption provider configuration file {path:?} is empty"));
    }
    Ok(text)
}

fn decode(path: &str, text: &str, flags: Flags) -> Result<Encryption, String> {
    let value = yaml::parse(text).map_err(|e| {
        format!(
            "error while parsing file: error decoding encryption provider configuration file {path:?}: {}",
            super::yaml_error(&e)
        )
    })?;
    Encryption::read(path, text, &value, flags)
}

/// Reads the file as a server does that starts, with what it is to be read again by.
///
/// # Errors
/// Why the server ends.
#[inline(never)]
pub(super) fn start(
    machine: &Machine,
    manifest: &Manifest,
    path: &str,
    flags: Flags,
) -> Result<(Encryption, Option<Watched>), String> {
    let text = load(path, manifest.look(machine, path).read(path))
        .map_err(|why| format!("error while parsing file: error while loading file: {why}"))?;
    let encryption = decode(path, &text, flags)?;
    let watched = flags.reload.then(|| Watched {
        manifest: Arc::new(manifest.clone()),
        path: path.to_owned(),
        flags,
        sum: sums::sha256(text.as_bytes()),
        next: machine.now.0 + PERIOD,
    });
    Ok((encryption, watched))
}

/// What a server says of sockets that nobody listens on.
pub(super) fn complaints(encryption: &Encryption, now: i64) -> Vec<String> {
    let line = |(socket, second): (&str, bool)| {
        let at = if second { 70 } else { 75 };
        format!(
            "{}       1 grpc_service.go:{at}] \"failed to create connection to unix socket\" err=\"dial unix {socket}: connect: no such file or directory\" addr={socket:?}",
            klog('E', now)
        )
    };
    encryption.sockets().into_iter().map(line).collect()
}

/// Looks at the file again when it is time. Says whether anything changed.
pub(super) fn reload(machine: &mut Machine, cluster: &mut Cluster) -> bool {
    let now = machine.now.0;
    let due = machine.services.server.watched.as_ref().is_some_and(|w| w.next <= now);
    due && cluster.config.up && read_again(machine, cluster)
}

#[inline(never)]
fn read_again(machine: &mut Machine, cluster: &mut Cluster) -> bool {
    let now = machine.now.0;
    let Some(mut watched) = machine.services.server.watched.clone() else { return false };
    watched.next = now + PERIOD - (now - watched.next) % PERIOD;
    let path = watched.path.clone();
    let text = load(&path, watched.manifest.look(machine, &path).read(&path));
    let outcome = text.and_then(|text| {
        let sum = sums::sha256(text.as_bytes());
        if sum == watched.sum {
            return Ok(None);
        }
        let encryption = decode(&path, &text, watched.flags)?;
        if !encryption.sockets().is_empty() {
            return Err("health check for new transformers failed, polling error context deadline exceeded: kms-provider-0: failed to perform status section of the healthz check for KMS Provider: rpc error: code = DeadlineExceeded desc = context deadline exceeded".to_owned());
        }
        Ok(Some((sum, encryption)))
    });
    let services = Arc::make_mut(&mut machine.services);
    let mut changed = false;
    match outcome {
        Ok(None) => {}
        Ok(Some((sum, encryption))) => {
            watched.sum = sum;
            let encryption = Arc::new(encryption);
            cluster.store.set_encryption(Arc::clone(&encryption));
            services.server.encryption = encryption;
            changed = true;
        }
        Err(why) => {
            let why = format!("error processing encryption config file {path}: {why}")
                .replace('\\', "\\\\")
                .replace('"', "\\\"");
            let line = format!(
                "{}       1 controller.go:182] \"Unhandled Error\" err=\"{why}\" logger=\"UnhandledError\"",
                klog('E', now)
            );
            if let Some(c) = services
                .containers
                .iter_mut()
                .find(|c| c.name == "kube-apiserver" && c.from_manifest && c.running)
            {
                c.log.push((now, line));
            }
        }
    }
    services.server.watched = Some(watched);
    changed
}
