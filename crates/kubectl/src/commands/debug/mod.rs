//! `kubectl debug`. Models kubectl `pkg/cmd/debug/debug.go`.

mod profiles;

use gatehouse_core::Reason;
use gatehouse_core::request::PatchType;
use gatehouse_model::{Object, ResourceType, Value, json, yaml};

use super::attach;
use crate::chance;
use crate::cli::{Args, Command, Flag};
use crate::client::{Builder, Change, Removal};
use crate::error::Error;
use crate::image_name;
use crate::output::Dry;
use crate::session::Session;
use profiles::{PROFILES, Style, apply, with};

const FLAGS: &[Flag] = &[
    Flag::slice("filename", "identifying the resource to debug").short('f'),
    Flag::bool("arguments-only", "If specified, everything after -- will be passed to the new container as Args instead of Command."),
    Flag::bool("attach", "If true, wait for the container to start running, and then attach as if 'kubectl attach ...' were called.  Default false, unless '-i/--stdin' is set, in which case the default is true."),
    Flag::str("container", "Container name to use for debug container.").short('c'),
    Flag::str("copy-to", "Create a copy of the target Pod with this name."),
    Flag::bool("replace", "When used with '--copy-to', delete the original Pod."),
    Flag::slice("env", "Environment variables to set in the container."),
    Flag::str("image", "Container image to use for debug container."),
    Flag::bool("keep-labels", "If true, keep the original pod labels.(This flag only works when used with '--copy-to')").since(29),
    Flag::bool("keep-annotations", "If true, keep the original pod annotations.(This flag only works when used with '--copy-to')").since(29),
    Flag::bool("keep-liveness", "If true, keep the original pod liveness probes.(This flag only works when used with '--copy-to')").since(29),
    Flag::bool("keep-readiness", "If true, keep the original pod readiness probes.(This flag only works when used with '--copy-to')").since(29),
    Flag::bool("keep-startup", "If true, keep the original startup probes.(This flag only works when used with '--copy-to')").since(29),
    Flag::bool("keep-init-containers", "Run the init containers for the pod. Defaults to true.(This flag only works when used with '--copy-to')").default("true").since(29),
    Flag::slice("set-image", "When used with '--copy-to', a list of name=image pairs for changing container images, similar to how 'kubectl set image' works."),
    Flag::str("image-pull-policy", "The image pull policy for the container. If left empty, this value will not be specified by the client and defaulted by the server."),
    Flag::bool("stdin", "Keep stdin open on the container(s) in the pod, even if nothing is attached.").short('i'),
    Flag::bool("quiet", "If true, suppress informational messages.").short('q'),
    Flag::bool("same-node", "When used with '--copy-to', schedule the copy of target Pod on the same node."),
    Flag::bool("share-processes", "When used with '--copy-to', enable process namespace sharing in the copy.").default("true"),
    Flag::str("target", "When using an ephemeral container, target processes in this container name."),
    Flag::bool("tty", "Allocate a TTY for the debugging container.").short('t'),
    Flag::str("profile", "Options are \"legacy\", \"general\", \"baseline\", \"netadmin\", or \"restricted\".").default("legacy").until(27),
    Flag::str("profile", "Options are \"general\", \"baseline\", \"restricted\", \"netadmin\" or \"sysadmin\". Defaults to \"general\"").default("general").since(28),
    Flag::str("custom", "Path to a JSON or YAML file containing a partial container spec to customize built-in debug profiles.").since(31),
];

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Create debugging sessions for troubleshooting workloads and nodes",
    long: "Debug cluster resources using interactive debugging containers.\n\n 'debug' provides automation for common debugging tasks for cluster objects identified by resource and name. Pods will be used by default if no resource is specified.\n\n The action taken by 'debug' varies depending on what resource is specified. Supported actions include:\n\n  *  Workload: Create a copy of an existing pod with certain attributes changed, for example changing the image tag to a new version.\n  *  Workload: Add an ephemeral container to an already running pod, for example to add debugging utilities without restarting the pod.\n  *  Node: Create a new pod that runs in the node's host namespaces and can access the node's filesystem.\n\n Note: When a non-root user is configured for the entire target Pod, some capabilities granted by debug profile may not work.",
    examples: "# Create an interactive debugging session in pod mypod and immediately attach to it.\nkubectl debug mypod -it --image=busybox\n\n# Create a copy of mypod adding a debug container and attach to it\nkubectl debug mypod -it --image=busybox --copy-to=my-debugger\n\n# Create an interactive debugging session on a node and immediately attach to it.\n# The container will run in the host namespaces and the host's filesystem will be mounted at /host\nkubectl debug node/mynode -it --image=busybox",
    usage: "(POD | TYPE[[.VERSION].GROUP]/NAME) [ -- COMMAND [args...] ]",
    flags: &[FLAGS],
    run: Some(run),
    ..Command::named("debug")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

