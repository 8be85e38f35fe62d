//! Points in time and spans between them as text. Knows no clock: seconds since 1970 come from outside.
//!
//! Models Go's `time` package, `metav1.Time` and apimachinery `pkg/util/duration`.

use std::fmt::Write as _;

/// Nanoseconds in a second.
pub const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400;
/// The months as Go and C abbreviate them.
pub const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Days since 1970-01-01 of a date in the Gregorian calendar.
#[must_use]
pub fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day of a number of days since 1970-01-01.
#[must_use]
pub fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let (era, day_of_era) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let mp = (5 * day_of_year + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * mp + 2) / 5 + 1)
}

fn days_in(year: i64, month: i64) -> i64 {
    let next = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    days_from_civil(next.0, next.1, 1) - days_from_civil(year, month, 1)
}

/// `2026-01-02T15:04:05Z`.
#[must_use]
pub fn rfc3339(seconds: i64) -> String {
    let (year, month, day) = civil_from_days(seconds.div_euclid(DAY));
    let s = seconds.rem_euclid(DAY);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", s / 3600, s / 60 % 60, s % 60)
}

/// `2026-01-02T15:04:05.123456Z`, as `metav1.MicroTime` prints.
#[must_use]
pub fn rfc3339_micro(seconds: i64, micros: u32) -> String {
    let whole = rfc3339(seconds);
    format!("{}.{micros:06}Z", whole.trim_end_matches('Z'))
}

/// `Fri, 02 Jan 2026 15:04:05 +0000`: Go's `RFC1123Z`, which `kubectl describe` prints.
#[must_use]
pub fn rfc1123z(seconds: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let days = seconds.div_euclid(DAY);
    let (year, month, day) = civil_from_days(days);
    let weekday = usize::try_from(days.rem_euclid(7)).ok().and_then(|d| DAYS.get(d)).unwrap_or(&"");
    let month = usize::try_from(month - 1).ok().and_then(|m| MONTHS.get(m)).unwrap_or(&"");
    let s = seconds.rem_euclid(DAY);
    format!("{weekday}, {day:02} {month} {year:04} {:02}:{:02}:{:02} +0000", s / 3600, s / 60 % 60, s % 60)
}

/// Reads RFC 3339: seconds since 1970 and nanoseconds.
///
/// # Errors
/// What Go's `time.Parse(time.RFC3339, …)` says.
pub fn parse_rfc3339(text: &str) -> Result<(i64, u32), String> {
    const LAYOUT: &str = "2006-01-02T15:04:05Z07:00";
    let quoted = crate::json::go_quote(text);
    let cannot = |rest: &str, part: &str| {
        let rest = crate::json::go_quote(rest);
        format!("parsing time {quoted} as \"{LAYOUT}\": cannot parse {rest} as \"{part}\"")
    };
    let range = |what: &str| format!("parsing time {quoted}: {what} out of range");
    let mut rest = text;
    let mut numbers = [0i64; 6];
    let fields =
        [("2006", 4, "-"), ("01", 2, "-"), ("02", 2, "T"), ("15", 2, ":"), ("04", 2, ":"), ("05", 2, "")];
    for (slot, (name, width, separator)) in numbers.iter_mut().zip(fields) {
        let digits = rest.get(..width).filter(|d| d.bytes().all(|b| b.is_ascii_digit()));
        let Some(n) = digits.and_then(|d| d.parse().ok()) else { return Err(cannot(rest, name)) };
        let wrong = match name {
            "01" => (!(1..=12).contains(&n)).then_some("month"),
            "15" => (n > 23).then_some("hour"),
            "04" => (n > 59).then_some("minute"),
            "05" => (n > 59).then_some("second"),
            _ => None,
        };
        if let Some(wrong) = wrong {
            return Err(range(wrong));
        }
        *slot = n;
        let after = rest.get(width..).unwrap_or_default();
        rest = after.strip_prefix(separator).ok_or_else(|| cannot(after, separator))?;
    }
    let [year, month, day, hour, minute, second] = numbers;
    let mut nanos = 0;
    if let Some(after) = rest.strip_prefix(['.', ',']) {
        let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        if end > 0 {
            let digits = after.get(..end.min(9)).unwrap_or_default();
            nanos = format!("{digits:0<9}").parse().unwrap_or(0);
            rest = after.get(end..).unwrap_or_default();
        }
    }
    let offset = if let Some(after) = rest.strip_prefix('Z') {
        rest = after;
        0
    } else {
        let two = |at: usize| {
            let digits = rest.get(at..at + 2).filter(|d| d.bytes().all(|b| b.is_ascii_digit()));
            digits.and_then(|d| d.parse::<i64>().ok())
        };
        let sign = match rest.bytes().next() {
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return Err(cannot(rest, "Z07:00")),
        };
        let (Some(h), Some(":"), Some(m)) = (two(1), rest.get(3..4), two(4)) else {
            return Err(cannot(rest, "Z07:00"));
        };
        rest = rest.get(6..).unwrap_or_default();
        sign * (h * 3600 + m * 60)
    };
    if !rest.is_empty() {
        return Err(format!("parsing time {quoted}: extra text: {}", crate::json::go_quote(rest)));
    }
    if day < 1 || day > days_in(year, month) {
        return Err(range("day"));
    }
    let seconds = days_from_civil(year, month, day) * DAY + hour * 3600 + minute * 60 + second - offset;
    Ok((seconds, nanos))
}

