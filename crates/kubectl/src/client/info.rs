//! One object that a command works on, loaded or not.

use gatehouse_model::{Object, ResourceType};

use crate::error::Error;
use crate::mapping;
use crate::session::Session;

/// An object (or, unflattened, a list), with where it came from and what it is to the server.
#[derive(Clone, Debug)]
pub struct Info {
    /// What it is to the server; `None` only in local mode.
    pub mapping: Option<ResourceType>,
    /// Its namespace; empty for cluster-scoped objects.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What is known of it so far.
    pub object: Option<Object>,
    /// The file it came from (`STDIN`), or empty.
    pub source: String,
    /// The subresource asked for, or empty.
    pub subresource: String,
}

impl Info {
    /// The mapping.
    ///
    /// # Errors
    /// There is none: local mode.
    pub fn mapping(&self) -> Result<&ResourceType, Error> {
        self.mapping.as_ref().ok_or_else(|| Error::plain("local operation only"))
    }

    /// The object.
    ///
    /// # Errors
    /// It was not loaded.
    pub fn object(&self) -> Result<&Object, Error> {
        self.object.as_ref().ok_or_else(|| Error::plain("the object was not loaded"))
    }

    /// Whether it lives in a namespace.
    #[must_use]
    pub fn namespaced(&self) -> bool {
        self.mapping.as_ref().is_some_and(ResourceType::namespaced)
    }

    /// Loads it from the server.
    ///
    /// # Errors
    /// The server's refusal.
    pub fn get(&mut self, session: &mut Session<'_, '_>) -> Result<(), Error> {
        let mapping = self.mapping()?.clone();
        let object = session
            .read(&mapping, &self.namespace, &self.name, &self.subresource)
            .map_err(|error| self.or_namespace(session, error))?;
        self.refresh(object);
        Ok(())
    }

    /// What is missing if the object is: maybe its whole namespace (cli-runtime `resource/visitor.go`).
    fn or_namespace(&self, session: &mut Session<'_, '_>, error: Error) -> Error {
        if !error.is_not_found() || matches!(self.namespace.as_str(), "" | "default") {
            return error;
        }
        let Ok(Some(namespaces)) = session.pick(|all| mapping::find(all, "namespaces")) else { return error };
        match session.get(&namespaces, "", &self.namespace) {
            Err(missing) if missing.is_not_found() => missing,
            _ => error,
        }
    }

    /// Takes over what the server answered.
    pub fn refresh(&mut self, object: Object) {
        object.name().clone_into(&mut self.name);
        if self.namespaced() {
            object.namespace().clone_into(&mut self.namespace);
        }
        self.object = Some(object);
    }

    /// `pod/web`, `deployment.apps/web`: how results name it.
    #[must_use]
    pub fn object_name(&self) -> String {
        match &self.mapping {
            Some(m) => {
                format!(
                    "{}/{}",
                    gatehouse_model::resource::qualified(&m.kind.to_lowercase(), &m.gv.group),
                    self.name
                )
            }
            None => self.name.clone(),
        }
    }
}
