//! `fuser`: whose processes use a port. Models psmisc's fuser.c for ports; files and mounts are not looked at.

use super::kill::signal;
use super::options;
use super::ports::{self, Listening};
use crate::sys::Sys;

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(
        sys,
        argv,
        "kvn:sauimM46",
        &[("kill", 'k'), ("verbose", 'v'), ("namespace", 'n')],
    ) {
        Ok(o) => o,
        Err(_) => return 1,
    };
    let mut sig = 9;
    let mut wanted = Vec::new();
    for word in &opts.operands {
        match word.strip_prefix('-').and_then(signal) {
            Some(number) => sig = number,
            None => wanted.push(word.clone()),
        }
    }
    if wanted.is_empty() {
        sys.complain("No process specification given\n");
        return 1;
    }
    let all = ports::all(sys);
    let mut found = false;
    if opts.has('v') {
        sys.complain("                     USER        PID ACCESS COMMAND\n");
    }
    for word in wanted {
        let (port, space) = match word.split_once('/') {
            Some((port, space)) => (port.to_owned(), space.to_owned()),
            None => (word.clone(), opts.value('n').unwrap_or("file").to_owned()),
        };
        if !matches!(space.as_str(), "tcp" | "udp") {
            if sys.stat(&word).is_err() {
                sys.complain(&format!("Specified filename {word} does not exist.\n"));
            }
            continue;
        }
        let Ok(number) = port.parse::<u16>() else {
            sys.complain(&format!(
                "Cannot resolve local port {port}: Servname not supported for ai_socktype\n"
            ));
            continue;
        };
        let fits = |l: &&Listening| l.port == number && l.udp == (space == "udp");
        let mut users: Vec<&Listening> = all.iter().filter(fits).collect();
        users.dedup_by_key(|l| l.pid);
        if users.is_empty() {
            continue;
        }
        found = true;
        sys.complain(&format!("{:<20}", format!("{number}/{space}:")));
        for (i, user) in users.iter().enumerate() {
            if opts.has('v') {
                let lead = if i == 0 { " " } else { "                     " };
                sys.complain(&format!("{lead}{:<8} {:>6} F.... {}\n", user.user, user.pid, user.comm));
            } else {
                sys.print(&format!("{:>6}", user.pid));
            }
        }
        if !opts.has('v') {
            sys.complain("\n");
        }
        if opts.has('k') {
            for user in users {
                if let Err(e) = sys.kill(user.pid, sig) {
                    sys.complain(&format!("Could not kill process {}: {}\n", user.pid, e.text()));
                }
            }
        }
    }
    i32::from(!found)
}
