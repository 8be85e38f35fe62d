//! `openssl req`: signing requests, and certificates that sign themselves.

use gatehouse_core::pki::x509::{self, Attribute, Extension};
use gatehouse_core::pki::{Algorithm, Certificate, Key, Request, Terms, der};

use super::{Args, chance, input, load_key, new_key, text, write, write_to};
use crate::sys::Sys;

/// What the shipped configuration asks for, with its defaults.
const PROMPTS: [(&str, &str, &str); 7] = [
    ("C", "Country Name (2 letter code)", "AU"),
    ("ST", "State or Province Name (full name)", "Some-State"),
    ("L", "Locality Name (eg, city)", ""),
    ("O", "Organization Name (eg, company)", "Internet Widgits Pty Ltd"),
    ("OU", "Organizational Unit Name (eg, section)", ""),
    ("CN", "Common Name (e.g. server FQDN or YOUR name)", ""),
    ("emailAddress", "Email Address", ""),
];

pub(super) fn main(sys: &mut Sys<'_>, args: &Args) -> i32 {
    let makes = args.has("new") || args.has("x509") || args.has("newkey");
    let result = if makes { make(sys, args) } else { show(sys, args) };
    result.unwrap_or_else(|code| code)
}

/// `/CN=jane/O=developers`
pub(super) fn subject(sys: &mut Sys<'_>, text: &str) -> Result<Vec<Attribute>, i32> {
    let Some(rest) = text.strip_prefix('/') else {
        sys.complain(&format!("req: subject name is expected to be in the format /type0=value0/type1=value1/type2=... where characters may be escaped by \\. This name is not in that format: '{text}'\n"));
        return Err(1);
    };
    let mut all = Vec::new();
    for part in rest.split('/').filter(|p| !p.is_empty()) {
        let Some((kind, value)) = part.split_once('=') else {
            sys.complain(
                "req: Hit end of string before finding the equals.\nproblems making Certificate Request\n",
            );
            return Err(1);
        };
        let known = x509::name(&[(kind.to_owned(), String::new())]);
        if x509::read_name(&known).first().is_none_or(|(k, _)| k != kind) {
            sys.complain(&format!("req: Skipping unknown subject name attribute \"{kind}\"\n"));
            continue;
        }
        if value.is_empty() {
            sys.complain(&format!("req: No value provided for subject name attribute \"{kind}\", skipped\n"));
            continue;
        }
        all.push((kind.to_owned(), value.to_owned()));
    }
    Ok(all)
}

/// Asks for the parts of the name, as the shipped configuration does.
fn ask(sys: &mut Sys<'_>) -> Vec<Attribute> {
    sys.complain("You are about to be asked to enter information that will be incorporated\ninto your certificate request.\nWhat you are about to enter is what is called a Distinguished Name or a DN.\nThere are quite a few fields but you can leave some blank\nFor some fields there will be a default value,\nIf you enter '.', the field will be left blank.\n-----\n");
    let mut all = Vec::new();
    for (kind, prompt, default) in PROMPTS {
        sys.complain(&format!("{prompt} [{default}]:"));
        let line = sys.read_line(0).map(|(l, _)| l.trim().to_owned()).unwrap_or_default();
        let value = if line.is_empty() { default } else { line.as_str() };
        if !value.is_empty() && value != "." {
            all.push((kind.to_owned(), value.to_owned()));
        }
    }
    all
}

/// Extensions of `-addext` and of a file of settings.
pub(super) fn extensions<'a>(settings: impl Iterator<Item = &'a str>) -> Vec<Extension> {
    let mut all = Vec::new();
    for setting in settings {
        let Some((name, value)) = setting.split_once('=') else { continue };
        let value = value.trim();
        let critical = value.starts_with("critical");
        let parts: Vec<&str> = value.split(',').map(str::trim).filter(|p| *p != "critical").collect();
        let found = match name.trim() {
            "subjectAltName" => Some(x509::alternative_names(&parts)),
            "basicConstraints" => {
                let ca = parts.iter().any(|p| p.eq_ignore_ascii_case("CA:TRUE"));
                x509::usages(if ca { &[] } else { &["client auth"] }).pop()
            }
            "keyUsage" => {
                let uses: Vec<&str> = parts
                    .iter()
                    .map(|p| match *p {
                        "digitalSignature" => "digital signature",
                        "keyEncipherment" => "key encipherment",
                        "dataEncipherment" => "data encipherment",
                        "keyAgreement" => "key agreement",
                        "keyCertSign" => "cert sign",
                        "cRLSign" => "crl sign",
                        _ => "content commitment",
                    })
                    .collect();
                x509::usages(&uses).into_iter().next()
            }
            "extendedKeyUsage" => {
                let uses: Vec<&str> = parts
                    .iter()
                    .map(|p| match *p {
                        "serverAuth" => "server auth",
                        "clientAuth" => "client auth",
                        "codeSigning" => "code signing",
                        _ => "email protection",
                    })
                    .collect();
                x509::usages(&uses).into_iter().next()
            }
            _ => None,
        };
        all.extend(found.map(|(oid, _, value)| (oid, critical, value)));
    }
    all
}

