//! Moments and lengths of time. Models cel-go `common/types/{timestamp,duration}.go`.

use gatehouse_model::time as model;

use super::Answer;
use crate::value::Value;

const NANOS: i128 = 1_000_000_000;

/// A moment within the years CEL knows: 1 to 9999.
pub(crate) fn within(t: i128) -> Option<i128> {
    (-62_135_596_800 * NANOS..=253_402_300_799 * NANOS + NANOS - 1).contains(&t).then_some(t)
}

pub(crate) fn parse_timestamp(text: &str) -> Result<i128, String> {
    let (seconds, nanos) = model::parse_rfc3339(text)?;
    Ok(i128::from(seconds) * NANOS + i128::from(nanos))
}

pub(crate) fn parse_duration(text: &str) -> Result<i64, String> {
    model::parse_duration(text)
}

/// `2020-01-01T00:00:00.5Z`: fractions only where there are some.
pub(crate) fn print_timestamp(t: i128) -> String {
    let seconds = i64::try_from(t.div_euclid(NANOS)).unwrap_or(0);
    let nanos = t.rem_euclid(NANOS);
    let text = model::rfc3339(seconds);
    if nanos == 0 {
        return text;
    }
    let fraction = format!("{nanos:09}");
    format!("{}.{}Z", text.trim_end_matches('Z'), fraction.trim_end_matches('0'))
}

/// Seconds and an `s`: `5400s`, `1.5s`.
pub(crate) fn print_duration(nanos: i64) -> String {
    let (sign, n) = if nanos < 0 { ("-", nanos.unsigned_abs()) } else { ("", nanos.unsigned_abs()) };
    let (seconds, rest) = (n / 1_000_000_000, n % 1_000_000_000);
    if rest == 0 {
        return format!("{sign}{seconds}s");
    }
    let fraction = format!("{rest:09}");
    format!("{sign}{seconds}.{}s", fraction.trim_end_matches('0'))
}

pub(super) fn call(function: &str, args: &[Value]) -> Answer {
    let [v] = args else { return None };
    Some(match (function, v) {
        ("timestamp", Value::Timestamp(_)) | ("duration", Value::Duration(_)) => Ok(v.clone()),
        ("timestamp", Value::String(s)) => parse_timestamp(s).map(Value::Timestamp),
        ("timestamp", Value::Int(i)) => within(i128::from(*i) * NANOS)
            .map(Value::Timestamp)
            .ok_or_else(|| "timestamp overflow".to_owned()),
        ("duration", Value::String(s)) => parse_duration(s).map(Value::Duration),
        ("duration", Value::Int(i)) => Ok(Value::Duration(*i)),
        _ => return None,
    })
}

/// How far a time zone is ahead of UTC at a moment, in seconds: a fixed offset, or one of the zones people write,
/// with the summer time of the European Union and of the United States.
fn offset(zone: &str, t: i128) -> Result<i64, String> {
    if let Some((hours, minutes)) = zone.trim_start_matches(['+', '-']).split_once(':')
        && let (Ok(h), Ok(m)) = (hours.parse::<i64>(), minutes.parse::<i64>())
    {
        let seconds = h * 3600 + m * 60;
        return Ok(if zone.starts_with('-') { -seconds } else { seconds });
    }
    let seconds = i64::try_from(t.div_euclid(NANOS)).unwrap_or(0);
    let (year, _, _) = model::civil_from_days(seconds.div_euclid(86_400));
    // The last Sunday of March and October, 01:00 UTC.
    let europe = seconds >= sunday(year, 3, 31) + 3600 && seconds < sunday(year, 10, 31) + 3600;
    // The second Sunday of March and the first of November, 02:00 local.
    let america = |standard: i64| {
        let start = sunday(year, 3, 14) + 7200 - standard;
        let end = sunday(year, 11, 7) + 3600 - standard;
        seconds >= start && seconds < end
    };
    let (standard, summer) = match zone {
        "UTC" | "GMT" | "" | "Etc/UTC" => (0, false),
        "Europe/London" | "Europe/Lisbon" | "Europe/Dublin" => (0, europe),
        "Europe/Berlin" | "Europe/Paris" | "Europe/Madrid" | "Europe/Rome" | "Europe/Amsterdam"
        | "Europe/Vienna" | "Europe/Zurich" | "Europe/Brussels" | "Europe/Prague" | "Europe/Warsaw"
        | "Europe/Stockholm" => (3600, europe),
        "Europe/Athens" | "Europe/Helsinki" | "Europe/Kiev" | "Europe/Kyiv" => (7200, europe),
        "America/New_York" | "US/Eastern" => (-18_000, america(-18_000)),
        "America/Chicago" | "US/Central" => (-21_600, america(-21_600)),
        "America/Denver" | "US/Mountain" => (-25_200, america(-25_200)),
        "America/Los_Angeles" | "US/Pacific" => (-28_800, america(-28_800)),
        "Asia/Tokyo" | "Asia/Seoul" => (32_400, false),
        "Asia/Shanghai" | "Asia/Singapore" | "Asia/Hong_Kong" => (28_800, false),
        "Asia/Kolkata" => (19_800, false),
        other => return Err(format!("unknown time zone {other}")),
    };
    Ok(standard + if summer { 3600 } else { 0 })
}

/// Midnight of the last Sunday on or before a day of a year.
fn sunday(year: i64, month: i64, day: i64) -> i64 {
    let days = days_from_civil(year, month, day);
    let weekday = (days + 4).rem_euclid(7);
    (days - weekday) * 86_400
}

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let doy = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

pub(super) fn method(function: &str, args: &[Value]) -> Answer {
    match args {
        [Value::Duration(d)] => Some(Ok(Value::Int(match function {
            "getHours" => d / 3_600_000_000_000,
            "getMinutes" => d / 60_000_000_000,
            "getSeconds" => d / 1_000_000_000,
            "getMilliseconds" => d / 1_000_000,
            _ => return None,
        }))),
        [Value::Timestamp(t), zone @ ..] => {
            let zone = match zone {
                [] => String::new(),
                [Value::String(z)] => z.to_string(),
                _ => return None,
            };
            let offset = match offset(&zone, *t) {
                Ok(offset) => offset,
                Err(e) => return Some(Err(e)),
            };
            let seconds = i64::try_from(t.div_euclid(NANOS)).unwrap_or(0) + offset;
            let days = seconds.div_euclid(86_400);
            let second = seconds.rem_euclid(86_400);
            let (year, month, day) = model::civil_from_days(days);
            Some(Ok(Value::Int(match function {
                "getFullYear" => year,
                "getMonth" => month - 1,
                "getDayOfMonth" => day - 1,
                "getDate" => day,
                "getDayOfYear" => days - days_from_civil(year, 1, 1),
                "getDayOfWeek" => (days + 4).rem_euclid(7),
                "getHours" => second / 3600,
                "getMinutes" => second / 60 % 60,
                "getSeconds" => second % 60,
                "getMilliseconds" => i64::try_from(t.rem_euclid(NANOS) / 1_000_000).unwrap_or(0),
                _ => return None,
            })))
        }
        _ => None,
    }
}
