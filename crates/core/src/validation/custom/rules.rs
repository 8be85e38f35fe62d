//! `x-kubernetes-validations`: the rules that custom resources bring, in the Common Expression Language.
//!
//! Models apiextensions `pkg/apiserver/schema/cel/{compilation,validation}.go`. The cost of expressions is bounded by the
//! evaluator, not estimated.

use std::collections::BTreeMap;

use gatehouse_cel::{self as cel, Environment, NoHost, Type};
use gatehouse_model::{FieldError, FieldErrorKind, FieldPath, Value};

use crate::schema::cel as types;
use crate::validation::check::Errors;

/// What the rules of a definition say of an object.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// What is wrong with it.
    pub(super) errors: Errors,
    /// What was wrong with it before, and may stay.
    pub(super) tolerated: Vec<FieldError>,
}

/// Checks an object against all rules of its schema.
pub(super) fn check(object: &Value, old: Option<&Value>, schema: &Value) -> Findings {
    let mut run = Run { found: Findings::default() };
    if any(schema) {
        run.node(&FieldPath::default(), object, old, schema, true);
    }
    run.found
}

/// Whether a schema has rules, here or below.
pub(super) fn any(schema: &Value) -> bool {
    !schema.list_at(&["x-kubernetes-validations"]).is_empty()
        || schema.get("items").is_some_and(any)
        || schema.get("additionalProperties").is_some_and(any)
        || schema.map_at(&["properties"]).iter().any(|(_, s)| any(s))
}

/// What expressions may use: `self` of a type, and what it was.
pub(in crate::validation) fn environment(of: &Type, optional: bool) -> Environment {
    let old = if optional { Type::Optional(Box::new(of.clone())) } else { of.clone() };
    Environment::default().with("self", of.clone()).with("oldSelf", old)
}

/// The rule or its message, as errors name it.
fn shown(rule: &Value) -> &str {
    let message = rule.str_at(&["message"]);
    if message.is_empty() { rule.str_at(&["rule"]).trim() } else { message.trim() }
}

struct Run {
    found: Findings,
}

impl Run {
    fn node(&mut self, path: &FieldPath, value: &Value, old: Option<&Value>, schema: &Value, root: bool) {
        if value.is_null() {
            return;
        }
        let rules = schema.list_at(&["x-kubernetes-validations"]);
        if !rules.is_empty()
            && let Some(of) = types::of_openapi(schema, "selfType", root)
        {
            for rule in rules {
                self.rule(path, value, old, schema, &of, rule);
            }
        }
        match value {
            Value::List(items) => {
                let Some(inner) = schema.get("items").filter(|s| any(s)) else { return };
                let embedded = types::is_embedded(inner);
                for (i, item) in items.iter().enumerate() {
                    let before = old.and_then(|o| super::counterpart(item, o, schema));
                    self.node(&path.index(i), item, before, inner, embedded);
                }
            }
            Value::Map(map) => {
                for (name, member) in map.iter() {
                    let before = old.and_then(|o| o.get(name));
                    if let Some(inner) = schema.map_at(&["properties"]).get(name) {
                        if any(inner) {
                            self.node(&path.child(name), member, before, inner, types::is_embedded(inner));
                        }
                    } else if let Some(inner) = schema.get("additionalProperties").filter(|s| any(s)) {
                        self.node(&path.key(name), member, before, inner, types::is_embedded(inner));
                    }
                }
            }
            _ => {}
        }
    }

    fn rule(
        &mut self,
        path: &FieldPath,
        value: &Value,
        old: Option<&Value>,
        schema: &Value,
        of: &Type,
        rule: &Value,
    ) {
        let text = rule.str_at(&["rule"]);
        let optional = rule.bool_at(&["optionalOldSelf"]) == Some(true);
        let environment = environment(of, optional);
        let kind = Value::from(schema.str_at(&["type"]));
        let program = match cel::compile(text, &environment) {
            Ok(program) => program,
            Err(issues) => {
                let why = format!("rule compile error: compilation failed: {issues}");
                self.found.errors.push(FieldError::invalid(path.clone(), &kind, why));
                return;
            }
        };
        let transition = program.mentions("oldSelf");
        if transition && old.is_none() && !optional {
            return;
        }
        let before = old.map(|o| types::value(o, schema));
        let before = if optional {
            cel::Value::Optional(before.map(std::sync::Arc::new))
        } else {
            before.unwrap_or(cel::Value::Null)
        };
        let given = BTreeMap::from([
            ("self".to_owned(), types::value(value, schema)),
            ("oldSelf".to_owned(), before),
        ]);
        match program.evaluate(&given, &NoHost) {
            Ok(cel::Value::Bool(true)) => return,
            Ok(_) => {}
            Err(why) => {
                let name = shown(rule);
                let why = if why.starts_with("no such overload") {
                    format!(
                        "'{why}': call arguments did not match a supported operator, function or macro signature for rule: {name}"
                    )
                } else if why.starts_with("operation cancelled") {
                    format!(
                        "'{why}': no further validation rules will be run due to call cost exceeds limit for rule: {name}"
                    )
                } else {
                    format!("{why} evaluating rule: {name}")
                };
                self.found.errors.push(FieldError::invalid(path.clone(), &kind, why));
                return;
            }
        }
        let message = message(rule, &environment, &given);
        let at = match rule.str_at(&["fieldPath"]) {
            "" => path.clone(),
            inner => FieldPath::new(
                &format!("{path}{inner}").trim_start_matches('.').replace("['", "[").replace("']", "]"),
            ),
        };
        let structured = matches!(schema.str_at(&["type"]), "object" | "array");
        let error = worded(at, value, structured, message, rule.str_at(&["reason"]));
        if !transition && old == Some(value) {
            self.found.tolerated.push(error);
        } else {
            self.found.errors.push(error);
        }
    }
}

fn message(rule: &Value, environment: &Environment, given: &BTreeMap<String, cel::Value>) -> String {
    let expression = rule.str_at(&["messageExpression"]);
    if !expression.is_empty()
        && let Ok(program) = cel::compile(expression, environment)
        && let Ok(cel::Value::String(text)) = program.evaluate(given, &NoHost)
        && !text.trim().is_empty()
        && !text.trim().contains('\n')
    {
        return text.trim().to_owned();
    }
    match rule.str_at(&["message"]) {
        "" => format!("failed rule: {}", shown(rule)),
        message => message.trim().to_owned(),
    }
}

fn worded(path: FieldPath, value: &Value, structured: bool, detail: String, reason: &str) -> FieldError {
    match reason {
        "FieldValueForbidden" => FieldError::forbidden(path, detail),
        "FieldValueRequired" => FieldError::required(path, detail),
        "FieldValueDuplicate" if !structured => FieldError::duplicate(path, value),
        "FieldValueDuplicate" => {
            FieldError { kind: FieldErrorKind::Duplicate, path, value: None, detail: String::new() }
        }
        _ if structured => FieldError { kind: FieldErrorKind::Invalid, path, value: None, detail },
        _ => FieldError::invalid(path, value, detail),
    }
}
