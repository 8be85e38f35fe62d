//! libcap's programs: `capsh`, `getcap`, `setcap`, `getpcaps`.

use gatehouse_core::effects::capabilities::{CapSet, Capability, NewPrivileges};

use crate::errno::Errno;
use crate::sys::Sys;

fn low(c: Capability) -> String {
    c.name().to_lowercase()
}

fn names(set: CapSet) -> String {
    set.iter().map(low).collect::<Vec<_>>().join(",")
}

/// A process's sets as libcap writes them: `=ep`, `cap_chown=ep`, `=`. Those that share their flags stand together.
fn text(effective: CapSet, permitted: CapSet, inheritable: CapSet) -> String {
    let flags = |c: Capability| -> String {
        [(effective, 'e'), (inheritable, 'i'), (permitted, 'p')]
            .iter()
            .filter(|(s, _)| s.has(c))
            .map(|(_, l)| *l)
            .collect()
    };
    let mut groups: Vec<(String, Vec<Capability>)> = Vec::new();
    for cap in Capability::all() {
        let f = flags(cap);
        match groups.iter_mut().find(|(g, _)| *g == f) {
            Some((_, caps)) => caps.push(cap),
            None => groups.push((f, vec![cap])),
        }
    }
    if let [(only, _)] = groups.as_slice() {
        return format!("={only}");
    }
    let words: Vec<String> = groups
        .iter()
        .filter(|(f, _)| !f.is_empty())
        .map(|(f, caps)| format!("{}={f}", caps.iter().map(|c| low(*c)).collect::<Vec<_>>().join(",")))
        .collect();
    words.join(" ")
}

pub(super) fn capsh(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let mut words = argv.iter().skip(1);
    while let Some(word) = words.next() {
        if word == "--" || word == "==" {
            let mut command = vec![if word == "--" { "/bin/bash".to_owned() } else { "capsh".to_owned() }];
            command.extend(words.cloned());
            let path = command.first().cloned().unwrap_or_default();
            return match super::execvp(sys, &command) {
                Ok(code) => code,
                Err(e) => {
                    sys.complain(&format!("execve '{path}' failed!\n"));
                    let _ = e;
                    1
                }
            };
        }
        let (name, value) = word.split_once('=').map_or((word.as_str(), ""), |(n, v)| (n, v));
        if let Err(text) = one(sys, name, value) {
            sys.complain(&text);
            return 1;
        }
    }
    0
}

/// Capabilities named one after the other; the error is the name nobody knows.
fn named(text: &str) -> Result<Vec<Capability>, String> {
    if text == "all" {
        return Ok(Capability::all().collect());
    }
    let known = |n: &str| Capability::from_name(&n.to_uppercase());
    text.split(',')
        .map(|n| known(n).ok_or_else(|| format!("capability [{n}] is unknown to libcap\n")))
        .collect()
}

