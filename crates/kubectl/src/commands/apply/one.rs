//! Applying one object: made where it is missing, else patched by three-way comparison.
//! Models kubectl `pkg/cmd/apply/apply.go` (`applyOneObject`) and `patcher.go`.

use gatehouse_core::Reason;
use gatehouse_core::request::PatchType;
use gatehouse_model::{Object, Value, json, schema};

use super::{Apply, migrate};
use crate::client::Info;
use crate::error::Error;
use crate::output::Dry;
use crate::patch::{last_applied, local, merge, strategic};
use crate::session::Session;

/// What is said when somebody else manages the fields.
const CONFLICT: &str = "Please review the fields above--they currently have other managers. Here\nare the ways you can resolve this warning:\n* If you intend to manage all of these fields, please re-run the apply\n  command with the `--force-conflicts` flag.\n* If you do not intend to manage all of the fields, please edit your\n  manifest to remove references to the fields that should keep their\n  current managers.\n* You may co-own fields by updating your manifest to match the existing\n  value; in this case, you'll become the manager if the other manager(s)\n  stop managing the field (remove it from their configuration).\nSee https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts";

/// How errors show an object: its mapping and its name.
fn describe(info: &Info) -> String {
    let name = format!("Name: {:?}, Namespace: {:?}", info.name, info.namespace);
    let Some(m) = &info.mapping else { return name };
    let resource = format!("{}/{}, Resource={}", m.gv.group, m.gv.version, m.plural);
    let kind = format!("{}/{}, Kind={}", m.gv.group, m.gv.version, m.kind);
    format!("Resource: {resource:?}, GroupVersionKind: {kind:?}\n{name}")
}

fn prune_nulls(value: &mut Value) {
    match value {
        Value::Map(_) => {
            value.make_map().retain(|_, v| !v.is_null());
            for (_, inner) in value.make_map().iter_mut() {
                prune_nulls(inner);
            }
        }
        Value::List(_) => value.make_list().iter_mut().for_each(prune_nulls),
        _ => {}
    }
}

impl Apply {
    /// Applies one object and reports it.
    pub(super) fn one(&mut self, session: &mut Session<'_, '_>, info: &mut Info) -> Result<(), Error> {
        let generate = info.object()?.str_at(&["metadata", "generateName"]).to_owned();
        if info.name.is_empty() && !generate.is_empty() {
            return Err(Error::plain(format!("from {generate}: cannot use generate name with apply")));
        }
        if self.server_side {
            return self.server_side(session, info);
        }
        let wanted = info.object()?.clone();
        let mut modified = wanted.clone();
        last_applied::update(Some(&mut modified));
        match info.get(session) {
            Ok(()) => {}
            Err(e) if e.is_not_found() => return self.create(session, info, modified),
            Err(e) => {
                let doing =
                    format!("retrieving current configuration of:\n{}\nfrom server for:", describe(info));
                return Err(e.with_source(&doing, &info.source));
            }
        }
        let current = info.object()?.clone();
        if last_applied::original(&current).is_none() {
            let plural = info.mapping()?.plural.to_string();
            session.warn(format!("resource {plural}/{} is missing the {} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.", info.name, last_applied::KEY));
        }
        if self.dry == Dry::Client && session.version().minor < 36 {
            // Older clients do not work out what would change.
            return self.report(session, info, "configured");
        }
        let (patch, patched) = self.patch(session, info, &current, &modified)?;
        let unchanged = patch.entries().is_empty();
        info.refresh(patched);
        self.warn_if_deleting(session, info);
        self.report(session, info, if unchanged { "unchanged" } else { "configured" })
    }

    fn report(&mut self, session: &mut Session<'_, '_>, info: &Info, operation: &str) -> Result<(), Error> {
        if self.print_objects {
            return Ok(());
        }
        let object = info.object()?.clone();
        self.printer.print(session, &object, operation)
    }

    fn warn_if_deleting(&self, session: &mut Session<'_, '_>, info: &Info) {
        if info.object.as_ref().is_some_and(Object::is_deleting) {
            session.warn(format!(
                "Detected changes to resource {} which is currently being deleted.",
                info.name
            ));
        }
    }

