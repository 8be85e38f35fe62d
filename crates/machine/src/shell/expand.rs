//! Expansion: from words to fields.
//!
//! Order as POSIX has it: braces, tilde, parameters, commands, arithmetic, field splitting, globbing, quotes.

use super::ast::{Param, ParamOp, Part, Word};
use super::interp::Interp;
use super::{arith, glob};

/// Where a character came from: whether it may split fields and glob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// Typed without quotes: globs.
    Typed,
    /// In quotes.
    Quoted,
    /// Out of an expansion without quotes: splits and globs.
    Expanded,
}

type Chars = Vec<(char, From)>;

/// A word on its way to fields.
#[derive(Default)]
struct Fields {
    done: Vec<Chars>,
    now: Chars,
    /// Whether the field under way exists even if empty: it has quotes.
    solid: bool,
}

impl Fields {
    fn cut(&mut self) {
        if !self.now.is_empty() || self.solid {
            self.done.push(std::mem::take(&mut self.now));
        }
        self.solid = false;
    }
}

impl Interp<'_, '_> {
    /// The fields of words.
    pub(super) fn words(&mut self, words: &[Word]) -> Result<Vec<String>, String> {
        let mut out = Vec::new();
        for word in words {
            // What would be more words than a command line takes is left as it stands.
            let mut budget = if self.state.dialect == super::Dialect::Bash { 1_000_000 } else { 0 };
            for word in braces(word, &mut budget) {
                self.fields(&word, &mut out)?;
            }
        }
        Ok(out)
    }

    fn fields(&mut self, word: &Word, out: &mut Vec<String>) -> Result<(), String> {
        let mut fields = Fields::default();
        self.parts(&word.0, From::Typed, &mut fields)?;
        fields.cut();
        let ifs = self.state.get("IFS").unwrap_or(" \t\n").to_owned();
        for field in fields.done {
            for field in split(&field, &ifs) {
                let magic = field.iter().any(|(c, f)| *f != From::Quoted && "*?[".contains(*c));
                if magic && !self.state.options.noglob {
                    let matches = glob::expand(self.sys, &field);
                    if !matches.is_empty() {
                        out.extend(matches);
                        continue;
                    }
                }
                out.push(field.iter().map(|(c, _)| *c).collect());
            }
        }
        Ok(())
    }

    /// One string: assignments, redirections, `case`; neither split nor globbed.
    pub(super) fn text(&mut self, word: &Word) -> Result<String, String> {
        Ok(self.chars(word)?.into_iter().map(|(c, _)| c).collect())
    }

    /// A pattern: quoted characters are escaped.
    pub(super) fn pattern(&mut self, word: &Word) -> Result<String, String> {
        let mut out = String::new();
        for (c, from) in self.chars(word)? {
            if from == From::Quoted && "*?[]\\".contains(c) {
                out.push('\\');
            }
            out.push(c);
        }
        Ok(out)
    }

    fn chars(&mut self, word: &Word) -> Result<Chars, String> {
        let mut fields = Fields::default();
        self.parts(&word.0, From::Typed, &mut fields)?;
        fields.cut();
        let mut all = Chars::new();
        for (i, f) in fields.done.into_iter().enumerate() {
            if i > 0 {
                all.push((' ', From::Quoted));
            }
            all.extend(f);
        }
        Ok(all)
    }

