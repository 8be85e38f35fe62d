//! Programs of the network: `ping`, `nc`, `wget`, `curl`, `nslookup`, `ip`.

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
    if let Err(e) = sys.socket(INET, RAW, ICMP) {
        sys.flush();
        let text = if e == Errno::EPERM {
            "permission denied (are you root?)".to_owned()
        } else {
            format!("can't create raw socket: {}", e.text())
        };
        sys.complain(&format!("ping: {text}\n"));
        return 1;
    }
    for call in ["dup2", "close", "setsockopt", "rt_sigaction", "sendto", "alarm", "recvfrom"] {
        let _ = sys.call(call);
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
    if let Err(e) = sys.socket(INET, if udp { DATAGRAM } else { STREAM }, protocol) {
        if busybox {
            sys.complain(&format!("nc: socket: {}\n", e.text()));
        }
        return 1;
    }
    if busybox {
        let _ = sys.call("setsockopt");
    }
    let refused = sys.call("connect");
    let input = if opts.has('z') || sys.is_tty(0) { Vec::new() } else { sys.read_all(0).unwrap_or_default() };
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
    let bound = sys.socket(INET, STREAM, 0).and_then(|fd| sys.bind(fd, INET, port));
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

/// A URL taken apart: host, port, path.
fn url(text: &str) -> (String, u16, String) {
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
    let (authority, path) =
        rest.split_once('/').map_or((rest, "/".to_owned()), |(a, p)| (a, format!("/{p}")));
    let authority = authority.rsplit('@').next().unwrap_or(authority);
    let default = if scheme == "https" { 443 } else { 80 };
    match authority.rsplit_once(':').and_then(|(h, p)| Some((h, p.parse().ok()?))) {
        Some((h, p)) => (h.trim_matches(['[', ']']).to_owned(), p, path),
        None => (authority.to_owned(), default, path),
    }
}

/// The head and the body of an HTTP answer; what is no HTTP is all body.
fn answer(bytes: &[u8]) -> (String, Vec<u8>) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    if !text.starts_with("HTTP/") {
        return ("HTTP/1.1 200 OK".to_owned(), bytes.to_vec());
    }
    match text.split_once("\r\n\r\n") {
        Some((head, body)) => (head.to_owned(), body.as_bytes().to_vec()),
        None => (text, Vec::new()),
    }
}

fn status(head: &str) -> u16 {
    head.split(' ').nth(1).and_then(|c| c.parse().ok()).unwrap_or(200)
}

pub(super) fn wget(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [
        ("timeout", 'T'),
        ("output-document", 'O'),
        ("quiet", 'q'),
        ("tries", 't'),
        ("spider", 'S'),
        ("no-check-certificate", 'k'),
        ("server-response", 's'),
        ("header", 'H'),
    ];
    let opts = match options::parse(sys, argv, "T:O:qt:SksY:cH:", &long) {
        Ok(o) => o,
        Err(_) => return if sys.busybox() { 1 } else { 2 },
    };
    let busybox = sys.busybox();
    let Some(target) = opts.operands.first().cloned() else {
        sys.complain("wget: missing URL\nUsage: wget [OPTION]... [URL]...\n");
        return 1;
    };
    let (host, port, path) = url(&target);
    let quiet = opts.has('q');
    let wait = opts.value('T').and_then(|t| t.parse::<i64>().ok()).unwrap_or(60);
    if busybox {
        let _ = sys.call("rt_sigaction");
    }
    let Some(address) = sys.resolve(&host).into_iter().next() else {
        let text = if busybox {
            format!("wget: bad address '{host}'\n")
        } else {
            format!("wget: unable to resolve host address \u{2018}{host}\u{2019}\n")
        };
        sys.complain(&text);
        return if busybox { 1 } else { 4 };
    };
    if !quiet {
        let text = if busybox {
            format!("Connecting to {host}:{port} ({address}:{port})\n")
        } else {
            let stamp = super::date::format("%F %T", sys.now().0);
            let shown = if target.contains("://") {
                target.clone()
            } else {
                format!("http://{target}{}", if target.contains('/') { "" } else { "/" })
            };
            format!("--{stamp}--  {shown}\nConnecting to {host}:{port}... ")
        };
        sys.complain(&text);
    }
    if busybox {
        let _ = sys.call("alarm");
    }
    if let Err(e) = sys.socket(INET, STREAM, 0) {
        // GNU wget takes any failure but a refusal for a passing one and tries twenty times.
        for wait in (1..20).filter(|_| !busybox) {
            sys.wait_for(Some(i64::min(wait, 10) * 1000));
        }
        let text = if busybox {
            format!("wget: socket: {}\n", e.text())
        } else {
            format!("failed: {}.\n", e.text())
        };
        sys.complain(&text);
        return if busybox { 1 } else { 4 };
    }
    let _ = sys.call("connect");
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: Wget\r\nConnection: close\r\n\r\n"
    );
    match sys.connect(&address, port, false, request.as_bytes()) {
        Reach::Answered(bytes) => {
            let (head, body) = answer(&bytes);
            let code = status(&head);
            if !busybox && !quiet {
                sys.complain(&format!(
                    "connected.\nHTTP request sent, awaiting response... {}\n",
                    head.lines().next().and_then(|l| l.split_once(' ')).map_or("200 OK", |(_, r)| r)
                ));
            }
            if code >= 400 {
                let line = head.lines().next().unwrap_or("").to_owned();
                if busybox {
                    sys.complain(&format!("wget: server returned error: {line}\n"));
                    return 1;
                }
                return 8;
            }
            match opts.value('O') {
                Some("-") => sys.print_bytes(&body),
                _ if opts.has('S') => {}
                name => {
                    let file = name.map_or_else(
                        || {
                            path.rsplit('/')
                                .next()
                                .filter(|f| !f.is_empty())
                                .unwrap_or("index.html")
                                .to_owned()
                        },
                        str::to_owned,
                    );
                    if let Err(e) = sys.spill(&file, &body) {
                        sys.complain(&format!("wget: can't open '{file}': {}\n", e.text()));
                        return 1;
                    }
                    if !quiet {
                        sys.complain(&format!("'{file}' saved\n"));
                    }
                }
            }
            0
        }
        Reach::TimedOut => {
            sys.wait_for(Some(wait * 1000));
            sys.complain(if busybox {
                "wget: download timed out\n"
            } else {
                "failed: Connection timed out.\n"
            });
            if busybox { 1 } else { 4 }
        }
        other => {
            let word = if other == Reach::Refused { "Connection refused" } else { "No route to host" };
            let text = if busybox {
                format!("wget: can't connect to remote host ({address}): {word}\n")
            } else {
                format!("failed: {word}.\n")
            };
            sys.complain(&text);
            if busybox { 1 } else { 4 }
        }
    }
}

