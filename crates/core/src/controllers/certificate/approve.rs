//! Approves what kubelets ask for, if they may: the first certificate of a new node, and the next ones of its own.
//!
//! Models `pkg/controller/certificates/approver/sarapprove.go`.

use gatehouse_model::{Object, Value, json};

use super::requested::{KUBELET_CLIENT, Requested};
use crate::authz::{self, Attributes};
use crate::cluster::Cluster;
use crate::controllers::Client;
use crate::controllers::pods::condition;
use crate::request::{ResourceTarget, Target, User, Verb};

/// Approves a request that nobody has judged, where it is a kubelet's and the kubelet may ask.
pub(super) fn approve(client: &mut Client<'_>, request: &Object) {
    let judged = ["Approved", "Denied"].iter().any(|kind| condition(request, kind).is_some());
    if judged || request.str_at(&["spec", "signerName"]) != KUBELET_CLIENT {
        return;
    }
    let Some(requested) = Requested::of(request) else { return };
    if requested.no_kubelet_client(client.cluster.version.minor()).is_some() {
        return;
    }
    let own = request.str_at(&["spec", "username"]) == requested.common_name();
    let message = if own && may(client.cluster, request, "selfnodeclient") {
        "Auto approving self kubelet client certificate after SubjectAccessReview."
    } else if may(client.cluster, request, "nodeclient") {
        "Auto approving kubelet client certificate after SubjectAccessReview."
    } else {
        return;
    };
    let now = client.now();
    let mut changed = request.clone();
    changed.entry_at(&["status", "conditions"]).make_list().push(json!({
        "type": "Approved", "status": "True", "reason": "AutoApproved", "message": message,
        "lastUpdateTime": (now.as_str()), "lastTransitionTime": (now.as_str()),
    }));
    let _ = client.update(super::REQUESTS, &changed, "approval");
}

/// Whether who asks may create a subresource of requests.
fn may(cluster: &Cluster, request: &Object, subresource: &str) -> bool {
    let words = |path: &[&str]| -> Vec<String> {
        request.list_at(path).iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let extra = request
        .map_at(&["spec", "extra"])
        .iter()
        .map(|(key, values)| {
            let values = values.items().iter().filter_map(Value::as_str).map(str::to_owned).collect();
            (key.to_owned(), values)
        })
        .collect();
    let user = User {
        name: request.str_at(&["spec", "username"]).to_owned(),
        uid: request.str_at(&["spec", "uid"]).to_owned(),
        groups: words(&["spec", "groups"]),
        extra,
    };
    let target = Target::Resource(ResourceTarget {
        group: "certificates.k8s.io".to_owned(),
        version: "*".to_owned(),
        resource: "certificatesigningrequests".to_owned(),
        subresource: subresource.to_owned(),
        ..ResourceTarget::default()
    });
    let attributes = Attributes { user: &user, verb: &Verb::Create, target: &target, field_selector: "" };
    authz::decide(cluster, &attributes).allowed()
}
