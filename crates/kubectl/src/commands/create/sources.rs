//! `--from-literal`, `--from-file` and `--from-env-file` of config maps and secrets.
//! Models kubectl `pkg/util/util.go` and `pkg/cmd/util/env_file.go`.

use gatehouse_model::names;

use crate::cli::Args;
use crate::error::Error;
use crate::host::Files;
use crate::session::Session;

/// What is done with each key and its content.
pub(super) type Add<'a> = dyn FnMut(&str, Vec<u8>) -> Result<(), Error> + 'a;

/// Calls `add` with each key and content that the flags name, literals first.
///
/// # Errors
/// A source that cannot be understood or read, or that `add` refuses.
pub(super) fn read(
    session: &mut Session<'_, '_>,
    args: &Args,
    what: &str,
    add: &mut Add<'_>,
) -> Result<(), Error> {
    for literal in args.list("from-literal") {
        let wrong = || Error::plain(format!("invalid literal source {literal}, expected key=value"));
        let (key, value) = literal.split_once('=').filter(|(k, _)| !k.is_empty()).ok_or_else(wrong)?;
        add(key, value.as_bytes().to_vec())?;
    }
    for source in args.list("from-file") {
        from_file(session.host.files, &source, add)?;
    }
    for path in args.list("from-env-file") {
        match session.host.files.is_dir(&path) {
            None => return Err(Error::plain(format!("error reading {path}: no such file or directory"))),
            Some(true) => return Err(Error::plain(format!("env {what} file cannot be a directory"))),
            Some(false) => {}
        }
        from_env_file(session, &path, add)?;
    }
    Ok(())
}

/// `--from-env-file` goes with nothing else.
///
/// # Errors
/// It does not.
pub(super) fn check_exclusive(args: &Args) -> Result<(), Error> {
    let has = |flag: &str| !args.list(flag).is_empty();
    if has("from-env-file") && (has("from-file") || has("from-literal")) {
        return Err(Error::plain("from-env-file cannot be combined with from-file or from-literal"));
    }
    Ok(())
}

pub(super) fn from_file(files: &mut dyn Files, source: &str, add: &mut Add<'_>) -> Result<(), Error> {
    let (key, path) = split(source)?;
    let open = |e: crate::host::FileError, path: &str| Error::plain(format!("open {path}: {}", e.errno));
    match files.is_dir(&path) {
        None => Err(Error::plain(format!("error reading {path}: no such file or directory"))),
        Some(true) => {
            if source.contains('=') {
                return Err(Error::plain("cannot give a key name for a directory path"));
            }
            let mut entries = files.list(&path).map_err(|e| {
                Error::plain(format!("error listing files in {path}: open {path}: {}", e.errno))
            })?;
            gatehouse_model::order::by(&mut entries, |a, b| a.name.cmp(&b.name));
            for entry in entries.into_iter().filter(|e| !e.is_dir) {
                let full = format!("{}/{}", path.trim_end_matches('/'), entry.name);
                let content = files.read(&full).map_err(|e| open(e, &full))?;
                add(&entry.name, content)?;
            }
            Ok(())
        }
        Some(false) => {
            let content = files.read(&path).map_err(|e| open(e, &path))?;
            add(&key, content)
        }
    }
}

/// `key=path` or just a path, whose last part is then the key.
fn split(source: &str) -> Result<(String, String), Error> {
    let separators = source.matches('=').count();
    match source.split_once('=') {
        None => Ok((source.rsplit('/').next().unwrap_or(source).to_owned(), source.to_owned())),
        Some(_) if separators > 1 => Err(Error::plain("key names or file paths cannot contain '='")),
        Some(("", path)) => Err(Error::plain(format!("key name for file path {path} missing"))),
        Some((key, "")) => Err(Error::plain(format!("file path for key name {key} missing"))),
        Some((key, path)) => Ok((key.to_owned(), path.to_owned())),
    }
}

fn from_env_file(session: &mut Session<'_, '_>, path: &str, add: &mut Add<'_>) -> Result<(), Error> {
    let bytes =
        session.host.files.read(path).map_err(|e| Error::plain(format!("open {path}: {}", e.errno)))?;
    let text = String::from_utf8_lossy(&bytes);
    for line in text.trim_start_matches('\u{feff}').lines() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = match line.split_once('=') {
            Some((key, value)) => (key, Some(value.to_owned())),
            None => (line, None),
        };
        let wrong = names::env_var_name(key);
        if !wrong.is_empty() {
            return Err(Error::plain(format!("{key:?} is not a valid key name: {}", wrong.join(";"))));
        }
        let value = value.unwrap_or_else(|| session.host.files.env(key).unwrap_or_default());
        add(key, value.into_bytes())?;
    }
    Ok(())
}
