//! Patterns: file names, `case`, `${x%pattern}`.

use super::expand::From;
use crate::sys::Sys;

/// Whether `text` matches the shell pattern `pattern` (`\` escapes).
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    let p: Vec<char> = pattern.chars().collect();
    let t: Vec<char> = text.chars().collect();
    matches_chars(&p, &t)
}

fn matches_chars(p: &[char], t: &[char]) -> bool {
    // The classic two-pointer walk with one point to go back to: linear in practice, quadratic at worst.
    let (mut pi, mut ti) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    loop {
        let step = match p.get(pi) {
            Some('*') => {
                back = Some((pi, ti));
                pi += 1;
                continue;
            }
            None if ti == t.len() => return true,
            _ if ti == t.len() => None,
            None => None,
            Some('?') => Some(1),
            Some('[') => t.get(ti).and_then(|c| bracket(p.get(pi..).unwrap_or_default(), *c)),
            Some('\\') => match p.get(pi + 1) {
                Some(c) if Some(c) == t.get(ti) => Some(2),
                _ => None,
            },
            Some(c) => (Some(c) == t.get(ti)).then_some(1),
        };
        match (step, back) {
            (Some(n), _) => {
                pi += n;
                ti += 1;
            }
            (None, Some((bp, bt))) if bt < t.len() => {
                back = Some((bp, bt + 1));
                pi = bp + 1;
                ti = bt + 1;
            }
            _ => return false,
        }
    }
}

/// How long the bracket expression at the start of `p` is, if `c` is in it; a `[` without end is itself.
fn bracket(p: &[char], c: char) -> Option<usize> {
    let negated = matches!(p.get(1), Some('!' | '^'));
    let mut i = if negated { 2 } else { 1 };
    let start = i;
    let mut hit = false;
    loop {
        let Some(x) = p.get(i) else { return (c == '[').then_some(1) };
        if *x == ']' && i > start {
            break;
        }
        if *x == '[' && p.get(i + 1) == Some(&':') {
            let rest: String = p.get(i + 2..).unwrap_or_default().iter().collect();
            if let Some((name, _)) = rest.split_once(":]") {
                hit |= match name {
                    "digit" => c.is_ascii_digit(),
                    "alpha" => c.is_ascii_alphabetic(),
                    "alnum" => c.is_ascii_alphanumeric(),
                    "space" => c.is_ascii_whitespace(),
                    "upper" => c.is_ascii_uppercase(),
                    "lower" => c.is_ascii_lowercase(),
                    "punct" => c.is_ascii_punctuation(),
                    _ => false,
                };
                i += name.chars().count() + 4;
                continue;
            }
        }
        if p.get(i + 1) == Some(&'-')
            && let Some(y) = p.get(i + 2)
            && *y != ']'
        {
            hit |= *x <= c && c <= *y;
            i += 3;
            continue;
        }
        hit |= *x == c;
        i += 1;
    }
    (hit != negated).then_some(i + 1)
}

/// `${x#p}` and its kin.
#[must_use]
pub fn trim(text: &str, pattern: &str, prefix: bool, longest: bool) -> String {
    let t: Vec<char> = text.chars().collect();
    let p: Vec<char> = pattern.chars().collect();
    let cuts: Vec<usize> =
        if prefix == longest { (0..=t.len()).rev().collect() } else { (0..=t.len()).collect() };
    for cut in cuts {
        let (a, b) = t.split_at(cut);
        if matches_chars(&p, if prefix { a } else { b }) {
            return if prefix { b } else { a }.iter().collect();
        }
    }
    text.to_owned()
}

/// `${x/p/w}`.
#[must_use]
pub fn replace(text: &str, pattern: &str, with: &str, how: char) -> String {
    let t: Vec<char> = text.chars().collect();
    let p: Vec<char> = pattern.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    let mut done = false;
    while at <= t.len() {
        let may = !done && (how != '#' || at == 0);
        let end = if may {
            (at..=t.len()).rev().find(|end| {
                (how != '%' || *end == t.len())
                    && t.get(at..*end).is_some_and(|s| !s.is_empty() && matches_chars(&p, s))
            })
        } else {
            None
        };
        match end {
            Some(end) => {
                out.push_str(with);
                at = end;
                done = how != 'a';
            }
            None => {
                out.extend(t.get(at));
                at += 1;
            }
        }
    }
    out
}

/// The paths a field with magic characters stands for, sorted; none where nothing matches.
pub(super) fn expand(sys: &mut Sys<'_>, field: &[(char, From)]) -> Vec<String> {
    let mut parts: Vec<(String, bool)> = vec![(String::new(), false)];
    for (c, from) in field {
        if *c == '/' {
            parts.push((String::new(), false));
            continue;
        }
        let Some(last) = parts.last_mut() else { continue };
        if *from == From::Quoted && "*?[]\\".contains(*c) {
            last.0.push('\\');
        } else if *from != From::Quoted && "*?[".contains(*c) {
            last.1 = true;
        }
        last.0.push(*c);
    }
    let absolute = field.first().is_some_and(|(c, _)| *c == '/');
    let mut found = vec![if absolute { "/".to_owned() } else { String::new() }];
    let count = parts.len();
    for (i, (pattern, magic)) in parts.into_iter().enumerate() {
        if pattern.is_empty() && i + 1 < count {
            continue;
        }
        let mut next = Vec::new();
        for base in found {
            let join = |name: &str| {
                if base.is_empty() || base.ends_with('/') {
                    format!("{base}{name}")
                } else {
                    format!("{base}/{name}")
                }
            };
            if !magic {
                let path = join(&pattern.replace('\\', ""));
                if sys.lstat(&path).is_ok() {
                    next.push(path);
                }
                continue;
            }
            let dir = if base.is_empty() { "." } else { &base };
            let mut names = sys.list(dir).unwrap_or_default();
            gatehouse_model::order::sort(&mut names);
            for name in names {
                if (!name.starts_with('.') || pattern.starts_with('.')) && matches(&pattern, &name) {
                    next.push(join(&name));
                }
            }
        }
        found = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_case() {
        assert!(matches("*.yaml", "a.yaml") && !matches("*.yaml", "a.yml"));
        assert!(matches("[a-c]?", "bz") && !matches("[!a-c]?", "bz"));
        assert!(matches("\\*", "*") && !matches("\\*", "x"));
        assert!(matches("a*b*c", "aXbYc"));
        assert_eq!(trim("a/b/c", "*/", true, true), "c");
        assert_eq!(trim("a/b/c", "/*", false, false), "a/b");
        assert_eq!(replace("a-b-c", "-", "+", 'a'), "a+b+c");
    }
}
