//! `kubectl create secret tls`. Models kubectl `pkg/cmd/create/create_secret_tls.go` and Go's `tls.X509KeyPair`.

use gatehouse_model::Map;

use super::{Generator, secret};
use crate::cli::groups::{CREATE_MANAGER, DRY_RUN, PRINT, SAVE_CONFIG, VALIDATE};
use crate::cli::{Args, Command, Flag};
use crate::der;
use crate::error::Error;
use crate::session::Session;

const FLAGS: &[Flag] = &[
    Flag::str("cert", "Path to PEM encoded public key certificate."),
    Flag::str("key", "Path to private key associated with given certificate."),
    Flag::bool("append-hash", "Append a hash of the secret to its name."),
];

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Create a TLS secret",
    long: "Create a TLS secret from the given public/private key pair.\n\n The public/private key pair must exist beforehand. The public key certificate must be .PEM encoded and match the given private key.",
    examples: "# Create a new TLS secret named tls-secret with the given key pair\nkubectl create secret tls tls-secret --cert=path/to/tls.crt --key=path/to/tls.key",
    usage: "NAME --cert=path/to/cert/file --key=path/to/key/file [--dry-run=server|client|none]",
    flags: &[PRINT, SAVE_CONFIG, VALIDATE, DRY_RUN, CREATE_MANAGER, FLAGS],
    run: Some(run),
    ..Command::named("tls")
};

fn read(session: &mut Session<'_, '_>, path: &str) -> Result<Vec<u8>, Error> {
    session
        .host
        .files
        .read(path)
        .map_err(|e| Error::plain(format!("Cannot read file {path}, open {path}: {}", e.errno)))
}

/// Whether the two belong together, in the words of Go's `crypto/tls`.
fn check_pair(certificate: &[u8], key: &[u8]) -> Result<(), String> {
    let (certificate, key) = (String::from_utf8_lossy(certificate), String::from_utf8_lossy(key));
    let blocks = der::pem_blocks(&certificate);
    let Some(leaf) = blocks.iter().find(|b| b.kind == "CERTIFICATE") else {
        let skipped: Vec<&str> = blocks.iter().map(|b| b.kind.as_str()).collect();
        return Err(match skipped.as_slice() {
            [] => "tls: failed to find any PEM data in certificate input".to_owned(),
            [one] if one.ends_with("PRIVATE KEY") => "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched".to_owned(),
            many => format!("tls: failed to find \"CERTIFICATE\" PEM block in certificate input after skipping PEM blocks of the following types: [{}]", many.join(" ")),
        });
    };
    let blocks = der::pem_blocks(&key);
    let Some(private) = blocks.iter().find(|b| b.kind == "PRIVATE KEY" || b.kind.ends_with(" PRIVATE KEY"))
    else {
        let skipped: Vec<&str> = blocks.iter().map(|b| b.kind.as_str()).collect();
        return Err(match skipped.as_slice() {
            [] => "tls: failed to find any PEM data in key input".to_owned(),
            ["CERTIFICATE"] => {
                "tls: found a certificate rather than a key in the PEM for the private key".to_owned()
            }
            many => format!(
                "tls: failed to find PEM block with type ending in \"PRIVATE KEY\" in key input after skipping PEM blocks of the following types: [{}]",
                many.join(" ")
            ),
        });
    };
    match (der::certificate_key(&leaf.bytes), der::private_key_public(&private.bytes)) {
        (Some(a), Some(b)) if a != b => Err("tls: private key does not match public key".to_owned()),
        _ => Ok(()),
    }
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let generator = Generator::new(session, args)?;
    let (certificate, key) = (args.str("cert"), args.str("key"));
    if certificate.is_empty() || key.is_empty() {
        return Err(Error::plain("key and cert must be specified"));
    }
    let certificate = read(session, certificate)?;
    let key = read(session, key)?;
    check_pair(&certificate, &key).map_err(Error::plain)?;
    let mut data = Map::new();
    secret::add(&mut data, "tls.crt", &certificate)?;
    secret::add(&mut data, "tls.key", &key)?;
    secret::finish(session, args, generator, "kubernetes.io/tls", data)
}
