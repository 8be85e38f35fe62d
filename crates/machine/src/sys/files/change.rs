//! Calls that change directories and inodes.

use super::*;

impl Sys<'_> {
    /// mkdir(2).
    ///
    /// # Errors
    /// As mkdir(2).
    pub fn mkdir(&mut self, path: &str, mode: u32) -> Result<()> {
        self.mkdir_by("mkdir", path, mode)
    }

    /// What ftruncate(2) does with an open file: `path` was opened for writing before.
    ///
    /// # Errors
    /// EINVAL for what is no file.
    pub(crate) fn resize(&mut self, path: &str, size: usize) -> Result<()> {
        let at = self.walk(path, true)?.existing()?;
        let now = self.machine.now.0;
        match self.machine.fs.get_mut(at.ino) {
            Some(Inode { kind: Kind::File(content), mtime, .. }) => {
                std::sync::Arc::make_mut(content).resize(size, 0);
                *mtime = now;
                Ok(())
            }
            _ => Err(Errno::EINVAL),
        }
    }

    /// mkdir(2) or mkdirat(2), as the program has it.
    ///
    /// # Errors
    /// As mkdir(2).
    pub fn mkdir_by(&mut self, call: &'static str, path: &str, mode: u32) -> Result<()> {
        let args =
            if call == "mkdir" { [0, u64::from(mode), 0] } else { [-100i64 as u64, 0, u64::from(mode)] };
        gate!(self, call, &args);
        let found = self
            .walk(path.trim_end_matches('/'), false)
            .map_err(|e| if path.trim_matches('/').is_empty() { Errno::EEXIST } else { e })?;
        if found.at.is_some() {
            return Err(Errno::EEXIST);
        }
        self.may_create(&found, PathOp::Mkdir)?;
        let mode = mode & !self.me.umask;
        let now = self.machine.now.0;
        self.make(&found, Kind::Dir(Dir { parent: found.dir.ino, ..Dir::default() }), mode, now);
        Ok(())
    }

    /// rmdir(2), or unlinkat with AT_REMOVEDIR.
    ///
    /// # Errors
    /// As rmdir(2).
    pub fn rmdir(&mut self, call: &'static str, path: &str) -> Result<()> {
        gate!(self, call);
        let found = self.walk(path, false)?;
        if found.name.is_empty() {
            return Err(if path.ends_with('.') { Errno::EINVAL } else { Errno::EBUSY });
        }
        let at = self.may_delete(&found, Some(PathOp::Rmdir))?;
        match self.inode(at.ino).map(|i| i.kind.clone()) {
            Some(Kind::Dir(d)) if d.entries.is_empty() => {}
            Some(Kind::Dir(_)) => return Err(Errno::ENOTEMPTY),
            _ => return Err(Errno::ENOTDIR),
        }
        let now = self.machine.now.0;
        self.machine.fs.unlink(found.dir.ino, &found.name, now);
        self.machine.fs.forget(at.ino);
        Ok(())
    }

    /// unlink(2) or unlinkat.
    ///
    /// # Errors
    /// As unlink(2).
    pub fn unlink(&mut self, call: &'static str, path: &str) -> Result<()> {
        gate!(self, call);
        let found = self.walk(path, false)?;
        let at = self.may_delete(&found, Some(PathOp::Unlink))?;
        if self.inode(at.ino).is_some_and(|i| i.is_dir()) {
            return Err(Errno::EISDIR);
        }
        let now = self.machine.now.0;
        self.machine.fs.unlink(found.dir.ino, &found.name, now);
        Ok(())
    }

    /// rename(2) or renameat2.
    ///
    /// # Errors
    /// As rename(2).
    pub fn rename(&mut self, call: &'static str, from: &str, to: &str) -> Result<()> {
        gate!(self, call);
        let old = self.walk(from, false)?;
        let new = self.walk(to.trim_end_matches('/'), false)?;
        if old.dir.mount != new.dir.mount {
            return Err(Errno::EXDEV);
        }
        let at = self.may_delete(&old, None)?;
        if new.at.is_none() && self.read_only(new.dir) {
            return Err(Errno::EROFS);
        }
        self.lsm_rename(&old, &new)?;
        if let Some(there) = new.at {
            if there == at {
                return Ok(());
            }
            self.may_delete(&new, None)?;
            let (source, target) = (self.inode(at.ino), self.inode(there.ino));
            match (source.is_some_and(|i| i.is_dir()), target.map(|i| i.kind.clone())) {
                (true, Some(Kind::Dir(d))) if !d.entries.is_empty() => return Err(Errno::ENOTEMPTY),
                (true, Some(Kind::Dir(_))) => {}
                (true, _) => return Err(Errno::ENOTDIR),
                (false, Some(Kind::Dir(_))) => return Err(Errno::EISDIR),
                _ => {}
            }
        } else {
            let dir = self.inode(new.dir.ino).ok_or(Errno::ENOENT)?;
            if !self.may(&dir, WRITE | 1) {
                return Err(Errno::EACCES);
            }
        }
        let above = self.path_of(new.dir);
        let moved = self.found_path(&old);
        if above == moved || above.starts_with(&format!("{moved}/")) {
            return Err(Errno::EINVAL);
        }
        let now = self.machine.now.0;
        if new.at.is_some() {
            self.machine.fs.unlink(new.dir.ino, &new.name, now);
        }
        self.machine.fs.unlink(old.dir.ino, &old.name, now);
        self.machine.fs.link(new.dir.ino, &new.name, at.ino, now);
        if let Some(i) = self.machine.fs.get_mut(at.ino) {
            i.links = i.links.max(1);
        }
        Ok(())
    }

    /// chmod(2) or fchmodat.
    ///
    /// # Errors
    /// As chmod(2).
    pub fn chmod(&mut self, call: &'static str, path: &str, mode: u32) -> Result<()> {
        let args: &[u64] = if call == "chmod" { &[0, u64::from(mode)] } else { &[0, 0, u64::from(mode)] };
        gate!(self, call, args);
        let found = self.walk(path, true)?;
        let at = found.existing()?;
        if self.read_only(at) {
            return Err(Errno::EROFS);
        }
        self.lsm(PathOp::Chmod, &found)?;
        let inode = self.inode(at.ino).ok_or(Errno::ENOENT)?;
        if self.me.cred.uid != inode.uid && !self.capable_inode(Capability::Fowner, &inode) {
            return Err(Errno::EPERM);
        }
        let mut mode = mode & 0o7777;
        if mode & 0o2000 != 0
            && !self.me.cred.in_group(inode.gid)
            && !self.capable_inode(Capability::Fsetid, &inode)
        {
            mode &= !0o2000;
        }
        match self.machine.fs.get_mut(at.ino) {
            Some(i) => i.mode = mode,
            None => return Err(Errno::EPERM),
        }
        Ok(())
    }

    /// chown(2), lchown or fchownat; `None` leaves as it is.
    ///
    /// # Errors
    /// As chown(2).
    pub fn chown(
        &mut self,
        call: &'static str,
        path: &str,
        uid: Option<u32>,
        gid: Option<u32>,
        follow: bool,
    ) -> Result<()> {
        gate!(self, call);
        let found = self.walk(path, follow)?;
        let at = found.existing()?;
        if self.read_only(at) {
            return Err(Errno::EROFS);
        }
        self.lsm(PathOp::Chown, &found)?;
        let inode = self.inode(at.ino).ok_or(Errno::ENOENT)?;
        let mine = self.me.cred.uid == inode.uid;
        let user_stays = uid.is_none_or(|u| u == inode.uid && mine);
        let group_mine = gid.is_none_or(|g| mine && (self.me.cred.in_group(g) || g == inode.gid));
        let allowed = user_stays && group_mine;
        if !allowed && !self.capable_inode(Capability::Chown, &inode) {
            return Err(Errno::EPERM);
        }
        match self.machine.fs.get_mut(at.ino) {
            Some(i) => {
                i.uid = uid.unwrap_or(i.uid);
                i.gid = gid.unwrap_or(i.gid);
                if !i.is_dir() {
                    i.mode &= !0o6000;
                }
            }
            None => return Err(Errno::EPERM),
        }
        Ok(())
    }

    /// utimensat(2): the time of change to `millis`, or now.
    ///
    /// # Errors
    /// As utimensat(2).
    pub fn utime(&mut self, path: &str, millis: Option<i64>) -> Result<()> {
        gate!(self, "utimensat");
        let found = self.walk(path, true)?;
        let at = found.existing()?;
        if self.read_only(at) {
            return Err(Errno::EROFS);
        }
        let inode = self.inode(at.ino).ok_or(Errno::ENOENT)?;
        let mine = self.me.cred.uid == inode.uid;
        let may = mine || millis.is_none() && self.may(&inode, WRITE);
        if !may && !self.capable_inode(Capability::Fowner, &inode) {
            return Err(if millis.is_none() { Errno::EACCES } else { Errno::EPERM });
        }
        let now = self.machine.now.0;
        if let Some(i) = self.machine.fs.get_mut(at.ino) {
            i.mtime = millis.unwrap_or(now);
        }
        Ok(())
    }

    /// link(2) or linkat.
    ///
    /// # Errors
    /// As link(2).
    pub fn link(&mut self, call: &'static str, from: &str, to: &str) -> Result<()> {
        gate!(self, call);
        let old = self.walk(from, false)?;
        let at = old.existing()?;
        let new = self.walk(to, false)?;
        if new.at.is_some() {
            return Err(Errno::EEXIST);
        }
        if at.mount != new.dir.mount {
            return Err(Errno::EXDEV);
        }
        if self.read_only(new.dir) {
            return Err(Errno::EROFS);
        }
        let inode = self.inode(at.ino).ok_or(Errno::ENOENT)?;
        // fs.protected_hardlinks
        if self.me.cred.uid != inode.uid {
            let plain = matches!(inode.kind, Kind::File(_))
                && inode.mode & 0o4000 == 0
                && inode.mode & 0o2010 != 0o2010;
            let harmless = plain && self.may(&inode, READ | WRITE);
            if !harmless && !self.capable_inode(Capability::Fowner, &inode) {
                return Err(Errno::EPERM);
            }
        }
        let dir = self.inode(new.dir.ino).ok_or(Errno::ENOENT)?;
        if !self.may(&dir, WRITE | 1) {
            return Err(Errno::EACCES);
        }
        if inode.is_dir() {
            return Err(Errno::EPERM);
        }
        self.lsm_link(&old, &new)?;
        let now = self.machine.now.0;
        self.machine.fs.link(new.dir.ino, &new.name, at.ino, now);
        if let Some(i) = self.machine.fs.get_mut(at.ino) {
            i.links += 1;
        }
        Ok(())
    }

    /// symlink(2) or symlinkat.
    ///
    /// # Errors
    /// As symlink(2).
    pub fn symlink(&mut self, call: &'static str, target: &str, path: &str) -> Result<()> {
        gate!(self, call);
        let found = self.walk(path, false)?;
        if found.at.is_some() {
            return Err(Errno::EEXIST);
        }
        self.may_create(&found, PathOp::Symlink)?;
        let now = self.machine.now.0;
        self.make(&found, Kind::Link(target.into()), 0o777, now);
        Ok(())
    }

    /// mknodat(2).
    ///
    /// # Errors
    /// As mknod(2).
    pub fn mknod(&mut self, path: &str, kind: Kind, mode: u32) -> Result<()> {
        gate!(self, "mknodat");
        let found = self.walk(path, false)?;
        if found.at.is_some() {
            return Err(Errno::EEXIST);
        }
        let device = matches!(kind, Kind::Char(..) | Kind::Block(..));
        self.may_create(&found, PathOp::Mknod)?;
        if device && !self.capable(Capability::Mknod) {
            return Err(Errno::EPERM);
        }
        self.device_cgroup(&kind, false)?;
        let now = self.machine.now.0;
        let mode = mode & !self.me.umask;
        self.make(&found, kind, mode, now);
        Ok(())
    }
}
