//! The functions a template may call. Models Go's `text/template/funcs.go` and cli-runtime's two additions.

use std::cmp::Ordering;

use gatehouse_model::Value;

use super::super::gofmt;
use super::exec::Val;
use super::printf::{sprint_all, sprintf, sprintln};
use gatehouse_model::base64;

/// A function and how many arguments it takes.
pub(super) struct Function {
    name: &'static str,
    pub(super) least: usize,
    pub(super) variadic: bool,
    pub(super) call: Call,
}

/// What to do.
#[derive(Clone, Copy, Debug)]
pub(super) enum Call {
    And,
    Or,
    Not,
    Index,
    Slice,
    Len,
    Print,
    Printf,
    Println,
    Html,
    Js,
    UrlQuery,
    Compare(Comparison),
    Exists,
    Base64Decode,
    Invoke,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Comparison {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

const fn function(name: &'static str, least: usize, variadic: bool, call: Call) -> Function {
    Function { name, least, variadic, call }
}

const FUNCTIONS: &[Function] = &[
    function("and", 1, true, Call::And),
    function("base64decode", 1, false, Call::Base64Decode),
    function("call", 1, true, Call::Invoke),
    function("eq", 1, true, Call::Compare(Comparison::Eq)),
    function("exists", 1, true, Call::Exists),
    function("ge", 2, false, Call::Compare(Comparison::Ge)),
    function("gt", 2, false, Call::Compare(Comparison::Gt)),
    function("html", 0, true, Call::Html),
    function("index", 1, true, Call::Index),
    function("js", 0, true, Call::Js),
    function("le", 2, false, Call::Compare(Comparison::Le)),
    function("len", 1, false, Call::Len),
    function("lt", 2, false, Call::Compare(Comparison::Lt)),
    function("ne", 2, false, Call::Compare(Comparison::Ne)),
    function("not", 1, false, Call::Not),
    function("or", 1, true, Call::Or),
    function("print", 0, true, Call::Print),
    function("printf", 1, true, Call::Printf),
    function("println", 0, true, Call::Println),
    function("slice", 1, true, Call::Slice),
    function("urlquery", 0, true, Call::UrlQuery),
];

pub(super) fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|f| f.name == name)
}

pub(super) fn exists(name: &str) -> bool {
    find(name).is_some()
}

pub(super) fn call(call: &Call, args: &[Val]) -> Result<Val, String> {
    let first = args.first().and_then(|a| a.value.as_ref());
    let rest = args.get(1..).unwrap_or(&[]);
    let text = |s: String| Ok(Val::of(Value::from(s)));
    let truth = |b: bool| Ok(Val::of(Value::Bool(b)));
    match call {
        Call::And | Call::Or => Ok(args.first().cloned().unwrap_or_else(Val::nothing)),
        Call::Not => truth(!args.first().is_some_and(Val::truth)),
        Call::Index => index(first, rest).map(Val::of),
        Call::Slice => slice(first, rest).map(Val::of),
        Call::Len => length(first).map(|n| Val::of(Value::Int(n))),
        Call::Print => text(sprint_all(args)),
        Call::Println => text(sprintln(args)),
        Call::Printf => text(sprintf(first.and_then(Value::as_str).unwrap_or(""), rest)),
        Call::Html => text(html(&joined(args))),
        Call::Js => text(js(&joined(args))),
        Call::UrlQuery => text(gatehouse_core::request::escape(&joined(args))),
        Call::Compare(how) => compare(*how, first, rest).and_then(truth),
        Call::Exists => truth(present(first, rest)),
        Call::Base64Decode => base64::decode(first.and_then(Value::as_str).unwrap_or(""))
            .map(|bytes| Val::of(Value::from(String::from_utf8_lossy(&bytes).into_owned())))
            .map_err(|e| format!("base64 decode failed: {e}")),
        // The caller, who knows what the argument is called, puts its name before it.
        Call::Invoke => Err(format!("of type {}", first.map_or("<nil>", gofmt::type_name))),
    }
}

/// What `html`, `js` and `urlquery` see: a string as it is, anything else as `print` prints it.
fn joined(args: &[Val]) -> String {
    sprint_all(args)
}

const ZERO_TYPE: &str = "reflect: call of reflect.Value.Type on zero Value";

fn length(value: Option<&Value>) -> Result<i64, String> {
    let len = match value {
        None => return Err(ZERO_TYPE.to_owned()),
        Some(Value::Null) => return Err("len of nil pointer".to_owned()),
        Some(Value::Str(s)) => s.len(),
        Some(Value::List(l)) => l.len(),
        Some(Value::Map(m)) => m.len(),
        Some(other) => return Err(format!("len of type {}", gofmt::type_name(other))),
    };
    Ok(i64::try_from(len).unwrap_or(i64::MAX))
}

/// An index into something of length `len`.
fn position(index: &Val, len: usize) -> Result<usize, String> {
    match &index.value {
        Some(Value::Int(i)) => match usize::try_from(*i) {
            Ok(at) if at <= len => Ok(at),
            _ => Err(format!("index out of range: {i}")),
        },
        None | Some(Value::Null) => Err("cannot index slice/array with nil".to_owned()),
        Some(other) => Err(format!("cannot index slice/array with type {}", gofmt::type_name(other))),
    }
}