    fn create(
        &mut self,
        session: &mut Session<'_, '_>,
        info: &mut Info,
        mut wanted: Object,
    ) -> Result<(), Error> {
        prune_nulls(&mut wanted.0);
        if self.dry == Dry::Client {
            info.object = Some(wanted);
        } else {
            let mapping = info.mapping()?.clone();
            let created = self
                .change
                .create(session, &mapping, &info.namespace, &wanted)
                .map_err(|e| e.with_source("creating", &info.source))?;
            info.refresh(created);
        }
        self.report(session, info, "created")
    }

    /// The patch and the object after it.
    fn patch(
        &self,
        session: &mut Session<'_, '_>,
        info: &Info,
        current: &Object,
        modified: &Object,
    ) -> Result<(Value, Object), Error> {
        let (kind, patch) = make_patch(session, info, current, modified)?;
        if patch.entries().is_empty() {
            return Ok((patch, current.clone()));
        }
        if self.dry == Dry::Client {
            let patched = if kind == PatchType::Merge {
                Ok(gatehouse_core::patch::merge::apply(current, &patch))
            } else {
                local::strategic(session.server_version(), current, &patch)
            };
            return patched.map(|p| (patch, Object(p))).map_err(Error::plain);
        }
        let mapping = info.mapping()?.clone();
        match self.change.patch(session, &mapping, &info.namespace, &info.name, (kind, patch.clone())) {
            Ok(patched) => Ok((patch, patched)),
            Err(e) if self.force && matches!(e.reason(), Some(Reason::Conflict | Reason::Invalid)) => {
                self.removal.delete(session, &mapping, &info.namespace, &info.name)?;
                session.advance(1000);
                let created = self.change.create(session, &mapping, &info.namespace, modified)?;
                Ok((modified.0.clone(), created))
            }
            Err(e) => {
                let text = crate::print::json::compact_html(&patch);
                let doing = format!("applying patch:\n{text}\nto:\n{}\nfor:", describe(info));
                Err(e.with_source("patching", &info.source).with_source(&doing, &info.source))
            }
        }
    }

    fn server_side(&mut self, session: &mut Session<'_, '_>, info: &mut Info) -> Result<(), Error> {
        let mapping = info.mapping()?.clone();
        let wanted = info.object()?.0.clone();
        let applied = self
            .change
            .patch(session, &mapping, &info.namespace, &info.name, (PatchType::Apply, wanted.clone()))
            .map_err(|e| match e.reason() {
                Some(Reason::Conflict) => Error::plain(format!("{}\n{CONFLICT}", e.text())),
                Some(Reason::UnsupportedMediaType) => {
                    Error::plain(format!("Server-side apply not available on the server: ({})", e.text()))
                }
                _ => e,
            })?;
        info.refresh(applied);
        let was_applied = info.object.as_ref().is_some_and(|o| last_applied::original(o).is_some());
        if was_applied && self.change.subresource.is_empty() {
            migrate::migrate(self, session, info, &wanted);
        }
        self.warn_if_deleting(session, info);
        self.report(session, info, "serverside-applied")
    }
}

/// The patch that takes the server's object to the wanted one.
pub(in crate::commands) fn make_patch(
    session: &mut Session<'_, '_>,
    info: &Info,
    current: &Object,
    modified: &Object,
) -> Result<(PatchType, Value), Error> {
    let original = match last_applied::original(current) {
        Some(text) => json::parse(text.trim()).unwrap_or_else(|_| Value::map()),
        None => Value::map(),
    };
    let gv = modified.group_version();
    match schema::for_kind(session.server_version(), &gv, modified.kind()) {
        Some(shape) => match strategic::three_way(&original, modified, current, Some(shape)) {
            Ok(patch) => Ok((PatchType::StrategicMerge, patch)),
            Err(why) => {
                let show = crate::print::json::compact_html;
                let doing = format!(
                    "creating patch with:\noriginal:\n{}\nmodified:\n{}\ncurrent:\n{}\nfor:",
                    show(&original),
                    show(modified),
                    show(current)
                );
                Err(Error::plain(why).with_source(&doing, &info.source))
            }
        },
        None => Ok((PatchType::Merge, merge::three_way(&original, modified, current))),
    }
}
