//! Every quota knows how much of it is used.
//!
//! Models kube-controller-manager `pkg/controller/resourcequota/resource_quota_controller.go`.

use gatehouse_model::{Map, Value};

use super::client::Client;
use crate::admission::resource_quota::usage;

pub(super) fn pass(client: &mut Client<'_>) {
    for quota in client.list("resourcequotas", None) {
        if quota.is_deleting() {
            continue;
        }
        let mut status = Map::new();
        let hard = quota.map_at(&["spec", "hard"]);
        if !hard.is_empty() {
            let used = usage::recount(&client.cluster.store, &quota);
            status.insert("hard", hard.clone());
            status.insert("used", used.iter().map(|(k, v)| (k.as_str(), v.to_string())).collect::<Map>());
        }
        let _ = client.update_status("resourcequotas", &quota, Value::from(status));
    }
}
