//! Asking the server for what belongs to an object.

use gatehouse_core::request::ResourceTarget;
use gatehouse_core::{Reply, Target, Verb};
use gatehouse_model::{Object, Selector, Value};

use super::Description;
use crate::error::Error;

impl Description<'_, '_, '_> {
    /// Objects of one resource.
    pub(super) fn list(
        &mut self,
        (group, version, resource): (&str, &str, &str),
        namespace: &str,
        labels: &str,
        fields: &str,
    ) -> Result<Vec<Object>, Error> {
        let target = ResourceTarget {
            group: group.to_owned(),
            version: version.to_owned(),
            resource: resource.to_owned(),
            namespace: namespace.to_owned(),
            ..ResourceTarget::default()
        };
        let mut request = self.session.request(Verb::List, Target::Resource(target))?;
        labels.clone_into(&mut request.options.label_selector);
        fields.clone_into(&mut request.options.field_selector);
        match self.session.send(request)? {
            Reply::List { items, .. } => Ok(items),
            _ => Ok(Vec::new()),
        }
    }

    /// One object.
    pub(super) fn get(
        &mut self,
        (group, version, resource): (&str, &str, &str),
        namespace: &str,
        name: &str,
    ) -> Result<Object, Error> {
        let target = ResourceTarget {
            group: group.to_owned(),
            version: version.to_owned(),
            resource: resource.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            ..ResourceTarget::default()
        };
        let request = self.session.request(Verb::Get, Target::Resource(target))?;
        crate::session::object(self.session.send(request)?)
    }

    /// How many pods of a controller are running, waiting, succeeded and failed.
    pub(super) fn pods_status(&mut self, owner: &Object, selector: Option<&Value>) -> Result<String, Error> {
        let selector = Selector::from_object(selector).map_err(Error::plain)?;
        let pods = self.list(("", "v1", "pods"), owner.namespace(), &selector.to_string(), "")?;
        let mine = |p: &&Object| p.controller().is_some_and(|c| c.str_at(&["uid"]) == owner.uid());
        let count = |phase: &str| {
            pods.iter().filter(mine).filter(|p| p.str_at(&["status", "phase"]) == phase).count()
        };
        Ok(format!(
            "{} Running / {} Waiting / {} Succeeded / {} Failed",
            count("Running"),
            count("Pending"),
            count("Succeeded"),
            count("Failed")
        ))
    }
}
