//! How far each kind of word reaches: one function a pattern of the lexer, giving its length or 0.

fn run(text: &str, member: impl Fn(u8) -> bool) -> usize {
    text.bytes().take_while(|c| member(*c)).count()
}

fn byte(text: &str, at: usize) -> Option<u8> {
    text.as_bytes().get(at).copied()
}

fn tail(text: &str, at: usize) -> &str {
    text.get(at..).unwrap_or("")
}

/// Blanks and tabs.
pub(super) fn blanks(text: &str) -> usize {
    run(text, |c| c == b' ' || c == b'\t')
}

/// A line's end, with a carriage return before it.
pub(super) fn newline(text: &str) -> usize {
    if text.starts_with('\n') {
        1
    } else if text.starts_with("\r\n") {
        2
    } else {
        0
    }
}

/// A whole line that begins with `prefix`, its end included; none at the end of a file without a line end.
pub(super) fn include_line(text: &str, prefix: &str) -> Option<usize> {
    if !text.starts_with(prefix) {
        return None;
    }
    text.find('\n').map(|n| n + 1)
}

/// The length of `include if exists` with the given first word.
pub(super) fn if_exists(text: &str, word: &str) -> Option<usize> {
    let mut at = word.len();
    for next in ["if", "exists"] {
        let n = blanks(tail(text, at));
        if n == 0 || !tail(text, at + n).starts_with(next) || !text.starts_with(word) {
            return None;
        }
        at += n + next.len();
    }
    Some(at)
}

/// `word`, blanks, `=` (and blanks and `(` where `list`): the length of it all.
pub(super) fn before_equals(text: &str, word: &str, list: bool) -> Option<usize> {
    let after = text.strip_prefix(word)?;
    let n = blanks(after);
    if byte(after, n) != Some(b'=') {
        return None;
    }
    let at = word.len() + n + 1;
    if !list {
        return Some(at);
    }
    let n = blanks(tail(text, at));
    (byte(text, at + n) == Some(b'(')).then_some(at + n + 1)
}

/// `word`, blanks, `in`, `(`.
pub(super) fn before_in(text: &str, word: &str) -> Option<usize> {
    let at = word.len();
    let n = blanks(tail(text, at));
    let after = tail(text, at + n).strip_prefix("in").filter(|_| n > 0)?;
    let m = blanks(after);
    (byte(after, m) == Some(b'(')).then_some(at + n + 2 + m + 1)
}

/// A name: a letter, then letters, digits and underscores.
pub(super) fn name(text: &str) -> usize {
    if byte(text, 0).is_some_and(|c| c.is_ascii_alphabetic()) {
        run(text, |c| c.is_ascii_alphanumeric() || c == b'_')
    } else {
        0
    }
}

/// `@{NAME}`, `@NAME` (or with `$`).
pub(super) fn variable(text: &str, sigil: u8) -> usize {
    if byte(text, 0) != Some(sigil) {
        return 0;
    }
    if byte(text, 1) == Some(b'{') {
        let n = name(tail(text, 2));
        return if n > 0 && byte(text, 2 + n) == Some(b'}') { n + 3 } else { 0 };
    }
    match name(tail(text, 1)) {
        0 => 0,
        n => n + 1,
    }
}

fn id_char(c: u8) -> bool {
    !matches!(c, b' ' | b'\t' | b'\r' | b'\n' | b'"' | b'!' | b',')
}

/// One element of an identifier: a character, a comma before one, or an escaped separator.
fn id_one(text: &str) -> usize {
    match (byte(text, 0), byte(text, 1)) {
        (Some(b'\\'), Some(b' ' | b'\t' | b'"' | b'!' | b',')) => 2,
        (Some(b','), Some(c)) if id_char(c) => 2,
        (Some(c), _) if id_char(c) => 1,
        _ => 0,
    }
}

fn id_end(text: &str, from: usize) -> usize {
    // Characters of several bytes are never separators, so whole characters are taken.
    let mut at = from;
    while let Some(c) = tail(text, at).chars().next() {
        if c.is_ascii() {
            match id_one(tail(text, at)) {
                0 => break,
                n => {
                    // A comma takes the character after it along, whole.
                    let second = tail(text, at + 1).chars().next().map_or(0, char::len_utf8);
                    at += if n == 2 { 1 + second } else { 1 };
                }
            }
        } else {
            at += c.len_utf8();
        }
    }
    at
}

