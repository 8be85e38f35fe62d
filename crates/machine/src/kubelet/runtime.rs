//! containerd's part: a container's root, mounts and processes on the node's machine.
//!
//! Models containerd's CRI plugin and runc as far as the kubelet and `kubectl exec` see them.

use std::sync::Arc;

use gatehouse_core::{Entropy, Timestamp};
use gatehouse_core::effects::capabilities::NewPrivileges;
use gatehouse_core::effects::seccomp::start::{self as seccomp, Start};

use super::plan::{Failure, Mount, Plan};
use super::pod::Running;
use super::rootfs;
use super::volume::Content;
use crate::errno::Errno;
use crate::fs::{Ino, Kind, Loc, MountTable};
use crate::machine::{HOST, Machine};
use crate::outcome::Output;
use crate::outside::{Alone, Outside};
use crate::process::{Cred, Process, Space, State, Userland};
use crate::sys::{Handle, Patience, Sys, Tty, output, source, taken};
use crate::{procfs, programs};

/// How a container's process stands after it was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Began {
    /// The exit code, if it ended at once.
    pub(super) ended: Option<i32>,
    /// When it will end by itself.
    pub(super) until: Option<(Timestamp, i32)>,
}

/// Makes a container's namespaces: its root from the image, its mounts, its host name.
pub(super) fn create(
    machine: &mut Machine,
    plan: &Plan,
    running: &mut Running,
    _id: &str,
) -> Result<u32, Failure> {
    let now = machine.now.0;
    let root = rootfs::build(machine, &plan.image, &plan.hostname, &running.ip);
    let mut mounts = MountTable::new(root, "overlay", "overlay", &["relatime"]);
    if plan.read_only_root
        && let Some(top) = mounts.get_mut(mounts.root().mount)
    {
        top.read_only = true;
    }
    for mount in &plan.mounts {
        let source = volume_root(machine, plan, running, mount, now);
        let source = if mount.sub_path.is_empty() {
            source
        } else {
            machine
                .fs
                .at(source, &mount.sub_path)
                .unwrap_or_else(|| machine.fs.make_dirs(source, &mount.sub_path, now))
        };
        let is_dir = machine.fs.get(source).is_some_and(|i| i.is_dir());
        let at = mount_point(machine, root, &mounts, &mount.path, is_dir, now);
        let id = mounts.mount(at, source, &mount.path, "/dev/vda1", "ext4", &["relatime"]);
        if let Some(m) = mounts.get_mut(id) {
            m.read_only = mount.read_only;
        }
    }
    let pid_ns = machine.next_pid();
    let userland = plan.image.userland.unwrap_or(Userland::Busybox);
    let space = Space { id: 0, mounts, hostname: plan.hostname.clone(), pid_ns, userland };
    let id = machine.add_space(space);
    procfs::mount(machine, id);
    Ok(id)
}

/// The inode a volume is rooted at; made when it is first mounted.
fn volume_root(machine: &mut Machine, plan: &Plan, running: &mut Running, mount: &Mount, now: i64) -> Ino {
    if let Content::Host(path) = &mount.content {
        let root = machine.space(HOST).map_or(0, |s| s.mounts.root().ino);
        return match machine.space(HOST).and_then(|s| s.mounts.locate(&machine.fs, path)) {
            Some(at) => at.ino,
            None => machine.fs.make_dirs(root, path, now),
        };
    }
    if let Some(ino) = running.volumes.get(&mount.volume) {
        return *ino;
    }
    let group = plan.fs_group;
    let mode = match (&mount.content, group) {
        (Content::Empty, Some(_)) => 0o2777,
        (Content::Empty, None) => 0o777,
        (_, Some(_)) => 0o3777,
        _ => 0o1777,
    };
    let root = machine.fs.new_root(mode, now);
    let gid = group.unwrap_or(0);
    if let Some(inode) = machine.fs.get_mut(root) {
        inode.gid = gid;
    }
    if let Content::Files(files) = &mount.content {
        for (path, (bytes, mode)) in files {
            let mode = if group.is_some() { mode | 0o040 } else { *mode };
            let kind = Kind::File(Arc::new(bytes.clone()));
            if let Some((dir, name)) = path.rsplit_once('/') {
                let dir = machine.fs.make_dirs(root, dir, now);
                machine.fs.put(dir, name, kind, mode, (0, gid), now);
            } else {
                machine.fs.put(root, path, kind, mode, (0, gid), now);
            }
        }
    }
    running.volumes.insert(mount.volume.clone(), root);
    root
}

/// The place in the container's tree where something is mounted; made where missing, as runc does.
fn mount_point(
    machine: &mut Machine,
    root: Ino,
    mounts: &MountTable,
    path: &str,
    is_dir: bool,
    now: i64,
) -> Loc {
    if let Some(at) = mounts.locate(&machine.fs, path) {
        return at;
    }
    let top = mounts.root();
    let ino = if is_dir {
        machine.fs.make_dirs(root, path, now)
    } else {
        machine.fs.put(root, path, Kind::File(Arc::default()), 0o644, (0, 0), now)
    };
    mounts.locate(&machine.fs, path).unwrap_or(Loc { mount: top.mount, ino })
}

/// A process of the container, with the rights the plan gives it.
fn process(machine: &mut Machine, space: u32, plan: &Plan) -> Process {
    let argv: Vec<&str> = plan.argv.iter().map(String::as_str).collect();
    let mut process = machine.new_process(space, cred(plan), &argv);
    process.env = Arc::new(plan.env.clone());
    if let Some(at) = machine.space(space).and_then(|s| s.mounts.locate(&machine.fs, &plan.cwd)) {
        process.cwd = at;
    }
    process
}

