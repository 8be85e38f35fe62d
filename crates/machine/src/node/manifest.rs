//! A static pod's manifest: what the kubelet makes of the file, and what its container sees of the host.
//!
//! Models pkg/kubelet/config/{common,file}.go and pkg/volume/hostpath.

use gatehouse_model::{Value, yaml};

use crate::fs::Kind;
use crate::machine::{HOST, Machine};

/// A pod that a file of the node describes.
#[derive(Clone, Debug)]
pub(super) struct Manifest {
    /// The pod.
    pub(super) pod: Value,
    /// Its first container.
    pub(super) container: Value,
}

/// What is found at a path.
pub(super) enum Sight {
    File(String),
    Directory,
    Nothing,
}

impl Sight {
    /// The file's text, or what Go's `os.ReadFile` says.
    pub(super) fn read(self, path: &str) -> Result<String, String> {
        match self {
            Self::File(text) => Ok(text),
            Self::Directory => Err(format!("read {path}: is a directory")),
            Self::Nothing => Err(format!("open {path}: no such file or directory")),
        }
    }
}

/// What lies at a path of the host.
pub(super) fn look(machine: &Machine, path: &str) -> Sight {
    let Some(space) = machine.space(HOST) else { return Sight::Nothing };
    let Some(loc) = space.mounts.locate(&machine.fs, path) else { return Sight::Nothing };
    match machine.fs.get(loc.ino).map(|i| &i.kind) {
        Some(Kind::Dir(_)) => Sight::Directory,
        Some(Kind::File(content)) => Sight::File(String::from_utf8_lossy(content).into_owned()),
        Some(_) => Sight::File(String::new()),
        None => Sight::Nothing,
    }
}

impl Manifest {
    /// Reads a file of the manifests' folder.
    ///
    /// # Errors
    /// What the kubelet says of it.
    pub(super) fn read(path: &str, text: &str) -> Result<Self, String> {
        let not = |why: String| format!("{path}: couldn't parse as pod({why}), please check config file");
        let value = yaml::parse(text).map_err(|e| not(super::yaml_error(&e)))?;
        let kind = value.str_at(&["kind"]);
        if kind.is_empty() {
            let shown = gatehouse_model::json::print(&value);
            return Err(not(format!("Object 'Kind' is missing in '{shown}'")));
        }
        if (kind, value.str_at(&["apiVersion"])) != ("Pod", "v1") {
            return Err(not(format!(
                "no kind {kind:?} is registered for version {:?} in scheme \"k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30\"",
                value.str_at(&["apiVersion"])
            )));
        }
        let container = value.list_at(&["spec", "containers"]).first().cloned();
        let Some(container) = container else {
            return Err("invalid pod: [spec.containers: Required value]".to_owned());
        };
        let manifest = Self { pod: value, container };
        let wrong = manifest.invalid();
        if wrong.is_empty() { Ok(manifest) } else { Err(format!("invalid pod: [{}]", wrong.join(", "))) }
    }

    /// What validation says of names and mounts: the mistakes of people who edit these files.
    fn invalid(&self) -> Vec<String> {
        let volumes = self.pod.list_at(&["spec", "volumes"]);
        let mut wrong = Vec::new();
        for (i, volume) in volumes.iter().enumerate() {
            let name = volume.str_at(&["name"]);
            if name.is_empty() {
                wrong.push(format!("spec.volumes[{i}].name: Required value"));
            } else if volumes.iter().take(i).any(|v| v.str_at(&["name"]) == name) {
                wrong.push(format!("spec.volumes[{i}].name: Duplicate value: {name:?}"));
            }
            if volume.get("hostPath").is_some() && volume.str_at(&["hostPath", "path"]).is_empty() {
                wrong.push(format!("spec.volumes[{i}].hostPath.path: Required value"));
            }
        }
        if self.container.str_at(&["image"]).is_empty() {
            wrong.push("spec.containers[0].image: Required value".to_owned());
        }
        let mounts = self.container.list_at(&["volumeMounts"]);
        for (i, mount) in mounts.iter().enumerate() {
            let (name, at) = (mount.str_at(&["name"]), mount.str_at(&["mountPath"]));
            let field = format!("spec.containers[0].volumeMounts[{i}]");
            if name.is_empty() {
                wrong.push(format!("{field}.name: Required value"));
            } else if !volumes.iter().any(|v| v.str_at(&["name"]) == name) {
                wrong.push(format!("{field}.name: Not found: {name:?}"));
            }
            if at.is_empty() {
                wrong.push(format!("{field}.mountPath: Required value"));
            } else if mounts.iter().take(i).any(|m| m.str_at(&["mountPath"]) == at) {
                wrong.push(format!("{field}.mountPath: Invalid value: {at:?}: must be unique"));
            }
        }
        wrong
    }

