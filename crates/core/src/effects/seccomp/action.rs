//! What a filter answers.

use std::fmt;

use crate::effects::Errno;

/// The action for one call. Models `SECCOMP_RET_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The whole process dies of SIGSYS.
    KillProcess,
    /// The calling thread dies of SIGSYS; a process of one thread with it (shells print "Bad system call").
    KillThread,
    /// SIGSYS is sent; who does not handle it dies.
    Trap,
    /// The call is not made and fails with this number; with 0 it seems to succeed.
    Errno(Errno),
    /// A listener would decide.
    Notify,
    /// A tracer would decide; there is none, so the call fails with ENOSYS.
    Trace(u16),
    /// The call is made and logged.
    Log,
    /// The call is made.
    Allow,
}

/// The greatest error number a call can return (`MAX_ERRNO`).
pub(super) const MAX_ERRNO: u16 = 4095;

impl Action {
    /// Reads an action's name as OCI writes it; `data` is `errnoRet`, EPERM where there is none.
    #[must_use]
    pub fn from_oci(name: &str, data: Option<u64>) -> Option<Self> {
        // runc converts through int16, libseccomp keeps 16 bits.
        let data = data.map_or(1, |d| u16::try_from(d & 0xffff).unwrap_or(0));
        Some(match name {
            "SCMP_ACT_KILL" | "SCMP_ACT_KILL_THREAD" => Self::KillThread,
            "SCMP_ACT_KILL_PROCESS" => Self::KillProcess,
            "SCMP_ACT_TRAP" => Self::Trap,
            "SCMP_ACT_ERRNO" => Self::Errno(Errno(data)),
            "SCMP_ACT_TRACE" => Self::Trace(data),
            "SCMP_ACT_LOG" => Self::Log,
            "SCMP_ACT_NOTIFY" => Self::Notify,
            "SCMP_ACT_ALLOW" => Self::Allow,
            _ => return None,
        })
    }

    /// Whether the call is made.
    #[must_use]
    pub const fn runs(self) -> bool {
        matches!(self, Self::Allow | Self::Log)
    }

    /// The error number the caller sees, where it sees one; `Some(Errno(0))` is a success that did nothing.
    #[must_use]
    pub const fn errno(self) -> Option<Errno> {
        match self {
            Self::Errno(e) => Some(e),
            Self::Trace(_) | Self::Notify => Some(Errno::ENOSYS),
            _ => None,
        }
    }

    /// Whether the caller gets SIGSYS.
    #[must_use]
    pub const fn signals(self) -> bool {
        matches!(self, Self::KillProcess | Self::KillThread | Self::Trap)
    }

    /// Whether the kernel logs the call by itself (`actions_logged` as shipped, without an audit daemon).
    #[must_use]
    pub const fn logged(self) -> bool {
        matches!(self, Self::KillProcess | Self::KillThread | Self::Log)
    }

    /// The value of the log line's `code`.
    #[must_use]
    pub const fn code(self) -> u32 {
        match self {
            Self::KillProcess => 0x8000_0000,
            Self::KillThread => 0,
            Self::Trap => 0x0003_0000,
            Self::Errno(e) => 0x0005_0000 | e.0 as u32,
            Self::Notify => 0x7fc0_0000,
            Self::Trace(d) => 0x7ff0_0000 | d as u32,
            Self::Log => 0x7ffc_0000,
            Self::Allow => 0x7fff_0000,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::KillProcess => "KILL_PROCESS",
            Self::KillThread => "KILL_THREAD",
            Self::Trap => "TRAP",
            Self::Errno(_) => "ERRNO",
            Self::Notify => "NOTIFY",
            Self::Trace(_) => "TRACE",
            Self::Log => "LOG",
            Self::Allow => "ALLOW",
        })
    }
}