fn cred(plan: &Plan) -> Cred {
    let p = &plan.process;
    Cred { ruid: p.uid, uid: p.uid, suid: p.uid, gid: p.gid, groups: p.additional_gids.clone() }
}

const fn privileges(plan: &Plan) -> NewPrivileges {
    if plan.process.no_new_privileges { NewPrivileges::Forbidden } else { NewPrivileges::Allowed }
}

/// Runs the container's own command until it ends or blocks.
pub(super) fn start(
    machine: &mut Machine,
    space: u32,
    plan: &Plan,
    id: &str,
) -> Result<(Began, Vec<u8>), Failure> {
    let exe = plan.argv.first().map_or("", String::as_str);
    match seccomp::start(plan.filter.as_deref(), privileges(plan), exe, id) {
        Err(e) => return Err(Failure::run(e.message)),
        Ok(Start::Exited { code, stderr }) => {
            return Ok((Began { ended: Some(code), until: None }, stderr.into_bytes()));
        }
        Ok(Start::Running) => {}
    }
    let me = process(machine, space, plan);
    let log = output(Tty::No);
    let stdin = source(Vec::new(), Tty::No);
    let mut outside = Alone;
    let mut sys = Sys::new(machine, &mut outside, me, stdin, log.clone(), log.clone());
    sys.set_patience(Patience::Block);
    let result = programs::execvp(&mut sys, &plan.argv);
    let state = sys.state().clone();
    match result {
        Err(errno) => {
            sys.finish();
            Err(Failure::run(format!(
                "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: \
                 unable to start container process: {}",
                cannot_run(exe, errno, "error during container init: ")
            )))
        }
        Ok(code) => {
            let began = match state {
                State::Blocked(until, exit) => {
                    // The process goes on: it stays in the machine's table.
                    let me = sys.finish();
                    let until = until.map(|at| (Timestamp(at), exit));
                    machine.processes.insert(me.pid, Arc::new(Process { state: State::Running, ..me }));
                    return Ok((Began { ended: None, until }, taken(&log)));
                }
                State::Killed(signal) => Began { ended: Some(128 + signal), until: None },
                State::Exited(code) => Began { ended: Some(code), until: None },
                _ => Began { ended: Some(code), until: None },
            };
            sys.finish();
            Ok((began, taken(&log)))
        }
    }
}

/// runc's words for a command that cannot be executed.
fn cannot_run(exe: &str, errno: Errno, prefix: &str) -> String {
    let _ = prefix;
    let words = match errno {
        Errno::ENOENT if exe.contains('/') => format!("stat {exe}: no such file or directory"),
        Errno::ENOENT => "executable file not found in $PATH".to_owned(),
        Errno::EACCES => "permission denied".to_owned(),
        Errno::ENOEXEC => "exec format error".to_owned(),
        other => other.text().to_lowercase(),
    };
    format!("error during container init: exec: \"{exe}\": {words}: unknown")
}

/// Runs another command in the container, as `kubectl exec` does.
pub(super) fn exec(
    machine: &mut Machine,
    space: u32,
    plan: &Plan,
    argv: &[String],
    stdin: &[u8],
    outside: &mut dyn Outside,
) -> Result<Output, String> {
    let exe = argv.first().map_or("", String::as_str);
    let refused = |why: &str| {
        let mut numbers = Entropy::new(space.into());
        let id: String = (0..4).map(|_| format!("{:016x}", numbers.next_u64())).collect();
        format!(
            "Internal error occurred: error executing command in container: failed to exec in container: failed to start exec \
             \"{id}\": OCI runtime exec failed: exec failed: {why}: unknown"
        )
    };
    match seccomp::exec(plan.filter.as_deref(), privileges(plan), exe) {
        Err(why) => return Err(refused(&why)),
        Ok(Start::Exited { code, stderr }) => {
            return Ok(Output { stdout: Vec::new(), stderr: stderr.into_bytes(), exit: code });
        }
        Ok(Start::Running) => {}
    }
    let me = process(machine, space, plan);
    let (out, err): (Handle, Handle) = (output(Tty::No), output(Tty::No));
    let mut sys = Sys::new(machine, outside, me, source(stdin.to_vec(), Tty::No), out.clone(), err.clone());
    let result = programs::execvp(&mut sys, argv);
    let state = sys.state().clone();
    sys.finish();
    let exit = match (result, state) {
        (Err(errno), _) => {
            let why = match errno {
                Errno::ENOENT if exe.contains('/') => {
                    format!("exec: \"{exe}\": stat {exe}: no such file or directory")
                }
                Errno::ENOENT => format!("exec: \"{exe}\": executable file not found in $PATH"),
                Errno::EACCES => format!("exec: \"{exe}\": permission denied"),
                other => format!("exec: \"{exe}\": {}", other.text().to_lowercase()),
            };
            return Err(refused(&format!("unable to start container process: {why}")));
        }
        (_, State::Killed(signal)) => 128 + signal,
        (_, State::Exited(code)) => code,
        (Ok(code), _) => code,
    };
    Ok(Output { stdout: taken(&out), stderr: taken(&err), exit })
}

/// Takes a container's namespaces and processes away.
pub(super) fn remove(machine: &mut Machine, space: u32) {
    machine.processes.retain(|_, p| p.space != space);
    machine.spaces.remove(&space);
}
