//! The small tools: `rsa`, `pkey`, `rand`, `enc -base64`, `dgst`.

use gatehouse_core::pki::{Algorithm, der, key};

use super::{Args, chance, input, load_key, text, write};
use crate::programs::{decode_base64, encode_base64, sums};
use crate::sys::Sys;

/// `Modulus=…`
pub(super) fn modulus(spki: &[u8]) -> String {
    match key::algorithm_of(spki) {
        Algorithm::Rsa(_) => {
            let digits: String = key::public_of(spki).iter().map(|b| format!("{b:02X}")).collect();
            format!("Modulus={digits}\n")
        }
        _ => "Modulus=No modulus for this public key type\n".to_owned(),
    }
}

/// `openssl rsa`, `openssl pkey`, `openssl ec`
pub(super) fn private_key(sys: &mut Sys<'_>, args: &Args, command: &str) -> i32 {
    if args.has("pubin") {
        let Ok(bytes) = input(sys, args.get("in"), "Public Key") else { return 1 };
        let pem = String::from_utf8_lossy(&bytes).into_owned();
        let Some(block) = der::pem_blocks(&pem).into_iter().find(|b| b.kind == "PUBLIC KEY") else {
            sys.complain(&format!(
                "Could not read public key from {}\n",
                args.get("in").unwrap_or("<stdin>")
            ));
            return 1;
        };
        let mut out = String::new();
        if args.has("text") {
            out.push_str(&text::public_key(&block.bytes, 0));
        }
        if args.has("modulus") {
            out.push_str(&modulus(&block.bytes));
        }
        if !args.has("noout") {
            out.push_str(&der::pem("PUBLIC KEY", &block.bytes));
        }
        return write(sys, args, &out, 0o644);
    }
    let key = match load_key(sys, args.get("in")) {
        Ok(key) => key,
        Err(code) => return code,
    };
    let mut out = String::new();
    if args.has("text") {
        out.push_str(&text::private_key(&key));
    }
    if args.has("modulus") {
        out.push_str(&modulus(&key.public_der()));
    }
    if args.has("check") {
        sys.print(if command == "rsa" { "RSA key ok\n" } else { "Key is valid\n" });
    }
    if !args.has("noout") {
        if command != "pkey" {
            let what = if command == "rsa" { "RSA" } else { "EC" };
            sys.complain(&format!("writing {what} key\n"));
        }
        if args.has("pubout") {
            out.push_str(&der::pem("PUBLIC KEY", &key.public_der()));
        } else if args.has("traditional") {
            out.push_str(&key.traditional_pem());
        } else {
            out.push_str(&key.pem());
        }
    }
    let mode = if args.has("pubout") { 0o644 } else { 0o600 };
    write(sys, args, &out, mode)
}

/// Base64 in lines of 64 letters.
fn folded(bytes: &[u8]) -> String {
    let letters: Vec<char> = encode_base64(bytes).chars().collect();
    letters.chunks(64).map(|c| c.iter().collect::<String>() + "\n").collect()
}

pub(super) fn rand(sys: &mut Sys<'_>, args: &Args) -> i32 {
    let Some(count) = args.rest.first().and_then(|n| n.parse::<usize>().ok()).filter(|n| *n > 0) else {
        sys.complain("rand: Use -help for summary.\n");
        return 1;
    };
    let mut random = chance(sys);
    let bytes: Vec<u8> = (0..count.div_ceil(8))
        .flat_map(|_| random.next_u64().to_be_bytes())
        .take(count.min(1 << 16))
        .collect();
    if args.has("hex") {
        let digits: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        return write(sys, args, &(digits + "\n"), 0o644);
    }
    if args.has("base64") {
        return write(sys, args, &folded(&bytes), 0o644);
    }
    match args.get("out") {
        Some(path) => i32::from(sys.spill(path, &bytes).is_err()),
        None => {
            sys.print_bytes(&bytes);
            0
        }
    }
}

pub(super) fn encode(sys: &mut Sys<'_>, args: &Args) -> i32 {
    let Ok(bytes) = input(sys, args.get("in"), "input") else { return 1 };
    if args.has("d") {
        let text: Vec<u8> = bytes.into_iter().filter(|b| !b.is_ascii_whitespace()).collect();
        let plain = decode_base64(&text);
        return match args.get("out") {
            Some(path) => i32::from(sys.spill(path, &plain).is_err()),
            None => {
                sys.print_bytes(&plain);
                0
            }
        };
    }
    let text = if args.has("A") { encode_base64(&bytes) } else { folded(&bytes) };
    write(sys, args, &text, 0o644)
}

pub(super) fn digest(sys: &mut Sys<'_>, args: &Args, command: &str) -> i32 {
    let kind =
        ["sha512", "md5", "sha256"].into_iter().find(|k| args.has(k) || command == *k).unwrap_or("sha256");
    let files: Vec<Option<String>> =
        if args.rest.is_empty() { vec![None] } else { args.rest.iter().cloned().map(Some).collect() };
    for file in files {
        let Ok(bytes) = input(sys, file.as_deref(), "input") else { return 1 };
        let sum = match kind {
            "md5" => sums::md5(&bytes),
            "sha512" => sums::sha512(&bytes),
            _ => sums::sha256(&bytes),
        };
        let name = if kind == "md5" {
            "MD5"
        } else if kind == "sha512" {
            "SHA2-512"
        } else {
            "SHA2-256"
        };
        sys.print(&format!("{name}({})= {sum}\n", file.as_deref().unwrap_or("stdin")));
    }
    0
}
