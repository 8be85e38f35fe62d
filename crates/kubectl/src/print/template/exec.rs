//! Running a template. Models Go's `text/template/exec.go`.

use gatehouse_model::Value;
use gatehouse_model::json::go_quote;

use super::super::gofmt;
use super::funcs::{self, Call};
use super::node::{Block, Command, Node, Operand, Pipe, Statement};
use super::{NAME, Template};

type Result<T> = std::result::Result<T, String>;

/// What an expression comes to.
#[derive(Clone, Debug)]
pub(super) struct Val {
    /// `None` where there is nothing at all: a missing key.
    pub(super) value: Option<Value>,
    /// Whether Go holds it as an `interface {}`, which shows in errors.
    boxed: bool,
}

impl Val {
    pub(super) const fn nothing() -> Self {
        Self { value: None, boxed: false }
    }

    pub(super) const fn of(value: Value) -> Self {
        Self { value: Some(value), boxed: false }
    }

    fn boxed(value: Option<Value>) -> Self {
        Self { boxed: value.is_some(), value }
    }

    /// The value inside; null is nothing.
    fn unboxed(self) -> Self {
        Self { value: self.value.filter(|v| !v.is_null()), boxed: false }
    }

    fn type_name(&self) -> &'static str {
        if self.boxed { "interface {}" } else { self.value.as_ref().map_or("<nil>", gofmt::type_name) }
    }

    /// Whether `if` takes it for true.
    pub(super) fn truth(&self) -> bool {
        match &self.value {
            None | Some(Value::Null) => false,
            Some(Value::Bool(b)) => *b,
            Some(Value::Int(i)) => *i != 0,
            Some(Value::Float(f)) => *f != 0.0,
            Some(Value::Str(s)) => !s.is_empty(),
            Some(Value::List(l)) => !l.is_empty(),
            Some(Value::Map(m)) => !m.is_empty(),
        }
    }
}

/// Where a loop's body ended.
#[derive(PartialEq)]
enum Flow {
    On,
    Break,
    Continue,
}

/// Runs `template` over `data`.
pub(super) fn run(template: &Template, data: &Value, out: &mut String) -> Result<()> {
    let root = Val::of(data.clone());
    let mut state = State { template, out, variables: vec![("$".to_owned(), root.clone())], depth: 0 };
    state.block(&template.root, &root).map(|_| ())
}

struct State<'a> {
    template: &'a Template,
    out: &'a mut String,
    variables: Vec<(String, Val)>,
    depth: usize,
}

/// What stands at a position, for errors.
struct At {
    pos: usize,
    text: String,
}

impl From<&Node> for At {
    fn from(node: &Node) -> Self {
        Self { pos: node.pos, text: node.to_string() }
    }
}

