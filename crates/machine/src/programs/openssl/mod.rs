//! `openssl`: keys, signing requests, certificates, and some small tools.
//!
//! Files are real DER and PEM; how the numbers in them come about is `core::pki`'s business. Models OpenSSL 3.0's apps.

mod certificate;
mod request;
mod s_client;
mod text;
mod tools;

use gatehouse_core::Entropy;
use gatehouse_core::pki::{Algorithm, Certificate, Key, der};

use crate::errno::Errno;
use crate::sys::Sys;

pub(super) fn main(sys: &mut Sys<'_>, argv: &[String]) -> i32 {
    let Some(command) = argv.get(1).cloned() else {
        sys.print("help:\n\nStandard commands\nasn1parse         ca                ciphers           cms               \ncrl               dgst              ec                ecparam           \nenc               genpkey           genrsa            pkcs12            \npkey              rand              req               rsa               \ns_client          verify            version           x509              \n");
        return 0;
    };
    let args = match Args::parse(&command, argv.get(2..).unwrap_or_default()) {
        Ok(args) => args,
        Err(why) => {
            sys.complain(&format!("{command}: {why}\n{command}: Use -help for summary.\n"));
            return 1;
        }
    };
    match command.as_str() {
        "genrsa" => genrsa(sys, &args),
        "genpkey" => genpkey(sys, &args),
        "ecparam" => {
            let key = new_key(sys, Algorithm::P256);
            let text = key.traditional_pem();
            write(sys, &args, &text, 0o600)
        }
        "rsa" | "pkey" | "ec" => tools::private_key(sys, &args, &command),
        "req" => request::main(sys, &args),
        "x509" => certificate::main(sys, &args),
        "verify" => certificate::verify(sys, &args),
        "s_client" => s_client::main(sys, &args),
        "rand" => tools::rand(sys, &args),
        "enc" | "base64" => tools::encode(sys, &args),
        "dgst" | "sha256" | "sha512" | "md5" => tools::digest(sys, &args, &command),
        "version" => {
            sys.print("OpenSSL 3.0.13 30 Jan 2024 (Library: OpenSSL 3.0.13 30 Jan 2024)\n");
            0
        }
        "ciphers" => {
            sys.print("TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES256-GCM-SHA384\n");
            0
        }
        other => {
            sys.complain(&format!("Invalid command '{other}'; type \"help\" for a list.\n"));
            1
        }
    }
}

/// A command line: options with one dash, in order, and the rest.
#[derive(Debug, Default)]
struct Args {
    given: Vec<(String, String)>,
    rest: Vec<String>,
}

/// Options that take a value.
const VALUED: &str = " in out key keyout subj days CA CAkey CAserial CAfile newkey config addext algorithm pkeyopt name extfile extensions inform outform passin passout set_serial checkend ext connect servername cert verify_hostname nameopt copy_extensions reqexts issuer_checks CApath untrusted starttls cipher ciphersuites alpn verify verify_depth ";
/// Options that take none.
const FLAGS: &str = " new x509 nodes noenc noout text subject issuer enddate startdate dates serial fingerprint modulus pubkey pubout pubin req verify check sha256 sha1 sha384 sha512 md5 base64 hex d e A a CAcreateserial genkey traditional batch utf8 showcerts brief quiet tls1 tls1_1 tls1_2 tls1_3 no_tls1 no_tls1_1 no_tls1_2 no_tls1_3 ign_eof no_ign_eof msg debug state verify_return_error prexit noservername purpose email hash r des3 aes256 aes128 verbose alias trustout ";

impl Args {
    fn parse(command: &str, words: &[String]) -> Result<Self, String> {
        let mut args = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let Some(name) = word.strip_prefix('-').filter(|n| !n.is_empty()) else {
                args.rest.push(word.clone());
                continue;
            };
            let name = name.trim_start_matches('-');
            // For some commands a name is a flag and for others not.
            let valued = VALUED.contains(&format!(" {name} ")) && (name != "verify" || command == "s_client");
            if valued {
                let Some(value) = words.next() else { return Err(format!("Option -{name} needs a value")) };
                args.given.push((name.to_owned(), value.clone()));
            } else if FLAGS.contains(&format!(" {name} ")) {
                args.given.push((name.to_owned(), String::new()));
            } else {
                return Err(format!("Unknown option: -{name}"));
            }
        }
        Ok(args)
    }

    fn has(&self, name: &str) -> bool {
        self.given.iter().any(|(n, _)| n == name)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.given.iter().rev().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.given.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// A stream of randomness from the kernel's.
fn chance(sys: &mut Sys<'_>) -> Entropy {
    let bytes = sys
        .open("/dev/urandom", crate::sys::Flags::READ, 0)
        .and_then(|fd| {
            let bytes = sys.read(fd, 8);
            sys.close(fd);
            bytes
        })
        .unwrap_or_default();
    Entropy::new(bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b)))
}

