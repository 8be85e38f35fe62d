//! Addresses and networks as fields hold them. Models apimachinery `pkg/util/validation/ip.go`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Reads an address as Go's older parser does: IPv4 numbers may have leading zeros.
#[must_use]
pub fn parse_ip(value: &str) -> Option<IpAddr> {
    if value.contains(':') {
        return value.parse::<Ipv6Addr>().ok().map(|ip| ip.to_ipv4_mapped().map_or(ip.into(), IpAddr::V4));
    }
    let parts: Vec<&str> = value.split('.').collect();
    let octets: Option<Vec<u8>> = parts
        .iter()
        .map(|p| if !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()) { p.parse().ok() } else { None })
        .collect();
    let octets: [u8; 4] = octets?.try_into().ok()?;
    Some(Ipv4Addr::from(octets).into())
}

/// Reads `address/bits`: the address as written and the length of the prefix.
#[must_use]
pub fn parse_cidr(value: &str) -> Option<(IpAddr, u8)> {
    let (ip, bits) = value.split_once('/')?;
    let ip = parse_ip(ip)?;
    if bits.is_empty() || !bits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let bits: u8 = bits.parse().ok()?;
    (bits <= if ip.is_ipv4() { 32 } else { 128 }).then_some((ip, bits))
}

/// The first address of a network.
#[must_use]
pub fn network(ip: IpAddr, bits: u8) -> IpAddr {
    let bits = u32::from(bits);
    match ip {
        IpAddr::V4(ip) => {
            let mask = u32::MAX.checked_shl(32u32.saturating_sub(bits)).unwrap_or(0);
            Ipv4Addr::from(u32::from(ip) & mask).into()
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX.checked_shl(128u32.saturating_sub(bits)).unwrap_or(0);
            Ipv6Addr::from(u128::from(ip) & mask).into()
        }
    }
}

/// Whether a network holds an address.
#[must_use]
pub fn contains((net, bits): (IpAddr, u8), ip: IpAddr) -> bool {
    net.is_ipv4() == ip.is_ipv4() && network(net, bits) == network(ip, bits)
}

/// `IsValidIPForLegacyField`, strict where the server is.
#[must_use]
pub fn ip(value: &str, strict: bool) -> Vec<String> {
    let Some(ip) = parse_ip(value) else {
        return vec!["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)".to_owned()];
    };
    let mut errors = Vec::new();
    if strict && ip.is_ipv4() && value.contains(':') {
        errors.push("must not be an IPv4-mapped IPv6 address".to_owned());
    } else if strict && value.parse::<IpAddr>().is_err() {
        errors.push("must not have leading 0s".to_owned());
    }
    errors
}

/// `IsValidCIDRForLegacyField`, strict where the server is.
#[must_use]
pub fn cidr(value: &str, strict: bool) -> Vec<String> {
    let Some((ip, bits)) = parse_cidr(value) else {
        return vec!["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)".to_owned()];
    };
    if !strict {
        return Vec::new();
    }
    let (address, length) = value.split_once('/').unwrap_or((value, ""));
    if address.contains(':') && ip.is_ipv4() {
        vec!["must not have an IPv4-mapped IPv6 address".to_owned()]
    } else if address.parse::<IpAddr>().is_err() || (length.len() > 1 && length.starts_with('0')) {
        vec!["must not have leading 0s in IP or prefix length".to_owned()]
    } else if network(ip, bits) != ip {
        vec!["must not have bits set beyond the prefix length".to_owned()]
    } else {
        Vec::new()
    }
}
