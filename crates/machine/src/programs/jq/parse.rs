//! jq's grammar, as far as it goes here.

use gatehouse_model::Value;

/// A filter.
#[derive(Clone, Debug)]
pub(super) enum Filter {
    Identity,
    Recurse,
    Literal(Value),
    /// A string with filters inside.
    Text(Vec<Piece>, Option<String>),
    Format(String),
    Field(Box<Filter>, Box<Filter>),
    Slice(Box<Filter>, Option<Box<Filter>>, Option<Box<Filter>>),
    Each(Box<Filter>),
    Try(Box<Filter>, Option<Box<Filter>>),
    Pipe(Box<Filter>, Box<Filter>),
    Comma(Box<Filter>, Box<Filter>),
    Binary(String, Box<Filter>, Box<Filter>),
    Negate(Box<Filter>),
    List(Option<Box<Filter>>),
    Object(Vec<(Filter, Filter)>),
    Var(String),
    Bind(Box<Filter>, String, Box<Filter>),
    Call(String, Vec<Filter>),
    If(Vec<(Filter, Filter)>, Option<Box<Filter>>),
    Reduce(Box<Filter>, String, Box<Filter>, Box<Filter>),
    Assign(String, Box<Filter>, Box<Filter>),
}

/// A piece of a string.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    Text(String),
    Filter(Filter),
}

pub(super) fn parse(text: &str) -> Result<Filter, String> {
    let mut p = Parser { chars: text.chars().collect(), at: 0, depth: 0 };
    p.skip();
    if p.at >= p.chars.len() {
        return Ok(Filter::Identity);
    }
    let f = p.pipe()?;
    p.skip();
    match p.chars.get(p.at) {
        None => Ok(f),
        Some(c) => Err(format!("syntax error, unexpected '{c}'")),
    }
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    depth: u32,
}

type Parse = Result<Filter, String>;

