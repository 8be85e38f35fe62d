//! Role-based access control, compiled: from a subject to its bindings, from a binding to its rules.
//!
//! An [`Index`] is made from the four RBAC tables of a store and stays right as long as they do not change; a clone
//! of a cluster shares it. Knows nothing of the request's body. Where several bindings grant a request the server
//! names the first that its cache happens to yield; here that is the first by namespace and name, cluster-wide
//! bindings first.
//!
//! Models kubernetes `plugin/pkg/auth/authorizer/rbac/rbac.go` and `pkg/registry/rbac/validation/rule.go`.

mod cache;
mod explain;
mod query;
mod rule;
mod words;

use std::sync::Arc;

use gatehouse_model::{Object, Value};

use super::Attributes;
use crate::decision::{Decision, Verdict};
use crate::request::{ResourceTarget, Target, User, Verb};
use crate::store::Store;
use rule::{Asked, Gist, Role, Rule};
use words::{UNKNOWN, WordSet, Words};

pub use cache::IndexCache;
pub use query::{Granted, Holder};

/// Group resources of the tables the index is made from.
pub(crate) const TABLES: [&str; 4] = [
    "clusterrolebindings.rbac.authorization.k8s.io",
    "rolebindings.rbac.authorization.k8s.io",
    "clusterroles.rbac.authorization.k8s.io",
    "roles.rbac.authorization.k8s.io",
];

#[derive(Debug)]
struct Binding {
    object: Arc<Object>,
    /// `None` where the role does not exist.
    role: Option<u32>,
}

/// That a binding names a subject: which binding, and which of its subjects.
#[derive(Clone, Copy, Debug)]
struct Grant {
    binding: u32,
    subject: u32,
    /// [`UNKNOWN`] where the role does not exist.
    role: u32,
}

/// What one subject is bound by: everywhere, and in single namespaces (sorted by the namespace's number).
#[derive(Debug, Default)]
struct Bound {
    everywhere: Vec<Grant>,
    namespaced: Vec<(u32, Vec<Grant>)>,
}

/// A user with the bindings that name it or its groups.
#[derive(Clone, Debug)]
pub struct Subject<'a>(Vec<&'a Bound>);

/// What decided that a request is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    binding: u32,
    subject: u32,
    rule: usize,
}

/// The RBAC objects of a store, ready to be asked.
#[derive(Debug, Default)]
pub struct Index {
    verbs: Words,
    groups: Words,
    resources: Words,
    subresources: Words,
    names: Words,
    namespaces: Words,
    users: Words,
    teams: Words,
    by_user: Vec<Bound>,
    by_team: Vec<Bound>,
    roles: Vec<Role>,
    bindings: Vec<Binding>,
}

fn strings<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    value.list_at(&[field]).iter().filter_map(Value::as_str)
}

impl Index {
    /// Compiles the RBAC tables of a store.
    #[must_use]
    pub fn compile(store: &Store) -> Self {
        let [cluster_bindings, bindings, cluster_roles, roles] = TABLES;
        let mut index = Self::default();
        let cluster_scoped = index.add_roles(store, cluster_roles);
        let namespaced = index.add_roles(store, roles);
        let role_of = |binding: &Object| {
            let name = binding.str_at(&["roleRef", "name"]);
            match binding.str_at(&["roleRef", "kind"]) {
                "ClusterRole" => cluster_scoped
                    .binary_search_by(|(_, n, _)| (**n).cmp(name))
                    .ok()
                    .and_then(|i| cluster_scoped.get(i)),
                "Role" => namespaced
                    .binary_search_by(|(ns, n, _)| (&**ns, &**n).cmp(&(binding.namespace(), name)))
                    .ok()
                    .and_then(|i| namespaced.get(i)),
                _ => None,
            }
            .map(|(_, _, id)| *id)
        };
        for table in [cluster_bindings, bindings] {
            for object in store.list(table, None) {
                let role = role_of(object);
                index.add_binding(object, role);
            }
        }
        index
    }

    /// Compiles the roles of a table; returns their namespaces, names and numbers, in the table's order.
    fn add_roles(&mut self, store: &Store, table: &str) -> Vec<(Box<str>, Box<str>, u32)> {
        let mut known = Vec::new();
        for object in store.list(table, None) {
            let Ok(id) = u32::try_from(self.roles.len()) else { break };
            let rules = object.list_at(&["rules"]).iter().map(|r| self.compile_rule(r)).collect();
            let rules: Box<[Rule]> = rules;
            let gists = rules.iter().map(Gist::of).collect();
            self.roles.push(Role { object: Arc::clone(object), gists, rules });
            known.push((object.namespace().into(), object.name().into(), id));
        }
        known
    }

