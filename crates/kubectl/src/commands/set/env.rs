//! `kubectl set env`. Models kubectl `pkg/cmd/set/set_env.go` and `pkg/cmd/set/env`.

use std::collections::BTreeMap;

use gatehouse_model::{Object, Value, json, names};

use super::shared;
use super::template::{Setter, builder, containers, plural_of, pod_spec};
use crate::cli::groups::{DRY_RUN, PRINT, SELECTOR, files};
use crate::cli::{Args, Command, Flag};
use crate::error::Error;
use crate::session::Session;

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Update environment variables on a pod template",
    long: "Update environment variables on a pod template.\n\n List environment variable definitions in one or more pods, pod templates. Add, update, or remove container environment variable definitions in one or more pod templates (within replication controllers or deployment configurations). View or modify the environment variable definitions on all containers in the specified pods or pod templates, or just those that match a wildcard.\n\n If \"--env -\" is passed, environment variables can be read from STDIN using the standard env syntax.\n\n Possible resources include (case insensitive):\n\n        pod (po), replicationcontroller (rc), deployment (deploy), daemonset (ds), statefulset (sts), cronjob (cj), replicaset (rs)",
    examples: "# Update deployment 'registry' with a new environment variable\nkubectl set env deployment/registry STORAGE_DIR=/local\n\n# List the environment variables defined on a deployments 'sample-build'\nkubectl set env deployment/sample-build --list\n\n# Import environment from a secret\nkubectl set env --from=secret/mysecret deployment/myapp\n\n# Remove the environment variable ENV from container 'c1' in all deployment configs\nkubectl set env deployments --all --containers=\"c1\" ENV-",
    usage: "RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N",
    flags: &[
        &shared("If true, select all resources in the namespace of the specified resource types", "If true, set env will NOT contact api-server but run locally."),
        PRINT,
        &files("Filename, directory, or URL to files the resource to update the env"),
        SELECTOR,
        DRY_RUN,
        &[
            Flag::str("containers", "The names of containers in the selected pod templates to change - may use wildcards").short('c').default("*"),
            Flag::array("env", "Specify a key-value pair for an environment variable to set into each container.").short('e'),
            Flag::str("from", "The name of a resource from which to inject environment variables"),
            Flag::slice("keys", "Comma-separated list of keys to import from specified resource"),
            Flag::bool("list", "If true, display the environment and any changes in the standard format. this flag will removed when we have kubectl view env."),
            Flag::bool("overwrite", "If true, allow environment to be overwritten, otherwise reject updates that overwrite existing environment.").default("true"),
            Flag::str("prefix", "Prefix to append to variable names"),
            Flag::bool("resolve", "If true, show secret or configmap references when listing variables"),
        ],
    ],
    run: Some(run),
    ..Command::named("env")
};

fn split(words: &[String]) -> Result<(Vec<String>, Vec<String>), Error> {
    let (mut resources, mut pairs) = (Vec::new(), Vec::new());
    for word in words {
        let is_env = word.find('=').is_some_and(|i| i > 0) || word.ends_with('-');
        if is_env {
            pairs.push(word.clone());
        } else if pairs.is_empty() {
            resources.push(word.clone());
        } else {
            let all = words.join(" ");
            return Err(Error::plain(format!(
                "all resources must be specified before environment changes: {all}"
            )));
        }
    }
    Ok((resources, pairs))
}

/// Variables to set, and names to remove.
fn parse(session: &mut Session<'_, '_>, specs: &[String]) -> Result<(Vec<Value>, Vec<String>), Error> {
    let (mut set, mut gone) = (Vec::new(), Vec::new());
    for spec in specs {
        if spec == "-" {
            let input = session.host.stdin.take().unwrap_or_default();
            for line in String::from_utf8_lossy(&input).lines() {
                let line = line.split('#').next().unwrap_or("");
                if let Some((name, value)) = line.split_once('=') {
                    set.push(json!({"name": name, "value": value}));
                }
            }
        } else if let Some((name, value)) = spec.split_once('=') {
            let wrong = names::env_var_name(name);
            if !wrong.is_empty() {
                return Err(Error::plain(format!("{name:?} is not a valid key name: {}", wrong.join(";"))));
            }
            let mut variable = json!({"name": name});
            if !value.is_empty() {
                variable.set(&["value"], value);
            }
            set.push(variable);
        } else if let Some(name) = spec.strip_suffix('-') {
            gone.push(name.to_owned());
        } else {
            return Err(Error::plain(format!("unknown environment variable: {spec}")));
        }
    }
    if gone.iter().any(|g| set.iter().any(|v| v.str_at(&["name"]) == g)) {
        return Err(Error::plain(
            "can not both modify and remove the same environment variable in the same command",
        ));
    }
    Ok((set, gone))
}

