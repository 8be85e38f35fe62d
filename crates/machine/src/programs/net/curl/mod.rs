//! `curl`.
//!
//! Models curl 7.88 (Debian 12) and, on hosts, 8.5 (Ubuntu 24.04), of HTTP and HTTPS alone: no proxy, no cookies kept, no
//! ranges. What comes comes at once, so the progress meter shows only its end.

mod options;
mod report;
mod tls;

use std::net::{IpAddr, SocketAddr};

use super::resolve::{self, Failure};
use super::url::Url;
use super::{INET, STREAM};
use crate::errno::Errno;
use crate::net::{ClientHello, Heard, Request, Response, Said};
use crate::process::State;
use crate::programs::encode_base64;
use crate::sys::Sys;

use options::Wish;
use report::{METER, Numbers, head, meter};
use tls::Trouble;
pub(in super::super) use tls::publicly_trusted;

/// How many redirects are followed.
const REDIRECTS: usize = 50;

pub(in crate::programs) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let help = "curl: try 'curl --help' or 'curl --manual' for more information\n";
    let wish = match Wish::read(sys, argv) {
        Ok(wish) => wish,
        Err(why) => {
            sys.complain(&format!("curl: {why}\n{help}"));
            return 2;
        }
    };
    let host = sys.space().is_some_and(|s| s.id == crate::machine::HOST);
    let version = if host { "8.5.0" } else { "7.88.1" };
    if wish.has('V') {
        sys.print(&format!("curl {version} (x86_64-pc-linux-gnu) libcurl/{version} OpenSSL/3.0.17\nProtocols: file http https\nFeatures: alt-svc AsynchDNS HTTP2 HTTPS-proxy IPv6 SSL\n"));
        return 0;
    }
    if wish.urls.is_empty() {
        let first = if argv.len() > 1 { "curl: no URL specified!\n" } else { "" };
        sys.complain(&format!("{first}{help}"));
        return 2;
    }
    let mut code = 0;
    for url in wish.urls.clone() {
        let mut curl = Curl { wish: &wish, version, host, numbers: Numbers::default() };
        code = curl.run(sys, &url);
    }
    code
}

struct Curl<'c> {
    wish: &'c Wish,
    version: &'static str,
    /// Whether it is the newer one of a host.
    host: bool,
    numbers: Numbers,
}

/// What a transfer comes to.
enum End {
    /// An answer to be shown.
    Shown(Response, bool),
    /// It goes on until a person stops it.
    Waits,
}

