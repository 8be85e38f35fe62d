//! Older tools of the network: `ifconfig`, `route`, `arp`, `telnet`, `traceroute`, `host`.

use std::net::{IpAddr, SocketAddr};

use super::{DATAGRAM, INET, STREAM, options, resolve};
use crate::errno::Errno;
use crate::net::Said;
use crate::process::State;
use crate::sys::Sys;

const MAC: &str = "3E:5A:0C:2B:9D:11";

/// The process's own address and its gateway.
fn own(sys: &Sys<'_>) -> (String, String) {
    let address = sys.space().map(|s| s.address.clone()).filter(|a| !a.is_empty());
    let address = address.unwrap_or_else(|| "10.244.1.2".to_owned());
    let prefix = address.rsplit_once('.').map_or("10.244.1", |(p, _)| p);
    let gateway = format!("{prefix}.1");
    (address, gateway)
}

/// An ioctl on a socket of the interface; says so where that is refused.
fn ioctl(sys: &mut Sys<'_>, program: &str, changes: bool, request: &str) -> Result<(), i32> {
    let done = sys
        .socket(INET, DATAGRAM, 0)
        .and_then(|_| if changes { sys.change_network("ioctl") } else { sys.call("ioctl") });
    done.map_err(|e| {
        let text = match (sys.busybox(), changes) {
            (_, false) => format!("{program}: socket: {}\n", e.text()),
            (true, true) => format!("{program}: {request}: {}\n", e.text()),
            (false, true) => format!("{request}: {}\n", e.text()),
        };
        sys.complain(&text);
        if sys.busybox() { 1 } else { 255 }
    })
}

pub(in crate::programs) fn ifconfig(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let words: Vec<&String> = argv.iter().skip(1).filter(|a| !a.starts_with('-')).collect();
    let busybox = sys.busybox();
    if words.len() > 1 {
        let request = match words.get(1).map(|w| w.as_str()) {
            Some("up" | "down") => "SIOCSIFFLAGS",
            Some("mtu") => "SIOCSIFMTU",
            Some("hw") => "SIOCSIFHWADDR",
            _ => "SIOCSIFADDR",
        };
        return match ioctl(sys, "ifconfig", true, request) {
            Ok(()) => 0,
            Err(code) => code,
        };
    }
    let (address, gateway) = own(sys);
    let broadcast = format!("{}255", gateway.trim_end_matches('1'));
    if let Err(code) = ioctl(sys, "ifconfig", false, "") {
        return code;
    }
    let name = words.first().map(|w| w.as_str());
    if let Some(name) = name.filter(|n| !matches!(*n, "lo" | "eth0")) {
        let text = if busybox {
            format!("ifconfig: {name}: error fetching interface information: Device not found\n")
        } else {
            format!("{name}: error fetching interface information: Device not found\n")
        };
        sys.complain(&text);
        return 1;
    }
    if name != Some("lo") {
        let text = if busybox {
            format!(
                "eth0      Link encap:Ethernet  HWaddr {MAC}  \n          inet addr:{address}  Bcast:{broadcast}  Mask:255.255.255.0\n          UP BROADCAST RUNNING MULTICAST  MTU:1450  Metric:1\n          RX packets:24 errors:0 dropped:0 overruns:0 frame:0\n          TX packets:18 errors:0 dropped:0 overruns:0 carrier:0\n          collisions:0 txqueuelen:1000 \n          RX bytes:2106 (2.0 KiB)  TX bytes:1426 (1.3 KiB)\n\n"
            )
        } else {
            format!(
                "eth0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1450\n        inet {address}  netmask 255.255.255.0  broadcast {broadcast}\n        ether {}  txqueuelen 1000  (Ethernet)\n        RX packets 24  bytes 2106 (2.1 KB)\n        RX errors 0  dropped 0  overruns 0  frame 0\n        TX packets 18  bytes 1426 (1.4 KB)\n        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0\n\n",
                MAC.to_lowercase()
            )
        };
        sys.print(&text);
    }
    if name != Some("eth0") {
        sys.print(if busybox {
            "lo        Link encap:Local Loopback  \n          inet addr:127.0.0.1  Mask:255.0.0.0\n          UP LOOPBACK RUNNING  MTU:65536  Metric:1\n          RX packets:0 errors:0 dropped:0 overruns:0 frame:0\n          TX packets:0 errors:0 dropped:0 overruns:0 carrier:0\n          collisions:0 txqueuelen:1000 \n          RX bytes:0 (0.0 B)  TX bytes:0 (0.0 B)\n\n"
        } else {
            "lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536\n        inet 127.0.0.1  netmask 255.0.0.0\n        loop  txqueuelen 1000  (Local Loopback)\n        RX packets 0  bytes 0 (0.0 B)\n        RX errors 0  dropped 0  overruns 0  frame 0\n        TX packets 0  bytes 0 (0.0 B)\n        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0\n\n"
        });
    }
    0
}

