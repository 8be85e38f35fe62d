//! `echo` and `printf`: escapes and formats, for the programs and the shell's builtins.

/// Which escapes count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escapes {
    /// `echo -e`: `\0nnn`, and `\c` ends.
    Echo,
    /// `printf`'s format: `\nnn`.
    Format,
    /// `$'…'`.
    Ansi,
    /// dash's `echo`: octal numbers alone.
    Plain,
}

/// Replaces backslash escapes; also whether `\c` ended the output.
#[must_use]
pub fn escapes(text: &str, which: Escapes) -> (String, bool) {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let Some(e) = chars.next() else {
            out.push('\\');
            break;
        };
        let mut digits = |first: Option<char>, max: usize, radix: u32| {
            let mut v = first.and_then(|f| f.to_digit(radix)).unwrap_or(0);
            for _ in 0..max {
                let Some(d) = chars.peek().and_then(|d| d.to_digit(radix)) else { break };
                v = v * radix + d;
                chars.next();
            }
            v
        };
        let byte = |v: u32| crate::text::of_byte((v & 0xff) as u8);
        match e {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            'a' => out.push('\x07'),
            'b' => out.push('\x08'),
            'f' => out.push('\x0c'),
            'v' => out.push('\x0b'),
            'e' | 'E' if which != Escapes::Plain => out.push('\x1b'),
            '\\' => out.push('\\'),
            '\'' | '"' if !matches!(which, Escapes::Echo | Escapes::Plain) => out.push(e),
            'x' if which != Escapes::Plain => out.push(byte(digits(None, 2, 16))),
            'u' if which != Escapes::Plain => {
                out.push(char::from_u32(digits(None, 4, 16)).unwrap_or('\u{fffd}'))
            }
            'U' if which != Escapes::Plain => {
                out.push(char::from_u32(digits(None, 8, 16)).unwrap_or('\u{fffd}'))
            }
            '0' if matches!(which, Escapes::Echo | Escapes::Plain) => out.push(byte(digits(None, 3, 8))),
            '0'..='7' if !matches!(which, Escapes::Echo | Escapes::Plain) => {
                out.push(byte(digits(Some(e), 2, 8)))
            }
            'c' if matches!(which, Escapes::Echo | Escapes::Plain) => return (out, true),
            other => {
                out.push('\\');
                out.push(other);
            }
        }
    }
    (out, false)
}

/// What `echo` prints for its arguments. dash replaces escapes always.
#[must_use]
pub fn echo(args: &[String], always: bool) -> String {
    let mut args = args;
    let (mut newline, mut escape) = (true, always);
    while let Some((first, rest)) = args.split_first() {
        let flags = first.strip_prefix('-').unwrap_or("");
        let known = if always { "n" } else { "neE" };
        if flags.is_empty() || !flags.chars().all(|c| known.contains(c)) || always && flags != "n" {
            break;
        }
        for c in flags.chars() {
            match c {
                'n' => newline = false,
                'e' => escape = true,
                _ => escape = false,
            }
        }
        args = rest;
    }
    let mut text = args.join(" ");
    if escape {
        let (t, ended) = escapes(&text, if always { Escapes::Plain } else { Escapes::Echo });
        text = t;
        newline &= !ended;
    }
    if newline {
        text.push('\n');
    }
    text
}

/// What `printf` prints, and its complaints.
#[must_use]
pub fn printf(format: &str, args: &[String]) -> (String, Vec<String>) {
    let mut out = String::new();
    let mut errors = Vec::new();
    let mut args = args.iter();
    loop {
        let before = args.len();
        let ended = once(format, &mut args, &mut out, &mut errors);
        if ended || args.len() == 0 || args.len() == before {
            return (out, errors);
        }
    }
}