impl Curl<'_> {
    fn say(&self, sys: &mut Sys<'_>, text: &str) {
        if self.wish.has('v') {
            sys.complain(&format!("* {text}\n"));
        }
    }

    fn run(&mut self, sys: &mut Sys<'_>, text: &str) -> i32 {
        let began = sys.now().0;
        let result = self.follow(sys, text);
        self.numbers.spent = sys.now().0 - began;
        let metered = !self.wish.has('s')
            && !self.wish.has(options::NO_METER)
            && (!sys.is_tty(1) || self.wish.has('o') || self.wish.has('O'));
        match result {
            Ok(End::Waits) => {
                sys.stop(State::Blocked(None, 130));
                130
            }
            Ok(End::Shown(response, http2)) => {
                if self.wish.has('f') && response.status.0 >= 400 {
                    let why = format!("The requested URL returned error: {}", response.status.0);
                    return self.fail(sys, metered, (22, why));
                }
                if metered {
                    let sent = self.wish.body().map_or(0, |b| b.len());
                    sys.complain(METER);
                    sys.complain(&meter(if self.wish.has('I') { 0 } else { response.body.len() }, sent));
                }
                let code = self.show(sys, &response, http2);
                if let Some(format) = self.wish.value('w') {
                    self.numbers.write_out(sys, format);
                }
                code
            }
            Err(trouble) => self.fail(sys, metered, trouble),
        }
    }

    fn fail(&mut self, sys: &mut Sys<'_>, metered: bool, (code, why): Trouble) -> i32 {
        if metered {
            sys.complain(METER);
            let spent = self.numbers.spent / 1000;
            let time = if spent == 0 {
                "--:--:--".to_owned()
            } else {
                format!("{:2}:{:02}:{:02}", spent / 3600, spent / 60 % 60, spent % 60)
            };
            let end = if code == 6 { "" } else { "\n" };
            sys.complain(&format!(
                "  0     0    0     0    0     0      0      0 --:--:-- {time} --:--:--     0{end}"
            ));
        }
        if !self.wish.has('s') || self.wish.has('S') {
            sys.complain(&format!("curl: ({code}) {why}\n"));
        }
        self.numbers.error = why.lines().next().unwrap_or_default().to_owned();
        self.numbers.exit = code;
        if let Some(format) = self.wish.value('w') {
            self.numbers.write_out(sys, format);
        }
        code
    }

    /// Fetches, and follows redirects where that was asked for.
    fn follow(&mut self, sys: &mut Sys<'_>, text: &str) -> Result<End, Trouble> {
        let malformed = || (3, "URL using bad/illegal format or missing URL".to_owned());
        let mut url = Url::parse(text).ok_or_else(malformed)?;
        if let Some((scheme, _)) =
            text.split_once("://").filter(|_| !matches!(url.scheme.as_str(), "http" | "https"))
        {
            return Err((1, format!("Protocol \"{scheme}\" not supported or disabled in libcurl")));
        }
        let body = self.wish.body();
        if self.wish.has('G')
            && let Some(query) = &body
        {
            url.path.push_str(if url.path.contains('?') { "&" } else { "?" });
            url.path.push_str(query);
        }
        let mut body = body.filter(|_| !self.wish.has('G'));
        let mut method = match self.wish.value('X') {
            Some(method) => method.to_owned(),
            None if self.wish.has('I') => "HEAD".to_owned(),
            None if body.is_some() => "POST".to_owned(),
            None => "GET".to_owned(),
        };
        for entry in self.wish.all(options::RESOLVE) {
            let mut parts = entry.trim_start_matches('+').splitn(3, ':');
            if let (Some(h), Some(p), Some(a)) = (parts.next(), parts.next(), parts.next()) {
                self.say(sys, &format!("Added {h}:{p}:{a} to DNS cache"));
            }
        }
        let most = self.wish.value(options::MAX_REDIRS).and_then(|m| m.parse().ok()).unwrap_or(REDIRECTS);
        loop {
            self.numbers.url = url.text();
            self.numbers.scheme = url.scheme.to_ascii_uppercase();
            let (response, http2) = match self.once(sys, &url, &method, body.as_deref())? {
                End::Shown(response, http2) => (response, http2),
                waits @ End::Waits => return Ok(waits),
            };
            let code = response.status.0;
            let to = response.header("location").filter(|_| matches!(code, 301 | 302 | 303 | 307 | 308));
            let next = to.and_then(|l| url.join(l));
            if let Some(next) = &next {
                self.numbers.redirect_url = next.text();
            }
            match next.filter(|_| self.wish.has('L')) {
                None => return Ok(End::Shown(response, http2)),
                Some(_) if self.numbers.redirects >= most => {
                    return Err((47, format!("Maximum ({most}) redirects followed")));
                }
                Some(next) => {
                    if self.wish.has('i') || self.wish.has('I') {
                        let head = head(&response, http2);
                        sys.print(&head);
                    }
                    self.numbers.redirects += 1;
                    if next.port != url.port {
                        self.say(
                            sys,
                            &format!("Clear auth, redirects to port from {} to {}", url.port, next.port),
                        );
                    }
                    self.say(sys, &format!("Issue another request to this URL: '{}'", next.text()));
                    if matches!(code, 301..=303) && method == "POST" {
                        "GET".clone_into(&mut method);
                        body = None;
                    }
                    url = next;
                }
            }
        }
    }

    /// The address to connect to, by `--resolve`, `--connect-to`, or the resolver.
    fn address(&self, sys: &mut Sys<'_>, url: &Url, limit: Option<i64>) -> Result<SocketAddr, Trouble> {
        let (mut host, mut port) = (url.host.clone(), url.port);
        for entry in self.wish.all(options::CONNECT_TO) {
            let parts: Vec<&str> = entry.split(':').collect();
            if let [h, p, to, other] = parts.as_slice()
                && (h.is_empty() || *h == host)
                && (p.is_empty() || *p == port.to_string())
            {
                if !to.is_empty() {
                    self.say(sys, &format!("Connecting to hostname: {to}"));
                    (*to).clone_into(&mut host);
                }
                port = other.parse().unwrap_or(port);
                break;
            }
        }
        for entry in self.wish.all(options::RESOLVE) {
            let mut parts = entry.trim_start_matches('+').splitn(3, ':');
            let (Some(h), Some(p), Some(a)) = (parts.next(), parts.next(), parts.next()) else { continue };
            let first = a.split(',').next().unwrap_or(a).trim_matches(['[', ']']);
            if (h == host || h == "*")
                && p == port.to_string()
                && let Ok(ip) = first.parse::<IpAddr>()
            {
                self.say(sys, &format!("Hostname {host} was found in DNS cache"));
                return Ok(SocketAddr::new(ip, port));
            }
        }
        match resolve::lookup(sys, &host, limit) {
            Ok(found) => {
                let ip = found.addresses.first().copied().unwrap_or(IpAddr::from([0, 0, 0, 0]));
                Ok(SocketAddr::new(ip, port))
            }
            Err(Failure::Late) => {
                let why = format!("Resolving timed out after {} milliseconds", limit.unwrap_or(0));
                self.say(sys, &why);
                self.say(sys, &self.closing());
                Err((28, why))
            }
            Err(_) => {
                let why = format!("Could not resolve host: {host}");
                self.say(sys, &why);
                self.say(sys, &self.closing());
                Err((6, why))
            }
        }
    }

    fn closing(&self) -> String {
        let number = self.numbers.connects.saturating_sub(1);
        if self.host { "Closing connection".to_owned() } else { format!("Closing connection {number}") }
    }

    /// One request and its answer.
    fn once(
        &mut self,
        sys: &mut Sys<'_>,
        url: &Url,
        method: &str,
        body: Option<&str>,
    ) -> Result<End, Trouble> {
        let wish = self.wish;
        let (whole, opening) = (wish.millis('m'), wish.millis(options::CONNECT_TIMEOUT));
        let limit = match (whole, opening) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let to = self.address(sys, url, limit)?;
        self.say(sys, &format!("  Trying {to}..."));
        self.numbers.connects += 1;
        let host = url.host.as_str();
        let fd = self.open(sys, host, to, limit, whole)?;
        let nth = self.numbers.connects - 1;
        let mark = if self.host { String::new() } else { format!(" (#{nth})") };
        self.say(sys, &format!("Connected to {host} ({}) port {}{mark}", to.ip(), to.port()));
        self.numbers.ip = to.ip().to_string();
        self.numbers.port = to.port();
        let hello = if url.secure() { Some(self.hello(sys, host)?) } else { None };
        let request = self.request(url, method, body);
        let said = Said::Bytes(hello.clone(), request.bytes());
        let heard = sys.exchange(fd, &said);
        let closing = self.closing();
        let bytes = match heard {
            Heard::Bytes(shown, bytes) => {
                let http2 = shown.as_ref().is_some_and(|s| s.http2);
                if let Some(shown) = &shown {
                    let offered = hello.as_ref().is_some_and(|h| h.http2);
                    tls::meet(sys, wish, host, shown, offered).inspect_err(|_| self.say(sys, &closing))?;
                    self.say(sys, if http2 { "using HTTP/2" } else { "using HTTP/1.x" });
                }
                self.numbers.http2 = http2;
                self.sent(sys, &request, http2, url);
                bytes
            }
            Heard::NotTls => {
                let why = "OpenSSL/3.0.17: error:0A00010B:SSL routines::wrong version number".to_owned();
                self.say(sys, "ALPN: offers h2,http/1.1");
                self.say(sys, "TLSv1.3 (OUT), TLS handshake, Client hello (1):");
                self.say(sys, &why);
                self.say(sys, &closing);
                return Err((35, why));
            }
            Heard::Alert(alert) if !alert.contains("required") => {
                let number = if alert.contains("version") { "0A00042E" } else { "0A000410" };
                return Err((35, format!("OpenSSL/3.0.17: error:{number}:SSL routines::{alert}")));
            }
            Heard::Alert(alert) => {
                let number = if alert.contains("required") { "0A00045C" } else { "0A000412" };
                return Err((
                    56,
                    format!(
                        "OpenSSL SSL_read: OpenSSL/3.0.17: error:{number}:SSL routines::{alert}, errno 0"
                    ),
                ));
            }
            Heard::Silence => {
                if hello.is_none() {
                    self.sent(sys, &request, false, url);
                }
                let Some(limit) = whole else { return Ok(End::Waits) };
                sys.pass(limit);
                let why =
                    format!("Operation timed out after {} milliseconds with 0 bytes received", limit + 1);
                self.say(sys, &why);
                self.say(sys, &closing);
                return Err((28, why));
            }
            _ if hello.is_some() => {
                let why = format!(
                    "OpenSSL SSL_connect: Connection reset by peer in connection to {host}:{} ",
                    url.port
                );
                self.say(sys, &why);
                self.say(sys, &closing);
                return Err((35, why));
            }
            _ => {
                self.sent(sys, &request, false, url);
                let why = "Recv failure: Connection reset by peer".to_owned();
                self.say(sys, &why);
                self.say(sys, &closing);
                return Err((56, why));
            }
        };
        if bytes.is_empty() {
            self.say(sys, "Empty reply from server");
            self.say(sys, &closing);
            return Err((52, "Empty reply from server".to_owned()));
        }
        let Some(response) = Response::parse(&bytes) else {
            self.say(sys, "Received HTTP/0.9 when not allowed");
            self.say(sys, &closing);
            return Err((1, "Received HTTP/0.9 when not allowed".to_owned()));
        };
        self.received(sys, &response, host);
        self.numbers.code = response.status.0;
        self.numbers.size = response.body.len();
        response.header("content-type").unwrap_or("").clone_into(&mut self.numbers.kind);
        Ok(End::Shown(response, self.numbers.http2))
    }

    /// Opens the connection.
    fn open(
        &self,
        sys: &mut Sys<'_>,
        host: &str,
        to: SocketAddr,
        limit: Option<i64>,
        whole: Option<i64>,
    ) -> Result<i32, Trouble> {
        let port = to.port();
        let failed = |millis: i64, why: &str| {
            format!("Failed to connect to {host} port {port} after {millis} ms: {why}")
        };
        let refused = "Couldn't connect to server";
        let result = sys.socket(INET, STREAM, 6).and_then(|fd| sys.connect(fd, to, limit).map(|()| fd));
        let (code, why) = match result {
            Ok(fd) => return Ok(fd),
            Err(Errno::ETIMEDOUT) => match limit {
                // The time for the whole ends with other words than the time for connecting.
                Some(limit) if whole == Some(limit) => {
                    (28, format!("Connection timed out after {} milliseconds", limit + 1))
                }
                Some(limit) => (28, failed(limit + 1, "Timeout was reached")),
                None => {
                    self.say(
                        sys,
                        &format!("connect to {} port {port} failed: Connection timed out", to.ip()),
                    );
                    (28, failed(127_000, refused))
                }
            },
            Err(e @ (Errno::ECONNREFUSED | Errno::EHOSTUNREACH)) => {
                self.say(sys, &format!("connect to {} port {port} failed: {}", to.ip(), e.text()));
                (7, failed(0, refused))
            }
            Err(e) => {
                self.say(sys, &format!("Immediate connect fail for {}: {}", to.ip(), e.text()));
                (7, failed(0, refused))
            }
        };
        self.say(sys, &why);
        self.say(sys, &self.closing());
        Err((code, why))
    }

    /// What is shown to a server that speaks TLS.
    fn hello(&self, sys: &mut Sys<'_>, host: &str) -> Result<ClientHello, Trouble> {
        if let Some(file) = self.wish.value(options::CACERT)
            && sys.slurp(file).is_err()
        {
            return Err((77, format!("error setting certificate file: {file}")));
        }
        let certificate = match self.wish.value('E') {
            None => None,
            Some(file) => {
                let file = file.split(':').next().unwrap_or(file);
                Some(sys.slurp(file).map_err(|_| {
                    (58, format!("could not load PEM client certificate from {file}, OpenSSL error error:80000002:system library::No such file or directory, (no key found, wrong pass phrase, or wrong file format?)"))
                })?)
            }
        };
        let tls_max = match self.wish.value(options::TLS_MAX) {
            None | Some("1.3" | "default") => 3,
            Some("1.2") => 2,
            // The library itself speaks nothing older.
            Some(_) => {
                return Err((
                    35,
                    "OpenSSL/3.0.17: error:0A0000BF:SSL routines::no protocols available".to_owned(),
                ));
            }
        };
        let named = host.parse::<IpAddr>().is_err();
        Ok(ClientHello {
            server_name: if named { host.to_owned() } else { String::new() },
            certificate,
            http2: !self.wish.has(options::HTTP1),
            tls_max,
            ciphers: self.wish.value(options::CIPHERS).unwrap_or_default().to_owned(),
        })
    }

    fn request(&self, url: &Url, method: &str, body: Option<&str>) -> Request {
        let wish = self.wish;
        let mut headers = vec![("Host".to_owned(), url.authority())];
        let user = wish.value('u').map(str::to_owned).or_else(|| url.user.clone());
        if let Some(user) = user {
            headers.push(("Authorization".to_owned(), format!("Basic {}", encode_base64(user.as_bytes()))));
        }
        if let Some(token) = wish.value(options::BEARER) {
            headers.push(("Authorization".to_owned(), format!("Bearer {token}")));
        }
        let agent = wish.value('A').map_or_else(|| format!("curl/{}", self.version), str::to_owned);
        headers.push(("User-Agent".to_owned(), agent));
        let json = wish.has(options::JSON);
        headers.push(("Accept".to_owned(), if json { "application/json" } else { "*/*" }.to_owned()));
        if let Some(cookie) = wish.value('b') {
            headers.push(("Cookie".to_owned(), cookie.to_owned()));
        }
        for header in wish.all('H') {
            let Some((name, value)) = header.split_once([':', ';']) else { continue };
            let (name, value) = (name.trim(), value.trim());
            let own = headers.iter_mut().find(|(n, _)| n.eq_ignore_ascii_case(name));
            match own {
                Some(own) if !value.is_empty() => value.clone_into(&mut own.1),
                Some(_) => headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name)),
                None if value.is_empty() => {}
                None => headers.push((name.to_owned(), value.to_owned())),
            }
        }
        if let Some(body) = body {
            headers.push(("Content-Length".to_owned(), body.len().to_string()));
            if !headers.iter().any(|(n, _)| n.eq_ignore_ascii_case("content-type")) {
                let kind = if json { "application/json" } else { "application/x-www-form-urlencoded" };
                headers.push(("Content-Type".to_owned(), kind.to_owned()));
            }
        }
        Request {
            method: method.to_owned(),
            path: url.path.clone(),
            headers,
            body: body.unwrap_or_default().as_bytes().to_vec(),
        }
    }

    /// Shows what was sent.
    fn sent(&self, sys: &mut Sys<'_>, request: &Request, http2: bool, url: &Url) {
        if !self.wish.has('v') {
            return;
        }
        let mut text = String::new();
        if http2 {
            for (name, value) in [
                ("method", request.method.as_str()),
                ("path", &request.path),
                ("scheme", "https"),
                ("authority", &url.authority()),
            ] {
                text.push_str(&format!("* h2h3 [:{name}: {value}]\n"));
            }
            for (name, value) in request.headers.iter().filter(|(n, _)| n != "Host") {
                text.push_str(&format!("* h2h3 [{}: {value}]\n", name.to_lowercase()));
            }
            text.push_str("* Using Stream ID: 1 (easy handle 0x55851cd652b0)\n");
        }
        let version = if http2 { "HTTP/2" } else { "HTTP/1.1" };
        text.push_str(&format!("> {} {} {version}\r\n", request.method, request.path));
        for (name, value) in &request.headers {
            let name = if http2 && name != "Host" { name.to_lowercase() } else { name.clone() };
            text.push_str(&format!("> {name}: {value}\r\n"));
        }
        text.push_str("> \r\n");
        if !request.body.is_empty() && !sys.is_tty(1) {
            text.push_str(&format!("}} [{} bytes data]\n", request.body.len()));
        }
        sys.complain(&text);
    }

    /// Shows what came.
    fn received(&self, sys: &mut Sys<'_>, response: &Response, host: &str) {
        if !self.wish.has('v') {
            return;
        }
        let mut text: String =
            head(response, self.numbers.http2).lines().map(|l| format!("< {l}\r\n")).collect();
        if !response.body.is_empty() && !self.wish.has('I') && !sys.is_tty(1) {
            text.push_str(&format!("{{ [{} bytes data]\n", response.body.len()));
        }
        let closes = response.header("connection").is_some_and(|c| c.eq_ignore_ascii_case("close"));
        let number = self.numbers.connects.saturating_sub(1);
        text.push_str(&if closes {
            format!("* {}\n", self.closing())
        } else {
            format!("* Connection #{number} to host {host} left intact\n")
        });
        sys.complain(&text);
    }

    /// Puts an answer where it belongs.
    fn show(&mut self, sys: &mut Sys<'_>, response: &Response, http2: bool) -> i32 {
        let mut out = Vec::new();
        if self.wish.has('i') || self.wish.has('I') {
            out.extend(head(response, http2).into_bytes());
        }
        if let Some(file) = self.wish.value('D') {
            let text = head(response, http2);
            if file == "-" {
                out.extend(text.into_bytes());
            } else {
                let _ = sys.spill(file, text.as_bytes());
            }
        }
        if !self.wish.has('I') {
            out.extend_from_slice(&response.body);
        }
        let last = self.numbers.url.rsplit('/').next().unwrap_or("").to_owned();
        let file = match (self.wish.value('o'), self.wish.has('O')) {
            (Some("-"), _) | (None, false) => None,
            (Some(file), _) => Some(file.to_owned()),
            (None, true) => Some(last),
        };
        match file {
            None => sys.print_bytes(&out),
            Some(file) => {
                if let Err(e) = sys.spill(&file, &out) {
                    if !self.wish.has('s') || self.wish.has('S') {
                        sys.complain(&format!("Warning: Failed to open the file {file}: {}\ncurl: (23) Failure writing output to destination\n", e.text()));
                    }
                    return 23;
                }
            }
        }
        0
    }
}
