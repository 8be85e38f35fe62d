//! The substitutions of the reference normaliser, in its order: what differs from run to run becomes a placeholder.

use std::sync::LazyLock;

use fancy_regex::Regex;

static RULES: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    [
        (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<uid>"),
        (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "<time>"),
        (
            r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000",
            "<time>",
        ),
        (r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? \+0000 UTC( m=\+[\d.]+)?", "<time>"),
        (r"(?m)^( *Resource Version: +)\d+$", "${1}<rv>"),
        (r#"(resourceVersion: )"\d+""#, r#"${1}"<rv>""#),
        (r#"("resourceVersion": )"\d+""#, r#"${1}"<rv>""#),
        (r"\b10\.244\.\d+\.\d+\b", "<podip>"),
        (r"\b10\.(9[6-9]|10\d|11[01])\.\d+\.\d+\b", "<svcip>"),
        (r"kube-api-access-[a-z0-9]{5}", "kube-api-access-<rand>"),
        (
            r"\b([a-z0-9.-]*[a-z0-9])-[bcdf0-9]?[bcdfghjklmnpqrstvwxz2456789]{7,10}-[bcdfghjklmnpqrstvwxz2456789]{5}\b",
            "${1}-<hash>-<rand>",
        ),
        (r#"(pod-template-hash[=:] ?)"?[bcdfghjklmnpqrstvwxz2456789]{6,10}"?"#, "${1}<hash>"),
        (
            r"\b(replicaset(?:\.apps)?/[a-z0-9.-]*[a-z0-9])-[bcdfghjklmnpqrstvwxz2456789]{6,10}\b",
            "${1}-<hash>",
        ),
        (r#"("[a-z0-9.-]*[a-z0-9])-[bcdfghjklmnpqrstvwxz2456789]{8,10}(-?")"#, "${1}-<hash>${2}"),
        (r"(?<=[ \t])(\d+(ms|[smhd]))+(?=\s|$)", "<age>"),
        (r"(?m)(?<=[ \t])<invalid>(?=\s|$)", "<age>"),
    ]
    .into_iter()
    .filter_map(|(pattern, with)| Regex::new(pattern).ok().map(|r| (r, with)))
    .collect()
});

static WIDE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?<=\S) {2,}").ok());

/// The text with what differs from run to run replaced.
#[must_use]
pub fn normalize(text: &str) -> String {
    let mut t = text.to_owned();
    for (rule, with) in RULES.iter() {
        t = rule.replace_all(&t, *with).into_owned();
    }
    let mut lines: Vec<String> = t.split('\n').map(|l| l.trim_end().to_owned()).collect();
    let widths_vary = ["age", "podip", "svcip", "hash", "rand", "uid", "time", "rv"]
        .iter()
        .any(|p| t.contains(&format!("<{p}>")));
    if widths_vary && let Some(wide) = WIDE.as_ref() {
        for line in &mut lines {
            *line = wide.replace_all(line, "  ").into_owned();
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::normalize;

    #[test]
    fn replaces_what_varies() {
        let text = "NAME   READY   AGE\nweb-5d4f8c7b9-x2x4z   1/1     3m5s\n";
        assert_eq!(normalize(text), "NAME  READY  AGE\nweb-<hash>-<rand>  1/1  <age>\n");
        assert_eq!(normalize("a   b  \n"), "a   b\n");
        assert_eq!(normalize("  Resource Version:  12\n"), "  Resource Version:  <rv>\n");
    }
}
