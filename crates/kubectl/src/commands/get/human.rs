//! Tables on the terminal.

use gatehouse_core::request::{Credential, User};
use gatehouse_core::{Reply, Request, Timestamp, Verb};
use gatehouse_model::{Object, ResourceType, Scope, Value, json, kinds};

use super::{Get, ignoring};
use crate::cli::Args;
use crate::client::Info;
use crate::error::Error;
use crate::print::jsonpath::relaxed;
use crate::print::object::is_list;
use crate::print::sort::{self, SortError};
use crate::print::table::{Column, Row, Table, TableOptions};
use crate::print::tabwriter::TabWriter;
use crate::session::{Session, target_of};
use crate::tables::{self, At};

pub(super) fn run(session: &mut Session<'_, '_>, args: &Args, get: &Get) -> Result<(), Error> {
    let (infos, result) = get.builder.infos_and_errors(session);
    // A list of what went wrong is put into another one, which shows in how it is printed.
    let result = ignoring(result, get.ignore_not_found).map_err(|error| Error::Many(vec![error]));
    if infos.is_empty() {
        result.clone()?;
    }
    if infos.len() > 1 && !get.sort_by.is_empty() {
        sort_tables(&infos, &get.sort_by, session.now())?;
    }
    let several = several_kinds(&infos);
    let mut all_namespaced = !get.builder.all_namespaces;
    let mut writer = TabWriter::table();
    let mut last: Option<(String, Vec<Column>)> = None;
    let mut written = false;
    for info in &infos {
        let mapping = info.mapping()?.clone();
        all_namespaced &= mapping.namespaced();
        let same = last.as_ref().is_some_and(|(resource, _)| *resource == mapping.group_resource());
        if !same {
            writer.flush();
            writer.forget_widths();
        }
        let table = sorted(table_of(session, args, &mapping, info)?, &get.sort_by, session.now())?;
        let Some(table) = table else { continue };
        let shown_before = same && last.as_ref().is_some_and(|(_, columns)| *columns == table.columns);
        let options = options(args, &mapping, several, shown_before);
        if !same && written && !options.no_headers && !table.rows.is_empty() {
            writer.write("\n");
        }
        written |= !table.rows.is_empty();
        table.write(&mut writer, &options);
        // Headers are printed with the first row, so an empty table leaves them to the next.
        let columns = if table.rows.is_empty() && !shown_before { Vec::new() } else { table.columns };
        last = Some((mapping.group_resource(), columns));
    }
    session.print(writer.take());
    if !written && !get.ignore_not_found && result.is_ok() {
        nothing(session, all_namespaced, &get.namespace);
    }
    result
}

/// `No resources found in default namespace.`
fn nothing(session: &mut Session<'_, '_>, namespaced: bool, namespace: &str) {
    session.eprintln(if namespaced {
        format!("No resources found in {namespace} namespace.")
    } else {
        "No resources found".to_owned()
    });
}

pub(super) fn options(
    args: &Args,
    mapping: &ResourceType,
    with_kind: bool,
    no_headers: bool,
) -> TableOptions {
    TableOptions {
        wide: args.str("output") == "wide",
        no_headers: no_headers || args.bool("no-headers"),
        with_namespace: args.bool("all-namespaces") && mapping.scope == Scope::Namespaced,
        with_kind: (with_kind || args.bool("show-kind"))
            .then(|| (mapping.kind.to_string(), mapping.gv.group.to_string())),
        label_columns: args.list("label-columns"),
        show_labels: args.bool("show-labels"),
    }
}

fn several_kinds(infos: &[Info]) -> bool {
    let kind = |info: &Info| info.mapping.as_ref().map(|m| (m.gv.clone(), m.kind.clone()));
    infos.first().is_some_and(|first| infos.iter().any(|i| kind(i) != kind(first)))
}

