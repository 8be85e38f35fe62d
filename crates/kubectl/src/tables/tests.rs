use gatehouse_core::Timestamp;
use gatehouse_model::{KubeVersion, Object, Value, json, kinds as model_kinds};

use super::{At, custom_table, kinds, table};
use crate::print::table::TableOptions;
use crate::print::tabwriter::TabWriter;

fn at(version: KubeVersion) -> At {
    At { now: Timestamp::GENESIS.plus_millis(90_000), version, wide: false }
}

fn print(kind: &str, object: &Value, version: KubeVersion, wide: bool) -> String {
    let resources = model_kinds::builtin(version);
    let resource = resources.iter().find(|r| r.kind == kind).unwrap();
    let mut object = object.clone();
    object.set(&["metadata", "creationTimestamp"], Timestamp::GENESIS.to_string());
    let table = table(resource, &[Object(object)], At { wide, ..at(version) });
    let mut writer = TabWriter::table();
    table.write(&mut writer, &TableOptions { wide, ..TableOptions::default() });
    writer.take()
}

#[test]
fn pods_say_what_their_containers_do() {
    let pod = |status: Value| json!({"metadata": {"name": "web"}, "spec": {"containers": [{"name": "c"}]}, "status": (status)});
    let status = |status: Value| {
        let text = print("Pod", &pod(status), KubeVersion::V1_36, false);
        text.lines().nth(1).unwrap().split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(status(json!({"phase": "Pending"})), "0/1 Pending 0 90s");
    assert_eq!(
        status(
            json!({"phase": "Running", "containerStatuses": [{"ready": true, "restartCount": 2, "state": {"running": {}},
            "lastState": {"terminated": {"finishedAt": "2026-11-20T00:01:00Z"}}}]})
        ),
        "1/1 Running 2 (30s ago) 90s"
    );
    assert_eq!(
        status(
            json!({"phase": "Running", "containerStatuses": [{"state": {"waiting": {"reason": "CrashLoopBackOff"}}}]})
        ),
        "0/1 CrashLoopBackOff 0 90s"
    );
    assert_eq!(
        status(
            json!({"phase": "Failed", "containerStatuses": [{"state": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}]})
        ),
        "0/1 OOMKilled 0 90s"
    );
    assert_eq!(
        status(json!({"phase": "Pending", "initContainerStatuses": [{"state": {"running": {}}}]})),
        "0/1 Init:0/0 0 90s"
    );
}

#[test]
fn wide_tables_have_more_columns() {
    let binding = json!({"metadata": {"name": "b"}, "roleRef": {"kind": "Role", "name": "r"}, "subjects": [
        {"kind": "User", "name": "jane"}, {"kind": "ServiceAccount", "name": "s", "namespace": "n"}]});
    assert_eq!(
        print("RoleBinding", &binding, KubeVersion::V1_36, true),
        "NAME   ROLE     AGE   USERS   GROUPS   SERVICEACCOUNTS\nb      Role/r   90s   jane             n/s\n"
    );
}

#[test]
fn old_servers_lay_out_old_tables() {
    let account = json!({"metadata": {"name": "default"}, "secrets": [{"name": "t"}]});
    assert_eq!(
        print("ServiceAccount", &account, KubeVersion::V1_20, false),
        "NAME      SECRETS   AGE\ndefault   1         90s\n"
    );
    assert_eq!(
        print("ServiceAccount", &account, KubeVersion::V1_36, false),
        "NAME      AGE\ndefault   90s\n"
    );
}

#[test]
fn custom_resources_have_the_columns_of_their_definition() {
    let definition = Object(json!({"spec": {"versions": [{"name": "v1", "additionalPrinterColumns": [
        {"name": "Schedule", "type": "string", "jsonPath": ".spec.schedule"},
        {"name": "Keep", "type": "integer", "jsonPath": ".spec.keep", "priority": 1},
    ]}]}}));
    let object =
        Object(json!({"metadata": {"name": "nightly"}, "spec": {"schedule": "0 1 * * *", "keep": 3}}));
    let table = custom_table(&definition, "v1", &[object], at(KubeVersion::V1_36));
    let mut writer = TabWriter::table();
    table.write(&mut writer, &TableOptions::default());
    assert_eq!(writer.take(), "NAME      SCHEDULE\nnightly   0 1 * * *\n");
}

#[test]
fn no_kind_has_two_tables() {
    let mut seen: Vec<(&str, &str)> =
        kinds::TABLES.iter().flat_map(|t| t.iter()).flat_map(|t| t.kinds.iter().copied()).collect();
    let all = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), all);
}
