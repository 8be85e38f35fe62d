//! The expressions of policies, in the Common Expression Language: what they may look at, and what of it is said.
//!
//! Models apiserver `pkg/admission/plugin/cel` and `pkg/apis/admissionregistration/validation`.

use std::collections::BTreeMap;
use std::sync::Arc;

use gatehouse_cel::{self as cel, Environment, Host, Type};
use gatehouse_model::{FieldError, FieldPath, Value};

use super::{Expressions, OUT_OF_BUDGET, Scope, Variable};
use crate::authz::{self, Attributes};
use crate::request::{ResourceTarget, Target, User, Verb};

/// Evaluates with the language itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cel;

/// What an expression must come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// A truth: validations and match conditions.
    Bool,
    /// A text: messages.
    Text,
    /// A text or nothing: values of audit annotations.
    TextOrNull,
    /// Anything: variables.
    Any,
    /// What an object is to look like: `ApplyConfiguration`.
    Object,
    /// Operations: `JSONPatch`.
    Patch,
}

impl Wanted {
    fn types(self) -> Vec<Type> {
        match self {
            Self::Bool => vec![Type::Bool],
            Self::Text => vec![Type::String],
            Self::TextOrNull => vec![Type::String, Type::Null],
            Self::Any => Vec::new(),
            Self::Object => vec![Type::open_object("Object")],
            Self::Patch => vec![Type::list(cel::json_patch())],
        }
    }

    /// What is said of another type.
    fn complaint(self, got: &Type) -> Option<String> {
        let types = self.types();
        if types.is_empty() || types.contains(got) {
            return None;
        }
        let names: Vec<String> = types.iter().map(Type::to_string).collect();
        Some(match names.as_slice() {
            [one] => format!("must evaluate to {one} but got {got}"),
            many => format!("must evaluate to one of [{}] but got {got}", many.join(" ")),
        })
    }
}

pub(super) fn request_type() -> Type {
    let text = |names: &[&str]| names.iter().map(|n| ((*n).to_owned(), Type::String)).collect::<Vec<_>>();
    let object = |name: &str, fields: &[(String, Type)]| {
        let fields: Vec<(&str, Type)> = fields.iter().map(|(n, t)| (n.as_str(), t.clone())).collect();
        Type::object(name, &fields)
    };
    let kind = object("kubernetes.GroupVersionKind", &text(&["group", "version", "kind"]));
    let resource = object("kubernetes.GroupVersionResource", &text(&["group", "version", "resource"]));
    let mut user = text(&["username", "uid"]);
    user.push(("groups".to_owned(), Type::list(Type::String)));
    user.push(("extra".to_owned(), Type::map(Type::String, Type::list(Type::String))));
    let mut fields = text(&["subResource", "requestSubResource", "name", "namespace", "operation"]);
    for (name, t) in [
        ("kind", kind.clone()),
        ("requestKind", kind),
        ("resource", resource.clone()),
        ("requestResource", resource),
        ("userInfo", object("kubernetes.UserInfo", &user)),
        ("dryRun", Type::Bool),
        ("options", Type::Dyn),
    ] {
        fields.push((name.to_owned(), t));
    }
    object("kubernetes.AdmissionRequest", &fields)
}

pub(super) fn namespace_type() -> Type {
    let labels = || Type::map(Type::String, Type::String);
    let metadata = Type::object(
        "kubernetes.NamespaceMetadata",
        &[
            ("name", Type::String),
            ("generateName", Type::String),
            ("namespace", Type::String),
            ("labels", labels()),
            ("annotations", labels()),
            ("UID", Type::String),
            ("creationTimestamp", Type::Timestamp),
            ("deletionGracePeriodSeconds", Type::Int),
            ("deletionTimestamp", Type::Timestamp),
            ("generation", Type::Int),
            ("resourceVersion", Type::String),
            ("finalizers", Type::list(Type::String)),
        ],
    );
    let spec = Type::object("kubernetes.NamespaceSpec", &[("finalizers", Type::list(Type::String))]);
    let condition = Type::object(
        "kubernetes.NamespaceCondition",
        &[
            ("status", Type::String),
            ("type", Type::String),
            ("lastTransitionTime", Type::Timestamp),
            ("message", Type::String),
            ("reason", Type::String),
        ],
    );
    let status = Type::object(
        "kubernetes.NamespaceStatus",
        &[("phase", Type::String), ("conditions", Type::list(condition))],
    );
    Type::object("kubernetes.Namespace", &[("metadata", metadata), ("spec", spec), ("status", status)])
}

