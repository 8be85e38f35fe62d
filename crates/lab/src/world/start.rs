//! How worlds begin.

use std::sync::Arc;

use gatehouse_core::admission::backends::{Backend, Rule};
use gatehouse_core::config::StaticToken;
use gatehouse_core::controllers::StandIn;
use gatehouse_core::network::{Cni, services};
use gatehouse_core::pki::Authority;
use gatehouse_core::{Cluster, bootstrap};
use gatehouse_machine::machine::HOST;
use gatehouse_machine::programs::MAGIC;
use gatehouse_machine::{Machine, Outcome, ShellState, kubelet, net, node};
use gatehouse_model::{KubeVersion, Value, base64};

use super::{Access, Addon, Kubelets, World};
use crate::exercise::{Bundle, format};

/// Where the recordings' cluster listens; the recordings say `<server>`.
pub const BARE_SERVER: &str = "https://127.0.0.1:6443";

/// The case's directory on a bare world; the recordings say `<dir>`.
pub const BARE_HOME: &str = "/work/case";

/// Where the lab's cluster listens.
const LAB_SERVER: &str = "https://172.30.1.2:6443";

impl World {
    /// The world of the recordings: a bare cluster, a kubelet that runs nothing, a shell of root's in an empty
    /// directory, and a kubeconfig with the users `admin` and `jane`.
    #[must_use]
    pub fn bare(version: KubeVersion) -> Self {
        let access = Access { server: BARE_SERVER, user: "root", owner: (0, 0), home: BARE_HOME };
        let cluster = Cluster::bare(version, 1);
        let terminal = Machine::host("lab", "root", cluster.now);
        let controllers = version > KubeVersion::V1_20;
        let stand_in = Kubelets::StandIn(StandIn::default());
        let mut world = Self::around(cluster, access, terminal, stand_in, controllers);
        install(&mut world.terminal, "kubectl");
        world.terminal.make_dir(BARE_HOME, 0o755, (0, 0));
        let users = [("admin", "system:masters"), ("jane", "developers")];
        let tokens = users.iter().map(|(user, group)| StaticToken {
            token: format!("tok-{user}"),
            user: (*user).to_owned(),
            uid: format!("{user}-uid"),
            groups: vec![(*group).to_owned()],
        });
        std::sync::Arc::make_mut(&mut world.cluster.config).static_tokens = tokens.collect();
        world.write(".kubeconfig", &kubeconfig("c", "c", "admin", BARE_SERVER, &users));
        world.shell = world.fresh_shell();
        world.settle();
        world
    }

    /// The lab's own world: a cluster with two nodes and its administrator's terminal.
    #[must_use]
    pub fn lab(version: KubeVersion, seed: u64) -> Self {
        let access =
            Access { server: LAB_SERVER, user: "student", owner: (1000, 1000), home: "/home/student" };
        let address = LAB_SERVER.trim_start_matches("https://").trim_end_matches(":6443");
        let mut cluster = Cluster::bare_at(version, seed, Some(address));
        nodes(&mut cluster);
        cluster.controllers.node_lifecycle = true;
        let terminal = Machine::host("lab", "student", cluster.now);
        let mut kubelets = kubelet::Kubelets::default();
        for (name, prefix) in [("controlplane", "10.244.0"), ("node01", "10.244.1")] {
            let mut node = kubelet::Node::new(name, prefix, &cluster);
            let address = cluster.store.get("nodes", "", name).and_then(|n| services::node_address(n));
            if let (Some(space), Some(address)) = (node.machine.space_mut(HOST), address) {
                space.address = address.to_string();
            }
            kubelets.nodes.insert(name.to_owned(), node);
        }
        for node in kubelets.nodes.values_mut() {
            ["ssh", "scp", "kubectl"].iter().for_each(|p| install(&mut node.machine, p));
        }
        let config = node::user_config(&mut Authority::of(&cluster), "system:masters", "kubernetes-admin");
        let mut world = Self::around(cluster, access, terminal, Kubelets::Real(kubelets), true);
        ["ssh", "scp", "kubectl"].iter().for_each(|p| install(&mut world.terminal, p));
        world.write(".kube/config", &config);
        world.shell = world.fresh_shell();
        world.settle();
        world.install_dns();
        world
    }

