//! Patterns in which `*` stands for any text.

/// Whether a pattern with `*` for any text fits.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|tail| {
            if rest.is_empty() {
                return true;
            }
            tail.char_indices()
                .map(|(i, _)| i)
                .chain([tail.len()])
                .any(|i| tail.get(i..).is_some_and(|t| fits(rest, t)))
        }),
    }
}
