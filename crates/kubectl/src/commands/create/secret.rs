//! `kubectl create secret` and its generic form. Models kubectl `pkg/cmd/create/create_secret.go`.

use gatehouse_model::{Map, base64, names};

use super::{Generator, secret_docker, secret_tls, sources};
use crate::cli::groups::{CREATE_MANAGER, DRY_RUN, PRINT, SAVE_CONFIG, VALIDATE};
use crate::cli::{Args, Command, Flag};
use crate::error::Error;
use crate::session::Session;

/// The group.
pub(super) static COMMAND: Command = Command {
    short: "Create a secret using a specified subcommand",
    long: "Create a secret with specified type.\n\n A docker-registry type secret is for accessing a container registry.\n\n A generic type secret indicate an Opaque secret type.\n\n A tls type secret holds TLS certificate and its associated key.",
    usage: "(docker-registry | generic | tls)",
    subcommands: &[&secret_docker::COMMAND, &GENERIC, &secret_tls::COMMAND],
    run: Some(crate::commands::run_group),
    ..Command::named("secret")
};

const FLAGS: &[Flag] = &[
    Flag::slice(
        "from-file",
        "Key files can be specified using their file path, in which case a default name will be given to them, or optionally with a name and file path, in which case the given name will be used.  Specifying a directory will iterate each named file in the directory that is a valid secret key.",
    ),
    Flag::array("from-literal", "Specify a key and literal value to insert in secret (i.e. mykey=somevalue)"),
    Flag::slice(
        "from-env-file",
        "Specify the path to a file to read lines of key=val pairs to create a secret.",
    ),
    Flag::str("type", "The type of secret to create"),
    Flag::bool("append-hash", "Append a hash of the secret to its name."),
];

static GENERIC: Command = Command {
    short: "Create a secret from a local file, directory, or literal value",
    long: "Create a secret based on a file, directory, or specified literal value.\n\n A single secret may package one or more key/value pairs.\n\n When creating a secret based on a file, the key will default to the basename of the file, and the value will default to the file content. If the basename is an invalid key or you wish to chose your own, you may specify an alternate key.\n\n When creating a secret based on a directory, each file whose basename is a valid key in the directory will be packaged into the secret. Any directory entries except regular files are ignored (e.g. subdirectories, symlinks, devices, pipes, etc).",
    usage: "NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none]",
    flags: &[PRINT, SAVE_CONFIG, VALIDATE, DRY_RUN, CREATE_MANAGER, FLAGS],
    run: Some(run),
    ..Command::named("generic")
};

/// Adds a key to a secret's data.
pub(super) fn add(data: &mut Map, key: &str, content: &[u8]) -> Result<(), Error> {
    let wrong = names::config_map_key(key);
    if !wrong.is_empty() {
        return Err(Error::plain(format!("{key:?} is not valid key name for a Secret {}", wrong.join(";"))));
    }
    if data.contains_key(key) {
        return Err(Error::plain(format!("cannot add key {key}, another key by that name already exists")));
    }
    data.insert(key, base64::encode(content));
    Ok(())
}

/// Makes the secret and sends it.
pub(super) fn finish(
    session: &mut Session<'_, '_>,
    args: &Args,
    generator: Generator,
    kind: &str,
    data: Map,
) -> Result<(), Error> {
    let mut object = generator.object("v1", "Secret", true);
    if !data.is_empty() {
        object.set(&["data"], data);
    }
    if !kind.is_empty() {
        object.set(&["type"], kind);
    }
    generator.finish(session, args, object, "secrets", true, "failed to create secret ")
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let generator = Generator::new(session, args)?;
    sources::check_exclusive(args)?;
    let mut data = Map::new();
    sources::read(session, args, "secret", &mut |key, content| add(&mut data, key, &content))?;
    finish(session, args, generator, args.str("type"), data)
}
