//! `print`, `println` and `printf`. Models Go's `fmt/print.go` for the types that JSON decodes to.

use gatehouse_model::Value;
use gatehouse_model::json::go_quote;

use super::super::gofmt;
use super::exec::Val;

fn shown(arg: &Val) -> String {
    arg.value.as_ref().map_or_else(|| "<no value>".to_owned(), gofmt::sprint)
}

/// `fmt.Sprint`: a space between two that are both no strings.
pub(super) fn sprint_all(args: &[Val]) -> String {
    let mut out = String::new();
    let mut previous_is_string = true;
    for (i, arg) in args.iter().enumerate() {
        let is_string = matches!(arg.value, Some(Value::Str(_)));
        if i > 0 && !is_string && !previous_is_string {
            out.push(' ');
        }
        out.push_str(&shown(arg));
        previous_is_string = is_string;
    }
    out
}

/// `fmt.Sprintln`.
pub(super) fn sprintln(args: &[Val]) -> String {
    let parts: Vec<String> = args.iter().map(shown).collect();
    format!("{}\n", parts.join(" "))
}

#[derive(Default)]
struct Spec {
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// `fmt.Sprintf`.
pub(super) fn sprintf(format: &str, args: &[Val]) -> String {
    let mut out = String::new();
    let mut chars = format.chars().peekable();
    let mut used = 0;
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut spec = Spec::default();
        while let Some(flag) = chars.peek() {
            match flag {
                '-' => spec.minus = true,
                '+' => spec.plus = true,
                '#' => spec.sharp = true,
                ' ' => spec.space = true,
                '0' => spec.zero = true,
                _ => break,
            }
            chars.next();
        }
        let mut number = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>| {
            if chars.peek() == Some(&'*') {
                chars.next();
                let n = args.get(used).and_then(|a| a.value.as_ref()).and_then(Value::as_i64);
                used += 1;
                return n.and_then(|n| usize::try_from(n).ok());
            }
            let mut digits = String::new();
            while let Some(d) = chars.peek().filter(|d| d.is_ascii_digit()) {
                digits.push(*d);
                chars.next();
            }
            digits.parse().ok()
        };
        spec.width = number(&mut chars);
        if chars.peek() == Some(&'.') {
            chars.next();
            spec.precision = Some(number(&mut chars).unwrap_or(0));
        }
        let Some(verb) = chars.next() else {
            out.push_str("%!(NOVERB)");
            break;
        };
        if verb == '%' {
            out.push('%');
            continue;
        }
        match args.get(used) {
            None => out.push_str(&format!("%!{verb}(MISSING)")),
            Some(arg) => out.push_str(&spec.pad(&spec.verb(verb, arg.value.as_ref()), verb)),
        }
        used += 1;
    }
    let extra = args.get(used..).unwrap_or(&[]);
    if !extra.is_empty() {
        let parts: Vec<String> = extra.iter().map(with_type).collect();
        out.push_str(&format!("%!(EXTRA {})", parts.join(", ")));
    }
    out
}

fn with_type(arg: &Val) -> String {
    match &arg.value {
        None | Some(Value::Null) => "<nil>".to_owned(),
        Some(v) => format!("{}={}", gofmt::type_name(v), gofmt::sprint(v)),
    }
}

impl Spec {
    fn verb(&self, verb: char, value: Option<&Value>) -> String {
        let value = match value {
            None | Some(Value::Null) => {
                return match verb {
                    'v' | 'T' => "<nil>".to_owned(),
                    _ => format!("%!{verb}(<nil>)"),
                };
            }
            Some(value) => value,
        };
        match (verb, value) {
            ('T', v) => gofmt::type_name(v).to_owned(),
            ('v', v) if self.sharp => gofmt::go_syntax(v),
            ('v', Value::Int(i)) | ('d', Value::Int(i)) => self.sign(i.to_string(), *i >= 0),
            ('v', v) => gofmt::sprint(v),
            ('t', Value::Bool(b)) => b.to_string(),
            ('s', Value::Str(s)) => self.cut(s),
            ('q', Value::Str(s)) => go_quote(&self.cut(s)),
            ('x', Value::Str(s)) => s.bytes().map(|b| format!("{b:02x}")).collect(),
            ('X', Value::Str(s)) => s.bytes().map(|b| format!("{b:02X}")).collect(),
            ('x', Value::Int(i)) => format!("{}{:x}", minus(*i), i.unsigned_abs()),
            ('X', Value::Int(i)) => format!("{}{:X}", minus(*i), i.unsigned_abs()),
            ('o', Value::Int(i)) => format!("{}{:o}", minus(*i), i.unsigned_abs()),
            ('b', Value::Int(i)) => format!("{}{:b}", minus(*i), i.unsigned_abs()),
            ('c', Value::Int(i)) => {
                u32::try_from(*i).ok().and_then(char::from_u32).unwrap_or('\u{fffd}').to_string()
            }
            ('U', Value::Int(i)) => format!("U+{i:04X}"),
            ('f' | 'F', Value::Float(f)) => {
                self.sign(format!("{f:.*}", self.precision.unwrap_or(6)), *f >= 0.0)
            }
            ('e', Value::Float(f)) => self.sign(exponent(*f, self.precision.unwrap_or(6)), *f >= 0.0),
            ('g', Value::Float(f)) => self.sign(gofmt::float(*f), *f >= 0.0),
            ('s' | 'd' | 'q' | 't' | 'f', Value::List(items)) => {
                let parts: Vec<String> = items.iter().map(|v| self.verb(verb, Some(v))).collect();
                format!("[{}]", parts.join(" "))
            }
            ('s' | 'd' | 'q' | 't' | 'f', Value::Map(map)) => {
                let parts: Vec<String> = map
                    .iter()
                    .map(|(k, v)| {
                        format!("{}:{}", self.verb(verb, Some(&k.into())), self.verb(verb, Some(v)))
                    })
                    .collect();
                format!("map[{}]", parts.join(" "))
            }
            (_, v) => format!("%!{verb}({}={})", gofmt::type_name(v), gofmt::sprint(v)),
        }
    }

    fn cut(&self, text: &str) -> String {
        self.precision.map_or_else(|| text.to_owned(), |n| text.chars().take(n).collect())
    }

    fn sign(&self, text: String, positive: bool) -> String {
        match (positive, self.plus, self.space) {
            (true, true, _) => format!("+{text}"),
            (true, false, true) => format!(" {text}"),
            _ => text,
        }
    }

    fn pad(&self, text: &str, verb: char) -> String {
        let missing = self.width.unwrap_or(0).saturating_sub(text.chars().count());
        let zero = self.zero && !self.minus && !matches!(verb, 's' | 'q' | 'v' | 'T');
        let padding = if zero { "0" } else { " " }.repeat(missing);
        match text.strip_prefix('-').filter(|_| zero) {
            Some(digits) => format!("-{padding}{digits}"),
            None if self.minus => format!("{text}{padding}"),
            None => format!("{padding}{text}"),
        }
    }
}

const fn minus(i: i64) -> &'static str {
    if i < 0 { "-" } else { "" }
}

fn exponent(f: f64, precision: usize) -> String {
    let text = format!("{f:.precision$e}");
    match text.split_once('e') {
        Some((mantissa, e)) => {
            let e: i32 = e.parse().unwrap_or(0);
            format!("{mantissa}e{}{:02}", if e < 0 { '-' } else { '+' }, e.abs())
        }
        None => text,
    }
}
