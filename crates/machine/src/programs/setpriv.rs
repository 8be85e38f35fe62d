//! `setpriv`: runs a program with other identities, sets and no_new_privs.

use gatehouse_core::effects::capabilities::{CapSet, Capability, NewPrivileges};

use super::execvp;
use crate::errno::Errno;
use crate::sys::Sys;

fn list(set: CapSet) -> String {
    if set.is_empty() {
        return "[none]".to_owned();
    }
    let names = set.iter().map(|c| c.name().to_lowercase().trim_start_matches("cap_").to_owned());
    names.collect::<Vec<_>>().join(",")
}

fn dump(sys: &mut Sys<'_>) -> i32 {
    for call in ["getresuid", "getresgid", "getgroups", "capget"] {
        let _ = sys.call(call);
    }
    let cred = sys.me().cred.clone();
    let groups: Vec<String> = cred.groups.iter().map(u32::to_string).collect();
    let groups = if groups.is_empty() { "[none]".to_owned() } else { groups.join(",") };
    let nnp = i32::from(cred.new_privileges == NewPrivileges::Forbidden);
    sys.print(&format!(
        "uid: {}\neuid: {}\ngid: {}\negid: {}\nSupplementary groups: {groups}\nno_new_privs: {nnp}\nInheritable capabilities: {}\nAmbient capabilities: {}\nCapability bounding set: {}\nSecurebits: [none]\n",
        cred.ruid,
        cred.uid,
        cred.gid,
        cred.gid,
        list(cred.caps.inheritable),
        list(cred.caps.ambient),
        list(cred.caps.bounding),
    ));
    if !sys.busybox() {
        sys.print("Parent death signal: [none]\n");
    }
    0
}

/// `+chown,-net_raw`, `-all`, applied to a set.
fn change(text: &str, mut set: CapSet) -> Result<CapSet, String> {
    for word in text.split(',').filter(|w| !w.is_empty()) {
        let (adds, name) = match word.split_at_checked(1) {
            Some(("+", n)) => (true, n),
            Some(("-", n)) => (false, n),
            _ => return Err(format!("bad capability string: {word}")),
        };
        let which = match name {
            "all" => CapSet::ALL,
            n => {
                let cap = Capability::from_name(&format!("CAP_{}", n.to_uppercase()));
                CapSet::EMPTY.with(cap.ok_or(format!("unknown capability \"{n}\""))?)
            }
        };
        set = if adds { set.or(which) } else { set.minus(which) };
    }
    Ok(set)
}

fn id(sys: &mut Sys<'_>, text: &str, group: bool) -> Option<u32> {
    sys.ask_name_service();
    text.parse().ok().or_else(|| match group {
        true => sys.groups().into_iter().find(|(n, ..)| n == text).map(|(_, g, _)| g),
        false => sys.find_user(|u| u.name == text).map(|u| u.uid),
    })
}

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let mut words = argv.iter().skip(1).peekable();
    let mut asked: Vec<(String, String)> = Vec::new();
    while let Some(word) = words.next_if(|w| w.starts_with('-')) {
        if word == "--" {
            break;
        }
        if word == "-d" || word == "--dump" {
            return dump(sys);
        }
        let (name, value) =
            word.split_once('=').map_or((word.as_str(), None), |(n, v)| (n, Some(v.to_owned())));
        let valued = matches!(
            name,
            "--reuid"
                | "--regid"
                | "--ruid"
                | "--euid"
                | "--rgid"
                | "--egid"
                | "--groups"
                | "--inh-caps"
                | "--ambient-caps"
                | "--bounding-set"
        );
        let known = valued
            || matches!(
                name,
                "--nnp"
                    | "--no-new-privs"
                    | "--clear-groups"
                    | "--keep-groups"
                    | "--init-groups"
                    | "--reset-env"
            );
        let busybox_too = matches!(name, "--nnp" | "--no-new-privs" | "--inh-caps" | "--ambient-caps");
        if !known || sys.busybox() && !busybox_too {
            sys.complain(&format!(
                "setpriv: unrecognized option '{word}'\nTry 'setpriv --help' for more information.\n"
            ));
            return 1;
        }
        let value =
            if valued { value.or_else(|| words.next().cloned()).unwrap_or_default() } else { String::new() };
        asked.push((name.to_owned(), value));
    }
    let command: Vec<String> = words.cloned().collect();
    if command.is_empty() {
        sys.complain("setpriv: No program specified\nTry 'setpriv --help' for more information.\n");
        return 1;
    }
    match prepare(sys, &asked) {
        Ok(()) => {}
        Err(text) => {
            sys.complain(&format!("setpriv: {text}\n"));
            return if sys.busybox() { 1 } else { 127 };
        }
    }
    let name = command.first().cloned().unwrap_or_default();
    match execvp(sys, &command) {
        Ok(code) => code,
        Err(e) => {
            let how = if sys.busybox() { "can't execute" } else { "failed to execute" };
            let quoted = if sys.busybox() { format!("'{name}'") } else { name };
            sys.complain(&format!("setpriv: {how} {quoted}: {}\n", e.text()));
            if e == Errno::ENOENT { 127 } else { 126 }
        }
    }
}

