//! `-o json`, `-o name`, templates and all that is no table.

use gatehouse_core::Timestamp;
use gatehouse_model::{Value, json};

use super::{Get, human, ignoring};
use crate::error::Error;
use crate::print::jsonpath::relaxed;
use crate::print::object::is_list;
use crate::print::sort::{self, SortError};
use crate::session::Session;

pub(super) fn run(session: &mut Session<'_, '_>, get: &mut Get) -> Result<(), Error> {
    let single = get.builder.single_item_implied(session);
    let (infos, result) = get.builder.infos_and_errors(session);
    let result = ignoring(result, get.ignore_not_found);
    if single || infos.is_empty() {
        result.clone()?;
    }
    if infos.is_empty() && get.ignore_not_found {
        return result;
    }
    // Format errors come after the server's.
    get.printer = get.flags.printer(session.host.files).map_err(Error::plain)?;
    let mut errors = Vec::new();
    if let Err(error) = result {
        errors.push(error);
    }
    let shown = match (infos.as_slice(), single) {
        ([one], true) if !is_list(one.object()?) => one.object()?.0.clone(),
        _ => {
            let mut items = Vec::new();
            for info in &infos {
                items.extend(human::objects_of(info.object()?).into_iter().map(|o| o.0));
            }
            json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": items})
        }
    };
    let mut text = String::new();
    match sorted(shown, &get.sort_by, session.now()) {
        Ok(shown) => {
            if let Err(why) = get.printer.print(&shown, "", &mut text) {
                errors.push(Error::plain(why));
            }
        }
        Err(error) => errors.push(error),
    }
    session.print(text);
    Error::collect(errors)
}

fn sorted(mut list: Value, field: &str, now: Timestamp) -> Result<Value, Error> {
    let items = list.list_at(&["items"]);
    if field.is_empty() || !is_list(&list) || items.is_empty() {
        return Ok(list);
    }
    let path = relaxed(field).map_err(Error::plain)?;
    let order = sort::order(&items.iter().collect::<Vec<_>>(), &path).map_err(|e| match e {
        SortError::Plain(why) => Error::plain(why),
        SortError::Unsortable(ty) => {
            Error::Exit(1, sort::unsortable(now, &path, "*unstructured.Unstructured", ty))
        }
    })?;
    let items: Vec<Value> = order.iter().filter_map(|i| items.get(*i).cloned()).collect();
    list.set(&["items"], items);
    Ok(list)
}
