//! Whether a container can start at all under a profile: refusals of containerd and runc, and what runc itself
//! needs once the filter is on.
//!
//! Without no_new_privs the filter is loaded early, and runc changes user and capabilities under it; with
//! no_new_privs it is loaded last. Where the first process can no longer write to its parent, the parent
//! only sees it gone, and which of three texts comes is a race. Models containerd contrib/seccomp, and runc
//! libcontainer (standard_init_linux.go, setns_init_linux.go, init_linux.go).

use super::action::Action;
use super::filter::{Filter, SetupError};
use super::profile::Profile;
use crate::effects::Errno;
use crate::effects::capabilities::NewPrivileges;

/// The step of the CRI at which a container fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// containerd refuses; the kubelet's reason is CreateContainerError.
    CreateContainer,
    /// runc refuses; the kubelet's reason is RunContainerError (or StartError).
    StartContainer,
}

/// Why a container does not start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartError {
    /// At which step.
    pub step: Step,
    /// The error's text.
    pub message: String,
    /// Texts that may come in place of it: the runtime's race.
    pub varies: Vec<String>,
}

/// What the container's first process comes to before the command runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// The command was executed.
    Running,
    /// The container counts as started, but ended before its command ran: exit code and standard error.
    Exited {
        /// The exit code.
        code: i32,
        /// What the container's log has.
        stderr: String,
    },
}

/// Reads a Localhost profile as containerd does; `text` is `None` where there is no file.
///
/// # Errors
/// containerd's refusal at CreateContainer.
pub fn load(path: &str, text: Option<&str>) -> Result<Profile, StartError> {
    let fail = |message| StartError { step: Step::CreateContainer, message, varies: vec![] };
    let Some(text) = text else {
        return Err(fail(format!(
            "failed to create containerd container: cannot load seccomp profile \"{path}\": open {path}: no such file or directory"
        )));
    };
    Profile::parse(text).map_err(|e| {
        fail(format!(
            "failed to create containerd container: decoding seccomp profile failed \"{path}\": {e}"
        ))
    })
}

/// Makes the filter as runc does.
///
/// # Errors
/// runc's refusal at StartContainer.
pub fn install(profile: &Profile, privileges: NewPrivileges) -> Result<Option<Filter>, StartError> {
    Filter::compile(profile).map_err(|e| {
        let message = match e {
            SetupError::Config(m) => m,
            SetupError::Init(m) if privileges == NewPrivileges::Forbidden => {
                format!("unable to start container process: unable to init seccomp: {m}")
            }
            SetupError::Init(m) => format!("unable to start container process: {m}"),
        };
        create_failed(&message)
    })
}

fn create_failed(message: &str) -> StartError {
    StartError {
        step: Step::StartContainer,
        message: format!(
            "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: {message}: unknown"
        ),
        varies: vec![],
    }
}

const GONE: [&str; 3] = [
    "failed to start containerd task \"<ID>\": cannot start a stopped process: unknown",
    "failed to start containerd task \"<ID>\": OCI runtime start failed: cannot start a container that has stopped: unknown",
    "failed to start containerd task \"<ID>\": OCI runtime start failed: cannot start an already running container: unknown",
];

/// The first process is gone without a word; `id` is the container's.
fn gone(id: &str) -> StartError {
    let mut texts = GONE.map(|t| t.replace("<ID>", id)).to_vec();
    StartError {
        step: Step::StartContainer,
        message: texts.remove(0),
        varies: GONE.map(|t| t.replace("<ID>", id)).to_vec(),
    }
}

