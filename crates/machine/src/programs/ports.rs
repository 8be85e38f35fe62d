//! `ss`, `netstat`, `lsof`: who listens on which port.
//!
//! Models iproute2's ss, net-tools' netstat and lsof for listening sockets of the host; knows no connection.

use super::options;
use crate::machine::HOST;
use crate::sys::Sys;

/// A listening socket.
pub(super) struct Listening {
    address: String,
    pub(super) port: u16,
    pub(super) udp: bool,
    pub(super) pid: u32,
    pub(super) comm: String,
    pub(super) user: String,
}

/// Ports of a node's services: the program, the address, the port, whether UDP.
const SERVICES: &[(&str, &str, u16, bool)] = &[
    ("sshd", "0.0.0.0", 22, false),
    ("systemd-resolve", "127.0.0.53%lo", 53, true),
    ("systemd-resolve", "127.0.0.53%lo", 53, false),
    ("kubelet", "127.0.0.1", 10248, false),
    ("containerd", "127.0.0.1", 38081, false),
];

pub(super) fn all(sys: &mut Sys<'_>) -> Vec<Listening> {
    let mut found = Vec::new();
    let processes: Vec<_> = sys.machine().processes.values().filter(|p| p.space == HOST).cloned().collect();
    let services = std::sync::Arc::clone(&sys.machine().services);
    let components = services.component_ports();
    let kubelet: Vec<u16> = [services.kubelet.port, services.kubelet.read_only_port]
        .into_iter()
        .filter_map(|p| u16::try_from(p).ok().filter(|p| *p > 0))
        .collect();
    for p in processes {
        let user = sys.user_name(p.cred.uid).unwrap_or_default();
        let named = if p.comm == "systemd-resolved" { "systemd-resolve" } else { p.comm.as_str() };
        let of = SERVICES
            .iter()
            .filter(|(c, ..)| *c == named)
            .map(|(_, a, port, udp)| ((*a).to_owned(), *port, *udp));
        let kubelet = if p.comm == "kubelet" { kubelet.as_slice() } else { &[] };
        let extra = kubelet.iter().map(|port| ("*".to_owned(), *port, false));
        let components = components.iter().filter(|(program, _)| p.argv.first() == Some(program));
        let components = components.map(|(_, port)| (port.address.clone(), port.port, false));
        let own = p.listens.iter().map(|(port, udp)| ("0.0.0.0".to_owned(), *port, *udp));
        for (address, port, udp) in of.chain(components).chain(extra).chain(own) {
            found.push(Listening {
                address,
                port,
                udp,
                pid: p.pid,
                comm: named.to_owned(),
                user: user.clone(),
            });
        }
    }
    gatehouse_model::order::by(&mut found, |a, b| {
        (a.udp, a.port, &a.address).cmp(&(b.udp, b.port, &b.address))
    });
    found
}

pub(super) fn service(port: u16) -> Option<&'static str> {
    Some(match port {
        22 => "ssh",
        53 => "domain",
        80 => "http",
        443 => "https",
        389 => "ldap",
        21 => "ftp",
        25 => "smtp",
        _ => return None,
    })
}

fn shown(port: u16, numeric: bool) -> String {
    service(port).filter(|_| !numeric).map_or_else(|| port.to_string(), str::to_owned)
}

pub(super) fn ss(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [
        ("tcp", 't'),
        ("udp", 'u'),
        ("listening", 'l'),
        ("processes", 'p'),
        ("numeric", 'n'),
        ("all", 'a'),
        ("extended", 'e'),
        ("no-header", 'H'),
    ];
    let opts = match options::parse(sys, argv, "tulpnaeHsxw46o", &long) {
        Ok(o) => o,
        Err(_) => return 255,
    };
    let both = !opts.has('t') && !opts.has('u');
    let root = sys.me().cred.uid == 0;
    let wanted = |l: &Listening| both || l.udp && opts.has('u') || !l.udp && opts.has('t');
    let listening = opts.has('l') || opts.has('a');
    let rows: Vec<(String, String, String, String)> = all(sys)
        .into_iter()
        .filter(|l| listening && wanted(l))
        .map(|l| {
            let state = if l.udp { "UNCONN" } else { "LISTEN" };
            let peer = if l.address == "*" { "*:*" } else { "0.0.0.0:*" };
            let process = if opts.has('p') && root {
                format!("users:((\"{}\",pid={},fd=3))", l.comm, l.pid)
            } else {
                String::new()
            };
            let kind = if l.udp { "udp" } else { "tcp" };
            let local = format!("{}:{}", l.address, shown(l.port, opts.has('n')));
            (format!("{kind:<6}{state}"), local, peer.to_owned(), process)
        })
        .collect();
    let width = rows.iter().map(|r| r.1.len()).max().unwrap_or(0).max(18);
    let one = opts.has('t') != opts.has('u');
    let netid = |s: &str| if one { s.get(6..).unwrap_or(s).to_owned() } else { s.to_owned() };
    if !opts.has('H') {
        let head = if one { "State ".to_owned() } else { "Netid State ".to_owned() };
        sys.print(&format!(
            "{head} Recv-Q Send-Q {:>width$} Peer Address:PortProcess\n",
            "Local Address:Port"
        ));
    }
    for (state, local, peer, process) in rows {
        let queue = if state.starts_with("udp") { "0" } else { "4096" };
        sys.print(
            format!("{} 0      {queue:<6} {local:>width$} {peer:>17} {process}", netid(&state)).trim_end(),
        );
        sys.print("\n");
    }
    0
}

