//! Field validation: the stage between the two halves of admission. Only it makes a [`Valid`].
//!
//! Models `pkg/apis/*/validation`. One kind a file, shared rules beside them.

use gatehouse_model::{FieldError, Object};

use crate::server::{Call, Mutated};
use crate::status::Status;

/// An object whose fields are right.
#[derive(Debug)]
pub(crate) struct Valid {
    object: Object,
}

impl Valid {
    pub(crate) fn into_object(self) -> Object {
        self.object
    }
}

/// Validates an object that is to be made.
///
/// # Errors
/// 422 with every finding.
pub(crate) fn create(call: &mut Call<'_>, mutated: Mutated) -> Result<Valid, Status> {
    let errors: Vec<FieldError> = Vec::new();
    finish(call, mutated, &errors)
}

/// Validates a change.
///
/// # Errors
/// 422 with every finding.
pub(crate) fn update(call: &mut Call<'_>, mutated: Mutated, _old: &Object) -> Result<Valid, Status> {
    let errors: Vec<FieldError> = Vec::new();
    finish(call, mutated, &errors)
}

fn finish(call: &Call<'_>, mutated: Mutated, errors: &[FieldError]) -> Result<Valid, Status> {
    let object = mutated.into_object();
    if errors.is_empty() {
        return Ok(Valid { object });
    }
    Err(Status::invalid(&call.resource.gv.group, &call.resource.kind, object.name(), errors))
}
