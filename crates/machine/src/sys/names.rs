//! Users and groups by name: what `getpwuid` and its kin read from /etc/passwd and /etc/group.

use super::Sys;
use crate::machine::Machine;
use crate::process::Cred;

impl Cred {
    /// What a session of a user of the machine begins with; `None` where /etc/passwd does not know the name.
    #[must_use]
    pub fn of_account(machine: &Machine, name: &str) -> Option<Self> {
        let text = |path: &str| {
            let bytes = machine.read_file(path).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let user = text("/etc/passwd").lines().filter_map(parse_user).find(|u| u.name == name)?;
        let mut cred = Self::user(user.uid, user.gid);
        let groups = text("/etc/group");
        let of = groups
            .lines()
            .filter_map(parse_group)
            .filter(|(_, _, members)| members.iter().any(|m| m == name));
        cred.groups.extend(of.map(|(_, gid, _)| gid));
        Some(cred)
    }
}

/// An entry of /etc/passwd.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub name: String,
    /// The number.
    pub uid: u32,
    /// The primary group.
    pub gid: u32,
    /// The home directory.
    pub home: String,
    /// The login shell.
    pub shell: String,
}

impl Sys<'_> {
    /// The user with a name or number, as /etc/passwd has it.
    pub fn find_user(&mut self, wanted: impl Fn(&User) -> bool) -> Option<User> {
        self.look_up("/etc/passwd", |l| parse_user(l).filter(|u| wanted(u)))
    }

    /// Reads a table as far as what is looked for: a block at a time, as stdio does.
    fn look_up<T>(&mut self, path: &str, wanted: impl Fn(&str) -> Option<T>) -> Option<T> {
        let fd = self.open(path, crate::sys::Flags::READ, 0).ok()?;
        let _ = self.fstat(fd);
        let mut text = String::new();
        let mut found = None;
        while found.is_none() {
            let block = self.read(fd, 4096).unwrap_or_default();
            if block.is_empty() {
                break;
            }
            text.push_str(&String::from_utf8_lossy(&block));
            let whole = text.rfind('\n').map_or(0, |i| i + 1);
            found = text.get(..whole).and_then(|t| t.lines().find_map(&wanted));
        }
        self.close(fd);
        found.or_else(|| text.lines().find_map(&wanted))
    }

    /// Reads a file as stdio does.
    fn read_table(&mut self, path: &str) -> Option<String> {
        let bytes = crate::programs::read_input(self, path).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// A user's name; `None` where /etc/passwd has none.
    pub fn user_name(&mut self, uid: u32) -> Option<String> {
        self.find_user(|u| u.uid == uid).map(|u| u.name)
    }

    /// A group's name.
    pub fn group_name(&mut self, gid: u32) -> Option<String> {
        self.look_up("/etc/group", |l| parse_group(l).filter(|(_, g, _)| *g == gid).map(|(n, _, _)| n))
    }

    /// What the C library does before it reads a table: it asks the name service's cache, then where names come from.
    pub fn ask_name_service(&mut self) {
        if !self.busybox() {
            for call in ["socket", "connect", "newfstatat", "lseek"] {
                let _ = self.call(call);
            }
        }
    }

    /// Name, number and members of every group.
    pub fn groups(&mut self) -> Vec<(String, u32, Vec<String>)> {
        let Some(text) = self.read_table("/etc/group") else { return Vec::new() };
        text.lines().filter_map(parse_group).collect()
    }
}

fn parse_group(line: &str) -> Option<(String, u32, Vec<String>)> {
    let mut f = line.split(':');
    let name = f.next()?.to_owned();
    let gid = f.nth(1)?.parse().ok()?;
    let members = f.next().unwrap_or("").split(',').filter(|m| !m.is_empty()).map(str::to_owned).collect();
    Some((name, gid, members))
}

fn parse_user(line: &str) -> Option<User> {
    let mut f = line.split(':');
    let name = f.next()?.to_owned();
    let uid = f.nth(1)?.parse().ok()?;
    let gid = f.next()?.parse().ok()?;
    let home = f.nth(1).unwrap_or("").to_owned();
    let shell = f.next().unwrap_or("").to_owned();
    Some(User { name, uid, gid, home, shell })
}
