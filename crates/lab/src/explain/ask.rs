//! The questions: what applying a file comes to, whether a request would be let through, who can, what can.

use gatehouse_core::authz;
use gatehouse_core::authz::rbac::{Granted, Holder};
use gatehouse_core::request::{Credential, Impersonation, Request, ResourceTarget, Response, User};
use gatehouse_core::status::Reason;
use gatehouse_core::{Target, Verb, server};
use gatehouse_machine::Outcome;
use gatehouse_machine::shell::quoted;

use super::{Explanation, Sources};
use crate::world::World;

/// Who asks: the world's own administrator, or somebody it passes for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asker {
    /// `--as`; empty for the administrator.
    pub user: String,
    /// `--as-group`, repeated.
    pub groups: Vec<String>,
    /// `--namespace`; empty for the default one.
    pub namespace: String,
}

impl Asker {
    fn impersonation(&self) -> Option<Impersonation> {
        (!self.user.is_empty()).then(|| Impersonation {
            user: self.user.clone(),
            groups: self.groups.clone(),
            ..Impersonation::default()
        })
    }

    fn flags(&self) -> String {
        let mut flags = String::new();
        for (flag, value) in [("as", &self.user)]
            .into_iter()
            .chain(self.groups.iter().map(|g| ("as-group", g)))
            .chain([("namespace", &self.namespace)])
        {
            if !value.is_empty() {
                flags.push_str(&format!(" --{flag}={}", quoted(value)));
            }
        }
        flags
    }
}

/// A file of the world's terminal for texts that have no place there.
pub const SCRATCH: &str = ".explain.yaml";

/// Applies a text as the administrator, to stay: what kubectl printed, and whether all went well.
pub fn commit(world: &mut World, text: &str) -> (String, bool) {
    world.write(SCRATCH, text);
    let outcome = world.run_fresh(&format!("kubectl apply -f {SCRATCH} && rm {SCRATCH}"));
    let (said, exit) = output(outcome);
    (said, exit == 0)
}

/// What a command printed, and its exit code.
fn output(outcome: Outcome) -> (String, i32) {
    let output = match outcome {
        Outcome::Done(output) | Outcome::NeedsEdit(output, _) | Outcome::Streaming(output) => output,
    };
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (said, output.exit)
}

/// What `kubectl apply -f PATH` comes to: every request that would change something or is refused, and what kubectl
/// prints. The world is not changed.
#[must_use]
pub fn apply(world: &World, sources: &Sources, path: &str, asker: &Asker) -> (Vec<Explanation>, String) {
    let mut copy = world.clone();
    copy.recorded = Some(Vec::new());
    let (said, _) = output(copy.run_fresh(&format!("kubectl apply -f {}{}", quoted(path), asker.flags())));
    let calls = copy.recorded.take().unwrap_or_default();
    let explained = telling(&calls).map(|(q, a)| Explanation::of(world, q, a, sources));
    (explained.collect(), said)
}

/// The requests that would change something or are refused.
pub(crate) fn telling(calls: &[(Request, Response)]) -> impl Iterator<Item = &(Request, Response)> {
    calls.iter().filter(|(request, response)| {
        let reads = matches!(request.verb, Verb::Get | Verb::List | Verb::Watch);
        // kubectl only asks whether the namespace is there; it does not mind.
        let aside = matches!(&request.target, Target::Resource(t) if t.resource == "namespaces");
        match &response.result {
            Ok(_) => !reads,
            Err(status) => !reads || (status.reason != Reason::NotFound && !aside),
        }
    })
}

/// How a request without a body is answered. Verbs that need a body, and words that are no request's verb, are
/// followed as far as authorization. The world is not changed.
///
/// # Errors
/// Where the resource's words make no sense.
pub fn ask(
    world: &World,
    sources: &Sources,
    asker: &Asker,
    verb: &str,
    resource: &str,
    name: &str,
) -> Result<Explanation, String> {
    let target = target(world, &asker.namespace, resource, name)?;
    let verb = match (Verb::parse(verb), &target) {
        (Verb::Get, Target::Resource(t)) if t.name.is_empty() => Verb::List,
        (verb, _) => verb,
    };
    let administrator = Credential::Certificate {
        common_name: "kubernetes-admin".to_owned(),
        organizations: vec![authz::MASTERS.to_owned()],
    };
    let mut request = Request::new(administrator, verb, target);
    request.impersonate = asker.impersonation();
    let plain = match &request.target {
        Target::Resource(t) => t.subresource.is_empty(),
        Target::Path(_) => true,
    };
    let whole = matches!(request.verb, Verb::Get | Verb::List | Verb::Delete | Verb::DeleteCollection);
    let response = if plain && whole {
        server::handle(&mut world.cluster.clone(), &request)
    } else {
        server::permit(&world.cluster, &request)
    };
    Ok(Explanation::of(world, &request, &response, sources))
}

/// The target a resource's words name: `po`, `pods/log`, `deployments.apps`, `/healthz`.
fn target(world: &World, namespace: &str, word: &str, name: &str) -> Result<Target, String> {
    if word.starts_with('/') {
        return Ok(Target::Path(word.to_owned()));
    }
    let (word, subresource) = word.split_once('/').unwrap_or((word, ""));
    let (plain, group) = word.split_once('.').map_or((word, None), |(w, g)| (w, Some(g)));
    let plain = plain.to_ascii_lowercase();
    let known = world.cluster.resources().into_iter().find(|r| {
        group.is_none_or(|g| r.gv.group == g)
            && (r.plural == plain || r.singular == plain || r.short_names.iter().any(|s| *s == plain))
    });
    let Some(known) = known else {
        let words = ["*", "users", "groups", "userextras", "uids"];
        if !words.contains(&plain.as_str()) {
            return Err(format!("the server doesn't have a resource type \"{word}\""));
        }
        return Ok(Target::Resource(ResourceTarget {
            group: group.unwrap_or_default().to_owned(),
            version: "v1".to_owned(),
            resource: plain,
            subresource: subresource.to_owned(),
            namespace: String::new(),
            name: name.to_owned(),
        }));
    };
    let namespace = match (known.namespaced(), namespace) {
        (false, _) | (true, "*") => "",
        (true, "") => "default",
        (true, given) => given,
    };
    Ok(Target::Resource(ResourceTarget {
        group: known.gv.group.to_string(),
        version: known.gv.version.to_string(),
        resource: known.plural.to_string(),
        subresource: subresource.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }))
}

/// Everybody whom roles and bindings let do something; a namespace of `*` means all of them.
///
/// # Errors
/// Where the resource's words make no sense.
pub fn who_can(
    world: &World,
    namespace: &str,
    verb: &str,
    resource: &str,
    name: &str,
) -> Result<Vec<Holder>, String> {
    let target = target(world, namespace, resource, name)?;
    Ok(authz::who_can(&world.cluster, &Verb::parse(verb), &target))
}

/// Everything roles and bindings let somebody do, cluster-wide grants first.
#[must_use]
pub fn what_can(world: &World, asker: &Asker) -> Vec<Granted> {
    let mut user = User { name: asker.user.clone(), groups: asker.groups.clone(), ..User::default() };
    if let Some((namespace, account)) =
        asker.user.strip_prefix("system:serviceaccount:").and_then(|r| r.split_once(':'))
    {
        user = gatehouse_core::authn::token::user(namespace, account, "", Vec::new());
        user.groups.extend(asker.groups.iter().cloned());
    } else if !user.groups.iter().any(|g| g == "system:unauthenticated") {
        user.groups.push("system:authenticated".to_owned());
    }
    authz::what_can(&world.cluster, &user)
}
