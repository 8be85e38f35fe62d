//! `useradd`, `usermod`, `userdel`, `groupadd`, `groupdel`, `gpasswd`, `passwd`, `chsh`, `nologin`: the account files.
//!
//! Models shadow-utils' src/.

use super::options::{self, Options};
use crate::sys::Sys;

/// A table of lines with colons.
pub(super) struct Table {
    path: &'static str,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn load(sys: &mut Sys<'_>, path: &'static str) -> Self {
        let text = sys.slurp(path).unwrap_or_default();
        let rows = text.lines().map(|l| l.split(':').map(str::to_owned).collect()).collect();
        Self { path, rows }
    }

    pub(super) fn save(&self, sys: &mut Sys<'_>) -> bool {
        let text: String = self.rows.iter().map(|r| r.join(":") + "\n").collect();
        sys.spill(self.path, text.as_bytes()).is_ok()
    }

    pub(super) fn row(&mut self, name: &str) -> Option<&mut Vec<String>> {
        self.rows.iter_mut().find(|r| r.first().is_some_and(|n| n == name))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.rows.iter().any(|r| r.first().is_some_and(|n| n == name))
    }

    fn remove(&mut self, name: &str) {
        self.rows.retain(|r| r.first().is_none_or(|n| n != name));
    }

    /// A number of a row.
    pub(super) fn number(&mut self, name: &str, field: usize) -> Option<u32> {
        self.row(name)?.get(field)?.parse().ok()
    }

    /// The next free number from a start on.
    fn free(&self, from: u32) -> u32 {
        let taken: Vec<u32> = self.rows.iter().filter_map(|r| r.get(2)?.parse().ok()).collect();
        (from..60_000).find(|n| !taken.contains(n)).unwrap_or(from)
    }
}

pub(super) fn set(row: &mut [String], field: usize, value: &str) {
    if let Some(cell) = row.get_mut(field) {
        value.clone_into(cell);
    }
}

/// The members of a group's row.
pub(super) fn members(row: &[String]) -> Vec<String> {
    row.get(3).map_or("", String::as_str).split(',').filter(|m| !m.is_empty()).map(str::to_owned).collect()
}

fn set_members(row: &mut [String], members: &[String]) {
    set(row, 3, &members.join(","));
}

pub(super) const PASSWD: &str = "/etc/passwd";
pub(super) const GROUP: &str = "/etc/group";
pub(super) const SHADOW: &str = "/etc/shadow";

/// Only root may change the files.
pub(super) fn locked(sys: &mut Sys<'_>, program: &str, file: &str) -> bool {
    if sys.getid("geteuid") == 0 {
        return false;
    }
    sys.complain(&format!(
        "{program}: Permission denied.\n{program}: cannot lock {file}; try again later.\n"
    ));
    true
}

pub(super) fn refuse(sys: &mut Sys<'_>, text: &str, code: i32) -> i32 {
    sys.complain(text);
    code
}

pub(super) fn valid(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|c| c.is_ascii_lowercase() || c == '_')
        && name
            .trim_end_matches('$')
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-.".contains(c))
}

pub(super) fn today(sys: &Sys<'_>) -> i64 {
    sys.now().0 / 86_400_000
}

