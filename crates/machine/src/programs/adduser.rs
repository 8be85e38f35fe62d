//! `adduser`, `addgroup`, `deluser`, `delgroup`: Debian's friendly front of the account programs.
//!
//! Models adduser 3.137 (Ubuntu 24.04). What it would ask about a person is left empty; crontabs and mail are not looked for.

use super::accounts::{self, GROUP, PASSWD, Table, members, refuse};
use crate::sys::Sys;

/// The options that take a value.
const VALUED: &[&str] =
    &["gecos", "comment", "home", "shell", "uid", "gid", "ingroup", "firstuid", "lastuid", "conf"];

/// A command line: options with two dashes anywhere, and names.
fn words(argv: &[String]) -> (Vec<(String, String)>, Vec<String>) {
    let (mut options, mut names) = (Vec::new(), Vec::new());
    let mut words = argv.iter().skip(1);
    while let Some(word) = words.next() {
        let Some(name) = word.strip_prefix("--").or_else(|| word.strip_prefix('-')) else {
            names.push(word.clone());
            continue;
        };
        match name.split_once('=') {
            Some((name, value)) => options.push((name.to_owned(), value.to_owned())),
            None if VALUED.contains(&name) => {
                options.push((name.to_owned(), words.next().cloned().unwrap_or_default()));
            }
            None => options.push((name.to_owned(), String::new())),
        }
    }
    (options, names)
}

