//! Patterns to trees.

use super::Syntax;

#[derive(Clone, Debug)]
pub(super) enum Node {
    Char(char),
    Any,
    Set { negated: bool, ranges: Vec<(char, char)> },
    Start,
    End,
    WordEdge { inside: bool },
    WordStart,
    WordEnd,
    Group(usize, Box<Node>),
    Concat(Vec<Node>),
    Alternate(Vec<Node>),
    Repeat { inner: Box<Node>, min: u32, max: Option<u32> },
}

/// The tree of a pattern and the number of its groups.
pub(super) fn parse(pattern: &str, syntax: Syntax) -> Result<(Node, usize), String> {
    if syntax == Syntax::Fixed {
        return Ok((Node::Concat(pattern.chars().map(Node::Char).collect()), 0));
    }
    let mut p = Parser {
        chars: pattern.chars().collect(),
        at: 0,
        extended: syntax == Syntax::Extended,
        groups: 0,
        depth: 0,
    };
    let node = p.alternation()?;
    if p.at < p.chars.len() {
        return Err("Unmatched ) or \\)".to_owned());
    }
    Ok((node, p.groups))
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    extended: bool,
    groups: usize,
    depth: usize,
}

const MAX_REPEAT: u32 = 32_767;
const MAX_DEPTH: usize = 100;

impl Parser {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    /// Whether the operator `c` stands here (`\c` in basic syntax), and takes it.
    fn operator(&mut self, c: char) -> bool {
        let here = self.is_operator(c);
        if here {
            self.at += if self.extended { 1 } else { 2 };
        }
        here
    }

    fn is_operator(&self, c: char) -> bool {
        if self.extended {
            self.peek(0) == Some(c)
        } else {
            self.peek(0) == Some('\\') && self.peek(1) == Some(c)
        }
    }

