//! Recordings as they lie in files.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use gatehouse_model::{Value, json};
use serde::Deserialize as _;

use crate::suite::Support;

/// Where a record stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// Counted from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// One case.
#[derive(Clone, Debug)]
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// The suite it names.
    pub suite: String,
    /// Its name.
    pub name: String,
    /// All of it.
    pub body: Value,
}

/// The records of one folder and what supports them.
#[derive(Debug, Default)]
pub struct Folder {
    /// The cases, by file name and position.
    pub records: Vec<Record>,
    /// The `data` lines, by kind of data.
    pub support: Support,
}

/// Reads every recording below `paths`.
///
/// # Errors
/// What cannot be read or is not in the format, with its place.
pub fn read(paths: &[PathBuf]) -> Result<Vec<Folder>, String> {
    let mut files = Vec::new();
    for path in paths {
        collect(path, &mut files)?;
    }
    let mut folders: BTreeMap<PathBuf, Folder> = BTreeMap::new();
    for file in files {
        let folder = folders.entry(file.parent().unwrap_or(Path::new("")).to_owned()).or_default();
        let text = std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        for (line, body) in documents(&file, &text)? {
            let place = Place { file: file.clone(), line };
            let (suite, data) = (body.str_at(&["suite"]).to_owned(), body.str_at(&["data"]).to_owned());
            if !data.is_empty() {
                folder.support.add(&data, body);
            } else if !suite.is_empty() {
                let name = body.str_at(&["name"]).to_owned();
                folder.records.push(Record { place, suite, name, body });
            }
        }
    }
    // A file of cases given by itself still finds the data that lies beside it.
    for (path, folder) in &mut folders {
        if folder.support.is_empty() && !folder.records.is_empty() {
            add_support(path, &mut folder.support)?;
        }
    }
    Ok(folders.into_values().filter(|f| !f.records.is_empty()).collect())
}

fn add_support(path: &Path, support: &mut Support) -> Result<(), String> {
    let mut files = Vec::new();
    let entries = std::fs::read_dir(path).map_err(|e| format!("{}: {e}", path.display()))?;
    for entry in entries.flatten() {
        if entry.path().extension().is_some_and(|e| e == "jsonl") {
            files.push(entry.path());
        }
    }
    files.sort();
    for file in files {
        let text = std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        for (line, body) in text.lines().enumerate().filter(|(_, l)| l.starts_with("{\"data\"")) {
            let value = json::parse(body).map_err(|e| format!("{}:{}: {e}", file.display(), line + 1))?;
            let kind = value.str_at(&["data"]).to_owned();
            support.add(&kind, value);
        }
    }
    Ok(())
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let meta = std::fs::metadata(path).map_err(|e| format!("{}: {e}", path.display()))?;
    if meta.is_dir() {
        let mut entries: Vec<PathBuf> = std::fs::read_dir(path)
            .map_err(|e| format!("{}: {e}", path.display()))?
            .flatten()
            .map(|e| e.path())
            .collect();
        entries.sort();
        for entry in entries {
            let wanted = entry.extension().is_some_and(|e| e == "yaml" || e == "jsonl");
            if entry.is_dir() || wanted {
                collect(&entry, files)?;
            }
        }
    } else {
        files.push(path.to_owned());
    }
    Ok(())
}

fn documents(file: &Path, text: &str) -> Result<Vec<(usize, Value)>, String> {
    if file.extension().is_some_and(|e| e == "jsonl") {
        let lines = text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty());
        return lines
            .map(|(i, l)| match json::parse(l) {
                Ok(v) => Ok((i + 1, v)),
                Err(e) => Err(format!("{}:{}: {e}", file.display(), i + 1)),
            })
            .collect();
    }
    // Only files that could hold a record are read whole: the benchmark's inputs are large.
    if !text.lines().any(|l| l.starts_with("suite:") || l.starts_with("data:")) {
        return Ok(Vec::new());
    }
    let mut out = Vec::new();
    let starts: Vec<usize> =
        text.lines().enumerate().filter(|(_, l)| *l == "---").map(|(i, _)| i + 2).collect();
    for (i, document) in serde_yaml::Deserializer::from_str(text).enumerate() {
        let line = if i == 0 { 1 } else { starts.get(i - 1).copied().unwrap_or(1) };
        let fail = |e: &dyn fmt::Display| format!("{}:{line}: {e}", file.display());
        let value = serde_json::Value::deserialize(document).map_err(|e| fail(&e))?;
        out.push((line, json::parse(&value.to_string()).map_err(|e| fail(&e))?));
    }
    Ok(out)
}
