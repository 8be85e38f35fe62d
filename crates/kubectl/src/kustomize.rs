//! Kustomizations: building the objects of a directory.

use gatehouse_model::Object;

use crate::host::Files;

/// Builds a directory.
///
/// # Errors
/// What kustomize says.
pub fn build(files: &mut dyn Files, dir: &str) -> Result<Vec<Object>, String> {
    match files.is_dir(dir) {
        Some(true) => Ok(Vec::new()),
        _ => {
            let full = format!("{}/{dir}", files.working_dir());
            Err(format!(
                "must build at directory: not a valid directory: evalsymlink failure on '{dir}' : lstat {full}: no such file or directory"
            ))
        }
    }
}
