//! The columns of `ps`: what `-o` calls them, their headings, and how wide they are.

use super::{Row, Sys};
use crate::programs::date;

/// What stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    Pid,
    Ppid,
    Group,
    Session,
    User,
    RealUser,
    Uid,
    RealUid,
    GroupName,
    RealGroupName,
    Gid,
    RealGid,
    Comm,
    Args,
    Stat,
    State,
    Terminal,
    Time,
    ShortTime,
    Elapsed,
    Seconds,
    Start,
    LongStart,
    Nice,
    Priority,
    Label,
    /// The same for every process.
    Always(&'static str),
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    names: &'static str,
    heading: &'static str,
    /// How wide; less than nothing where it stands to the left.
    width: i8,
    value: Value,
}

/// The tables of `ps`, `ps -f`, `ps x`, `ps u` and `ps j`.
pub(super) const PLAIN: &str = "pid tname time ucmd";
pub(super) const FULL: &str = "UID pid ppid c stime tname time cmd";
pub(super) const STATES: &str = "pid tname stat bsdtime args";
pub(super) const USERS: &str = "user pid %cpu %mem vsz rss tname stat bsdstart bsdtime args";
pub(super) const JOBS: &str = "ppid pid pgid sid tname tpgid stat uid bsdtime args";

const fn column(names: &'static str, heading: &'static str, width: i8, value: Value) -> Column {
    Column { names, heading, width, value }
}

const COLUMNS: &[Column] = &[
    column("tid spid lwp", "TID", 7, Value::Pid),
    column("pid tgid", "PID", 7, Value::Pid),
    column("ppid", "PPID", 7, Value::Ppid),
    column("pgid pgrp", "PGID", 7, Value::Group),
    column("sid sess session", "SID", 7, Value::Session),
    column("tpgid", "TPGID", 7, Value::Always("-1")),
    column("euser", "EUSER", -8, Value::User),
    column("user uname", "USER", -8, Value::User),
    column("ruser", "RUSER", -8, Value::RealUser),
    column("UID", "UID", -8, Value::User),
    column("euid", "EUID", 5, Value::Uid),
    column("uid", "UID", 5, Value::Uid),
    column("ruid", "RUID", 5, Value::RealUid),
    column("egroup", "EGROUP", -8, Value::GroupName),
    column("group", "GROUP", -8, Value::GroupName),
    column("rgroup", "RGROUP", -8, Value::RealGroupName),
    column("egid", "EGID", 5, Value::Gid),
    column("gid", "GID", 5, Value::Gid),
    column("rgid", "RGID", 5, Value::RealGid),
    column("comm", "COMMAND", -15, Value::Comm),
    column("ucmd ucomm", "CMD", -15, Value::Comm),
    column("args command", "COMMAND", -27, Value::Args),
    column("cmd", "CMD", -27, Value::Args),
    column("stat", "STAT", -4, Value::Stat),
    column("s state", "S", -1, Value::State),
    column("tname", "TTY", -8, Value::Terminal),
    column("tty tt", "TT", -8, Value::Terminal),
    column("time cputime", "TIME", 8, Value::Time),
    column("bsdtime", "TIME", 6, Value::ShortTime),
    column("etime", "ELAPSED", 11, Value::Elapsed),
    column("etimes", "ELAPSED", 7, Value::Seconds),
    column("stime start_time", "STIME", 5, Value::Start),
    column("bsdstart", "START", 5, Value::Start),
    column("start", "STARTED", 8, Value::Start),
    column("lstart", "STARTED", 24, Value::LongStart),
    column("c", "C", 2, Value::Always("0")),
    column("%cpu pcpu", "%CPU", 4, Value::Always("0.0")),
    column("%mem pmem", "%MEM", 4, Value::Always("0.0")),
    column("vsz vsize", "VSZ", 6, Value::Always("4624")),
    column("rss rssize rsz", "RSS", 5, Value::Always("1664")),
    column("nlwp thcount", "NLWP", 4, Value::Always("1")),
    column("ni nice", "NI", 3, Value::Nice),
    column("pri", "PRI", 3, Value::Priority),
    column("label context", "LABEL", -31, Value::Label),
];

/// The column of a name.
pub(super) fn find(name: &str) -> Option<&'static Column> {
    COLUMNS.iter().find(|column| column.names.split(' ').any(|other| other == name))
}

