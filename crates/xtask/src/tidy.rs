//! `tidy`: the invariants of ARCHITECTURE.md, each a rule that can fail.

mod files;
mod imports;
mod source;

use std::path::{Path, PathBuf};

use crate::command::{Outcome, program, root};

/// Something out of place, and where.
pub(crate) struct Complaint {
    file: PathBuf,
    line: usize,
    what: String,
}

pub(crate) fn run(_: &[String]) -> Outcome {
    let files = tracked()?;
    let mut complaints = Vec::new();
    imports::check(&mut complaints)?;
    files::check(&files, &mut complaints);
    source::check(&files, &mut complaints)?;
    for Complaint { file, line, what } in &complaints {
        println!("{}:{line}: {what}", file.display());
    }
    match complaints.len() {
        0 => {
            println!("tidy: {} files in order", files.len());
            Ok(())
        }
        n => Err(format!("{n} things out of place")),
    }
}

/// The files of the project relative to its top: what git keeps or would keep.
fn tracked() -> Outcome<Vec<PathBuf>> {
    let listed =
        program("git").args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).read()?;
    let mut files: Vec<PathBuf> =
        listed.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from).collect();
    files.retain(|file| root().join(file).is_file());
    files.sort();
    files.dedup();
    Ok(files)
}

/// Whether a source file holds only tests.
fn is_test_file(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name == "tests.rs" || name.to_string_lossy().ends_with("_tests.rs"))
        || file.components().any(|part| part.as_os_str() == "tests" || part.as_os_str() == "benches")
}
