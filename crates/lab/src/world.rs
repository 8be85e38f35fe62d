//! The world: a cluster, the learner's terminal, the nodes and what runs on them.
//!
//! A value that is cheap to clone: previews and checks try things on a copy. After every command it is let come to
//! rest: controllers and kubelets act until nothing changes.

mod addons;
mod api;
mod complete;
mod files;
mod istioctl;
mod outside;
mod start;

use gatehouse_core::controllers::{self, StandIn, events};
use gatehouse_core::decision::ObjectRef;
use gatehouse_core::kubelet::Kubelet as _;
use gatehouse_core::{Cluster, Request, Response, Timestamp};
use gatehouse_kubectl::host::Farewell;
use gatehouse_machine::node::firewall;
use gatehouse_machine::shell::{self, Readiness};
use gatehouse_machine::{Machine, Outcome, Output, ShellState, kubelet};
use gatehouse_model::KubeVersion;

pub use addons::Addon;
use outside::Around;
pub use start::{BARE_HOME, BARE_SERVER};

/// How often controllers and kubelets may act before the world counts as restless.
const ROUNDS: usize = 200;

/// How many moments a stretch of virtual time is divided into at most.
const WAKES: usize = 1000;

/// Virtual time a command takes, in milliseconds.
const COMMAND: i64 = 1000;

/// Where a world's kubectl finds its cluster, and under which names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    /// The API server's URL.
    pub(crate) server: &'static str,
    /// Who types.
    pub(crate) user: &'static str,
    /// Their number and their group's.
    pub(crate) owner: (u32, u32),
    /// Their home, also where commands start.
    pub(crate) home: &'static str,
}

/// Who makes pods run.
#[derive(Clone, Debug)]
pub(crate) enum Kubelets {
    /// The recordings' stand-in.
    StandIn(StandIn),
    /// Real ones, with nodes.
    Real(kubelet::Kubelets),
}

/// A shell elsewhere that the terminal is logged in to.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    /// The node whose machine it runs on.
    pub(crate) node: String,
    /// Its shell.
    pub(crate) shell: ShellState,
    /// Whether it is in a container, and the name that container's host has.
    pub(crate) container: Option<String>,
    /// The container whose own process it is, and what is said when it is over.
    pub(crate) attached: Option<(kubelet::Place, Farewell)>,
}

