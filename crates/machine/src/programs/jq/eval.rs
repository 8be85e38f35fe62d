//! Running filters: every filter turns one value into any number of values.

mod values;

use std::cmp::Ordering;

use gatehouse_model::{Map, Value, json};

use super::parse::{Filter, Piece};
use super::print;
use crate::regex::{Regex, Syntax};
use values::{
    arithmetic, contains, delete_path, described, entries, formatted, get_path, index, kind, order, recurse,
    set_path, slice, to_string, truth,
};

/// Variables in reach.
#[derive(Clone, Default)]
pub(super) struct Env {
    vars: Vec<(String, Value)>,
    steps: u32,
    /// The keys of objects the filter made, in the order it wrote them: so they are printed.
    pub(super) orders: Vec<Vec<String>>,
}

/// What ended a filter early.
type Stop = String;
type Values = Result<Vec<Value>, Stop>;

/// Steps before a filter counts as endless.
const MAX_STEPS: u32 = 2_000_000;

impl Env {
    pub(super) fn new(vars: &[(String, Value)]) -> Self {
        Self { vars: vars.to_vec(), steps: 0, orders: Vec::new() }
    }

    /// The values, and what ended the run.
    pub(super) fn run(&mut self, f: &Filter, input: &Value) -> (Vec<Value>, Option<String>) {
        match self.all(f, input) {
            Ok(v) => (v, None),
            Err(e) => (Vec::new(), Some(e)),
        }
    }

    fn one(&mut self, f: &Filter, v: &Value) -> Result<Value, Stop> {
        Ok(self.all(f, v)?.into_iter().next().unwrap_or(Value::Null))
    }

