//! Quantities: `100m`, `1Gi`, `2e3`. Exact down to a nano, as the API server keeps them.
//!
//! Models apimachinery `pkg/api/resource/quantity.go`, including when the text is kept as written.

use std::cmp::Ordering;
use std::fmt;

/// How a quantity is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `12e6`.
    DecimalExponent,
    /// `12Mi`.
    BinarySi,
    /// `12M`.
    DecimalSi,
}

/// Nanos in a unit.
const NANO: i128 = 1_000_000_000;
/// What a binary quantity is cut down to.
const MAX_BINARY: i128 = i64::MAX as i128 * NANO;

/// An amount of something.
#[derive(Clone, Debug)]
pub struct Quantity {
    nanos: i128,
    format: Format,
    /// The text, where it stays as it was written.
    text: Option<String>,
}

/// Not a quantity at all.
pub const ERR_FORMAT: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const ERR_NUMERIC: &str = "unable to parse numeric part of quantity";
const ERR_SUFFIX: &str = "unable to parse quantity's suffix";

/// Suffixes with base, exponent and format.
const SUFFIXES: &[(&str, u32, i32, Format)] = &[
    ("", 10, 0, Format::DecimalSi),
    ("n", 10, -9, Format::DecimalSi),
    ("u", 10, -6, Format::DecimalSi),
    ("m", 10, -3, Format::DecimalSi),
    ("k", 10, 3, Format::DecimalSi),
    ("M", 10, 6, Format::DecimalSi),
    ("G", 10, 9, Format::DecimalSi),
    ("T", 10, 12, Format::DecimalSi),
    ("P", 10, 15, Format::DecimalSi),
    ("E", 10, 18, Format::DecimalSi),
    ("Ki", 2, 10, Format::BinarySi),
    ("Mi", 2, 20, Format::BinarySi),
    ("Gi", 2, 30, Format::BinarySi),
    ("Ti", 2, 40, Format::BinarySi),
    ("Pi", 2, 50, Format::BinarySi),
    ("Ei", 2, 60, Format::BinarySi),
];

impl Quantity {
    /// So many whole units.
    #[must_use]
    pub fn from_units(units: i64) -> Self {
        Self { nanos: i128::from(units) * NANO, format: Format::DecimalSi, text: None }
    }

    /// So many thousandths.
    #[must_use]
    pub fn from_milli(milli: i64) -> Self {
        Self { nanos: i128::from(milli) * (NANO / 1000), format: Format::DecimalSi, text: None }
    }

    /// So many bytes, written with binary suffixes.
    #[must_use]
    pub fn from_bytes(bytes: i64) -> Self {
        Self { nanos: i128::from(bytes) * NANO, format: Format::BinarySi, text: None }
    }

