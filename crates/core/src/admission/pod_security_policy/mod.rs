//! PodSecurityPolicy: policies that a pod's author or its service account may `use` fill in and judge a pod.
//!
//! Below 1.25. Knows nothing of Pod Security's levels. `allowedProcMountTypes` has no effect: its feature gate is off.
//!
//! Models kubernetes `plugin/pkg/admission/security/podsecuritypolicy/admission.go` and
//! `pkg/security/podsecuritypolicy/provider.go` of 1.20.

mod app_armor;
mod capabilities;
mod container;
mod groups;
mod run_as_user;
mod runtime_class;
mod se_linux;
mod seccomp;
mod sysctls;
mod volumes;

use std::borrow::Cow;
use std::sync::Arc;

use gatehouse_model::{FieldError, FieldPath, Object, Value};

use super::{AdmissionRequest, Notes, Operation};
use crate::authn::token;
use crate::authz::{self, Attributes};
use crate::cluster::Cluster;
use crate::decision::{Bearing, Cause, ObjectRef};
use crate::request::{ResourceTarget, Target, User, Verb};
use crate::status::Status;

/// The plugin's name.
pub(super) const NAME: &str = "PodSecurityPolicy";

/// Where the name of the policy that admitted a pod is written.
const ANNOTATION: &str = "kubernetes.io/psp";

/// Whether a policy may fill in what a pod leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mutation {
    Allowed,
    Forbidden,
}

/// What became of a pod.
enum Outcome {
    /// It is admitted, as this, by the policy of this name.
    Admitted(Object, String),
    /// No policy admits it: the findings of those that could have been used.
    Refused(Vec<FieldError>),
    /// There is no policy at all.
    NoPolicies,
}

/// The mutating half: creates only.
pub(super) fn mutate(
    cluster: &mut Cluster,
    request: &mut AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    if request.operation != Operation::Create || ignores(request) {
        return Ok(());
    }
    let Some(pod) = request.object.clone() else { return Ok(()) };
    match judge(cluster, request, &pod, Mutation::Allowed, "", notes) {
        Outcome::Admitted(mut pod, policy) => {
            pod.set(&["metadata", "annotations", ANNOTATION], policy.as_str());
            request.object = Some(pod);
            Ok(())
        }
        Outcome::Refused(errors) => Err(refuse(request, "unable to admit pod", &errors)),
        Outcome::NoPolicies => Err(no_providers(request)),
    }
}

/// The validating half: what was admitted must still pass, unchanged.
#[inline(never)] // An entry in web/chunks.txt.
pub(super) fn validate(
    cluster: &Cluster,
    request: &AdmissionRequest<'_>,
    notes: &mut Notes,
) -> Result<(), Status> {
    if !request.writes() || ignores(request) {
        return Ok(());
    }
    let Some(pod) = &request.object else { return Ok(()) };
    let hint = pod.annotation(ANNOTATION).unwrap_or_default().to_owned();
    match judge(cluster, request, pod, Mutation::Forbidden, &hint, notes) {
        Outcome::Admitted(..) => Ok(()),
        Outcome::Refused(errors) => Err(refuse(request, "unable to validate pod", &errors)),
        Outcome::NoPolicies => Err(no_providers(request)),
    }
}

fn ignores(request: &AdmissionRequest<'_>) -> bool {
    let pods = request.resource.gv.group.is_empty() && request.resource.plural == "pods";
    if !pods || !matches!(request.subresource, "" | "ephemeralcontainers") {
        return true;
    }
    // The garbage collector's writes pass.
    match (&request.object, request.old_object) {
        (Some(new), Some(old)) => {
            let strip = |o: &Object| {
                let mut o = o.clone();
                for field in ["ownerReferences", "finalizers", "managedFields", "resourceVersion"] {
                    o.remove(&["metadata", field]);
                }
                o
            };
            new != old && strip(new) == strip(old)
        }
        _ => false,
    }
}

fn no_providers(request: &AdmissionRequest<'_>) -> Status {
    request.forbid("PodSecurityPolicy: no providers available to validate pod request")
}