pub(super) fn useradd(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [
        ("create-home", 'm'),
        ("no-create-home", 'M'),
        ("shell", 's'),
        ("home-dir", 'd'),
        ("uid", 'u'),
        ("gid", 'g'),
        ("groups", 'G'),
        ("system", 'r'),
        ("comment", 'c'),
        ("user-group", 'U'),
        ("no-user-group", 'N'),
        ("password", 'p'),
        ("expiredate", 'e'),
    ];
    let opts = match options::parse(sys, argv, "mMs:d:u:g:G:rc:UNp:e:f:k:", &long) {
        Ok(o) => o,
        Err(_) => return 2,
    };
    let [name] = opts.operands.as_slice() else {
        return refuse(
            sys,
            "Usage: useradd [options] LOGIN\n       useradd -D\n       useradd -D [options]\n",
            2,
        );
    };
    let name = name.clone();
    if !valid(&name) {
        return refuse(sys, &format!("useradd: invalid user name '{name}': use --badname to ignore\n"), 3);
    }
    let (mut users, mut groups) = (Table::load(sys, PASSWD), Table::load(sys, GROUP));
    if users.has(&name) {
        return refuse(sys, &format!("useradd: user '{name}' already exists\n"), 9);
    }
    let wanted: Vec<String> =
        opts.value('G').unwrap_or("").split(',').filter(|g| !g.is_empty()).map(str::to_owned).collect();
    if let Some(missing) = wanted
        .iter()
        .chain(opts.value('g').map(str::to_owned).iter())
        .find(|g| !groups.has(g) && g.parse::<u32>().is_err())
    {
        return refuse(sys, &format!("useradd: group '{missing}' does not exist\n"), 6);
    }
    if locked(sys, "useradd", PASSWD) {
        return 1;
    }
    let first = if opts.has('r') { 100 } else { 1000 };
    let uid = opts.value('u').and_then(|u| u.parse().ok()).unwrap_or_else(|| users.free(first));
    if opts.has('u') && users.rows.iter().any(|r| r.get(2).is_some_and(|u| *u == uid.to_string())) {
        return refuse(sys, &format!("useradd: UID {uid} is not unique\n"), 4);
    }
    let gid = match opts.value('g') {
        Some(g) => g.parse().ok().or_else(|| groups.number(g, 2)).unwrap_or(uid),
        None if groups.has(&name) => {
            return refuse(
                sys,
                &format!(
                    "useradd: group {name} exists - if you want to add this user to that group, use -g.\n"
                ),
                9,
            );
        }
        None => {
            let gid = if groups.rows.iter().any(|r| r.get(2).is_some_and(|g| *g == uid.to_string())) {
                groups.free(first)
            } else {
                uid
            };
            groups.rows.push(vec![name.clone(), "x".to_owned(), gid.to_string(), String::new()]);
            gid
        }
    };
    let home = opts.value('d').map_or_else(|| format!("/home/{name}"), str::to_owned);
    let shell = opts.value('s').unwrap_or("/bin/sh");
    let comment = opts.value('c').unwrap_or("");
    users.rows.push(vec![
        name.clone(),
        "x".into(),
        uid.to_string(),
        gid.to_string(),
        comment.into(),
        home.clone(),
        shell.into(),
    ]);
    for group in &wanted {
        if let Some(row) = groups.row(group) {
            let mut all = members(row);
            all.push(name.clone());
            set_members(row, &all);
        }
    }
    let mut shadow = Table::load(sys, SHADOW);
    let password = opts.value('p').unwrap_or("!").to_owned();
    shadow.rows.push(vec![
        name,
        password,
        today(sys).to_string(),
        "0".into(),
        "99999".into(),
        "7".into(),
        String::new(),
        String::new(),
        String::new(),
    ]);
    users.save(sys);
    groups.save(sys);
    shadow.save(sys);
    if opts.has('m') && sys.stat(&home).is_err() {
        let _ = sys.mkdir(&home, 0o750);
        let _ = sys.chown("fchownat", &home, Some(uid), Some(gid), true);
        let _ = sys.chmod("fchmodat", &home, 0o750);
    }
    0
}