/// An age as the AGE column shows it, from seconds: two or three significant figures.
#[must_use]
pub fn human_duration(seconds: i64) -> String {
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    let days = hours / 24;
    let pair = |a: i64, unit: char, b: i64, small: char| {
        if b == 0 { format!("{a}{unit}") } else { format!("{a}{unit}{b}{small}") }
    };
    match seconds {
        s if s < -1 => "<invalid>".to_owned(),
        s if s < 0 => "0s".to_owned(),
        s if s < 120 => format!("{s}s"),
        s if minutes < 10 => pair(minutes, 'm', s % 60, 's'),
        _ if minutes < 180 => format!("{minutes}m"),
        _ if hours < 8 => pair(hours, 'h', minutes % 60, 'm'),
        _ if hours < 48 => format!("{hours}h"),
        _ if hours < 24 * 8 => pair(days, 'd', hours % 24, 'h'),
        _ if hours < 24 * 365 * 2 => format!("{days}d"),
        _ if hours < 24 * 365 * 8 => pair(days / 365, 'y', days % 365, 'd'),
        _ => format!("{}y", days / 365),
    }
}

/// An age in one unit, from seconds.
#[must_use]
pub fn short_human_duration(seconds: i64) -> String {
    match seconds {
        s if s < -1 => "<invalid>".to_owned(),
        s if s < 0 => "0s".to_owned(),
        s if s < 60 => format!("{s}s"),
        s if s < 3600 => format!("{}m", s / 60),
        s if s < DAY => format!("{}h", s / 3600),
        s if s < DAY * 365 => format!("{}d", s / DAY),
        s => format!("{}y", s / DAY / 365),
    }
}

/// A duration in nanoseconds as Go prints it: `1h2m3.5s`, `5m0s`, `1.5ms`, `0s`.
#[must_use]
pub fn duration(nanos: i64) -> String {
    let n = nanos.unsigned_abs();
    let sign = if nanos < 0 { "-" } else { "" };
    let fraction = |n: u64, unit: u64| {
        let width = unit.ilog10() as usize;
        let digits = format!("{:0width$}", n % unit);
        let digits = digits.trim_end_matches('0');
        if digits.is_empty() { (n / unit).to_string() } else { format!("{}.{digits}", n / unit) }
    };
    match n {
        0 => "0s".to_owned(),
        n if n < 1000 => format!("{sign}{n}ns"),
        n if n < 1_000_000 => format!("{sign}{}µs", fraction(n, 1000)),
        n if n < 1_000_000_000 => format!("{sign}{}ms", fraction(n, 1_000_000)),
        n => {
            let total = n / 1_000_000_000;
            let mut out = sign.to_owned();
            if total >= 3600 {
                let _ = write!(out, "{}h", total / 3600);
            }
            if total >= 60 {
                let _ = write!(out, "{}m", total / 60 % 60);
            }
            let _ = write!(out, "{}s", fraction(n % 60_000_000_000, 1_000_000_000));
            out
        }
    }
}

