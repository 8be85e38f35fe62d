//! `"…".format([…])`. Models cel-go `ext/formatting.go` with the numbers of `en_US`.

use crate::value::{Value, double};

/// The longest a number is written.
const MAX_PRECISION: usize = 1000;

/// Digits behind the point where a pattern does not say how many.
const PRECISION: usize = 6;

/// What is said of a pattern that ends in the middle of a clause.
pub(crate) const UNFINISHED: &str = "unexpected end of string";

/// A clause: its letter and the precision written before it.
pub(crate) struct Clause {
    pub(crate) letter: char,
    precision: Option<usize>,
}

/// Fills a pattern: `fill` gives the text of each clause, or is told what is wrong with it.
pub(crate) fn clauses<E>(
    pattern: &str,
    fill: &mut dyn FnMut(Result<Clause, String>) -> Result<String, E>,
) -> Result<String, E> {
    let mut out = String::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        if chars.next_if_eq(&'%').is_some() {
            out.push('%');
            continue;
        }
        let mut precision = Ok(None);
        if chars.next_if_eq(&'.').is_some() {
            let mut digits = String::new();
            while let Some(d) = chars.next_if(char::is_ascii_digit) {
                digits.push(d);
            }
            let bad = |why: String| {
                format!("could not parse formatting clause: error while parsing precision: {why}")
            };
            precision = if chars.peek().is_none() {
                Err(bad("could not find end of precision specifier".to_owned()))
            } else {
                digits.parse().map(Some).map_err(|_| {
                    let why = if digits.is_empty() { "invalid syntax" } else { "value out of range" };
                    bad(format!(
                        "error while converting precision to integer: strconv.Atoi: parsing {digits:?}: {why}"
                    ))
                })
            };
        }
        let clause = precision.and_then(|precision| match chars.next() {
            None => Err(UNFINISHED.to_owned()),
            Some(letter) if "sdfebxXo".contains(letter) => Ok(Clause { letter, precision }),
            Some(letter) => {
                Err(format!("could not parse formatting clause: unrecognized formatting clause \"{letter}\""))
            }
        });
        out.push_str(&fill(clause)?);
    }
    Ok(out)
}

/// Fills a pattern with values. Values too many are not minded.
pub(crate) fn format(pattern: &str, args: &[Value]) -> Result<String, String> {
    let mut used = 0;
    clauses(pattern, &mut |clause| {
        let arg = args.get(used).ok_or_else(|| format!("index {used} out of range"))?;
        used += 1;
        one(&clause?, arg)
    })
}

/// What is said of a value that a clause cannot show.
pub(crate) fn wrong(letter: char, given: &str) -> String {
    let why = match letter {
        'd' => "decimal clause can only be used on integers",
        'f' => "fixed-point clause can only be used on doubles",
        'e' => "scientific clause can only be used on doubles",
        'b' => "only integers and bools can be formatted as binary",
        'o' => "octal clause can only be used on integers",
        'x' | 'X' => "only integers, byte buffers, and strings can be formatted as hex",
        _ => {
            "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps"
        }
    };
    format!("error during formatting: {why}, was given {given}")
}

fn one(clause: &Clause, arg: &Value) -> Result<String, String> {
    let misfit = || wrong(clause.letter, arg.type_name());
    let precision = clause.precision.unwrap_or(PRECISION);
    if precision > MAX_PRECISION {
        return Err(format!("error during formatting: precision {precision} is too large"));
    }
    let number = || match arg {
        Value::Double(d) => Ok(*d),
        Value::String(s) => match &**s {
            "NaN" => Ok(f64::NAN),
            "Infinity" => Ok(f64::INFINITY),
            "-Infinity" => Ok(f64::NEG_INFINITY),
            _ => Err(misfit()),
        },
        _ => Err(misfit()),
    };
    let (negative, bits) = match arg {
        Value::Int(i) => (*i < 0, Some(i.unsigned_abs())),
        Value::UInt(u) => (false, Some(*u)),
        _ => (false, None),
    };
    let sign = if negative { "-" } else { "" };
    Ok(match (clause.letter, bits) {
        ('s', _) => return string(arg).map_err(|why| format!("error during formatting: {why}")),
        ('d', Some(n)) => format!("{sign}{n}"),
        ('b', Some(n)) => format!("{sign}{n:b}"),
        ('o', Some(n)) => format!("{sign}{n:o}"),
        ('x', Some(n)) => format!("{sign}{n:x}"),
        ('X', Some(n)) => format!("{sign}{n:X}"),
        ('b', None) => match arg {
            Value::Bool(b) => u8::from(*b).to_string(),
            _ => return Err(misfit()),
        },
        ('f', _) => fixed(number()?, precision),
        ('e', _) => scientific(number()?),
        (letter @ ('x' | 'X'), None) => {
            let bytes = match arg {
                Value::String(s) => s.as_bytes(),
                Value::Bytes(b) => b,
                _ => return Err(misfit()),
            };
            let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
            if letter == 'X' { hex.to_uppercase() } else { hex }
        }
        _ => return Err(misfit()),
    })
}

