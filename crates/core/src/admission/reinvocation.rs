//! The second pass of the mutating plugins: made once where a webhook or a mutating policy changed the object.
//!
//! Models apiserver `pkg/admission/reinvocation.go` and the contexts of `plugin/webhook/mutating` and
//! `plugin/policy/mutating`.

use gatehouse_model::Object;

/// What a plugin that calls others remembers from one pass to the next.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    /// The object as the plugin left it.
    left: Option<Object>,
    /// Whom it called that may be called again.
    called: Vec<String>,
    /// Who must be called again.
    again: Vec<String>,
}

/// Where a request is.
#[derive(Clone, Debug, Default)]
pub(super) struct Passes {
    /// Whether this is the second pass.
    pub(super) second: bool,
    /// Whether there must be one.
    pub(super) wanted: bool,
    /// Of the mutating webhooks.
    pub(super) webhooks: Memory,
    /// Of the mutating policies.
    pub(super) policies: Memory,
}

impl Memory {
    /// The plugin begins: what happened to the object since it last had it concerns all it called.
    pub(super) fn begin(&mut self, second: bool, object: Option<&Object>) {
        if second && self.left.as_ref() != object {
            self.changed();
        }
    }

    /// Whether somebody is to be called: in the second pass only who must be.
    pub(super) fn calls(&self, second: bool, who: &str) -> bool {
        !second || self.again.iter().any(|k| k == who)
    }

    /// The object was changed.
    pub(super) fn changed(&mut self) {
        self.again.append(&mut self.called);
    }

    /// Somebody was called; `again` is its `reinvocationPolicy: IfNeeded`.
    pub(super) fn called(&mut self, who: String, again: bool) {
        if again && !self.called.contains(&who) {
            self.called.push(who);
        }
    }

    /// The plugin ends.
    pub(super) fn end(&mut self, object: Option<&Object>) {
        self.left = object.cloned();
    }
}
