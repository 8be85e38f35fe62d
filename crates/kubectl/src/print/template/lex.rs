//! Template text to tokens. Models Go's `text/template/parse/lex.go`.

use gatehouse_model::Value;
use gatehouse_model::json::go_quote;

use super::super::gofmt::code_point;

/// A piece of a template.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) text: String,
    pub(super) pos: usize,
    pub(super) line: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Error,
    Eof,
    Text,
    LeftDelim,
    RightDelim,
    LeftParen,
    RightParen,
    Space,
    Pipe,
    Comma,
    Declare,
    Assign,
    Field,
    Variable,
    Identifier,
    Dot,
    Nil,
    Bool,
    Number,
    Char,
    String,
    RawString,
    Keyword,
}

impl Token {
    /// How errors show a token.
    pub(super) fn show(&self) -> String {
        match self.kind {
            Kind::Eof => "EOF".to_owned(),
            Kind::Error => self.text.clone(),
            Kind::Keyword | Kind::Dot | Kind::Nil => format!("<{}>", self.text),
            _ if self.text.len() > 10 => {
                let head: String = self.text.chars().take(10).collect();
                format!("{}...", go_quote(&head))
            }
            _ => go_quote(&self.text),
        }
    }

    /// Whether this is the keyword `word`.
    pub(super) fn is(&self, word: &str) -> bool {
        self.kind == Kind::Keyword && self.text == word
    }
}

const KEYWORDS: [&str; 10] =
    ["block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"];

/// All tokens of a template; the last one is `Eof` or `Error`.
pub(super) fn lex(input: &str) -> Vec<Token> {
    let mut lexer = Lexer { input, pos: 0, start: 0, tokens: Vec::new(), depth: 0 };
    lexer.text();
    lexer.tokens
}

