//! `date`.

use super::options;
use crate::sys::Sys;

const DAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A moment taken apart, in UTC.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
    days: i64,
}

impl Civil {
    pub(crate) fn of(seconds: i64) -> Self {
        let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let z = days + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        Self {
            year: yoe + era * 400 + i64::from(month <= 2),
            month,
            day: doy - (153 * mp + 2) / 5 + 1,
            hour: rest / 3600,
            minute: rest / 60 % 60,
            second: rest % 60,
            days,
        }
    }

    /// Seconds since 1970 of a date and time.
    pub(crate) fn seconds(year: i64, month: i64, day: i64, hour: i64, minute: i64, second: i64) -> i64 {
        let y = if month <= 2 { year - 1 } else { year };
        let era = y.div_euclid(400);
        let yoe = y.rem_euclid(400);
        let doy = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
        let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
        (era * 146_097 + doe - 719_468) * 86_400 + hour * 3600 + minute * 60 + second
    }

    fn weekday(&self) -> &'static str {
        usize::try_from(self.days.rem_euclid(7)).ok().and_then(|i| DAYS.get(i)).copied().unwrap_or("")
    }

    pub(crate) fn month_name(&self) -> &'static str {
        usize::try_from(self.month - 1).ok().and_then(|i| MONTHS.get(i)).copied().unwrap_or("")
    }

    fn year_day(&self) -> i64 {
        (Self::seconds(self.year, self.month, self.day, 0, 0, 0) - Self::seconds(self.year, 1, 1, 0, 0, 0))
            / 86_400
            + 1
    }
}

/// strftime(3) in UTC.
pub(crate) fn format(pattern: &str, millis: i64) -> String {
    let seconds = millis.div_euclid(1000);
    let c = Civil::of(seconds);
    let mut out = String::new();
    let mut chars = pattern.chars();
    while let Some(ch) = chars.next() {
        if ch != '%' {
            out.push(ch);
            continue;
        }
        let mut letter = chars.next().unwrap_or('%');
        let mut pad = true;
        if letter == '-' {
            pad = false;
            letter = chars.next().unwrap_or('%');
        }
        if letter == '3' {
            chars.next();
            out.push_str(&format!("{:03}", millis.rem_euclid(1000)));
            continue;
        }
        let two = |n: i64| if pad { format!("{n:02}") } else { n.to_string() };
        let short = |t: &str| t.chars().take(3).collect::<String>();
        out.push_str(&match letter {
            'Y' => c.year.to_string(),
            'y' => two(c.year % 100),
            'm' => two(c.month),
            'd' => two(c.day),
            'e' => format!("{:2}", c.day),
            'H' => two(c.hour),
            'I' => two((c.hour + 11) % 12 + 1),
            'M' => two(c.minute),
            'S' => two(c.second),
            'p' => if c.hour < 12 { "AM" } else { "PM" }.to_owned(),
            'j' => format!("{:03}", c.year_day()),
            'a' => short(c.weekday()),
            'A' => c.weekday().to_owned(),
            'b' | 'h' => short(c.month_name()),
            'B' => c.month_name().to_owned(),
            'F' => format!("{:04}-{:02}-{:02}", c.year, c.month, c.day),
            'T' => format!("{:02}:{:02}:{:02}", c.hour, c.minute, c.second),
            'R' => format!("{:02}:{:02}", c.hour, c.minute),
            'D' => format!("{:02}/{:02}/{:02}", c.month, c.day, c.year % 100),
            's' => seconds.to_string(),
            'N' => format!("{:09}", millis.rem_euclid(1000) * 1_000_000),
            'Z' => "UTC".to_owned(),
            'z' => "+0000".to_owned(),
            'u' => ((c.days + 3).rem_euclid(7) + 1).to_string(),
            'w' => ((c.days + 4).rem_euclid(7)).to_string(),
            'n' => "\n".to_owned(),
            't' => "\t".to_owned(),
            '%' => "%".to_owned(),
            other => format!("%{other}"),
        });
    }
    out
}

