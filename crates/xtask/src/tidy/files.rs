//! Where files lie and how they are called: nothing stray, nothing left over, nothing that cannot be read.

use std::path::{Path, PathBuf};

use super::Complaint;
use crate::command::root;

/// What may lie at the top.
const TOP: &[&str] = &[
    ".cargo",
    ".ci",
    ".gitattributes",
    ".github",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "DESIGN.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "Trunk.toml",
    "clippy.toml",
    "crates",
    "deny.toml",
    "exercises",
    "index.html",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "size-budget.toml",
    "tests",
    "web",
];

/// Endings of files that somebody forgot.
const LEFT_OVER: &[&str] = &["orig", "rej", "bak", "swp", "tmp", "log", "new", "old", "pyc"];

pub(super) fn check(files: &[PathBuf], complaints: &mut Vec<Complaint>) {
    for file in files {
        let mut complain =
            |what: &str| complaints.push(Complaint { file: file.clone(), line: 1, what: what.to_owned() });
        let top = file.components().next().map(|part| part.as_os_str().to_string_lossy().into_owned());
        if top.is_none_or(|top| !TOP.contains(&top.as_str())) {
            complain("nothing of this name belongs at the top");
        }
        let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if LEFT_OVER.contains(&extension) || file.to_string_lossy().ends_with('~') {
            complain("a file left over");
        }
        if file.starts_with("exercises") && extension == "rs" {
            complain("exercises hold content, no Rust");
        }
        if !is_text(file) {
            complain("not text: the tree holds nothing that cannot be read");
        }
    }
}

fn is_text(file: &Path) -> bool {
    std::fs::read(root().join(file))
        .is_ok_and(|bytes| std::str::from_utf8(&bytes).is_ok_and(|text| !text.contains('\0')))
}
