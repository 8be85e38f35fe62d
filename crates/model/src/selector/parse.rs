//! The grammar of `-l`: tokens, then requirements, with `labels.Parse`'s errors.

use super::{Operator, Requirement};
use crate::field::{FieldError, FieldPath};
use crate::names;
use crate::value::Value;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Symbol(&'static str),
    /// `in` or `notin`: keywords only between a key and its values.
    Keyword(&'static str),
    Identifier(String),
    Error(String),
    End,
}

impl Token {
    fn literal(&self) -> &str {
        match self {
            Self::Symbol(s) | Self::Keyword(s) => s,
            Self::Identifier(s) | Self::Error(s) => s,
            Self::End => "",
        }
    }

    const fn is_identifier(&self) -> bool {
        matches!(self, Self::Identifier(_) | Self::Keyword(_))
    }
}

const SYMBOLS: &[&str] = &["==", "!=", ")", ",", "!", "=", ">", "<", "("];

fn is_special(c: char) -> bool {
    matches!(c, '=' | '!' | '(' | ')' | ',' | '>' | '<')
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn tokens(text: &str) -> Vec<Token> {
    let mut out = Vec::new();
    let mut rest = text.trim_start_matches(is_space);
    while !rest.is_empty() {
        if let Some(symbol) = SYMBOLS.iter().find(|s| rest.starts_with(**s)) {
            out.push(Token::Symbol(symbol));
            rest = rest.get(symbol.len()..).unwrap_or_default();
        } else {
            let end = rest.find(|c| is_special(c) || is_space(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            out.push(match word {
                "in" => Token::Keyword("in"),
                "notin" => Token::Keyword("notin"),
                "" => Token::Error(format!("error expected: keyword found '{rest}'")),
                _ => Token::Identifier(word.to_owned()),
            });
            rest = after;
        }
        rest = rest.trim_start_matches(is_space);
    }
    out
}

struct Parser {
    tokens: std::vec::IntoIter<Token>,
}

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.as_slice().first().unwrap_or(&Token::End)
    }

    fn next(&mut self) -> Token {
        self.tokens.next().unwrap_or(Token::End)
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let mut token = self.next();
        let negated = token == Token::Symbol("!");
        if negated {
            token = self.next();
        }
        if !token.is_identifier() {
            return Err(format!("found '{}', expected: identifier", token.literal()));
        }
        let key = token.literal().to_owned();
        let wrong = names::label_key(&key);
        if !wrong.is_empty() {
            let path = FieldPath::new("<nil>");
            return Err(FieldError::invalid(path, &Value::from(key), wrong.join("; ")).to_string());
        }
        if negated {
            return Requirement::new(&key, Operator::DoesNotExist, Vec::new());
        }
        if matches!(self.peek(), Token::End | Token::Symbol(",")) {
            return Requirement::new(&key, Operator::Exists, Vec::new());
        }
        let operator = match self.next() {
            Token::Keyword("in") => Operator::In,
            Token::Keyword(_) => Operator::NotIn,
            Token::Symbol("=") => Operator::Equals,
            Token::Symbol("==") => Operator::DoubleEquals,
            Token::Symbol("!=") => Operator::NotEquals,
            Token::Symbol(">") => Operator::Gt,
            Token::Symbol("<") => Operator::Lt,
            other => {
                let expected = "in, notin, =, ==, !=, gt, lt";
                return Err(format!("found '{}', expected: {expected}", other.literal()));
            }
        };
        let mut values = match operator {
            Operator::In | Operator::NotIn => self.values()?,
            _ => vec![self.exact_value()?],
        };
        crate::order::sort(&mut values);
        values.dedup();
        Requirement::new(&key, operator, values)
    }

    fn exact_value(&mut self) -> Result<String, String> {
        if matches!(self.peek(), Token::End | Token::Symbol(",")) {
            return Ok(String::new());
        }
        let token = self.next();
        if token.is_identifier() {
            Ok(token.literal().to_owned())
        } else {
            Err(format!("found '{}', expected: identifier", token.literal()))
        }
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        let token = self.next();
        if token != Token::Symbol("(") {
            return Err(format!("found '{}' expected: '('", token.literal()));
        }
        match self.peek() {
            Token::Symbol(")") => {
                self.next();
                Ok(vec![String::new()])
            }
            t if t.is_identifier() || *t == Token::Symbol(",") => {
                let values = self.identifiers()?;
                self.next();
                Ok(values)
            }
            other => Err(format!("found '{}', expected: ',', ')' or identifier", other.literal())),
        }
    }

    fn identifiers(&mut self) -> Result<Vec<String>, String> {
        let mut values = Vec::new();
        loop {
            let token = self.next();
            if token.is_identifier() {
                values.push(token.literal().to_owned());
                match self.peek() {
                    Token::Symbol(",") => {}
                    Token::Symbol(")") => return Ok(values),
                    other => return Err(format!("found '{}', expected: ',' or ')'", other.literal())),
                }
            } else if token == Token::Symbol(",") {
                if values.is_empty() {
                    values.push(String::new());
                }
                match self.peek() {
                    Token::Symbol(")") => {
                        values.push(String::new());
                        return Ok(values);
                    }
                    Token::Symbol(",") => values.push(String::new()),
                    _ => {}
                }
            } else {
                return Err(format!("found '{}', expected: ',', or identifier", token.literal()));
            }
        }
    }
}

pub(super) fn requirements(text: &str) -> Result<Vec<Requirement>, String> {
    let mut p = Parser { tokens: tokens(text).into_iter() };
    let mut out = Vec::new();
    loop {
        match p.peek() {
            Token::End => return Ok(out),
            t if t.is_identifier() || *t == Token::Symbol("!") => {}
            other => {
                let literal = other.literal();
                return Err(format!("found '{literal}', expected: !, identifier, or 'end of string'"));
            }
        }
        out.push(p.requirement().map_err(|e| format!("unable to parse requirement: {e}"))?);
        match p.next() {
            Token::End => return Ok(out),
            Token::Symbol(",") => {
                let next = p.peek();
                if !(next.is_identifier() || *next == Token::Symbol("!")) {
                    return Err(format!("found '{}', expected: identifier after ','", next.literal()));
                }
            }
            other => return Err(format!("found '{}', expected: ',' or 'end of string'", other.literal())),
        }
    }
}