pub(in crate::programs) fn route(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    if argv.iter().any(|a| matches!(a.as_str(), "add" | "del")) {
        let request = if argv.iter().any(|a| a == "add") { "SIOCADDRT" } else { "SIOCDELRT" };
        return match ioctl(sys, "route", true, request) {
            Ok(()) => 0,
            Err(code) => {
                if sys.busybox() {
                    1
                } else {
                    code.min(7)
                }
            }
        };
    }
    let numeric = argv.iter().any(|a| a.starts_with('-') && a.contains('n'));
    let (_, gateway) = own(sys);
    let net = format!("{}0", gateway.trim_end_matches('1'));
    let (default, none) = if numeric {
        ("0.0.0.0", "0.0.0.0")
    } else {
        ("default", if sys.busybox() { "*" } else { "0.0.0.0" })
    };
    sys.print(&format!(
        "Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n{default:<15} {gateway:<15} 0.0.0.0         UG    0      0        0 eth0\n{net:<15} {none:<15} 255.255.255.0   U     0      0        0 eth0\n"
    ));
    0
}

pub(in crate::programs) fn arp(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let (_, gateway) = own(sys);
    let mac = "c6:1d:4f:02:7a:e8";
    let text = if sys.busybox() || argv.iter().any(|a| a == "-a") {
        let gap = if sys.busybox() { "  " } else { " " };
        format!("? ({gateway}) at {mac} [ether]{gap}on eth0\n")
    } else {
        format!(
            "Address                  HWtype  HWaddress           Flags Mask            Iface\n{gateway:<24} ether   {mac}   C                     eth0\n"
        )
    };
    sys.print(&text);
    0
}

pub(in crate::programs) fn telnet(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let busybox = sys.busybox();
    let operands: Vec<String> = argv.iter().skip(1).filter(|a| !a.starts_with('-')).cloned().collect();
    let Some(host) = operands.first() else {
        let text = if busybox {
            "BusyBox v1.37.0 () multi-call binary.\n\nUsage: telnet [-a] [-l USER] HOST [PORT]\n"
        } else {
            "telnet> "
        };
        sys.complain(text);
        return 1;
    };
    let port = operands.get(1).and_then(|p| p.parse::<u16>().ok()).unwrap_or(23);
    let address = match resolve::first(sys, host) {
        Ok(a) => a,
        Err(_) => {
            sys.complain(&if busybox {
                format!("telnet: bad address '{host}'\n")
            } else {
                format!("telnet: could not resolve {host}/{port}: Name or service not known\n")
            });
            return 1;
        }
    };
    if !busybox {
        sys.print(&format!("Trying {address}...\n"));
        sys.flush();
    }
    let connected = sys
        .socket(INET, STREAM, if busybox { 0 } else { 6 })
        .and_then(|fd| sys.connect(fd, SocketAddr::new(address, port), None).map(|()| fd));
    match connected {
        Ok(fd) => {
            sys.print(&if busybox {
                format!("Connected to {host}\n\nEntering character mode\nEscape character is '^]'.\n\n")
            } else {
                format!("Connected to {host}.\nEscape character is '^]'.\n")
            });
            sys.flush();
            if sys.is_tty(0) {
                sys.stop(State::Blocked(None, 130));
                return 0;
            }
            let input = sys.read_quietly(0);
            if let crate::net::Heard::Bytes(_, bytes) = sys.exchange(fd, &Said::Bytes(None, input)) {
                sys.print_bytes(&bytes);
            }
            sys.flush();
            sys.complain(if busybox {
                "Connection closed by foreign host\n"
            } else {
                "Connection closed by foreign host.\n"
            });
            1
        }
        Err(e) => {
            sys.complain(&if busybox {
                format!("telnet: can't connect to remote host ({address}): {}\n", e.text())
            } else {
                format!("telnet: Unable to connect to remote host: {}\n", e.text())
            });
            1
        }
    }
}

