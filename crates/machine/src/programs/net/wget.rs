//! `wget`, busybox's and GNU's.
//!
//! Models busybox 1.37 `networking/wget.c` and GNU wget 1.21. What is fetched comes at once, so progress shows its end.

use std::net::{IpAddr, SocketAddr};

use super::{INET, STREAM, options, resolve, url::Url};
use crate::errno::Errno;
use crate::net::{ClientHello, Heard, Request, Response, Said, reason};
use crate::programs::date;
use crate::sys::Sys;

/// How often GNU wget tries.
const TRIES: u32 = 20;
/// How often a redirect is followed.
const REDIRECTS: u32 = 15;

const LONG: &[(&str, char)] = &[
    ("timeout", 'T'),
    ("output-document", 'O'),
    ("quiet", 'q'),
    ("no-verbose", 'V'),
    ("tries", 't'),
    ("spider", 's'),
    ("no-check-certificate", 'k'),
    ("server-response", 'S'),
    ("header", 'H'),
    ("post-data", 'd'),
    ("connect-timeout", 'T'),
    ("user-agent", 'U'),
];

pub(in crate::programs) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    // `-nv` is one option.
    let argv: Vec<String> =
        argv.iter().map(|a| if a == "-nv" { "-V".to_owned() } else { a.clone() }).collect();
    let busybox = sys.busybox();
    let opts = match options::parse(sys, &argv, "T:O:qVt:skSY:cH:d:U:P:4", LONG) {
        Ok(o) => o,
        Err(_) => return if busybox { 1 } else { 2 },
    };
    let Some(target) = opts.operands.first().cloned() else {
        sys.complain(if busybox {
            "BusyBox v1.37.0 () multi-call binary.\n\nUsage: wget [-cqS] [--spider] [-O FILE] [-o LOGFILE] [--header STR]\n\t[--post-data STR | --post-file FILE] [-Y on/off]\n\t[--no-check-certificate] [-P DIR] [-U AGENT] [-T SEC] URL...\n"
        } else {
            "wget: missing URL\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n"
        });
        return 1;
    };
    let Some(url) = Url::parse(&target) else {
        sys.complain(&if busybox {
            format!("wget: bad address '{target}'\n")
        } else {
            format!("{target}: Bad port number.\n")
        });
        return 1;
    };
    if busybox { of_busybox(sys, &opts, url) } else { of_gnu(sys, &opts, url) }
}

/// The request for a URL.
fn request(url: &Url, opts: &options::Options, agent: &str) -> Vec<u8> {
    let body = opts.value('d').unwrap_or("").to_owned();
    let mut headers = vec![
        ("Host".to_owned(), url.authority()),
        ("User-Agent".to_owned(), opts.value('U').unwrap_or(agent).to_owned()),
        ("Connection".to_owned(), "close".to_owned()),
    ];
    for (_, header) in opts.given.iter().filter(|(l, _)| *l == 'H') {
        if let Some((name, value)) = header.split_once(':') {
            headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name.trim()));
            headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }
    let method = if body.is_empty() { "GET" } else { "POST" };
    Request { method: method.to_owned(), path: url.path.clone(), headers, body: body.into_bytes() }.bytes()
}

fn said(url: &Url, bytes: Vec<u8>) -> Said {
    let named = url.host.parse::<IpAddr>().is_err();
    let hello = url.secure().then(|| ClientHello {
        server_name: if named { url.host.clone() } else { String::new() },
        ..ClientHello::default()
    });
    Said::Bytes(hello, bytes)
}

