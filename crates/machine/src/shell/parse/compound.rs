//! Compound commands: `if`, `while`, `for`, `case`.

use super::*;

impl Parser<'_> {
    pub(super) fn compound(&mut self, compound: Compound) -> Parse<Command> {
        let mut redirects = Vec::new();
        while let Some(r) = self.redirect()? {
            redirects.push(r);
        }
        Ok(Command::Compound(Box::new(compound), redirects))
    }

    pub(super) fn do_group(&mut self) -> Parse<Script> {
        self.expect("do")?;
        let body = self.script(&["done"])?;
        self.expect("done")?;
        Ok(body)
    }

    pub(super) fn if_command(&mut self) -> Parse<Command> {
        let mut arms = Vec::new();
        let mut word = "if";
        loop {
            self.expect(word)?;
            let test = self.script(&["then"])?;
            self.expect("then")?;
            let body = self.script(&["elif", "else", "fi"])?;
            arms.push((test, body));
            if self.peek_token().as_deref() != Some("elif") {
                break;
            }
            word = "elif";
        }
        let otherwise = if self.keyword("else") { Some(self.script(&["fi"])?) } else { None };
        self.expect("fi")?;
        self.compound(Compound::If(arms, otherwise))
    }

    pub(super) fn for_command(&mut self) -> Parse<Command> {
        self.keyword("for");
        self.blanks();
        let bash = self.is(Dialect::Bash);
        let bad = ParseError::Other { what: "bad for loop variable", line: self.line };
        if bash
            && self.looking_at("((")
            && let Some(text) = self.arith_block()?
        {
            let mut parts = text.splitn(3, ';').map(str::to_owned);
            let mut next = || parts.next().unwrap_or_default();
            let head = [next(), next(), next()];
            self.blanks();
            self.take(";");
            let body = self.do_group()?;
            return self.compound(Compound::ForArith(head, body));
        }
        let Some(name) = self.peek_token() else { return Err(if bash { self.unexpected("") } else { bad }) };
        if !is_name(&name) {
            return Err(if bash { self.unexpected(&name) } else { bad });
        }
        self.at += name.chars().count();
        self.lines()?;
        let words = if self.keyword("in") {
            let mut words = Vec::new();
            loop {
                self.blanks();
                match self.peek(0) {
                    None => return self.incomplete("do"),
                    Some('\n' | ';') => break,
                    Some(c) if "&|()<>".contains(c) => return Err(self.unexpected(&c.to_string())),
                    _ => words.push(self.word()?),
                }
            }
            Some(words)
        } else {
            None
        };
        self.blanks();
        self.take(";");
        let body = self.do_group()?;
        self.compound(Compound::For(name, words, body))
    }

    pub(super) fn case_command(&mut self) -> Parse<Command> {
        self.keyword("case");
        self.blanks();
        let word = self.word()?;
        self.expect("in")?;
        let mut arms = Vec::new();
        loop {
            self.lines()?;
            if self.peek_token().is_none() {
                return self.incomplete(")");
            }
            if self.keyword("esac") {
                break;
            }
            self.take("(");
            let mut patterns = Vec::new();
            loop {
                self.blanks();
                patterns.push(self.word()?);
                self.blanks();
                if self.take("|") {
                    continue;
                }
                if self.take(")") {
                    break;
                }
                return match self.peek_token() {
                    None => self.incomplete(")"),
                    Some(t) => Err(self.unexpected(&t)),
                };
            }
            let body = self.script(&[";;", "esac"])?;
            arms.push((patterns, body));
            self.blanks();
            self.take(";;");
        }
        self.compound(Compound::Case(word, arms))
    }
}