fn run(program: fn(&mut Sys<'_>, &[String]) -> i32, sys: &mut Sys<'_>, line: &[&str]) -> i32 {
    let words: Vec<String> = line.iter().map(|w| (*w).to_owned()).collect();
    program(sys, &words)
}

fn root_only(sys: &mut Sys<'_>, what: &str) -> Option<i32> {
    (sys.getid("geteuid") != 0)
        .then(|| refuse(sys, &format!("fatal: Only root may {what} to the system.\n"), 43))
}

fn said(sys: &mut Sys<'_>, text: &str) {
    sys.complain(&format!("info: {text}\n"));
}

pub(super) fn adduser(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    if let Some(code) = root_only(sys, "add a user or group") {
        return code;
    }
    let (options, names) = words(argv);
    let option = |name: &str| options.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    if option("group").is_some() && option("system").is_none() {
        return addgroup(sys, argv);
    }
    let (name, group) = match names.as_slice() {
        [name] => (name.clone(), None),
        [name, group] => (name.clone(), Some(group.clone())),
        [] => return refuse(sys, "fatal: Only one or two names allowed.\n", 2),
        _ => return refuse(sys, "fatal: Only one or two names allowed.\n", 2),
    };
    if let Some(group) = group {
        return join(sys, &name, &group);
    }
    if !accounts::valid(&name) {
        return refuse(
            sys,
            "fatal: Please enter a username matching the regular expression\n            configured via the NAME_REGEX configuration variable.  Use the `--allow-bad-names'\n            option to relax this check or reconfigure NAME_REGEX in configuration.\n",
            1,
        );
    }
    if Table::load(sys, PASSWD).has(&name) {
        return refuse(sys, &format!("fatal: The user `{name}' already exists.\n"), 1);
    }
    let shell = option("shell").unwrap_or("/bin/bash").to_owned();
    let home = option("home").map_or_else(|| format!("/home/{name}"), str::to_owned);
    said(sys, &format!("Adding user `{name}' ..."));
    said(sys, "Selecting UID/GID from range 1000 to 59999 ...");
    let mut line = vec!["useradd", "-m", "-s", &shell, "-d", &home];
    for (option_name, flag) in
        [("uid", "-u"), ("gecos", "-c"), ("comment", "-c"), ("ingroup", "-g"), ("gid", "-g")]
    {
        if let Some(value) = option(option_name) {
            line.extend([flag, value]);
        }
    }
    line.push(&name);
    let code = run(accounts::useradd, sys, &line);
    if code != 0 {
        return code;
    }
    let mut users = Table::load(sys, PASSWD);
    let (uid, gid) = (users.number(&name, 2).unwrap_or(0), users.number(&name, 3).unwrap_or(0));
    let own = option("ingroup").is_none() && option("gid").is_none();
    if own {
        said(sys, &format!("Adding new group `{name}' ({gid}) ..."));
    }
    let group = option("ingroup").unwrap_or(&name).to_owned();
    said(sys, &format!("Adding new user `{name}' ({uid}) with group `{group} ({gid})' ..."));
    said(sys, &format!("Creating home directory `{home}' ..."));
    said(sys, "Copying files from `/etc/skel' ...");
    if option("disabled-password").is_none() && option("disabled-login").is_none() {
        run(accounts::passwd, sys, &["passwd", &name]);
    }
    if Table::load(sys, GROUP).has("users") {
        said(sys, &format!("Adding new user `{name}' to supplemental / extra groups `users' ..."));
        return join(sys, &name, "users");
    }
    0
}

/// `adduser USER GROUP`
fn join(sys: &mut Sys<'_>, name: &str, group: &str) -> i32 {
    if !Table::load(sys, PASSWD).has(name) {
        return refuse(sys, &format!("fatal: The user `{name}' does not exist.\n"), 1);
    }
    let mut groups = Table::load(sys, GROUP);
    let Some(row) = groups.row(group) else {
        return refuse(sys, &format!("fatal: The group `{group}' does not exist.\n"), 1);
    };
    if members(row).iter().any(|m| m == name) {
        said(sys, &format!("The user `{name}' is already a member of `{group}'."));
        return 0;
    }
    said(sys, &format!("Adding user `{name}' to group `{group}' ..."));
    run(accounts::usermod, sys, &["usermod", "-aG", group, name])
}

pub(super) fn addgroup(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    if let Some(code) = root_only(sys, "add a user or group") {
        return code;
    }
    let (options, names) = words(argv);
    let [name] = names.as_slice() else {
        if let [name, group] = names.as_slice() {
            return join(sys, name, group);
        }
        return refuse(sys, "fatal: Only one or two names allowed.\n", 2);
    };
    if Table::load(sys, GROUP).has(name) {
        return refuse(sys, &format!("fatal: The group `{name}' already exists.\n"), 1);
    }
    said(sys, "Selecting GID from range 1000 to 59999 ...");
    let gid = options.iter().find(|(n, _)| n == "gid").map(|(_, v)| v.clone());
    let code = match &gid {
        Some(gid) => run(accounts::groupadd, sys, &["groupadd", "-g", gid, name]),
        None => run(accounts::groupadd, sys, &["groupadd", name]),
    };
    if code == 0 {
        let gid = Table::load(sys, GROUP).number(name, 2).unwrap_or(0);
        said(sys, &format!("Adding group `{name}' (GID {gid}) ..."));
    }
    code
}

pub(super) fn deluser(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    if let Some(code) = root_only(sys, "remove a user or group") {
        return code;
    }
    let (options, names) = words(argv);
    let has = |name: &str| options.iter().any(|(n, _)| n == name);
    let (name, group) = match names.as_slice() {
        [group] if has("group") => return delete_group(sys, group),
        [name] => (name.clone(), None),
        [name, group] => (name.clone(), Some(group.clone())),
        _ => return refuse(sys, "fatal: Only one or two names allowed.\n", 2),
    };
    if !Table::load(sys, PASSWD).has(&name) {
        return refuse(sys, &format!("fatal: The user `{name}' does not exist.\n"), 2);
    }
    if let Some(group) = group {
        let mut groups = Table::load(sys, GROUP);
        let Some(row) = groups.row(&group) else {
            return refuse(sys, &format!("fatal: The group `{group}' does not exist.\n"), 3);
        };
        if !members(row).contains(&name) {
            return refuse(
                sys,
                &format!("fatal: The user `{name}' is not a member of group `{group}'.\n"),
                6,
            );
        }
        said(sys, &format!("Removing user `{name}' from group `{group}' ..."));
        let left: Vec<String> = members(row).into_iter().filter(|m| *m != name).collect();
        accounts::set(row, 3, &left.join(","));
        groups.save(sys);
        return 0;
    }
    said(sys, &format!("Removing user `{name}' ..."));
    if has("remove-home") || has("remove-all-files") {
        // The mail that userdel would miss is nothing deluser speaks of.
        let home = Table::load(sys, PASSWD).row(&name).and_then(|r| r.get(5).cloned()).unwrap_or_default();
        if !home.is_empty() && home != "/" {
            let line = ["rm", "-rf", &home].map(str::to_owned);
            let _ = sys.spawn(&line);
        }
    }
    run(accounts::userdel, sys, &["userdel", &name])
}

pub(super) fn delgroup(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    if let Some(code) = root_only(sys, "remove a user or group") {
        return code;
    }
    match words(argv).1.as_slice() {
        [group] => delete_group(sys, group),
        _ => refuse(sys, "fatal: Only one or two names allowed.\n", 2),
    }
}

fn delete_group(sys: &mut Sys<'_>, group: &str) -> i32 {
    if !Table::load(sys, GROUP).has(group) {
        return refuse(sys, &format!("fatal: The group `{group}' does not exist.\n"), 3);
    }
    said(sys, &format!("Removing group `{group}' ..."));
    run(accounts::groupdel, sys, &["groupdel", group])
}