pub(super) fn netstat(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(
        sys,
        argv,
        "tulpnaerWc46",
        &[("tcp", 't'), ("udp", 'u'), ("listening", 'l'), ("programs", 'p'), ("numeric", 'n'), ("all", 'a')],
    ) {
        Ok(o) => o,
        Err(_) => return 4,
    };
    let both = !opts.has('t') && !opts.has('u');
    let root = sys.me().cred.uid == 0;
    sys.print(&format!(
        "Active Internet connections ({})\nProto Recv-Q Send-Q Local Address           Foreign Address         State{}\n",
        if opts.has('l') { "only servers" } else { "servers and established" },
        if opts.has('p') { "       PID/Program name    " } else if sys.busybox() { "       " } else { "      " }
    ));
    for l in all(sys) {
        if !both && (l.udp && !opts.has('u') || !l.udp && !opts.has('t')) {
            continue;
        }
        let any = l.address == "*";
        let kind = match (l.udp, any) {
            (false, true) => "tcp6",
            (false, false) => "tcp",
            (true, true) => "udp6",
            (true, false) => "udp",
        };
        let address = if any { "::" } else { l.address.trim_end_matches("%lo") };
        let local = format!("{address}:{}", shown(l.port, opts.has('n')));
        let foreign = if any { ":::*" } else { "0.0.0.0:*" };
        let state = if l.udp { "" } else { "LISTEN" };
        let program = if !opts.has('p') {
            String::new()
        } else if root {
            format!("{}/{}", l.pid, l.comm)
        } else {
            "-".to_owned()
        };
        sys.print(
            format!("{kind:<5}      0      0 {local:<23} {foreign:<23} {state:<11} {program}").trim_end(),
        );
        sys.print("\n");
    }
    0
}

pub(super) fn lsof(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(sys, argv, "i::nPtp:u:c:s:", &[]) {
        Ok(o) => o,
        Err(_) => return 1,
    };
    let attached = opts.value('i').filter(|v| !v.is_empty()).map(str::to_owned);
    let filter = attached.or_else(|| opts.operands.first().cloned()).unwrap_or_default();
    let port = filter.rsplit_once(':').and_then(|(_, p)| p.parse::<u16>().ok());
    let lower = filter.to_lowercase();
    let root = sys.me().cred.uid == 0;
    let me = sys.me().cred.uid;
    let mine = sys.user_name(me).unwrap_or_default();
    let found: Vec<Listening> = all(sys)
        .into_iter()
        .filter(|l| {
            port.is_none_or(|p| p == l.port)
                && (!lower.starts_with("tcp") || !l.udp)
                && (!lower.starts_with("udp") || l.udp)
                && opts.value('p').is_none_or(|p| p == l.pid.to_string())
                && (root || l.user == mine)
        })
        .collect();
    if found.is_empty() {
        return 1;
    }
    if opts.has('t') {
        let mut pids: Vec<u32> = found.iter().map(|l| l.pid).collect();
        pids.dedup();
        pids.iter().for_each(|p| sys.print(&format!("{p}\n")));
        return 0;
    }
    sys.print("COMMAND    PID USER   FD   TYPE DEVICE SIZE/OFF NODE NAME\n");
    for (i, l) in found.iter().enumerate() {
        let command: String = l.comm.chars().take(9).collect();
        let (node, state) = if l.udp { ("UDP", "") } else { ("TCP", " (LISTEN)") };
        let address = if l.address == "0.0.0.0" { "*" } else { l.address.trim_end_matches("%lo") };
        let name = format!("{address}:{}{state}", shown(l.port, opts.has('P')));
        let kind = if l.address == "*" { "IPv6" } else { "IPv4" };
        sys.print(&format!(
            "{command:<9} {:>4} {:<6} 3u  {kind}  {:>5}      0t0  {node} {name}\n",
            l.pid,
            l.user,
            18_231 + i * 17
        ));
    }
    0
}