/// A call runc makes under the filter, its arguments, and what it says when the call fails.
struct Need {
    call: &'static str,
    args: [u64; 6],
    /// `{}` stands for the error's text, `{command}` for the command's name.
    says: &'static str,
    /// Whether runc goes on after an error.
    shrugs: Shrugs,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shrugs {
    /// It does not.
    Never,
    /// It does not look at the result: only a signal stops it.
    Always,
    /// It has another way where it is told it may not.
    IfForbidden,
}

const fn need(call: &'static str, args: [u64; 6], says: &'static str) -> Need {
    Need { call, args, says, shrugs: Shrugs::Never }
}

const fn ignored(call: &'static str) -> Need {
    Need { call, args: [0; 6], says: "", shrugs: Shrugs::Always }
}

const AT_FDCWD: u64 = 0xffff_ff9c;
const O_CLOEXEC: u64 = 0o200_0000;
const OPEN: [u64; 6] = [AT_FDCWD, 0, O_CLOEXEC, 0, 0, 0];

/// With the filter loaded early: from closing descriptors to the new user's capabilities.
const EARLY: &[Need] = &[
    need("openat", OPEN, "error closing exec fds: open /proc/self/fd: {}"),
    ignored("fcntl"),
    ignored("epoll_ctl"),
    need("fstatfs", [0; 6], "error closing exec fds: ensure /proc/self/fd is on procfs: {}"),
    need("getdents64", [0; 6], "error closing exec fds: readdirent /proc/self/fd: {}"),
    ignored("close"),
    Need {
        call: "chdir",
        args: [0; 6],
        says: "chdir to cwd (\"/\") set in config.json failed: {}",
        // It tries again as the new user.
        shrugs: Shrugs::IfForbidden,
    },
    need("capget", [0; 6], "{}"),
    need("read", [0; 6], "read /proc/self/status: {}"),
    need("prctl", [24, 0, 0, 0, 0, 0], "unable to apply bounding set: {}"),
    need("prctl", [8, 1, 0, 0, 0, 0], "unable to set keep caps: {}"),
    need("newfstatat", [AT_FDCWD, 0, 0, 0, 0, 0], "unable to setup user: stat /dev/null: {}"),
    need("fstat", [0; 6], "unable to setup user: fstat /dev/stdin: {}"),
    need("setgroups", [0; 6], "unable to setup user: setgroups: {}"),
    need("setgid", [0; 6], "unable to setup user: {}"),
    need("setuid", [0; 6], "unable to setup user: {}"),
    need("chdir", [0; 6], "chdir to cwd (\"/\") set in config.json failed: {}"),
    need("getcwd", [0; 6], "failed to verify if current working directory is safe: {}"),
    need("prctl", [8, 0, 0, 0, 0, 0], "unable to clear keep caps: {}"),
    need("capset", [0; 6], "unable to apply caps: {}"),
    Need {
        call: "faccessat2",
        args: [0; 6],
        says: "exec: \"{command}\": executable file not found in $PATH",
        // Then the mode bits are looked at.
        shrugs: Shrugs::IfForbidden,
    },
];

/// With the filter loaded last: from closing the pipe to the parent to the exec. Nothing can be told to the parent.
const LATE: &[Need] = &[
    need("openat", OPEN, "open /proc/self/fd: {}"),
    ignored("fcntl"),
    ignored("epoll_ctl"),
    need("fstatfs", [0; 6], "ensure /proc/self/fd is on procfs: {}"),
    need("getdents64", [0; 6], "readdirent /proc/self/fd: {}"),
];

enum Stop {
    /// The call failed, with this text.
    Failed(String),
    /// The process got SIGSYS.
    Died,
}

fn stopped(filter: &Filter, needs: &[Need], exe: &str) -> Option<Stop> {
    let command = exe.rsplit('/').next().unwrap_or(exe);
    needs.iter().find_map(|n| {
        let action = filter.decide_name(n.call, &n.args).action;
        let stop = outcome(action, &n.says.replace("{command}", command))?;
        let forbidden = matches!(action.errno(), Some(Errno::EPERM | Errno::EACCES))
            || (n.call == "faccessat2" && action.errno() == Some(Errno::ENOSYS));
        let goes_on = n.shrugs == Shrugs::Always || (n.shrugs == Shrugs::IfForbidden && forbidden);
        (matches!(stop, Stop::Died) || !goes_on).then_some(stop)
    })
}

fn outcome(action: Action, says: &str) -> Option<Stop> {
    match action {
        a if a.signals() => Some(Stop::Died),
        a => match a.errno() {
            // Success that did nothing confuses nobody here but the exec itself.
            None | Some(Errno(0)) => None,
            Some(e) => Some(Stop::Failed(says.replace("{}", &e.go_message()))),
        },
    }
}

/// Starts a container's command `exe` (its path after `$PATH` was searched) under a filter; `id` is the container's.
///
/// # Errors
/// runc's refusal at StartContainer.
pub fn start(
    filter: Option<&Filter>,
    privileges: NewPrivileges,
    exe: &str,
    id: &str,
) -> Result<Start, StartError> {
    let Some(filter) = filter else { return Ok(Start::Running) };
    let zero = [0; 6];
    let writes = filter.decide_name("write", &zero).action.runs();
    if privileges == NewPrivileges::Allowed {
        match stopped(filter, EARLY, exe) {
            None => {}
            Some(Stop::Failed(text)) if writes => {
                return Err(create_failed(&format!("unable to start container process: {text}")));
            }
            Some(_) => return Err(gone(id)),
        }
    }
    // A process whose parent seems to have changed kills itself.
    let orphan = !filter.decide_name("getppid", &zero).action.runs() && privileges == NewPrivileges::Allowed;
    // The process now waits on a pipe: it must open it and write to it.
    let fifo = [AT_FDCWD, 0, O_CLOEXEC | 1, 0, 0, 0];
    let closes = privileges == NewPrivileges::Allowed || filter.decide_name("close", &zero).action.runs();
    if orphan || !writes || !closes || !filter.decide_name("openat", &fifo).action.runs() {
        return Err(gone(id));
    }
    let exec = filter.decide_name("execve", &zero).action;
    let end = stopped(filter, LATE, exe).or_else(|| outcome(exec, &format!("exec {exe}: {{}}")));
    Ok(match end {
        None => Start::Running,
        Some(Stop::Failed(stderr)) => Start::Exited { code: 1, stderr },
        Some(Stop::Died) => Start::Exited { code: 159, stderr: String::new() },
    })
}

/// What `kubectl exec` comes to under a filter before its command runs; the text is runc's, to be wrapped by the caller.
///
/// # Errors
/// What follows `OCI runtime exec failed: exec failed: `, or an exit code with standard error.
pub fn exec(filter: Option<&Filter>, privileges: NewPrivileges, exe: &str) -> Result<Start, String> {
    let Some(filter) = filter else { return Ok(Start::Running) };
    let writes = filter.decide_name("write", &[0; 6]).action.runs();
    if privileges == NewPrivileges::Allowed
        && let Some(Stop::Failed(text)) = stopped(filter, EARLY, exe)
        && writes
    {
        return Err(format!("unable to start container process: {text}"));
    }
    let exec = filter.decide_name("execve", &[0; 6]).action;
    let end = stopped(filter, LATE, exe).or_else(|| outcome(exec, &format!("exec {exe}: {{}}")));
    Ok(match end {
        None => Start::Running,
        Some(Stop::Failed(stderr)) => Start::Exited { code: 1, stderr },
        Some(Stop::Died) => Start::Exited { code: 159, stderr: String::new() },
    })
}
