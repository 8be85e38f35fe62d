//! What names may look like. Each rule returns its findings in apimachinery's words; none means valid.
//!
//! Models apimachinery `pkg/util/validation/{validation,ip}.go` and `pkg/api/validate/content`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest label of a domain name.
pub const DNS_LABEL_MAX: usize = 63;
/// Longest domain name.
pub const DNS_SUBDOMAIN_MAX: usize = 253;

/// A rule that a text must match as a whole: its words, its regular expression as upstream shows it, and examples.
struct Pattern {
    words: &'static str,
    regex: &'static str,
    examples: &'static [&'static str],
    matches: fn(&str) -> bool,
}

impl Pattern {
    fn error(&self) -> String {
        let examples: Vec<String> = self.examples.iter().map(|e| format!("'{e}', ")).collect();
        let shown =
            if examples.is_empty() { String::new() } else { format!("e.g. {}", examples.join(" or ")) };
        format!("{} ({shown}regex used for validation is '{}')", self.words, self.regex)
    }

    fn check(&self, value: &str, errors: &mut Vec<String>) {
        if !(self.matches)(value) {
            errors.push(self.error());
        }
    }
}

fn within(s: &str, first: fn(u8) -> bool, middle: fn(u8) -> bool, last: fn(u8) -> bool) -> bool {
    match s.as_bytes() {
        [] => false,
        [one] => first(*one) && last(*one),
        [a, inner @ .., z] => first(*a) && inner.iter().all(|b| middle(*b)) && last(*z),
    }
}

const fn lower_alnum(b: u8) -> bool {
    matches!(b, b'a'..=b'z' | b'0'..=b'9')
}

const fn lower_alnum_dash(b: u8) -> bool {
    lower_alnum(b) || b == b'-'
}

const fn alnum(b: u8) -> bool {
    b.is_ascii_alphanumeric()
}

const fn alnum_dash_dot(b: u8) -> bool {
    alnum(b) || matches!(b, b'-' | b'_' | b'.')
}

fn is_label(s: &str) -> bool {
    within(s, lower_alnum, lower_alnum_dash, lower_alnum)
}

fn is_subdomain(s: &str) -> bool {
    s.split('.').all(is_label)
}

const LABEL: Pattern = Pattern {
    words: "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
    regex: "[a-z0-9]([-a-z0-9]*[a-z0-9])?",
    examples: &["my-name", "123-abc"],
    matches: is_label,
};
const SUBDOMAIN: Pattern = Pattern {
    words: "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
    regex: "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*",
    examples: &["example.com"],
    matches: is_subdomain,
};
const LABEL_1035: Pattern = Pattern {
    words: "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
    regex: "[a-z]([-a-z0-9]*[a-z0-9])?",
    examples: &["my-name", "abc-123"],
    matches: |s| within(s, |b| b.is_ascii_lowercase(), lower_alnum_dash, lower_alnum),
};
const WILDCARD: Pattern = Pattern {
    words: "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
    regex: "\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*",
    examples: &["*.example.com"],
    matches: |s| s.strip_prefix("*.").is_some_and(is_subdomain),
};
const LABEL_KEY: Pattern = Pattern {
    words: "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    regex: "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]",
    examples: &["MyName", "my.name", "123-abc"],
    matches: |s| within(s, alnum, alnum_dash_dot, alnum),
};
const LABEL_VALUE: Pattern = Pattern {
    words: "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    regex: "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?",
    examples: &["MyValue", "my_value", "12345"],
    matches: |s| s.is_empty() || within(s, alnum, alnum_dash_dot, alnum),
};
const C_IDENTIFIER: Pattern = Pattern {
    words: "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'",
    regex: "[A-Za-z_][A-Za-z0-9_]*",
    examples: &["my_name", "MY_NAME", "MyName"],
    matches: |s| {
        let rest = |b: u8| alnum(b) || b == b'_';
        within(s, |b| b.is_ascii_alphabetic() || b == b'_', rest, rest)
    },
};
const ENV_VAR: Pattern = Pattern {
    words: "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit",
    regex: "[-._a-zA-Z][-._a-zA-Z0-9]*",
    examples: &["my.env-name", "MY_ENV.NAME", "MyEnvName1"],
    matches: |s| within(s, |b| alnum_dash_dot(b) && !b.is_ascii_digit(), alnum_dash_dot, alnum_dash_dot),
};
const CONFIG_KEY: Pattern = Pattern {
    words: "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
    regex: "[-._a-zA-Z0-9]+",
    examples: &["key.name", "KEY_NAME", "key-name"],
    matches: |s| within(s, alnum_dash_dot, alnum_dash_dot, alnum_dash_dot),
};
const PERCENT: Pattern = Pattern {
    words: "a valid percent string must be a numeric string followed by an ending '%'",
    regex: "[0-9]+%",
    examples: &["1%", "93%"],
    matches: |s| s.strip_suffix('%').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())),
};
const HTTP_HEADER: Pattern = Pattern {
    words: "a valid HTTP header must consist of alphanumeric characters or '-'",
    regex: "[-A-Za-z0-9]+",
    examples: &["X-Header-Name"],
    matches: |s| !s.is_empty() && s.bytes().all(|b| alnum(b) || b == b'-'),
};

