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

/// A process's sets as libcap writes them: `=ep`, `cap_chown=ep`, `=`.
fn text(effective: CapSet, permitted: CapSet) -> String {
    match (permitted, effective) {
        (p, _) if p.is_empty() => "=".to_owned(),
        (p, e) if p == CapSet::ALL && e == p => "=ep".to_owned(),
        (p, e) if e == p => format!("{}=ep", names(p)),
        (p, _) => format!("{}=p", names(p)),
    }
}

pub(super) fn capsh(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    if let Some(bits) = argv.iter().find_map(|a| a.strip_prefix("--decode=")) {
        let set = CapSet::from_bits(u64::from_str_radix(bits.trim_start_matches("0x"), 16).unwrap_or(0));
        sys.print(&format!("0x{:016x}={}\n", set.bits(), names(set)));
        return 0;
    }
    if !argv.iter().any(|a| a == "--print") {
        return 0;
    }
    let cred = sys.me().cred.clone();
    let caps = cred.caps;
    let missing: Vec<String> =
        CapSet::ALL.minus(caps.bounding).iter().map(|c| format!("!{}", low(c))).collect();
    sys.print(&format!(
        "Current: {}\nBounding set ={}\nAmbient set ={}\nCurrent IAB: {}\n",
        text(caps.effective, caps.permitted),
        names(caps.bounding),
        names(caps.ambient),
        missing.join(",")
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
    0
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
    let Some(set) = parse(spec) else {
        sys.complain("fatal error: Invalid argument\nusage: setcap [-h] [-q] [-v] [-n <rootid>] (-r|-|<caps>) <filename> [ ... (-r|-|<capsN>) <filenameN> ]\n");
        return 1;
    };
    if !sys.me().cred.caps.permitted.has(Capability::Setfcap) {
        sys.complain("unable to set CAP_SETFCAP effective capability: Operation not permitted\n");
        return 1;
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
    for file in argv.iter().skip(1).filter(|a| !a.starts_with('-')) {
        let Ok(s) = sys.stat(file) else {
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
        let line = format!("{pid}: {}\n", text(set("CapEff:"), set("CapPrm:")));
        sys.print(&line);
    }
    0
}
