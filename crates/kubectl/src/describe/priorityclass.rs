//! Priority classes.

use gatehouse_model::Object;

use super::{Description, number};
use crate::error::Error;

pub(super) fn describe(d: &mut Description<'_, '_, '_>, class: &Object) -> Result<(), Error> {
    let w = &mut d.w;
    w.field(0, "Name", class.name());
    w.field(0, "Value", number(class, &["value"]).to_string());
    w.field(0, "GlobalDefault", (class.bool_at(&["globalDefault"]) == Some(true)).to_string());
    w.field(0, "PreemptionPolicy", class.str_at(&["preemptionPolicy"]));
    w.field(0, "Description", class.str_at(&["description"]));
    w.flat_labels("Annotations", class.annotations());
    d.events(class);
    Ok(())
}
