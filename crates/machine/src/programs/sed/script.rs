//! sed scripts: from text to commands.

use std::cell::Cell;

use crate::regex::{Captures, Regex, Syntax};

/// Which lines.
#[derive(Clone, Debug)]
pub(super) enum Address {
    Line(usize),
    Last,
    Step(usize, usize),
    Regex(Regex),
    /// `0,/re/`
    Zero,
    /// `addr,+n`
    Plus(usize),
    /// `addr,~n`
    Multiple(usize),
}

/// When a branch is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    Always,
    Replaced,
    NotReplaced,
}

/// A piece of a replacement.
#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Group(usize),
    /// `\U`, `\L`, `\E`, `\u`, `\l`
    Case(char),
}

/// `s`.
#[derive(Clone, Debug)]
pub(super) struct Substitute {
    /// `None` is the last one used.
    pub(super) regex: Option<Regex>,
    pieces: Vec<Piece>,
    pub(super) global: bool,
    pub(super) nth: usize,
    pub(super) print: bool,
    pub(super) write: Option<String>,
}

impl Substitute {
    /// The replacement of a match.
    pub(super) fn fill(&self, chars: &[char], m: &Captures) -> String {
        let mut out = String::new();
        let (mut run, mut once) = ('E', None);
        let mut push = |text: &str, run: char, once: &mut Option<char>| {
            for c in text.chars() {
                let c = match once.take().unwrap_or(run) {
                    'U' | 'u' => c.to_uppercase().next().unwrap_or(c),
                    'L' | 'l' => c.to_lowercase().next().unwrap_or(c),
                    _ => c,
                };
                out.push(c);
            }
        };
        for p in &self.pieces {
            match p {
                Piece::Text(t) => push(t, run, &mut once),
                Piece::Group(g) => {
                    let text: String =
                        m.group(*g).and_then(|(a, b)| chars.get(a..b)).unwrap_or_default().iter().collect();
                    push(&text, run, &mut once);
                }
                Piece::Case(c @ ('u' | 'l')) => once = Some(*c),
                Piece::Case(c) => run = *c,
            }
        }
        out
    }
}

/// What a command does.
#[derive(Clone, Debug)]
pub(super) enum Function {
    /// `{`, with the number of the command behind its `}`.
    Open(usize),
    Close,
    Label,
    Print,
    PrintFirst,
    Delete,
    DeleteFirst,
    Quit(i32, bool),
    Append(String),
    Insert(String),
    Change(String),
    LineNumber,
    Next,
    NextAppend,
    Hold,
    HoldAppend,
    Get,
    GetAppend,
    Exchange,
    Translate(Vec<char>, Vec<char>),
    Write(String),
    Branch(usize, When),
    Substitute(Substitute),
}

/// A command with its addresses.
#[derive(Clone, Debug)]
pub(super) struct Command {
    pub(super) from: Option<Address>,
    pub(super) to: Option<Address>,
    pub(super) negated: bool,
    pub(super) function: Function,
    /// The line on which its range opened.
    pub(super) since: Cell<usize>,
}

type Parse<T> = Result<T, (usize, String)>;

