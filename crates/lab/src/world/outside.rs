//! What programs on the terminal's machine reach beyond it: kubectl, the network, the passing of time.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;

use gatehouse_kubectl::{self as kubectl, Host};
use gatehouse_machine::machine::HOST;
use gatehouse_machine::net::{Conversation, Heard, Hosts, Reach, Said, Transport, Wire};
use gatehouse_machine::node::firewall::{self, Verdict};
use gatehouse_machine::node::write_audit_log;
use gatehouse_machine::programs::hang_up;
use gatehouse_machine::shell::{self, Streams};
use gatehouse_machine::{Machine, Outcome, Output, Outside, ShellState, Sys};

use super::api::{Containers, Server};
use super::files::SysFiles;
use super::{Kubelets, Login, World};

/// How often an editor that is a program is run for one command.
const EDITS: usize = 10;
/// Editors that want a person: their texts are opened in the editor pane.
const FOR_PEOPLE: &[&str] =
    &["code", "emacs", "helix", "hx", "mcedit", "micro", "nano", "nvim", "pico", "vi", "view", "vim"];

/// The program that `KUBE_EDITOR` or `EDITOR` names; `None` where a person edits.
fn editor(sys: &Sys<'_>) -> Option<String> {
    let given = |name: &str| sys.env(name).filter(|v| !v.is_empty());
    let editor = given("KUBE_EDITOR").or_else(|| given("EDITOR"))?;
    let program = editor.split_whitespace().next()?;
    let program = program.rsplit('/').next().unwrap_or(program);
    (!FOR_PEOPLE.contains(&program)).then_some(editor)
}

/// The words an editor is started with; the shell takes an editor with quotes apart.
fn editor_line(sys: &Sys<'_>, editor: &str, path: &str) -> Vec<String> {
    let mut words: Vec<String> = if editor.contains(['"', '\'', '\\']) {
        let shell = sys.env("SHELL").filter(|s| !s.is_empty()).unwrap_or_else(|| "/bin/bash".to_owned());
        return vec![shell, "-c".to_owned(), format!("{editor} {path:?}")];
    } else {
        editor.split(' ').map(str::to_owned).collect()
    };
    words.push(path.to_owned());
    words
}

/// The world around a machine that runs something.
pub(crate) struct Around<'w> {
    pub(super) world: &'w mut World,
}

impl Outside for Around<'_> {
    fn program(&self, name: &str) -> bool {
        matches!(name, "istioctl" | "kubectl" | "scp" | "ssh")
    }

    fn run(&mut self, sys: &mut Sys<'_>, argv: &[String]) -> Outcome {
        match argv.first().map(|a| a.rsplit('/').next().unwrap_or(a)) {
            Some("kubectl") => {
                let outcome = self.kubectl_with_editor(sys, argv);
                // Controllers are quicker than the next command of a line; kubelets are not.
                self.world.control();
                self.keep_audit_log(sys.machine_mut());
                outcome
            }
            Some("istioctl") => Outcome::Done(super::istioctl::run(&self.world.cluster.store, argv)),
            Some("ssh") => self.ssh(sys, argv),
            Some("scp") => self.scp(sys, argv),
            name => Outcome::Done(Output::failure(
                127,
                format!("{}: command not found\n", name.unwrap_or_default()),
            )),
        }
    }

    fn connect(&mut self, machine: &mut Machine, space: u32, to: SocketAddr, transport: Transport) -> Reach {
        self.wire(|wire| wire.connect(machine, space, to, transport))
    }

    fn talk(&mut self, machine: &mut Machine, space: u32, talk: &Conversation, said: &Said) -> Heard {
        let heard = self.wire(|wire| wire.talk(machine, space, talk, said));
        if talk.transport == Transport::Tcp {
            let (address, port) = (talk.end.ip().to_string(), talk.end.port());
            if !hang_up(machine, &address, port)
                && let Kubelets::Real(kubelets) = &mut self.world.kubelets
            {
                kubelets.nodes.values_mut().any(|node| hang_up(&mut node.machine, &address, port));
            }
        }
        heard
    }

    fn advance(&mut self, machine: &mut Machine, millis: i64) {
        self.with_own_node(machine, |world| world.advance(millis));
        machine.now = self.world.cluster.now;
    }

    fn exec(
        &mut self,
        machine: &mut Machine,
        (namespace, pod, container): &(String, String, String),
        argv: &[String],
    ) -> Result<Output, String> {
        self.with_own_node(machine, |world| world.exec(namespace, pod, container, argv, b""))
    }

    fn cluster(&mut self) -> Option<&mut gatehouse_core::Cluster> {
        Some(&mut self.world.cluster)
    }
}