/// `must be no more than n characters`.
#[must_use]
pub fn too_long(max: usize) -> String {
    format!("must be no more than {max} characters")
}

/// `must be between low and high, inclusive`.
#[must_use]
pub fn out_of_range(low: i64, high: i64) -> String {
    format!("must be between {low} and {high}, inclusive")
}

fn limited(value: &str, max: usize, pattern: &Pattern) -> Vec<String> {
    let mut errors = Vec::new();
    if value.len() > max {
        errors.push(too_long(max));
    }
    pattern.check(value, &mut errors);
    errors
}

/// `IsDNS1123Label`: names of namespaces, containers, volumes.
#[must_use]
pub fn dns1123_label(value: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if value.len() > DNS_LABEL_MAX {
        errors.push(too_long(DNS_LABEL_MAX));
    }
    if !is_label(value) {
        errors.push(if is_subdomain(value) { "must not contain dots".to_owned() } else { LABEL.error() });
    }
    errors
}

/// `IsDNS1123Subdomain`: names of most objects.
#[must_use]
pub fn dns1123_subdomain(value: &str) -> Vec<String> {
    limited(value, DNS_SUBDOMAIN_MAX, &SUBDOMAIN)
}

/// `IsDNS1035Label`: names of services.
#[must_use]
pub fn dns1035_label(value: &str) -> Vec<String> {
    limited(value, DNS_LABEL_MAX, &LABEL_1035)
}

/// `IsWildcardDNS1123Subdomain`: hosts of ingresses.
#[must_use]
pub fn wildcard_dns1123_subdomain(value: &str) -> Vec<String> {
    limited(value, DNS_SUBDOMAIN_MAX, &WILDCARD)
}

/// `IsPathSegmentName`: names of roles and bindings.
#[must_use]
pub fn path_segment(value: &str) -> Vec<String> {
    if matches!(value, "." | "..") {
        return vec![format!("may not be '{value}'")];
    }
    ["/", "%"].iter().filter(|c| value.contains(**c)).map(|c| format!("may not contain '{c}'")).collect()
}

