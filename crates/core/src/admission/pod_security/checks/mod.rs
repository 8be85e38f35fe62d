//! The rules of the Pod Security Standards: one file a check.
//!
//! A check has one step for every version in which it changed. A newer step that only adds an exception delegates to
//! the older one. Restricted checks may replace baseline checks.
//!
//! Models pod-security-admission `policy/{checks,registry,helpers}.go`.

mod allow_privilege_escalation;
mod app_armor_profile;
mod capabilities_baseline;
mod capabilities_restricted;
mod host_namespaces;
mod host_path_volumes;
mod host_ports;
mod host_probes_and_lifecycle;
mod privileged;
mod proc_mount;
mod proc_mount_restricted;
mod restricted_volumes;
mod run_as_non_root;
mod run_as_user;
mod se_linux_options;
mod seccomp_profile_baseline;
mod seccomp_profile_restricted;
mod sysctls;
mod windows_host_process;

use super::level::Level;
use super::view::{Container, PodView};

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The short reason, always shown: `host namespaces`.
    pub reason: &'static str,
    /// The particulars: `hostNetwork=true`.
    pub detail: String,
    /// The fields concerned, set or missing.
    pub fields: Vec<String>,
}

/// How much of a finding is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// Only whether there is one.
    Spared,
    /// Particulars and fields as well.
    Wanted,
}

/// Looks at a pod; `None` where it has nothing to say against it.
pub type Run = fn(&PodView<'_>, Words) -> Option<Violation>;

/// A finding, put into words if they are wanted.
fn violation(
    words: Words,
    reason: &'static str,
    say: impl FnOnce() -> (String, Vec<String>),
) -> Option<Violation> {
    let (detail, fields) = if words == Words::Wanted { say() } else { Default::default() };
    Some(Violation { reason, detail, fields })
}

/// One version of a check.
#[derive(Debug)]
pub struct Step {
    /// The minor version of Kubernetes since when it holds.
    pub since: u8,
    /// The rule.
    pub run: Run,
    /// Baseline checks that this one replaces.
    pub replaces: &'static [&'static str],
    /// A pod that passes and one that fails: without them the tests do not build.
    #[cfg(test)]
    pub fixture: Fixture,
}

/// A pod that passes a step and one that fails it, as JSON.
#[cfg(test)]
#[derive(Debug)]
pub struct Fixture {
    /// Passes; from the second step on it fails the step before.
    pub pass: &'static str,
    /// Fails.
    pub fail: &'static str,
}

/// A rule of the standards.
#[derive(Debug)]
pub struct Check {
    /// Its name; messages come in the order of names, baseline ones first.
    pub id: &'static str,
    /// The level it belongs to.
    pub level: Level,
    /// Its versions, oldest first.
    pub steps: &'static [Step],
}

/// All checks, in the order in which their findings are printed.
pub const CHECKS: &[&Check] = &[
    &app_armor_profile::CHECK,
    &capabilities_baseline::CHECK,
    &host_namespaces::CHECK,
    &host_path_volumes::CHECK,
    &host_ports::CHECK,
    &host_probes_and_lifecycle::CHECK,
    &privileged::CHECK,
    &proc_mount::CHECK,
    &se_linux_options::CHECK,
    &seccomp_profile_baseline::CHECK,
    &sysctls::CHECK,
    &windows_host_process::CHECK,
    &allow_privilege_escalation::CHECK,
    &capabilities_restricted::CHECK,
    &proc_mount_restricted::CHECK,
    &restricted_volumes::CHECK,
    &run_as_non_root::CHECK,
    &run_as_user::CHECK,
    &seccomp_profile_restricted::CHECK,
];

impl Check {
    /// The step that holds in version `1.minor`.
    #[must_use]
    pub fn at(&self, minor: u8) -> Option<&'static Step> {
        self.steps.iter().rev().find(|s| s.since <= minor)
    }
}

fn plural(one: &'static str, many: &'static str, count: usize) -> &'static str {
    if count == 1 { one } else { many }
}

fn join_quoted<S: AsRef<str>>(items: &[S]) -> String {
    let mut out = String::new();
    for (i, item) in items.iter().enumerate() {
        out.push_str(if i == 0 { "\"" } else { ", \"" });
        out.push_str(item.as_ref());
        out.push('"');
    }
    out
}

/// `container "a"`, `containers "a", "b"`.
fn containers_named(bad: &[&Container<'_>]) -> String {
    let names: Vec<&str> = bad.iter().map(|c| c.name).collect();
    format!("{} {}", plural("container", "containers", names.len()), join_quoted(&names))
}

/// `pod and container "a"`: who set something, the pod or some of its containers; `None` where nobody did.
fn setters(pod: bool, bad: &[&Container<'_>]) -> Option<String> {
    match (pod, bad.is_empty()) {
        (false, true) => None,
        (true, true) => Some("pod".to_owned()),
        (false, false) => Some(containers_named(bad)),
        (true, false) => Some(format!("pod and {}", containers_named(bad))),
    }
}

/// The paths of a field: the pod's, if it is concerned, and those of containers.
fn fields(pod: Option<&str>, bad: &[&Container<'_>], field: &str) -> Vec<String> {
    pod.map(|f| format!("spec.securityContext.{f}"))
        .into_iter()
        .chain(bad.iter().map(|c| c.field(&format!("securityContext.{field}"))))
        .collect()
}

/// Each word once, sorted.
fn sorted<'a>(words: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut words: Vec<&str> = words.collect();
    gatehouse_model::order::sort(&mut words);
    words.dedup();
    words
}

fn forbidden_additions<'a>(container: &'a Container<'_>, allowed: &[&str]) -> impl Iterator<Item = &'a str> {
    container.capabilities.iter().flat_map(|c| c.add.iter().copied()).filter(|a| !allowed.contains(a))
}

/// What messages say of containers that add capabilities not in `allowed`.
fn must_not_include(bad: &[&Container<'_>], allowed: &[&str]) -> String {
    let forbidden = sorted(bad.iter().flat_map(|c| forbidden_additions(c, allowed)));
    format!(
        "{} must not include {} in securityContext.capabilities.add",
        containers_named(bad),
        join_quoted(&forbidden)
    )
}

fn bad_containers<'v, 'a>(
    pod: &'v PodView<'a>,
    bad: impl Fn(&Container<'a>) -> bool,
) -> Vec<&'v Container<'a>> {
    pod.containers.iter().filter(|c| bad(c)).collect()
}

#[cfg(test)]
mod tests;
