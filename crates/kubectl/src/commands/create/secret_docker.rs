//! `kubectl create secret docker-registry`. Models kubectl `pkg/cmd/create/create_secret_docker.go`.

use gatehouse_model::json::go_quote;
use gatehouse_model::{Map, base64};

use super::{Generator, secret, sources};
use crate::cli::groups::{CREATE_MANAGER, DRY_RUN, PRINT, SAVE_CONFIG, VALIDATE};
use crate::cli::{Args, Command, Flag};
use crate::error::Error;
use crate::session::Session;

const FLAGS: &[Flag] = &[
    Flag::str("docker-username", "Username for Docker registry authentication"),
    Flag::str("docker-password", "Password for Docker registry authentication"),
    Flag::str("docker-email", "Email for Docker registry"),
    Flag::str("docker-server", "Server location for Docker registry").default("https://index.docker.io/v1/"),
    Flag::bool("append-hash", "Append a hash of the secret to its name."),
    Flag::slice(
        "from-file",
        "Key files can be specified using their file path, in which case a default name of .dockerconfigjson will be given to them, or optionally with a name and file path, in which case the given name will be used. Specifying a directory will iterate each named file in the directory that is a valid secret key. For this command, the key should always be .dockerconfigjson.",
    ),
];

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Create a secret for use with a Docker registry",
    long: "Create a new secret for use with Docker registries.\n        \n        Dockercfg secrets are used to authenticate against Docker registries.\n        \n        When using the Docker command line to push images, you can authenticate to a given registry by running:\n        '$ docker login DOCKER_REGISTRY_SERVER --username=DOCKER_USER --password=DOCKER_PASSWORD --email=DOCKER_EMAIL'.\n        \n That produces a ~/.dockercfg file that is used by subsequent 'docker push' and 'docker pull' commands to authenticate to the registry. The email address is optional.\n\n        When creating applications, you may have a Docker registry that requires authentication.  In order for the\n        nodes to pull images on your behalf, they must have the credentials.  You can provide this information\n        by creating a dockercfg secret and attaching it to your service account.",
    usage: "NAME --docker-username=user --docker-password=password --docker-email=email [--docker-server=string] [--from-file=[key=]source] [--dry-run=server|client|none]",
    flags: &[PRINT, SAVE_CONFIG, VALIDATE, DRY_RUN, CREATE_MANAGER, FLAGS],
    run: Some(run),
    ..Command::named("docker-registry")
};

const KEY: &str = ".dockerconfigjson";

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let generator = Generator::new(session, args)?;
    let files = args.list("from-file");
    let (user, password, server) =
        (args.str("docker-username"), args.str("docker-password"), args.str("docker-server"));
    if files.is_empty() && (user.is_empty() || password.is_empty() || server.is_empty()) {
        return Err(Error::plain(
            "either --from-file or the combination of --docker-username, --docker-password and --docker-server is required",
        ));
    }
    let mut data = Map::new();
    if files.is_empty() {
        let mut fields = vec![("username", user.to_owned()), ("password", password.to_owned())];
        if !args.str("docker-email").is_empty() {
            fields.push(("email", args.str("docker-email").to_owned()));
        }
        fields.push(("auth", base64::encode(format!("{user}:{password}").as_bytes())));
        let fields: Vec<String> = fields.iter().map(|(k, v)| format!("\"{k}\":{}", go_quote(v))).collect();
        let content = format!("{{\"auths\":{{{}:{{{}}}}}}}", go_quote(server), fields.join(","));
        secret::add(&mut data, KEY, content.as_bytes())?;
    } else {
        // Old clients take the file's own name.
        let old = session.version().minor < 30;
        for source in files {
            let source = if old || source.contains('=') { source } else { format!("{KEY}={source}") };
            sources::from_file(session.host.files, &source, &mut |key, content| {
                secret::add(&mut data, key, &content)
            })?;
        }
    }
    secret::finish(session, args, generator, "kubernetes.io/dockerconfigjson", data)
}