    fn parts(&mut self, parts: &[Part], from: From, fields: &mut Fields) -> Result<(), String> {
        let quoted = from == From::Quoted;
        let expanded = if quoted { From::Quoted } else { From::Expanded };
        for (i, part) in parts.iter().enumerate() {
            match part {
                Part::Plain(text) => {
                    let mut rest = text.as_str();
                    if i == 0
                        && !quoted
                        && let Some((home, tail)) = self.tilde(text, parts.len() == 1)
                    {
                        fields.now.extend(home.chars().map(|c| (c, From::Quoted)));
                        rest = tail;
                    }
                    fields.now.extend(rest.chars().map(|c| (c, from)));
                }
                Part::Quoted(text) => {
                    fields.solid = true;
                    fields.now.extend(text.chars().map(|c| (c, From::Quoted)));
                }
                Part::Double(inner) => {
                    let alone = matches!(inner.as_slice(), [Part::Param(p)] if is_list(p));
                    fields.solid |= !alone;
                    self.parts(inner, From::Quoted, fields)?;
                }
                Part::Command(script) => {
                    let text = self.substitute(script)?;
                    fields.now.extend(text.chars().map(|c| (c, expanded)));
                }
                Part::Process(script) => {
                    let path = self.process_substitution(script)?;
                    fields.now.extend(path.chars().map(|c| (c, From::Quoted)));
                }
                Part::Arith(word) => {
                    let text = self.text(word)?;
                    let value =
                        arith::evaluate(self.state, &text).map_err(|e| self.arith_error(&text, &e))?;
                    fields.now.extend(value.to_string().chars().map(|c| (c, expanded)));
                }
                Part::Param(p) => self.param(p, quoted, fields)?,
            }
        }
        Ok(())
    }

    pub(super) fn arith_error(&self, text: &str, error: &str) -> String {
        match (self.state.dialect, error.starts_with("division by 0")) {
            (super::Dialect::Bash, _) => format!("{}: {error}", text.trim_start()),
            (super::Dialect::Dash, true) => format!("arithmetic expression: division by zero: \"{text}\""),
            (super::Dialect::Dash, false) => format!("arithmetic expression: expecting primary: \"{text}\""),
            (super::Dialect::Ash, true) => "divide by zero".to_owned(),
            (super::Dialect::Ash, false) => "arithmetic syntax error".to_owned(),
        }
    }

