//! Tokens to nodes. Models Go's `text/template/parse/parse.go`.

use std::collections::BTreeMap;

use gatehouse_model::Value;
use gatehouse_model::json::go_quote;

use super::super::gofmt::unquote;
use super::NAME;
use super::funcs;
use super::lex::{Kind, Token, lex, number};
use super::node::{Block, Command, Node, Operand, Pipe, Statement};

type Result<T> = std::result::Result<T, String>;

/// Parses a template: its own statements and the templates it defines.
pub(super) fn parse(text: &str) -> Result<(Block, BTreeMap<String, Block>)> {
    let mut parser = Parser {
        tokens: lex(text),
        next: 0,
        line: 1,
        action_line: 0,
        variables: vec!["$".to_owned()],
        loops: 0,
        defined: BTreeMap::new(),
    };
    let mut root = Block::new();
    loop {
        match parser.statement(&mut root, true)? {
            Step::Went => {}
            Step::Ended(Ending::Eof) => return Ok((root, parser.defined)),
            Step::Ended(Ending::End) => return Err(parser.error("unexpected {{end}}")),
            Step::Ended(Ending::Else) => return Err(parser.error("unexpected {{else}}")),
        }
    }
}

/// What ends a block.
#[derive(Clone, Copy, PartialEq)]
enum Ending {
    End,
    /// The parser stands behind the word `else`.
    Else,
    Eof,
}

enum Step {
    Went,
    Ended(Ending),
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    /// Of the last token read.
    line: usize,
    /// Where the current action began.
    action_line: usize,
    variables: Vec<String>,
    loops: usize,
    defined: BTreeMap<String, Block>,
}

impl Parser {
    fn error(&self, message: impl AsRef<str>) -> String {
        format!("template: {NAME}:{}: {}", self.line, message.as_ref())
    }

    fn unexpected(&self, token: &Token, context: &str) -> String {
        if token.kind != Kind::Error {
            return self.error(format!("unexpected {} in {context}", token.show()));
        }
        if self.action_line == 0 || self.action_line == token.line {
            return self.error(&token.text);
        }
        let at = format!(" started at {NAME}:{}", self.action_line);
        let link = if token.text.ends_with(" action") { "" } else { " in action" };
        self.error(format!("{}{link}{at}", token.text))
    }

    fn token(&mut self) -> Token {
        let last = self.tokens.len().saturating_sub(1);
        let token = self.tokens.get(self.next.min(last)).cloned();
        let token = token.unwrap_or(Token { kind: Kind::Eof, text: String::new(), pos: 0, line: 1 });
        self.next += 1;
        self.line = token.line;
        token
    }

    fn token_after_space(&mut self) -> Token {
        loop {
            let token = self.token();
            if token.kind != Kind::Space {
                return token;
            }
        }
    }

    fn back(&mut self) {
        self.next = self.next.saturating_sub(1);
    }

    fn peek(&mut self) -> Token {
        let token = self.token();
        self.back();
        token
    }