pub(super) fn usermod(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [
        ("append", 'a'),
        ("groups", 'G'),
        ("shell", 's'),
        ("home", 'd'),
        ("login", 'l'),
        ("lock", 'L'),
        ("unlock", 'U'),
        ("uid", 'u'),
        ("gid", 'g'),
        ("remove", 'r'),
        ("comment", 'c'),
        ("expiredate", 'e'),
    ];
    let opts = match options::parse(sys, argv, "aG:s:d:l:LUu:g:mrc:e:", &long) {
        Ok(o) => o,
        Err(_) => return 2,
    };
    let [name] = opts.operands.as_slice() else { return refuse(sys, "Usage: usermod [options] LOGIN\n", 2) };
    let name = name.clone();
    let (mut users, mut groups) = (Table::load(sys, PASSWD), Table::load(sys, GROUP));
    if !users.has(&name) {
        return refuse(sys, &format!("usermod: user '{name}' does not exist\n"), 6);
    }
    let wanted: Vec<String> =
        opts.value('G').unwrap_or("").split(',').filter(|g| !g.is_empty()).map(str::to_owned).collect();
    if let Some(missing) = wanted.iter().find(|g| !groups.has(g)) {
        return refuse(sys, &format!("usermod: group '{missing}' does not exist\n"), 6);
    }
    if locked(sys, "usermod", PASSWD) {
        return 1;
    }
    if opts.has('G') {
        for row in &mut groups.rows {
            let group = row.first().cloned().unwrap_or_default();
            let mut all = members(row);
            let named = wanted.contains(&group);
            if opts.has('r') {
                all.retain(|m| !named || *m != name);
            } else {
                if !opts.has('a') {
                    all.retain(|m| *m != name);
                }
                if named && !all.contains(&name) {
                    all.push(name.clone());
                }
            }
            set_members(row, &all);
        }
    }
    let gid = opts.value('g').and_then(|g| g.parse().ok().or_else(|| groups.number(g, 2)));
    let mut shadow = Table::load(sys, SHADOW);
    for letter in ['L', 'U'] {
        if let (true, Some(row)) = (opts.has(letter), shadow.row(&name)) {
            let now = row.get(1).cloned().unwrap_or_default();
            let bare = now.trim_start_matches('!');
            set(row, 1, &if letter == 'L' { format!("!{bare}") } else { bare.to_owned() });
        }
    }
    if let Some(row) = users.row(&name) {
        for (letter, field) in [('s', 6), ('d', 5), ('u', 2), ('c', 4)] {
            if let Some(value) = opts.value(letter) {
                set(row, field, value);
            }
        }
        if let Some(gid) = gid {
            set(row, 3, &gid.to_string());
        }
        if let Some(new) = opts.value('l') {
            set(row, 0, new);
        }
    }
    if let Some(new) = opts.value('l') {
        if let Some(row) = shadow.row(&name) {
            set(row, 0, new);
        }
        for row in &mut groups.rows {
            let all: Vec<String> =
                members(row).into_iter().map(|m| if m == name { new.to_owned() } else { m }).collect();
            set_members(row, &all);
        }
    }
    users.save(sys);
    groups.save(sys);
    shadow.save(sys);
    0
}

pub(super) fn userdel(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(sys, argv, "rf", &[("remove", 'r'), ("force", 'f')]) {
        Ok(o) => o,
        Err(_) => return 2,
    };
    let [name] = opts.operands.as_slice() else { return refuse(sys, "Usage: userdel [options] LOGIN\n", 2) };
    let name = name.clone();
    let (mut users, mut groups) = (Table::load(sys, PASSWD), Table::load(sys, GROUP));
    let Some(row) = users.row(&name).cloned() else {
        return refuse(sys, &format!("userdel: user '{name}' does not exist\n"), 6);
    };
    if locked(sys, "userdel", PASSWD) {
        return 1;
    }
    users.remove(&name);
    for row in &mut groups.rows {
        let all: Vec<String> = members(row).into_iter().filter(|m| *m != name).collect();
        set_members(row, &all);
    }
    let alone = groups.row(&name).is_some_and(|g| g.get(2) == row.get(3) && members(g).is_empty());
    if alone {
        groups.remove(&name);
    }
    let mut shadow = Table::load(sys, SHADOW);
    shadow.remove(&name);
    users.save(sys);
    groups.save(sys);
    shadow.save(sys);
    if opts.has('r') {
        sys.complain(&format!("userdel: {name} mail spool (/var/mail/{name}) not found\n"));
        let home = row.get(5).cloned().unwrap_or_default();
        let words = ["rm".to_owned(), "-rf".to_owned(), home];
        let _ = sys.fork("fork", |sys| super::execvp(sys, &words).unwrap_or(1));
    }
    0
}

