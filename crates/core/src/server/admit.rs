//! The validating half of admission: only it makes an [`Admitted`], which alone the store takes.

use gatehouse_model::Object;

use crate::admission::{self, Operation};
use crate::server::call::Call;
use crate::status::Status;
use crate::validation::Valid;

/// An object that went through the whole house.
#[derive(Debug)]
pub struct Admitted {
    object: Object,
    table: String,
}

impl Admitted {
    /// The object.
    #[must_use]
    pub const fn object(&self) -> &Object {
        &self.object
    }

    /// Where it goes.
    #[must_use]
    pub fn table(&self) -> &str {
        &self.table
    }

    pub(crate) fn into_object(self) -> Object {
        self.object
    }
}

/// Runs the validating plugins.
pub(super) fn validate(
    call: &mut Call<'_>,
    valid: Valid,
    operation: Operation,
    old: Option<&Object>,
) -> Result<Admitted, Status> {
    let object = valid.into_object();
    let name = request_name(call, &object);
    call.with_admission(operation, &name, Some(object.clone()), old, |cluster, request, notes| {
        admission::validate(cluster, request, notes)
    })?;
    Ok(Admitted { object, table: call.table() })
}

/// Asks the plugins about a delete or a connection.
pub(super) fn without_object(
    call: &mut Call<'_>,
    operation: Operation,
    name: &str,
    old: Option<&Object>,
) -> Result<(), Status> {
    call.with_admission(operation, name, None, old, |cluster, request, notes| {
        admission::mutate(cluster, request, notes)?;
        admission::validate(cluster, request, notes)
    })
}

/// Asks the plugins about the body of a subresource that is not stored itself.
pub(super) fn about(
    call: &mut Call<'_>,
    operation: Operation,
    name: &str,
    object: Object,
    old: Option<&Object>,
) -> Result<Object, Status> {
    let (object, result) =
        call.with_admission(operation, name, Some(object), old, |cluster, request, notes| {
            let result = admission::mutate(cluster, request, notes)
                .and_then(|()| admission::validate(cluster, request, notes));
            (request.object.take(), result)
        });
    result.map(|()| object.unwrap_or_default())
}

/// The name admission sees: the one in the URL, else the object's own.
pub(super) fn request_name(call: &Call<'_>, object: &Object) -> String {
    if call.target.name.is_empty() { object.name().to_owned() } else { call.target.name.clone() }
}
