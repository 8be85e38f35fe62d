//! `canI`: the authorizer's own answer.

use gatehouse_core::authz::{self, Attributes};
use gatehouse_core::request::{ResourceTarget, User};
use gatehouse_core::{Target, Verb};

use super::Finding;
use crate::exercise::format::{CanI, YesNo};
use crate::world::World;

pub(super) fn probe(check: &CanI, world: &World) -> Finding {
    let (resource, subresource) = check.resource.split_once('/').unwrap_or((&check.resource, ""));
    let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
    let user = User { name: check.user.clone(), groups: groups(check), ..User::default() };
    let target = Target::Resource(ResourceTarget {
        group: group.to_owned(),
        version: "v1".to_owned(),
        resource: resource.to_owned(),
        subresource: subresource.to_owned(),
        namespace: check.namespace.clone(),
        name: check.name.clone(),
    });
    let verb = Verb::parse(&check.verb);
    let decision = authz::authorize(
        &world.cluster,
        &Attributes { user: &user, verb: &verb, target: &target, field_selector: "" },
    );
    let word = |yes: bool| if yes { "yes" } else { "no" };
    let mut subject = format!("can {} {} {}", check.user, check.verb, check.resource);
    if !check.name.is_empty() {
        subject = format!("{subject} {}", check.name);
    }
    if !check.namespace.is_empty() {
        subject = format!("{subject} in {}", check.namespace);
    }
    let because = decision.because.iter().map(|c| c.text.clone()).collect();
    Finding::compare(&subject, word(check.expect == YesNo::Yes), word(decision.allowed()), because)
}

/// The groups a user of this name has anyway, and those the check adds.
fn groups(check: &CanI) -> Vec<String> {
    let mut groups = Vec::new();
    if let Some((namespace, _)) =
        check.user.strip_prefix("system:serviceaccount:").and_then(|r| r.split_once(':'))
    {
        groups.push("system:serviceaccounts".to_owned());
        groups.push(format!("system:serviceaccounts:{namespace}"));
    }
    groups.extend(check.groups.iter().cloned());
    groups.push("system:authenticated".to_owned());
    groups
}
