//! From template text to nodes.

use super::super::gofmt::{code_point, unquote};
use super::{Node, Param};

/// Parses a whole template: text and `{…}` in turn.
pub(super) fn parse(text: &str) -> Result<Vec<Node>, String> {
    let mut parser = Parser { input: text, pos: 0, start: 0, width: 0, root: Vec::new() };
    parser.text()?;
    Ok(parser.root)
}

/// Parses what stands between braces.
fn parse_action(text: &str) -> Result<Vec<Node>, String> {
    match parse(&format!("{{{text}}}"))?.into_iter().next() {
        Some(Node::List(nodes)) => Ok(nodes),
        other => Ok(other.into_iter().collect()),
    }
}

struct Parser<'a> {
    input: &'a str,
    pos: usize,
    start: usize,
    width: usize,
    root: Vec<Node>,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.input.get(self.pos..).unwrap_or("")
    }

    fn consume(&mut self) -> &'a str {
        let text = self.input.get(self.start..self.pos).unwrap_or("");
        self.start = self.pos;
        text
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest().chars().next();
        self.width = c.map_or(0, char::len_utf8);
        self.pos += self.width;
        c
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn backup(&mut self) {
        self.pos -= self.width;
        self.width = 0;
    }

    /// Whether the character before the one just read was a backslash.
    fn escaped(&self) -> bool {
        self.pos >= 2 && self.input.as_bytes().get(self.pos - 2) == Some(&b'\\')
    }

    fn text(&mut self) -> Result<(), String> {
        loop {
            let open = self.rest().starts_with('{');
            if open || self.next().is_none() {
                if self.pos > self.start {
                    let text = self.consume().to_owned();
                    self.root.push(Node::Text(text));
                }
                if !open {
                    return Ok(());
                }
                self.pos += 1;
                self.consume();
                let mut nodes = Vec::new();
                self.action(&mut nodes)?;
                self.root.push(Node::List(nodes));
            }
        }
    }

    /// Everything up to the closing brace.
    fn action(&mut self, nodes: &mut Vec<Node>) -> Result<(), String> {
        loop {
            let rest = self.rest();
            if rest.starts_with('}') {
                self.pos += 1;
                self.consume();
                return Ok(());
            }
            if rest.starts_with("[?(") {
                self.filter(nodes)?;
                continue;
            }
            if rest.starts_with("..") {
                self.recursive(nodes)?;
                continue;
            }
            match self.next() {
                None | Some('\r' | '\n') => return Err("unclosed action".to_owned()),
                Some(' ' | '@' | '$') => {
                    self.consume();
                }
                Some('[') => self.array(nodes)?,
                Some(quote @ ('"' | '\'')) => self.quote(nodes, quote)?,
                Some('.') => self.field(nodes),
                Some(c) if c == '+' || c == '-' || c.is_numeric() => {
                    self.backup();
                    self.number(nodes)?;
                }
                Some(c) if is_alphanumeric(c) => {
                    self.backup();
                    self.identifier(nodes);
                }
                Some(c) => {
                    return Err(format!("unrecognized character in action: {}", code_point(c)));
                }
            }
        }
    }

    fn identifier(&mut self, nodes: &mut Vec<Node>) {
        while let Some(c) = self.next() {
            if is_terminator(c) {
                self.backup();
                break;
            }
        }
        nodes.push(match self.consume() {
            "true" => Node::Bool(true),
            "false" => Node::Bool(false),
            name => Node::Identifier(name.to_owned()),
        });
    }

    fn recursive(&mut self, nodes: &mut Vec<Node>) -> Result<(), String> {
        if nodes.last() == Some(&Node::Recursive) {
            return Err("invalid multiple recursive descent".to_owned());
        }
        self.pos += 2;
        self.consume();
        nodes.push(Node::Recursive);
        if self.peek().is_some_and(is_alphanumeric) {
            self.field(nodes);
        }
        Ok(())
    }

    fn number(&mut self, nodes: &mut Vec<Node>) -> Result<(), String> {
        if matches!(self.peek(), Some('+' | '-')) {
            self.next();
        }
        while let Some(c) = self.next() {
            if c != '.' && !c.is_numeric() {
                self.backup();
                break;
            }
        }
        let text = self.consume();
        if let Ok(i) = text.parse::<i64>() {
            nodes.push(Node::Int(i));
        } else if let Ok(f) = text.parse::<f64>() {
            nodes.push(Node::Float(f));
        } else {
            return Err(format!("cannot parse number {text}"));
        }
        Ok(())
    }

    fn array(&mut self, nodes: &mut Vec<Node>) -> Result<(), String> {
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated array".to_owned()),
                Some(']') => break,
                Some(_) => {}
            }
        }
        let text = self.consume();
        let text = text.get(1..text.len() - 1).unwrap_or("");
        let text = if text == "*" { ":" } else { text };
        let parts: Vec<&str> = text.split(',').collect();
        if parts.len() > 1 {
            let union: Result<Vec<_>, _> =
                parts.iter().map(|part| parse_action(&format!("[{}]", part.trim_matches(' ')))).collect();
            nodes.push(Node::Union(union?));
            return Ok(());
        }
        let quoted = text.strip_prefix('\'').and_then(|t| t.strip_suffix('\''));
        if let Some(key) = quoted.filter(|k| !k.contains('\'')) {
            nodes.extend(parse_action(&format!(".{key}"))?);
            return Ok(());
        }
        nodes.push(Node::Array(slice(text)?));
        Ok(())
    }

    fn filter(&mut self, nodes: &mut Vec<Node>) -> Result<(), String> {
        self.pos += 3;
        self.consume();
        let (mut begin, mut end) = (false, false);
        let mut pair = '"';
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated filter".to_owned()),
                Some(c @ ('"' | '\'')) => {
                    if !begin {
                        begin = true;
                        pair = c;
                    } else if !self.escaped() && c == pair {
                        end = true;
                    }
                }
                Some(')') if begin == end => break,
                Some(_) => {}
            }
        }
        if self.next() != Some(']') {
            return Err("unclosed array expect ]".to_owned());
        }
        let text = self.consume();
        let text = text.strip_suffix(")]").unwrap_or(text);
        nodes.push(match comparison(text) {
            None => {
                Node::Filter { left: parse_action(text)?, right: Vec::new(), operator: "exists".to_owned() }
            }
            Some((left, operator, right)) => Node::Filter {
                left: parse_action(left)?,
                right: parse_action(right)?,
                operator: operator.to_owned(),
            },
        });
        Ok(())
    }

    fn quote(&mut self, nodes: &mut Vec<Node>, quote: char) -> Result<(), String> {
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated quoted string".to_owned()),
                Some(c) if c == quote && !self.escaped() => break,
                Some(_) => {}
            }
        }
        let text = self.consume();
        let Some(unquoted) = unquote(text, quote) else {
            return Err(format!("unquote string {text} error invalid syntax"));
        };
        nodes.push(Node::Text(unquoted));
        Ok(())
    }

    fn field(&mut self, nodes: &mut Vec<Node>) {
        self.consume();
        while let Some(c) = self.next() {
            if c == '\\' {
                self.next();
            } else if is_terminator(c) {
                self.backup();
                break;
            }
        }
        nodes.push(match self.consume() {
            "*" => Node::Wildcard,
            name => Node::Field(name.replace('\\', "")),
        });
    }
}

