//! The decoding stage: a body becomes an object of the resource's kind, or 400. Only it makes a [`Decoded`].
//!
//! Models apiserver `pkg/endpoints/handlers/{create,update}.go` and apimachinery's strict serializer.

use gatehouse_model::{Object, Value};

use crate::admission::{self, Operation};
use crate::defaults;
use crate::request::{Body, FieldValidation};
use crate::schema;
use crate::server::admit;
use crate::server::call::Call;
use crate::server::convert;
use crate::status::Status;

/// An object of the right kind, strictly decoded and defaulted.
#[derive(Clone, Debug)]
pub(crate) struct Decoded {
    object: Object,
}

/// A decoded object after the mutating admission plugins.
#[derive(Clone, Debug)]
pub(crate) struct Mutated {
    object: Object,
}

impl Decoded {
    /// The object, to be prepared before admission.
    pub(crate) fn object_mut(&mut self) -> &mut Object {
        &mut self.object
    }

    /// Runs the mutating plugins.
    pub(crate) fn mutate(
        self,
        call: &mut Call<'_>,
        operation: Operation,
        old: Option<&Object>,
    ) -> Result<Mutated, Status> {
        let name = admit::request_name(call, &self.object);
        let (object, result) =
            call.with_admission(operation, &name, Some(self.object), old, |cluster, request, notes| {
                let result = admission::mutate(cluster, request, notes);
                (request.object.take(), result)
            });
        result?;
        let mut object = object.unwrap_or_default();
        defaults::apply(call.cluster.version, &mut object);
        Ok(Mutated { object })
    }
}

impl Mutated {
    /// The object, to be prepared by its strategy.
    pub(crate) fn object_mut(&mut self) -> &mut Object {
        &mut self.object
    }

    pub(crate) fn into_object(self) -> Object {
        self.object
    }
}

/// The object in the request's body.
pub(super) fn body(call: &mut Call<'_>) -> Result<Decoded, Status> {
    match &call.request.body {
        Body::Object(value) => typed(call, value.clone()),
        Body::None | Body::Patch(..) => Err(Status::bad_request("Object 'Kind' is missing in ''")),
    }
}

/// An object that is meant to be of the call's kind.
fn typed(call: &mut Call<'_>, value: Value) -> Result<Decoded, Status> {
    let expected = call.resource.gv.to_string();
    let (api_version, kind) = (value.str_at(&["apiVersion"]).to_owned(), value.str_at(&["kind"]).to_owned());
    if !api_version.is_empty() && api_version != expected {
        return Err(Status::bad_request(format!(
            "the API version in the data ({api_version}) does not match the expected API version ({expected})"
        )));
    }
    let wanted = call.resource.kind.to_string();
    if !kind.is_empty() && kind != wanted {
        let version = &call.resource.gv.version;
        return Err(Status::bad_request(format!(
            "{kind} in version \"{version}\" cannot be handled as a {wanted}: converting ({}.{kind}) to ({}.{wanted}): unknown conversion",
            expected, expected
        )));
    }
    decoded(call, value, Source::Body)
}

/// Where a tree comes from: the errors of a patch are worded differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The request's body is the object.
    Body,
    /// The object is the result of a patch.
    Patch,
}

/// Decodes a tree against the schema of the call's kind, defaults it, and warns or refuses as `fieldValidation` says.
pub(super) fn decoded(call: &mut Call<'_>, value: Value, source: Source) -> Result<Decoded, Status> {
    let resource = &call.resource;
    let mut value = value;
    value.set(&["apiVersion"], resource.gv.to_string());
    value.set(&["kind"], &*resource.kind);
    let outcome = schema::decode(call.cluster, resource, value);
    let in_version = format!(
        "{} in version \"{}\" cannot be handled as a {}: ",
        resource.kind, resource.gv.version, resource.kind
    );
    let (value, strict) = match outcome {
        Ok(done) => done,
        Err(why) if source == Source::Patch => return Err(Status::bad_request(&why)),
        Err(why) => return Err(Status::bad_request(format!("{in_version}{why}"))),
    };
    if !strict.is_empty() {
        match validation_mode(call) {
            FieldValidation::Strict => {
                let why = format!("strict decoding error: {}", strict.join(", "));
                let prefix = if source == Source::Patch { "" } else { &in_version };
                return Err(Status::bad_request(format!("{prefix}{why}")));
            }
            FieldValidation::Warn => call.notes.warnings.extend(strict),
            FieldValidation::Ignore => {}
        }
    }
    let mut object = Object(value);
    defaults::apply(call.cluster.version, &mut object);
    if source == Source::Body {
        call.notes.decoded = Some(object.clone());
    }
    convert::to_stored(&mut object);
    Ok(Decoded { object })
}

/// Decodes the configuration of a server-side apply: as written, without defaults.
pub(super) fn configuration(call: &mut Call<'_>, value: Value) -> Result<Value, Status> {
    let resource = &call.resource;
    for (field, wanted) in [("apiVersion", resource.gv.to_string()), ("kind", resource.kind.to_string())] {
        let found = value.str_at(&[field]).to_owned();
        if found.is_empty() {
            return Err(Status::bad_request(format!(
                "Object '{}' is missing in '{}'",
                capital(field),
                gatehouse_model::json::print(&value)
            )));
        }
        if found != wanted && field == "apiVersion" {
            return Err(Status::bad_request(format!(
                "Incorrect version specified in apply patch. Specified patch version: {found}, expected: {wanted}"
            )));
        }
        if found != wanted {
            return Err(Status::bad_request(format!(
                "the {} in the data ({found}) does not match the expected {} ({wanted})",
                if field == "kind" { "kind" } else { "API version" },
                if field == "kind" { "kind" } else { "API version" },
            )));
        }
    }
    if let Some(why) = crate::managed::misfits(call, &value) {
        let (gv, kind) = (&call.resource.gv, &call.resource.kind);
        // The name is that of the configuration, the namespace too.
        let name = ["namespace", "name"].map(|f| value.str_at(&["metadata", f])).join("/");
        let what = format!("{name}; {}/{}, Kind={kind}", gv.group, gv.version);
        let what = if gv.group.is_empty() { format!("{name}; /{}, Kind={kind}", gv.version) } else { what };
        let why = format!("failed to create typed patch object ({what}): {why}");
        return Err(Status::new(crate::status::Reason::Unknown, why));
    }
    let outcome = schema::decode(call.cluster, &call.resource, value.clone());
    let (known, strict) = outcome.map_err(|why| {
        Status::bad_request(format!("failed to create typed patch object ({}): {why}", call.target.name))
    })?;
    // Decoding writes what Go always writes; the author owns only what stands in the text.
    let value = if strict.is_empty() { value } else { known };
    if !strict.is_empty() {
        match validation_mode(call) {
            FieldValidation::Strict => {
                return Err(Status::bad_request(format!("strict decoding error: {}", strict.join(", "))));
            }
            FieldValidation::Warn => call.notes.warnings.extend(strict),
            FieldValidation::Ignore => {}
        }
    }
    Ok(value)
}

fn capital(field: &str) -> &str {
    if field == "kind" { "Kind" } else { "apiVersion" }
}

/// What happens to unknown fields: servers before 1.25 drop them without a word, whatever they are asked.
fn validation_mode(call: &Call<'_>) -> FieldValidation {
    if call.cluster.version.minor() < 25 { FieldValidation::Ignore } else { call.options().field_validation }
}
