//! `id`, `whoami`, `groups`.

use super::options;
use crate::sys::Sys;

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [("user", 'u'), ("group", 'g'), ("groups", 'G'), ("name", 'n'), ("real", 'r')];
    let opts = match options::parse(sys, argv, "ugGnrZz", &long) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let busybox = sys.busybox();
    let (uid, ruid, gid, mut groups) = match opts.operands.first() {
        Some(name) => match sys.find_user(|u| u.name == *name || u.uid.to_string() == *name) {
            Some(u) => {
                let mut groups = vec![u.gid];
                groups.extend(
                    sys.groups().into_iter().filter(|(_, _, m)| m.contains(&u.name)).map(|(_, g, _)| g),
                );
                (u.uid, u.uid, u.gid, groups)
            }
            None => {
                let text = if busybox {
                    format!("id: unknown user {name}\n")
                } else {
                    format!("id: '{name}': no such user\n")
                };
                sys.complain(&text);
                return 1;
            }
        },
        None if busybox => {
            // All four are asked, whatever is printed.
            let _ = sys.getid("getegid");
            let gid = sys.getid("getgid");
            let (uid, ruid) = (sys.getid("geteuid"), sys.getid("getuid"));
            let cred = sys.me().cred.clone();
            (uid, ruid, gid, cred.groups.iter().map(|g| cred.seen_gid(*g)).collect())
        }
        None => {
            // GNU's asks only for what it prints.
            let (user_only, group_only) = (opts.has('u'), opts.has('g'));
            let uid = if group_only { 0 } else { sys.getid("geteuid") };
            let ruid = if user_only && !opts.has('r') || group_only { uid } else { sys.getid("getuid") };
            if !user_only {
                let _ = sys.getid("getegid");
            }
            let gid = if user_only { 0 } else { sys.getid("getgid") };
            if !user_only && !group_only {
                sys.ask_name_service();
                let _ = sys.call("getgroups");
            } else if opts.has('n') {
                sys.ask_name_service();
            }
            let cred = sys.me().cred.clone();
            let groups = cred.groups.iter().map(|g| cred.seen_gid(*g)).collect();
            (uid, ruid, gid, groups)
        }
    };
    // GNU's puts the own group first; busybox shows what the kernel says.
    if !busybox {
        groups.retain(|g| *g != gid);
        groups.insert(0, gid);
    }
    let name_only = opts.has('n');
    if busybox {
        return print_busybox(sys, &opts, (uid, ruid, gid), &groups);
    }
    if opts.has('u') || opts.has('g') || opts.has('G') {
        let mut words = Vec::new();
        if opts.has('u') {
            let id = if opts.has('r') { ruid } else { uid };
            words.push(if name_only {
                sys.user_name(id).unwrap_or_else(|| id.to_string())
            } else {
                id.to_string()
            });
        } else {
            for g in if opts.has('g') { vec![gid] } else { groups } {
                words.push(if name_only {
                    sys.group_name(g).unwrap_or_else(|| g.to_string())
                } else {
                    g.to_string()
                });
            }
        }
        sys.print(&(words.join(" ") + "\n"));
        return 0;
    }
    let with = |id: u32, name: Option<String>| name.map_or_else(|| id.to_string(), |n| format!("{id}({n})"));
    let mut text = format!("uid={} gid={}", with(ruid, sys.user_name(ruid)), with(gid, sys.group_name(gid)));
    if uid != ruid {
        text.push_str(&format!(" euid={}", with(uid, sys.user_name(uid))));
    }
    if !(busybox && groups.is_empty()) {
        let all: Vec<String> = groups.iter().map(|g| with(*g, sys.group_name(*g))).collect();
        text.push_str(&format!(" groups={}", all.join(",")));
    }
    sys.print(&(text + "\n"));
    0
}

/// busybox looks up the name of everything it prints, printed or not, and asks for the groups last.
fn print_busybox(
    sys: &mut Sys<'_>,
    opts: &options::Options,
    (uid, ruid, gid): (u32, u32, u32),
    groups: &[u32],
) -> i32 {
    let named = opts.has('n');
    let just = opts.has('u') || opts.has('g') || opts.has('G');
    let mut code = 0;
    let mut show = |sys: &mut Sys<'_>, prefix: &str, id: u32, group: bool| {
        let name = if group { sys.group_name(id) } else { sys.user_name(id) };
        match name {
            Some(name) if named => sys.print(&format!("{prefix}{name}")),
            Some(name) if !just => sys.print(&format!("{prefix}{id}({name})")),
            None if named => {
                sys.print(&format!("{prefix}{id}"));
                sys.flush();
                sys.complain(&format!("id: unknown ID {id}\n"));
                code = 1;
            }
            _ => sys.print(&format!("{prefix}{id}")),
        }
    };
    if opts.has('u') {
        show(sys, "", if opts.has('r') { ruid } else { uid }, false);
    } else if opts.has('g') {
        show(sys, "", gid, true);
    } else {
        if opts.has('G') {
            show(sys, "", gid, true);
        } else {
            show(sys, "uid=", ruid, false);
            show(sys, " gid=", gid, true);
            if uid != ruid {
                show(sys, " euid=", uid, false);
            }
        }
        if opts.operands.is_empty() {
            let _ = sys.call("getgroups");
        }
        let mut prefix = if opts.has('G') { " " } else { " groups=" };
        for g in groups {
            if opts.has('G') && *g == gid {
                continue;
            }
            show(sys, prefix, *g, true);
            if !opts.has('G') {
                prefix = ",";
            }
        }
    }
    sys.print("\n");
    code
}

pub(super) fn whoami(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    if let Err(code) = options::parse(sys, argv, "", &[]) {
        return code;
    }
    let uid = sys.getid("geteuid");
    sys.ask_name_service();
    match sys.user_name(uid) {
        Some(n) => {
            sys.print(&format!("{n}\n"));
            0
        }
        None => {
            let text = if sys.busybox() {
                format!("whoami: unknown uid {uid}\n")
            } else {
                format!("whoami: cannot find name for user ID {uid}\n")
            };
            sys.complain(&text);
            1
        }
    }
}

pub(super) fn groups(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let mut args = vec!["id".to_owned(), "-Gn".to_owned()];
    args.extend(argv.iter().skip(1).cloned());
    main(sys, &args)
}
