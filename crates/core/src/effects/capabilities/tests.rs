use gatehouse_model::{Value, json};

use super::*;

const ALLOWED: NewPrivileges = NewPrivileges::Allowed;

fn plan(pod: Value, container: Value) -> OciProcess {
    let accounts = Accounts {
        passwd: "root:x:0:0:root:/root:/bin/sh\napp:x:1001:1002::/:/bin/sh\n",
        group: "root:x:0:\nwheel:x:10:root\nextra:x:50:app,other\n",
    };
    oci_process(&pod, &container, "", accounts)
}

#[test]
fn the_default_set_reads_as_in_proc_status() {
    assert_eq!(CapSet::container_default().to_string(), "00000000a80425fb");
    assert_eq!(CapSet::ALL.to_string(), "000001ffffffffff");
    assert!(Capability::all().enumerate().all(|(i, c)| i == c as usize));
}

#[test]
fn prefixed_and_unknown_names_drop_nothing_but_lower_case_does() {
    let drop = |n: &str| plan(json!({}), json!({"capabilities": {"drop": [n]}})).bounding();
    assert_eq!(drop("CAP_CHOWN"), CapSet::container_default());
    assert_eq!(drop("NO_SUCH"), CapSet::container_default());
    assert_eq!(drop("net_raw"), CapSet::container_default().without(Capability::NetRaw));
    assert_eq!(drop("all"), CapSet::EMPTY);
}

#[test]
fn all_is_applied_before_single_names() {
    let set = |v: Value| plan(json!({}), json!({"capabilities": (v)})).bounding();
    let only: CapSet = [Capability::NetBindService].into_iter().collect();
    assert_eq!(set(json!({"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]})), only);
    assert_eq!(set(json!({"add": ["ALL"], "drop": ["CHOWN"]})), CapSet::ALL.without(Capability::Chown));
    let privileged = plan(json!({}), json!({"privileged": true, "capabilities": {"drop": ["ALL"]}}));
    assert_eq!(privileged.bounding(), CapSet::ALL);
}

#[test]
fn users_and_groups_come_from_pod_container_and_image() {
    let p = plan(json!({}), json!({}));
    assert_eq!((p.uid, p.gid, p.additional_gids), (0, 0, vec![0, 10]));
    let p = plan(json!({"runAsUser": 1000, "fsGroup": 2000}), json!({}));
    assert_eq!((p.uid, p.gid, p.additional_gids), (1000, 0, vec![0, 2000]));
    let p = plan(json!({"runAsUser": 1000, "runAsGroup": 3000}), json!({"runAsUser": 1001}));
    assert_eq!((p.uid, p.gid, p.additional_gids), (1001, 3000, vec![50, 3000]));
}

#[test]
fn only_root_keeps_capabilities_over_exec() {
    let set = CapSet::container_default();
    assert_eq!(ProcessCaps::of_container(set, 0).effective, set);
    let user = ProcessCaps::of_container(set, 1000);
    assert_eq!((user.permitted, user.effective, user.bounding), (CapSet::EMPTY, CapSet::EMPTY, set));
}

#[test]
fn a_setuid_program_works_unless_no_new_privs() {
    let set = CapSet::container_default();
    let user = ProcessCaps::of_container(set, 1000);
    let su = ExecFile { setuid: Some(0), ..ExecFile::default() };
    let (caps, uids) = user.exec(Uids::same(1000), &su, ALLOWED).unwrap();
    assert_eq!((caps.effective, uids), (set, Uids { real: 1000, effective: 0, saved: 0 }));
    let (caps, uids) = user.exec(Uids::same(1000), &su, NewPrivileges::Forbidden).unwrap();
    assert_eq!((caps.effective, uids), (CapSet::EMPTY, Uids::same(1000)));
}

#[test]
fn file_capabilities_beyond_the_bounding_set_are_refused() {
    let user = ProcessCaps::of_container(CapSet::EMPTY, 1000);
    let raw: CapSet = [Capability::NetRaw].into_iter().collect();
    let caps = FileCaps { permitted: raw, effective: true, ..FileCaps::default() };
    let ping = ExecFile { caps: Some(caps), ..ExecFile::default() };
    assert_eq!(user.exec(Uids::same(1000), &ping, ALLOWED), None);
    let user = ProcessCaps::of_container(raw, 1000);
    assert_eq!(user.exec(Uids::same(1000), &ping, ALLOWED).unwrap().0.effective, raw);
}

#[test]
fn leaving_root_drops_everything() {
    let root = ProcessCaps::of_container(CapSet::container_default(), 0);
    let user = root.after_setuid(Uids::same(0), Uids::same(1000));
    assert_eq!((user.permitted, user.effective), (CapSet::EMPTY, CapSet::EMPTY));
}