    fn peek_after_space(&mut self) -> Token {
        let token = self.token_after_space();
        self.back();
        token
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Result<Token> {
        let token = self.token_after_space();
        if token.kind == kind { Ok(token) } else { Err(self.unexpected(&token, context)) }
    }

    /// Statements up to `end`, `else` or the end of the text.
    fn block(&mut self) -> Result<(Block, Ending)> {
        let mut block = Block::new();
        loop {
            match self.statement(&mut block, false)? {
                Step::Went => {}
                Step::Ended(Ending::Eof) => return Err(self.error("unexpected EOF")),
                Step::Ended(ending) => return Ok((block, ending)),
            }
        }
    }

    fn statement(&mut self, block: &mut Block, top: bool) -> Result<Step> {
        let token = self.token();
        match token.kind {
            Kind::Text => block.push(Statement::Text(token.text)),
            Kind::Eof => return Ok(Step::Ended(Ending::Eof)),
            Kind::LeftDelim => {
                self.action_line = token.line;
                let step = self.action(block, top)?;
                self.action_line = 0;
                return Ok(step);
            }
            _ => return Err(self.unexpected(&token, "input")),
        }
        Ok(Step::Went)
    }

    fn action(&mut self, block: &mut Block, top: bool) -> Result<Step> {
        let token = self.token_after_space();
        if token.kind != Kind::Keyword {
            self.back();
            let pipe = self.pipeline("command", Kind::RightDelim)?;
            block.push(Statement::Action(pipe));
            return Ok(Step::Went);
        }
        match token.text.as_str() {
            "if" => {
                let (pipe, then, otherwise) = self.control("if")?;
                block.push(Statement::If(pipe, then, otherwise));
            }
            "with" => {
                let (pipe, then, otherwise) = self.control("with")?;
                block.push(Statement::With(pipe, then, otherwise));
            }
            "range" => {
                let (pipe, then, otherwise) = self.control("range")?;
                block.push(Statement::Range(pipe, then, otherwise));
            }
            "end" => {
                self.expect(Kind::RightDelim, "end")?;
                return Ok(Step::Ended(Ending::End));
            }
            "else" => {
                let next = self.peek_after_space();
                if !(next.is("if") || next.is("with")) {
                    self.expect(Kind::RightDelim, "else")?;
                }
                return Ok(Step::Ended(Ending::Else));
            }
            "template" => {
                let pos = self.peek_after_space().pos;
                let name = self.name("template clause")?;
                let pipe = if self.peek_after_space().kind == Kind::RightDelim {
                    self.token_after_space();
                    None
                } else {
                    Some(self.pipeline("template clause", Kind::RightDelim)?)
                };
                block.push(Statement::Template { pos, name, pipe });
            }
            "block" => {
                let name = self.name("block clause")?;
                let pipe = self.pipeline("block clause", Kind::RightDelim)?;
                self.definition(&name)?;
                block.push(Statement::Template { pos: token.pos, name, pipe: Some(pipe) });
            }
            "define" if top => {
                let name = self.name("define clause")?;
                self.expect(Kind::RightDelim, "define clause")?;
                self.definition(&name)?;
            }
            word @ ("break" | "continue") => {
                if self.loops == 0 {
                    return Err(self.error(format!("{{{{{word}}}}} outside {{{{range}}}}")));
                }
                self.expect(Kind::RightDelim, &format!("{{{{{word}}}}}"))?;
                block.push(if word == "break" { Statement::Break } else { Statement::Continue });
            }
            _ => return Err(self.unexpected(&token, "command")),
        }
        Ok(Step::Went)
    }

    /// The body of `define` or `block`, up to its end.
    fn definition(&mut self, name: &str) -> Result<()> {
        let outer = std::mem::replace(&mut self.variables, vec!["$".to_owned()]);
        let loops = std::mem::take(&mut self.loops);
        let (body, ending) = self.block()?;
        if ending == Ending::Else {
            return Err(self.error("unexpected {{else}} in define clause"));
        }
        self.variables = outer;
        self.loops = loops;
        self.defined.insert(name.to_owned(), body);
        Ok(())
    }

    fn name(&mut self, context: &str) -> Result<String> {
        let token = self.token_after_space();
        let text = match token.kind {
            Kind::String => unquote(&token.text, '"'),
            Kind::RawString => Some(token.text.trim_matches('`').to_owned()),
            _ => return Err(self.unexpected(&token, context)),
        };
        text.ok_or_else(|| self.error("invalid syntax"))
    }

    fn control(&mut self, word: &str) -> Result<(Pipe, Block, Block)> {
        let scope = self.variables.len();
        let pipe = self.pipeline(word, Kind::RightDelim)?;
        self.loops += usize::from(word == "range");
        let body = self.block();
        self.loops -= usize::from(word == "range");
        let (then, ending) = body?;
        let mut otherwise = Block::new();
        if ending == Ending::Else {
            let next = self.peek_after_space();
            if (word == "if" && next.is("if")) || (word == "with" && next.is("with")) {
                // {{else if}} is an if inside the else, and shares its end.
                self.token_after_space();
                let (pipe, then, rest) = self.control(word)?;
                otherwise.push(if word == "if" {
                    Statement::If(pipe, then, rest)
                } else {
                    Statement::With(pipe, then, rest)
                });
            } else {
                if next.kind == Kind::Keyword {
                    return Err(self.unexpected(&next, "else"));
                }
                let (rest, ending) = self.block()?;
                if ending != Ending::End {
                    return Err(self.error("expected end; found {{else}}"));
                }
                otherwise = rest;
            }
        }
        self.variables.truncate(scope);
        Ok((pipe, then, otherwise))
    }

    fn pipeline(&mut self, context: &str, end: Kind) -> Result<Pipe> {
        let mut pipe = Pipe { pos: self.peek_after_space().pos, ..Pipe::default() };
        self.declarations(&mut pipe, context)?;
        loop {
            let token = self.token_after_space();
            match token.kind {
                kind if kind == end => {
                    return if pipe.commands.is_empty() {
                        Err(self.error(format!("missing value for {context}")))
                    } else {
                        self.check(pipe)
                    };
                }
                Kind::Bool
                | Kind::Char
                | Kind::Dot
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::Nil
                | Kind::RawString
                | Kind::String
                | Kind::Variable
                | Kind::LeftParen => {
                    self.back();
                    let command = self.command()?;
                    pipe.commands.push(command);
                }
                _ => return Err(self.unexpected(&token, context)),
            }
        }
    }

    /// `$x :=`, `$x =`, and in `range` `$k, $v :=`.
    fn declarations(&mut self, pipe: &mut Pipe, context: &str) -> Result<()> {
        loop {
            let start = {
                self.peek_after_space();
                self.next
            };
            let variable = self.peek_after_space();
            if variable.kind != Kind::Variable {
                return Ok(());
            }
            self.token_after_space();
            let next = self.peek_after_space();
            match next.kind {
                Kind::Assign | Kind::Declare => {
                    self.token_after_space();
                    pipe.assigns = next.kind == Kind::Assign;
                    pipe.declared.push(variable.text.clone());
                    self.variables.push(variable.text);
                    return Ok(());
                }
                Kind::Comma if context == "range" && pipe.declared.is_empty() => {
                    self.token_after_space();
                    pipe.declared.push(variable.text.clone());
                    self.variables.push(variable.text);
                    if self.peek_after_space().kind != Kind::Variable {
                        return Err(self.error("range can only initialize variables"));
                    }
                }
                Kind::Comma if context == "range" => {
                    return Err(self.error("too many declarations in range"));
                }
                _ => {
                    self.next = start;
                    return Ok(());
                }
            }
        }
    }

    /// Only the first command of a pipeline may be something that cannot be called.
    fn check(&self, pipe: Pipe) -> Result<Pipe> {
        for (i, command) in pipe.commands.iter().enumerate().skip(1) {
            if let Some(Node { kind: Operand::Constant(..) | Operand::Dot | Operand::Nil, .. }) =
                command.args.first()
            {
                return Err(self.error(format!("non executable command in pipeline stage {}", i + 1)));
            }
        }
        Ok(pipe)
    }

    fn command(&mut self) -> Result<Command> {
        let mut command = Command { pos: self.peek_after_space().pos, args: Vec::new() };
        loop {
            self.peek_after_space();
            if let Some(operand) = self.operand()? {
                command.args.push(operand);
            }
            let token = self.token();
            match token.kind {
                Kind::Space => {}
                Kind::RightDelim | Kind::RightParen => {
                    self.back();
                    break;
                }
                Kind::Pipe => break,
                _ => return Err(self.unexpected(&token, "operand")),
            }
        }
        if command.args.is_empty() {
            return Err(self.error("empty command"));
        }
        Ok(command)
    }

    fn operand(&mut self) -> Result<Option<Node>> {
        let Some(mut node) = self.term()? else { return Ok(None) };
        if self.peek().kind != Kind::Field {
            return Ok(Some(node));
        }
        let pos = self.peek().pos;
        let mut names = Vec::new();
        while self.peek().kind == Kind::Field {
            names.push(self.token().text.trim_start_matches('.').to_owned());
        }
        match &mut node.kind {
            Operand::Field(own) | Operand::Variable(own) => {
                own.extend(names);
                node.pos = pos;
            }
            Operand::Constant(..) | Operand::Nil | Operand::Dot => {
                return Err(self.error(format!("unexpected . after term {}", go_quote(&node.to_string()))));
            }
            _ => node = Node { pos, kind: Operand::Chain(Box::new(node), names) },
        }
        Ok(Some(node))
    }

    fn term(&mut self) -> Result<Option<Node>> {
        let token = self.token_after_space();
        let pos = token.pos;
        let kind = match token.kind {
            Kind::Identifier => {
                if !funcs::exists(&token.text) {
                    return Err(self.error(format!("function {} not defined", go_quote(&token.text))));
                }
                Operand::Identifier(token.text)
            }
            Kind::Dot => Operand::Dot,
            Kind::Nil => Operand::Nil,
            Kind::Variable => {
                if !self.variables.contains(&token.text) {
                    return Err(self.error(format!("undefined variable {}", go_quote(&token.text))));
                }
                Operand::Variable(vec![token.text])
            }
            Kind::Field => Operand::Field(vec![token.text.trim_start_matches('.').to_owned()]),
            Kind::Bool => Operand::Constant(Value::Bool(token.text == "true"), token.text),
            Kind::Number => Operand::Constant(number(&token.text).unwrap_or_default(), token.text),
            Kind::Char => {
                let c = unquote(&token.text, '\'').and_then(|s| s.chars().next());
                let Some(c) = c else {
                    return Err(self.error(format!("malformed character constant: {}", token.text)));
                };
                Operand::Constant(Value::Int(i64::from(u32::from(c))), token.text)
            }
            Kind::String => match unquote(&token.text, '"') {
                Some(text) => Operand::Constant(text.into(), token.text),
                None => return Err(self.error("invalid syntax")),
            },
            Kind::RawString => Operand::Constant(token.text.trim_matches('`').into(), token.text),
            Kind::LeftParen => Operand::Pipe(self.pipeline("parenthesized pipeline", Kind::RightParen)?),
            _ => {
                self.back();
                return Ok(None);
            }
        };
        Ok(Some(Node { pos, kind }))
    }
}