const NON_ROOT: &str = "Warning: Non-root user is configured for the entire target Pod, and some capabilities granted by debug profile may not work. Please consider using \"--custom\" with a custom profile that specifies \"securityContext.runAsUser: 0\".";

struct Debug<'a> {
    args: &'a Args,
    command: Vec<String>,
    env: Vec<Value>,
    images: Vec<(String, String)>,
    custom: Option<Value>,
}

fn pairs(args: &Args, flag: &str) -> Result<Vec<(String, String)>, Error> {
    let list = args.list(flag);
    let split = |entry: &String| {
        let pair = entry.split_once('=');
        pair.map(|(k, v)| (k.to_owned(), v.to_owned()))
            .ok_or_else(|| Error::plain(format!("{entry} must be formatted as key=value")))
    };
    list.iter().map(split).collect()
}

fn check(args: &Args, command: &[String], targets: &[String]) -> Result<(), Error> {
    let refuse = |why: String| Err(Error::plain(why));
    let image = args.str("image");
    if args.changed("attach") && args.bool("attach") && image.is_empty() && args.str("container").is_empty() {
        return refuse(
            "you must specify --container or create a new container using --image in order to attach.".into(),
        );
    }
    let set_image = !args.list("set-image").is_empty();
    if args.str("copy-to").is_empty() {
        for (given, flag) in [
            (args.bool("replace"), "replace"),
            (args.bool("same-node"), "same-node"),
            (set_image, "set-image"),
        ] {
            if given {
                return refuse(format!("--{flag} may only be used with --copy-to."));
            }
        }
        if image.is_empty() {
            return refuse("you must specify --image when not using --copy-to.".into());
        }
    } else {
        if image.is_empty() && !set_image && command.is_empty() {
            return refuse("you must specify --image, --set-image or command arguments.".into());
        }
        if !command.is_empty() && args.str("container").is_empty() && image.is_empty() {
            return refuse(
                "you must specify an existing container or a new image when specifying args.".into(),
            );
        }
    }
    if !image.is_empty() && !image_name::is_reference(image) {
        return refuse(format!("invalid image name {image:?}: invalid reference format"));
    }
    if targets.is_empty() && args.list("filename").is_empty() {
        return refuse("NAME or filename is required for debug".into());
    }
    let policy = args.str("image-pull-policy");
    if !matches!(policy, "" | "Always" | "IfNotPresent" | "Never") {
        return refuse(format!("invalid image pull policy: {policy}"));
    }
    if !args.str("target").is_empty() && !args.str("copy-to").is_empty() {
        return refuse("--target is incompatible with --copy-to. Use --share-processes instead.".into());
    }
    Ok(())
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let (targets, command) = match args.dash.and_then(|dash| args.words.split_at_checked(dash)) {
        Some((targets, command)) => (targets.to_vec(), command.to_vec()),
        None => (args.words.clone(), Vec::new()),
    };
    let env: Vec<Value> =
        pairs(args, "env")?.into_iter().map(|(k, v)| json!({"name": k, "value": v})).collect();
    let namespace = session.namespace()?;
    if !PROFILES.contains(&args.str("profile")) {
        return Err(Error::plain(format!("unknown profile: {}", args.str("profile"))));
    }
    let custom = match args.str("custom") {
        "" => None,
        path => {
            let bytes = session.host.files.read(path).map_err(|e| {
                Error::plain(format!(
                    "must pass a container spec json file for custom profile: open {path}: {}",
                    e.errno
                ))
            })?;
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let mut custom = yaml::parse(&text).map_err(|e| {
                Error::plain(format!("{path} does not contain a valid container spec: {}", e.bare()))
            })?;
            // Decoded into Go's strings, other scalars become text.
            for entry in custom.at_mut(&["env"]).map(Value::make_list).into_iter().flatten() {
                if let Some(value @ (Value::Bool(_) | Value::Int(_))) = entry.get("value") {
                    let text = gatehouse_core::patch::strategic::go_text(value);
                    entry.set(&["value"], text);
                }
            }
            Some(custom)
        }
    };
    check(args, &command, &targets)?;
    let images = pairs(args, "set-image")?;
    for (name, image) in &images {
        if !image_name::is_reference(image) {
            return Err(Error::plain(format!(
                "invalid image name {image:?} for container {name:?}: invalid reference format"
            )));
        }
    }
    let quiet = args.bool("quiet");
    if !args.str("target").is_empty() && !quiet {
        session.println(format!("Targeting container {:?}. If you don't see processes from this container it may be because the container runtime doesn't support this feature.", args.str("target")));
    }
    if args.bool("tty") && !args.bool("stdin") {
        return Err(Error::plain("-i/--stdin is required for containers with -t/--tty=true"));
    }
    if let Some(custom) = &custom
        && ["name", "command", "image", "lifecycle", "volumeDevices"].iter().any(|f| custom.get(f).is_some())
    {
        return Err(Error::plain(
            "name, command, image, lifecycle and volume devices are not modifiable via custom profile",
        ));
    }
    if args.str("profile") == "legacy" && session.version().minor >= 30 {
        session.eprintln("--profile=legacy is deprecated and planned to be removed in v1.39. It is recommended to specify other profile, for example \"--profile=general\".");
    }
    let words =
        targets.iter().map(|t| if t.contains('/') { t.clone() } else { format!("pods/{t}") }).collect();
    let builder = Builder {
        namespace: namespace.name.clone(),
        default_namespace: true,
        enforce_namespace: namespace.explicit,
        filenames: args.list("filename"),
        words,
        latest: true,
        ..Builder::default()
    };
    let debug = Debug { args, command, env, images, custom };
    for info in builder.infos(session)? {
        let (object, mapping) = (info.object()?.clone(), info.mapping()?.clone());
        let (pod, container) = match object.kind() {
            "Node" => debug.node(session, &object, &namespace.name)?,
            "Pod" if args.str("copy-to").is_empty() => debug.ephemeral(session, &mapping, &object)?,
            "Pod" => debug.copy(session, &mapping, &object)?,
            kind => {
                let gv = &mapping.gv;
                let shown = format!("{}/{}, Kind={kind}", gv.group, gv.version);
                return Err(Error::plain(format!("{shown:?} not supported by debug")));
            }
        };
        let attached = args.bool("attach") || (args.bool("stdin") && !args.changed("attach"));
        if attached && !container.is_empty() {
            attach::to_container(session, args, &pod, &container)?;
        }
    }
    Ok(())
}

