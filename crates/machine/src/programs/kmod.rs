//! `lsmod`, `modprobe`, `rmmod`, `modinfo`: kernel modules, which are directories below /sys/module.
//!
//! Models kmod's tools. What is loaded has a `coresize`; /etc/modprobe.d says what is not to be.

use super::options;
use crate::sys::Sys;

/// Modules the kernel can load: name, size, what it uses.
const KNOWN: &[(&str, u32, &str)] = &[
    ("br_netfilter", 32768, "bridge"),
    ("bridge", 421888, ""),
    ("dccp", 102400, ""),
    ("ip_tables", 32768, "x_tables"),
    ("nf_conntrack", 196608, ""),
    ("overlay", 212992, ""),
    ("pcspkr", 12288, ""),
    ("floppy", 118784, ""),
    ("rds", 151552, ""),
    ("sctp", 462848, ""),
    ("tipc", 409600, ""),
    ("usb_storage", 86016, ""),
    ("veth", 45056, ""),
    ("vxlan", 155648, ""),
    ("x_tables", 65536, ""),
    ("xt_conntrack", 12288, "nf_conntrack"),
];

/// What a node has loaded.
pub const LOADED: &[&str] = &[
    "br_netfilter",
    "bridge",
    "ip_tables",
    "nf_conntrack",
    "overlay",
    "pcspkr",
    "veth",
    "x_tables",
    "xt_conntrack",
];

/// The files of a loaded module below /sys/module.
pub fn files(name: &str) -> Option<Vec<(String, String)>> {
    let (_, size, _) = KNOWN.iter().find(|(n, ..)| *n == name)?;
    let dir = format!("/sys/module/{name}");
    Some(vec![
        (format!("{dir}/coresize"), format!("{size}\n")),
        (format!("{dir}/initstate"), "live\n".to_owned()),
    ])
}

fn canonical(name: &str) -> String {
    name.trim_end_matches(".ko").replace('-', "_")
}

fn loaded(sys: &mut Sys<'_>) -> Vec<String> {
    let names = sys.list("/sys/module").unwrap_or_default();
    names.into_iter().filter(|n| sys.stat(&format!("/sys/module/{n}/coresize")).is_ok()).collect()
}

/// The loaded modules that use one.
fn users(all: &[String], name: &str) -> Vec<String> {
    let uses = |m: &&String| KNOWN.iter().any(|(n, _, uses)| n == m && *uses == name);
    all.iter().filter(uses).cloned().collect()
}

pub(super) fn lsmod(sys: &mut Sys<'_>, _: &[String]) -> i32 {
    let all = loaded(sys);
    sys.print("Module                  Size  Used by\n");
    for name in all.iter().rev() {
        let size = sys.slurp(&format!("/sys/module/{name}/coresize")).unwrap_or_default();
        let by = users(&all, name);
        let list = if by.is_empty() { String::new() } else { format!(" {}", by.join(",")) };
        sys.print(&format!("{name:<19} {:>8}  {}{list}\n", size.trim(), by.len()));
    }
    0
}

/// What /etc/modprobe.d says of a module: whether it is blacklisted, and what is run in its place.
fn settings(sys: &mut Sys<'_>, name: &str) -> (bool, Option<String>) {
    let (mut blacklisted, mut install) = (false, None);
    for file in sys.list("/etc/modprobe.d").unwrap_or_default().into_iter().filter(|f| f.ends_with(".conf")) {
        for line in sys.slurp(&format!("/etc/modprobe.d/{file}")).unwrap_or_default().lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["blacklist", m, ..] if canonical(m) == name => blacklisted = true,
                ["install", m, command @ ..] if canonical(m) == name => install = Some(command.join(" ")),
                _ => {}
            }
        }
    }
    (blacklisted, install)
}

