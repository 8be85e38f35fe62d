//! `openssl s_client`: what a server shows when a client comes, and what the two agree on.
//!
//! Models OpenSSL 3.0's apps/s_client.c with Ubuntu's security level: nothing older than TLS 1.2 is spoken. What is typed
//! after the handshake is not sent; the sizes of messages are those of a usual handshake.

use std::net::SocketAddr;

use gatehouse_core::Entropy;
use gatehouse_core::Timestamp;
use gatehouse_core::pki::{Algorithm, Certificate, Key, Terms, der, key, x509};

use super::{Args, text};
use crate::errno::Errno;
use crate::net::{self, ClientHello, Heard, Said, ServerHello};
use crate::programs::net::{publicly_trusted, resolve};
use crate::sys::Sys;

/// What Go's servers take for signatures.
const SIGNATURES: &str = "RSA-PSS+SHA256:ECDSA+SHA256:Ed25519:RSA-PSS+SHA384:RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512:ECDSA+SHA384:ECDSA+SHA512";

/// A certificate's bytes; of one that is only told about, such bytes as say the same.
fn bytes(certificate: &net::Certificate) -> Vec<u8> {
    if !certificate.der.is_empty() {
        return certificate.der.clone();
    }
    let seed = certificate.subject.iter().flat_map(|(_, v)| v.bytes());
    let mut chance = Entropy::new(seed.fold(0xcbf2, |n, b| n.wrapping_mul(0x0100_0193) ^ u64::from(b)));
    let mut make = || Key::new(Algorithm::Rsa(2048), &mut chance);
    let (own, signer) = (make(), make());
    let mut extensions = x509::usages(&["digital signature", "key encipherment", "server auth"]);
    let names: Vec<String> = certificate.names.iter().map(|n| format!("DNS:{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    extensions.push(x509::alternative_names(&names));
    let terms = Terms {
        issuer: x509::name(&certificate.issuer),
        from: Timestamp(certificate.from),
        until: Timestamp(certificate.until),
        extensions,
        serial: 18,
    };
    Certificate::write(&x509::name(&certificate.subject), &own.public_der(), &terms, &signer, &mut chance)
}

/// The versions a client speaks: the lowest and the highest `x` of TLS 1.x.
fn versions(args: &Args) -> (u8, u8) {
    let only = [("tls1", 0), ("tls1_1", 1), ("tls1_2", 2), ("tls1_3", 3)];
    if let Some((_, version)) = only.into_iter().find(|(name, _)| args.has(name)) {
        return (version, version);
    }
    let most = if args.has("no_tls1_3") { 2 } else { 3 };
    (if args.has("no_tls1_2") { 3 } else { 2 }, most)
}

/// An error of the library, with its number and where in its source it comes from.
fn library(sys: &mut Sys<'_>, number: &str, what: &str, place: &str) {
    sys.complain(&format!("40D7B4E2C77F0000:error:{number}:{what}:{place}\n"));
}

#[inline(never)]
pub(super) fn main(sys: &mut Sys<'_>, args: &Args) -> i32 {
    let target =
        args.get("connect").or(args.rest.first().map(String::as_str)).unwrap_or("localhost:4433").to_owned();
    let (host, port) = target.rsplit_once(':').unwrap_or((&target, "4433"));
    let host = host.trim_matches(['[', ']']);
    let port = port.parse::<u16>().unwrap_or(match port {
        "https" => 443,
        _ => 4433,
    });
    let Ok(address) = resolve::first(sys, host) else {
        library(
            sys,
            "10080002",
            "BIO routines:BIO_lookup_ex:system lib",
            "../crypto/bio/bio_addr.c:738:Name or service not known",
        );
        sys.complain("connect:errno=22\n");
        return 1;
    };
    let opened = sys.socket(2, 1, 6).and_then(|fd| {
        sys.connect(fd, SocketAddr::new(address, port), Some(127_000))?;
        Ok(fd)
    });
    let fd = match opened {
        Ok(fd) => fd,
        Err(e) => {
            let (number, errno) = match e {
                Errno::ECONNREFUSED => ("8000006F", 111),
                Errno::EHOSTUNREACH => ("80000071", 113),
                _ => ("8000006E", 110),
            };
            library(
                sys,
                number,
                &format!("system library:BIO_connect:{}", e.text()),
                "../crypto/bio/bio_sock2.c:114:calling connect()",
            );
            library(
                sys,
                "10000067",
                "BIO routines:BIO_connect:connect error",
                "../crypto/bio/bio_sock2.c:116:",
            );
            sys.complain(&format!("connect:errno={errno}\n"));
            return 1;
        }
    };
    sys.print("CONNECTED(00000003)\n");
    let (_, most) = versions(args);
    if most < 2 {
        library(
            sys,
            "0A0000BF",
            "SSL routines:tls_setup_handshake:no protocols available",
            "../ssl/statem/statem_lib.c:104:",
        );
        nothing_agreed(sys, 0, 7);
        return 1;
    }
    let server_name = match (args.get("servername"), args.has("noservername")) {
        (Some(name), _) => name.to_owned(),
        (None, true) => String::new(),
        (None, false) if host.parse::<std::net::IpAddr>().is_ok() => String::new(),
        (None, false) => host.to_owned(),
    };
    let certificate = match args.get("cert") {
        None => None,
        Some(path) => match sys.slurp(path) {
            Ok(text) => Some(text),
            Err(_) => {
                sys.complain(&format!(
                    "Could not open file or uri for loading client certificate file from {path}\n"
                ));
                return 1;
            }
        },
    };
    let hello = ClientHello {
        server_name,
        certificate,
        http2: args.get("alpn").is_some_and(|a| a.contains("h2")),
        tls_max: most,
        ciphers: args.get("cipher").unwrap_or_default().to_owned(),
    };
    match sys.exchange(fd, &Said::Bytes(Some(hello), Vec::new())) {
        Heard::Bytes(Some(shown), _) if shown.tls.version < versions(args).0 => {
            library(
                sys,
                "0A000102",
                "SSL routines:ssl_choose_client_version:unsupported protocol",
                "../ssl/statem/statem_lib.c:1987:",
            );
            nothing_agreed(sys, 86, 260);
            1
        }
        Heard::Bytes(Some(shown), _) => agreed(sys, args, &shown),
        Heard::Alert(alert) if alert.contains("version") => {
            library(
                sys,
                "0A00042E",
                &format!("SSL routines:ssl3_read_bytes:{alert}"),
                "../ssl/record/rec_layer_s3.c:1599:SSL alert number 70",
            );
            nothing_agreed(sys, 7, 188);
            1
        }
        Heard::Alert(alert) => {
            let (number, alert_number) =
                if alert.contains("required") { ("0A00045C", 116) } else { ("0A000410", 40) };
            library(
                sys,
                number,
                &format!("SSL routines:ssl3_read_bytes:{alert}"),
                &format!("../ssl/record/rec_layer_s3.c:1599:SSL alert number {alert_number}"),
            );
            nothing_agreed(sys, 7, 188);
            1
        }
        Heard::NotTls | Heard::Bytes(None, _) => {
            library(
                sys,
                "0A00010B",
                "SSL routines:ssl3_get_record:wrong version number",
                "../ssl/record/ssl3_record.c:354:",
            );
            nothing_agreed(sys, 5, 293);
            1
        }
        _ => {
            sys.complain("write:errno=104\n");
            nothing_agreed(sys, 0, 293);
            1
        }
    }
}

/// The report where no handshake came about.
fn nothing_agreed(sys: &mut Sys<'_>, read: usize, written: usize) {
    sys.print(&format!("---\nno peer certificate available\n---\nNo client certificate CA names sent\n---\nSSL handshake has read {read} bytes and written {written} bytes\nVerification: OK\n---\nNew, (NONE), Cipher is (NONE)\nSecure Renegotiation IS NOT supported\nCompression: NONE\nExpansion: NONE\nNo ALPN negotiated\nEarly data was not sent\nVerify return code: 0 (ok)\n---\n"));
}

/// Why a chain is not trusted: the number and the words.
fn distrust(
    sys: &mut Sys<'_>,
    args: &Args,
    chain: &[Certificate],
    shown: &net::Certificate,
) -> Option<(u32, &'static str)> {
    let leaf = chain.first()?;
    let known: Vec<Certificate> = match args.get("CAfile") {
        Some(path) => {
            let text = sys.slurp(path).unwrap_or_default();
            der::pem_blocks(&text).into_iter().filter_map(|b| Certificate::read(&b.bytes)).collect()
        }
        None => Vec::new(),
    };
    let signer = known.iter().find(|ca| ca.subject == leaf.issuer && leaf.signed_by(&ca.key));
    let trusted = signer.is_some()
        || known.iter().any(|c| c.key == leaf.key)
        || args.get("CAfile").is_none() && publicly_trusted(shown);
    if trusted {
        return (!leaf.holds_at(sys.now())).then_some((10, "certificate has expired"));
    }
    Some(if leaf.subject == leaf.issuer {
        (18, "self-signed certificate")
    } else if chain.len() > 1 {
        (19, "self-signed certificate in certificate chain")
    } else {
        (20, "unable to get local issuer certificate")
    })
}

fn agreed(sys: &mut Sys<'_>, args: &Args, hello: &ServerHello) -> i32 {
    let shown = &hello.certificate;
    let all: Vec<Vec<u8>> = std::iter::once(bytes(shown)).chain(hello.chain.iter().cloned()).collect();
    let chain: Vec<Certificate> = all.iter().filter_map(|b| Certificate::read(b)).collect();
    let Some(leaf) = chain.first() else { return 1 };
    let problem = distrust(sys, args, &chain, shown);
    let (subject, issuer) = (text::name(&leaf.subject), text::name(&leaf.issuer));
    let quiet = args.has("quiet");
    let mut told = String::new();
    let result = match problem {
        None => {
            if leaf.subject != leaf.issuer {
                told.push_str(&format!("depth=1 {issuer}\nverify return:1\n"));
            }
            told.push_str(&format!("depth=0 {subject}\nverify return:1\n"));
            (0, "ok")
        }
        Some((20, why)) => {
            told.push_str(&format!("depth=0 {subject}\nverify error:num=20:{why}\nverify return:1\ndepth=0 {subject}\nverify error:num=21:unable to verify the first certificate\nverify return:1\n"));
            if args.has("verify_return_error") {
                (20, why)
            } else {
                (21, "unable to verify the first certificate")
            }
        }
        Some((19, why)) => {
            told.push_str(&format!("depth=1 {issuer}\nverify error:num=19:{why}\nverify return:1\ndepth=0 {subject}\nverify return:1\n"));
            (19, why)
        }
        Some((number, why)) => {
            told.push_str(&format!("depth=0 {subject}\nverify error:num={number}:{why}\n"));
            if number == 10 {
                told.push_str(&format!("notAfter={}\n", text::time(&leaf.validity.1)));
            }
            told.push_str("verify return:1\n");
            (number, why)
        }
    };
    sys.complain(&told);
    if args.has("brief") {
        let version = format!("TLSv1.{}", hello.tls.version);
        sys.complain(&format!("CONNECTION ESTABLISHED\nProtocol version: {version}\nCiphersuite: {}\nPeer certificate: {subject}\nHash used: SHA256\nSignature type: RSA-PSS\n{}\nServer Temp Key: X25519, 253 bits\nDONE\n", hello.tls.cipher, verification(result)));
        return 0;
    }
    if !quiet {
        report(sys, args, hello, &all, &chain, result);
    }
    sys.complain("DONE\n");
    0
}

fn verification((number, why): (u32, &str)) -> String {
    if number == 0 { "Verification: OK".to_owned() } else { format!("Verification error: {why}") }
}

/// What is printed of a handshake.
fn report(
    sys: &mut Sys<'_>,
    args: &Args,
    hello: &ServerHello,
    all: &[Vec<u8>],
    chain: &[Certificate],
    result: (u32, &str),
) {
    let mut out = String::from("---\nCertificate chain\n");
    for (i, (certificate, bytes)) in chain.iter().zip(all).enumerate() {
        let kind = match key::algorithm_of(&certificate.key) {
            Algorithm::Rsa(bits) => format!("rsaEncryption, {bits} (bit); sigalg: RSA-SHA256"),
            Algorithm::P256 => "id-ecPublicKey, 256 (bit); sigalg: ecdsa-with-SHA256".to_owned(),
            Algorithm::Ed25519 => "ED25519, 256 (bit); sigalg: ED25519".to_owned(),
        };
        out.push_str(&format!(
            " {i} s:{}\n   i:{}\n   a:PKEY: {kind}\n   v:NotBefore: {}; NotAfter: {}\n",
            text::name(&certificate.subject),
            text::name(&certificate.issuer),
            text::time(&certificate.validity.0),
            text::time(&certificate.validity.1)
        ));
        if args.has("showcerts") {
            out.push_str(&der::pem("CERTIFICATE", bytes));
        }
    }
    let Some(leaf) = chain.first() else { return };
    out.push_str("---\nServer certificate\n");
    if !args.has("showcerts") {
        out.push_str(&der::pem("CERTIFICATE", all.first().map_or(&[][..], Vec::as_slice)));
    }
    out.push_str(&format!(
        "subject={}\nissuer={}\n---\n",
        text::name(&leaf.subject),
        text::name(&leaf.issuer)
    ));
    if hello.asks_for.is_empty() {
        out.push_str("No client certificate CA names sent\n");
    } else {
        out.push_str("Acceptable client certificate CA names\n");
        hello.asks_for.iter().for_each(|name| out.push_str(&format!("CN = {name}\n")));
        out.push_str(&format!("Requested Signature Algorithms: {SIGNATURES}\nShared Requested Signature Algorithms: {SIGNATURES}\n"));
    }
    let (version, cipher) = (hello.tls.version, &hello.tls.cipher);
    let bits = match key::algorithm_of(&leaf.key) {
        Algorithm::Rsa(bits) => bits,
        _ => 256,
    };
    let alpn = if hello.http2 { "ALPN protocol: h2" } else { "No ALPN negotiated" };
    let read = 350 + all.iter().map(Vec::len).sum::<usize>();
    out.push_str(&format!("Peer signing digest: SHA256\nPeer signature type: RSA-PSS\nServer Temp Key: X25519, 253 bits\n---\nSSL handshake has read {read} bytes and written 373 bytes\n{}\n---\nNew, TLSv1.{version}, Cipher is {cipher}\nServer public key is {bits} bit\nSecure Renegotiation IS {}supported\nCompression: NONE\nExpansion: NONE\n{alpn}\n", verification(result), if version == 3 { "NOT " } else { "" }));
    let code = format!("Verify return code: {} ({})\n", result.0, result.1);
    if version == 3 {
        out.push_str(&format!("Early data was not sent\n{code}---\n"));
    } else {
        let mut chance = Entropy::new(sys.now().0.unsigned_abs());
        let mut hex = |n: usize| (0..n).map(|_| format!("{:016X}", chance.next_u64())).collect::<String>();
        out.push_str(&format!("SSL-Session:\n    Protocol  : TLSv1.2\n    Cipher    : {cipher}\n    Session-ID: {}\n    Session-ID-ctx: \n    Master-Key: {}\n    PSK identity: None\n    PSK identity hint: None\n    SRP username: None\n    Start Time: {}\n    Timeout   : 7200 (sec)\n    {code}    Extended master secret: yes\n---\n", hex(4), hex(6), sys.now().0 / 1000));
    }
    sys.print(&out);
}
