//! AppArmor's tools: `apparmor_parser`, `aa-status`, `aa-enabled`, `aa-exec`, `aa-enforce`, `aa-complain`, `aa-disable`.
//!
//! The language and the kernel's set of profiles are core's; here are the command lines and their words.

use gatehouse_core::effects::apparmor::{Found, Includes, Label, LoadMode, ParserVersion, Policy, Stock};

use super::{execvp, options};
use crate::errno::Errno;
use crate::machine::Machine;
use crate::sys::Sys;

const VERSION: &str = "AppArmor parser version 4.1.0\nCopyright (C) 1999-2008 Novell Inc.\nCopyright 2009-2018 Canonical Ltd.\n";
const FOLDER: &str = "/etc/apparmor.d";

/// Included files: the node's own, else what the distribution ships.
struct Node<'m>(&'m Machine);

impl Includes for Node<'_> {
    fn find(&self, path: &str) -> Option<Found> {
        match self.0.read_file(path) {
            Some(text) => Some(Found::File(String::from_utf8_lossy(&text).into_owned())),
            None => Stock.find(path),
        }
    }
}

pub(super) fn parser(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [
        ("add", 'a'),
        ("replace", 'r'),
        ("remove", 'R'),
        ("Complain", 'C'),
        ("complain", 'C'),
        ("quiet", 'q'),
        ("verbose", 'v'),
        ("version", 'V'),
        ("names", 'N'),
        ("skip-cache", 'T'),
        ("write-cache", 'W'),
        ("skip-kernel-load", 'Q'),
        ("preprocess", 'p'),
        ("debug", 'd'),
        ("skip-read-cache", 'T'),
        ("Include", 'I'),
    ];
    let opts = match options::parse(sys, argv, "arRCqvVNTWQKpdSbI:f:L:D:m:n:O:M:", &long) {
        Ok(o) => o,
        Err(code) => return code,
    };
    if opts.has('V') {
        sys.print(VERSION);
        return 0;
    }
    let touches = !opts.has('N') && !opts.has('Q') && !opts.has('p');
    if touches && sys.me().cred.uid != 0 {
        sys.complain("apparmor_parser: Sorry. You need root privileges to run this program.\n");
        return 13;
    }
    if touches && sys.machine().apparmor.is_none() {
        sys.complain("Cache read/write disabled: interface file missing. (Kernel needs AppArmor 2.4 compatibility patch.)\nWarning: unable to find a suitable fs in /proc/mounts, is it mounted?\nUse --subdomainfs to override.\n");
        return 1;
    }
    let mode = if opts.has('R') {
        LoadMode::Remove
    } else if opts.has('r') {
        LoadMode::Replace
    } else {
        LoadMode::Add
    };
    let files = if opts.operands.is_empty() { vec!["-".to_owned()] } else { opts.operands.clone() };
    let mut code = 0;
    for f in files {
        let is_dir = sys.stat(&f).is_ok_and(|s| s.is_dir());
        let inside: Vec<String> = if is_dir {
            let names = sys.list(&f).unwrap_or_default();
            names.into_iter().map(|n| format!("{}/{n}", f.trim_end_matches('/'))).collect()
        } else {
            vec![f]
        };
        for path in inside {
            if is_dir && sys.stat(&path).is_ok_and(|s| s.is_dir()) {
                continue;
            }
            let done = one(sys, &path, mode, &opts, touches);
            if done != 0 {
                code = done;
            }
        }
    }
    code
}

