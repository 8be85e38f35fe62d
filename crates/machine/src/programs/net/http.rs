//! `wget` and `curl`.

use super::*;

/// A URL taken apart: host, port, path.
pub(super) fn url(text: &str) -> (String, u16, String) {
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
pub(super) fn answer(bytes: &[u8]) -> (String, Vec<u8>) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    if !text.starts_with("HTTP/") {
        return ("HTTP/1.1 200 OK".to_owned(), bytes.to_vec());
    }
    match text.split_once("\r\n\r\n") {
        Some((head, body)) => (head.to_owned(), body.as_bytes().to_vec()),
        None => (text, Vec::new()),
    }
}

pub(super) fn status(head: &str) -> u16 {
    head.split(' ').nth(1).and_then(|c| c.parse().ok()).unwrap_or(200)
}

pub(in crate::programs) fn wget(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
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
            let stamp = crate::programs::date::format("%F %T", sys.now().0);
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
    let opened = sys.socket(INET, STREAM, 0);
    if let Err(e) = opened {
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
    if !busybox {
        let _ = sys.call("setitimer");
    }
    let _ = sys.socket_call(opened.unwrap_or_default(), "connect");
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

pub(in crate::programs) fn curl(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
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
            sys.print(&crate::programs::escapes(&w, crate::programs::Escapes::Format).0);
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
                sys.print(&crate::programs::escapes(&w, crate::programs::Escapes::Format).0);
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
