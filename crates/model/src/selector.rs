//! Label selectors: the syntax of `-l`, and the `LabelSelector` objects of the API.
//!
//! Does not know whose labels it looks at. Models apimachinery `pkg/labels/selector.go` and
//! `pkg/apis/meta/v1/helpers.go`.

mod parse;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::field::{FieldError, FieldPath};
use crate::names;
use crate::value::{Map, Value};

/// How a requirement relates a key and its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operator {
    /// The label is there and has one of the values.
    In,
    /// The label is missing or has none of the values.
    NotIn,
    /// `key=value`.
    Equals,
    /// `key==value`.
    DoubleEquals,
    /// `key!=value`: missing or different.
    NotEquals,
    /// The label is there.
    Exists,
    /// The label is missing.
    DoesNotExist,
    /// The label is a greater integer.
    Gt,
    /// The label is a smaller integer.
    Lt,
}

/// One condition on labels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Requirement {
    /// The label's key.
    pub key: String,
    /// The relation.
    pub operator: Operator,
    /// The values, as many as the operator asks for.
    pub values: Vec<String>,
}

impl Requirement {
    /// A requirement, once it is found valid.
    ///
    /// # Errors
    /// The findings, joined as apimachinery joins them.
    pub fn new(key: &str, operator: Operator, values: Vec<String>) -> Result<Self, String> {
        let mut errors = Vec::new();
        let key_errors = names::label_key(key);
        if !key_errors.is_empty() {
            errors.push(FieldError::invalid(FieldPath::new("key"), &Value::from(key), key_errors.join("; ")));
        }
        let path = FieldPath::new("values");
        let shown = Value::from(values.clone());
        let mut count = |wrong: bool, detail: &str| {
            if wrong {
                errors.push(FieldError::invalid(path.clone(), &shown, detail));
            }
        };
        match operator {
            Operator::In | Operator::NotIn => {
                count(values.is_empty(), "for 'in', 'notin' operators, values set can't be empty");
            }
            Operator::Equals | Operator::DoubleEquals | Operator::NotEquals => {
                count(values.len() != 1, "exact-match compatibility requires one single value");
            }
            Operator::Exists | Operator::DoesNotExist => {
                count(!values.is_empty(), "values set must be empty for exists and does not exist");
            }
            Operator::Gt | Operator::Lt => {
                count(values.len() != 1, "for 'Gt', 'Lt' operators, exactly one value is required");
                for (i, v) in values.iter().enumerate().filter(|(_, v)| v.parse::<i64>().is_err()) {
                    let detail = "for 'Gt', 'Lt' operators, the value must be an integer";
                    errors.push(FieldError::invalid(path.index(i), &Value::from(v), detail));
                }
            }
        }
        for (i, value) in values.iter().enumerate() {
            let wrong = names::label_value(value);
            if !wrong.is_empty() {
                let at = path.index(i).key(key);
                errors.push(FieldError::invalid(at, &Value::from(value), wrong.join("; ")));
            }
        }
        if errors.is_empty() {
            Ok(Self { key: key.to_owned(), operator, values })
        } else {
            Err(crate::field::aggregate(&errors))
        }
    }

    /// Whether labels meet the requirement.
    #[must_use]
    pub fn matches(&self, labels: &Map) -> bool {
        let label = labels.get(&self.key).map(|v| v.as_str().unwrap_or_default());
        let listed = |v: &str| self.values.iter().any(|w| w == v);
        match self.operator {
            Operator::In | Operator::Equals | Operator::DoubleEquals => label.is_some_and(listed),
            Operator::NotIn | Operator::NotEquals => !label.is_some_and(listed),
            Operator::Exists => label.is_some(),
            Operator::DoesNotExist => label.is_none(),
            Operator::Gt | Operator::Lt => {
                let (Some(Ok(have)), Some(Ok(want))) =
                    (label.map(str::parse::<i64>), self.values.first().map(|v| v.parse::<i64>()))
                else {
                    return false;
                };
                if self.operator == Operator::Gt { have > want } else { have < want }
            }
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut values = self.values.clone();
        crate::order::sort(&mut values);
        let (key, values) = (&self.key, values.join(","));
        match self.operator {
            Operator::In => write!(f, "{key} in ({values})"),
            Operator::NotIn => write!(f, "{key} notin ({values})"),
            Operator::Equals => write!(f, "{key}={values}"),
            Operator::DoubleEquals => write!(f, "{key}=={values}"),
            Operator::NotEquals => write!(f, "{key}!={values}"),
            Operator::Exists => f.write_str(key),
            Operator::DoesNotExist => write!(f, "!{key}"),
            Operator::Gt => write!(f, "{key}>{values}"),
            Operator::Lt => write!(f, "{key}<{values}"),
        }
    }
}

/// Which labels are meant: all requirements must hold. Without any, everything is selected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    requirements: Vec<Requirement>,
    nothing: bool,
}

impl Selector {
    /// Selects everything.
    #[must_use]
    pub fn everything() -> Self {
        Self::default()
    }

