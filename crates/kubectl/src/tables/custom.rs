//! Tables of custom resources: the columns that their definition asks for.
//!
//! Models apiextensions-apiserver `pkg/registry/customresource/tableconvertor/tableconvertor.go`.

use gatehouse_model::{Object, Value};

use super::{At, since};
use crate::print::gofmt;
use crate::print::json::compact_html;
use crate::print::jsonpath::JsonPath;
use crate::print::table::{Column, Row, Table};

/// Lays out custom resources of one version by their `CustomResourceDefinition`.
#[must_use]
pub fn custom_table(definition: &Object, version: &str, objects: &[Object], at: At) -> Table {
    let versions = definition.list_at(&["spec", "versions"]);
    let served = versions.iter().find(|v| v.str_at(&["name"]) == version);
    let declared = served.map_or(&[][..], |v| v.list_at(&["additionalPrinterColumns"]));
    let mut columns = vec![Column { name: "Name".to_owned(), wide: false, is_name: true }];
    let mut makers: Vec<(String, Option<JsonPath>)> = Vec::new();
    if declared.is_empty() {
        columns.push(Column { name: "Age".to_owned(), wide: false, is_name: false });
        makers.push(("date".to_owned(), JsonPath::parse("{.metadata.creationTimestamp}").ok()));
    }
    for column in declared {
        columns.push(Column {
            name: column.str_at(&["name"]).to_owned(),
            wide: column.i64_at(&["priority"]).unwrap_or(0) != 0,
            is_name: false,
        });
        let path = JsonPath::parse(&format!("{{{}}}", column.str_at(&["jsonPath"]))).ok();
        makers.push((column.str_at(&["type"]).to_owned(), path));
    }
    let rows = objects
        .iter()
        .map(|object| {
            let made = makers.iter().map(|(kind, path)| cell(kind, path.as_ref(), object, at));
            Row {
                cells: std::iter::once(object.name().to_owned()).chain(made).collect(),
                object: object.0.clone(),
            }
        })
        .collect();
    Table { columns, rows }
}

fn cell(kind: &str, path: Option<&JsonPath>, object: &Value, at: At) -> String {
    let found = path.and_then(|p| p.find(object).ok()).unwrap_or_default();
    let Some(value) = found.into_iter().next().and_then(|group| group.into_iter().next()) else {
        return String::new();
    };
    match (kind, &value) {
        ("string", Value::Map(_) | Value::List(_)) => compact_html(&value),
        ("string", Value::Null) => "null".to_owned(),
        ("string", _) => gofmt::sprint(&value),
        ("integer", Value::Int(i)) => i.to_string(),
        #[expect(clippy::cast_possible_truncation, reason = "Go's conversion cuts as well")]
        ("integer", Value::Float(f)) => (*f as i64).to_string(),
        #[expect(clippy::cast_precision_loss, reason = "Go's conversion rounds as well")]
        ("number", Value::Int(i)) => gofmt::float(*i as f64),
        ("number", Value::Float(f)) => gofmt::float(*f),
        ("boolean", Value::Bool(b)) => b.to_string(),
        ("date", Value::Str(s)) => match since(s, at.now).as_str() {
            "<unknown>" => "<invalid>".to_owned(),
            age => age.to_owned(),
        },
        _ => String::new(),
    }
}
