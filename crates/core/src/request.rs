//! What reaches the API server and what it answers.

use std::borrow::Cow;
use std::fmt;

use gatehouse_model::{Object, Value};

use crate::decision::Trace;
use crate::status::Status;

/// How a request says who it is. Authentication turns it into a [`User`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// Nothing was presented.
    Anonymous,
    /// A client certificate signed by the cluster's CA: its common name and organisations.
    Certificate {
        /// `CN`, the user's name.
        common_name: String,
        /// `O`, the user's groups.
        organizations: Vec<String>,
    },
    /// A client certificate as it was sent, in DER.
    Presented(Vec<u8>),
    /// A bearer token.
    Token(String),
    /// A component inside the simulation that is authenticated by construction: a controller's service account,
    /// the scheduler, a kubelet (`system:node:node01`).
    Internal(User),
}

/// Who is asking.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// For instance `jane` or `system:serviceaccount:ci:builder`.
    pub name: String,
    /// UID of a service account; empty for others.
    pub uid: String,
    /// Groups, in the order they are reported.
    pub groups: Vec<String>,
    /// Extra attributes, for instance `authentication.kubernetes.io/pod-name`.
    pub extra: Vec<(String, Vec<String>)>,
}

/// `--as`, `--as-group`, `--as-uid`: whom the request wants to be instead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Impersonation {
    /// `Impersonate-User`
    pub user: String,
    /// `Impersonate-Group`, repeated
    pub groups: Vec<String>,
    /// `Impersonate-Uid`
    pub uid: String,
    /// `Impersonate-Extra-…`
    pub extra: Vec<(String, Vec<String>)>,
}

/// A verb of the API. RBAC also knows words that are no request's verb (`use`, `bind`, `escalate`, …).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// Read one object; also HTTP GET of a path.
    Get,
    /// Read a collection.
    List,
    /// Follow a collection.
    Watch,
    /// Make an object.
    Create,
    /// Replace an object.
    Update,
    /// Change an object in part.
    Patch,
    /// Remove one object.
    Delete,
    /// Remove a collection.
    DeleteCollection,
    /// Any other word in a rule or an access review.
    Other(Cow<'static, str>),
}

impl Verb {
    /// The word RBAC rules use.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Watch => "watch",
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Delete => "delete",
            Self::DeleteCollection => "deletecollection",
            Self::Other(word) => word,
        }
    }

    /// The verb a word names.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word {
            "get" => Self::Get,
            "list" => Self::List,
            "watch" => Self::Watch,
            "create" => Self::Create,
            "update" => Self::Update,
            "patch" => Self::Patch,
            "delete" => Self::Delete,
            "deletecollection" => Self::DeleteCollection,
            other => Self::Other(other.to_owned().into()),
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A resource of the API.
    Resource(ResourceTarget),
    /// Any other path: `/healthz`, `/version`, `/apis/apps/v1`.
    Path(String),
}

/// A resource, maybe one object, maybe a subresource of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceTarget {
    /// Empty for the core group.
    pub group: String,
    /// For instance `v1`.
    pub version: String,
    /// The plural: `pods`.
    pub resource: String,
    /// `log`, `status`, …; empty for the resource itself.
    pub subresource: String,
    /// Empty for cluster-scoped resources and for all namespaces.
    pub namespace: String,
    /// Empty for collections (and for creates, where the body may name the object).
    pub name: String,
}

/// How a patch is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchType {
    /// `application/json-patch+json`
    Json,
    /// `application/merge-patch+json`
    Merge,
    /// `application/strategic-merge-patch+json`
    StrategicMerge,
    /// `application/apply-patch+yaml`
    Apply,
}

/// What a request carries.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Nothing.
    None,
    /// An object, not yet decoded against its schema.
    Object(Value),
    /// A patch.
    Patch(PatchType, Value),
}

/// Whether anything is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DryRun {
    /// The change is stored.
    #[default]
    No,
    /// `dryRun=All`: everything happens but storing.
    All,
}

/// What the server does about unknown and duplicate fields (`fieldValidation`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldValidation {
    /// Refuse.
    Strict,
    /// Warn.
    #[default]
    Warn,
    /// Drop them silently.
    Ignore,
}

/// `propagationPolicy` of a delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// Dependents go in the background.
    Background,
    /// Dependents go first.
    Foreground,
    /// Dependents stay.
    Orphan,
}

/// The query parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether anything is stored.
    pub dry_run: DryRun,
    /// `fieldManager`
    pub field_manager: String,
    /// `force` of a server-side apply.
    pub force: bool,
    /// What happens to unknown fields.
    pub field_validation: FieldValidation,
    /// `labelSelector`, as text.
    pub label_selector: String,
    /// `fieldSelector`, as text.
    pub field_selector: String,
    /// `propagationPolicy`; the resource's own default where `None`.
    pub propagation: Option<Propagation>,
    /// `gracePeriodSeconds`
    pub grace_period_seconds: Option<i64>,
    /// `preconditions.uid`
    pub precondition_uid: String,
    /// Query parameters of `log`, `exec` and other subresources, as given.
    pub query: Vec<(String, String)>,
}

/// A request as the API server's front door sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// How the caller says who it is.
    pub credential: Credential,
    /// Whom it wants to be instead.
    pub impersonate: Option<Impersonation>,
    /// What it wants to do.
    pub verb: Verb,
    /// To what.
    pub target: Target,
    /// With what.
    pub body: Body,
    /// How.
    pub options: Options,
    /// `User-Agent`; empty for components of the cluster, which are known by their user.
    pub agent: String,
    /// The address it comes from; empty for the control plane's own.
    pub source: String,
}

impl Request {
    /// A request of `credential` with nothing but a verb and a target.
    #[must_use]
    pub fn new(credential: Credential, verb: Verb, target: Target) -> Self {
        Self {
            credential,
            impersonate: None,
            verb,
            target,
            body: Body::None,
            options: Options::default(),
            agent: String::new(),
            source: String::new(),
        }
    }
}

/// What the server answers when it does not refuse.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// One object (200, or 201 where it was made).
    Object(Object),
    /// A collection: the list's `apiVersion` and `kind` (`PodList`), its resource version and items without
    /// their own `apiVersion` and `kind` stripped (each item carries them).
    List {
        /// Of the items.
        api_version: String,
        /// Of the items, without `List`.
        kind: String,
        /// `metadata.resourceVersion` of the list.
        resource_version: String,
        /// The items, by namespace and name.
        items: Vec<Object>,
    },
    /// `{"kind":"Status","status":"Success"}` of a delete, with the details it carries.
    Success(Value),
    /// Anything else, as text: `/healthz`, `/metrics`, logs.
    Text(String),
}

/// A response: the answer or the refusal, warnings, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// The answer or the refusal.
    pub result: Result<Reply, Status>,
    /// `Warning:` headers, in order, without the code and quotes.
    pub warnings: Vec<String>,
    /// How it came to that.
    pub trace: Trace,
}

/// Percent-encoding of a part of a query. Models Go's `url.QueryEscape`.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(b)),
            b' ' => out.push('+'),
            b => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

/// Percent-decoding of a part of a query.
#[must_use]
pub fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(b) = rest.next() {
        match b {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits: Vec<u8> = rest.by_ref().take(2).collect();
                let hex = std::str::from_utf8(&digits).ok().and_then(|d| u8::from_str_radix(d, 16).ok());
                bytes.push(hex.unwrap_or(b'%'));
            }
            b => bytes.push(b),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