/// Variables that refer to the keys of a config map or secret.
fn from_resource(session: &mut Session<'_, '_>, args: &Args) -> Result<Vec<Value>, Error> {
    let from = args.str("from");
    if from.is_empty() {
        return Ok(Vec::new());
    }
    let keys = args.list("keys");
    let mut variables = Vec::new();
    for info in builder(session, args, &[from.to_owned()])?.infos(session)? {
        let object = info.object()?.clone();
        let field = match object.kind() {
            "Secret" => "secretKeyRef",
            "ConfigMap" => "configMapKeyRef",
            _ => return Err(Error::plain("unsupported resource specified in --from")),
        };
        for key in object.map_at(&["data"]).keys() {
            if !keys.is_empty() && !keys.iter().any(|k| k == key) {
                continue;
            }
            let name: String = key
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c.to_ascii_uppercase() } else { '_' })
                .collect();
            if name != key {
                session.warn(format!("key {key} transferred to {name}"));
            }
            let mut variable = json!({"name": name});
            variable.set(&["valueFrom", field], json!({"name": (object.name()), "key": key}));
            variables.push(variable);
        }
    }
    Ok(variables)
}

/// The environment after a change; a new variable takes the place of the old one of its name.
fn update(existing: &[Value], set: &[Value], gone: &[String]) -> Vec<Value> {
    let mut covered: Vec<&str> = gone.iter().map(String::as_str).collect();
    let mut out = Vec::new();
    for old in existing {
        let name = old.str_at(&["name"]);
        if covered.contains(&name) {
            continue;
        }
        match set.iter().find(|v| v.str_at(&["name"]) == name) {
            Some(new) => {
                covered.push(name);
                out.push(new.clone());
            }
            None => out.push(old.clone()),
        }
    }
    for new in set {
        let name = new.str_at(&["name"]);
        if !covered.contains(&name) {
            covered.push(name);
            out.push(new.clone());
        }
    }
    out
}

fn reference(source: &Value) -> String {
    let field = |path: &[&str]| source.str_at(path).to_owned();
    if source.get("configMapKeyRef").is_some() {
        format!(
            "configmap {}, key {}",
            field(&["configMapKeyRef", "name"]),
            field(&["configMapKeyRef", "key"])
        )
    } else if source.get("secretKeyRef").is_some() {
        format!("secret {}, key {}", field(&["secretKeyRef", "name"]), field(&["secretKeyRef", "key"]))
    } else if source.get("fieldRef").is_some() {
        format!("field path {}", field(&["fieldRef", "fieldPath"]))
    } else if source.get("resourceFieldRef").is_some() {
        let container = field(&["resourceFieldRef", "containerName"]);
        let prefix = if container.is_empty() { String::new() } else { format!("{container}/") };
        format!("resource field {prefix}{}", field(&["resourceFieldRef", "resource"]))
    } else {
        "invalid valueFrom".to_owned()
    }
}

/// What a reference resolves to (`--list --resolve`). Models `pkg/cmd/set/env/env_resolve.go`.
fn resolve(session: &mut Session<'_, '_>, object: &Object, source: &Value) -> Result<String, String> {
    let namespace = object.namespace().to_owned();
    let mut read = |resource: &str, field: &str| -> Result<Option<String>, String> {
        let mapping = session.resource(resource).map_err(|e| e.text())?;
        let name = source.str_at(&[field, "name"]);
        let found = session.get(&mapping, &namespace, name).map_err(|e| e.text())?;
        let value = found.at(&["data", source.str_at(&[field, "key"])]);
        Ok(value.and_then(Value::as_str).map(str::to_owned))
    };
    if source.get("secretKeyRef").is_some() {
        let text = read("secrets", "secretKeyRef")?;
        let bytes = text.and_then(|text| gatehouse_model::base64::decode(&text).ok());
        return bytes
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .ok_or_else(|| missing(source, "secretKeyRef", "secret"));
    }
    if source.get("configMapKeyRef").is_some() {
        return read("configmaps", "configMapKeyRef")?
            .ok_or_else(|| missing(source, "configMapKeyRef", "config map"));
    }
    let path = source.str_at(&["fieldRef", "fieldPath"]);
    match path {
        "" => Err("invalid valueFrom".to_owned()),
        "metadata.name" => Ok(object.name().to_owned()),
        "metadata.namespace" => Ok(namespace),
        "metadata.uid" => Ok(object.uid().to_owned()),
        _ => Err(format!("unsupported fieldPath: {path}")),
    }
}