/// Reads a script.
pub(super) fn parse(text: &str, syntax: Syntax) -> Parse<Vec<Command>> {
    let mut p = Parser { chars: text.chars().collect(), at: 0, syntax };
    let mut out: Vec<Command> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut labels: Vec<(String, usize)> = Vec::new();
    let mut jumps: Vec<(usize, String)> = Vec::new();
    loop {
        p.skip(" \t\n;");
        if p.at >= p.chars.len() {
            break;
        }
        if p.peek() == Some('#') {
            p.line();
            continue;
        }
        let from = p.address()?;
        p.skip(" \t");
        let mut to = None;
        if from.is_some() && p.take(',') {
            p.skip(" \t");
            to = Some(p.address()?.ok_or_else(|| p.error("unexpected `,'"))?);
        }
        p.skip(" \t");
        let mut negated = false;
        while p.take('!') {
            negated = true;
            p.skip(" \t");
        }
        let Some(c) = p.next() else { return Err(p.error("missing command")) };
        let function = match c {
            '{' => {
                open.push(out.len());
                Function::Open(0)
            }
            '}' => {
                let Some(start) = open.pop() else { return Err(p.error("unexpected `}'")) };
                let end = out.len() + 1;
                if let Some(o) = out.get_mut(start) {
                    o.function = Function::Open(end);
                }
                Function::Close
            }
            ':' => {
                p.skip(" \t");
                let name = p.until("\n;");
                labels.push((name.trim().to_owned(), out.len()));
                Function::Label
            }
            'b' | 't' | 'T' => {
                p.skip(" \t");
                let name = p.until("\n;}");
                jumps.push((out.len(), name.trim().to_owned()));
                Function::Branch(
                    0,
                    match c {
                        'b' => When::Always,
                        't' => When::Replaced,
                        _ => When::NotReplaced,
                    },
                )
            }
            'p' => Function::Print,
            'P' => Function::PrintFirst,
            'd' => Function::Delete,
            'D' => Function::DeleteFirst,
            'q' | 'Q' => {
                p.skip(" \t");
                let code = p.digits().unwrap_or(0);
                Function::Quit(i32::try_from(code).unwrap_or(0), c == 'q')
            }
            'a' => Function::Append(p.text()),
            'i' => Function::Insert(p.text()),
            'c' => Function::Change(p.text()),
            '=' => Function::LineNumber,
            'n' => Function::Next,
            'N' => Function::NextAppend,
            'h' => Function::Hold,
            'H' => Function::HoldAppend,
            'g' => Function::Get,
            'G' => Function::GetAppend,
            'x' => Function::Exchange,
            'w' => {
                p.skip(" \t");
                Function::Write(p.line())
            }
            'y' => {
                let delimiter = p.next().unwrap_or('/');
                let (a, b) = (p.delimited(delimiter, "y")?, p.delimited(delimiter, "y")?);
                let plain =
                    |t: String| t.replace("\\n", "\n").replace("\\\\", "\\").chars().collect::<Vec<char>>();
                let (a, b) = (plain(a), plain(b));
                if a.len() != b.len() {
                    return Err(p.error("strings for `y' command are different lengths"));
                }
                Function::Translate(a, b)
            }
            's' => Function::Substitute(p.substitute()?),
            other => return Err(p.error(&format!("unknown command: `{other}'"))),
        };
        let takes_line = matches!(
            function,
            Function::Append(_)
                | Function::Insert(_)
                | Function::Change(_)
                | Function::Open(_)
                | Function::Label
                | Function::Branch(..)
                | Function::Write(_)
        );
        out.push(Command { from, to, negated, function, since: Cell::new(0) });
        p.skip(" \t");
        if !takes_line && !matches!(p.peek(), None | Some('\n' | ';' | '}' | '#')) {
            p.at += 1;
            return Err(p.error("extra characters after command"));
        }
    }
    if !open.is_empty() {
        return Err((0, "unmatched `{'".to_owned()));
    }
    for (i, name) in jumps {
        let target = if name.is_empty() {
            out.len()
        } else {
            labels
                .iter()
                .find(|(l, _)| *l == name)
                .map(|(_, t)| *t)
                .ok_or_else(|| (p.at, format!("can't find label for jump to `{name}'")))?
        };
        if let Some(Command { function: Function::Branch(t, _), .. }) = out.get_mut(i) {
            *t = target;
        }
    }
    Ok(out)
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    syntax: Syntax,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        self.at += 1;
        self.chars.get(self.at - 1).copied()
    }

    fn take(&mut self, c: char) -> bool {
        let here = self.peek() == Some(c);
        self.at += usize::from(here);
        here
    }

    fn skip(&mut self, set: &str) {
        while self.peek().is_some_and(|c| set.contains(c)) {
            self.at += 1;
        }
    }

    fn until(&mut self, set: &str) -> String {
        let mut out = String::new();
        while let Some(c) = self.peek().filter(|c| !set.contains(*c)) {
            out.push(c);
            self.at += 1;
        }
        out
    }

    fn line(&mut self) -> String {
        self.until("\n")
    }

    fn error(&self, text: &str) -> (usize, String) {
        (self.at.min(self.chars.len()), text.to_owned())
    }

    fn digits(&mut self) -> Option<usize> {
        let mut text = String::new();
        while let Some(c) = self.peek().filter(char::is_ascii_digit) {
            text.push(c);
            self.at += 1;
        }
        text.parse().ok()
    }

    fn address(&mut self) -> Parse<Option<Address>> {
        Ok(match self.peek() {
            Some('$') => {
                self.at += 1;
                Some(Address::Last)
            }
            Some('+') => {
                self.at += 1;
                Some(Address::Plus(self.digits().unwrap_or(0)))
            }
            Some('~') => {
                self.at += 1;
                Some(Address::Multiple(self.digits().unwrap_or(0)))
            }
            Some(c) if c.is_ascii_digit() => {
                let n = self.digits().unwrap_or(0);
                if self.take('~') {
                    Some(Address::Step(n, self.digits().unwrap_or(0)))
                } else if n == 0 {
                    Some(Address::Zero)
                } else {
                    Some(Address::Line(n))
                }
            }
            Some(c @ ('/' | '\\')) => {
                self.at += 1;
                let delimiter = if c == '\\' { self.next().unwrap_or('/') } else { '/' };
                let Ok(pattern) = self.delimited(delimiter, "s") else {
                    return Err(self.error("unterminated address regex"));
                };
                let fold = self.take('I');
                let regex = Regex::new(&pattern, self.syntax, fold).map_err(|e| self.error(&e))?;
                Some(Address::Regex(regex))
            }
            _ => None,
        })
    }

    /// Up to an unescaped delimiter, which is taken; `\` before it is dropped.
    fn delimited(&mut self, delimiter: char, command: &str) -> Parse<String> {
        let mut out = String::new();
        let mut bracket = false;
        loop {
            let Some(c) = self.next() else {
                return Err(self.error(&format!("unterminated `{command}' command")));
            };
            match c {
                '\\' => {
                    let Some(e) = self.next() else {
                        return Err(self.error(&format!("unterminated `{command}' command")));
                    };
                    if e == delimiter {
                        // A delimiter that is special otherwise becomes itself.
                        out.push(e);
                    } else {
                        out.push('\\');
                        out.push(e);
                    }
                }
                '[' if !bracket && delimiter != '[' => {
                    out.push(c);
                    if self.peek() == Some('^') {
                        out.extend(self.next());
                    }
                    if self.peek() == Some(']') {
                        out.extend(self.next());
                    }
                    // Only a bracket that closes before the line ends is one.
                    let rest = self.chars.get(self.at..).unwrap_or_default();
                    bracket = rest.iter().take_while(|c| **c != '\n').any(|c| *c == ']');
                }
                ']' => {
                    bracket = false;
                    out.push(c);
                }
                c if c == delimiter && !(bracket && command != "y" && delimiter != '/') => return Ok(out),
                c => out.push(c),
            }
        }
    }

    fn substitute(&mut self) -> Parse<Substitute> {
        let Some(delimiter) = self.next() else { return Err(self.error("unterminated `s' command")) };
        let pattern = self.delimited(delimiter, "s")?;
        let replacement = self.replacement(delimiter)?;
        let mut s =
            Substitute { regex: None, pieces: replacement, global: false, nth: 1, print: false, write: None };
        let mut fold = false;
        loop {
            match self.peek() {
                Some('g') => s.global = true,
                Some('p') => s.print = true,
                Some('i' | 'I') => fold = true,
                Some('e' | 'm' | 'M') => {}
                Some(c) if c.is_ascii_digit() => {
                    s.nth = self.digits().unwrap_or(1).max(1);
                    continue;
                }
                Some('w') => {
                    self.at += 1;
                    self.skip(" \t");
                    s.write = Some(self.line());
                    break;
                }
                Some(c) if !" \t\n;}#".contains(c) => {
                    self.at += 1;
                    return Err(self.error("unknown option to `s'"));
                }
                _ => break,
            }
            self.at += 1;
        }
        if !pattern.is_empty() {
            let regex = Regex::new(&pattern, self.syntax, fold).map_err(|e| self.error(&e))?;
            let highest = s
                .pieces
                .iter()
                .filter_map(|p| if let Piece::Group(g) = p { Some(*g) } else { None })
                .max()
                .unwrap_or(0);
            if highest > regex.groups() {
                return Err(self.error(&format!("invalid reference \\{highest} on `s' command's RHS")));
            }
            s.regex = Some(regex);
        }
        Ok(s)
    }

    fn replacement(&mut self, delimiter: char) -> Parse<Vec<Piece>> {
        let mut pieces = Vec::new();
        let mut text = String::new();
        let cut = |text: &mut String, pieces: &mut Vec<Piece>| {
            if !text.is_empty() {
                pieces.push(Piece::Text(std::mem::take(text)));
            }
        };
        loop {
            let Some(c) = self.next() else { return Err(self.error("unterminated `s' command")) };
            match c {
                c if c == delimiter => break,
                '&' => {
                    cut(&mut text, &mut pieces);
                    pieces.push(Piece::Group(0));
                }
                '\\' => match self.next() {
                    Some(d) if d.is_ascii_digit() && d != delimiter => {
                        cut(&mut text, &mut pieces);
                        pieces.push(Piece::Group(d.to_digit(10).unwrap_or(0) as usize));
                    }
                    Some(c @ ('U' | 'L' | 'E' | 'u' | 'l')) => {
                        cut(&mut text, &mut pieces);
                        pieces.push(Piece::Case(c));
                    }
                    Some('n') => text.push('\n'),
                    Some('t') => text.push('\t'),
                    Some(c) => text.push(c),
                    None => return Err(self.error("unterminated `s' command")),
                },
                c => text.push(c),
            }
        }
        cut(&mut text, &mut pieces);
        Ok(pieces)
    }

    /// The text of `a`, `i`, `c`: on the same line, or behind a backslash and a newline.
    fn text(&mut self) -> String {
        self.skip(" \t");
        if self.take('\\') {
            let back = self.at;
            self.skip(" \t");
            if !self.take('\n') {
                self.at = back;
            }
        }
        let mut out = String::new();
        while let Some(c) = self.next() {
            match c {
                '\n' => break,
                '\\' => match self.next() {
                    Some('t') => out.push('\t'),
                    Some('n') => out.push('\n'),
                    Some(e) => out.push(e),
                    None => {}
                },
                c => out.push(c),
            }
        }
        out
    }
}
