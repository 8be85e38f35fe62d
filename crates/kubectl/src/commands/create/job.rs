//! `kubectl create job`. Models kubectl `pkg/cmd/create/create_job.go`.

use gatehouse_model::{Object, Value, json};

use super::Generator;
use crate::cli::groups::{CREATE_MANAGER, DRY_RUN, PRINT, SAVE_CONFIG, VALIDATE};
use crate::cli::{Args, Command, Flag};
use crate::client::Builder;
use crate::error::Error;
use crate::session::Session;

const FLAGS: &[Flag] = &[
    Flag::str("image", "Image name to run."),
    Flag::str("from", "The name of the resource to create a Job from (only CronJob is supported)."),
];

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Create a job with the specified name",
    long: "Create a job with the specified name.",
    examples: "# Create a job\nkubectl create job my-job --image=busybox\n\n# Create a job with a command\nkubectl create job my-job --image=busybox -- date\n\n# Create a job from a cron job named \"a-cronjob\"\nkubectl create job test-job --from=cronjob/a-cronjob",
    usage: "NAME --image=image [--from=cronjob/name] -- [COMMAND] [args...]",
    flags: &[PRINT, SAVE_CONFIG, VALIDATE, DRY_RUN, CREATE_MANAGER, FLAGS],
    run: Some(run),
    ..Command::named("job")
};

/// The one container that `--image` and the words behind `--` make.
pub(super) fn pod_spec(name: &str, args: &Args, restart: &str) -> Value {
    let mut container = json!({"name": name, "image": (args.str("image")), "resources": {}});
    let command: Vec<String> = args.words.iter().skip(1).cloned().collect();
    if !command.is_empty() {
        container.set(&["command"], command);
    }
    json!({"containers": (vec![container]), "restartPolicy": restart})
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let generator = Generator::new(session, args)?;
    let (image, from) = (args.str("image"), args.str("from"));
    if image.is_empty() == from.is_empty() {
        return Err(Error::plain("either --image or --from must be specified"));
    }
    if args.words.len() > 1 && !from.is_empty() {
        return Err(Error::plain("cannot specify --from and command"));
    }
    let mut object = generator.object("batch/v1", "Job", true);
    object.set(&["status"], json!({}));
    if from.is_empty() {
        let spec = pod_spec(&generator.name, args, "Never");
        object.set(&["spec"], json!({"template": {"metadata": {}, "spec": spec}}));
    } else {
        from_cron_job(session, &generator, from, &mut object)?;
    }
    generator.finish(session, args, object, "jobs", true, "failed to create job: ")
}

fn from_cron_job(
    session: &mut Session<'_, '_>,
    generator: &Generator,
    from: &str,
    object: &mut Object,
) -> Result<(), Error> {
    let builder = Builder {
        namespace: generator.namespace.name.clone(),
        default_namespace: true,
        words: vec![from.to_owned()],
        flatten: true,
        latest: true,
        ..Builder::default()
    };
    let infos = builder.infos(session)?;
    let [info] = infos.as_slice() else { return Err(Error::plain("from must be an existing cronjob")) };
    let source = info.object()?;
    if source.kind() != "CronJob" {
        let package = if source.group_version().group.is_empty() {
            "v1".to_owned()
        } else {
            source.group_version().version.into_owned()
        };
        return Err(Error::plain(format!("unknown object type *{package}.{}", source.kind())));
    }
    let template = source.at(&["spec", "jobTemplate"]).cloned().unwrap_or_default();
    let mut annotations = json!({"cronjob.kubernetes.io/instantiate": "manual"});
    for (key, value) in template.map_at(&["metadata", "annotations"]).iter() {
        annotations.set(&[key], value.clone());
    }
    object.set(&["metadata", "annotations"], annotations);
    let labels = template.map_at(&["metadata", "labels"]);
    if !labels.is_empty() {
        object.set(&["metadata", "labels"], labels.clone());
    }
    object.set(
        &["metadata", "ownerReferences"],
        json!([{"apiVersion": "batch/v1", "kind": "CronJob", "name": (source.name()), "uid": (source.uid()), "controller": true}]),
    );
    object.set(&["spec"], template.get("spec").cloned().unwrap_or_else(Value::map));
    Ok(())
}