impl Login {
    /// What its host is called there.
    fn host(&self) -> &str {
        self.container.as_deref().unwrap_or(&self.node)
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct World {
    /// The control plane.
    pub cluster: Cluster,
    pub(crate) access: Access,
    terminal: Machine,
    shell: ShellState,
    pub(crate) kubelets: Kubelets,
    /// The machines the terminal is logged in to, one inside the other; the last one has the keyboard.
    logins: Vec<Login>,
    /// What kubectl asked and was answered, where somebody wants to know.
    pub(crate) recorded: Option<Vec<(Request, Response)>>,
    /// Whether the control plane's controllers run: they do not on the recordings' 1.20 cluster.
    controllers: bool,
}

impl World {
    /// Runs a line in the terminal, then lets the world come to rest.
    pub fn run(&mut self, line: &str) -> Outcome {
        let outcome = match self.logins.pop() {
            Some(login) => self.run_there(login, line),
            None => {
                let mut shell = std::mem::take(&mut self.shell);
                let outcome =
                    self.with_terminal(|terminal, around| shell::run(terminal, &mut shell, around, line));
                shell.exited = false;
                self.shell = shell;
                // A command that logged in somewhere has ended as far as the terminal is concerned.
                match outcome {
                    Outcome::Streaming(output) if !self.logins.is_empty() => Outcome::Done(output),
                    outcome => outcome,
                }
            }
        };
        self.after_command();
        outcome
    }

    /// Runs a line in the shell the terminal is logged in to; `exit` comes back.
    fn run_there(&mut self, mut login: Login, line: &str) -> Outcome {
        let node = login.node.clone();
        let ran =
            self.with_node(&node, |machine, around| shell::run(machine, &mut login.shell, around, line));
        let Some(mut outcome) = ran else {
            return Outcome::Done(Output::failure(255, format!("Connection to {node} closed.\n")));
        };
        if !login.shell.exited {
            self.logins.push(login);
        } else if let (Some((place, farewell)), Outcome::Done(output)) = (login.attached.take(), &mut outcome)
        {
            self.detach(&place, farewell, output);
        } else if let Outcome::Done(output) = &mut outcome {
            match &login.container {
                Some(_) if output.exit != 0 => {
                    output
                        .complain(format!("command terminated with exit code {}\n", output.exit).as_bytes());
                }
                Some(_) => {}
                None => output.complain(format!("Connection to {node} closed.\n").as_bytes()),
            }
        }
        outcome
    }

    /// Lets something act on a node's machine, which can reach the rest of the world. `None` where there is no such node.
    pub(crate) fn with_node<T>(
        &mut self,
        name: &str,
        act: impl FnOnce(&mut Machine, &mut Around<'_>) -> T,
    ) -> Option<T> {
        let now = self.cluster.now;
        let Kubelets::Real(kubelets) = &mut self.kubelets else { return None };
        let machine = &mut kubelets.nodes.get_mut(name)?.machine;
        let mut machine = std::mem::replace(machine, Machine::empty("", now));
        machine.now = now;
        let result = act(&mut machine, &mut Around { world: self });
        if let Kubelets::Real(kubelets) = &mut self.kubelets
            && let Some(node) = kubelets.nodes.get_mut(name)
        {
            node.machine = machine;
        }
        Some(result)
    }

    /// What a node's own firewall makes of a connection from elsewhere to one of its ports.
    pub(crate) fn firewall(&self, node: &str, from: &str, port: u16) -> firewall::Verdict {
        match &self.kubelets {
            Kubelets::Real(kubelets) => kubelets
                .nodes
                .get(node)
                .map_or(firewall::Verdict::Accept, |n| firewall::arriving(&n.machine, from, port)),
            _ => firewall::Verdict::Accept,
        }
    }

    /// Opens a shell in a container and gives it the terminal.
    ///
    /// # Errors
    /// What the kubelet or the runtime says when it cannot start.
    pub(crate) fn open_shell(
        &mut self,
        namespace: &str,
        pod: &str,
        container: &str,
        command: &str,
    ) -> Result<(), String> {
        let now = self.cluster.now;
        let Kubelets::Real(kubelets) = &mut self.kubelets else {
            return Err(format!("container not found (\"{container}\")"));
        };
        let place = kubelets.find(&self.cluster, namespace, pod, container)?;
        let shell = kubelets.shell(&place, now, command)?;
        self.logins.push(Login { node: place.node, shell, container: Some(pod.to_owned()), attached: None });
        Ok(())
    }

    /// Gives the terminal to the shell that is a container's own process.
    ///
    /// # Errors
    /// As [`World::open_shell`].
    pub(crate) fn attach_shell(
        &mut self,
        namespace: &str,
        pod: &str,
        container: &str,
        farewell: Farewell,
    ) -> Result<(), String> {
        self.open_shell(namespace, pod, container, "sh")?;
        let place = match &self.kubelets {
            Kubelets::Real(k) => k.find(&self.cluster, namespace, pod, container)?,
            Kubelets::StandIn(_) => return Ok(()),
        };
        if let Some(login) = self.logins.last_mut() {
            login.attached = Some((place, farewell));
        }
        Ok(())
    }

    /// The shell that was a container's own process has ended, and the container with it.
    fn detach(&mut self, place: &kubelet::Place, farewell: Farewell, output: &mut Output) {
        if let Kubelets::Real(kubelets) = &mut self.kubelets {
            kubelets.end(place, self.cluster.now, output.exit);
        }
        self.settle();
        output.print(farewell.message.as_bytes());
        if output.exit != 0 {
            output.complain(farewell.failed.as_bytes());
        }
        if !farewell.then.is_empty()
            && let Outcome::Done(rest) = self.go_on(&farewell.then)
        {
            output.append(&rest);
        }
    }

    /// A container's own process ended because its standard input did.
    pub(crate) fn end_container(&mut self, namespace: &str, pod: &str, container: &str, exit: i32) {
        if let Kubelets::Real(kubelets) = &mut self.kubelets
            && let Ok(place) = kubelets.find(&self.cluster, namespace, pod, container)
        {
            kubelets.end(&place, self.cluster.now, exit);
        }
        self.settle();
    }

    /// Runs a command in a container.
    ///
    /// # Errors
    /// What the kubelet or the runtime says when it cannot start.
    pub(crate) fn exec(
        &mut self,
        namespace: &str,
        pod: &str,
        container: &str,
        argv: &[String],
        stdin: &[u8],
    ) -> Result<Output, String> {
        let missing = || format!("container not found (\"{container}\")");
        let Kubelets::Real(kubelets) = &mut self.kubelets else { return Err(missing()) };
        let place = kubelets.find(&self.cluster, namespace, pod, container)?;
        if kubelets.is_component(&place) {
            let run = |machine: &mut Machine, around: &mut Around<'_>| {
                kubelet::exec_component(machine, container, argv, stdin, around)
            };
            return self.with_node(&place.node, run).unwrap_or_else(|| Err(missing()));
        }
        let running = kubelets.container(&place, self.cluster.now)?;
        self.with_node(&place.node, |machine, around| kubelet::exec(machine, &running, argv, stdin, around))
            .unwrap_or_else(|| Err(missing()))
    }

    /// Runs a line in a shell of its own that starts in the home directory and shares nothing but files.
    pub fn run_fresh(&mut self, line: &str) -> Outcome {
        let mut shell = self.fresh_shell();
        let outcome = self.with_terminal(|terminal, around| shell::run(terminal, &mut shell, around, line));
        self.after_command();
        outcome
    }

    /// Goes on with what waited for an edited file.
    pub fn go_on(&mut self, argv: &[String]) -> Outcome {
        let words: Vec<String> = argv.iter().map(|a| format!("'{}'", a.replace('\'', r"'\''"))).collect();
        self.run(&words.join(" "))
    }

    /// Lets controllers and kubelets act until nothing changes.
    pub fn settle(&mut self) {
        for _ in 0..ROUNDS {
            let acted = self.controllers && controllers::reconcile(&mut self.cluster);
            let told = match &mut self.kubelets {
                Kubelets::StandIn(k) => k.sync(&mut self.cluster),
                Kubelets::Real(k) => k.sync(&mut self.cluster),
            };
            if !told && !acted {
                break;
            }
        }
    }

    /// Lets controllers act until nothing changes, but no kubelet.
    fn control(&mut self) {
        let mut rounds = 0..ROUNDS;
        while self.controllers && rounds.next().is_some() && controllers::reconcile(&mut self.cluster) {}
    }

    /// Lets virtual time pass, from one moment at which a controller has something to do to the next.
    pub fn advance(&mut self, millis: i64) {
        let end = self.cluster.now.plus_millis(millis);
        for _ in 0..WAKES {
            let next = controllers::next_wake(&self.cluster).filter(|_| self.controllers);
            let kubelets = match &self.kubelets {
                Kubelets::StandIn(_) => None,
                Kubelets::Real(k) => k.next_wake(&self.cluster),
            };
            let next = next.into_iter().chain(kubelets).min();
            let Some(next) = next.filter(|w| *w > self.cluster.now && *w < end) else { break };
            self.cluster.now = next;
            self.settle();
        }
        self.cluster.now = end;
        self.settle();
    }

    /// Now.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.cluster.now
    }

    /// What stands before the cursor.
    #[must_use]
    pub fn prompt(&self) -> String {
        match self.logins.last() {
            Some(login) => login.shell.prompt(login.host()),
            None => self.shell.prompt("lab"),
        }
    }

    /// Whether a line needs more lines before it can run.
    #[must_use]
    pub fn is_incomplete(&self, line: &str) -> bool {
        shell::readiness(self.at_keyboard().1, line) == Readiness::Incomplete
    }

    /// How the line up to `cursor` (in bytes) could go on: where the word begins, and the whole words it could be.
    #[must_use]
    pub fn complete(&self, line: &str, cursor: usize) -> (usize, Vec<String>) {
        let typed = line.get(..cursor).unwrap_or(line);
        let start = typed.rfind(|c: char| c.is_whitespace() || "|;&()<>".contains(c)).map_or(0, |i| i + 1);
        let words = complete::kubectl(self, typed);
        let (machine, shell) = self.at_keyboard();
        (start, words.unwrap_or_else(|| shell::complete(machine, shell, typed)))
    }

    /// The shell that has the keyboard, and the machine it runs on.
    fn at_keyboard(&self) -> (&Machine, &ShellState) {
        let there = self.logins.last().and_then(|login| match &self.kubelets {
            Kubelets::Real(kubelets) => Some((&kubelets.nodes.get(&login.node)?.machine, &login.shell)),
            Kubelets::StandIn(_) => None,
        });
        let (machine, shell) = there.unwrap_or((&self.terminal, &self.shell));
        (machine, shell.innermost())
    }

    /// A file: relative to the home directory, absolute on the terminal's machine, or `host:/path`.
    #[must_use]
    pub fn read(&self, path: &str) -> Option<String> {
        let (machine, path) = self.place(path)?;
        machine.read_file(&path).map(|b| String::from_utf8_lossy(&b).into_owned())
    }

    /// Writes a file, named as for [`World::read`].
    pub fn write(&mut self, path: &str, text: &str) {
        self.write_bytes(path, text.as_bytes());
    }

    /// Writes a file that need not be text.
    pub fn write_bytes(&mut self, path: &str, content: &[u8]) {
        if let Some((host, path)) = path.split_once(":/") {
            if let Kubelets::Real(k) = &mut self.kubelets
                && let Some(node) = k.nodes.get_mut(host)
            {
                node.machine.write_file(&format!("/{path}"), content, 0o644, (0, 0));
            }
            return;
        }
        let path =
            if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", self.access.home) };
        self.terminal.write_file(&path, content, 0o644, self.access.owner);
    }

    /// The name under which the editor shows a file of the terminal's machine.
    #[must_use]
    pub fn tab_path(&self, path: &str) -> String {
        if let Some(login) = self.logins.last().filter(|l| l.container.is_none()) {
            return format!("{}:{path}", login.node);
        }
        let home = format!("{}/", self.access.home);
        path.strip_prefix(&home).unwrap_or(path).to_owned()
    }

    /// The events about an object, oldest first.
    #[must_use]
    pub fn events_of(&self, kind: &str, namespace: &str, name: &str) -> Vec<String> {
        let object =
            ObjectRef { kind: kind.to_owned(), namespace: namespace.to_owned(), name: name.to_owned() };
        events::about(&self.cluster, &object)
    }

    /// Which Kubernetes the cluster is.
    #[must_use]
    pub const fn version(&self) -> KubeVersion {
        self.cluster.version
    }

    fn place(&self, path: &str) -> Option<(&Machine, String)> {
        if let Some((host, path)) = path.split_once(":/") {
            let Kubelets::Real(k) = &self.kubelets else { return None };
            return Some((&k.nodes.get(host)?.machine, format!("/{path}")));
        }
        let path =
            if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", self.access.home) };
        Some((&self.terminal, path))
    }

    fn after_command(&mut self) {
        self.settle();
        self.advance(COMMAND);
    }

    /// Takes the terminal's machine out, so that what runs on it can reach the rest of the world.
    fn with_terminal<T>(&mut self, act: impl FnOnce(&mut Machine, &mut Around<'_>) -> T) -> T {
        let idle = Machine::empty("", self.cluster.now);
        let mut terminal = std::mem::replace(&mut self.terminal, idle);
        terminal.now = self.cluster.now;
        let result = act(&mut terminal, &mut Around { world: self });
        self.terminal = terminal;
        result
    }
}
