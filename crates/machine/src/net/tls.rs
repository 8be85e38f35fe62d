//! What a client and a server agree on when they speak TLS: the version and the cipher suite, or the alert.
//!
//! Models Go's crypto/tls `handshake_server.go` and `cipher_suites.go` for a server with an RSA key.

use super::ClientHello;

/// What a server was told about TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Server {
    /// The lowest version: the `x` of TLS 1.x. 0 for what Go takes, 1.2.
    pub minimum: u8,
    /// Cipher suites for TLS 1.2 by IANA's names; empty for Go's.
    pub suites: Vec<String>,
}

/// What was agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// The `x` of TLS 1.x.
    pub version: u8,
    /// The cipher suite as OpenSSL calls it.
    pub cipher: String,
}

impl Default for Agreed {
    fn default() -> Self {
        Self { version: 3, cipher: "TLS_AES_256_GCM_SHA384".to_owned() }
    }
}

/// Suites of TLS 1.2 for RSA keys in the order a Go server prefers them: IANA's name behind `TLS_`, OpenSSL's, whether
/// it is used unasked.
const SUITES: &[(&str, &str, bool)] = &[
    ("ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256", true),
    ("ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384", true),
    ("ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305", true),
    ("ECDHE_RSA_WITH_CHACHA20_POLY1305", "ECDHE-RSA-CHACHA20-POLY1305", true),
    ("ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA", true),
    ("ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA", true),
    ("RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256", false),
    ("RSA_WITH_AES_256_GCM_SHA384", "AES256-GCM-SHA384", false),
    ("RSA_WITH_AES_128_CBC_SHA", "AES128-SHA", false),
    ("RSA_WITH_AES_256_CBC_SHA", "AES256-SHA", false),
    ("ECDHE_RSA_WITH_AES_128_CBC_SHA256", "ECDHE-RSA-AES128-SHA256", false),
    ("RSA_WITH_AES_128_CBC_SHA256", "AES128-SHA256", false),
];

impl Server {
    /// Reads a version: `VersionTLS13`, `TLS1.3`.
    #[must_use]
    pub fn new(version: &str, suites: Vec<String>) -> Self {
        let minimum = match version.trim_start_matches("VersionTLS").trim_start_matches("TLS1.") {
            "10" => 0,
            "11" => 1,
            "13" | "3" => 3,
            _ => 2,
        };
        Self { minimum, suites }
    }

    /// Why a Go server does not speak HTTP/2 with these suites.
    #[must_use]
    pub fn http2_error(&self) -> Option<&'static str> {
        let required = |s: &String| s.ends_with("_WITH_AES_128_GCM_SHA256") && s.starts_with("TLS_ECDHE_");
        let wrong = !self.suites.is_empty() && self.minimum < 3 && !self.suites.iter().any(required);
        wrong.then_some("http2: TLSConfig.CipherSuites is missing an HTTP/2-required AES_128_GCM_SHA256 cipher (need at least one of TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 or TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)")
    }

    /// Answers a client.
    ///
    /// # Errors
    /// The alert's name as OpenSSL says it.
    pub fn agree(&self, client: &ClientHello) -> Result<Agreed, &'static str> {
        let most = if client.tls_max == 0 { 3 } else { client.tls_max };
        if most < self.minimum {
            return Err("tlsv1 alert protocol version");
        }
        if most == 3 {
            return Ok(Agreed { version: 3, cipher: "TLS_AES_128_GCM_SHA256".to_owned() });
        }
        let mine = |name: &str, unasked: bool| {
            let given = self.suites.iter().any(|s| s.strip_prefix("TLS_") == Some(name));
            if self.suites.is_empty() { unasked } else { given }
        };
        let theirs =
            |name: &str| client.ciphers.is_empty() || client.ciphers.split([':', ',']).any(|c| c == name);
        let found = SUITES.iter().find(|(name, open, unasked)| mine(name, *unasked) && theirs(open));
        found
            .map(|(_, open, _)| Agreed { version: most, cipher: (*open).to_owned() })
            .ok_or("sslv3 alert handshake failure")
    }
}