    /// Selects nothing at all: what a missing `LabelSelector` means.
    #[must_use]
    pub fn nothing() -> Self {
        Self { requirements: Vec::new(), nothing: true }
    }

    /// All of these requirements.
    #[must_use]
    pub fn all(mut requirements: Vec<Requirement>) -> Self {
        crate::order::by(&mut requirements, |a, b| a.key.cmp(&b.key));
        Self { requirements, nothing: false }
    }

    /// Reads what follows `-l`.
    ///
    /// # Errors
    /// What `labels.Parse` says.
    pub fn parse(text: &str) -> Result<Self, String> {
        parse::requirements(text).map(Self::all)
    }

    /// Selects labels that equal the given ones: a Service's selector, `matchLabels` alone.
    #[must_use]
    pub fn from_labels(labels: &Map) -> Self {
        Self::all(labels.iter().map(equals).collect())
    }

    /// Reads a `LabelSelector` object. None selects nothing, an empty one everything.
    ///
    /// # Errors
    /// What `metav1.LabelSelectorAsSelector` says.
    pub fn from_object(selector: Option<&Value>) -> Result<Self, String> {
        let Some(selector) = selector.filter(|s| !s.is_null()) else { return Ok(Self::nothing()) };
        let mut requirements = Vec::new();
        for (key, value) in selector.map_at(&["matchLabels"]).iter() {
            let value = value.as_str().unwrap_or_default().to_owned();
            requirements.push(Requirement::new(key, Operator::Equals, vec![value])?);
        }
        for expression in selector.list_at(&["matchExpressions"]) {
            let operator = match expression.str_at(&["operator"]) {
                "In" => Operator::In,
                "NotIn" => Operator::NotIn,
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                other => {
                    let quoted = crate::json::go_quote(other);
                    return Err(format!("{quoted} is not a valid label selector operator"));
                }
            };
            let values = expression.list_at(&["values"]).iter().filter_map(Value::as_str);
            let values = values.map(str::to_owned).collect();
            requirements.push(Requirement::new(expression.str_at(&["key"]), operator, values)?);
        }
        Ok(Self::all(requirements))
    }

    /// The `LabelSelector` object that selects the same.
    ///
    /// # Errors
    /// What `metav1.ParseToLabelSelector` says of operators the object has not.
    pub fn to_object(&self) -> Result<Value, String> {
        let mut out = Value::map();
        let mut expressions = Vec::new();
        for r in &self.requirements {
            let operator = match r.operator {
                Operator::Equals | Operator::DoubleEquals => {
                    out.set(&["matchLabels", &r.key], r.values.first().map_or("", String::as_str));
                    continue;
                }
                Operator::In => "In",
                Operator::NotIn => "NotIn",
                Operator::Exists => "Exists",
                Operator::DoesNotExist => "DoesNotExist",
                Operator::Gt => return Err("\"gt\" isn't supported in label selectors".to_owned()),
                Operator::Lt => return Err("\"lt\" isn't supported in label selectors".to_owned()),
                Operator::NotEquals => {
                    return Err("\"!=\" is not a valid label selector operator".to_owned());
                }
            };
            let mut expression = crate::json!({"key": (r.key.as_str()), "operator": operator});
            if !r.values.is_empty() {
                expression.set(&["values"], r.values.clone());
            }
            expressions.push(expression);
        }
        if !expressions.is_empty() {
            out.set(&["matchExpressions"], expressions);
        }
        Ok(out)
    }

    /// The requirements, by key.
    #[must_use]
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }

    /// Whether everything is selected.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        !self.nothing && self.requirements.is_empty()
    }

    /// Whether labels meet every requirement.
    #[must_use]
    pub fn matches(&self, labels: &Map) -> bool {
        !self.nothing && self.requirements.iter().all(|r| r.matches(labels))
    }
}

fn equals((key, value): (&str, &Value)) -> Requirement {
    let values = vec![value.as_str().unwrap_or_default().to_owned()];
    Requirement { key: key.to_owned(), operator: Operator::Equals, values }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, r) in self.requirements.iter().enumerate() {
            write!(f, "{}{r}", if i > 0 { "," } else { "" })?;
        }
        Ok(())
    }
}

/// A `LabelSelector` as its generated `String()` prints it.
#[must_use]
pub fn go_text(selector: &Value) -> String {
    let labels: String = selector
        .map_at(&["matchLabels"])
        .iter()
        .map(|(k, v)| format!("{k}: {},", v.as_str().unwrap_or("")))
        .collect();
    let expressions: String = selector
        .list_at(&["matchExpressions"])
        .iter()
        .map(|e| {
            let values: Vec<&str> = e.list_at(&["values"]).iter().filter_map(Value::as_str).collect();
            format!(
                "LabelSelectorRequirement{{Key:{},Operator:{},Values:[{}],}},",
                e.str_at(&["key"]),
                e.str_at(&["operator"]),
                values.join(" ")
            )
        })
        .collect();
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{labels}}},MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},}}"
    )
}