    fn all(&mut self, f: &Filter, v: &Value) -> Values {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return Err("too many steps".to_owned());
        }
        match f {
            Filter::Identity => Ok(vec![v.clone()]),
            Filter::Recurse => Ok(recurse(v)),
            Filter::Literal(l) => Ok(vec![l.clone()]),
            Filter::Text(pieces, format) => {
                let mut out = vec![String::new()];
                for p in pieces {
                    match p {
                        Piece::Text(t) => out.iter_mut().for_each(|o| o.push_str(t)),
                        Piece::Filter(f) => {
                            let values = self.all(f, v)?;
                            let mut next = Vec::new();
                            for x in &values {
                                let text = match format {
                                    Some(name) => formatted(name, x)?,
                                    None => to_string(x),
                                };
                                next.extend(out.iter().map(|o| format!("{o}{text}")));
                            }
                            out = next;
                        }
                    }
                }
                Ok(out.into_iter().map(Value::from).collect())
            }
            Filter::Format(name) => formatted(name, v).map(|t| vec![t.into()]),
            Filter::Field(base, key) => {
                let mut out = Vec::new();
                for b in self.all(base, v)? {
                    for k in self.all(key, v)? {
                        out.push(index(&b, &k)?);
                    }
                }
                Ok(out)
            }
            Filter::Slice(base, from, to) => {
                let b = self.one(base, v)?;
                let mut bound = |f: &Option<Box<Filter>>| match f {
                    Some(f) => self.one(f, v).map(|n| n.as_i64()),
                    None => Ok(None),
                };
                let (from, to) = (bound(from)?, bound(to)?);
                Ok(vec![slice(&b, from, to)?])
            }
            Filter::Each(base) => {
                let mut out = Vec::new();
                for b in self.all(base, v)? {
                    match &b {
                        Value::List(l) => out.extend(l.iter().cloned()),
                        Value::Map(m) => out.extend(m.values().cloned()),
                        other => return Err(format!("Cannot iterate over {}", described(other))),
                    }
                }
                Ok(out)
            }
            Filter::Try(body, catch) => match self.all(body, v) {
                Ok(v) => Ok(v),
                Err(e) => match catch {
                    Some(c) => self.all(c, &e.into()),
                    None => Ok(Vec::new()),
                },
            },
            Filter::Pipe(a, b) => {
                let mut out = Vec::new();
                for x in self.all(a, v)? {
                    out.extend(self.all(b, &x)?);
                }
                Ok(out)
            }
            Filter::Comma(a, b) => {
                let mut out = self.all(a, v)?;
                out.extend(self.all(b, v)?);
                Ok(out)
            }
            Filter::Binary(op, a, b) => self.binary(op, a, b, v),
            Filter::Negate(f) => self.all(f, v)?.iter().map(|x| arithmetic("-", &Value::Int(0), x)).collect(),
            Filter::List(None) => Ok(vec![Value::list()]),
            Filter::List(Some(f)) => Ok(vec![self.all(f, v)?.into_iter().collect()]),
            Filter::Object(pairs) => self.object(pairs, v),
            Filter::Var(name) => self
                .vars
                .iter()
                .rev()
                .find(|(n, _)| n == name)
                .map(|(_, v)| vec![v.clone()])
                .or_else(|| (name == "ENV").then(|| vec![Value::map()]))
                .ok_or_else(|| format!("${name} is not defined")),
            Filter::Bind(source, name, body) => {
                let mut out = Vec::new();
                for x in self.all(source, v)? {
                    self.vars.push((name.clone(), x));
                    let r = self.all(body, v);
                    self.vars.pop();
                    out.extend(r?);
                }
                Ok(out)
            }
            Filter::Reduce(source, name, init, update) => {
                let mut acc = self.one(init, v)?;
                for x in self.all(source, v)? {
                    self.vars.push((name.clone(), x));
                    let r = self.one(update, &acc);
                    self.vars.pop();
                    acc = r?;
                }
                Ok(vec![acc])
            }
            Filter::If(arms, otherwise) => {
                for (test, body) in arms {
                    if truth(&self.one(test, v)?) {
                        return self.all(body, v);
                    }
                }
                otherwise.as_ref().map_or_else(|| Ok(vec![v.clone()]), |o| self.all(o, v))
            }
            Filter::Assign(op, target, value) => self.assign(op, target, value, v),
            Filter::Call(name, args) => self.call(name, args, v),
        }
    }

    fn binary(&mut self, op: &str, a: &Filter, b: &Filter, v: &Value) -> Values {
        match op {
            "and" | "or" => {
                let left = truth(&self.one(a, v)?);
                let value = if (op == "and") == left { truth(&self.one(b, v)?) } else { left };
                Ok(vec![value.into()])
            }
            "//" => {
                let left: Vec<Value> = self.all(a, v).unwrap_or_default().into_iter().filter(truth).collect();
                if left.is_empty() { self.all(b, v) } else { Ok(left) }
            }
            _ => {
                let mut out = Vec::new();
                for y in self.all(b, v)? {
                    for x in self.all(a, v)? {
                        out.push(arithmetic(op, &x, &y)?);
                    }
                }
                Ok(out)
            }
        }
    }

    fn object(&mut self, pairs: &[(Filter, Filter)], v: &Value) -> Values {
        let mut out = vec![Map::new()];
        for (k, f) in pairs {
            let keys = self.all(k, v)?;
            let values = self.all(f, v)?;
            let mut next = Vec::new();
            for m in &out {
                for k in &keys {
                    let key = k
                        .as_str()
                        .ok_or_else(|| format!("Object keys must be strings, not {}", described(k)))?;
                    for x in &values {
                        let mut m = m.clone();
                        m.insert(key, x.clone());
                        next.push(m);
                    }
                }
            }
            out = next;
        }
        let written: Option<Vec<String>> = pairs
            .iter()
            .map(|(k, _)| if let Filter::Literal(k) = k { k.as_str().map(str::to_owned) } else { None })
            .collect();
        if let Some(order) = written.filter(|o| !self.orders.contains(o)) {
            self.orders.push(order);
        }
        Ok(out.into_iter().map(Value::from).collect())
    }

    /// The places a filter points at.
    fn paths(&mut self, f: &Filter, v: &Value) -> Result<Vec<Vec<Value>>, Stop> {
        Ok(match f {
            Filter::Identity => vec![Vec::new()],
            Filter::Field(base, key) => {
                let mut out = Vec::new();
                for p in self.paths(base, v)? {
                    for k in self.all(key, v)? {
                        let mut p = p.clone();
                        p.push(k);
                        out.push(p);
                    }
                }
                out
            }
            Filter::Each(base) => {
                let mut out = Vec::new();
                for p in self.paths(base, v)? {
                    let keys: Vec<Value> = match get_path(v, &p) {
                        Value::List(l) => {
                            (0..l.len()).map(|i| Value::Int(i64::try_from(i).unwrap_or(0))).collect()
                        }
                        Value::Map(m) => m.keys().map(Value::from).collect(),
                        _ => Vec::new(),
                    };
                    for k in keys {
                        let mut p = p.clone();
                        p.push(k);
                        out.push(p);
                    }
                }
                out
            }
            Filter::Pipe(a, b) => {
                let mut out = Vec::new();
                for p in self.paths(a, v)? {
                    let inner = get_path(v, &p);
                    for q in self.paths(b, &inner)? {
                        let mut p = p.clone();
                        p.extend(q);
                        out.push(p);
                    }
                }
                out
            }
            Filter::Comma(a, b) => {
                let mut out = self.paths(a, v)?;
                out.extend(self.paths(b, v)?);
                out
            }
            Filter::Try(f, _) => self.paths(f, v).unwrap_or_default(),
            Filter::Call(name, args) if name == "select" => {
                let keep = match args.first() {
                    Some(f) => truth(&self.one(f, v)?),
                    None => false,
                };
                if keep { vec![Vec::new()] } else { Vec::new() }
            }
            _ => return Err("Invalid path expression".to_owned()),
        })
    }

    fn assign(&mut self, op: &str, target: &Filter, value: &Filter, v: &Value) -> Values {
        let paths = self.paths(target, v)?;
        let mut out = v.clone();
        for p in paths {
            let old = get_path(&out, &p);
            let new = match op {
                "=" => self.one(value, v)?,
                "|=" => self.one(value, &old)?,
                "//=" => {
                    if truth(&old) {
                        old
                    } else {
                        self.one(value, v)?
                    }
                }
                _ => {
                    let right = self.one(value, v)?;
                    arithmetic(op.trim_end_matches('='), &old, &right)?
                }
            };
            set_path(&mut out, &p, new);
        }
        Ok(vec![out])
    }

    fn sorted(&mut self, f: Option<&Filter>, v: &Value) -> Result<Vec<(Value, Value)>, Stop> {
        let list =
            v.as_list().ok_or_else(|| format!("{} cannot be sorted, as it is not an array", described(v)))?;
        let mut keyed = Vec::new();
        for x in list {
            let key = match f {
                Some(f) => self.all(f, x)?.into_iter().collect(),
                None => x.clone(),
            };
            keyed.push((key, x.clone()));
        }
        gatehouse_model::order::by(&mut keyed, |a, b| order(&a.0, &b.0));
        Ok(keyed)
    }

    fn call(&mut self, name: &str, args: &[Filter], v: &Value) -> Values {
        let first = args.first();
        let list = || v.as_list().ok_or_else(|| format!("Cannot iterate over {}", described(v)));
        let text = || v.as_str().ok_or_else(|| format!("{} cannot be parsed as a string", described(v)));
        let mut argument = |i: usize| match args.get(i) {
            Some(f) => self.one(f, v),
            None => Err(format!("{name}/{i} is not defined")),
        };
        let one = |v: Value| Ok(vec![v]);
        match (name, args.len()) {
            ("empty", 0) => Ok(Vec::new()),
            ("not", 0) => one((!truth(v)).into()),
            ("length", 0) => one(Value::Int(match v {
                Value::Null => 0,
                Value::Str(s) => i64::try_from(s.chars().count()).unwrap_or(0),
                Value::List(l) => i64::try_from(l.len()).unwrap_or(0),
                Value::Map(m) => i64::try_from(m.len()).unwrap_or(0),
                Value::Int(i) => i.abs(),
                other => return Err(format!("{} has no length", described(other))),
            })),
            ("keys" | "keys_unsorted", 0) => match v {
                Value::Map(m) => one(m.keys().collect()),
                Value::List(l) => one((0..l.len()).map(|i| i64::try_from(i).unwrap_or(0)).collect()),
                other => Err(format!("{} has no keys", described(other))),
            },
            ("values", 0) => Ok(if v.is_null() { Vec::new() } else { vec![v.clone()] }),
            ("select", 1) => {
                let mut out = Vec::new();
                if let Some(f) = first {
                    out.extend(self.all(f, v)?.iter().filter(|t| truth(t)).map(|_| v.clone()));
                }
                Ok(out)
            }
            ("map", 1) => {
                let mut out = Vec::new();
                for x in list()? {
                    if let Some(f) = first {
                        out.extend(self.all(f, x)?);
                    }
                }
                one(out.into_iter().collect())
            }
            ("map_values", 1) => {
                let mut out = Map::new();
                for (k, x) in v.entries().iter() {
                    if let Some(f) = first {
                        out.insert(k, self.one(f, x)?);
                    }
                }
                one(out.into())
            }
            ("recurse", 0) => Ok(recurse(v)),
            ("add", 0) => {
                let mut acc = Value::Null;
                for x in list()? {
                    acc = arithmetic("+", &acc, x)?;
                }
                one(acc)
            }
            ("any" | "all", n) => {
                let mut flags = Vec::new();
                for x in list()? {
                    flags.push(truth(&match first.filter(|_| n == 1) {
                        Some(f) => self.one(f, x)?,
                        None => x.clone(),
                    }));
                }
                one(if name == "any" { flags.iter().any(|f| *f) } else { flags.iter().all(|f| *f) }.into())
            }
            ("has", 1) => {
                let key = argument(0)?;
                one(match (v, &key) {
                    (Value::Map(m), Value::Str(k)) => m.contains_key(k),
                    (Value::List(l), Value::Int(i)) => usize::try_from(*i).is_ok_and(|i| i < l.len()),
                    _ => return Err(format!("Cannot check whether {} has a {} key", kind(v), kind(&key))),
                }
                .into())
            }
            ("in", 1) => {
                let m = argument(0)?;
                one(m.get(v.as_str().unwrap_or("")).is_some().into())
            }
            ("contains", 1) => {
                let other = argument(0)?;
                one(contains(v, &other).into())
            }
            ("inside", 1) => {
                let other = argument(0)?;
                one(contains(&other, v).into())
            }
            ("to_entries", 0) => {
                one(v.entries().iter().map(|(k, x)| json!({"key": k, "value": (x.clone())})).collect())
            }
            ("from_entries", 0) => one(entries(list()?).into()),
            ("with_entries", 1) => {
                let mut out = Vec::new();
                for (k, x) in v.entries().iter() {
                    if let Some(f) = first {
                        out.extend(self.all(f, &json!({"key": k, "value": (x.clone())}))?);
                    }
                }
                one(entries(&out).into())
            }
            ("sort", 0) | ("sort_by", 1) => one(self.sorted(first, v)?.into_iter().map(|(_, x)| x).collect()),
            ("group_by", 1) => {
                let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
                for (k, x) in self.sorted(first, v)? {
                    match groups.last_mut() {
                        Some((key, g)) if *key == k => g.push(x),
                        _ => groups.push((k, vec![x])),
                    }
                }
                one(groups.into_iter().map(|(_, g)| Value::from(g)).collect())
            }
            ("unique", 0) | ("unique_by", 1) => {
                let mut all = self.sorted(first, v)?;
                all.dedup_by(|a, b| a.0 == b.0);
                one(all.into_iter().map(|(_, x)| x).collect())
            }
            ("min" | "max", 0) | ("min_by" | "max_by", 1) => {
                let all = self.sorted(first, v)?;
                let found = if name.starts_with("min") { all.first() } else { all.last() };
                one(found.map_or(Value::Null, |(_, x)| x.clone()))
            }
            ("reverse", 0) => one(list()?.iter().rev().cloned().collect()),
            ("first", 0) => one(list()?.first().cloned().unwrap_or_default()),
            ("last", 0) => one(list()?.last().cloned().unwrap_or_default()),
            ("first", 1) => {
                Ok(self.all(args.first().unwrap_or(&Filter::Identity), v)?.into_iter().take(1).collect())
            }
            ("flatten", 0) => {
                fn flat(l: &[Value], out: &mut Vec<Value>) {
                    for x in l {
                        match x {
                            Value::List(l) => flat(l, out),
                            other => out.push(other.clone()),
                        }
                    }
                }
                let mut out = Vec::new();
                flat(list()?, &mut out);
                one(out.into_iter().collect())
            }
            ("range", 1) => {
                let n = argument(0)?.as_i64().unwrap_or(0).min(100_000);
                Ok((0..n).map(Value::Int).collect())
            }
            ("join", 1) => {
                let joint = argument(0)?;
                let words: Vec<String> =
                    list()?.iter().map(|x| if x.is_null() { String::new() } else { to_string(x) }).collect();
                one(words.join(joint.as_str().unwrap_or("")).into())
            }
            ("split", 1) => {
                let by = argument(0)?;
                one(text()?.split(by.as_str().unwrap_or("")).collect())
            }
            ("startswith", 1) => {
                let a = argument(0)?;
                one(text()?.starts_with(a.as_str().unwrap_or("")).into())
            }
            ("endswith", 1) => {
                let a = argument(0)?;
                one(text()?.ends_with(a.as_str().unwrap_or("")).into())
            }
            ("ltrimstr", 1) => {
                let a = argument(0)?;
                one(v.as_str().and_then(|t| t.strip_prefix(a.as_str()?)).map_or(v.clone(), Value::from))
            }
            ("rtrimstr", 1) => {
                let a = argument(0)?;
                one(v.as_str().and_then(|t| t.strip_suffix(a.as_str()?)).map_or(v.clone(), Value::from))
            }
            ("test", 1) => {
                let a = argument(0)?;
                let r = Regex::new(a.as_str().unwrap_or(""), Syntax::Extended, false)?;
                one(r.is_match(text()?).into())
            }
            ("gsub" | "sub", 2) => {
                let (a, b) = (argument(0)?, argument(1)?);
                let r = Regex::new(a.as_str().unwrap_or(""), Syntax::Extended, false)?;
                let with = b.as_str().unwrap_or("").to_owned();
                one(r.replace(text()?, |n| name == "gsub" || n == 1, |_, _| with.clone()).0.into())
            }
            ("ascii_downcase", 0) => one(text()?.to_ascii_lowercase().into()),
            ("ascii_upcase", 0) => one(text()?.to_ascii_uppercase().into()),
            ("tostring", 0) => one(to_string(v).into()),
            ("tonumber", 0) => match v {
                Value::Str(s) => one(json::parse(s)
                    .ok()
                    .filter(|n| n.as_f64().is_some())
                    .ok_or_else(|| format!("{} cannot be parsed as a number", described(v)))?),
                _ => one(v.clone()),
            },
            ("tojson", 0) => one(print::compact(v).into()),
            ("fromjson", 0) => one(json::parse(text()?)
                .map_err(|_| format!("{} (while parsing '{}')", "Invalid literal", to_string(v)))?),
            ("type", 0) => one(kind(v).into()),
            ("del", 1) => {
                let mut paths = match first {
                    Some(f) => self.paths(f, v)?,
                    None => Vec::new(),
                };
                paths.reverse();
                let mut out = v.clone();
                for p in paths {
                    delete_path(&mut out, &p);
                }
                one(out)
            }
            ("path", 1) => Ok(match first {
                Some(f) => self.paths(f, v)?.into_iter().map(Value::from).collect(),
                None => Vec::new(),
            }),
            ("floor", 0) => one(Value::Int(v.as_f64().unwrap_or(0.0).floor() as i64)),
            ("error", 0) => Err(to_string(v)),
            ("error", 1) => {
                let e = argument(0)?;
                Err(to_string(&e))
            }
            ("now", 0) => one(0.into()),
            ("strings", 0) => Ok(if v.as_str().is_some() { vec![v.clone()] } else { Vec::new() }),
            ("objects", 0) => Ok(if v.as_map().is_some() { vec![v.clone()] } else { Vec::new() }),
            ("arrays", 0) => Ok(if v.as_list().is_some() { vec![v.clone()] } else { Vec::new() }),
            (n, count) => Err(format!("{n}/{count} is not defined")),
        }
    }
}
