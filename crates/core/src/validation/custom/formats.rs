//! The formats of strings that schemas of custom resources may ask for.
//!
//! Models kube-openapi `pkg/validation/strfmt` with the formats that apiextensions `pkg/apiserver/validation/formats.go`
//! lets through; card and book numbers are not looked at.

use std::net::{Ipv4Addr, Ipv6Addr};

use gatehouse_model::{KubeVersion, base64, names, time};

/// Whether a text has a format; formats that are not known ask for nothing.
pub(super) fn fits(format: &str, text: &str, version: KubeVersion) -> bool {
    match format {
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "cidr" => names::cidr(text, true).is_empty(),
        "mac" => is_mac(text),
        "uuid" => is_uuid(text, None),
        "uuid3" => is_uuid(text, Some('3')),
        "uuid4" => is_uuid(text, Some('4')),
        "uuid5" => is_uuid(text, Some('5')),
        "uri" => {
            text.starts_with('/')
                || text.split_once(':').is_some_and(|(scheme, rest)| is_scheme(scheme) && !rest.is_empty())
        }
        "email" => text.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty() && !host.is_empty() && !host.contains('@') && !text.contains(char::is_whitespace)
        }),
        "hostname" => is_hostname(text),
        "hexcolor" => {
            let digits = text.strip_prefix('#').unwrap_or(text);
            matches!(digits.len(), 3 | 6) && digits.chars().all(|c| c.is_ascii_hexdigit())
        }
        "byte" => !text.is_empty() && base64::decode(text).is_ok(),
        "date" => text.len() == 10 && time::parse_rfc3339(&format!("{text}T00:00:00Z")).is_ok(),
        "date-time" | "datetime" => time::parse_rfc3339(text).is_ok(),
        "duration" => time::parse_duration(text).is_ok(),
        "k8s-short-name" if version.minor() >= 34 => names::dns1123_label(text).is_empty(),
        "k8s-long-name" if version.minor() >= 34 => names::dns1123_subdomain(text).is_empty(),
        _ => true,
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

fn is_mac(text: &str) -> bool {
    [':', '-'].iter().any(|separator| {
        let parts: Vec<&str> = text.split(*separator).collect();
        matches!(parts.len(), 6 | 8 | 20)
            && parts.iter().all(|p| p.len() == 2 && p.chars().all(|c| c.is_ascii_hexdigit()))
    })
}

fn is_uuid(text: &str, version: Option<char>) -> bool {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let dashes = text.chars().filter(|c| *c == '-').count();
    digits.len() == 32
        && digits.chars().all(|c| c.is_ascii_hexdigit())
        && (dashes == 0 || (dashes == 4 && text.split('-').map(str::len).eq([8, 4, 4, 4, 12])))
        && version.is_none_or(|v| digits.chars().nth(12) == Some(v))
}

fn is_hostname(text: &str) -> bool {
    text.len() <= 255
        && text.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        })
}
