//! What names may look like. Each rule returns its findings in apimachinery's words; none means valid.
//!
//! Models apimachinery `pkg/util/validation/validation.go` and `pkg/api/validate/content`.

mod address;
#[cfg(test)]
mod tests;

pub use address::{cidr, contains, ip, network, parse_cidr, parse_ip};

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
const SUBDOMAIN_UNDERSCORE: Pattern = Pattern {
    words: "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
    regex: "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*",
    examples: &["example.com"],
    matches: |s| {
        let middle = |b: u8| lower_alnum_dash(b) || b == b'_';
        s.split('.')
            .all(|part| within(part.strip_prefix('_').unwrap_or(part), lower_alnum, middle, lower_alnum))
    },
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

/// `IsDNS1123SubdomainWithUnderscore`: where a resolver searches.
#[must_use]
pub fn dns1123_subdomain_with_underscore(value: &str) -> Vec<String> {
    limited(value, DNS_SUBDOMAIN_MAX, &SUBDOMAIN_UNDERSCORE)
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
