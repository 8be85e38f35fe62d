//! `sysctl`: values below /proc/sys, read and written.

use super::options;
use crate::errno::Errno;
use crate::sys::Sys;

/// Files that `sysctl --system` reads.
const FOLDERS: [&str; 3] = ["/usr/lib/sysctl.d", "/run/sysctl.d", "/etc/sysctl.d"];

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(
        sys,
        argv,
        "wnap::qeN",
        &[("write", 'w'), ("all", 'a'), ("load", 'p'), ("system", 's'), ("values", 'n'), ("quiet", 'q')],
    ) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let mut words: Vec<(String, bool)> = Vec::new();
    let mut code = 0;
    if opts.has('a') {
        return all(sys);
    }
    if opts.has('p') || opts.has('s') {
        let mut files: Vec<String> = Vec::new();
        if opts.has('s') {
            for folder in FOLDERS {
                for name in sys.list(folder).unwrap_or_default().iter().filter(|n| n.ends_with(".conf")) {
                    files.push(format!("{folder}/{name}"));
                }
            }
            files.push("/etc/sysctl.conf".to_owned());
        } else {
            let given = opts.value('p').filter(|v| !v.is_empty()).map(str::to_owned);
            files.extend(given.into_iter().chain(opts.operands.iter().cloned()));
            if files.is_empty() {
                files.push("/etc/sysctl.conf".to_owned());
            }
        }
        for file in files {
            match sys.slurp(&file) {
                Ok(text) => {
                    if opts.has('s') {
                        sys.print(&format!("* Applying {file} ...\n"));
                    }
                    let lines = text.lines().map(str::trim);
                    let settings = lines.filter(|l| !l.is_empty() && !l.starts_with(['#', ';']));
                    words.extend(settings.map(|l| (l.to_owned(), true)));
                }
                Err(_) if opts.has('s') => {}
                Err(e) => {
                    sys.complain(&format!("sysctl: cannot open \"{file}\": {}\n", e.text()));
                    code = 1;
                }
            }
        }
    } else {
        words.extend(opts.operands.iter().map(|w| (w.clone(), false)));
    }
    for (word, from_file) in words {
        let (name, value) =
            word.split_once('=').map_or((word.as_str(), None), |(n, v)| (n.trim(), Some(v.trim())));
        if from_file && value.is_none() {
            continue;
        }
        code = code.max(one(sys, name.trim_start_matches('-'), value, &opts));
    }
    code
}

fn one(sys: &mut Sys<'_>, name: &str, value: Option<&str>, opts: &options::Options) -> i32 {
    let path = format!("/proc/sys/{}", name.replace('.', "/"));
    let done = match value {
        None => sys.slurp(&path).map(|t| t.trim_end().to_owned()),
        Some(v) => sys.spill(&path, format!("{v}\n").as_bytes()).map(|()| v.to_owned()),
    };
    match done {
        Ok(_) if opts.has('q') && value.is_some() => {}
        Ok(v) if opts.has('n') => sys.print(&format!("{v}\n")),
        Ok(v) => sys.print(&format!("{} = {v}\n", name.replace('/', "."))),
        Err(e) => {
            let slashed = name.replace('.', "/");
            let text = match (sys.busybox(), e, value) {
                (true, Errno::ENOENT, _) => format!("sysctl: error: '{slashed}' is an unknown key\n"),
                (true, e, Some(_)) => format!("sysctl: error setting key '{name}': {}\n", e.text()),
                (true, e, None) => format!("sysctl: error reading key '{name}': {}\n", e.text()),
                (false, Errno::ENOENT, _) => {
                    format!("sysctl: cannot stat {path}: No such file or directory\n")
                }
                (false, Errno::EACCES | Errno::EPERM | Errno::EROFS, Some(_)) => {
                    format!("sysctl: permission denied on key \"{name}\"\n")
                }
                (false, e, Some(_)) => format!("sysctl: setting key \"{name}\": {}\n", e.text()),
                (false, e, None) => format!("sysctl: reading key \"{name}\": {}\n", e.text()),
            };
            sys.complain(&text);
            return 1;
        }
    }
    0
}

/// Every value that can be read.
fn all(sys: &mut Sys<'_>) -> i32 {
    let mut dirs = vec!["/proc/sys".to_owned()];
    let mut lines = Vec::new();
    while let Some(dir) = dirs.pop() {
        for name in sys.list(&dir).unwrap_or_default() {
            let path = format!("{dir}/{name}");
            if sys.stat(&path).is_ok_and(|s| s.is_dir()) {
                dirs.push(path);
            } else if let Ok(text) = sys.slurp(&path) {
                let key = path.trim_start_matches("/proc/sys/").replace('/', ".");
                lines.push(format!("{key} = {}\n", text.trim_end()));
            }
        }
    }
    gatehouse_model::order::sort(&mut lines);
    sys.print(&lines.concat());
    0
}
