//! From text to [`super::ast`]: the grammar of POSIX shells with what people use of bash.

mod compound;
mod simple;
mod words;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::ast::{
    Assign, Command, Compound, Item, Join, Pipeline, Redirect, RedirectOp, Script, Value, Word,
};
use super::state::Dialect;

/// Why a text is no script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// It ends inside a quote, a heredoc or a compound command: more lines may come.
    Incomplete {
        /// What was being looked for: a quote character, or empty.
        looking_for: String,
    },
    /// A token stands where none may.
    Unexpected {
        /// The token; `newline` for the end of a line, nothing at the end of the text.
        token: String,
        /// The word that should stand there, where only one may.
        expecting: &'static str,
        /// Its line, from 1.
        line: usize,
    },
    /// Something of its own, in the shell's words.
    Other {
        /// The words, with a small letter.
        what: &'static str,
        /// Its line, from 1.
        line: usize,
    },
}

type Parse<T> = Result<T, ParseError>;

struct Pending {
    body: Arc<OnceLock<Word>>,
    delimiter: String,
    quoted: bool,
    strip: bool,
}

/// Parses a whole script. With aliases, as an interactive shell does. A heredoc that has no end may reach to the end of
/// the text where no more lines will come; then its delimiter and line are given too.
///
/// # Errors
/// What is wrong, or that it is not complete.
pub fn parse(
    text: &str,
    aliases: &BTreeMap<String, String>,
    dialect: Dialect,
    whole: bool,
) -> Parse<(Script, Vec<(String, usize)>)> {
    let mut p = Parser::new(text.chars().collect(), aliases, dialect);
    p.whole = whole;
    let script = p.script(&[])?;
    if let Some(token) = p.peek_token() {
        return Err(p.unexpected(&token));
    }
    for pending in std::mem::take(&mut p.pending) {
        p.heredoc(&pending)?;
    }
    Ok((script, p.open_heredocs))
}

pub(super) struct Parser<'a> {
    chars: Vec<char>,
    at: usize,
    line: usize,
    pending: Vec<Pending>,
    aliases: &'a BTreeMap<String, String>,
    /// How far the text came out of an alias that must not be expanded again.
    alias_until: Vec<(String, usize)>,
    depth: usize,
    dialect: Dialect,
    /// Whether no more lines will come.
    whole: bool,
    /// Delimiters that never came, with their lines.
    open_heredocs: Vec<(String, usize)>,
}

const RESERVED: &[&str] = &["then", "else", "elif", "fi", "do", "done", "esac", "}", "in", ")"];
const MAX_DEPTH: usize = 120;