impl Column {
    pub(super) const fn heading(&self) -> &'static str {
        self.heading
    }

    pub(super) fn is_label(&self) -> bool {
        self.value == Value::Label
    }

    /// The column as wide as `-o user:20` says.
    pub(super) fn as_wide(self, width: i8) -> Self {
        Self { width: if self.width < 0 { -width } else { width }, ..self }
    }

    /// Writes a field.
    pub(super) fn pad(&self, text: &mut String, field: &str, last: bool) {
        let width = usize::from(self.width.unsigned_abs());
        if self.width >= 0 {
            text.push_str(&format!("{field:>width$}"));
        } else if last {
            text.push_str(field);
        } else {
            text.push_str(&format!("{field:<width$.width$}"));
        }
    }

    /// What sorts a process: numbers as numbers.
    pub(super) fn sorts(&self, row: &Row) -> (i64, String) {
        match self.value {
            Value::Pid => (i64::from(row.pid), String::new()),
            Value::Ppid => (i64::from(row.ppid), String::new()),
            Value::Uid | Value::User => (i64::from(row.uid), String::new()),
            Value::Start | Value::LongStart => (row.started, String::new()),
            Value::Elapsed | Value::Seconds => (-row.started, String::new()),
            Value::Comm => (0, row.comm.clone()),
            Value::Args => (0, row.command.clone()),
            _ => (0, String::new()),
        }
    }

    /// What a process has in this column; `branch` stands before its command.
    pub(super) fn text(&self, sys: &mut Sys<'_>, row: &Row, branch: &str) -> String {
        let seconds = (sys.now().0 - row.started).max(0) / 1000;
        match self.value {
            Value::Pid => row.pid.to_string(),
            Value::Ppid => row.ppid.to_string(),
            Value::Group => row.group.to_string(),
            Value::Session => row.session.to_string(),
            Value::User => self.user(sys, row.uid),
            Value::RealUser => self.user(sys, row.ruid),
            Value::Uid => row.uid.to_string(),
            Value::RealUid => row.ruid.to_string(),
            Value::GroupName => self.group(sys, row.gid),
            Value::RealGroupName => self.group(sys, row.rgid),
            Value::Gid => row.gid.to_string(),
            Value::RealGid => row.rgid.to_string(),
            Value::Comm => format!("{branch}{}", row.comm),
            Value::Args => format!("{branch}{}", row.command),
            Value::Stat => format!(
                "{}{}{}{}",
                row.state,
                match row.nice {
                    0 => "",
                    1.. => "N",
                    _ => "<",
                },
                if row.session == row.pid { "s" } else { "" },
                if row.terminal && row.foreground { "+" } else { "" }
            ),
            Value::State => row.state.clone(),
            Value::Terminal => if row.terminal { "pts/0" } else { "?" }.to_owned(),
            Value::Time => "00:00:00".to_owned(),
            Value::ShortTime => "0:00".to_owned(),
            Value::Elapsed => {
                let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
                let seconds = seconds % 60;
                match (days, hours) {
                    (0, 0) => format!("{minutes:02}:{seconds:02}"),
                    (0, _) => format!("{hours:02}:{minutes:02}:{seconds:02}"),
                    _ => format!("{days}-{hours:02}:{minutes:02}:{seconds:02}"),
                }
            }
            Value::Seconds => seconds.to_string(),
            Value::Start if seconds >= 86_400 => date::format("%b%d", row.started),
            Value::Start if self.width == 8 => date::format("%H:%M:%S", row.started),
            Value::Start => date::format("%H:%M", row.started),
            Value::LongStart => date::format("%a %b %e %H:%M:%S %Y", row.started),
            Value::Nice => row.nice.to_string(),
            Value::Priority => (19 - row.nice).to_string(),
            Value::Label => row.label.clone(),
            Value::Always(text) => text.to_owned(),
        }
    }

    fn user(&self, sys: &mut Sys<'_>, uid: u32) -> String {
        self.cut(sys.user_name(uid).unwrap_or_else(|| uid.to_string()))
    }

    fn group(&self, sys: &mut Sys<'_>, gid: u32) -> String {
        self.cut(sys.group_name(gid).unwrap_or_else(|| gid.to_string()))
    }

    /// A name that is too long for its column says so.
    fn cut(&self, name: String) -> String {
        let width = usize::from(self.width.unsigned_abs());
        if name.chars().count() <= width {
            return name;
        }
        name.chars().take(width.saturating_sub(1)).chain(['+']).collect()
    }
}