/// What the expressions of a policy may use.
fn environment(params: bool, authorizer: bool, patches: bool, variables: &[Variable]) -> Environment {
    let environment = Environment::default();
    let mut environment = if patches { environment.with_patches() } else { environment }
        .with("object", Type::Dyn)
        .with("oldObject", Type::Dyn)
        .with("request", request_type())
        .with("namespaceObject", namespace_type());
    if params {
        environment = environment.with("params", Type::Dyn);
    }
    if authorizer {
        let of = Type::Opaque("kubernetes.authorization.Authorizer");
        let resource = Type::Opaque("kubernetes.authorization.ResourceCheck");
        environment = environment.with("authorizer", of).with("authorizer.requestResource", resource);
    }
    if variables.is_empty() {
        return environment;
    }
    // Each variable may use those before it.
    let mut known: Vec<(&str, Type)> = Vec::new();
    for variable in variables {
        let before = environment.clone().with("variables", Type::object("kubernetes.variables", &known));
        let t = cel::compile(&variable.expression, &before).map_or(Type::Dyn, |p| p.result);
        known.push((&variable.name, t));
    }
    environment.with("variables", Type::object("kubernetes.variables", &known))
}

/// What is wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It makes no sense, or comes to something else than is wanted.
    Invalid(String),
    /// It could never run.
    Internal(String),
}

impl Fault {
    /// The error of the field that holds the expression.
    pub(crate) fn at(self, path: FieldPath, expression: &str) -> FieldError {
        match self {
            Self::Invalid(why) => FieldError::invalid(path, &expression.into(), why),
            Self::Internal(why) => FieldError::internal(path, why),
        }
    }
}

/// Whether an expression makes sense where something of this kind is wanted.
pub(crate) fn problem(
    expression: &str,
    wanted: Wanted,
    params: bool,
    variables: &[Variable],
) -> Result<(), Fault> {
    let patches = matches!(wanted, Wanted::Object | Wanted::Patch);
    let environment = environment(params, wanted != Wanted::Text, patches, variables);
    let program = cel::compile(expression, &environment)
        .map_err(|issues| Fault::Invalid(format!("compilation failed: {issues}")))?;
    if let Some(why) = wanted.complaint(&program.result) {
        return Err(Fault::Invalid(why));
    }
    program.instantiate().map_err(|why| Fault::Internal(format!("program instantiation failed: {why}")))
}

impl Cel {
    /// Whether an expression compiles where a message is wanted, without parameters and variables.
    #[must_use]
    pub fn accepts_message(self, expression: &str) -> bool {
        problem(expression, Wanted::Text, false, &[]).is_ok()
    }
}

/// The question `authorizer.requestResource` begins with: the request itself.
fn asked_for(request: &Value) -> cel::Question {
    let text = |path: &[&str]| request.str_at(path).to_owned();
    cel::Question {
        group: text(&["resource", "group"]),
        resource: text(&["resource", "resource"]),
        subresource: text(&["subResource"]),
        namespace: text(&["namespace"]),
        name: text(&["name"]),
        ..cel::Question::default()
    }
}

struct Authorizer<'a> {
    scope: &'a Scope<'a>,
}

impl Host for Authorizer<'_> {
    fn authorize(&self, question: &cel::Question, verb: &str) -> (bool, String) {
        let account = question.service_account.as_ref().map(|(namespace, name)| User {
            name: format!("system:serviceaccount:{namespace}:{name}"),
            groups: vec![
                "system:serviceaccounts".to_owned(),
                format!("system:serviceaccounts:{namespace}"),
                "system:authenticated".to_owned(),
            ],
            ..User::default()
        });
        let user = account.as_ref().unwrap_or(self.scope.user);
        let target = match &question.path {
            Some(path) => Target::Path(path.clone()),
            None => Target::Resource(ResourceTarget {
                group: question.group.clone(),
                version: "*".to_owned(),
                resource: question.resource.clone(),
                subresource: question.subresource.clone(),
                namespace: question.namespace.clone(),
                name: question.name.clone(),
            }),
        };
        let verb = Verb::parse(verb);
        let decision = authz::authorize(
            self.scope.cluster,
            &Attributes { user, verb: &verb, target: &target, field_selector: "" },
        );
        (decision.allowed(), decision.reason)
    }
}

