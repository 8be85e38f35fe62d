//! Refusals as the API server words them.
//!
//! Models apimachinery `pkg/api/errors/errors.go` and `metav1.Status`.

use std::fmt;

use gatehouse_model::field::aggregate;
use gatehouse_model::resource::qualified;
use gatehouse_model::{FieldError, Value, json};

/// The machine-readable reason of a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// 400
    BadRequest,
    /// 401
    Unauthorized,
    /// 403
    Forbidden,
    /// 404
    NotFound,
    /// 405
    MethodNotAllowed,
    /// 406
    NotAcceptable,
    /// 409, the name is taken
    AlreadyExists,
    /// 409, somebody else changed it
    Conflict,
    /// 410
    Gone,
    /// 413
    RequestEntityTooLarge,
    /// 415
    UnsupportedMediaType,
    /// 422
    Invalid,
    /// 429
    TooManyRequests,
    /// 500
    InternalError,
    /// 503
    ServiceUnavailable,
    /// 504
    Timeout,
    /// 500, an error that nobody gave a reason
    Unknown,
}

impl Reason {
    /// The word in `status.reason`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "BadRequest",
            Self::Unauthorized => "Unauthorized",
            Self::Forbidden => "Forbidden",
            Self::NotFound => "NotFound",
            Self::MethodNotAllowed => "MethodNotAllowed",
            Self::NotAcceptable => "NotAcceptable",
            Self::AlreadyExists => "AlreadyExists",
            Self::Conflict => "Conflict",
            Self::Gone => "Gone",
            Self::RequestEntityTooLarge => "RequestEntityTooLarge",
            Self::UnsupportedMediaType => "UnsupportedMediaType",
            Self::Invalid => "Invalid",
            Self::TooManyRequests => "TooManyRequests",
            Self::InternalError => "InternalError",
            Self::Unknown => "",
            Self::ServiceUnavailable => "ServiceUnavailable",
            Self::Timeout => "Timeout",
        }
    }

    /// The HTTP code.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::NotAcceptable => 406,
            Self::AlreadyExists | Self::Conflict => 409,
            Self::Gone => 410,
            Self::RequestEntityTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::Invalid => 422,
            Self::TooManyRequests => 429,
            Self::InternalError | Self::Unknown => 500,
            Self::ServiceUnavailable => 503,
            Self::Timeout => 504,
        }
    }
}

/// One cause in a status's details.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusCause {
    /// For instance `FieldValueInvalid`.
    pub reason: String,
    /// What is wrong, without the path.
    pub message: String,
    /// Where.
    pub field: String,
}

/// The cause that has the text of an answer that was no JSON.
pub const PLAIN_ANSWER: &str = "UnexpectedServerResponse";

/// A refusal (`metav1.Status` with `status: Failure`).
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// Why, in one word.
    pub reason: Reason,
    /// The HTTP code; the reason's own unless a webhook or policy chose another.
    pub code: u16,
    /// What kubectl prints behind `Error from server (Reason): `.
    pub message: String,
    /// The name of the object concerned, or empty.
    pub name: String,
    /// Its API group.
    pub group: String,
    /// Its kind or resource, as the details carry it.
    pub kind: String,
    /// The single findings of validation.
    pub causes: Vec<StatusCause>,
    /// When to try again, in seconds; 0 for never.
    pub retry_after_seconds: u32,
}