/// How `%s` writes a value.
fn string(v: &Value) -> Result<String, String> {
    Ok(match v {
        Value::List(_) | Value::Map(_) => inside(v)?,
        Value::Bytes(b) => match std::str::from_utf8(b) {
            Ok(text) => text.to_owned(),
            Err(_) => {
                return Err("could not convert argument \"invalid UTF-8 in bytes, cannot convert to string\" to string"
                    .to_owned());
            }
        },
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::UInt(_)
        | Value::Double(_)
        | Value::String(_)
        | Value::Timestamp(..)
        | Value::Duration(_)
        | Value::Type(_) => v.show(),
        other => {
            let why = wrong('s', other.type_name());
            return Err(why.trim_start_matches("error during formatting: ").to_owned());
        }
    })
}

/// How a value is written inside a list or map: as an expression would write it.
fn inside(v: &Value) -> Result<String, String> {
    let quote = gatehouse_model::json::go_quote;
    Ok(match v {
        Value::List(l) => {
            let parts: Result<Vec<String>, String> = l.iter().map(inside).collect();
            format!("[{}]", parts?.join(", "))
        }
        Value::Map(m) => {
            let mut entries = Vec::with_capacity(m.len());
            for (key, value) in m.iter() {
                if !matches!(key, Value::String(_) | Value::Bool(_) | Value::Int(_) | Value::UInt(_)) {
                    return Err(format!("no formatting function for map key of type {}", key.type_name()));
                }
                entries.push((inside(key)?, inside(value)?));
            }
            gatehouse_model::order::by_key(&mut entries, |(key, _)| key.clone());
            let parts: Vec<String> = entries.iter().map(|(k, v)| format!("{k}:{v}")).collect();
            format!("{{{}}}", parts.join(", "))
        }
        Value::String(s) => quote(s),
        Value::Bytes(_) => format!("b{}", quote(&string(v)?)),
        Value::Double(d) if d.is_finite() => format!("{d:.PRECISION$}"),
        Value::Double(d) => quote(&double(*d)),
        Value::Timestamp(..) => format!("timestamp({})", quote(&v.show())),
        Value::Duration(_) => format!("duration({})", quote(&v.show())),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::UInt(_) | Value::Type(_) => v.show(),
        other => return Err(format!("no formatting function for {}", other.type_name())),
    })
}

fn special(n: f64) -> Option<&'static str> {
    match n {
        n if n.is_nan() => Some("NaN"),
        f64::INFINITY => Some("∞"),
        f64::NEG_INFINITY => Some("-∞"),
        _ => None,
    }
}

/// `1,234.500000`
fn fixed(n: f64, precision: usize) -> String {
    if let Some(word) = special(n) {
        return word.to_owned();
    }
    let text = format!("{n:.precision$}");
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |d| ("-", d));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut out = sign.to_owned();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// `1.234500×10⁰³`: a precision written before it is taken for a width.
fn scientific(n: f64) -> String {
    if let Some(word) = special(n) {
        return word.to_owned();
    }
    let text = format!("{n:.PRECISION$e}");
    let Some((mantissa, exponent)) = text.split_once('e') else { return double(n) };
    let (sign, digits) = exponent.strip_prefix('-').map_or(("", exponent), |digits| ("⁻", digits));
    let raised: String = format!("{digits:0>2}")
        .bytes()
        .map(|b| {
            let place = usize::from(b.wrapping_sub(b'0'));
            "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(place).unwrap_or('⁰')
        })
        .collect();
    format!("{mantissa}×10{sign}{raised}")
}