    /// Reads a quantity.
    ///
    /// # Errors
    /// What `resource.ParseQuantity` says.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err(ERR_FORMAT.to_owned());
        }
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let stripped = rest.trim_start_matches('0');
        if stripped.is_empty() {
            let text = (text == "0").then(|| text.to_owned());
            return Ok(Self { nanos: 0, format: Format::DecimalSi, text });
        }
        let digits_end = |s: &str| s.find(|c: char| !c.is_ascii_digit()).unwrap_or(s.len());
        let (whole, rest) = stripped.split_at_checked(digits_end(stripped)).unwrap_or((stripped, ""));
        let (fraction, suffix) = match rest.strip_prefix('.') {
            Some(rest) => rest.split_at_checked(digits_end(rest)).unwrap_or((rest, "")),
            None => ("", rest),
        };
        check_suffix(suffix)?;
        let (base, exponent, format) = interpret(suffix).ok_or(ERR_SUFFIX)?;
        let whole = if whole.is_empty() { "0" } else { whole };
        let digits = format!("{whole}{fraction}");
        let scale = -i32::try_from(fraction.len()).unwrap_or(i32::MAX);
        let magnitude = amount(&digits, scale, base, exponent).ok_or(ERR_NUMERIC)?;
        let (magnitude, format) = match format {
            Format::BinarySi if magnitude > MAX_BINARY => (MAX_BINARY, format),
            Format::BinarySi if magnitude > 0 && magnitude < NANO => (magnitude, Format::DecimalSi),
            _ => (magnitude, format),
        };
        let kept = keeps_text(whole, fraction, &digits, base, exponent).then(|| text.to_owned());
        Ok(Self { nanos: if negative { -magnitude } else { magnitude }, format, text: kept })
    }

    /// The same in whole units, written as `other` is written.
    #[must_use]
    pub fn written_like(&self, other: &Self) -> Self {
        if self.format == other.format {
            return self.clone();
        }
        Self { format: other.format, ..Self::from_units(self.units()) }
    }

    /// Whole units, rounded away from zero as `Value()` rounds.
    #[must_use]
    pub fn units(&self) -> i64 {
        self.rounded(NANO)
    }

    /// Thousandths, rounded away from zero as `MilliValue()` rounds.
    #[must_use]
    pub fn milli(&self) -> i64 {
        self.rounded(NANO / 1000)
    }

    fn rounded(&self, unit: i128) -> i64 {
        let magnitude = self.nanos.abs();
        let up = magnitude / unit + i128::from(magnitude % unit != 0);
        let signed = if self.nanos < 0 { -up } else { up };
        i64::try_from(signed).unwrap_or(if signed < 0 { i64::MIN } else { i64::MAX })
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_zero(&self) -> bool {
        self.nanos == 0
    }

    /// Whether it is less than nothing.
    #[must_use]
    pub const fn is_negative(&self) -> bool {
        self.nanos < 0
    }

    /// The sum; where this is zero the other's way of writing is taken over.
    #[must_use]
    pub fn add(&self, other: &Self) -> Self {
        let format = if self.is_zero() { other.format } else { self.format };
        Self { nanos: self.nanos.saturating_add(other.nanos), format, text: None }
    }

    /// The difference; where this is zero the other's way of writing is taken over.
    #[must_use]
    pub fn sub(&self, other: &Self) -> Self {
        let format = if self.is_zero() { other.format } else { self.format };
        Self { nanos: self.nanos.saturating_sub(other.nanos), format, text: None }
    }
}

/// Whether letters, a sign and digits follow each other as they may.
fn check_suffix(suffix: &str) -> Result<(), String> {
    let rest = suffix.trim_start_matches(|c: char| "eEinumkKMGTP".contains(c));
    let rest = rest.strip_prefix(['-', '+']).unwrap_or(rest);
    if rest.bytes().all(|b| b.is_ascii_digit()) { Ok(()) } else { Err(ERR_FORMAT.to_owned()) }
}

fn interpret(suffix: &str) -> Option<(u32, i32, Format)> {
    if let Some((_, base, exponent, format)) = SUFFIXES.iter().find(|s| s.0 == suffix) {
        return Some((*base, *exponent, *format));
    }
    let exponent = suffix.strip_prefix(['e', 'E']).filter(|e| !e.is_empty())?;
    exponent.parse().ok().map(|e| (10, e, Format::DecimalExponent))
}

/// The digits, scaled, in nanos; rounded up. Saturates.
fn amount(digits: &str, scale: i32, base: u32, exponent: i32) -> Option<i128> {
    let mut n: i128 = 0;
    let mut scale = scale;
    let mut lost = false;
    for d in digits.bytes() {
        if n > i128::MAX / 1_000_000_000_000 {
            // More digits than anything can need: count places instead.
            scale += 1;
            lost |= d != b'0';
            continue;
        }
        n = n * 10 + i128::from(d.checked_sub(b'0')?);
    }
    if base == 2 {
        n = n.saturating_mul(1 << exponent.clamp(0, 60));
    } else {
        scale = scale.saturating_add(exponent);
    }
    scale = scale.saturating_add(9);
    for _ in 0..scale.clamp(0, 64) {
        n = n.saturating_mul(10);
    }
    for _ in 0..(-scale).clamp(0, 64) {
        lost |= n % 10 != 0;
        n /= 10;
    }
    Some(n.saturating_add(i128::from(lost)).min(i128::MAX / 4))
}

