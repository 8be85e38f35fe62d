//! `kubectl run`. Models kubectl `pkg/cmd/run/run.go`.

use gatehouse_core::request::PatchType;
use gatehouse_model::{Map, Object, Value, decode, json, schema};

use super::attach;
use super::create::null_timestamps;
use super::delete::SHARED;
use crate::cli::groups::{DRY_RUN, PRINT, RECORD, SAVE_CONFIG, doomed_files};
use crate::cli::{Args, Command, Flag};
use crate::client::{Change, Removal};
use crate::config::Namespace;
use crate::error::Error;
use crate::image_name::is_reference;
use crate::mapping;
use crate::output::{Dry, Printer};
use crate::patch::last_applied;
use crate::session::Session;

const FLAGS: &[Flag] = &[
    Flag::array("annotations", "Annotations to apply to the pod."),
    Flag::bool(
        "attach",
        "If true, wait for the Pod to start running, and then attach to the Pod as if 'kubectl attach ...' were called.  Default false, unless '-i/--stdin' is set, in which case the default is true. With '--restart=Never' the exit code of the container process is returned.",
    ),
    Flag::bool(
        "command",
        "If true and extra arguments are present, use them as the 'command' field in the container, rather than the 'args' field which is the default.",
    ),
    Flag::str("detach-keys", "Override the key sequence for detaching a container.")
        .default("ctrl-p,ctrl-q")
        .since(36),
    Flag::array("env", "Environment variables to set in the container."),
    Flag::bool("expose", "If true, create a ClusterIP service associated with the pod.  Requires `--port`."),
    Flag::str("field-manager", "Name of the manager used to track field ownership.").default("kubectl-run"),
    Flag::str("image", "The image for the container to run.").required(),
    Flag::str(
        "image-pull-policy",
        "The image pull policy for the container.  If left empty, this value will not be specified by the client and defaulted by the server.",
    ),
    Flag::str("labels", "Comma separated labels to apply to the pod. Will override previous values.")
        .short('l'),
    Flag::bool(
        "leave-stdin-open",
        "If the pod is started in interactive mode or with stdin, leave stdin open after the first attach completes. By default, stdin will be closed after the first attach completes.",
    ),
    Flag::str(
        "override-type",
        "The method used to override the generated object: json, merge, or strategic.",
    )
    .default("merge"),
    Flag::str(
        "overrides",
        "An inline JSON override for the generated object. If this is non-empty, it is used to override the generated object. Requires that the object supply a valid apiVersion field.",
    ),
    Flag::duration(
        "pod-running-timeout",
        "1m0s",
        "The length of time (like 5s, 2m, or 3h, higher than zero) to wait until at least one pod is running",
    ),
    Flag::str("port", "The port that this container exposes."),
    Flag::bool("privileged", "If true, run the container in privileged mode."),
    Flag::bool("quiet", "If true, suppress prompt messages.").short('q'),
    Flag::str("restart", "The restart policy for this Pod.  Legal values [Always, OnFailure, Never].")
        .default("Always"),
    Flag::bool(
        "rm",
        "If true, delete the pod after it exits.  Only valid when attaching to the container, e.g. with '--attach' or with '-i/--stdin'.",
    ),
    Flag::bool("stdin", "Keep stdin open on the container in the pod, even if nothing is attached.")
        .short('i'),
    Flag::bool("tty", "Allocate a TTY for the container in the pod.").short('t'),
    Flag::slice("filename", "to use to replace the resource.")
        .short('f')
        .deprecated("it is ignored by kubectl run and will be removed in a future release"),
    Flag::bool("wait", "If true, wait for resources to be gone before returning. This waits for finalizers.")
        .hidden(),
    Flag::str(
        "kustomize",
        "Process a kustomization directory. This flag can't be used together with -f or -R.",
    )
    .short('k')
    .hidden(),
    Flag::bool("recursive", "Process the directory used in -f, --filename recursively.").short('R').hidden(),
];

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Run a particular image on the cluster",
    long: "Create and run a particular image in a pod.",
    examples: "# Start a nginx pod\nkubectl run nginx --image=nginx\n\n# Start a hazelcast pod and let the container expose port 5701\nkubectl run hazelcast --image=hazelcast/hazelcast --port=5701\n\n# Dry run; print the corresponding API objects without creating them\nkubectl run nginx --image=nginx --dry-run=client\n\n# Start a busybox pod and keep it in the foreground, don't restart it if it exits\nkubectl run -i -t busybox --image=busybox --restart=Never\n\n# Start the nginx pod using the default command, but use custom arguments (arg1 .. argN) for that command\nkubectl run nginx --image=nginx -- <arg1> <arg2> ... <argN>\n\n# Start the nginx pod using a different command and custom arguments\nkubectl run nginx --image=nginx --command -- <cmd> <arg1> ... <argN>",
    usage: "NAME --image=image [--env=\"key=value\"] [--port=port] [--dry-run=server|client] [--overrides=inline-json] [--command] -- [COMMAND] [args...]",
    flags: &[
        FLAGS,
        SHARED,
        PRINT,
        &doomed_files("to use to replace the resource."),
        DRY_RUN,
        SAVE_CONFIG,
        RECORD,
        &[Flag::bool(
            "wait",
            "If true, wait for resources to be gone before returning. This waits for finalizers.",
        )],
    ],
    run: Some(run),
    ..Command::named("run")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

