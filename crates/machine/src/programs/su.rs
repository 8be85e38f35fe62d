//! Programs that change who one is: `su`, `sudo`.
//!
//! Models busybox's su, util-linux's su and sudo as far as no password is typed: nobody is there to type one.

use super::{execvp, options, sudoers};
use crate::errno::Errno;
use crate::sys::{Sys, User};

pub(super) fn su(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    // Options may follow the user.
    let long = [("command", 'c'), ("shell", 's'), ("login", 'l'), ("preserve-environment", 'p')];
    let opts = match options::parse(sys, argv, "c:s:lmp", &long) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let busybox = sys.busybox();
    let login = opts.has('l') || opts.operands.iter().any(|o| o == "-");
    let name = opts.operands.iter().find(|o| *o != "-").cloned().unwrap_or_else(|| "root".to_owned());
    let real = sys.getid("getuid");
    if busybox && real != 0 && sys.getid("geteuid") != 0 {
        sys.complain("su: must be suid to work properly\n");
        return 1;
    }
    let Some(user) = sys.find_user(|u| u.name == name) else {
        let text = if busybox {
            format!("su: unknown user {name}\n")
        } else {
            format!(
                "su: user {name} does not exist or the user entry does not contain all the required fields\n"
            )
        };
        sys.complain(&text);
        return 1;
    };
    if real != 0 {
        // Nobody is there to type a password, and root has none.
        if busybox {
            sys.print("Password: \n");
            sys.flush();
            sys.complain("su: incorrect password\n");
        } else {
            sys.complain("Password: su: Authentication failure\n");
        }
        return 1;
    }
    let mut groups: Vec<u32> =
        sys.groups().into_iter().filter(|(_, _, m)| m.contains(&name)).map(|(_, g, _)| g).collect();
    groups.insert(0, user.gid);
    if let Err(e) = sys.setgroups(&groups) {
        let text = if busybox {
            format!("su: can't set groups: {}\n", e.text())
        } else {
            format!("su: cannot set groups: {}\n", e.text())
        };
        sys.complain(&text);
        return 1;
    }
    let command = opts.value('c').map(str::to_owned);
    let shell = opts.value('s').map_or_else(|| user.shell.clone(), str::to_owned);
    if busybox {
        return become_user(sys, &user, shell, command, login);
    }
    // util-linux stays behind to close the session.
    let job = sys.fork("clone", |child| become_user(child, &user, shell, command, login));
    match job.map(|j| j.wait) {
        Err(e) => {
            sys.complain(&format!("su: cannot create child process: {}\n", e.text()));
            1
        }
        Ok(crate::sys::Wait::Killed(signal)) => {
            let word = match signal {
                31 => "Bad system call",
                9 => "Killed",
                15 => "Terminated",
                _ => "Aborted",
            };
            sys.complain(&format!("{word}\n"));
            128 + signal
        }
        Ok(crate::sys::Wait::Stopped(state)) => {
            sys.stop(state);
            0
        }
        Ok(wait) => wait.code(),
    }
}

/// How a shell is called: by its name, with a dash before it where somebody logs in.
fn called(shell: &str, login: bool) -> String {
    let name = shell.rsplit('/').next().unwrap_or(shell);
    if login { format!("-{name}") } else { name.to_owned() }
}

/// Takes on a user's identity and surroundings, and starts the shell.
fn become_user(sys: &mut Sys<'_>, user: &User, shell: String, command: Option<String>, login: bool) -> i32 {
    let busybox = sys.busybox();
    for (what, done) in [("setgid", sys.setgid(user.gid)), ("setuid", sys.setuid(user.uid))] {
        if let Err(e) = done {
            let text = match (busybox, what) {
                (true, w) => format!("su: {w}: {}\n", e.text()),
                (false, "setgid") => format!("su: cannot set group id: {}\n", e.text()),
                (false, _) => format!("su: cannot set user id: {}\n", e.text()),
            };
            sys.complain(&text);
            return 1;
        }
    }
    let shell = if shell.is_empty() { "/bin/sh".to_owned() } else { shell };
    let mut env = sys.me().env.to_vec();
    for (n, v) in [("HOME", &user.home), ("USER", &user.name), ("LOGNAME", &user.name), ("SHELL", &shell)] {
        env.retain(|(m, _)| m != n);
        env.push((n.to_owned(), v.clone()));
    }
    sys.set_environment(env);
    if login && let Err(e) = sys.chdir(&user.home) {
        let text = if busybox {
            format!("su: can't change directory to '{}'\n", user.home)
        } else {
            format!("su: warning: cannot change directory to {}: {}\n", user.home, e.text())
        };
        sys.complain(&text);
    }
    let mut words = vec![called(&shell, login)];
    if let Some(c) = command {
        words.extend(["-c".to_owned(), c]);
    }
    match sys.exec(&shell, &words) {
        Ok(code) => code,
        Err(e) => {
            sys.complain(&format!("su: failed to execute {shell}: {}\n", e.text()));
            if e == Errno::ENOENT { 127 } else { 126 }
        }
    }
}

