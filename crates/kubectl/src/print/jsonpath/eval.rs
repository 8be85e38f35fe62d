//! Walking a tree along nodes.

use std::cmp::Ordering;

use gatehouse_model::Value;

use super::super::gofmt;
use super::{Node, Param};

/// The state of one evaluation.
pub(super) struct Walk {
    allow_missing_keys: bool,
    /// `range` nodes met and not yet entered.
    begin_range: usize,
    /// Loops entered.
    in_range: usize,
    /// `end` nodes met and not yet acted upon.
    end_range: usize,
    /// Where the last loop ended.
    last_end: Option<usize>,
}

impl Walk {
    pub(super) const fn new(allow_missing_keys: bool) -> Self {
        Self { allow_missing_keys, begin_range: 0, in_range: 0, end_range: 0, last_end: None }
    }

    /// What the nodes from `from` on find in `data`, up to the `end` of the loop they are in.
    pub(super) fn find(
        &mut self,
        nodes: &[Node],
        from: usize,
        data: &Value,
    ) -> Result<Vec<Vec<Value>>, String> {
        let current = [data.clone()];
        let mut found = Vec::new();
        let mut i = from;
        while let Some(node) = nodes.get(i) {
            let results = self.walk(&current, node)?;
            if self.end_range > 0 && self.end_range <= self.in_range {
                self.end_range -= 1;
                self.last_end = Some(i);
                break;
            }
            if self.begin_range > 0 {
                self.begin_range -= 1;
                self.in_range += 1;
                if results.is_empty() {
                    // Walked for its `end` only.
                    self.find(nodes, i + 1, &Value::Null)?;
                } else {
                    for value in &results {
                        found.extend(self.find(nodes, i + 1, value)?);
                    }
                }
                self.in_range -= 1;
                if let Some(end) = self.last_end.filter(|end| *end > i) {
                    i = end;
                }
            } else {
                found.push(results);
            }
            i += 1;
        }
        Ok(found)
    }

    fn walk(&mut self, input: &[Value], node: &Node) -> Result<Vec<Value>, String> {
        match node {
            Node::List(nodes) => self.list(input, nodes),
            Node::Text(text) => Ok(vec![Value::from(text)]),
            Node::Field(name) => self.field(input, name),
            Node::Array(params) => array(input, params),
            Node::Filter { left, right, operator } => self.filter(input, left, right, operator),
            Node::Int(i) => Ok(input.iter().map(|_| Value::Int(*i)).collect()),
            Node::Float(f) => Ok(input.iter().map(|_| Value::Float(*f)).collect()),
            Node::Bool(b) => Ok(input.iter().map(|_| Value::Bool(*b)).collect()),
            Node::Wildcard => Ok(input.iter().flat_map(children).collect()),
            Node::Recursive => Ok(recursive(input)),
            Node::Union(lists) => {
                let mut found = Vec::new();
                for list in lists {
                    found.extend(self.list(input, list)?);
                }
                Ok(found)
            }
            Node::Identifier(name) => match name.as_str() {
                "range" => {
                    self.begin_range += 1;
                    Ok(input.to_vec())
                }
                "end" if self.in_range > 0 => {
                    self.end_range += 1;
                    Ok(Vec::new())
                }
                "end" => Err("not in range, nothing to end".to_owned()),
                other => Err(format!("unrecognized identifier {other}")),
            },
        }
    }

    fn list(&mut self, input: &[Value], nodes: &[Node]) -> Result<Vec<Value>, String> {
        let mut current = input.to_vec();
        for node in nodes {
            current = self.walk(&current, node)?;
        }
        Ok(current)
    }

    fn field(&self, input: &[Value], name: &str) -> Result<Vec<Value>, String> {
        let found: Vec<Value> = input.iter().filter_map(|v| v.get(name)).cloned().collect();
        if found.is_empty() && !input.is_empty() && !self.allow_missing_keys {
            return Err(format!("{name} is not found"));
        }
        Ok(found)
    }

