//! Signs what was approved, and clears old requests away.
//!
//! Models `pkg/controller/certificates/signer/signer.go`, `cleaner/cleaner.go` and the authority they sign with.

mod approve;
mod requested;

use gatehouse_model::{Object, base64, json};

use super::client::Client;
use super::pods::{is_true, moment};
use crate::cluster::Cluster;
use crate::pki::{Authority, Certificate, Terms, der, x509};
use requested::{CLIENT, KUBELET_CLIENT, KUBELET_SERVING, LEGACY, Requested};

const REQUESTS: &str = "certificatesigningrequests.certificates.k8s.io";
const HOUR: i64 = 3_600_000;
const YEAR: i64 = 8760 * HOUR;
/// How long a certificate is valid before it is issued, unless it is a short one.
const BACKDATE: i64 = 300_000;
const SHORT: i64 = 8 * HOUR;

/// The certificate of the cluster's authority, in PEM.
pub(super) fn authority(cluster: &Cluster) -> String {
    Authority::of(cluster).pem()
}

pub(super) fn sign_pass(client: &mut Client<'_>) {
    for request in client.list(REQUESTS, None) {
        approve::approve(client, &request);
        if is_true(&request, "Approved")
            && !is_true(&request, "Denied")
            && !is_true(&request, "Failed")
            && request.str_at(&["status", "certificate"]).is_empty()
        {
            sign(client, &request);
        }
        clean(client, &request);
    }
}

fn sign(client: &mut Client<'_>, request: &Object) {
    let signer = request.str_at(&["spec", "signerName"]);
    if ![CLIENT, KUBELET_CLIENT, KUBELET_SERVING, LEGACY].contains(&signer) {
        return;
    }
    let mut changed = request.clone();
    let requested = Requested::of(request);
    if let Some(why) = requested::refusal(request, requested.as_ref(), client.cluster.version.minor()) {
        let now = client.now();
        let condition = json!({
            "type": "Failed", "status": "True", "reason": "SignerValidationFailure", "message": why,
            "lastUpdateTime": (now.as_str()), "lastTransitionTime": now,
        });
        changed.entry_at(&["status", "conditions"]).make_list().push(condition);
        let _ = client.update(REQUESTS, &changed, "status");
        return;
    }
    let pem = base64::decode(request.str_at(&["spec", "request"])).unwrap_or_default();
    let pem = String::from_utf8_lossy(&pem).into_owned();
    let Some(block) = der::pem_blocks(&pem).into_iter().next() else { return };
    let wanted = request.i64_at(&["spec", "expirationSeconds"]).map(|s| (s * 1000).max(600_000));
    let life = wanted.unwrap_or(YEAR).min(YEAR);
    let now = client.cluster.now;
    let from = if life > SHORT { now.plus_millis(-BACKDATE) } else { now };
    let authority = Authority::of(client.cluster);
    let usages: Vec<&str> = requested::words(request).collect();
    let bytes = match &requested {
        Some(wanted) => {
            let mut extensions = x509::usages(&usages);
            extensions.extend(wanted.alternatives());
            let terms = Terms {
                issuer: authority.name().to_vec(),
                from,
                until: from.plus_millis(life),
                extensions,
                serial: 16,
            };
            let (subject, key) = (&wanted.request.subject, &wanted.request.key);
            Certificate::write(subject, key, &terms, &authority.key, &mut client.cluster.entropy)
        }
        // Requests of the lab's own making may say their subject in plain text.
        None => block.bytes,
    };
    let certificate = der::pem("CERTIFICATE", &bytes);
    changed.set(&["status", "certificate"], base64::encode(certificate.as_bytes()));
    let _ = client.update(REQUESTS, &changed, "status");
}

/// Requests that were answered go after an hour, others after a day.
fn clean(client: &mut Client<'_>, request: &Object) {
    let Some(made) = moment(super::pods::created(request)) else { return };
    let since = |kind: &str| {
        super::pods::condition(request, kind).and_then(|c| moment(c.str_at(&["lastUpdateTime"])))
    };
    let issued = !request.str_at(&["status", "certificate"]).is_empty();
    let answered = since("Denied").or_else(|| since("Approved").filter(|_| issued));
    let answered = answered.or_else(|| since("Failed"));
    let end = answered.map_or(made.plus_millis(24 * HOUR), |t| t.plus_millis(HOUR));
    if end < client.cluster.now {
        let _ = client.delete(REQUESTS, "", request.name());
    } else {
        client.wake_at(end.plus_millis(1));
    }
}
