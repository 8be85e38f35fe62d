//! A container's confinement, from its manifest, its image and its node: what the kubelet asks for and the runtime makes.
//!
//! Knows the kubelet's own refusals, which profile wins (container before pod before the node's default), and at
//! which step what fails. Does not know images, mounts or volumes. Models kubelet kuberuntime (security_context*.go,
//! helpers.go, kuberuntime_container.go), pkg/kubelet/lifecycle (AppArmor) and containerd 1.7 pkg/cri/server.

use gatehouse_model::{Object, Value};

use super::apparmor::{DEFAULT_PROFILE, Label};
use super::capabilities::{Accounts, NewPrivileges, OciProcess, ProcessCaps, oci_process};
use super::seccomp::start::{StartError, Step, install, load};
use super::seccomp::{Filter, RuntimeVersion, runtime_default};

/// What of a node decides about confinement.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    /// Whose RuntimeDefault.
    pub runtime: RuntimeVersion,
    /// Whether an AppArmor profile is loaded; none where the kernel has no AppArmor.
    pub apparmor: Option<&'a dyn Fn(&str) -> bool>,
    /// The kubelet's `seccompDefault`: containers that say nothing get RuntimeDefault.
    pub seccomp_default: bool,
    /// Whether annotations still name seccomp profiles, as before 1.25.
    pub seccomp_annotations: bool,
    /// Reads a file of the node by its absolute path.
    pub read: &'a dyn Fn(&str) -> Option<String>,
}

/// What of an image decides about it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Image<'a> {
    /// `USER`, perhaps with a group.
    pub user: &'a str,
    /// Its accounts.
    pub accounts: Accounts<'a>,
}

/// A container's confinement.
#[derive(Clone, Debug)]
pub struct Confinement {
    /// User, groups and names of capabilities.
    pub process: OciProcess,
    /// The capability sets of the command.
    pub capabilities: ProcessCaps,
    /// Whether exec may add privileges.
    pub new_privileges: NewPrivileges,
    /// The seccomp filter.
    pub seccomp: Option<Filter>,
    /// The AppArmor label.
    pub apparmor: Label,
    /// Whether the root file system is mounted read-only.
    pub read_only_root: bool,
    /// Whether `/proc` and `/sys` paths are masked and read-only.
    pub masked_paths: bool,
}

/// Why a container is not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The kubelet's own: the waiting reason is CreateContainerConfigError, the message this.
    Config(String),
    /// The runtime's.
    Runtime(StartError),
}

/// Where the kubelet keeps Localhost seccomp profiles.
const SECCOMP_ROOT: &str = "/var/lib/kubelet/seccomp";

/// Prefix of the annotations that named AppArmor profiles before there were fields.
const APPARMOR_ANNOTATION: &str = "container.apparmor.security.beta.kubernetes.io/";

/// The AppArmor profile a container asks for: type and name. Unset is the runtime's default.
fn apparmor_profile(pod: &Object, container: &Value) -> Option<(String, String)> {
    let field = container
        .at(&["securityContext", "appArmorProfile"])
        .or_else(|| pod.0.at(&["spec", "securityContext", "appArmorProfile"]))
        .filter(|p| !p.is_null());
    if let Some(p) = field {
        return Some((p.str_at(&["type"]).to_owned(), p.str_at(&["localhostProfile"]).to_owned()));
    }
    let named = pod.annotation(&format!("{APPARMOR_ANNOTATION}{}", container.str_at(&["name"])))?;
    Some(match named {
        "runtime/default" => ("RuntimeDefault".to_owned(), String::new()),
        "unconfined" => ("Unconfined".to_owned(), String::new()),
        other => ("Localhost".to_owned(), other.strip_prefix("localhost/").unwrap_or(other).to_owned()),
    })
}

