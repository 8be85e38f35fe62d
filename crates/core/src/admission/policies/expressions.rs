//! What a policy asks of whoever evaluates its expressions.

use std::fmt;

use gatehouse_model::Value;

use crate::cluster::Cluster;
use crate::request::User;

/// A variable of a policy, evaluated when first used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// `variables.NAME`
    pub name: String,
    /// What it stands for; it may use variables before it.
    pub expression: String,
}

/// Everything an expression may look at.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// For `authorizer`: whom to ask.
    pub cluster: &'a Cluster,
    /// For `authorizer`: about whom.
    pub user: &'a User,
    /// `request`
    pub request: &'a Value,
    /// `object`; null for deletes.
    pub object: Option<&'a Value>,
    /// `oldObject`; null for creates.
    pub old_object: Option<&'a Value>,
    /// `namespaceObject`; null for cluster-scoped objects.
    pub namespace_object: Option<&'a Value>,
    /// `params`; null where the policy has none.
    pub params: Option<&'a Value>,
    /// `variables`
    pub variables: &'a [Variable],
}

/// Evaluates expressions, within bounds of its own.
pub trait Expressions: fmt::Debug + Send + Sync {
    /// The value of an expression, as a tree.
    ///
    /// # Errors
    /// What went wrong, in the language's own words (`no such key: labels`).
    fn evaluate(&self, expression: &str, scope: &Scope<'_>) -> Result<Value, String>;

    /// The value of an expression that says what an object should become.
    ///
    /// # Errors
    /// As the server words them.
    fn mutation(&self, expression: &str, scope: &Scope<'_>) -> Result<Value, String> {
        self.evaluate(expression, scope).map_err(|error| super::resulted_in(expression, &error))
    }
}
