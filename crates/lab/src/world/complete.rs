//! Completion of kubectl's words: commands, flags, resource types, names of what exists.
//!
//! What is offered follows from kubectl's own table of commands (a `TYPE` in a usage line is a resource type) and from
//! asking a copy of the world, as `kubectl __complete` asks the server. Knows no command by name.

use gatehouse_kubectl::cli::{Command, Flag, FlagType, find};
use gatehouse_kubectl::commands::ROOT;
use gatehouse_machine::Outcome;
use gatehouse_model::ClientVersion;

use super::World;

/// What the last word of `typed` may become, where it is a word of kubectl's; the shell completes all others.
pub(super) fn kubectl(world: &World, typed: &str) -> Option<Vec<String>> {
    let command = typed.rsplit(['|', ';', '&', '(']).next()?;
    let mut words: Vec<&str> = command.split_whitespace().collect();
    let word = if command.ends_with(char::is_whitespace) { "" } else { words.pop()? };
    let (program, before) = words.split_first()?;
    if !matches!(*program, "kubectl" | "k") || before.contains(&"--") {
        return None;
    }
    let version = world.cluster.version.client();
    let line = Line::read(before, version);
    let mut found = match line.wanted {
        Some(flag) if flag.name == "namespace" => names(world, "namespaces", None),
        Some(_) => return None,
        None if word.starts_with('-') => flags(line.command, version),
        None if line.command.is_group() => line.command.names().map(str::to_owned).collect(),
        None => arguments(world, &line),
    };
    found.retain(|candidate| candidate.starts_with(word));
    gatehouse_model::order::sort(&mut found);
    found.dedup();
    // Nothing of kubectl's begins so: it may be a file.
    (!found.is_empty()).then_some(found)
}

/// The words before the one that is completed, understood.
struct Line<'a> {
    command: &'static Command,
    /// The words that are neither the command's name nor flags.
    arguments: Vec<&'a str>,
    namespace: Option<&'a str>,
    /// The flag whose value comes next.
    wanted: Option<&'static Flag>,
}

impl<'a> Line<'a> {
    fn read(words: &[&'a str], version: ClientVersion) -> Self {
        let mut line = Line { command: &ROOT, arguments: Vec::new(), namespace: None, wanted: None };
        for word in words {
            if let Some(flag) = line.wanted.take() {
                if flag.name == "namespace" {
                    line.namespace = Some(word);
                }
            } else if let Some(name) = word.strip_prefix('-').filter(|name| !name.is_empty()) {
                let known = find::flags_of(line.command, version);
                let flag = match name.strip_prefix('-') {
                    Some(long) => known.into_iter().find(|flag| flag.name == long),
                    None => known.into_iter().find(|flag| flag.short.is_some_and(|c| name == c.to_string())),
                };
                line.wanted = flag.filter(|flag| flag.ty != FlagType::Bool && flag.no_opt.is_empty());
                if let Some(namespace) = name.strip_prefix("-namespace=") {
                    line.namespace = Some(namespace);
                }
            } else if let Some(below) = line.command.subcommand(word).filter(|_| line.arguments.is_empty()) {
                line.command = below;
            } else {
                line.arguments.push(word);
            }
        }
        line
    }
}

fn flags(command: &Command, version: ClientVersion) -> Vec<String> {
    let known = find::flags_of(command, version);
    known.iter().filter(|f| !f.hidden && f.deprecated.is_empty()).map(|f| format!("--{}", f.name)).collect()
}

/// Resource types, then names, where the command's usage asks for them.
fn arguments(world: &World, line: &Line<'_>) -> Vec<String> {
    let usage = line.command.usage;
    let asks = |wanted: &str| usage.split(|c: char| !c.is_ascii_uppercase()).any(|word| word == wanted);
    let kind = line.arguments.first().copied();
    match kind {
        Some(kind) if asks("TYPE") || asks("RESOURCE") => {
            let kind = kind.rsplit(',').next().unwrap_or(kind);
            names(world, kind, line.namespace)
        }
        None if asks("POD") => names(world, "pods", line.namespace),
        None if asks("NODE") => names(world, "nodes", None),
        None if asks("TYPE") || asks("RESOURCE") => ask(world, "kubectl api-resources --verbs=list -o name"),
        _ => Vec::new(),
    }
}

/// The names of the objects of a type.
fn names(world: &World, kind: &str, namespace: Option<&str>) -> Vec<String> {
    let plain = |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric() || "-.".contains(c));
    if !plain(kind) || !namespace.is_none_or(plain) {
        return Vec::new();
    }
    let scope = namespace.map(|namespace| format!(" --namespace {namespace}")).unwrap_or_default();
    let said = ask(world, &format!("kubectl get {kind}{scope} -o name"));
    said.into_iter().filter_map(|line| line.split_once('/').map(|(_, name)| name.to_owned())).collect()
}

/// The lines that a command prints in a copy of the world.
fn ask(world: &World, command: &str) -> Vec<String> {
    match world.clone().run_fresh(command) {
        Outcome::Done(output) if output.exit == 0 => {
            String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use crate::Session;

    fn complete(line: &str) -> Vec<String> {
        let session = Session::of("networkpolicy-four-steps", 1).expect("the exercise starts");
        session.complete(line, line.len()).1
    }

    #[test]
    fn commands_flags_types_and_names() {
        assert_eq!(complete("kubectl ge"), ["get"]);
        assert_eq!(complete("k create serviceac"), ["serviceaccount"]);
        assert_eq!(complete("kubectl get networkpol"), ["networkpolicies.networking.k8s.io"]);
        assert_eq!(complete("kubectl get pods --all-n"), ["--all-namespaces"]);
        assert_eq!(complete("kubectl -n test get pods pod"), ["pod1", "pod2", "pod3"]);
        assert_eq!(complete("kubectl logs pod"), ["pod4"]);
        assert_eq!(complete("kubectl get pods -n te"), ["test"]);
        assert_eq!(complete("echo x | kubectl desc"), ["describe"]);
    }

    #[test]
    fn files_are_the_shells() {
        assert_eq!(complete("kubectl apply -f pol"), ["policies.yaml"]);
        assert_eq!(complete("cat pol"), ["policies.yaml"]);
        assert!(complete("kubectl get nothing-of-this-name x").is_empty());
    }
}