/// One of capsh's arguments.
fn one(sys: &mut Sys<'_>, name: &str, value: &str) -> Result<(), String> {
    let caps = sys.me().cred.caps;
    let number = || value.parse::<u32>().map_err(|_| format!("bad number [{value}]\n"));
    match name {
        "--print" => print(sys),
        "--current" => {
            let line = format!(
                "Current: {}\nCurrent IAB: {}\n",
                text(caps.effective, caps.permitted, caps.inheritable),
                iab(caps)
            );
            sys.print(&line);
        }
        "--decode" => {
            let set = CapSet::from_bits(u64::from_str_radix(value.trim_start_matches("0x"), 16).unwrap_or(0));
            sys.print(&format!("0x{:016x}={}\n", set.bits(), names(set)));
        }
        "--drop" => {
            for cap in named(value)? {
                let _ = sys.call("capget");
                if let Err(e) = sys.drop_bounding(cap) {
                    return Err(format!("failed to drop [{}={}]: {}\n", low(cap), value, e.text())
                        .replace(&format!("={value}]"), &format!("={}]", cap as u8)));
                }
            }
        }
        "--no-new-privs" => sys.no_new_privileges(),
        "--supports" => {
            named(value)?;
        }
        "--has-p" => match named(value)?.first() {
            Some(c) if !caps.permitted.has(*c) => return Err(format!("cap[{value}] not permitted\n")),
            _ => {}
        },
        "--has-b" => match named(value)?.first() {
            Some(c) if !caps.bounding.has(*c) => {
                return Err(format!("cap[{value}] not in bounding vector\n"));
            }
            _ => {}
        },
        "--has-a" => match named(value)?.first() {
            Some(c) if !caps.ambient.has(*c) => return Err(format!("cap[{value}] not in ambient vector\n")),
            _ => {}
        },
        "--has-i" => match named(value)?.first() {
            Some(c) if !caps.inheritable.has(*c) => return Err(format!("cap[{value}] not inheritable\n")),
            _ => {}
        },
        "--has-no-new-privs" => {
            if sys.me().cred.new_privileges != NewPrivileges::Forbidden {
                return Err("no-new-privs not set\n".to_owned());
            }
        }
        "--is-uid" => {
            let (got, want) = (sys.getid("getuid"), number()?);
            if got != want {
                return Err(format!("uid: got={got}, want={want}\n"));
            }
        }
        "--is-gid" => {
            let (got, want) = (sys.getid("getgid"), number()?);
            if got != want {
                return Err(format!("gid: got={got}, want={want}\n"));
            }
        }
        "--uid" => {
            let uid = number()?;
            sys.setuid(uid).map_err(|e| format!("Failed to set uid={uid}: {}\n", e.text()))?;
        }
        "--gid" => {
            let gid = number()?;
            sys.setgid(gid).map_err(|e| format!("Failed to set gid={gid}: {}\n", e.text()))?;
        }
        "--user" => {
            sys.ask_name_service();
            let user = sys.find_user(|u| u.name == value).ok_or(format!("User [{value}] not known\n"))?;
            sys.setgroups(&[user.gid])
                .and_then(|()| sys.setgid(user.gid))
                .and_then(|()| sys.setuid(user.uid))
                .map_err(|e| format!("Unable to set user [{value}]: {}\n", e.text()))?;
        }
        "--groups" => {
            let all: Vec<u32> = value.split(',').filter_map(|g| g.parse().ok()).collect();
            sys.setgroups(&all).map_err(|_| "Failed to setgroups.\n".to_owned())?;
        }
        "--inh" => {
            let set = named(value)?.into_iter().fold(CapSet::EMPTY, CapSet::with);
            sys.set_caps(caps.effective, caps.permitted, set)
                .map_err(|e| format!("Unable to set inheritable capabilities: {}\n", e.text()))?;
        }
        "--caps" => {
            let set = parse(value).ok_or_else(|| format!("unable to interpret [{value}]\n"))?;
            sys.set_caps(set, set, caps.inheritable)
                .map_err(|e| format!("Unable to set capabilities [{value}]: {}\n", e.text()))?;
        }
        "--addamb" => {
            for cap in named(value)? {
                let set = sys.me().cred.caps.ambient.with(cap);
                if sys.raise_ambient(set).is_err() {
                    return Err(format!("failed to raise ambient [{}={}]\n", low(cap), cap as u8));
                }
            }
        }
        "--delamb" => {
            let set = named(value)?.into_iter().fold(caps.ambient, CapSet::without);
            let _ = sys.raise_ambient(set);
        }
        "--chroot" => {
            sys.chroot(value).map_err(|_| format!("Unable to chroot/chdir to [{value}]\n"))?;
            let _ = sys.chdir("/");
        }
        "--mode" => sys.print("Mode: HYBRID\n"),
        "--modes" => sys.print("Supported modes: NOPRIV PURE1E_INIT PURE1E HYBRID\n"),
        "--keep" | "--secbits" | "--quiet" => {}
        _ => {
            sys.print("usage: capsh [args ...]\n");
            return Err(String::new());
        }
    }
    Ok(())
}

fn iab(caps: gatehouse_core::effects::capabilities::ProcessCaps) -> String {
    let word = |c: Capability| {
        let mark = match (caps.ambient.has(c), caps.inheritable.has(c), caps.bounding.has(c)) {
            (true, ..) => "^",
            (_, true, true) => "",
            (_, true, false) => "%",
            (_, false, false) => "!",
            (_, false, true) => return None,
        };
        Some(format!("{mark}{}", low(c)))
    };
    Capability::all().filter_map(word).collect::<Vec<_>>().join(",")
}