fn refuse(request: &AdmissionRequest<'_>, what: &str, errors: &[FieldError]) -> Status {
    let list: Vec<String> = errors.iter().map(ToString::to_string).collect();
    request.forbid(&format!("PodSecurityPolicy: {what}: [{}]", list.join(" ")))
}

fn judge(
    cluster: &Cluster,
    request: &AdmissionRequest<'_>,
    pod: &Object,
    mutation: Mutation,
    hint: &str,
    notes: &mut Notes,
) -> Outcome {
    let mut policies: Vec<&Arc<Object>> = cluster.store.list("podsecuritypolicies.policy", None).collect();
    if policies.is_empty() {
        return Outcome::NoPolicies;
    }
    if mutation == Mutation::Forbidden {
        gatehouse_model::order::by_key(&mut policies, |p| p.name() != hint);
    }
    let usable = |policy: &str| may_use(cluster, request, pod, policy);
    let mut filled: Option<(Object, String)> = None;
    let mut findings: Vec<(String, Vec<FieldError>)> = Vec::new();
    for policy in policies {
        let name = policy.name();
        let mut copy = pod.clone();
        fill_in(policy, &mut copy);
        let errors = check(policy, &copy);
        if !errors.is_empty() {
            findings.push((name.to_owned(), errors));
            continue;
        }
        let changed = copy != *pod;
        if (changed && mutation == Mutation::Forbidden) || !usable(name) {
            continue;
        }
        if !changed {
            return Outcome::Admitted(copy, name.to_owned());
        }
        filled.get_or_insert_with(|| (copy, name.to_owned()));
    }
    if let Some((pod, name)) = filled {
        return Outcome::Admitted(pod, name);
    }
    let mut errors = Vec::new();
    for (policy, found) in findings.into_iter().filter(|(policy, _)| usable(policy)) {
        for error in &found {
            notes.because.push(Cause {
                bearing: Bearing::Decided,
                object: Some(ObjectRef {
                    kind: NAME.to_owned(),
                    namespace: String::new(),
                    name: policy.clone(),
                }),
                field: error.path.as_str().to_owned(),
                text: error.body(),
            });
        }
        errors.extend(found);
    }
    Outcome::Refused(errors)
}

/// Whether the pod's author or its service account may use a policy in the pod's namespace.
fn may_use(cluster: &Cluster, request: &AdmissionRequest<'_>, pod: &Object, policy: &str) -> bool {
    let verb = Verb::Other(Cow::Borrowed("use"));
    let account = pod.str_at(&["spec", "serviceAccountName"]);
    let account = (!account.is_empty()).then(|| {
        let mut user = token::user(request.namespace, account, "", Vec::new());
        // The admission plugin makes this user up itself: nobody has authenticated it.
        user.groups.pop();
        user
    });
    let allows = |user: &User| {
        let target = Target::Resource(ResourceTarget {
            group: "policy".to_owned(),
            version: String::new(),
            resource: "podsecuritypolicies".to_owned(),
            subresource: String::new(),
            namespace: request.namespace.to_owned(),
            name: policy.to_owned(),
        });
        authz::decide(cluster, &Attributes { user, verb: &verb, target: &target, field_selector: "" })
            .allowed()
    };
    allows(request.user) || account.as_ref().is_some_and(allows)
}

/// Sets what the pod leaves open and the policy knows better.
fn fill_in(policy: &Object, pod: &mut Object) {
    let spec = Policy(policy);
    groups::fill_in_pod(&spec, pod);
    se_linux::fill_in_pod(&spec, pod);
    seccomp::fill_in(&spec, pod);
    runtime_class::fill_in(&spec, pod);
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for i in 0..pod.list_at(&["spec", list]).len() {
            app_armor::fill_in(&spec, pod, list, i);
            container::fill_in(&spec, pod, list, i);
        }
    }
}

