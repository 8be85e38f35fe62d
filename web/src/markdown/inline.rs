//! What stands inside a line: code, strong, emphasis, links.

/// Text as HTML shows it.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}

/// The HTML of one run of text.
pub(super) fn html(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    let mut before = None;
    while let Some(character) = rest.chars().next() {
        let Some((piece, after)) = marked(rest, before) else {
            let width = character.len_utf8();
            out.push_str(&escape(rest.get(..width).unwrap_or_default()));
            before = Some(character);
            rest = rest.get(width..).unwrap_or_default();
            continue;
        };
        out.push_str(&piece);
        before = None;
        rest = after;
    }
    out
}

/// What begins here, if a mark does: its HTML and the text after it.
fn marked(text: &str, before: Option<char>) -> Option<(String, &str)> {
    if let Some(escaped) = text.strip_prefix('\\') {
        let character = escaped.chars().next().filter(char::is_ascii_punctuation)?;
        return Some((escape(&character.to_string()), escaped.get(1..)?));
    }
    if text.starts_with('`') {
        let ticks = text.len() - text.trim_start_matches('`').len();
        let mark = text.get(..ticks)?;
        let (code, after) = text.get(ticks..)?.split_once(mark)?;
        // One space on both sides lets code begin or end with a tick.
        let code = code.strip_prefix(' ').and_then(|code| code.strip_suffix(' ')).unwrap_or(code);
        return Some((format!("<code>{}</code>", escape(code)), after));
    }
    if let Some(rest) = text.strip_prefix("**") {
        let (inner, after) = rest.split_once("**").filter(|(inner, _)| !inner.trim().is_empty())?;
        return Some((format!("<strong>{}</strong>", html(inner)), after));
    }
    for mark in ['*', '_'] {
        // snake_case is a word, not an emphasis.
        let inside_word = mark == '_' && before.is_some_and(char::is_alphanumeric);
        if let Some(rest) = text.strip_prefix(mark).filter(|rest| !inside_word && !rest.starts_with(' ')) {
            let (inner, after) = rest.split_once(mark)?;
            let closes = !inner.is_empty() && !inner.ends_with(' ');
            let word_goes_on = mark == '_' && after.chars().next().is_some_and(char::is_alphanumeric);
            if closes && !word_goes_on {
                return Some((format!("<em>{}</em>", html(inner)), after));
            }
        }
    }
    let rest = text.strip_prefix('[')?;
    let (words, rest) = rest.split_once("](")?;
    let (target, after) = rest.split_once(')')?;
    let known = ["https://", "http://", "#"].iter().any(|scheme| target.starts_with(scheme));
    if !known {
        return None;
    }
    let outside = if target.starts_with('#') { "" } else { " target=\"_blank\" rel=\"noopener noreferrer\"" };
    Some((format!("<a href=\"{}\"{outside}>{}</a>", escape(target), html(words)), after))
}
