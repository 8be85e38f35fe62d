//! `"…".format([…])`. Models cel-go `ext/formatting.go`.

use crate::value::{Value, double};

/// A clause: its letter and the precision written before it.
struct Clause {
    letter: char,
    precision: Option<usize>,
}

/// Cuts a pattern into text and clauses.
fn parts(pattern: &str) -> Result<Vec<(String, Option<Clause>)>, String> {
    let mut out = Vec::new();
    let mut text = String::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            text.push(c);
            continue;
        }
        match chars.next() {
            Some('%') => text.push('%'),
            None => return Err("unexpected end of string".to_owned()),
            Some(mut letter) => {
                let mut precision = None;
                if letter == '.' {
                    let mut digits = String::new();
                    while let Some(d) = chars.peek().filter(|c| c.is_ascii_digit()) {
                        digits.push(*d);
                        chars.next();
                    }
                    precision = digits.parse().ok();
                    letter = chars.next().ok_or("unexpected end of string")?;
                }
                if !"sdfebxXo".contains(letter) {
                    return Err(format!(
                        "could not parse formatting clause: unrecognized formatting clause \"{letter}\""
                    ));
                }
                out.push((std::mem::take(&mut text), Some(Clause { letter, precision })));
            }
        }
    }
    out.push((text, None));
    Ok(out)
}

/// Whether a pattern fits a number of arguments.
pub(crate) fn check(pattern: &str, given: usize) -> Result<(), String> {
    let wanted = parts(pattern)?.iter().filter(|(_, c)| c.is_some()).count();
    match wanted.cmp(&given) {
        std::cmp::Ordering::Greater => Err(format!("index {given} out of range")),
        std::cmp::Ordering::Less => {
            Err(format!("too many arguments supplied to string.format (expected {wanted}, got {given})"))
        }
        std::cmp::Ordering::Equal => Ok(()),
    }
}

/// Fills a pattern.
pub(crate) fn format(pattern: &str, args: &[Value]) -> Result<String, String> {
    let mut out = String::new();
    let mut next = args.iter();
    let mut used = 0;
    for (text, clause) in parts(pattern)? {
        out.push_str(&text);
        if let Some(clause) = clause {
            let arg = next.next().ok_or_else(|| format!("index {used} out of range"))?;
            used += 1;
            out.push_str(&one(&clause, arg)?);
        }
    }
    if used < args.len() {
        return Err(format!(
            "too many arguments supplied to string.format (expected {used}, got {})",
            args.len()
        ));
    }
    Ok(out)
}

#[expect(clippy::cast_precision_loss, reason = "a number to be shown with a fraction")]
fn one(clause: &Clause, arg: &Value) -> Result<String, String> {
    let wrong = |wants: &str| {
        format!(
            "error during formatting: {} clause can only be used on {wants}, was given {}",
            match clause.letter {
                'd' => "decimal",
                'f' => "fixed-point",
                'e' => "scientific",
                'b' => "binary",
                'o' => "octal",
                _ => "hex",
            },
            arg.type_name()
        )
    };
    let number = match arg {
        Value::Int(i) => Some(*i as f64),
        Value::UInt(u) => Some(*u as f64),
        Value::Double(d) => Some(*d),
        _ => None,
    };
    Ok(match clause.letter {
        's' => match arg {
            Value::Quantity(_)
            | Value::Url(_)
            | Value::Ip(_)
            | Value::Cidr(..)
            | Value::Semver(_)
            | Value::Format(_)
            | Value::Optional(_)
            | Value::Check(_)
            | Value::Decision(..) => {
                return Err(format!(
                    "error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, \
                     durations, and timestamps, was given {}",
                    arg.type_name()
                ));
            }
            _ => arg.show(),
        },
        'd' => match arg {
            Value::Int(_) | Value::UInt(_) => arg.show(),
            Value::Double(d) if !d.is_finite() => special(*d),
            _ => return Err(wrong("integers")),
        },
        'f' => {
            let n = number.ok_or_else(|| wrong("doubles"))?;
            if n.is_finite() { format!("{n:.*}", clause.precision.unwrap_or(6)) } else { special(n) }
        }
        'e' => {
            let n = number.ok_or_else(|| wrong("doubles"))?;
            if n.is_finite() { scientific(n, clause.precision.unwrap_or(6)) } else { special(n) }
        }
        'b' => match arg {
            Value::Bool(b) => u8::from(*b).to_string(),
            Value::Int(i) if *i < 0 => format!("-{:b}", i.unsigned_abs()),
            Value::Int(i) => format!("{i:b}"),
            Value::UInt(u) => format!("{u:b}"),
            _ => return Err(wrong("integers and bools")),
        },
        'o' => match arg {
            Value::Int(i) if *i < 0 => format!("-{:o}", i.unsigned_abs()),
            Value::Int(i) => format!("{i:o}"),
            Value::UInt(u) => format!("{u:o}"),
            _ => return Err(wrong("integers")),
        },
        letter => {
            let hex = match arg {
                Value::Int(i) if *i < 0 => format!("-{:x}", i.unsigned_abs()),
                Value::Int(i) => format!("{i:x}"),
                Value::UInt(u) => format!("{u:x}"),
                Value::String(s) => s.bytes().map(|b| format!("{b:02x}")).collect(),
                Value::Bytes(b) => b.iter().map(|b| format!("{b:02x}")).collect(),
                _ => return Err(wrong("integers, byte buffers, and strings")),
            };
            if letter == 'X' { hex.to_uppercase() } else { hex }
        }
    })
}

fn special(n: f64) -> String {
    if n.is_nan() {
        "NaN".to_owned()
    } else if n > 0.0 {
        "Infinity".to_owned()
    } else {
        "-Infinity".to_owned()
    }
}

/// `1.234500×10⁰³`
fn scientific(n: f64, precision: usize) -> String {
    let text = format!("{n:.precision$e}");
    let Some((mantissa, exponent)) = text.split_once('e') else { return double(n) };
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ("⁻", digits),
        None => ("", exponent),
    };
    let raised: String = format!("{digits:0>2}")
        .chars()
        .map(|c| match c {
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            '4' => '⁴',
            '5' => '⁵',
            '6' => '⁶',
            '7' => '⁷',
            '8' => '⁸',
            '9' => '⁹',
            _ => '⁰',
        })
        .collect();
    format!("{mantissa}×10{sign}{raised}")
}
