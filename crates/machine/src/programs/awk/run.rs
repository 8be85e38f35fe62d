//! Running awk programs.

mod functions;

use super::parse::{Expr, Pattern, Program, Stmt};
use crate::programs;
use crate::regex::{Regex, Syntax};
use crate::sys::{Sys, Tty, source};
use std::collections::BTreeMap;

/// A value; input that looks like a number compares as one.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Unset,
    Number(f64),
    Text(String),
    Input(String),
}

impl From<String> for Value {
    fn from(s: String) -> Self {
        Self::Text(s)
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self::Number(f64::from(u8::from(b)))
    }
}

fn looks_numeric(text: &str) -> bool {
    let t = text.trim();
    !t.is_empty() && t.parse::<f64>().is_ok() && t.chars().all(|c| c.is_ascii_digit() || "+-.eE".contains(c))
}

fn leading_number(text: &str) -> f64 {
    let t = text.trim_start();
    (0..=t.len())
        .rev()
        .filter_map(|end| t.get(..end))
        .find(|p| {
            !p.is_empty()
                && p.chars().all(|c| c.is_ascii_digit() || "+-.eE".contains(c))
                && p.parse::<f64>().is_ok()
        })
        .and_then(|p| p.parse().ok())
        .unwrap_or(0.0)
}

impl Value {
    fn number(&self) -> f64 {
        match self {
            Self::Unset => 0.0,
            Self::Number(n) => *n,
            Self::Text(t) | Self::Input(t) => leading_number(t),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Unset => String::new(),
            Self::Number(n) if n.fract() == 0.0 && n.abs() < 1e16 => {
                format!("{n:.0}").replace("-0", if *n == 0.0 { "0" } else { "-0" })
            }
            Self::Number(n) => {
                // %.6g
                let digits = 5 - n.abs().log10().floor() as i32;
                let text = format!("{n:.*}", usize::try_from(digits.clamp(0, 17)).unwrap_or(6));
                if text.contains('.') {
                    text.trim_end_matches('0').trim_end_matches('.').to_owned()
                } else {
                    text
                }
            }
            Self::Text(t) | Self::Input(t) => t.clone(),
        }
    }

    fn truth(&self) -> bool {
        match self {
            Self::Unset => false,
            Self::Number(n) => *n != 0.0,
            Self::Text(t) => !t.is_empty(),
            Self::Input(t) => {
                if looks_numeric(t) {
                    leading_number(t) != 0.0
                } else {
                    !t.is_empty()
                }
            }
        }
    }

    fn numeric(&self) -> bool {
        match self {
            Self::Unset | Self::Number(_) => true,
            Self::Text(_) => false,
            Self::Input(t) => looks_numeric(t),
        }
    }
}

enum Flow {
    Next,
    NextRecord,
    Break,
    Continue,
    Exit,
    Return(Value),
}

/// A program at work.
pub(super) struct Run<'r, 'a> {
    sys: &'r mut Sys<'a>,
    program: &'r Program,
    vars: BTreeMap<String, Value>,
    arrays: BTreeMap<String, BTreeMap<String, Value>>,
    /// `$0` first.
    fields: Vec<String>,
    files: BTreeMap<String, (String, String)>,
    ranges: Vec<bool>,
    records: Vec<String>,
    at: usize,
    exit: i32,
    depth: u32,
    steps: u64,
}

/// Statements before a program counts as endless.
const MAX_STEPS: u64 = 1_000_000;

impl<'r, 'a> Run<'r, 'a> {
    pub(super) fn new(sys: &'r mut Sys<'a>, program: &'r Program) -> Self {
        let mut vars = BTreeMap::new();
        for (n, v) in [("FS", " "), ("OFS", " "), ("ORS", "\n"), ("RS", "\n"), ("SUBSEP", "\u{1c}")] {
            vars.insert(n.to_owned(), Value::Text(v.to_owned()));
        }
        let env = sys.me().env.iter().map(|(n, v)| (n.clone(), Value::Input(v.clone()))).collect();
        Self {
            sys,
            program,
            vars,
            arrays: BTreeMap::from([("ENVIRON".to_owned(), env)]),
            fields: vec![String::new()],
            files: BTreeMap::new(),
            ranges: vec![false; program.rules.len()],
            records: Vec::new(),
            at: 0,
            exit: 0,
            depth: 0,
            steps: 0,
        }
    }

    pub(super) fn set(&mut self, name: &str, v: Value) {
        self.vars.insert(name.to_owned(), v);
    }

