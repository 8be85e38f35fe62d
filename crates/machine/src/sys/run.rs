//! Streams, and the life of processes: fork, execve, sleep, kill.

mod process;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Flags, Handle, Open, Result, Sys, Tty, gate, output};
use crate::errno::Errno;
use crate::fs::Kind;
use crate::outcome::Outcome;
use crate::process::{Process, State};
use crate::programs;
use gatehouse_core::effects::capabilities::Capability;

/// What a child came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    /// It ended with an exit code.
    Exited(i32),
    /// A signal ended it.
    Killed(i32),
    /// It goes on, or waits for a person.
    Stopped(State),
}

impl Wait {
    /// The exit code as a shell counts it.
    #[must_use]
    pub const fn code(&self) -> i32 {
        match self {
            Self::Exited(c) => *c,
            Self::Killed(s) => 128 + *s,
            Self::Stopped(_) => 0,
        }
    }
}

/// A child and what it came to.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its number in the caller's PID namespace.
    pub pid: u32,
    /// What it came to.
    pub wait: Wait,
}

/// Whether sleeping lets time pass or only says until when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Patience {
    /// A person waits: virtual time moves.
    #[default]
    Advance,
    /// A process in the background: it stays blocked.
    Block,
}

/// When a parent waits for its child.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Reap {
    /// At once.
    #[default]
    First,
    /// While the child runs beside it.
    Beside,
    /// When a signal told it that the child is no more; the call is the caller's to make.
    Told,
}

/// Sleeps longer than this are shown as still running.
const LONGEST_SLEEP: i64 = 3_600_000;
/// Programs deep inside programs after which fork fails.
const MAX_DEPTH: u32 = 60;
/// What one stream may collect before its writer gets SIGPIPE.
const MAX_PIPE: usize = 4 << 20;
/// What is read at most of something that may have no end.
const MAX_READ: usize = 16 << 20;

impl<'a> Sys<'a> {
    /// write(2).
    ///
    /// # Errors
    /// As write(2).
    pub fn write(&mut self, fd: i32, bytes: &[u8]) -> Result<()> {
        gate!(self, "write", &[fd as u64, 0, bytes.len() as u64]);
        self.spend(bytes.len() / 64);
        let handle = self.fds.get(&fd).cloned().ok_or(Errno::EBADF)?;
        let mut pipe_broke = false;
        let (mut order, mut guarded) = (None, None);
        let target = match &mut *handle.borrow_mut() {
            Open::Sink { printed, error, .. } => {
                let mut printed = printed.borrow_mut();
                let there = if *error { printed.stderr.len() } else { printed.stdout.len() };
                if there + bytes.len() > MAX_PIPE {
                    pipe_broke = true;
                } else if *error {
                    printed.complain(bytes);
                } else {
                    printed.print(bytes);
                }
                None
            }
            Open::File { at, pos, write, append, guard, .. } if *write => {
                guarded = *guard;
                Some((*at, *pos, *append))
            }
            Open::Proc { entry } => {
                order = Some(*entry);
                None
            }
            Open::Socket { .. } => None,
            _ => return Err(Errno::EBADF),
        };
        if pipe_broke {
            self.stop(State::Killed(13));
            return Err(Errno::EPIPE);
        }
        if let Some(entry) = order {
            return crate::procfs::write(self, entry, bytes);
        }
        if guarded.is_some_and(|c| !self.capable_over(c, super::Clone::NEWNET)) {
            return Err(Errno::EPERM);
        }
        let Some((at, pos, append)) = target else { return Ok(()) };
        let now = self.machine.now.0;
        let Some(inode) = self.machine.fs.get_mut(at.ino) else { return Err(Errno::EBADF) };
        match &mut inode.kind {
            Kind::File(content) => {
                let content = Arc::make_mut(content);
                let start = if append { content.len() } else { pos };
                if content.len() < start {
                    content.resize(start, 0);
                }
                let overlap = bytes.len().min(content.len() - start);
                let (over, rest) = bytes.split_at(overlap);
                if let Some(there) = content.get_mut(start..start + overlap) {
                    there.copy_from_slice(over);
                }
                content.extend_from_slice(rest);
                inode.mtime = now;
                if let Open::File { pos, .. } = &mut *handle.borrow_mut() {
                    *pos = start + bytes.len();
                }
                Ok(())
            }
            Kind::Char(1, 7) => Err(Errno::ENOSPC),
            Kind::Char(..) => Ok(()),
            _ => Err(Errno::EINVAL),
        }
    }

