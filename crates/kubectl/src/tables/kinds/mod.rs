//! Which columns each kind has: a row of one of these tables.

mod core;
mod groups;
mod workloads;

use gatehouse_model::Value;

use super::cells::{age, container_names, created_at, images, name, spec_selector};
use super::{At, ColumnOf, KindTable};

const NAME: ColumnOf = ColumnOf::new("Name", name);
const AGE: ColumnOf = ColumnOf::new("Age", age);
const CONTAINERS: ColumnOf = ColumnOf::new("Containers", container_names).wide();
const IMAGES: ColumnOf = ColumnOf::new("Images", images).wide();
const SELECTOR: ColumnOf = ColumnOf::new("Selector", spec_selector).wide();

const fn column(name: &'static str, cell: fn(&Value, At) -> String) -> ColumnOf {
    ColumnOf::new(name, cell)
}

/// Kinds without a table of their own.
pub const OTHER: &[ColumnOf] = &[NAME, column("Created At", created_at)];

/// All tables.
pub const TABLES: [&[KindTable]; 3] = [workloads::TABLES, core::TABLES, groups::TABLES];
