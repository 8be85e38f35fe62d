//! Rules with their words as numbers, and roles made of them.

use std::sync::Arc;

use gatehouse_model::Object;

use super::words::{WordSet, Words};

/// A rule, its words as numbers.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) verbs: WordSet,
    pub(super) groups: WordSet,
    pub(super) resources: WordSet,
    /// `*/log` of the rule's resources, by the subresource.
    pub(super) subresources: WordSet,
    pub(super) names: WordSet,
    pub(super) urls: Box<[Box<str>]>,
}

/// What a rule is about, coarsely: most rules are ruled out by it, in one cache line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gist {
    pub(super) verbs: u64,
    pub(super) resources: u64,
    pub(super) groups: u64,
}

impl Gist {
    pub(super) fn of(rule: &Rule) -> Self {
        // A rule about paths alone has no resources, and is let through by all bits.
        let paths = if rule.urls.is_empty() { 0 } else { u64::MAX };
        Self {
            verbs: rule.verbs.mask(),
            resources: rule.resources.mask() | rule.subresources.mask() | paths,
            groups: rule.groups.mask() | paths,
        }
    }

    /// The bits of a request.
    pub(super) fn asked(asked: &Asked<'_>) -> Self {
        let bit = |id: u32| 1 << (id % 64);
        match *asked {
            Asked::Resource { verb, group, resource, subresource, .. } => {
                Self { verbs: bit(verb), resources: bit(resource) | bit(subresource), groups: bit(group) }
            }
            Asked::Path { verb, .. } => Self { verbs: bit(verb), resources: u64::MAX, groups: u64::MAX },
        }
    }

    pub(super) const fn may_allow(self, asked: Self) -> bool {
        self.verbs & asked.verbs != 0
            && self.resources & asked.resources != 0
            && self.groups & asked.groups != 0
    }
}

#[derive(Debug)]
pub(super) struct Role {
    pub(super) object: Arc<Object>,
    pub(super) gists: Box<[Gist]>,
    pub(super) rules: Box<[Rule]>,
}

impl Role {
    /// The first rule that allows a request.
    pub(super) fn allows(&self, gist: Gist, asked: &Asked<'_>) -> Option<usize> {
        let candidates = self.gists.iter().enumerate().filter(|(_, g)| g.may_allow(gist));
        candidates.map(|(i, _)| i).find(|i| self.rules.get(*i).is_some_and(|r| r.allows(asked)))
    }
}

/// A request with its words as numbers.
pub(super) enum Asked<'a> {
    Resource { verb: u32, group: u32, resource: u32, subresource: u32, name: &'a str, names: &'a Words },
    Path { verb: u32, path: &'a str },
}

impl Rule {
    pub(super) fn allows(&self, asked: &Asked<'_>) -> bool {
        match *asked {
            Asked::Resource { verb, group, resource, subresource, name, names } => {
                self.verbs.has(verb)
                    && self.resource_matches(resource, subresource)
                    && self.groups.has(group)
                    && self.name_matches(name, names)
            }
            Asked::Path { verb, path } => self.verbs.has(verb) && self.path_matches(path),
        }
    }

    pub(super) fn resource_matches(&self, resource: u32, subresource: u32) -> bool {
        self.resources.has(resource) || self.subresources.has(subresource)
    }

    pub(super) fn name_matches(&self, name: &str, names: &Words) -> bool {
        self.names.is_empty() || self.names.has(names.get(name))
    }

    pub(super) fn path_matches(&self, path: &str) -> bool {
        self.urls
            .iter()
            .any(|url| **url == *path || (url.ends_with('*') && path.starts_with(url.trim_end_matches('*'))))
    }
}