    /// read(2), at most `max` bytes; nothing is the end.
    ///
    /// # Errors
    /// As read(2).
    pub fn read(&mut self, fd: i32, max: usize) -> Result<Vec<u8>> {
        gate!(self, "read", &[fd as u64, 0, max as u64]);
        let handle = self.fds.get(&fd).cloned().ok_or(Errno::EBADF)?;
        let mut waits = false;
        let take = |data: &[u8], pos: &mut usize| {
            let end = pos.saturating_add(max).min(data.len());
            let bytes = data.get(*pos..end).unwrap_or_default().to_vec();
            *pos = end.max(*pos);
            bytes
        };
        let bytes = match &mut *handle.borrow_mut() {
            Open::Source { data, pos, tty } => {
                waits = *tty == Tty::Yes && *pos >= data.len();
                take(data, pos)
            }
            Open::File { at, pos, read, .. } => {
                if !*read {
                    return Err(Errno::EBADF);
                }
                let inode = self.machine.fs.get(at.ino).ok_or(Errno::EBADF)?;
                match &inode.kind {
                    Kind::File(c) => take(c, pos),
                    Kind::Char(1, 5) => vec![0; max.min(1 << 16)],
                    Kind::Char(1, 8 | 9) => {
                        let seed = self.machine.now.0 as u64 ^ u64::from(self.me.pid) << 32 ^ *pos as u64;
                        *pos += max.min(1 << 16);
                        let mut random = gatehouse_core::Entropy::new(seed);
                        (0..max.min(1 << 16)).map(|_| random.next_u64() as u8).collect()
                    }
                    Kind::Char(..) => Vec::new(),
                    Kind::Dir(_) => return Err(Errno::EISDIR),
                    _ => Vec::new(),
                }
            }
            _ => return Err(Errno::EBADF),
        };
        if waits {
            self.stop(State::Blocked(None, 0));
        }
        self.spend(bytes.len() / 64);
        Ok(bytes)
    }