impl Debug<'_> {
    fn container(&self, name: &str) -> Value {
        let mut c = json!({"name": name});
        self.fill(&mut c);
        c.set(&["terminationMessagePolicy"], "File");
        c
    }

    /// What the flags say of a container.
    fn fill(&self, c: &mut Value) {
        let words: Value = self.command.iter().map(|w| Value::from(w.as_str())).collect();
        if !self.command.is_empty() {
            if self.args.bool("arguments-only") {
                c.set(&["args"], words);
            } else {
                c.set(&["command"], words);
                c.remove(&["args"]);
            }
        }
        if !self.env.is_empty() {
            c.set(&["env"], self.env.iter().cloned().collect::<Value>());
        }
        for (flag, field) in [("image", "image"), ("image-pull-policy", "imagePullPolicy")] {
            if !self.args.str(flag).is_empty() {
                c.set(&[field], self.args.str(flag));
            }
        }
        for flag in ["stdin", "tty"] {
            c.remove(&[flag]);
            if self.args.bool(flag) {
                c.set(&[flag], true);
            }
        }
    }

    fn customize(&self, pod: &mut Object, name: &str) {
        if let Some(custom) = &self.custom {
            with(pod, name, |c| {
                let mut patch = custom.clone();
                // Lists of names are merged by name, as a strategic patch merges them.
                for field in ["env", "volumeMounts"] {
                    let more = patch.list_at(&[field]).to_vec();
                    patch.remove(&[field]);
                    c_extend(c, field, more);
                }
                *c = gatehouse_core::patch::merge::apply(c, &patch);
            });
        }
    }

    fn name_for(&self, session: &mut Session<'_, '_>, pod: &Object) -> String {
        if !self.args.str("container").is_empty() {
            return self.args.str("container").to_owned();
        }
        let name = format!("debugger-{}", chance::suffix(session, pod.uid()));
        if !self.args.bool("quiet") {
            session.println(format!("Defaulting debug container name to {name}."));
        }
        name
    }

    fn warn(session: &mut Session<'_, '_>, pod: &Object, name: &str) {
        let mut pod = pod.clone();
        let mut wrong = false;
        let user = pod.at(&["spec", "securityContext", "runAsUser"]).and_then(Value::as_i64).unwrap_or(0);
        with(&mut pod, name, |c| {
            let privileged = c.bool_at(&["securityContext", "privileged"]).unwrap_or(false);
            let adds = !c.list_at(&["securityContext", "capabilities", "add"]).is_empty();
            let root = c.i64_at(&["securityContext", "runAsUser"]) == Some(0);
            wrong = user != 0 && !root && (privileged || adds);
        });
        if wrong && session.version().minor >= 33 {
            session.eprintln(NON_ROOT);
        }
    }

    fn node(
        &self,
        session: &mut Session<'_, '_>,
        node: &Object,
        namespace: &str,
    ) -> Result<(Object, String), Error> {
        let container = match self.args.str("container") {
            "" => "debugger",
            name => name,
        };
        let name = format!("node-debugger-{}-{}", node.name(), chance::suffix(session, node.uid()));
        if !self.args.bool("quiet") {
            session.println(format!(
                "Creating debugging pod {name} with container {container} on node {}.",
                node.name()
            ));
        }
        let mut pod = Object(json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name},
            "spec": {
                "nodeName": node.name(),
                "restartPolicy": "Never",
                "tolerations": [{"operator": "Exists"}],
            },
        }));
        if session.version().minor >= 28 {
            pod.set(&["metadata", "labels", "app.kubernetes.io/managed-by"], "kubectl-debug");
        }
        pod.entry_at(&["spec", "containers"]).make_list().push(self.container(container));
        apply(self.args.str("profile"), Style::Node, self.args, &mut pod, container);
        self.customize(&mut pod, container);
        let mapping = session.resource("pods")?;
        let made = change().create(session, &mapping, namespace, &pod)?;
        Ok((made, container.to_owned()))
    }

    fn ephemeral(
        &self,
        session: &mut Session<'_, '_>,
        mapping: &ResourceType,
        pod: &Object,
    ) -> Result<(Object, String), Error> {
        let name = self.name_for(session, pod);
        let mut copy = pod.clone();
        let mut container = self.container(&name);
        if !self.args.str("target").is_empty() {
            container.set(&["targetContainerName"], self.args.str("target"));
        }
        copy.entry_at(&["spec", "ephemeralContainers"]).make_list().push(container);
        apply(self.args.str("profile"), Style::Ephemeral, self.args, &mut copy, &name);
        self.customize(&mut copy, &name);
        Self::warn(session, &copy, &name);
        let all = copy.list_at(&["spec", "ephemeralContainers"]);
        let order: Value = all.iter().map(|c| json!({"name": c.str_at(&["name"])})).collect();
        let mut patch = Value::map();
        patch.set(&["spec", "$setElementOrder/ephemeralContainers"], order);
        let last = all.last().cloned().unwrap_or_default();
        patch.entry_at(&["spec", "ephemeralContainers"]).make_list().push(last);
        let change = Change { subresource: "ephemeralcontainers".to_owned(), ..change() };
        match change.patch(session, mapping, pod.namespace(), pod.name(), (PatchType::StrategicMerge, patch))
        {
            Ok(patched) => Ok((patched, name)),
            Err(Error::Status(s)) if s.reason == Reason::NotFound && s.name.is_empty() => {
                Err(Error::plain(format!(
                    "ephemeral containers are disabled for this cluster (error from server: {:?})",
                    s.message
                )))
            }
            Err(e) => Err(e),
        }
    }

    fn copy(
        &self,
        session: &mut Session<'_, '_>,
        mapping: &ResourceType,
        pod: &Object,
    ) -> Result<(Object, String), Error> {
        let mut copy = Object(json!({"apiVersion": "v1", "kind": "Pod"}));
        copy.set(&["metadata", "name"], self.args.str("copy-to"));
        copy.set(&["metadata", "namespace"], pod.namespace());
        for field in ["labels", "annotations"] {
            if let Some(kept) = pod.at(&["metadata", field]) {
                copy.set(&["metadata", field], kept.clone());
            }
        }
        copy.set(&["spec"], pod.get("spec").cloned().unwrap_or_default());
        copy.remove(&["spec", "ephemeralContainers"]);
        if self.args.changed("share-processes") {
            copy.set(&["spec", "shareProcessNamespace"], self.args.bool("share-processes"));
        }
        if !self.args.bool("same-node") {
            copy.remove(&["spec", "nodeName"]);
        }
        for container in copy.entry_at(&["spec", "containers"]).make_list() {
            let own = container.str_at(&["name"]).to_owned();
            let image =
                |name: &str| self.images.iter().find(|(n, _)| n == name).map(|(_, image)| image.clone());
            if let Some(image) = image(&own).or_else(|| image("*")) {
                container.set(&["image"], image);
            }
        }
        let mut name = self.args.str("container").to_owned();
        let mut exists = false;
        with(&mut copy, &name, |_| exists = true);
        let mut attach = true;
        if !exists && self.args.str("image").is_empty() {
            if self.images.is_empty() {
                return Err(Error::plain("you must specify image when creating new container"));
            }
            attach = false;
        } else {
            if !exists {
                name = self.name_for(session, pod);
                let new = json!({"name": name.as_str(), "terminationMessagePolicy": "File"});
                copy.entry_at(&["spec", "containers"]).make_list().push(new);
            }
            with(&mut copy, &name, |c| self.fill(c));
            apply(self.args.str("profile"), Style::Copy, self.args, &mut copy, &name);
            self.customize(&mut copy, &name);
            Self::warn(session, &copy, &name);
        }
        let made = change().create(session, mapping, pod.namespace(), &copy)?;
        if self.args.bool("replace") {
            let removal = Removal { propagation: None, grace: Some(0), dry: Dry::No };
            removal.delete(session, mapping, pod.namespace(), pod.name())?;
        }
        Ok((made, if attach { name } else { String::new() }))
    }
}

fn c_extend(container: &mut Value, field: &str, more: Vec<Value>) {
    if more.is_empty() {
        return;
    }
    let key = if field == "env" { "name" } else { "mountPath" };
    let list = container.entry_at(&[field]).make_list();
    for entry in more {
        match list.iter_mut().find(|e| e.str_at(&[key]) == entry.str_at(&[key])) {
            Some(old) => *old = entry,
            None => list.push(entry),
        }
    }
}

/// Debugging manages fields by kubectl's own name.
fn change() -> Change {
    Change::by("", Dry::No)
}
