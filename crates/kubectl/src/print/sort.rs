//! `--sort-by`. Models kubectl `pkg/cmd/get/sorter.go`.

use std::cmp::Ordering;

use gatehouse_core::Timestamp;
use gatehouse_model::{Quantity, Value};

use super::gofmt;
use super::jsonpath::JsonPath;
use crate::output::klog_line;

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortError {
    /// Said as kubectl says any error.
    Plain(String),
    /// A value of this type, which has no order.
    Unsortable(&'static str),
}

/// What kubectl's logger says, before it leaves, of values that have no order; `among` is how Go holds the objects.
#[must_use]
pub fn unsortable(now: Timestamp, path: &str, among: &str, ty: &str) -> String {
    let place = if among.starts_with('*') { "sorter.go:329" } else { "sorter.go:375" };
    let why = format!("is an unsortable type: interface, err: unsortable type: {ty}");
    klog_line(now, 'F', place, &format!("Field {path} in {among} {why}"))
}

/// The order in which objects come when sorted by the field under `path` (already in braces).
///
/// # Errors
/// A path that cannot be read, that no object has, or whose values have no order.
pub fn order(objects: &[&Value], path: &str) -> Result<Vec<usize>, SortError> {
    let parsed = JsonPath::parse(path).map_err(SortError::Plain)?;
    let mut keys = Vec::with_capacity(objects.len());
    for object in objects {
        let found = parsed.find(object).map_err(SortError::Plain)?;
        keys.push(found.into_iter().next().and_then(|group| group.into_iter().next()));
    }
    if keys.iter().all(Option::is_none) && !keys.is_empty() {
        return Err(SortError::Plain(format!(
            "couldn't find any field with path {} in the list of objects",
            gatehouse_model::json::go_quote(path)
        )));
    }
    if keys.len() > 1
        && let Some(odd) =
            keys.iter().flatten().find(|k| matches!(k, Value::Bool(_) | Value::Map(_) | Value::List(_)))
    {
        return Err(SortError::Unsortable(gofmt::type_name(odd)));
    }
    let mut order: Vec<usize> = (0..keys.len()).collect();
    gatehouse_model::order::by(&mut order, |a, b| {
        compare(keys.get(*a).and_then(Option::as_ref), keys.get(*b).and_then(Option::as_ref))
    });
    Ok(order)
}

/// Objects without the field come first; strings that are quantities are compared as such.
fn compare(left: Option<&Value>, right: Option<&Value>) -> Ordering {
    match (left, right) {
        (None | Some(Value::Null), None | Some(Value::Null)) => Ordering::Equal,
        (None | Some(Value::Null), _) => Ordering::Less,
        (_, None | Some(Value::Null)) => Ordering::Greater,
        (Some(Value::Int(l)), Some(Value::Int(r))) => l.cmp(r),
        (Some(Value::Float(l)), Some(Value::Float(r))) => l.partial_cmp(r).unwrap_or(Ordering::Equal),
        (Some(Value::Str(l)), Some(Value::Str(r))) => match (Quantity::parse(l), Quantity::parse(r)) {
            (Ok(l), Ok(r)) => l.partial_cmp(&r).unwrap_or(Ordering::Equal),
            _ => l.cmp(r),
        },
        _ => Ordering::Equal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatehouse_model::json;

    #[test]
    fn sorts_numbers_strings_and_quantities() {
        let objects = [json!({"n": 10, "q": "1Gi"}), json!({"n": 9, "q": "200Mi"}), json!({"q": "5"})];
        let refs: Vec<&Value> = objects.iter().collect();
        assert_eq!(order(&refs, "{.n}"), Ok(vec![2, 1, 0]));
        assert_eq!(order(&refs, "{.q}"), Ok(vec![2, 1, 0]));
        assert_eq!(
            order(&refs, "{.x}"),
            Err(SortError::Plain(
                "couldn't find any field with path \"{.x}\" in the list of objects".to_owned()
            ))
        );
    }
}
