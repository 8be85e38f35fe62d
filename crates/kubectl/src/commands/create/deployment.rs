//! `kubectl create deployment`. Models kubectl `pkg/cmd/create/create_deployment.go`.

use gatehouse_model::{Value, json};

use super::Generator;
use crate::cli::groups::{CREATE_MANAGER, DRY_RUN, PRINT, SAVE_CONFIG, VALIDATE};
use crate::cli::{Args, Command, Flag};
use crate::error::Error;
use crate::session::Session;

const FLAGS: &[Flag] = &[
    Flag::slice(
        "image",
        "Image names to run. A deployment can have multiple images set for multi-container pod.",
    )
    .required(),
    Flag::int32("port", "-1", "The containerPort that this deployment exposes."),
    Flag::int32("replicas", "1", "Number of replicas to create. Default is 1.").short('r'),
];

/// The command.
pub(super) static COMMAND: Command = Command {
    aliases: &["deploy"],
    short: "Create a deployment with the specified name",
    long: "Create a deployment with the specified name.",
    examples: "# Create a deployment named my-dep that runs the busybox image\nkubectl create deployment my-dep --image=busybox\n\n# Create a deployment with a command\nkubectl create deployment my-dep --image=busybox -- date\n\n# Create a deployment named my-dep that runs the nginx image with 3 replicas\nkubectl create deployment my-dep --image=nginx --replicas=3",
    usage: "NAME --image=image -- [COMMAND] [args...]",
    flags: &[PRINT, SAVE_CONFIG, VALIDATE, DRY_RUN, CREATE_MANAGER, FLAGS],
    run: Some(run),
    ..Command::named("deployment")
};

/// The container's name: the image's last part without tag and digest.
fn container_name(session: &Session<'_, '_>, image: &str, index: usize) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    let last = last.split(':').next().unwrap_or(last);
    let last = last.split('@').next().unwrap_or(last);
    if !last.contains(['_', '.']) {
        return last.to_owned();
    }
    let seed = session.now().0.unsigned_abs().wrapping_add(index as u64);
    let suffix = gatehouse_core::Entropy::new(seed).suffix(5);
    format!("{}-{suffix}", last.replace(['_', '.'], "-"))
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let generator = Generator::new(session, args)?;
    let images = args.list("image");
    let command: Vec<String> = args.words.iter().skip(1).cloned().collect();
    if images.len() > 1 && !command.is_empty() {
        return Err(Error::plain("cannot specify multiple --image options and command"));
    }
    let mut containers = Vec::new();
    for (i, image) in images.iter().enumerate() {
        let mut container =
            json!({"name": (container_name(session, image, i)), "image": (image.as_str()), "resources": {}});
        if !command.is_empty() {
            container.set(&["command"], command.clone());
        }
        if i == 0 && args.int("port") >= 0 {
            container.set(&["ports"], vec![json!({"containerPort": (args.int("port"))})]);
        }
        containers.push(container);
    }
    let containers: Value = if containers.is_empty() { Value::list() } else { containers.into() };
    let mut object = generator.object("apps/v1", "Deployment", true);
    let name = generator.name.clone();
    let labels = json!({"app": (name.as_str())});
    object.set(&["metadata", "labels"], labels.clone());
    object.set(
        &["spec"],
        json!({
            "replicas": (args.int("replicas")), "selector": {"matchLabels": (labels.clone())}, "strategy": {},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
        }),
    );
    object.set(&["status"], json!({}));
    generator.finish(session, args, object, "deployments", true, "failed to create deployment: ")
}