/// What sudo 1.9.15 says to nothing at all.
const USAGE: &str = "usage: sudo -h | -K | -k | -V
usage: sudo -v [-ABkNnS] [-g group] [-h host] [-p prompt] [-u user]
usage: sudo -l [-ABkNnS] [-g group] [-h host] [-p prompt] [-U user]
            [-u user] [command [arg ...]]
usage: sudo [-ABbEHkNnPS] [-r role] [-t type] [-C num] [-D directory]
            [-g group] [-h host] [-p prompt] [-R directory] [-T timeout]
            [-u user] [VAR=value] [-i | -s] [command [arg ...]]
usage: sudo -e [-ABkNnS] [-r role] [-t type] [-C num] [-D directory]
            [-g group] [-h host] [-p prompt] [-R directory] [-T timeout]
            [-u user] file ...
";

pub(super) fn sudo(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse_leading(
        sys,
        argv,
        "u:g:iEHnsSkKvl",
        &[("user", 'u'), ("login", 'i'), ("non-interactive", 'n'), ("stdin", 'S')],
    ) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let name = opts.value('u').unwrap_or("root").to_owned();
    let me = sys.me().cred.clone();
    let who = sys.user_name(me.ruid).unwrap_or_default();
    let groups: Vec<String> = sys
        .groups()
        .into_iter()
        .filter(|(_, g, members)| me.in_group(*g) || members.contains(&who))
        .map(|(n, ..)| n)
        .collect();
    let grants = sudoers::grants(sys, &who, &groups);
    let known = grants.as_ref().map_or_else(|| groups.iter().any(|g| g == "sudo"), |g| !g.is_empty());
    if me.ruid != 0 && !known {
        sys.complain(&format!(
            "{who} is not in the sudoers file.\nThis incident has been reported to the administrator.\n"
        ));
        return 1;
    }
    let grants = grants.unwrap_or_default();
    let host = sys.hostname();
    if opts.has('l') {
        let mut text = format!("User {who} may run the following commands on {host}:\n");
        for grant in &grants {
            text.push_str(&format!("    {} {}\n", grant.head, grant.commands.join(", ")));
        }
        sys.print(&text);
        return 0;
    }
    if me.ruid != 0 && !grants.is_empty() && !opts.operands.is_empty() {
        let mut command = opts.operands.clone();
        let path = sys.env("PATH").unwrap_or_default();
        if let Some(first) = command.first_mut()
            && let Some(full) = super::which(sys, &path, first)
        {
            *first = full;
        }
        if !sudoers::allows(&grants, &command) {
            sys.complain(&format!(
                "Sorry, user {who} is not allowed to execute '{}' as {name} on {host}.\n",
                command.join(" ")
            ));
            return 1;
        }
    }
    let Some(user) = sys.find_user(|u| u.name == name) else {
        sys.complain(&format!(
            "sudo: unknown user {name}\nsudo: error initializing audit plugin sudoers_audit\n"
        ));
        return 1;
    };
    if sys.me().cred.uid != 0 {
        sys.complain("sudo: /usr/bin/sudo must be owned by uid 0 and have the setuid bit set\n");
        return 1;
    }
    let caller = sys.user_name(me.ruid).unwrap_or_default();
    let _ = sys.setgroups(&[user.gid]);
    let _ = sys.setgid(user.gid);
    let _ = sys.setuid(user.uid);
    let mut env: Vec<(String, String)> = sys
        .me()
        .env
        .iter()
        .filter(|(n, _)| opts.has('E') || matches!(n.as_str(), "PATH" | "TERM" | "LANG"))
        .cloned()
        .collect();
    for (n, v) in [
        ("HOME", user.home.as_str()),
        ("USER", &user.name),
        ("LOGNAME", &user.name),
        ("SHELL", &user.shell),
        ("SUDO_USER", &caller),
    ] {
        env.retain(|(m, _)| m != n);
        env.push((n.to_owned(), v.to_owned()));
    }
    sys.set_environment(env);
    if opts.has('i')
        && let Err(e) = sys.chdir(&user.home)
    {
        sys.complain(&format!("sudo: unable to change directory to {}: {}\n", user.home, e.text()));
    }
    let mut command = opts.operands.clone();
    while command.first().is_some_and(|w| w.contains('=') && !w.contains('/')) {
        command.remove(0);
    }
    if command.is_empty() && !opts.has('i') && !opts.has('s') {
        sys.complain(USAGE);
        return 1;
    }
    if command.is_empty() {
        let shell = sys.env("SHELL").filter(|_| opts.has('s')).unwrap_or_else(|| user.shell.clone());
        return match sys.exec(&shell, &[called(&shell, opts.has('i'))]) {
            Ok(code) => code,
            Err(e) => {
                sys.complain(&format!("sudo: unable to execute {shell}: {}\n", e.text()));
                1
            }
        };
    } else if opts.has('i') || opts.has('s') {
        command = vec![user.shell.clone(), "-c".to_owned(), command.join(" ")];
    }
    let first = command.first().cloned().unwrap_or_default();
    match execvp(sys, &command) {
        Ok(code) => code,
        Err(Errno::ENOENT) => {
            sys.complain(&format!("sudo: {first}: command not found\n"));
            1
        }
        Err(e) => {
            sys.complain(&format!("sudo: unable to execute {first}: {}\n", e.text()));
            1
        }
    }
}
