//! The recordings' containers: two images with a few extra files, made from a securityContext and profiles.

use std::sync::Arc;

use gatehouse_core::effects::apparmor::{
    DEFAULT_PROFILE, Label, LoadMode, ParserVersion, Policy, PolicySet, Stock, default_policy,
};
use gatehouse_core::effects::capabilities::{Accounts, NewPrivileges, OciProcess, oci_process};
use gatehouse_core::effects::seccomp::start::{install, load};
use gatehouse_core::effects::seccomp::{Filter, RuntimeVersion, runtime_default};
use gatehouse_core::{Timestamp, effects::seccomp};
use gatehouse_machine::container::{self, Container, ContainerSpec, Started, Volume};
use gatehouse_machine::fs::{Dir, Ino, Kind};
use gatehouse_machine::machine::Kernel;
use gatehouse_machine::process::Userland;
use gatehouse_machine::sys::Tty;
use gatehouse_machine::{Alone, Machine, Outcome, Output, image};
use gatehouse_model::Value;

use crate::Support;
use crate::kernel::text_of;

/// A machine with one container on it.
pub(super) struct World {
    pub(super) machine: Machine,
    pub(super) container: Container,
    root: Ino,
}

/// What makes a container what it is.
#[derive(Default)]
pub(super) struct Make<'a> {
    pub(super) busybox: bool,
    pub(super) pod: Value,
    pub(super) security: Value,
    /// A Localhost seccomp profile's text.
    pub(super) seccomp: Option<&'a str>,
    /// Whether AppArmor is live, and profiles to load.
    pub(super) apparmor: Option<Vec<(String, String)>>,
    /// containerd's defaults for low ports and ping: those of 1.x.
    pub(super) old_ports: bool,
}

impl World {
    pub(super) fn new(make: &Make<'_>) -> Result<Self, String> {
        let mut machine = Machine::host("node", "root", Timestamp::GENESIS);
        machine.apparmor = None;
        // The two recording machines' kernels.
        let release = if make.apparmor.is_some() { "6.12.107" } else { "6.18.0" };
        machine.kernel = Arc::new(Kernel { release: release.to_owned(), ..Kernel::default() });
        if let Some(profiles) = &make.apparmor {
            machine.apparmor = Some(PolicySet::new());
            let own = default_policy().map_err(|e| e.text)?;
            machine.load_profiles(&own, LoadMode::Replace);
            for (name, text) in profiles {
                let policy = Policy::read(name, text, &Stock, ParserVersion::V4_1_0).map_err(|e| e.text)?;
                machine.load_profiles(&policy, LoadMode::Replace);
            }
        }
        let root =
            if make.busybox { image::busybox_root(&mut machine) } else { image::debian_root(&mut machine) };
        extra_files(&mut machine, root, make.busybox);
        let process = oci(&machine, root, make);
        let mut spec = spec(make, &process, root);
        spec.label = label(make, process.privileged);
        spec.filter = filter(make, &process)?;
        let now = machine.now.0;
        let group = make.pod.i64_at(&["fsGroup"]).and_then(|g| u32::try_from(g).ok());
        for (path, mode, gid) in
            [("/cache", 0o777, 0), ("/fsg", if group.is_some() { 0o2775 } else { 0o755 }, group.unwrap_or(0))]
        {
            let dir = machine.fs.add(Kind::Dir(Dir::default()), mode, 0, gid, now);
            spec.volumes.push(Volume {
                path: path.to_owned(),
                root: dir,
                read_only: false,
                fstype: "ext4".to_owned(),
                source: "/dev/vda1".to_owned(),
            });
        }
        let made = container::create(&mut machine, &spec);
        let mut world = Self { machine, container: made, root };
        // The container's own command is there as process 1 whatever its profile lets it do.
        let mut first = world.container.template.clone();
        first.vpid = 1;
        first.comm = "sleep".to_owned();
        world.machine.processes.insert(first.pid, Arc::new(first));
        Ok(world)
    }

    /// Runs a command as `kubectl exec` does.
    pub(super) fn exec(&mut self, argv: &[String]) -> Result<Output, String> {
        self.reset();
        let before = self.machine.now;
        let outcome = container::exec(&mut self.machine, &mut Alone, &self.container, argv, b"", Tty::No)?;
        // ExecSync was called with fifteen seconds.
        if self.machine.now.0 - before.0 > 15_000 {
            return Err(
                "failed to exec in container: timeout 15s exceeded: context deadline exceeded".to_owned()
            );
        }
        Ok(match outcome {
            Outcome::Done(o) | Outcome::Streaming(o) | Outcome::NeedsEdit(o, _) => o,
        })
    }

    /// Starts the container's command.
    pub(super) fn start(&mut self, argv: Vec<String>) -> Result<Started, String> {
        self.container.argv = argv;
        container::start(&mut self.machine, &mut Alone, &self.container, "<ID>")
    }