impl State<'_> {
    fn error(&self, at: &At, message: impl AsRef<str>) -> String {
        let before = self.template.text.get(..at.pos).unwrap_or("");
        let line = 1 + before.matches('\n').count();
        let column = before.rfind('\n').map_or(before.len(), |i| before.len() - i - 1);
        format!(
            "template: {NAME}:{line}:{column}: executing {} at <{}>: {}",
            go_quote(NAME),
            at.text,
            message.as_ref()
        )
    }

    fn block(&mut self, block: &Block, dot: &Val) -> Result<Flow> {
        for statement in block {
            let flow = self.statement(statement, dot)?;
            if flow != Flow::On {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    fn statement(&mut self, statement: &Statement, dot: &Val) -> Result<Flow> {
        let scope = self.variables.len();
        match statement {
            Statement::Text(text) => self.out.push_str(text),
            Statement::Action(pipe) => {
                let value = self.pipeline(pipe, dot)?;
                if pipe.declared.is_empty() {
                    match &value.value {
                        None => self.out.push_str("<no value>"),
                        Some(v) => self.out.push_str(&gofmt::sprint(v)),
                    }
                }
                return Ok(Flow::On);
            }
            Statement::Break => return Ok(Flow::Break),
            Statement::Continue => return Ok(Flow::Continue),
            Statement::If(pipe, then, otherwise) => {
                let truth = self.pipeline(pipe, dot)?.truth();
                let flow = self.block(if truth { then } else { otherwise }, dot)?;
                self.variables.truncate(scope);
                return Ok(flow);
            }
            Statement::With(pipe, then, otherwise) => {
                let value = self.pipeline(pipe, dot)?;
                let flow =
                    if value.truth() { self.block(then, &value)? } else { self.block(otherwise, dot)? };
                self.variables.truncate(scope);
                return Ok(flow);
            }
            Statement::Range(pipe, body, otherwise) => {
                let flow = self.range(pipe, body, otherwise, dot)?;
                self.variables.truncate(scope);
                return Ok(flow);
            }
            Statement::Template { pos, name, pipe } => self.template(*pos, name, pipe.as_ref(), dot)?,
        }
        Ok(Flow::On)
    }

    fn template(&mut self, pos: usize, name: &str, pipe: Option<&Pipe>, dot: &Val) -> Result<()> {
        let given = pipe.map_or_else(String::new, |p| format!(" {p}"));
        let at = At { pos, text: format!("{{{{template {}{given}}}}}", go_quote(name)) };
        let template = self.template;
        let Some(body) = template.defined.get(name) else {
            return Err(self.error(&at, format!("template {} not defined", go_quote(name))));
        };
        if self.depth > 1000 {
            return Err(self.error(&at, "exceeded maximum template depth (100000)"));
        }
        let value = match pipe {
            Some(pipe) => self.pipeline(pipe, dot)?,
            None => Val::nothing(),
        };
        let outer = std::mem::replace(&mut self.variables, vec![("$".to_owned(), value.clone())]);
        self.depth += 1;
        let result = self.block(body, &value);
        self.depth -= 1;
        self.variables = outer;
        result.map(|_| ())
    }

    fn range(&mut self, pipe: &Pipe, body: &Block, otherwise: &Block, dot: &Val) -> Result<Flow> {
        let scope = self.variables.len();
        // The pipeline's own variables are set for each element, not for the whole.
        let bare = Pipe { declared: Vec::new(), ..pipe.clone() };
        let value = self.pipeline(&bare, dot)?;
        let pairs: Vec<(Value, Value)> = match &value.value {
            None => Vec::new(),
            Some(Value::List(items)) => {
                (0_i64..).zip(items.iter()).map(|(i, v)| (Value::Int(i), v.clone())).collect()
            }
            Some(Value::Map(map)) => map.iter().map(|(k, v)| (Value::from(k), v.clone())).collect(),
            Some(Value::Int(n)) => (0..*n).map(|i| (Value::Int(i), Value::Int(i))).collect(),
            Some(other) => {
                let at = At { pos: pipe.pos, text: pipe.to_string() };
                return Err(self.error(&at, format!("range can't iterate over {}", gofmt::sprint(other))));
            }
        };
        if pairs.is_empty() {
            return self.block(otherwise, dot);
        }
        for (key, element) in pairs {
            let element = Val::boxed(Some(element));
            let key = Val::of(key);
            let set = match pipe.declared.as_slice() {
                [one] => vec![(one, element.clone())],
                [first, second] => vec![(first, key), (second, element.clone())],
                _ => Vec::new(),
            };
            for (name, value) in set {
                self.set(name, value, pipe.assigns);
            }
            let flow = self.block(body, &element)?;
            self.variables.truncate(scope);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(Flow::On)
    }

    fn set(&mut self, name: &str, value: Val, assigns: bool) {
        let existing = self.variables.iter_mut().rev().find(|(n, _)| assigns && n == name);
        match existing {
            Some((_, slot)) => *slot = value,
            None => self.variables.push((name.to_owned(), value)),
        }
    }

    fn pipeline(&mut self, pipe: &Pipe, dot: &Val) -> Result<Val> {
        let mut value = None;
        for command in &pipe.commands {
            value = Some(self.command(command, dot, value)?.unboxed());
        }
        let value = value.unwrap_or_else(Val::nothing);
        for name in &pipe.declared {
            self.set(name, value.clone(), pipe.assigns);
        }
        Ok(value)
    }

    /// A command; `last` is what the pipeline brought so far.
    fn command(&mut self, command: &Command, dot: &Val, last: Option<Val>) -> Result<Val> {
        let Some(first) = command.args.first() else { return Ok(Val::nothing()) };
        if let Operand::Identifier(name) = &first.kind {
            return self.call(name, first, command, dot, last);
        }
        let has_args = command.args.len() > 1 || last.is_some();
        match &first.kind {
            Operand::Field(_) | Operand::Variable(_) | Operand::Chain(..) => self.value(first, dot, has_args),
            _ if has_args => {
                Err(self.error(&first.into(), format!("can't give argument to non-function {first}")))
            }
            Operand::Nil => Err(self.error(&first.into(), "nil is not a command")),
            _ => self.value(first, dot, false),
        }
    }

    fn value(&mut self, node: &Node, dot: &Val, has_args: bool) -> Result<Val> {
        match &node.kind {
            Operand::Dot => Ok(dot.clone()),
            Operand::Nil => Ok(Val::of(Value::Null)),
            Operand::Constant(value, _) => Ok(Val::of(value.clone())),
            Operand::Pipe(pipe) => self.pipeline(pipe, dot),
            Operand::Field(names) => self.fields(dot.clone(), names, node, has_args),
            Operand::Variable(names) => {
                let (name, fields) =
                    names.split_first().map_or(("", [].as_slice()), |(n, f)| (n.as_str(), f));
                let found = self.variables.iter().rev().find(|(n, _)| n == name).map(|(_, v)| v.clone());
                let Some(variable) = found else {
                    return Err(self.error(&node.into(), format!("undefined variable: {name}")));
                };
                if fields.is_empty() {
                    if has_args {
                        let message = format!("can't give argument to non-function {node}");
                        return Err(self.error(&node.into(), message));
                    }
                    return Ok(variable);
                }
                self.fields(variable, fields, node, has_args)
            }
            Operand::Chain(inner, names) => {
                if matches!(inner.kind, Operand::Nil) {
                    return Err(self.error(&node.into(), "indirection through explicit nil"));
                }
                let value = self.value(inner, dot, false)?;
                self.fields(value, names, node, has_args)
            }
            Operand::Identifier(name) => {
                let alone = Command { pos: node.pos, args: vec![node.clone()] };
                self.call(name, node, &alone, dot, None)
            }
        }
    }

    fn fields(&self, start: Val, names: &[String], node: &Node, has_args: bool) -> Result<Val> {
        let mut current = start;
        for (i, name) in names.iter().enumerate() {
            let strict = self.template.missing_key_is_error;
            current = match &current.value {
                None if strict => {
                    let message = format!("nil data; no entry for key {}", go_quote(name));
                    return Err(self.error(&node.into(), message));
                }
                None => Val::nothing(),
                Some(Value::Map(map)) => {
                    if has_args && i + 1 == names.len() {
                        let message = format!("{name} is not a method but has arguments");
                        return Err(self.error(&node.into(), message));
                    }
                    let found = map.get(name).cloned();
                    if found.is_none() && strict {
                        let message = format!("map has no entry for key {}", go_quote(name));
                        return Err(self.error(&node.into(), message));
                    }
                    Val::boxed(found)
                }
                Some(Value::Null) => {
                    let message = format!("nil pointer evaluating {}.{name}", current.type_name());
                    return Err(self.error(&node.into(), message));
                }
                Some(_) => {
                    let message = format!("can't evaluate field {name} in type {}", current.type_name());
                    return Err(self.error(&node.into(), message));
                }
            };
        }
        Ok(current)
    }

    fn call(
        &mut self,
        name: &str,
        node: &Node,
        command: &Command,
        dot: &Val,
        last: Option<Val>,
    ) -> Result<Val> {
        let whole = At { pos: command.pos, text: command.to_string() };
        let args = command.args.get(1..).unwrap_or(&[]);
        let count = args.len() + usize::from(last.is_some());
        let Some(function) = funcs::find(name) else {
            return Err(self.error(&node.into(), format!("{} is not a defined function", go_quote(name))));
        };
        if count < function.least || (count > function.least && !function.variadic) {
            let want = if function.variadic {
                format!("at least {}", function.least)
            } else {
                function.least.to_string()
            };
            return Err(
                self.error(&node.into(), format!("wrong number of args for {name}: want {want} got {count}"))
            );
        }
        // The two that need not look at all their arguments.
        if matches!(function.call, Call::And | Call::Or) {
            let stop = matches!(function.call, Call::Or);
            let mut value = Val::nothing();
            for arg in args {
                value = self.value(arg, dot, false)?;
                if value.truth() == stop {
                    return Ok(value);
                }
            }
            return Ok(last.unwrap_or(value));
        }
        let mut values = Vec::with_capacity(count);
        for arg in args {
            let value = self.value(arg, dot, false)?;
            self.check_type(&function.call, &value, &arg.into(), values.len())?;
            values.push(value);
        }
        if let Some(value) = last {
            self.check_type(&function.call, &value, &node.into(), values.len())?;
            values.push(value);
        }
        funcs::call(&function.call, &values).map_err(|e| {
            let called = match (&function.call, args.first()) {
                (Call::Invoke, Some(arg)) => format!("non-function {arg} "),
                _ => String::new(),
            };
            self.error(&whole, format!("error calling {name}: {called}{e}"))
        })
    }

    /// The functions that take strings take nothing else.
    fn check_type(&self, call: &Call, value: &Val, at: &At, position: usize) -> Result<()> {
        let wants_string =
            matches!(call, Call::Base64Decode) || (matches!(call, Call::Printf) && position == 0);
        match &value.value {
            Some(Value::Str(_)) => Ok(()),
            _ if !wants_string => Ok(()),
            None | Some(Value::Null) => Err(self.error(at, "invalid value; expected string")),
            Some(other) => {
                let message =
                    format!("wrong type for value; expected string; got {}", gofmt::type_name(other));
                Err(self.error(at, message))
            }
        }
    }
}
