//! Being somebody else: `--as` and its kin, each part authorized on its own.
//!
//! Models apiserver `pkg/endpoints/filters/impersonation`: from 1.36 on the constrained modes are tried first
//! (`impersonate-on:MODE:VERB` on what is to be done, then `impersonate:MODE` on whom), then the verb `impersonate` of
//! old, but the way that let this user through last before all others. What is allowed is not remembered for the ten
//! seconds that the real server remembers it.

use gatehouse_model::{FieldError, FieldPath, names};

use super::{Attributes, decide, forbidden};
use crate::authn::token;
use crate::cluster::Cluster;
use crate::decision::{Bearing, Cause};
use crate::request::{Impersonation, ResourceTarget, Target, User, Verb};
use crate::status::{Reason, Status};

const AUTHENTICATION: &str = "authentication.k8s.io";
const ANONYMOUS: &str = "system:anonymous";
const AUTHENTICATED: &str = "system:authenticated";
const UNAUTHENTICATED: &str = "system:unauthenticated";
const NODE: &str = "system:node:";
const NODE_NAME: &str = "authentication.kubernetes.io/node-name";
const NODE_KEYS: &str = "authentication.kubernetes.io/associated-node-keys";

/// From how many groups or extra values on a grant of all of them is looked for first.
const MANY: usize = 4;

fn valid_name(part: &str) -> bool {
    !part.is_empty()
        && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.')
}

fn account(name: &str) -> Option<(&str, &str)> {
    let (namespace, name) = name.strip_prefix("system:serviceaccount:")?.split_once(':')?;
    (valid_name(namespace) && valid_name(name)).then_some((namespace, name))
}

fn node(name: &str) -> Option<&str> {
    name.strip_prefix(NODE).filter(|n| valid_name(n))
}

/// A way of being somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A service account, as the node its pod runs on.
    AssociatedNode,
    /// Any node.
    ArbitraryNode,
    /// A service account.
    ServiceAccount,
    /// Anybody else.
    UserInfo,
    /// The verb `impersonate` of old.
    Legacy,
}

impl Mode {
    /// In the order they are tried.
    const ALL: [Self; 5] =
        [Self::AssociatedNode, Self::ArbitraryNode, Self::ServiceAccount, Self::UserInfo, Self::Legacy];

    const fn name(self) -> &'static str {
        match self {
            Self::AssociatedNode => "associated-node",
            Self::ArbitraryNode => "arbitrary-node",
            Self::ServiceAccount => "serviceaccount",
            Self::UserInfo => "user-info",
            Self::Legacy => "legacy",
        }
    }

    fn verb(self) -> Verb {
        match self {
            Self::Legacy => Verb::parse("impersonate"),
            mode => Verb::parse(&format!("impersonate:{}", mode.name())),
        }
    }

    /// Whether the mode is for whom is wanted.
    fn applies(self, user: &User, wanted: &Impersonation) -> bool {
        let only_name = wanted.uid.is_empty() && wanted.groups.is_empty() && wanted.extra.is_empty();
        match self {
            Self::AssociatedNode => {
                let here = user.extra.iter().find(|(key, _)| key == NODE_NAME).map(|(_, v)| v.as_slice());
                only_name
                    && account(&user.name).is_some()
                    && node(&wanted.user).is_some_and(|n| matches!(here, Some([one]) if one == n))
            }
            Self::ArbitraryNode => only_name && node(&wanted.user).is_some(),
            Self::ServiceAccount => only_name && account(&wanted.user).is_some(),
            Self::UserInfo => node(&wanted.user).is_none() && account(&wanted.user).is_none(),
            Self::Legacy => true,
        }
    }
}

/// One attempt in one mode.
struct Attempt<'a> {
    cluster: &'a Cluster,
    user: &'a User,
    mode: Mode,
    verb: Verb,
}