/// An identifier.
pub(super) fn ids(text: &str) -> usize {
    id_end(text, 0)
}

/// An identifier that may begin a path, a variable followed by something, a namespace or a stack.
pub(super) fn label(text: &str) -> usize {
    let start = match byte(text, 0) {
        Some(b'/' | b':' | b'&') => 1,
        Some(b'@') => {
            let n = variable(text, b'@');
            let braced = byte(text, 1) == Some(b'{');
            match after_variable(tail(text, n)) {
                _ if n == 0 => return 0,
                0 if !braced && n > 2 => n,
                0 => return 0,
                more => n + more,
            }
        }
        _ => return 0,
    };
    id_end(text, start)
}

/// What may follow a variable in a word.
fn after_variable(text: &str) -> usize {
    match (byte(text, 0), byte(text, 1)) {
        (Some(b'\\'), Some(b' ' | b'\t' | b'"' | b'!' | b',' | b'(' | b')')) => 2,
        (Some(b' ' | b'\t' | b'\n' | b'"' | b'!' | b',' | b'=' | b'+'), _) | (None, _) => 0,
        _ => text.chars().next().map_or(0, char::len_utf8),
    }
}

/// A quoted word, quotes included.
pub(super) fn quoted(text: &str) -> usize {
    if byte(text, 0) != Some(b'"') {
        return 0;
    }
    let mut at = 1;
    while let Some(c) = byte(text, at) {
        match c {
            b'\\' if byte(text, at + 1) == Some(b'"') => at += 2,
            b'"' => return at + 1,
            0 => return 0,
            _ => at += 1,
        }
    }
    0
}

/// A quoted word that is not empty.
pub(super) fn quoted_nonempty(text: &str) -> usize {
    match quoted(text) {
        2 => 0,
        n => n,
    }
}

/// A quoted word that begins like a label.
pub(super) fn quoted_label(text: &str) -> usize {
    if matches!(byte(text, 1), Some(b'/' | b'@' | b':' | b'&')) { quoted(text) } else { 0 }
}

fn escaped(text: &str, extra: &[u8]) -> bool {
    byte(text, 0) == Some(b'\\')
        && byte(text, 1).is_some_and(|c| matches!(c, b' ' | b'\t' | b'"' | b'!' | b',') || extra.contains(&c))
}

fn chars_until(text: &str, stop: impl Fn(char) -> bool, extra: &[u8]) -> usize {
    let mut at = 0;
    while let Some(c) = tail(text, at).chars().next() {
        if escaped(tail(text, at), extra) {
            at += 2;
        } else if stop(c) {
            break;
        } else {
            at += c.len_utf8();
        }
    }
    at
}

/// A value in a list.
pub(super) fn list_value(text: &str) -> usize {
    chars_until(text, |c| matches!(c, ' ' | '\t' | '\n' | '"' | '!' | ',' | '(' | ')'), b"()")
}

/// The name of a condition in a list of conditions.
pub(super) fn cond_name(text: &str) -> usize {
    let mut at = 0;
    while let Some(c) = tail(text, at).chars().next() {
        if matches!(c, ' ' | '\t' | '\n' | '"' | '!' | ',' | '=' | ')') {
            break;
        }
        at += c.len_utf8();
    }
    at
}

/// An identifier without `=`.
pub(super) fn ids_no_equals(text: &str) -> usize {
    let plain = |c: char| !matches!(c, ' ' | '\t' | '\n' | '"' | '!' | ',' | '=' | ')');
    let first = text.chars().next().is_some_and(|c| plain(c) && !matches!(c, '(' | '+' | '&'));
    if !first {
        return 0;
    }
    let mut at = 0;
    while let Some(c) = tail(text, at).chars().next() {
        if plain(c) {
            at += c.len_utf8();
        } else if c == ','
            && let Some(next) = tail(text, at + 1).chars().next().filter(|n| plain(*n))
        {
            at += 1 + next.len_utf8();
        } else {
            break;
        }
    }
    at
}

