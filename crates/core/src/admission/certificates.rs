//! CertificateApproval, CertificateSigning, ClusterTrustBundleAttest and CertificateSubjectRestriction: who may
//! approve, sign and vouch for whom, and that nobody becomes a member of `system:masters` by certificate.
//!
//! Models kubernetes `plugin/pkg/admission/certificates`.

use std::borrow::Cow;

use super::{AdmissionRequest, Notes, Operation};
use crate::authz::{self, Attributes};
use crate::cluster::Cluster;
use crate::pki::x509;
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

/// Notes what the user lacks.
fn wanting(request: &AdmissionRequest<'_>, verb: &str, signer: &str, notes: &mut Notes) {
    let text = format!("would want the verb \"{verb}\" on signers \"{signer}\" of {GROUP}");
    notes.blame(request, "spec.signerName", &text);
}

pub(super) fn approval(
    cluster: &mut Cluster,
    request: &AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    let (Some(old), true) = (request.old_object, is_request(request) && request.subresource == "approval")
    else {
        return Ok(());
    };
    let signer = old.str_at(&["spec", "signerName"]);
    if may(cluster, request, "approve", signer) {
        return Ok(());
    }
    wanting(request, "approve", signer, notes);
    Err(request.forbid(&format!("user not permitted to approve requests with signerName \"{signer}\"")))
}

pub(super) fn signing(
    cluster: &mut Cluster,
    request: &AdmissionRequest<'_>,
    notes: &mut Notes,
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
    wanting(request, "sign", signer, notes);
    Err(request.forbid(&format!("user not permitted to sign requests with signerName \"{signer}\"")))
}

/// A trust bundle of a signer is its signer's, or who may attest for it.
pub(super) fn attest(
    cluster: &mut Cluster,
    request: &AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    let writes = request.writes();
    let bundles = request.resource.gv.group == GROUP && request.resource.plural == "clustertrustbundles";
    let Some(bundle) = request.object.as_ref().filter(|_| writes && bundles) else { return Ok(()) };
    let signer = bundle.str_at(&["spec", "signerName"]);
    let unchanged = request.old_object.is_some_and(|old| old.get("spec") == bundle.get("spec"));
    if signer.is_empty() || unchanged || may(cluster, request, "attest", signer) {
        return Ok(());
    }
    wanting(request, "attest", signer, notes);
    Err(request.forbid(&format!("user not permitted to attest for signerName \"{signer}\"")))
}

pub(super) fn subject(
    _cluster: &mut Cluster,
    request: &AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    let Some(object) = &request.object else { return Ok(()) };
    if request.operation != Operation::Create || !is_request(request) || !request.subresource.is_empty() {
        return Ok(());
    }
    if object.str_at(&["spec", "signerName"]) != CLIENT {
        return Ok(());
    }
    let subject = x509::requested_subject(object.str_at(&["spec", "request"])).unwrap_or_default();
    if subject.iter().any(|(kind, value)| kind == "O" && value == authz::MASTERS) {
        notes.blame(request, "spec.request", "asks for a certificate with O=system:masters");
        return Err(
            request.forbid(&format!("use of {CLIENT} signer with system:masters group is not allowed"))
        );
    }
    Ok(())
}
