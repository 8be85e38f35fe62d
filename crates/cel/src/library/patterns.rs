//! Regular expressions, and what Go says of those that are none. Models Go's `regexp/syntax` as far as its usual
//! complaints go.

use regex_lite::Regex;

/// Compiles a pattern.
///
/// # Errors
/// Go's words.
pub(crate) fn regex(pattern: &str) -> Result<Regex, String> {
    let why = |what: &str| format!("error parsing regexp: {what}");
    if let Some(what) = complaint(pattern) {
        return Err(why(&what));
    }
    Regex::new(pattern).map_err(|e| why(&e.to_string()))
}

fn complaint(pattern: &str) -> Option<String> {
    let chars: Vec<char> = pattern.chars().collect();
    let text = |from: usize, to: usize| {
        chars.get(from..to.min(chars.len())).unwrap_or(&[]).iter().collect::<String>()
    };
    let (mut at, mut open, mut repeatable, mut repeated) = (0, 0, false, None::<usize>);
    while let Some(c) = chars.get(at).copied() {
        let start = at;
        at += 1;
        match c {
            '\\' => {
                let Some(next) = chars.get(at) else {
                    return Some("trailing backslash at end of expression: ``".to_owned());
                };
                let known = !next.is_ascii_alphanumeric() || "AabBCdDfnrsStvwWxzpPQE01234567".contains(*next);
                if !known {
                    return Some(format!("invalid escape sequence: `{}`", text(start, at + 1)));
                }
                at += 1;
                (repeatable, repeated) = (true, None);
            }
            '(' => {
                open += 1;
                if chars.get(at) == Some(&'?') {
                    let rest = text(at + 1, at + 4);
                    let flags = |c: char| "imsU-:".contains(c);
                    if !(rest.starts_with(flags)
                        || rest.starts_with("P<")
                        || rest.starts_with('<') && !rest.starts_with("<=") && !rest.starts_with("<!"))
                    {
                        let end = at + 1 + usize::from(rest.starts_with('<'));
                        return Some(format!(
                            "invalid or unsupported Perl syntax: `{}`",
                            text(start, end + 1)
                        ));
                    }
                    while chars.get(at).is_some_and(|c| !matches!(c, ':' | '>' | ')')) {
                        at += 1;
                    }
                    if chars.get(at) == Some(&')') {
                        open -= 1;
                    }
                    at += 1;
                }
                (repeatable, repeated) = (false, None);
            }
            ')' => {
                if open == 0 {
                    return Some(format!("unexpected ): `{pattern}`"));
                }
                open -= 1;
                (repeatable, repeated) = (true, None);
            }
            '[' => {
                match class(&chars, at) {
                    Ok(end) => at = end,
                    Err(why) => return Some(why),
                }
                (repeatable, repeated) = (true, None);
            }
            '|' => (repeatable, repeated) = (false, None),
            '*' | '+' | '?' | '{' => {
                let end = match c {
                    '{' => match count(&chars, at) {
                        None => {
                            (repeatable, repeated) = (true, None);
                            continue;
                        }
                        Some(Err(end)) => {
                            return Some(format!("invalid repeat count: `{}`", text(start, end)));
                        }
                        Some(Ok(end)) => end,
                    },
                    _ => at,
                };
                if let Some(before) = repeated {
                    return Some(format!("invalid nested repetition operator: `{}`", text(before, end)));
                }
                if !repeatable {
                    return Some(format!("missing argument to repetition operator: `{}`", text(start, end)));
                }
                at = end + usize::from(chars.get(end) == Some(&'?'));
                repeated = Some(start);
            }
            _ => (repeatable, repeated) = (true, None),
        }
    }
    (open > 0).then(|| format!("missing closing ): `{pattern}`"))
}

/// Where `{2,5}` ends; `Err` where the numbers make no sense, `None` where it is no count at all.
fn count(chars: &[char], at: usize) -> Option<Result<usize, usize>> {
    let close = chars.iter().skip(at).position(|c| *c == '}')? + at;
    let inner: String = chars.get(at..close)?.iter().collect();
    let (low, high) = inner.split_once(',').unwrap_or((&inner, &inner));
    let plain = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if !plain(low) || !(high.is_empty() || plain(high)) {
        return None;
    }
    let (low, high) = (low.parse::<u32>().unwrap_or(u32::MAX), high.parse::<u32>().unwrap_or(u32::MAX));
    let unbounded = inner.ends_with(',');
    let good = low <= 1000 && (unbounded || (high <= 1000 && low <= high));
    Some(if good { Ok(close + 1) } else { Err(close + 1) })
}

/// Where a class ends that was opened before `at`.
fn class(chars: &[char], at: usize) -> Result<usize, String> {
    let whole = || chars.get(at - 1..).unwrap_or(&[]).iter().collect::<String>();
    let mut i = at + usize::from(chars.get(at) == Some(&'^'));
    let first = i;
    let mut low: Option<char> = None;
    loop {
        let Some(c) = chars.get(i).copied() else { return Err(format!("missing closing ]: `{}`", whole())) };
        if c == ']' && i > first {
            return Ok(i + 1);
        }
        if c == '[' && chars.get(i + 1) == Some(&':') {
            let rest: String = chars.get(i..).unwrap_or(&[]).iter().collect();
            if let Some((name, _)) = rest.split_once(":]") {
                let known = [
                    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
                    "space", "upper", "word", "xdigit",
                ];
                let inner = name.trim_start_matches("[:").trim_start_matches('^');
                if !known.contains(&inner) {
                    return Err(format!("invalid character class range: `{name}:]`"));
                }
                i += name.chars().count() + 2;
                low = None;
                continue;
            }
        }
        let length = if c == '\\' { 2 } else { 1 };
        if let Some(start) = low.take_if(|_| c == '-' && !matches!(chars.get(i + 1), None | Some(']'))) {
            if let Some(end) = chars.get(i + 1).filter(|e| **e != '\\' && **e < start) {
                return Err(format!("invalid character class range: `{start}-{end}`"));
            }
            i += if chars.get(i + 1) == Some(&'\\') { 3 } else { 2 };
            continue;
        }
        low = (c != '\\').then_some(c);
        i += length;
    }
}