/// Turns `user` into whom it wants to be, if it may be them for what it is about to do. With the verb of the constrained
/// mode that allows it, if one does.
///
/// # Errors
/// 403 of the first way that was tried; an error of its own where a group is asked for without a user.
pub fn impersonate(
    cluster: &mut Cluster,
    user: &User,
    wanted: &Impersonation,
    (verb, target): (&Verb, &Target),
    causes: &mut Vec<Cause>,
) -> Result<(User, String), Status> {
    let constrained = cluster.version.minor() >= 36;
    if wanted.user.is_empty() {
        return Err(nobody(wanted, constrained));
    }
    // What worked last for this user is tried first, and its refusal is the one that is read.
    let mut modes = if constrained { Mode::ALL.to_vec() } else { vec![Mode::Legacy] };
    let last = cluster.process.impersonation.get(&user.name).copied();
    gatehouse_model::order::by(&mut modes, |a, b| (Some(*b) == last).cmp(&(Some(*a) == last)));
    let mut refusal = None;
    for mode in modes.into_iter().filter(|m| m.applies(user, wanted)) {
        match attempt(cluster, user, wanted, mode, (verb, target)) {
            Ok(person) => {
                let text = if mode == Mode::Legacy {
                    format!("\"{}\" may impersonate \"{}\"", user.name, wanted.user)
                } else {
                    format!(
                        "\"{}\" may be \"{}\" for this request: constrained impersonation, mode {}",
                        user.name,
                        wanted.user,
                        mode.name()
                    )
                };
                causes.push(Cause::plain(Bearing::Decided, text));
                if constrained {
                    cluster.process.impersonation.insert(user.name.clone(), mode);
                }
                let constraint = (mode != Mode::Legacy).then(|| mode.verb().as_str().to_owned());
                return Ok((person, constraint.unwrap_or_default()));
            }
            Err(status) => {
                let text = if mode == Mode::Legacy {
                    "impersonation of old would want the verb \"impersonate\" on everything asked for"
                        .to_owned()
                } else {
                    format!(
                        "constrained impersonation, mode {0}, would want the verbs \"impersonate-on:{0}:{verb}\" on the \
                         request's resource and \"impersonate:{0}\" on the user",
                        mode.name()
                    )
                };
                causes.push(Cause::plain(Bearing::NearMiss, text));
                refusal.get_or_insert(status);
            }
        }
    }
    Err(refusal.unwrap_or_else(|| Status::new(Reason::Unknown, "all impersonation modes failed")))
}

/// One way, with every question it asks.
fn attempt(
    cluster: &Cluster,
    user: &User,
    wanted: &Impersonation,
    mode: Mode,
    (verb, target): (&Verb, &Target),
) -> Result<User, Status> {
    let stripped = (mode == Mode::AssociatedNode).then(|| without_place(user));
    let attempt = Attempt { cluster, user: stripped.as_ref().unwrap_or(user), mode, verb: mode.verb() };
    if mode != Mode::Legacy {
        attempt.may(&Verb::parse(&format!("impersonate-on:{}:{verb}", mode.name())), target)?;
    }
    attempt.assume(wanted)
}

/// A group, a UID or more was asked for, but nobody who has it.
fn nobody(wanted: &Impersonation, constrained: bool) -> Status {
    if !constrained {
        return Status::new(
            Reason::InternalError,
            "Internal error occurred: requested impersonation without impersonating a user",
        );
    }
    let list = |words: &[String]| {
        let quoted: Vec<String> = words.iter().map(|w| gatehouse_model::json::go_quote(w)).collect();
        if quoted.is_empty() {
            "[]string(nil)".to_owned()
        } else {
            format!("[]string{{{}}}", quoted.join(", "))
        }
    };
    let extra = if wanted.extra.is_empty() {
        "map[string][]string(nil)".to_owned()
    } else {
        let entries =
            wanted.extra.iter().map(|(k, v)| format!("{}:{}", gatehouse_model::json::go_quote(k), list(v)));
        format!("map[string][]string{{{}}}", entries.collect::<Vec<_>>().join(", "))
    };
    Status::new(
        Reason::BadRequest,
        format!(
            "requested &user.DefaultInfo{{Name:\"\", UID:{}, Groups:{}, Extra:{extra}}} without impersonating a user name",
            gatehouse_model::json::go_quote(&wanted.uid),
            list(&wanted.groups)
        ),
    )
}

/// The requestor as the mode associated-node shows it to authorizers: only which extra keys it has.
fn without_place(user: &User) -> User {
    let mut keys: Vec<String> = user.extra.iter().map(|(key, _)| key.clone()).collect();
    gatehouse_model::order::sort(&mut keys);
    User { extra: vec![(NODE_KEYS.to_owned(), keys)], ..user.clone() }
}

/// A part of somebody, as authorizers are asked about it.
fn part(group: &str, kind: &str, subresource: &str, namespace: &str, name: &str) -> Target {
    Target::Resource(ResourceTarget {
        group: group.to_owned(),
        version: "v1".to_owned(),
        resource: kind.to_owned(),
        subresource: subresource.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    })
}

/// What no constrained mode lets through in extra values.
fn odd(key: &str, values: &[String]) -> Option<String> {
    if key.is_empty() {
        return Some("impersonating the empty string key in extra is not allowed".to_owned());
    }
    let path = FieldPath::new("extra").child("key");
    let wrong = match key.split_once('/') {
        Some((domain, rest)) if !domain.is_empty() && !rest.is_empty() => names::dns1123_subdomain(domain)
            .into_iter()
            .map(|why| FieldError::invalid(path.clone(), &domain.into(), why))
            .collect(),
        _ => {
            let why = "must be a domain-prefixed path (such as \"acme.io/foo\")";
            vec![FieldError::invalid(path, &key.into(), why)]
        }
    };
    if !wrong.is_empty() {
        let why = gatehouse_model::field::aggregate(&wrong);
        return Some(format!("impersonating an invalid key in extra is not allowed: {why}"));
    }
    if key.to_lowercase() != key {
        let key = gatehouse_model::json::go_quote(key);
        return Some(format!("impersonating a non-lowercase key in extra is not allowed: {key}"));
    }
    if values.is_empty() {
        return Some("impersonating empty values in extra is not allowed".to_owned());
    }
    let empty = values.iter().any(String::is_empty);
    empty.then(|| "impersonating the empty string value in extra is not allowed".to_owned())
}

