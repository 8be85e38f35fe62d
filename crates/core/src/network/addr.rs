//! Address blocks.

use std::net::IpAddr;

/// A block of addresses, `10.0.0.0/8` or `fd00::/8`. A block of one family never contains an address of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    base: IpAddr,
    bits: u8,
}

impl Cidr {
    /// Reads `address/bits`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (base, bits) = text.split_once('/')?;
        let base: IpAddr = base.parse().ok()?;
        let bits: u8 = bits.parse().ok()?;
        let width = if base.is_ipv4() { 32 } else { 128 };
        (bits <= width).then_some(Self { base, bits })
    }

    /// The block of one address.
    #[must_use]
    pub const fn single(ip: IpAddr) -> Self {
        Self { base: ip, bits: if ip.is_ipv4() { 32 } else { 128 } }
    }

    /// The address before the slash.
    pub(super) const fn base(&self) -> IpAddr {
        self.base
    }

    /// The first address of the block, and the first one after it, if there is one.
    pub(super) fn edges(&self) -> (IpAddr, Option<IpAddr>) {
        match self.base {
            IpAddr::V4(base) => {
                let host = u32::MAX.checked_shr(u32::from(self.bits)).unwrap_or(0);
                let first = base.to_bits() & !host;
                let next = (first | host).checked_add(1);
                (IpAddr::V4(first.into()), next.map(|n| IpAddr::V4(n.into())))
            }
            IpAddr::V6(base) => {
                let host = u128::MAX.checked_shr(u32::from(self.bits)).unwrap_or(0);
                let first = base.to_bits() & !host;
                let next = (first | host).checked_add(1);
                (IpAddr::V6(first.into()), next.map(|n| IpAddr::V6(n.into())))
            }
        }
    }

    /// Whether `ip` lies in the block.
    #[must_use]
    pub fn contains(&self, ip: IpAddr) -> bool {
        match (self.base, ip) {
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                let differ = a.to_bits() ^ b.to_bits();
                self.bits == 0 || differ >> (32 - u32::from(self.bits)) == 0
            }
            (IpAddr::V6(a), IpAddr::V6(b)) => {
                let differ = a.to_bits() ^ b.to_bits();
                self.bits == 0 || differ >> (128 - u32::from(self.bits)) == 0
            }
            _ => false,
        }
    }
}
