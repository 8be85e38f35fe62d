//! Reads `exercises/`, refuses what is not sound, and writes it as one JSON text for the catalogue.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[path = "src/exercise/format.rs"]
#[expect(dead_code, reason = "the library uses what the build script does not")]
mod format;

#[derive(serde::Serialize)]
struct Entry {
    exercise: format::Exercise,
    files: BTreeMap<String, String>,
}

fn main() -> Result<(), String> {
    let manifest = std::env::var("CARGO_MANIFEST_DIR").map_err(|e| e.to_string())?;
    let root = Path::new(&manifest).join("../../exercises");
    println!("cargo::rerun-if-changed={}", root.display());
    println!("cargo::rerun-if-changed=src/exercise/format.rs");
    let mut entries = Vec::new();
    // order.txt says in which order exercises are best taken; one id a line.
    let order = read(&root.join("order.txt"))?;
    for id in order.lines().map(str::trim).filter(|l| !l.is_empty()) {
        entries.push(entry(&root.join(id), id)?);
    }
    let out = std::env::var("OUT_DIR").map_err(|e| e.to_string())?;
    let text = serde_json::to_string(&entries).map_err(|e| e.to_string())?;
    std::fs::write(Path::new(&out).join("exercises.json"), text).map_err(|e| e.to_string())
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}

fn entry(dir: &Path, id: &str) -> Result<Entry, String> {
    let file = dir.join("exercise.yaml");
    let exercise: format::Exercise =
        serde_yaml::from_str(&read(&file)?).map_err(|e| format!("{}: {e}", file.display()))?;
    let mut problems = exercise.problems();
    if exercise.id != id {
        problems.push(format!("id: \"{}\" is not the name of its folder", exercise.id));
    }
    if let Some(first) = problems.first() {
        return Err(format!("{}: {first}", file.display()));
    }
    let mut files = BTreeMap::new();
    collect(dir, dir, &mut files)?;
    files.remove("exercise.yaml");
    // The page plays no wrong answers: they are there to prove the checks, which `gatehouse check` does natively.
    if std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "wasm32") {
        let proofs = exercise.wrong.iter().map(|w| &w.dir).chain(exercise.right.iter().map(|r| &r.dir));
        let proofs: Vec<String> = proofs.map(|dir| format!("{}/", dir.trim_end_matches('/'))).collect();
        files.retain(|path, _| !proofs.iter().any(|dir| path.starts_with(dir.as_str())));
    }
    Ok(Entry { exercise, files })
}

fn collect(root: &Path, dir: &Path, files: &mut BTreeMap<String, String>) -> Result<(), String> {
    println!("cargo::rerun-if-changed={}", dir.display());
    let entries = std::fs::read_dir(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(root, &path, files)?;
        } else {
            println!("cargo::rerun-if-changed={}", path.display());
            let name = path.strip_prefix(root).map_err(|e| e.to_string())?;
            files.insert(name.to_string_lossy().replace('\\', "/"), read(&path)?);
        }
    }
    Ok(())
}
