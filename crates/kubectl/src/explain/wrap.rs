//! Wrapping and indenting text. Models mitchellh's `go-wordwrap`.

/// Breaks lines at spaces so that none is longer than `limit`, where that can be had.
pub(super) fn wrap(limit: usize, text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut word, mut space) = (String::new(), String::new());
    let (mut word_len, mut space_len, mut current) = (0, 0, 0);
    for c in text.chars() {
        if c == '\n' {
            if word.is_empty() && current + space_len > limit {
                space.clear();
            }
            out.push_str(&space);
            out.push_str(&word);
            out.push('\n');
            space.clear();
            word.clear();
            (word_len, space_len, current) = (0, 0, 0);
        } else if c.is_whitespace() && c != '\u{a0}' {
            if space.is_empty() || !word.is_empty() {
                current += space_len + word_len;
                out.push_str(&space);
                out.push_str(&word);
                space.clear();
                word.clear();
                (word_len, space_len) = (0, 0);
            }
            space.push(c);
            space_len += 1;
        } else {
            word.push(c);
            word_len += 1;
            if current + word_len + space_len > limit && word_len < limit {
                out.push('\n');
                current = 0;
                space.clear();
                space_len = 0;
            }
        }
    }
    if !word.is_empty() || current + space_len <= limit {
        out.push_str(&space);
        out.push_str(&word);
    }
    out
}

/// Puts spaces before every line.
pub(super) fn indent(amount: usize, text: &str) -> String {
    let pad = " ".repeat(amount);
    format!("{pad}{}", text.replace('\n', &format!("\n{pad}")))
}
