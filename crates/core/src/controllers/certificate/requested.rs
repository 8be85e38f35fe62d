//! What a request for a certificate asks for, and whether its signer may sign that.
//!
//! Models `pkg/apis/certificates/helpers.go` and `validate…` of `pkg/controller/certificates/signer/signer.go`.

use gatehouse_model::{Object, Value, base64};

use crate::pki::{Request, der, x509};

/// For users and workloads.
pub(super) const CLIENT: &str = "kubernetes.io/kube-apiserver-client";
/// For kubelets, towards the API server.
pub(super) const KUBELET_CLIENT: &str = "kubernetes.io/kube-apiserver-client-kubelet";
/// For kubelets, as servers.
pub(super) const KUBELET_SERVING: &str = "kubernetes.io/kubelet-serving";
/// For whatever else trusts the cluster's authority.
pub(super) const LEGACY: &str = "kubernetes.io/legacy-unknown";

/// The object identifier of subjectAltName.
const ALTERNATIVES: [u8; 3] = [0x55, 0x1d, 0x11];
const DNS: u8 = 0x82;
const EMAIL: u8 = 0x81;
const IP: u8 = 0x87;
const URI: u8 = 0x86;

/// A request, read.
pub(super) struct Requested {
    pub(super) request: Request,
    subject: Vec<x509::Attribute>,
    usages: Vec<String>,
    /// The kinds of alternative names.
    names: Vec<u8>,
}

impl Requested {
    /// Reads what a `CertificateSigningRequest` holds.
    pub(super) fn of(object: &Object) -> Option<Self> {
        let pem = base64::decode(object.str_at(&["spec", "request"])).ok()?;
        let block = der::pem_blocks(&String::from_utf8_lossy(&pem)).into_iter().next()?;
        let request = Request::read(&block.bytes)?;
        let subject = x509::read_name(&request.subject);
        let mut usages: Vec<String> = words(object).map(str::to_owned).collect();
        gatehouse_model::order::sort(&mut usages);
        let alternatives = request.extensions.iter().filter(|e| e.0 == ALTERNATIVES);
        let names = alternatives.flat_map(|e| der::inside(&e.2)).map(|(tag, ..)| tag).collect();
        Some(Self { request, subject, usages, names })
    }

    fn attributes(&self, kind: &str) -> Vec<&str> {
        self.subject.iter().filter(|(k, _)| k == kind).map(|(_, text)| text.as_str()).collect()
    }

    /// The common name.
    pub(super) fn common_name(&self) -> &str {
        self.attributes("CN").last().copied().unwrap_or_default()
    }

    /// The alternative names as a certificate repeats them.
    pub(super) fn alternatives(&self) -> Option<x509::Extension> {
        self.request.extensions.iter().find(|e| e.0 == ALTERNATIVES).cloned()
    }

    fn has(&self, name: u8) -> bool {
        self.names.contains(&name)
    }

    /// Why it is no request of a kubelet as a client.
    pub(super) fn no_kubelet_client(&self, minor: u8) -> Option<String> {
        let refused = |why: &str| Some(why.to_owned());
        if self.attributes("O") != ["system:nodes"] {
            return refused("subject organization is not system:nodes");
        }
        for (tag, name) in [(DNS, "DNS"), (EMAIL, email(minor)), (IP, "IP"), (URI, "URI")] {
            if self.has(tag) {
                return Some(format!("{name} subjectAltNames are not allowed"));
            }
        }
        if !self.common_name().starts_with("system:node:") {
            return refused("subject common name does not begin with system:node:");
        }
        self.other_usages("client auth")
    }

    /// Why it is no request of a kubelet as a server.
    fn no_kubelet_serving(&self, minor: u8) -> Option<String> {
        let refused = |why: &str| Some(why.to_owned());
        if self.attributes("O") != ["system:nodes"] {
            return refused("subject organization is not system:nodes");
        }
        if !self.has(DNS) && !self.has(IP) {
            return refused("DNS or IP subjectAltName is required");
        }
        for (tag, name) in [(EMAIL, email(minor)), (URI, "URI")] {
            if self.has(tag) {
                return Some(format!("{name} subjectAltNames are not allowed"));
            }
        }
        let other = self.other_usages("server auth");
        if other.is_some() {
            return other;
        }
        let named = self.common_name().starts_with("system:node:");
        if named { None } else { refused("subject common name does not begin with system:node:") }
    }

    fn other_usages(&self, purpose: &str) -> Option<String> {
        let with = |more: &[&str]| {
            let mut all: Vec<String> = more.iter().chain(&[purpose]).map(|u| (*u).to_owned()).collect();
            gatehouse_model::order::sort(&mut all);
            all
        };
        let wanted = with(&["digital signature", "key encipherment"]);
        let fine = self.usages == wanted || self.usages == with(&["digital signature"]);
        (!fine).then(|| format!("usages did not match [{}]", wanted.join(" ")))
    }
}

fn email(minor: u8) -> &'static str {
    if minor < 22 { "Email" } else { "email" }
}

/// The usages a request asks for.
pub(super) fn words(request: &Object) -> impl Iterator<Item = &str> {
    request.list_at(&["spec", "usages"]).iter().filter_map(Value::as_str)
}

/// Why a signer does not sign a request.
pub(super) fn refusal(object: &Object, requested: Option<&Requested>, minor: u8) -> Option<String> {
    match object.str_at(&["spec", "signerName"]) {
        CLIENT => {
            let allowed = ["digital signature", "key encipherment", "client auth"];
            if let Some(other) = words(object).find(|u| !allowed.contains(u)) {
                return Some(format!("invalid usage for client certificate: {other}"));
            }
            (!words(object).any(|u| u == "client auth"))
                .then(|| "missing required usage for client certificate: client auth".to_owned())
        }
        KUBELET_CLIENT => requested?.no_kubelet_client(minor),
        KUBELET_SERVING => requested?.no_kubelet_serving(minor),
        _ => None,
    }
}