fn prepare(sys: &mut Sys<'_>, asked: &[(String, String)]) -> Result<(), String> {
    let failed = |what: &str| {
        let what = what.to_owned();
        move |e: Errno| format!("{what}: {}", e.text())
    };
    let value = |names: &[&str]| {
        asked.iter().rev().find(|(n, _)| names.contains(&n.as_str())).map(|(_, v)| v.clone())
    };
    let uid = match value(&["--reuid", "--ruid", "--euid"]) {
        Some(u) => Some(id(sys, &u, false).ok_or(format!("failed to parse reuid: '{u}'"))?),
        None => None,
    };
    let gid = match value(&["--regid", "--rgid", "--egid"]) {
        Some(g) => Some(id(sys, &g, true).ok_or(format!("failed to parse regid: '{g}'"))?),
        None => None,
    };
    let has = |name: &str| asked.iter().any(|(n, _)| n == name);
    let groups = has("--clear-groups") || has("--keep-groups") || has("--init-groups") || has("--groups");
    if gid.is_some() && !groups {
        return Err("--[re]gid requires --keep-groups, --clear-groups, --init-groups, or --groups".to_owned());
    }
    if has("--nnp") || has("--no-new-privs") {
        sys.no_new_privileges();
    }
    let before = sys.me().cred.caps;
    if let Some(u) = uid {
        sys.setuid_keeping(u).map_err(failed("setresuid failed"))?;
    }
    if let Some(g) = gid {
        sys.setgid(g).map_err(failed("setresgid failed"))?;
    }
    if has("--clear-groups") {
        sys.setgroups(&[]).map_err(failed("setgroups failed"))?;
    } else if let Some(g) = value(&["--groups"]) {
        let all: Vec<u32> = g.split(',').filter_map(|g| id(sys, g, true)).collect();
        sys.setgroups(&all).map_err(failed("setgroups failed"))?;
    } else if has("--init-groups") {
        let who = sys.user_name(uid.unwrap_or(0)).unwrap_or_default();
        let all: Vec<u32> =
            sys.groups().into_iter().filter(|(_, _, m)| m.contains(&who)).map(|(_, g, _)| g).collect();
        sys.setgroups(&all).map_err(failed("initgroups failed"))?;
    }
    if let Some(text) = value(&["--bounding-set"]) {
        let kept = change(&text, before.bounding)?;
        for cap in before.bounding.minus(kept).iter() {
            sys.drop_bounding(cap).map_err(failed("apply bounding set"))?;
        }
    }
    let now = sys.me().cred.caps;
    let inheritable = match value(&["--inh-caps"]) {
        Some(text) => change(&text, now.inheritable)?,
        None => now.inheritable,
    };
    // It kept what it had over the change of users, for its own work.
    let own =
        if uid.is_some_and(|u| u != 0) && !has("--ambient-caps") { CapSet::EMPTY } else { now.permitted };
    sys.set_caps(now.effective.and(own), own, inheritable).map_err(failed("apply capabilities"))?;
    if let Some(text) = value(&["--ambient-caps"]) {
        let wanted = change(&text, now.ambient)?;
        sys.raise_ambient(wanted).map_err(failed("cap_ambient"))?;
    }
    Ok(())
}
