//! Values of flags: checked and worded as Go's `strconv`, `time` and `encoding/csv` do.

use crate::cli::FlagType;

/// A value that does not fit its flag, as Go words it.
pub type Invalid = String;

/// Checks one given value.
///
/// # Errors
/// What Go's parser says.
pub fn check(ty: FlagType, text: &str) -> Result<(), Invalid> {
    match ty {
        FlagType::Bool => parse_bool(text).map(drop),
        FlagType::Int => parse_int(text, i64::MIN, i64::MAX).map(drop),
        FlagType::Int32 => parse_int(text, i32::MIN.into(), i32::MAX.into()).map(drop),
        FlagType::Duration => parse_duration(text).map(drop),
        FlagType::Str | FlagType::Raw | FlagType::StrArray => Ok(()),
        FlagType::StrSlice => split_csv(text).map(drop),
    }
}

/// `strconv.ParseBool`
///
/// # Errors
/// `strconv.ParseBool: parsing "maybe": invalid syntax`
pub fn parse_bool(text: &str) -> Result<bool, Invalid> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        _ => Err(format!("strconv.ParseBool: parsing {text:?}: invalid syntax")),
    }
}

/// `strconv.ParseInt` with base 0.
///
/// # Errors
/// `strconv.ParseInt: parsing "x": invalid syntax` or `value out of range`
pub fn parse_int(text: &str, min: i64, max: i64) -> Result<i64, Invalid> {
    let invalid = || format!("strconv.ParseInt: parsing {text:?}: invalid syntax");
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, body) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, lower.get(2..).unwrap_or("")),
        [b'0', b'o', ..] => (8, lower.get(2..).unwrap_or("")),
        [b'0', b'b', ..] => (2, lower.get(2..).unwrap_or("")),
        [b'0', _, ..] => (8, lower.get(1..).unwrap_or("")),
        _ => (10, lower.as_str()),
    };
    if body.is_empty() || !body.chars().all(|c| c.is_digit(radix)) {
        return Err(invalid());
    }
    let range = || format!("strconv.ParseInt: parsing {text:?}: value out of range");
    let magnitude = i128::from_str_radix(body, radix).map_err(|_| range())?;
    let value = if negative { -magnitude } else { magnitude };
    if value < i128::from(min) || value > i128::from(max) {
        return Err(range());
    }
    i64::try_from(value).map_err(|_| range())
}

/// `time.ParseDuration`, in milliseconds.
///
/// # Errors
/// `time: invalid duration "x"`, `time: missing unit in duration "5"`, `time: unknown unit "x" in duration "5x"`
pub fn parse_duration(text: &str) -> Result<i64, Invalid> {
    let invalid = || format!("time: invalid duration {text:?}");
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(r) => (-1.0, r),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut millis = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at_checked(end).ok_or_else(invalid)?;
        let number: f64 = number.parse().map_err(|_| invalid())?;
        let end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, next) = after.split_at_checked(end).ok_or_else(invalid)?;
        let scale = match unit {
            "" => return Err(format!("time: missing unit in duration {text:?}")),
            "ns" => 1e-6,
            "us" | "µs" | "μs" => 1e-3,
            "ms" => 1.0,
            "s" => 1e3,
            "m" => 60e3,
            "h" => 3_600e3,
            _ => return Err(format!("time: unknown unit {unit:?} in duration {text:?}")),
        };
        millis += number * scale;
        rest = next;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "durations people type are far below 2^53 milliseconds"
    )]
    Ok((sign * millis).round() as i64)
}

/// The elements of a `stringSlice` value: one line of CSV.
///
/// # Errors
/// What `encoding/csv` says of stray quotes.
pub fn split_csv(text: &str) -> Result<Vec<String>, Invalid> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let mut fields = Vec::new();
    let mut chars = text.chars().peekable();
    loop {
        let mut field = String::new();
        if chars.peek() == Some(&'"') {
            chars.next();
            loop {
                match chars.next() {
                    Some('"') if chars.peek() == Some(&'"') => {
                        chars.next();
                        field.push('"');
                    }
                    Some('"') => break,
                    Some(c) => field.push(c),
                    None => {
                        return Err(csv_error(
                            text,
                            text.chars().count() + 1,
                            "extraneous or missing \" in quoted-field",
                        ));
                    }
                }
            }
            if chars.peek().is_some_and(|c| *c != ',') {
                return Err(csv_error(text, 1, "extraneous or missing \" in quoted-field"));
            }
        } else {
            while let Some(c) = chars.next_if(|c| *c != ',') {
                if c == '"' {
                    let column = text.find('"').map_or(1, |i| i + 1);
                    return Err(csv_error(text, column, "bare \" in non-quoted-field"));
                }
                field.push(c);
            }
        }
        fields.push(field);
        if chars.next().is_none() {
            return Ok(fields);
        }
    }
}

fn csv_error(_text: &str, column: usize, what: &str) -> String {
    format!("parse error on line 1, column {column}: {what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_durations_and_lists_read_as_go_reads_them() {
        assert_eq!(parse_int("0x10", 0, 99), Ok(16));
        assert_eq!(parse_int("x", 0, 99), Err("strconv.ParseInt: parsing \"x\": invalid syntax".to_owned()));
        assert_eq!(parse_duration("1m30s"), Ok(90_000));
        assert_eq!(parse_duration("5"), Err("time: missing unit in duration \"5\"".to_owned()));
        assert_eq!(split_csv("a,\"b,c\",d"), Ok(vec!["a".to_owned(), "b,c".to_owned(), "d".to_owned()]));
        assert_eq!(split_csv(""), Ok(vec![]));
    }
}
