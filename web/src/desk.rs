//! An exercise in hand: the session and what the page shows of it, as a value without a document.
//!
//! Everything the learner does ends in one of these methods; everything the page draws is read from these fields.
//! Knows the lab's facade; knows no element, no event and no storage.

mod shell;
#[cfg(test)]
mod tests;

use std::rc::Rc;

use crate::lab::{self, Asked, Audit, Bundle, Picture, Port, Preview, Report, Session, Told};
use crate::progress::Progress;

pub use shell::{Key, Shell};

/// A file on the desk.
#[derive(Clone, PartialEq, Debug)]
pub struct Tab {
    /// Its name: relative to the home directory, or `host:/path`.
    pub path: String,
    /// Its text as the page last knew it.
    pub text: String,
    /// Counts the times the text changed by anything but the editor: then the editor takes it over.
    pub revision: u32,
    /// Opened by a command (`kubectl edit`, `vi`) that waits for the learner to finish.
    pub waits: bool,
}

/// What becomes of a file that a command waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keep {
    /// It is saved as it stands in the editor.
    Text,
    /// It is left as the command handed it over.
    Nothing,
}

impl Tab {
    /// Whether `kubectl apply -f` is what one does with it.
    pub fn is_manifest(&self) -> bool {
        !self.waits
            && !self.path.contains(':')
            && (self.path.ends_with(".yaml") || self.path.ends_with(".yml"))
    }
}

/// The exercise in hand.
#[derive(Debug)]
pub struct Desk {
    session: Session,
    /// The files.
    pub tabs: Vec<Tab>,
    /// The file that is shown.
    pub active: usize,
    /// The terminal.
    pub shell: Shell,
    /// What applying the shown file would do.
    pub preview: Rc<Preview>,
    /// What holds.
    pub report: Rc<Report>,
    /// Who can reach whom.
    pub picture: Rc<Picture>,
    /// The flow of the picture that was asked about, by its place among the edges.
    pub chosen: Option<usize>,
    /// What is to be said of it.
    pub told: Option<Rc<Told>>,
    /// What the policies could do without, where that was asked for.
    pub audit: Option<Rc<Audit>>,
    /// Whether it is asked why the cluster answered the last command as it did.
    pub asking: bool,
    /// The answer to that.
    pub asked: Option<Rc<Asked>>,
    /// How many hints were asked for.
    pub hints: usize,
    /// Whether the solution was asked for.
    pub solution: bool,
    /// What a screen reader should hear once.
    pub said: String,
    /// What a waiting command handed over to be edited.
    handed: String,
    /// Whether the session was just reset, and nothing done since: then it can be had back.
    pub was_reset: bool,
}

impl Desk {
    /// Lays out a session.
    pub fn new(session: Session) -> Desk {
        let mut desk = Desk {
            tabs: Vec::new(),
            active: 0,
            shell: Shell::new(&session),
            preview: Rc::default(),
            report: Rc::default(),
            picture: Rc::new(session.picture(lab::WEB)),
            chosen: None,
            told: None,
            audit: None,
            asking: false,
            asked: None,
            hints: 0,
            solution: false,
            said: String::new(),
            handed: String::new(),
            was_reset: false,
            session,
        };
        desk.take_files();
        desk.look_around();
        desk.look_at_file(None);
        desk.said.clear();
        desk
    }

    /// The session, to be read.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The exercise with its texts.
    pub fn bundle(&self) -> &Bundle {
        self.session.bundle()
    }

    /// How far the learner is.
    pub fn progress(&self) -> Progress {
        Progress::of(self.report.score(), self.report.max())
    }

    /// The shown file.
    pub fn tab(&self) -> Option<&Tab> {
        self.tabs.get(self.active)
    }

    /// The editor's text changed. What follows from it is asked for by `look`, when the typing pauses.
    pub fn edited(&mut self, path: &str, text: String) {
        let Some(tab) = self.tabs.iter_mut().find(|tab| tab.path == path) else { return };
        tab.text = text;
        // A file that a command opened belongs to the command until it is closed.
        if !tab.waits {
            self.session.edit(path, &tab.text);
            self.was_reset = false;
        }
    }

    /// Shows another file.
    pub fn show(&mut self, index: usize) {
        if index < self.tabs.len() {
            self.active = index;
            self.look_at_file(Some(self.picture.port));
        }
    }

    /// Applies the shown file as the learner would: with the command, in the terminal.
    pub fn apply(&mut self) {
        let Some(tab) = self.tab().filter(|tab| tab.is_manifest()) else { return };
        let line = format!("kubectl apply -f {}", tab.path);
        self.run(&line);
    }

    /// Runs a command in the terminal.
    pub fn run(&mut self, line: &str) {
        let transcript = self.session.run(line);
        self.was_reset = false;
        let opened = transcript.edit.clone();
        self.shell.ran(transcript, &self.session);
        self.take_files();
        if let Some(path) = opened
            && let Some(at) = self.tabs.iter().position(|tab| tab.path == path)
        {
            self.active = at;
            self.handed = self.tab().map(|tab| tab.text.clone()).unwrap_or_default();
        }
        self.look();
    }

    /// A key of the terminal, with its input as it stands.
    pub fn key(&mut self, key: Key) {
        if let Some(line) = self.shell.key(key, &self.session) {
            self.run(&line);
        }
    }

