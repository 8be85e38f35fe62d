//! `kubectl create configmap`. Models kubectl `pkg/cmd/create/create_configmap.go`.

use gatehouse_model::{Map, base64, names};

use super::{Generator, sources};
use crate::cli::groups::{CREATE_MANAGER, DRY_RUN, PRINT, SAVE_CONFIG, VALIDATE};
use crate::cli::{Args, Command, Flag};
use crate::error::Error;
use crate::session::Session;

const FLAGS: &[Flag] = &[
    Flag::slice(
        "from-file",
        "Key file can be specified using its file path, in which case file basename will be used as configmap key, or optionally with a key and file path, in which case the given key will be used.  Specifying a directory will iterate each named file in the directory whose basename is a valid configmap key.",
    ),
    Flag::array(
        "from-literal",
        "Specify a key and literal value to insert in configmap (i.e. mykey=somevalue)",
    ),
    Flag::slice(
        "from-env-file",
        "Specify the path to a file to read lines of key=val pairs to create a configmap.",
    ),
    Flag::bool("append-hash", "Append a hash of the configmap to its name."),
];

/// The command.
pub(super) static COMMAND: Command = Command {
    aliases: &["cm"],
    short: "Create a config map from a local file, directory or literal value",
    long: "Create a config map based on a file, directory, or specified literal value.\n\n A single config map may package one or more key/value pairs.\n\n When creating a config map based on a file, the key will default to the basename of the file, and the value will default to the file content.  If the basename is an invalid key, you may specify an alternate key.\n\n When creating a config map based on a directory, each file whose basename is a valid key in the directory will be packaged into the config map.  Any directory entries except regular files are ignored (e.g. subdirectories, symlinks, devices, pipes, etc).",
    usage: "NAME [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none]",
    flags: &[PRINT, SAVE_CONFIG, VALIDATE, DRY_RUN, CREATE_MANAGER, FLAGS],
    run: Some(run),
    ..Command::named("configmap")
};

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let generator = Generator::new(session, args)?;
    sources::check_exclusive(args)?;
    let (mut data, mut binary) = (Map::new(), Map::new());
    let name = generator.name.clone();
    sources::read(session, args, "config", &mut |key, content| {
        let wrong = names::config_map_key(key);
        if !wrong.is_empty() {
            return Err(Error::plain(format!(
                "{key:?} is not a valid key name for a ConfigMap: {}",
                wrong.join(",")
            )));
        }
        for (map, field) in [(&data, "Data"), (&binary, "BinaryData")] {
            if map.contains_key(key) {
                return Err(Error::plain(format!(
                    "cannot add key {key:?}, another key by that name already exists in {field} for ConfigMap {name:?}"
                )));
            }
        }
        match String::from_utf8(content) {
            Ok(text) => data.insert(key, text),
            Err(e) => binary.insert(key, base64::encode(e.as_bytes())),
        };
        Ok(())
    })?;
    let mut object = generator.object("v1", "ConfigMap", true);
    if !data.is_empty() {
        object.set(&["data"], data);
    }
    if !binary.is_empty() {
        object.set(&["binaryData"], binary);
    }
    generator.finish(session, args, object, "configmaps", true, "failed to create configmap: ")
}
