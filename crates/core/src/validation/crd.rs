//! CustomResourceDefinitions.
//!
//! Models apiextensions `pkg/apis/apiextensions/validation/validation.go`, its usual complaints.

mod extensions;

use gatehouse_model::{FieldError, FieldPath, Object, Value, names};

use super::check::{self, Errors};
use super::meta;

/// A CustomResourceDefinition.
pub(super) fn definition(errors: &mut Errors, object: &Object) {
    definition_any(errors, object);
    approval(errors, object);
}

fn definition_any(errors: &mut Errors, object: &Object) {
    meta::object(errors, object, false, names::dns1123_subdomain);
    let path = FieldPath::new("spec");
    let text = |path: &[&str]| object.str_at(path);
    let (group, plural) = (text(&["spec", "group"]), text(&["spec", "names", "plural"]));
    let wanted = format!("{plural}.{group}");
    if object.name() != wanted {
        let why = "must be spec.names.plural+\".\"+spec.group";
        errors.push(FieldError::invalid(FieldPath::new("metadata.name"), &object.name().into(), why));
    }
    if check::required(errors, path.child("group"), group) {
        let complaints = names::dns1123_subdomain(group);
        if !complaints.is_empty() {
            errors.push(FieldError::invalid(path.child("group"), &group.into(), complaints.join(",")));
        } else if group.split('.').count() < 2 {
            let why = "should be a domain with at least one dot";
            errors.push(FieldError::invalid(path.child("group"), &group.into(), why));
        }
    }
    check::one_of(errors, path.child("scope"), text(&["spec", "scope"]), &["Cluster", "Namespaced"]);
    versions(errors, &path.child("versions"), object.list_at(&["spec", "versions"]));
    kind_names(errors, &path.child("names"), object.at(&["spec", "names"]).unwrap_or(&Value::Null));
    let strategy = text(&["spec", "conversion", "strategy"]);
    if !strategy.is_empty() {
        check::allowed(errors, path.children(&["conversion", "strategy"]), strategy, &["None", "Webhook"]);
    }
}

fn kind_names(errors: &mut Errors, path: &FieldPath, names_value: &Value) {
    for field in ["plural", "singular", "kind", "listKind"] {
        let name = names_value.str_at(&[field]);
        if matches!(field, "plural" | "kind" | "listKind" | "singular")
            && !check::required(errors, path.child(field), name)
        {
            continue;
        }
        let lower = name.to_lowercase();
        let complaints =
            names::dns1035_label(if matches!(field, "kind" | "listKind") { &lower } else { name });
        if !complaints.is_empty() {
            let why = if matches!(field, "kind" | "listKind") {
                format!("may have mixed case, but should otherwise match: {}", complaints.join(","))
            } else {
                complaints.join(",")
            };
            errors.push(FieldError::invalid(path.child(field), &name.into(), why));
        }
    }
    let mut each = |field: &str| {
        for (i, name) in names_value.list_at(&[field]).iter().enumerate() {
            let complaints = names::dns1035_label(name.as_str().unwrap_or_default());
            if !complaints.is_empty() {
                errors.push(FieldError::invalid(path.child(field).index(i), name, complaints.join(",")));
            }
        }
    };
    each("shortNames");
    each("categories");
    if !names_value.str_at(&["kind"]).is_empty()
        && names_value.str_at(&["kind"]) == names_value.str_at(&["listKind"])
    {
        let shown = names_value.str_at(&["listKind"]).into();
        errors.push(FieldError::invalid(
            path.child("listKind"),
            &shown,
            "kind and listKind may not be the same",
        ));
    }
}

fn versions(errors: &mut Errors, path: &FieldPath, versions: &[Value]) {
    let mut storage = 0;
    let mut seen: Vec<&str> = Vec::new();
    for (i, version) in versions.iter().enumerate() {
        let path = path.index(i);
        let name = version.str_at(&["name"]);
        if version.bool_at(&["storage"]) == Some(true) {
            storage += 1;
        }
        seen.push(name);
        let complaints = names::dns1035_label(name);
        if !complaints.is_empty() {
            errors.push(FieldError::invalid(path.child("name"), &name.into(), complaints.join(",")));
        }
        let at = path.child("schema").child("openAPIV3Schema");
        match version.at(&["schema", "openAPIV3Schema"]) {
            None => errors.push(FieldError::required(at, "schemas are required")),
            Some(schema) => {
                let before = errors.len();
                plain(errors, &at, schema);
                self::schema(errors, &at, schema, Place::Root);
                if errors.len() == before {
                    extensions::rules(errors, &at, schema, true, None);
                }
            }
        }
        for (j, column) in version.list_at(&["additionalPrinterColumns"]).iter().enumerate() {
            let path = path.child("additionalPrinterColumns").index(j);
            check::required(errors, path.child("name"), column.str_at(&["name"]));
            let kind = column.str_at(&["type"]);
            let why = "must be one of boolean,date,integer,number,string";
            if kind.is_empty() {
                errors.push(FieldError::required(path.child("type"), why));
            } else if !matches!(kind, "boolean" | "date" | "integer" | "number" | "string") {
                errors.push(FieldError::invalid(path.child("type"), &kind.into(), why));
            }
            let source = column.str_at(&["jsonPath"]);
            if source.is_empty() {
                errors.push(FieldError::required(path.child("JSONPath"), ""));
            } else if !source.starts_with('.') {
                let why = "must be a simple json path starting with .";
                errors.push(FieldError::invalid(path.child("JSONPath"), &source.into(), why));
            }
        }
    }
    let shown = Value::from(seen.clone());
    seen.sort_unstable();
    seen.dedup();
    if seen.len() < versions.len() {
        errors.push(FieldError::invalid(path.clone(), &shown, "must contain unique version names"));
    }
    if storage != 1 {
        let why = "must have exactly one version marked as storage version";
        errors.push(FieldError::invalid(path.clone(), &shown, why));
    }
}

