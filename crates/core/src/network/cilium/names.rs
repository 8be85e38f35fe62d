//! Names of DNS, matched against `matchName` and `matchPattern`.
//!
//! Models Cilium's `pkg/fqdn/matchpattern`.

use gatehouse_model::Value;

/// Whether a selector of names matches a name.
pub(super) fn matches(selector: &Value, name: &str) -> bool {
    let name = fully(name);
    match selector.str_at(&["matchName"]) {
        "" => pattern(selector.str_at(&["matchPattern"]).trim(), &name),
        exact => fully(exact) == name,
    }
}

/// In small letters and with the final dot.
fn fully(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    if name.ends_with('.') { name } else { format!("{name}.") }
}

const fn legal(c: u8) -> bool {
    c.is_ascii_alphanumeric() || c == b'-' || c == b'_'
}

fn pattern(pattern: &str, name: &str) -> bool {
    if pattern.is_empty() {
        return false;
    }
    if pattern == "*" {
        let labels = name.strip_suffix('.').unwrap_or(name);
        return name == "." || labels.split('.').all(|l| !l.is_empty() && l.bytes().all(legal));
    }
    star(fully(pattern).as_bytes(), name.as_bytes())
}

/// `*` stands for any number of characters of one label.
fn star(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            let run = name.iter().take_while(|c| legal(**c)).count();
            (0..=run).any(|n| name.get(n..).is_some_and(|left| star(rest, left)))
        }
        (Some((p, rest)), Some((c, left))) => p == c && star(rest, left),
        _ => false,
    }
}
