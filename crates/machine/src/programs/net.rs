//! Programs of the network: `ping`, `nc`, `wget`, `curl`, `nslookup`, `ip`.

mod http;

pub(super) use http::{curl, wget};

use super::options;
use crate::errno::Errno;
use crate::outside::Reach;
use crate::process::State;
use crate::sys::Sys;

const INET: u16 = 2;
const STREAM: u32 = 1;
const DATAGRAM: u32 = 2;
const RAW: u32 = 3;
const ICMP: i32 = 1;
const INET6: u16 = 10;
const ICMP6: i32 = 58;
const TCP: i32 = 6;

pub(super) fn ping(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(sys, argv, "c:W:w:i:q46nI:s:t:", &[]) {
        Ok(o) => o,
        Err(_) => return if sys.busybox() { 1 } else { 2 },
    };
    let Some(host) = opts.operands.first().cloned() else {
        sys.complain("ping: usage error: Destination address required\n");
        return 1;
    };
    let count = opts.value('c').and_then(|c| c.parse::<u32>().ok()).unwrap_or(4).min(20);
    if sys.busybox() { ping_busybox(sys, &host, count) } else { ping_iputils(sys, &host, count) }
}

/// Whether an address answers an echo request.
fn echoes(sys: &mut Sys<'_>, address: &str) -> bool {
    let own = sys.space().map(|s| s.address.clone()).unwrap_or_default();
    address.starts_with("127.")
        || address == own
        || !matches!(sys.connect(address, 7, true, b"ping"), Reach::TimedOut | Reach::Unreachable)
}

fn ping_busybox(sys: &mut Sys<'_>, host: &str, count: u32) -> i32 {
    let _ = sys.call("getpid");
    let Some(address) = sys.resolve(host).into_iter().next() else {
        sys.complain(&format!("ping: bad address '{host}'\n"));
        return 1;
    };
    sys.print(&format!("PING {host} ({address}): 56 data bytes\n"));
    let _ = sys.call("fstat");
    let opened = sys.socket(INET, RAW, ICMP);
    if let Err(e) = opened {
        sys.flush();
        let text = if e == Errno::EPERM {
            "permission denied (are you root?)".to_owned()
        } else {
            format!("can't create raw socket: {}", e.text())
        };
        sys.complain(&format!("ping: {text}\n"));
        return 1;
    }
    let fd = opened.unwrap_or_default();
    for call in ["dup2", "close", "setsockopt", "rt_sigaction", "sendto", "alarm", "recvfrom"] {
        let _ = sys.socket_call(fd, call);
    }
    let answers = echoes(sys, &address);
    for i in 0..if answers { count } else { 0 } {
        sys.print(&format!("64 bytes from {address}: seq={i} ttl=64 time=0.052 ms\n"));
    }
    let received = if answers { count } else { 0 };
    let loss = if answers { 0 } else { 100 };
    sys.print(&format!("\n--- {host} ping statistics ---\n{count} packets transmitted, {received} packets received, {loss}% packet loss\n"));
    if answers {
        sys.print("round-trip min/avg/max = 0.052/0.052/0.052 ms\n");
    }
    i32::from(!answers)
}

fn ping_iputils(sys: &mut Sys<'_>, host: &str, count: u32) -> i32 {
    for call in ["capget", "capset", "getuid", "setuid"] {
        let _ = sys.call(call);
    }
    // For each family an ICMP datagram socket first, a raw one where that is not for everybody.
    let mut open = |family: u16, protocol: i32| match sys.socket(family, DATAGRAM, protocol) {
        Ok(_) => Ok(()),
        Err(Errno::EACCES | Errno::EPROTONOSUPPORT) => {
            sys.socket(family, RAW, protocol).map(|_| ()).map_err(|e| ("SOCK_RAW", e))
        }
        Err(e) => Err(("SOCK_DGRAM", e)),
    };
    let (four, six) = (open(INET, ICMP), open(INET6, ICMP6));
    match (four, six) {
        (Err(_), Err((kind, e))) => {
            let hint = if kind == "SOCK_RAW" {
                "ping: => missing cap_net_raw+p capability or setuid?\n"
            } else {
                ""
            };
            sys.complain(&format!("ping: socktype: {kind}\nping: socket: {}\n{hint}", e.text()));
            return 2;
        }
        (Err(_), Ok(())) => {
            sys.complain(&format!("ping: {host}: Address family for hostname not supported\n"));
            return 2;
        }
        _ => {}
    }
    let Some(address) = sys.resolve(host).into_iter().next() else {
        sys.complain(&format!("ping: {host}: Name or service not known\n"));
        return 2;
    };
    for call in [
        "connect",
        "getsockname",
        "setsockopt",
        "getsockopt",
        "rt_sigaction",
        "rt_sigprocmask",
        "ioctl",
        "sendto",
        "setitimer",
        "recvmsg",
    ] {
        let _ = sys.call(call);
    }
    sys.print(&format!("PING {host} ({address}) 56(84) bytes of data.\n"));
    let answers = echoes(sys, &address);
    for i in 1..=if answers { count } else { 0 } {
        sys.print(&format!("64 bytes from {address}: icmp_seq={i} ttl=64 time=0.031 ms\n"));
    }
    let received = if answers { count } else { 0 };
    let loss = if answers { 0 } else { 100 };
    sys.print(&format!("\n--- {host} ping statistics ---\n{count} packets transmitted, {received} received, {loss}% packet loss, time {}ms\n", (count - 1) * 1000));
    sys.print(if answers { "rtt min/avg/max/mdev = 0.031/0.031/0.031/0.000 ms\n" } else { "\n" });
    i32::from(!answers)
}

