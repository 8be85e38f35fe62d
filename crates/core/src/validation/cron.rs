//! Cron schedules, as far as right and wrong go.
//!
//! Models `robfig/cron` `parser.go` (`ParseStandard`), whose words the API server passes on.

/// Checks a schedule.
pub(super) fn parse(schedule: &str) -> Result<(), String> {
    // A time zone may go before.
    let schedule = match schedule.strip_prefix("TZ=").or_else(|| schedule.strip_prefix("CRON_TZ=")) {
        Some(rest) => {
            let (place, fields) = rest.split_once(' ').unwrap_or((rest, ""));
            if !known(place) {
                return Err(format!("provided bad location {place}: unknown time zone {place}"));
            }
            fields.trim()
        }
        None => schedule,
    };
    if let Some(descriptor) = schedule.strip_prefix('@') {
        return match descriptor {
            "yearly" | "annually" | "monthly" | "weekly" | "daily" | "midnight" | "hourly" => Ok(()),
            other => match other.strip_prefix("every ") {
                Some(duration) => gatehouse_model::time::parse_duration(duration)
                    .map(|_| ())
                    .map_err(|e| format!("failed to parse duration @{other}: {e}")),
                None => Err(format!("unrecognized descriptor: @{other}")),
            },
        };
    }
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    let [minute, hour, day, month, weekday] = fields.as_slice() else {
        return Err(format!("expected exactly 5 fields, found {}: [{}]", fields.len(), fields.join(" ")));
    };
    field(minute, 0, 59, &[])?;
    field(hour, 0, 23, &[])?;
    field(day, 1, 31, &[])?;
    field(month, 1, 12, MONTHS)?;
    field(weekday, 0, 6, DAYS)
}

/// Checks the time zone of a schedule.
pub(super) fn zone(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("timeZone must be nil or non-empty string".to_owned());
    }
    if name.eq_ignore_ascii_case("Local") {
        let why = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
        return Err(why.to_owned());
    }
    if known(name) { Ok(()) } else { Err(format!("unknown time zone {name}")) }
}

/// Whether the time zone database has this name.
fn known(name: &str) -> bool {
    include_str!("zones.txt").lines().any(|known| known == name)
}

const MONTHS: &[(&str, i64)] = &[
    ("jan", 1),
    ("feb", 2),
    ("mar", 3),
    ("apr", 4),
    ("may", 5),
    ("jun", 6),
    ("jul", 7),
    ("aug", 8),
    ("sep", 9),
    ("oct", 10),
    ("nov", 11),
    ("dec", 12),
];
const DAYS: &[(&str, i64)] =
    &[("sun", 0), ("mon", 1), ("tue", 2), ("wed", 3), ("thu", 4), ("fri", 5), ("sat", 6)];

fn field(text: &str, min: i64, max: i64, names: &[(&str, i64)]) -> Result<(), String> {
    text.split(',').filter(|p| !p.is_empty()).try_for_each(|part| range(part, min, max, names))
}

fn range(part: &str, min: i64, max: i64, names: &[(&str, i64)]) -> Result<(), String> {
    let halves: Vec<&str> = part.split('/').collect();
    let bounds: Vec<&str> = halves.first().copied().unwrap_or_default().split('-').collect();
    let first = bounds.first().copied().unwrap_or_default();
    let (start, mut end) = if matches!(first, "*" | "?") {
        (min, max)
    } else {
        let start = number_or_name(first, names)?;
        match bounds.as_slice() {
            [_] => (start, start),
            [_, end] => (start, number_or_name(end, names)?),
            _ => return Err(format!("too many hyphens: {part}")),
        }
    };
    let step = match halves.as_slice() {
        [_] => 1,
        [_, step] => {
            if bounds.len() == 1 {
                end = max;
            }
            number(step)?
        }
        _ => return Err(format!("too many slashes: {part}")),
    };
    if start < min {
        return Err(format!("beginning of range ({start}) below minimum ({min}): {part}"));
    }
    if end > max {
        return Err(format!("end of range ({end}) above maximum ({max}): {part}"));
    }
    if start > end {
        return Err(format!("beginning of range ({start}) beyond end of range ({end}): {part}"));
    }
    if step == 0 {
        return Err(format!("step of range should be a positive number: {part}"));
    }
    Ok(())
}

fn number_or_name(text: &str, names: &[(&str, i64)]) -> Result<i64, String> {
    let lower = text.to_lowercase();
    match names.iter().find(|(n, _)| *n == lower) {
        Some((_, number)) => Ok(*number),
        None => number(text),
    }
}

fn number(text: &str) -> Result<i64, String> {
    let n: i64 = text.parse().map_err(|_| {
        let quoted = gatehouse_model::json::go_quote(text);
        format!("failed to parse int from {text}: strconv.Atoi: parsing {quoted}: invalid syntax")
    })?;
    if n < 0 { Err(format!("negative number ({n}) not allowed: {text}")) } else { Ok(n) }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn schedules() {
        for right in ["*/5 * * * *", "0 1 * * mon-fri", "@daily", "1,2,3 0-5/2 1 jan ?"] {
            assert_eq!(parse(right), Ok(()), "{right}");
        }
        for (wrong, why) in [
            ("every day", "expected exactly 5 fields, found 2: [every day]"),
            ("60 * * * *", "end of range (60) above maximum (59): 60"),
            ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
            ("TZ=Mars/Base * * * * *", "provided bad location Mars/Base: unknown time zone Mars/Base"),
            ("x * * * *", "failed to parse int from x: strconv.Atoi: parsing \"x\": invalid syntax"),
        ] {
            assert_eq!(parse(wrong), Err(why.to_owned()));
        }
    }
}
