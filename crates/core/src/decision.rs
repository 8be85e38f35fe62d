//! Every decision returns what decided it. The terminal, the grader, the trace view and the graph read causes;
//! nobody derives them again.

use crate::request::{Target, User, Verb};

/// What an authorizer or evaluator says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Yes.
    Allow,
    /// No, and nobody else is asked.
    Deny,
    /// Not my business; the next one is asked.
    NoOpinion,
}

/// An object that took part in a decision.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectRef {
    /// For instance `RoleBinding`.
    pub kind: String,
    /// Empty for cluster-scoped objects.
    pub namespace: String,
    /// The object's name.
    pub name: String,
}

impl std::fmt::Display for ObjectRef {
    /// How people write it: `NetworkPolicy shop/web`, `ClusterRole view`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { kind, namespace, name } = self;
        if namespace.is_empty() { write!(f, "{kind} {name}") } else { write!(f, "{kind} {namespace}/{name}") }
    }
}

/// How a cause bore on the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bearing {
    /// It made the decision.
    Decided,
    /// It nearly did; the text says what it lacked.
    NearMiss,
    /// It took part without deciding.
    Noted,
}

/// One thing that made, nearly made, or accompanied a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// How it bore on the decision.
    pub bearing: Bearing,
    /// The object concerned, if there is one.
    pub object: Option<ObjectRef>,
    /// The field within it, for instance `rules[1]`; empty for the whole.
    pub field: String,
    /// What happened, in the tutor's plain words.
    pub text: String,
}

impl Cause {
    /// A cause that concerns no object.
    #[must_use]
    pub fn plain(bearing: Bearing, text: impl Into<String>) -> Self {
        Self { bearing, object: None, field: String::new(), text: text.into() }
    }
}

/// A verdict, the reason as the server words it, and the causes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The verdict.
    pub verdict: Verdict,
    /// The server's own words (`RBAC: allowed by RoleBinding …`); may be empty.
    pub reason: String,
    /// What decided, and what nearly did.
    pub because: Vec<Cause>,
    /// What each authorizer said, in the order they were asked; like the causes, on demand.
    pub answers: Vec<Answer>,
}

/// What one authorizer said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its mode: `Node`, `RBAC`.
    pub authorizer: &'static str,
    /// Its verdict.
    pub verdict: Verdict,
}

/// What an access review was asked, and the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Reviewed {
    /// May this user
    pub user: User,
    /// do this
    pub verb: Verb,
    /// to that?
    pub target: Target,
    /// The answer.
    pub decision: Decision,
}

impl Decision {
    /// Whether the verdict is [`Verdict::Allow`].
    #[must_use]
    pub fn allowed(&self) -> bool {
        self.verdict == Verdict::Allow
    }
}

/// Which half of admission a plugin ran in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It may change the object.
    Mutating,
    /// It may only refuse.
    Validating,
}

/// One change an admission plugin made.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The field, for instance `spec.serviceAccountName`.
    pub field: String,
    /// Before, as compact JSON; empty where the field was missing.
    pub before: String,
    /// After, as compact JSON; empty where the field is gone.
    pub after: String,
}

/// What one admission plugin did to one request.
#[derive(Clone, Debug, PartialEq)]
pub struct AdmissionStep {
    /// For instance `PodSecurity`.
    pub plugin: &'static str,
    /// In which half.
    pub phase: Phase,
    /// What it changed.
    pub changes: Vec<Change>,
    /// The refusal's message, if it refused.
    pub refused: Option<String>,
    /// Why.
    pub because: Vec<Cause>,
}

/// How a request came to its answer, stage by stage.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// How the credential was taken, and as whom the request goes on.
    pub authentication: Vec<Cause>,
    /// Authenticated as; `None` where authentication failed.
    pub user: Option<User>,
    /// The authorizer's decision; `None` where it was not asked.
    pub authorization: Option<Decision>,
    /// The admission plugins that did anything.
    pub admission: Vec<AdmissionStep>,
    /// The question of an access review, and the answer.
    pub reviewed: Option<Reviewed>,
}
