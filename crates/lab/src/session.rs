//! A learner's session: an exercise and the list of what was done. The world and the grade follow by replaying.

mod action;
mod saved;

use std::collections::BTreeMap;
use std::sync::Arc;

use gatehouse_core::network::Port;
use gatehouse_core::{Request, Response, Target};
use gatehouse_machine::Outcome;

pub use action::Action;
pub use saved::SessionError;

use crate::check;
use crate::exercise::{Answer, Bundle};
use crate::explain::{self, Asked, Explanation, Sources};
use crate::picture::{self, Audit, Picture, Told};
use crate::preview::{self, Preview};
use crate::report::Report;
use crate::world::World;

/// What one line in the terminal came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    /// The prompt it was typed at.
    pub prompt: String,
    /// The line.
    pub line: String,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Both in the order in which they were printed; `true` is standard error.
    pub pieces: Vec<(bool, String)>,
    /// The exit code.
    pub exit: i32,
    /// A file the command wants a person to edit, as a tab's path.
    pub edit: Option<String>,
    /// Whether it would go on printing until interrupted.
    pub streaming: bool,
}

/// A file of the editor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tab {
    /// Relative to the home directory, or `host:/path`.
    pub path: String,
    /// What is in it now.
    pub text: String,
}

/// A session.
#[derive(Clone, Debug)]
pub struct Session {
    bundle: Arc<Bundle>,
    seed: u64,
    start: World,
    world: World,
    actions: Vec<Action>,
    transcripts: Vec<Transcript>,
    /// What a command waits for: the tab it opened and the command that goes on with it.
    pending: Option<(String, Vec<String>)>,
    opened: Vec<String>,
    before_reset: Option<Vec<Action>>,
    /// The last command that asked the cluster anything, its requests and the answers.
    asked: (String, Vec<(Request, Response)>),
}

impl Session {
    /// A fresh session of an exercise.
    ///
    /// # Errors
    /// Why the exercise's starting state cannot be made: a fault of the exercise, with the place.
    pub fn new(bundle: Arc<Bundle>, seed: u64) -> Result<Self, SessionError> {
        let start = World::start(&bundle, seed).map_err(SessionError::Start)?;
        Ok(Self {
            world: start.clone(),
            bundle,
            seed,
            start,
            actions: Vec::new(),
            transcripts: Vec::new(),
            pending: None,
            opened: Vec::new(),
            before_reset: None,
            asked: Default::default(),
        })
    }

    /// A fresh session of a built-in exercise.
    ///
    /// # Errors
    /// As [`Session::new`], or that there is no such exercise.
    pub fn of(id: &str, seed: u64) -> Result<Self, SessionError> {
        let bundle = crate::exercise::find(id).ok_or_else(|| SessionError::UnknownExercise(id.to_owned()))?;
        Self::new(Arc::new(bundle.clone()), seed)
    }

    /// The exercise and its files.
    #[must_use]
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// The world as it is now.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// What was done.
    #[must_use]
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// What was typed and what came of it.
    #[must_use]
    pub fn transcripts(&self) -> &[Transcript] {
        &self.transcripts
    }

    /// The editor's tabs: the exercise's files, then those that commands opened.
    #[must_use]
    pub fn tabs(&self) -> Vec<Tab> {
        let listed = self.bundle.exercise.files.iter().chain(&self.opened);
        listed
            .map(|path| Tab { path: path.clone(), text: self.world.read(path).unwrap_or_default() })
            .collect()
    }

    /// Opens a file in a tab. Does nothing where it is open already.
    pub fn open(&mut self, path: &str) {
        if !self.bundle.exercise.files.iter().chain(&self.opened).any(|p| p == path) {
            self.opened.push(path.to_owned());
        }
    }

    /// The learner changed a file in the editor.
    pub fn edit(&mut self, path: &str, text: &str) {
        if self.world.read(path).as_deref() == Some(text) {
            return;
        }
        let at = self.world.cluster.now;
        // Typing is one action a file, however many keys it took.
        if let Some(Action::Edit { path: last, text: old, .. }) = self.actions.last_mut()
            && last == path
        {
            text.clone_into(old);
        } else {
            self.actions.push(Action::Edit { at: at.0, path: path.to_owned(), text: text.to_owned() });
        }
        self.world.write(path, text);
        self.before_reset = None;
    }

    /// What applying the text of a tab would come to, without changing the cluster; with a port, to which flows on it, too.
    #[must_use]
    pub fn preview(&self, path: &str, flows: Option<Port>) -> Preview {
        preview::preview(&self.world, path, flows)
    }

    /// The learner typed a line in the terminal.
    pub fn run(&mut self, line: &str) -> Transcript {
        self.actions.push(Action::Run { at: self.world.cluster.now.0, line: line.to_owned() });
        self.before_reset = None;
        self.perform_line(line)
    }

    /// The learner saved and closed the file that a command waits for; the command goes on.
    pub fn finish_edit(&mut self, text: &str) -> Option<Transcript> {
        let (path, _) = self.pending.as_ref()?;
        let at = self.world.cluster.now.0;
        self.actions.push(Action::Save { at, path: path.clone(), text: text.to_owned() });
        self.perform_save(text)
    }

    /// The file a command waits for, if one does.
    #[must_use]
    pub fn pending_edit(&self) -> Option<&str> {
        self.pending.as_ref().map(|(path, _)| path.as_str())
    }

    /// What the terminal shows before the cursor.
    #[must_use]
    pub fn prompt(&self) -> String {
        self.world.prompt()
    }

