//! `nc`: OpenBSD's, and busybox's in its two builds.
//!
//! Debian's busybox has the small nc without `-z` and `-v`, the image of Docker Hub the one that takes after nc 1.10. Models
//! busybox 1.37 `networking/{nc,nc_bloaty}.c` and netcat-openbsd 1.219.

use std::net::{IpAddr, SocketAddr};

use super::{DATAGRAM, INET, STREAM, TCP, options, resolve};
use crate::errno::Errno;
use crate::net::{Heard, Said};
use crate::process::State;
use crate::sys::Sys;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Build {
    /// netcat-openbsd
    Bsd,
    /// busybox, `nc.c`
    Small,
    /// busybox, `nc_bloaty.c`
    Bloaty,
}

const SMALL_USAGE: &str = "Usage: nc [-iN] [-wN] [-l] [-p PORT] [-f FILE|IPADDR PORT] [-e PROG]\n\nOpen a pipe to IP:PORT or FILE\n\n\t-l\tListen mode, for inbound connects\n\t\t(use -ll with -e for persistent server)\n\t-p PORT\tLocal port\n\t-w SEC\tConnect timeout\n\t-i SEC\tDelay interval for lines sent\n\t-f FILE\tUse file (ala /dev/ttyS0) instead of network\n\t-e PROG\tRun PROG after connect\n";
const BLOATY_USAGE: &str = "Usage: nc [OPTIONS] HOST PORT  - connect\nnc [OPTIONS] -l -p PORT [HOST] [PORT]  - listen\n\n\t-e PROG\tRun PROG after connect (must be last)\n\t-l\tListen mode, for inbound connects\n\t-lk\tWith -e, provides persistent server\n\t-p PORT\tLocal port\n\t-s ADDR\tLocal address\n\t-w SEC\tTimeout for connects and final net reads\n\t-i SEC\tDelay interval for lines sent\n\t-n\tDon't do DNS resolution\n\t-u\tUDP mode\n\t-b\tAllow broadcasts\n\t-v\tVerbose\n\t-o FILE\tHex dump traffic\n\t-z\tZero-I/O mode (scanning)\n";

pub(in crate::programs) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let small = sys.space().is_some_and(|s| s.standalone_shell);
    let build = match (sys.busybox(), small) {
        (false, _) => Build::Bsd,
        (true, true) => Build::Small,
        (true, false) => Build::Bloaty,
    };
    let letters = match build {
        Build::Bsd => "46CDdFhklNnrStUuvZzI:i:M:m:O:P:p:q:s:T:V:W:w:X:x:e:",
        Build::Small => "lp:w:i:f:e:",
        Build::Bloaty => "np:s:ubvw:lki:o:ze:",
    };
    let opts = match options::parse(sys, argv, letters, &[]) {
        Ok(o) => o,
        Err(_) => {
            usage(sys, build);
            return 1;
        }
    };
    if opts.has('l') {
        return listen(sys, &opts, build);
    }
    let [host, ports] = opts.operands.as_slice() else {
        usage(sys, build);
        return 1;
    };
    let Some((low, high)) = range(ports) else {
        let text = match build {
            Build::Bsd => format!("nc: port number invalid: {ports}\n"),
            _ => format!("nc: bad port '{ports}'\n"),
        };
        sys.complain(&text);
        return 1;
    };
    let _ = sys.call("rt_sigaction");
    if build == Build::Small && opts.has('w') {
        let _ = sys.call("alarm");
    }
    let address = match resolve::first(sys, host) {
        Ok(address) => address,
        Err(why) => {
            let text = match build {
                Build::Bsd => format!("nc: getaddrinfo for host \"{host}\" port {ports}: {}\n", why.text()),
                _ => format!("nc: bad address '{host}'\n"),
            };
            sys.complain(&text);
            return 1;
        }
    };
    let client = Client { build, host, address, opts: &opts };
    let codes: Vec<i32> = (low..=high).map(|port| client.connect(sys, port)).collect();
    i32::from(!codes.contains(&0))
}

fn usage(sys: &mut Sys<'_>, build: Build) {
    sys.complain(&match build {
        Build::Bsd => "usage: nc [-46CDdFhklNnrStUuvZz] [-I length] [-i interval] [-M ttl]\n\t  [-m minttl] [-O length] [-P proxy_username] [-p source_port]\n\t  [-q seconds] [-s sourceaddr] [-T keyword] [-V rtable] [-W recvlimit]\n\t  [-w timeout] [-X proxy_protocol] [-x proxy_address[:port]]\n\t  [destination] [port]\n".to_owned(),
        Build::Small => format!("BusyBox v1.37.0 () multi-call binary.\n\n{SMALL_USAGE}"),
        Build::Bloaty => format!("BusyBox v1.37.0 () multi-call binary.\n\n{BLOATY_USAGE}"),
    });
}

fn range(text: &str) -> Option<(u16, u16)> {
    let (low, high) = text.split_once('-').unwrap_or((text, text));
    let (low, high) = (low.parse().ok()?, high.parse().ok()?);
    (low > 0 && low <= high && high - low < 1024).then_some((low, high))
}

