//! Suite `container-start`: the OCI process that a securityContext becomes.

use gatehouse_core::effects::apparmor::DEFAULT_PROFILE;
use gatehouse_core::effects::capabilities::{Accounts, oci_process};
use gatehouse_model::{Value, json};

use super::shown;
use crate::record::Record;
use crate::suite::{StepResult, Suite, Support};

/// See the module.
pub struct ContainerStart;

/// Accounts of the recordings' two images.
const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\n";
const BUSYBOX_GROUP: &str = "root:x:0:\nwheel:x:10:root\n";

impl Suite for ContainerStart {
    fn name(&self) -> &'static str {
        "container-start"
    }

    fn steps(&self, record: &Record, _support: &Support) -> Result<Vec<StepResult>, String> {
        let body = &record.body;
        let empty = Value::map();
        let pod = body.get("podSecurityContext").unwrap_or(&empty);
        let container = body.get("securityContext").unwrap_or(&empty);
        let busybox = body.str_at(&["userland"]) == "busybox";
        let group = if busybox { BUSYBOX_GROUP } else { "root:x:0:\n" };
        let process = oci_process(pod, container, "", Accounts { passwd: PASSWD, group });
        let live = body.str_at(&["env"]).starts_with("AppArmor live");
        let named = container.at(&["appArmorProfile"]).or_else(|| pod.at(&["appArmorProfile"]));
        let kind = named.map_or("", |p| p.str_at(&["type"]));
        let apparmor: Value = match kind {
            _ if !live || kind == "Unconfined" => Value::Null,
            "Localhost" => named.map_or("", |p| p.str_at(&["localhostProfile"])).into(),
            _ if process.privileged => Value::Null,
            _ => DEFAULT_PROFILE.into(),
        };
        let names: Value = process.capabilities.iter().collect();
        let capabilities = if process.capabilities.is_empty() {
            Value::map()
        } else {
            json!({"bounding": (names.clone()), "effective": (names.clone()), "permitted": (names)})
        };
        let gids: Value = process.additional_gids.iter().map(|g| i64::from(*g)).collect();
        let no_new: Value = if process.no_new_privileges { true.into() } else { Value::Null };
        let actual = json!({
            "user": {"uid": (i64::from(process.uid)), "gid": (i64::from(process.gid)), "additionalGids": (gids)},
            "capabilities": (capabilities),
            "noNewPrivileges": (no_new),
            "apparmorProfile": (apparmor)
        });
        let expect = body.get("expect").unwrap_or(&Value::Null);
        if expect.bool_at(&["started"]) != Some(true) {
            return Ok(vec![StepResult::fail(&shown(expect), "started")]);
        }
        let expected = expect.get("oci_process").unwrap_or(&Value::Null);
        Ok(vec![StepResult::compare("oci_process", &shown(expected), &shown(&actual))])
    }
}
