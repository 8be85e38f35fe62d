//! awk's grammar.

mod lex;

use lex::{Token, lex};

use crate::regex::{Regex, Syntax};

/// An expression.
#[derive(Clone, Debug)]
pub(super) enum Expr {
    Number(f64),
    Text(String),
    Regex(Regex),
    Var(String),
    Field(Box<Expr>),
    Index(String, Vec<Expr>),
    Assign(String, Box<Expr>, Box<Expr>),
    Cond(Box<Expr>, Box<Expr>, Box<Expr>),
    Binary(String, Box<Expr>, Box<Expr>),
    Concat(Box<Expr>, Box<Expr>),
    Match(bool, Box<Expr>, Box<Expr>),
    In(Vec<Expr>, String),
    Unary(char, Box<Expr>),
    /// Prefix or postfix, by how much.
    Step(bool, f64, Box<Expr>),
    Call(String, Vec<Expr>),
    Group(Vec<Expr>),
    /// `getline`
    GetLine,
}

/// A statement.
#[derive(Clone, Debug)]
pub(super) enum Stmt {
    Expr(Expr),
    /// `print` and `printf`: formatted, arguments, redirection.
    Print(bool, Vec<Expr>, Option<(String, Expr)>),
    If(Expr, Box<Stmt>, Option<Box<Stmt>>),
    While(Expr, Box<Stmt>),
    DoWhile(Box<Stmt>, Expr),
    For(Option<Box<Stmt>>, Option<Expr>, Option<Box<Stmt>>, Box<Stmt>),
    ForIn(String, String, Box<Stmt>),
    Block(Vec<Stmt>),
    Next,
    Break,
    Continue,
    Exit(Option<Expr>),
    Return(Option<Expr>),
    Delete(String, Option<Vec<Expr>>),
}

/// When an action runs.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    Begin,
    End,
    Always,
    When(Expr),
    Range(Expr, Expr),
}

/// A program.
#[derive(Clone, Debug, Default)]
pub(super) struct Program {
    pub(super) rules: Vec<(Pattern, Option<Stmt>)>,
    pub(super) functions: Vec<(String, Vec<String>, Stmt)>,
}

const OPS: &[&str] = &[
    "&&", "||", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "==", "<=", ">=", "!=", ">>", "!~", "**",
    "{", "}", "(", ")", "[", "]", ";", ",", "+", "-", "*", "/", "%", "^", "!", ">", "<", "|", "?", ":", "~",
    "$", "=",
];

