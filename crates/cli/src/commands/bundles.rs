//! Exercises by id (built in) or by folder (an author's own).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gatehouse_lab::exercise::{self, Bundle, Exercise};

/// The exercise a word names: a folder that holds an `exercise.yaml`, or the id of a built-in one.
pub(super) fn load(word: &str) -> Result<Arc<Bundle>, String> {
    let dir = Path::new(word);
    if dir.join("exercise.yaml").is_file() {
        return read(dir).map(Arc::new);
    }
    if dir.is_dir() {
        return Err(format!("{word}: the folder has no exercise.yaml"));
    }
    let known =
        || exercise::catalogue().iter().map(|b| b.exercise.id.as_str()).collect::<Vec<_>>().join(", ");
    exercise::find(word)
        .cloned()
        .map(Arc::new)
        .ok_or_else(|| format!("no exercise and no folder is called \"{word}\"; there are {}", known()))
}

fn read(dir: &Path) -> Result<Bundle, String> {
    let file = dir.join("exercise.yaml");
    let place = file.display();
    let text = std::fs::read_to_string(&file).map_err(|e| format!("{place}: {e}"))?;
    let exercise: Exercise = serde_yaml::from_str(&text).map_err(|e| format!("{place}: {e}"))?;
    if let Some(problem) = exercise.problems().first() {
        return Err(format!("{place}: {problem}"));
    }
    let mut files = BTreeMap::new();
    collect(dir, dir, &mut files)?;
    files.remove("exercise.yaml");
    Ok(Bundle { exercise, files })
}

fn collect(root: &Path, dir: &Path, files: &mut BTreeMap<String, String>) -> Result<(), String> {
    let entries = std::fs::read_dir(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(root, &path, files)?;
        } else {
            let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
            let name = path.strip_prefix(root).map_err(|e| e.to_string())?;
            files.insert(name.to_string_lossy().replace('\\', "/"), text);
        }
    }
    Ok(())
}
