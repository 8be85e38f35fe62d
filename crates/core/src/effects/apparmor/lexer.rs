//! Text to words, with the modes of apparmor_parser's lexer: what a word is depends on the rule it stands in.
//!
//! Follows includes as they are met. The line in an error is the line being read when the error is noticed.
//! Models parser/parser_lex.l: the longest match wins, of equal ones the first in the table.

use std::collections::BTreeSet;

use super::includes::Includes;
use super::scan;
use super::token::{Tok, keyword};
use super::words::{WORDS, rule_mode};

/// A word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Tok,
    pub(super) text: String,
}

/// The lexer's modes, named as it names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(non_camel_case_types, clippy::upper_case_acronyms, reason = "the names are part of an error text")]
pub(super) enum Mode {
    INITIAL,
    SUB_ID,
    SUB_ID_WS,
    SUB_VALUE,
    EXTCOND_MODE,
    EXTCONDLIST_MODE,
    NETWORK_MODE,
    LIST_VAL_MODE,
    LIST_COND_MODE,
    LIST_COND_VAL,
    LIST_COND_PAREN_VAL,
    ASSIGN_MODE,
    RLIMIT_MODE,
    MOUNT_MODE,
    DBUS_MODE,
    SIGNAL_MODE,
    PTRACE_MODE,
    UNIX_MODE,
    CHANGE_PROFILE_MODE,
    INCLUDE,
    INCLUDE_EXISTS,
    ABI_MODE,
    USERNS_MODE,
    MQUEUE_MODE,
    INTEGER_MODE,
}

/// A text being read.
pub(super) struct Source {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) at: usize,
    pub(super) line: usize,
}

pub(super) struct Lexer<'a> {
    pub(super) sources: Vec<Source>,
    pub(super) modes: Vec<Mode>,
    pub(super) includes: &'a dyn Includes,
    /// Files included in this block: they are not included again.
    pub(super) seen: BTreeSet<String>,
    pub(super) read: usize,
    old: bool,
}

pub(super) enum Step {
    Skip(usize),
    Word(Tok, usize),
    /// A word whose text is unescaped.
    Id(Tok, usize),
    /// A word whose text is not what was read.
    Given(Tok, usize, String),
    Fail(String),
}

impl<'a> Lexer<'a> {
    pub(super) fn new(name: &str, text: &str, includes: &'a dyn Includes, old: bool) -> Self {
        let source = Source { name: name.to_owned(), text: text.to_owned(), at: 0, line: 1 };
        Self { sources: vec![source], modes: vec![], includes, seen: BTreeSet::new(), read: text.len(), old }
    }

    /// The file being read and the line in it.
    pub(super) fn position(&self) -> (&str, usize) {
        self.sources.last().map_or(("", 0), |s| (s.name.as_str(), s.line))
    }

    /// Whether a path leads to a file.
    pub(super) fn exists(&self, path: &str) -> bool {
        self.includes.find(path).is_some()
    }

    pub(super) fn mode(&self) -> Mode {
        self.modes.last().copied().unwrap_or(Mode::INITIAL)
    }

    fn begin(&mut self, mode: Mode) {
        self.modes.pop();
        self.modes.push(mode);
    }

    pub(super) fn rest(&self) -> &str {
        self.sources.last().and_then(|s| s.text.get(s.at..)).unwrap_or("")
    }

    pub(super) fn advance(&mut self, n: usize) -> String {
        let Some(s) = self.sources.last_mut() else { return String::new() };
        let text = s.text.get(s.at..s.at + n).unwrap_or("").to_owned();
        s.at += n;
        text
    }

