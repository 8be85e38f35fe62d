//! The requests that change one object. Models cli-runtime `resource/helper.go`.

use gatehouse_core::request::{Body, FieldValidation, PatchType, Propagation, Request};
use gatehouse_core::{Reply, Verb};
use gatehouse_model::{Object, ResourceType, Value};

use crate::error::Error;
use crate::output::Dry;
use crate::session::{Session, object, target_of};

/// How an object is changed.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// `--dry-run`
    pub dry: Dry,
    /// `--field-manager`
    pub manager: String,
    /// `--validate`; the server's default where `None`.
    pub validation: Option<FieldValidation>,
    /// The subresource to change instead.
    pub subresource: String,
    /// `--force-conflicts`
    pub force: bool,
}

impl Change {
    /// A change by this field manager.
    #[must_use]
    pub fn by(manager: &str, dry: Dry) -> Self {
        Self { dry, manager: manager.to_owned(), ..Self::default() }
    }

    fn request(
        &self,
        session: &mut Session<'_, '_>,
        verb: Verb,
        mapping: &ResourceType,
        namespace: &str,
        name: &str,
        body: Body,
    ) -> Result<Request, Error> {
        let mut request = session.request(verb, target_of(mapping, namespace, name, &self.subresource))?;
        request.body = body;
        request.options.dry_run = self.dry.option();
        request.options.field_manager.clone_from(&self.manager);
        request.options.force = self.force;
        if let Some(validation) = self.validation {
            request.options.field_validation = validation;
        }
        Ok(request)
    }

    /// Makes an object.
    ///
    /// # Errors
    /// The server's refusal.
    pub fn create(
        &self,
        session: &mut Session<'_, '_>,
        mapping: &ResourceType,
        namespace: &str,
        made: &Object,
    ) -> Result<Object, Error> {
        let request =
            self.request(session, Verb::Create, mapping, namespace, "", Body::Object(made.0.clone()))?;
        object(session.send(request)?)
    }

    /// Replaces an object; one without a resource version takes that of the server's.
    ///
    /// # Errors
    /// The server's refusal.
    pub fn replace(
        &self,
        session: &mut Session<'_, '_>,
        mapping: &ResourceType,
        namespace: &str,
        name: &str,
        new: &Object,
    ) -> Result<Object, Error> {
        named(name)?;
        let mut new = new.0.clone();
        if new.str_at(&["metadata", "resourceVersion"]).is_empty()
            && let Ok(current) = session.get(mapping, namespace, name)
        {
            new.set(&["metadata", "resourceVersion"], current.str_at(&["metadata", "resourceVersion"]));
        }
        let request = self.request(session, Verb::Update, mapping, namespace, name, Body::Object(new))?;
        object(session.send(request)?)
    }

    /// Changes an object in part.
    ///
    /// # Errors
    /// The server's refusal.
    pub fn patch(
        &self,
        session: &mut Session<'_, '_>,
        mapping: &ResourceType,
        namespace: &str,
        name: &str,
        (kind, patch): (PatchType, Value),
    ) -> Result<Object, Error> {
        named(name)?;
        let request =
            self.request(session, Verb::Patch, mapping, namespace, name, Body::Patch(kind, patch))?;
        object(session.send(request)?)
    }
}

/// How an object is removed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Removal {
    /// What becomes of its dependents.
    pub propagation: Option<Propagation>,
    /// `--grace-period`; the object's own where `None`.
    pub grace: Option<i64>,
    /// `--dry-run`
    pub dry: Dry,
}

impl Removal {
    /// Removes an object; the answer is the object, or a status with its UID.
    ///
    /// # Errors
    /// The server's refusal.
    pub fn delete(
        &self,
        session: &mut Session<'_, '_>,
        mapping: &ResourceType,
        namespace: &str,
        name: &str,
    ) -> Result<Reply, Error> {
        named(name)?;
        let mut request = session.request(Verb::Delete, target_of(mapping, namespace, name, ""))?;
        request.options.propagation = self.propagation;
        request.options.grace_period_seconds = self.grace;
        request.options.dry_run = self.dry.option();
        session.send(request)
    }
}

/// What the client says of a request for one object that has no name, before it is sent.
///
/// # Errors
/// `resource name may not be empty`
pub(crate) fn named(name: &str) -> Result<(), Error> {
    if name.is_empty() { Err(Error::plain("resource name may not be empty")) } else { Ok(()) }
}

/// The UID in the answer to a delete.
#[must_use]
pub fn uid_of(reply: &Reply) -> String {
    match reply {
        Reply::Object(object) => object.uid().to_owned(),
        Reply::Success(status) => status.str_at(&["details", "uid"]).to_owned(),
        Reply::List { .. } | Reply::Text(_) => String::new(),
    }
}