/// The name of a port in /etc/services, where there is that file: images of the small kind have none.
fn service(sys: &mut Sys<'_>, port: u16) -> &'static str {
    let known = match port {
        22 => "ssh",
        53 => "domain",
        80 => "http",
        443 => "https",
        3306 => "mysql",
        5432 => "postgresql",
        6379 => "redis",
        _ => "*",
    };
    if sys.space().is_some_and(|s| s.id == crate::machine::HOST) { known } else { "*" }
}

struct Client<'c> {
    build: Build,
    host: &'c str,
    address: IpAddr,
    opts: &'c options::Options,
}

impl Client<'_> {
    fn connect(&self, sys: &mut Sys<'_>, port: u16) -> i32 {
        let udp = self.opts.has('u');
        let protocol = match (self.build, udp) {
            (Build::Bsd, true) => 17,
            (Build::Bsd, false) => TCP,
            _ => 0,
        };
        let fd = match sys.socket(INET, if udp { DATAGRAM } else { STREAM }, protocol) {
            Ok(fd) => fd,
            Err(e) => {
                if self.build != Build::Bsd {
                    sys.complain(&format!("nc: socket: {}\n", e.text()));
                }
                return 1;
            }
        };
        if self.build != Build::Bsd {
            let _ = sys.socket_call(fd, "setsockopt");
        }
        let limit =
            self.opts.value('w').and_then(|w| w.parse::<i64>().ok()).filter(|w| *w > 0).map(|w| w * 1000);
        let to = SocketAddr::new(self.address, port);
        match sys.connect(fd, to, limit) {
            Ok(()) => self.opened(sys, fd, port, udp),
            Err(e) => {
                self.failed(sys, port, udp, e, limit.is_some());
                1
            }
        }
    }

    fn failed(&self, sys: &mut Sys<'_>, port: u16, udp: bool, e: Errno, limited: bool) {
        let (host, address) = (self.host, self.address);
        let times = self.opts.given.iter().filter(|(l, _)| *l == 'v').count();
        match self.build {
            Build::Small if e == Errno::ETIMEDOUT && limited => sys.complain("nc: timed out\n"),
            Build::Small => {
                sys.complain(&format!("nc: can't connect to remote host ({address}): {}\n", e.text()));
            }
            Build::Bloaty => {
                // A refusal is told only to who asks twice.
                if times > 1 || times == 1 && e != Errno::ECONNREFUSED {
                    sys.complain(&format!("nc: {host} ({address}:{port}): {}\n", e.text()));
                }
                if times > 1 {
                    sys.complain("sent 0, rcvd 0\n");
                }
            }
            Build::Bsd => {
                for call in ["newfstatat", "fcntl", "pselect6", "getsockopt"] {
                    let _ = sys.call(call);
                }
                if times == 0 {
                    return;
                }
                let shown =
                    if address.to_string() == host { host.to_owned() } else { format!("{host} ({address})") };
                let what = if udp { "udp" } else { "tcp" };
                let end = if e == Errno::ETIMEDOUT && limited {
                    "timed out: Operation now in progress".to_owned()
                } else {
                    format!("failed: {}", e.text())
                };
                sys.complain(&format!("nc: connect to {shown} port {port} ({what}) {end}\n"));
            }
        }
    }

    fn opened(&self, sys: &mut Sys<'_>, fd: i32, port: u16, udp: bool) -> i32 {
        let scans = self.opts.has('z');
        let input = if scans || sys.is_tty(0) { Vec::new() } else { sys.read_quietly(0) };
        // A scan of UDP sends a byte to see whether it comes back.
        let said = if udp && scans { b"X".to_vec() } else { input };
        let empty = said.is_empty();
        let heard = sys.exchange(fd, &Said::Bytes(None, said));
        if udp && heard == Heard::Refused {
            return 1;
        }
        if self.opts.has('v') {
            let (host, address) = (self.host, self.address);
            let text = match self.build {
                Build::Bsd => {
                    let shown = if address.to_string() == host {
                        host.to_owned()
                    } else {
                        format!("{host} ({address})")
                    };
                    let what = if udp { "udp" } else { "tcp" };
                    format!("Connection to {shown} {port} port [{what}/{}] succeeded!\n", service(sys, port))
                }
                _ => format!("{host} ({address}:{port}) open\n"),
            };
            sys.complain(&text);
        }
        if scans {
            return 0;
        }
        match heard {
            Heard::Bytes(_, bytes) => {
                sys.print_bytes(&bytes);
                if empty && sys.is_tty(0) {
                    sys.stop(State::Blocked(None, 130));
                }
                0
            }
            Heard::Reset => {
                if self.build == Build::Small {
                    sys.complain("nc: read: Connection reset by peer\n");
                }
                i32::from(self.build == Build::Small)
            }
            _ => {
                sys.stop(State::Blocked(None, 130));
                0
            }
        }
    }
}

fn listen(sys: &mut Sys<'_>, opts: &options::Options, build: Build) -> i32 {
    let port = opts
        .value('p')
        .or(opts.operands.last().map(String::as_str))
        .and_then(|p| p.parse().ok())
        .unwrap_or(0);
    let kind = if opts.has('u') { DATAGRAM } else { STREAM };
    let bound = sys.socket(INET, kind, 0).and_then(|fd| sys.bind(fd, port).and_then(|()| sys.listen(fd)));
    match bound {
        Ok(()) => {
            sys.stop(State::Blocked(None, 0));
            0
        }
        Err(e) => {
            let text = match build {
                Build::Bsd => format!("nc: {}\n", e.text()),
                _ => format!("nc: bind: {}\n", e.text()),
            };
            sys.complain(&text);
            1
        }
    }
}
