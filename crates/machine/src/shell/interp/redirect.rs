//! Redirections: what they open, what they replace, and what each shell says when they fail.

use super::*;

impl Interp<'_, '_> {
    /// Applies redirections; gives what they replaced. On failure the message is printed and the status set.
    pub(super) fn redirect(&mut self, redirects: &[Redirect]) -> Result<Saved, ()> {
        let mut saved = Saved::new();
        for r in redirects {
            let ok = self.one_redirect(r, &mut saved);
            if ok.is_ok() && self.state.dialect != Dialect::Bash {
                // The old stream is kept aside, the new one takes its number.
                let heredoc = matches!(r.op, RedirectOp::Heredoc(_) | RedirectOp::HereString(_));
                let opened = !matches!(r.op, RedirectOp::Dup(_));
                for call in ["pipe2", "write", "close"].into_iter().filter(|_| heredoc) {
                    let _ = self.sys.call(call);
                }
                for call in ["fcntl", "dup2", "close"].into_iter().take(if opened { 3 } else { 2 }) {
                    let _ = self.sys.call(call);
                }
            }
            if let Err(text) = ok {
                self.restore(saved);
                if !text.is_empty() {
                    self.complain(&text);
                }
                self.state.status = if self.state.dialect == Dialect::Dash { 2 } else { 1 };
                return Err(());
            }
        }
        Ok(saved)
    }

    pub(super) fn one_redirect(&mut self, r: &Redirect, saved: &mut Saved) -> Result<(), String> {
        let mut put = |me: &mut Self, fd: i32, h: Option<Handle>| {
            let old = me.sys.set_handle(fd, h);
            saved.push((fd, old));
        };
        match &r.op {
            RedirectOp::Read(w) => {
                let path = self.text(w)?;
                let h = self.open(&path, Flags::READ)?;
                put(self, r.fd.unwrap_or(0), Some(h));
            }
            RedirectOp::Write(w) => {
                let path = self.text(w)?;
                let h = self.open(&path, Flags::CREATE)?;
                put(self, r.fd.unwrap_or(1), Some(h));
            }
            RedirectOp::Append(w) => {
                let path = self.text(w)?;
                let h = self.open(&path, Flags::APPEND)?;
                put(self, r.fd.unwrap_or(1), Some(h));
            }
            RedirectOp::ReadWrite(w) => {
                let path = self.text(w)?;
                let h =
                    self.open(&path, Flags { read: true, write: true, create: true, ..Flags::default() })?;
                put(self, r.fd.unwrap_or(0), Some(h));
            }
            RedirectOp::Both(w) | RedirectOp::BothAppend(w) => {
                let path = self.text(w)?;
                let flags = if matches!(r.op, RedirectOp::Both(_)) { Flags::CREATE } else { Flags::APPEND };
                let h = self.open(&path, flags)?;
                put(self, 1, Some(h.clone()));
                put(self, 2, Some(h));
            }
            RedirectOp::Dup(w) => {
                let text = self.text(w)?;
                let to = r.fd.unwrap_or(1);
                if text == "-" {
                    put(self, to, None);
                } else {
                    let bad = format!("{text}: Bad file descriptor");
                    let from: i32 = text.parse().map_err(|_| format!("{text}: ambiguous redirect"))?;
                    let h = self.sys.handle(from).ok_or(bad)?;
                    put(self, to, Some(h));
                }
            }
            RedirectOp::Heredoc(body) => {
                let text = match body.get() {
                    Some(w) => self.text(w)?,
                    None => String::new(),
                };
                put(self, r.fd.unwrap_or(0), Some(source(crate::text::encode(&text), Tty::No)));
            }
            RedirectOp::HereString(w) => {
                let text = self.text(w)? + "\n";
                put(self, r.fd.unwrap_or(0), Some(source(crate::text::encode(&text), Tty::No)));
            }
        }
        Ok(())
    }

    pub(super) fn open(&mut self, path: &str, flags: Flags) -> Result<Handle, String> {
        if path.is_empty() && self.state.dialect == Dialect::Bash {
            return Err(": No such file or directory".to_owned());
        }
        self.sys.open_file(path, flags).map_err(|e| match (self.state.dialect, flags.create, e) {
            (Dialect::Bash, _, e) => format!("{path}: {}", e.text()),
            (Dialect::Dash, true, Errno::ENOENT) => format!("cannot create {path}: Directory nonexistent"),
            (Dialect::Dash, false, Errno::ENOENT) => format!("cannot open {path}: No such file"),
            (Dialect::Dash, true, e) => format!("cannot create {path}: {}", e.text()),
            (Dialect::Dash, false, e) => format!("cannot open {path}: {}", e.text()),
            (Dialect::Ash, true, Errno::ENOENT) => format!("can't create {path}: nonexistent directory"),
            (Dialect::Ash, false, Errno::ENOENT) => format!("can't open {path}: no such file"),
            (Dialect::Ash, true, e) => format!("can't create {path}: {}", e.text()),
            (Dialect::Ash, false, e) => format!("can't open {path}: {}", e.text()),
        })
    }

    pub(super) fn restore(&mut self, saved: Saved) {
        self.sys.flush();
        if !saved.is_empty() && self.state.dialect != Dialect::Bash {
            for call in ["dup2", "close"] {
                let _ = self.sys.call(call);
            }
        }
        for (fd, h) in saved.into_iter().rev() {
            self.sys.set_handle(fd, h);
        }
    }
}
