//! Reading one object.

use crate::request::Reply;
use crate::server::call::{Call, in_version};
use crate::status::Status;

/// GET of one object.
pub(super) fn get(call: &mut Call<'_>) -> Result<Reply, Status> {
    let object = call.stored()?;
    Ok(Reply::Object(in_version(&call.resource, object)))
}