    fn get(&self, name: &str) -> Value {
        match name {
            "NF" => Value::Number((self.fields.len() - 1) as f64),
            _ => self.vars.get(name).cloned().unwrap_or(Value::Unset),
        }
    }

    pub(super) fn all(&mut self, operands: &[String]) -> i32 {
        let program = self.program;
        let mut done = false;
        for (p, body) in &program.rules {
            if let (Pattern::Begin, Some(b)) = (p, body)
                && let Flow::Exit = self.stmt(b)
            {
                done = true;
                break;
            }
        }
        let reads = program.rules.iter().any(|(p, _)| !matches!(p, Pattern::Begin));
        if reads && !done {
            self.input(operands);
        }
        if reads {
            for (p, body) in &program.rules {
                if let (Pattern::End, Some(b)) = (p, body)
                    && let Flow::Exit = self.stmt(b)
                {
                    break;
                }
            }
        }
        for (path, (mode, content)) in std::mem::take(&mut self.files) {
            self.write_out(&mode, &path, &content);
        }
        self.exit
    }

    fn input(&mut self, operands: &[String]) {
        let mut files: Vec<String> = Vec::new();
        for o in operands {
            match o.split_once('=') {
                Some((n, v)) if n.chars().all(|c| c.is_alphanumeric() || c == '_') => {
                    self.set(n, Value::Input(v.to_owned()))
                }
                _ => files.push(o.clone()),
            }
        }
        if files.is_empty() {
            files.push("-".to_owned());
        }
        for f in files {
            let read = if f == "-" { self.sys.read_all(0) } else { programs::read_input(self.sys, &f) };
            let text = match read {
                Ok(b) => crate::text::decode(&b),
                Err(e) => {
                    self.sys.complain(&format!("awk: cannot open \"{f}\" ({})\n", e.text()));
                    self.exit = 2;
                    continue;
                }
            };
            let rs = self.get("RS").text();
            self.records = if rs.is_empty() {
                text.split("\n\n")
                    .map(|r| r.trim_matches('\n').to_owned())
                    .filter(|r| !r.is_empty())
                    .collect()
            } else if rs == "\n" {
                programs::lines(&text).into_iter().map(str::to_owned).collect()
            } else {
                text.trim_end_matches('\n').split(rs.as_str()).map(str::to_owned).collect()
            };
            self.at = 0;
            self.set("FILENAME", Value::Text(if f == "-" { String::new() } else { f }));
            self.set("FNR", Value::Number(0.0));
            while self.advance() {
                match self.record() {
                    Flow::Exit => return,
                    _ if !self.sys.runs() => return,
                    _ => {}
                }
            }
        }
    }

    fn advance(&mut self) -> bool {
        let Some(r) = self.records.get(self.at).cloned() else { return false };
        self.at += 1;
        self.split(&r);
        for n in ["NR", "FNR"] {
            let v = self.get(n).number() + 1.0;
            self.set(n, Value::Number(v));
        }
        true
    }

    fn record(&mut self) -> Flow {
        let program = self.program;
        for (i, (pattern, body)) in program.rules.iter().enumerate() {
            let hit = match pattern {
                Pattern::Begin | Pattern::End => false,
                Pattern::Always => true,
                Pattern::When(e) => self.expr(e).truth(),
                Pattern::Range(a, b) => {
                    let open = self.ranges.get(i).copied().unwrap_or(false);
                    let hit = open || self.expr(a).truth();
                    let stays = hit && !self.expr(b).truth();
                    if let Some(r) = self.ranges.get_mut(i) {
                        *r = stays;
                    }
                    hit
                }
            };
            if !hit {
                continue;
            }
            let flow = match body {
                Some(b) => self.stmt(b),
                None => {
                    let line = self.field(0).text() + &self.get("ORS").text();
                    self.sys.print(&line);
                    Flow::Next
                }
            };
            match flow {
                Flow::NextRecord => return Flow::Next,
                Flow::Exit => return Flow::Exit,
                _ => {}
            }
        }
        Flow::Next
    }

    fn pieces(&self, text: &str, fs: &str) -> Vec<String> {
        if text.is_empty() {
            return Vec::new();
        }
        match fs {
            " " => text.split_whitespace().map(str::to_owned).collect(),
            fs if fs.chars().count() == 1 && fs != "\\" => text.split(fs).map(str::to_owned).collect(),
            "" => text.chars().map(|c| c.to_string()).collect(),
            fs => match Regex::new(fs, Syntax::Extended, false) {
                Ok(r) => {
                    let mark = "\u{0}";
                    let (marked, _) = r.replace(text, |_| true, |_, _| mark.to_owned());
                    marked.split(mark).map(str::to_owned).collect()
                }
                Err(_) => vec![text.to_owned()],
            },
        }
    }