fn of_busybox(sys: &mut Sys<'_>, opts: &options::Options, mut url: Url) -> i32 {
    let quiet = opts.has('q');
    let limit = opts.value('T').and_then(|t| t.parse::<i64>().ok()).filter(|t| *t > 0).map(|t| t * 1000);
    let _ = sys.call("rt_sigaction");
    let file = url.file().to_owned();
    let mut noted = false;
    for _ in 0..REDIRECTS + 1 {
        let Ok(address) = resolve::first(sys, &url.host) else {
            sys.complain(&format!("wget: bad address '{}'\n", url.host));
            return 1;
        };
        let to = SocketAddr::new(address, url.port);
        if !quiet {
            let shown = if url.explicit { format!("{}:{}", url.host, url.port) } else { url.host.clone() };
            sys.complain(&format!("Connecting to {shown} ({to})\n"));
        }
        let _ = sys.call("alarm");
        let fd = match sys.socket(INET, STREAM, 0) {
            Ok(fd) => fd,
            Err(e) => {
                sys.complain(&format!("wget: socket: {}\n", e.text()));
                return 1;
            }
        };
        if let Err(e) = sys.connect(fd, to, limit) {
            let late = e == Errno::ETIMEDOUT && limit.is_some();
            sys.complain(&if late {
                "wget: download timed out\n".to_owned()
            } else {
                format!("wget: can't connect to remote host ({address}): {}\n", e.text())
            });
            return 1;
        }
        if url.secure() && !std::mem::replace(&mut noted, true) {
            sys.complain("wget: note: TLS certificate validation not implemented\n");
        }
        let heard = sys.exchange(fd, &said(&url, request(&url, opts, "Wget")));
        let bytes = match heard {
            Heard::Bytes(_, bytes) => bytes,
            Heard::NotTls => {
                sys.complain("wget: got bad TLS record (len:0) while expecting handshake record\nwget: error getting response: Connection reset by peer\n");
                return 1;
            }
            Heard::Silence => {
                sys.pass(limit.unwrap_or(900_000));
                sys.complain("wget: download timed out\n");
                return 1;
            }
            _ => {
                sys.complain("wget: error getting response: Connection reset by peer\n");
                return 1;
            }
        };
        let Some(response) = Response::parse(&bytes) else {
            sys.complain("wget: error getting response: Success\n");
            return 1;
        };
        let (code, words) = &response.status;
        if opts.has('S') {
            sys.complain(&format!("  HTTP/1.1 {code} {words}\n"));
            for (name, value) in &response.headers {
                sys.complain(&format!("  {name}: {value}\n"));
            }
            sys.complain("  \n");
        }
        if matches!(code, 300..=303 | 307 | 308) {
            match response.header("location").and_then(|l| url.join(l)) {
                Some(next) => {
                    url = next;
                    continue;
                }
                None => return 0,
            }
        }
        if !matches!(code, 200..=204) {
            sys.complain(&format!("wget: server returned error: HTTP/1.1 {code} {words}\n"));
            return 1;
        }
        if opts.has('s') {
            if !quiet {
                sys.complain("remote file exists\n");
            }
            return 0;
        }
        return save_busybox(sys, opts, &file, &response.body);
    }
    sys.complain("wget: too many redirections\n");
    1
}

fn save_busybox(sys: &mut Sys<'_>, opts: &options::Options, file: &str, body: &[u8]) -> i32 {
    let quiet = opts.has('q');
    let target = opts.value('O').unwrap_or(file);
    let out = target == "-";
    if !out && opts.value('O').is_none() && sys.stat(target).is_ok() {
        sys.complain(&format!("wget: can't open '{target}': File exists\n"));
        return 1;
    }
    if !quiet {
        sys.complain(&if out { "writing to stdout\n".to_owned() } else { format!("saving to '{target}'\n") });
    }
    if out {
        sys.print_bytes(body);
        sys.flush();
    } else if let Err(e) = sys.spill(target, body) {
        sys.complain(&format!("wget: can't open '{target}': {}\n", e.text()));
        return 1;
    }
    if !quiet {
        let name: String = target.chars().take(20).collect();
        let bar = "*".repeat(32);
        sys.complain(&format!("{name:<20} 100% |{bar}| {:>5}  0:00:00 ETA\n", body.len()));
        sys.complain(&if out { "written to stdout\n".to_owned() } else { format!("'{target}' saved\n") });
    }
    0
}

/// Whether GNU wget says anything but errors.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Voice {
    Full,
    Errors,
    None,
}

