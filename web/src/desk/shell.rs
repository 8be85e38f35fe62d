//! The terminal's line: history, completion, search, continuation. What a line means is the session's affair.

use std::rc::Rc;

use crate::lab::{Session, Transcript};

/// What the learner did in the terminal; the input's text is kept in step by `Shell::typed`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Key {
    /// Enter.
    Enter,
    /// The earlier line.
    Up,
    /// The later line.
    Down,
    /// Complete the word that ends at this byte of the input.
    Complete(usize),
    /// Drop the line.
    Cancel,
    /// Clear the screen.
    Clear,
    /// Search the history backwards, or the next match of a search under way.
    Search,
    /// Drop everything before this byte.
    CutBefore(usize),
}

/// The terminal.
#[derive(Clone, PartialEq, Debug)]
pub struct Shell {
    /// What stands on the screen.
    pub log: Rc<Vec<Transcript>>,
    /// What stands in the input.
    pub input: String,
    /// The prompt before the input.
    pub prompt: String,
    /// Where the caret should go after a change that was not typed, in bytes.
    pub caret: Option<usize>,
    /// What could follow, when that is not one thing.
    pub candidates: Vec<String>,
    /// What is searched for in the history, while it is.
    pub search: Option<String>,
    /// The lines so far of a command that is not complete.
    pending: Vec<String>,
    /// The commands so far, earliest first.
    history: Vec<String>,
    /// How far back in the history the input comes from; 0 is the line being written.
    back: usize,
    /// The line being written while the history is looked through.
    draft: String,
}

impl Shell {
    /// The terminal of a session, with what was done in it.
    pub(super) fn new(session: &Session) -> Shell {
        Shell {
            log: Rc::new(session.transcripts().to_vec()),
            input: String::new(),
            prompt: session.prompt(),
            caret: None,
            candidates: Vec::new(),
            search: None,
            pending: Vec::new(),
            history: session
                .transcripts()
                .iter()
                .map(|done| done.line.clone())
                .filter(|line| !line.is_empty())
                .collect(),
            back: 0,
            draft: String::new(),
        }
    }

    /// The input was typed into.
    pub(super) fn typed(&mut self, text: String) {
        self.candidates.clear();
        if self.search.is_some() {
            self.search = Some(text);
            self.find(0);
        } else {
            self.input = text;
            self.back = 0;
        }
    }

    /// Whether an unfinished command waits for its next line.
    pub fn continues(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Acts on a key; answers a command that is to be run.
    pub(super) fn key(&mut self, key: Key, session: &Session) -> Option<String> {
        if key != Key::Search {
            self.search = None;
        }
        match key {
            Key::Enter => return self.enter(session),
            Key::Up => self.travel(self.back + 1),
            Key::Down => self.travel(self.back.saturating_sub(1)),
            Key::Complete(caret) => self.complete(caret, session),
            Key::Cancel => {
                let line = format!("{}^C", std::mem::take(&mut self.input));
                self.print(&line);
                self.fresh(session);
            }
            Key::Clear => self.log = Rc::default(),
            Key::Search => match self.search {
                None => {
                    self.search = Some(String::new());
                    self.back = 0;
                }
                Some(_) => self.find(self.back),
            },
            Key::CutBefore(caret) => {
                self.input = self.input.get(caret..).unwrap_or_default().to_owned();
                self.caret = Some(0);
            }
        }
        None
    }

    fn enter(&mut self, session: &Session) -> Option<String> {
        let line = std::mem::take(&mut self.input);
        self.candidates.clear();
        self.back = 0;
        self.pending.push(line.clone());
        let command = self.pending.join("\n");
        if session.is_incomplete(&command) {
            self.print(&line);
            self.prompt = "> ".to_owned();
            return None;
        }
        if command.trim().is_empty() {
            self.print(&line);
            self.fresh(session);
            return None;
        }
        // The lines before stand on the screen already; the whole command takes their place.
        let shown = self.pending.len().saturating_sub(1);
        let log = Rc::make_mut(&mut self.log);
        log.truncate(log.len().saturating_sub(shown));
        Some(command)
    }

    /// A command ran, or went on after an edit.
    pub(super) fn ran(&mut self, done: Transcript, session: &Session) {
        if !done.line.is_empty() {
            self.history.push(done.line.clone());
        }
        Rc::make_mut(&mut self.log).push(done);
        self.fresh(session);
    }

    fn fresh(&mut self, session: &Session) {
        self.pending.clear();
        self.prompt = session.prompt();
        self.back = 0;
        self.draft.clear();
        self.candidates.clear();
    }

    /// A line that did not run stands on the screen as it was typed.
    fn print(&mut self, line: &str) {
        let typed = Transcript {
            prompt: self.prompt.clone(),
            line: line.to_owned(),
            stdout: String::new(),
            stderr: String::new(),
            pieces: Vec::new(),
            exit: 0,
            edit: None,
            streaming: false,
        };
        Rc::make_mut(&mut self.log).push(typed);
    }

    fn travel(&mut self, back: usize) {
        let back = back.min(self.history.len());
        if self.back == 0 {
            self.draft = self.input.clone();
        }
        self.input = match back {
            0 => self.draft.clone(),
            _ => self.history.iter().rev().nth(back - 1).cloned().unwrap_or_default(),
        };
        self.back = back;
        self.caret = Some(self.input.len());
    }

    /// The latest line before `from` that holds what is searched for.
    fn find(&mut self, from: usize) {
        let Some(wanted) = self.search.as_ref().filter(|wanted| !wanted.is_empty()) else { return };
        let found =
            self.history.iter().rev().enumerate().skip(from).find(|(_, line)| line.contains(wanted.as_str()));
        if let Some((back, line)) = found {
            self.input = line.clone();
            self.back = back + 1;
        }
    }

    fn complete(&mut self, caret: usize, session: &Session) {
        let (from, candidates) = session.complete(&self.input, caret);
        let (Some(before), Some(typed), Some(after)) =
            (self.input.get(..from), self.input.get(from..caret), self.input.get(caret..))
        else {
            return;
        };
        let Some(first) = candidates.first() else {
            self.candidates.clear();
            return;
        };
        let alone = candidates.len() == 1;
        let shared = candidates.iter().fold(first.as_str(), |shared, word| common_prefix(shared, word));
        let word = if shared.len() < typed.len() { typed } else { shared };
        // A word that is whole is followed by the next one; a folder or `key=` goes on.
        let space = if alone && !word.ends_with(['/', '=']) && !after.starts_with(' ') { " " } else { "" };
        let start = format!("{before}{word}{space}");
        let input = format!("{start}{after}");
        let stuck = !alone && input == self.input;
        self.candidates = if stuck { candidates } else { Vec::new() };
        self.caret = Some(start.len());
        self.input = input;
    }
}

/// What two words begin with alike.
fn common_prefix<'a>(one: &'a str, other: &str) -> &'a str {
    let end = one
        .char_indices()
        .zip(other.chars())
        .find(|((_, a), b)| a != b)
        .map_or(one.len().min(other.len()), |((at, _), _)| at);
    one.get(..end).unwrap_or(one)
}

#[cfg(test)]
mod tests {
    use super::common_prefix;

    #[test]
    fn the_common_prefix_ends_on_a_character() {
        assert_eq!(common_prefix("kubectl", "kubelet"), "kube");
        assert_eq!(common_prefix("pod1", "pod"), "pod");
        assert_eq!(common_prefix("é1", "é2"), "é");
        assert_eq!(common_prefix("a", "b"), "");
    }
}