fn print(sys: &mut Sys<'_>) {
    let cred = sys.me().cred.clone();
    let caps = cred.caps;
    for call in ["capget", "getuid"] {
        let _ = sys.call(call);
    }
    sys.ask_name_service();
    for call in ["geteuid", "getgid", "getgroups"] {
        let _ = sys.call(call);
    }
    sys.print(&format!(
        "Current: {}\nBounding set ={}\nAmbient set ={}\nCurrent IAB: {}\n",
        text(caps.effective, caps.permitted, caps.inheritable),
        names(caps.bounding),
        names(caps.ambient),
        iab(caps)
    ));
    let no_new = i32::from(cred.new_privileges == NewPrivileges::Forbidden);
    sys.print(&format!(
        "Securebits: 00/0x0/1'b0 (no-new-privs={no_new})\n secure-noroot: no (unlocked)\n secure-no-suid-fixup: no (unlocked)\n secure-keep-caps: no (unlocked)\n secure-no-ambient-raise: no (unlocked)\n"
    ));
    let user = |sys: &mut Sys<'_>, id: u32| {
        format!("{id}({})", sys.user_name(id).unwrap_or_else(|| "???".to_owned()))
    };
    let group = |sys: &mut Sys<'_>, id: u32| {
        format!("{id}({})", sys.group_name(id).unwrap_or_else(|| "???".to_owned()))
    };
    let (real, effective, gid) = (user(sys, cred.ruid), user(sys, cred.uid), group(sys, cred.gid));
    let mut all = cred.groups.clone();
    all.sort_unstable();
    let groups: Vec<String> = all.iter().map(|g| group(sys, *g)).collect();
    sys.print(&format!(
        "uid={real} euid={effective}\ngid={gid}\ngroups={}\nGuessed mode: HYBRID (4)\n",
        groups.join(",")
    ));
}

/// `cap_net_raw,cap_chown+ep`
fn parse(text: &str) -> Option<CapSet> {
    let (list, _) = text.split_once(['+', '='])?;
    list.split(',').map(|n| Capability::from_name(&n.to_uppercase())).collect()
}

pub(super) fn setcap(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let words: Vec<String> =
        argv.iter().skip(1).filter(|a| !matches!(a.as_str(), "-q" | "-v" | "-n")).cloned().collect();
    let [spec, file] = words.as_slice() else {
        sys.complain("usage: setcap [-h] [-q] [-v] [-n <rootid>] (-r|-|<caps>) <filename> [ ... (-r|-|<capsN>) <filenameN> ]\n");
        return 1;
    };
    if spec == "-r" {
        if sys.remove_file_caps(file).is_err() {
            sys.complain("File 'setcap' has no capablity to remove\n");
            return 1;
        }
        return 0;
    }
    let Some(set) = parse(spec) else {
        sys.complain("fatal error: Invalid argument\nusage: setcap [-h] [-q] [-v] [-n <rootid>] (-r|-|<caps>) <filename> [ ... (-r|-|<capsN>) <filenameN> ]\n");
        return 1;
    };
    if !sys.me().cred.caps.permitted.has(Capability::Setfcap) {
        sys.complain("unable to set CAP_SETFCAP effective capability: Operation not permitted\n");
        return 1;
    }
    for call in ["capget", "capset"] {
        let _ = sys.call(call);
    }
    match sys.set_file_caps(file, set) {
        Ok(()) => 0,
        Err(e) => {
            let text = if e == Errno::ENOENT {
                format!("Failed to set capabilities on file 'setcap': {}\n", e.text())
            } else {
                format!("Failed to set capabilities on file '{file}': {}\n", e.text())
            };
            sys.complain(&text);
            1
        }
    }
}

pub(super) fn getcap(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let recursive = argv.iter().any(|a| a == "-r");
    let mut files: Vec<String> = argv.iter().skip(1).filter(|a| !a.starts_with('-')).cloned().collect();
    files.reverse();
    while let Some(file) = files.pop() {
        if recursive && sys.stat_quietly(&file).is_ok_and(|s| s.is_dir()) {
            let below = sys.list(&file).unwrap_or_default();
            files.extend(below.iter().rev().map(|n| format!("{}/{n}", file.trim_end_matches('/'))));
            continue;
        }
        let file = &file;
        let Ok(s) = (if recursive { sys.lstat(file) } else { sys.stat(file) }) else {
            sys.complain(&format!("{file} (No such file or directory)\n"));
            continue;
        };
        if let Some(set) = sys.machine().file_caps.get(&s.ino).copied() {
            sys.print(&format!("{file} {}=ep\n", names(set)));
        }
    }
    0
}

pub(super) fn getpcaps(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    for pid in argv.iter().skip(1) {
        let Ok(status) = sys.slurp(&format!("/proc/{pid}/status")) else {
            sys.complain(&format!("Failed to get cap's for process {pid}: (No such process)\n"));
            return 1;
        };
        let set = |key: &str| {
            let bits = status.lines().find_map(|l| l.strip_prefix(key)).map_or("0", str::trim);
            CapSet::from_bits(u64::from_str_radix(bits, 16).unwrap_or(0))
        };
        let line = format!("{pid}: {}\n", text(set("CapEff:"), set("CapPrm:"), set("CapInh:")));
        sys.print(&line);
    }
    0
}