pub(super) fn groupadd(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(sys, argv, "g:rfU:", &[("gid", 'g'), ("system", 'r'), ("force", 'f')]) {
        Ok(o) => o,
        Err(_) => return 2,
    };
    let [name] = opts.operands.as_slice() else { return refuse(sys, "Usage: groupadd [options] GROUP\n", 2) };
    let name = name.clone();
    let mut groups = Table::load(sys, GROUP);
    if groups.has(&name) {
        return if opts.has('f') {
            0
        } else {
            refuse(sys, &format!("groupadd: group '{name}' already exists\n"), 9)
        };
    }
    if locked(sys, "groupadd", GROUP) {
        return 10;
    }
    let gid = opts
        .value('g')
        .and_then(|g| g.parse().ok())
        .unwrap_or_else(|| groups.free(if opts.has('r') { 100 } else { 1000 }));
    groups.rows.push(vec![name, "x".to_owned(), gid.to_string(), String::new()]);
    groups.save(sys);
    0
}

pub(super) fn groupdel(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let Some(name) = argv.get(1).cloned() else { return refuse(sys, "Usage: groupdel [options] GROUP\n", 2) };
    let (users, mut groups) = (Table::load(sys, PASSWD), Table::load(sys, GROUP));
    let Some(gid) = groups.row(&name).and_then(|r| r.get(2).cloned()) else {
        return refuse(sys, &format!("groupdel: group '{name}' does not exist\n"), 6);
    };
    if let Some(user) = users.rows.iter().find(|r| r.get(3) == Some(&gid)).and_then(|r| r.first()) {
        return refuse(sys, &format!("groupdel: cannot remove the primary group of user '{user}'\n"), 8);
    }
    if locked(sys, "groupdel", GROUP) {
        return 10;
    }
    groups.remove(&name);
    groups.save(sys);
    0
}

pub(super) fn gpasswd(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts: Options =
        match options::parse(sys, argv, "a:d:rRM:A:", &[("add", 'a'), ("delete", 'd'), ("members", 'M')]) {
            Ok(o) => o,
            Err(_) => return 2,
        };
    let Some(group) = opts.operands.first().cloned() else {
        return refuse(sys, "Usage: gpasswd [option] GROUP\n", 2);
    };
    if sys.getid("getuid") != 0 {
        return refuse(sys, "gpasswd: Permission denied.\n", 1);
    }
    let (users, mut groups) = (Table::load(sys, PASSWD), Table::load(sys, GROUP));
    let Some(row) = groups.row(&group) else {
        return refuse(sys, &format!("gpasswd: group '{group}' does not exist in {GROUP}\n"), 3);
    };
    let mut all = members(row);
    if let Some(user) = opts.value('a') {
        if !users.has(user) {
            return refuse(sys, &format!("gpasswd: user '{user}' does not exist\n"), 3);
        }
        if !all.iter().any(|m| m == user) {
            all.push(user.to_owned());
        }
        sys.print(&format!("Adding user {user} to group {group}\n"));
    }
    if let Some(user) = opts.value('d') {
        if !all.iter().any(|m| m == user) {
            return refuse(sys, &format!("gpasswd: user '{user}' is not a member of '{group}'\n"), 3);
        }
        all.retain(|m| m != user);
        sys.print(&format!("Removing user {user} from group {group}\n"));
    }
    if let Some(list) = opts.value('M') {
        all = list.split(',').map(str::to_owned).collect();
    }
    if let Some(row) = groups.row(&group) {
        set_members(row, &all);
    }
    groups.save(sys);
    0
}

