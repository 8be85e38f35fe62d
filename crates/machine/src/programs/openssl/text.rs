//! How OpenSSL prints names, keys, extensions and certificates.

use gatehouse_core::pki::x509::{Attribute, Extension, read_name};
use gatehouse_core::pki::{Algorithm, Certificate, Request, der, key};

/// `CN = jane, O = developers`
pub(super) fn name(der: &[u8]) -> String {
    let one = |(kind, text): &Attribute| format!("{kind} = {text}");
    read_name(der).iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Bytes in hexadecimal with colons, so many a line.
fn hex(bytes: &[u8], columns: usize, indent: usize) -> String {
    let pad = " ".repeat(indent);
    let lines: Vec<String> = bytes
        .chunks(columns)
        .map(|c| format!("{pad}{}", c.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(":")))
        .collect();
    lines.join(":\n") + "\n"
}

/// Two digits a byte, upper case, with colons.
pub(super) fn colons(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02X}")).collect::<Vec<_>>().join(":")
}

/// `261120000000Z` as `Nov 20 00:00:00 2026 GMT`.
pub(super) fn time(utc: &str) -> String {
    let part = |i: usize| utc.get(i..i + 2).unwrap_or("00").to_owned();
    let month = part(2).parse::<usize>().unwrap_or(1).saturating_sub(1);
    let day = part(4).parse::<u32>().unwrap_or(1);
    format!(
        "{} {day:>2} {}:{}:{} 20{} GMT",
        gatehouse_model::time::MONTHS.get(month).unwrap_or(&"Jan"),
        part(6),
        part(8),
        part(10),
        part(0)
    )
}

/// Which algorithm signs with a key.
fn signature_algorithm(spki: &[u8]) -> &'static str {
    match key::algorithm_of(spki) {
        Algorithm::Rsa(_) => "sha256WithRSAEncryption",
        Algorithm::P256 => "ecdsa-with-SHA256",
        Algorithm::Ed25519 => "ED25519",
    }
}

/// A public key below its heading.
pub(super) fn public_key(spki: &[u8], indent: usize) -> String {
    let pad = " ".repeat(indent);
    let public = key::public_of(spki);
    match key::algorithm_of(spki) {
        Algorithm::Rsa(bits) => {
            let digits = [&[0], public.as_slice()].concat();
            format!(
                "{pad}Public Key Algorithm: rsaEncryption\n{pad}    Public-Key: ({bits} bit)\n{pad}    Modulus:\n{}{pad}    Exponent: 65537 (0x10001)\n",
                hex(&digits, 15, indent + 8)
            )
        }
        Algorithm::P256 => format!(
            "{pad}Public Key Algorithm: id-ecPublicKey\n{pad}    Public-Key: (256 bit)\n{pad}    pub:\n{}{pad}    ASN1 OID: prime256v1\n{pad}    NIST CURVE: P-256\n",
            hex(&public, 15, indent + 8)
        ),
        Algorithm::Ed25519 => format!(
            "{pad}Public Key Algorithm: ED25519\n{pad}    ED25519 Public-Key:\n{pad}    pub:\n{}",
            hex(&public, 15, indent + 8)
        ),
    }
}

/// The names in a `subjectAltName`.
pub(super) fn alternative_names(value: &[u8]) -> String {
    let one = |(tag, _, content): &der::Element<'_>| match tag {
        0x87 => format!("IP Address:{}", content.iter().map(u8::to_string).collect::<Vec<_>>().join(".")),
        0x81 => format!("email:{}", String::from_utf8_lossy(content)),
        _ => format!("DNS:{}", String::from_utf8_lossy(content)),
    };
    der::inside(value).iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The title and the text of an extension.
pub(super) fn extension((oid, _, value): &Extension) -> (String, String) {
    let inner = der::elements(value).first().map(|e| e.2.to_vec()).unwrap_or_default();
    let (title, text) = match oid.as_slice() {
        [0x55, 0x1d, 0x0f] => {
            const USES: [&str; 8] = [
                "Digital Signature",
                "Non Repudiation",
                "Key Encipherment",
                "Data Encipherment",
                "Key Agreement",
                "Certificate Sign",
                "CRL Sign",
                "Encipher Only",
            ];
            let bits = inner.get(1).copied().unwrap_or(0);
            let named = USES.iter().enumerate().filter(|(i, _)| bits & (0x80 >> i) != 0).map(|(_, n)| *n);
            ("X509v3 Key Usage", named.collect::<Vec<_>>().join(", "))
        }
        [0x55, 0x1d, 0x25] => {
            let one = |e: &der::Element<'_>| match e.2.last() {
                Some(1) => "TLS Web Server Authentication",
                Some(2) => "TLS Web Client Authentication",
                Some(3) => "Code Signing",
                Some(4) => "E-mail Protection",
                Some(8) => "Time Stamping",
                _ => "OCSP Signing",
            };
            ("X509v3 Extended Key Usage", der::inside(value).iter().map(one).collect::<Vec<_>>().join(", "))
        }
        [0x55, 0x1d, 0x13] => {
            let ca = if inner.is_empty() { "CA:FALSE" } else { "CA:TRUE" };
            ("X509v3 Basic Constraints", ca.to_owned())
        }
        [0x55, 0x1d, 0x11] => ("X509v3 Subject Alternative Name", alternative_names(value)),
        [0x55, 0x1d, 0x0e] => ("X509v3 Subject Key Identifier", colons(&inner)),
        [0x55, 0x1d, 0x23] => {
            let id = der::elements(&inner).first().map(|e| colons(e.2)).unwrap_or_default();
            ("X509v3 Authority Key Identifier", id)
        }
        _ => ("Unknown extension", colons(value)),
    };
    (title.to_owned(), text)
}