    fn split(&mut self, record: &str) {
        let fs = self.get("FS").text();
        self.fields = vec![record.to_owned()];
        self.fields.extend(self.pieces(record, &fs));
    }

    fn field(&self, i: usize) -> Value {
        self.fields.get(i).map_or(Value::Unset, |f| Value::Input(f.clone()))
    }

    fn rebuild(&mut self) {
        let ofs = self.get("OFS").text();
        let line = self.fields.get(1..).unwrap_or_default().join(&ofs);
        if let Some(f) = self.fields.first_mut() {
            *f = line;
        }
    }

    fn key(&mut self, keys: &[Expr]) -> String {
        let parts: Vec<String> = keys.iter().map(|k| self.expr(k).text()).collect();
        parts.join("\u{1c}")
    }

    fn assign(&mut self, target: &Expr, v: Value) {
        match target {
            Expr::Var(n) if n == "NF" => {
                let count = (v.number().max(0.0) as usize).min(10_000);
                self.fields.resize(count + 1, String::new());
                self.rebuild();
            }
            Expr::Var(n) => self.set(n, v),
            Expr::Field(i) => {
                let i = (self.expr(i).number().max(0.0) as usize).min(10_000);
                if i == 0 {
                    self.split(&v.text());
                } else {
                    if self.fields.len() <= i {
                        self.fields.resize(i + 1, String::new());
                    }
                    if let Some(f) = self.fields.get_mut(i) {
                        *f = v.text();
                    }
                    self.rebuild();
                }
            }
            Expr::Index(a, keys) => {
                let k = self.key(keys);
                self.arrays.entry(a.clone()).or_default().insert(k, v);
            }
            Expr::Group(l) => {
                if let Some(e) = l.first() {
                    self.assign(e, v);
                }
            }
            _ => {}
        }
    }

    fn stmt(&mut self, s: &Stmt) -> Flow {
        self.steps += 1;
        if self.steps > MAX_STEPS || !self.sys.runs() {
            return Flow::Exit;
        }
        match s {
            Stmt::Expr(e) => {
                self.expr(e);
            }
            Stmt::Print(formatted, args, to) => self.print(*formatted, args, to.as_ref()),
            Stmt::If(test, then, otherwise) => {
                if self.expr(test).truth() {
                    return self.stmt(then);
                }
                if let Some(o) = otherwise {
                    return self.stmt(o);
                }
            }
            Stmt::While(test, body) => {
                while self.expr(test).truth() {
                    match self.stmt(body) {
                        Flow::Break => break,
                        Flow::Next | Flow::Continue => {}
                        f => return f,
                    }
                }
            }
            Stmt::DoWhile(body, test) => loop {
                match self.stmt(body) {
                    Flow::Break => break,
                    Flow::Next | Flow::Continue => {}
                    f => return f,
                }
                if !self.expr(test).truth() {
                    break;
                }
            },
            Stmt::For(init, test, step, body) => {
                if let Some(i) = init {
                    self.stmt(i);
                }
                while test.as_ref().is_none_or(|t| self.expr(t).truth()) {
                    match self.stmt(body) {
                        Flow::Break => break,
                        Flow::Next | Flow::Continue => {}
                        f => return f,
                    }
                    if let Some(s) = step {
                        self.stmt(s);
                    }
                }
            }
            Stmt::ForIn(v, a, body) => {
                let keys: Vec<String> =
                    self.arrays.get(a).map(|a| a.keys().cloned().collect()).unwrap_or_default();
                for k in keys {
                    self.set(v, Value::Input(k));
                    match self.stmt(body) {
                        Flow::Break => break,
                        Flow::Next | Flow::Continue => {}
                        f => return f,
                    }
                }
            }
            Stmt::Block(list) => {
                for s in list {
                    match self.stmt(s) {
                        Flow::Next => {}
                        f => return f,
                    }
                }
            }
            Stmt::Next => return Flow::NextRecord,
            Stmt::Break => return Flow::Break,
            Stmt::Continue => return Flow::Continue,
            Stmt::Exit(e) => {
                if let Some(e) = e {
                    self.exit = self.expr(e).number() as i32 & 255;
                }
                return Flow::Exit;
            }
            Stmt::Return(e) => {
                let v = e.as_ref().map_or(Value::Unset, |e| self.expr(e));
                return Flow::Return(v);
            }
            Stmt::Delete(a, None) => {
                self.arrays.remove(a);
            }
            Stmt::Delete(a, Some(keys)) => {
                let k = self.key(keys);
                if let Some(a) = self.arrays.get_mut(a) {
                    a.remove(&k);
                }
            }
        }
        Flow::Next
    }