fn once(
    format: &str,
    args: &mut std::slice::Iter<'_, String>,
    out: &mut String,
    errors: &mut Vec<String>,
) -> bool {
    let mut literal = String::new();
    let mut chars = format.chars().peekable();
    let push = |literal: &mut String, out: &mut String| {
        out.push_str(&escapes(literal, Escapes::Format).0);
        literal.clear();
    };
    while let Some(c) = chars.next() {
        if c == '\\' {
            literal.push(c);
            literal.extend(chars.next());
            continue;
        }
        if c != '%' {
            literal.push(c);
            continue;
        }
        push(&mut literal, out);
        if chars.peek() == Some(&'%') {
            chars.next();
            out.push('%');
            continue;
        }
        let mut flags = String::new();
        while let Some(f) = chars.peek().copied().filter(|f| "-+ 0#".contains(*f)) {
            flags.push(f);
            chars.next();
        }
        let number = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
                      args: &mut std::slice::Iter<'_, String>| {
            if chars.peek() == Some(&'*') {
                chars.next();
                return args.next().and_then(|a| a.parse::<i64>().ok());
            }
            let mut text = String::new();
            while let Some(d) = chars.peek().copied().filter(char::is_ascii_digit) {
                text.push(d);
                chars.next();
            }
            text.parse().ok()
        };
        let width = number(&mut chars, args);
        let precision = if chars.peek() == Some(&'.') {
            chars.next();
            Some(number(&mut chars, args).unwrap_or(0))
        } else {
            None
        };
        let conversion = chars.next().unwrap_or('%');
        let arg = args.next().map(String::as_str);
        let mut integer = |a: Option<&str>| {
            let a = a.unwrap_or("");
            if let Some(q) = a.strip_prefix(['\'', '"']) {
                return q.chars().next().map_or(0, |c| i64::from(u32::from(c)));
            }
            let t = a.trim();
            let v = match t.strip_prefix("0x") {
                Some(h) => i64::from_str_radix(h, 16),
                None if t.len() > 1 && t.starts_with('0') => i64::from_str_radix(t, 8),
                None => t.parse(),
            };
            v.unwrap_or_else(|_| {
                if !a.is_empty() {
                    errors.push(format!("{a}: invalid number"));
                }
                0
            })
        };
        let limit = precision.and_then(|p| usize::try_from(p).ok());
        let body = match conversion {
            's' => {
                let text = arg.unwrap_or("");
                limit.map_or_else(|| text.to_owned(), |l| text.chars().take(l).collect())
            }
            'b' => {
                let (text, ended) = escapes(arg.unwrap_or(""), Escapes::Echo);
                if ended {
                    out.push_str(&text);
                    return true;
                }
                text
            }
            'q' => {
                let text = arg.unwrap_or("");
                let plain = |c: char| c.is_ascii_alphanumeric() || "_./-@%+=:,".contains(c);
                if !text.is_empty() && text.chars().all(plain) {
                    text.to_owned()
                } else if text.is_empty() {
                    "''".to_owned()
                } else {
                    text.chars().map(|c| if plain(c) { c.to_string() } else { format!("\\{c}") }).collect()
                }
            }
            'c' => arg.unwrap_or("").chars().take(1).collect(),
            'd' | 'i' => {
                let v = integer(arg);
                let digits = v.unsigned_abs().to_string();
                let digits = limit.map_or_else(|| digits.clone(), |l| format!("{:0>l$}", digits));
                let sign = if v < 0 {
                    "-"
                } else if flags.contains('+') {
                    "+"
                } else if flags.contains(' ') {
                    " "
                } else {
                    ""
                };
                format!("{sign}{digits}")
            }
            'u' => integer(arg).to_string(),
            'x' => format!("{}{:x}", if flags.contains('#') { "0x" } else { "" }, integer(arg)),
            'X' => format!("{:X}", integer(arg)),
            'o' => format!("{}{:o}", if flags.contains('#') { "0" } else { "" }, integer(arg)),
            'f' | 'F' | 'e' | 'g' => {
                let v: f64 = arg.and_then(|a| a.trim().parse().ok()).unwrap_or(0.0);
                let p = limit.unwrap_or(6);
                if conversion == 'g' { v.to_string() } else { format!("{v:.p$}") }
            }
            other => {
                errors.push(format!("`{other}': invalid format character"));
                return true;
            }
        };
        let pad = usize::try_from(width.unwrap_or(0).unsigned_abs())
            .unwrap_or(0)
            .min(10_000)
            .saturating_sub(body.chars().count());
        if flags.contains('-') || width.is_some_and(|w| w < 0) {
            out.push_str(&body);
            out.push_str(&" ".repeat(pad));
        } else if flags.contains('0') && !matches!(conversion, 's' | 'b' | 'c') {
            let (sign, digits) = body.strip_prefix('-').map_or(("", body.as_str()), |d| ("-", d));
            out.push_str(&format!("{sign}{}{digits}", "0".repeat(pad)));
        } else {
            out.push_str(&" ".repeat(pad));
            out.push_str(&body);
        }
    }
    push(&mut literal, out);
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p(format: &str, args: &[&str]) -> String {
        printf(format, &args.iter().map(|a| (*a).to_owned()).collect::<Vec<_>>()).0
    }

    #[test]
    fn formats() {
        assert_eq!(p("%s-%03d|%-4s|\\n", &["a", "7", "x"]), "a-007|x   |\n");
        assert_eq!(p("%s\\n", &["a", "b"]), "a\nb\n");
        assert_eq!(p("  hostNetwork: true\\n", &[]), "  hostNetwork: true\n");
        assert_eq!(p("%.2f %x", &["3.14159", "255"]), "3.14 ff");
        assert_eq!(echo(&["-n".into(), "-e".into(), "a\\tb".into()], false), "a\tb");
        assert_eq!(echo(&["a\\nb".into()], true), "a\nb\n");
    }
}