fn of_gnu(sys: &mut Sys<'_>, opts: &options::Options, mut url: Url) -> i32 {
    let voice = match (opts.has('q'), opts.has('V')) {
        (true, _) => Voice::None,
        (_, true) => Voice::Errors,
        _ => Voice::Full,
    };
    let tries =
        opts.value('t').and_then(|t| t.parse::<u32>().ok()).map_or(TRIES, |t| if t == 0 { TRIES } else { t });
    let limit =
        opts.value('T').and_then(|t| t.parse::<f64>().ok()).filter(|t| *t > 0.0).map(|t| (t * 1000.0) as i64);
    let file = url.file().to_owned();
    let spider = opts.has('s');
    let full = |sys: &mut Sys<'_>, text: &str| {
        if voice == Voice::Full {
            sys.complain(text);
        }
    };
    let mut follows = 0;
    let mut attempt = 1;
    loop {
        if spider {
            full(sys, "Spider mode enabled. Check if remote file exists.\n");
        }
        let stamp = date::format("%F %T", sys.now().0);
        let count = if attempt > 1 { format!("(try:{attempt:2})  ") } else { String::new() };
        full(sys, &format!("--{stamp}--  {count}{}\n", url.text()));
        let named = url.host.parse::<IpAddr>().is_err();
        if named {
            full(sys, &format!("Resolving {0} ({0})... ", url.host));
        }
        let found = match resolve::lookup(sys, &url.host, limit) {
            Ok(found) => found,
            Err(why) => {
                let text = if why == resolve::Failure::Late { "Connection timed out" } else { why.text() };
                full(sys, &format!("failed: {text}.\n"));
                if voice != Voice::None {
                    sys.complain(&format!(
                        "wget: unable to resolve host address \u{2018}{}\u{2019}\n",
                        url.host
                    ));
                }
                return 4;
            }
        };
        let all: Vec<String> = found.addresses.iter().map(ToString::to_string).collect();
        let Some(address) = found.addresses.first().copied() else { return 4 };
        if named {
            full(sys, &format!("{}\n", all.join(", ")));
            full(sys, &format!("Connecting to {0} ({0})|{address}|:{1}... ", url.host, url.port));
        } else {
            full(sys, &format!("Connecting to {}:{}... ", url.host, url.port));
        }
        let socket = sys.socket(INET, STREAM, 0);
        let _ = sys.call("setitimer");
        let connected =
            socket.and_then(|fd| sys.connect(fd, SocketAddr::new(address, url.port), limit).map(|()| fd));
        let heard = match connected {
            Ok(fd) => {
                full(sys, "connected.\n");
                sys.exchange(fd, &said(&url, request(&url, opts, "Wget/1.21.3")))
            }
            Err(e) => {
                if voice == Voice::Errors || voice == Voice::Full {
                    sys.complain(&format!("failed: {}.\n", e.text()));
                }
                // Any failure but a refusal is taken for a passing one.
                if e == Errno::ECONNREFUSED {
                    return 4;
                }
                if attempt >= tries {
                    full(sys, if tries > 1 { "Giving up.\n\n" } else { "" });
                    return 4;
                }
                full(sys, "Retrying.\n\n");
                sys.pass(i64::from(attempt.min(10)) * 1000);
                attempt += 1;
                continue;
            }
        };
        let (hello, bytes) = match heard {
            Heard::Bytes(hello, bytes) => (hello, bytes),
            Heard::NotTls => {
                full(
                    sys,
                    "OpenSSL: error:0A00010B:SSL routines::wrong version number\nUnable to establish SSL connection.\n",
                );
                return 4;
            }
            silent => {
                let why = if silent == Heard::Silence {
                    "Connection timed out"
                } else {
                    "Connection reset by peer"
                };
                if silent == Heard::Silence {
                    sys.pass(limit.unwrap_or(900_000));
                }
                full(
                    sys,
                    &format!("HTTP request sent, awaiting response... Read error ({why}) in headers.\n"),
                );
                if attempt >= tries {
                    full(sys, "Giving up.\n\n");
                    return 4;
                }
                full(sys, "Retrying.\n\n");
                sys.pass(i64::from(attempt.min(10)) * 1000);
                attempt += 1;
                continue;
            }
        };
        let trouble = hello.filter(|_| !opts.has('k')).and_then(|h| distrust(&h.certificate, &url.host));
        if let Some(text) = trouble {
            if voice != Voice::None {
                sys.complain(&text);
            }
            return 5;
        }
        let Some(response) = Response::parse(&bytes) else {
            full(sys, "HTTP request sent, awaiting response... 200 No headers, assuming HTTP/0.9\n");
            return save_gnu(sys, opts, &file, &bytes, voice);
        };
        let (code, words) = response.status.clone();
        full(sys, "HTTP request sent, awaiting response... ");
        if opts.has('S') {
            full(sys, &format!("\n  HTTP/1.1 {code} {words}\n"));
            for (name, value) in &response.headers {
                full(sys, &format!("  {name}: {value}\n"));
            }
        } else {
            full(sys, &format!("{code} {words}\n"));
        }
        if matches!(code, 301 | 302 | 303 | 307 | 308)
            && let Some(location) = response.header("location")
            && let Some(next) = url.join(location)
        {
            full(sys, &format!("Location: {location} [following]\n"));
            follows += 1;
            if follows > 20 {
                full(sys, "20 redirections exceeded.\n");
                return 8;
            }
            url = next;
            attempt = 1;
            continue;
        }
        if code >= 400 {
            if spider && code == 404 {
                full(sys, "Remote file does not exist -- broken link!!!\n\n");
            } else if voice != Voice::None {
                let stamp = date::format("%F %T", sys.now().0);
                let url = if voice == Voice::Errors { format!("{}:\n", url.text()) } else { String::new() };
                sys.complain(&format!("{url}{stamp} ERROR {code}: {}.\n\n", reason(code)));
            }
            return if code == 401 { 6 } else { 8 };
        }
        let kind =
            response.header("content-type").map(|k| format!(" [{}]", k.split(';').next().unwrap_or(k)));
        full(sys, &format!("Length: {}{}\n", response.body.len(), kind.unwrap_or_default()));
        if spider {
            full(
                sys,
                "Remote file exists and could contain further links,\nbut recursion is disabled -- not retrieving.\n\n",
            );
            return 0;
        }
        return save_gnu(sys, opts, &file, &response.body, voice);
    }
}

