//! Tokens of awk.

use super::*;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Text(String),
    Regex(String),
    Name(String),
    /// A name directly followed by `(`.
    Func(String),
    Op(&'static str),
    Newline,
}

pub(super) fn lex(text: &str) -> Result<Vec<Token>, String> {
    let chars: Vec<char> = text.chars().collect();
    let mut out: Vec<Token> = Vec::new();
    let mut i = 0;
    while let Some(c) = chars.get(i).copied() {
        match c {
            '\n' => {
                out.push(Token::Newline);
                i += 1;
            }
            '\\' if chars.get(i + 1) == Some(&'\n') => i += 2,
            c if c.is_whitespace() => i += 1,
            '#' => {
                while chars.get(i).is_some_and(|c| *c != '\n') {
                    i += 1;
                }
            }
            '"' => {
                let mut raw = String::new();
                i += 1;
                loop {
                    match chars.get(i) {
                        None => return Err("unterminated string".to_owned()),
                        Some('"') => break,
                        Some('\\') => {
                            match chars.get(i + 1) {
                                Some('/') => raw.push('/'),
                                Some('"') => raw.push('"'),
                                Some(e) => {
                                    raw.push('\\');
                                    raw.push(*e);
                                }
                                None => {}
                            }
                            i += 2;
                            continue;
                        }
                        Some(c) => raw.push(*c),
                    }
                    i += 1;
                }
                i += 1;
                out.push(Token::Text(crate::programs::escapes(&raw, crate::programs::Escapes::Format).0));
            }
            '/' if !matches!(
                out.last(),
                Some(
                    Token::Number(_)
                        | Token::Text(_)
                        | Token::Name(_)
                        | Token::Op(")" | "]" | "$" | "++" | "--")
                )
            ) =>
            {
                let mut raw = String::new();
                i += 1;
                loop {
                    match chars.get(i) {
                        None | Some('\n') => return Err("unterminated regexp".to_owned()),
                        Some('/') => break,
                        Some('\\') if chars.get(i + 1) == Some(&'/') => {
                            raw.push('/');
                            i += 2;
                            continue;
                        }
                        Some('\\') => {
                            raw.push('\\');
                            raw.extend(chars.get(i + 1));
                            i += 2;
                            continue;
                        }
                        Some(c) => raw.push(*c),
                    }
                    i += 1;
                }
                i += 1;
                out.push(Token::Regex(raw));
            }
            c if c.is_ascii_digit() || c == '.' && chars.get(i + 1).is_some_and(char::is_ascii_digit) => {
                let from = i;
                while chars.get(i).is_some_and(|c| c.is_ascii_digit() || *c == '.') {
                    i += 1;
                }
                if matches!(chars.get(i), Some('e' | 'E'))
                    && chars.get(i + 1).is_some_and(|c| c.is_ascii_digit() || "+-".contains(*c))
                {
                    i += 2;
                    while chars.get(i).is_some_and(char::is_ascii_digit) {
                        i += 1;
                    }
                }
                let text: String = chars.get(from..i).unwrap_or_default().iter().collect();
                out.push(Token::Number(text.parse().unwrap_or(0.0)));
            }
            c if c.is_alphabetic() || c == '_' => {
                let from = i;
                while chars.get(i).is_some_and(|c| c.is_alphanumeric() || *c == '_') {
                    i += 1;
                }
                let name: String = chars.get(from..i).unwrap_or_default().iter().collect();
                out.push(if chars.get(i) == Some(&'(') { Token::Func(name) } else { Token::Name(name) });
            }
            _ => {
                let op =
                    OPS.iter().find(|op| op.chars().enumerate().all(|(k, c)| chars.get(i + k) == Some(&c)));
                let Some(op) = op else { return Err(format!("syntax error at `{c}'")) };
                i += op.len();
                out.push(Token::Op(if *op == "**" { "^" } else { op }));
            }
        }
    }
    Ok(out)
}
