//! The files of the machine kubectl runs on, through the machine's system calls.

use gatehouse_kubectl::Files;
use gatehouse_kubectl::host::{DirEntry, FileError};
use gatehouse_machine::Sys;
use gatehouse_machine::errno::Errno;

/// A process's view of its machine's files.
pub(super) struct SysFiles<'s, 'm> {
    pub(super) sys: &'s mut Sys<'m>,
}

/// What Go's `syscall.Errno` says.
fn go(errno: Errno) -> FileError {
    let errno = match errno {
        Errno::ENOENT => "no such file or directory",
        Errno::EACCES => "permission denied",
        Errno::EPERM => "operation not permitted",
        Errno::EISDIR => "is a directory",
        Errno::ENOTDIR => "not a directory",
        Errno::EROFS => "read-only file system",
        Errno::EEXIST => "file exists",
        Errno::ELOOP => "too many levels of symbolic links",
        Errno::ENAMETOOLONG => "file name too long",
        _ => "input/output error",
    };
    FileError { errno }
}

impl Files for SysFiles<'_, '_> {
    fn read(&mut self, path: &str) -> Result<Vec<u8>, FileError> {
        self.sys.slurp_bytes(path).map_err(go)
    }

    fn write(&mut self, path: &str, content: &[u8]) -> Result<(), FileError> {
        self.sys.spill(path, content).map_err(go)
    }

    fn list(&mut self, path: &str) -> Result<Vec<DirEntry>, FileError> {
        let names = self.sys.list(path).map_err(go)?;
        let entries = names.into_iter().map(|name| {
            let is_dir = self.is_dir(&format!("{path}/{name}")) == Some(true);
            DirEntry { name, is_dir }
        });
        Ok(entries.collect())
    }

    fn make_dirs(&mut self, path: &str) -> Result<(), FileError> {
        let mut at = String::new();
        for part in path.split_inclusive('/') {
            at.push_str(part);
            let dir = at.trim_end_matches('/');
            if !dir.is_empty() && self.is_dir(dir).is_none() {
                self.sys.mkdir(dir, 0o755).map_err(go)?;
            }
        }
        Ok(())
    }

    fn is_dir(&mut self, path: &str) -> Option<bool> {
        self.sys.stat(path).ok().map(|s| s.inode.is_dir())
    }

    fn working_dir(&self) -> String {
        self.sys.cwd()
    }

    fn env(&self, name: &str) -> Option<String> {
        self.sys.env(name)
    }
}
