//! `apt`, `apt-get`, `apt-cache`, `apt-mark`, `dpkg`: what is installed, as /var/lib/dpkg says.
//!
//! Removing a package removes the files its list names. Models apt's and dpkg's front ends.

use super::options;
use crate::node::units;
use crate::sys::Sys;

/// What an Ubuntu node has installed: name, version, description.
pub const INSTALLED: &str = include_str!("packages.txt");
const STATUS: &str = "/var/lib/dpkg/status";
/// Versions in the repository of Kubernetes.
const KUBERNETES: [&str; 5] = ["1.36.4-1.1", "1.36.3-1.1", "1.36.2-1.1", "1.36.1-1.1", "1.36.0-1.1"];

/// A package.
#[derive(Clone, Debug)]
struct Package {
    name: String,
    version: String,
    about: String,
    hold: bool,
}

/// The database's text for the packages a node starts with.
#[must_use]
pub fn status_text() -> String {
    let packages = INSTALLED.lines().filter_map(|l| {
        let (name, rest) = l.split_once(' ')?;
        let (version, about) = rest.split_once(' ')?;
        Some(Package {
            name: name.into(),
            version: version.into(),
            about: about.into(),
            hold: matches!(name, "kubeadm" | "kubectl" | "kubelet"),
        })
    });
    packages.map(|p| paragraph(&p)).collect()
}

fn paragraph(p: &Package) -> String {
    let selection = if p.hold { "hold" } else { "install" };
    format!(
        "Package: {}\nStatus: {selection} ok installed\nArchitecture: amd64\nVersion: {}\nDescription: {}\n\n",
        p.name, p.version, p.about
    )
}

fn read(text: &str) -> Vec<Package> {
    text.split("\n\n")
        .filter_map(|p| {
            let field = |name: &str| p.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(": "));
            let status = field("Status")?;
            status.ends_with("ok installed").then(|| Package {
                name: field("Package").unwrap_or_default().to_owned(),
                version: field("Version").unwrap_or_default().to_owned(),
                about: field("Description").unwrap_or_default().to_owned(),
                hold: status.starts_with("hold"),
            })
        })
        .collect()
}

/// The installed version of a package.
#[must_use]
pub fn version_of(status: &str, name: &str) -> Option<String> {
    read(status).into_iter().find(|p| p.name == name).map(|p| p.version)
}

fn load(sys: &mut Sys<'_>) -> Vec<Package> {
    read(&sys.slurp(STATUS).unwrap_or_default())
}

fn save(sys: &mut Sys<'_>, all: &[Package]) -> bool {
    let text: String = all.iter().map(paragraph).collect();
    sys.spill(STATUS, text.as_bytes()).is_ok()
}

/// Versions that can be had, newest first.
fn available(all: &[Package], name: &str) -> Vec<String> {
    if matches!(name, "kubeadm" | "kubelet" | "kubectl") {
        return KUBERNETES.map(str::to_owned).to_vec();
    }
    all.iter().filter(|p| p.name == name).map(|p| p.version.clone()).collect()
}

fn not_root(sys: &mut Sys<'_>) -> bool {
    if sys.getid("geteuid") == 0 {
        return false;
    }
    sys.complain("E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?\n");
    true
}

const READING: &str =
    "Reading package lists... Done\nBuilding dependency tree... Done\nReading state information... Done\n";

