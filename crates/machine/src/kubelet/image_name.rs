//! Whether an image's name can be one at all.
//!
//! Models kubelet `images/image_manager.go` (applyDefaultImageTag) and distribution's `reference` grammar. Knows no
//! registry: whether there is such an image is nobody's question here.

/// A component of a path: runs of small letters and digits between single dots, one or two underscores or any dashes.
fn component(text: &str) -> bool {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let separator = |run: &str| matches!(run, "." | "_" | "__") || run.chars().all(|c| c == '-');
    let mut rest = text;
    loop {
        let words = rest.trim_start_matches(word);
        if words.len() == rest.len() {
            return false;
        }
        if words.is_empty() {
            return true;
        }
        let end = words.find(word).unwrap_or(words.len());
        let (run, after) = words.split_at(end);
        if !separator(run) {
            return false;
        }
        rest = after;
    }
}

/// What is wrong with the name, in the kubelet's words.
pub(super) fn fault(image: &str, minor: u8) -> Option<String> {
    let (named, digest) = image.split_once('@').map_or((image, None), |(n, d)| (n, Some(d)));
    let first = named.split_once('/');
    let registry = first.filter(|(d, _)| {
        d.contains(['.', ':']) || *d == "localhost" || d.chars().any(|c| c.is_ascii_uppercase())
    });
    let (path, official) = match (registry, first) {
        (Some((_, path)), _) => (path, false),
        (None, Some(_)) => (named, false),
        (None, None) => (named, true),
    };
    let (path, tag) = path.split_once(':').map_or((path, None), |(p, t)| (p, Some(t)));
    let tag_fits = tag.is_none_or(|t| {
        let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
        (1..=128).contains(&t.len())
            && t.starts_with(letter)
            && t.chars().all(|c| letter(c) || matches!(c, '.' | '-'))
    });
    let host_fits = registry.is_none_or(|(d, _)| {
        let (host, port) = d.split_once(':').map_or((d, None), |(h, p)| (h, Some(p)));
        !host.is_empty()
            && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
            && port.is_none_or(|p| !p.is_empty() && p.chars().all(|c| c.is_ascii_digit()))
    });
    let digest_fits = digest.is_none_or(|d| {
        d.split_once(':').is_some_and(|(a, hex)| {
            !a.is_empty() && hex.len() >= 32 && hex.chars().all(|c| c.is_ascii_hexdigit())
        })
    });
    let why = if path.chars().any(|c| c.is_ascii_uppercase()) {
        match minor {
            0..28 => "invalid reference format: repository name must be lowercase".to_owned(),
            _ => {
                let library = if official { "library/" } else { "" };
                format!("invalid reference format: repository name ({library}{path}) must be lowercase")
            }
        }
    } else if path.split('/').all(component) && tag_fits && host_fits && digest_fits {
        return None;
    } else {
        "invalid reference format".to_owned()
    };
    let what = if minor < 28 { "reference" } else { "name" };
    Some(format!(
        "Failed to apply default image tag \"{image}\": couldn't parse image {what} \"{image}\": {why}"
    ))
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn names() {
        for good in [
            "nginx",
            "nginx:1.29",
            "busybox:latest",
            "registry.k8s.io/e2e-test-images/agnhost:2.53",
            "localhost:5000/a_b/c__d/e-f.g:V1",
            "gcr.io/x/y@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        ] {
            assert_eq!(fault(good, 36), None, "{good}");
        }
        for bad in
            ["nginx:", "nginx::1", "https://nginx", "a//b", "images:ubuntu/24.04", "nginx:a b", "-a", "/x"]
        {
            assert!(fault(bad, 36).is_some_and(|w| w.ends_with(": invalid reference format")), "{bad}");
        }
        let upper = fault("Nginx:1", 36).unwrap();
        assert!(
            upper.ends_with("invalid reference format: repository name (library/Nginx) must be lowercase")
        );
    }
}
