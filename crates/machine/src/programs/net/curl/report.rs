//! What curl tells about a transfer: the progress meter, the head of an answer, what `-w` asks for.

use crate::net::Response;
use crate::programs::{Escapes, escapes};
use crate::sys::Sys;

/// The head of the progress meter.
pub(super) const METER: &str = "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n                                 Dload  Upload   Total   Spent    Left  Speed\n";

/// What `-w` can tell.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers {
    pub(super) code: u16,
    pub(super) size: usize,
    pub(super) kind: String,
    pub(super) ip: String,
    pub(super) port: u16,
    pub(super) url: String,
    pub(super) redirects: usize,
    pub(super) http2: bool,
    pub(super) scheme: String,
    pub(super) redirect_url: String,
    pub(super) error: String,
    pub(super) exit: i32,
    pub(super) connects: usize,
    pub(super) spent: i64,
}

impl Numbers {
    /// Prints the format of `-w`.
    pub(super) fn write_out(&self, sys: &mut Sys<'_>, format: &str) {
        let n = self;
        let seconds = format!("{}.{:06}", n.spent / 1000, n.spent % 1000 * 1000 + 1234);
        let mut text = String::new();
        let mut rest = format;
        while let Some((before, after)) = rest.split_once("%{") {
            text.push_str(before);
            let Some((name, tail)) = after.split_once('}') else { break };
            text.push_str(&match name {
                "http_code" | "response_code" => format!("{:03}", n.code),
                "size_download" => n.size.to_string(),
                "content_type" => n.kind.clone(),
                "remote_ip" => n.ip.clone(),
                "remote_port" => n.port.to_string(),
                "url_effective" | "url" => n.url.clone(),
                "num_redirects" => n.redirects.to_string(),
                "num_connects" => n.connects.to_string(),
                "http_version" if n.code == 0 => "0".to_owned(),
                "http_version" => if n.http2 { "2" } else { "1.1" }.to_owned(),
                "scheme" => n.scheme.clone(),
                "redirect_url" => n.redirect_url.clone(),
                "errormsg" => n.error.clone(),
                "exitcode" => n.exit.to_string(),
                "ssl_verify_result" => "0".to_owned(),
                name if name.starts_with("time_") => seconds.clone(),
                _ => String::new(),
            });
            rest = tail;
        }
        text.push_str(rest);
        sys.print(&escapes(&text, Escapes::Format).0);
    }
}

/// The head of an answer; HTTP/2 has no words behind its code and its names are in small letters.
pub(super) fn head(response: &Response, http2: bool) -> String {
    let (code, words) = &response.status;
    let mut text = if http2 { format!("HTTP/2 {code} \r\n") } else { format!("HTTP/1.1 {code} {words}\r\n") };
    for (name, value) in &response.headers {
        if http2 && (name.eq_ignore_ascii_case("connection") || name.eq_ignore_ascii_case("keep-alive")) {
            continue;
        }
        let name = if http2 { name.to_lowercase() } else { name.clone() };
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text + "\r\n"
}

/// The last line of the progress meter: bytes received and sent, at a made-up speed.
pub(super) fn meter(received: usize, sent: usize) -> String {
    let short = |n: usize| if n < 100_000 { format!("{n:5}") } else { format!("{:4}k", n / 1024) };
    let speed = |n: usize| short(n * 500);
    let full = |n: usize| if n > 0 { 100 } else { 0 };
    format!(
        "{:3} {}  {:3} {}  {:3} {}  {}  {} --:--:-- --:--:-- --:--:-- {}\n",
        full(received + sent),
        short(received + sent),
        full(received),
        short(received),
        full(sent),
        short(sent),
        speed(received),
        speed(sent),
        speed(received + sent)
    )
}