    /// The next word.
    pub(super) fn next(&mut self) -> Result<Token, String> {
        loop {
            if self.rest().is_empty() {
                if self.sources.len() > 1 {
                    self.sources.pop();
                    continue;
                }
                return Ok(Token { kind: Tok::Eof, text: String::new() });
            }
            match self.step()? {
                Step::Skip(n) => {
                    // Line ends inside a quoted word are not counted.
                    let lines = self.advance(n).matches('\n').count();
                    if let Some(s) = self.sources.last_mut() {
                        s.line += lines;
                    }
                }
                Step::Word(kind, n) => return Ok(Token { kind, text: self.advance(n) }),
                Step::Id(kind, n) => {
                    let text = self.advance(n);
                    return Ok(Token { kind, text: scan::process_id(&text) });
                }
                Step::Given(kind, n, text) => {
                    self.advance(n);
                    return Ok(Token { kind, text });
                }
                Step::Fail(m) => return Err(m),
            }
        }
    }

    pub(super) fn unexpected(&self) -> Step {
        let c = self.rest().bytes().next().unwrap_or(0);
        let shown = self.rest().chars().next().unwrap_or(' ');
        Step::Fail(format!(
            "Lexer found unexpected character: '{shown}' (0x{c:x}) in state: {:?}",
            self.mode()
        ))
    }

    fn step(&mut self) -> Result<Step, String> {
        let mode = self.mode();
        let rest = self.rest();
        let blanks = scan::blanks(rest);
        if blanks > 0 && !matches!(mode, Mode::SUB_ID | Mode::SUB_VALUE) {
            return Ok(Step::Skip(blanks));
        }
        let newline = scan::newline(rest);
        if newline > 0 {
            match mode {
                Mode::SUB_ID | Mode::SUB_VALUE | Mode::INTEGER_MODE => {}
                Mode::ASSIGN_MODE => {
                    self.modes.pop();
                    return Ok(Step::Skip(newline));
                }
                _ => return Ok(Step::Skip(newline)),
            }
        }
        Ok(match mode {
            Mode::INITIAL => return self.initial(),
            Mode::SUB_ID | Mode::SUB_ID_WS => self.pop_with(scan::ids(rest).max(scan::quoted(rest)), Tok::Id),
            Mode::SUB_VALUE => self.pop_with(scan::ids(rest).max(scan::quoted(rest)), Tok::Value),
            Mode::INCLUDE | Mode::INCLUDE_EXISTS | Mode::ABI_MODE => return self.file_name(),
            Mode::LIST_VAL_MODE => self.list_value(),
            Mode::EXTCOND_MODE => self.condition_value(),
            Mode::EXTCONDLIST_MODE => match rest.bytes().next() {
                Some(b'=') => Step::Word(Tok::Equals, 1),
                Some(b'(') => {
                    self.begin(Mode::LIST_COND_MODE);
                    Step::Word(Tok::OpenParen, 1)
                }
                _ => self.unexpected(),
            },
            Mode::LIST_COND_MODE => self.condition_list(),
            Mode::LIST_COND_VAL => {
                self.pop_with(scan::list_value(rest).max(scan::quoted_nonempty(rest)), Tok::Value)
            }
            Mode::LIST_COND_PAREN_VAL => {
                let n = scan::list_value(rest).max(scan::quoted_nonempty(rest));
                if n > 0 {
                    Step::Id(Tok::Value, n)
                } else if rest.starts_with(')') {
                    self.modes.pop();
                    Step::Skip(1)
                } else {
                    self.unexpected()
                }
            }
            Mode::ASSIGN_MODE => self.assigned(),
            Mode::RLIMIT_MODE => self.rlimit(),
            Mode::CHANGE_PROFILE_MODE => self.change_profile(),
            Mode::INTEGER_MODE => {
                let n = scan::integer(rest);
                if rest.starts_with('=') {
                    Step::Word(Tok::Equals, 1)
                } else if n > 0 {
                    self.modes.pop();
                    Step::Word(Tok::Value, n)
                } else {
                    self.unexpected()
                }
            }
            Mode::NETWORK_MODE
            | Mode::MOUNT_MODE
            | Mode::DBUS_MODE
            | Mode::SIGNAL_MODE
            | Mode::PTRACE_MODE
            | Mode::UNIX_MODE
            | Mode::USERNS_MODE
            | Mode::MQUEUE_MODE => self.rule(mode),
        })
    }