pub(in crate::programs) fn traceroute(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let opts = match options::parse(sys, argv, "nIw:m:q:f:p:s:v46FdrlUT", &[]) {
        Ok(o) => o,
        Err(code) => return code,
    };
    let Some(host) = opts.operands.first().cloned() else {
        sys.complain(if sys.busybox() {
            "BusyBox v1.37.0 () multi-call binary.\n\nUsage: traceroute [-46FIlnrv] [-f 1ST_TTL] [-m MAXTTL] [-q PROBES] [-p PORT]\n"
        } else {
            "Usage: traceroute [OPTION...] HOST\n"
        });
        return 1;
    };
    let busybox = sys.busybox();
    let address = match resolve::first(sys, &host) {
        Ok(a) => a,
        Err(_) => {
            sys.complain(&if busybox {
                format!("traceroute: bad address '{host}'\n")
            } else {
                format!("{host}: Name or service not known\nCannot handle \"host\" cmdline arg `{host}' on position 1 (argc 1)\n")
            });
            return if busybox { 1 } else { 2 };
        }
    };
    if let Err(e) = sys.socket(INET, super::RAW, super::ICMP) {
        sys.complain(&match e {
            Errno::EPERM if busybox => "traceroute: permission denied (are you root?)\n".to_owned(),
            e => format!("traceroute: can't create raw socket: {}\n", e.text()),
        });
        return 1;
    }
    let hops = opts.value('m').and_then(|m| m.parse::<u32>().ok()).unwrap_or(30).clamp(1, 255);
    let size = if busybox { 46 } else { 60 };
    sys.print(&format!("traceroute to {host} ({address}), {hops} hops max, {size} byte packets\n"));
    let (own, gateway) = own(sys);
    let near = address.is_loopback() || address.to_string() == own;
    let mut hop = 1;
    let row = |n: u32, at: &str| {
        let shown = if opts.has('n') { at.to_owned() } else { format!("{at} ({at})") };
        format!("{n:2}  {shown}  0.{:03} ms  0.0{:02} ms  0.0{:02} ms\n", 40 * n, 11 * n, 9 * n)
    };
    if !near {
        sys.print(&row(hop, &gateway));
        hop += 1;
    }
    if sys.echo(address) || near {
        sys.print(&row(hop, &address.to_string()));
    } else {
        while hop <= hops {
            sys.print(&format!("{hop:2}  *  *  *\n"));
            hop += 1;
        }
    }
    0
}

pub(in crate::programs) fn host(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let Some(name) = argv.iter().skip(1).find(|a| !a.starts_with('-')).cloned() else {
        sys.complain("Usage: host [-aCdilrTvVw] [-c class] [-N ndots] [-t type] [-W time]\n            [-R number] [-m flag] [-p port] hostname [server]\n");
        return 1;
    };
    match resolve::first(sys, &name) {
        Ok(IpAddr::V4(address)) => {
            sys.print(&format!("{name} has address {address}\n"));
            0
        }
        Ok(address) => {
            sys.print(&format!("{name} has IPv6 address {address}\n"));
            0
        }
        Err(_) => {
            sys.print(&format!("Host {name} not found: 3(NXDOMAIN)\n"));
            1
        }
    }
}