    /// The terminal's input was typed into.
    pub fn typed(&mut self, text: String) {
        self.shell.typed(text);
    }

    /// Ends the edit that a command waits for.
    pub fn finish_edit(&mut self, keep: Keep) {
        let Some(tab) = self.tab().filter(|tab| tab.waits) else { return };
        let text = match keep {
            Keep::Text => tab.text.clone(),
            Keep::Nothing => std::mem::take(&mut self.handed),
        };
        if let Some(transcript) = self.session.finish_edit(&text) {
            self.shell.ran(transcript, &self.session);
        }
        self.was_reset = false;
        self.take_files();
        self.look();
    }

    /// Asks the session again for everything that is shown of it.
    pub fn look(&mut self) {
        self.look_around();
        if self.told.is_some() {
            self.tell();
        }
        if self.audit.is_some() {
            self.look_over();
        }
        if self.asking {
            self.ask(true);
        }
        self.look_at_file(Some(self.picture.port));
    }

    fn look_around(&mut self) {
        let report = Rc::new(self.session.grade());
        if let Some(said) = announcement(&self.report, &report) {
            self.said = said;
        }
        self.report = report;
        self.draw(self.picture.port);
    }

    /// Draws the picture, or draws it on another port.
    fn draw(&mut self, port: Port) {
        let picture = self.session.picture(port);
        // The same picture stays the same value, so that it is not drawn again.
        if *self.picture == picture {
            return;
        }
        let same = self.picture.pods == picture.pods && self.picture.edges.len() == picture.edges.len();
        self.picture = Rc::new(picture);
        if same {
            self.tell();
        } else {
            self.choose(None);
        }
    }

    /// Asks for the picture on another port, such as `TCP/443`. Says whether that is one.
    pub fn ask_port(&mut self, text: &str) -> bool {
        let Some(port) = lab::port(text.trim()) else { return false };
        self.draw(port);
        self.look();
        true
    }

    /// Asks about a flow of the picture, or about none.
    pub fn choose(&mut self, edge: Option<usize>) {
        self.chosen = edge;
        self.told = None;
    }

    /// Has the chosen flow explained.
    pub fn tell(&mut self) {
        self.told = self.chosen.and_then(|edge| self.session.told(&self.picture, edge)).map(Rc::new);
    }

    /// Shows what the policies could do without, or hides it again.
    pub fn toggle_audit(&mut self) {
        if self.audit.take().is_none() {
            self.look_over();
        }
    }

    fn look_over(&mut self) {
        self.audit = Some(Rc::new(self.session.audit(&self.picture)));
    }

    /// Asks, or no longer asks, why the cluster answered the last command as it did.
    pub fn ask(&mut self, asking: bool) {
        self.asking = asking;
        self.asked = (asking && self.has_asked()).then(|| Rc::new(self.session.asked()));
    }

    /// Whether a command asked the cluster anything.
    pub fn has_asked(&self) -> bool {
        !self.session.asked_line().is_empty()
    }

    /// Starts over; `undo_reset` brings everything back until something else is done.
    pub fn reset(&mut self) {
        self.session.reset();
        self.lay_out_again("Started over. This can be undone.");
        self.was_reset = true;
    }

    /// Takes a reset back.
    pub fn undo_reset(&mut self) {
        if self.was_reset {
            self.session.undo();
            self.lay_out_again("Everything is back.");
            self.was_reset = false;
        }
    }

    fn lay_out_again(&mut self, said: &str) {
        self.shell = Shell::new(&self.session);
        self.choose(None);
        self.audit = None;
        self.take_files();
        self.look();
        said.clone_into(&mut self.said);
    }

    fn look_at_file(&mut self, flows: Option<Port>) {
        let shown = self.tab().filter(|tab| !tab.waits);
        self.preview = Rc::new(shown.map(|tab| self.session.preview(&tab.path, flows)).unwrap_or_default());
    }

    /// Takes over what the session says of the files: commands write files too.
    fn take_files(&mut self) {
        let shown = self.tab().map(|tab| tab.path.clone());
        let waiting = self.session.pending_edit().map(str::to_owned);
        let tabs: Vec<Tab> = self
            .session
            .tabs()
            .into_iter()
            .map(|file| {
                let old = self.tabs.iter().find(|tab| tab.path == file.path);
                let waits = waiting.as_deref() == Some(file.path.as_str());
                // What is being written for a command that waits is not in the session yet.
                let text = old.filter(|old| waits && old.waits).map_or(file.text, |old| old.text.clone());
                let revision = old.map_or(0, |old| old.revision + u32::from(old.text != text));
                Tab { path: file.path, text, revision, waits }
            })
            .collect();
        self.active = shown.and_then(|shown| tabs.iter().position(|tab| tab.path == shown)).unwrap_or(0);
        self.tabs = tabs;
    }
}

/// What changed between two reports, in a sentence; nothing when nothing turned.
fn announcement(before: &Report, after: &Report) -> Option<String> {
    let mut turned = Vec::new();
    for check in &after.checks {
        let was = before.checks.iter().find(|old| old.id == check.id)?;
        if was.passed != check.passed {
            turned.push(format!(
                "{}: {}",
                if check.passed { "Now true" } else { "No longer true" },
                check.wants
            ));
        }
    }
    if turned.is_empty() {
        return None;
    }
    Some(format!("{}. {} of {}.", turned.join(". "), after.score(), after.max()))
}