fn new_key(sys: &mut Sys<'_>, algorithm: Algorithm) -> Key {
    Key::new(algorithm, &mut chance(sys))
}

/// Writes to `-out` or standard output.
fn write(sys: &mut Sys<'_>, args: &Args, text: &str, mode: u32) -> i32 {
    write_to(sys, args.get("out"), text, mode)
}

fn write_to(sys: &mut Sys<'_>, path: Option<&str>, text: &str, mode: u32) -> i32 {
    let Some(path) = path else {
        sys.print(text);
        return 0;
    };
    let fresh = sys.stat(path).is_err();
    match sys.spill(path, text.as_bytes()) {
        Ok(()) => {
            if fresh && mode == 0o600 {
                let _ = sys.chmod("fchmodat", path, mode);
            }
            0
        }
        Err(e) => {
            sys.complain(&format!("Can't open \"{path}\" for writing, {}\n", e.text()));
            1
        }
    }
}

/// What is said of a file that cannot be read.
fn unreadable(sys: &mut Sys<'_>, what: &str, path: &str, error: Errno) -> i32 {
    let code = if error == Errno::ENOENT { 2 } else { 13 };
    sys.complain(&format!("Could not open file or uri for loading {what} from {path}\n40D7B4E2C77F0000:error:16000069:STORE routines:ossl_store_get0_loader_int:unregistered scheme:../crypto/store/store_register.c:237:scheme=file\n40D7B4E2C77F0000:error:8000000{code:X}:system library:file_open:{}:../providers/implementations/storemgmt/file_store.c:267:calling stat({path})\n", error.text()));
    1
}

/// The text of `-in` or standard input.
fn input(sys: &mut Sys<'_>, path: Option<&str>, what: &str) -> Result<Vec<u8>, i32> {
    match path {
        None => Ok(sys.read_all(0).unwrap_or_default()),
        Some(path) => sys.slurp_bytes(path).map_err(|e| unreadable(sys, what, path, e)),
    }
}

/// A private key.
fn load_key(sys: &mut Sys<'_>, path: Option<&str>) -> Result<Key, i32> {
    let bytes = input(sys, path, "private key")?;
    Key::from_pem(&String::from_utf8_lossy(&bytes)).ok_or_else(|| {
        let from = path.unwrap_or("<stdin>");
        sys.complain(&format!("Could not read private key from {from}\n"));
        1
    })
}

/// A certificate, and its bytes.
fn load_certificate(sys: &mut Sys<'_>, path: Option<&str>) -> Result<(Certificate, Vec<u8>), i32> {
    let bytes = input(sys, path, "certificate")?;
    let block =
        der::pem_blocks(&String::from_utf8_lossy(&bytes)).into_iter().find(|b| b.kind == "CERTIFICATE");
    let bytes = block.map_or(bytes, |b| b.bytes);
    match Certificate::read(&bytes) {
        Some(certificate) => Ok((certificate, bytes)),
        None => {
            sys.complain(&format!(
                "Could not read certificate from {}\nUnable to load certificate\n",
                path.unwrap_or("<stdin>")
            ));
            Err(1)
        }
    }
}

fn genrsa(sys: &mut Sys<'_>, args: &Args) -> i32 {
    let bits = args.rest.first().and_then(|b| b.parse::<usize>().ok()).unwrap_or(2048);
    if args.rest.first().is_some_and(|b| b.parse::<usize>().is_err()) {
        sys.complain("genrsa: Extra arguments given.\ngenrsa: Use -help for summary.\n");
        return 1;
    }
    if !(512..=16_384).contains(&bits) {
        sys.complain("genrsa: Error generating RSA key\n");
        return 1;
    }
    let key = new_key(sys, Algorithm::Rsa(bits));
    let text = if args.has("traditional") { key.traditional_pem() } else { key.pem() };
    write(sys, args, &text, 0o600)
}

fn genpkey(sys: &mut Sys<'_>, args: &Args) -> i32 {
    let option = |name: &str| args.all("pkeyopt").find_map(|o| o.strip_prefix(name)?.strip_prefix(':'));
    let algorithm = match args.get("algorithm").unwrap_or_default().to_uppercase().as_str() {
        "RSA" => Algorithm::Rsa(option("rsa_keygen_bits").and_then(|b| b.parse().ok()).unwrap_or(2048)),
        "EC" => Algorithm::P256,
        "ED25519" => Algorithm::Ed25519,
        "" => {
            sys.complain("genpkey: No keytype specified\ngenpkey: Use -help for summary.\n");
            return 1;
        }
        other => {
            sys.complain(&format!("genpkey: Error initializing {other} context\n"));
            return 1;
        }
    };
    let text = new_key(sys, algorithm).pem();
    write(sys, args, &text, 0o600)
}

#[cfg(test)]
mod tests;
