//! HTTP messages as text. Bodies are whole; no chunks, no pipelining.

/// A request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET`
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// Names as sent, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// Reads a request; `None` where the bytes are none.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (first, headers, body) = parts(bytes)?;
        let mut words = first.split(' ');
        let (method, path) = (words.next()?, words.next()?);
        if !words.next()?.starts_with("HTTP/") {
            return None;
        }
        Some(Self { method: method.to_owned(), path: path.to_owned(), headers, body })
    }

    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        value(&self.headers, name)
    }

    /// The host that is meant, without its port.
    #[must_use]
    pub fn host(&self) -> &str {
        let host = self.header("host").unwrap_or("");
        host.rsplit_once(':').filter(|(_, p)| p.bytes().all(|b| b.is_ascii_digit())).map_or(host, |(h, _)| h)
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        write(&mut text, &self.headers);
        let mut all = text.into_bytes();
        all.extend_from_slice(&self.body);
        all
    }
}

/// A response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The code and the words behind it.
    pub status: (u16, String),
    /// Names as sent, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// A response with a code's usual words.
    #[must_use]
    pub fn new(code: u16, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let headers = vec![
            ("Content-Type".to_owned(), kind.to_owned()),
            ("Content-Length".to_owned(), body.len().to_string()),
        ];
        Self { status: (code, reason(code).to_owned()), headers, body }
    }

    /// With another header, at the end.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// With another header, at the front.
    #[must_use]
    pub fn first(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.insert(0, (name.to_owned(), value.into()));
        self
    }

    /// Reads a response; what is no HTTP is `None`.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        if !bytes.starts_with(b"HTTP/") {
            return None;
        }
        let (first, headers, body) = parts(bytes)?;
        let (_, status) = first.split_once(' ')?;
        let (code, words) = status.split_once(' ').unwrap_or((status, ""));
        Some(Self { status: (code.parse().ok()?, words.to_owned()), headers, body })
    }

    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        value(&self.headers, name)
    }

    /// The bytes; an answer to HEAD has no body.
    #[must_use]
    pub fn bytes(&self, method: &str) -> Vec<u8> {
        let mut text = format!("HTTP/1.1 {} {}\r\n", self.status.0, self.status.1);
        write(&mut text, &self.headers);
        let mut all = text.into_bytes();
        if method != "HEAD" {
            all.extend_from_slice(&self.body);
        }
        all
    }
}

fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    for (at, window) in bytes.windows(4).enumerate() {
        if window == b"\r\n\r\n" {
            let (head, rest) = bytes.split_at(at);
            return (head, rest.get(4..).unwrap_or_default());
        }
    }
    for (at, window) in bytes.windows(2).enumerate() {
        if window == b"\n\n" {
            let (head, rest) = bytes.split_at(at);
            return (head, rest.get(2..).unwrap_or_default());
        }
    }
    (bytes, &[])
}

/// Names as sent, and values.
type Headers = Vec<(String, String)>;

/// The first line of a message, its headers and its body.
fn parts(bytes: &[u8]) -> Option<(String, Headers, Vec<u8>)> {
    let (head, body) = split(bytes);
    let text = String::from_utf8_lossy(head);
    let mut lines = text.lines();
    let first = lines.next()?.to_owned();
    let pair = |l: &str| l.split_once(':').map(|(n, v)| (n.trim().to_owned(), v.trim().to_owned()));
    Some((first, lines.filter_map(pair).collect(), body.to_vec()))
}

fn value<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
}

fn write(text: &mut String, headers: &[(String, String)]) {
    for (name, value) in headers {
        text.push_str(name);
        text.push_str(": ");
        text.push_str(value);
        text.push_str("\r\n");
    }
    text.push_str("\r\n");
}

/// The words of a status code.
#[must_use]
pub const fn reason(code: u16) -> &'static str {
    match code {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Entity",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}