pub(super) fn curl(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let long = [
        ("max-time", 'm'),
        ("connect-timeout", 'T'),
        ("silent", 's'),
        ("show-error", 'S'),
        ("insecure", 'k'),
        ("output", 'o'),
        ("write-out", 'w'),
        ("header", 'H'),
        ("request", 'X'),
        ("data", 'd'),
        ("head", 'I'),
        ("include", 'i'),
        ("location", 'L'),
        ("fail", 'f'),
        ("verbose", 'v'),
        ("user", 'u'),
        ("cacert", 'C'),
        ("cert", 'E'),
        ("key", 'K'),
        ("resolve", 'R'),
        ("tlsv1.2", '2'),
        ("tls-max", 'M'),
    ];
    let opts = match options::parse(sys, argv, "m:T:sSko:w:H:X:d:IiLfvu:C:E:K:R:2M:", &long) {
        Ok(o) => o,
        Err(_) => return 2,
    };
    let Some(target) = opts.operands.first().cloned() else {
        sys.complain(
            "curl: (2) no URL specified\ncurl: try 'curl --help' or 'curl --manual' for more information\n",
        );
        return 2;
    };
    let (host, port, path) = url(&target);
    let quiet = opts.has('s') && !opts.has('S');
    let fail = |sys: &mut Sys<'_>, code: i32, text: String| {
        if !quiet {
            sys.complain(&format!("curl: ({code}) {text}\n"));
        }
        if let Some(w) = opts.value('w') {
            let w = w.replace("%{http_code}", "000");
            sys.print(&super::escapes(&w, super::Escapes::Format).0);
        }
        code
    };
    let Some(address) = sys.resolve(&host).into_iter().next() else {
        return fail(sys, 6, format!("Could not resolve host: {host}"));
    };
    if let Err(e) = sys.socket(INET, STREAM, 0) {
        return fail(sys, 7, format!("Couldn't open socket: {}", e.text()));
    }
    let method = if opts.has('I') {
        "HEAD"
    } else {
        opts.value('X').unwrap_or(if opts.has('d') { "POST" } else { "GET" })
    };
    let headers: String =
        opts.given.iter().filter(|(l, _)| *l == 'H').map(|(_, h)| format!("{h}\r\n")).collect();
    let body = opts.value('d').unwrap_or("");
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n{headers}\r\n{body}"
    );
    let limit = opts.value('m').or(opts.value('T')).and_then(|t| t.parse::<f64>().ok());
    match sys.connect(&address, port, false, request.as_bytes()) {
        Reach::Answered(bytes) => {
            let (head, body) = answer(&bytes);
            let code = status(&head);
            if opts.has('f') && code >= 400 {
                return fail(sys, 22, format!("The requested URL returned error: {code}"));
            }
            if opts.has('I') || opts.has('i') {
                sys.print(&format!("{head}\r\n\r\n"));
            }
            if !opts.has('I') {
                match opts.value('o') {
                    Some("/dev/null") => {}
                    Some(f) => {
                        if sys.spill(f, &body).is_err() {
                            return fail(sys, 23, "Failure writing output to destination".to_owned());
                        }
                    }
                    None => sys.print_bytes(&body),
                }
            }
            if let Some(w) = opts.value('w') {
                let w = w
                    .replace("%{http_code}", &code.to_string())
                    .replace("%{response_code}", &code.to_string());
                sys.print(&super::escapes(&w, super::Escapes::Format).0);
            }
            0
        }
        Reach::TimedOut => {
            let millis = limit.map_or(130_000, |l| (l * 1000.0) as i64);
            sys.wait_for(Some(millis));
            if limit.is_some() {
                return fail(sys, 28, format!("Connection timed out after {} milliseconds", millis + 1));
            }
            fail(
                sys,
                28,
                format!(
                    "Failed to connect to {host} port {port} after {millis} ms: Couldn't connect to server"
                ),
            )
        }
        Reach::Unreachable => {
            fail(sys, 7, format!("Failed to connect to {host} port {port} after 0 ms: No route to host"))
        }
        Reach::Refused => fail(
            sys,
            7,
            format!("Failed to connect to {host} port {port} after 0 ms: Couldn't connect to server"),
        ),
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
        let _ = sys.socket(if ioctl { INET } else { 16 }, if ioctl { DATAGRAM } else { RAW }, 0);
        for call in if ioctl { &[][..] } else { &["bind", "getsockname"][..] } {
            let _ = sys.call(call);
        }
        return match sys.change_network(if ioctl { "ioctl" } else { "sendmsg" }) {
            Ok(()) => 0,
            Err(e) => {
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
