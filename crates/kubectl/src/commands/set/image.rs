//! `kubectl set image`. Models kubectl `pkg/cmd/set/set_image.go`.

use super::template::{Setter, pod_spec};
use super::{ALL, shared};
use crate::cli::groups::{DRY_RUN, FROM_SERVER, PRINT, RECORD, SELECTOR, files};
use crate::cli::{Args, Command};
use crate::commands::label::resources_and_pairs;
use crate::error::Error;
use crate::session::Session;

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Update the image of a pod template",
    long: "Update existing container image(s) of resources.\n\n Possible resources include (case insensitive):\n\n        pod (po), replicationcontroller (rc), deployment (deploy), daemonset (ds), statefulset (sts), cronjob (cj), replicaset (rs)",
    examples: "# Set a deployment's nginx container image to 'nginx:1.9.1', and its busybox container image to 'busybox'\nkubectl set image deployment/nginx busybox=busybox nginx=nginx:1.9.1\n\n# Update image of all containers of daemonset abc to 'nginx:1.9.1'\nkubectl set image daemonset abc *=nginx:1.9.1",
    usage: "(-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N",
    flags: &[
        &shared(ALL, "If true, set image will NOT contact api-server but run locally."),
        PRINT,
        &files(FROM_SERVER),
        SELECTOR,
        DRY_RUN,
        RECORD,
    ],
    run: Some(run),
    ..Command::named("image")
};

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let (resources, pairs) = resources_and_pairs(&args.words, "image")?;
    let mut images: Vec<(String, String)> = Vec::new();
    let mut invalid = Vec::new();
    for pair in &pairs {
        match pair.split_once('=') {
            Some((name, image)) if !name.is_empty() => {
                images.retain(|(n, _)| n != name);
                images.push((name.to_owned(), image.to_owned()));
            }
            _ => invalid.push(pair.clone()),
        }
    }
    if !invalid.is_empty() {
        return Err(Error::plain(format!("invalid image format: {}", invalid.join(", "))));
    }
    let setter = Setter::new(session, args, &resources)?;
    let mut errors = Vec::new();
    if args.bool("all") && !args.str("selector").is_empty() {
        errors.push(Error::plain("cannot set --all and --selector at the same time"));
    }
    if resources.is_empty() && args.list("filename").is_empty() && args.str("kustomize").is_empty() {
        errors.push(Error::plain(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>",
        ));
    }
    if images.is_empty() {
        errors.push(Error::plain("at least one image update is required"));
    } else if images.len() > 1 && images.iter().any(|(n, _)| n == "*") {
        errors.push(Error::plain("all containers are already specified by *, but saw more than one container_name=container_image pairs"));
    }
    Error::collect(errors)?;
    setter.check_local()?;
    let mut missing = Vec::new();
    let result = setter.apply(
        session,
        "image updated",
        "failed to patch image update to pod template: ",
        false,
        |_, object| {
            let spec = pod_spec(object)?;
            for (name, image) in &images {
                let mut found = false;
                for field in ["initContainers", "containers"] {
                    if spec.get(field).is_none_or(|l| l.items().is_empty()) {
                        continue;
                    }
                    for container in spec.entry_at(&[field]).make_list() {
                        if name == "*" || container.str_at(&["name"]) == name {
                            container.set(&["image"], image.as_str());
                            found = true;
                        }
                    }
                }
                if !found {
                    missing.push(Error::plain(format!("error: unable to find container named {name:?}")));
                }
            }
            Ok(())
        },
    );
    match result {
        Ok(()) => {}
        Err(Error::Many(more)) => missing.extend(more),
        Err(e) => missing.push(e),
    }
    Error::collect(missing)
}
