//! The binaries of a node's daemons as somebody at a shell runs them: `kubelet --version`, `sshd -t`, and so on.
//!
//! They are started by systemd, which does not come this way; run by hand they only say who they are. Models their
//! `--version` and openssh's servconf.c.

use crate::node::sshd;
use crate::sys::Sys;

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let name = argv.first().map_or("", |a| a.rsplit('/').next().unwrap_or(a)).to_owned();
    let asked = argv.get(1).map_or("", String::as_str).to_owned();
    let version = sys.machine().services.kubelet_version.clone();
    let text = match (name.as_str(), asked.as_str()) {
        ("kubelet", "--version") => format!("Kubernetes v{version}\n"),
        ("containerd", "--version" | "-v") => {
            "containerd github.com/containerd/containerd/v2 v2.1.5 fcd43222d6b07379a4be9786bda52438f0dd16a1\n"
                .to_owned()
        }
        ("runc", "--version" | "-v") => {
            "runc version 1.3.3\nspec: 1.2.1\ngo: go1.24.9\nlibseccomp: 2.5.6\n".to_owned()
        }
        ("runsc", "--version") => "runsc version release-20251117.0\nspec: 1.1.0-rc.1\n".to_owned(),
        ("sshd", "-t" | "-T") => match sshd::Config::read(sys.machine()) {
            Err(lines) => {
                sys.complain(&lines);
                return 255;
            }
            Ok(_) if asked == "-t" => String::new(),
            Ok(config) => config.effective(),
        },
        ("sshd", "-V") => {
            sys.complain("OpenSSH_9.6p1 Ubuntu-3ubuntu13.5, OpenSSL 3.0.13 30 Jan 2024\n");
            return 0;
        }
        _ => {
            sys.complain(&format!(
                "{name}: it is systemd that runs this here; try systemctl status {name}\n"
            ));
            return 1;
        }
    };
    sys.print(&text);
    0
}