/// Permission letters, where a blank or a comma follows.
pub(super) fn modes(text: &str) -> usize {
    let mut at = 0;
    loop {
        let c = |i| byte(text, at + i).map(|c| c.to_ascii_lowercase());
        at += match (c(0), c(1), c(2)) {
            (Some(b'p' | b'c'), Some(b'i' | b'u'), Some(b'x')) => 3,
            (Some(b'p' | b'c' | b'i' | b'u'), Some(b'x'), _) => 2,
            (Some(b'r' | b'w' | b'l' | b'm' | b'x'), _, _) => 1,
            // No capital form of these two.
            (Some(b'a' | b'k'), _, _) if byte(text, at).is_some_and(|c| c.is_ascii_lowercase()) => 1,
            _ => break,
        };
    }
    let follows = byte(text, at).is_some_and(|c| c.is_ascii_whitespace() || c == 0x0b || c == b',');
    if at > 0 && follows { at } else { 0 }
}

/// Digits with an optional sign.
pub(super) fn integer(text: &str) -> usize {
    let sign = usize::from(matches!(byte(text, 0), Some(b'+' | b'-')));
    match run(tail(text, sign), |c| c.is_ascii_digit()) {
        0 => 0,
        n => sign + n,
    }
}

/// The name in an include or abi line.
pub(super) fn file_name(text: &str) -> usize {
    let angle = if byte(text, 0) == Some(b'<') {
        let inner = tail(text, 1);
        let n = match quoted(inner) {
            0 => run(inner, |c| !matches!(c, b'"' | b'>' | b'\t' | b'\r' | b'\n')),
            n => n,
        };
        if n > 0 && byte(inner, n) == Some(b'>') { n + 2 } else { 0 }
    } else {
        0
    };
    let plain = chars_until_comma(text);
    angle.max(quoted(text)).max(plain)
}

fn chars_until_comma(text: &str) -> usize {
    let plain = |c: char| !matches!(c, ' ' | '\t' | '\r' | '\n' | '"' | '!' | ',' | '<' | '>');
    let mut at = 0;
    while let Some(c) = tail(text, at).chars().next() {
        if escaped(tail(text, at), &[]) {
            at += 2;
        } else if plain(c) {
            at += c.len_utf8();
        } else if c == ','
            && let Some(next) = tail(text, at + 1).chars().next().filter(|n| plain(*n))
        {
            at += 1 + next.len_utf8();
        } else {
            break;
        }
    }
    at
}

/// Takes quotes off and resolves escapes, except those of characters that mean something in a pattern.
pub(super) fn process_id(text: &str) -> String {
    let inner = text.strip_prefix('"').map_or(text, |t| t.strip_suffix('"').unwrap_or(t));
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(c) = rest.chars().next() {
        rest = tail(rest, c.len_utf8());
        if c != '\\' {
            out.push(c);
            continue;
        }
        match escape(rest) {
            Some((n, c)) => {
                if "*?[]{}^,\\".contains(c) {
                    out.push('\\');
                }
                out.push(c);
                rest = tail(rest, n);
            }
            None => out.push('\\'),
        }
    }
    out
}

/// An escape sequence after its backslash: its length and character.
pub(super) fn escape(text: &str) -> Option<(usize, char)> {
    let number = |from: usize, most: usize, radix: u32| {
        let digits = tail(text, from).chars().take(most).take_while(|c| c.is_digit(radix)).count();
        let mut n = digits;
        while n > 0 {
            if let Ok(v) = u8::from_str_radix(text.get(from..from + n)?, radix) {
                return Some((from + n, char::from(v))).filter(|_| v != 0);
            }
            n -= 1;
        }
        None
    };
    match byte(text, 0)? {
        b'0'..=b'7' => number(0, 3, 8),
        b'\\' => Some((1, '\\')),
        b'"' => Some((1, '"')),
        b'd' => number(1, 3, 10),
        b'x' => number(1, 2, 16),
        b'a' => Some((1, '\u{7}')),
        b'e' => Some((1, '\u{1b}')),
        b'f' => Some((1, '\u{c}')),
        b'n' => Some((1, '\n')),
        b'r' => Some((1, '\r')),
        b't' => Some((1, '\t')),
        _ => None,
    }
}