fn one(sys: &mut Sys<'_>, path: &str, mode: LoadMode, opts: &options::Options, touches: bool) -> i32 {
    let text = if path == "-" {
        sys.read_all(0).map(|b| String::from_utf8_lossy(&b).into_owned())
    } else {
        sys.slurp(path)
    };
    let text = match text {
        Ok(t) => t,
        Err(Errno::ENOENT) => {
            sys.complain(&format!("File {path} not found, skipping...\n"));
            return 0;
        }
        Err(e) => {
            sys.complain(&format!("Error: Could not read profile {path}: {}.\n", e.text()));
            return 1;
        }
    };
    if opts.has('N') {
        return match Policy::names(path, &text, &Node(sys.machine()), ParserVersion::V4_1_0) {
            Ok(names) => {
                sys.print(&names.iter().map(|n| format!("{n}\n")).collect::<String>());
                0
            }
            Err(e) => {
                sys.complain(&lined(&e.text));
                1
            }
        };
    }
    let mut policy = match Policy::read(path, &text, &Node(sys.machine()), ParserVersion::V4_1_0) {
        Ok(p) => p,
        Err(e) => {
            sys.complain(&lined(&e.text));
            return 1;
        }
    };
    if opts.has('C') {
        policy.force_complain();
    }
    if !touches {
        return 0;
    }
    let Some(loaded) = sys.machine_mut().load_profiles(&policy, mode) else { return 1 };
    sys.complain(&loaded.stderr);
    if opts.has('v') {
        sys.print(&loaded.verbose);
    }
    loaded.exit
}

fn lined(text: &str) -> String {
    if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}

/// Profiles and confined processes by mode.
#[derive(Default)]
struct Census {
    profiles: Vec<(String, String)>,
    /// Executable, number, label, mode.
    processes: Vec<(String, u32, String, String)>,
}

impl Census {
    fn take(sys: &Sys<'_>) -> Self {
        let Some(policy) = &sys.machine().apparmor else { return Self::default() };
        let split = |line: String| {
            line.rsplit_once(" (").map(|(n, m)| (n.to_owned(), m.trim_end_matches(')').to_owned()))
        };
        let profiles = policy.listing().filter_map(split).collect();
        let processes = sys
            .machine()
            .processes
            .values()
            .filter(|p| p.cred.label != Label::Unconfined)
            .filter_map(|p| split(policy.current(&p.cred.label)).map(|(n, m)| (p.exe.clone(), p.pid, n, m)))
            .collect();
        Self { profiles, processes }
    }

    fn of(&self, mode: &str) -> Vec<&str> {
        self.profiles.iter().filter(|(_, m)| m == mode).map(|(n, _)| n.as_str()).collect()
    }
}

pub(super) fn status(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    if sys.machine().apparmor.is_none() {
        sys.complain("apparmor not present.\n");
        return 1;
    }
    if argv.iter().any(|a| a == "--enabled") {
        return 0;
    }
    if sys.me().cred.uid != 0 {
        sys.print("apparmor module is loaded.\n");
        sys.flush();
        sys.complain("You do not have enough privilege to read the profile set.\n");
        return 4;
    }
    let census = Census::take(sys);
    let count = match argv.get(1).map(String::as_str) {
        Some("--profiled") => Some(census.profiles.len()),
        Some("--enforced") => Some(census.of("enforce").len()),
        Some("--complaining") => Some(census.of("complain").len()),
        Some("--kill") => Some(census.of("kill").len()),
        _ => None,
    };
    if let Some(n) = count {
        sys.print(&format!("{n}\n"));
        return 0;
    }
    if argv.iter().any(|a| a == "--json" || a == "--pretty-json") {
        let profiles: gatehouse_model::Map =
            census.profiles.iter().map(|(n, m)| (n.as_str(), m.as_str())).collect();
        let mut processes = gatehouse_model::Map::new();
        for (exe, pid, label, mode) in &census.processes {
            let entry = gatehouse_model::json!({"profile": (label.as_str()), "pid": (pid.to_string()), "status": (mode.as_str())});
            processes.entry(exe).make_list().push(entry);
        }
        let all = gatehouse_model::json!({"version": "2", "profiles": (profiles), "processes": (processes)});
        sys.print(&(gatehouse_model::json::print(&all) + "\n"));
        return 0;
    }
    let mut out = format!("apparmor module is loaded.\n{} profiles are loaded.\n", census.profiles.len());
    for mode in ["enforce", "complain", "prompt", "kill", "unconfined"] {
        let names = census.of(mode);
        let word = if mode == "unconfined" { "unconfined mode".to_owned() } else { format!("{mode} mode") };
        out.push_str(&format!("{} profiles are in {word}.\n", names.len()));
        for n in names {
            out.push_str(&format!("   {n}\n"));
        }
    }
    out.push_str(&format!("{} processes have profiles defined.\n", census.processes.len()));
    for mode in ["enforce", "complain", "prompt", "kill"] {
        let these: Vec<_> = census.processes.iter().filter(|p| p.3 == mode).collect();
        out.push_str(&format!("{} processes are in {mode} mode.\n", these.len()));
        for (exe, pid, label, _) in these {
            let name = if exe == label { String::new() } else { format!(" {label}") };
            out.push_str(&format!("   {exe} ({pid}){name}\n"));
        }
    }
    out.push_str("0 processes are unconfined but have a profile defined.\n0 processes are in mixed mode.\n");
    sys.print(&out);
    0
}

