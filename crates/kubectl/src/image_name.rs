//! Whether a text is a reference to an image. Models distribution `reference/regexp.go` (`ReferenceRegexp`).

fn lower_digit(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_path_part(part: &str) -> bool {
    if !part.starts_with(lower_digit) || !part.ends_with(lower_digit) {
        return false;
    }
    let mut rest = part;
    while let Some(start) = rest.find(|c| !lower_digit(c)) {
        let tail = rest.get(start..).unwrap_or("");
        let end = tail.find(lower_digit).unwrap_or(tail.len());
        let separator = tail.get(..end).unwrap_or("");
        if !matches!(separator, "." | "_" | "__") && !separator.chars().all(|c| c == '-') {
            return false;
        }
        rest = tail.get(end..).unwrap_or("");
    }
    true
}

/// A host name, maybe with a port.
fn is_domain(text: &str) -> bool {
    let (host, port) = text.split_once(':').map_or((text, None), |(h, p)| (h, Some(p)));
    let part = |p: &str| {
        p.starts_with(|c: char| c.is_ascii_alphanumeric())
            && p.ends_with(|c: char| c.is_ascii_alphanumeric())
            && p.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    host.split('.').all(part) && port.is_none_or(|p| !p.is_empty() && p.chars().all(|c| c.is_ascii_digit()))
}

fn is_tag(tag: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    tag.len() <= 128 && tag.starts_with(word) && tag.chars().all(|c| word(c) || c == '.' || c == '-')
}

fn is_digest(digest: &str) -> bool {
    digest.split_once(':').is_some_and(|(algorithm, hex)| {
        algorithm.starts_with(|c: char| c.is_ascii_alphabetic())
            && hex.len() >= 32
            && hex.chars().all(|c| c.is_ascii_hexdigit())
    })
}

/// Whether the text is a reference: `[domain/]path[:tag][@digest]`.
#[must_use]
pub fn is_reference(text: &str) -> bool {
    let (name, digest) = text.split_once('@').map_or((text, None), |(n, d)| (n, Some(d)));
    if !digest.is_none_or(is_digest) {
        return false;
    }
    let slash = name.rfind('/').map_or(0, |i| i + 1);
    let colon = name.get(slash..).and_then(|last| last.find(':')).map(|i| slash + i);
    let (name, tag) = match colon {
        Some(i) => (name.get(..i).unwrap_or(""), name.get(i + 1..)),
        None => (name, None),
    };
    if !tag.is_none_or(is_tag) {
        return false;
    }
    let parts: Vec<&str> = name.split('/').collect();
    match parts.as_slice() {
        [domain, path @ ..] if !path.is_empty() && is_domain(domain) => path.iter().all(|p| is_path_part(p)),
        all => all.iter().all(|p| is_path_part(p)),
    }
}

#[cfg(test)]
mod tests {
    use super::is_reference;

    #[test]
    fn references_are_told_from_other_words() {
        for good in [
            "nginx",
            "nginx:1.27",
            "ghcr.io/acme/api:2.1",
            "localhost:5000/x_y/z",
            "a/b@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        ] {
            assert!(is_reference(good), "{good}");
        }
        for bad in ["Nginx", "a b", "nginx:", "nginx::1", "", "a//b", "a@sha256:1"] {
            assert!(!is_reference(bad), "{bad}");
        }
    }
}
