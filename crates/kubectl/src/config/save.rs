//! Writing a changed kubeconfig back: each entry into the file it came from. Models clientcmd `config.go` (`ModifyConfig`).

use std::collections::BTreeMap;

use gatehouse_model::{ClientVersion, yaml};

use crate::config::KubeConfig;
use crate::config::file::Entry;
use crate::config::load::{ConfigFiles, read};
use crate::error::Error;
use crate::host::Files;

/// The file that takes new entries.
pub fn default_file(files: &mut dyn Files, which: &ConfigFiles) -> String {
    let existing = which.paths.iter().find(|p| files.is_dir(p).is_some());
    existing.or_else(|| which.paths.last()).cloned().unwrap_or_default()
}

fn write(
    files: &mut dyn Files,
    path: &str,
    config: &KubeConfig,
    version: ClientVersion,
) -> Result<(), Error> {
    if let Some((dir, _)) = path.rsplit_once('/')
        && !dir.is_empty()
    {
        // A directory that cannot be made shows when the file is written.
        let _ = files.make_dirs(dir);
    }
    let text = yaml::emit(&config.to_value_of(version));
    files.write(path, text.as_bytes()).map_err(|e| Error::plain(format!("open {path}: {}", e.errno)))
}

type Part = fn(&mut KubeConfig) -> &mut BTreeMap<String, Entry>;

const PARTS: [Part; 3] = [|c| &mut c.clusters, |c| &mut c.users, |c| &mut c.contexts];

/// Brings the files up to `after`, which was made from `before`.
///
/// # Errors
/// A file that cannot be written.
pub fn modify(
    files: &mut dyn Files,
    which: &ConfigFiles,
    before: &KubeConfig,
    after: &KubeConfig,
    version: ClientVersion,
) -> Result<(), Error> {
    let fallback = default_file(files, which);
    let mut touched: BTreeMap<String, KubeConfig> = BTreeMap::new();
    let mut open = |files: &mut dyn Files, path: &str| -> Result<(), Error> {
        if !touched.contains_key(path) {
            let config = read(files, path).map_err(Error::plain)?.unwrap_or_default();
            touched.insert(path.to_owned(), config);
        }
        Ok(())
    };
    let (mut old, mut new) = (before.clone(), after.clone());
    let mut changes: Vec<(String, usize, String, Option<Entry>)> = Vec::new();
    for (i, part) in PARTS.iter().enumerate() {
        let (was, is) = (part(&mut old).clone(), part(&mut new).clone());
        for (name, entry) in &is {
            if was.get(name).map(|e| &e.value) != Some(&entry.value) {
                let path = if entry.origin.is_empty() { fallback.clone() } else { entry.origin.clone() };
                changes.push((path, i, name.clone(), Some(entry.clone())));
            }
        }
        for (name, entry) in was.iter().filter(|(name, _)| !is.contains_key(*name)) {
            changes.push((entry.origin.clone(), i, name.clone(), None));
        }
    }
    for (path, ..) in &changes {
        open(files, path)?;
    }
    let mut context_file = None;
    if before.current_context != after.current_context {
        let path = if after.current_context.is_empty() && !which.explicit {
            // Cleared where it is set.
            let setter = which
                .paths
                .iter()
                .find(|p| read(files, p).ok().flatten().is_some_and(|c| !c.current_context.is_empty()));
            setter.cloned().unwrap_or_else(|| fallback.clone())
        } else {
            fallback.clone()
        };
        open(files, &path)?;
        context_file = Some(path);
    }
    let mut preferences_file = None;
    if before.preferences != after.preferences {
        open(files, &fallback)?;
        preferences_file = Some(fallback.clone());
    }
    for (path, i, name, entry) in changes {
        let (Some(config), Some(part)) = (touched.get_mut(&path), PARTS.get(i)) else { continue };
        match entry {
            Some(entry) => part(config).insert(name, entry),
            None => part(config).remove(&name),
        };
    }
    if let Some(config) = context_file.and_then(|p| touched.get_mut(&p)) {
        config.current_context.clone_from(&after.current_context);
    }
    if let Some(config) = preferences_file.and_then(|p| touched.get_mut(&p)) {
        config.preferences.clone_from(&after.preferences);
    }
    for (path, config) in &touched {
        write(files, path, config, version)?;
    }
    Ok(())
}

/// A path as a kubeconfig in `config_path` stores it: relative to its directory where it lies below it.
#[must_use]
pub fn relativize(path: &str, config_path: &str, working_dir: &str) -> String {
    let absolute = |p: &str| {
        if p.starts_with('/') { p.to_owned() } else { format!("{}/{p}", working_dir.trim_end_matches('/')) }
    };
    let (path, config) = (absolute(path), absolute(config_path));
    let dir = config.rsplit_once('/').map_or("", |(d, _)| d);
    path.strip_prefix(&format!("{dir}/")).map_or_else(|| path.clone(), str::to_owned)
}