/// `IsQualifiedName` with `what` the thing is called: a name with an optional domain before a slash.
fn qualified(value: &str, what: &str, unit: &str) -> Vec<String> {
    let mut errors = Vec::new();
    let parts: Vec<&str> = value.split('/').collect();
    let name = match parts.as_slice() {
        [name] => name,
        [prefix, name] => {
            if prefix.is_empty() {
                errors.push("prefix part must be non-empty".to_owned());
            } else {
                errors.extend(dns1123_subdomain(prefix).into_iter().map(|e| format!("prefix part {e}")));
            }
            name
        }
        _ => {
            let rule = LABEL_KEY.error();
            return vec![format!(
                "a {what} {rule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
    };
    if name.is_empty() {
        errors.push("name part must be non-empty".to_owned());
    } else if name.len() > DNS_LABEL_MAX {
        errors.push(format!("name part must be no more than {DNS_LABEL_MAX} {unit}"));
    }
    if !(LABEL_KEY.matches)(name) {
        errors.push(format!("name part {}", LABEL_KEY.error()));
    }
    errors
}

/// `IsLabelKey`, also `IsQualifiedName` of today: keys of labels and annotations, names of resources.
#[must_use]
pub fn label_key(value: &str) -> Vec<String> {
    qualified(value, "valid label key", "bytes")
}

/// `IsValidLabelValue`.
#[must_use]
pub fn label_value(value: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if value.len() > DNS_LABEL_MAX {
        errors.push(format!("must be no more than {DNS_LABEL_MAX} bytes"));
    }
    LABEL_VALUE.check(value, &mut errors);
    errors
}

/// `IsCIdentifier`.
#[must_use]
pub fn c_identifier(value: &str) -> Vec<String> {
    limited(value, usize::MAX, &C_IDENTIFIER)
}

fn parent_directory(value: &str) -> Option<String> {
    match value {
        "." | ".." => Some(format!("must not be '{value}'")),
        v if v.starts_with("..") => Some("must not start with '..'".to_owned()),
        _ => None,
    }
}

/// `IsEnvVarName`: the strict rule, of old servers and of `kubectl set env`.
#[must_use]
pub fn env_var_name(value: &str) -> Vec<String> {
    let mut errors = limited(value, usize::MAX, &ENV_VAR);
    errors.extend(parent_directory(value));
    errors
}

/// `IsRelaxedEnvVarName`: the rule of today's servers.
#[must_use]
pub fn relaxed_env_var_name(value: &str) -> Vec<String> {
    if value.is_empty() {
        return vec!["environment variable name must be non-empty".to_owned()];
    }
    if value.bytes().all(|b| matches!(b, b' '..=b'~') && b != b'=') {
        return Vec::new();
    }
    vec![
        "a valid environment variable name must consist only of printable ASCII characters other than '='"
            .to_owned(),
    ]
}

/// `IsConfigMapKey`: keys of config maps and secrets.
#[must_use]
pub fn config_map_key(value: &str) -> Vec<String> {
    let mut errors = limited(value, DNS_SUBDOMAIN_MAX, &CONFIG_KEY);
    errors.extend(parent_directory(value));
    errors
}

/// `IsValidPercent`.
#[must_use]
pub fn percent(value: &str) -> Vec<String> {
    limited(value, usize::MAX, &PERCENT)
}

/// `IsHTTPHeaderName`.
#[must_use]
pub fn http_header_name(value: &str) -> Vec<String> {
    limited(value, usize::MAX, &HTTP_HEADER)
}

/// `IsValidPortNum`.
#[must_use]
pub fn port_number(port: i64) -> Vec<String> {
    in_range(port, 1, 65535)
}

/// `IsInRange`.
#[must_use]
pub fn in_range(value: i64, low: i64, high: i64) -> Vec<String> {
    if (low..=high).contains(&value) { Vec::new() } else { vec![out_of_range(low, high)] }
}

/// `IsValidUserID` and `IsValidGroupID`.
#[must_use]
pub fn user_id(id: i64) -> Vec<String> {
    in_range(id, 0, i64::from(i32::MAX))
}

/// `IsValidPortName`.
#[must_use]
pub fn port_name(value: &str) -> Vec<String> {
    let mut errors = Vec::new();
    let mut find = |wrong: bool, what: &str| {
        if wrong {
            errors.push(what.to_owned());
        }
    };
    find(value.len() > 15, &too_long(15));
    find(
        value.is_empty() || !value.bytes().all(lower_alnum_dash),
        "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
    );
    find(!value.bytes().any(|b| b.is_ascii_lowercase()), "must contain at least one letter (a-z)");
    find(value.contains("--"), "must not contain consecutive hyphens");
    find(value.starts_with('-') || value.ends_with('-'), "must not begin or end with a hyphen");
    errors
}

/// A name that ends in a dash for the server to complete (`generateName`), made checkable as one that is complete.
#[must_use]
pub fn mask_trailing_dash(name: &str) -> String {
    match name.strip_suffix('-') {
        Some(rest) if !rest.is_empty() => {
            let mut chars = rest.chars();
            chars.next_back();
            format!("{}a", chars.as_str())
        }
        _ => name.to_owned(),
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dns_names() {
        assert!(dns1123_label("web-1").is_empty());
        assert_eq!(dns1123_label("a.b"), ["must not contain dots"]);
        assert_eq!(
            dns1123_label("Web"),
            [
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
            ]
        );
        assert_eq!(dns1123_label(&"a".repeat(64)), ["must be no more than 63 characters"]);
        assert!(dns1123_subdomain("a.b-c.d").is_empty());
        for bad in ["", ".", "a..b", "a_b", "-a", "a-", "a.-b"] {
            assert_eq!(dns1123_subdomain(bad).len(), 1, "{bad}");
        }
        assert_eq!((dns1035_label("1a").len(), dns1035_label("a1").len()), (1, 0));
        assert_eq!(
            (wildcard_dns1123_subdomain("*.x.y").len(), wildcard_dns1123_subdomain("*").len()),
            (0, 1)
        );
        assert_eq!(path_segment("a/b%"), ["may not contain '/'", "may not contain '%'"]);
        assert_eq!(mask_trailing_dash("web-"), "wea");
    }

    #[test]
    fn labels() {
        assert!(label_key("app.kubernetes.io/name").is_empty() && label_key("A_b.c").is_empty());
        assert_eq!(label_key("/x"), ["prefix part must be non-empty"]);
        assert_eq!(label_key("a/b/c").len(), 1);
        assert_eq!(label_key("")[0], "name part must be non-empty");
        assert_eq!(label_value(&"x".repeat(64)), ["must be no more than 63 bytes"]);
        assert_eq!((label_value("").len(), label_value("-x").len()), (0, 1));
    }

    #[test]
    fn ports_and_environment() {
        assert!(port_name("http-2").is_empty());
        assert_eq!(port_name("8080"), ["must contain at least one letter (a-z)"]);
        assert_eq!(port_name("a--b"), ["must not contain consecutive hyphens"]);
        assert_eq!(port_number(0), ["must be between 1 and 65535, inclusive"]);
        assert_eq!(
            (env_var_name("1A").len(), env_var_name("..").len(), relaxed_env_var_name("1 A").len()),
            (1, 1, 0)
        );
        assert_eq!(config_map_key("..x"), ["must not start with '..'"]);
        assert_eq!(percent("%").len(), 1);
    }

    #[test]
    fn addresses() {
        assert!(ip("10.0.0.1", true).is_empty() && ip("::1", true).is_empty());
        assert_eq!(ip("10.0.0.01", true), ["must not have leading 0s"]);
        assert!(ip("10.0.0.01", false).is_empty());
        assert_eq!(ip("::ffff:10.0.0.1", true), ["must not be an IPv4-mapped IPv6 address"]);
        assert_eq!(ip("10.0.0", false).len(), 1);
        assert_eq!(cidr("10.0.0.1/8", true), ["must not have bits set beyond the prefix length"]);
        assert_eq!(cidr("10.0.0.0/33", false).len(), 1);
        assert_eq!(cidr("10.0.0.0", false).len(), 1);
        assert!(cidr("0.0.0.0/0", true).is_empty());
        let net = parse_cidr("10.1.0.0/16").expect("valid");
        assert!(
            contains(net, parse_ip("10.1.2.3").expect("valid"))
                && !contains(net, parse_ip("10.2.0.1").expect("valid"))
        );
    }
}