fn parse_labels(text: &str) -> Result<Map, Error> {
    let mut labels = Map::new();
    for pair in text.split(',').filter(|_| !text.is_empty()) {
        let parts: Vec<&str> = pair.split('=').collect();
        match parts.as_slice() {
            ["", _] => return Err(Error::plain("unexpected empty label key")),
            [key, value] => labels.insert(*key, *value),
            _ => return Err(Error::plain(format!("unexpected label spec: {pair}"))),
        };
    }
    Ok(labels)
}

fn parse_env(list: &[String]) -> Result<Vec<Value>, Error> {
    let mut env = Vec::new();
    for pair in list {
        let Some((name, value)) = pair.split_once('=') else {
            return Err(Error::plain(format!("invalid env: {pair}")));
        };
        if name.is_empty() || !gatehouse_model::names::env_var_name(name).is_empty() {
            return Err(Error::plain(format!("invalid env: {pair}")));
        }
        let mut entry = json!({"name": name});
        if !value.is_empty() {
            entry.set(&["value"], value);
        }
        env.push(entry);
    }
    Ok(env)
}

/// What is refused before a namespace is known.
fn check(args: &Args) -> Result<(), Error> {
    let refuse = |why: &str| Err(args.usage_error(why));
    if args.words.is_empty() || args.dash == Some(0) {
        return refuse("NAME is required for run");
    }
    if args.millis("pod-running-timeout") <= 0 {
        return refuse("--pod-running-timeout must be higher than zero");
    }
    let image = args.str("image");
    if image.is_empty() {
        return Err(Error::plain("--image is required"));
    }
    if !is_reference(image) {
        return Err(Error::plain(format!("Invalid image name {image:?}: invalid reference format")));
    }
    if args.bool("tty") && !args.bool("stdin") {
        return refuse("-i/--stdin is required for containers with -t/--tty=true");
    }
    if args.bool("expose") && args.str("port").is_empty() {
        return refuse("--port must be set when exposing a service");
    }
    Ok(())
}

/// What is refused of how it is to be watched.
fn check_attached(args: &Args, dry: Dry, attach: bool) -> Result<(), Error> {
    if !attach && args.bool("rm") {
        return Err(args.usage_error("--rm should only be used for attached containers"));
    }
    if attach && dry != Dry::No {
        return Err(args.usage_error(
            "--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)",
        ));
    }
    match args.str("image-pull-policy") {
        "" | "Always" | "IfNotPresent" | "Never" => Ok(()),
        other => Err(args.usage_error(format!("invalid image pull policy: {other}"))),
    }
}

