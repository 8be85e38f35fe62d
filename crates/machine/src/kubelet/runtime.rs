//! containerd's part: a container's root, mounts and processes on the node's machine.
//!
//! Models containerd's CRI plugin as far as the kubelet and `kubectl exec` see it; what runc does is `container`.

use std::sync::Arc;

use gatehouse_core::Timestamp;
use gatehouse_core::effects::apparmor::Label;
use gatehouse_core::effects::capabilities::NewPrivileges;
use gatehouse_core::effects::sandbox;

use super::plan::{Failure, Mount, Plan};
use super::pod::Running;
use super::rootfs;
use super::volume::Content;
use crate::container::{self, ContainerSpec, Started, Volume};
use crate::fs::{Ino, Kind};
use crate::machine::{HOST, Kernel, Machine, Surface};
use crate::outcome::{Outcome, Output};
use crate::outside::{Alone, Outside};
use crate::process::Userland;
use crate::shell::ShellState;
use crate::sys::Tty;

/// How a container's process stands after it was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Began {
    /// The exit code, if it ended at once.
    pub(super) ended: Option<i32>,
    /// When it will end or go on by itself.
    pub(super) until: Option<(Timestamp, i32)>,
    /// Its process on the node.
    pub(super) pid: u32,
}

/// What runc is told, but for the root and the volumes.
fn spec(machine: &Machine, plan: &Plan, root: Ino) -> ContainerSpec {
    let p = &plan.process;
    let host = surface(&plan.handler) == Surface::Host;
    let label = match &plan.profile {
        Some(name) if machine.apparmor.is_some() && host => Label::new(name),
        _ => Label::Unconfined,
    };
    ContainerSpec {
        hostname: plan.hostname.clone(),
        argv: plan.argv.clone(),
        env: plan.env.clone(),
        cwd: plan.cwd.clone(),
        uid: p.uid,
        gid: p.gid,
        groups: p.additional_gids.clone(),
        capabilities: p.bounding(),
        new_privileges: if p.no_new_privileges { NewPrivileges::Forbidden } else { NewPrivileges::Allowed },
        filter: plan.filter.clone().filter(|_| host),
        label,
        privileged: p.privileged,
        read_only_root: plan.read_only_root,
        unmasked_proc: plan.unmasked_proc,
        stdin: plan.stdin,
        ports: plan.ports.clone(),
        memory: plan.memory,
        sysctls: plan.sysctls.clone(),
        id_shift: plan.id_shift,
        hosts: plan.hosts.clone(),
        resolv_conf: plan.resolv_conf.clone(),
        ..ContainerSpec::new(root, plan.image.userland.unwrap_or(Userland::Busybox))
    }
}

/// Who answers the system calls of containers that a handler runs.
fn surface(handler: &str) -> Surface {
    match handler {
        "runsc" => Surface::Sentry,
        h if h == "kata" || h.starts_with("kata-") => Surface::Guest,
        _ => Surface::Host,
    }
}

/// The kernel that a runtime's sandbox brings along; `seed` tells its logs apart.
fn own_kernel(handler: &str, seed: &str) -> Option<Arc<Kernel>> {
    let kernel = match surface(handler) {
        Surface::Host => return None,
        Surface::Sentry => Kernel {
            release: sandbox::RELEASE_BEFORE.to_owned(),
            version: sandbox::VERSION.to_owned(),
            compiler: String::new(),
            dmesg: Some(sandbox::log(seed)),
            surface: Surface::Sentry,
        },
        Surface::Guest => {
            let (release, compiler, version) = sandbox::GUEST;
            Kernel {
                release: release.to_owned(),
                version: version.to_owned(),
                compiler: compiler.to_owned(),
                dmesg: Some(sandbox::guest_log()),
                surface: Surface::Guest,
            }
        }
    };
    Some(Arc::new(kernel))
}

