//! `chage`: when a password ages and an account ends. Models shadow-utils' src/chage.c; asks nothing.

use gatehouse_model::time::parse_rfc3339;

use super::accounts::{PASSWD, SHADOW, Table, locked, refuse, set};
use super::options;
use crate::sys::Sys;

const DAY: i64 = 86_400_000;

/// Days since 1970: a number or a date; -1 for never.
fn days(text: &str) -> Option<String> {
    if text == "-1" {
        return Some(String::new());
    }
    if let Ok(n) = text.parse::<i64>() {
        return Some(n.to_string());
    }
    parse_rfc3339(&format!("{text}T00:00:00Z")).ok().map(|(seconds, _)| (seconds * 1000 / DAY).to_string())
}

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [
        ("list", 'l'),
        ("lastday", 'd'),
        ("expiredate", 'E'),
        ("inactive", 'I'),
        ("mindays", 'm'),
        ("maxdays", 'M'),
        ("warndays", 'W'),
    ];
    let opts = match options::parse(sys, argv, "lid:E:I:m:M:W:", &long) {
        Ok(o) => o,
        Err(_) => return 2,
    };
    let [name] = opts.operands.as_slice() else {
        return refuse(sys, "Usage: chage [options] LOGIN\n", 2);
    };
    let root = sys.getid("getuid") == 0;
    if !root && !opts.has('l') {
        return refuse(sys, "chage: Permission denied.\n", 1);
    }
    if !Table::load(sys, PASSWD).has(name) {
        return refuse(sys, &format!("chage: user '{name}' does not exist in {PASSWD}\n"), 1);
    }
    if opts.has('l') {
        return list(sys, name);
    }
    if locked(sys, "chage", SHADOW) {
        return 1;
    }
    let mut shadow = Table::load(sys, SHADOW);
    for (flag, field, what) in
        [('d', 2, "date"), ('m', 3, ""), ('M', 4, ""), ('W', 5, ""), ('I', 6, ""), ('E', 7, "date")]
    {
        let Some(value) = opts.value(flag) else { continue };
        let number = if what == "date" {
            days(value)
        } else {
            value.parse::<i64>().ok().map(|n| if n < 0 { String::new() } else { n.to_string() })
        };
        let Some(number) = number else {
            let kind = if what.is_empty() { "numeric argument" } else { "date" };
            return refuse(sys, &format!("chage: invalid {kind} '{value}'\n"), 2);
        };
        if let Some(row) = shadow.row(name) {
            row.resize(row.len().max(9), String::new());
            set(row, field, &number);
        }
    }
    shadow.save(sys);
    0
}

fn list(sys: &mut Sys<'_>, name: &str) -> i32 {
    let mut shadow = Table::load(sys, SHADOW);
    let Some(row) = shadow.row(name).cloned() else {
        return refuse(sys, "chage: Permission denied.\n", 1);
    };
    let number = |field: usize| row.get(field).and_then(|v| v.parse::<i64>().ok());
    let date = |day: i64| super::date::format("%b %d, %Y", day * DAY);
    let (changed, most) = (number(2), number(4).filter(|m| (0..10_000).contains(m)));
    let must = changed == Some(0);
    let word = |value: Option<i64>| match value {
        _ if must => "password must be changed".to_owned(),
        Some(day) => date(day),
        None => "never".to_owned(),
    };
    let expires = changed.zip(most).map(|(c, m)| c + m);
    let inactive = expires.zip(number(6).filter(|n| *n >= 0)).map(|(e, i)| e + i);
    sys.print(&format!("Last password change\t\t\t\t\t: {}\n", word(changed)));
    sys.print(&format!("Password expires\t\t\t\t\t: {}\n", word(expires)));
    sys.print(&format!("Password inactive\t\t\t\t\t: {}\n", word(inactive)));
    sys.print(&format!("Account expires\t\t\t\t\t\t: {}\n", number(7).map_or("never".to_owned(), date)));
    sys.print(&format!("Minimum number of days between password change\t\t: {}\n", number(3).unwrap_or(-1)));
    sys.print(&format!("Maximum number of days between password change\t\t: {}\n", number(4).unwrap_or(-1)));
    sys.print(&format!("Number of days of warning before password expires\t: {}\n", number(5).unwrap_or(-1)));
    0
}