    /// Reads to the end.
    ///
    /// # Errors
    /// As read(2).
    pub fn read_all(&mut self, fd: i32) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        loop {
            let more = self.read(fd, 1 << 16)?;
            if more.is_empty() || all.len() > MAX_READ {
                return Ok(all);
            }
            all.extend(more);
        }
    }

    /// What sendfile(2) moves: the rest of an open file, without read(2).
    ///
    /// # Errors
    /// As read(2).
    pub fn read_sent(&mut self, fd: i32) -> Result<Vec<u8>> {
        self.filtered = false;
        let all = self.read_all(fd);
        self.filtered = true;
        all
    }

    /// The writing half of sendfile(2).
    ///
    /// # Errors
    /// As write(2).
    pub fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.flush();
        self.filtered = false;
        let done = if bytes.is_empty() { Ok(()) } else { self.write(1, bytes) };
        self.filtered = true;
        done
    }

    /// What stat tells, where the program asks the kernel so often that the filter has answered already.
    ///
    /// # Errors
    /// As lstat(2).
    pub fn stat_quietly(&mut self, path: &str) -> Result<super::Stat> {
        self.filtered = false;
        let stat = self.lstat(path);
        self.filtered = true;
        stat
    }

    /// As [`Self::stat_quietly`], through a link.
    pub(crate) fn follow_quietly(&mut self, path: &str) -> Result<super::Stat> {
        self.filtered = false;
        let stat = self.stat(path);
        self.filtered = true;
        stat
    }

    /// The kernel's release and version, as uname(2) gives them.
    #[must_use]
    pub fn kernel_names(&self) -> (String, String) {
        let kernel =
            self.space().and_then(|s| s.kernel.clone()).unwrap_or_else(|| self.machine.kernel.clone());
        (kernel.release.clone(), kernel.version.clone())
    }

    /// Keeps what remains of a shell script whose process waits.
    pub fn keep_script(&mut self, state: &crate::shell::ShellState) {
        self.machine.scripts.insert(self.me.pid, std::sync::Arc::new(state.clone()));
    }

    /// What [`Self::keep_script`] kept of a process, which is then no longer in the table.
    pub(crate) fn take_script(&mut self, pid: u32) -> Option<crate::shell::ShellState> {
        self.machine.processes.remove(&pid);
        self.machine.scripts.remove(&pid).map(Arc::unwrap_or_clone)
    }

    /// One line without its end; `None` at the end of input.
    pub fn read_line(&mut self, fd: i32) -> Option<(String, bool)> {
        let mut line = Vec::new();
        loop {
            let byte = self.read(fd, 1).ok()?;
            match byte.first() {
                None if line.is_empty() => return None,
                None => return Some((crate::text::decode(&line), false)),
                Some(b'\n') => return Some((crate::text::decode(&line), true)),
                Some(b) => line.push(*b),
            }
        }
    }

    /// A whole file as text: open, read, close.
    ///
    /// # Errors
    /// As open(2) and read(2).
    pub fn slurp(&mut self, path: &str) -> Result<String> {
        self.slurp_bytes(path).map(|b| String::from_utf8_lossy(&b).into_owned())
    }

    /// A whole file.
    ///
    /// # Errors
    /// As open(2) and read(2).
    pub fn slurp_bytes(&mut self, path: &str) -> Result<Vec<u8>> {
        let fd = self.open(path, Flags::READ, 0)?;
        let all = self.read_all(fd);
        self.close(fd);
        all
    }

    /// Replaces a file's content, making the file where missing.
    ///
    /// # Errors
    /// As open(2) and write(2).
    pub fn spill(&mut self, path: &str, content: &[u8]) -> Result<()> {
        let fd = self.open(path, Flags::CREATE, 0o666)?;
        let done = self.write(fd, content);
        self.close(fd);
        done
    }

    /// close(2).
    pub fn close(&mut self, fd: i32) {
        let _ = self.call("close");
        self.fds.remove(&fd);
    }

    /// An open file, to be shared.
    #[must_use]
    pub fn handle(&self, fd: i32) -> Option<Handle> {
        self.fds.get(&fd).cloned()
    }

    /// Puts an open file under a number, or closes it; gives back what was there.
    pub fn set_handle(&mut self, fd: i32, handle: Option<Handle>) -> Option<Handle> {
        match handle {
            Some(h) => self.fds.insert(fd, h),
            None => self.fds.remove(&fd),
        }
    }

    /// Opens a file without giving it a number.
    ///
    /// # Errors
    /// As open(2).
    pub fn open_file(&mut self, path: &str, flags: Flags) -> Result<Handle> {
        let fd = self.open(path, flags, 0o666)?;
        self.fds.remove(&fd).ok_or(Errno::EBADF)
    }

    /// Whether a stream is the terminal.
    #[must_use]
    pub fn is_tty(&self, fd: i32) -> bool {
        self.fds.get(&fd).is_some_and(|h| {
            matches!(&*h.borrow(), Open::Source { tty: Tty::Yes, .. } | Open::Sink { tty: Tty::Yes, .. })
        })
    }

    /// Takes work that makes no calls into account; a process that does nothing else comes to an end as well.
    pub fn spend(&mut self, amount: usize) {
        self.fuel = self.fuel.saturating_sub(amount as u64);
        if self.fuel == 0 {
            self.stop(State::Blocked(None, 130));
        }
    }

    /// Notes a call that the parent makes while the child runs.
    pub(crate) fn note_parent(&mut self, call: &'static str) {
        self.note(call);
    }

    /// Says when the parent of the next child looks after it.
    pub(crate) fn reap(&mut self, when: Reap) {
        self.reaps = when;
    }

    /// Says that the program writes without stdio: a shell.
    pub(crate) fn without_stdio(&mut self) {
        self.fresh = false;
    }

    /// All of a stream, where one call of the program stands for reading and sending it on.
    pub(crate) fn read_quietly(&mut self, fd: i32) -> Vec<u8> {
        self.filtered = false;
        let all = self.read_all(fd).unwrap_or_default();
        self.filtered = true;
        all
    }

    /// Writes what one call of the program sent on.
    ///
    /// # Errors
    /// As write(2).
    pub(crate) fn write_quietly(&mut self, fd: i32, bytes: &[u8]) -> Result<()> {
        self.filtered = false;
        let done = self.write(fd, bytes);
        self.filtered = true;
        done
    }

    /// Prints on standard output when the program ends or [`Self::flush`] is called, as stdio does.
    pub fn print(&mut self, text: &str) {
        if self.fresh && !text.is_empty() {
            // stdio looks at the stream when it is first written to.
            self.fresh = false;
            let _ = self.call("fstat");
        }
        self.buffer.extend(crate::text::encode(text));
    }

    /// As [`Self::print`], for bytes.
    pub fn print_bytes(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Writes what was printed. Says whether that worked.
    pub fn flush(&mut self) -> bool {
        self.try_flush().is_ok()
    }

    /// Writes what was printed.
    ///
    /// # Errors
    /// As write(2).
    pub fn try_flush(&mut self) -> Result<()> {
        let bytes = std::mem::take(&mut self.buffer);
        if bytes.is_empty() { Ok(()) } else { self.write(1, &bytes) }
    }

    /// Writes to standard error at once.
    pub fn complain(&mut self, text: &str) {
        let (before, behind) =
            if self.busybox() { (None, None) } else { programs::around_complaint(&self.me.comm) };
        if let Some(call) = before {
            let _ = self.call(call);
        }
        // The curly quotes are those of a UTF-8 locale.
        let plain = text.contains('\u{2018}') && self.me.env("LANG").is_none_or(|l| !l.contains("UTF-8"));
        let said = if plain { text.replace(['\u{2018}', '\u{2019}'], "'") } else { text.to_owned() };
        let _ = self.write(2, &crate::text::encode(&said));
        if let Some(call) = behind {
            let _ = self.call(call);
        }
    }
}