fn restart_policy(args: &Args) -> Result<String, Error> {
    match args.str("restart") {
        "" if args.bool("stdin") => Ok("OnFailure".to_owned()),
        "" => Ok("Always".to_owned()),
        word @ ("Always" | "OnFailure" | "Never") => Ok(word.to_owned()),
        other => Err(args.usage_error(format!("invalid restart policy: {other}"))),
    }
}

fn pod(args: &Args, name: &str, labels: &Map, restart: &str) -> Result<Object, Error> {
    let mut container = json!({"name": name, "image": (args.str("image")), "resources": {}});
    let env = parse_env(&args.list("env"))?;
    if !env.is_empty() {
        container.set(&["env"], env);
    }
    let words: Vec<String> = args.words.iter().skip(1).cloned().collect();
    if !words.is_empty() {
        container.set(&[if args.bool("command") { "command" } else { "args" }], words);
    }
    let port = args.str("port");
    if !port.is_empty() {
        let number = port.parse::<i64>().map_err(|_| {
            Error::plain(format!("strconv.Atoi: parsing {}: invalid syntax", json::go_quote(port)))
        })?;
        container.set(&["ports"], vec![json!({"containerPort": number})]);
    }
    if !args.str("image-pull-policy").is_empty() {
        container.set(&["imagePullPolicy"], args.str("image-pull-policy"));
    }
    if args.bool("privileged") {
        container.set(&["securityContext", "privileged"], true);
    }
    if args.bool("stdin") {
        container.set(&["stdin"], true);
        if !args.bool("leave-stdin-open") {
            container.set(&["stdinOnce"], true);
        }
    }
    if args.bool("tty") {
        container.set(&["tty"], true);
    }
    let mut pod = Object::new("v1", "Pod");
    pod.set(&["metadata", "name"], name);
    pod.set(&["metadata", "labels"], labels.clone());
    for pair in args.list("annotations") {
        let Some((key, value)) = pair.split_once('=').filter(|(k, _)| !k.is_empty()) else {
            return Err(Error::plain(format!("invalid annotations format: {pair}")));
        };
        pod.set(&["metadata", "annotations", key], value);
    }
    pod.set(
        &["spec"],
        json!({"containers": (vec![container]), "dnsPolicy": "ClusterFirst", "restartPolicy": restart}),
    );
    pod.set(&["status"], json!({}));
    Ok(pod)
}

fn service(args: &Args, name: &str, labels: &Map) -> Object {
    let port = args.str("port").parse::<i64>().unwrap_or(0);
    let mut service = Object::new("v1", "Service");
    service.set(&["metadata", "name"], name);
    if !args.str("labels").is_empty() {
        service.set(&["metadata", "labels"], labels.clone());
    }
    service.set(&["spec", "selector"], labels.clone());
    service.set(&["spec", "ports"], vec![json!({"port": port, "protocol": "TCP", "targetPort": port})]);
    service.set(&["status", "loadBalancer"], Value::map());
    service
}

/// `--overrides`: a patch on what was generated.
pub(super) fn override_with(session: &Session<'_, '_>, args: &Args, object: Object) -> Result<Object, Error> {
    let text = args.str("overrides");
    if text.is_empty() {
        return Ok(object);
    }
    let patch = json::parse(text.trim()).map_err(|e| match args.str("override-type") {
        "json" => Error::plain(e.to_string()),
        "strategic" => Error::plain("invalid JSON document"),
        _ => Error::plain("Invalid JSON Patch"),
    })?;
    let kind = match args.str("override-type") {
        "merge" => PatchType::Merge,
        "json" => PatchType::Json,
        "strategic" => PatchType::StrategicMerge,
        other => {
            return Err(Error::plain(format!("invalid override type: {other}")));
        }
    };
    let patched = match kind {
        PatchType::Json => gatehouse_core::patch::json::apply(&object, patch.items()),
        PatchType::Merge => Ok(gatehouse_core::patch::merge::apply(&object, &patch)),
        _ => crate::patch::local::strategic(session.server_version(), &object, &patch),
    };
    let patched = Object(patched.map_err(Error::plain)?);
    // kubectl holds it as a Go struct: what that does not know is gone.
    match schema::for_kind(session.server_version(), &patched.group_version(), patched.kind()) {
        Some(ty) => match decode::decode(&patched, ty) {
            Ok(decoded) => Ok(Object(decoded.object)),
            Err(why) => Err(Error::plain(why.to_string())),
        },
        None => Ok(patched),
    }
}

