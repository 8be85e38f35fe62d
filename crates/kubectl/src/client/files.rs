//! Manifests: which files `-f` means, and the documents in them. Models cli-runtime `resource/visitor.go`.

use std::net::{IpAddr, SocketAddr};

use gatehouse_model::{Value, json, yaml};

use crate::error::Error;
use crate::host::Files;

/// The endings that count inside directories.
const EXTENSIONS: [&str; 3] = ["json", "yaml", "yml"];

/// A file, directory or pattern that does not exist, or holds no manifests.
fn missing(path: &str) -> Error {
    Error::plain(format!("the path {path:?} does not exist"))
}

/// The files that one value of `-f` means, in order, and whether it was a directory of several.
///
/// # Errors
/// It does not exist.
pub fn expand(files: &mut dyn Files, pattern: &str, recursive: bool) -> Result<Vec<String>, Error> {
    let roots = match files.is_dir(pattern) {
        Some(_) => vec![pattern.to_owned()],
        None => {
            let matches = glob(files, pattern);
            if matches.is_empty() {
                return Err(missing(pattern));
            }
            matches
        }
    };
    let mut found = Vec::new();
    for root in roots {
        if files.is_dir(&root) == Some(true) {
            walk(files, &root, recursive, &mut found)?;
        } else {
            found.push(root);
        }
    }
    Ok(found)
}

fn walk(files: &mut dyn Files, dir: &str, recursive: bool, found: &mut Vec<String>) -> Result<(), Error> {
    let mut entries = files
        .list(dir)
        .map_err(|e| Error::plain(format!("error reading {dir:?}: open {dir}: {}", e.errno)))?;
    gatehouse_model::order::by(&mut entries, |a, b| a.name.cmp(&b.name));
    for entry in entries {
        let base = dir.trim_end_matches('/');
        let base = if base == "." { "" } else { base };
        let path = if base.is_empty() && !dir.starts_with('/') {
            entry.name
        } else {
            format!("{base}/{}", entry.name)
        };
        if entry.is_dir {
            if recursive {
                walk(files, &path, recursive, found)?;
            }
        } else if path.rsplit_once('.').is_some_and(|(_, ext)| EXTENSIONS.contains(&ext)) {
            found.push(path);
        }
    }
    Ok(())
}

/// Files that a shell pattern matches, directory by directory.
fn glob(files: &mut dyn Files, pattern: &str) -> Vec<String> {
    if !pattern.contains(['*', '?', '[']) {
        return Vec::new();
    }
    let (dir, last) = pattern.rsplit_once('/').map_or((".", pattern), |(d, l)| (d, l));
    let dirs = if dir.contains(['*', '?', '[']) { glob(files, dir) } else { vec![dir.to_owned()] };
    let mut found = Vec::new();
    for dir in dirs {
        let mut names: Vec<String> =
            files.list(&dir).unwrap_or_default().into_iter().map(|e| e.name).collect();
        gatehouse_model::order::sort(&mut names);
        for name in names.into_iter().filter(|n| matches(last, n)) {
            found.push(if dir == "." && !pattern.starts_with("./") { name } else { format!("{dir}/{name}") });
        }
    }
    found
}

/// Whether a name fits a pattern of `*`, `?` and `[…]`.
fn matches(pattern: &str, name: &str) -> bool {
    let mut p = pattern.chars();
    match p.next() {
        None => name.is_empty(),
        Some('*') => {
            let rest = p.as_str();
            name.char_indices()
                .map(|(i, _)| i)
                .chain([name.len()])
                .any(|i| matches(rest, name.get(i..).unwrap_or("")))
        }
        Some('[') => {
            let Some((class, rest)) = p.as_str().split_once(']') else { return false };
            let mut n = name.chars();
            n.next().is_some_and(|c| in_class(class, c)) && matches(rest, n.as_str())
        }
        Some(c) => {
            let mut n = name.chars();
            n.next().is_some_and(|x| c == '?' || c == x) && matches(p.as_str(), n.as_str())
        }
    }
}

fn in_class(class: &str, c: char) -> bool {
    let (negated, class) = match class.strip_prefix('^') {
        Some(rest) => (true, rest),
        None => (false, class),
    };
    let letters: Vec<char> = class.chars().collect();
    let mut i = 0;
    let mut hit = false;
    while let Some(low) = letters.get(i) {
        if letters.get(i + 1) == Some(&'-')
            && let Some(high) = letters.get(i + 2)
        {
            hit |= (*low..=*high).contains(&c);
            i += 3;
        } else {
            hit |= *low == c;
            i += 1;
        }
    }
    hit != negated
}

/// The documents of a manifest, in order; a document that cannot be read ends it.
#[must_use]
pub fn documents(bytes: &[u8], source: &str) -> Vec<Result<Value, Error>> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if text.trim_start().starts_with('{')
        && let Ok(value) = json::parse(text.trim())
    {
        return vec![Ok(value)];
    }
    let mut documents = Vec::new();
    for document in yaml::parse_all(text) {
        match document {
            Ok(d) if d.value.is_null() => {}
            Ok(d) => documents.push(Ok(d.value)),
            Err(e) => {
                documents.push(Err(Error::plain(format!("error parsing {source}: {e}"))));
                break;
            }
        }
    }
    documents
}

/// What comes of a file that is a URL: nobody out there answers, and names do not resolve.
#[must_use]
pub fn unreachable(url: &str) -> Option<Error> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split('/').next().unwrap_or(rest);
    let usual = if scheme == "https" { "443" } else { "80" };
    let (name, port) = host.rsplit_once(':').unwrap_or((host, usual));
    let cause = match name.parse::<IpAddr>() {
        Ok(address) => {
            let address = SocketAddr::new(address, port.parse().unwrap_or(0));
            format!("dial tcp {address}: connect: connection refused")
        }
        Err(_) => format!("dial tcp: lookup {name}: no such host"),
    };
    Some(Error::Transport { method: "Get", server: url.to_owned(), cause })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_go() {
        assert!(matches("*.yaml", "a.yaml"));
        assert!(!matches("*.yaml", "a.yml"));
        assert!(matches("[a-c]?.json", "bx.json"));
        assert!(!matches("[^a-c]?.json", "bx.json"));
    }
}
