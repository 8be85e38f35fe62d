//! `ps`.

use crate::sys::Sys;

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let busybox = sys.busybox();
    let args = argv.get(1..).unwrap_or_default().concat();
    let all = busybox || args.contains('e') || args.contains('a') || args.contains('A');
    let full = args.contains('f') && !args.contains('o');
    let users = args.contains('u') && !args.starts_with('-');
    let _ = sys.call("ioctl");
    if busybox {
        sys.print("PID   USER     TIME  COMMAND\n");
    }
    let mut rows = Vec::new();
    let (names, dir) = sys.list_open("/proc").unwrap_or_default();
    for name in names {
        let Ok(pid) = name.parse::<u32>() else { continue };
        let owner = if busybox { sys.stat(&format!("/proc/{name}")).ok().map(|s| s.uid) } else { None };
        let Ok(status) = sys.slurp(&format!("/proc/{name}/status")) else { continue };
        let field = |key: &str| {
            status
                .lines()
                .find_map(|l| l.strip_prefix(key))
                .and_then(|l| l.split_whitespace().next())
                .unwrap_or("")
                .to_owned()
        };
        let cmdline = sys.slurp(&format!("/proc/{name}/cmdline")).unwrap_or_default();
        let command = cmdline.trim_end_matches('\0').replace('\0', " ");
        let comm = field("Name:");
        let command = if command.is_empty() { format!("[{comm}]") } else { command };
        let uid = owner.unwrap_or_else(|| field("Uid:").parse().unwrap_or(0));
        rows.push((pid, field("PPid:"), uid, comm, command));
    }
    sys.close(dir);
    if !sys.runs() {
        return 0;
    }
    let me = sys.me().cred.uid;
    if busybox {
    } else if users {
        sys.print("USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n");
    } else if full {
        sys.print("UID          PID    PPID  C STIME TTY          TIME CMD\n");
    } else {
        sys.print("    PID TTY          TIME CMD\n");
    }
    for (pid, ppid, uid, comm, command) in rows {
        let user = sys.user_name(uid).unwrap_or_else(|| uid.to_string());
        let line = if busybox {
            format!("{pid:5} {:<8}  0:00 {command}\n", user.chars().take(8).collect::<String>())
        } else if users {
            format!("{user:<8} {pid:>7}  0.0  0.0   4624  1664 ?        Ss   00:00   0:00 {command}\n")
        } else if full {
            format!("{user:<8} {pid:>7} {ppid:>7}  0 00:00 ?        00:00:00 {command}\n")
        } else if all || uid == me {
            format!("{pid:7} ?        00:00:00 {comm}\n")
        } else {
            continue;
        };
        sys.print(&line);
    }
    0
}