/// `start:end:step`, each of them optional.
fn slice(text: &str) -> Result<[Param; 3], String> {
    let wrong = || format!("invalid array index {text}");
    let parts: Vec<&str> = text.split(':').collect();
    if parts.len() > 3 {
        return Err(wrong());
    }
    let mut params = [Param::default(); 3];
    for (i, param) in params.iter_mut().enumerate() {
        let Some(part) = parts.get(i).filter(|p| !p.is_empty()) else { continue };
        let digits = part.strip_prefix('-').unwrap_or(part);
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        let Ok(value) = part.parse() else { return Err(format!("array index {part} is not a number")) };
        *param = Param { value, known: true, derived: false };
    }
    let [start, end, _] = &mut params;
    if parts.len() == 1 {
        *end = Param { value: start.value + 1, known: true, derived: true };
    }
    Ok(params)
}

/// Splits `left op right` at the first run of `!<>=`.
fn comparison(text: &str) -> Option<(&str, &str, &str)> {
    let is_operator = |c: char| matches!(c, '!' | '<' | '>' | '=');
    let at = text.find(is_operator)?;
    let (left, rest) = text.split_at_checked(at)?;
    let mut len = rest.find(|c| !is_operator(c)).unwrap_or(rest.len());
    if len == rest.len() {
        // The right side needs a character; the operator gives up its last one for it.
        len = len.checked_sub(1)?;
    }
    let (operator, right) = rest.split_at_checked(len)?;
    (!left.is_empty() && !operator.is_empty() && !right.is_empty()).then_some((left, operator, right))
}

fn is_terminator(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}')
}

fn is_alphanumeric(c: char) -> bool {
    c == '_' || c.is_alphabetic() || c.is_numeric()
}
