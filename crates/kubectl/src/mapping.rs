//! From words to resources. Models client-go `restmapper` (discovery, shortcuts) and cli-runtime's `mappingFor`.

use gatehouse_model::ResourceType;

/// The resource that a typed word means: plural, singular, short name or kind, maybe with `.VERSION.GROUP` or `.GROUP`.
#[must_use]
pub fn find<'r>(resources: &'r [ResourceType], typed: &str) -> Option<&'r ResourceType> {
    let mut parts = typed.splitn(3, '.');
    let name = parts.next().unwrap_or("");
    let (second, third) = (parts.next(), parts.next());
    if let (Some(version), Some(group)) = (second, third)
        && let Some(found) = lookup(resources, name, group, version)
    {
        return Some(found);
    }
    let group = typed.split_once('.').map_or("", |(_, g)| g);
    lookup(resources, name, group, "")
}

/// The resource of this name and group, the group as typed.
#[must_use]
pub fn find_group<'r>(resources: &'r [ResourceType], name: &str, group: &str) -> Option<&'r ResourceType> {
    lookup(resources, name, group, "")
}

fn lookup<'r>(
    resources: &'r [ResourceType],
    name: &str,
    group: &str,
    version: &str,
) -> Option<&'r ResourceType> {
    // Short names mean something in lower case alone; plurals, singulars and kinds in any.
    let short = name;
    let name = name.to_lowercase();
    if name.is_empty() {
        return None;
    }
    let fits_version = |r: &&ResourceType| version.is_empty() || r.gv.version == version;
    let search = |fits_group: &dyn Fn(&ResourceType) -> bool| {
        let candidates = || resources.iter().filter(fits_version).filter(|r| fits_group(r));
        candidates()
            .find(|r| r.plural == name || r.singular == name)
            .or_else(|| candidates().find(|r| r.short_names.iter().any(|s| *s == short)))
            .or_else(|| candidates().find(|r| r.kind.to_lowercase() == name))
    };
    if group.is_empty() {
        return search(&|_| true);
    }
    search(&|r| r.gv.group == group).or_else(|| search(&|r| r.gv.group.starts_with(group)))
}

/// Further resources, `plural.group`, that a short name typed without its group could mean.
#[must_use]
pub fn also_meant(resources: &[ResourceType], typed: &str) -> Vec<String> {
    if resources.iter().any(|r| r.plural == typed || r.singular == typed) {
        return Vec::new();
    }
    let mut meant: Vec<String> = Vec::new();
    for r in resources.iter().filter(|r| r.short_names.iter().any(|s| *s == typed)) {
        let name = match r.gv.group.as_ref() {
            "" => r.plural.to_string(),
            group => format!("{}.{group}", r.plural),
        };
        if !meant.contains(&name) {
            meant.push(name);
        }
    }
    meant.drain(..1.min(meant.len()));
    meant
}

/// The resource for an object's `apiVersion` and `kind`.
#[must_use]
pub fn for_kind<'r>(
    resources: &'r [ResourceType],
    group: &str,
    version: &str,
    kind: &str,
) -> Option<&'r ResourceType> {
    resources.iter().find(|r| r.gv.group == group && r.gv.version == version && r.kind == kind)
}

/// The resource for a kind in whatever version of the group comes first.
#[must_use]
pub fn for_group_kind<'r>(
    resources: &'r [ResourceType],
    group: &str,
    kind: &str,
) -> Option<&'r ResourceType> {
    resources.iter().find(|r| r.gv.group == group && r.kind == kind)
}

/// The part of a typed word that errors repeat: without version and group.
#[must_use]
pub fn bare(typed: &str) -> &str {
    typed.split('.').next().unwrap_or(typed)
}