    /// The pod's name without the node's.
    pub(super) fn name(&self) -> &str {
        self.pod.str_at(&["metadata", "name"])
    }

    /// The words of the container's command line.
    pub(super) fn argv(&self) -> impl Iterator<Item = &str> {
        let command = self.container.list_at(&["command"]).iter();
        command.chain(self.container.list_at(&["args"])).filter_map(Value::as_str)
    }

    /// The mount a path of the container lies in: where it leads on the host, and whether it is read-only.
    pub(super) fn on_host(&self, path: &str) -> Option<(String, bool)> {
        let inside = |at: &str| path == at || path.strip_prefix(at).is_some_and(|r| r.starts_with('/'));
        let mounts = self.container.list_at(&["volumeMounts"]).iter();
        let mount = mounts
            .filter(|m| inside(m.str_at(&["mountPath"]).trim_end_matches('/')))
            .max_by_key(|m| m.str_at(&["mountPath"]).len())?;
        let volumes = self.pod.list_at(&["spec", "volumes"]);
        let volume = volumes.iter().find(|v| v.str_at(&["name"]) == mount.str_at(&["name"]))?;
        let rest = path.strip_prefix(mount.str_at(&["mountPath"]).trim_end_matches('/')).unwrap_or("");
        let host = volume.str_at(&["hostPath", "path"]).trim_end_matches('/');
        if host.is_empty() {
            return None;
        }
        Some((format!("{host}{rest}"), mount.bool_at(&["readOnly"]) == Some(true)))
    }

    /// What the container finds at a path.
    pub(super) fn look(&self, machine: &Machine, path: &str) -> Sight {
        match self.on_host(path) {
            Some((host, _)) => look(machine, &host),
            None => Sight::Nothing,
        }
    }

    /// Prepares the host's paths as the kubelet and containerd do before the container is made.
    ///
    /// # Errors
    /// The volume and what the kubelet says of it.
    pub(super) fn mount_volumes(&self, machine: &mut Machine) -> Result<(), (String, String)> {
        for volume in self.pod.list_at(&["spec", "volumes"]) {
            let path = volume.str_at(&["hostPath", "path"]).to_owned();
            if path.is_empty() {
                continue;
            }
            let kind = volume.str_at(&["hostPath", "type"]);
            let wanted = match kind {
                "File" | "FileOrCreate" => "file",
                "Directory" | "DirectoryOrCreate" => "directory",
                _ => "",
            };
            let found = match look(machine, &path) {
                Sight::File(_) => "file",
                Sight::Directory => "directory",
                Sight::Nothing => "",
            };
            let parent = path.rsplit_once('/').map_or("/", |(p, _)| if p.is_empty() { "/" } else { p });
            match (kind, found) {
                // A mount without a type: containerd makes a directory of what is missing.
                ("" | "DirectoryOrCreate", "") => machine.make_dir(&path, 0o755, (0, 0)),
                ("FileOrCreate", "") if matches!(look(machine, parent), Sight::Directory) => {
                    machine.write_file(&path, "", 0o644, (0, 0));
                }
                ("FileOrCreate", "") => {
                    return Err((
                        volume.str_at(&["name"]).to_owned(),
                        format!("open {path}: no such file or directory"),
                    ));
                }
                _ if wanted.is_empty() || wanted == found => {}
                _ => {
                    return Err((
                        volume.str_at(&["name"]).to_owned(),
                        format!("hostPath type check failed: {path} is not a {wanted}"),
                    ));
                }
            }
        }
        Ok(())
    }
}