    fn compile_rule(&mut self, rule: &Value) -> Rule {
        let of_any_resource = strings(rule, "resources").filter_map(|r| r.strip_prefix("*/"));
        Rule {
            verbs: WordSet::new(strings(rule, "verbs"), &mut self.verbs, true),
            groups: WordSet::new(strings(rule, "apiGroups"), &mut self.groups, true),
            resources: WordSet::new(strings(rule, "resources"), &mut self.resources, true),
            subresources: WordSet::new(of_any_resource, &mut self.subresources, false),
            names: WordSet::new(strings(rule, "resourceNames"), &mut self.names, false),
            urls: strings(rule, "nonResourceURLs").map(Into::into).collect(),
        }
    }

    fn add_binding(&mut self, object: &Arc<Object>, role: Option<u32>) {
        let Ok(id) = u32::try_from(self.bindings.len()) else { return };
        let namespace = object.namespace();
        let ns = (!namespace.is_empty()).then(|| self.namespaces.intern(namespace));
        for (subject, i) in object.list_at(&["subjects"]).iter().zip(0..) {
            let name = subject.str_at(&["name"]);
            let account;
            let (words, bounds, name) = match subject.str_at(&["kind"]) {
                "User" => (&mut self.users, &mut self.by_user, name),
                "Group" => (&mut self.teams, &mut self.by_team, name),
                "ServiceAccount" => {
                    let own = subject.str_at(&["namespace"]);
                    let of = if own.is_empty() { namespace } else { own };
                    if of.is_empty() {
                        continue;
                    }
                    account = format!("system:serviceaccount:{of}:{name}");
                    (&mut self.users, &mut self.by_user, account.as_str())
                }
                _ => continue,
            };
            let word = words.intern(name) as usize;
            if bounds.len() <= word {
                bounds.resize_with(word + 1, Bound::default);
            }
            if let Some(bound) = bounds.get_mut(word) {
                bound.add(ns, Grant { binding: id, subject: i, role: role.unwrap_or(UNKNOWN) });
            }
        }
        self.bindings.push(Binding { object: Arc::clone(object), role });
    }

