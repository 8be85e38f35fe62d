//! What a machine does not have itself: programs of other rooms, and the passing of time.

use std::net::{IpAddr, SocketAddr};

use crate::machine::Machine;
use crate::net::{Conversation, Heard, Reach, Said, Transport};
use crate::outcome::Outcome;
use crate::programs;
use crate::sys::Sys;

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

    /// Opens a connection from a space of the machine, or finds out where datagrams would go.
    ///
    /// Alone, a machine reaches its own listeners.
    fn connect(&mut self, machine: &mut Machine, space: u32, to: SocketAddr, transport: Transport) -> Reach {
        let own = machine.space(space).map(|s| s.address.clone()).unwrap_or_default();
        let from = own.parse().unwrap_or(IpAddr::from([127, 0, 0, 1]));
        let mine = to.ip().is_loopback() || to.ip() == from;
        let listens = mine && programs::listener(machine, &own, to.port(), false).is_some();
        if listens || mine && transport == Transport::Icmp || transport == Transport::Udp {
            return Reach::Open(Conversation {
                transport,
                from,
                seen: from,
                to,
                end: SocketAddr::new(from, to.port()),
                refused: false,
                stopped: None,
            });
        }
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

    /// Says something over a connection and hears what comes back.
    fn talk(&mut self, machine: &mut Machine, space: u32, talk: &Conversation, said: &Said) -> Heard {
        let own = machine.space(space).map(|s| s.address.clone()).unwrap_or_default();
        match (said, programs::listener(machine, &own, talk.end.port(), talk.transport == Transport::Udp)) {
            (Said::Bytes(None, bytes), Some(process)) => {
                Heard::Bytes(None, programs::answer(machine, &process, talk.end.port(), bytes))
            }
            (Said::Bytes(Some(_), _), Some(_)) => Heard::NotTls,
            _ if talk.transport == Transport::Icmp => Heard::Bytes(None, Vec::new()),
            _ => Heard::Refused,
        }
    }
}

/// Nothing around the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

impl Outside for Alone {}
