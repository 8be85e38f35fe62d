//! Sockets and the calls on the whole system: host name, clock.

use std::net::{IpAddr, SocketAddr};

use super::{Open, Patience, Result, Sys, gate};
use crate::errno::Errno;
use crate::net::{Heard, Reach, Said, Transport};
use gatehouse_core::effects::capabilities::Capability;

/// How long the kernel tries to open a connection that nobody answers: six more tries, each twice as patient.
const SYN_TIMEOUT: i64 = 127_000;

impl Sys<'_> {
    /// The host name, as uname(2) gives it.
    #[must_use]
    pub fn hostname(&self) -> String {
        self.space().map_or_else(String::new, |s| s.hostname.clone())
    }

    /// sethostname(2).
    ///
    /// # Errors
    /// EPERM.
    pub fn sethostname(&mut self, name: &str) -> Result<()> {
        gate!(self, "sethostname");
        if !self.capable_over(Capability::SysAdmin, super::Clone::NEWUTS) {
            return Err(Errno::EPERM);
        }
        let space = self.me.space;
        if let Some(s) = self.machine.space_mut(space) {
            name.clone_into(&mut s.hostname);
        }
        Ok(())
    }

    /// clock_settime(2), to milliseconds since 1970. The clock is virtual and stays as it is.
    ///
    /// # Errors
    /// EPERM.
    pub fn clock_settime(&mut self, millis: i64) -> Result<()> {
        gate!(self, "clock_settime");
        let _ = millis;
        if self.capable(Capability::SysTime) { Ok(()) } else { Err(Errno::EPERM) }
    }

    /// The address of the process's network namespace.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.space().and_then(|s| s.address.parse().ok())
    }

    /// connect(2). A TCP connection that nobody answers fails when `limit` (in milliseconds) or the kernel's own patience
    /// has passed.
    ///
    /// # Errors
    /// ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH; EACCES by the security module.
    pub fn connect(&mut self, fd: i32, to: SocketAddr, limit: Option<i64>) -> Result<()> {
        self.socket_call(fd, "connect")?;
        let datagram = matches!(
            self.fds.get(&fd).map(|h| matches!(&*h.borrow(), Open::Socket { datagram: true, .. })),
            Some(true)
        );
        let transport = if datagram { Transport::Udp } else { Transport::Tcp };
        let space = self.me.space;
        match self.with_outside(|o, m| o.connect(m, space, to, transport)).unwrap_or(Reach::Refused) {
            Reach::Open(talk) => {
                if let Some(h) = self.fds.get(&fd)
                    && let Open::Socket { peer, .. } = &mut *h.borrow_mut()
                {
                    *peer = Some(Box::new(talk));
                }
                Ok(())
            }
            // A datagram's fate shows only when it is sent.
            _ if datagram => Ok(()),
            Reach::Refused => Err(Errno::ECONNREFUSED),
            Reach::Unreachable => Err(Errno::EHOSTUNREACH),
            Reach::TimedOut => {
                self.pass(limit.unwrap_or(SYN_TIMEOUT));
                Err(Errno::ETIMEDOUT)
            }
        }
    }

    /// Says something over a connected socket and hears what comes back. The calls that carry it are the program's to
    /// make ([`Sys::call`]): they differ from one to the next.
    pub fn exchange(&mut self, fd: i32, said: &Said) -> Heard {
        let Some(handle) = self.fds.get(&fd).cloned() else { return Heard::Silence };
        let talk = match &*handle.borrow() {
            Open::Socket { peer: Some(talk), .. } => (**talk).clone(),
            _ => return Heard::Silence,
        };
        let space = self.me.space;
        self.with_outside(|o, m| o.talk(m, space, &talk, said)).unwrap_or(Heard::Silence)
    }

    /// Whether an address answers echo requests.
    pub fn echo(&mut self, to: IpAddr) -> bool {
        let space = self.me.space;
        let reach = self.with_outside(|o, m| o.connect(m, space, SocketAddr::new(to, 0), Transport::Icmp));
        match reach {
            Some(Reach::Open(talk)) => {
                let said = Said::Bytes(None, Vec::new());
                let heard = self.with_outside(|o, m| o.talk(m, space, &talk, &said));
                matches!(heard, Some(Heard::Bytes(..)))
            }
            _ => false,
        }
    }

    /// Lets time pass while the network is waited for. A process in the background does not wait: nobody sees it.
    pub fn pass(&mut self, millis: i64) {
        if self.patience == Patience::Advance {
            self.wait_for(Some(millis));
        }
    }
}
