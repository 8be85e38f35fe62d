//! Moments and lengths of time. Models cel-go `common/types/{timestamp,duration}.go`.

use gatehouse_model::time as model;

use super::Answer;
use crate::value::Value;

const NANOS: i128 = 1_000_000_000;

/// A moment within the years CEL knows: 1 to 9999.
pub(crate) fn within(t: i128) -> Option<i128> {
    (-62_135_596_800 * NANOS..=253_402_300_799 * NANOS + NANOS - 1).contains(&t).then_some(t)
}

/// The moment a text names, and how far its place is ahead of UTC, in seconds.
fn parse_timestamp(text: &str) -> Result<(i128, i32), String> {
    let (seconds, nanos) = model::parse_rfc3339(text)?;
    let t = within(i128::from(seconds) * NANOS + i128::from(nanos)).ok_or("timestamp overflow")?;
    let zone = text.get(text.len().saturating_sub(6)..).unwrap_or_default();
    let ahead = zone.split_once(':').and_then(|(hours, minutes)| {
        let sign = if hours.starts_with('-') { -1 } else { 1 };
        let hours: i32 = hours.strip_prefix(['+', '-'])?.parse().ok()?;
        Some(sign * (hours * 3600 + minutes.parse::<i32>().ok()? * 60))
    });
    Ok((t, ahead.unwrap_or(0)))
}

/// `2020-01-01T00:00:00.5Z`: fractions only where there are some.
pub(crate) fn print_timestamp(t: i128, offset: i32) -> String {
    let seconds = i64::try_from(t.div_euclid(NANOS)).unwrap_or(0) + i64::from(offset);
    let nanos = t.rem_euclid(NANOS);
    let mut text = model::rfc3339(seconds);
    text.pop();
    if nanos != 0 {
        let fraction = format!("{nanos:09}");
        text.push('.');
        text.push_str(fraction.trim_end_matches('0'));
    }
    if offset == 0 {
        text.push('Z');
    } else {
        let minutes = offset.unsigned_abs() / 60;
        let sign = if offset < 0 { '-' } else { '+' };
        text.push_str(&format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60));
    }
    text
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
    let bad = |what: &str| format!("type conversion error from 'string' to 'google.protobuf.{what}'");
    Some(match (function, v) {
        ("timestamp", Value::Timestamp(..)) | ("duration", Value::Duration(_)) => Ok(v.clone()),
        ("timestamp", Value::String(s)) => {
            parse_timestamp(s).map(|(t, offset)| Value::Timestamp(t, offset)).map_err(|_| bad("Timestamp"))
        }
        ("timestamp", Value::Int(i)) => within(i128::from(*i) * NANOS)
            .map(|t| Value::Timestamp(t, 0))
            .ok_or_else(|| "timestamp overflow".to_owned()),
        ("duration", Value::String(s)) => {
            model::parse_duration(s).map(Value::Duration).map_err(|_| bad("Duration"))
        }
        ("duration", Value::Int(i)) => Ok(Value::Duration(*i)),
        _ => return None,
    })
}

