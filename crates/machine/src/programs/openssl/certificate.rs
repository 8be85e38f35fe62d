//! `openssl x509` and `openssl verify`.

use gatehouse_core::Timestamp;
use gatehouse_core::pki::x509::Extension;
use gatehouse_core::pki::{Certificate, Request, Terms, der, key};

use super::{Args, chance, input, load_certificate, load_key, request, text, write};
use crate::programs::sums;
use crate::sys::Sys;

pub(super) fn main(sys: &mut Sys<'_>, args: &Args) -> i32 {
    let result = if args.has("req") { sign(sys, args) } else { show(sys, args) };
    result.unwrap_or_else(|code| code)
}

/// Signs a request.
fn sign(sys: &mut Sys<'_>, args: &Args) -> Result<i32, i32> {
    let bytes = input(sys, args.get("in"), "certificate request input")?;
    let pem = String::from_utf8_lossy(&bytes).into_owned();
    let block = der::pem_blocks(&pem).into_iter().find(|b| b.kind.ends_with("CERTIFICATE REQUEST"));
    let Some(wanted) = block.and_then(|b| Request::read(&b.bytes)) else {
        sys.complain(&format!(
            "Could not read certificate request input from {}\nUnable to load certificate request input\n",
            args.get("in").unwrap_or("<stdin>")
        ));
        return Err(1);
    };
    if !wanted.verifies() {
        sys.complain("Certificate request self-signature did not match the contents\n");
        return Err(1);
    }
    sys.complain(&format!(
        "Certificate request self-signature ok\nsubject={}\n",
        text::name(&wanted.subject)
    ));
    let (issuer, signer) = match (args.get("CA"), args.get("signkey").or(args.get("key"))) {
        (Some(ca), _) => {
            let (authority, _) = load_certificate(sys, Some(ca))?;
            let signer = load_key(sys, args.get("CAkey").or(Some(ca)))?;
            if key::public_of(&authority.key) != signer.public {
                sys.complain("CA certificate and CA private key do not match\n");
                return Err(1);
            }
            (authority.subject, signer)
        }
        (None, Some(own)) => (wanted.subject.clone(), load_key(sys, Some(own))?),
        (None, None) => {
            sys.complain(
                "We need a private key to sign with, use -signkey or -CAkey or -CA with private key\n",
            );
            return Err(1);
        }
    };
    let mut extensions = Vec::new();
    if let Some(path) = args.get("extfile") {
        let settings = input(sys, Some(path), "extfile")?;
        let settings = String::from_utf8_lossy(&settings).into_owned();
        let section = args.get("extensions").map(|s| format!("[{s}]")).unwrap_or_default();
        let mut inside = section.is_empty();
        let lines: Vec<&str> = settings
            .lines()
            .map(str::trim)
            .filter(|l| {
                if l.starts_with('[') {
                    inside = l.replace(' ', "") == section;
                    return false;
                }
                inside && !l.starts_with('#')
            })
            .collect();
        extensions = request::extensions(lines.into_iter());
    }
    if matches!(args.get("copy_extensions"), Some("copy" | "copyall")) {
        extensions.extend(wanted.extensions.iter().cloned());
    }
    let days = args.get("days").and_then(|d| d.parse::<i64>().ok()).unwrap_or(30);
    let from = sys.now();
    let terms = Terms { issuer, from, until: from.plus_millis(days * 86_400_000), extensions, serial: 20 };
    let bytes = Certificate::write(&wanted.subject, &wanted.key, &terms, &signer, &mut chance(sys));
    if args.has("CAcreateserial")
        && let Some(ca) = args.get("CA")
        && let Some(made) = Certificate::read(&bytes)
    {
        let path = args.get("CAserial").map_or_else(
            || format!("{}.srl", ca.rsplit_once('.').map_or(ca, |(stem, _)| stem)),
            str::to_owned,
        );
        let digits: String = made.serial.iter().map(|b| format!("{b:02X}")).collect();
        if let Err(e) = sys.spill(&path, format!("{digits}\n").as_bytes()) {
            sys.complain(&format!("Can't open \"{path}\" for writing, {}\n", e.text()));
            return Err(1);
        }
    }
    Ok(write(sys, args, &der::pem("CERTIFICATE", &bytes), 0o644))
}

/// The moment a date of a certificate stands for.
fn moment(utc: &str) -> Timestamp {
    let part = |i: usize| utc.get(i..i + 2).unwrap_or("00");
    let text = format!("20{}-{}-{}T{}:{}:{}Z", part(0), part(2), part(4), part(6), part(8), part(10));
    Timestamp(gatehouse_model::time::parse_rfc3339(&text).map_or(0, |(s, _)| s * 1000))
}

