//! kubectl's way to the API server and into containers.

use std::cell::RefCell;

use gatehouse_core::{Request, Response, Timestamp, admission, server};
use gatehouse_kubectl::Api;
use gatehouse_kubectl::host::{self, ContainerRef, Farewell};
use gatehouse_machine::Output;
use gatehouse_machine::kubelet::tar_error;
use gatehouse_machine::node::firewall::Verdict;
use gatehouse_model::{KubeVersion, ResourceType};

use super::{Kubelets, World};

type Shared<'a, 'w> = &'a RefCell<&'w mut World>;

/// Where the API server runs.
const CONTROL_PLANE: &str = "172.30.1.2";
/// How long client-go waits for a connection, in milliseconds.
const DIAL_TIMEOUT: i64 = 30_000;

/// The API server, asked over the network.
pub(super) struct Server<'a, 'w> {
    pub(super) world: Shared<'a, 'w>,
    /// The address kubectl's machine has.
    pub(super) source: &'static str,
    /// What that machine's firewall makes of connections to the API server.
    pub(super) leaving: Verdict,
}

impl Server<'_, '_> {
    /// Whether anybody listens at `url`. What a firewall swallows takes as long as a client waits.
    fn reach(&self, url: &str) -> Result<(), String> {
        let mut world = self.world.borrow_mut();
        let address = url.split_once("://").map_or(url, |(_, rest)| rest).trim_end_matches('/');
        let address = address.replace("localhost:", "127.0.0.1:");
        let (host, port) = address.rsplit_once(':').unwrap_or((&address, ""));
        let usual = world.access.server.split_once("://").map_or("", |(_, rest)| rest);
        let usual = usual.rsplit_once(':').map_or(usual, |(host, _)| host);
        let own = self.source == CONTROL_PLANE && host == "127.0.0.1";
        if (own || host == usual)
            && let Ok(port) = port.parse::<u16>()
        {
            let filtered = if self.source == CONTROL_PLANE {
                Verdict::Accept
            } else {
                match self.leaving {
                    Verdict::Accept => world.firewall("controlplane", self.source, port),
                    stopped => stopped,
                }
            };
            match filtered {
                Verdict::Drop => {
                    world.advance(DIAL_TIMEOUT);
                    return Err(format!("dial tcp {address}: i/o timeout"));
                }
                Verdict::Accept if world.cluster.config.up && world.cluster.config.secure_port == port => {
                    return Ok(());
                }
                _ => {}
            }
        }
        Err(format!("dial tcp {address}: connect: connection refused"))
    }
}

impl Api for Server<'_, '_> {
    fn call(&mut self, url: &str, mut request: Request) -> Result<Response, String> {
        self.reach(url)?;
        self.source.clone_into(&mut request.source);
        let version = self.world.borrow().cluster.version.client();
        request.agent = format!("kubectl/{version} (linux/amd64) kubernetes/0000000");
        let mut world = self.world.borrow_mut();
        let mut response = server::handle(&mut world.cluster, &request);
        if admission::awaits_controllers(&response) {
            // The server itself would wait a moment for them.
            world.settle();
            response = server::handle(&mut world.cluster, &request);
        }
        if let Some(recorded) = &mut world.recorded {
            recorded.push((request, response.clone()));
        }
        Ok(response)
    }

    fn advance(&mut self, millis: i64) {
        let mut world = self.world.borrow_mut();
        world.settle();
        world.advance(millis);
    }

    fn now(&self) -> Timestamp {
        self.world.borrow().cluster.now
    }

    fn resources(&mut self, url: &str) -> Result<Vec<ResourceType>, String> {
        self.reach(url)?;
        Ok(self.world.borrow().cluster.resources())
    }

    fn server_version(&self) -> KubeVersion {
        self.world.borrow().cluster.version
    }
}

/// The containers that run on the nodes.
pub(super) struct Containers<'a, 'w> {
    pub(super) world: Shared<'a, 'w>,
}

impl host::Containers for Containers<'_, '_> {
    fn exec(&mut self, c: &ContainerRef, argv: &[String], stdin: &[u8], tty: bool) -> Result<Output, String> {
        if let ([command], true, true) = (argv, tty, stdin.is_empty())
            && matches!(command.rsplit('/').next(), Some("sh" | "bash" | "ash" | "dash"))
        {
            self.world.borrow_mut().open_shell(&c.namespace, &c.pod, &c.container, command)?;
            return Ok(Output::default());
        }
        self.world.borrow_mut().exec(&c.namespace, &c.pod, &c.container, argv, stdin)
    }

    fn attach(
        &mut self,
        c: &ContainerRef,
        stdin: Option<&[u8]>,
        farewell: Farewell,
    ) -> Result<Output, String> {
        let mut world = self.world.borrow_mut();
        let Some(stdin) = stdin else {
            world.attach_shell(&c.namespace, &c.pod, &c.container, farewell)?;
            return Ok(Output::default());
        };
        let output = world.exec(&c.namespace, &c.pod, &c.container, &["sh".to_owned()], stdin)?;
        world.end_container(&c.namespace, &c.pod, &c.container, output.exit);
        Ok(output)
    }

    fn logs(&mut self, c: &ContainerRef, previous: bool) -> Result<Vec<(Timestamp, String)>, String> {
        let world = self.world.borrow();
        match &world.kubelets {
            Kubelets::StandIn(_) => Err(format!("container not found (\"{}\")", c.container)),
            Kubelets::Real(k) => k.logs(&world.cluster, (&c.namespace, &c.pod, &c.container), previous),
        }
    }

    fn read_file(&mut self, c: &ContainerRef, path: &str) -> Result<Vec<u8>, String> {
        let output = self.exec(c, &["cat".to_owned(), path.to_owned()], b"", false)?;
        if output.exit == 0 { Ok(output.stdout) } else { Err(tar_error(path, &output.stderr)) }
    }

    fn write_file(&mut self, c: &ContainerRef, path: &str, content: &[u8]) -> Result<(), String> {
        let output = self.exec(c, &["tee".to_owned(), path.to_owned()], content, false)?;
        if output.exit == 0 { Ok(()) } else { Err(tar_error(path, &output.stderr)) }
    }
}
