//! The network as a container's own command meets it while its kubelet works: an init container that waits for a name, a
//! job that fetches something. Time does not pass for it meanwhile; what waits in vain waits for no time at all.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use gatehouse_core::Cluster;

use super::Node;
use crate::machine::Machine;
use crate::net::{Conversation, Heard, Hosts, Reach, Said, Transport, Wire};
use crate::outside::Outside;

/// What is around a node: the other nodes and the world outside.
#[derive(Clone, Copy)]
pub(super) struct Neighbours<'a> {
    pub(super) nodes: &'a BTreeMap<String, Node>,
    pub(super) hosts: &'a Hosts,
}

/// The network as a container's own command meets it.
pub(super) struct Net<'a> {
    pub(super) cluster: &'a mut Cluster,
    pub(super) around: Neighbours<'a>,
}

impl Net<'_> {
    fn wire(&mut self) -> Wire<'_> {
        Wire { cluster: self.cluster, nodes: self.around.nodes, hosts: self.around.hosts }
    }
}

impl Outside for Net<'_> {
    fn connect(&mut self, machine: &mut Machine, space: u32, to: SocketAddr, transport: Transport) -> Reach {
        self.wire().connect(machine, space, to, transport)
    }

    fn talk(&mut self, machine: &mut Machine, space: u32, talk: &Conversation, said: &Said) -> Heard {
        self.wire().talk(machine, space, talk, said)
    }
}
