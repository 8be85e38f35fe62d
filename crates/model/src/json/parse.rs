//! Reads JSON; errors carry Go's words and the byte where they were noticed.

use std::fmt;
use std::sync::Arc;

use crate::value::{Map, Value};

/// How deep a document may nest before it is refused.
const MAX_DEPTH: usize = 1000;

/// Why a text is not JSON, worded as `encoding/json` words it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// The byte at which reading stopped.
    pub offset: usize,
    /// For instance `invalid character 'x' looking for beginning of value`.
    pub message: String,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for JsonError {}

/// Reads one JSON document. Of a repeated key the last value wins.
///
/// # Errors
/// What `encoding/json` says of a text that is not one JSON value.
pub fn parse(text: &str) -> Result<Value, JsonError> {
    let mut p = Parser { text, bytes: text.as_bytes(), at: 0 };
    p.space();
    let v = p.value(0)?;
    p.space();
    if p.at < p.bytes.len() { Err(p.bad("after top-level value")) } else { Ok(v) }
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn bad(&self, context: &str) -> JsonError {
        let message = match self.text.get(self.at..).and_then(|t| t.chars().next()) {
            None => "unexpected end of JSON input".to_owned(),
            Some('\'') => format!("invalid character '\\'' {context}"),
            Some('"') => format!("invalid character '\"' {context}"),
            Some(c) => {
                let quoted = super::go_quote(&c.to_string());
                format!("invalid character '{}' {context}", quoted.trim_matches('"'))
            }
        };
        JsonError { offset: self.at, message }
    }

    fn value(&mut self, depth: usize) -> Result<Value, JsonError> {
        if depth > MAX_DEPTH {
            return Err(JsonError { offset: self.at, message: "exceeded max depth".to_owned() });
        }
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => Ok(Value::from(self.string()?)),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.bad("looking for beginning of value")),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, JsonError> {
        for (i, expected) in word.bytes().enumerate() {
            if self.peek() != Some(expected) {
                return Err(self.bad(&format!(
                    "in literal {word} (expecting '{}')",
                    word.get(i..=i).unwrap_or_default()
                )));
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn digits(&mut self) -> bool {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at > start
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let start = self.at;
        let mut integral = true;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else if !self.digits() {
            return Err(self.bad("in numeric literal"));
        }
        if self.peek() == Some(b'.') {
            integral = false;
            self.at += 1;
            if !self.digits() {
                return Err(self.bad("after decimal point in numeric literal"));
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            integral = false;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if !self.digits() {
                return Err(self.bad("in exponent of numeric literal"));
            }
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        if integral && let Ok(i) = text.parse() {
            return Ok(Value::Int(i));
        }
        Ok(Value::Float(text.parse().unwrap_or_default()))
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let start = self.at;
            while matches!(self.peek(), Some(b) if b != b'"' && b != b'\\' && b >= 0x20) {
                self.at += 1;
            }
            out.push_str(self.text.get(start..self.at).unwrap_or_default());
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.escape(&mut out)?;
                }
                _ => return Err(self.bad("in string literal")),
            }
        }
    }

    fn escape(&mut self, out: &mut String) -> Result<(), JsonError> {
        let c = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                let first = self.hex4()?;
                let rest = self.text.get(self.at..).unwrap_or_default();
                let code = if (0xd800..0xdc00).contains(&first) && rest.starts_with("\\u") {
                    let back = self.at;
                    self.at += 2;
                    let second = self.hex4()?;
                    if (0xdc00..0xe000).contains(&second) {
                        0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
                    } else {
                        self.at = back;
                        first
                    }
                } else {
                    first
                };
                out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
                return Ok(());
            }
            _ => return Err(self.bad("in string escape code")),
        };
        out.push(c);
        self.at += 1;
        Ok(())
    }

    fn hex4(&mut self) -> Result<u32, JsonError> {
        let mut n = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|b| char::from(b).to_digit(16));
            n = n * 16 + digit.ok_or_else(|| self.bad("in \\u hexadecimal character escape"))?;
            self.at += 1;
        }
        Ok(n)
    }

    fn array(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::list());
        }
        loop {
            self.space();
            items.push(self.value(depth + 1)?);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::List(Arc::new(items)));
                }
                _ => return Err(self.bad("after array element")),
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.at += 1;
        let mut pairs = Vec::new();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::from(Map::of(pairs)));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.bad("looking for beginning of object key string"));
            }
            let key = self.string()?;
            self.space();
            if self.peek() != Some(b':') {
                return Err(self.bad("after object key"));
            }
            self.at += 1;
            self.space();
            let value = self.value(depth + 1)?;
            pairs.push((key.into(), value));
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::from(Map::of(pairs)));
                }
                _ => return Err(self.bad("after object key:value pair")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::json;

    #[test]
    fn reads_what_it_prints() {
        let text = r#"{"a":[1,-2.5,"x\n\"é😀",null,true],"b":{}}"#;
        let v = parse(text).expect("valid");
        assert_eq!(json::print(&v), text);
        assert_eq!(parse(r#""😀""#).expect("a pair").as_str(), Some("😀"));
    }

    #[test]
    fn errors_are_gos() {
        for (text, message) in [
            ("{\"a\":}", "invalid character '}' looking for beginning of value"),
            ("{a", "invalid character 'a' looking for beginning of object key string"),
            ("[1 2]", "invalid character '2' after array element"),
            ("{\"a\":1", "unexpected end of JSON input"),
            ("tru", "unexpected end of JSON input"),
            ("1 x", "invalid character 'x' after top-level value"),
        ] {
            assert_eq!(parse(text).expect_err(text).message, message, "{text}");
        }
    }
}