impl Status {
    /// A status with just a reason and a message.
    #[must_use]
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            code: reason.code(),
            message: message.into(),
            name: String::new(),
            group: String::new(),
            kind: String::new(),
            causes: Vec::new(),
            retry_after_seconds: 0,
        }
    }

    /// Nobody listens: the API server is down.
    #[must_use]
    pub fn connection_refused() -> Self {
        let mut status = Self::new(Reason::ServiceUnavailable, "connect: connection refused");
        status.code = 0;
        status
    }

    /// The same, about an object.
    #[must_use]
    pub(crate) fn about(mut self, group: &str, kind: &str, name: &str) -> Self {
        group.clone_into(&mut self.group);
        kind.clone_into(&mut self.kind);
        name.clone_into(&mut self.name);
        self
    }

    /// 400 with a message of the caller's.
    #[must_use]
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(Reason::BadRequest, message)
    }

    /// 401.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(Reason::Unauthorized, "Unauthorized")
    }

    /// `pods "web" is forbidden: why` (or without the name).
    #[must_use]
    pub fn forbidden(group: &str, resource: &str, name: &str, why: &str) -> Self {
        let what = qualified(resource, group);
        let message = match (what.is_empty(), name.is_empty()) {
            (true, true) => format!("forbidden: {why}"),
            (true, false) => format!("forbidden: \"{name}\" : {why}"),
            (false, true) => format!("{what} is forbidden: {why}"),
            (false, false) => format!("{what} \"{name}\" is forbidden: {why}"),
        };
        Self::new(Reason::Forbidden, message).about(group, resource, name)
    }

    /// `pods "web" not found`.
    #[must_use]
    pub fn not_found(group: &str, resource: &str, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", qualified(resource, group));
        Self::new(Reason::NotFound, message).about(group, resource, name)
    }

    /// What a path the server does not know answers.
    #[must_use]
    pub fn path_not_found() -> Self {
        Self::new(Reason::NotFound, "the server could not find the requested resource")
    }

    /// `pods "web" already exists`.
    #[must_use]
    pub fn already_exists(group: &str, resource: &str, name: &str) -> Self {
        let message = format!("{} \"{name}\" already exists", qualified(resource, group));
        Self::new(Reason::AlreadyExists, message).about(group, resource, name)
    }

    /// `Operation cannot be fulfilled on pods "web": why`.
    #[must_use]
    pub fn conflict(group: &str, resource: &str, name: &str, why: &str) -> Self {
        let message =
            format!("Operation cannot be fulfilled on {} \"{name}\": {why}", qualified(resource, group));
        Self::new(Reason::Conflict, message).about(group, resource, name)
    }

    /// `Pod "web" is invalid: …` with one cause a finding.
    #[must_use]
    pub fn invalid(group: &str, kind: &str, name: &str, errors: &[FieldError]) -> Self {
        let what = qualified(kind, group);
        let message = if errors.is_empty() {
            format!("{what} \"{name}\" is invalid")
        } else {
            format!("{what} \"{name}\" is invalid: {}", aggregate(errors))
        };
        let mut status = Self::new(Reason::Invalid, message).about(group, kind, name);
        status.causes = errors
            .iter()
            .map(|e| StatusCause {
                reason: e.kind.reason().to_owned(),
                message: e.body(),
                field: e.path.shown().to_owned(),
            })
            .collect();
        status
    }

    /// 405 for a verb that the resource does not serve.
    #[must_use]
    pub fn method_not_allowed(group: &str, resource: &str, verb: &str) -> Self {
        let message =
            format!("{verb} is not supported on resources of kind \"{}\"", qualified(resource, group));
        Self::new(Reason::MethodNotAllowed, message).about(group, resource, "")
    }

    /// 500.
    #[must_use]
    pub fn internal(why: &str) -> Self {
        Self::new(Reason::InternalError, format!("Internal error occurred: {why}"))
    }

    /// The `metav1.Status` object that goes over the wire.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut v = json!({
            "apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Failure",
            "message": (self.message.as_str()), "reason": (self.reason.as_str()), "code": (i64::from(self.code)),
        });
        let mut details = gatehouse_model::Map::new();
        for (key, text) in [("name", &self.name), ("group", &self.group), ("kind", &self.kind)] {
            if !text.is_empty() {
                details.insert(key, text.as_str());
            }
        }
        if !self.causes.is_empty() {
            let causes: Value = self
                .causes
                .iter()
                .map(|c| json!({"reason": (c.reason.as_str()), "message": (c.message.as_str()), "field": (c.field.as_str())}))
                .collect();
            details.insert("causes", causes);
        }
        if self.retry_after_seconds > 0 {
            details.insert("retryAfterSeconds", i64::from(self.retry_after_seconds));
        }
        if !details.is_empty() {
            v.set(&["details"], details);
        }
        v
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Status {}
