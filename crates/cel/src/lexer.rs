//! Words and signs. Models cel-go's ANTLR lexer as far as its messages show.

use crate::ast::Literal;
use crate::error::Issue;

/// A token, its first character's place and the text it was.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    pub(crate) at: usize,
    pub(crate) text: String,
    pub(crate) kind: Tok,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tok {
    Ident,
    Literal(Literal),
    /// An operator, a bracket, a comma.
    Sign,
    End,
}

const SIGNS: &[&str] = &[
    "==", "!=", "<=", ">=", "&&", "||", "[", "]", "{", "}", "(", ")", ".", ",", "-", "!", "?", ":", "+", "*",
    "/", "%", "<", ">",
];

/// Cuts a text into tokens, the last one [`Tok::End`]. What is no token is reported and passed over.
pub(crate) fn tokens(source: &str, issues: &mut Vec<Issue>) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(c) = chars.get(at).copied() {
        let rest = || chars.get(at..).unwrap_or(&[]);
        if c.is_whitespace() {
            at += 1;
        } else if c == '/' && chars.get(at + 1) == Some(&'/') {
            at += rest().iter().take_while(|c| **c != '\n').count();
        } else if let Some((literal, length)) = string(rest()) {
            let text: String = rest().iter().take(length).collect();
            match literal {
                Ok(literal) => out.push(Token { at, text, kind: Tok::Literal(literal) }),
                Err(why) => issues.push(Issue::new(at, format!("Syntax error: {why}"))),
            }
            at += length;
        } else if c.is_ascii_digit() || c == '.' && chars.get(at + 1).is_some_and(char::is_ascii_digit) {
            let (literal, length) = number(rest());
            let text: String = rest().iter().take(length).collect();
            match literal {
                Some(literal) => out.push(Token { at, text, kind: Tok::Literal(literal) }),
                None => issues.push(Issue::new(at, "invalid int literal")),
            }
            at += length;
        } else if c.is_ascii_alphabetic() || c == '_' {
            let text: String =
                rest().iter().take_while(|c| c.is_ascii_alphanumeric() || **c == '_').collect();
            let length = text.chars().count();
            let kind = match text.as_str() {
                "true" => Tok::Literal(Literal::Bool(true)),
                "false" => Tok::Literal(Literal::Bool(false)),
                "null" => Tok::Literal(Literal::Null),
                "in" => Tok::Sign,
                _ => Tok::Ident,
            };
            out.push(Token { at, text, kind });
            at += length;
        } else if let Some(sign) = SIGNS.iter().find(|s| rest().iter().copied().take(s.len()).eq(s.chars())) {
            out.push(Token { at, text: (*sign).to_owned(), kind: Tok::Sign });
            at += sign.len();
        } else {
            let quote = matches!(c, '"' | '\'');
            let shown: String =
                if quote { rest().iter().take_while(|c| **c != '\n').collect() } else { c.to_string() };
            issues.push(Issue::new(at, format!("Syntax error: token recognition error at: '{shown}'")));
            at += shown.chars().count();
        }
    }
    out.push(Token { at: chars.len(), text: "<EOF>".to_owned(), kind: Tok::End });
    out
}

/// A string or bytes literal at the start, and its length; `None` where there is none (or no end of it).
fn string(chars: &[char]) -> Option<(Result<Literal, String>, usize)> {
    let mut at = 0;
    let (mut raw, mut bytes) = (false, false);
    while let Some(c) = chars.get(at) {
        match c {
            'r' | 'R' if !raw => raw = true,
            'b' | 'B' if !bytes => bytes = true,
            '"' | '\'' => break,
            _ => return None,
        }
        at += 1;
    }
    let quote = *chars.get(at)?;
    let triple = chars.get(at + 1) == Some(&quote) && chars.get(at + 2) == Some(&quote);
    let width = if triple { 3 } else { 1 };
    at += width;
    let mut text: Vec<u8> = Vec::new();
    loop {
        let c = *chars.get(at)?;
        if c == quote && (!triple || chars.get(at + 1) == Some(&quote) && chars.get(at + 2) == Some(&quote)) {
            at += width;
            break;
        }
        if c == '\n' && !triple {
            return None;
        }
        if c != '\\' || raw {
            text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            at += 1;
            continue;
        }
        let escape = *chars.get(at + 1)?;
        let digits = |from: usize, n: usize, radix: u32| -> Option<u32> {
            let text: String = chars.get(from..from + n)?.iter().collect();
            u32::from_str_radix(&text, radix).ok()
        };
        let (code, length) = match escape {
            'n' => (10, 2),
            't' => (9, 2),
            'r' => (13, 2),
            'a' => (7, 2),
            'b' => (8, 2),
            'f' => (12, 2),
            'v' => (11, 2),
            '\\' | '"' | '\'' | '`' | '?' => (u32::from(escape), 2),
            'x' | 'X' => (digits(at + 2, 2, 16)?, 4),
            'u' => (digits(at + 2, 4, 16)?, 6),
            'U' => (digits(at + 2, 8, 16)?, 10),
            '0'..='3' => (digits(at + 1, 3, 8)?, 4),
            _ => return Some((Err(format!("token recognition error at: '{quote}\\{escape}'")), at + 2)),
        };
        if bytes && matches!(escape, 'x' | 'X' | '0'..='3') {
            text.push(u8::try_from(code).unwrap_or(0));
        } else {
            let c = char::from_u32(code)?;
            text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
        at += length;
    }
    let literal = if bytes {
        Literal::Bytes(text.into())
    } else {
        Literal::String(String::from_utf8_lossy(&text).into_owned().into())
    };
    Some((Ok(literal), at))
}

/// A number at the start, and its length; `None` where it does not fit.
fn number(chars: &[char]) -> (Option<Literal>, usize) {
    let count = |from: usize, is: fn(&char) -> bool| chars.iter().skip(from).take_while(|c| is(c)).count();
    let text = |from: usize, to: usize| chars.get(from..to).unwrap_or(&[]).iter().collect::<String>();
    let unsigned = |at: usize| matches!(chars.get(at), Some('u' | 'U'));
    if chars.first() == Some(&'0') && matches!(chars.get(1), Some('x' | 'X')) {
        let digits = count(2, char::is_ascii_hexdigit);
        if digits > 0 {
            let end = 2 + digits;
            if unsigned(end) {
                return (u64::from_str_radix(&text(2, end), 16).ok().map(Literal::UInt), end + 1);
            }
            return (i64::from_str_radix(&text(2, end), 16).ok().map(Literal::Int), end);
        }
    }
    let whole = count(0, char::is_ascii_digit);
    let mut end = whole;
    let mut double = false;
    if chars.get(end) == Some(&'.') && chars.get(end + 1).is_some_and(char::is_ascii_digit) {
        double = true;
        end += 1 + count(end + 1, char::is_ascii_digit);
    }
    if matches!(chars.get(end), Some('e' | 'E')) {
        let sign = usize::from(matches!(chars.get(end + 1), Some('+' | '-')));
        let digits = count(end + 1 + sign, char::is_ascii_digit);
        if digits > 0 {
            double = true;
            end += 1 + sign + digits;
        }
    }
    if double {
        return (text(0, end).parse().ok().map(Literal::Double), end);
    }
    if unsigned(end) {
        return (text(0, end).parse().ok().map(Literal::UInt), end + 1);
    }
    let digits = text(0, end);
    // The smallest integer is a minus and one more than the largest: the parser puts the two together.
    let literal = digits.parse().ok().map(Literal::Int);
    (literal.or_else(|| (digits == "9223372036854775808").then_some(Literal::UInt(1 << 63))), end)
}
