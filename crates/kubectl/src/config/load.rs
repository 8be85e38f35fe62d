//! Which files make up the kubeconfig, and reading them. Models clientcmd `loader.go`.

use gatehouse_model::yaml;

use crate::config::KubeConfig;
use crate::error::Error;
use crate::host::Files;

/// The files in question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFiles {
    /// In order of precedence.
    pub paths: Vec<String>,
    /// Whether `--kubeconfig` named the file, which must then exist.
    pub explicit: bool,
}

/// The files that `--kubeconfig`, `$KUBECONFIG` and the home directory name.
pub fn paths(files: &dyn Files, flag: &str) -> ConfigFiles {
    if !flag.is_empty() {
        return ConfigFiles { paths: vec![flag.to_owned()], explicit: true };
    }
    if let Some(list) = files.env("KUBECONFIG").filter(|v| !v.is_empty()) {
        let mut paths: Vec<String> = Vec::new();
        for path in list.split(':').filter(|p| !p.is_empty()) {
            if !paths.iter().any(|p| p == path) {
                paths.push(path.to_owned());
            }
        }
        return ConfigFiles { paths, explicit: false };
    }
    let home = files.env("HOME").unwrap_or_default();
    ConfigFiles { paths: vec![format!("{}/.kube/config", home.trim_end_matches('/'))], explicit: false }
}

/// Reads one file.
///
/// # Errors
/// What is wrong with it; a file that does not exist is `Ok(None)`.
pub fn read(files: &mut dyn Files, path: &str) -> Result<Option<KubeConfig>, String> {
    let bytes = match files.read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.errno == "no such file or directory" => return Ok(None),
        Err(e) => return Err(format!("open {path}: {}", e.errno)),
    };
    let text = String::from_utf8_lossy(&bytes);
    if text.trim().is_empty() {
        return Ok(Some(KubeConfig::default()));
    }
    let value = yaml::parse(&text).map_err(|e| e.bare().to_owned())?;
    if value.as_map().is_none() {
        return Err("couldn't get version/kind; json parse error: json: cannot unmarshal string into Go value of type struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }".to_owned());
    }
    let (version, kind) = (value.str_at(&["apiVersion"]), value.str_at(&["kind"]));
    if !matches!(version, "" | "v1") || !matches!(kind, "" | "Config") {
        let kind = if kind.is_empty() { "Config" } else { kind };
        let version = if version.is_empty() { "v1" } else { version };
        return Err(format!(
            "no kind {kind:?} is registered for version {version:?} in scheme \"k8s.io/client-go/tools/clientcmd/api/latest/latest.go:50\""
        ));
    }
    Ok(Some(KubeConfig::from_value(&value, path)))
}

/// Reads and merges all of them.
///
/// # Errors
/// A file that was named but is missing, or files that cannot be read.
pub fn load(files: &mut dyn Files, which: &ConfigFiles) -> Result<KubeConfig, Error> {
    if which.explicit
        && let Some(path) = which.paths.first()
        && files.is_dir(path).is_none()
    {
        return Err(Error::plain(format!("stat {path}: no such file or directory")));
    }
    let mut merged = KubeConfig::default();
    let mut wrong = Vec::new();
    for path in &which.paths {
        match read(files, path) {
            Ok(Some(config)) => merged.merge(&config),
            Ok(None) => {}
            Err(why) => wrong.push(Error::plain(format!("error loading config file \"{path}\": {why}"))),
        }
    }
    Error::collect(wrong)?;
    Ok(merged)
}
