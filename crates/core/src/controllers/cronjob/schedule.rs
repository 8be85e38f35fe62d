//! When a schedule in cron's language comes round, by the clocks of a time zone.
//!
//! Models `github.com/robfig/cron/v3` (`ParseStandard`). Zones whose rules are not known here have the clocks of UTC.

use gatehouse_model::time;

use crate::world::Timestamp;

const DAY: i64 = 86_400;

/// The minutes, hours, days, months and weekdays that fit, each as a set of bits; or a fixed distance in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// `*/5 * * * *`
    Fields {
        minutes: u64,
        hours: u64,
        days: u64,
        months: u64,
        weekdays: u64,
        /// Whether both kinds of days are restricted: then either suffices.
        either_day: bool,
    },
    /// `@every 5m`
    Every(i64),
}

/// A schedule and the clocks it goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Schedule {
    when: When,
    zone: String,
}

impl Schedule {
    /// Reads a schedule; one that names a zone itself goes by that.
    pub(super) fn parse(text: &str, zone: &str) -> Result<Self, ()> {
        let named = text.strip_prefix("TZ=").or_else(|| text.strip_prefix("CRON_TZ="));
        let (zone, text) = named.map_or((zone, text), |rest| rest.split_once(' ').unwrap_or((rest, "")));
        Ok(Self { when: When::parse(text.trim())?, zone: zone.to_owned() })
    }

    /// How far the clocks are ahead of UTC then.
    pub(super) fn offset(&self, seconds: i64) -> i64 {
        gatehouse_cel::zone_offset(&self.zone, seconds).unwrap_or(0)
    }

    /// The first time after `from`.
    pub(super) fn after(&self, from: Timestamp) -> Option<Timestamp> {
        let seconds = from.seconds();
        let ahead = self.offset(seconds);
        let next = self.when.after(seconds + ahead)?;
        // The clocks may have been changed meanwhile.
        let changed = self.offset(next - ahead);
        Some(Timestamp((next - changed).max(seconds + 1) * 1000))
    }
}

impl When {
    fn parse(text: &str) -> Result<Self, ()> {
        if let Some(distance) = text.strip_prefix("@every ") {
            let seconds = time::parse_duration(distance.trim()).map_err(|_| ())? / 1_000_000_000;
            return Ok(Self::Every(seconds.max(1)));
        }
        let text = match text {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            other => other,
        };
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields.as_slice() else { return Err(()) };
        let free = |field: &str| field.starts_with('*') || field.starts_with('?');
        Ok(Self::Fields {
            minutes: set(minutes, 0, 59, &[])?,
            hours: set(hours, 0, 23, &[])?,
            days: set(days, 1, 31, &[])?,
            months: set(months, 1, 12, MONTHS)?,
            weekdays: set(weekdays, 0, 6, WEEKDAYS)?,
            either_day: !free(days) && !free(weekdays),
        })
    }

    /// The first second after one that fits, both by the clocks.
    fn after(&self, seconds: i64) -> Option<i64> {
        match *self {
            Self::Every(distance) => Some(seconds + distance),
            Self::Fields { minutes, hours, days, months, weekdays, either_day } => {
                let start = (seconds.div_euclid(60) + 1) * 60;
                let first = start.div_euclid(DAY);
                // A day that fits comes within five years or never.
                for day in first..first + 366 * 5 {
                    let (_, month, date) = time::civil_from_days(day);
                    let weekday = (day + 4).rem_euclid(7);
                    let (dated, named) = (has(days, date), has(weekdays, weekday));
                    let fits = if either_day { dated || named } else { dated && named };
                    if has(months, month) && fits {
                        let from = if day == first { start.rem_euclid(DAY) } else { 0 };
                        let mut minute = from.div_euclid(60);
                        while minute < 1440 {
                            if has(hours, minute / 60) && has(minutes, minute % 60) {
                                return Some(day * DAY + minute * 60);
                            }
                            minute += 1;
                        }
                    }
                }
                None
            }
        }
    }
}

const MONTHS: &[&str] =
    &["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

fn has(set: u64, n: i64) -> bool {
    u32::try_from(n).is_ok_and(|n| n < 64 && set >> n & 1 == 1)
}

/// A field: parts between commas, each `*`, a number, a range, with or without a step.
fn set(field: &str, least: u32, most: u32, names: &[&str]) -> Result<u64, ()> {
    let number = |text: &str| -> Result<u32, ()> {
        let named = names.iter().position(|n| !n.is_empty() && n.eq_ignore_ascii_case(text));
        named.and_then(|n| u32::try_from(n).ok()).or_else(|| text.parse().ok()).ok_or(())
    };
    let mut bits = 0_u64;
    for part in field.split(',') {
        let (range, step) = part.split_once('/').map_or((part, None), |(r, s)| (r, Some(s)));
        let (from, to) = match range {
            "*" | "?" => (least, most),
            range => match range.split_once('-') {
                Some((from, to)) => (number(from)?, number(to)?),
                None => {
                    let from = number(range)?;
                    (from, if step.is_some() { most } else { from })
                }
            },
        };
        let step: usize = step.map_or(Ok(1), |s| s.parse().map_err(|_| ()))?;
        if from < least || to > most || from > to || step == 0 {
            return Err(());
        }
        for n in (from..=to).step_by(step) {
            bits |= 1 << n;
        }
    }
    Ok(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(schedule: &str, from: &str) -> String {
        let (seconds, _) = time::parse_rfc3339(from).expect("a time");
        let (zone, schedule) = schedule.split_once('|').unwrap_or(("", schedule));
        let schedule = Schedule::parse(schedule, zone).expect("a schedule");
        schedule.after(Timestamp(seconds * 1000)).expect("comes round").to_string()
    }

    #[test]
    fn times_come_round() {
        assert_eq!(next("*/5 * * * *", "2026-11-20T00:00:00Z"), "2026-11-20T00:05:00Z");
        assert_eq!(next("*/5 * * * *", "2026-11-20T00:04:59Z"), "2026-11-20T00:05:00Z");
        assert_eq!(next("30 2 * * mon-fri", "2026-11-20T03:00:00Z"), "2026-11-23T02:30:00Z");
        assert_eq!(next("0 0 1,15 * *", "2026-11-20T00:00:00Z"), "2026-12-01T00:00:00Z");
        assert_eq!(next("0 0 13 * 5", "2026-11-20T00:00:00Z"), "2026-11-27T00:00:00Z");
        assert_eq!(next("@hourly", "2026-11-20T00:00:00Z"), "2026-11-20T01:00:00Z");
        assert!(Schedule::parse("* * *", "").is_err());
        assert!(Schedule::parse("61 * * * *", "").is_err());
    }

    #[test]
    fn the_clocks_are_those_of_the_zone() {
        let berlin = "Europe/Berlin|30 2 * * *";
        assert_eq!(next(berlin, "2026-07-01T00:00:00Z"), "2026-07-01T00:30:00Z");
        assert_eq!(next(berlin, "2026-11-20T00:00:00Z"), "2026-11-20T01:30:00Z");
        // Summer time ends on the 25th of October.
        assert_eq!(next("Europe/Berlin|0 12 * * *", "2026-10-24T11:00:00Z"), "2026-10-25T11:00:00Z");
        assert_eq!(next("Asia/Tokyo|0 9 * * *", "2026-11-20T00:00:00Z"), "2026-11-21T00:00:00Z");
        assert_eq!(next("CRON_TZ=Asia/Kolkata 0 0 * * *", "2026-11-20T00:00:00Z"), "2026-11-20T18:30:00Z");
    }
}
