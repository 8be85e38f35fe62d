//! Type checking: what the expressions of a policy would find missing in the kinds it names. It only warns.
//!
//! Models apiserver `pkg/admission/plugin/policy/validating/typechecking.go`.

use gatehouse_cel::{self as cel, Environment, Type};
use gatehouse_model::{GroupVersion, Object, ResourceType, Value, json, schema};

use super::cel::{namespace_type, request_type};
use crate::cluster::Cluster;
use crate::schema::{cel as types, of_custom};

/// Kinds that are looked at, at most.
const MOST: usize = 10;

/// What `.status.typeChecking.expressionWarnings` says of a policy.
pub(crate) fn warnings(cluster: &Cluster, policy: &Object) -> Vec<Value> {
    let kinds = kinds(cluster, policy);
    let checks: Vec<(String, Environment)> = kinds
        .iter()
        .filter_map(|r| {
            let gv = &r.gv;
            let name = format!("{}/{}, Kind={}", gv.group, gv.version, r.kind);
            Some((name, environment(cluster, policy, of_resource(cluster, r)?)))
        })
        .collect();
    let mut out = Vec::new();
    for (i, validation) in policy.list_at(&["spec", "validations"]).iter().enumerate() {
        for field in ["expression", "messageExpression"] {
            let expression = validation.str_at(&[field]);
            if expression.is_empty() {
                continue;
            }
            let found: Vec<String> = checks
                .iter()
                .filter_map(|(kind, environment)| {
                    let issues = cel::compile(expression, environment).err()?;
                    Some(format!("{kind}: {issues}\n"))
                })
                .collect();
            if !found.is_empty() {
                let place = format!("spec.validations[{i}].{field}");
                out.push(json!({"fieldRef": place, "warning": (found.join("\n"))}));
            }
        }
    }
    out
}

/// The resources that the rules name outright, by group, version and kind.
fn kinds(cluster: &Cluster, policy: &Object) -> Vec<ResourceType> {
    let resources = cluster.resources();
    let mut out: Vec<ResourceType> = Vec::new();
    for rule in policy.list_at(&["spec", "matchConstraints", "resourceRules"]) {
        let words = |field: &str| -> Vec<&str> {
            let mut words: Vec<&str> = rule.list_at(&[field]).iter().filter_map(Value::as_str).collect();
            words.sort_unstable();
            words
        };
        let (groups, versions) = (words("apiGroups"), words("apiVersions"));
        if groups.iter().chain(&versions).any(|w| w.contains('*')) {
            continue;
        }
        let mut found = 0;
        for group in &groups {
            for version in &versions {
                for name in words("resources").into_iter().filter(|r| !r.contains(['*', '/'])) {
                    let served = resources.iter().find(|r| {
                        r.gv.group == *group
                            && r.gv.version == *version
                            && (r.plural == name || r.singular == name)
                    });
                    if let Some(resource) = served.filter(|_| found < MOST) {
                        found += 1;
                        if !out.iter().any(|r| r.gv == resource.gv && r.kind == resource.kind) {
                            out.push(resource.clone());
                        }
                    }
                }
            }
        }
        if found == MOST {
            break;
        }
    }
    let key = |r: &ResourceType| (r.gv.group.to_string(), r.gv.version.to_string(), r.kind.to_string());
    out.sort_by_key(key);
    out
}

fn of_resource(cluster: &Cluster, resource: &ResourceType) -> Option<Type> {
    match of_custom(cluster, resource) {
        Some(custom) => types::of_openapi(&custom, &resource.kind, true),
        None => {
            let ty = schema::for_kind(cluster.version, &resource.gv, &resource.kind)?;
            types::of_kind(ty, &resource.kind)
        }
    }
}

fn environment(cluster: &Cluster, policy: &Object, object: Type) -> Environment {
    let mut environment = Environment::default()
        .with("object", object.clone())
        .with("oldObject", object)
        .with("request", request_type())
        .with("namespaceObject", namespace_type())
        .with("authorizer", Type::Opaque("kubernetes.authorization.Authorizer"));
    if let Some(kind) = policy.at(&["spec", "paramKind"]).filter(|k| !k.is_null()) {
        let gv = GroupVersion::parse(kind.str_at(&["apiVersion"]));
        let resource =
            cluster.resources().into_iter().find(|r| r.gv == gv && r.kind == kind.str_at(&["kind"]));
        let of = resource.and_then(|r| of_resource(cluster, &r)).unwrap_or(Type::Dyn);
        environment = environment.with("params", of);
    }
    let mut known: Vec<(&str, Type)> = Vec::new();
    for variable in policy.list_at(&["spec", "variables"]) {
        let before = environment.clone().with("variables", Type::object("kubernetes.variables", &known));
        let of =
            cel::compile(variable.str_at(&["expression"]), &before).map_or(Type::Dyn, |p| plain(p.result));
        known.push((variable.str_at(&["name"]), of));
    }
    environment.with("variables", Type::object("kubernetes.variables", &known))
}

/// A variable's type: of objects nothing is remembered.
fn plain(of: Type) -> Type {
    match of {
        Type::List(inner) => Type::list(plain(*inner)),
        Type::Map(key, inner) => Type::map(plain(*key), plain(*inner)),
        Type::Struct(_) | Type::Opaque(_) | Type::Optional(_) | Type::Type(_) => Type::Dyn,
        other => other,
    }
}