/// Zones people write: standard time in minutes, and whose rules of summer time they follow.
const ZONES: &str = "\
UTC 0
GMT 0
Etc/UTC 0
Etc/GMT 0
Europe/London 0 eu
Europe/Lisbon 0 eu
Europe/Dublin 0 eu
Europe/Amsterdam 60 eu
Europe/Berlin 60 eu
Europe/Brussels 60 eu
Europe/Budapest 60 eu
Europe/Copenhagen 60 eu
Europe/Madrid 60 eu
Europe/Oslo 60 eu
Europe/Paris 60 eu
Europe/Prague 60 eu
Europe/Rome 60 eu
Europe/Stockholm 60 eu
Europe/Vienna 60 eu
Europe/Warsaw 60 eu
Europe/Zurich 60 eu
CET 60 eu
Europe/Athens 120 eu
Europe/Bucharest 120 eu
Europe/Helsinki 120 eu
Europe/Kiev 120 eu
Europe/Kyiv 120 eu
Europe/Istanbul 180
Europe/Moscow 180
America/New_York -300 us
America/Toronto -300 us
US/Eastern -300 us
EST5EDT -300 us
EST -300
America/Chicago -360 us
US/Central -360 us
America/Mexico_City -360
America/Denver -420 us
US/Mountain -420 us
America/Phoenix -420
America/Los_Angeles -480 us
America/Vancouver -480 us
US/Pacific -480 us
America/Anchorage -540 us
Pacific/Honolulu -600
America/Bogota -300
America/Lima -300
America/Sao_Paulo -180
America/Argentina/Buenos_Aires -180
Africa/Johannesburg 120
Africa/Cairo 120
Africa/Nairobi 180
Africa/Lagos 60
Asia/Jerusalem 120
Asia/Dubai 240
Asia/Karachi 300
Asia/Kolkata 330
Asia/Calcutta 330
Asia/Kathmandu 345
Asia/Dhaka 360
Asia/Bangkok 420
Asia/Jakarta 420
Asia/Ho_Chi_Minh 420
Asia/Shanghai 480
Asia/Singapore 480
Asia/Hong_Kong 480
Asia/Taipei 480
Asia/Manila 480
Australia/Perth 480
Asia/Tokyo 540
Asia/Seoul 540
Australia/Brisbane 600
Australia/Sydney 600 au
Australia/Melbourne 600 au
Australia/Adelaide 570 au
Pacific/Auckland 720 nz";

/// How far a time zone is ahead of UTC at a moment, in seconds: a fixed offset, or one of [`ZONES`], with the rules
/// of summer time that hold since 2008.
pub(crate) fn offset(zone: &str, t: i128) -> Result<i64, String> {
    if let Some((hours, minutes)) = zone.split_once(':') {
        let number = |text: &str| {
            let bad = |_| {
                format!("strconv.Atoi: parsing {}: invalid syntax", gatehouse_model::json::go_quote(text))
            };
            text.parse::<i64>().map_err(bad)
        };
        let (h, m) = (number(hours)?, number(minutes)?);
        let seconds = if zone.starts_with('-') { h * 60 - m } else { h * 60 + m };
        return Ok(seconds.saturating_mul(60));
    }
    if zone.starts_with(['/', '\\']) || zone.split(['/', '\\']).any(|part| part == "..") {
        return Err("time: invalid location name".to_owned());
    }
    let named = |line: &&str| line.split(' ').next() == Some(if zone.is_empty() { "UTC" } else { zone });
    let line = ZONES.lines().find(named).ok_or_else(|| format!("unknown time zone {zone}"))?;
    let mut words = line.split(' ').skip(1);
    let standard = words.next().and_then(|w| w.parse::<i64>().ok()).unwrap_or(0) * 60;
    let seconds = i64::try_from(t.div_euclid(NANOS)).unwrap_or(0);
    let (year, _, _) = model::civil_from_days((seconds + standard).div_euclid(86_400));
    // Days are given by the Sunday on or before them; hours in UTC.
    let summer = match words.next() {
        Some("eu") => seconds >= sunday(year, 3, 31) + 3600 && seconds < sunday(year, 10, 31) + 3600,
        Some("us") => {
            seconds >= sunday(year, 3, 14) + 7200 - standard
                && seconds < sunday(year, 11, 7) + 3600 - standard
        }
        Some("au") => {
            seconds < sunday(year, 4, 7) + 7200 - standard || seconds >= sunday(year, 10, 7) + 7200 - standard
        }
        Some("nz") => {
            seconds < sunday(year, 4, 7) + 7200 - standard || seconds >= sunday(year, 9, 30) + 7200 - standard
        }
        _ => false,
    };
    Ok(standard + if summer { 3600 } else { 0 })
}

/// Midnight of the last Sunday on or before a day of a year.
fn sunday(year: i64, month: i64, day: i64) -> i64 {
    let days = model::days_from_civil(year, month, day);
    let weekday = (days + 4).rem_euclid(7);
    (days - weekday) * 86_400
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
        [Value::Timestamp(t, _), zone @ ..] if function.starts_with("get") => {
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
                "getDayOfYear" => days - model::days_from_civil(year, 1, 1),
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
