//! Small servers: those of a cluster's own pods, and those that people start to have something to talk to.
//!
//! CoreDNS and the ingress controller answer in [`crate::net`], where the cluster is known; here they only listen.

use crate::machine::Machine;
use crate::net::{Request, Response};
use crate::process::Process;
use crate::sys::Sys;

/// Opens TCP and UDP ports; what the kernel said of the first that it refused.
fn open(sys: &mut Sys<'_>, tcp: &[u16], udp: &[u16]) -> Result<(), String> {
    let all = tcp.iter().map(|p| (*p, 1)).chain(udp.iter().map(|p| (*p, 2)));
    for (port, kind) in all {
        let bound = sys.socket(2, kind, 0).and_then(|fd| sys.bind(fd, port).and_then(|()| sys.listen(fd)));
        let word = if kind == 1 { "tcp" } else { "udp" };
        bound.map_err(|e| format!("listen {word} :{port}: bind: {}\n", e.text().to_lowercase()))?;
    }
    Ok(())
}

fn run(sys: &mut Sys<'_>, tcp: &[u16], udp: &[u16]) -> i32 {
    match open(sys, tcp, udp) {
        Ok(()) => {
            let _ = sys.sleep(None);
            0
        }
        Err(why) => {
            sys.complain(&why);
            1
        }
    }
}

pub(in crate::programs) fn coredns(sys: &mut Sys<'_>, _argv: &[String]) -> i32 {
    if let Err(why) = open(sys, &[53, 8080, 8181, 9153], &[53]) {
        sys.complain(&why.replace("listen", "Listen: listen"));
        return 1;
    }
    sys.print(".:53\n[INFO] plugin/reload: Running configuration SHA512 = 1b226df79860026c6a52e67daa10d7f0d57ec5b023288ec00c5e05f93523c894564e15b91770d3a07ae1cfbe861d15b37d4a0027e69c546ab112970993a3b03b\nCoreDNS-1.13.1\nlinux/amd64, go1.25.2, 1db4568\n");
    let _ = sys.sleep(None);
    0
}

pub(in crate::programs) fn ingress(sys: &mut Sys<'_>, _argv: &[String]) -> i32 {
    run(sys, &[80, 443, 8443, 10254], &[])
}

/// Istio's agent: sets up the redirection, or is the sidecar.
pub(in crate::programs) fn pilot_agent(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    if argv.get(1).is_some_and(|a| a == "istio-iptables") {
        return match sys.change_network("setsockopt") {
            Ok(()) => 0,
            Err(_) => {
                sys.complain("iptables-restore v1.8.10 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)\n");
                1
            }
        };
    }
    run(sys, &[15000, 15001, 15006, 15020, 15021, 15090], &[])
}

/// The value of `-name=value` or `--name value`.
fn flag(argv: &[String], name: &str) -> Option<String> {
    let mut words = argv.iter().skip(1);
    while let Some(word) = words.next() {
        let bare = word.trim_start_matches('-');
        if bare == name {
            return words.next().cloned();
        }
        if let Some(value) = bare.strip_prefix(name).and_then(|v| v.strip_prefix('=')) {
            return Some(value.to_owned());
        }
    }
    None
}

fn port(text: &str) -> Option<u16> {
    text.rsplit(':').next().and_then(|p| p.parse().ok())
}

/// hashicorp/http-echo.
pub(in crate::programs) fn http_echo(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    if flag(argv, "text").is_none() {
        sys.complain("Missing -text option!\n");
        return 127;
    }
    let listen = flag(argv, "listen").and_then(|l| port(&l)).unwrap_or(5678);
    sys.complain(&format!("[INFO] server is listening on :{listen}\n"));
    run(sys, &[listen], &[])
}

/// Kubernetes' own test image.
pub(in crate::programs) fn agnhost(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    match argv.get(1).map(String::as_str) {
        Some("netexec") => {
            let http = flag(argv, "http-port").and_then(|p| p.parse().ok()).unwrap_or(8080);
            let udp = flag(argv, "udp-port").and_then(|p| p.parse().ok()).unwrap_or(8081);
            run(sys, &[http], &[udp])
        }
        Some("serve-hostname") => run(sys, &[9376], &[]),
        _ => run(sys, &[], &[]),
    }
}

/// Python, as far as it serves files: `python3 -m http.server PORT`.
pub(in crate::programs) fn python(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    if argv.iter().any(|a| a == "http.server") {
        let port = argv.iter().skip(1).filter_map(|a| a.parse().ok()).next_back().unwrap_or(8000);
        return run(sys, &[port], &[]);
    }
    if matches!(argv.get(1).map(String::as_str), Some("-V" | "--version")) {
        sys.print("Python 3.13.9\n");
        return 0;
    }
    let _ = sys.sleep(None);
    0
}

/// What each of them answers; `None` where it is none of these.
pub(super) fn answer(
    machine: &Machine,
    process: &Process,
    port: u16,
    request: Option<&Request>,
) -> Option<Vec<u8>> {
    let hostname = || machine.space(process.space).map(|s| s.hostname.clone()).unwrap_or_default();
    let method = request.map_or("GET", |r| r.method.as_str());
    let date = crate::programs::http_date(machine.now.0);
    let plain =
        |body: String| Response::new(200, "text/plain; charset=utf-8", body).first("Date", date.clone());
    let response = match process.comm.as_str() {
        "mysqld" => return Some(b"J\0\0\0\n8.4.7\0".to_vec()),
        "postgres" => return Some(Vec::new()),
        "coredns" | "pilot-agent" => {
            let path = request?.path.clone();
            if path.starts_with("/health") || path.starts_with("/ready") {
                plain("OK".to_owned())
            } else {
                plain("404 page not found\n".to_owned())
            }
        }
        "http-echo" => {
            let text = flag(&process.argv, "text").unwrap_or_default();
            plain(format!("{text}\n")).first("X-App-Version", "1.0.0").first("X-App-Name", "http-echo")
        }
        "hello-app" => plain(format!("Hello, world!\nVersion: 1.0.0\nHostname: {}\n", hostname())),
        "agnhost" => {
            let path = request?.path.clone();
            let (path, query) = path.split_once('?').unwrap_or((&path, ""));
            let message = query.split('&').find_map(|p| p.strip_prefix("msg="));
            plain(match path {
                _ if port == 9376 => hostname(),
                "/hostname" | "/hostName" => hostname(),
                "/echo" => message.unwrap_or("").to_owned(),
                "/healthz" => String::new(),
                _ => format!(
                    "NOW: {}",
                    super::super::date::format("%F %T.000000000 +0000 UTC m=+1.000000000", machine.now.0)
                ),
            })
        }
        "python3" => {
            let (code, kind, body) = super::files(machine, process, &request?.path);
            Response::new(code, kind, body)
                .first("Date", date.clone())
                .first("Server", "SimpleHTTP/0.6 Python/3.13.9")
        }
        _ => return None,
    };
    request.map(|_| response.bytes(method)).or(Some(Vec::new()))
}