    fn around(
        cluster: Cluster,
        access: Access,
        terminal: Machine,
        kubelets: Kubelets,
        controllers: bool,
    ) -> Self {
        let shell = ShellState::default();
        Self { cluster, access, terminal, shell, kubelets, logins: Vec::new(), recorded: None, controllers }
    }

    /// Gives the cluster another network plugin, and lets the world come to rest.
    pub fn install_network_plugin(&mut self, cni: Cni) {
        bootstrap::network_plugin(&mut self.cluster, cni);
        self.settle();
    }

    /// The world an exercise starts from.
    ///
    /// # Errors
    /// The file of the exercise that is missing or that the cluster refuses, and its words.
    pub fn start(bundle: &Bundle, seed: u64) -> Result<Self, String> {
        let exercise = &bundle.exercise;
        let version = KubeVersion::parse(&exercise.cluster.version)
            .ok_or_else(|| format!("cluster.version: \"{}\" is not a version", exercise.cluster.version))?;
        let mut world = Self::lab(version, seed);
        world.install_network_plugin(match exercise.cluster.cni {
            format::Cni::Enforcing => Cni::Enforcing,
            format::Cni::AdminPolicy => Cni::AdminPolicy,
            format::Cni::Cilium => Cni::Cilium,
        });
        if !exercise.cluster.enable_admission_plugins.is_empty() {
            let config = Arc::make_mut(&mut world.cluster.config);
            config.enable_admission_plugins.extend(exercise.cluster.enable_admission_plugins.iter().cloned());
        }
        for addon in &exercise.cluster.addons {
            world.install(match addon {
                format::Addon::IngressNginx => Addon::IngressNginx,
                format::Addon::Istio => Addon::Istio,
            });
        }
        for (address, rules) in &exercise.cluster.backends {
            let backend = backend(rules).map_err(|why| format!("cluster.backends: \"{address}\": {why}"))?;
            Arc::make_mut(&mut world.cluster.webhook_backends).insert(address.clone(), backend);
        }
        for host in &exercise.start.outside {
            let address =
                |a: &String| a.parse().map_err(|_| format!("start.outside: \"{a}\" is not an address"));
            let host = net::Host {
                name: host.name.clone(),
                addresses: host.addresses.iter().map(address).collect::<Result<_, _>>()?,
                ports: host.ports.clone(),
                pages: host.pages.clone(),
            };
            if let Kubelets::Real(kubelets) = &mut world.kubelets {
                kubelets.hosts.add(host);
            }
        }
        if let Kubelets::Real(kubelets) = &mut world.kubelets {
            kubelets.addresses.clone_from(&exercise.start.addresses);
        }
        for (host, files) in &exercise.start.hosts {
            for (path, source) in files {
                let text = bundle.file(source).ok_or_else(|| format!("{source}: the file is missing"))?;
                world.write(&format!("{host}:{path}"), text);
            }
        }
        for path in &exercise.start.manifests {
            let text = bundle.file(path).ok_or_else(|| format!("{path}: the file is missing"))?;
            world.write(".setup.yaml", text);
            let outcome = world.run_fresh("kubectl apply -f .setup.yaml && rm .setup.yaml");
            if let Outcome::Done(output) = outcome
                && output.exit != 0
            {
                return Err(format!("{path}: {}", String::from_utf8_lossy(&output.stderr)));
            }
        }
        for path in exercise.files.iter().filter(|p| !p.contains(":/")) {
            let starter = format!("starter/{path}");
            let text = bundle.file(&starter).ok_or_else(|| format!("{starter}: the file is missing"))?;
            world.write(path, text);
        }
        world.settle();
        Ok(world)
    }

