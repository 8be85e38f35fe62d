//! From paths to inodes, and who may go there.
//!
//! Models Linux fs/namei.c (link_path_walk) and generic_permission.

use super::{Result, Sys};
use crate::errno::Errno;
use crate::fs::{Inode, Kind, Loc};
use gatehouse_core::effects::capabilities::Capability;

/// Where a path leads.
#[derive(Clone, Debug)]
pub struct Found {
    /// The directory the last name is in.
    pub dir: Loc,
    /// The last name; empty where the path is a root.
    pub name: String,
    /// What is there.
    pub at: Option<Loc>,
}

impl Found {
    /// The place, which must exist.
    ///
    /// # Errors
    /// ENOENT.
    pub fn existing(&self) -> Result<Loc> {
        self.at.ok_or(Errno::ENOENT)
    }
}

/// Links followed before ELOOP.
const MAX_LINKS: u32 = 40;

pub(super) const EXECUTE: u32 = 1;
pub(super) const WRITE: u32 = 2;
pub(super) const READ: u32 = 4;

impl Sys<'_> {
    /// Whether permission bits, or a capability that overrides them, let the process do `mask` (4 read, 2 write, 1 execute).
    pub(super) fn may(&mut self, inode: &Inode, mask: u32) -> bool {
        let cred = &self.me.cred;
        let bits = if cred.uid == inode.uid {
            inode.mode >> 6
        } else if cred.in_group(inode.gid) {
            inode.mode >> 3
        } else {
            inode.mode
        };
        if bits & mask == mask {
            return true;
        }
        let dir = inode.is_dir();
        if dir || mask & EXECUTE == 0 || inode.mode & 0o111 != 0 {
            if (dir && mask & WRITE == 0 || mask == READ)
                && self.capable_inode(Capability::DacReadSearch, inode)
            {
                return true;
            }
            return self.capable_inode(Capability::DacOverride, inode);
        }
        false
    }

    /// The child of a directory, across mounts; the caller has checked permissions.
    fn child(&self, dir: Loc, name: &str) -> Option<Loc> {
        let space = self.space()?;
        let ino = if dir.ino >= crate::fs::PROC_BASE {
            crate::procfs::child(self.machine, &self.me, dir.ino, name)?
        } else {
            match self.machine.fs.child(dir.ino, name) {
                Some(i) => i,
                None => {
                    let is_proc = matches!(self.machine.fs.get(dir.ino).map(|i| &i.kind), Some(Kind::Dir(d)) if d.procfs);
                    if !is_proc {
                        return None;
                    }
                    crate::procfs::process(self.machine, &self.me, name)?
                }
            }
        };
        Some(space.mounts.enter(Loc { mount: dir.mount, ino }))
    }

    /// Walks a path. The last name may be missing; a link there is followed where `follow` says so.
    ///
    /// # Errors
    /// ENOENT, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG.
    pub fn walk(&mut self, path: &str, follow: bool) -> Result<Found> {
        if path.is_empty() {
            return Err(Errno::ENOENT);
        }
        if path.len() > 4095 || path.split('/').any(|p| p.len() > 255) {
            return Err(Errno::ENAMETOOLONG);
        }
        let root = self.me.root;
        let mut at = if path.starts_with('/') { root } else { self.me.cwd };
        let mut found = Found { dir: at, name: String::new(), at: Some(at) };
        let must_be_dir = path.ends_with('/') || path.ends_with("/.");
        let mut links = 0;
        let mut parts: Vec<String> =
            path.split('/').rev().filter(|p| !p.is_empty()).map(str::to_owned).collect();
        while let Some(name) = parts.pop() {
            let inode = self.inode(at.ino).ok_or(Errno::ENOENT)?;
            if !inode.is_dir() {
                return Err(Errno::ENOTDIR);
            }
            if !self.may(&inode, EXECUTE) {
                return Err(Errno::EACCES);
            }
            if name == "." {
                found = Found { dir: at, name: String::new(), at: Some(at) };
                continue;
            }
            if name == ".." {
                if at != root {
                    at = self.parent(at);
                }
                found = Found { dir: at, name: String::new(), at: Some(at) };
                continue;
            }
            let last = parts.is_empty();
            let child = self.child(at, &name);
            let Some(child) = child else {
                if last {
                    return Ok(Found { dir: at, name, at: None });
                }
                return Err(Errno::ENOENT);
            };
            let target = match self.inode(child.ino).map(|i| i.kind.clone()) {
                Some(Kind::Link(t)) if !last || follow || must_be_dir => Some(t),
                _ => None,
            };
            if let Some(target) = target {
                links += 1;
                if links > MAX_LINKS {
                    return Err(Errno::ELOOP);
                }
                if target.starts_with('/') {
                    at = root;
                    found = Found { dir: at, name: String::new(), at: Some(at) };
                }
                parts.extend(target.split('/').rev().filter(|p| !p.is_empty()).map(str::to_owned));
                continue;
            }
            found = Found { dir: at, name, at: Some(child) };
            at = child;
        }
        if must_be_dir && found.at.and_then(|a| self.inode(a.ino)).is_some_and(|i| !i.is_dir()) {
            return Err(Errno::ENOTDIR);
        }
        Ok(found)
    }

    /// The directory a directory is in.
    #[must_use]
    pub fn parent(&self, at: Loc) -> Loc {
        if at.ino >= crate::fs::PROC_BASE {
            let root = self.space().and_then(|s| s.mounts.get(at.mount).map(|m| m.root)).unwrap_or(at.ino);
            let entry = (at.ino - crate::fs::PROC_BASE) & 255;
            return Loc { mount: at.mount, ino: if entry == 0 { root } else { at.ino - entry } };
        }
        self.space().map_or(at, |s| s.mounts.parent(&self.machine.fs, at))
    }

    /// The absolute path of what a walk found, existing or not.
    #[must_use]
    pub fn found_path(&self, found: &Found) -> String {
        if found.name.is_empty() {
            return self.path_of(found.dir);
        }
        let dir = self.path_of(found.dir);
        if dir == "/" { format!("/{}", found.name) } else { format!("{dir}/{}", found.name) }
    }
}
