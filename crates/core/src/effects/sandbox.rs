//! Kernels of sandboxes, as a program sees them: which calls gVisor's makes, what it and Kata's say of themselves.
//!
//! Read from google/gvisor 3c5eee1, not recorded. What a supported call then does is the machine's to play; the host
//! kernel, its seccomp filter and its AppArmor profiles are out of such a program's reach. Models
//! pkg/sentry/syscalls/linux/linux64.go and pkg/sentry/kernel/syslog.go.

use super::Errno;
use super::capabilities::{Capability, ProcessCaps};

/// What `uname` says there.
pub const RELEASE: &str = "4.19.0-gvisor";

/// What it said before 2026, and what most course material shows.
pub const RELEASE_BEFORE: &str = "4.4.0";

/// The version `uname` says.
pub const VERSION: &str = "#1 SMP Sun Jan 10 15:06:54 PST 2016";

/// The kernel log's first line; it needs no capability to be read.
pub const FIRST_LINE: &str = "Starting gVisor...";

/// The kernel log's last line.
pub const LAST_LINE: &str = "Ready!";

/// Ten of these stand between, picked at random without repeats, each up to half a second after the one before.
pub const MESSAGES: &[&str] = &[
    "Synthesizing system calls...",
    "Mounting deweydecimalfs...",
    "Moving files to filing cabinet...",
    "Digging up root...",
    "Constructing home...",
    "Segmenting fault lines...",
    "Creating bureaucratic processes...",
    "Searching for needles in stacks...",
    "Preparing for the zombie uprising...",
    "Feeding the init monster...",
    "Creating cloned children...",
    "Daemonizing children...",
    "Waiting for children...",
    "Gathering forks...",
    "Committing treasure map to memory...",
    "Reading process obituaries...",
    "Searching for socket adapter...",
    "Creating process schedule...",
    "Generating random numbers by fair dice roll...",
    "Rewriting operating system in Javascript...",
    "Consulting tar man page...",
    "Forking spaghetti code...",
    "Checking naughty and nice process list...",
    "Granting licence to kill(2)...",
    "Letting the watchdogs out...",
];

/// What Kata's guest kernel says of itself: release, compiler, version.
pub const GUEST: (&str, &str, &str) = (
    "6.12.47",
    "(@4bcec8f4443d) (gcc (Ubuntu 11.4.0-1ubuntu1~22.04.2) 11.4.0, GNU ld (GNU Binutils for Ubuntu) 2.38)",
    "#1 SMP Fri Nov 14 15:34:06 UTC 2025",
);

/// The beginning of that kernel's log: it restricts nobody from reading it.
#[must_use]
pub fn guest_log() -> String {
    let (release, compiler, version) = GUEST;
    let lines = [
        format!("Linux version {release} {compiler} {version}"),
        "Command line: tsc=reliable no_timer_check rcupdate.rcu_expedited=1 i8042.direct=1 i8042.dumbkbd=1 i8042.nopnp=1 \
         i8042.noaux=1 noreplace-smp reboot=k cryptomgr.notests net.ifnames=0 pci=lastbus=0 root=/dev/pmem0p1 \
         rootflags=dax,data=ordered,errors=remount-ro ro rootfstype=ext4 console=hvc0 console=hvc1 quiet \
         systemd.show_status=false panic=1 nr_cpus=4 selinux=0 systemd.unit=kata-containers.target"
            .to_owned(),
        "BIOS-provided physical RAM map:".to_owned(),
        "NX (Execute Disable) protection: active".to_owned(),
        "DMI: QEMU Standard PC (Q35 + ICH9, 2009), BIOS 0.0.0 02/06/2015".to_owned(),
        "Hypervisor detected: KVM".to_owned(),
    ];
    lines.iter().map(|l| format!("[    0.000000] {l}\n")).collect()
}

/// Calls that always fail.
const REFUSED: &[(&str, &[&str])] = &[
    ("EACCES", &["add_key", "request_key"]),
    ("ENODEV", &["perf_event_open"]),
    (
        "ENOSYS",
        &[
            "setfsuid",
            "setfsgid",
            "uselib",
            "ustat",
            "sysfs",
            "get_kernel_syms",
            "query_module",
            "nfsservctl",
            "getpmsg",
            "putpmsg",
            "tuxcall",
            "security",
            "set_thread_area",
            "get_thread_area",
            "epoll_ctl_old",
            "epoll_wait_old",
            "remap_file_pages",
            "vserver",
            "mq_timedsend",
            "mq_timedreceive",
            "mq_notify",
            "mq_getsetattr",
            "vmsplice",
            "fanotify_init",
            "fanotify_mark",
            "userfaultfd",
            "copy_file_range",
            "pkey_mprotect",
            "pkey_alloc",
            "pkey_free",
            "io_pgetevents",
            "io_uring_register",
            "fspick",
        ],
    ),
    ("EOPNOTSUPP", &["name_to_handle_at", "open_by_handle_at"]),
    ("EPERM", &["sched_rr_get_interval", "modify_ldt", "_sysctl"]),
];