    fn alternation(&mut self) -> Result<Node, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("Regular expression too big".to_owned());
        }
        let mut list = vec![self.concat()?];
        while self.operator('|') {
            list.push(self.concat()?);
        }
        self.depth -= 1;
        Ok(match (list.len(), list.pop()) {
            (1, Some(only)) => only,
            (_, last) => {
                list.extend(last);
                Node::Alternate(list)
            }
        })
    }

    fn concat(&mut self) -> Result<Node, String> {
        let mut list: Vec<Node> = Vec::new();
        while self.at < self.chars.len() {
            if self.is_operator('|') || self.is_operator(')') && (self.depth > 1 || !self.extended) {
                break;
            }
            let first = list.is_empty();
            let mut atom = self.atom(first)?;
            let anchor = matches!(atom, Node::Start) && !self.extended;
            while let Some((min, max)) = if anchor { None } else { self.repetition()? } {
                atom = Node::Repeat { inner: Box::new(atom), min, max };
            }
            list.push(atom);
        }
        Ok(Node::Concat(list))
    }

    fn repetition(&mut self) -> Result<Option<(u32, Option<u32>)>, String> {
        if self.peek(0) == Some('*') {
            self.at += 1;
            return Ok(Some((0, None)));
        }
        if self.operator('+') {
            return Ok(Some((1, None)));
        }
        if self.operator('?') {
            return Ok(Some((0, Some(1))));
        }
        if !self.is_operator('{') {
            return Ok(None);
        }
        let back = self.at;
        self.operator('{');
        let min = self.number();
        let comma = self.peek(0) == Some(',');
        if comma {
            self.at += 1;
        }
        let max = self.number();
        if !self.operator('}') {
            // `{` without a closing brace is a character of its own in extended syntax.
            if self.extended {
                self.at = back;
                return Ok(None);
            }
            return Err("Unmatched { or \\{".to_owned());
        }
        let (min, max) = match (min, comma, max) {
            (Some(n), false, _) => (n, Some(n)),
            (min, true, max) => (min.unwrap_or(0), max),
            (None, false, _) => return Err("Invalid content of \\{\\}".to_owned()),
        };
        if max.is_some_and(|m| m < min) || min > MAX_REPEAT || max.is_some_and(|m| m > MAX_REPEAT) {
            return Err("Invalid content of \\{\\}".to_owned());
        }
        Ok(Some((min, max)))
    }

    fn number(&mut self) -> Option<u32> {
        let from = self.at;
        while self.peek(0).is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        self.chars.get(from..self.at)?.iter().collect::<String>().parse().ok()
    }

    fn atom(&mut self, first: bool) -> Result<Node, String> {
        if self.operator('(') {
            self.groups += 1;
            let index = self.groups;
            let inner = self.alternation()?;
            if !self.operator(')') {
                return Err("Unmatched ( or \\(".to_owned());
            }
            return Ok(Node::Group(index, Box::new(inner)));
        }
        let c = self.peek(0).unwrap_or_default();
        self.at += 1;
        Ok(match c {
            '.' => Node::Any,
            '[' => self.set()?,
            '^' if self.extended || first => Node::Start,
            '$' if self.extended
                || self.at >= self.chars.len()
                || self.is_operator(')')
                || self.is_operator('|') =>
            {
                Node::End
            }
            '\\' => {
                let Some(e) = self.peek(0) else { return Err("Trailing backslash".to_owned()) };
                self.at += 1;
                escape(e)
            }
            c => Node::Char(c),
        })
    }

    fn set(&mut self) -> Result<Node, String> {
        let unmatched = || "Unmatched [, [^, [:, [., or [=".to_owned();
        let negated = self.peek(0) == Some('^');
        if negated {
            self.at += 1;
        }
        let mut ranges = Vec::new();
        let mut first = true;
        loop {
            let c = self.peek(0).ok_or_else(unmatched)?;
            self.at += 1;
            if c == ']' && !first {
                break;
            }
            first = false;
            if c == '[' && self.peek(0) == Some(':') {
                let rest: String = self.chars.get(self.at + 1..).unwrap_or_default().iter().collect();
                let (name, _) = rest.split_once(":]").ok_or_else(unmatched)?;
                ranges.extend(class(name).ok_or("Invalid character class name")?);
                self.at += 1 + name.chars().count() + 2;
                continue;
            }
            if self.peek(0) == Some('-') && self.peek(1).is_some_and(|c| c != ']') {
                let to = self.peek(1).ok_or_else(unmatched)?;
                self.at += 2;
                if to < c {
                    return Err("Invalid range end".to_owned());
                }
                ranges.push((c, to));
            } else {
                ranges.push((c, c));
            }
        }
        Ok(Node::Set { negated, ranges })
    }
}

fn escape(e: char) -> Node {
    let set = |negated, ranges: &[(char, char)]| Node::Set { negated, ranges: ranges.to_vec() };
    let word = [('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')];
    let space = [(' ', ' '), ('\t', '\r')];
    match e {
        'w' => set(false, &word),
        'W' => set(true, &word),
        's' => set(false, &space),
        'S' => set(true, &space),
        'b' => Node::WordEdge { inside: false },
        'B' => Node::WordEdge { inside: true },
        '<' => Node::WordStart,
        '>' => Node::WordEnd,
        'n' => Node::Char('\n'),
        't' => Node::Char('\t'),
        c => Node::Char(c),
    }
}

fn class(name: &str) -> Option<Vec<(char, char)>> {
    Some(match name {
        "alpha" => vec![('a', 'z'), ('A', 'Z')],
        "digit" => vec![('0', '9')],
        "alnum" => vec![('a', 'z'), ('A', 'Z'), ('0', '9')],
        "upper" => vec![('A', 'Z')],
        "lower" => vec![('a', 'z')],
        "space" => vec![(' ', ' '), ('\t', '\r')],
        "blank" => vec![(' ', ' '), ('\t', '\t')],
        "punct" => vec![('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "print" => vec![(' ', '~')],
        "graph" => vec![('!', '~')],
        "cntrl" => vec![('\0', '\x1f'), ('\x7f', '\x7f')],
        "xdigit" => vec![('0', '9'), ('a', 'f'), ('A', 'F')],
        _ => return None,
    })
}
