//! The network between machines: what becomes of a connection, and what is said over it.
//!
//! A program opens a connection through its system calls; [`crate::Outside`] carries it. [`Wire`] is the network of a
//! cluster: services, policies, listeners, the API server, hosts outside. What travels is whole: a request and its answer,
//! a question and its records. Knows no program's words.

mod apiserver;
mod certificate;
mod hosts;
mod htpasswd;
mod http;
mod ingress;
mod mesh;
mod node;
pub mod tls;
mod wire;

use std::net::{IpAddr, SocketAddr};

use gatehouse_core::network::dns::{Answer, RecordType};

pub use certificate::{Certificate, credential};
pub use hosts::{Host, Hosts};
pub use http::{Request, Response, reason};
pub use wire::Wire;

/// JSON in one line as Go's servers write objects: what every object has comes first.
#[must_use]
pub fn in_go_order(value: &gatehouse_model::Value) -> String {
    apiserver::print(value, false)
}

/// How packets travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A stream.
    Tcp,
    /// Datagrams.
    Udp,
    /// Echo requests; the port does not count.
    Icmp,
}

/// A connection that was made, or a datagram socket that knows its peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// How packets travel.
    pub transport: Transport,
    /// The address packets leave from.
    pub from: IpAddr,
    /// The address the other end sees: a node puts its own in front of some packets.
    pub seen: IpAddr,
    /// The address that was asked for.
    pub to: SocketAddr,
    /// The address packets go to, behind services.
    pub end: SocketAddr,
    /// Whether the node sends datagrams back: nobody is behind the service.
    pub refused: bool,
    /// What the client's own sidecar, which takes every connection, says because it reaches nobody.
    pub stopped: Option<&'static str>,
}

/// What happens to a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It is made.
    Open(Conversation),
    /// Nothing listens there.
    Refused,
    /// Nothing ever comes back.
    TimedOut,
    /// There is no way there.
    Unreachable,
}

/// What a client that speaks TLS says first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientHello {
    /// The name it asks for; empty for an address.
    pub server_name: String,
    /// The certificate it shows if asked, in PEM.
    pub certificate: Option<String>,
    /// Whether it offers HTTP/2.
    pub http2: bool,
    /// The highest version it speaks: the `x` of TLS 1.x; 0 for the newest.
    pub tls_max: u8,
    /// The cipher suites it offers for TLS 1.2 as OpenSSL calls them; empty for all.
    pub ciphers: String,
}

/// What is said over a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Bytes, maybe inside TLS.
    Bytes(Option<ClientHello>, Vec<u8>),
    /// A DNS question.
    Question(String, RecordType),
}

/// What a server that speaks TLS shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerHello {
    /// Who it says it is.
    pub certificate: Certificate,
    /// Whether it chose HTTP/2.
    pub http2: bool,
    /// The version and the cipher suite.
    pub tls: tls::Agreed,
    /// The certificates behind its own, in DER.
    pub chain: Vec<Vec<u8>>,
    /// The authorities of client certificates that it asks for, by common name.
    pub asks_for: Vec<String>,
}

/// What comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Bytes, and what the server showed if the connection was TLS.
    Bytes(Option<ServerHello>, Vec<u8>),
    /// An answer to a DNS question.
    Answer(Answer),
    /// A DNS server that does not want to.
    NotAllowed,
    /// The packet came back: nothing listens on that UDP port.
    Refused,
    /// The connection was reset.
    Reset,
    /// TLS was spoken to a server that does not.
    NotTls,
    /// The server broke off the handshake: the alert's name as OpenSSL says it.
    Alert(&'static str),
    /// Nothing.
    Silence,
}