impl Attempt<'_> {
    fn may(&self, verb: &Verb, target: &Target) -> Result<(), Status> {
        let attributes = Attributes { user: self.user, verb, target, field_selector: "" };
        let decision = decide(self.cluster, &attributes);
        if decision.allowed() { Ok(()) } else { Err(forbidden::status(&attributes, &decision.reason)) }
    }

    /// A refusal that no authorizer was asked about.
    fn refusal(&self, group: &str, kind: &str, name: &str, why: &str) -> Status {
        let target = part(group, kind, "", "", name);
        forbidden::status(
            &Attributes { user: self.user, verb: &self.verb, target: &target, field_selector: "" },
            why,
        )
    }

    fn may_be(
        &self,
        group: &str,
        kind: &str,
        subresource: &str,
        namespace: &str,
        name: &str,
    ) -> Result<(), Status> {
        self.may(&self.verb, &part(group, kind, subresource, namespace, name))
    }

    fn assume(&self, wanted: &Impersonation) -> Result<User, Status> {
        let constrained = self.mode != Mode::Legacy;
        let api_group = if constrained { AUTHENTICATION } else { "" };
        let mut groups = wanted.groups.clone();
        if let Some((namespace, name)) = account(&wanted.user) {
            self.may_be(api_group, "serviceaccounts", "", namespace, name)?;
            if groups.is_empty() {
                groups = token::user(namespace, name, "", Vec::new()).groups;
            }
        } else if let Some(name) = node(&wanted.user).filter(|_| constrained) {
            let name = if self.mode == Mode::AssociatedNode { "*" } else { name };
            self.may_be(api_group, "nodes", "", "", name)?;
            groups = vec!["system:nodes".to_owned()];
        } else {
            self.may_be(api_group, "users", "", "", &wanted.user)?;
        }
        if self.cluster.version.minor() >= 36 {
            self.uid(wanted)?;
        }
        self.groups(wanted, api_group)?;
        self.extra(wanted)?;
        if self.cluster.version.minor() < 36 {
            self.uid(wanted)?;
        }
        let has = |group: &str| groups.iter().any(|g| g == group);
        if wanted.user == ANONYMOUS {
            if !has(UNAUTHENTICATED) {
                groups.push(UNAUTHENTICATED.to_owned());
            }
        } else if !has(AUTHENTICATED) && !has(UNAUTHENTICATED) {
            groups.push(AUTHENTICATED.to_owned());
        }
        Ok(User { name: wanted.user.clone(), uid: wanted.uid.clone(), groups, extra: wanted.extra.clone() })
    }

    fn uid(&self, wanted: &Impersonation) -> Result<(), Status> {
        if wanted.uid.is_empty() { Ok(()) } else { self.may_be(AUTHENTICATION, "uids", "", "", &wanted.uid) }
    }

    fn groups(&self, wanted: &Impersonation, api_group: &str) -> Result<(), Status> {
        let constrained = self.mode != Mode::Legacy;
        if constrained {
            for (group, shown) in [("", "empty string"), (super::MASTERS, super::MASTERS)] {
                if wanted.groups.iter().any(|g| g == group) {
                    let why = format!("impersonating the {shown} group is not allowed");
                    return Err(self.refusal(api_group, "groups", group, &why));
                }
            }
        }
        if constrained && wanted.groups.len() >= MANY && self.may_be(api_group, "groups", "", "", "*").is_ok()
        {
            return Ok(());
        }
        wanted.groups.iter().try_for_each(|group| self.may_be(api_group, "groups", "", "", group))
    }

    fn extra(&self, wanted: &Impersonation) -> Result<(), Status> {
        let values: usize = wanted.extra.iter().map(|(_, v)| v.len()).sum();
        if self.mode != Mode::Legacy {
            if let Some(why) = wanted.extra.iter().find_map(|(key, values)| odd(key, values)) {
                return Err(self.refusal(AUTHENTICATION, "userextras", "", &why));
            }
            if values.max(wanted.extra.len()) >= MANY
                && self.may_be(AUTHENTICATION, "userextras", "*", "", "*").is_ok()
            {
                return Ok(());
            }
        }
        for (key, values) in &wanted.extra {
            for value in values {
                self.may_be(AUTHENTICATION, "userextras", key, "", value)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "impersonation_tests.rs"]
mod tests;