fn show(sys: &mut Sys<'_>, args: &Args) -> Result<i32, i32> {
    let (certificate, bytes) = load_certificate(sys, args.get("in"))?;
    let mut out = String::new();
    let mut code = 0;
    for (option, value) in &args.given {
        match option.as_str() {
            "text" => out.push_str(&text::certificate(&certificate, None)),
            "subject" => out.push_str(&format!("subject={}\n", text::name(&certificate.subject))),
            "issuer" => out.push_str(&format!("issuer={}\n", text::name(&certificate.issuer))),
            "serial" => {
                let digits: String = certificate.serial.iter().map(|b| format!("{b:02X}")).collect();
                out.push_str(&format!("serial={digits}\n"));
            }
            "startdate" => out.push_str(&format!("notBefore={}\n", text::time(&certificate.validity.0))),
            "enddate" => out.push_str(&format!("notAfter={}\n", text::time(&certificate.validity.1))),
            "dates" => out.push_str(&format!(
                "notBefore={}\nnotAfter={}\n",
                text::time(&certificate.validity.0),
                text::time(&certificate.validity.1)
            )),
            "fingerprint" => {
                let sum = sums::sha256(&bytes);
                let pairs: Vec<&str> = (0..32).filter_map(|i| sum.get(i * 2..i * 2 + 2)).collect();
                out.push_str(&format!("sha256 Fingerprint={}\n", pairs.join(":").to_uppercase()));
            }
            "pubkey" => out.push_str(&der::pem("PUBLIC KEY", &certificate.key)),
            "modulus" => out.push_str(&super::tools::modulus(&certificate.key)),
            "ext" => {
                let numbers = [
                    ("subjectAltName", 0x11),
                    ("keyUsage", 0x0f),
                    ("extendedKeyUsage", 0x25),
                    ("basicConstraints", 0x13),
                    ("subjectKeyIdentifier", 0x0e),
                    ("authorityKeyIdentifier", 0x23),
                ];
                let wanted: Vec<u8> = numbers
                    .iter()
                    .filter(|(n, _)| value.split(',').any(|v| v == *n))
                    .map(|(_, k)| *k)
                    .collect();
                let is = |e: &&Extension| matches!(e.0.as_slice(), [0x55, 0x1d, k] if wanted.contains(k));
                let mine: Vec<_> = certificate.extensions.iter().filter(is).cloned().collect();
                if mine.is_empty() {
                    out.push_str("No extensions matching the given criteria.\n");
                }
                out.push_str(&text::extensions(&mine, 0));
            }
            "purpose" => out.push_str(&text::purposes(&certificate)),
            "checkend" => {
                let seconds = value.parse::<i64>().unwrap_or(0);
                let ends = moment(&certificate.validity.1) <= sys.now().plus_millis(seconds * 1000);
                out.push_str(if ends {
                    "Certificate will expire\n"
                } else {
                    "Certificate will not expire\n"
                });
                code = i32::from(ends);
            }
            _ => {}
        }
    }
    if !args.has("noout") {
        if args.get("outform").is_some_and(|f| f.eq_ignore_ascii_case("der")) {
            match args.get("out") {
                Some(path) => {
                    let _ = sys.spill(path, &bytes);
                }
                None => sys.print_bytes(&bytes),
            }
            return Ok(code);
        }
        out.push_str(&der::pem("CERTIFICATE", &bytes));
    }
    Ok(write(sys, args, &out, 0o644).max(code))
}

/// `openssl verify -CAfile ca.crt cert.crt`
pub(super) fn verify(sys: &mut Sys<'_>, args: &Args) -> i32 {
    let authority = match args.get("CAfile") {
        None => None,
        Some(path) => match load_certificate(sys, Some(path)) {
            Ok((ca, _)) => Some(ca),
            Err(code) => return code,
        },
    };
    let mut code = 0;
    for file in &args.rest {
        let Ok((certificate, _)) = load_certificate(sys, Some(file)) else {
            code = 2;
            continue;
        };
        let known = authority.as_ref().is_some_and(|ca| certificate.signed_by(&ca.key));
        let problem = if known && !certificate.holds_at(sys.now()) {
            Some((10, 0, "certificate has expired"))
        } else if known {
            None
        } else if certificate.subject == certificate.issuer {
            Some((18, 0, "self-signed certificate"))
        } else {
            Some((20, 0, "unable to get local issuer certificate"))
        };
        match problem {
            None => sys.print(&format!("{file}: OK\n")),
            Some((error, depth, why)) => {
                sys.complain(&format!(
                    "{}\nerror {error} at {depth} depth lookup: {why}\nerror {file}: verification failed\n",
                    text::name(&certificate.subject)
                ));
                code = 2;
            }
        }
    }
    code
}
