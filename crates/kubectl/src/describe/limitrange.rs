//! Limit ranges.

use gatehouse_model::{Object, Value};

use super::writer::Writer;
use super::{Description, quantity};
use crate::error::Error;

/// The head of the table of limits.
pub(super) const HEAD: [&str; 2] = [
    "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio",
    "----\t--------\t---\t---\t---------------\t-------------\t-----------------------",
];

pub(super) fn describe(d: &mut Description<'_, '_, '_>, range: &Object) -> Result<(), Error> {
    d.heading(range);
    HEAD.iter().for_each(|line| d.w.line(0, line));
    limits(&mut d.w, range, "");
    Ok(())
}

/// A row for each type and resource. kubectl collects the resources in the order of these members.
pub(super) fn limits(w: &mut Writer, range: &Value, prefix: &str) {
    for item in range.list_at(&["spec", "limits"]) {
        let mut names: Vec<&str> = Vec::new();
        for member in ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] {
            for name in item.map_at(&[member]).keys() {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        for name in names {
            let cell = |member: &str| match item.map_at(&[member]).get(name) {
                Some(value) => quantity(Some(value)),
                None => "-".to_owned(),
            };
            let cells = [
                format!("{prefix}{}", item.str_at(&["type"])),
                name.to_owned(),
                cell("min"),
                cell("max"),
                cell("defaultRequest"),
                cell("default"),
                cell("maxLimitRequestRatio"),
            ];
            w.line(0, cells.join("\t"));
        }
    }
}
