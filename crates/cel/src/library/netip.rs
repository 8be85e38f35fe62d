//! Addresses as Go's `net/netip` reads them, with its words where it cannot.

use std::net::IpAddr;

/// An address, and its zone.
pub(super) fn address(text: &str) -> Result<(IpAddr, &str), String> {
    let failed = |why: String| format!("ParseAddr({}): {why}", quoted(text));
    match text.find(['.', ':', '%']).and_then(|i| text.as_bytes().get(i)) {
        Some(b'.') => v4(text).map(|fields| (IpAddr::from(fields), "")).map_err(failed),
        Some(b':') => v6(text).map_err(failed),
        Some(_) => Err(failed("missing IPv6 address".to_owned())),
        None => Err(failed("unable to parse IP".to_owned())),
    }
}

/// An address and the length of a prefix.
pub(super) fn prefix(text: &str) -> Result<(IpAddr, u8), String> {
    let failed = |why: &str| format!("netip.ParsePrefix({}): {why}", quoted(text));
    let (ip, bits) = text.rsplit_once('/').ok_or_else(|| failed("no '/'"))?;
    let (ip, zone) = address(ip).map_err(|why| failed(&why))?;
    if !zone.is_empty() {
        return Err(failed("IPv6 zones cannot be present in a prefix"));
    }
    let odd = bits.len() > 1 && !bits.starts_with(|c: char| ('1'..='9').contains(&c));
    let most = if ip.is_ipv4() { 32 } else { 128 };
    match bits.parse::<i64>() {
        Ok(length) if !odd => match u8::try_from(length) {
            Ok(length) if length <= most => Ok((ip, length)),
            _ => Err(failed("prefix length out of range")),
        },
        _ => Err(failed(&format!("bad bits after slash: {}", quoted(bits)))),
    }
}

fn quoted(text: &str) -> String {
    gatehouse_model::json::go_quote(text)
}

fn at(why: &str, rest: &str) -> String {
    format!("{why} (at {})", quoted(rest))
}

fn v4(text: &str) -> Result<[u8; 4], String> {
    let mut fields = [0u8; 4];
    let (mut value, mut digits, mut done) = (0u16, 0, 0usize);
    let bytes = text.as_bytes();
    for (i, b) in bytes.iter().enumerate() {
        let rest = || text.get(i..).unwrap_or_default();
        match b {
            b'0'..=b'9' => {
                if digits == 1 && value == 0 {
                    return Err("IPv4 field has octet with leading zero".to_owned());
                }
                value = value * 10 + u16::from(b - b'0');
                digits += 1;
                if value > 255 {
                    return Err("IPv4 field has value >255".to_owned());
                }
            }
            b'.' => {
                let before = i.checked_sub(1).and_then(|before| bytes.get(before));
                if before.is_none_or(|b| *b == b'.') || i + 1 == bytes.len() {
                    return Err(at("IPv4 field must have at least one digit", rest()));
                }
                if done == 3 {
                    return Err("IPv4 address too long".to_owned());
                }
                put(&mut fields, done, value);
                done += 1;
                (value, digits) = (0, 0);
            }
            _ => return Err(at("unexpected character", rest())),
        }
    }
    if done < 3 {
        return Err("IPv4 address too short".to_owned());
    }
    put(&mut fields, 3, value);
    Ok(fields)
}

fn put(fields: &mut [u8; 4], at: usize, value: u16) {
    if let (Some(field), Ok(value)) = (fields.get_mut(at), u8::try_from(value)) {
        *field = value;
    }
}

fn v6(text: &str) -> Result<(IpAddr, &str), String> {
    let (mut s, zone) = match text.split_once('%') {
        Some((_, "")) => return Err("zone must be a non-empty string".to_owned()),
        Some((s, zone)) => (s, zone),
        None => (text, ""),
    };
    let mut groups: Vec<u16> = Vec::with_capacity(8);
    let mut ellipsis = None;
    if let Some(rest) = s.strip_prefix("::") {
        ellipsis = Some(0);
        s = rest;
    }
    while groups.len() < 8 && !(s.is_empty() && ellipsis == Some(0) && groups.is_empty()) {
        let end = s.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(s.len());
        let digits = s.get(..end).unwrap_or_default();
        if digits.is_empty() {
            return Err(at("each colon-separated field must have at least one digit", s));
        }
        let group = match u16::from_str_radix(digits, 16) {
            Ok(group) if digits.len() <= 4 => group,
            _ => return Err(at("each group must have 4 or less digits", s)),
        };
        let rest = s.get(end..).unwrap_or_default();
        if rest.starts_with('.') {
            if ellipsis.is_none() && groups.len() != 6 {
                let why = "embedded IPv4 address must replace the final 2 fields of the address";
                return Err(at(why, s));
            }
            if groups.len() > 6 {
                let why = "too many hex fields to fit an embedded IPv4 at the end of the address";
                return Err(at(why, s));
            }
            let [a, b, c, d] = v4(s)?.map(u16::from);
            groups.extend([a << 8 | b, c << 8 | d]);
            s = "";
            break;
        }
        groups.push(group);
        s = rest;
        if s.is_empty() {
            break;
        }
        match s.strip_prefix(':') {
            None => return Err(at("unexpected character, want colon", s)),
            Some("") => return Err(at("colon must be followed by more characters", s)),
            Some(rest) => s = rest,
        }
        if let Some(rest) = s.strip_prefix(':') {
            if ellipsis.is_some() {
                return Err(at("multiple :: in address", s));
            }
            ellipsis = Some(groups.len());
            s = rest;
            if s.is_empty() {
                break;
            }
        }
    }
    if !s.is_empty() {
        return Err(at("trailing garbage after address", s));
    }
    match (ellipsis, groups.len()) {
        (None, 8) => {}
        (None, _) => return Err("address string too short".to_owned()),
        (Some(_), 8..) => return Err("the :: must expand to at least one field of zeros".to_owned()),
        (Some(place), n) => {
            groups.splice(place..place, std::iter::repeat_n(0, 8 - n));
        }
    }
    let value = groups.iter().fold(0u128, |value, group| value << 16 | u128::from(*group));
    Ok((IpAddr::V6(value.into()), zone))
}