fn make(sys: &mut Sys<'_>, args: &Args) -> Result<i32, i32> {
    let key = match args.get("key") {
        Some(path) => load_key(sys, Some(path))?,
        None => fresh_key(sys, args)?,
    };
    let subject = match args.get("subj") {
        Some(text) => subject(sys, text)?,
        None => ask(sys),
    };
    let asked = extensions(args.all("addext"));
    if !args.has("x509") {
        let bytes = Request::write(&subject, &key, &asked);
        return Ok(write(sys, args, &der::pem("CERTIFICATE REQUEST", &bytes), 0o644));
    }
    let days = args.get("days").and_then(|d| d.parse::<i64>().ok()).unwrap_or(30);
    let name = x509::name(&subject);
    let public = key.public_der();
    let mut all = key_identifiers(&public);
    if !asked.iter().any(|e| e.0 == [0x55, 0x1d, 0x13]) {
        all.extend(x509::usages(&[]).pop());
    }
    all.extend(asked);
    let from = sys.now();
    let terms = Terms {
        issuer: name.clone(),
        from,
        until: from.plus_millis(days * 86_400_000),
        extensions: all,
        serial: 20,
    };
    let bytes = Certificate::write(&name, &public, &terms, &key, &mut chance(sys));
    Ok(write(sys, args, &der::pem("CERTIFICATE", &bytes), 0o644))
}

/// The subject's and the authority's key identifier of a certificate that signs itself.
fn key_identifiers(public: &[u8]) -> Vec<Extension> {
    let sum = crate::programs::sums::sha256(public);
    let id: Vec<u8> =
        (0..20).filter_map(|i| u8::from_str_radix(sum.get(i * 2..i * 2 + 2)?, 16).ok()).collect();
    let own = der::element(der::OCTET_STRING, &id);
    let of = der::sequence(&[&der::element(0x80, &id)]);
    vec![(vec![0x55, 0x1d, 0x0e], false, own), (vec![0x55, 0x1d, 0x23], false, of)]
}

fn fresh_key(sys: &mut Sys<'_>, args: &Args) -> Result<Key, i32> {
    let algorithm = match args.get("newkey").unwrap_or("rsa") {
        "ed25519" | "ED25519" => Algorithm::Ed25519,
        "ec" => Algorithm::P256,
        text => Algorithm::Rsa(text.strip_prefix("rsa:").and_then(|b| b.parse().ok()).unwrap_or(2048)),
    };
    let key = new_key(sys, algorithm);
    sys.complain("-----\n");
    let path = args.get("keyout").unwrap_or("privkey.pem");
    match write_to(sys, Some(path), &key.pem(), 0o600) {
        0 => Ok(key),
        code => Err(code),
    }
}

fn show(sys: &mut Sys<'_>, args: &Args) -> Result<i32, i32> {
    let bytes = input(sys, args.get("in"), "X509_REQ")?;
    let pem = String::from_utf8_lossy(&bytes).into_owned();
    let block = der::pem_blocks(&pem).into_iter().find(|b| b.kind.ends_with("CERTIFICATE REQUEST"));
    let Some((request, bytes)) = block.and_then(|b| Some((Request::read(&b.bytes)?, b.bytes))) else {
        sys.complain(&format!(
            "Could not read X509_REQ from {}\nUnable to load X509 request\n",
            args.get("in").unwrap_or("<stdin>")
        ));
        return Err(1);
    };
    if args.has("verify") {
        let ok = request.verifies();
        sys.complain(if ok {
            "Certificate request self-signature verify OK\n"
        } else {
            "Certificate request self-signature verify failure\n"
        });
    }
    let mut out = String::new();
    if args.has("text") {
        let signature = der::inside(&bytes).get(2).and_then(|s| s.2.get(1..)).unwrap_or_default().to_vec();
        out.push_str(&text::request(&request, &signature));
    }
    if args.has("subject") {
        out.push_str(&format!("subject={}\n", text::name(&request.subject)));
    }
    if args.has("pubkey") {
        out.push_str(&der::pem("PUBLIC KEY", &request.key));
    }
    if args.has("modulus") {
        out.push_str(&super::tools::modulus(&request.key));
    }
    if !args.has("noout") {
        out.push_str(&der::pem("CERTIFICATE REQUEST", &bytes));
    }
    Ok(write(sys, args, &out, 0o644))
}