fn index(item: Option<&Value>, indexes: &[Val]) -> Result<Value, String> {
    let mut item = match item {
        None | Some(Value::Null) => return Err("index of untyped nil".to_owned()),
        Some(item) => item.clone(),
    };
    for i in indexes {
        item = match &item {
            Value::Null => return Err("index of nil pointer".to_owned()),
            Value::List(list) => match list.get(position(i, list.len())?) {
                Some(v) => v.clone(),
                None => return Err("reflect: slice index out of range".to_owned()),
            },
            Value::Str(s) => match s.as_bytes().get(position(i, s.len())?) {
                Some(b) => Value::Int((*b).into()),
                None => return Err("reflect: string index out of range".to_owned()),
            },
            Value::Map(map) => match &i.value {
                Some(Value::Str(key)) => map.get(key).cloned().unwrap_or_default(),
                None | Some(Value::Null) => return Err("value is nil; should be of type string".to_owned()),
                Some(other) => {
                    return Err(format!("value has type {}; should be string", constant_type(other)));
                }
            },
            other => return Err(format!("can't index item of type {}", gofmt::type_name(other))),
        };
    }
    Ok(item)
}

/// A number in the template is an `int`; one of the data would be an `int64`. The former is the usual mistake.
const fn constant_type(value: &Value) -> &'static str {
    if let Value::Int(_) = value { "int" } else { gofmt::type_name(value) }
}

fn slice(item: Option<&Value>, indexes: &[Val]) -> Result<Value, String> {
    let len = match item {
        None | Some(Value::Null) => return Err("slice of untyped nil".to_owned()),
        Some(Value::Str(s)) => {
            if indexes.len() == 3 {
                return Err("cannot 3-index slice a string".to_owned());
            }
            s.len()
        }
        Some(Value::List(l)) => l.len(),
        Some(other) => return Err(format!("can't slice item of type {}", gofmt::type_name(other))),
    };
    if indexes.len() > 3 {
        return Err(format!("too many slice indexes: {}", indexes.len()));
    }
    let mut bounds = [0, len, len];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        *bound = position(index, len)?;
    }
    let [from, to, _] = bounds;
    if from > to {
        return Err(format!("invalid slice index: {from} > {to}"));
    }
    Ok(match item {
        Some(Value::Str(s)) => {
            Value::from(String::from_utf8_lossy(s.as_bytes().get(from..to).unwrap_or(&[])).into_owned())
        }
        Some(other) => other.items().get(from..to).unwrap_or(&[]).to_vec().into(),
        None => Value::Null,
    })
}

/// kubectl's `exists`: whether `index` with these arguments would find something.
fn present(item: Option<&Value>, indexes: &[Val]) -> bool {
    let Some(item) = item.filter(|v| !v.is_null()) else { return false };
    index(Some(item), indexes).is_ok_and(|v| !v.is_null())
}

fn compare(how: Comparison, left: Option<&Value>, rest: &[Val]) -> Result<bool, String> {
    if rest.is_empty() {
        return Err("missing argument for comparison".to_owned());
    }
    let rights = || rest.iter().map(|v| v.value.as_ref());
    match how {
        Comparison::Eq => {
            for right in rights() {
                if equal(left, right)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Comparison::Ne => Ok(!equal(left, rights().next().flatten())?),
        _ => {
            let ordering = order(left, rights().next().flatten())?;
            Ok(match how {
                Comparison::Lt => ordering.is_lt(),
                Comparison::Le => ordering.is_le(),
                Comparison::Gt => ordering.is_gt(),
                _ => ordering.is_ge(),
            })
        }
    }
}

fn equal(left: Option<&Value>, right: Option<&Value>) -> Result<bool, String> {
    let nil = |v: Option<&Value>| v.is_none_or(Value::is_null);
    match (left, right) {
        (l, r) if nil(l) || nil(r) => Ok(nil(l) == nil(r)),
        (Some(Value::List(_) | Value::Map(_)), Some(r)) | (Some(r), Some(Value::List(_) | Value::Map(_)))
            if std::mem::discriminant(left.unwrap_or(r)) == std::mem::discriminant(right.unwrap_or(r)) =>
        {
            let l = left.unwrap_or(r);
            Err(format!("non-comparable type {}: {}", gofmt::sprint(l), gofmt::type_name(l)))
        }
        (Some(l), Some(r)) if std::mem::discriminant(l) != std::mem::discriminant(r) => {
            Err("incompatible types for comparison".to_owned())
        }
        (l, r) => Ok(l == r),
    }
}

fn order(left: Option<&Value>, right: Option<&Value>) -> Result<Ordering, String> {
    match (left, right) {
        (Some(Value::Int(l)), Some(Value::Int(r))) => Ok(l.cmp(r)),
        (Some(Value::Float(l)), Some(Value::Float(r))) => Ok(l.partial_cmp(r).unwrap_or(Ordering::Less)),
        (Some(Value::Str(l)), Some(Value::Str(r))) => Ok(l.cmp(r)),
        (Some(Value::Bool(_)), Some(Value::Bool(_))) => Err("invalid type for comparison".to_owned()),
        (Some(l), Some(r))
            if [l, r].iter().all(|v| !matches!(v, Value::Null | Value::List(_) | Value::Map(_))) =>
        {
            Err("incompatible types for comparison".to_owned())
        }
        _ => Err("invalid type for comparison".to_owned()),
    }
}

fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '\0' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

fn js(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '"' => out.push_str("\\\""),
            '<' | '>' | '&' | '=' => out.push_str(&format!("\\u{:04X}", c as u32)),
            c if (c as u32) < 0x20 || c.is_control() => out.push_str(&format!("\\u{:04X}", c as u32)),
            c => out.push(c),
        }
    }
    out
}