    fn pop_with(&mut self, n: usize, kind: Tok) -> Step {
        if n == 0 {
            return self.unexpected();
        }
        self.modes.pop();
        Step::Id(kind, n)
    }

    /// Candidates so far the best of which wins: the longest (with what must follow), of equals the first.
    fn initial(&mut self) -> Result<Step, String> {
        let rest = self.rest();
        let mut best = Best::default();
        self.conditions(&mut best, rest);
        if let Some(n) = scan::include_line(rest, "#include") {
            let exists = scan::if_exists(rest, "#include");
            best.offer(n, Choice::Include(exists.unwrap_or("#include".len()), exists.is_some()));
        }
        if let Some(n) =
            scan::if_exists(rest, "include").filter(|n| scan::blanks(rest.get(*n..).unwrap_or("")) > 0)
        {
            best.offer(n + 1, Choice::Include(n, true));
        }
        if let Some(after) = rest.strip_prefix("include")
            && scan::blanks(after) > 0
        {
            best.offer(8, Choice::Include(7, false));
        }
        if let Some(after) = rest.strip_prefix("all").filter(|_| !self.old)
            && after.bytes().next().is_some_and(|c| !c.is_ascii_alphanumeric() && c != b'_')
        {
            best.offer(4, Choice::Word(Tok::All, 3, None));
        }
        if let Some(n) = scan::include_line(rest, "#") {
            best.offer(n, Choice::Skip(n));
        }
        for (text, kind, push) in [
            ("^", Tok::Caret, Some(Mode::SUB_ID)),
            ("->", Tok::Arrow, Some(Mode::SUB_ID_WS)),
            ("=", Tok::Equals, Some(Mode::ASSIGN_MODE)),
            ("+=", Tok::AddAssign, Some(Mode::ASSIGN_MODE)),
        ] {
            if rest.starts_with(text) {
                best.offer(text.len(), Choice::Word(kind, text.len(), push));
            }
        }
        let set = scan::variable(rest, b'@');
        best.offer(set, Choice::Word(Tok::SetVar, set, None));
        let boolean = scan::variable(rest, b'$');
        best.offer(boolean, Choice::Word(Tok::BoolVar, boolean, None));
        if rest.starts_with('{') {
            best.offer(1, Choice::Word(Tok::Open, 1, None));
        }
        if rest.starts_with('}') {
            best.offer(1, Choice::Word(Tok::Close, 1, None));
        }
        let label = scan::label(rest).max(scan::quoted_label(rest));
        best.offer(label, Choice::Id(label));
        let modes = scan::modes(rest);
        if modes > 0 {
            best.offer(modes + 1, Choice::Word(Tok::Mode, modes, None));
        }
        for (word, kind) in [("hat", Tok::Hat), ("profile", Tok::Profile)] {
            if let Some(after) = rest.strip_prefix(word) {
                let n = word.len() + scan::blanks(after);
                best.offer(n, Choice::Word(kind, n, Some(Mode::SUB_ID)));
            }
        }
        if rest.starts_with('(') {
            best.offer(1, Choice::Word(Tok::OpenParen, 1, Some(Mode::LIST_VAL_MODE)));
        }
        let name = scan::name(rest);
        if name > 0 {
            let word = rest.get(..name).unwrap_or("");
            let choice =
                keyword(word, self.old).map_or(Choice::Id(name), |k| Choice::Word(k, name, rule_mode(k)));
            best.offer(name, choice);
        }
        if rest.starts_with(',') {
            best.offer(1, Choice::Word(Tok::EndOfRule, 1, None));
        }
        Ok(match best.choice {
            None => self.unexpected(),
            Some(Choice::Skip(n)) => Step::Skip(n),
            Some(Choice::Id(n)) => Step::Id(Tok::Id, n),
            Some(Choice::Word(kind, n, push)) => {
                self.modes.extend(push);
                Step::Word(kind, n)
            }
            Some(Choice::Include(n, exists)) => {
                self.modes.push(if exists { Mode::INCLUDE_EXISTS } else { Mode::INCLUDE });
                Step::Skip(n)
            }
        })
    }