    /// A shell that has just been opened in the home directory.
    pub(super) fn fresh_shell(&self) -> ShellState {
        let mut shell = ShellState::interactive(self.access.user);
        let bare = self.access.home == BARE_HOME;
        shell.interactive = !bare;
        shell.export("HOME", self.access.home);
        shell.export("PWD", self.access.home);
        if bare {
            shell.export("KUBECONFIG", &format!("{BARE_HOME}/.kubeconfig"));
        }
        shell.aliases.insert("k".to_owned(), "kubectl".to_owned());
        shell
    }
}

/// The nodes: versions without nodes of their own get those of the newest, with their version.
fn nodes(cluster: &mut Cluster) {
    if cluster.store.list("nodes", None).next().is_some() {
        return;
    }
    let mut objects = Value::map();
    let of_newest = bootstrap::objects(KubeVersion::V1_36);
    let mut list = of_newest.get("/api/v1/nodes").cloned().unwrap_or_else(Value::list);
    for node in list.make_list() {
        node.set(&["metadata", "uid"], cluster.entropy.uid());
        node.set(&["metadata", "creationTimestamp"], cluster.now.to_string());
        node.set(&["status", "nodeInfo", "kubeletVersion"], cluster.version.git_version());
    }
    objects.set(&["/api/v1/nodes"], list);
    cluster.seed(&objects);
}

/// Puts a program on a machine that is not the machine's own.
pub(super) fn install(machine: &mut Machine, program: &str) {
    let mut content = MAGIC.to_vec();
    content.extend_from_slice(format!("outside:{program}").as_bytes());
    machine.write_file(&format!("/usr/local/bin/{program}"), content, 0o755, (0, 0));
}

/// A kubeconfig whose users have tokens.
fn kubeconfig(cluster: &str, context: &str, user: &str, server: &str, users: &[(&str, &str)]) -> String {
    let ca = base64::encode(pem("CERTIFICATE", "subject=CN=kubernetes").as_bytes());
    let mut text = format!(
        "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: {ca}\n    server: {server}\n  name: {cluster}\n\
         contexts:\n- context:\n    cluster: {cluster}\n    user: {user}\n  name: {context}\n\
         current-context: {context}\nkind: Config\npreferences: {{}}\nusers:\n"
    );
    for (name, _) in users {
        text.push_str(&format!("- name: {name}\n  user:\n    token: tok-{name}\n"));
    }
    text
}

fn pem(kind: &str, body: &str) -> String {
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", base64::encode(body.as_bytes()))
}

/// A backend as an exercise writes it.
fn backend(rules: &[format::BackendRule]) -> Result<Backend, String> {
    let rule = |rule: &format::BackendRule| {
        let patch = match rule.patch.as_str() {
            "" => Vec::new(),
            text => {
                gatehouse_model::json::parse(text).map_err(|why| format!("patch: {why}"))?.items().to_vec()
            }
        };
        Ok(Rule {
            field: rule.field.clone(),
            pattern: rule.pattern.clone(),
            allowed: rule.allowed,
            message: rule.message.clone(),
            patch,
            warnings: rule.warnings.clone(),
        })
    };
    Ok(Backend { rules: rules.iter().map(rule).collect::<Result<_, String>>()?, sidecars: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backend_is_as_the_exercise_writes_it() {
        let rule = |patch: &str| format::BackendRule {
            field: "spec.containers[*].image".to_owned(),
            pattern: "*:latest".to_owned(),
            allowed: true,
            patch: patch.to_owned(),
            ..format::BackendRule::default()
        };
        let made = backend(&[rule(r#"[{"op":"add","path":"/metadata/labels/a","value":"b"}]"#)]);
        let rule_made = made.unwrap_or_default().rules.remove(0);
        assert_eq!(
            (rule_made.allowed, rule_made.pattern.as_str(), rule_made.patch.len()),
            (true, "*:latest", 1)
        );
        assert!(backend(&[rule("[{")]).is_err_and(|why| why.starts_with("patch: ")));
    }
}
