//! Mount tables: which file system is seen where.

use super::{Fs, Ino, Kind};

/// A place in a mount table: a mount and an inode seen through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loc {
    /// The mount's number.
    pub mount: u32,
    /// The inode.
    pub ino: Ino,
}

/// A mounted file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Its number in this table.
    pub id: u32,
    /// Where it lies on its parent; `None` for the root.
    pub on: Option<Loc>,
    /// The inode that is its root.
    pub root: Ino,
    /// The mount point's path, as /proc/mounts shows it.
    pub point: String,
    /// What is mounted: `tmpfs`, `overlay`, `/dev/vda1`.
    pub source: String,
    /// The file system's type.
    pub fstype: String,
    /// Whether it is mounted read-only.
    pub read_only: bool,
    /// The other options, as /proc/mounts shows them (`nosuid`, `nodev`, `noexec`, …).
    pub options: Vec<String>,
}

impl Mount {
    /// The options as /proc/mounts shows them.
    #[must_use]
    pub fn option_text(&self) -> String {
        let mut all = vec![if self.read_only { "ro" } else { "rw" }.to_owned()];
        all.extend(self.options.iter().cloned());
        all.join(",")
    }
}

/// The mounts a group of processes sees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MountTable {
    mounts: Vec<Mount>,
    next: u32,
}

impl MountTable {
    /// A table with one mount at `/`.
    #[must_use]
    pub fn new(root: Ino, source: &str, fstype: &str, options: &[&str]) -> Self {
        let mut table = Self::default();
        table.add(None, root, "/", source, fstype, options);
        table
    }

    fn add(
        &mut self,
        on: Option<Loc>,
        root: Ino,
        point: &str,
        source: &str,
        fstype: &str,
        options: &[&str],
    ) -> u32 {
        self.next += 1;
        self.mounts.push(Mount {
            id: self.next,
            on,
            root,
            point: point.to_owned(),
            source: source.to_owned(),
            fstype: fstype.to_owned(),
            read_only: options.contains(&"ro"),
            options: options
                .iter()
                .filter(|o| !matches!(**o, "ro" | "rw"))
                .map(|o| (*o).to_owned())
                .collect(),
        });
        self.next
    }

    /// The root of the table.
    #[must_use]
    pub fn root(&self) -> Loc {
        self.mounts.first().map_or(Loc { mount: 0, ino: 0 }, |m| Loc { mount: m.id, ino: m.root })
    }

    /// All mounts, oldest first.
    #[must_use]
    pub fn all(&self) -> &[Mount] {
        &self.mounts
    }

    /// One mount.
    #[must_use]
    pub fn get(&self, id: u32) -> Option<&Mount> {
        self.mounts.iter().find(|m| m.id == id)
    }

    /// One mount, to be changed (`remount`).
    pub fn get_mut(&mut self, id: u32) -> Option<&mut Mount> {
        self.mounts.iter_mut().find(|m| m.id == id)
    }

    /// Mounts a file system at a place; gives the mount's number.
    pub fn mount(
        &mut self,
        on: Loc,
        root: Ino,
        point: &str,
        source: &str,
        fstype: &str,
        options: &[&str],
    ) -> u32 {
        self.add(Some(on), root, point, source, fstype, options)
    }

    /// Takes a mount and everything mounted below it away.
    pub fn unmount(&mut self, id: u32) {
        let below: Vec<u32> =
            self.mounts.iter().filter(|m| m.on.is_some_and(|o| o.mount == id)).map(|m| m.id).collect();
        for b in below {
            self.unmount(b);
        }
        self.mounts.retain(|m| m.id != id);
    }

    /// Through the mounts that lie on a place to the topmost one's root.
    #[must_use]
    pub fn enter(&self, mut at: Loc) -> Loc {
        while let Some(m) = self.mounts.iter().rev().find(|m| m.on == Some(at)) {
            at = Loc { mount: m.id, ino: m.root };
        }
        at
    }

    /// The directory a directory is in, across mounts; the root's is itself.
    #[must_use]
    pub fn parent(&self, fs: &Fs, at: Loc) -> Loc {
        let Some(mount) = self.get(at.mount) else { return at };
        if mount.root == at.ino {
            return mount.on.map_or(at, |on| self.parent(fs, on));
        }
        Loc { mount: at.mount, ino: fs.parent(at.ino) }
    }

    /// The absolute path of a directory, as seen from `root`.
    #[must_use]
    pub fn path_of(&self, fs: &Fs, root: Loc, mut at: Loc) -> String {
        let mut names: Vec<String> = Vec::new();
        while at != root {
            let Some(mount) = self.get(at.mount) else { break };
            if mount.root == at.ino {
                match mount.on {
                    Some(on) => {
                        at = on;
                        continue;
                    }
                    None => break,
                }
            }
            if at.ino >= super::PROC_BASE {
                let (pid, entry) = ((at.ino - super::PROC_BASE) >> 8, (at.ino - super::PROC_BASE) & 255);
                if entry != 0 {
                    names.push(crate::procfs::entry_name(entry).to_owned());
                }
                names.push(pid.to_string());
                at.ino = mount.root;
                continue;
            }
            let parent = fs.parent(at.ino);
            let Some(name) = fs.name_of(parent, at.ino) else { break };
            names.push(name.to_string());
            at.ino = parent;
        }
        names.reverse();
        format!("/{}", names.join("/"))
    }

    /// The place of `path` without permission checks and links: how mounts are set up before anything runs.
    #[must_use]
    pub fn locate(&self, fs: &Fs, path: &str) -> Option<Loc> {
        let mut at = self.enter(self.root());
        let mut budget = 40;
        let mut parts: Vec<String> =
            path.split('/').rev().filter(|p| !p.is_empty()).map(str::to_owned).collect();
        while let Some(name) = parts.pop() {
            if name == ".." {
                at = self.parent(fs, at);
                continue;
            }
            let ino = fs.child(at.ino, &name)?;
            if let Some(Kind::Link(target)) = fs.get(ino).map(|i| &i.kind) {
                budget -= 1;
                if budget == 0 {
                    return None;
                }
                if target.starts_with('/') {
                    at = self.enter(self.root());
                }
                parts.extend(target.split('/').rev().filter(|p| !p.is_empty()).map(str::to_owned));
                continue;
            }
            at = self.enter(Loc { mount: at.mount, ino });
        }
        Some(at)
    }
}