    /// `name=`, `name in (`, `peer=(`: the words before conditions.
    fn conditions(&self, best: &mut Best, rest: &str) {
        for word in ["peer", "xattrs"] {
            if let Some(n) = scan::before_equals(rest, word, true) {
                best.offer(n, Choice::Word(Tok::CondListId, word.len(), Some(Mode::EXTCONDLIST_MODE)));
            }
        }
        if !self.old
            && let Some(n) = scan::before_equals(rest, "priority", false)
        {
            best.offer(n, Choice::Word(Tok::Priority, 8, Some(Mode::INTEGER_MODE)));
        }
        let name = scan::name(rest);
        if name > 0 {
            let word = rest.get(..name).unwrap_or("");
            let n = scan::before_equals(rest, word, false).or_else(|| scan::before_in(rest, word));
            if let Some(n) = n {
                best.offer(n, Choice::Word(Tok::CondId, name, Some(Mode::EXTCOND_MODE)));
            }
        }
    }

    /// Words inside a rule that has its own mode.
    fn rule(&mut self, mode: Mode) -> Step {
        let rest = self.rest();
        let mut best = Best::default();
        if mode != Mode::USERNS_MODE && (mode != Mode::NETWORK_MODE || !self.old) {
            self.conditions(&mut best, rest);
        }
        let name = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let word = rest.get(..name).unwrap_or("");
        if let Some((_, kind, _)) = WORDS.iter().find(|(w, _, modes)| *w == word && modes.contains(&mode))
            && (mode != Mode::NETWORK_MODE || !self.old)
        {
            best.offer(name, Choice::Word(*kind, name, None));
        }
        let lists = !matches!(mode, Mode::MOUNT_MODE | Mode::USERNS_MODE);
        if lists && rest.starts_with('(') {
            best.offer(1, Choice::Word(Tok::OpenParen, 1, Some(Mode::LIST_VAL_MODE)));
        }
        if lists {
            for word in ["rw", "wr", "r", "w"] {
                let after = rest.strip_prefix(word).and_then(|a| a.bytes().next());
                if after.is_some_and(|c| c.is_ascii_whitespace() || c == b',') {
                    best.offer(word.len() + 1, Choice::Word(Tok::Mode, word.len(), None));
                }
            }
        }
        if mode == Mode::MOUNT_MODE && rest.starts_with("->") {
            best.offer(2, Choice::Word(Tok::Arrow, 2, None));
        }
        if mode != Mode::USERNS_MODE {
            let plain = if mode == Mode::NETWORK_MODE && self.old {
                scan::ids(rest)
            } else {
                scan::ids_no_equals(rest).max(scan::label(rest)).max(scan::quoted(rest))
            };
            best.offer(plain, Choice::Id(plain));
        }
        if rest.starts_with(',') {
            best.offer(1, Choice::Word(Tok::EndOfRule, 1, None));
        }
        match best.choice {
            Some(Choice::Word(Tok::EndOfRule, n, _)) => {
                self.modes.pop();
                Step::Word(Tok::EndOfRule, n)
            }
            Some(Choice::Word(kind, n, push)) => {
                self.modes.extend(push);
                Step::Word(kind, n)
            }
            Some(Choice::Id(n)) => Step::Id(Tok::Id, n),
            _ => self.unexpected(),
        }
    }

    fn list_value(&mut self) -> Step {
        let rest = self.rest();
        let n = scan::list_value(rest).max(scan::quoted(rest));
        match rest.bytes().next() {
            _ if n > 0 => Step::Id(Tok::Value, n),
            Some(b')') => {
                self.modes.pop();
                Step::Word(Tok::CloseParen, 1)
            }
            Some(b',') => Step::Skip(1),
            _ => self.unexpected(),
        }
    }

