//! Programs of a few lines: `link`, `unlink`, `logger`, `usleep`, `service`, `file`.

use super::{execvp, options};
use crate::sys::Sys;

pub(super) fn link(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let [_, from, to] = argv else {
        let text = match argv.get(1) {
            None => "link: missing operand\n".to_owned(),
            Some(a) if argv.len() == 2 => format!("link: missing operand after \u{2018}{a}\u{2019}\n"),
            Some(_) => {
                format!("link: extra operand \u{2018}{}\u{2019}\n", argv.get(3).map_or("", String::as_str))
            }
        };
        sys.complain(&format!("{text}Try 'link --help' for more information.\n"));
        return 1;
    };
    match sys.link("link", from, to) {
        Ok(()) => 0,
        Err(e) => {
            sys.complain(&if sys.busybox() {
                format!("link: can't create link '{to}' to '{from}': {}\n", e.text())
            } else {
                format!(
                    "link: cannot create link \u{2018}{to}\u{2019} to \u{2018}{from}\u{2019}: {}\n",
                    e.text()
                )
            });
            1
        }
    }
}

pub(super) fn unlink(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let [_, path] = argv else {
        let text = match argv.get(2) {
            None => "unlink: missing operand\n".to_owned(),
            Some(a) => format!("unlink: extra operand \u{2018}{a}\u{2019}\n"),
        };
        sys.complain(&format!("{text}Try 'unlink --help' for more information.\n"));
        return 1;
    };
    match sys.unlink("unlink", path) {
        Ok(()) => 0,
        Err(e) => {
            sys.complain(&if sys.busybox() {
                format!("unlink: can't remove file '{path}': {}\n", e.text())
            } else {
                format!("unlink: cannot unlink \u{2018}{path}\u{2019}: {}\n", e.text())
            });
            1
        }
    }
}

/// Writes a line to the node's log; a container has nobody who would take it.
pub(super) fn logger(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [("tag", 't'), ("priority", 'p'), ("stderr", 's')];
    let opts = match options::parse(sys, argv, "t:p:sif:n:", &long) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let text = if opts.operands.is_empty() {
        crate::text::decode(&sys.read_all(0).unwrap_or_default())
    } else {
        opts.operands.join(" ")
    };
    let user = sys.user_name(sys.me().cred.uid).unwrap_or_else(|| "root".to_owned());
    let tag = opts.value('t').unwrap_or(&user).to_owned();
    for call in ["socket", "connect", "sendto"] {
        let _ = sys.call(call);
    }
    if sys.space().is_some_and(|s| s.id == crate::machine::HOST) {
        let host = sys.hostname();
        let at = super::date::format("%b %e %T", sys.now().0);
        for line in text.lines() {
            let entry = format!("{at} {host} {tag}: {line}\n");
            if let Ok(fd) = sys.open("/var/log/syslog", crate::sys::Flags::APPEND, 0o640) {
                let _ = sys.write(fd, entry.as_bytes());
                sys.close(fd);
            }
        }
    }
    if opts.has('s') {
        sys.complain(&format!("{tag}: {text}\n"));
    }
    0
}

pub(super) fn usleep(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let Some(micros) = argv.get(1).and_then(|n| n.parse::<i64>().ok()) else {
        let word = argv.get(1).map_or(String::new(), |w| format!("usleep: invalid number '{w}'\n"));
        sys.complain(&if word.is_empty() {
            "BusyBox v1.37.0 () multi-call binary.\n\nUsage: usleep N\n".to_owned()
        } else {
            word
        });
        return 1;
    };
    let _ = sys.sleep(Some(micros / 1000));
    0
}

/// `service`: on a system with systemd it hands over to `systemctl`.
pub(super) fn service(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let words: Vec<String> = match argv {
        [_, name, action, ..] => {
            ["systemctl", action.as_str(), &format!("{name}.service")].map(str::to_owned).to_vec()
        }
        [_, all] if all == "--status-all" => {
            let units = sys.machine().services.units.clone();
            let rows: String = units
                .iter()
                .map(|(n, u)| format!(" [ {} ]  {n}\n", if u.active { '+' } else { '-' }))
                .collect();
            sys.print(&rows);
            return 0;
        }
        _ => {
            sys.complain(
                "Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]\n",
            );
            return 1;
        }
    };
    execvp(sys, &words).unwrap_or(1)
}