/// Whether the parser keeps the text as it stands, since it looks canonical to it.
fn keeps_text(whole: &str, fraction: &str, digits: &str, base: u32, exponent: i32) -> bool {
    let Ok(n) = digits.parse::<i64>() else { return false };
    let length = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    if base == 2 {
        let room = 15 - i32::try_from(whole.len()).unwrap_or(i32::MAX) - exponent * 3 / 10 - 1;
        fraction.is_empty() && room >= 0 && n & 7 != 0
    } else {
        let scale = exponent.saturating_sub(i32::try_from(fraction.len()).unwrap_or(i32::MAX));
        18 - length >= 0
            && scale >= -9
            && scale % 3 == 0
            && !digits.ends_with("000")
            && !digits.starts_with('0')
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(text) = &self.text {
            return f.write_str(text);
        }
        if self.is_zero() {
            return f.write_str("0");
        }
        let small = self.nanos.abs() < 1024 * NANO;
        if self.format == Format::BinarySi && !small && self.nanos % NANO == 0 {
            let (mut n, mut exponent) = (self.nanos / NANO, 0);
            while n % 1024 == 0 && exponent < 60 {
                n /= 1024;
                exponent += 10;
            }
            let suffix = if exponent == 0 { "" } else { suffix(2, exponent) };
            return write!(f, "{n}{suffix}");
        }
        let (mut n, mut exponent) = (self.nanos, -9);
        while n % 1000 == 0 && (exponent < 18 || self.format == Format::DecimalExponent) {
            n /= 1000;
            exponent += 3;
        }
        match (self.format, exponent) {
            (_, 0) => write!(f, "{n}"),
            (Format::DecimalExponent, e) => write!(f, "{n}e{e}"),
            (_, e) => write!(f, "{n}{}", suffix(10, e)),
        }
    }
}

fn suffix(base: u32, exponent: i32) -> &'static str {
    SUFFIXES.iter().find(|s| s.1 == base && s.2 == exponent).map_or("", |s| s.0)
}

/// Equality of amounts, not of writing.
impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}
impl Eq for Quantity {}
impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

#[cfg(test)]
mod tests {
    use super::{ERR_FORMAT, Quantity};

    fn q(text: &str) -> Quantity {
        Quantity::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    #[test]
    fn canonical_forms() {
        for (text, canonical) in [
            ("0", "0"),
            ("100m", "100m"),
            ("0.1", "100m"),
            ("1", "1"),
            ("1000m", "1"),
            ("1500m", "1500m"),
            ("1.5", "1500m"),
            ("1Gi", "1Gi"),
            ("1024Mi", "1Gi"),
            ("1536Mi", "1536Mi"),
            ("100Mi", "100Mi"),
            ("0.5Gi", "512Mi"),
            ("1.5Gi", "1536Mi"),
            ("64", "64"),
            ("1000", "1k"),
            ("128974848", "128974848"),
            ("2e3", "2e3"),
            ("2000e0", "2e3"),
            ("1E", "1E"),
            ("500Mi", "500Mi"),
            ("0.5Ki", "512"),
            ("-1", "-1"),
            ("+2", "+2"),
            ("00", "0"),
            ("1000Ki", "1000Ki"),
            ("1n", "1n"),
            ("0.1n", "1n"),
            ("9Ei", "9223372036854775807"),
            ("129M", "129M"),
        ] {
            assert_eq!(q(text).to_string(), canonical, "{text}");
        }
    }

    #[test]
    fn arithmetic_and_order() {
        assert_eq!((q("1500m").units(), q("1500m").milli(), q("1Ki").units()), (2, 1500, 1024));
        assert_eq!(q("1Gi"), q("1073741824"));
        assert!(q("500m") < q("1") && q("1G") < q("1Gi"));
        assert_eq!(q("500m").add(&q("1500m")).to_string(), "2");
        assert_eq!(q("1Gi").sub(&q("512Mi")).to_string(), "512Mi");
        assert_eq!(q("0").add(&q("2Ki")).to_string(), "2Ki");
        assert!(q("1").sub(&q("2")).is_negative());
    }

    #[test]
    fn errors_are_apimachinerys() {
        for (text, message) in [
            ("", ERR_FORMAT),
            ("lots", ERR_FORMAT),
            ("1 Gi", ERR_FORMAT),
            ("1GB", ERR_FORMAT),
            ("1MM", "unable to parse quantity's suffix"),
            ("1gi", ERR_FORMAT),
            ("1K", "unable to parse quantity's suffix"),
        ] {
            assert_eq!(Quantity::parse(text).expect_err(text), message, "{text}");
        }
    }
}
