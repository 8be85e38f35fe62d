//! Files and directories a kustomization may name. Models kustomize `api/internal/loader` and `kyaml/filesys`.

use crate::host::Files;

/// Which files a kustomization may load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restrictor {
    /// Those in or below its own directory.
    #[default]
    RootOnly,
    /// Any.
    None,
}

/// The path without `.` and `..`, from the root on.
pub(super) fn absolute(files: &mut dyn Files, path: &str) -> String {
    let full =
        if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", files.working_dir()) };
    let mut parts: Vec<&str> = Vec::new();
    for part in full.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    format!("/{}", parts.join("/"))
}

/// A path that a kustomization in `dir` names.
pub(super) fn join(files: &mut dyn Files, dir: &str, path: &str) -> String {
    if path.starts_with('/') { absolute(files, path) } else { absolute(files, &format!("{dir}/{path}")) }
}

/// What is said of a path that leads nowhere: `lstat` names the first part that is not there.
fn nowhere(files: &mut dyn Files, asked: &str, full: &str) -> String {
    let mut at = String::new();
    for part in full.split('/').filter(|p| !p.is_empty()) {
        at = format!("{at}/{part}");
        if files.is_dir(&at).is_none() {
            break;
        }
    }
    format!("evalsymlink failure on '{asked}' : lstat {at}: no such file or directory")
}

/// The directory that `asked` is, by its full path.
pub(super) fn confirmed(files: &mut dyn Files, asked: &str, full: &str) -> Result<(), String> {
    match files.is_dir(full) {
        Some(true) => Ok(()),
        Some(false) => Err(format!("must build at directory: '{asked}': file is not directory")),
        None => {
            Err(format!("must build at directory: not a valid directory: {}", nowhere(files, asked, full)))
        }
    }
}

/// The content of a file that a kustomization in `dir` names.
pub(super) fn file(
    files: &mut dyn Files,
    restrictor: Restrictor,
    dir: &str,
    path: &str,
) -> Result<Vec<u8>, String> {
    let full = join(files, dir, path);
    if restrictor == Restrictor::RootOnly {
        match files.is_dir(&full) {
            None => return Err(nowhere(files, &full, &full)),
            Some(true) => return Err(format!("'{full}' must resolve to a file")),
            Some(false) if !within(&full, dir) => {
                return Err(format!("security; file '{full}' is not in or below '{dir}'"));
            }
            Some(false) => {}
        }
    } else if files.is_dir(&full) == Some(true) {
        return Err(format!("read {full}: is a directory"));
    }
    files.read(&full).map_err(|e| format!("open {full}: {}", e.errno))
}

/// Whether a path is `dir` or lies below it.
pub(super) fn within(path: &str, dir: &str) -> bool {
    path.strip_prefix(dir.trim_end_matches('/')).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What kustomize says of a repository where there is no git.
pub(super) const NO_GIT: &str = "no 'git' program on path: exec: \"git\": executable file not found in $PATH";

/// Whether a resource lies in a repository somewhere else.
pub(super) fn is_remote(path: &str) -> bool {
    path.contains("://")
        || ["github.com/", "github.com:", "git::", "git@", "gitlab.com/", "bitbucket.org/"]
            .iter()
            .any(|p| path.starts_with(p))
}

/// What is said of a file on the web: there is no way out of the lab.
pub(super) fn remote(path: &str) -> Option<String> {
    let (_, rest) = path.split_once("http://").or_else(|| path.split_once("https://"))?;
    let host = rest.split('/').next().unwrap_or(rest);
    Some(format!("Get {path:?}: dial tcp: lookup {host}: no such host"))
}
