//! Collections: lists and deletecollection.

use gatehouse_model::Object;

use crate::request::Reply;
use crate::server::call::{Call, in_version};
use crate::server::delete;
use crate::server::selection::Selection;
use crate::status::Status;

/// GET of a collection.
pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, Status> {
    let items = selected(call)?;
    Ok(Reply::List {
        api_version: call.resource.gv.to_string(),
        kind: call.resource.kind.to_string(),
        resource_version: call.cluster.store.revision().to_string(),
        items: items.into_iter().map(|o| in_version(&call.resource, o)).collect(),
    })
}

/// DELETE of a collection.
pub(super) fn delete(call: &mut Call<'_>) -> Result<Reply, Status> {
    let items = selected(call)?;
    for object in &items {
        delete::one(call, object)?;
    }
    Ok(Reply::List {
        api_version: call.resource.gv.to_string(),
        kind: call.resource.kind.to_string(),
        resource_version: call.cluster.store.revision().to_string(),
        items,
    })
}

fn selected(call: &Call<'_>) -> Result<Vec<Object>, Status> {
    let selection = Selection::parse(call)?;
    let namespace = Some(call.namespace()).filter(|n| !n.is_empty());
    let table = call.table();
    let store = &call.cluster.store;
    for object in store.list(&table, namespace) {
        store.readable(&table, object).map_err(|why| {
            let key = crate::store::etcd::key(&table, object.namespace(), object.name());
            Status::internal(&format!("unable to transform key \"{key}\": {why}"))
        })?;
    }
    Ok(store.list(&table, namespace).filter(|o| selection.matches(o)).map(|o| (**o).clone()).collect())
}