/// Sends a generated object, unless this is a dry run of the client's.
fn create(
    session: &mut Session<'_, '_>,
    args: &Args,
    namespace: &Namespace,
    dry: Dry,
    mut object: Object,
) -> Result<Object, Error> {
    if session.version().minor < 34 {
        null_timestamps(&mut object.0);
    }
    crate::client::record::note(args, &mut object);
    if args.bool("save-config") && dry != Dry::Client {
        last_applied::update_typed(&mut object);
    }
    if dry == Dry::Client {
        if namespace.explicit {
            object.set(&["metadata", "namespace"], namespace.name.as_str());
        }
        return Ok(object);
    }
    let gv = object.group_version();
    let kind = object.kind().to_owned();
    let Some(mapping) = mapping::for_kind(session.resources()?, &gv.group, &gv.version, &kind).cloned()
    else {
        return Err(Error::plain(format!("no matches for kind {kind:?} in version \"{gv}\"")));
    };
    Change::by(args.str("field-manager"), dry).create(session, &mapping, &namespace.name, &object)
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let attach = args.bool("attach") || (args.bool("stdin") && !args.changed("attach"));
    let dry = Dry::parse(session, args)?;
    session.target()?;
    let mut printer = Printer::new(session, args, dry)?.typed();
    check(args)?;
    let namespace = session.namespace()?;
    let restart = restart_policy(args)?;
    check_attached(args, dry, attach)?;
    let name = args.word(0).unwrap_or("").to_owned();
    let mut labels = parse_labels(args.str("labels"))?;
    if labels.is_empty() {
        labels.insert("run", name.as_str());
    }
    let pod = pod(args, &name, &labels, &restart)?;
    let pod = override_with(session, args, pod)?;
    let pod = create(session, args, &namespace, dry, pod)?;
    let mut made = vec![pod.clone()];
    let mut errors = Vec::new();
    if args.bool("expose") {
        match create(session, args, &namespace, dry, service(args, &name, &labels)) {
            Ok(service) => {
                printer.print(session, &service, "created")?;
                if args.str("output") == "yaml" {
                    session.println("---");
                }
                made.push(service);
            }
            Err(e) => errors.push(e),
        }
    }
    if attach {
        let then = if args.bool("rm") { removal(args, &made) } else { Vec::new() };
        let result = attach::to_new_pod(session, args, &pod, &restart, then);
        if args.bool("rm") && result != Ok(attach::Attached::Open) {
            remove(session, args, &made)?;
        }
        return result.map(drop);
    }
    printer.print(session, &pod, "created")?;
    Error::collect(errors)
}

/// The command that removes what was made when a session at the terminal is over.
fn removal(args: &Args, made: &[Object]) -> Vec<String> {
    let mut words = vec!["kubectl".to_owned(), "delete".to_owned()];
    words.extend(made.iter().map(|o| format!("{}/{}", o.kind().to_lowercase(), o.name())));
    words.extend(made.first().map(|o| format!("--namespace={}", o.namespace())));
    if args.bool("quiet") {
        words.push("--output=name".to_owned());
    }
    words
}

/// `--rm`: removes what was made, once it was used.
fn remove(session: &mut Session<'_, '_>, args: &Args, made: &[Object]) -> Result<(), Error> {
    for object in made {
        let gv = object.group_version();
        let Some(mapping) =
            mapping::for_kind(session.resources()?, &gv.group, &gv.version, object.kind()).cloned()
        else {
            continue;
        };
        Removal::default().delete(session, &mapping, object.namespace(), object.name())?;
        if !args.bool("quiet") {
            let from = if session.version().minor >= 34 {
                format!(" from {} namespace", object.namespace())
            } else {
                String::new()
            };
            session.println(format!("{} \"{}\" deleted{from}", object.kind().to_lowercase(), object.name()));
        }
    }
    Ok(())
}