    /// Whether a line needs more lines before it can run (an open quote or here-document).
    #[must_use]
    pub fn is_incomplete(&self, line: &str) -> bool {
        self.world.is_incomplete(line)
    }

    /// How a line could go on: where the word begins (in bytes) and what it could be.
    #[must_use]
    pub fn complete(&self, line: &str, cursor: usize) -> (usize, Vec<String>) {
        self.world.complete(line, cursor)
    }

    /// How far the learner has come.
    #[must_use]
    pub fn grade(&self) -> Report {
        check::grade(&self.bundle.exercise, &self.world)
    }

    /// Who reaches whom on a port.
    #[must_use]
    pub fn picture(&self, port: Port) -> Picture {
        Picture::on(&self.world, port)
    }

    /// A flow of the picture, explained at both ends.
    #[must_use]
    #[inline(never)]
    pub fn told(&self, picture: &Picture, edge: usize) -> Option<Told> {
        picture::told(&self.world, picture, edge, &Sources::of(self))
    }

    /// What the policies could do without, and which would be enough for the flows that a picture allows.
    #[must_use]
    #[inline(never)]
    pub fn audit(&self, picture: &Picture) -> Audit {
        picture::audit(&self.world, picture, &Sources::of(self))
    }

    /// The last command that asked the cluster anything; empty for none.
    #[must_use]
    pub fn asked_line(&self) -> &str {
        &self.asked.0
    }

    /// How the requests of the last command that asked the cluster anything came to their answers.
    #[must_use]
    #[inline(never)]
    pub fn asked(&self) -> Asked {
        let (line, calls) = &self.asked;
        let sources = Sources::of(self);
        let explained = |(q, a): &(Request, Response)| Explanation::of(&self.world, q, a, &sources);
        let mut requests: Vec<Explanation> = explain::telling(calls).map(explained).collect();
        if requests.is_empty() {
            requests = calls
                .iter()
                .filter(|(q, _)| matches!(q.target, Target::Resource(_)))
                .map(explained)
                .collect();
        }
        Asked { line: line.clone(), requests }
    }

    /// Gives an answer: its files, then its commands.
    pub fn answer(&mut self, answer: &Answer) {
        for (path, text) in &answer.files {
            self.edit(path, text);
        }
        for line in &answer.commands {
            self.run(line);
        }
    }

    /// Starts over. [`Session::undo`] brings everything back until something else is done.
    pub fn reset(&mut self) {
        if self.actions.is_empty() {
            return;
        }
        self.before_reset = Some(std::mem::take(&mut self.actions));
        self.rewind();
    }

    /// Takes back the last action, or the reset. Says whether there was anything to take back.
    pub fn undo(&mut self) -> bool {
        if let Some(actions) = self.before_reset.take() {
            self.replay(actions);
            return true;
        }
        let mut actions = std::mem::take(&mut self.actions);
        let undone = actions.pop().is_some();
        self.replay(actions);
        undone
    }

    fn rewind(&mut self) {
        self.world = self.start.clone();
        self.transcripts.clear();
        self.pending = None;
        self.opened.clear();
        self.asked = Default::default();
    }

    fn replay(&mut self, actions: Vec<Action>) {
        self.rewind();
        for action in &actions {
            match action {
                Action::Edit { path, text, .. } => self.world.write(path, text),
                Action::Run { line, .. } => {
                    self.perform_line(line);
                }
                Action::Save { text, .. } => {
                    self.perform_save(text);
                }
            }
        }
        self.actions = actions;
    }

    fn perform_line(&mut self, line: &str) -> Transcript {
        let prompt = self.world.prompt();
        self.world.recorded = Some(Vec::new());
        let outcome = self.world.run(line);
        self.note(line);
        self.take(prompt, line.to_owned(), outcome)
    }

    /// Keeps what a command asked the cluster.
    fn note(&mut self, line: &str) {
        let calls = self.world.recorded.take().unwrap_or_default();
        if !calls.is_empty() {
            self.asked = (line.to_owned(), calls);
        }
    }

    fn perform_save(&mut self, text: &str) -> Option<Transcript> {
        let (path, then) = self.pending.take()?;
        self.world.write(&path, text);
        self.opened.retain(|p| *p != path);
        if then.is_empty() {
            return None;
        }
        self.world.recorded = Some(Vec::new());
        let outcome = self.world.go_on(&then);
        self.note(&then.join(" "));
        Some(self.take(String::new(), String::new(), outcome))
    }

    fn take(&mut self, prompt: String, line: String, outcome: Outcome) -> Transcript {
        let (output, edit, streaming) = match outcome {
            Outcome::Done(output) => (output, None, false),
            Outcome::Streaming(output) => (output, None, true),
            Outcome::NeedsEdit(output, request) => {
                let path = self.world.tab_path(&request.path);
                self.world.write(&path, &request.text);
                self.open(&path);
                self.pending = Some((path.clone(), request.then));
                (output, Some(path), false)
            }
        };
        let transcript = Transcript {
            prompt,
            line,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            pieces: output
                .pieces()
                .into_iter()
                .map(|(fd, piece)| (fd == 2, String::from_utf8_lossy(piece).into_owned()))
                .collect(),
            exit: output.exit,
            edit,
            streaming,
        };
        self.transcripts.push(transcript.clone());
        transcript
    }

    /// The texts of all tabs by path.
    #[must_use]
    pub fn texts(&self) -> BTreeMap<String, String> {
        self.tabs().into_iter().map(|t| (t.path, t.text)).collect()
    }
}

#[cfg(test)]
mod tests;