/// Everything the policy has against a pod.
fn check(policy: &Object, pod: &Object) -> Vec<FieldError> {
    let spec = Policy(policy);
    let path = FieldPath::new("spec").child("securityContext");
    let context = pod.at(&["spec", "securityContext"]).unwrap_or(&Value::Null);
    let mut errors = Vec::new();
    let fs_group: Vec<i64> = context.i64_at(&["fsGroup"]).into_iter().collect();
    errors.extend(groups::check(&spec, "fsGroup", &path.child("fsGroup"), &fs_group));
    let supplemental: Vec<i64> =
        context.list_at(&["supplementalGroups"]).iter().filter_map(Value::as_i64).collect();
    errors.extend(groups::check(
        &spec,
        "supplementalGroups",
        &path.child("supplementalGroups"),
        &supplemental,
    ));
    errors.extend(seccomp::check_pod(&spec, pod));
    errors.extend(se_linux::check(&spec, &path.child("seLinuxOptions"), context.get("seLinuxOptions")));
    for (field, what) in [("hostNetwork", "Host network"), ("hostPID", "Host PID"), ("hostIPC", "Host IPC")] {
        if !spec.flag(field) && pod.bool_at(&["spec", field]) == Some(true) {
            let detail = format!("{what} is not allowed to be used");
            errors.push(FieldError::invalid(path.child(field), &true.into(), detail));
        }
    }
    errors.extend(sysctls::check(&spec, pod));
    errors.extend(volumes::check(&spec, pod));
    errors.extend(runtime_class::check(&spec, pod));
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for (i, container) in pod.list_at(&["spec", list]).iter().enumerate() {
            let path = FieldPath::new("spec").child(list).index(i);
            errors.extend(container::check(&spec, pod, container, &path));
        }
    }
    errors
}

/// A policy, read field by field.
struct Policy<'a>(&'a Object);

/// A range of user or group numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    min: i64,
    max: i64,
}

impl Policy<'_> {
    fn at(&self, field: &str) -> Option<&Value> {
        self.0.at(&["spec", field]).filter(|v| !v.is_null())
    }

    /// A boolean that is false where it is missing.
    fn flag(&self, field: &str) -> bool {
        self.0.bool_at(&["spec", field]) == Some(true)
    }

    fn words(&self, field: &str) -> Vec<&str> {
        self.0.list_at(&["spec", field]).iter().filter_map(Value::as_str).collect()
    }

    /// The rule of a strategy; `RunAsAny` where the field is missing.
    fn rule(&self, strategy: &str) -> &str {
        self.at(strategy).map_or("RunAsAny", |s| s.str_at(&["rule"]))
    }

    /// The ranges of a strategy.
    fn ranges(&self, strategy: &str) -> Vec<Range> {
        Range::list(self.at(strategy).map_or(&[][..], |s| s.list_at(&["ranges"])))
    }

    /// A field that is a list of ranges itself.
    fn ranges_of(&self, field: &str) -> Vec<Range> {
        Range::list(self.at(field).map_or(&[][..], Value::items))
    }

    fn allows_escalation(&self) -> bool {
        self.0.bool_at(&["spec", "allowPrivilegeEscalation"]) != Some(false)
    }
}

impl Range {
    fn list(values: &[Value]) -> Vec<Self> {
        let number = |v: &Value, key: &str| v.i64_at(&[key]).unwrap_or(0);
        values.iter().map(|r| Self { min: number(r, "min"), max: number(r, "max") }).collect()
    }

    const fn has(self, id: i64) -> bool {
        id >= self.min && id <= self.max
    }
}

/// Ranges as Go prints a slice of them: `[{1 5} {7 9}]`.
fn show(ranges: &[Range]) -> String {
    let each: Vec<String> = ranges.iter().map(|r| format!("{{{} {}}}", r.min, r.max)).collect();
    format!("[{}]", each.join(" "))
}

/// A container's setting, or the pod's where the container says nothing.
fn effective<'a>(pod: &'a Object, container: &'a Value, field: &str) -> Option<&'a Value> {
    let of = |v: Option<&'a Value>| v.filter(|v| !v.is_null());
    of(container.at(&["securityContext", field])).or_else(|| of(pod.at(&["spec", "securityContext", field])))
}

#[cfg(test)]
mod tests;