fn boxed(f: Filter) -> Box<Filter> {
    Box::new(f)
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn skip(&mut self) {
        while let Some(c) = self.peek() {
            if c == '#' {
                while self.peek().is_some_and(|c| c != '\n') {
                    self.at += 1;
                }
            } else if c.is_whitespace() {
                self.at += 1;
            } else {
                break;
            }
        }
    }

    fn looking(&self, t: &str) -> bool {
        t.chars().enumerate().all(|(i, c)| self.chars.get(self.at + i) == Some(&c))
    }

    fn take(&mut self, t: &str) -> bool {
        self.skip();
        let mut here = self.looking(t);
        // A word must end where it ends.
        if here && t.chars().all(char::is_alphabetic) {
            here = !self.chars.get(self.at + t.len()).is_some_and(|c| c.is_alphanumeric() || *c == '_');
        }
        self.at += if here { t.chars().count() } else { 0 };
        here
    }

    fn expect(&mut self, t: &str) -> Result<(), String> {
        if self.take(t) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn unexpected(&self) -> String {
        match self.peek() {
            None => "syntax error, unexpected end of file (Unix shell quoting issues?)".to_owned(),
            Some(c) => format!("syntax error, unexpected '{c}' (Unix shell quoting issues?)"),
        }
    }

    fn name(&mut self) -> Option<String> {
        self.skip();
        let from = self.at;
        if self.peek().is_some_and(|c| c.is_alphabetic() || c == '_') {
            while self.peek().is_some_and(|c| {
                c.is_alphanumeric() || c == '_' || c == ':' && self.chars.get(self.at + 1) == Some(&':')
            }) {
                self.at += 1;
            }
        }
        self.chars.get(from..self.at).filter(|n| !n.is_empty()).map(|n| n.iter().collect())
    }

    fn pipe(&mut self) -> Parse {
        self.depth += 1;
        if self.depth > 200 {
            return Err("expression too deep".to_owned());
        }
        let left = self.comma()?;
        self.skip();
        let f = if self.take("as") {
            self.expect("$")?;
            let name = self.name().ok_or_else(|| self.unexpected())?;
            self.expect("|")?;
            Filter::Bind(boxed(left), name, boxed(self.pipe()?))
        } else if self.looking("|") && !self.looking("|=") {
            self.at += 1;
            Filter::Pipe(boxed(left), boxed(self.pipe()?))
        } else {
            left
        };
        self.depth -= 1;
        Ok(f)
    }

    fn comma(&mut self) -> Parse {
        let mut left = self.binary(0)?;
        while self.take(",") {
            left = Filter::Comma(boxed(left), boxed(self.binary(0)?));
        }
        Ok(left)
    }

    fn binary(&mut self, level: usize) -> Parse {
        const LEVELS: &[&[&str]] = &[
            &["|=", "+=", "-=", "*=", "/=", "//=", "="],
            &["//"],
            &["or"],
            &["and"],
            &["==", "!=", "<=", ">=", "<", ">"],
            &["+", "-"],
            &["*", "/", "%"],
        ];
        let Some(ops) = LEVELS.get(level) else { return self.postfix() };
        let mut left = self.binary(level + 1)?;
        loop {
            self.skip();
            let op = ops.iter().find(|op| {
                self.looking(op)
                    && !(**op == "=" && self.looking("=="))
                    && !(**op == "/" && self.looking("//"))
                    && !(matches!(**op, "+" | "-" | "*" | "/" | "//")
                        && self.chars.get(self.at + op.len()) == Some(&'=')
                        && self.chars.get(self.at + op.len() + 1) != Some(&'='))
            });
            let Some(op) = op else { return Ok(left) };
            if !self.take(op) {
                return Ok(left);
            }
            // `//` and the assignments group to the right.
            let right = self.binary(if level <= 1 { 1 } else { level + 1 })?;
            left = if level == 0 {
                Filter::Assign((*op).to_owned(), boxed(left), boxed(right))
            } else {
                Filter::Binary((*op).to_owned(), boxed(left), boxed(right))
            };
        }
    }

    fn postfix(&mut self) -> Parse {
        self.skip();
        let mut f = self.term()?;
        loop {
            if self.looking(".")
                && self
                    .chars
                    .get(self.at + 1)
                    .is_some_and(|c| c.is_alphabetic() || *c == '_' || *c == '"' || *c == '[')
            {
                self.at += 1;
                if self.peek() != Some('[') {
                    let key = self.key()?;
                    f = Filter::Field(boxed(f), boxed(key));
                }
            } else if self.looking("[") {
                f = self.bracket(f)?;
            } else if self.looking("?") && !self.looking("?//") {
                self.at += 1;
                f = Filter::Try(boxed(f), None);
            } else {
                return Ok(f);
            }
        }
    }

    fn key(&mut self) -> Parse {
        if self.peek() == Some('"') {
            return self.string(None);
        }
        self.name().map(|n| Filter::Literal(n.into())).ok_or_else(|| self.unexpected())
    }

    fn bracket(&mut self, f: Filter) -> Parse {
        self.expect("[")?;
        if self.take("]") {
            return Ok(Filter::Each(boxed(f)));
        }
        if self.take(":") {
            let to = self.pipe()?;
            self.expect("]")?;
            return Ok(Filter::Slice(boxed(f), None, Some(boxed(to))));
        }
        let index = self.pipe()?;
        if self.take(":") {
            let to = if self.take("]") {
                None
            } else {
                let t = self.pipe()?;
                self.expect("]")?;
                Some(boxed(t))
            };
            return Ok(Filter::Slice(boxed(f), Some(boxed(index)), to));
        }
        self.expect("]")?;
        Ok(Filter::Field(boxed(f), boxed(index)))
    }

    fn term(&mut self) -> Parse {
        let Some(c) = self.peek() else { return Err(self.unexpected()) };
        match c {
            '.' => {
                self.at += 1;
                if self.peek() == Some('.') {
                    self.at += 1;
                    return Ok(Filter::Recurse);
                }
                if self.peek().is_some_and(|c| c.is_alphabetic() || c == '_' || c == '"') {
                    let key = self.key()?;
                    return Ok(Filter::Field(boxed(Filter::Identity), boxed(key)));
                }
                Ok(Filter::Identity)
            }
            '"' => self.string(None),
            '@' => {
                self.at += 1;
                let name = self.name().ok_or_else(|| self.unexpected())?;
                self.skip();
                if self.peek() == Some('"') { self.string(Some(name)) } else { Ok(Filter::Format(name)) }
            }
            '(' => {
                self.at += 1;
                let f = self.pipe()?;
                self.expect(")")?;
                Ok(f)
            }
            '[' => {
                self.at += 1;
                if self.take("]") {
                    return Ok(Filter::List(None));
                }
                let f = self.pipe()?;
                self.expect("]")?;
                Ok(Filter::List(Some(boxed(f))))
            }
            '{' => self.object(),
            '$' => {
                self.at += 1;
                let name = self.name().ok_or_else(|| self.unexpected())?;
                Ok(Filter::Var(name))
            }
            '-' => {
                self.at += 1;
                Ok(Filter::Negate(boxed(self.postfix()?)))
            }
            c if c.is_ascii_digit() => {
                let from = self.at;
                while self.peek().is_some_and(|c| c.is_ascii_digit() || c == '.' || c == 'e') {
                    self.at += 1;
                }
                let text: String = self.chars.get(from..self.at).unwrap_or_default().iter().collect();
                let value =
                    text.parse::<i64>().map(Value::from).or_else(|_| text.parse::<f64>().map(Value::from));
                value.map(Filter::Literal).map_err(|_| self.unexpected())
            }
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Parse {
        let Some(name) = self.name() else { return Err(self.unexpected()) };
        match name.as_str() {
            "null" => return Ok(Filter::Literal(Value::Null)),
            "true" => return Ok(Filter::Literal(true.into())),
            "false" => return Ok(Filter::Literal(false.into())),
            "if" => {
                let mut arms = Vec::new();
                loop {
                    let test = self.pipe()?;
                    self.expect("then")?;
                    arms.push((test, self.pipe()?));
                    if self.take("elif") {
                        continue;
                    }
                    let otherwise = if self.take("else") { Some(boxed(self.pipe()?)) } else { None };
                    self.expect("end")?;
                    return Ok(Filter::If(arms, otherwise));
                }
            }
            "try" => {
                let body = self.postfix()?;
                let catch = if self.take("catch") { Some(boxed(self.postfix()?)) } else { None };
                return Ok(Filter::Try(boxed(body), catch));
            }
            "reduce" => {
                let source = self.postfix()?;
                self.expect("as")?;
                self.expect("$")?;
                let name = self.name().ok_or_else(|| self.unexpected())?;
                self.expect("(")?;
                let init = self.pipe()?;
                self.expect(";")?;
                let update = self.pipe()?;
                self.expect(")")?;
                return Ok(Filter::Reduce(boxed(source), name, boxed(init), boxed(update)));
            }
            _ => {}
        }
        let mut args = Vec::new();
        if self.take("(") {
            loop {
                args.push(self.pipe()?);
                if !self.take(";") {
                    break;
                }
            }
            self.expect(")")?;
        }
        Ok(Filter::Call(name, args))
    }

    fn object(&mut self) -> Parse {
        self.at += 1;
        let mut pairs = Vec::new();
        while !self.take("}") {
            self.skip();
            let (key, default) = match self.peek() {
                Some('"') => {
                    let k = self.string(None)?;
                    (k.clone(), Filter::Field(boxed(Filter::Identity), boxed(k)))
                }
                Some('(') => {
                    self.at += 1;
                    let k = self.pipe()?;
                    self.expect(")")?;
                    (k, Filter::Identity)
                }
                Some('$') => {
                    self.at += 1;
                    let n = self.name().ok_or_else(|| self.unexpected())?;
                    (Filter::Literal(n.as_str().into()), Filter::Var(n))
                }
                _ => {
                    let n = self.name().ok_or_else(|| self.unexpected())?;
                    let k = Filter::Literal(n.into());
                    (k.clone(), Filter::Field(boxed(Filter::Identity), boxed(k)))
                }
            };
            let value = if self.take(":") {
                let mut v = self.binary(1)?;
                while self.looking("|") {
                    self.at += 1;
                    v = Filter::Pipe(boxed(v), boxed(self.binary(1)?));
                }
                v
            } else {
                default
            };
            pairs.push((key, value));
            self.skip();
            if !self.take(",") && self.peek() != Some('}') {
                return Err(self.unexpected());
            }
        }
        Ok(Filter::Object(pairs))
    }

    fn string(&mut self, format: Option<String>) -> Parse {
        self.at += 1;
        let mut pieces = Vec::new();
        let mut text = String::new();
        loop {
            let Some(c) = self.peek() else { return Err(self.unexpected()) };
            self.at += 1;
            match c {
                '"' => break,
                '\\' => {
                    let Some(e) = self.peek() else { return Err(self.unexpected()) };
                    self.at += 1;
                    match e {
                        '(' => {
                            pieces.push(Piece::Text(std::mem::take(&mut text)));
                            pieces.push(Piece::Filter(self.pipe()?));
                            self.expect(")")?;
                        }
                        'n' => text.push('\n'),
                        't' => text.push('\t'),
                        'r' => text.push('\r'),
                        'u' => {
                            let hex: String =
                                self.chars.get(self.at..self.at + 4).unwrap_or_default().iter().collect();
                            self.at += 4;
                            text.extend(u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32));
                        }
                        e => text.push(e),
                    }
                }
                c => text.push(c),
            }
        }
        if pieces.is_empty() {
            return Ok(Filter::Literal(text.into()));
        }
        pieces.push(Piece::Text(text));
        Ok(Filter::Text(pieces, format))
    }
}