pub(super) fn nc(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(sys, argv, "lp:w:zvuknNe:q:s:46", &[]) {
        Ok(o) => o,
        Err(_) => return 1,
    };
    let busybox = sys.busybox();
    if opts.has('l') {
        return nc_listen(sys, &opts, busybox);
    }
    let [host, port] = opts.operands.as_slice() else {
        sys.complain(if busybox {
            "BusyBox v1.37.0 () multi-call binary.\n\nUsage: nc [OPTIONS] HOST PORT\n"
        } else {
            "usage: nc [-46CDdFhklNnrStUuvZz] [destination] [port]\n"
        });
        return 1;
    };
    let Some(port) = port.parse::<u16>().ok() else {
        sys.complain(&format!("nc: port number invalid: {port}\n"));
        return 1;
    };
    let _ = sys.call("rt_sigaction");
    if busybox {
        let _ = sys.call("alarm");
    }
    let Some(address) = sys.resolve(host).into_iter().next() else {
        let text = if busybox {
            format!("nc: bad address '{host}'\n")
        } else {
            format!("nc: getaddrinfo for host \"{host}\" port {port}: Name or service not known\n")
        };
        sys.complain(&text);
        return 1;
    };
    let udp = opts.has('u');
    let protocol = match (busybox, udp) {
        (true, _) => 0,
        (false, true) => 17,
        (false, false) => TCP,
    };
    let fd = match sys.socket(INET, if udp { DATAGRAM } else { STREAM }, protocol) {
        Ok(fd) => fd,
        Err(e) => {
            if busybox {
                sys.complain(&format!("nc: socket: {}\n", e.text()));
            }
            return 1;
        }
    };
    if busybox {
        let _ = sys.socket_call(fd, "setsockopt");
    }
    let refused = sys.socket_call(fd, "connect");
    let input = if opts.has('z') || sys.is_tty(0) { Vec::new() } else { sys.read_quietly(0) };
    let reach = if refused.is_err() { Reach::Refused } else { sys.connect(&address, port, udp, &input) };
    match reach {
        Reach::Answered(bytes) => {
            if opts.has('v') {
                let text = if busybox {
                    format!("{host} ({address}:{port}) open\n")
                } else {
                    format!("Connection to {host} {port} port [tcp/*] succeeded!\n")
                };
                sys.complain(&text);
            }
            sys.print_bytes(&bytes);
            0
        }
        other => {
            let wait = opts.value('w').and_then(|w| w.parse::<i64>().ok()).unwrap_or(127);
            let word = match other {
                Reach::TimedOut => {
                    sys.wait_for(Some(wait * 1000));
                    "Connection timed out"
                }
                Reach::Unreachable => "No route to host",
                _ => "Connection refused",
            };
            if busybox {
                let text = if word == "Connection timed out" {
                    "nc: timed out\n".to_owned()
                } else {
                    format!("nc: can't connect to remote host ({address}): {word}\n")
                };
                sys.complain(&text);
            } else {
                for call in ["newfstatat", "fcntl", "pselect6", "getsockopt"] {
                    let _ = sys.call(call);
                }
                if opts.has('v') {
                    let what = if udp { "udp" } else { "tcp" };
                    sys.complain(&format!(
                        "nc: connect to {host} ({address}) port {port} ({what}) failed: {word}\n"
                    ));
                }
            }
            1
        }
    }
}