/// Why the kubelet of a node without AppArmor rejects a pod; the status reason is `AppArmor`.
#[must_use]
pub fn apparmor_rejection(pod: &Object, node_has_apparmor: bool) -> Option<&'static str> {
    let asks = |c: &Value| apparmor_profile(pod, c).is_some_and(|(kind, _)| kind != "Unconfined");
    let containers = ["initContainers", "containers"].into_iter().flat_map(|k| pod.0.list_at(&["spec", k]));
    let required = containers.into_iter().any(asks);
    (required && !node_has_apparmor).then_some("Cannot enforce AppArmor: AppArmor is not enabled on the host")
}

/// A pod as the kubelet's messages name it.
fn pod_name(pod: &Object) -> String {
    format!("{}_{}({})", pod.name(), pod.namespace(), pod.uid())
}

/// Models verifyRunAsNonRoot.
fn non_root(pod: &Object, container: &Value, image: &Image<'_>) -> Result<(), String> {
    let effective = |key: &str| {
        container.at(&["securityContext", key]).or_else(|| pod.0.at(&["spec", "securityContext", key]))
    };
    if effective("runAsNonRoot").and_then(Value::as_bool) != Some(true) {
        return Ok(());
    }
    let place = format!("(pod: \"{}\", container: {})", pod_name(pod), container.str_at(&["name"]));
    if let Some(uid) = effective("runAsUser").and_then(Value::as_i64) {
        return if uid == 0 {
            Err(format!("container's runAsUser breaks non-root policy {place}"))
        } else {
            Ok(())
        };
    }
    let user = image.user.split(':').next().unwrap_or("");
    match user.parse::<u32>() {
        Ok(0) => Err(format!("container has runAsNonRoot and image will run as root {place}")),
        Ok(_) => Ok(()),
        // An image that says nothing runs as root.
        Err(_) if user.is_empty() => {
            Err(format!("container has runAsNonRoot and image will run as root {place}"))
        }
        Err(_) => Err(format!(
            "container has runAsNonRoot and image has non-numeric user ({user}), cannot verify user is non-root {place}"
        )),
    }
}

fn spec_failure(what: &str) -> Refusal {
    Refusal::Runtime(StartError {
        step: Step::CreateContainer,
        message: format!("failed to get container spec opts: {what}"),
        varies: vec![],
    })
}

fn apparmor(pod: &Object, container: &Value, privileged: bool, node: &Node<'_>) -> Result<Label, Refusal> {
    let asked = apparmor_profile(pod, container);
    let Some(loaded) = node.apparmor else {
        return match asked {
            Some((kind, _)) if kind != "Unconfined" => {
                Err(spec_failure("failed to generate apparmor spec opts: apparmor is not supported"))
            }
            _ => Ok(Label::Unconfined),
        };
    };
    match asked.as_ref().map_or("RuntimeDefault", |(kind, _)| kind.as_str()) {
        "Unconfined" => Ok(Label::Unconfined),
        "Localhost" => {
            let name = asked.map(|(_, name)| name).unwrap_or_default();
            if loaded(&name) {
                Ok(Label::new(&name))
            } else {
                Err(spec_failure(&format!(
                    "failed to generate apparmor spec opts: apparmor profile not found {name}"
                )))
            }
        }
        _ if privileged => Ok(Label::Unconfined),
        _ => Ok(Label::new(DEFAULT_PROFILE)),
    }
}

/// The seccomp profile a container asks for: type and file. Unset is none, or the node's default.
fn seccomp_profile(pod: &Object, container: &Value, node: &Node<'_>) -> (String, String) {
    let field = container
        .at(&["securityContext", "seccompProfile"])
        .or_else(|| pod.0.at(&["spec", "securityContext", "seccompProfile"]))
        .filter(|p| !p.is_null());
    if let Some(p) = field {
        return (p.str_at(&["type"]).to_owned(), p.str_at(&["localhostProfile"]).to_owned());
    }
    let own = format!("container.seccomp.security.alpha.kubernetes.io/{}", container.str_at(&["name"]));
    let named = pod.annotation(&own).or_else(|| pod.annotation("seccomp.security.alpha.kubernetes.io/pod"));
    let kind = match named.filter(|_| node.seccomp_annotations) {
        Some("runtime/default" | "docker/default") => "RuntimeDefault",
        Some(text) => match text.strip_prefix("localhost/") {
            Some(file) => return ("Localhost".to_owned(), file.to_owned()),
            None => "Unconfined",
        },
        None if node.seccomp_default => "RuntimeDefault",
        None => "Unconfined",
    };
    (kind.to_owned(), String::new())
}