pub(super) fn enabled(sys: &mut Sys<'_>, _: &[String]) -> i32 {
    if sys.machine().apparmor.is_some() {
        sys.print("Yes\n");
        0
    } else {
        sys.print("No - not available on this system.\n");
        1
    }
}

pub(super) fn exec(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse_leading(sys, argv, "p:in:dv", &[("profile", 'p'), ("immediate", 'i')]) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let name = opts.value('p').unwrap_or("unconfined").to_owned();
    let known =
        name == "unconfined" || sys.machine().apparmor.as_ref().is_some_and(|p| p.get(&name).is_some());
    if !known {
        let pid = sys.me().vpid;
        sys.complain(&format!("[{pid}] aa-exec: ERROR: profile '{name}' does not exist\n"));
        return 1;
    }
    sys.change_on_exec(Label::new(&name));
    match execvp(sys, &opts.operands) {
        Ok(code) => code,
        Err(e) => {
            let command = opts.operands.first().cloned().unwrap_or_default();
            sys.complain(&format!("aa-exec: Failed to execute \"{command}\": {}\n", e.text()));
            1
        }
    }
}

/// `aa-enforce`, `aa-complain`, `aa-disable`: change the flags in the file, then load it.
pub(super) fn set_mode(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let program = argv.first().map_or("", |a| a.rsplit('/').next().unwrap_or(a)).to_owned();
    let mode = program.strip_prefix("aa-").unwrap_or("enforce").to_owned();
    let mut code = 0;
    for target in argv.iter().skip(1).filter(|a| !a.starts_with('-')) {
        let path = if sys.stat(target).is_ok() {
            target.clone()
        } else {
            format!("{FOLDER}/{}", target.trim_start_matches('/').replace('/', "."))
        };
        let Ok(text) = sys.slurp(&path) else {
            sys.complain(&format!("\nCan't find {target} in the system path list. If the name of the application\nis correct, please run 'which {target}' as a user with correct PATH\nenvironment set up in order to find the fully-qualified path and\nuse the full path as parameter.\n\n"));
            code = 1;
            continue;
        };
        let word = match mode.as_str() {
            "disable" => {
                sys.print(&format!("Disabling {path}.\n"));
                code |= one(sys, &path, LoadMode::Remove, &options::Options::default(), true);
                continue;
            }
            m => m.to_owned(),
        };
        sys.print(&format!("Setting {path} to {word} mode.\n"));
        let text = with_mode(&text, &word);
        if let Err(e) = sys.spill(&path, text.as_bytes()) {
            sys.complain(&format!("{program}: {path}: {}\n", e.text()));
            code = 1;
            continue;
        }
        code |= one(sys, &path, LoadMode::Replace, &options::Options::default(), true);
    }
    code
}

/// A profile's text with its mode flag set: `complain` added or taken out.
fn with_mode(text: &str, mode: &str) -> String {
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        let head = line.trim_end().ends_with('{')
            && (line.trim_start().starts_with("profile ") || line.starts_with('/'));
        if !head {
            out.push_str(line);
            continue;
        }
        let (before, flags) = match line.split_once("flags=(") {
            Some((b, rest)) => (b.to_owned(), rest.split(')').next().unwrap_or("").to_owned()),
            None => (line.trim_end().trim_end_matches('{').to_owned(), String::new()),
        };
        let mut list: Vec<&str> = flags
            .split(',')
            .map(str::trim)
            .filter(|f| !f.is_empty() && *f != "complain" && *f != "enforce")
            .collect();
        if mode == "complain" {
            list.push("complain");
        }
        let flags = if list.is_empty() { String::new() } else { format!("flags=({}) ", list.join(", ")) };
        out.push_str(&format!("{} {flags}{{\n", before.trim_end()));
    }
    out
}