pub(super) fn passwd(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [("lock", 'l'), ("unlock", 'u'), ("delete", 'd'), ("status", 'S'), ("expire", 'e')];
    let opts = match options::parse(sys, argv, "ludSeqx:n:w:i:", &long) {
        Ok(o) => o,
        Err(_) => return 2,
    };
    let own = {
        let uid = sys.getid("getuid");
        sys.user_name(uid).unwrap_or_default()
    };
    let name = opts.operands.first().cloned().unwrap_or(own);
    let root = sys.getid("getuid") == 0;
    let mut shadow = Table::load(sys, SHADOW);
    if !Table::load(sys, PASSWD).has(&name) {
        return refuse(sys, &format!("passwd: user '{name}' does not exist\n"), 1);
    }
    if !root {
        return refuse(
            sys,
            &format!("passwd: You may not view or modify password information for {name}.\n"),
            1,
        );
    }
    let day = today(sys);
    let Some(row) = shadow.row(&name) else { return 1 };
    let now = row.get(1).cloned().unwrap_or_default();
    if opts.has('S') {
        let state = match now.as_str() {
            "" => "NP",
            p if p.starts_with(['!', '*']) => "L",
            _ => "P",
        };
        let changed = row.get(2).and_then(|d| d.parse::<i64>().ok()).unwrap_or(day) * 86_400_000;
        let date = super::date::format("%Y-%m-%d", changed);
        sys.print(&format!("{name} {state} {date} 0 99999 7 -1\n"));
        return 0;
    }
    let bare = now.trim_start_matches('!');
    let new = if opts.has('l') {
        format!("!{bare}")
    } else if opts.has('u') {
        bare.to_owned()
    } else if opts.has('d') {
        String::new()
    } else {
        sys.complain("New password: Retype new password: ");
        let given = sys.read_line(0).map(|(l, _)| l).unwrap_or_default();
        let sum: String = super::sums::sha256(given.as_bytes()).chars().take(43).collect();
        set(row, 2, &day.to_string());
        format!("$y$j9T$gatehouse${sum}")
    };
    set(row, 1, &new);
    shadow.save(sys);
    if opts.has('l') || opts.has('u') || opts.has('d') {
        sys.print("passwd: password changed.\n");
    } else {
        sys.complain("passwd: password updated successfully\n");
    }
    0
}

pub(super) fn chsh(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(sys, argv, "s:", &[("shell", 's')]) {
        Ok(o) => o,
        Err(_) => return 1,
    };
    let uid = sys.getid("getuid");
    let own = sys.user_name(uid).unwrap_or_default();
    let name = opts.operands.first().cloned().unwrap_or(own);
    let mut users = Table::load(sys, PASSWD);
    if !users.has(&name) {
        return refuse(sys, &format!("chsh: user '{name}' does not exist in {PASSWD}\n"), 1);
    }
    if uid != 0 && users.number(&name, 2) != Some(uid) {
        return refuse(sys, &format!("You may not change the shell for '{name}'.\n"), 1);
    }
    let Some(shell) = opts.value('s') else { return 0 };
    if uid != 0 && !sys.slurp("/etc/shells").unwrap_or_default().lines().any(|l| l == shell) {
        return refuse(sys, &format!("chsh: {shell} is an invalid shell\n"), 1);
    }
    if sys.stat(shell).is_err() {
        sys.complain(&format!("chsh: Warning: {shell} does not exist\n"));
    }
    if let Some(row) = users.row(&name) {
        set(row, 6, shell);
    }
    users.save(sys);
    0
}

pub(super) fn nologin(sys: &mut Sys<'_>, _: &[String]) -> i32 {
    sys.print("This account is currently not available.\n");
    1
}