/// Makes a container's namespaces: its root from the image, its mounts, its host name.
pub(super) fn create(
    machine: &mut Machine,
    plan: &Plan,
    running: &mut Running,
    join_pid_ns: Option<u32>,
) -> Result<(u32, Option<Ino>), Failure> {
    let now = machine.now.0;
    machine.load_default_profile();
    let root = rootfs::build(machine, &plan.image, &plan.hostname, &running.ip);
    let mut volumes = Vec::new();
    for mount in &plan.mounts {
        let mut root = volume_root(machine, plan, running, mount, now);
        if !mount.sub_path.is_empty() {
            let data = machine.fs.child(root, "..data").and_then(|link| {
                match machine.fs.get(link).map(|i| &i.kind) {
                    Some(Kind::Link(target)) => machine.fs.child(root, target),
                    _ => None,
                }
            });
            root = match machine.fs.at(data.unwrap_or(root), &mount.sub_path) {
                Some(ino) => ino,
                None => machine.fs.make_dirs(root, &mount.sub_path, now),
            };
        }
        let tmpfs = matches!(mount.content, Content::Files(_));
        let (source, fstype) = match &mount.content {
            Content::Image(_) => ("overlay", "overlay"),
            _ if tmpfs => ("tmpfs", "tmpfs"),
            _ => ("/dev/vda1", "ext4"),
        };
        volumes.push(Volume {
            path: mount.path.clone(),
            root,
            read_only: mount.read_only,
            fstype: fstype.to_owned(),
            source: source.to_owned(),
        });
    }
    let farewell = machine.fs.add(Kind::File(Arc::default()), 0o666, 0, 0, now);
    volumes.push(Volume {
        path: plan.message_path.clone(),
        root: farewell,
        read_only: false,
        fstype: "ext4".to_owned(),
        source: "/dev/vda1".to_owned(),
    });
    let kernel = own_kernel(&running.handler, &running.ip);
    let spec = ContainerSpec {
        volumes,
        kernel,
        address: running.ip.clone(),
        join_pid_ns,
        ..spec(machine, plan, root)
    };
    Ok((container::create(machine, &spec).space, Some(farewell)))
}

/// The inode a volume is rooted at; made when it is first mounted.
fn volume_root(machine: &mut Machine, plan: &Plan, running: &mut Running, mount: &Mount, now: i64) -> Ino {
    if let Content::Host(path) = &mount.content {
        let root = machine.space(HOST).map_or(0, |s| s.mounts.root().ino);
        return match machine.space(HOST).and_then(|s| s.mounts.locate(&machine.fs, path)) {
            Some(at) => at.ino,
            None if mount.as_file => {
                machine.fs.put(root, path, Kind::File(Arc::default()), 0o644, (0, 0), now)
            }
            None => machine.fs.make_dirs(root, path, now),
        };
    }
    if let Some(ino) = running.volumes.get(&mount.volume) {
        return *ino;
    }
    if let Content::Image(reference) = &mount.content {
        let root = rootfs::build(machine, &crate::images::find(reference), "", "");
        running.volumes.insert(mount.volume.clone(), root);
        return root;
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
        write_files(machine, root, files, group, now);
    }
    running.volumes.insert(mount.volume.clone(), root);
    root
}

/// Writes a volume's files.
pub(super) fn write_files(
    machine: &mut Machine,
    root: Ino,
    files: &std::collections::BTreeMap<String, (Vec<u8>, u32)>,
    group: Option<u32>,
    now: i64,
) {
    let gid = group.unwrap_or(0);
    // The kubelet writes into a folder of its own and changes one link, so that readers see all or nothing.
    let stamp = crate::programs::volume_stamp(now);
    let data = machine.fs.put(root, &stamp, Kind::Dir(crate::fs::Dir::default()), 0o755, (0, gid), now);
    machine.fs.put(root, "..data", Kind::Link(stamp.as_str().into()), 0o777, (0, gid), now);
    for (path, (bytes, mode)) in files {
        let mode = if group.is_some() { mode | 0o440 } else { *mode };
        let kind = Kind::File(Arc::new(bytes.clone()));
        let (dir, name) = path.rsplit_once('/').unwrap_or(("", path));
        let dir = if dir.is_empty() { data } else { machine.fs.make_dirs(data, dir, now) };
        machine.fs.put(dir, name, kind, mode, (0, gid), now);
        let top = path.split('/').next().unwrap_or(path);
        let link = Kind::Link(format!("..data/{top}").as_str().into());
        machine.fs.put(root, top, link, 0o777, (0, gid), now);
    }
}

/// Runs the container's own command until it ends or blocks.
pub(super) fn start(
    machine: &mut Machine,
    space: u32,
    plan: &Plan,
    id: &str,
    outside: &mut dyn Outside,
) -> Result<(Began, Vec<u8>), Failure> {
    let spec = spec(machine, plan, 0);
    let container = container::attach(machine, space, &spec);
    let started = container::start(machine, outside, &container, id).map_err(Failure::run)?;
    Ok(began(started))
}

/// Goes on with a command that waited until now (a script between two `sleep`s), or ends it.
pub(super) fn resume(machine: &mut Machine, pid: u32, outside: &mut dyn Outside) -> (Began, Vec<u8>) {
    began(container::resume(machine, outside, pid))
}