    fn tilde<'t>(&mut self, text: &'t str, whole: bool) -> Option<(String, &'t str)> {
        let rest = text.strip_prefix('~')?;
        let (name, tail) = match rest.find('/') {
            Some(i) => rest.split_at(i),
            None if whole => (rest, ""),
            None => return None,
        };
        let home = if name.is_empty() {
            match self.state.get("HOME") {
                Some(h) => h.to_owned(),
                None => {
                    let uid = self.sys.me().cred.uid;
                    self.sys.find_user(|u| u.uid == uid)?.home
                }
            }
        } else {
            self.sys.find_user(|u| u.name == name)?.home
        };
        Some((home, tail))
    }

    /// The values of a parameter; `None` where it is not set.
    pub(super) fn values(&mut self, p: &Param) -> Option<Vec<String>> {
        let s = &*self.state;
        Some(match p.name.as_str() {
            "@" | "*" => s.args.clone(),
            "#" => vec![s.args.len().to_string()],
            "?" => vec![s.status.to_string()],
            "$" => vec![self.sys.me().vpid.to_string()],
            "!" => vec![if s.last_background == 0 { String::new() } else { s.last_background.to_string() }],
            "0" => vec![s.name.clone()],
            "-" => vec![
                match (s.interactive, s.dialect) {
                    (true, _) => "himBHs",
                    (_, super::Dialect::Bash) => "hBc",
                    (_, super::Dialect::Dash) => "",
                    (_, super::Dialect::Ash) => "c",
                }
                .to_owned(),
            ],
            "PPID" => {
                let parent = self.sys.machine().processes.get(&self.sys.me().ppid);
                vec![parent.map_or(0, |p| p.vpid).to_string()]
            }
            "RANDOM" if s.dialect != super::Dialect::Dash => {
                vec![(self.sys.now().0.unsigned_abs().wrapping_mul(1_103_515_245) >> 16 & 0x7fff).to_string()]
            }
            "UID" if s.dialect == super::Dialect::Bash => vec![self.sys.me().cred.ruid.to_string()],
            "EUID" if s.dialect == super::Dialect::Bash => vec![self.sys.me().cred.uid.to_string()],
            "HOSTNAME" if s.dialect == super::Dialect::Bash => vec![self.sys.hostname()],
            "LINENO" if s.dialect != super::Dialect::Dash => {
                vec![if s.dialect == super::Dialect::Ash { "0".to_owned() } else { s.line.to_string() }]
            }
            "PIPESTATUS" => {
                let all: Vec<String> = s.pipe_status.iter().map(ToString::to_string).collect();
                match p.index.as_deref() {
                    Some("@" | "*") => all,
                    Some(i) => vec![all.get(i.parse::<usize>().unwrap_or(0))?.clone()],
                    None => vec![all.first()?.clone()],
                }
            }
            n if n.chars().all(|c| c.is_ascii_digit()) => {
                vec![s.args.get(n.parse::<usize>().ok()?.checked_sub(1)?)?.clone()]
            }
            n => {
                let var = s.vars.get(n)?;
                match p.index.as_deref() {
                    Some("@" | "*") => var.values.values().cloned().collect(),
                    Some(i) => {
                        let i = i.to_owned();
                        let var = var.clone();
                        let i = arith::evaluate(self.state, &i).ok().unwrap_or(0);
                        vec![var.values.get(&usize::try_from(i).ok()?)?.clone()]
                    }
                    None => vec![var.first()?.to_owned()],
                }
            }
        })
    }

    fn param(&mut self, p: &Param, quoted: bool, fields: &mut Fields) -> Result<(), String> {
        let from = if quoted { From::Quoted } else { From::Expanded };
        let list = is_list(p);
        let mut values = self.values(p);
        let op = &p.op;
        if *op == ParamOp::Bad {
            let dash = self.state.dialect == super::Dialect::Dash;
            return Err(if dash { "Bad substitution" } else { "syntax error: bad substitution" }.to_owned());
        }
        if let ParamOp::Default(colon, kind, word) = op {
            let empty = match &values {
                None => true,
                Some(v) => (*colon && v.iter().all(String::is_empty)) || list && v.is_empty(),
            };
            match (kind, empty) {
                ('+', true) => return Ok(()),
                ('+', false) | ('-', true) => {
                    return self.parts(&word.0, if quoted { From::Quoted } else { From::Typed }, fields);
                }
                ('=', true) => {
                    let text = self.text(word)?;
                    self.state.set(&p.name, &text);
                    values = Some(vec![text]);
                }
                ('?', true) => {
                    let text = self.text(word)?;
                    self.missing = true;
                    let text = if text.is_empty() {
                        if *colon && self.state.dialect != super::Dialect::Bash {
                            "parameter not set or null".to_owned()
                        } else if *colon {
                            "parameter null or not set".to_owned()
                        } else {
                            "parameter not set".to_owned()
                        }
                    } else {
                        text
                    };
                    return Err(format!("{}: {text}", p.name));
                }
                _ => {}
            }
        }
        if let ParamOp::Length = op {
            let n = match &values {
                Some(v) if list => v.len(),
                Some(v) => v.first().map_or(0, |s| s.chars().count()),
                None => 0,
            };
            fields.now.extend(n.to_string().chars().map(|c| (c, from)));
            return Ok(());
        }
        if let ParamOp::Indirect = op {
            let name = values.and_then(|v| v.into_iter().next()).unwrap_or_default();
            let inner = Param { name, index: None, op: ParamOp::Plain };
            return self.param(&inner, quoted, fields);
        }
        if values.is_none() && self.state.options.nounset && !matches!(op, ParamOp::Default(..)) {
            let bash = self.state.dialect == super::Dialect::Bash;
            self.missing = true;
            let what = if bash { "unbound variable" } else { "parameter not set" };
            return Err(format!("{}: {what}", p.name));
        }
        let mut values = values.unwrap_or_default();
        match op {
            ParamOp::Trim(prefix, longest, word) => {
                let pattern = self.pattern(word)?;
                for v in &mut values {
                    *v = glob::trim(v, &pattern, *prefix, *longest);
                }
            }
            ParamOp::Replace(how, pattern, with) => {
                let pattern = self.pattern(pattern)?;
                let with = self.text(with)?;
                for v in &mut values {
                    *v = glob::replace(v, &pattern, &with, *how);
                }
            }
            ParamOp::Slice(offset, length) => self.slice(&mut values, list, offset, length.as_deref())?,
            ParamOp::Case(upper, all) => {
                for v in &mut values {
                    let change = |c: char| {
                        if *upper {
                            c.to_uppercase().next().unwrap_or(c)
                        } else {
                            c.to_lowercase().next().unwrap_or(c)
                        }
                    };
                    *v = v
                        .chars()
                        .enumerate()
                        .map(|(i, c)| if *all || i == 0 { change(c) } else { c })
                        .collect();
                }
            }
            _ => {}
        }
        let star = p.name == "*" || p.index.as_deref() == Some("*");
        if quoted && list && star {
            let joint = self.state.get("IFS").map_or(Some(' '), |i| i.chars().next());
            let joint = joint.map(String::from).unwrap_or_default();
            fields.solid = true;
            fields.now.extend(values.join(&joint).chars().map(|c| (c, from)));
            return Ok(());
        }
        let count = values.len();
        for (i, v) in values.into_iter().enumerate() {
            if quoted {
                fields.solid = true;
            }
            fields.now.extend(v.chars().map(|c| (c, from)));
            if i + 1 < count {
                fields.cut();
            }
        }
        Ok(())
    }

    fn slice(
        &mut self,
        values: &mut Vec<String>,
        list: bool,
        offset: &str,
        length: Option<&str>,
    ) -> Result<(), String> {
        let mut number = |t: &str| {
            let word = Word(vec![Part::Plain(t.to_owned())]);
            let _ = &word;
            arith::evaluate(self.state, t).map_err(|e| format!("{t}: {e}"))
        };
        let offset = number(offset)?;
        let length = length.map(&mut number).transpose()?;
        let range = |len: usize| {
            let len = i64::try_from(len).unwrap_or(i64::MAX);
            let start = if offset < 0 { (len + offset).max(0) } else { offset.min(len) };
            let end = match length {
                None => len,
                Some(l) if l < 0 => (len + l).max(start),
                Some(l) => start.saturating_add(l).min(len),
            };
            (usize::try_from(start).unwrap_or(0), usize::try_from(end).unwrap_or(0))
        };
        if list {
            let (a, b) = range(values.len());
            *values = values.get(a..b).unwrap_or_default().to_vec();
        } else {
            for v in values {
                let chars: Vec<char> = v.chars().collect();
                let (a, b) = range(chars.len());
                *v = chars.get(a..b).unwrap_or_default().iter().collect();
            }
        }
        Ok(())
    }
}

