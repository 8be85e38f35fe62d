//! Istio's part of the network: sidecars, mutual TLS between them, and who may ask what of a workload.
//!
//! Asked after packets arrived: [`peer_mode`] says whether a sidecar takes plain text, [`authorize`] whether it lets a
//! request through, [`client_tls`] what a client's sidecar was told to speak. Knows sidecar mode only (no ambient mesh, no
//! gateways), no JWT, and no extension providers: what a CUSTOM policy matches is denied, as where its provider is missing.
//! Models istio `pilot/pkg/security/{authn,authz}` and `pkg/kube/inject`.

mod destination;
mod inject;
mod policy;

use gatehouse_model::{Object, Selector};

use crate::decision::{Bearing, Cause, ObjectRef};
use crate::store::Store;

pub use destination::{ClientTls, client_tls, destination_rule};
pub use inject::{WEBHOOK, inject};
pub use policy::{Request, authorize};

/// The namespace whose policies are the whole mesh's.
pub const ROOT: &str = "istio-system";
/// The name of the sidecar's container.
pub const PROXY: &str = "istio-proxy";

const PEERS: &str = "peerauthentications.security.istio.io";

/// What a sidecar demands of connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Plain text only.
    Disable,
    /// Mutual TLS and plain text.
    #[default]
    Permissive,
    /// Mutual TLS only.
    Strict,
}

impl Mode {
    fn parse(word: &str) -> Option<Self> {
        match word {
            "DISABLE" => Some(Self::Disable),
            "PERMISSIVE" => Some(Self::Permissive),
            "STRICT" => Some(Self::Strict),
            _ => None,
        }
    }

    /// The word manifests use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disable => "DISABLE",
            Self::Permissive => "PERMISSIVE",
            Self::Strict => "STRICT",
        }
    }
}

/// Whether a pod has a sidecar.
#[must_use]
pub fn has_sidecar(pod: &Object) -> bool {
    ["containers", "initContainers"]
        .iter()
        .any(|list| pod.list_at(&["spec", list]).iter().any(|c| c.str_at(&["name"]) == PROXY))
}

/// The identity a sidecar proves: `cluster.local/ns/NAMESPACE/sa/ACCOUNT`.
#[must_use]
pub fn principal(pod: &Object) -> String {
    let account = match pod.str_at(&["spec", "serviceAccountName"]) {
        "" => "default",
        name => name,
    };
    format!("cluster.local/ns/{}/sa/{account}", pod.namespace())
}

/// Whether a policy's selector, if it has one, selects a pod.
#[must_use]
pub fn selects(policy: &Object, pod: &Object) -> bool {
    let labels = policy.map_at(&["spec", "selector", "matchLabels"]);
    labels.is_empty() || Selector::from_labels(labels).matches(pod.labels())
}

fn has_selector(policy: &Object) -> bool {
    !policy.map_at(&["spec", "selector", "matchLabels"]).is_empty()
}

fn cause(policy: &Object, field: &str, bearing: Bearing, text: String) -> Cause {
    let object = ObjectRef {
        kind: policy.kind().to_owned(),
        namespace: policy.namespace().to_owned(),
        name: policy.name().to_owned(),
    };
    let text = format!("{} {}/{} {text}", policy.kind(), policy.namespace(), policy.name());
    Cause { bearing, object: Some(object), field: field.to_owned(), text }
}

/// What the sidecar of a pod demands on a port, and which PeerAuthentication says so: one that selects the workload
/// (and of that what it says of the port), else the namespace's, else the mesh's, else PERMISSIVE. Of several at one
/// level the oldest counts.
#[must_use]
pub fn peer_mode(store: &Store, pod: &Object, port: u16) -> (Mode, Vec<Cause>) {
    let oldest = |namespace: &str, workload: bool| {
        let mut all: Vec<&Object> = store
            .list(PEERS, None)
            .map(|p| &**p)
            .filter(|p| p.namespace() == namespace && has_selector(p) == workload && selects(p, pod))
            .collect();
        gatehouse_model::order::by(&mut all, |a, b| {
            let made = |p: &Object| p.str_at(&["metadata", "creationTimestamp"]).to_owned();
            made(a).cmp(&made(b)).then_with(|| a.name().cmp(b.name()))
        });
        all.first().copied()
    };
    let told = |policy: &Object, field: &str, mode: Mode| {
        (mode, vec![cause(policy, field, Bearing::Decided, format!("{field} is {}", mode.as_str()))])
    };
    let own = oldest(pod.namespace(), true);
    if let Some(policy) = own {
        let of_port = policy.at(&["spec", "portLevelMtls"]).and_then(|p| p.get(&port.to_string()));
        if let Some(mode) = of_port.and_then(|p| Mode::parse(p.str_at(&["mode"]))) {
            return told(policy, &format!("spec.portLevelMtls[{port}].mode"), mode);
        }
    }
    let levels = [own, oldest(pod.namespace(), false), oldest(ROOT, false)];
    for policy in levels.into_iter().flatten() {
        if let Some(mode) = Mode::parse(policy.str_at(&["spec", "mtls", "mode"])) {
            return told(policy, "spec.mtls.mode", mode);
        }
    }
    let text = "no PeerAuthentication sets a mode, so PERMISSIVE holds".to_owned();
    (Mode::Permissive, vec![Cause { bearing: Bearing::Noted, object: None, field: String::new(), text }])
}

#[cfg(test)]
mod tests;
