//! Suite `rbac`: objects on the bare cluster, then access reviews with the server's verdicts and reasons.

use gatehouse_core::Cluster;
use gatehouse_core::authz::{self, Attributes};
use gatehouse_core::request::{ResourceTarget, Target, User, Verb};
use gatehouse_model::{KubeVersion, Object, Value};

use crate::record::Record;
use crate::suite::{StepResult, Suite, Support};

/// See the module.
pub(super) struct Rbac;

impl Suite for Rbac {
    fn name(&self) -> &'static str {
        "rbac"
    }

    fn steps(&self, record: &Record, _support: &Support) -> Result<Vec<StepResult>, String> {
        let mut cluster = Cluster::bare(KubeVersion::V1_36, 1);
        cluster.seed(&by_path(record.body.list_at(&["objects"])));
        aggregate(&mut cluster);
        Ok(record.body.list_at(&["requests"]).iter().map(|request| step(&cluster, request)).collect())
    }
}

/// The objects as the cluster is seeded: lists keyed by API path.
fn by_path(objects: &[Value]) -> Value {
    let mut paths = Value::map();
    for object in objects {
        let path =
            format!("/apis/{}/{}s", object.str_at(&["apiVersion"]), object.str_at(&["kind"]).to_lowercase());
        paths.entry_at(&[&path]).make_list().push(object.clone());
    }
    paths
}

/// Fills in aggregated roles until nothing changes, as the controller does.
fn aggregate(cluster: &mut Cluster) {
    let table = "clusterroles.rbac.authorization.k8s.io";
    for _ in 0..8 {
        let mut changed = Vec::new();
        for role in cluster.store.list(table, None) {
            let Some(rules) = authz::aggregation::rules(&cluster.store, role) else { continue };
            if role.list_at(&["rules"]) != rules.as_slice() {
                let mut role = Object::clone(role);
                role.set(&["rules"], rules);
                changed.push(role.0);
            }
        }
        if changed.is_empty() {
            return;
        }
        let mut paths = Value::map();
        paths.set(&["/apis/rbac.authorization.k8s.io/v1/clusterroles"], changed);
        cluster.seed(&paths);
    }
}

fn step(cluster: &Cluster, request: &Value) -> StepResult {
    let user = User {
        name: request.str_at(&["user"]).to_owned(),
        groups: request.list_at(&["groups"]).iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        ..User::default()
    };
    let (verb, target) = match request.get("nonResourceAttributes") {
        Some(n) => (Verb::parse(n.str_at(&["verb"])), Target::Path(n.str_at(&["path"]).to_owned())),
        None => {
            let part = |name: &str| request.str_at(&["resourceAttributes", name]).to_owned();
            let target = ResourceTarget {
                group: part("group"),
                version: part("version"),
                resource: part("resource"),
                subresource: part("subresource"),
                namespace: part("namespace"),
                name: part("name"),
            };
            (Verb::parse(&part("verb")), Target::Resource(target))
        }
    };
    let attributes = Attributes { user: &user, verb: &verb, target: &target, field_selector: "" };
    let decision = authz::authorize(cluster, &attributes);
    let show = |allowed: bool, reason: &str| format!("{} {reason}", if allowed { "yes" } else { "no" });
    let recorded = request.str_at(&["reason"]);
    let expected = show(request.bool_at(&["allowed"]) == Some(true), recorded);
    let allowed = decision.allowed();
    // Where several bindings allow a request the real server names any of them: recordings of the same question
    // differ. A recording without a reason tells only the verdict.
    let any = allowed && cluster.rbac.of(&cluster.store).reasons(&attributes).iter().any(|r| r == recorded);
    let silent = allowed && recorded.is_empty();
    let reason = if any || silent { recorded } else { &decision.reason };
    StepResult::compare("verdict", &expected, &show(allowed, reason))
}