fn seccomp(
    pod: &Object,
    container: &Value,
    process: &OciProcess,
    privileges: NewPrivileges,
    node: &Node<'_>,
) -> Result<Option<Filter>, Refusal> {
    let (kind, name) = seccomp_profile(pod, container, node);
    if kind == "Localhost" && name.is_empty() {
        return Err(Refusal::Config(
            "localhostProfile must be set if seccompProfile type is Localhost.".to_owned(),
        ));
    }
    if process.privileged {
        return Ok(None);
    }
    let profile = match kind.as_str() {
        "RuntimeDefault" => runtime_default(node.runtime, process.bounding()),
        "Localhost" => {
            let path = format!("{SECCOMP_ROOT}/{}", name.trim_start_matches('/'));
            load(&path, (node.read)(&path).as_deref()).map_err(Refusal::Runtime)?
        }
        _ => return Ok(None),
    };
    install(&profile, privileges).map_err(Refusal::Runtime)
}

/// What becomes of a container's settings. Whether its first process then survives its own filter is
/// [`super::seccomp::start::start`]'s to say.
///
/// # Errors
/// The kubelet's or the runtime's refusal, with its text.
pub fn confine(
    pod: &Object,
    container: &Value,
    image: &Image<'_>,
    node: &Node<'_>,
) -> Result<Confinement, Refusal> {
    non_root(pod, container, image).map_err(Refusal::Config)?;
    let empty = Value::map();
    let pod_security = pod.0.at(&["spec", "securityContext"]).unwrap_or(&empty);
    let security = container.get("securityContext").unwrap_or(&empty);
    let process = oci_process(pod_security, security, image.user, image.accounts);
    let new_privileges =
        if process.no_new_privileges { NewPrivileges::Forbidden } else { NewPrivileges::Allowed };
    let apparmor = apparmor(pod, container, process.privileged, node)?;
    let seccomp = seccomp(pod, container, &process, new_privileges, node)?;
    let capabilities = ProcessCaps::of_container(process.bounding(), process.uid);
    let masked_paths = !process.privileged && security.str_at(&["procMount"]) != "Unmasked";
    Ok(Confinement {
        capabilities,
        new_privileges,
        seccomp,
        apparmor,
        read_only_root: security.bool_at(&["readOnlyRootFilesystem"]) == Some(true),
        masked_paths,
        process,
    })
}

#[cfg(test)]
mod tests {
    use gatehouse_model::json;

    use super::*;
    use crate::effects::capabilities::CapSet;