/// Why a certificate is not trusted.
fn distrust(certificate: &crate::net::Certificate, host: &str) -> Option<String> {
    let insecure = format!("To connect to {host} insecurely, use `--no-check-certificate'.\n");
    if !super::curl::publicly_trusted(certificate) {
        let why = if certificate.self_signed() {
            "  Self-signed certificate encountered.\n"
        } else {
            "  Unable to locally verify the issuer's authority.\n"
        };
        let issuer = certificate.issuer.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(",");
        return Some(format!(
            "ERROR: cannot verify {host}'s certificate, issued by \u{2018}{issuer}\u{2019}:\n{why}{insecure}"
        ));
    }
    (!certificate.is_for(host)).then(|| {
        let name = certificate.names.first().map_or("", String::as_str);
        format!("ERROR: certificate common name \u{2018}{name}\u{2019} doesn't match requested host name \u{2018}{host}\u{2019}.\n{insecure}")
    })
}

fn save_gnu(sys: &mut Sys<'_>, opts: &options::Options, file: &str, body: &[u8], voice: Voice) -> i32 {
    let target = opts.value('O').unwrap_or(file).to_owned();
    let out = target == "-";
    let shown = if out { "STDOUT" } else { target.as_str() };
    if voice == Voice::Full {
        sys.complain(&format!("Saving to: \u{2018}{shown}\u{2019}\n\n"));
    }
    if out {
        sys.print_bytes(body);
        sys.flush();
    } else if let Err(e) = sys.spill(&target, body) {
        sys.complain(&format!(
            "{target}: {}\n\nCannot write to \u{2018}{target}\u{2019} ({}).\n",
            e.text(),
            e.text()
        ));
        return 3;
    }
    if voice == Voice::Full {
        let stamp = date::format("%F %T", sys.now().0);
        let size = body.len();
        let end = if out {
            format!("written to stdout [{size}/{size}]")
        } else {
            format!("\u{2018}{target}\u{2019} saved [{size}/{size}]")
        };
        sys.complain(&format!("     0K{:>53} 100%  10.0M=0s\n\n{stamp} (10.0 MB/s) - {end}\n\n", "."));
    }
    0
}