    fn filter(
        &mut self,
        input: &[Value],
        left: &[Node],
        right: &[Node],
        operator: &str,
    ) -> Result<Vec<Value>, String> {
        let mut found = Vec::new();
        for value in input {
            let Some(items) = value.as_list() else {
                return Err(format!("{} is not array or slice and cannot be filtered", gofmt::sprint(value)));
            };
            for item in items {
                let itself = std::slice::from_ref(item);
                let lefts = self.list(itself, left);
                if operator == "exists" {
                    if lefts.is_ok_and(|l| !l.is_empty()) {
                        found.push(item.clone());
                    }
                    continue;
                }
                let Some(l) = single(lefts?)? else { continue };
                let Some(r) = single(self.list(itself, right)?)? else { continue };
                if compare(&l, operator, &r)? {
                    found.push(item.clone());
                }
            }
        }
        Ok(found)
    }
}

fn single(values: Vec<Value>) -> Result<Option<Value>, String> {
    if values.len() > 1 {
        return Err("can only compare one element at a time".to_owned());
    }
    Ok(values.into_iter().next())
}

/// The members of a map, the elements of a list, the bytes of a string.
fn children(value: &Value) -> Vec<Value> {
    match value {
        Value::Map(map) => map.values().cloned().collect(),
        Value::List(items) => items.to_vec(),
        Value::Str(s) => s.bytes().map(|b| Value::Int(b.into())).collect(),
        _ => Vec::new(),
    }
}

fn recursive(input: &[Value]) -> Vec<Value> {
    let mut found = Vec::new();
    for value in input {
        let below = children(value);
        if !below.is_empty() {
            found.push(value.clone());
            found.extend(recursive(&below));
        }
    }
    found
}

fn array(input: &[Value], params: &[Param; 3]) -> Result<Vec<Value>, String> {
    let mut found = Vec::new();
    for value in input {
        if value.is_null() {
            continue;
        }
        let Some(items) = value.as_list() else {
            return Err(format!("{} is not array or slice", gofmt::type_name(value)));
        };
        let len = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let [start, end, step] = params;
        let mut first = if start.known { start.value } else { 0 };
        if first < 0 {
            first += len;
        }
        let mut last = if end.known { end.value } else { len };
        if last < 0 || (last == 0 && end.derived) {
            last += len;
        }
        if first == last {
            return Ok(found);
        }
        if first >= len || first < 0 {
            return Err(format!("array index out of bounds: index {first}, length {len}"));
        }
        if last > len || last < 0 {
            return Err(format!("array index out of bounds: index {}, length {len}", last - 1));
        }
        if first > last {
            return Err(format!("starting index {first} is greater than ending index {last}"));
        }
        if step.known && step.value <= 0 {
            return Err("step must be > 0".to_owned());
        }
        let index = |i: i64| usize::try_from(i).unwrap_or(0);
        let stride = if step.known { index(step.value) } else { 1 };
        found.extend(items.iter().take(index(last)).skip(index(first)).step_by(stride).cloned());
    }
    Ok(found)
}

/// Compares as Go's templates do: only scalars, and only of the same kind.
fn compare(left: &Value, operator: &str, right: &Value) -> Result<bool, String> {
    let not_comparable = || "invalid type for comparison".to_owned();
    if [left, right].iter().any(|v| matches!(v, Value::Null | Value::List(_) | Value::Map(_))) {
        return Err(not_comparable());
    }
    let ordering = match (left, right) {
        (Value::Bool(l), Value::Bool(r)) => {
            return match operator {
                "==" => Ok(l == r),
                "!=" => Ok(l != r),
                "<" | ">" | "<=" | ">=" => Err(not_comparable()),
                _ => Err(format!("unrecognized filter operator {operator}")),
            };
        }
        (Value::Int(l), Value::Int(r)) => l.cmp(r),
        (Value::Float(l), Value::Float(r)) => l.partial_cmp(r).unwrap_or(Ordering::Less),
        (Value::Str(l), Value::Str(r)) => l.cmp(r),
        _ if matches!(operator, "==" | "!=" | "<" | ">" | "<=" | ">=") => {
            return Err("incompatible types for comparison".to_owned());
        }
        _ => Ordering::Equal,
    };
    match operator {
        "==" => Ok(ordering.is_eq()),
        "!=" => Ok(ordering.is_ne()),
        "<" => Ok(ordering.is_lt()),
        ">" => Ok(ordering.is_gt()),
        "<=" => Ok(ordering.is_le()),
        ">=" => Ok(ordering.is_ge()),
        _ => Err(format!("unrecognized filter operator {operator}")),
    }
}