/// Where in a schema a node stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Member,
    Item,
}

/// What no schema may say, structural or not.
fn plain(errors: &mut Errors, path: &FieldPath, schema: &Value) {
    let kind = schema.str_at(&["type"]);
    for field in ["id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref"] {
        if schema.get(field).is_some() {
            errors.push(FieldError::forbidden(path.child(field), format!("{field} is not supported")));
        }
    }
    if kind == "null" {
        let why = "type cannot be set to null, use nullable as an alternative";
        errors.push(FieldError::forbidden(path.child("type"), why));
    } else if !kind.is_empty() {
        let kinds = ["array", "boolean", "integer", "number", "object", "string"];
        check::allowed(errors, path.child("type"), kind, &kinds);
    }
    if matches!(schema.get("items"), Some(Value::List(_))) {
        let why = "items must be a schema object and not an array";
        errors.push(FieldError::forbidden(path.child("items"), why));
    }
    if schema.bool_at(&["uniqueItems"]) == Some(true) {
        let why = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
        errors.push(FieldError::forbidden(path.child("uniqueItems"), why));
    }
    let properties = schema.map_at(&["properties"]);
    let more = schema.get("additionalProperties");
    if more.is_some_and(|m| m.as_bool() != Some(true)) && !properties.is_empty() {
        let why = "additionalProperties and properties are mutual exclusive";
        errors.push(FieldError::forbidden(path.child("additionalProperties"), why));
    }
    if let Some(inner) = more.filter(|m| m.as_map().is_some()) {
        plain(errors, &path.child("additionalProperties"), inner);
    }
    for (name, inner) in properties.iter() {
        plain(errors, &path.child("properties").key(name), inner);
    }
    if let Some(inner) = schema.get("items").filter(|i| i.as_map().is_some()) {
        plain(errors, &path.child("items"), inner);
    }
    extensions::node(errors, path, schema);
}

/// Groups of the project itself ask for a word of its reviewers.
fn approval(errors: &mut Errors, object: &Object) {
    let group = object.str_at(&["spec", "group"]);
    let protected = |suffix: &str| group == suffix || group.ends_with(&format!(".{suffix}"));
    if !protected("k8s.io") && !protected("kubernetes.io") {
        return;
    }
    let key = "api-approved.kubernetes.io";
    let path = FieldPath::new("metadata.annotations").key(key);
    let see = "see https://github.com/kubernetes/enhancements/pull/1111";
    let annotation = object.annotation(key).unwrap_or_default();
    let url =
        annotation.split_once("://").is_some_and(|(scheme, host)| !scheme.is_empty() && !host.is_empty());
    if annotation.is_empty() {
        let why = format!("protected groups must have approval annotation \"{key}\", {see}");
        errors.push(FieldError::required(path, why));
    } else if !annotation.starts_with("unapproved") && !url {
        let why = format!(
            "protected groups must have approval annotation \"{key}\" with either a URL or a reason starting with \"unapproved\", {see}"
        );
        errors.push(FieldError::invalid(path, &annotation.into(), why));
    }
}

/// A structural schema: every node has a type.
fn schema(errors: &mut Errors, path: &FieldPath, schema: &Value, place: Place) {
    let root = place == Place::Root;
    let kind = schema.str_at(&["type"]);
    let free = schema.bool_at(&["x-kubernetes-int-or-string"]) == Some(true)
        || schema.bool_at(&["x-kubernetes-preserve-unknown-fields"]) == Some(true);
    if root && kind != "object" {
        if kind.is_empty() {
            errors.push(FieldError::required(path.child("type"), "must not be empty at the root"));
        } else {
            errors.push(FieldError::invalid(path.child("type"), &kind.into(), "must be object at the root"));
        }
    } else if kind.is_empty() && !free {
        let why = match place {
            Place::Item => "must not be empty for specified array items",
            Place::Root | Place::Member => "must not be empty for specified object fields",
        };
        errors.push(FieldError::required(path.child("type"), why));
    }
    for (name, inner) in schema.map_at(&["properties"]).iter() {
        if root && name == "metadata" {
            continue;
        }
        self::schema(errors, &path.child("properties").key(name), inner, Place::Member);
    }
    if let Some(items) = schema.get("items") {
        self::schema(errors, &path.child("items"), items, Place::Item);
    } else if kind == "array" {
        errors.push(FieldError::required(path.child("items"), "must be specified"));
    }
    if let Some(values) = schema.get("additionalProperties").filter(|v| v.as_map().is_some()) {
        self::schema(errors, &path.child("additionalProperties"), values, Place::Member);
    }
}

/// A change of a CustomResourceDefinition.
pub(super) fn update(errors: &mut Errors, new: &Object, old: &Object) {
    meta::update(errors, new, old);
    definition_any(errors, new);
    let path = FieldPath::new("spec");
    for (field, at) in [
        (path.child("group"), vec!["spec", "group"]),
        (path.child("scope"), vec!["spec", "scope"]),
        (path.children(&["names", "kind"]), vec!["spec", "names", "kind"]),
        (path.children(&["names", "plural"]), vec!["spec", "names", "plural"]),
    ] {
        check::immutable(errors, field, new.at(&at), old.at(&at));
    }
}
