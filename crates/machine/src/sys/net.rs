//! Sockets and the calls on the whole system: host name, clock, log.

use super::{Result, Sys, gate};
use crate::errno::Errno;
use crate::outside::Reach;
use gatehouse_core::effects::capabilities::Capability;

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

    /// Opens a connection to a name or address and exchanges bytes.
    pub fn connect(&mut self, host: &str, port: u16, udp: bool, sent: &[u8]) -> Reach {
        let space = self.me.space;
        self.with_outside(|o, m| o.connect(m, space, host, port, udp, sent)).unwrap_or(Reach::Refused)
    }

    /// The addresses of a name: numbers are themselves, then /etc/hosts, then whoever answers DNS.
    pub fn resolve(&mut self, name: &str) -> Vec<String> {
        if name.parse::<std::net::IpAddr>().is_ok() {
            return vec![name.to_owned()];
        }
        let hosts = self.slurp("/etc/hosts").unwrap_or_default();
        for line in hosts.lines() {
            let line = line.split('#').next().unwrap_or("");
            let mut fields = line.split_whitespace();
            if let Some(address) = fields.next()
                && fields.any(|n| n == name)
            {
                return vec![address.to_owned()];
            }
        }
        let space = self.me.space;
        let name = name.to_owned();
        self.with_outside(|o, m| o.resolve(m, space, &name)).unwrap_or_default()
    }
}
