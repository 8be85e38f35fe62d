//! What a plain scalar means: the words and numbers of YAML 1.1 as go-yaml v2 knows them.

use std::borrow::Cow;

/// A scalar, understood.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    /// An integer beyond 63 bits.
    Big(u64),
    Float(f64),
    /// A date or time: read as a string, but quoted when a string looks like one.
    Timestamp,
    /// `<<`.
    Merge,
    Str,
}

impl Scalar {
    /// The short tag go-yaml names it by.
    pub(super) const fn tag(&self) -> &'static str {
        match self {
            Self::Null => "!!null",
            Self::Bool(_) => "!!bool",
            Self::Int(_) | Self::Big(_) => "!!int",
            Self::Float(_) => "!!float",
            Self::Timestamp => "!!timestamp",
            Self::Merge => "!!merge",
            Self::Str => "!!str",
        }
    }
}

/// What an unquoted, untagged scalar means.
pub(super) fn plain(text: &str) -> Scalar {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Scalar::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Scalar::Bool(false);
        }
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        ".nan" | ".NaN" | ".NAN" => return Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Scalar::Float(f64::NEG_INFINITY),
        "<<" => return Scalar::Merge,
        _ => {}
    }
    match text.bytes().next() {
        Some(b'.') => match text.parse() {
            Ok(f) => Scalar::Float(f),
            Err(_) => Scalar::Str,
        },
        Some(b'+' | b'-' | b'0'..=b'9') => number(text),
        _ => Scalar::Str,
    }
}

fn number(text: &str) -> Scalar {
    if is_timestamp(text) {
        return Scalar::Timestamp;
    }
    let plain: Cow<'_, str> =
        if text.contains('_') { text.replace('_', "").into() } else { Cow::Borrowed(text) };
    if let Some(i) = integer(&plain) {
        return i;
    }
    if is_float(&plain)
        && let Ok(f) = plain.parse::<f64>()
        && f.is_finite()
    {
        return Scalar::Float(f);
    }
    Scalar::Str
}

/// Go's `ParseInt(s, 0, 64)`, then `ParseUint`.
fn integer(text: &str) -> Option<Scalar> {
    let (negative, signed, digits) = match text.as_bytes() {
        [b'-', ..] => (true, true, text.get(1..)?),
        [b'+', ..] => (false, true, text.get(1..)?),
        _ => (false, false, text),
    };
    let prefixed = |p: [&str; 2]| p.iter().find_map(|p| digits.strip_prefix(*p));
    let (radix, digits) = if let Some(d) = prefixed(["0x", "0X"]) {
        (16, d)
    } else if let Some(d) = prefixed(["0b", "0B"]) {
        (2, d)
    } else if let Some(d) = prefixed(["0o", "0O"]) {
        (8, d)
    } else if digits.len() > 1 && digits.starts_with('0') {
        (8, digits.get(1..)?)
    } else {
        (10, digits)
    };
    if !digits.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        return 0i64.checked_sub_unsigned(magnitude).map(Scalar::Int);
    }
    match i64::try_from(magnitude) {
        Ok(i) => Some(Scalar::Int(i)),
        Err(_) if signed => None,
        Err(_) => Some(Scalar::Big(magnitude)),
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`.
fn is_float(text: &str) -> bool {
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((m, e)) => (m, Some(e)),
        None => (rest, None),
    };
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let mantissa_good = match mantissa.split_once('.') {
        Some((whole, part)) => {
            all_digits(whole) && all_digits(part) && !(whole.is_empty() && part.is_empty())
        }
        None => !mantissa.is_empty() && all_digits(mantissa),
    };
    let exponent_good = exponent.is_none_or(|e| {
        let e = e.strip_prefix(['-', '+']).unwrap_or(e);
        !e.is_empty() && all_digits(e)
    });
    mantissa_good && exponent_good
}

/// Whether go-yaml would read a date or a time.
fn is_timestamp(text: &str) -> bool {
    let Some((date, clock)) = text.find(['T', 't', ' ']).map_or(Some((text, None)), |i| {
        Some((text.get(..i)?, Some((text.as_bytes().get(i)?, text.get(i + 1..)?))))
    }) else {
        return false;
    };
    let number = |s: &str, range: std::ops::RangeInclusive<u32>| {
        (1..=2).contains(&s.len())
            && s.bytes().all(|b| b.is_ascii_digit())
            && s.parse().is_ok_and(|n| range.contains(&n))
    };
    let mut parts = date.splitn(3, '-');
    let (Some(y), Some(m), Some(d)) = (parts.next(), parts.next(), parts.next()) else { return false };
    if y.len() != 4 || !y.bytes().all(|b| b.is_ascii_digit()) || !number(m, 1..=12) || !number(d, 1..=31) {
        return false;
    }
    let Some((separator, clock)) = clock else { return true };
    let zoned = *separator != b' ';
    let clock = if zoned {
        if let Some(c) = clock.strip_suffix('Z') {
            c
        } else {
            let Some(i) = clock.rfind(['+', '-']) else { return false };
            let zone = clock.get(i + 1..).unwrap_or_default();
            if !(zone.len() == 5
                && zone.split_once(':').is_some_and(|(h, m)| number(h, 0..=24) && number(m, 0..=60)))
            {
                return false;
            }
            clock.get(..i).unwrap_or_default()
        }
    } else {
        clock
    };
    let mut parts = clock.splitn(3, ':');
    let (Some(h), Some(m), Some(s)) = (parts.next(), parts.next(), parts.next()) else { return false };
    let (s, fraction) = s.split_once('.').map_or((s, "0"), |(s, f)| (s, f));
    number(h, 0..=23)
        && number(m, 0..=59)
        && number(s, 0..=59)
        && !fraction.is_empty()
        && fraction.bytes().all(|b| b.is_ascii_digit())
}
