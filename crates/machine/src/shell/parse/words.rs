//! Words: quotes, parameters, substitutions.

use std::sync::Arc;

use super::super::ast::{Param, ParamOp, Part, Word};
use super::{Dialect, Parse, ParseError, Parser};

impl Parser<'_> {
    pub(super) fn word(&mut self) -> Parse<Word> {
        self.word_until(false)
    }

    /// A word; a regular expression's may hold `(`, `)` and `|`.
    pub(super) fn word_until(&mut self, regex: bool) -> Parse<Word> {
        let mut parts: Vec<Part> = Vec::new();
        let plain = |parts: &mut Vec<Part>, c: char| match parts.last_mut() {
            Some(Part::Plain(t)) => t.push(c),
            _ => parts.push(Part::Plain(c.to_string())),
        };
        let mut open = 0;
        while let Some(c) = self.peek(0) {
            match c {
                c if c.is_whitespace() && open == 0 => break,
                '<' if self.peek(1) == Some('(') && parts.is_empty() && !self.is(Dialect::Dash) => {
                    self.at += 2;
                    parts.push(Part::Process(Arc::new(self.substitution()?)));
                }
                '(' if regex => {
                    open += 1;
                    self.at += 1;
                    plain(&mut parts, c);
                }
                ')' if regex && open > 0 => {
                    open -= 1;
                    self.at += 1;
                    plain(&mut parts, c);
                }
                '|' if regex && !self.looking_at("||") => {
                    self.at += 1;
                    plain(&mut parts, c);
                }
                c if ";&|()<>".contains(c) => break,
                '\'' => {
                    self.at += 1;
                    parts.push(Part::Quoted(self.until_quote()?));
                }
                '"' => {
                    self.at += 1;
                    parts.push(Part::Double(self.double(Some('"'))?));
                }
                '\\' => match self.peek(1) {
                    Some('\n') => {
                        self.at += 2;
                        self.line += 1;
                    }
                    Some(e) => {
                        self.at += 2;
                        parts.push(Part::Quoted(e.to_string()));
                    }
                    None => return self.incomplete("\\"),
                },
                '$' if self.peek(1) == Some('\'') && !self.is(Dialect::Dash) => {
                    self.at += 2;
                    let text = self.ansi()?;
                    parts.push(Part::Quoted(text));
                }
                '$' if self.peek(1) == Some('"') && self.is(Dialect::Bash) => self.at += 1,
                '$' | '`' => match self.dollar()? {
                    Some(p) => parts.push(p),
                    None => plain(&mut parts, c),
                },
                _ => {
                    self.at += 1;
                    plain(&mut parts, c);
                }
            }
        }
        if parts.is_empty() {
            let token = self.peek_token();
            return match token {
                None => self.incomplete(""),
                Some(t) => Err(self.unexpected(&t)),
            };
        }
        Ok(Word(parts))
    }

    fn until_quote(&mut self) -> Parse<String> {
        let mut text = String::new();
        loop {
            match self.peek(0) {
                None => return self.incomplete("'"),
                Some('\'') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(c) => {
                    self.at += 1;
                    self.line += usize::from(c == '\n');
                    text.push(c);
                }
            }
        }
    }

    /// `$'…'`
    fn ansi(&mut self) -> Parse<String> {
        let mut raw = String::new();
        loop {
            match self.peek(0) {
                None => return self.incomplete("'"),
                Some('\'') => {
                    self.at += 1;
                    return Ok(crate::programs::escapes(&raw, crate::programs::Escapes::Ansi).0);
                }
                Some('\\') => {
                    raw.push('\\');
                    raw.extend(self.peek(1));
                    self.at += 2;
                }
                Some(c) => {
                    raw.push(c);
                    self.at += 1;
                }
            }
        }
    }

    /// The inside of double quotes up to `end`, which is taken; with no `end` to the end of the text (heredocs).
    pub(in crate::shell) fn double(&mut self, end: Option<char>) -> Parse<Vec<Part>> {
        let mut parts: Vec<Part> = Vec::new();
        let quoted = |parts: &mut Vec<Part>, c: char| match parts.last_mut() {
            Some(Part::Quoted(t)) => t.push(c),
            _ => parts.push(Part::Quoted(c.to_string())),
        };
        loop {
            let Some(c) = self.peek(0) else {
                if end.is_none() {
                    return Ok(parts);
                }
                return self.incomplete("\"");
            };
            match c {
                c if Some(c) == end => {
                    self.at += 1;
                    return Ok(parts);
                }
                '\\' => match self.peek(1) {
                    Some('\n') => {
                        self.at += 2;
                        self.line += 1;
                    }
                    Some(e) if "$`\\".contains(e) || Some(e) == end => {
                        self.at += 2;
                        quoted(&mut parts, e);
                    }
                    _ => {
                        self.at += 1;
                        quoted(&mut parts, c);
                    }
                },
                '$' | '`' => match self.dollar()? {
                    Some(p) => parts.push(p),
                    None => quoted(&mut parts, c),
                },
                c => {
                    self.at += 1;
                    self.line += usize::from(c == '\n');
                    quoted(&mut parts, c);
                }
            }
        }
    }

    /// What a `$` or backtick starts; a `$` alone is itself (and is taken).
    fn dollar(&mut self) -> Parse<Option<Part>> {
        if self.peek(0) == Some('`') {
            return self.backticks().map(Some);
        }
        if self.looking_at("$((") {
            let back = (self.at, self.line);
            self.at += 1;
            if let Some(text) = self.arith_block()? {
                let mut inner = self.inner(text.chars().collect());
                return Ok(Some(Part::Arith(Word(inner.double(None)?))));
            }
            (self.at, self.line) = back;
        }
        if self.take("$(") {
            return Ok(Some(Part::Command(Arc::new(self.substitution()?))));
        }
        if self.take("${") {
            return self.braces().map(Some);
        }
        self.at += 1;
        let mut name = String::new();
        match self.peek(0) {
            Some(c) if c == '_' || c.is_ascii_alphabetic() => {
                while self.peek(0).is_some_and(|c| c == '_' || c.is_ascii_alphanumeric()) {
                    name.extend(self.peek(0));
                    self.at += 1;
                }
            }
            Some(c) if c.is_ascii_digit() || "@*#?-$!".contains(c) => {
                name.push(c);
                self.at += 1;
            }
            _ => return Ok(None),
        }
        Ok(Some(Part::Param(Box::new(Param { name, index: None, op: ParamOp::Plain }))))
    }

    /// The inside of `$(`, with the closing parenthesis.
    fn substitution(&mut self) -> Parse<Vec<super::super::ast::Item>> {
        let pending = std::mem::take(&mut self.pending);
        let script = self.script(&[")"]).map_err(|e| match e {
            ParseError::Incomplete { looking_for } if looking_for == ")" => {
                ParseError::Incomplete { looking_for: "$(".into() }
            }
            e => e,
        })?;
        self.pending = pending;
        self.blanks();
        if !self.take(")") {
            return self.incomplete("$(");
        }
        Ok(script)
    }

    fn backticks(&mut self) -> Parse<Part> {
        self.at += 1;
        let mut text = Vec::new();
        loop {
            match self.peek(0) {
                None => return self.incomplete("`"),
                Some('`') => break,
                Some('\\') if matches!(self.peek(1), Some('`' | '\\' | '$')) => {
                    text.extend(self.peek(1));
                    self.at += 2;
                }
                Some(c) => {
                    text.push(c);
                    self.at += 1;
                }
            }
        }
        self.at += 1;
        let mut inner = self.inner(text);
        Ok(Part::Command(Arc::new(inner.script(&[])?)))
    }

    /// `((…))` from its first parenthesis; `None` where it is a subshell in a subshell (nothing is taken then).
    pub(super) fn arith_block(&mut self) -> Parse<Option<String>> {
        let back = (self.at, self.line);
        self.at += 2;
        let mut text = String::new();
        let mut open = 0;
        loop {
            match self.peek(0) {
                None => return self.incomplete(")"),
                Some('(') => open += 1,
                Some(')') if open == 0 => {
                    if self.peek(1) == Some(')') {
                        self.at += 2;
                        return Ok(Some(text));
                    }
                    (self.at, self.line) = back;
                    return Ok(None);
                }
                Some(')') => open -= 1,
                Some(_) => {}
            }
            text.extend(self.peek(0));
            self.at += 1;
        }
    }

    /// `${…}` behind its brace.
    fn braces(&mut self) -> Parse<Part> {
        let mut op = ParamOp::Plain;
        if self.peek(0) == Some('#') && self.peek(1).is_some_and(|c| c != '}') {
            self.at += 1;
            op = ParamOp::Length;
        } else if self.peek(0) == Some('!') && self.peek(1).is_some_and(|c| c != '}') {
            self.at += 1;
            op = ParamOp::Indirect;
        }
        let mut name = String::new();
        while self.peek(0).is_some_and(|c| c == '_' || c.is_ascii_alphanumeric()) {
            name.extend(self.peek(0));
            self.at += 1;
        }
        if name.is_empty() {
            match self.peek(0) {
                Some(c) if "@*#?-$!".contains(c) => {
                    name.push(c);
                    self.at += 1;
                }
                Some(_) => {}
                None => return self.incomplete("}"),
            }
        }
        let mut index = None;
        if self.take("[") {
            let mut text = String::new();
            while self.peek(0).is_some_and(|c| c != ']') {
                text.extend(self.peek(0));
                self.at += 1;
            }
            self.at += 1;
            index = Some(text);
        }
        if op == ParamOp::Plain {
            op = self.brace_op()?;
        }
        if !self.take("}") {
            if self.at >= self.chars.len() {
                return self.incomplete("}");
            }
            return Err(self.unexpected("bad substitution"));
        }
        // What the shell has not is found out when the word is expanded.
        let of_bash = match &op {
            ParamOp::Case(..) | ParamOp::Indirect => true,
            ParamOp::Slice(..) | ParamOp::Replace(..) => self.is(Dialect::Dash),
            _ => index.is_some(),
        };
        if of_bash && !self.is(Dialect::Bash) {
            op = ParamOp::Bad;
        }
        Ok(Part::Param(Box::new(Param { name, index, op })))
    }

    fn brace_op(&mut self) -> Parse<ParamOp> {
        let colon = self.peek(0) == Some(':') && matches!(self.peek(1), Some('-' | '=' | '?' | '+'));
        if colon {
            self.at += 1;
        }
        Ok(match self.peek(0) {
            Some(c @ ('-' | '=' | '?' | '+')) => {
                self.at += 1;
                ParamOp::Default(colon, c, self.brace_word(&['}'])?)
            }
            Some(c @ ('#' | '%')) => {
                self.at += 1;
                let longest = self.take(&c.to_string());
                ParamOp::Trim(c == '#', longest, self.brace_word(&['}'])?)
            }
            Some('/') => {
                self.at += 1;
                let how = match self.peek(0) {
                    Some('/') => 'a',
                    Some(c @ ('#' | '%')) => c,
                    _ => '/',
                };
                if how != '/' {
                    self.at += 1;
                }
                let pattern = self.brace_word(&['/', '}'])?;
                let with = if self.take("/") { self.brace_word(&['}'])? } else { Word::default() };
                ParamOp::Replace(how, pattern, with)
            }
            Some(':') => {
                self.at += 1;
                let mut parts = vec![String::new()];
                let mut open = 0;
                while let Some(c) = self.peek(0) {
                    match c {
                        '}' if open == 0 => break,
                        ':' if open == 0 => {
                            parts.push(String::new());
                            self.at += 1;
                            continue;
                        }
                        '{' | '(' => open += 1,
                        '}' | ')' => open -= 1,
                        _ => {}
                    }
                    if let Some(p) = parts.last_mut() {
                        p.push(c);
                    }
                    self.at += 1;
                }
                let mut parts = parts.into_iter();
                ParamOp::Slice(parts.next().unwrap_or_default(), parts.next())
            }
            Some(c @ ('^' | ',')) => {
                self.at += 1;
                let all = self.take(&c.to_string());
                ParamOp::Case(c == '^', all)
            }
            _ => ParamOp::Plain,
        })
    }

    /// A word inside braces up to one of `ends`, which is not taken.
    fn brace_word(&mut self, ends: &[char]) -> Parse<Word> {
        let mut parts: Vec<Part> = Vec::new();
        loop {
            let Some(c) = self.peek(0) else { return self.incomplete("}") };
            match c {
                c if ends.contains(&c) => return Ok(Word(parts)),
                '\'' => {
                    self.at += 1;
                    parts.push(Part::Quoted(self.until_quote()?));
                }
                '"' => {
                    self.at += 1;
                    parts.push(Part::Double(self.double(Some('"'))?));
                }
                '\\' => {
                    parts.extend(self.peek(1).map(|e| Part::Quoted(e.to_string())));
                    self.at += 2;
                }
                '$' | '`' => match self.dollar()? {
                    Some(p) => parts.push(p),
                    None => parts.push(Part::Plain(c.to_string())),
                },
                c => {
                    self.at += 1;
                    match parts.last_mut() {
                        Some(Part::Plain(t)) => t.push(c),
                        _ => parts.push(Part::Plain(c.to_string())),
                    }
                }
            }
        }
    }
}
