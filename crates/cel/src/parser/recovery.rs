//! What ANTLR does about tokens that do not fit. Models its `DefaultErrorStrategy` (Go, 4.13) with the limits of cel-go
//! `parser/parser.go`.

use super::{Failed, Parsed, Parser};
use crate::error::Issue;
use crate::lexer::{EOF, Kind, NAMES, Token};

/// So often may a rule be left before the whole is given up.
const MAX_ATTEMPTS: usize = 30;

/// So many syntax errors are told.
const MAX_REPORTS: usize = 100;

/// The kinds of tokens that may come next. Open: or the rule may end.
#[derive(Clone, Copy)]
pub(super) struct Set {
    bits: u64,
    open: bool,
}

impl Set {
    pub(super) const fn of(kinds: &[Kind]) -> Self {
        let mut bits = 0;
        let mut rest = kinds;
        while let [kind, tail @ ..] = rest {
            bits |= 1 << *kind;
            rest = tail;
        }
        Self { bits, open: false }
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self { bits: self.bits | other.bits, open: self.open || other.open }
    }

    pub(super) const fn open(self) -> Self {
        Self { bits: self.bits, open: true }
    }

    pub(super) const fn has(self, kind: Kind) -> bool {
        self.bits & (1 << kind) != 0
    }

    /// `{'(', IDENTIFIER}`, or the one there is.
    fn show(self) -> String {
        let names: Vec<&str> = (0..).zip(NAMES).filter(|(kind, _)| self.has(*kind)).map(|(_, n)| n).collect();
        match names.as_slice() {
            [one] => (*one).to_owned(),
            many => format!("{{{}}}", many.join(", ")),
        }
    }
}

/// What recovery must remember.
#[derive(Default)]
pub(super) struct Trail {
    /// What may follow each of the rules that are being parsed, the innermost last.
    follows: Vec<Set>,
    /// Whether an error was told and no token has fitted since.
    recovering: bool,
    last_error: Option<usize>,
    states: Vec<u16>,
    attempts: usize,
    reports: usize,
}

