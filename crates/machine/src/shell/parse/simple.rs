//! Simple commands: aliases, assignments, words, redirections.

use super::*;

impl Parser<'_> {
    pub(super) fn simple(&mut self) -> Parse<Command> {
        let line = self.line;
        let (mut assigns, mut words, mut redirects) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            self.blanks();
            if let Some(r) = self.redirect()? {
                redirects.push(r);
                continue;
            }
            match self.peek(0) {
                None | Some('\n' | ';' | '&' | '|' | ')') => break,
                Some('(') => {
                    // name ( ) makes a function.
                    if let [Word(parts)] = words.as_slice()
                        && let [super::super::ast::Part::Plain(name)] = parts.as_slice()
                    {
                        let name = name.clone();
                        self.at += 1;
                        if self.is(Dialect::Bash) && self.peek_token().is_none() {
                            return Err(self.unexpected(""));
                        }
                        self.expect(")")?;
                        self.lines()?;
                        return Ok(Command::Function(name, Arc::new(self.command()?)));
                    }
                    return Err(self.unexpected("("));
                }
                Some(_) => {}
            }
            if words.is_empty() {
                if self.expand_alias() {
                    continue;
                }
                if let Some(a) = self.assign()? {
                    assigns.push(a);
                    continue;
                }
            } else if self.is_declaration(&words)
                && let Some(a) = self.array_assign()?
            {
                assigns.push(a);
                continue;
            }
            words.push(self.word()?);
        }
        Ok(Command::Simple { assigns, words, redirects, line })
    }

    pub(super) fn is_declaration(&self, words: &[Word]) -> bool {
        matches!(words.first(), Some(Word(p)) if matches!(p.as_slice(), [super::super::ast::Part::Plain(n)] if matches!(n.as_str(), "declare" | "local" | "export" | "readonly" | "typeset")))
    }

    pub(super) fn array_assign(&mut self) -> Parse<Option<Assign>> {
        let token = self.peek_token().unwrap_or_default();
        if token.ends_with('=') && self.peek(token.chars().count()) == Some('(') {
            self.assign()
        } else {
            Ok(None)
        }
    }

    /// Replaces an alias by its text; says whether it did.
    pub(super) fn expand_alias(&mut self) -> bool {
        let at = self.at;
        self.alias_until.retain(|(_, end)| at < *end);
        let Some(token) = self.peek_token() else { return false };
        let Some(text) = self.aliases.get(&token) else { return false };
        if self.alias_until.iter().any(|(n, _)| *n == token) {
            return false;
        }
        let len = token.chars().count();
        let text: Vec<char> = text.chars().collect();
        let grown = text.len();
        self.chars.splice(self.at..self.at + len, text);
        for (_, end) in &mut self.alias_until {
            *end = *end + grown - len.min(*end);
        }
        self.alias_until.push((token, self.at + grown));
        true
    }

    pub(super) fn assign(&mut self) -> Parse<Option<Assign>> {
        let back = self.at;
        let mut name = String::new();
        while self
            .peek(0)
            .is_some_and(|c| c == '_' || c.is_ascii_alphabetic() || !name.is_empty() && c.is_ascii_digit())
        {
            name.extend(self.peek(0));
            self.at += 1;
        }
        let mut index = None;
        if !name.is_empty() && self.peek(0) == Some('[') && self.is(Dialect::Bash) {
            let mut text = String::new();
            self.at += 1;
            while self.peek(0).is_some_and(|c| c != ']' && !c.is_whitespace()) {
                text.extend(self.peek(0));
                self.at += 1;
            }
            self.at += 1;
            index = Some(text);
        }
        let append = self.looking_at("+=") && self.is(Dialect::Bash);
        if name.is_empty() || !(append || self.looking_at("=")) {
            self.at = back;
            return Ok(None);
        }
        self.at += if append { 2 } else { 1 };
        if self.is(Dialect::Bash) && self.take("(") {
            let mut list = Vec::new();
            loop {
                self.lines()?;
                if self.take(")") {
                    break;
                }
                if self.peek(0).is_none() {
                    return self.incomplete(")");
                }
                list.push(self.word()?);
            }
            return Ok(Some(Assign { name, index, append, value: Value::Array(list) }));
        }
        let value = match self.peek(0) {
            None => Word::default(),
            Some(c) if c.is_whitespace() || ";&|()<>".contains(c) => Word::default(),
            Some(_) => self.word()?,
        };
        Ok(Some(Assign { name, index, append, value: Value::Scalar(value) }))
    }

    pub(super) fn redirect(&mut self) -> Parse<Option<Redirect>> {
        self.blanks();
        let back = self.at;
        let mut digits = String::new();
        while self.peek(0).is_some_and(|c| c.is_ascii_digit()) {
            digits.extend(self.peek(0));
            self.at += 1;
        }
        let fd: Option<i32> = digits.parse().ok();
        if fd.is_none() && !self.is(Dialect::Dash) && (self.looking_at("<(") || self.looking_at(">(")) {
            return Ok(None);
        }
        const OPS: &[&str] = &["&>>", "&>", "<<<", "<<-", "<<", "<>", "<&", "<", ">>", ">&", ">|", ">"];
        let known = |op: &str| match op {
            "&>" | "&>>" => !self.is(Dialect::Dash),
            "<<<" => self.is(Dialect::Bash),
            _ => true,
        };
        let op =
            OPS.iter().find(|op| known(op) && self.looking_at(op) && (fd.is_none() || !op.starts_with('&')));
        let Some(op) = op else {
            self.at = back;
            return Ok(None);
        };
        self.take(op);
        self.blanks();
        match self.peek(0) {
            None => return Err(self.unexpected("")),
            Some(c) if "\n;&|()".contains(c) || !self.is(Dialect::Bash) && "<>".contains(c) => {
                let token = self.peek_token().unwrap_or_default();
                return Err(self.unexpected(&token));
            }
            _ => {}
        }
        if op.starts_with("<<") && *op != "<<<" {
            let (delimiter, quoted) = self.delimiter()?;
            let body = Arc::new(OnceLock::new());
            self.pending.push(Pending { body: Arc::clone(&body), delimiter, quoted, strip: *op == "<<-" });
            return Ok(Some(Redirect { fd, op: RedirectOp::Heredoc(body) }));
        }
        let word = self.word()?;
        let op = match *op {
            "<" => RedirectOp::Read(word),
            ">" | ">|" => RedirectOp::Write(word),
            ">>" => RedirectOp::Append(word),
            "<>" => RedirectOp::ReadWrite(word),
            "&>" => RedirectOp::Both(word),
            "&>>" => RedirectOp::BothAppend(word),
            "<<<" => RedirectOp::HereString(word),
            ">&" if fd.is_none()
                && !matches!(word.0.as_slice(), [super::super::ast::Part::Plain(w)] if w == "-" || w.parse::<i32>().is_ok()) =>
            {
                RedirectOp::Both(word)
            }
            "<&" => return Ok(Some(Redirect { fd: fd.or(Some(0)), op: RedirectOp::Dup(word) })),
            _ => RedirectOp::Dup(word),
        };
        Ok(Some(Redirect { fd, op }))
    }

    pub(super) fn delimiter(&mut self) -> Parse<(String, bool)> {
        let mut text = String::new();
        let mut quoted = false;
        while let Some(c) = self.peek(0) {
            match c {
                '\'' | '"' => {
                    quoted = true;
                    self.at += 1;
                    while self.peek(0).is_some_and(|d| d != c) {
                        text.extend(self.peek(0));
                        self.at += 1;
                    }
                    self.at += 1;
                }
                '\\' => {
                    quoted = true;
                    text.extend(self.peek(1));
                    self.at += 2;
                }
                c if c.is_whitespace() || ";&|()<>".contains(c) => break,
                c => {
                    text.push(c);
                    self.at += 1;
                }
            }
        }
        Ok((text, quoted))
    }
}
