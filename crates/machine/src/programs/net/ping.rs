//! `ping`, busybox's and iputils'.
//!
//! Models busybox 1.37 `networking/ping.c` and iputils 20221126. Round trips have made-up lengths.

use std::net::IpAddr;

use super::{DATAGRAM, ICMP, ICMP6, INET, INET6, RAW, options, resolve};
use crate::errno::Errno;
use crate::process::State;
use crate::sys::Sys;

/// How long an answer to the last request is waited for.
const PATIENCE: i64 = 10_000;
/// What a ping without an end shows before a person stops it.
const SHOWN: u32 = 4;

/// What was asked for.
struct Wish {
    host: String,
    count: Option<u32>,
    patience: i64,
    /// `-w`
    deadline: Option<i64>,
    quiet: bool,
}

pub(in crate::programs) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let busybox = sys.busybox();
    let opts = match options::parse(sys, argv, "c:W:w:i:q46nI:s:t:vAp:O", &[]) {
        Ok(o) => o,
        Err(_) => return if busybox { 1 } else { 2 },
    };
    let Some(host) = opts.operands.first().cloned() else {
        sys.complain(if busybox {
            "BusyBox v1.37.0 () multi-call binary.\n\nUsage: ping [OPTIONS] HOST\n"
        } else {
            "ping: usage error: Destination address required\n"
        });
        return if sys.busybox() { 1 } else { 2 };
    };
    let number = |letter| opts.value(letter).and_then(|v| v.parse::<f64>().ok());
    let millis = |letter| number(letter).map(|s: f64| (s * 1000.0) as i64);
    let wish = Wish {
        host,
        count: number('c').map(|c| (c as u32).clamp(1, 100)),
        patience: millis('W').filter(|w| *w > 0).unwrap_or(PATIENCE),
        deadline: millis('w'),
        quiet: opts.has('q'),
    };
    if busybox { of_busybox(sys, &wish) } else { of_iputils(sys, &wish) }
}

/// How many requests are sent and answered.
fn counts(wish: &Wish, answers: bool) -> (u32, u32) {
    let second = |millis: i64| u32::try_from(millis / 1000).unwrap_or(1).max(1);
    let sent = match (wish.count, wish.deadline) {
        (Some(count), None) => count,
        (Some(count), Some(_)) if answers => count,
        (_, Some(deadline)) => second(deadline),
        (None, None) => SHOWN,
    };
    (sent, if answers { sent } else { 0 })
}

/// Round trips in microseconds, all made up.
fn trip(i: u32) -> u32 {
    [52, 74, 61, 68].get(i as usize % 4).copied().unwrap_or(52)
}

fn millis(micros: u32) -> String {
    format!("{}.{:03}", micros / 1000, micros % 1000)
}

/// Minimum, mean and maximum.
fn trips(count: u32) -> (u32, u32, u32) {
    let all: Vec<u32> = (0..count).map(trip).collect();
    let sum: u32 = all.iter().sum();
    (all.iter().min().copied().unwrap_or(0), sum / count.max(1), all.iter().max().copied().unwrap_or(0))
}

/// Lets the time pass that it takes.
fn wait(sys: &mut Sys<'_>, wish: &Wish, sent: u32, answers: bool) {
    let between = i64::from(sent.saturating_sub(1)) * 1000;
    let rest = match (answers, wish.deadline) {
        (true, _) => 0,
        (false, Some(deadline)) => (deadline - between).max(0),
        (false, None) => wish.patience,
    };
    if between + rest > 0 {
        sys.pass(between + rest);
    }
}

fn of_busybox(sys: &mut Sys<'_>, wish: &Wish) -> i32 {
    let _ = sys.call("getpid");
    let host = &wish.host;
    let Ok(address) = resolve::first(sys, host) else {
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
    let answers = sys.echo(address);
    let (sent, received) = counts(wish, answers);
    for i in (0..received).filter(|_| !wish.quiet) {
        let time = millis(trip(i));
        sys.print(&format!("64 bytes from {address}: seq={i} ttl={} time={time} ms\n", ttl(sys, address)));
    }
    if wish.count.is_none() && wish.deadline.is_none() {
        sys.stop(State::Blocked(None, 130));
        return 130;
    }
    wait(sys, wish, sent, answers);
    let loss = if answers { 0 } else { 100 };
    sys.print(&format!(
        "\n--- {host} ping statistics ---\n{sent} packets transmitted, {received} packets received, {loss}% packet loss\n"
    ));
    if answers {
        let (min, mean, max) = trips(received);
        sys.print(&format!("round-trip min/avg/max = {}/{}/{} ms\n", millis(min), millis(mean), millis(max)));
    }
    i32::from(!answers)
}

/// What is left of the 64 hops: routers of the pods' network take one each.
fn ttl(sys: &Sys<'_>, to: IpAddr) -> u32 {
    match sys.address() {
        _ if to.is_loopback() => 64,
        Some(own) if own == to => 64,
        Some(IpAddr::V4(a)) => match to {
            IpAddr::V4(b) if a.octets().iter().take(3).eq(b.octets().iter().take(3)) => 63,
            IpAddr::V4(b) if b.is_private() || b.is_link_local() => 62,
            _ => 54,
        },
        _ => 64,
    }
}

fn of_iputils(sys: &mut Sys<'_>, wish: &Wish) -> i32 {
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
    let host = &wish.host;
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
    let found = match resolve::lookup(sys, host, None) {
        Ok(found) => found,
        Err(why) => {
            sys.complain(&format!("ping: {host}: {}\n", why.text()));
            return 2;
        }
    };
    let Some(address) = found.addresses.first().copied() else { return 2 };
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
    let shown = &found.canonical;
    sys.print(&format!("PING {shown} ({address}) 56(84) bytes of data.\n"));
    let answers = sys.echo(address);
    let (sent, received) = counts(wish, answers);
    let from =
        if address.to_string() == *host { address.to_string() } else { format!("{address} ({address})") };
    for i in (0..received).filter(|_| !wish.quiet) {
        let (ttl, time) = (ttl(sys, address), millis(trip(i)));
        sys.print(&format!("64 bytes from {from}: icmp_seq={} ttl={ttl} time={time} ms\n", i + 1));
    }
    if wish.count.is_none() && wish.deadline.is_none() {
        sys.stop(State::Blocked(None, 130));
        return 130;
    }
    wait(sys, wish, sent, answers);
    let loss = if answers { 0 } else { 100 };
    let time = sent.saturating_sub(1) * 1024;
    sys.print(&format!(
        "\n--- {shown} ping statistics ---\n{sent} packets transmitted, {received} received, {loss}% packet loss, time {time}ms\n"
    ));
    if answers {
        let (min, mean, max) = trips(received);
        sys.print(&format!(
            "rtt min/avg/max/mdev = {}/{}/{}/0.008 ms\n",
            millis(min),
            millis(mean),
            millis(max)
        ));
    } else {
        sys.print("\n");
    }
    i32::from(!answers)
}
