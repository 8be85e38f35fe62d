//! What curl makes of a server's certificate, and what it says of the handshake.
//!
//! A certificate is trusted where its issuer is among those the client knows; signatures are not looked at. The sizes of
//! handshake messages, which curl shows where its output is no terminal, are left out.

use crate::net::{Certificate, ServerHello};
use crate::programs::date;
use crate::sys::Sys;

use super::options::{CACERT, Wish};

/// The authority of the world's certificates, which every image knows.
const PUBLIC: &str = "R12";

/// Whether it is signed by an authority that every image knows.
pub(in super::super::super) fn publicly_trusted(certificate: &Certificate) -> bool {
    certificate.issuer.iter().any(|(k, v)| k == "CN" && v == PUBLIC)
}

/// Why a chain is not trusted, in OpenSSL's words, and the number of that.
fn distrust(sys: &mut Sys<'_>, wish: &Wish, certificate: &Certificate) -> Option<(&'static str, u32)> {
    let known = match wish.value(CACERT) {
        Some(file) => Certificate::all(&sys.slurp(file).unwrap_or_default()),
        None => Vec::new(),
    };
    let of_file = known.iter().any(|c| c.subject == certificate.issuer || c == certificate);
    if !of_file && (wish.has(CACERT) || !publicly_trusted(certificate)) {
        return Some(if certificate.self_signed() {
            ("self-signed certificate", 18)
        } else {
            ("unable to get local issuer certificate", 20)
        });
    }
    (certificate.until != 0 && certificate.until < sys.now().0).then_some(("certificate has expired", 10))
}

/// What goes wrong: curl's exit code and words.
pub(super) type Trouble = (i32, String);

/// Looks at a server's hello and says so where asked.
///
/// # Errors
/// The certificate is not trusted or is for somebody else.
pub(super) fn meet(
    sys: &mut Sys<'_>,
    wish: &Wish,
    host: &str,
    hello: &ServerHello,
    offered: bool,
) -> Result<(), Trouble> {
    let certificate = &hello.certificate;
    let verbose = wish.has('v');
    let say = |sys: &mut Sys<'_>, text: &str| {
        if verbose {
            sys.complain(&format!("* {text}\n"));
        }
    };
    let insecure = wish.has('k');
    say(sys, if offered { "ALPN: offers h2,http/1.1" } else { "ALPN: offers http/1.1" });
    say(sys, "TLSv1.3 (OUT), TLS handshake, Client hello (1):");
    if !insecure {
        let file = wish.value(CACERT).unwrap_or("/etc/ssl/certs/ca-certificates.crt").to_owned();
        say(sys, &format!(" CAfile: {file}"));
        say(sys, " CApath: /etc/ssl/certs");
    }
    let trouble = distrust(sys, wish, certificate);
    say(sys, "TLSv1.3 (IN), TLS handshake, Server hello (2):");
    say(sys, "TLSv1.3 (IN), TLS handshake, Encrypted Extensions (8):");
    say(sys, "TLSv1.3 (IN), TLS handshake, Certificate (11):");
    if let Some((why, _)) = trouble.filter(|_| !insecure) {
        say(sys, "TLSv1.3 (OUT), TLS alert, unknown CA (560):");
        say(sys, &format!("SSL certificate problem: {why}"));
        return Err((60, format!("SSL certificate problem: {why}{MORE}")));
    }
    say(sys, "TLSv1.3 (IN), TLS handshake, CERT verify (15):");
    say(sys, "TLSv1.3 (IN), TLS handshake, Finished (20):");
    say(sys, "TLSv1.3 (OUT), TLS change cipher, Change cipher spec (1):");
    say(sys, "TLSv1.3 (OUT), TLS handshake, Finished (20):");
    say(sys, &format!("SSL connection using TLSv1.{} / {}", hello.tls.version, hello.tls.cipher));
    say(
        sys,
        match (offered, hello.http2) {
            (_, true) => "ALPN: server accepted h2",
            (true, false) => "ALPN: server accepted http/1.1",
            (false, false) => "ALPN: server did not agree on a protocol. Uses default.",
        },
    );
    say(sys, "Server certificate:");
    say(sys, &format!(" subject: {}", Certificate::line(&certificate.subject)));
    let stamp = |millis: i64| date::format("%b %e %H:%M:%S %Y GMT", millis);
    say(sys, &format!(" start date: {}", stamp(certificate.from)));
    say(sys, &format!(" expire date: {}", stamp(certificate.until)));
    if !insecure {
        if !certificate.is_for(host) {
            let why = format!("no alternative certificate subject name matches target host name '{host}'");
            say(sys, &format!(" subjectAltName does not match {host}"));
            say(sys, &format!("SSL: {why}"));
            return Err((60, format!("SSL: {why}{MORE}")));
        }
        let name =
            certificate.names.iter().find(|n| *n == host || n.starts_with("*.")).map_or(host, String::as_str);
        say(sys, &format!(" subjectAltName: host \"{host}\" matched cert's \"{name}\""));
    }
    say(sys, &format!(" issuer: {}", Certificate::line(&certificate.issuer)));
    match trouble {
        Some((why, number)) => {
            say(sys, &format!(" SSL certificate verify result: {why} ({number}), continuing anyway."));
        }
        None => say(sys, " SSL certificate verify ok."),
    }
    Ok(())
}

const MORE: &str = "\nMore details here: https://curl.se/docs/sslcerts.html\n\ncurl failed to verify the legitimacy of the server and therefore could not\nestablish a secure connection to it. To learn more about this situation and\nhow to fix it, please visit the web page mentioned above.";