    fn print(&mut self, formatted: bool, args: &[Expr], to: Option<&(String, Expr)>) {
        let values: Vec<Value> = args.iter().map(|a| self.expr(a)).collect();
        let text = if formatted {
            let words: Vec<String> = values.iter().map(Value::text).collect();
            words.split_first().map_or(String::new(), |(f, rest)| self.format(f, rest))
        } else if values.is_empty() {
            self.field(0).text() + &self.get("ORS").text()
        } else {
            let ofs = self.get("OFS").text();
            values.iter().map(Value::text).collect::<Vec<_>>().join(&ofs) + &self.get("ORS").text()
        };
        match to {
            None => self.sys.print(&text),
            Some((mode, target)) => {
                let path = self.expr(target).text();
                let entry = self.files.entry(path).or_insert_with(|| (mode.clone(), String::new()));
                entry.1.push_str(&text);
            }
        }
    }

    fn expr(&mut self, e: &Expr) -> Value {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return Value::Unset;
        }
        match e {
            Expr::Number(n) => Value::Number(*n),
            Expr::Text(t) => Value::Text(t.clone()),
            Expr::Regex(r) => r.is_match(&self.field(0).text()).into(),
            Expr::Var(n) => self.get(n),
            Expr::Field(i) => {
                let i = self.expr(i).number().max(0.0) as usize;
                self.field(i)
            }
            Expr::Index(a, keys) => {
                let k = self.key(keys);
                self.arrays.entry(a.clone()).or_default().entry(k).or_insert(Value::Unset).clone()
            }
            Expr::Assign(op, target, value) => {
                let right = self.expr(value);
                let v = if op.is_empty() {
                    right
                } else {
                    let left = self.expr(target).number();
                    Value::Number(arithmetic(op, left, right.number()))
                };
                self.assign(target, v.clone());
                v
            }
            Expr::Cond(t, a, b) => {
                if self.expr(t).truth() {
                    self.expr(a)
                } else {
                    self.expr(b)
                }
            }
            Expr::Concat(a, b) => {
                let text = self.expr(a).text() + &self.expr(b).text();
                self.steps += text.len() as u64 / 64; // what doubles itself comes to an end
                Value::Text(text)
            }
            Expr::Match(yes, a, b) => {
                let text = self.expr(a).text();
                let hit = self.regex(b).is_some_and(|r| r.is_match(&text));
                (hit == *yes).into()
            }
            Expr::In(keys, a) => {
                let k = self.key(keys);
                self.arrays.get(a).is_some_and(|a| a.contains_key(&k)).into()
            }
            Expr::Unary(op, e) => {
                let v = self.expr(e);
                match op {
                    '!' => (!v.truth()).into(),
                    '-' => Value::Number(-v.number()),
                    _ => Value::Number(v.number()),
                }
            }
            Expr::Step(prefix, by, target) => {
                let old = self.expr(target).number();
                self.assign(target, Value::Number(old + by));
                Value::Number(if *prefix { old + by } else { old })
            }
            Expr::Group(list) => match list.as_slice() {
                [one] => self.expr(one),
                many => Value::Text(self.key(many)),
            },
            Expr::Binary(op, a, b) => self.binary(op, a, b),
            Expr::GetLine => self.advance().into(),
            Expr::Call(name, args) => self.call(name, args),
        }
    }

    fn binary(&mut self, op: &str, a: &Expr, b: &Expr) -> Value {
        match op {
            "&&" => (self.expr(a).truth() && self.expr(b).truth()).into(),
            "||" => (self.expr(a).truth() || self.expr(b).truth()).into(),
            "<" | "<=" | ">" | ">=" | "==" | "!=" => {
                let (x, y) = (self.expr(a), self.expr(b));
                let order = if x.numeric() && y.numeric() {
                    x.number().partial_cmp(&y.number())
                } else {
                    Some(x.text().cmp(&y.text()))
                };
                order
                    .is_some_and(|o| match op {
                        "<" => o.is_lt(),
                        "<=" => o.is_le(),
                        ">" => o.is_gt(),
                        ">=" => o.is_ge(),
                        "==" => o.is_eq(),
                        _ => o.is_ne(),
                    })
                    .into()
            }
            op => {
                let x = self.expr(a).number();
                Value::Number(arithmetic(op, x, self.expr(b).number()))
            }
        }
    }
}

fn arithmetic(op: &str, a: f64, b: f64) -> f64 {
    match op {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        "%" => a % b,
        _ => a.powf(b),
    }
}
