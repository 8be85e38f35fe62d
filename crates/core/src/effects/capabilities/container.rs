//! From a pod's and a container's securityContext to the OCI process: user, groups, capabilities, no_new_privs.
//!
//! The surprises: a name with the prefix (`drop: [CAP_CHOWN]`) drops nothing, an unknown name is ignored, lower
//! case works, drop wins over add but `ALL` is applied first, and privileged ignores both lists. Models kubelet
//! kuberuntime/security_context.go and containerd 1.7 pkg/cri/server/container_create_linux.go.

use gatehouse_model::Value;

use super::set::{CapSet, Capability, DEFAULT};

/// The image's `/etc/passwd` and `/etc/group`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Accounts<'a> {
    /// Text of `/etc/passwd`.
    pub passwd: &'a str,
    /// Text of `/etc/group`.
    pub group: &'a str,
}

/// What containerd writes into the runtime's configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OciProcess {
    /// The user.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// The groups, the primary one among them.
    pub additional_gids: Vec<u32>,
    /// Names in the bounding, effective and permitted lists (they are the same); unknown ones too.
    pub capabilities: Vec<String>,
    /// Whether `no_new_privs` will be set.
    pub no_new_privileges: bool,
    /// Whether the container is privileged.
    pub privileged: bool,
}

impl OciProcess {
    /// The names as a set: what runc knows of them.
    #[must_use]
    pub fn bounding(&self) -> CapSet {
        self.capabilities.iter().filter_map(|n| Capability::from_name(n)).collect()
    }
}

impl Accounts<'_> {
    fn user(&self, wanted: impl Fn(&str, u32) -> bool) -> Option<(String, u32, u32)> {
        self.passwd.lines().find_map(|line| {
            let mut f = line.split(':');
            let name = f.next()?;
            let uid = f.nth(1)?.parse().ok()?;
            let gid = f.next()?.parse().ok()?;
            wanted(name, uid).then(|| (name.to_owned(), uid, gid))
        })
    }

    /// The number of a group, by number or name.
    fn group_id(&self, group: &str) -> Option<u32> {
        group.parse().ok().or_else(|| {
            self.group.lines().find_map(|line| {
                let mut f = line.split(':');
                (f.next()? == group).then(|| f.nth(1)?.parse().ok()).flatten()
            })
        })
    }

    /// Groups that list the user, except the one named like it.
    fn groups_of(&self, user: &str) -> Vec<u32> {
        self.group
            .lines()
            .filter_map(|line| {
                let mut f = line.split(':');
                let name = f.next()?;
                let gid = f.nth(1)?.parse().ok()?;
                let listed = f.next()?.split(',').any(|m| m == user);
                (name != user && listed).then_some(gid)
            })
            .collect()
    }
}

fn names(list: &[Value]) -> impl Iterator<Item = &str> {
    list.iter().filter_map(Value::as_str)
}

fn capabilities(security: &Value) -> Vec<String> {
    let all = || Capability::all().map(|c| c.name().to_owned()).collect::<Vec<_>>();
    if security.bool_at(&["privileged"]) == Some(true) {
        return all();
    }
    let mut caps: Vec<String> = DEFAULT.iter().map(|c| c.name().to_owned()).collect();
    let add = security.list_at(&["capabilities", "add"]);
    let drop = security.list_at(&["capabilities", "drop"]);
    let is_all = |n: &str| n.eq_ignore_ascii_case("ALL");
    if names(add).any(is_all) {
        caps = all();
    }
    if names(drop).any(is_all) {
        caps.clear();
    }
    for name in names(add).filter(|n| !is_all(n)) {
        let name = format!("CAP_{}", name.to_uppercase());
        if !caps.contains(&name) {
            caps.push(name);
        }
    }
    for name in names(drop).filter(|n| !is_all(n)) {
        let name = format!("CAP_{}", name.to_uppercase());
        caps.retain(|c| *c != name);
    }
    caps
}

fn id(security: &Value, pod: &Value, key: &str) -> Option<u32> {
    security.i64_at(&[key]).or_else(|| pod.i64_at(&[key])).and_then(|i| u32::try_from(i).ok())
}

/// What becomes of a container's and its pod's securityContext; `image_user` is the image's `USER`.
#[must_use]
pub fn oci_process(pod: &Value, security: &Value, image_user: &str, accounts: Accounts<'_>) -> OciProcess {
    let run_as_user = id(security, pod, "runAsUser");
    let run_as_group = id(security, pod, "runAsGroup");
    let (image_name, image_group) = image_user.split_once(':').unwrap_or((image_user, ""));
    let find = |who: &str| {
        let number = who.parse::<u32>().ok();
        accounts
            .user(|name, uid| number.map_or(name == who, |n| uid == n))
            .unwrap_or_else(|| (String::new(), number.unwrap_or(0), 0))
    };
    let (name, uid, primary) = match run_as_user {
        Some(uid) => find(&uid.to_string()),
        None if !image_name.is_empty() => find(image_name),
        None => find("0"),
    };
    let image_gid = accounts.group_id(image_group).filter(|_| run_as_user.is_none());
    let gid = run_as_group.or(image_gid).unwrap_or(if run_as_user.is_none() && image_name.is_empty() {
        0
    } else {
        primary
    });
    // What the image's own file says counts unless the pod wants to be told everything.
    let strict = pod.str_at(&["supplementalGroupsPolicy"]) == "Strict";
    let mut gids = if name.is_empty() || strict { vec![] } else { accounts.groups_of(&name) };
    if !gids.contains(&gid) {
        gids.insert(0, gid);
    }
    gids.extend(pod.i64_at(&["fsGroup"]).and_then(|g| u32::try_from(g).ok()));
    gids.extend(
        pod.list_at(&["supplementalGroups"])
            .iter()
            .filter_map(Value::as_i64)
            .filter_map(|g| u32::try_from(g).ok()),
    );
    gatehouse_model::order::sort(&mut gids);
    gids.dedup();
    OciProcess {
        uid,
        gid,
        additional_gids: gids,
        capabilities: capabilities(security),
        no_new_privileges: security.bool_at(&["allowPrivilegeEscalation"]) == Some(false),
        privileged: security.bool_at(&["privileged"]) == Some(true),
    }
}