impl<'a> Parser<'a> {
    pub(super) fn new(chars: Vec<char>, aliases: &'a BTreeMap<String, String>, dialect: Dialect) -> Self {
        let (pending, alias_until, open_heredocs) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            chars,
            at: 0,
            line: 1,
            pending,
            aliases,
            alias_until,
            depth: 0,
            dialect,
            whole: false,
            open_heredocs,
        }
    }

    /// A parser of a text inside this one.
    fn inner(&self, chars: Vec<char>) -> Self {
        Self { whole: self.whole, ..Self::new(chars, self.aliases, self.dialect) }
    }

    fn is(&self, dialect: Dialect) -> bool {
        self.dialect == dialect
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn looking_at(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(i, c)| self.peek(i) == Some(c))
    }

    fn take(&mut self, text: &str) -> bool {
        let here = self.looking_at(text);
        if here {
            self.at += text.chars().count();
        }
        here
    }

    fn incomplete<T>(&self, what: &str) -> Parse<T> {
        Err(ParseError::Incomplete { looking_for: what.to_owned() })
    }

    fn unexpected(&self, token: &str) -> ParseError {
        self.unexpected_for(token, "")
    }

    fn unexpected_for(&self, token: &str, expecting: &'static str) -> ParseError {
        let token = if token == "\n" { "newline" } else { token };
        ParseError::Unexpected { token: token.to_owned(), expecting, line: self.line }
    }

    /// Skips blanks, comments and escaped newlines.
    fn blanks(&mut self) {
        loop {
            match self.peek(0) {
                Some(' ' | '\t') => self.at += 1,
                Some('\\') if self.peek(1) == Some('\n') => {
                    self.at += 2;
                    self.line += 1;
                }
                Some('#')
                    if self.at == 0
                        || self
                            .chars
                            .get(self.at - 1)
                            .is_none_or(|c| c.is_whitespace() || ";&|()".contains(*c)) =>
                {
                    while self.peek(0).is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                _ => break,
            }
        }
    }

    /// Takes a newline and the heredocs that start behind it.
    fn newline(&mut self) -> Parse<bool> {
        if self.peek(0) != Some('\n') {
            return Ok(false);
        }
        self.at += 1;
        self.line += 1;
        for pending in std::mem::take(&mut self.pending) {
            self.heredoc(&pending)?;
        }
        Ok(true)
    }

    fn heredoc(&mut self, pending: &Pending) -> Parse<()> {
        let mut text = String::new();
        loop {
            if self.at >= self.chars.len() {
                if self.whole {
                    let begun = text.lines().count() + 1;
                    self.open_heredocs
                        .push((pending.delimiter.clone(), self.line.saturating_sub(begun).max(1)));
                    break;
                }
                return self.incomplete("heredoc");
            }
            let mut line = String::new();
            while let Some(c) = self.peek(0) {
                self.at += 1;
                if c == '\n' {
                    self.line += 1;
                    break;
                }
                line.push(c);
            }
            let line = if pending.strip { line.trim_start_matches('\t') } else { &line };
            if line == pending.delimiter {
                break;
            }
            text.push_str(line);
            text.push('\n');
        }
        let body = if pending.quoted {
            Word(vec![super::ast::Part::Quoted(text)])
        } else {
            let mut inner = self.inner(text.chars().collect());
            Word(vec![super::ast::Part::Double(inner.double(None)?)])
        };
        let _ = pending.body.set(body);
        Ok(())
    }

    fn lines(&mut self) -> Parse<()> {
        loop {
            self.blanks();
            if !self.newline()? {
                return Ok(());
            }
        }
    }

    /// The operator or word that stands here, for messages and keyword tests; not taken.
    fn peek_token(&mut self) -> Option<String> {
        self.blanks();
        let c = self.peek(0)?;
        if "\n;&|()<>".contains(c) {
            for op in ["&&", "||", ";;", "<<", ">>", "((", "|&", "&>"] {
                if self.looking_at(op) && op != "((" {
                    return Some(op.to_owned());
                }
            }
            return Some(c.to_string());
        }
        let mut end = self.at;
        while self.chars.get(end).is_some_and(|c| !c.is_whitespace() && !";&|()<>".contains(*c)) {
            end += 1;
        }
        self.chars.get(self.at..end).map(|s| s.iter().collect())
    }

    fn keyword(&mut self, word: &str) -> bool {
        if self.peek_token().as_deref() == Some(word) {
            self.at += word.chars().count();
            return true;
        }
        false
    }

    fn expect(&mut self, word: &'static str) -> Parse<()> {
        self.lines()?;
        if self.keyword(word) {
            return Ok(());
        }
        match self.peek_token() {
            None => self.incomplete(word),
            Some(token) => Err(self.unexpected_for(&token, word)),
        }
    }

    /// Commands up to one of the closing words, which is not taken.
    pub(super) fn script(&mut self, until: &[&str]) -> Parse<Script> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.unexpected("("));
        }
        let mut items = Vec::new();
        loop {
            self.lines()?;
            let Some(token) = self.peek_token() else {
                if until.is_empty() {
                    break;
                }
                return self.incomplete(if until.contains(&"fi") {
                    "fi"
                } else {
                    until.first().copied().unwrap_or("")
                });
            };
            if until.contains(&token.as_str()) || until.is_empty() && token == ")" {
                break;
            }
            let (line, start) = (self.line, self.at);
            let chain = self.chain()?;
            let mut item = Item { chain, background: false, line, text: String::new() };
            self.blanks();
            let mut ended = false;
            if self.looking_at(";;") || self.take(";") {
                ended = true;
            } else if self.looking_at("&") && !self.looking_at("&&") {
                let text: String = self.chars.get(start..self.at).unwrap_or_default().iter().collect();
                item.text = match text.trim().strip_prefix('(').and_then(|t| t.strip_suffix(')')) {
                    Some(inner) if !inner.contains(['(', ')']) => format!("( {} )", inner.trim()),
                    _ => text.trim().to_owned(),
                };
                self.at += 1;
                item.background = true;
                ended = true;
            }
            items.push(item);
            if !ended {
                self.blanks();
                match self.peek(0) {
                    None | Some('\n') => {}
                    Some(_) => {
                        let token = self.peek_token().unwrap_or_default();
                        if until.contains(&token.as_str()) {
                            break;
                        }
                        return Err(self.unexpected(&token));
                    }
                }
            }
        }
        self.depth -= 1;
        Ok(items)
    }

    fn chain(&mut self) -> Parse<Vec<(Join, Pipeline)>> {
        let mut chain = vec![(Join::First, self.pipeline()?)];
        loop {
            self.blanks();
            let join = if self.take("&&") {
                Join::And
            } else if self.take("||") {
                Join::Or
            } else {
                return Ok(chain);
            };
            self.lines()?;
            if self.at >= self.chars.len() {
                return self.incomplete("");
            }
            chain.push((join, self.pipeline()?));
        }
    }

    fn pipeline(&mut self) -> Parse<Pipeline> {
        let mut negated = false;
        while self.keyword("!") {
            negated = !negated;
        }
        let mut commands = vec![(self.command()?, false)];
        loop {
            self.blanks();
            if self.looking_at("||") || !self.looking_at("|") {
                return Ok(Pipeline { negated, commands });
            }
            self.at += 1;
            if !self.is(Dialect::Bash) && self.looking_at("&") {
                return Err(self.unexpected("&"));
            }
            if self.take("&")
                && let Some(last) = commands.last_mut()
            {
                last.1 = true;
            }
            self.lines()?;
            if self.at >= self.chars.len() {
                return self.incomplete("");
            }
            commands.push((self.command()?, false));
        }
    }

    fn command(&mut self) -> Parse<Command> {
        self.blanks();
        let Some(token) = self.peek_token() else { return Err(self.unexpected("")) };
        if self.is(Dialect::Bash)
            && self.looking_at("((")
            && let Some(text) = self.arith_block()?
        {
            return self.compound(Compound::Arith(text));
        }
        if self.take("(") {
            let body = self.script(&[")"])?;
            self.expect(")")?;
            return self.compound(Compound::Subshell(body));
        }
        match token.as_str() {
            "{" => {
                self.keyword("{");
                let body = self.script(&["}"])?;
                self.expect("}")?;
                self.compound(Compound::Group(body))
            }
            "if" => self.if_command(),
            "while" | "until" => {
                self.keyword(&token);
                let test = self.script(&["do"])?;
                let body = self.do_group()?;
                self.compound(Compound::While { until: token == "until", test, body })
            }
            "for" => self.for_command(),
            "case" => self.case_command(),
            "[[" if !self.is(Dialect::Dash) => {
                self.keyword("[[");
                let mut words = Vec::new();
                loop {
                    self.lines()?;
                    match self.peek_token().as_deref() {
                        None => return self.incomplete("]]"),
                        Some("]]") => break,
                        Some(t @ ("&&" | "||" | "(" | ")" | "<" | ">")) => {
                            let t = t.to_owned();
                            self.take(&t);
                            words.push(Word(vec![super::ast::Part::Plain(t)]));
                        }
                        Some(_) => {
                            let regex = words
                                .last()
                                .is_some_and(|w| *w == Word(vec![super::ast::Part::Plain("=~".into())]));
                            words.push(self.word_until(regex)?);
                        }
                    }
                }
                self.keyword("]]");
                self.compound(Compound::Test(words))
            }
            "function" if !self.is(Dialect::Dash) => {
                self.keyword("function");
                self.blanks();
                let name = self.peek_token().unwrap_or_default();
                self.at += name.chars().count();
                self.blanks();
                if self.take("(") {
                    self.expect(")")?;
                }
                self.lines()?;
                Ok(Command::Function(name, Arc::new(self.command()?)))
            }
            t if RESERVED.contains(&t) => Err(self.unexpected(t)),
            t if "\n;&|)".contains(t) || matches!(t, "&&" | "||" | ";;") => Err(self.unexpected(t)),
            _ => self.simple(),
        }
    }
}

pub(super) fn is_name(text: &str) -> bool {
    text.chars().enumerate().all(|(i, c)| c == '_' || c.is_ascii_alphabetic() || i > 0 && c.is_ascii_digit())
        && !text.is_empty()
}