fn shown(text: &str) -> String {
    format!("'{}'", text.replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t"))
}

impl Parser<'_> {
    pub(super) fn look(&self, ahead: usize) -> Kind {
        self.tokens.get(self.at + ahead).map_or(EOF, |t| t.kind)
    }

    pub(super) fn la(&self) -> Kind {
        self.look(0)
    }

    pub(super) fn here(&self) -> Token {
        let end = self.chars.len();
        self.tokens.get(self.at).copied().unwrap_or(Token { kind: EOF, at: end, end })
    }

    fn consume(&mut self) -> Token {
        let token = self.here();
        self.at += usize::from(token.kind != EOF);
        token
    }

    /// Takes a token that fits.
    pub(super) fn take(&mut self) -> Token {
        self.trail.recovering = false;
        self.trail.last_error = None;
        self.trail.states.clear();
        self.consume()
    }

    pub(super) fn take_if(&mut self, kind: Kind) -> bool {
        let fits = self.la() == kind;
        if fits {
            self.take();
        }
        fits
    }

    /// Begins a rule after which `follow` may come.
    pub(super) fn open_rule(&mut self, follow: Set) -> [u16; 4] {
        self.trail.follows.push(follow);
        self.depths
    }

    /// Ends a rule; one that failed is left where something that may follow comes.
    pub(super) fn close_rule<T: Default>(&mut self, depths: [u16; 4], result: Parsed<T>) -> Parsed<T> {
        let result = match result {
            Err(Failed::Rule(state, why)) => {
                self.depths = depths;
                self.recover(state, &why);
                if self.trail.attempts > MAX_ATTEMPTS { Err(Failed::Stop) } else { Ok(T::default()) }
            }
            result => result,
        };
        self.trail.follows.pop();
        result
    }

    /// What may come at a place of a rule, what follows the rule and those around it included.
    fn expected(&self, mut here: Set) -> Set {
        for follow in self.trail.follows.iter().rev() {
            if !here.open {
                return here;
            }
            here = Set { bits: here.bits | follow.bits, open: follow.open };
        }
        if here.open { here.and(Set::of(&[EOF])) } else { here }
    }

    fn report(&mut self, at: usize, why: &str) {
        if self.trail.recovering {
            return;
        }
        self.trail.recovering = true;
        self.trail.reports += 1;
        if self.trail.reports <= MAX_REPORTS {
            self.issues.push(Issue::new(at, format!("Syntax error: {why}")));
        }
    }

    fn display(&self, token: Token) -> String {
        if token.kind == EOF { "'<EOF>'".to_owned() } else { shown(&self.text(token)) }
    }

    fn report_unwanted(&mut self, expected: Set) {
        let token = self.here();
        let why = format!("extraneous input {} expecting {}", self.display(token), expected.show());
        self.report(token.at, &why);
    }

    fn attempt(&mut self) -> Parsed<()> {
        if self.trail.attempts == MAX_ATTEMPTS {
            let at = self.here().at;
            let why = format!("Syntax error: error recovery attempt limit exceeded: {MAX_ATTEMPTS}");
            self.issues.push(Issue::new(at, why));
            self.trail.attempts += 1;
            return Err(Failed::Stop);
        }
        self.trail.attempts += 1;
        Ok(())
    }

    /// Tells why a rule is left, and skips what cannot follow it.
    pub(super) fn recover(&mut self, state: u16, why: &str) {
        // The message carries its place where that is not the next token.
        let at = self.here().at;
        match why.split_once('\u{0}') {
            Some((place, why)) => self.report(place.parse().unwrap_or(at), why),
            None => self.report(at, why),
        }
        if self.attempt().is_err() {
            return;
        }
        if self.trail.last_error == Some(self.at) && self.trail.states.contains(&state) {
            self.consume();
        }
        self.trail.last_error = Some(self.at);
        self.trail.states.push(state);
        self.skip_to(Set::of(&[]));
    }

    fn skip_to(&mut self, more: Set) {
        let wanted = self.trail.follows.iter().fold(more, |a, b| a.and(*b));
        while self.la() != EOF && !wanted.has(self.la()) {
            self.consume();
        }
    }

    fn mismatch(&self, state: u16, expected: Set) -> Failed {
        let token = self.here();
        let why = format!("mismatched input {} expecting {}", self.display(token), expected.show());
        Failed::Rule(state, why)
    }

    /// No alternative begins with the tokens from `first` to the one `ahead` of here.
    pub(super) fn no_viable(&self, state: u16, first: Token, ahead: usize) -> Failed {
        let bad = self.tokens.get(self.at + ahead).copied().unwrap_or(self.here());
        let text: String = if first.kind == EOF { "<EOF>".to_owned() } else { self.between(first, bad) };
        // A word of the language where a field's name should be is worded as it once was.
        let word = text.get(1..).filter(|w| matches!(*w, "true" | "false" | "null"));
        let why = match word {
            Some(word) => format!("mismatched input '{word}' expecting IDENTIFIER"),
            None => format!("no viable alternative at input {}", shown(&text)),
        };
        Failed::Rule(state, format!("{}\u{0}{why}", bad.at))
    }

    /// The tokens from one to another as they were written, without what was no token.
    fn between(&self, first: Token, last: Token) -> String {
        let mut out = String::new();
        let mut at = first.at;
        for token in self.tokens.iter().filter(|t| t.at >= first.at && t.at <= last.at) {
            let gap = self.chars.get(at..token.at).unwrap_or(&[]);
            out.extend(gap.iter().filter(|c| c.is_whitespace()));
            out.push_str(&self.text(*token));
            at = token.end;
        }
        out
    }

    /// Passes over one token that is too many, if the one behind it fits.
    fn delete_one(&mut self, expected: Set) -> bool {
        if !expected.has(self.look(1)) {
            return false;
        }
        self.report_unwanted(expected);
        self.consume();
        self.trail.recovering = false;
        self.trail.last_error = None;
        self.trail.states.clear();
        true
    }

    /// Before a choice: whether anything of it can come.
    pub(super) fn sync(&mut self, set: Set, state: u16) -> Parsed<()> {
        if self.trail.recovering || set.open || set.has(self.la()) || self.delete_one(set) {
            return Ok(());
        }
        Err(self.mismatch(state, set))
    }

    /// After one round of a loop that must be followed by something.
    pub(super) fn sync_back(&mut self, set: Set) {
        if self.trail.recovering || set.has(self.la()) {
            return;
        }
        self.report_unwanted(set);
        self.skip_to(set);
    }

    /// Takes a token of a kind, after which `after` may come; gives its place.
    pub(super) fn expect(&mut self, kind: Kind, state: u16, after: Set) -> Parsed<usize> {
        let token = self.here();
        if token.kind == kind {
            return Ok(self.take().at);
        }
        self.attempt()?;
        let wanted = Set::of(&[kind]);
        if self.delete_one(wanted) {
            return Ok(self.consume().at);
        }
        if self.expected(after).has(token.kind) {
            let why = format!("missing {} at {}", wanted.show(), self.display(token));
            self.report(token.at, &why);
            return Ok(token.at);
        }
        Err(self.mismatch(state, wanted))
    }
}
