//! What a machine does not have itself: programs of other rooms, and the passing of time.

use crate::machine::Machine;
use crate::outcome::Outcome;
use crate::sys::Sys;

/// What happens to a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Nothing listens there.
    Refused,
    /// Nothing ever comes back.
    TimedOut,
    /// Nothing of that network is known.
    Unreachable,
    /// Something listens; what it answers to the bytes sent (an HTTP request or nothing).
    Answered(Vec<u8>),
}

/// The world around a machine. Every method has a default: a machine alone.
pub trait Outside {
    /// Whether `name` is a program from outside (`kubectl`, `ssh`); only those installed as such are asked.
    fn program(&self, name: &str) -> bool {
        let _ = name;
        false
    }

    /// Runs such a program. `argv[0]` is its name; arguments, environment, working directory, standard input and the
    /// machine's files are reached through `sys`. What it prints goes into the outcome.
    ///
    /// While it runs, whoever holds the machine elsewhere may put its value there and take it back
    /// (`std::mem::swap` with [`Sys::machine_mut`]).
    fn run(&mut self, sys: &mut Sys<'_>, argv: &[String]) -> Outcome {
        let name = argv.first().map_or("", String::as_str);
        let _ = sys;
        Outcome::Done(crate::Output::failure(127, format!("{name}: command not found\n")))
    }

    /// Lets virtual time pass while a program sleeps. The machine's own clock must move with it.
    fn advance(&mut self, machine: &mut Machine, millis: i64) {
        machine.now = machine.now.plus_millis(millis);
    }

    /// Opens a TCP connection (or sends a datagram, with `udp`) from a space of the machine and exchanges bytes.
    fn connect(
        &mut self,
        machine: &mut Machine,
        space: u32,
        host: &str,
        port: u16,
        udp: bool,
        sent: &[u8],
    ) -> Reach {
        let _ = (machine, space, host, port, udp, sent);
        Reach::Refused
    }

    /// Runs a program in a container of this node: namespace, pod and container.
    ///
    /// # Errors
    /// What the runtime says when it cannot start.
    fn exec(
        &mut self,
        machine: &mut Machine,
        place: &(String, String, String),
        argv: &[String],
    ) -> Result<crate::Output, String> {
        let _ = (machine, place, argv);
        Err("rpc error: code = Unavailable desc = container is not running".to_owned())
    }

    /// The cluster this machine is a node of, for the programs that talk to its store.
    fn cluster(&mut self) -> Option<&mut gatehouse_core::Cluster> {
        None
    }

    /// The addresses of a name that /etc/hosts does not know; empty where there are none.
    fn resolve(&mut self, machine: &mut Machine, space: u32, name: &str) -> Vec<String> {
        let _ = (machine, space, name);
        Vec::new()
    }
}

/// Nothing around the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

impl Outside for Alone {}