    fn bounds_of<'a>(&'a self, user: &User) -> impl Iterator<Item = &'a Bound> {
        let own = self.by_user.get(self.users.get(&user.name) as usize);
        own.into_iter().chain(user.groups.iter().filter_map(|g| self.by_team.get(self.teams.get(g) as usize)))
    }

    fn asked<'a>(&'a self, verb: &str, target: &'a Target) -> Asked<'a> {
        let verb = self.verbs.get(verb);
        match target {
            Target::Path(path) => Asked::Path { verb, path },
            Target::Resource(t) => {
                let (resource, subresource) = if t.subresource.is_empty() {
                    (self.resources.get(&t.resource), UNKNOWN)
                } else {
                    (
                        self.resources.get_pair(&t.resource, &t.subresource),
                        self.subresources.get(&t.subresource),
                    )
                };
                let group = self.groups.get(&t.group);
                Asked::Resource { verb, group, resource, subresource, name: &t.name, names: &self.names }
            }
        }
    }

    /// The number of the target's namespace; `None` for cluster-wide requests.
    fn namespace_of(&self, target: &Target) -> Option<u32> {
        match target {
            Target::Resource(ResourceTarget { namespace, .. }) if !namespace.is_empty() => {
                Some(self.namespaces.get(namespace))
            }
            _ => None,
        }
    }

    fn role_of(&self, grant: Grant) -> Option<&Role> {
        self.roles.get(grant.role as usize)
    }

    fn role_of_binding(&self, binding: &Binding) -> Option<&Role> {
        self.roles.get(binding.role? as usize)
    }

    /// The first of `grants` whose role allows what is asked, if it comes before `best`.
    fn first(&self, grants: &[Grant], gist: Gist, asked: &Asked<'_>, best: &mut Option<Found>) {
        for grant in grants {
            if best.is_some_and(|b| (b.binding, b.subject) <= (grant.binding, grant.subject)) {
                return;
            }
            let Some(role) = self.role_of(*grant) else { continue };
            if let Some(rule) = role.allows(gist, asked) {
                *best = Some(Found { binding: grant.binding, subject: grant.subject, rule });
                return;
            }
        }
    }

    /// The binding and rule that allow a request; `None` where none does.
    #[must_use]
    pub fn find(&self, attributes: &Attributes<'_>) -> Option<Found> {
        self.search(self.bounds_of(attributes.user), attributes.verb, attributes.target)
    }

    /// A user, looked up once for many questions.
    #[must_use]
    pub fn subject(&self, user: &User) -> Subject<'_> {
        Subject(self.bounds_of(user).collect())
    }

    /// As [`Index::find`], for a user looked up before.
    #[must_use]
    pub fn find_for(&self, subject: &Subject<'_>, verb: &Verb, target: &Target) -> Option<Found> {
        self.search(subject.0.iter().copied(), verb, target)
    }

    fn search<'a>(
        &self,
        bounds: impl Iterator<Item = &'a Bound>,
        verb: &Verb,
        target: &Target,
    ) -> Option<Found> {
        let asked = self.asked(verb.as_str(), target);
        let gist = Gist::asked(&asked);
        let here = self.namespace_of(target);
        let mut best = None;
        for bound in bounds {
            // Bindings of the whole cluster have the smaller numbers, so they come first all the same.
            self.first(&bound.everywhere, gist, &asked, &mut best);
            if let Some(ns) = here {
                self.first(bound.in_namespace(ns), gist, &asked, &mut best);
            }
        }
        best
    }

    /// Decides a request: the verdict with the server's reason. Causes are [`Index::explain`]'s.
    #[must_use]
    pub fn decide(&self, attributes: &Attributes<'_>) -> Decision {
        match self.find(attributes) {
            Some(found) => super::decision(Verdict::Allow, self.reason(found)),
            None => super::decision(Verdict::NoOpinion, missing_reason(&self.missing_roles(attributes))),
        }
    }

    /// The grants that apply to a request, cluster-wide ones first, each binding once.
    fn applying(&self, user: &User, namespace: Option<u32>) -> Vec<Grant> {
        let mut grants: Vec<Grant> = Vec::new();
        for bound in self.bounds_of(user) {
            grants.extend(&bound.everywhere);
            if let Some(ns) = namespace {
                grants.extend(bound.in_namespace(ns));
            }
        }
        gatehouse_model::order::by_key(&mut grants, |g| (g.binding, g.subject));
        grants.dedup_by_key(|g| g.binding);
        grants
    }

    /// The roles that bindings of this request's user name but that do not exist, as errors, each once.
    fn missing_roles(&self, attributes: &Attributes<'_>) -> Vec<String> {
        let mut errors = Vec::new();
        for grant in self.applying(attributes.user, self.namespace_of(attributes.target)) {
            let Some(binding) = self.bindings.get(grant.binding as usize) else { continue };
            if binding.role.is_none() {
                let error = missing_role(&binding.object);
                if !errors.contains(&error) {
                    errors.push(error);
                }
            }
        }
        errors
    }
}

impl Bound {
    fn add(&mut self, namespace: Option<u32>, grant: Grant) {
        let grants = match namespace {
            None => &mut self.everywhere,
            Some(ns) => {
                let at = match self.namespaced.binary_search_by_key(&ns, |(n, _)| *n) {
                    Ok(at) => at,
                    Err(at) => {
                        self.namespaced.insert(at, (ns, Vec::new()));
                        at
                    }
                };
                let Some((_, grants)) = self.namespaced.get_mut(at) else { return };
                grants
            }
        };
        grants.push(grant);
    }

    fn in_namespace(&self, namespace: u32) -> &[Grant] {
        self.namespaced
            .binary_search_by_key(&namespace, |(n, _)| *n)
            .ok()
            .and_then(|i| self.namespaced.get(i))
            .map_or(&[], |(_, grants)| grants)
    }
}

/// What the server says of a binding whose role is missing.
fn missing_role(binding: &Object) -> String {
    let (kind, name) = (binding.str_at(&["roleRef", "kind"]), binding.str_at(&["roleRef", "name"]));
    match kind {
        "Role" | "ClusterRole" => {
            format!("{}.rbac.authorization.k8s.io \"{name}\" not found", kind.to_ascii_lowercase())
        }
        other => format!("unsupported role reference kind: \"{other}\""),
    }
}

fn missing_reason(errors: &[String]) -> String {
    match errors {
        [] => String::new(),
        [one] => format!("RBAC: {one}"),
        many => format!("RBAC: [{}]", many.join(", ")),
    }
}

#[cfg(test)]
mod tests;