fn began(started: Started) -> (Began, Vec<u8>) {
    match started {
        Started::Ended(o) => {
            (Began { ended: Some(o.exit), ..Began::default() }, [o.stdout, o.stderr].concat())
        }
        Started::Running(o, pid, until) => {
            let until = until.map(|at| (Timestamp(at), 0));
            (Began { ended: None, until, pid }, [o.stdout, o.stderr].concat())
        }
    }
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
    let spec = spec(machine, plan, 0);
    let container = container::attach(machine, space, &spec);
    let outcome = container::exec(machine, outside, &container, argv, stdin, Tty::No)
        .map_err(|e| format!("Internal error occurred: error executing command in container: {e}"))?;
    Ok(match outcome {
        Outcome::Done(o) | Outcome::Streaming(o) | Outcome::NeedsEdit(o, _) => o,
    })
}

/// Runs a command in the container as the kubelet does for probes and hooks, while the machine's clock moves on;
/// nothing where the command would not end.
pub(super) fn exec_sync(
    machine: &mut Machine,
    space: u32,
    plan: &Plan,
    argv: &[String],
) -> Result<Option<Output>, String> {
    let spec = spec(machine, plan, 0);
    let container = container::attach(machine, space, &spec);
    match container::exec(machine, &mut Alone, &container, argv, b"", Tty::No)? {
        Outcome::Done(output) => Ok(Some(output)),
        _ => Ok(None),
    }
}

/// What SIGTERM does to a container's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnSigterm {
    /// It ends at once, with this exit code.
    Ends(i32),
    /// It ends when what it waits for is over, in so many milliseconds.
    EndsAfter(i64, i32),
    /// It does not care.
    Ignores,
}

/// Programs that end well when they are asked to.
const POLITE: &[&str] = &["nginx", "redis-server", "httpd-foreground", "pause", "server"];

/// A process without a handler ends by the signal, but not the first one of a PID namespace: the kernel spares it.
pub(super) fn on_sigterm(machine: &Machine, pid: u32) -> OnSigterm {
    let Some(process) = machine.processes.get(&pid) else { return OnSigterm::Ends(0) };
    if POLITE.contains(&process.comm.as_str()) {
        return OnSigterm::Ends(0);
    }
    let first = process.vpid == 1;
    let script = machine.scripts.get(&pid);
    match script.and_then(|s| s.traps.get(&15)).map(|t| crate::shell::trap_exit(t)) {
        // A shell looks at its traps when the command it runs is over.
        Some(Some(code)) => match process.state {
            crate::process::State::Blocked(Some(at), _) => OnSigterm::EndsAfter(at - machine.now.0, code),
            _ => OnSigterm::Ends(code),
        },
        Some(None) => OnSigterm::Ignores,
        None if first => OnSigterm::Ignores,
        None => OnSigterm::Ends(143),
    }
}

/// The process that holds a pod's shared process namespace; gives its space.
pub(super) fn pause(machine: &mut Machine, hostname: &str, ip: &str) -> u32 {
    let now = machine.now.0;
    let root = machine.fs.new_root(0o755, now);
    let mut spec = ContainerSpec::new(root, Userland::Coreutils);
    spec.argv = vec!["/pause".to_owned()];
    (spec.uid, spec.gid, spec.groups) = (65535, 65535, vec![65535]);
    hostname.clone_into(&mut spec.hostname);
    ip.clone_into(&mut spec.address);
    let made = container::create(machine, &spec);
    let mut process = made.template;
    process.state = crate::process::State::Blocked(None, 0);
    machine.processes.insert(process.pid, Arc::new(process));
    made.space
}

/// Takes all of a pod's namespaces and processes away.
pub(super) fn remove_sandbox(machine: &mut Machine, running: &Running) {
    for space in running.containers.values().filter_map(|c| c.space).chain(running.pause) {
        remove(machine, space);
    }
}

/// Opens a shell in the container for a person.
pub(super) fn shell(
    machine: &mut Machine,
    space: u32,
    plan: &Plan,
    command: &str,
) -> Result<ShellState, String> {
    let spec = spec(machine, plan, 0);
    let container = container::attach(machine, space, &spec);
    container::shell(machine, &container, command)
        .map_err(|e| format!("Internal error occurred: error executing command in container: {e}"))
}

/// Takes a container's namespaces and processes away.
pub(super) fn remove(machine: &mut Machine, space: u32) {
    machine.processes.retain(|_, p| p.space != space);
    machine.spaces.remove(&space);
}
