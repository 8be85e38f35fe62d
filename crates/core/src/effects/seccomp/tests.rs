use super::*;
use crate::effects::Errno;
use crate::effects::capabilities::{CapSet, Capability, NewPrivileges};
use start::{Start, Step};

const NONE: [u64; 6] = [0; 6];

fn filter(text: &str) -> Filter {
    Filter::compile(&Profile::parse(text).unwrap()).unwrap().unwrap()
}

fn mkdir(rules: &str) -> Action {
    filter(&format!(r#"{{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{rules}]}}"#))
        .decide_name("mkdir", &NONE)
        .action
}

#[test]
fn the_first_rule_wins_and_conflicts_are_dropped() {
    let errno = r#"{"names":["mkdir"],"action":"SCMP_ACT_ERRNO"}"#;
    let kill = r#"{"names":["mkdir"],"action":"SCMP_ACT_KILL_PROCESS"}"#;
    assert_eq!(mkdir(&format!("{errno},{kill}")), Action::Errno(Errno::EPERM));
    assert_eq!(mkdir(&format!("{kill},{errno}")), Action::KillProcess);
    assert_eq!(mkdir(r#"{"names":["mkdir"],"action":"SCMP_ACT_ALLOW"}"#), Action::Allow);
}

#[test]
fn an_unconditional_rule_replaces_earlier_conditional_ones() {
    let on =
        r#"{"names":["mkdir"],"action":"SCMP_ACT_LOG","args":[{"index":1,"value":0,"op":"SCMP_CMP_EQ"}]}"#;
    let off = r#"{"names":["mkdir"],"action":"SCMP_ACT_ERRNO"}"#;
    assert_eq!(mkdir(on), Action::Log);
    assert_eq!(mkdir(&format!("{on},{off}")), Action::Errno(Errno::EPERM));
}

#[test]
fn conditions_are_anded_but_two_on_one_argument_are_ored() {
    let f = |second: &str| {
        filter(&format!(
            r#"{{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{{"names":["socket"],"action":"SCMP_ACT_ERRNO","args":[
            {{"index":0,"value":2,"op":"SCMP_CMP_EQ"}},{{"index":{second},"value":3,"op":"SCMP_CMP_EQ"}}]}}]}}"#
        ))
    };
    let socket = |f: &Filter, a, b| f.decide_name("socket", &[a, b, 0, 0, 0, 0]).action.runs();
    assert!(socket(&f("1"), 2, 1) && !socket(&f("1"), 2, 3));
    assert!(!socket(&f("0"), 2, 1) && !socket(&f("0"), 3, 1));
}

#[test]
fn a_refusing_default_answers_enosys_above_the_newest_named_call() {
    let f = filter(
        r#"{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["openat"],"action":"SCMP_ACT_ALLOW"}]}"#,
    );
    assert_eq!(f.decide_name("mkdir", &NONE).because, Because::Default);
    assert_eq!(f.decide_name("statx", &NONE).action, Action::Errno(Errno::ENOSYS));
    let f = filter(r#"{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":13}"#);
    assert_eq!(f.decide_name("statx", &NONE).action, Action::Errno(Errno::EACCES));
}

#[test]
fn another_architecture_kills_unless_listed() {
    let f = filter(r#"{"defaultAction":"SCMP_ACT_ALLOW"}"#);
    assert_eq!(f.decide(Arch::X86, 39, &NONE).because, Because::ForeignArchitecture);
    let f = filter(
        r#"{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86"],"syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_ERRNO"}]}"#,
    );
    assert_eq!(f.decide(Arch::X86, 39, &NONE).because, Because::Rule(0));
    assert_eq!(f.decide_name("mkdir", &NONE).because, Because::Rule(0));
}

#[test]
fn docker_conditions_are_ignored() {
    let rule = r#"{"names":["mkdir"],"action":"SCMP_ACT_ERRNO","includes":{"caps":["CAP_SYS_ADMIN"]}}"#;
    assert_eq!(mkdir(rule), Action::Errno(Errno::EPERM));
    assert_eq!(mkdir(r#"{"name":"mkdir","action":"SCMP_ACT_ERRNO"}"#), Action::Allow);
}

#[test]
fn runtime_default_follows_version_and_capabilities() {
    let decide = |version, caps, call| {
        let f = Filter::compile(&runtime_default(version, caps)).unwrap().unwrap();
        f.decide_name(call, &NONE).action
    };
    let caps = CapSet::container_default();
    assert_eq!(decide(RuntimeVersion::Containerd17, caps, "io_uring_setup"), Action::Allow);
    assert_eq!(decide(RuntimeVersion::ContainerdMain, caps, "io_uring_setup"), Action::Errno(Errno::EPERM));
    assert_eq!(decide(RuntimeVersion::Containerd17, caps, "mount"), Action::Errno(Errno::EPERM));
    assert_eq!(decide(RuntimeVersion::Containerd17, caps.with(Capability::SysAdmin), "mount"), Action::Allow);
    assert_eq!(decide(RuntimeVersion::Containerd17, caps, "clone3"), Action::Errno(Errno::ENOSYS));
}

#[test]
fn runc_needs_more_when_it_may_gain_privileges() {
    let f = filter(
        r#"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["setgroups"],"action":"SCMP_ACT_ERRNO"}]}"#,
    );
    let refused = start::start(Some(&f), NewPrivileges::Allowed, "/bin/sleep", "x").unwrap_err();
    assert_eq!(refused.step, Step::StartContainer);
    assert!(refused.message.ends_with("unable to setup user: setgroups: operation not permitted: unknown"));
    assert_eq!(start::start(Some(&f), NewPrivileges::Forbidden, "/bin/sleep", "x"), Ok(Start::Running));
}

#[test]
fn runc_goes_on_where_it_has_another_way() {
    let deny = |call: &str, errno: u16| {
        let f = filter(&format!(
            r#"{{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{{"names":["{call}"],"action":"SCMP_ACT_ERRNO","errnoRet":{errno}}}]}}"#
        ));
        match start::start(Some(&f), NewPrivileges::Allowed, "/bin/sleep", "x") {
            Ok(_) => "started".to_owned(),
            Err(e) => e.message,
        }
    };
    assert_eq!(deny("faccessat2", 1), "started");
    assert!(deny("faccessat2", 5).contains("exec: \"sleep\": executable file not found in $PATH"));
    assert!(
        deny("chdir", 1).contains("chdir to cwd (\"/\") set in config.json failed: operation not permitted")
    );
    assert!(
        deny("capget", 1).ends_with("unable to start container process: operation not permitted: unknown")
    );
    assert_eq!(deny("fcntl", 1), "started");
    assert!(deny("getppid", 1).contains("stopped"));
}

#[test]
fn texts_of_broken_profiles() {
    let text = |t: &str| Profile::parse(t).unwrap_err();
    assert_eq!(text(""), "unexpected end of JSON input");
    assert_eq!(
        text(r#"{"syscalls":[{"names":"mkdir"}]}"#),
        "json: cannot unmarshal string into Go struct field LinuxSyscall.syscalls.names of type []string"
    );
    let refused = |t: &str| match Filter::compile(&Profile::parse(t).unwrap()) {
        Err(SetupError::Config(m) | SetupError::Init(m)) => m,
        Ok(_) => String::new(),
    };
    assert_eq!(
        refused(r#"{"defaultAction":"SCMP_ACT_FOO"}"#),
        "string SCMP_ACT_FOO is not a valid action for seccomp"
    );
    assert_eq!(
        refused(r#"{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_FOO"]}"#),
        "string SCMP_ARCH_FOO is not a valid arch for seccomp"
    );
}