/// Calls that need a capability to fail with ENOSYS, and fail with EPERM without.
const GUARDED: &[(Capability, &[&str])] = &[
    (Capability::SysAdmin, &["swapon", "swapoff", "quotactl", "lookup_dcookie"]),
    (Capability::SysBoot, &["reboot", "kexec_load", "kexec_file_load"]),
    (Capability::SysModule, &["create_module", "init_module", "delete_module", "finit_module"]),
    (Capability::SysNice, &["sched_setparam", "migrate_pages", "move_pages"]),
    (Capability::SysPacct, &["acct"]),
    (Capability::SysPtrace, &["kcmp"]),
    (Capability::SysRawio, &["iopl", "ioperm"]),
    (Capability::SysTime, &["adjtimex", "settimeofday", "clock_adjtime"]),
    (Capability::SysTtyConfig, &["vhangup"]),
];

/// Calls it has no entry for.
const UNKNOWN: &[&str] = &[
    "cachestat",
    "fchmodat2",
    "futex_requeue",
    "futex_wait",
    "futex_waitv",
    "futex_wake",
    "getxattrat",
    "landlock_add_rule",
    "landlock_create_ruleset",
    "landlock_restrict_self",
    "listmount",
    "listxattrat",
    "lsm_get_self_attr",
    "lsm_list_modules",
    "lsm_set_self_attr",
    "map_shadow_stack",
    "memfd_secret",
    "mount_setattr",
    "mseal",
    "openat2",
    "process_madvise",
    "process_mrelease",
    "quotactl_fd",
    "removexattrat",
    "set_mempolicy_home_node",
    "setxattrat",
    "statmount",
    "uretprobe",
];

/// The error a call fails with before it does anything; none where gVisor makes it, wholly or in part.
#[must_use]
pub fn refuses(call: &str, caps: &ProcessCaps) -> Option<Errno> {
    if UNKNOWN.contains(&call) {
        return Some(Errno::ENOSYS);
    }
    if let Some((cap, _)) = GUARDED.iter().find(|(_, calls)| calls.contains(&call)) {
        return Some(if caps.capable(*cap) { Errno::ENOSYS } else { Errno::EPERM });
    }
    REFUSED.iter().find(|(_, calls)| calls.contains(&call)).and_then(|(name, _)| Errno::from_name(name))
}

/// The kernel log of one sandbox, as `dmesg` prints it; the same `seed` gives the same log.
#[must_use]
pub fn log(seed: &str) -> String {
    // FNV-1a over the seed, then a linear congruence: which jokes come is no secret.
    let mut state =
        seed.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    let mut next = |n: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n.max(1)
    };
    let mut left: Vec<&str> = MESSAGES.to_vec();
    let mut lines = vec![FIRST_LINE];
    while lines.len() < 11 && !left.is_empty() {
        let at = usize::try_from(next(left.len() as u64)).unwrap_or(0);
        lines.push(left.swap_remove(at));
    }
    lines.push(LAST_LINE);
    let mut micros = 0;
    let mut out = String::new();
    for line in lines {
        out.push_str(&format!("[{:5}.{:06}] {line}\n", micros / 1_000_000, micros % 1_000_000));
        micros += next(500_000);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effects::capabilities::CapSet;
    use crate::effects::seccomp::syscalls::is_known;

    #[test]
    fn every_name_is_a_system_call() {
        let refused = REFUSED.iter().flat_map(|(_, c)| *c);
        let guarded = GUARDED.iter().flat_map(|(_, c)| *c);
        assert!(refused.chain(guarded).chain(UNKNOWN).all(|c| is_known(c)));
        assert!(REFUSED.iter().all(|(e, _)| Errno::from_name(e).is_some()));
    }

    #[test]
    fn its_log_begins_ends_and_is_the_same_for_a_seed() {
        let text = log("a");
        assert!(text.starts_with("[    0.000000] Starting gVisor...\n") && text.ends_with("] Ready!\n"));
        assert_eq!((text.lines().count(), log("a") == text, log("b") == text), (12, true, false));
    }

    #[test]
    fn what_the_sandbox_lacks_fails_by_name() {
        let root = ProcessCaps::of_container(CapSet::ALL, 0);
        let user = ProcessCaps::of_container(CapSet::ALL, 1000);
        assert_eq!(refuses("reboot", &user), Some(Errno::EPERM));
        assert_eq!(refuses("reboot", &root), Some(Errno::ENOSYS));
        assert_eq!(refuses("mkdir", &user), None);
    }
}
