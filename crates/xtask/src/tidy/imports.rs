//! Which room may know which: the arrows of ARCHITECTURE.md, read off the manifests.

use std::path::PathBuf;

use super::Complaint;
use crate::command::{Outcome, read, root};

/// A room, the siblings it may import, and the libraries that only some rooms may have.
struct Room {
    folder: &'static str,
    siblings: &'static [&'static str],
    libraries: &'static [&'static str],
}

const ROOMS: &[Room] = &[
    Room { folder: "crates/model", siblings: &[], libraries: &[] },
    Room { folder: "crates/cel", siblings: &["model"], libraries: &[] },
    Room { folder: "crates/core", siblings: &["model", "cel"], libraries: &[] },
    Room { folder: "crates/machine", siblings: &["model", "core"], libraries: &[] },
    Room { folder: "crates/kubectl", siblings: &["model", "core", "machine"], libraries: &[] },
    Room { folder: "crates/lab", siblings: &["model", "cel", "core", "machine", "kubectl"], libraries: &[] },
    Room {
        folder: "crates/conformance",
        siblings: &["model", "cel", "core", "machine", "kubectl", "lab"],
        libraries: &[],
    },
    Room { folder: "crates/cli", siblings: &["lab", "conformance"], libraries: &["clap"] },
    Room { folder: "crates/xtask", siblings: &[], libraries: &[] },
    Room {
        folder: "web",
        siblings: &["lab"],
        libraries: &["yew", "gloo", "web-sys", "js-sys", "wasm-bindgen"],
    },
    Room {
        folder: "tests",
        siblings: &["model", "cel", "core", "machine", "kubectl", "lab", "conformance"],
        libraries: &[],
    },
    Room { folder: "tests/page", siblings: &["model", "core"], libraries: &["wasm-bindgen"] },
];

/// Libraries that belong to one front end.
const GUARDED: &[&str] =
    &["clap", "yew", "gloo", "web-sys", "js-sys", "wasm-bindgen", "wasm-bindgen-futures"];

pub(super) fn check(complaints: &mut Vec<Complaint>) -> Outcome {
    for room in ROOMS {
        let file = PathBuf::from(room.folder).join("Cargo.toml");
        let manifest = read(&root().join(&file))?;
        for (line, name) in dependencies(&manifest) {
            if let Some(sibling) = name.strip_prefix("gatehouse-")
                && !room.siblings.contains(&sibling)
            {
                let what = format!("{} may not import {sibling}", room.folder);
                complaints.push(Complaint { file: file.clone(), line, what });
            }
            let guarded =
                GUARDED.contains(&name) && !room.libraries.iter().any(|library| name.starts_with(library));
            if guarded {
                let what = format!("{} may not import {name}: it belongs to a front end", room.folder);
                complaints.push(Complaint { file: file.clone(), line, what });
            }
        }
    }
    Ok(())
}

/// The names under `[dependencies]`, with their lines; what only tests need is their own affair.
fn dependencies(manifest: &str) -> Vec<(usize, &str)> {
    let mut inside = false;
    let mut found = Vec::new();
    for (index, line) in manifest.lines().enumerate() {
        if line.starts_with('[') {
            inside = line == "[dependencies]"
                || (line.starts_with("[target.") && line.ends_with(".dependencies]"));
        } else if inside
            && let Some(name) = line.split(['.', '=', ' ']).next().filter(|name| !name.is_empty())
        {
            found.push((index + 1, name));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_real_dependencies_count() {
        let manifest = "[package]\nname = \"x\"\n\n[dependencies]\ngatehouse-core.workspace = true\nserde = \"1\"\n\n\
                        [dev-dependencies]\ngatehouse-lab.workspace = true\n";
        assert_eq!(dependencies(manifest), [(5, "gatehouse-core"), (6, "serde")]);
    }
}
