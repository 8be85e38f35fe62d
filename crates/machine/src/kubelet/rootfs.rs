//! A container's root directory, made from the facts of its image.

use std::sync::Arc;

use crate::fs::{Dir, Ino, Kind};
use crate::image;
use crate::images::Image;
use crate::images::release::Release;
use crate::machine::Machine;
use crate::process::Userland;
use crate::programs;

/// /etc/passwd and /etc/group of an image.
pub(super) fn accounts(image: &Image) -> (String, String) {
    let busybox = image.userland == Some(Userland::Busybox);
    let mut passwd = if busybox {
        "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n".to_owned()
    } else {
        image::PASSWD.to_owned()
    };
    passwd.push_str(image.passwd);
    let mut group = match (image.release, busybox) {
        (Release::Alpine(_), _) => "root:x:0:root\nbin:x:1:root,bin,daemon\ndaemon:x:2:root,bin,daemon\nsys:x:3:root,bin\nadm:x:4:root,daemon\ntty:x:5:\ndisk:x:6:root\nlp:x:7:lp\nwheel:x:10:root\nfloppy:x:11:root\ndialout:x:20:root\ntape:x:26:root\nvideo:x:27:root\nnogroup:x:65533:\nnobody:x:65534:\n",
        (_, true) => "root:x:0:\nwheel:x:10:root\nnogroup:x:65534:\n",
        _ => image::GROUP,
    }
    .to_owned();
    for line in image.passwd.lines() {
        let mut fields = line.split(':');
        if let (Some(name), Some(gid)) = (fields.next(), fields.nth(2)) {
            group.push_str(&format!("{name}:x:{gid}:\n"));
        }
    }
    (passwd, group)
}

/// What a container's root holds before anything is mounted into it.
pub(super) fn build(machine: &mut Machine, image: &Image, hostname: &str, ip: &str) -> Ino {
    let now = machine.now.0;
    let root = machine.fs.new_root(0o755, now);
    let directory = |machine: &mut Machine, path: &str, mode: u32| {
        machine.fs.put(root, path, Kind::Dir(Dir::default()), mode, (0, 0), now)
    };
    for (path, mode) in [
        ("/bin", 0o755),
        ("/etc", 0o755),
        ("/usr/bin", 0o755),
        ("/usr/sbin", 0o755),
        ("/usr/local/bin", 0o755),
        ("/home", 0o755),
        ("/lib", 0o755),
        ("/mnt", 0o755),
        ("/opt", 0o755),
        ("/root", 0o700),
        ("/run", 0o755),
        ("/srv", 0o755),
        ("/tmp", 0o1777),
        ("/var/log", 0o755),
        ("/var/tmp", 0o1777),
        ("/var/cache", 0o755),
        ("/sys", 0o755),
        ("/proc", 0o555),
    ] {
        directory(machine, path, mode);
    }
    if image.workdir != "/" {
        directory(machine, image.workdir, 0o755);
    }
    let dev = directory(machine, "/dev", 0o755);
    image::devices(machine, dev);
    machine.fs.put(dev, "shm", Kind::Dir(Dir::default()), 0o1777, (0, 0), now);
    let busybox = image.userland == Some(Userland::Busybox);
    if image.userland.is_some() {
        for name in programs::names() {
            let dir = if busybox || matches!(*name, "sh" | "bash" | "dash") { "/bin" } else { "/usr/bin" };
            let there = match (busybox, *name) {
                (true, "busybox") => true,
                (true, n) => programs::applets().any(|a| a == n),
                (false, "busybox" | "vi" | "vim" | "nano") => false,
                (false, n) => programs::image_names().any(|a| a == n),
            };
            if there {
                image::install(machine, root, &format!("{dir}/{name}"), name);
            }
        }
    }
    for program in image.programs {
        image::install(machine, root, program, program.rsplit('/').next().unwrap_or(program));
    }
    for (path, content, mode, owner) in image.files {
        let kind = match path.strip_suffix('/') {
            Some(_) => Kind::Dir(Dir::default()),
            None => Kind::File(Arc::new(content.as_bytes().to_vec())),
        };
        machine.fs.put(root, path.trim_end_matches('/'), kind, *mode, (*owner, 0), now);
    }
    let (passwd, group) = accounts(image);
    let hosts = format!(
        "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\n\
         fe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n{ip}\t{hostname}\n"
    );
    let release = image.release.files();
    let resolv = "search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n";
    for (path, text) in [
        ("/etc/passwd", passwd.as_str()),
        ("/etc/group", group.as_str()),
        ("/etc/hosts", hosts.as_str()),
        ("/etc/hostname", &format!("{hostname}\n")),
        ("/etc/resolv.conf", resolv),
    ]
    .into_iter()
    .chain(release.iter().map(|(path, text)| (*path, text.as_str())))
    {
        machine.fs.put(root, path, Kind::File(Arc::new(text.as_bytes().to_vec())), 0o644, (0, 0), now);
    }
    if image.userland.is_some() {
        let (text, mode, group): (&[u8], _, _) = if busybox {
            (b"root:*:10933:0:99999:7:::\nnobody:*:10933:0:99999:7:::\n", 0o600, 0)
        } else {
            (
                b"root:*:20000:0:99999:7:::\nwww-data:*:20000:0:99999:7:::\nnobody:*:20000:0:99999:7:::\n",
                0o640,
                42,
            )
        };
        machine.fs.put(root, "/etc/shadow", Kind::File(Arc::new(text.to_vec())), mode, (0, group), now);
    }
    root
}
