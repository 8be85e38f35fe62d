//! `kubectl set resources`. Models kubectl `pkg/cmd/set/set_resources.go`.

use gatehouse_model::Map;
use gatehouse_model::quantity::Quantity;

use super::template::{Setter, containers, pod_spec};
use super::{ALL, shared};
use crate::cli::groups::{DRY_RUN, FROM_SERVER, PRINT, RECORD, SELECTOR, files};
use crate::cli::{Args, Command, Flag};
use crate::error::Error;
use crate::session::Session;

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Update resource requests/limits on objects with pod templates",
    long: "Specify compute resource requirements (CPU, memory) for any resource that defines a pod template.  If a pod is successfully scheduled, it is guaranteed the amount of resource requested, but may burst up to its specified limits.\n\n For each compute resource, if a limit is specified and a request is omitted, the request will default to the limit.\n\n Possible resources include (case insensitive): Use \"kubectl api-resources\" for a complete list of supported resources..",
    examples: "# Set a deployments nginx container cpu limits to \"200m\" and memory to \"512Mi\"\nkubectl set resources deployment nginx -c=nginx --limits=cpu=200m,memory=512Mi\n\n# Set the resource request and limits for all containers in nginx\nkubectl set resources deployment nginx --limits=cpu=200m,memory=512Mi --requests=cpu=100m,memory=256Mi",
    usage: "(-f FILENAME | TYPE NAME)  ([--limits=LIMITS & --requests=REQUESTS]",
    flags: &[
        &shared(ALL, "If true, set resources will NOT contact api-server but run locally."),
        PRINT,
        &files(FROM_SERVER),
        SELECTOR,
        DRY_RUN,
        RECORD,
        &[
            Flag::str("containers", "The names of containers in the selected pod templates to change, all containers are selected by default - may use wildcards").short('c').default("*"),
            Flag::str("limits", "The resource requirement requests for this container.  For example, 'cpu=100m,memory=256Mi'.  Note that server side components may assign requests depending on the server configuration, such as limit ranges."),
            Flag::str("requests", "The resource requirement requests for this container.  For example, 'cpu=100m,memory=256Mi'.  Note that server side components may assign requests depending on the server configuration, such as limit ranges."),
        ],
    ],
    run: Some(run),
    ..Command::named("resources")
};

fn parse(spec: &str) -> Result<Map, Error> {
    let mut list = Map::new();
    for statement in spec.split(',').filter(|_| !spec.is_empty()) {
        let parts: Vec<&str> = statement.split('=').collect();
        let [resource, quantity] = parts.as_slice() else {
            return Err(Error::plain(format!(
                "Invalid argument syntax {statement}, expected <resource>=<value>"
            )));
        };
        list.insert(*resource, Quantity::parse(quantity).map_err(Error::plain)?.to_string());
    }
    Ok(list)
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let setter = Setter::new(session, args, &args.words)?;
    setter.check_local()?;
    if args.bool("all") && !args.str("selector").is_empty() {
        return Err(Error::plain("cannot set --all and --selector at the same time"));
    }
    if args.str("limits").is_empty() && args.str("requests").is_empty() {
        return Err(Error::plain(
            "you must specify an update to requests or limits (in the form of --requests/--limits)",
        ));
    }
    let (limits, requests) = (parse(args.str("limits"))?, parse(args.str("requests"))?);
    let pattern = args.str("containers").to_owned();
    setter.apply(
        session,
        "resource requirements updated",
        "failed to patch resources update to pod template ",
        false,
        |_, object| {
            let count = containers(pod_spec(object)?, &pattern, |container| {
                for (field, list) in [("limits", &limits), ("requests", &requests)] {
                    for (key, value) in list.iter() {
                        container.set(&["resources", field, key], value.clone());
                    }
                }
                Ok(())
            })?;
            if count == 0 {
                return Err(Error::plain(format!("error: unable to find container named {pattern}")));
            }
            Ok(())
        },
    )
}
