//! Who is logged in: `who`, `w`, `users`, `last`, `logname`; and `hostid`.
//!
//! A container keeps no such records, so nobody is there. On a node it is whoever has the terminal.

use super::date;
use crate::sys::Sys;

/// The user at a node's terminal, and since when.
fn here(sys: &Sys<'_>) -> Option<(String, i64)> {
    let host = sys.space().is_some_and(|s| s.id == crate::machine::HOST);
    let started = sys.machine().booted;
    let user = sys.env("LOGNAME").or_else(|| sys.env("USER"))?;
    host.then_some((user, started))
}

pub(super) fn who(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let busybox = sys.busybox();
    if busybox {
        // Without records it does not even print its header.
        return 0;
    }
    if argv.iter().any(|a| a == "-H" || a == "--heading") {
        sys.print("NAME     LINE         TIME             COMMENT\n");
    }
    if let Some((user, since)) = here(sys) {
        sys.print(&format!(
            "{user:<8} pts/0        {} (172.30.1.1)\n",
            date::format("%Y-%m-%d %H:%M", since)
        ));
    }
    0
}

pub(super) fn users(sys: &mut Sys<'_>, _: &[String]) -> i32 {
    if let Some((user, _)) = here(sys) {
        sys.print(&format!("{user}\n"));
    } else if sys.busybox() {
        sys.print("\n");
    }
    0
}

pub(super) fn w(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    if sys.busybox() {
        sys.print("USER\t\tTTY\t\tIDLE\tTIME\t\t HOST\n");
        return 0;
    }
    let code = super::wrap::uptime(sys, argv);
    sys.print("USER     TTY      FROM             LOGIN@   IDLE   JCPU   PCPU WHAT\n");
    if let Some((user, since)) = here(sys) {
        let at = date::format("%H:%M", since);
        sys.print(&format!("{user:<8} pts/0    172.30.1.1       {at}    0.00s  0.02s  0.00s w\n"));
    }
    code
}

pub(super) fn last(sys: &mut Sys<'_>, _: &[String]) -> i32 {
    if sys.busybox() {
        sys.complain("last: can't open '/var/log/wtmp': No such file or directory\n");
        return 1;
    }
    let Some((user, since)) = here(sys) else {
        sys.complain("last: cannot open /var/log/wtmp: No such file or directory\n");
        return 1;
    };
    let at = date::format("%a %b %e %H:%M", since);
    let (release, _) = sys.kernel_names();
    sys.print(&format!(
        "{user:<8} pts/0        172.30.1.1       {at}   still logged in\nreboot   system boot  {:<16} {at}   still running\n\nwtmp begins {}\n",
        release.chars().take(16).collect::<String>(),
        date::format("%a %b %e %T %Y", since),
    ));
    0
}

pub(super) fn logname(sys: &mut Sys<'_>, _: &[String]) -> i32 {
    match here(sys) {
        Some((user, _)) => {
            sys.print(&format!("{user}\n"));
            0
        }
        None => {
            let text = if sys.busybox() {
                "logname: getlogin: Inappropriate ioctl for device\n"
            } else {
                "logname: no login name\n"
            };
            sys.complain(text);
            1
        }
    }
}

pub(super) fn hostid(sys: &mut Sys<'_>, _: &[String]) -> i32 {
    // The address behind the host's name, its halves changed.
    let address = sys.space().map(|s| s.address.clone()).unwrap_or_default();
    let parts: Vec<u8> = address.split('.').filter_map(|p| p.parse().ok()).collect();
    let id = match parts.as_slice() {
        [a, b, c, d] => format!("{b:02x}{a:02x}{d:02x}{c:02x}\n"),
        _ => "007f0101\n".to_owned(),
    };
    sys.print(&id);
    0
}
