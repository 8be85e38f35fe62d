//! Programs of the network: `ping`, `nc`, `wget`, `curl`, `nslookup`, `dig`, `getent`, `ip`.

mod curl;
mod dig;
mod legacy;
mod nc;
mod nslookup;
mod ping;
pub(super) mod resolve;
mod url;
mod wget;

pub(super) use curl::main as curl;
pub(super) use curl::publicly_trusted;
pub(super) use dig::{getent, main as dig};
pub(super) use legacy::{arp, host, ifconfig, route, telnet, traceroute};
pub(super) use nc::main as nc;
pub(super) use nslookup::main as nslookup;
pub(super) use ping::main as ping;
pub(super) use wget::main as wget;

use super::options;
use crate::sys::Sys;

const INET: u16 = 2;
const STREAM: u32 = 1;
const DATAGRAM: u32 = 2;
const RAW: u32 = 3;
const ICMP: i32 = 1;
const INET6: u16 = 10;
const ICMP6: i32 = 58;
const TCP: i32 = 6;

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
            let only = words.iter().skip(1).rev().find(|w| matches!(**w, "lo" | "eth0")).copied();
            // What iproute2 tells besides.
            let more = match (busybox, addresses) {
                (true, _) => "",
                (false, true) => " group default",
                (false, false) => " mode DEFAULT group default",
            };
            let state = |s: &str| if busybox { String::new() } else { format!(" state {s}") };
            if only != Some("eth0") {
                sys.print(&format!("1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue{}{more} qlen 1000\n    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n", state("UNKNOWN")));
                if addresses {
                    let scope = if busybox { "host " } else { "host proto kernel_lo " };
                    sys.print(&format!(
                        "    inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever\n    inet6 ::1/128 scope {scope}\n       valid_lft forever preferred_lft forever\n"
                    ));
                }
            }
            if only != Some("lo") {
                sys.print(&format!("2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue{}{more} qlen 1000\n    link/ether 3e:5a:0c:2b:9d:11 brd ff:ff:ff:ff:ff:ff\n", state("UP")));
                if addresses {
                    let broadcast = address.rsplit_once('.').map_or("10.244.1", |(p, _)| p);
                    sys.print(&format!("    inet {address}/24 brd {broadcast}.255 scope global eth0\n       valid_lft forever preferred_lft forever\n"));
                }
            }
            0
        }
        o if !o.is_empty() && "route".starts_with(o) => {
            let prefix = address.rsplit_once('.').map_or("10.244.1", |(p, _)| p);
            let more = if busybox { " scope link" } else { " proto kernel scope link" };
            sys.print(&format!(
                "default via {prefix}.1 dev eth0 \n{prefix}.0/24 dev eth0{more}  src {address} \n"
            ));
            0
        }
        _ => {
            sys.complain("Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\n");
            255
        }
    }
}
