//! curl's command line.

use crate::sys::Sys;

/// Names with a letter (or none), and whether they take a value.
const OPTIONS: &[(&str, char, bool)] = &[
    ("append", 'a', false),
    ("user-agent", 'A', true),
    ("cookie", 'b', true),
    ("data", 'd', true),
    ("dump-header", 'D', true),
    ("cert", 'E', true),
    ("fail", 'f', false),
    ("get", 'G', false),
    ("header", 'H', true),
    ("head", 'I', false),
    ("include", 'i', false),
    ("insecure", 'k', false),
    ("location", 'L', false),
    ("max-time", 'm', true),
    ("output", 'o', true),
    ("remote-name", 'O', false),
    ("silent", 's', false),
    ("show-error", 'S', false),
    ("user", 'u', true),
    ("verbose", 'v', false),
    ("write-out", 'w', true),
    ("request", 'X', true),
    ("ipv4", '4', false),
    ("http1.1", '\u{1}', false),
    ("tlsv1.2", '1', false),
    ("cacert", '\u{2}', true),
    ("key", '\u{3}', true),
    ("resolve", '\u{4}', true),
    ("connect-timeout", '\u{5}', true),
    ("connect-to", '\u{6}', true),
    ("max-redirs", '\u{7}', true),
    ("data-binary", 'd', true),
    ("data-raw", 'd', true),
    ("json", '\u{8}', true),
    ("url", '\u{9}', true),
    ("oauth2-bearer", '\u{a}', true),
    ("noproxy", '\u{b}', true),
    ("proxy", 'x', true),
    ("retry", '\u{b}', true),
    ("retry-delay", '\u{b}', true),
    ("tls-max", TLS_MAX, true),
    ("ciphers", CIPHERS, true),
    ("capath", '\u{b}', true),
    ("tlsv1.3", '\u{c}', false),
    ("http2", '\u{c}', false),
    ("compressed", '\u{c}', false),
    ("no-progress-meter", '\u{e}', false),
    ("progress-bar", '#', false),
    ("globoff", 'g', false),
    ("no-buffer", 'N', false),
    ("version", 'V', false),
];

/// `--http1.1`
pub(super) const HTTP1: char = '\u{1}';
/// `--tls-max`
pub(super) const TLS_MAX: char = '\u{f}';
/// `--ciphers`
pub(super) const CIPHERS: char = '\u{10}';
/// `--cacert`
pub(super) const CACERT: char = '\u{2}';
/// `--resolve`
pub(super) const RESOLVE: char = '\u{4}';
/// `--connect-timeout`
pub(super) const CONNECT_TIMEOUT: char = '\u{5}';
/// `--connect-to`
pub(super) const CONNECT_TO: char = '\u{6}';
/// `--max-redirs`
pub(super) const MAX_REDIRS: char = '\u{7}';
/// `--json`
pub(super) const JSON: char = '\u{8}';
/// `--oauth2-bearer`
pub(super) const BEARER: char = '\u{a}';
/// `--no-progress-meter`
pub(super) const NO_METER: char = '\u{e}';

/// What the command line says.
#[derive(Clone, Debug, Default)]
pub(super) struct Wish {
    given: Vec<(char, String)>,
    pub(super) urls: Vec<String>,
}

impl Wish {
    pub(super) fn has(&self, letter: char) -> bool {
        self.given.iter().any(|(l, _)| *l == letter)
    }

    /// The last value.
    pub(super) fn value(&self, letter: char) -> Option<&str> {
        self.all(letter).last()
    }

    pub(super) fn all(&self, letter: char) -> impl Iterator<Item = &str> {
        self.given.iter().filter(move |(l, _)| *l == letter).map(|(_, v)| v.as_str())
    }

    /// A number of seconds, in milliseconds.
    pub(super) fn millis(&self, letter: char) -> Option<i64> {
        self.value(letter)
            .and_then(|v| v.parse::<f64>().ok())
            .filter(|s| *s > 0.0)
            .map(|s| (s * 1000.0) as i64)
    }

    /// Reads a command line.
    ///
    /// # Errors
    /// curl's complaint, without its name.
    pub(super) fn read(sys: &mut Sys<'_>, argv: &[String]) -> Result<Self, String> {
        let mut wish = Self::default();
        let mut words = argv.iter().skip(1);
        let needs = |option: &str| format!("option {option}: requires parameter");
        while let Some(word) = words.next() {
            if let Some(name) = word.strip_prefix("--").filter(|n| !n.is_empty()) {
                let exact = OPTIONS.iter().find(|(n, _, _)| *n == name);
                let mut starts = OPTIONS.iter().filter(|(n, _, _)| n.starts_with(name));
                let known = exact.or_else(|| starts.next());
                let Some((_, letter, takes)) = known else {
                    return Err(format!("option {word}: is unknown"));
                };
                let value =
                    if *takes { words.next().cloned().ok_or_else(|| needs(word))? } else { String::new() };
                wish.add(sys, *letter, value, name);
                continue;
            }
            let Some(letters) = word.strip_prefix('-').filter(|l| !l.is_empty() && *l != "-") else {
                wish.urls.push(word.clone());
                continue;
            };
            let mut rest = letters.chars();
            while let Some(c) = rest.next() {
                let Some((_, letter, takes)) = OPTIONS.iter().find(|(_, l, _)| *l == c) else {
                    return Err(format!("option -{letters}: is unknown"));
                };
                let value = match takes {
                    false => String::new(),
                    true if rest.as_str().is_empty() => {
                        words.next().cloned().ok_or_else(|| needs(&format!("-{c}")))?
                    }
                    true => rest.as_str().to_owned(),
                };
                wish.add(sys, *letter, value, "data");
                if *takes {
                    break;
                }
            }
        }
        Ok(wish)
    }

    fn add(&mut self, sys: &mut Sys<'_>, letter: char, value: String, name: &str) {
        match letter {
            '\u{9}' => self.urls.push(value),
            'd' | JSON => {
                let text = match value.strip_prefix('@').filter(|_| name != "data-raw") {
                    Some("-") => String::from_utf8_lossy(&sys.read_quietly(0)).into_owned(),
                    Some(file) => sys.slurp(file).unwrap_or_default(),
                    None => value,
                };
                // `--data` reads a file without its line ends.
                let text = if name == "data" { text.replace(['\n', '\r'], "") } else { text };
                self.given.push((letter, text));
            }
            _ => self.given.push((letter, value)),
        }
    }

    /// The body, if there is one.
    pub(super) fn body(&self) -> Option<String> {
        let parts: Vec<&str> = self.all('d').chain(self.all(JSON)).collect();
        (!parts.is_empty()).then(|| parts.join("&"))
    }
}
