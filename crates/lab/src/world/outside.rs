//! What programs on the terminal's machine reach beyond it: kubectl, the network, the passing of time.

use std::cell::RefCell;

use gatehouse_kubectl::{self as kubectl, Host};
use gatehouse_machine::{Machine, Outcome, Output, Outside, Sys};

use super::World;
use super::api::{Containers, Server};
use super::files::SysFiles;

/// The world around a machine that runs something.
pub(super) struct Around<'w> {
    pub(super) world: &'w mut World,
}

impl Outside for Around<'_> {
    fn program(&self, name: &str) -> bool {
        name == "kubectl"
    }

    fn run(&mut self, sys: &mut Sys<'_>, argv: &[String]) -> Outcome {
        match argv.first().map(|a| a.rsplit('/').next().unwrap_or(a)) {
            Some("kubectl") => self.kubectl(sys, argv),
            name => Outcome::Done(Output::failure(
                127,
                format!("{}: command not found\n", name.unwrap_or_default()),
            )),
        }
    }

    fn advance(&mut self, machine: &mut Machine, millis: i64) {
        self.world.advance(millis);
        machine.now = self.world.cluster.now;
    }
}

impl Around<'_> {
    fn kubectl(&mut self, sys: &mut Sys<'_>, argv: &[String]) -> Outcome {
        // kubectl reads all of its input if it reads any: `-f -` says that it does.
        let reads =
            argv.iter().any(|a| a == "-" || a == "-f-" || a.ends_with("=-") || a == "-i" || a == "-it");
        let stdin = if sys.is_tty(0) || !reads { None } else { sys.read_all(0).ok() };
        let version = self.world.cluster.version.client();
        let world = RefCell::new(&mut *self.world);
        let mut host = Host {
            api: &mut Server { world: &world },
            files: &mut SysFiles { sys },
            containers: &mut Containers { world: &world },
            version,
            stdin,
        };
        kubectl::run(&mut host, argv)
    }
}