fn is_list(p: &Param) -> bool {
    matches!(p.name.as_str(), "@" | "*") || matches!(p.index.as_deref(), Some("@" | "*"))
}

/// Splits what came out of expansions at the characters of IFS.
fn split(field: &Chars, ifs: &str) -> Vec<Chars> {
    let mut out: Vec<Chars> = Vec::new();
    let mut now = Chars::new();
    let mut solid = field.is_empty();
    let mut pending = false;
    for (c, from) in field {
        if *from == From::Expanded && ifs.contains(*c) {
            if !c.is_whitespace() {
                out.push(std::mem::take(&mut now));
                solid = false;
                pending = false;
            } else if !now.is_empty() || solid {
                pending = true;
            }
            continue;
        }
        if pending {
            out.push(std::mem::take(&mut now));
            solid = false;
            pending = false;
        }
        solid |= *from == From::Quoted;
        now.push((*c, *from));
    }
    if !now.is_empty() || solid {
        out.push(now);
    }
    out
}

/// Brace expansion: `a{b,c}d`, `{1..5}`.
fn braces(word: &Word, budget: &mut usize) -> Vec<Word> {
    if *budget == 0 {
        return vec![word.clone()];
    }
    for (i, part) in word.0.iter().enumerate() {
        let Part::Plain(text) = part else { continue };
        let chars: Vec<char> = text.chars().collect();
        for (start, c) in chars.iter().enumerate() {
            if *c != '{' {
                continue;
            }
            *budget = budget.saturating_sub(chars.len() - start);
            if *budget == 0 {
                return vec![word.clone()];
            }
            // The alternatives may hold other parts: collect until the brace closes.
            let Some((alternatives, end_part, end_at)) = alternatives(&word.0, i, start + 1) else {
                continue;
            };
            let before = chars.get(..start).unwrap_or_default().iter().collect::<String>();
            let mut head: Vec<Part> = word.0.get(..i).unwrap_or_default().to_vec();
            if !before.is_empty() {
                head.push(Part::Plain(before));
            }
            let mut tail: Vec<Part> = Vec::new();
            if let Some(Part::Plain(t)) = word.0.get(end_part) {
                let rest: String = t.chars().skip(end_at + 1).collect();
                if !rest.is_empty() {
                    tail.push(Part::Plain(rest));
                }
            }
            tail.extend(word.0.get(end_part + 1..).unwrap_or_default().iter().cloned());
            return alternatives
                .into_iter()
                .flat_map(|a| {
                    let mut parts = head.clone();
                    parts.extend(a);
                    parts.extend(tail.iter().cloned());
                    *budget = budget.saturating_sub(50);
                    braces(&Word(merge(parts)), budget)
                })
                .collect();
        }
    }
    vec![word.clone()]
}

