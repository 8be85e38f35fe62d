//! Addresses and networks. Models apiserver `pkg/cel/library/{ip,cidr}.go`.

use std::net::IpAddr;

use super::{Answer, netip};
use crate::value::Value;

fn parse_ip(text: &str) -> Result<IpAddr, String> {
    let quoted = || gatehouse_model::json::go_quote(text);
    let (ip, zone) = netip::address(text)
        .map_err(|why| format!("IP Address {} parse error during conversion from string: {why}", quoted()))?;
    if !zone.is_empty() {
        return Err(format!("IP address {} with zone value is not allowed", quoted()));
    }
    if is_mapped(ip) {
        return Err(format!("IPv4-mapped IPv6 address {} is not allowed", quoted()));
    }
    Ok(ip)
}

fn is_mapped(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some())
}

fn parse_cidr(text: &str) -> Result<(IpAddr, u8), String> {
    let (ip, bits) = netip::prefix(text).map_err(|why| again(&why))?;
    if is_mapped(ip) {
        let quoted = gatehouse_model::json::go_quote(text);
        return Err(format!("IPv4-mapped IPv6 address {quoted} is not allowed"));
    }
    Ok((ip, bits))
}

/// What converting says around what parsing said.
fn again(why: &str) -> String {
    format!("network address parse error during conversion from string: {why}")
}

fn bits_of(ip: IpAddr) -> (u128, u8) {
    match ip {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()) << 96, 32),
        IpAddr::V6(v6) => (v6.to_bits(), 128),
    }
}

fn masked(ip: IpAddr, bits: u8) -> u128 {
    let (value, _) = bits_of(ip);
    if bits == 0 { 0 } else { value >> (128 - u32::from(bits)) << (128 - u32::from(bits)) }
}

fn contains((net, bits): (IpAddr, u8), ip: IpAddr) -> bool {
    net.is_ipv4() == ip.is_ipv4() && masked(net, bits) == masked(ip, bits)
}

pub(super) fn call(function: &str, args: &[Value]) -> Answer {
    let [Value::String(s)] = args else { return None };
    Some(match function {
        "isIP" => Ok(Value::Bool(parse_ip(s).is_ok())),
        "ip" => parse_ip(s).map(Value::Ip),
        "ip.isCanonical" => parse_ip(s).map(|ip| Value::Bool(ip.to_string() == **s)),
        "isCIDR" => Ok(Value::Bool(parse_cidr(s).is_ok())),
        "cidr" => parse_cidr(s).map(|(ip, bits)| Value::Cidr(ip, bits)).map_err(|why| again(&why)),
        _ => return None,
    })
}

pub(super) fn method(function: &str, args: &[Value]) -> Answer {
    match args {
        [Value::Ip(ip)] => {
            let answer = match (function, ip) {
                ("family", _) => return Some(Ok(Value::Int(if ip.is_ipv4() { 4 } else { 6 }))),
                ("isUnspecified", _) => ip.is_unspecified(),
                ("isLoopback", _) => ip.is_loopback(),
                ("isLinkLocalMulticast", IpAddr::V4(v4)) => v4.octets().starts_with(&[224, 0, 0]),
                ("isLinkLocalMulticast", IpAddr::V6(v6)) => {
                    v6.segments().first().is_some_and(|s| s & 0xff0f == 0xff02)
                }
                ("isLinkLocalUnicast", IpAddr::V4(v4)) => v4.is_link_local(),
                ("isLinkLocalUnicast", IpAddr::V6(v6)) => {
                    v6.segments().first().is_some_and(|s| s & 0xffc0 == 0xfe80)
                }
                ("isGlobalUnicast", IpAddr::V4(v4)) => {
                    !(v4.is_unspecified()
                        || v4.is_broadcast()
                        || v4.is_loopback()
                        || v4.is_multicast()
                        || v4.is_link_local())
                }
                ("isGlobalUnicast", IpAddr::V6(v6)) => {
                    let local = v6.segments().first().is_some_and(|s| s & 0xffc0 == 0xfe80);
                    !(v6.is_unspecified() || v6.is_loopback() || v6.is_multicast() || local)
                }
                _ => return None,
            };
            Some(Ok(Value::Bool(answer)))
        }
        [Value::Cidr(net, bits), rest @ ..] => Some(match (function, rest) {
            ("ip", []) => Ok(Value::Ip(*net)),
            ("prefixLength", []) => Ok(Value::Int(i64::from(*bits))),
            ("masked", []) => {
                let value = masked(*net, *bits);
                let ip = if net.is_ipv4() {
                    IpAddr::V4(u32::try_from(value >> 96).unwrap_or(0).into())
                } else {
                    IpAddr::V6(value.into())
                };
                Ok(Value::Cidr(ip, *bits))
            }
            ("containsIP", [Value::Ip(ip)]) => Ok(Value::Bool(contains((*net, *bits), *ip))),
            ("containsIP", [Value::String(s)]) => {
                let ip = parse_ip(s).map_err(|_| super::NO_OVERLOAD.to_owned());
                ip.map(|ip| Value::Bool(contains((*net, *bits), ip)))
            }
            ("containsCIDR", [Value::Cidr(ip, n)]) => {
                Ok(Value::Bool(bits <= n && contains((*net, *bits), *ip)))
            }
            ("containsCIDR", [Value::String(s)]) => {
                let other = parse_cidr(s).map_err(|why| again(&why));
                other.map(|(ip, n)| Value::Bool(*bits <= n && contains((*net, *bits), ip)))
            }
            _ => return None,
        }),
        _ => None,
    }
}