fn nc_listen(sys: &mut Sys<'_>, opts: &options::Options, busybox: bool) -> i32 {
    let port = opts
        .value('p')
        .or(opts.operands.last().map(String::as_str))
        .and_then(|p| p.parse().ok())
        .unwrap_or(0);
    let bound = sys.socket(INET, STREAM, 0).and_then(|fd| sys.bind(fd, port).and_then(|()| sys.listen(fd)));
    match bound {
        Ok(()) => {
            sys.stop(State::Blocked(None, 0));
            0
        }
        Err(e) => {
            let text =
                if busybox { format!("nc: bind: {}\n", e.text()) } else { format!("nc: {}\n", e.text()) };
            sys.complain(&text);
            1
        }
    }
}

pub(super) fn nslookup(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let Some(name) = argv.iter().skip(1).find(|a| !a.starts_with('-')).cloned() else { return 1 };
    let conf = sys.slurp("/etc/resolv.conf").unwrap_or_default();
    let server =
        conf.lines().find_map(|l| l.strip_prefix("nameserver ")).unwrap_or("127.0.0.1").trim().to_owned();
    let space = sys.me().space;
    let found = sys.with_outside(|o, m| o.resolve(m, space, &name)).unwrap_or_default();
    sys.print(&format!("Server:\t\t{server}\nAddress:\t{server}:53\n\n"));
    if found.is_empty() {
        sys.print(&format!("** server can't find {name}: NXDOMAIN\n\n"));
        return 1;
    }
    for a in found {
        sys.print(&format!("Name:\t{name}\nAddress: {a}\n"));
    }
    sys.print("\n");
    0
}

pub(super) fn ip(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let words: Vec<&str> = argv.iter().skip(1).map(String::as_str).filter(|w| !w.starts_with('-')).collect();
    let busybox = sys.busybox();
    let object = words.first().copied().unwrap_or("");
    let verb = words.get(1).copied().unwrap_or("show");
    let address = sys
        .space()
        .map(|s| s.address.clone())
        .filter(|a| !a.is_empty())
        .unwrap_or_else(|| "10.244.1.2".to_owned());
    if matches!(verb, "set" | "add" | "del" | "delete" | "replace" | "flush") {
        let ioctl = busybox && verb == "set";
        let fd =
            sys.socket(if ioctl { INET } else { 16 }, if ioctl { DATAGRAM } else { RAW }, 0).unwrap_or(-1);
        // busybox asks for the links first, as the names in its requests need their numbers.
        let calls: &[&str] = match (ioctl, busybox) {
            (true, _) => &[],
            (false, true) => &["bind", "getsockname", "write", "recvmsg"],
            (false, false) => &["setsockopt", "bind", "getsockname"],
        };
        for call in calls {
            let _ = sys.socket_call(fd, call);
        }
        return match sys.change_network(if ioctl { "ioctl" } else { "sendmsg" }) {
            Ok(()) => 0,
            Err(e) => {
                if !busybox {
                    let _ = sys.call("recvmsg");
                }
                let text = match (busybox, ioctl) {
                    (true, true) => format!("ip: SIOCSIFFLAGS: {}\n", e.text()),
                    (true, false) => format!("ip: RTNETLINK answers: {}\n", e.text()),
                    _ => format!("RTNETLINK answers: {}\n", e.text()),
                };
                sys.complain(&text);
                2
            }
        };
    }
    match object {
        o if !o.is_empty() && ("address".starts_with(o) || "link".starts_with(o)) => {
            let addresses = !"link".starts_with(o);
            sys.print("1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN qlen 1000\n    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n");
            if addresses {
                sys.print(
                    "    inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever\n",
                );
            }
            sys.print("2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue state UP qlen 1000\n    link/ether 3e:5a:0c:2b:9d:11 brd ff:ff:ff:ff:ff:ff\n");
            if addresses {
                sys.print(&format!("    inet {address}/24 brd 10.244.1.255 scope global eth0\n       valid_lft forever preferred_lft forever\n"));
            }
            0
        }
        o if !o.is_empty() && "route".starts_with(o) => {
            sys.print("default via 10.244.1.1 dev eth0\n");
            0
        }
        _ => {
            sys.complain("Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\n");
            255
        }
    }
}
