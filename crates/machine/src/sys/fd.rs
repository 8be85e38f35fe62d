//! Open files.

use std::cell::RefCell;
use std::rc::Rc;

use crate::Output;
use crate::fs::Loc;

/// Whether a stream is the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tty {
    /// It is.
    Yes,
    /// It is a pipe, a file or a capture.
    No,
}

/// What an open file is.
#[derive(Debug)]
pub enum Open {
    /// A file of a file system.
    File {
        /// Where.
        at: Loc,
        /// The next byte.
        pos: usize,
        /// May be read.
        read: bool,
        /// May be written.
        write: bool,
        /// Writes go to the end.
        append: bool,
        /// A write needs this capability besides (sysctls of the network).
        guard: Option<gatehouse_core::effects::capabilities::Capability>,
    },
    /// Bytes to be read: a pipe's end, standard input, a file procfs makes up.
    Source {
        /// All of them.
        data: Vec<u8>,
        /// The next byte.
        pos: usize,
        /// Reading behind the end waits for a person.
        tty: Tty,
    },
    /// Bytes written are collected.
    Sink {
        /// What was written, here and to the other stream of the same process.
        printed: Rc<RefCell<Output>>,
        /// Whether this is standard error.
        error: bool,
        /// Whether it is shown on a terminal.
        tty: Tty,
    },
    /// A file of procfs that takes orders.
    Proc {
        /// Which.
        entry: u64,
    },
    /// A socket.
    Socket {
        /// Whether it is a datagram socket.
        datagram: bool,
        /// The local port.
        port: u16,
        /// Family, type and protocol.
        of: (u16, u32, i32),
        /// What it is connected to.
        peer: Option<Box<crate::net::Conversation>>,
    },
}

/// A shared open file.
pub type Handle = Rc<RefCell<Open>>;

/// A stream that gives `data`; behind its end the terminal waits where `tty` says so.
#[must_use]
pub fn source(data: Vec<u8>, tty: Tty) -> Handle {
    Rc::new(RefCell::new(Open::Source { data, pos: 0, tty }))
}

/// A stream that collects what is written.
#[must_use]
pub fn output(tty: Tty) -> Handle {
    outputs(tty).0
}

/// Standard output and standard error, and what both collect together.
#[must_use]
pub fn outputs(tty: Tty) -> (Handle, Handle, Rc<RefCell<Output>>) {
    let printed = Rc::new(RefCell::new(Output::default()));
    let handle = |error| Rc::new(RefCell::new(Open::Sink { printed: printed.clone(), error, tty }));
    (handle(false), handle(true), printed)
}

/// What a stream collected so far; it is taken out.
#[must_use]
pub fn taken(handle: &Handle) -> Vec<u8> {
    match &mut *handle.borrow_mut() {
        Open::Sink { printed, .. } => std::mem::take(&mut *printed.borrow_mut()).stdout,
        _ => Vec::new(),
    }
}
