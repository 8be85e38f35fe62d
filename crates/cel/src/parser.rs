//! Tokens to a tree. Models cel-go `parser/parser.go`; the wording of syntax errors is ANTLR's.

use crate::ast::{Expr, Kind, Literal};
use crate::error::Issue;
use crate::lexer::{Tok, Token, tokens};
use crate::macros;

/// How deep an expression may nest.
const MAX_DEPTH: usize = 64;

const START: &str = "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

/// Parses an expression.
pub(crate) fn parse(source: &str) -> Result<Expr, Vec<Issue>> {
    let mut issues = Vec::new();
    let tokens = tokens(source, &mut issues);
    let mut parser = Parser { tokens, at: 0, depth: 0 };
    let parsed = parser.expression().and_then(|e| match parser.peek().kind {
        Tok::End => Ok(e),
        _ => Err(Issue::new(
            parser.peek().at,
            format!("Syntax error: extraneous input '{}' expecting <EOF>", parser.peek().text),
        )),
    });
    match parsed {
        Ok(expr) if issues.is_empty() => Ok(expr),
        Ok(_) => Err(issues),
        Err(issue) => {
            issues.push(issue);
            Err(issues)
        }
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

type Parsed<T = Expr> = Result<T, Issue>;

static NOTHING: Token = Token { at: 0, text: String::new(), kind: Tok::End };

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).or(self.tokens.last()).unwrap_or(&NOTHING)
    }

    fn sign(&self, sign: &str) -> bool {
        self.peek().kind == Tok::Sign && self.peek().text == sign
    }

    /// Takes a sign if it is the next token; gives its place.
    fn take(&mut self, sign: &str) -> Option<usize> {
        let at = self.peek().at;
        self.sign(sign).then(|| {
            self.at += 1;
            at
        })
    }

    fn expect(&mut self, sign: &str, expecting: &str) -> Parsed<usize> {
        self.take(sign).ok_or_else(|| self.mismatch(expecting))
    }

    fn mismatch(&self, expecting: &str) -> Issue {
        let t = self.peek();
        Issue::new(t.at, format!("Syntax error: mismatched input '{}' expecting {expecting}", t.text))
    }

    fn expression(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Issue::new(self.peek().at, "expression recursion limit exceeded: 250"));
        }
        let condition = self.binary(0)?;
        let result = match self.take("?") {
            None => condition,
            Some(at) => {
                let yes = self.binary(0)?;
                self.expect(":", "':'")?;
                let no = self.expression()?;
                call(at, "_?_:_", vec![condition, yes, no])
            }
        };
        self.depth -= 1;
        Ok(result)
    }

    fn binary(&mut self, level: usize) -> Parsed {
        const LEVELS: &[&[(&str, &str)]] = &[
            &[("||", "_||_")],
            &[("&&", "_&&_")],
            &[
                ("==", "_==_"),
                ("!=", "_!=_"),
                ("<=", "_<=_"),
                (">=", "_>=_"),
                ("<", "_<_"),
                (">", "_>_"),
                ("in", "@in"),
            ],
            &[("+", "_+_"), ("-", "_-_")],
            &[("*", "_*_"), ("/", "_/_"), ("%", "_%_")],
        ];
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        while let Some((sign, function)) = operators.iter().find(|(s, _)| self.sign(s)) {
            let at = self.take(sign).unwrap_or(0);
            let right = self.binary(level + 1)?;
            left = call(at, function, vec![left, right]);
        }
        Ok(left)
    }

    fn unary(&mut self) -> Parsed {
        for (sign, function) in [("!", "!_"), ("-", "-_")] {
            let mut places = Vec::new();
            while let Some(at) = self.take(sign) {
                places.push(at);
            }
            let Some(first) = places.first().copied() else { continue };
            // A minus straight before a number belongs to it.
            if sign == "-"
                && let Tok::Literal(literal) = self.peek().kind.clone()
            {
                let negated = match literal {
                    Literal::Int(i) => Some(Literal::Int(-i)),
                    Literal::Double(d) => Some(Literal::Double(-d)),
                    Literal::UInt(u) if u == 1 << 63 => Some(Literal::Int(i64::MIN)),
                    _ => None,
                };
                if let Some(negated) = negated {
                    if places.len() % 2 == 0 {
                        return self.member();
                    }
                    self.at += 1;
                    return self.suffix(Expr::new(first, Kind::Literal(negated)));
                }
            }
            let operand = self.member()?;
            // Two of a kind undo each other.
            return Ok(if places.len() % 2 == 0 { operand } else { call(first, function, vec![operand]) });
        }
        self.member()
    }

    fn member(&mut self) -> Parsed {
        let primary = self.primary()?;
        self.suffix(primary)
    }

    fn suffix(&mut self, mut left: Expr) -> Parsed {
        loop {
            if let Some(at) = self.take(".") {
                let optional = self.take("?").is_some();
                let name = self.peek().clone();
                if name.kind != Tok::Ident && name.text != "in" {
                    return Err(self.mismatch("IDENTIFIER"));
                }
                self.at += 1;
                left = match self.take("(") {
                    Some(paren) if !optional => {
                        let args = self.arguments(")")?;
                        macros::method(left, &name.text, args, paren)?
                    }
                    Some(_) => return Err(self.mismatch("<EOF>")),
                    None => {
                        let operand = Box::new(left);
                        Expr::new(at, Kind::Select { operand, field: name.text, optional, test: false })
                    }
                };
            } else if let Some(at) = self.take("[") {
                let optional = self.take("?").is_some();
                let index = self.expression()?;
                self.expect("]", "']'")?;
                left =
                    Expr::new(at, Kind::Index { operand: Box::new(left), index: Box::new(index), optional });
            } else {
                return Ok(left);
            }
        }
    }

    fn arguments(&mut self, close: &str) -> Parsed<Vec<Expr>> {
        let mut args = Vec::new();
        if self.take(close).is_some() {
            return Ok(args);
        }
        loop {
            args.push(self.expression()?);
            if self.take(",").is_none() {
                if self.peek().kind == Tok::End {
                    return Err(Issue::new(
                        self.peek().at,
                        format!("Syntax error: missing '{close}' at '<EOF>'"),
                    ));
                }
                self.expect(close, &format!("{{'{close}', ','}}"))?;
                return Ok(args);
            }
        }
    }

    fn primary(&mut self) -> Parsed {
        let token = self.peek().clone();
        match (&token.kind, token.text.as_str()) {
            (Tok::Literal(literal), _) => {
                self.at += 1;
                Ok(Expr::new(token.at, Kind::Literal(literal.clone())))
            }
            (Tok::Ident, _) => {
                self.at += 1;
                match self.take("(") {
                    Some(paren) => {
                        let args = self.arguments(")")?;
                        macros::function(&token.text, args, paren)
                    }
                    None => Ok(Expr::new(token.at, Kind::Ident(token.text))),
                }
            }
            (Tok::Sign, ".") => {
                self.at += 1;
                self.primary()
            }
            (Tok::Sign, "(") => {
                self.at += 1;
                let inner = self.expression()?;
                self.expect(")", "')'")?;
                Ok(inner)
            }
            (Tok::Sign, "[") => {
                self.at += 1;
                let mut items = Vec::new();
                while self.take("]").is_none() {
                    let optional = self.take("?").is_some();
                    items.push((self.expression()?, optional));
                    if self.take(",").is_none() {
                        self.expect("]", "{']', ','}")?;
                        break;
                    }
                }
                Ok(Expr::new(token.at, Kind::List(items)))
            }
            (Tok::Sign, "{") => {
                self.at += 1;
                let mut entries = Vec::new();
                while self.take("}").is_none() {
                    let optional = self.take("?").is_some();
                    let key = self.expression()?;
                    self.expect(":", "':'")?;
                    entries.push((key, self.expression()?, optional));
                    if self.take(",").is_none() {
                        self.expect("}", "{'}', ','}")?;
                        break;
                    }
                }
                Ok(Expr::new(token.at, Kind::Map(entries)))
            }
            _ => Err(self.mismatch(START)),
        }
    }
}

fn call(at: usize, function: &str, args: Vec<Expr>) -> Expr {
    Expr::new(at, Kind::Call { function: function.to_owned(), target: None, args })
}
