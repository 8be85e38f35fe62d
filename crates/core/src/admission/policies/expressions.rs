//! What a policy asks of whoever evaluates its expressions.

use std::cell::Cell;
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
    /// What all expressions together may still cost.
    pub budget: &'a Cell<u64>,
}

/// What all expressions of a policy may cost for one request, and all its match conditions.
pub const BUDGET: u64 = 10_000_000;
/// What all match conditions may cost.
pub const CONDITIONS_BUDGET: u64 = BUDGET / 4;

/// The error of an expression for which nothing is left.
pub const OUT_OF_BUDGET: &str =
    "validation failed due to running out of cost budget, no further validation rules will be run";

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