fn merge(parts: Vec<Part>) -> Vec<Part> {
    let mut out: Vec<Part> = Vec::new();
    for p in parts {
        if let (Some(Part::Plain(a)), Part::Plain(b)) = (out.last_mut(), &p) {
            a.push_str(b);
        } else {
            out.push(p);
        }
    }
    out
}

type Alternatives = (Vec<Vec<Part>>, usize, usize);

fn alternatives(parts: &[Part], mut part: usize, mut at: usize) -> Option<Alternatives> {
    let mut list: Vec<Vec<Part>> = vec![Vec::new()];
    let mut text = String::new();
    let mut depth = 0;
    loop {
        match parts.get(part)? {
            Part::Plain(t) => {
                let chars: Vec<char> = t.chars().collect();
                while let Some(c) = chars.get(at) {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => {
                            if !text.is_empty() {
                                list.last_mut()?.push(Part::Plain(std::mem::take(&mut text)));
                            }
                            if list.len() > 1 {
                                return Some((list, part, at));
                            }
                            let [one] = list.as_slice() else { return None };
                            let [Part::Plain(range)] = one.as_slice() else { return None };
                            return Some((sequence(range)?, part, at));
                        }
                        '}' => depth -= 1,
                        ',' if depth == 0 => {
                            if !text.is_empty() {
                                list.last_mut()?.push(Part::Plain(std::mem::take(&mut text)));
                            }
                            list.push(Vec::new());
                            at += 1;
                            continue;
                        }
                        _ => {}
                    }
                    text.push(*c);
                    at += 1;
                }
            }
            other => {
                if !text.is_empty() {
                    list.last_mut()?.push(Part::Plain(std::mem::take(&mut text)));
                }
                list.last_mut()?.push(other.clone());
            }
        }
        part += 1;
        at = 0;
    }
}

fn sequence(range: &str) -> Option<Vec<Vec<Part>>> {
    let mut ends = range.split("..");
    let (a, b, step) = (ends.next()?, ends.next()?, ends.next());
    let word = |t: String| vec![Part::Plain(t)];
    if let (Ok(x), Ok(y)) = (a.parse::<i64>(), b.parse::<i64>()) {
        let step = step.and_then(|s| s.parse::<i64>().ok()).map_or(1, i64::abs).max(1);
        if (x - y).abs() / step > 10_000 {
            return None;
        }
        let width = if a.trim_start_matches('-').starts_with('0') && a.len() > 1
            || b.starts_with('0') && b.len() > 1
        {
            a.len().max(b.len())
        } else {
            0
        };
        let mut out = Vec::new();
        let mut i = x;
        while if x <= y { i <= y } else { i >= y } {
            out.push(word(format!("{i:0width$}")));
            i += if x <= y { step } else { -step };
        }
        return Some(out);
    }
    let (mut a, mut b) = (a.chars(), b.chars());
    let (x, y) = (a.next()?, b.next()?);
    if a.next().is_some() || b.next().is_some() {
        return None;
    }
    let range: Vec<char> = if x <= y { (x..=y).collect() } else { (y..=x).rev().collect() };
    Some(range.into_iter().map(|c| word(c.to_string())).collect())
}