fn remove(sys: &mut Sys<'_>, name: &str) {
    let dir = format!("/sys/module/{name}");
    for file in ["coresize", "initstate"] {
        let _ = sys.unlink("unlinkat", &format!("{dir}/{file}"));
    }
    let _ = sys.rmdir("unlinkat", &dir);
}

pub(super) fn modprobe(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [
        ("remove", 'r'),
        ("use-blacklist", 'b'),
        ("dry-run", 'n'),
        ("verbose", 'v'),
        ("quiet", 'q'),
        ("all", 'a'),
    ];
    let opts = match options::parse(sys, argv, "rbnvqaD", &long) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let mut code = 0;
    for word in &opts.operands {
        let name = canonical(word);
        let all = loaded(sys);
        let there = all.contains(&name);
        if opts.has('r') {
            let by = users(&all, &name);
            let text = if !there {
                format!("modprobe: FATAL: Module {word} is not currently loaded.\n")
            } else if !by.is_empty() {
                format!("modprobe: FATAL: Module {word} is in use.\n")
            } else if sys.getid("geteuid") != 0 {
                format!("modprobe: ERROR: could not remove '{name}': Operation not permitted\n")
            } else {
                remove(sys, &name);
                continue;
            };
            sys.complain(&text);
            code = 1;
            continue;
        }
        let Some((_, _, uses)) = KNOWN.iter().find(|(n, ..)| *n == name) else {
            let (release, _) = sys.kernel_names();
            sys.complain(&format!(
                "modprobe: FATAL: Module {word} not found in directory /lib/modules/{release}\n"
            ));
            code = 1;
            continue;
        };
        let (blacklisted, install) = settings(sys, &name);
        if there || blacklisted && opts.has('b') || opts.has('n') {
            continue;
        }
        if let Some(command) = install {
            if opts.has('v') {
                sys.print(&format!("install {command} \n"));
            }
            if command.contains("false") {
                sys.complain(&format!("modprobe: ERROR: ../libkmod/libkmod-module.c:1047 command_do() Error running install command '{command}' for module {name}: retcode 1\nmodprobe: ERROR: could not insert '{name}': Invalid argument\n"));
                code = 1;
            }
            continue;
        }
        if sys.getid("geteuid") != 0 {
            sys.complain(&format!("modprobe: ERROR: could not insert '{name}': Operation not permitted\n"));
            code = 1;
            continue;
        }
        for module in [*uses, &name].into_iter().filter(|m| !m.is_empty()) {
            for (path, text) in files(module).unwrap_or_default() {
                sys.machine_mut().write_file(&path, text, 0o444, (0, 0));
            }
        }
    }
    code
}

pub(super) fn rmmod(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let mut code = 0;
    for word in argv.iter().skip(1).filter(|w| !w.starts_with('-')) {
        let name = canonical(word);
        let all = loaded(sys);
        let by = users(&all, &name);
        let text = if !all.contains(&name) {
            format!("rmmod: ERROR: Module {word} is not currently loaded\n")
        } else if !by.is_empty() {
            format!("rmmod: ERROR: Module {word} is in use by: {}\n", by.join(" "))
        } else if sys.getid("geteuid") != 0 {
            format!(
                "rmmod: ERROR: could not remove '{word}': Operation not permitted\nrmmod: ERROR: could not remove module {word}: Operation not permitted\n"
            )
        } else {
            remove(sys, &name);
            continue;
        };
        sys.complain(&text);
        code = 1;
    }
    code
}

pub(super) fn modinfo(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let Some(word) = argv.get(1) else { return 1 };
    let name = canonical(word);
    if !KNOWN.iter().any(|(n, ..)| *n == name) {
        sys.complain(&format!("modinfo: ERROR: Module {word} not found.\n"));
        return 1;
    }
    let (release, _) = sys.kernel_names();
    sys.print(&format!("filename:       /lib/modules/{release}/kernel/{name}.ko.zst\nlicense:        GPL\nname:           {name}\n"));
    0
}