/// What a file's first bytes say it is.
fn described(bytes: &[u8]) -> String {
    let text = std::str::from_utf8(bytes).ok();
    let first = text.and_then(|t| t.lines().next()).unwrap_or("");
    match bytes {
        [] => "empty".to_owned(),
        [0x7f, b'E', b'L', b'F', ..] => "ELF 64-bit LSB pie executable, x86-64, version 1 (SYSV), dynamically linked, interpreter /lib64/ld-linux-x86-64.so.2, for GNU/Linux 3.2.0, stripped".to_owned(),
        [0x1f, 0x8b, ..] => format!(
            "gzip compressed data, from Unix, original size modulo 2^32 {}",
            bytes.last_chunk::<4>().map_or(0, |l| u32::from_le_bytes(*l))
        ),
        b if b.get(257..262) == Some(b"ustar") => "POSIX tar archive (GNU)".to_owned(),
        _ if first.starts_with("-----BEGIN CERTIFICATE-----") => "PEM certificate".to_owned(),
        _ if first.starts_with("-----BEGIN CERTIFICATE REQUEST-----") => "PEM certificate request".to_owned(),
        _ if first.starts_with("-----BEGIN RSA PRIVATE KEY-----") => "PEM RSA private key".to_owned(),
        _ if first.starts_with("-----BEGIN PRIVATE KEY-----") => "OpenSSH private key (no password)".to_owned(),
        _ => {
            let kind = match text {
                Some(t) if t.is_ascii() => "ASCII text",
                Some(_) => "Unicode text, UTF-8 text",
                None => return "data".to_owned(),
            };
            let script = match first.strip_prefix("#!").map(|i| i.trim().rsplit('/').next().unwrap_or("").to_owned()) {
                Some(shell) if shell == "sh" || shell == "dash" => "POSIX shell script, ",
                Some(shell) if shell.contains("bash") => "Bourne-Again shell script, ",
                Some(_) => "script, ",
                None => "",
            };
            let json = text.is_some_and(|t| t.trim_start().starts_with('{') && t.trim_end().ends_with('}'));
            let run = if script.is_empty() { "" } else { " executable" };
            if json { "JSON text data".to_owned() } else { format!("{script}{kind}{run}") }
        }
    }
}

pub(super) fn file(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts =
        match options::parse(sys, argv, "biLzs", &[("brief", 'b'), ("mime", 'i'), ("dereference", 'L')]) {
            Ok(o) => o,
            Err(code) => return code,
        };
    let width = opts.operands.iter().map(String::len).max().unwrap_or(0) + 1;
    for path in &opts.operands.clone() {
        let what = match sys.lstat(path) {
            Err(e) => format!("cannot open `{path}' ({})", e.text()),
            Ok(s) => match () {
                () if s.is_dir() && s.mode & 0o1000 != 0 => "sticky, directory".to_owned(),
                () if s.is_dir() => "directory".to_owned(),
                () => match sys.read_link(path) {
                    Ok(target) if !opts.has('L') => {
                        let broken = if sys.stat(path).is_err() {
                            "broken symbolic link to "
                        } else {
                            "symbolic link to "
                        };
                        format!("{broken}{target}")
                    }
                    _ => match super::read_input(sys, path) {
                        Ok(bytes) => {
                            let setuid = if s.mode & 0o4000 != 0 { "setuid " } else { "" };
                            format!("{setuid}{}", described(&bytes))
                        }
                        Err(_) => "regular file, no read permission".to_owned(),
                    },
                },
            },
        };
        let name = if opts.has('b') { String::new() } else { format!("{:<width$} ", format!("{path}:")) };
        sys.print(&format!("{name}{what}\n"));
    }
    0
}