    fn ask(pod: Value, container: Value, user: &str) -> Result<Confinement, Refusal> {
        let pod = Object(json!({
            "metadata": {"name": "web", "namespace": "shop", "uid": "u-1", "annotations": (pod.get("annotations").cloned().unwrap_or_default())},
            "spec": {"securityContext": (pod)}
        }));
        let read = |path: &str| {
            (path == "/var/lib/kubelet/seccomp/profiles/audit.json")
                .then(|| r#"{"defaultAction":"SCMP_ACT_LOG"}"#.to_owned())
        };
        let node = Node {
            runtime: RuntimeVersion::default(),
            apparmor: Some(&|name| name == "loaded"),
            seccomp_default: false,
            seccomp_annotations: true,
            read: &read,
        };
        let container = json!({"name": "c", "securityContext": (container)});
        confine(&pod, &container, &Image { user, ..Image::default() }, &node)
    }

    #[test]
    fn saying_nothing_gives_root_the_default_label_and_no_filter() {
        let c = ask(json!({}), json!({}), "").unwrap();
        assert_eq!(c.apparmor.name(), DEFAULT_PROFILE);
        assert_eq!(c.capabilities.effective, CapSet::container_default());
        assert!(c.seccomp.is_none() && c.masked_paths && !c.read_only_root);
    }

    #[test]
    fn privileged_lifts_everything_at_once() {
        let c = ask(json!({"seccompProfile": {"type": "RuntimeDefault"}}), json!({"privileged": true}), "")
            .unwrap();
        assert_eq!((c.apparmor, c.capabilities.effective), (Label::Unconfined, CapSet::ALL));
        assert!(c.seccomp.is_none() && !c.masked_paths);
    }

    #[test]
    fn the_container_wins_over_the_pod() {
        let pod = json!({"seccompProfile": {"type": "RuntimeDefault"}, "runAsUser": 1000});
        let local =
            json!({"seccompProfile": {"type": "Localhost", "localhostProfile": "profiles/audit.json"}});
        let c = ask(pod.clone(), local, "").unwrap();
        assert_eq!(
            c.seccomp.unwrap().decide_name("mount", &[0; 6]).action,
            crate::effects::seccomp::Action::Log
        );
        assert!(
            !ask(pod, json!({}), "").unwrap().seccomp.unwrap().decide_name("mount", &[0; 6]).action.runs()
        );
    }

    #[test]
    fn a_profile_named_is_kept_even_by_a_privileged_container() {
        let named = json!({"type": "Localhost", "localhostProfile": "loaded"});
        let c = ask(json!({}), json!({"privileged": true, "appArmorProfile": (named)}), "").unwrap();
        assert_eq!(c.apparmor, Label::new("loaded"));
    }

    #[test]
    fn old_annotations_name_seccomp_profiles() {
        let annotations =
            json!({"seccomp.security.alpha.kubernetes.io/pod": "localhost/profiles/audit.json"});
        let c = ask(json!({"annotations": (annotations)}), json!({}), "").unwrap();
        assert!(c.seccomp.is_some());
    }

    #[test]
    fn refusals_name_their_cause() {
        let text = |pod: Value, container: Value, user: &str| match ask(pod, container, user) {
            Err(Refusal::Config(m)) => m,
            Err(Refusal::Runtime(e)) => e.message,
            Ok(_) => String::new(),
        };
        assert_eq!(
            text(json!({"runAsNonRoot": true}), json!({}), ""),
            "container has runAsNonRoot and image will run as root (pod: \"web_shop(u-1)\", container: c)"
        );
        assert!(text(json!({"runAsNonRoot": true}), json!({}), "app").contains("non-numeric user (app)"));
        assert_eq!(text(json!({"runAsNonRoot": true}), json!({}), "1000"), "");
        assert_eq!(
            text(json!({}), json!({"appArmorProfile": {"type": "Localhost", "localhostProfile": "x"}}), ""),
            "failed to get container spec opts: failed to generate apparmor spec opts: apparmor profile not found x"
        );
        let missing = json!({"seccompProfile": {"type": "Localhost", "localhostProfile": "no.json"}});
        assert!(
            text(json!({}), missing, "")
                .contains("open /var/lib/kubelet/seccomp/no.json: no such file or directory")
        );
    }

    #[test]
    fn a_node_without_apparmor_rejects_pods_that_ask_for_it() {
        let pod = |annotation: &str| {
            Object(json!({
                "metadata": {"annotations": {"container.apparmor.security.beta.kubernetes.io/c": annotation}},
                "spec": {"containers": [{"name": "c"}]}
            }))
        };
        assert!(apparmor_rejection(&pod("localhost/x"), false).is_some());
        assert!(apparmor_rejection(&pod("localhost/x"), true).is_none());
        assert!(apparmor_rejection(&pod("unconfined"), false).is_none());
    }
}