fn missing(source: &Value, field: &str, what: &str) -> String {
    format!("key {} not found in {what} {}", source.str_at(&[field, "key"]), source.str_at(&[field, "name"]))
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    if args.bool("all") && !args.str("selector").is_empty() {
        return Err(Error::plain("cannot set --all and --selector at the same time"));
    }
    let (resources, pairs) = split(&args.words)?;
    let list = args.bool("list");
    if resources.is_empty() && args.list("filename").is_empty() {
        return Err(Error::plain(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>",
        ));
    }
    if list && !args.str("output").is_empty() {
        return Err(Error::plain("--list and --output may not be specified together"));
    }
    if !args.list("keys").is_empty() && args.str("from").is_empty() {
        return Err(Error::plain(
            "when specifying --keys, a configmap or secret must be provided with --from",
        ));
    }
    let mut specs = args.list("env");
    specs.extend(pairs.iter().cloned());
    let (mut set, gone) = parse(session, &specs)?;
    set.extend(from_resource(session, args)?);
    let prefix = args.str("prefix");
    for variable in &mut set {
        let name = format!("{prefix}{}", variable.str_at(&["name"]));
        variable.set(&["name"], name);
    }
    let setter = Setter::new(session, args, &resources)?;
    setter.check_local()?;
    let (overwrite, resolving) = (args.bool("overwrite"), args.bool("resolve"));
    let pattern = args.str("containers").to_owned();
    setter.apply(
        session,
        "env updated",
        "failed to patch env update to pod template: ",
        false,
        |session, object| {
            let (kind, name, whole) = (object.kind().to_owned(), object.name().to_owned(), object.clone());
            let mut lines = Vec::new();
            let mut unresolved: BTreeMap<String, Vec<String>> = BTreeMap::new();
            let count = containers(pod_spec(object)?, &pattern, |container| {
                let existing = container.list_at(&["env"]).to_vec();
                if !overwrite {
                    let taken = set.iter().find(|new| {
                        existing
                            .iter()
                            .any(|old| old.str_at(&["name"]) == new.str_at(&["name"]) && old != *new)
                    });
                    if let Some(taken) = taken {
                        let old = existing.iter().find(|o| o.str_at(&["name"]) == taken.str_at(&["name"]));
                        let value = old.map_or("", |o| o.str_at(&["value"])).to_owned();
                        return Err(Error::plain(format!(
                            "error: {}/{name} '{}' already has a value ({value}), and --overwrite is false\n",
                            plural_of(&kind),
                            taken.str_at(&["name"])
                        )));
                    }
                }
                let env = update(&existing, &set, &gone);
                if list {
                    lines.push(format!("# {kind} {name}, container {}", container.str_at(&["name"])));
                    for variable in &env {
                        let key = variable.str_at(&["name"]);
                        match variable.get("valueFrom") {
                            None => lines.push(format!("{key}={}", variable.str_at(&["value"]))),
                            Some(source) => {
                                let from = || format!("# {key} from {}", reference(source));
                                lines.push(match resolving.then(|| resolve(session, &whole, source)) {
                                    Some(Ok(value)) => format!("{key}={value}"),
                                    Some(Err(why)) => {
                                        unresolved.entry(why).or_default().push(key.to_owned());
                                        from()
                                    }
                                    None => from(),
                                });
                            }
                        }
                    }
                }
                if !list && env != existing {
                    if env.is_empty() {
                        container.remove(&["env"]);
                    } else {
                        container.set(&["env"], env);
                    }
                }
                Ok(())
            })?;
            if count == 0 {
                session.warn(format!("{kind}/{name} does not have any containers matching {pattern:?}"));
            }
            for line in lines {
                session.println(line);
            }
            let mut failures: Vec<String> = unresolved
                .into_iter()
                .map(|(why, mut keys)| {
                    keys.sort_unstable();
                    format!("error retrieving reference for {}: {why}", keys.join(", "))
                })
                .collect();
            failures.sort_unstable();
            for failure in failures {
                session.eprintln(failure);
            }
            Ok(())
        },
    )
}