    fn condition_value(&mut self) -> Step {
        let rest = self.rest();
        if let Some(after) = rest.strip_prefix('=') {
            let n = scan::blanks(after);
            let follows = after.get(n..).and_then(|a| a.bytes().next());
            if follows.is_some_and(|c| c != b'(' && c != b'\n') {
                self.begin(Mode::SUB_VALUE);
                return Step::Word(Tok::Equals, 1 + n);
            }
            return Step::Word(Tok::Equals, 1);
        }
        if rest.starts_with('(') {
            self.begin(Mode::LIST_VAL_MODE);
            return Step::Word(Tok::OpenParen, 1);
        }
        if rest.starts_with("in") {
            return Step::Word(Tok::In, 2);
        }
        self.unexpected()
    }

    fn condition_list(&mut self) -> Step {
        let rest = self.rest();
        let n = scan::cond_name(rest);
        match rest.bytes().next() {
            _ if n > 0 => Step::Id(Tok::CondId, n),
            Some(b')') => {
                self.modes.pop();
                Step::Word(Tok::CloseParen, 1)
            }
            Some(b',') => Step::Skip(1),
            Some(b'=') => {
                let n = scan::blanks(rest.get(1..).unwrap_or(""));
                if rest.get(1 + n..).is_some_and(|r| r.starts_with('(')) {
                    self.modes.push(Mode::LIST_COND_PAREN_VAL);
                    Step::Word(Tok::Equals, n + 2)
                } else {
                    self.modes.push(Mode::LIST_COND_VAL);
                    Step::Word(Tok::Equals, 1)
                }
            }
            _ => self.unexpected(),
        }
    }

    fn assigned(&mut self) -> Step {
        let rest = self.rest();
        let value = scan::ids(rest).max(scan::quoted(rest));
        let comment = scan::include_line(rest, "#").filter(|n| *n > value && !self.old);
        if let Some(n) = comment {
            self.modes.pop();
            Step::Skip(n)
        } else if rest.starts_with("\\\n") {
            Step::Skip(2)
        } else if value > 0 {
            Step::Id(Tok::Value, value)
        } else if rest.starts_with(',') {
            Step::Fail("Variable declarations do not accept trailing commas".to_owned())
        } else {
            self.unexpected()
        }
    }

    fn rlimit(&mut self) -> Step {
        let rest = self.rest();
        let number = scan::integer(rest);
        let word = rest.bytes().take_while(|c| c.is_ascii_alphabetic() || *c == b'_').count();
        if number > 0 && !rest.starts_with('+') {
            Step::Word(Tok::Value, number)
        } else if word > 0 {
            Step::Word(if rest.get(..word) == Some("infinity") { Tok::Value } else { Tok::Id }, word)
        } else if rest.starts_with("<=") {
            Step::Word(Tok::Le, 2)
        } else if rest.starts_with(',') {
            self.modes.pop();
            Step::Word(Tok::EndOfRule, 1)
        } else {
            self.unexpected()
        }
    }

    fn change_profile(&mut self) -> Step {
        let rest = self.rest();
        let n = scan::ids(rest).max(scan::quoted(rest));
        match rest.get(..n).unwrap_or("") {
            "safe" => Step::Word(Tok::Safe, n),
            "unsafe" => Step::Word(Tok::Unsafe, n),
            "->" => {
                self.modes.push(Mode::SUB_ID_WS);
                Step::Word(Tok::Arrow, n)
            }
            "" if rest.starts_with(',') => {
                self.modes.pop();
                Step::Word(Tok::EndOfRule, 1)
            }
            "" => self.unexpected(),
            _ => Step::Id(Tok::Id, n),
        }
    }
}

enum Choice {
    Skip(usize),
    Id(usize),
    Word(Tok, usize, Option<Mode>),
    Include(usize, bool),
}

#[derive(Default)]
struct Best {
    length: usize,
    choice: Option<Choice>,
}

impl Best {
    fn offer(&mut self, length: usize, choice: Choice) {
        if length > self.length {
            self.length = length;
            self.choice = Some(choice);
        }
    }
}