pub(super) fn extensions(all: &[Extension], indent: usize) -> String {
    let pad = " ".repeat(indent);
    all.iter()
        .map(|e| {
            let (title, text) = extension(e);
            format!("{pad}{title}: {}\n{pad}    {text}\n", if e.1 { "critical" } else { "" })
        })
        .collect()
}

/// `openssl x509 -purpose`: what a certificate may be used for.
pub(super) fn purposes(c: &Certificate) -> String {
    let of = |k: u8| c.extensions.iter().find(|e| e.0 == [0x55, 0x1d, k]);
    let extended = of(0x25).map(|e| extension(e).1);
    let usage = of(0x0f).map(|e| extension(e).1);
    let authority = of(0x13).map_or(c.subject == c.issuer, |e| extension(e).1 == "CA:TRUE");
    let may = |purpose: &str| extended.as_ref().is_none_or(|e| e.contains(purpose));
    let signs = usage.as_ref().is_none_or(|u| u.contains("Digital Signature"));
    let enciphers = usage.as_ref().is_none_or(|u| u.contains("Key Encipherment"));
    let yes = |b: bool| if b { "Yes" } else { "No" };
    let rows = [
        ("SSL client", may("Client") && signs),
        ("SSL server", may("Server") && (signs || enciphers)),
        ("Netscape SSL server", may("Server") && enciphers),
        ("S/MIME signing", may("E-mail") && signs),
        ("S/MIME encryption", may("E-mail") && enciphers),
        ("CRL signing", usage.as_ref().is_none_or(|u| u.contains("CRL Sign"))),
        ("Any Purpose", true),
        ("OCSP helper", true),
        ("Time Stamp signing", false),
    ];
    let mut out = String::from("Certificate purposes:\n");
    for (name, fits) in rows {
        out.push_str(&format!(
            "{name} : {}\n{name} CA : {}\n",
            yes(fits),
            yes(authority || name == "Any Purpose" || name == "OCSP helper")
        ));
    }
    out
}

/// A serial number: as a number where it is short.
fn serial(bytes: &[u8]) -> String {
    if bytes.len() <= 8 {
        let n = bytes.iter().fold(0_u64, |n, b| n << 8 | u64::from(*b));
        format!(" {n} (0x{n:x})\n")
    } else {
        format!("\n            {}\n", bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(":"))
    }
}

/// `openssl x509 -text`
pub(super) fn certificate(c: &Certificate, issuer_key: Option<&[u8]>) -> String {
    // The algorithm is that of the issuer's key; a short signature tells it from RSA's.
    let algorithm = issuer_key.map_or_else(
        || if c.signature.len() < 100 { "ecdsa-with-SHA256" } else { "sha256WithRSAEncryption" },
        signature_algorithm,
    );
    let mut out = format!(
        "Certificate:\n    Data:\n        Version: {} (0x{})\n        Serial Number:{}        Signature Algorithm: {algorithm}\n        Issuer: {}\n        Validity\n            Not Before: {}\n            Not After : {}\n        Subject: {}\n        Subject Public Key Info:\n{}",
        c.version,
        c.version - 1,
        serial(&c.serial),
        name(&c.issuer),
        time(&c.validity.0),
        time(&c.validity.1),
        name(&c.subject),
        public_key(&c.key, 12)
    );
    if !c.extensions.is_empty() {
        out.push_str(&format!("        X509v3 extensions:\n{}", extensions(&c.extensions, 12)));
    }
    out.push_str(&format!(
        "    Signature Algorithm: {algorithm}\n    Signature Value:\n{}",
        hex(&c.signature, 18, 8)
    ));
    out
}

/// `openssl req -text`
pub(super) fn request(r: &Request, signature: &[u8]) -> String {
    let asked = if r.extensions.is_empty() {
        "            (none)\n            Requested Extensions:\n".to_owned()
    } else {
        format!("            Requested Extensions:\n{}", extensions(&r.extensions, 16))
    };
    let attributes = if r.extensions.is_empty() { "            (none)\n".to_owned() } else { asked };
    format!(
        "Certificate Request:\n    Data:\n        Version: 1 (0x0)\n        Subject: {}\n        Subject Public Key Info:\n{}        Attributes:\n{attributes}    Signature Algorithm: {}\n    Signature Value:\n{}",
        name(&r.subject),
        public_key(&r.key, 12),
        signature_algorithm(&r.key),
        hex(signature, 18, 8)
    )
}

/// `openssl rsa -text`: the modulus and the exponent; the rest of the private numbers is of no use in the lab.
pub(super) fn private_key(k: &key::Key) -> String {
    match k.algorithm {
        Algorithm::Rsa(bits) => {
            let digits = [&[0], k.public.as_slice()].concat();
            format!(
                "Private-Key: ({bits} bit, 2 primes)\nmodulus:\n{}publicExponent: 65537 (0x10001)\n",
                hex(&digits, 15, 4)
            )
        }
        Algorithm::P256 => format!(
            "Private-Key: (256 bit)\npub:\n{}ASN1 OID: prime256v1\nNIST CURVE: P-256\n",
            hex(&k.public, 15, 4)
        ),
        Algorithm::Ed25519 => format!("ED25519 Private-Key:\npub:\n{}", hex(&k.public, 15, 4)),
    }
}