/// What came of an evaluation, if what it cost was left.
fn within(
    scope: &Scope<'_>,
    (result, cost): (Result<cel::Value, String>, u64),
) -> Result<cel::Value, String> {
    let left = scope.budget.get().checked_sub(cost).ok_or(OUT_OF_BUDGET)?;
    scope.budget.set(left);
    result
}

/// The variables that an expression may come to use, in order.
fn needed<'a>(expression: &'a str, variables: &'a [Variable]) -> Vec<&'a Variable> {
    let mut users = vec![expression];
    let mut needed: Vec<&Variable> = Vec::new();
    for variable in variables.iter().rev() {
        if users.iter().any(|text| text.contains(variable.name.as_str())) {
            users.push(&variable.expression);
            needed.push(variable);
        }
    }
    needed.reverse();
    needed
}

impl Cel {
    fn value(self, expression: &str, scope: &Scope<'_>) -> Result<cel::Value, String> {
        let environment = environment(true, true, true, scope.variables);
        let program = cel::compile(expression, &environment).map_err(|issues| issues.to_string())?;
        let of = |v: Option<&Value>| v.map_or(cel::Value::Null, cel::Value::of);
        let mut request = scope.request.clone();
        for field in ["subResource", "requestSubResource"] {
            if request.str_at(&[field]).is_empty() {
                request.remove(&[field]);
            }
        }
        let mut given = BTreeMap::from([
            ("object".to_owned(), of(scope.object)),
            ("oldObject".to_owned(), of(scope.old_object)),
            ("request".to_owned(), cel::Value::of(&request)),
            ("namespaceObject".to_owned(), of(scope.namespace_object)),
            ("params".to_owned(), of(scope.params)),
            ("authorizer".to_owned(), cel::Value::Check(Arc::default())),
            ("authorizer.requestResource".to_owned(), cel::Value::Check(Arc::new(asked_for(scope.request)))),
        ]);
        let host = Authorizer { scope };
        let mut failed: Vec<(String, String)> = Vec::new();
        let mut values: Vec<(cel::Value, cel::Value)> = Vec::new();
        for variable in needed(expression, scope.variables) {
            given.insert("variables".to_owned(), cel::Value::Map(Arc::new(values.clone())));
            let value = cel::compile(&variable.expression, &environment)
                .map_err(|issues| issues.to_string())
                .and_then(|p| within(scope, p.evaluate_counting(&given, &host)));
            match value {
                Ok(value) => values.push((cel::Value::string(&variable.name), value)),
                Err(why) if why == OUT_OF_BUDGET => return Err(why),
                Err(why) => failed.push((variable.name.clone(), why)),
            }
        }
        given.insert("variables".to_owned(), cel::Value::Map(Arc::new(values)));
        within(scope, program.evaluate_counting(&given, &host)).map_err(|why| {
            // A variable that could not be evaluated is missing; its own error says more.
            let cause = failed.iter().find(|(name, _)| why == format!("no such key: {name}"));
            cause.map_or(why.clone(), |(name, own)| {
                format!("composited variable {name:?} fails to evaluate: {own}")
            })
        })
    }
}

impl Expressions for Cel {
    fn evaluate(&self, expression: &str, scope: &Scope<'_>) -> Result<Value, String> {
        self.value(expression, scope).map(|value| value.tree())
    }

    fn mutation(&self, expression: &str, scope: &Scope<'_>) -> Result<Value, String> {
        let value = self.value(expression, scope).map_err(|why| super::resulted_in(expression, &why))?;
        let misnamed = value.misnamed();
        if misnamed.is_empty() {
            return Ok(value.tree());
        }
        Err(format!("type mismatch: {}", misnamed.join("\n")))
    }
}