pub(super) fn apt(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let program = argv.first().map_or("apt", |a| a.rsplit('/').next().unwrap_or(a)).to_owned();
    let has = |flags: &[&str]| argv.iter().any(|a| flags.contains(&a.as_str()));
    let words: Vec<String> = argv.iter().skip(1).filter(|a| !a.starts_with('-')).cloned().collect();
    let Some((verb, names)) = words.split_first() else {
        sys.print(&format!("{program} 2.7.14 (amd64)\nUsage: {program} [options] command\n"));
        return 1;
    };
    match verb.as_str() {
        "list" => list(sys, names, has(&["--installed"])),
        "update" => {
            if not_root(sys) {
                return 100;
            }
            sys.print("Hit:1 http://archive.ubuntu.com/ubuntu noble InRelease\nHit:2 https://prod-cdn.packages.k8s.io/repositories/isv:/kubernetes:/core:/stable:/v1.36/deb  InRelease\nReading package lists... Done\n");
            if program == "apt" {
                sys.print("Building dependency tree... Done\nReading state information... Done\nAll packages are up to date.\n");
            }
            0
        }
        "remove" | "purge" | "autoremove" => {
            remove(sys, names, verb == "purge" || has(&["--purge"]), has(&["-y", "--yes", "-qy", "-yq"]))
        }
        "install" | "upgrade" | "full-upgrade" => install(sys, names, has(&["--allow-change-held-packages"])),
        "show" | "policy" | "madison" | "search" => query(sys, verb, names),
        "hold" | "unhold" | "showhold" => mark(sys, verb, names),
        other => {
            sys.complain(&format!("E: Invalid operation {other}\n"));
            100
        }
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    let parts: Vec<&str> = pattern.split('*').collect();
    match parts.as_slice() {
        [whole] => *whole == name,
        [first, .., last] => {
            name.starts_with(first) && name.ends_with(last) && parts.iter().all(|p| name.contains(p))
        }
        [] => false,
    }
}

fn list(sys: &mut Sys<'_>, names: &[String], _installed: bool) -> i32 {
    let all = load(sys);
    if !sys.is_tty(1) {
        sys.complain("\nWARNING: apt does not have a stable CLI interface. Use with caution in scripts.\n\n");
    }
    sys.print("Listing...\n");
    for p in all.iter().filter(|p| names.is_empty() || names.iter().any(|n| matches(n, &p.name))) {
        let suite = if p.name.starts_with("kube") || p.name == "cri-tools" { "unknown" } else { "noble" };
        sys.print(&format!("{}/{suite},now {} amd64 [installed]\n", p.name, p.version));
    }
    0
}

fn remove(sys: &mut Sys<'_>, names: &[String], purge: bool, yes: bool) -> i32 {
    if not_root(sys) {
        return 100;
    }
    let mut all = load(sys);
    sys.print(READING);
    let mut gone = Vec::new();
    for name in names {
        let known = all.iter().find(|p| p.name == *name).cloned();
        match known {
            Some(p) => gone.push(p),
            None if INSTALLED.lines().any(|l| l.split(' ').next() == Some(name)) => {
                sys.print(&format!("Package '{name}' is not installed, so not removed\n"));
            }
            None => {
                sys.complain(&format!("E: Unable to locate package {name}\n"));
                return 100;
            }
        }
    }
    if gone.is_empty() {
        sys.print("0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n");
        return 0;
    }
    let star = if purge { "*" } else { "" };
    let list: Vec<String> = gone.iter().map(|p| format!("{}{star}", p.name)).collect();
    sys.print(&format!("The following packages will be REMOVED:\n  {}\n0 upgraded, 0 newly installed, {} to remove and 0 not upgraded.\nAfter this operation, 1,182 kB disk space will be freed.\n", list.join(" "), gone.len()));
    if !yes {
        sys.print("Do you want to continue? [Y/n] ");
        let answer = sys.read_line(0).map(|(l, _)| l).unwrap_or_default();
        if answer.trim().starts_with(['n', 'N']) {
            sys.print("Abort.\n");
            return 1;
        }
    }
    sys.print("(Reading database ... 73567 files and directories currently installed.)\n");
    for p in &gone {
        sys.print(&format!("Removing {} ({}) ...\n", p.name, p.version));
        let info = format!("/var/lib/dpkg/info/{}.list", p.name);
        let mut files: Vec<String> =
            sys.slurp(&info).unwrap_or_default().lines().map(str::to_owned).collect();
        if files.is_empty() {
            files.push(format!("/usr/bin/{}", p.name));
        }
        if units::file(sys.machine(), &p.name).is_some() {
            files.push(format!("/usr/lib/systemd/system/{}.service", p.name));
            units::stop(sys.machine_mut(), &p.name);
            units::enable(sys.machine_mut(), &p.name, false);
        }
        for file in files {
            let _ = sys.unlink("unlink", &file);
        }
        let _ = sys.unlink("unlink", &info);
        if purge {
            sys.print(&format!("Purging configuration files for {} ({}) ...\n", p.name, p.version));
        }
    }
    sys.print("Processing triggers for man-db (2.12.0-4build2) ...\n");
    all.retain(|p| !gone.iter().any(|g| g.name == p.name));
    save(sys, &all);
    0
}

fn install(sys: &mut Sys<'_>, names: &[String], held: bool) -> i32 {
    if not_root(sys) {
        return 100;
    }
    let mut all = load(sys);
    sys.print(READING);
    let mut changes: Vec<(String, String)> = Vec::new();
    for word in names {
        let (name, wanted) = word.split_once('=').map_or((word.as_str(), None), |(n, v)| (n, Some(v)));
        let versions = available(&all, name);
        let Some(newest) = versions.first() else {
            sys.complain(&format!("E: Unable to locate package {name}\n"));
            return 100;
        };
        let version = match wanted {
            None => newest.clone(),
            Some(w) => match versions.iter().find(|v| matches(w, v)) {
                Some(v) => v.clone(),
                None => {
                    sys.complain(&format!("E: Version '{w}' for '{name}' was not found\n"));
                    return 100;
                }
            },
        };
        let now = all.iter().find(|p| p.name == name).map(|p| p.version.clone());
        if now.as_ref() == Some(&version) {
            sys.print(&format!("{name} is already the newest version ({version}).\n"));
        } else {
            changes.push((name.to_owned(), version));
        }
    }
    if changes.is_empty() {
        sys.print("0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n");
        return 0;
    }
    let on_hold: Vec<&str> = changes
        .iter()
        .map(|(n, _)| n.as_str())
        .filter(|n| all.iter().any(|p| p.name == *n && p.hold))
        .collect();
    if !on_hold.is_empty() {
        sys.print(&format!("The following held packages will be changed:\n  {}\n", on_hold.join(" ")));
    }
    let list: Vec<&str> = changes.iter().map(|(n, _)| n.as_str()).collect();
    sys.print(&format!("The following packages will be upgraded:\n  {}\n{} upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n", list.join(" "), changes.len()));
    if !on_hold.is_empty() && !held {
        sys.complain("E: Held packages were changed and -y was used without --allow-change-held-packages.\n");
        return 100;
    }
    for (name, version) in &changes {
        let old = all.iter().find(|p| p.name == *name).map(|p| p.version.clone()).unwrap_or_default();
        sys.print(&format!("Preparing to unpack .../{name}_{version}_amd64.deb ...\nUnpacking {name} ({version}) over ({old}) ...\nSetting up {name} ({version}) ...\n"));
        match all.iter_mut().find(|p| p.name == *name) {
            Some(p) => version.clone_into(&mut p.version),
            None => all.push(Package {
                name: name.clone(),
                version: version.clone(),
                about: String::new(),
                hold: false,
            }),
        }
    }
    save(sys, &all);
    0
}

fn query(sys: &mut Sys<'_>, verb: &str, names: &[String]) -> i32 {
    let all = load(sys);
    for name in names {
        let versions = available(&all, name);
        let now = all.iter().find(|p| p.name == *name);
        if versions.is_empty() && now.is_none() {
            if verb == "show" {
                sys.complain(&format!("N: Unable to locate package {name}\nE: No packages found\n"));
                return 100;
            }
            continue;
        }
        let url = "https://pkgs.k8s.io/core:/stable:/v1.36/deb";
        match verb {
            "madison" => {
                for v in &versions {
                    sys.print(&format!("{name:>10} | {v:>10} | {url}  Packages\n"));
                }
            }
            "policy" => {
                let installed = now.map_or("(none)", |p| p.version.as_str());
                let candidate = versions.first().map_or(installed, String::as_str);
                sys.print(&format!(
                    "{name}:\n  Installed: {installed}\n  Candidate: {candidate}\n  Version table:\n"
                ));
                for v in &versions {
                    let mark = if v == installed { "***" } else { "   " };
                    sys.print(&format!(" {mark} {v} 500\n        500 {url}  Packages\n"));
                }
            }
            _ => {
                let Some(p) = now else { continue };
                sys.print(&format!(
                    "Package: {}\nVersion: {}\nStatus: install ok installed\nDescription: {}\n\n",
                    p.name, p.version, p.about
                ));
            }
        }
    }
    0
}

fn mark(sys: &mut Sys<'_>, verb: &str, names: &[String]) -> i32 {
    let mut all = load(sys);
    if verb == "showhold" {
        for p in all.iter().filter(|p| p.hold) {
            sys.print(&format!("{}\n", p.name));
        }
        return 0;
    }
    if not_root(sys) {
        return 100;
    }
    let on = verb == "hold";
    for name in names {
        let Some(p) = all.iter_mut().find(|p| p.name == *name) else {
            sys.complain(&format!("E: Unable to locate package {name}\nE: No packages found\n"));
            return 100;
        };
        let text = match (on, p.hold) {
            (true, true) => format!("{name} was already set on hold.\n"),
            (true, false) => format!("{name} set on hold.\n"),
            (false, true) => format!("Canceled hold on {name}.\n"),
            (false, false) => format!("{name} was already not on hold.\n"),
        };
        p.hold = on;
        sys.print(&text);
    }
    save(sys, &all);
    0
}

pub(super) fn dpkg(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [
        ("list", 'l'),
        ("status", 's'),
        ("listfiles", 'L'),
        ("search", 'S'),
        ("remove", 'r'),
        ("purge", 'P'),
        ("get-selections", 'G'),
    ];
    let opts = match options::parse(sys, argv, "lsLSrPGi", &long) {
        Ok(o) => o,
        Err(_) => return 2,
    };
    let all = load(sys);
    let names = opts.operands.clone();
    if opts.has('r') || opts.has('P') {
        return remove(sys, &names, opts.has('P'), true);
    }
    if opts.has('G') {
        for p in &all {
            sys.print(&format!("{:<48}\t{}\n", p.name, if p.hold { "hold" } else { "install" }));
        }
        return 0;
    }
    if opts.has('s') || opts.has('L') {
        let Some(p) = names.first().and_then(|n| all.iter().find(|p| p.name == *n)) else {
            let name = names.first().cloned().unwrap_or_default();
            sys.complain(&format!("dpkg-query: package '{name}' is not installed and no information is available\nUse dpkg --info (= dpkg-deb --info) to examine archive files.\n"));
            return 1;
        };
        if opts.has('L') {
            let listed = sys.slurp(&format!("/var/lib/dpkg/info/{}.list", p.name)).unwrap_or_default();
            sys.print(&if listed.is_empty() {
                format!("/.\n/usr\n/usr/bin\n/usr/bin/{}\n", p.name)
            } else {
                listed
            });
        } else {
            sys.print(&paragraph(p));
        }
        return 0;
    }
    if opts.has('S') {
        let path = names.first().cloned().unwrap_or_default();
        let base = path.rsplit('/').next().unwrap_or(&path).to_owned();
        return match all.iter().find(|p| p.name == base) {
            Some(p) => {
                sys.print(&format!("{}: {path}\n", p.name));
                0
            }
            None => {
                sys.complain(&format!("dpkg-query: no path found matching pattern {path}\n"));
                1
            }
        };
    }
    let shown: Vec<&Package> =
        all.iter().filter(|p| names.is_empty() || names.iter().any(|n| matches(n, &p.name))).collect();
    if shown.is_empty() {
        for n in &names {
            sys.complain(&format!("dpkg-query: no packages found matching {n}\n"));
        }
        return 1;
    }
    let w = |f: fn(&&Package) -> usize, least: usize| shown.iter().map(f).max().unwrap_or(0).max(least);
    let (wn, wv, wa) = (w(|p| p.name.len(), 14), w(|p| p.version.len(), 12), w(|p| p.about.len(), 33));
    sys.print(&format!("Desired=Unknown/Install/Remove/Purge/Hold\n| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend\n|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)\n||/ {:<wn$} {:<wv$} Architecture Description\n+++-{}-{}-============-{}\n", "Name", "Version", "=".repeat(wn), "=".repeat(wv), "=".repeat(wa)));
    for p in shown {
        let state = if p.hold { "hi" } else { "ii" };
        sys.print(&format!("{state}  {:<wn$} {:<wv$} {:<12} {}\n", p.name, p.version, "amd64", p.about));
    }
    0
}