pub(super) fn parse(text: &str) -> Result<Program, String> {
    let mut p = Parser { tokens: lex(text)?, at: 0, no_in: false, no_gt: false, depth: 0, links: 0 };
    let mut program = Program::default();
    loop {
        p.separators();
        let Some(t) = p.peek().cloned() else { return Ok(program) };
        match t {
            Token::Name(n) if n == "BEGIN" || n == "END" => {
                p.at += 1;
                let body = p.block()?;
                program.rules.push((if n == "BEGIN" { Pattern::Begin } else { Pattern::End }, Some(body)));
            }
            Token::Name(n) if n == "function" || n == "func" => {
                p.at += 1;
                let (Some(Token::Func(name)) | Some(Token::Name(name))) = p.next() else {
                    return Err("syntax error".to_owned());
                };
                p.expect("(")?;
                let mut args = Vec::new();
                while !p.take(")") {
                    match p.next() {
                        Some(Token::Name(a)) => args.push(a),
                        Some(Token::Op(",")) => {}
                        _ => return Err("syntax error".to_owned()),
                    }
                }
                p.newlines();
                let body = p.block()?;
                program.functions.push((name, args, body));
            }
            Token::Op("{") => {
                let body = p.block()?;
                program.rules.push((Pattern::Always, Some(body)));
            }
            _ => {
                let from = p.expr()?;
                let pattern = if p.take(",") { Pattern::Range(from, p.expr()?) } else { Pattern::When(from) };
                let body = if p.peek() == Some(&Token::Op("{")) { Some(p.block()?) } else { None };
                program.rules.push((pattern, body));
            }
        }
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    no_in: bool,
    no_gt: bool,
    depth: u32,
    links: u32,
}

type Parse<T> = Result<T, String>;

fn boxed<T>(t: T) -> Box<T> {
    Box::new(t)
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        self.at += 1;
        self.tokens.get(self.at - 1).cloned()
    }

    fn take(&mut self, op: &str) -> bool {
        let here = matches!(self.peek(), Some(Token::Op(o)) if *o == op);
        self.at += usize::from(here);
        here
    }

    fn word(&mut self, word: &str) -> bool {
        let here = matches!(self.peek(), Some(Token::Name(n) | Token::Func(n)) if n == word);
        self.at += usize::from(here);
        here
    }

    fn expect(&mut self, op: &str) -> Parse<()> {
        if self.take(op) { Ok(()) } else { Err("syntax error".to_owned()) }
    }

    fn newlines(&mut self) {
        while self.peek() == Some(&Token::Newline) {
            self.at += 1;
        }
    }

    fn separators(&mut self) {
        while matches!(self.peek(), Some(Token::Newline | Token::Op(";"))) {
            self.at += 1;
        }
    }

    fn block(&mut self) -> Parse<Stmt> {
        self.expect("{")?;
        let mut list = Vec::new();
        loop {
            self.separators();
            if self.take("}") {
                return Ok(Stmt::Block(list));
            }
            if self.peek().is_none() {
                return Err("unexpected newline or end of string".to_owned());
            }
            list.push(self.stmt()?);
        }
    }

    fn body(&mut self) -> Parse<Box<Stmt>> {
        self.newlines();
        if self.take(";") {
            return Ok(boxed(Stmt::Block(Vec::new())));
        }
        self.stmt().map(boxed)
    }

    fn stmt(&mut self) -> Parse<Stmt> {
        self.depth += 1;
        if self.depth > 200 {
            return Err("program too deep".to_owned());
        }
        let s = self.stmt_inner();
        self.depth -= 1;
        s
    }

    fn stmt_inner(&mut self) -> Parse<Stmt> {
        if self.peek() == Some(&Token::Op("{")) {
            return self.block();
        }
        if self.word("if") {
            self.expect("(")?;
            let test = self.expr()?;
            self.expect(")")?;
            let then = self.body()?;
            let back = self.at;
            self.separators();
            if self.word("else") {
                return Ok(Stmt::If(test, then, Some(self.body()?)));
            }
            self.at = back;
            return Ok(Stmt::If(test, then, None));
        }
        if self.word("while") {
            self.expect("(")?;
            let test = self.expr()?;
            self.expect(")")?;
            return Ok(Stmt::While(test, self.body()?));
        }
        if self.word("do") {
            let body = self.body()?;
            self.separators();
            if !self.word("while") {
                return Err("syntax error".to_owned());
            }
            self.expect("(")?;
            let test = self.expr()?;
            self.expect(")")?;
            return Ok(Stmt::DoWhile(body, test));
        }
        if self.word("for") {
            return self.for_stmt();
        }
        self.simple()
    }

    fn for_stmt(&mut self) -> Parse<Stmt> {
        self.expect("(")?;
        if let (Some(Token::Name(v)), Some(Token::Name(i)), Some(Token::Name(a)), Some(Token::Op(")"))) = (
            self.tokens.get(self.at),
            self.tokens.get(self.at + 1),
            self.tokens.get(self.at + 2),
            self.tokens.get(self.at + 3),
        ) && i == "in"
        {
            let (v, a) = (v.clone(), a.clone());
            self.at += 4;
            return Ok(Stmt::ForIn(v, a, self.body()?));
        }
        let init = if self.take(";") {
            None
        } else {
            let s = self.simple()?;
            self.expect(";")?;
            Some(boxed(s))
        };
        let test = if self.take(";") {
            None
        } else {
            let e = self.expr()?;
            self.expect(";")?;
            Some(e)
        };
        let step = if self.take(")") {
            None
        } else {
            let s = self.simple()?;
            self.expect(")")?;
            Some(boxed(s))
        };
        Ok(Stmt::For(init, test, step, self.body()?))
    }

    fn ends(&self) -> bool {
        matches!(self.peek(), None | Some(Token::Newline | Token::Op(";" | "}" | ")")))
    }

    fn simple(&mut self) -> Parse<Stmt> {
        for (word, formatted) in [("print", false), ("printf", true)] {
            if self.word(word) {
                self.no_gt = true;
                let mut args = Vec::new();
                if !self.ends() && !matches!(self.peek(), Some(Token::Op(">" | ">>" | "|"))) {
                    args = self.list()?;
                }
                self.no_gt = false;
                if let [Expr::Group(inner)] = args.as_slice() {
                    args = inner.clone();
                }
                let mut to = None;
                for op in [">", ">>", "|"] {
                    if self.take(op) {
                        to = Some((op.to_owned(), self.concat()?));
                        break;
                    }
                }
                return Ok(Stmt::Print(formatted, args, to));
            }
        }
        if self.word("next") || self.word("nextfile") {
            return Ok(Stmt::Next);
        }
        if self.word("break") {
            return Ok(Stmt::Break);
        }
        if self.word("continue") {
            return Ok(Stmt::Continue);
        }
        if self.word("exit") {
            return Ok(Stmt::Exit(if self.ends() { None } else { Some(self.expr()?) }));
        }
        if self.word("return") {
            return Ok(Stmt::Return(if self.ends() { None } else { Some(self.expr()?) }));
        }
        if self.word("delete") {
            let Some(Token::Name(name)) = self.next() else { return Err("syntax error".to_owned()) };
            let index = if self.take("[") {
                let l = self.list()?;
                self.expect("]")?;
                Some(l)
            } else {
                None
            };
            return Ok(Stmt::Delete(name, index));
        }
        Ok(Stmt::Expr(self.expr()?))
    }

    fn list(&mut self) -> Parse<Vec<Expr>> {
        let mut list = vec![self.expr()?];
        while self.take(",") {
            self.newlines();
            list.push(self.expr()?);
        }
        Ok(list)
    }

    fn expr(&mut self) -> Parse<Expr> {
        self.deeper(Self::expr_inner)
    }

    fn expr_inner(&mut self) -> Parse<Expr> {
        let left = self.ternary()?;
        let mut e = left;
        for op in ["=", "+=", "-=", "*=", "/=", "%=", "^="] {
            if matches!(e, Expr::Var(_) | Expr::Field(_) | Expr::Index(..)) && self.take(op) {
                self.newlines();
                let right = self.expr()?;
                e = Expr::Assign(op.trim_end_matches('=').to_owned(), boxed(e), boxed(right));
                break;
            }
        }
        Ok(e)
    }

    /// Counts what makes an expression deep.
    fn link(&mut self) -> Parse<()> {
        self.links += 1;
        if self.links > 2000 { Err("program too deep".to_owned()) } else { Ok(()) }
    }

    fn ternary(&mut self) -> Parse<Expr> {
        let test = self.or()?;
        if !self.take("?") {
            return Ok(test);
        }
        let a = self.expr()?;
        self.newlines();
        self.expect(":")?;
        self.newlines();
        let b = self.expr()?;
        Ok(Expr::Cond(boxed(test), boxed(a), boxed(b)))
    }

    fn or(&mut self) -> Parse<Expr> {
        let mut e = self.and()?;
        while self.take("||") {
            self.link()?;
            self.newlines();
            e = Expr::Binary("||".into(), boxed(e), boxed(self.and()?));
        }
        Ok(e)
    }

    fn and(&mut self) -> Parse<Expr> {
        let mut e = self.in_()?;
        while self.take("&&") {
            self.link()?;
            self.newlines();
            e = Expr::Binary("&&".into(), boxed(e), boxed(self.in_()?));
        }
        Ok(e)
    }

    fn in_(&mut self) -> Parse<Expr> {
        let mut e = self.matching()?;
        while !self.no_in && self.word("in") {
            let Some(Token::Name(a)) = self.next() else { return Err("syntax error".to_owned()) };
            self.link()?;
            let keys = if let Expr::Group(l) = e { l } else { vec![e] };
            e = Expr::In(keys, a);
        }
        Ok(e)
    }

    fn matching(&mut self) -> Parse<Expr> {
        let mut e = self.comparison()?;
        loop {
            let yes = if self.take("~") {
                true
            } else if self.take("!~") {
                false
            } else {
                return Ok(e);
            };
            self.link()?;
            e = Expr::Match(yes, boxed(e), boxed(self.comparison()?));
        }
    }

    fn comparison(&mut self) -> Parse<Expr> {
        let e = self.concat()?;
        for op in ["<=", ">=", "==", "!=", "<", ">"] {
            if op == ">" && self.no_gt {
                continue;
            }
            if self.take(op) {
                return Ok(Expr::Binary(op.into(), boxed(e), boxed(self.concat()?)));
            }
        }
        Ok(e)
    }

    fn concat(&mut self) -> Parse<Expr> {
        let mut e = self.additive()?;
        loop {
            let starts = match self.peek() {
                Some(Token::Number(_) | Token::Text(_) | Token::Regex(_) | Token::Func(_)) => true,
                Some(Token::Name(n)) => n != "in",
                Some(Token::Op(o)) => matches!(*o, "$" | "!" | "(" | "-" | "+" | "++" | "--"),
                _ => false,
            };
            if !starts {
                return Ok(e);
            }
            self.link()?;
            e = Expr::Concat(boxed(e), boxed(self.additive()?));
        }
    }

    fn additive(&mut self) -> Parse<Expr> {
        let mut e = self.term()?;
        loop {
            let op = if self.take("+") {
                "+"
            } else if self.take("-") {
                "-"
            } else {
                return Ok(e);
            };
            self.link()?;
            e = Expr::Binary(op.into(), boxed(e), boxed(self.term()?));
        }
    }

    fn term(&mut self) -> Parse<Expr> {
        let mut e = self.unary()?;
        loop {
            let op = if self.take("*") {
                "*"
            } else if self.take("/") {
                "/"
            } else if self.take("%") {
                "%"
            } else {
                return Ok(e);
            };
            self.link()?;
            e = Expr::Binary(op.into(), boxed(e), boxed(self.unary()?));
        }
    }

    fn unary(&mut self) -> Parse<Expr> {
        self.deeper(Self::unary_inner)
    }

    fn deeper(&mut self, parse: fn(&mut Self) -> Parse<Expr>) -> Parse<Expr> {
        self.depth += 1;
        if self.depth > 200 {
            return Err("program too deep".to_owned());
        }
        let e = parse(self);
        self.depth -= 1;
        e
    }

    fn unary_inner(&mut self) -> Parse<Expr> {
        for (op, c) in [("!", '!'), ("-", '-'), ("+", '+')] {
            if self.take(op) {
                return Ok(Expr::Unary(c, boxed(self.unary()?)));
            }
        }
        let e = self.postfix()?;
        if self.take("^") {
            return Ok(Expr::Binary("^".into(), boxed(e), boxed(self.unary()?)));
        }
        Ok(e)
    }

    fn postfix(&mut self) -> Parse<Expr> {
        for (op, by) in [("++", 1.0), ("--", -1.0)] {
            if self.take(op) {
                return Ok(Expr::Step(true, by, boxed(self.primary()?)));
            }
        }
        let e = self.primary()?;
        if matches!(e, Expr::Var(_) | Expr::Field(_) | Expr::Index(..)) {
            for (op, by) in [("++", 1.0), ("--", -1.0)] {
                if self.take(op) {
                    return Ok(Expr::Step(false, by, boxed(e)));
                }
            }
        }
        Ok(e)
    }

    fn primary(&mut self) -> Parse<Expr> {
        self.deeper(Self::primary_inner)
    }

    fn primary_inner(&mut self) -> Parse<Expr> {
        match self.next() {
            Some(Token::Number(n)) => Ok(Expr::Number(n)),
            Some(Token::Text(t)) => Ok(Expr::Text(t)),
            Some(Token::Regex(r)) => Regex::new(&r, Syntax::Extended, false).map(Expr::Regex),
            Some(Token::Op("$")) => {
                if self.take("++") {
                    return Ok(Expr::Field(boxed(Expr::Step(true, 1.0, boxed(self.primary()?)))));
                }
                Ok(Expr::Field(boxed(self.primary()?)))
            }
            Some(Token::Op("-")) => Ok(Expr::Unary('-', boxed(self.primary()?))),
            Some(Token::Op("(")) => {
                let (gt, no_in) =
                    (std::mem::replace(&mut self.no_gt, false), std::mem::replace(&mut self.no_in, false));
                let mut list = self.list()?;
                self.expect(")")?;
                (self.no_gt, self.no_in) = (gt, no_in);
                if list.len() == 1 && self.peek() != Some(&Token::Name("in".into())) {
                    return Ok(list.pop().map_or(Expr::Group(Vec::new()), |e| Expr::Group(vec![e])));
                }
                Ok(Expr::Group(list))
            }
            Some(Token::Func(name)) => {
                self.expect("(")?;
                let gt = std::mem::replace(&mut self.no_gt, false);
                let args = if self.take(")") {
                    Vec::new()
                } else {
                    let l = self.list()?;
                    self.expect(")")?;
                    l
                };
                self.no_gt = gt;
                Ok(Expr::Call(name, args))
            }
            Some(Token::Name(n)) if n == "getline" => Ok(Expr::GetLine),
            Some(Token::Name(n)) if n == "length" => Ok(Expr::Call(n, Vec::new())),
            Some(Token::Name(n)) => {
                if self.take("[") {
                    let l = self.list()?;
                    self.expect("]")?;
                    return Ok(Expr::Index(n, l));
                }
                Ok(Expr::Var(n))
            }
            _ => Err("syntax error".to_owned()),
        }
    }
}