/// Reads a Go duration, to nanoseconds.
///
/// # Errors
/// What `time.ParseDuration` says.
pub fn parse_duration(text: &str) -> Result<i64, String> {
    let quoted = crate::json::go_quote(text);
    let invalid = || format!("time: invalid duration {quoted}");
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let digits_end = |s: &str| s.find(|c: char| !c.is_ascii_digit()).unwrap_or(s.len());
        let (whole, after) = rest.split_at_checked(digits_end(rest)).ok_or_else(invalid)?;
        let (fraction, after) = match after.strip_prefix('.') {
            Some(f) => f.split_at_checked(digits_end(f)).ok_or_else(invalid)?,
            None => ("", after),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        let unit_end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(unit_end).ok_or_else(invalid)?;
        let scale: i128 = match unit {
            "" => return Err(format!("time: missing unit in duration {quoted}")),
            "ns" => 1,
            "us" | "µs" | "μs" => 1000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => {
                let unit = crate::json::go_quote(unit);
                return Err(format!("time: unknown unit {unit} in duration {quoted}"));
            }
        };
        let digits = fraction.get(..fraction.len().min(18)).unwrap_or_default();
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| invalid())? };
        let part: i128 = if digits.is_empty() { 0 } else { digits.parse().map_err(|_| invalid())? };
        let places = u32::try_from(digits.len()).unwrap_or(0);
        total = whole
            .checked_mul(scale)
            .and_then(|w| w.checked_add(part * scale / 10i128.pow(places)))
            .and_then(|w| total.checked_add(w))
            .ok_or_else(invalid)?;
        rest = after;
    }
    i64::try_from(if negative { -total } else { total }).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_767_366_245, "2026-01-02T15:04:05Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(rfc3339(seconds), text);
            assert_eq!(parse_rfc3339(text), Ok((seconds, 0)));
        }
        assert_eq!(parse_rfc3339("2026-01-02T17:04:05.5+02:00"), Ok((1_767_366_245, 500_000_000)));
        assert_eq!(rfc3339_micro(0, 5), "1970-01-01T00:00:00.000005Z");
        assert_eq!(rfc1123z(1_767_366_245), "Fri, 02 Jan 2026 15:04:05 +0000");
    }

    #[test]
    fn errors_are_gos() {
        for (text, message) in [
            (
                "tomorrow",
                r#"parsing time "tomorrow" as "2006-01-02T15:04:05Z07:00": cannot parse "tomorrow" as "2006""#,
            ),
            (
                "2026-01-02",
                r#"parsing time "2026-01-02" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T""#,
            ),
            ("2026-13-02T00:00:00Z", r#"parsing time "2026-13-02T00:00:00Z": month out of range"#),
            ("2026-02-30T00:00:00Z", r#"parsing time "2026-02-30T00:00:00Z": day out of range"#),
            (
                "2026-01-02T00:00:00",
                r#"parsing time "2026-01-02T00:00:00" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "Z07:00""#,
            ),
        ] {
            assert_eq!(parse_rfc3339(text), Err(message.to_owned()));
        }
        for (text, message) in [
            ("5", r#"time: missing unit in duration "5""#),
            ("5x", r#"time: unknown unit "x" in duration "5x""#),
            ("", r#"time: invalid duration """#),
            ("soon", r#"time: invalid duration "soon""#),
        ] {
            assert_eq!(parse_duration(text), Err(message.to_owned()));
        }
    }

    #[test]
    fn ages() {
        for (seconds, age) in [
            (-5, "<invalid>"),
            (-1, "0s"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (130, "2m10s"),
            (599, "9m59s"),
            (600, "10m"),
            (3 * 3600 - 1, "179m"),
            (3 * 3600, "3h"),
            (3 * 3600 + 60, "3h1m"),
            (8 * 3600, "8h"),
            (47 * 3600, "47h"),
            (48 * 3600, "2d"),
            (50 * 3600, "2d2h"),
            (8 * DAY, "8d"),
            (729 * DAY, "729d"),
            (730 * DAY, "2y"),
            (731 * DAY, "2y1d"),
            (3000 * DAY, "8y"),
        ] {
            assert_eq!(human_duration(seconds), age, "{seconds}");
        }
        assert_eq!(
            (short_human_duration(90), short_human_duration(DAY * 400)),
            ("1m".to_owned(), "1y".to_owned())
        );
    }

    #[test]
    fn durations() {
        for (nanos, text) in [
            (0, "0s"),
            (1, "1ns"),
            (1500, "1.5µs"),
            (2_000_000, "2ms"),
            (1_500_000_000, "1.5s"),
            (60 * SECOND, "1m0s"),
            (3600 * SECOND, "1h0m0s"),
            (3723 * SECOND + 500_000_000, "1h2m3.5s"),
            (-30 * SECOND, "-30s"),
            (8760 * 3600 * SECOND, "8760h0m0s"),
        ] {
            assert_eq!(duration(nanos), text);
            assert_eq!(parse_duration(text), Ok(nanos));
        }
        assert_eq!(parse_duration("1.5h"), Ok(5400 * SECOND));
        assert_eq!(parse_duration("1h30m"), Ok(5400 * SECOND));
    }
}