/// With several tables kubectl looks for the field in the tables themselves, and does not find it.
fn sort_tables(infos: &[Info], field: &str, now: Timestamp) -> Result<(), Error> {
    let path = relaxed(field).unwrap_or_else(|_| field.to_owned());
    let tables: Vec<Value> = infos
        .iter()
        .map(|info| {
            let version = info.object.as_ref().map_or("", |o| o.str_at(&["metadata", "resourceVersion"]));
            json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {"resourceVersion": version}})
        })
        .collect();
    match sort::order(&tables.iter().collect::<Vec<_>>(), &path) {
        Ok(_) => Ok(()),
        Err(SortError::Plain(why)) => Err(Error::plain(why)),
        Err(SortError::Unsortable(ty)) => Err(Error::Exit(1, sort::unsortable(now, &path, AMONG, ty))),
    }
}

/// How Go holds the rows of a table while it sorts them.
const AMONG: &str = "[][][]reflect.Value";

/// The table with its rows in order; none where no row has the field: kubectl says nothing of that.
fn sorted(mut table: Table, field: &str, now: Timestamp) -> Result<Option<Table>, Error> {
    if field.is_empty() || table.rows.len() < 2 {
        return Ok(Some(table));
    }
    let path = relaxed(field).unwrap_or_else(|_| field.to_owned());
    let objects: Vec<&Value> = table.rows.iter().map(|r| &r.object).collect();
    let order = match sort::order(&objects, &path) {
        Ok(order) => order,
        Err(SortError::Plain(_)) => return Ok(None),
        Err(SortError::Unsortable(ty)) => {
            return Err(Error::Exit(1, sort::unsortable(now, &path, AMONG, ty)));
        }
    };
    table.rows = order.iter().filter_map(|i| table.rows.get(*i).cloned()).collect();
    Ok(Some(table))
}

/// The objects of a list, or the one object.
pub(super) fn objects_of(object: &Object) -> Vec<Object> {
    if is_list(object) {
        object.list_at(&["items"]).iter().cloned().map(Object).collect()
    } else {
        vec![object.clone()]
    }
}

/// What the server would answer to a request for a table.
pub(super) fn table_of(
    session: &mut Session<'_, '_>,
    args: &Args,
    mapping: &ResourceType,
    info: &Info,
) -> Result<Table, Error> {
    let objects = objects_of(info.object()?);
    if !args.bool("server-print") {
        return Ok(plain_table(&objects, session));
    }
    let at = At { now: session.now(), version: session.server_version(), wide: args.str("output") == "wide" };
    let mut mapping = mapping.clone();
    if !info.subresource.is_empty()
        && let Some(object) = objects.first()
    {
        mapping.kind = object.kind().to_owned().into();
        mapping.gv = object.group_version();
    }
    if kinds::builtin(at.version).iter().any(|r| r.gv.group == mapping.gv.group) {
        return Ok(tables::table(&mapping, &objects, at));
    }
    Ok(match definition(session, &mapping)? {
        Some(definition) => tables::custom_table(&definition, &mapping.gv.version, &objects, at),
        None => tables::table(&mapping, &objects, at),
    })
}

/// The definition of a custom resource, as the server itself knows it.
fn definition(session: &mut Session<'_, '_>, mapping: &ResourceType) -> Result<Option<Object>, Error> {
    let definitions = session.resources()?.iter().find(|r| r.plural == "customresourcedefinitions").cloned();
    let Some(definitions) = definitions else { return Ok(None) };
    let server = User {
        name: "system:apiserver".to_owned(),
        groups: vec!["system:masters".to_owned()],
        ..User::default()
    };
    let target = target_of(&definitions, "", &mapping.group_resource(), "");
    let request = Request::new(Credential::Internal(server), Verb::Get, target);
    Ok(match session.send_raw(request)?.result {
        Ok(Reply::Object(object)) => Some(object),
        _ => None,
    })
}

/// What kubectl prints on its own (`--server-print=false`): names and ages.
fn plain_table(objects: &[Object], session: &Session<'_, '_>) -> Table {
    let column = |name: &str, is_name| Column { name: name.to_owned(), wide: false, is_name };
    Table {
        columns: vec![column("Name", true), column("Age", false)],
        rows: objects
            .iter()
            .map(|o| {
                let age = tables::since(o.str_at(&["metadata", "creationTimestamp"]), session.now());
                Row { cells: vec![o.name().to_owned(), age], object: o.0.clone() }
            })
            .collect(),
    }
}
