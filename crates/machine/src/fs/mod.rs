//! File systems: inodes shared by everything that runs on one kernel, and the mount tables through which they are seen.
//!
//! No permission is checked here: that is `sys`, the only way programs reach this. Building an image or a node
//! before anything runs on it may go past the gate.

mod mounts;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use mounts::{Loc, Mount, MountTable};

/// The number of an inode.
pub type Ino = u64;

/// Inodes at and above this number are made up on the fly by procfs: `PROC_BASE + pid * 256 + entry`.
pub const PROC_BASE: Ino = 1 << 40;

/// A directory's content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dir {
    /// The directory this one is in; its own number at the root of a file system.
    pub parent: Ino,
    /// Names and inodes, in byte order.
    pub entries: BTreeMap<Arc<str>, Ino>,
    /// Whether it is the root of a procfs, where processes appear as directories.
    pub procfs: bool,
}

/// What an inode is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File(Arc<Vec<u8>>),
    /// A directory.
    Dir(Dir),
    /// A symbolic link.
    Link(Arc<str>),
    /// A character device: major, minor.
    Char(u32, u32),
    /// A block device: major, minor.
    Block(u32, u32),
    /// A named pipe.
    Fifo,
    /// A Unix socket.
    Socket,
}

/// An inode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inode {
    /// What it is, with its content.
    pub kind: Kind,
    /// Permission bits, with setuid, setgid and sticky.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// When it was last changed, in milliseconds since 1970.
    pub mtime: i64,
    /// The number of names it has.
    pub links: u32,
}

impl Inode {
    /// The file type as `st_mode` and `ls -l` know it.
    #[must_use]
    pub const fn type_letter(&self) -> char {
        match self.kind {
            Kind::File(_) => '-',
            Kind::Dir(_) => 'd',
            Kind::Link(_) => 'l',
            Kind::Char(..) => 'c',
            Kind::Block(..) => 'b',
            Kind::Fifo => 'p',
            Kind::Socket => 's',
        }
    }

    /// The content's length in bytes, as `stat` gives it.
    #[must_use]
    pub fn size(&self) -> u64 {
        match &self.kind {
            Kind::File(c) => c.len() as u64,
            Kind::Link(t) => t.len() as u64,
            Kind::Dir(_) => 4096,
            _ => 0,
        }
    }

    /// Whether it is a directory.
    #[must_use]
    pub const fn is_dir(&self) -> bool {
        matches!(self.kind, Kind::Dir(_))
    }
}

/// All inodes of a kernel. A clone shares them until it changes one.
#[derive(Clone, Debug, Default)]
pub struct Fs {
    inodes: Arc<BTreeMap<Ino, Arc<Inode>>>,
    next: Ino,
}

impl Fs {
    /// Adds an inode that no directory names yet.
    pub fn add(&mut self, kind: Kind, mode: u32, uid: u32, gid: u32, now: i64) -> Ino {
        self.next += 1;
        let ino = self.next;
        let kind = match kind {
            Kind::Dir(mut d) => {
                if d.parent == 0 {
                    d.parent = ino;
                }
                Kind::Dir(d)
            }
            other => other,
        };
        let inode = Inode { kind, mode, uid, gid, mtime: now, links: 1 };
        Arc::make_mut(&mut self.inodes).insert(ino, Arc::new(inode));
        ino
    }

    /// A fresh root directory: a file system of its own.
    pub fn new_root(&mut self, mode: u32, now: i64) -> Ino {
        self.add(Kind::Dir(Dir::default()), mode, 0, 0, now)
    }

    /// An inode.
    #[must_use]
    pub fn get(&self, ino: Ino) -> Option<&Arc<Inode>> {
        self.inodes.get(&ino)
    }

    /// An inode to be changed.
    pub fn get_mut(&mut self, ino: Ino) -> Option<&mut Inode> {
        Arc::make_mut(&mut self.inodes).get_mut(&ino).map(Arc::make_mut)
    }

    /// A directory's entry.
    #[must_use]
    pub fn child(&self, dir: Ino, name: &str) -> Option<Ino> {
        match &self.get(dir)?.kind {
            Kind::Dir(d) => d.entries.get(name).copied(),
            _ => None,
        }
    }

    /// The directory a directory is in.
    #[must_use]
    pub fn parent(&self, dir: Ino) -> Ino {
        match self.get(dir).map(|i| &i.kind) {
            Some(Kind::Dir(d)) => d.parent,
            _ => dir,
        }
    }

