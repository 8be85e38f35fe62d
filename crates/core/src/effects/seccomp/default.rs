//! RuntimeDefault: the profile containerd makes for a container's capabilities.
//!
//! It differs by version: 1.7 still allows io_uring, main no longer does and also refuses AF_ALG. Models
//! containerd contrib/seccomp/seccomp_default.go (DefaultProfile) on x86_64, kernel 4.8 and above.

use super::profile::{Argument, Profile, Rule};
use crate::effects::capabilities::{CapSet, Capability};

/// Whose RuntimeDefault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum RuntimeVersion {
    /// containerd 1.7.
    #[default]
    Containerd17,
    /// containerd after 2.0.
    ContainerdMain,
}

const CLONE_NAMESPACES: u64 = 0x7e02_0000;

/// What a capability in the bounding set opens, in the order of containerd's `switch`, by capability number.
const BY_CAPABILITY: &[(Capability, &[&str])] = &[
    (Capability::DacReadSearch, &["open_by_handle_at"]),
    (Capability::SysModule, &["delete_module", "init_module", "finit_module"]),
    (Capability::SysRawio, &["iopl", "ioperm"]),
    (Capability::SysChroot, &["chroot"]),
    (
        Capability::SysPtrace,
        &["kcmp", "pidfd_getfd", "process_madvise", "process_vm_readv", "process_vm_writev", "ptrace"],
    ),
    (Capability::SysPacct, &["acct"]),
    (
        Capability::SysAdmin,
        &[
            "bpf",
            "clone",
            "clone3",
            "fanotify_init",
            "fsconfig",
            "fsmount",
            "fsopen",
            "fspick",
            "lookup_dcookie",
            "mount",
            "mount_setattr",
            "move_mount",
            "open_tree",
            "perf_event_open",
            "quotactl",
            "quotactl_fd",
            "setdomainname",
            "sethostname",
            "setns",
            "syslog",
            "umount",
            "umount2",
            "unshare",
        ],
    ),
    (Capability::SysBoot, &["reboot"]),
    (Capability::SysNice, &["get_mempolicy", "mbind", "set_mempolicy", "set_mempolicy_home_node"]),
    (Capability::SysTime, &["settimeofday", "stime", "clock_settime", "clock_settime64"]),
    (Capability::SysTtyConfig, &["vhangup"]),
    (Capability::Syslog, &["syslog"]),
    (Capability::Perfmon, &["perf_event_open"]),
    (Capability::Bpf, &["bpf"]),
];

fn allow(names: &[&str], args: Vec<Argument>) -> Rule {
    Rule {
        names: names.iter().map(|n| (*n).to_owned()).collect(),
        action: "SCMP_ACT_ALLOW".to_owned(),
        errno: None,
        args,
    }
}

fn first(op: &str, value: u64) -> Vec<Argument> {
    vec![Argument { index: 0, value, value_two: 0, op: op.to_owned() }]
}

/// The default profile for a container whose bounding set is `caps`.
#[must_use]
pub fn runtime_default(version: RuntimeVersion, caps: CapSet) -> Profile {
    let wanted = if version == RuntimeVersion::Containerd17 { "1.7" } else { "main" };
    let mut section = "";
    let mut base = Vec::new();
    for line in include_str!("default.txt").lines().filter(|l| !l.starts_with('#')) {
        match line.strip_prefix(' ') {
            None => section = line,
            Some(names) if section == "both" || section == wanted => base.extend(names.split_whitespace()),
            Some(_) => {}
        }
    }
    let mut rules = vec![allow(&base, vec![])];
    // AF_VSOCK (40) and, in main, AF_ALG (38) reach the host's kernel past the container's network.
    match version {
        RuntimeVersion::Containerd17 => rules.push(allow(&["socket"], first("SCMP_CMP_NE", 40))),
        RuntimeVersion::ContainerdMain => {
            rules.push(allow(&["socket"], first("SCMP_CMP_LT", 38)));
            rules.push(allow(&["socket"], first("SCMP_CMP_EQ", 39)));
            rules.push(allow(&["socket"], first("SCMP_CMP_GT", 40)));
        }
    }
    for persona in [0, 8, 0x2_0000, 0x2_0008, 0xffff_ffff] {
        rules.push(allow(&["personality"], first("SCMP_CMP_EQ", persona)));
    }
    rules.push(allow(&["process_vm_readv", "process_vm_writev", "ptrace"], vec![]));
    rules.push(allow(&["arch_prctl", "modify_ldt"], vec![]));
    for (cap, names) in BY_CAPABILITY {
        if caps.has(*cap) {
            rules.push(allow(names, vec![]));
        }
    }
    if !caps.has(Capability::SysAdmin) {
        rules.push(allow(&["clone"], first("SCMP_CMP_MASKED_EQ", CLONE_NAMESPACES)));
        rules.push(Rule {
            names: vec!["clone3".to_owned()],
            action: "SCMP_ACT_ERRNO".to_owned(),
            errno: Some(38),
            args: vec![],
        });
    }
    Profile {
        default_action: "SCMP_ACT_ERRNO".to_owned(),
        architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"].map(str::to_owned).to_vec(),
        rules,
        ..Profile::default()
    }
}
