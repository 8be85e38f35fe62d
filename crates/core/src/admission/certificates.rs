//! CertificateApproval, CertificateSigning and CertificateSubjectRestriction: who may approve and sign for whom, and
//! that nobody becomes a member of `system:masters` by certificate.
//!
//! Models kubernetes `plugin/pkg/admission/certificates`.

use std::borrow::Cow;

use super::{AdmissionRequest, Notes, Operation};
use crate::authz::{self, Attributes};
use crate::cluster::Cluster;
use crate::request::{ResourceTarget, Target, Verb};
use crate::status::Status;

const GROUP: &str = "certificates.k8s.io";
const CLIENT: &str = "kubernetes.io/kube-apiserver-client";

fn is_request(request: &AdmissionRequest<'_>) -> bool {
    request.resource.gv.group == GROUP && request.resource.plural == "certificatesigningrequests"
}

/// Whether the user may do this for a signer, or for all signers of its domain.
fn may(cluster: &Cluster, request: &AdmissionRequest<'_>, verb: &'static str, signer: &str) -> bool {
    let ask = |name: &str| {
        let target = Target::Resource(ResourceTarget {
            group: GROUP.to_owned(),
            version: "*".to_owned(),
            resource: "signers".to_owned(),
            subresource: String::new(),
            namespace: String::new(),
            name: name.to_owned(),
        });
        let verb = Verb::Other(Cow::Borrowed(verb));
        authz::decide(
            cluster,
            &Attributes { user: request.user, verb: &verb, target: &target, field_selector: "" },
        )
        .allowed()
    };
    ask(signer) || signer.split_once('/').is_some_and(|(domain, _)| ask(&format!("{domain}/*")))
}

pub(super) fn approval(
    cluster: &mut Cluster,
    request: &AdmissionRequest<'_>,
    _notes: &mut Notes,
) -> Result<(), Status> {
    let (Some(old), true) = (request.old_object, is_request(request) && request.subresource == "approval")
    else {
        return Ok(());
    };
    let signer = old.str_at(&["spec", "signerName"]);
    if may(cluster, request, "approve", signer) {
        return Ok(());
    }
    Err(request.forbid(&format!("user not permitted to approve requests with signerName \"{signer}\"")))
}

pub(super) fn signing(
    cluster: &mut Cluster,
    request: &AdmissionRequest<'_>,
    _notes: &mut Notes,
) -> Result<(), Status> {
    let (Some(old), Some(new)) = (request.old_object, &request.object) else { return Ok(()) };
    if !is_request(request) || request.subresource != "status" {
        return Ok(());
    }
    let failed = |o: &gatehouse_model::Object| {
        o.list_at(&["status", "conditions"]).iter().find(|c| c.str_at(&["type"]) == "Failed").cloned()
    };
    let certificate = ["status", "certificate"];
    if old.str_at(&certificate) == new.str_at(&certificate) && failed(old) == failed(new) {
        return Ok(());
    }
    let signer = old.str_at(&["spec", "signerName"]);
    if may(cluster, request, "sign", signer) {
        return Ok(());
    }
    Err(request.forbid(&format!("user not permitted to sign requests with signerName \"{signer}\"")))
}

pub(super) fn subject(
    _cluster: &mut Cluster,
    request: &AdmissionRequest<'_>,
    _notes: &mut Notes,
) -> Result<(), Status> {
    let Some(object) = &request.object else { return Ok(()) };
    if request.operation != Operation::Create || !is_request(request) || !request.subresource.is_empty() {
        return Ok(());
    }
    if object.str_at(&["spec", "signerName"]) != CLIENT {
        return Ok(());
    }
    if asks_for_masters(object.str_at(&["spec", "request"])) {
        return Err(
            request.forbid(&format!("use of {CLIENT} signer with system:masters group is not allowed"))
        );
    }
    Ok(())
}

/// Whether the subject of a PEM request, base64 in base64, names the group. The name stands in plain bytes.
fn asks_for_masters(request: &str) -> bool {
    let Some(pem) = decode(request).and_then(|b| String::from_utf8(b).ok()) else { return false };
    let body: String = pem.lines().filter(|l| !l.starts_with("-----")).collect();
    let Some(der) = decode(&body) else { return false };
    let wanted = b"system:masters";
    der.windows(wanted.len()).any(|w| w == wanted)
}

/// Base64 with the standard alphabet.
fn decode(text: &str) -> Option<Vec<u8>> {
    let plain: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '=')
        .map(|c| match c {
            '+' => '-',
            '/' => '_',
            other => other,
        })
        .collect();
    crate::authn::base64url::decode(&plain)
}