    /// What the recordings put right before each command.
    pub(super) fn reset(&mut self) {
        let now = self.machine.now.0;
        for name in ["test", "a", "m7", "f", "newfile", "d"] {
            if let Some(ino) = self.machine.fs.unlink(self.root, name, now) {
                self.machine.fs.forget(ino);
            }
        }
        if let Some(tmp) = self.machine.fs.at(self.root, "tmp")
            && let Some(i) = self.machine.fs.get_mut(tmp)
        {
            i.kind = Kind::Dir(Dir { parent: self.root, ..Dir::default() });
        }
        if let Some(tmp) = self.machine.fs.at(self.root, "tmp") {
            let f2 = Kind::File(Arc::new(Vec::new()));
            if !self
                .machine
                .space(self.container.space)
                .is_some_and(|s| s.mounts.all().first().is_some_and(|m| m.read_only))
            {
                self.machine.fs.put(tmp, "f2", f2, 0o644, (0, 0), now);
            }
        }
        if let Some(p) = self.machine.fs.at(self.root, "data/pub").and_then(|i| self.machine.fs.get_mut(i)) {
            (p.mode, p.uid, p.gid) = (0o644, 0, 0);
        }
        data(&mut self.machine, self.root);
    }
}

fn data(machine: &mut Machine, root: Ino) {
    let now = machine.now.0;
    for (path, text, mode, owner) in [
        ("data/pub", "pub\n", 0o644, (0, 0)),
        ("data/owned1000", "mine\n", 0o600, (1000, 1000)),
        ("data/grp2000", "grp\n", 0o640, (0, 2000)),
        ("data/victim", "v\n", 0o644, (0, 0)),
    ] {
        if machine.fs.at(root, path).is_none() {
            machine.fs.put(root, path, Kind::File(Arc::new(text.as_bytes().to_vec())), mode, owner, now);
        }
    }
    if machine.fs.at(root, "data/vdir").is_none() {
        machine.fs.put(root, "data/vdir", Kind::Dir(Dir::default()), 0o755, (0, 0), now);
    }
}

fn extra_files(machine: &mut Machine, root: Ino, busybox: bool) {
    let now = machine.now.0;
    data(machine, root);
    machine.fs.put(
        root,
        "etc/secret-root",
        Kind::File(Arc::new(b"topsecret\n".to_vec())),
        0o400,
        (0, 0),
        now,
    );
    let suid = if busybox { "opt/suid-busybox" } else { "opt/suid-id" };
    image::install(machine, root, suid, if busybox { "busybox" } else { "id" });
    if let Some(i) = machine.fs.at(root, suid).and_then(|i| machine.fs.get_mut(i)) {
        i.mode = 0o4755;
    }
}

fn oci(machine: &Machine, root: Ino, make: &Make<'_>) -> OciProcess {
    let text = |path: &str| {
        let content = machine.fs.at(root, path).and_then(|i| machine.fs.content(i)).unwrap_or_default();
        String::from_utf8_lossy(&content).into_owned()
    };
    let (passwd, group) = (text("etc/passwd"), text("etc/group"));
    oci_process(&make.pod, &make.security, "", Accounts { passwd: &passwd, group: &group })
}

fn spec(make: &Make<'_>, process: &OciProcess, root: Ino) -> ContainerSpec {
    let userland = if make.busybox { Userland::Busybox } else { Userland::Coreutils };
    ContainerSpec {
        hostname: "web".to_owned(),
        standalone_shell: make.busybox,
        argv: vec!["sleep".to_owned(), "86400".to_owned()],
        uid: process.uid,
        gid: process.gid,
        groups: process.additional_gids.clone(),
        capabilities: process.bounding(),
        new_privileges: privileges(process),
        privileged: process.privileged,
        read_only_root: make.security.bool_at(&["readOnlyRootFilesystem"]) == Some(true),
        unmasked_proc: make.security.str_at(&["procMount"]) == "Unmasked",
        unprivileged_ports: !make.old_ports,
        unprivileged_icmp: !make.old_ports,
        // The recordings' containers had no server to ask.
        resolv_conf: String::new(),
        ..ContainerSpec::new(root, userland)
    }
}

const fn privileges(process: &OciProcess) -> NewPrivileges {
    if process.no_new_privileges { NewPrivileges::Forbidden } else { NewPrivileges::Allowed }
}

fn label(make: &Make<'_>, privileged: bool) -> Label {
    let field = make.security.get("appArmorProfile").or_else(|| make.pod.get("appArmorProfile"));
    let kind = field.map_or("", |p| p.str_at(&["type"]));
    match kind {
        _ if make.apparmor.is_none() || kind == "Unconfined" => Label::Unconfined,
        "Localhost" => Label::new(field.map_or("", |p| p.str_at(&["localhostProfile"]))),
        _ if privileged => Label::Unconfined,
        _ => Label::new(DEFAULT_PROFILE),
    }
}

fn filter(make: &Make<'_>, process: &OciProcess) -> Result<Option<Arc<Filter>>, String> {
    let field = make.security.get("seccompProfile").or_else(|| make.pod.get("seccompProfile"));
    let profile = match (make.seccomp, field.map_or("", |p| p.str_at(&["type"]))) {
        (Some(text), _) => load("profile", Some(text)).map_err(|e| e.message)?,
        (None, "RuntimeDefault") => runtime_default(RuntimeVersion::default(), process.bounding()),
        _ => return Ok(None),
    };
    let filter: Option<seccomp::Filter> = install(&profile, privileges(process)).map_err(|e| e.message)?;
    Ok(filter.map(Arc::new))
}

/// The text of a seccomp profile of the recordings, which may be of a resolved or default one.
pub(super) fn seccomp_text<'a>(support: &'a Support, name: &str) -> Result<&'a str, String> {
    Ok(text_of(support, "seccomp-profiles", name)?.str_at(&["text"]))
}