/// Reads what people give `date -d` and `-s`.
pub(super) fn parse(text: &str, now: i64) -> Option<i64> {
    let text = text.trim();
    if let Some(s) = text.strip_prefix('@') {
        return s.parse().ok();
    }
    match text {
        "now" | "" => return Some(now),
        "tomorrow" => return Some(now + 86_400),
        "yesterday" => return Some(now - 86_400),
        _ => {}
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    if let [n, unit] | [n, unit, _] = words.as_slice()
        && let Ok(n) = n.parse::<i64>()
        && !unit.contains(':')
    {
        let n = if words.get(2) == Some(&"ago") { -n } else { n };
        let unit = match unit.trim_end_matches('s') {
            "second" | "sec" => 1,
            "minute" | "min" => 60,
            "hour" => 3600,
            "day" => 86_400,
            "week" => 604_800,
            _ => return None,
        };
        return Some(now + n * unit);
    }
    let text = text.trim_end_matches('Z').replace('T', " ");
    let today = format("%F", now * 1000);
    let (date, time) = match text.split_once(' ') {
        Some(parts) => parts,
        None if text.contains(':') => (today.as_str(), text.as_str()),
        None => (text.as_str(), "0:0:0"),
    };
    let mut d = date.split('-').map(|p| p.parse::<i64>().ok());
    let mut t = time.trim().split(['.', '+']).next()?.split(':').map(|p| p.parse::<i64>().ok());
    let (y, m, day) = (d.next()??, d.next()??, d.next()??);
    let (h, min, s) = (t.next()??, t.next().flatten().unwrap_or(0), t.next().flatten().unwrap_or(0));
    Some(Civil::seconds(y, m, day, h, min, s))
}

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long =
        [("date", 'd'), ("set", 's'), ("utc", 'u'), ("iso-8601", 'I'), ("rfc-3339", 'X'), ("rfc-email", 'R')];
    let opts = match options::parse(sys, argv, "d:s:uI::RX:", &long) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let busybox = sys.busybox();
    let mut at = sys.now().0;
    let mut code = 0;
    if let Some(text) = opts.value('d').or(opts.value('s')) {
        let Some(seconds) = parse(text, at.div_euclid(1000)) else {
            let line = if busybox {
                format!("date: invalid date '{text}'\n")
            } else {
                format!("date: invalid date \u{2018}{text}\u{2019}\n")
            };
            sys.complain(&line);
            return 1;
        };
        at = seconds * 1000;
    }
    // The zone's file.
    if busybox {
        let _ = sys.call("openat");
    } else if !opts.has('u') {
        let _ = sys.call("lseek");
        if opts.value('d').or(opts.value('s')).is_some() || opts.operands.is_empty() {
            let _ = sys.call("newfstatat");
        }
    }
    if opts.has('s')
        && let Err(e) = sys.clock_settime(at)
    {
        if busybox {
            sys.complain(&format!("date: can't set date: {}\n", e.text()));
        } else {
            sys.complain(&format!("date: cannot set date: {}\n", e.text()));
            code = 1;
        }
    }
    if let Some(odd) = opts.operands.first().filter(|o| !o.starts_with('+') && !busybox) {
        sys.complain(&format!("date: invalid date \u{2018}{odd}\u{2019}\n"));
        return 1;
    }
    let pattern = match opts.operands.first().and_then(|o| o.strip_prefix('+')) {
        Some(p) => p.to_owned(),
        None if opts.has('I') => match opts.value('I') {
            Some("seconds" | "s") => "%FT%T+00:00",
            Some("minutes" | "m") => "%FT%R+00:00",
            _ => "%F",
        }
        .to_owned(),
        None if opts.has('X') => "%F %T+00:00".to_owned(),
        None if opts.has('R') => "%a, %d %b %Y %T +0000".to_owned(),
        None if busybox => "%a %b %e %T %Z %Y".to_owned(),
        None => "%a %b %e %T %Z %Y".to_owned(),
    };
    sys.print(&(format(&pattern, at) + "\n"));
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_and_reads() {
        assert_eq!(format("%F %T %a %j", 1_795_132_800_000), "2026-11-20 00:00:00 Fri 324");
        assert_eq!(parse("2026-11-20 00:00:00", 0), Some(1_795_132_800));
        assert_eq!(parse("1 day ago", 86_400), Some(0));
    }
}