impl Around<'_> {
    /// Writes what the API server's audit log has to say, which may be the log of the machine that works just now.
    fn keep_audit_log(&mut self, here: &mut Machine) {
        let World { cluster, kubelets, .. } = &mut *self.world;
        if cluster.audit_log.is_empty() {
            return;
        }
        if here.space(HOST).is_some_and(|s| s.hostname == "controlplane") {
            write_audit_log(here, cluster);
        } else if let Kubelets::Real(kubelets) = kubelets
            && let Some(node) = kubelets.nodes.get_mut("controlplane")
        {
            write_audit_log(&mut node.machine, cluster);
        }
    }

    /// Puts the node's machine that a program runs on back in its place while the world acts.
    fn with_own_node<T>(&mut self, machine: &mut Machine, act: impl FnOnce(&mut World) -> T) -> T {
        let name = machine.space(HOST).map(|s| s.hostname.clone()).unwrap_or_default();
        swap(self.world, &name, machine);
        let result = act(self.world);
        swap(self.world, &name, machine);
        result
    }

    /// `scp FROM… TO`: files to and from nodes, as root there.
    fn scp(&mut self, sys: &mut Sys<'_>, argv: &[String]) -> Outcome {
        let words: Vec<&String> = argv.iter().skip(1).filter(|w| !w.starts_with('-')).collect();
        let Some((to, from)) = words.split_last().filter(|(_, f)| !f.is_empty()) else {
            let usage = "usage: scp [-346ABCOpqRrsTv] [-c cipher] [-D sftp_server_path] [-F ssh_config]\n           [-i identity_file] [-J destination] [-l limit] [-o ssh_option]\n           [-P port] [-S program] [-X sftp_option] source ... target\n";
            return Outcome::Done(Output::failure(1, usage));
        };
        for source in from {
            if let Err(why) = self.copy(sys, source, to) {
                return Outcome::Done(Output::failure(1, why));
            }
        }
        Outcome::Done(Output::default())
    }

    fn copy(&mut self, sys: &mut Sys<'_>, from: &str, to: &str) -> Result<(), String> {
        let lost = |host: &str| {
            format!(
                "ssh: Could not resolve hostname {host}: Name or service not known\nscp: Connection closed\n"
            )
        };
        let name = from.rsplit(['/', ':']).next().unwrap_or(from).to_owned();
        let bytes = match remote(from) {
            None => {
                sys.slurp_bytes(from).map_err(|e| format!("scp: stat local \"{from}\": {}\n", e.text()))?
            }
            Some((host, path)) => {
                let found =
                    self.world.with_node(host, |m, _| m.read_file(&path)).ok_or_else(|| lost(host))?;
                found.ok_or_else(|| format!("scp: {path}: No such file or directory\n"))?.to_vec()
            }
        };
        match remote(to) {
            None => {
                let inside = sys.stat(to).is_ok_and(|s| s.is_dir());
                let path =
                    if inside { format!("{}/{name}", to.trim_end_matches('/')) } else { to.to_owned() };
                sys.spill(&path, &bytes).map_err(|e| format!("scp: open local \"{path}\": {}\n", e.text()))
            }
            Some((host, path)) => self
                .world
                .with_node(host, |m, _| {
                    let inside = path.ends_with('/') || m.read_file(&path).is_none() && m.has_dir(&path);
                    let path =
                        if inside { format!("{}/{name}", path.trim_end_matches('/')) } else { path.clone() };
                    m.write_file(&path, bytes, 0o644, (0, 0));
                })
                .ok_or_else(|| lost(host)),
        }
    }

    /// The network around the machine.
    fn wire<T>(&mut self, ask: impl FnOnce(&mut Wire<'_>) -> T) -> T {
        let World { cluster, kubelets, .. } = &mut *self.world;
        match kubelets {
            Kubelets::Real(kubelets) => {
                ask(&mut Wire { cluster, nodes: &kubelets.nodes, hosts: &kubelets.hosts })
            }
            Kubelets::StandIn(_) => {
                ask(&mut Wire { cluster, nodes: &BTreeMap::new(), hosts: &Hosts::default() })
            }
        }
    }

    /// `ssh NODE [COMMAND]`: the learner is root there.
    fn ssh(&mut self, sys: &mut Sys<'_>, argv: &[String]) -> Outcome {
        let mut words = argv.iter().skip(1).skip_while(|w| w.starts_with('-'));
        let Some(target) = words.next() else {
            return Outcome::Done(Output::failure(255, "usage: ssh destination [command [argument ...]]\n"));
        };
        let node = target.rsplit('@').next().unwrap_or(target).to_owned();
        let why = match self.world.firewall(&node, "172.30.1.1", 22) {
            Verdict::Accept => None,
            Verdict::Drop => Some("Connection timed out"),
            Verdict::Reject => Some("Connection refused"),
        };
        if let Some(why) = why {
            let text = format!("ssh: connect to host {node} port 22: {why}\n");
            return Outcome::Done(Output::failure(255, text));
        }
        let user = target.rsplit_once('@').map_or("root", |(user, _)| user);
        let refused = self.world.with_node(&node, |machine, _| {
            let services = &machine.services;
            if !services.runs("ssh") {
                return Some(format!("ssh: connect to host {node} port 22: Connection refused\n"));
            }
            (!services.sshd.admits(user)).then(|| format!("{user}@{node}: Permission denied (publickey).\n"))
        });
        if let Some(text) = refused.flatten() {
            return Outcome::Done(Output::failure(255, text));
        }
        let command: Vec<&str> = words.map(String::as_str).collect();
        let mut shell = ShellState::interactive("root");
        if command.is_empty() {
            let known = self.world.with_node(&node, |_, _| ()).is_some();
            if known && sys.is_tty(0) {
                shell.login = true;
                self.world.logins.push(Login { node, shell, container: None, attached: None });
                return Outcome::Done(Output::default());
            }
        }
        shell.interactive = false;
        let stdin = if sys.is_tty(0) { Vec::new() } else { sys.read_all(0).unwrap_or_default() };
        let line =
            if command.is_empty() { String::from_utf8_lossy(&stdin).into_owned() } else { command.join(" ") };
        let ran = self.world.with_node(&node, |machine, around| {
            shell::run_with_input(machine, &mut shell, around, Streams::Captured, &stdin, &line)
        });
        ran.unwrap_or_else(|| {
            let why = format!("ssh: Could not resolve hostname {node}: Name or service not known\n");
            Outcome::Done(Output::failure(255, why))
        })
    }

    /// kubectl, and the editor its user chose where that needs no keyboard (`KUBE_EDITOR="sed -i …"`).
    fn kubectl_with_editor(&mut self, sys: &mut Sys<'_>, argv: &[String]) -> Outcome {
        let mut argv = argv.to_vec();
        let mut printed = Output::default();
        for _ in 0..EDITS {
            let (output, request) = match self.kubectl(sys, &argv) {
                Outcome::NeedsEdit(output, request) => (output, request),
                Outcome::Done(output) => {
                    printed.append(&output);
                    printed.exit = output.exit;
                    break;
                }
                streaming => return streaming,
            };
            let Some(editor) = editor(sys) else { return Outcome::NeedsEdit(output, request) };
            printed.append(&output);
            let words = editor_line(sys, &editor, &request.path);
            let shown = words.get(..words.len() - 1).unwrap_or_default().join(" ");
            let ran = sys.spill(&request.path, request.text.as_bytes()).and_then(|()| sys.spawn(&words));
            let problem = match ran {
                Ok(0) => {
                    argv = request.then;
                    continue;
                }
                Ok(_) => format!("error: there was a problem with the editor {shown:?}\n"),
                Err(_) => format!("error: unable to launch the editor {shown:?}\n"),
            };
            printed.complain(problem.as_bytes());
            printed.exit = 1;
            break;
        }
        Outcome::Done(printed)
    }

    fn kubectl(&mut self, sys: &mut Sys<'_>, argv: &[String]) -> Outcome {
        let source = match sys.hostname().as_str() {
            "controlplane" => "172.30.1.2",
            "node01" => "172.30.2.2",
            _ => "172.30.1.1",
        };
        let port = self.world.cluster.config.secure_port;
        let leaving = firewall::leaving(sys.machine(), "172.30.1.2", port);
        // kubectl reads all of its input if it reads any: `-f -` says that it does.
        let reads =
            argv.iter().any(|a| a == "-" || a == "-f-" || a.ends_with("=-") || a == "-i" || a == "-it");
        let stdin = if sys.is_tty(0) || !reads { None } else { sys.read_all(0).ok() };
        let version = self.world.cluster.version.client();
        let world = RefCell::new(&mut *self.world);
        let mut host = Host {
            api: &mut Server { world: &world, source, leaving },
            files: &mut SysFiles { sys },
            containers: &mut Containers { world: &world },
            version,
            stdin,
        };
        kubectl::run(&mut host, argv)
    }
}

/// A name of a file elsewhere: `user@host:/path`; a path that is not absolute lies in root's home.
fn remote(word: &str) -> Option<(&str, String)> {
    let (host, path) = word.split_once(':').filter(|(h, _)| !h.contains('/'))?;
    let host = host.rsplit('@').next().unwrap_or(host);
    Some((host, if path.starts_with('/') { path.to_owned() } else { format!("/root/{path}") }))
}

/// Exchanges a node's machine for another.
fn swap(world: &mut World, node: &str, machine: &mut Machine) {
    if let Kubelets::Real(kubelets) = &mut world.kubelets
        && let Some(node) = kubelets.nodes.get_mut(node)
    {
        std::mem::swap(&mut node.machine, machine);
    }
}