    /// The name of `child` in `dir`.
    #[must_use]
    pub fn name_of(&self, dir: Ino, child: Ino) -> Option<Arc<str>> {
        match &self.get(dir)?.kind {
            Kind::Dir(d) => d.entries.iter().find(|(_, i)| **i == child).map(|(n, _)| Arc::clone(n)),
            _ => None,
        }
    }

    /// Gives an inode a name, in place of whatever had it.
    pub fn link(&mut self, dir: Ino, name: &str, ino: Ino, now: i64) {
        let is_dir = self.get(ino).is_some_and(|i| i.is_dir());
        if let Some(Inode { kind: Kind::Dir(d), mtime, .. }) = self.get_mut(dir) {
            d.entries.insert(name.into(), ino);
            *mtime = now;
        }
        if is_dir && let Some(Inode { kind: Kind::Dir(d), .. }) = self.get_mut(ino) {
            d.parent = dir;
        }
    }

    /// Takes a name away; the inode goes with its last one.
    pub fn unlink(&mut self, dir: Ino, name: &str, now: i64) -> Option<Ino> {
        let parent = self.get_mut(dir)?;
        let Kind::Dir(d) = &mut parent.kind else { return None };
        let ino = d.entries.remove(name)?;
        parent.mtime = now;
        if let Some(inode) = self.get_mut(ino) {
            inode.links = inode.links.saturating_sub(1);
        }
        Some(ino)
    }

    /// Forgets an inode and everything below it.
    pub fn forget(&mut self, ino: Ino) {
        let Some(inode) = Arc::make_mut(&mut self.inodes).remove(&ino) else { return };
        if let Kind::Dir(d) = &inode.kind {
            for child in d.entries.values() {
                self.forget(*child);
            }
        }
    }

    /// The directory at `path` below `root`, made with its parents where missing; no mount is crossed and links to
    /// directories inside the tree are followed.
    pub fn make_dirs(&mut self, root: Ino, path: &str, now: i64) -> Ino {
        let mut at = root;
        for name in path.split('/').filter(|p| !p.is_empty()) {
            at = match self.child(at, name) {
                Some(i) => match self.get(i).map(|i| i.kind.clone()) {
                    Some(Kind::Link(target)) if target.starts_with('/') => self.make_dirs(root, &target, now),
                    Some(Kind::Link(target)) => self.make_dirs(at, &target, now),
                    _ => i,
                },
                None => {
                    let i = self.add(Kind::Dir(Dir { parent: at, ..Dir::default() }), 0o755, 0, 0, now);
                    self.link(at, name, i, now);
                    i
                }
            };
        }
        at
    }

    /// Puts an inode at `path` below `root`, with its parents: how trees are built before anything runs.
    pub fn put(&mut self, root: Ino, path: &str, kind: Kind, mode: u32, owner: (u32, u32), now: i64) -> Ino {
        let (dir, name) = path.trim_end_matches('/').rsplit_once('/').unwrap_or(("", path));
        let dir = self.make_dirs(root, dir, now);
        if matches!(kind, Kind::Dir(_))
            && let Some(there) = self.child(dir, name)
        {
            if let Some(i) = self.get_mut(there) {
                i.mode = mode;
                (i.uid, i.gid) = owner;
            }
            return there;
        }
        let ino = self.add(kind, mode, owner.0, owner.1, now);
        self.link(dir, name, ino, now);
        ino
    }

    /// The inode at `path` below `root`; no mount is crossed, no link followed.
    #[must_use]
    pub fn at(&self, root: Ino, path: &str) -> Option<Ino> {
        path.split('/').filter(|p| !p.is_empty()).try_fold(root, |at, name| self.child(at, name))
    }

    /// A deep copy of a tree: a container's own writable layer over an image.
    pub fn copy_tree(&mut self, ino: Ino) -> Option<Ino> {
        let source = Arc::clone(self.get(ino)?);
        let kind = match &source.kind {
            Kind::Dir(d) => Kind::Dir(Dir { procfs: d.procfs, ..Dir::default() }),
            other => other.clone(),
        };
        let copy = self.add(kind, source.mode, source.uid, source.gid, source.mtime);
        if let Kind::Dir(d) = &source.kind {
            for (name, child) in &d.entries {
                if let Some(c) = self.copy_tree(*child) {
                    self.link(copy, name, c, source.mtime);
                }
            }
        }
        Some(copy)
    }

    /// A file's content.
    #[must_use]
    pub fn content(&self, ino: Ino) -> Option<Arc<Vec<u8>>> {
        match &self.get(ino)?.kind {
            Kind::File(c) => Some(Arc::clone(c)),
            _ => None,
        }
    }
}