struct Lexer<'a> {
    input: &'a str,
    pos: usize,
    start: usize,
    tokens: Vec<Token>,
    depth: usize,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        self.input.get(self.pos..).unwrap_or("")
    }

    fn line(&self, pos: usize) -> usize {
        1 + self.input.get(..pos).unwrap_or("").matches('\n').count()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.pos += c.len_utf8();
        Some(c)
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_while(&mut self, accept: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&accept) {
            self.next();
        }
    }

    fn push(&mut self, kind: Kind, text: &str) {
        let token = Token { kind, text: text.to_owned(), pos: self.start, line: self.line(self.start) };
        self.tokens.push(token);
        self.start = self.pos;
    }

    fn emit(&mut self, kind: Kind) {
        let text = self.input.get(self.start..self.pos).unwrap_or("").to_owned();
        self.push(kind, &text);
    }

    /// Go reports an error on the line where the failing token starts.
    fn error(&mut self, message: &str) {
        self.push(Kind::Error, message);
    }

    fn text(&mut self) {
        loop {
            let Some(at) = self.rest().find("{{") else {
                self.pos = self.input.len();
                if self.pos > self.start {
                    self.emit(Kind::Text);
                }
                self.emit(Kind::Eof);
                return;
            };
            let text_start = self.pos;
            self.pos += at;
            let mut text = self.input.get(text_start..self.pos).unwrap_or("");
            let after = self.input.get(self.pos + 2..).unwrap_or("");
            let trim = after.strip_prefix('-').is_some_and(|r| r.starts_with(is_space));
            if trim {
                text = text.trim_end_matches(is_space);
            }
            if !text.is_empty() {
                let text = text.to_owned();
                self.push(Kind::Text, &text);
            }
            self.start = self.pos;
            self.pos += if trim { 3 } else { 2 };
            if self.rest().trim_start_matches(|c| trim && is_space(c)).starts_with("/*") {
                if !self.comment() {
                    return;
                }
            } else {
                self.push(Kind::LeftDelim, "{{");
                self.depth = 0;
                if !self.action() {
                    return;
                }
            }
        }
    }

    fn comment(&mut self) -> bool {
        let Some(end) = self.rest().find("*/") else {
            self.error("unclosed comment");
            return false;
        };
        self.pos += end + 2;
        let trimmed = self.rest().trim_start_matches(is_space);
        if self.rest().starts_with("}}") {
            self.pos += 2;
        } else if trimmed.len() < self.rest().len() && trimmed.starts_with("-}}") {
            self.pos += self.rest().len() - trimmed.len() + 3;
            self.skip_while(is_space);
        } else {
            self.error("comment ends before closing delimiter");
            return false;
        }
        self.start = self.pos;
        true
    }

    /// Inside `{{ }}`; false where the input ended in an error.
    fn action(&mut self) -> bool {
        loop {
            let trimmed = self.rest().trim_start_matches(is_space);
            let trim = trimmed.len() < self.rest().len() && trimmed.starts_with("-}}");
            if trim || self.rest().starts_with("}}") {
                if self.depth > 0 {
                    self.error("unclosed left paren");
                    return false;
                }
                if trim {
                    self.pos += self.rest().len() - trimmed.len() + 1;
                    self.start = self.pos;
                }
                self.pos += 2;
                self.emit(Kind::RightDelim);
                if trim {
                    self.skip_while(is_space);
                    self.start = self.pos;
                }
                return true;
            }
            let Some(c) = self.next() else {
                self.error("unclosed action");
                return false;
            };
            let fine = match c {
                c if is_space(c) => {
                    self.skip_while(is_space);
                    self.emit(Kind::Space);
                    true
                }
                '=' => {
                    self.emit(Kind::Assign);
                    true
                }
                ':' => {
                    if self.next() == Some('=') {
                        self.emit(Kind::Declare);
                        true
                    } else {
                        self.error("expected :=");
                        false
                    }
                }
                '|' => {
                    self.emit(Kind::Pipe);
                    true
                }
                '"' => self.quoted('"', Kind::String, "unterminated quoted string"),
                '`' => self.raw(),
                '$' => self.word(Kind::Variable),
                '\'' => self.quoted('\'', Kind::Char, "unterminated character constant"),
                '.' if !self.peek().is_some_and(|c| c.is_ascii_digit()) => self.word(Kind::Field),
                '+' | '-' | '.' | '0'..='9' => {
                    self.pos -= 1;
                    self.number()
                }
                c if is_alphanumeric(c) => {
                    self.pos -= c.len_utf8();
                    self.identifier()
                }
                '(' => {
                    self.emit(Kind::LeftParen);
                    self.depth += 1;
                    true
                }
                ')' if self.depth == 0 => {
                    self.error("unexpected right paren");
                    false
                }
                ')' => {
                    self.depth -= 1;
                    self.emit(Kind::RightParen);
                    true
                }
                ',' => {
                    self.emit(Kind::Comma);
                    true
                }
                c => {
                    self.error(&format!("unrecognized character in action: {}", code_point(c)));
                    false
                }
            };
            if !fine {
                return false;
            }
        }
    }

    /// A field or a variable, whose first character was read.
    fn word(&mut self, kind: Kind) -> bool {
        if !self.peek().is_some_and(is_alphanumeric) {
            self.emit(if kind == Kind::Variable { Kind::Variable } else { Kind::Dot });
            return true;
        }
        self.skip_while(is_alphanumeric);
        if !self.at_terminator() {
            return self.bad_character();
        }
        self.emit(kind);
        true
    }

    fn identifier(&mut self) -> bool {
        self.skip_while(is_alphanumeric);
        if !self.at_terminator() {
            return self.bad_character();
        }
        let word = self.input.get(self.start..self.pos).unwrap_or("");
        let kind = match word {
            "nil" => Kind::Nil,
            "true" | "false" => Kind::Bool,
            w if KEYWORDS.contains(&w) => Kind::Keyword,
            _ => Kind::Identifier,
        };
        self.emit(kind);
        true
    }

    fn bad_character(&mut self) -> bool {
        let c = self.peek().map_or_else(|| "U+FFFFFFFFFFFFFFFF".to_owned(), code_point);
        self.error(&format!("bad character {c}"));
        false
    }

    fn at_terminator(&self) -> bool {
        match self.peek() {
            None => true,
            Some(c) if is_space(c) => true,
            Some('.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(_) => self.rest().starts_with("}}"),
        }
    }

    fn quoted(&mut self, quote: char, kind: Kind, unterminated: &str) -> bool {
        loop {
            match self.next() {
                Some('\\') if self.peek().is_some_and(|c| c != '\n') => {
                    self.next();
                }
                None | Some('\n' | '\\') => {
                    self.error(unterminated);
                    return false;
                }
                Some(c) if c == quote => {
                    self.emit(kind);
                    return true;
                }
                Some(_) => {}
            }
        }
    }

    fn raw(&mut self) -> bool {
        loop {
            match self.next() {
                None => {
                    self.error("unterminated raw quoted string");
                    return false;
                }
                Some('`') => {
                    self.emit(Kind::RawString);
                    return true;
                }
                Some(_) => {}
            }
        }
    }

    fn number(&mut self) -> bool {
        if matches!(self.peek(), Some('+' | '-')) {
            self.next();
        }
        let hex = ["0x", "0X"].iter().any(|p| self.rest().starts_with(p));
        let mut previous = ' ';
        while let Some(c) = self.peek() {
            let signed_exponent = !hex && matches!(c, '+' | '-') && matches!(previous, 'e' | 'E');
            if !(signed_exponent || c == '.' || is_alphanumeric(c)) {
                break;
            }
            previous = c;
            self.next();
        }
        let text = self.input.get(self.start..self.pos).unwrap_or("");
        if number(text).is_none() {
            let message = format!("bad number syntax: {}", go_quote(text));
            self.error(&message);
            return false;
        }
        self.emit(Kind::Number);
        true
    }
}

/// The value of a number as Go writes them: decimal, hexadecimal, octal, binary, with underscores.
pub(super) fn number(text: &str) -> Option<Value> {
    let plain = text.replace('_', "");
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, plain.strip_prefix('+').unwrap_or(&plain)),
    };
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let lower = digits.to_ascii_lowercase();
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(rest) = lower.strip_prefix(prefix) {
            return i64::from_str_radix(rest, radix).ok().map(|i| Value::Int(sign * i));
        }
    }
    if digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()) {
        return i64::from_str_radix(digits, 8).ok().map(|i| Value::Int(sign * i));
    }
    if let Ok(i) = digits.parse::<i64>() {
        return Some(Value::Int(sign * i));
    }
    plain.parse::<f64>().ok().map(Value::Float)
}

pub(super) const fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn is_alphanumeric(c: char) -> bool {
    c == '_' || c.is_alphabetic() || c.is_numeric()
}
