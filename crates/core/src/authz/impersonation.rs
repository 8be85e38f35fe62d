//! Being somebody else: `--as` and its kin, each part authorized on its own.
//!
//! Models apiserver `pkg/endpoints/filters/impersonation`: from 1.36 on the constrained modes are tried first
//! (`impersonate-on:MODE:VERB` on what is to be done, then `impersonate:MODE` on whom), then the verb `impersonate` of
//! old. Where nothing allows it the server words its refusal in either way; this is the older one.

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
enum Mode {
    AssociatedNode,
    ArbitraryNode,
    ServiceAccount,
    UserInfo,
    Legacy,
}

impl Mode {
    const CONSTRAINED: [Self; 4] =
        [Self::AssociatedNode, Self::ArbitraryNode, Self::ServiceAccount, Self::UserInfo];

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

/// Turns `user` into whom it wants to be, if it may be them for what it is about to do.
///
/// # Errors
/// 403 for the first part that is not allowed; an error of its own where a group is asked for without a user.
pub fn impersonate(
    cluster: &Cluster,
    user: &User,
    wanted: &Impersonation,
    (verb, target): (&Verb, &Target),
    causes: &mut Vec<Cause>,
) -> Result<User, Status> {
    let constrained = cluster.version.minor() >= 36;
    if wanted.user.is_empty() {
        return Err(nobody(wanted, constrained));
    }
    let modes = Mode::CONSTRAINED.into_iter().filter(|m| constrained && m.applies(user, wanted));
    for mode in modes {
        let stripped = (mode == Mode::AssociatedNode).then(|| without_place(user));
        let attempt = Attempt { cluster, user: stripped.as_ref().unwrap_or(user), mode, verb: mode.verb() };
        let on = Verb::parse(&format!("impersonate-on:{}:{verb}", mode.name()));
        if attempt.may(&on, target).is_ok()
            && let Ok(person) = attempt.assume(wanted)
        {
            causes.push(Cause::plain(
                Bearing::Decided,
                format!(
                    "\"{}\" may be \"{}\" for this request: constrained impersonation, mode {}",
                    user.name,
                    wanted.user,
                    mode.name()
                ),
            ));
            return Ok(person);
        }
        causes.push(Cause::plain(
            Bearing::NearMiss,
            format!(
                "constrained impersonation, mode {0}, would want the verbs \"{on}\" on the request's resource and \
                 \"impersonate:{0}\" on the user",
                mode.name()
            ),
        ));
    }
    let legacy = Attempt { cluster, user, mode: Mode::Legacy, verb: Mode::Legacy.verb() };
    let person = legacy.assume(wanted)?;
    causes.push(Cause::plain(
        Bearing::Decided,
        format!("\"{}\" may impersonate \"{}\"", user.name, wanted.user),
    ));
    Ok(person)
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

impl Attempt<'_> {
    fn may(&self, verb: &Verb, target: &Target) -> Result<(), Status> {
        let attributes = Attributes { user: self.user, verb, target, field_selector: "" };
        let decision = decide(self.cluster, &attributes);
        if decision.allowed() { Ok(()) } else { Err(forbidden::status(&attributes, &decision.reason)) }
    }

    fn may_be(
        &self,
        group: &str,
        kind: &str,
        subresource: &str,
        namespace: &str,
        name: &str,
    ) -> Result<(), Status> {
        let target = Target::Resource(ResourceTarget {
            group: group.to_owned(),
            version: "v1".to_owned(),
            resource: kind.to_owned(),
            subresource: subresource.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        });
        self.may(&self.verb, &target)
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
        // Words that no constrained mode lets through; the refusal itself is never shown, see the module.
        let never = |g: &String| g.is_empty() || g == super::MASTERS;
        if constrained && wanted.groups.iter().any(never) {
            return Err(Status::new(
                Reason::Forbidden,
                "impersonating the system:masters group is not allowed",
            ));
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
            let odd = |(key, values): &(String, Vec<String>)| {
                !key.contains('/')
                    || key.chars().any(char::is_uppercase)
                    || values.is_empty()
                    || values.iter().any(String::is_empty)
            };
            if wanted.extra.iter().any(odd) {
                return Err(Status::new(
                    Reason::Forbidden,
                    "impersonating an invalid key in extra is not allowed",
                ));
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
