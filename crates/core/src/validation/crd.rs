//! CustomResourceDefinitions.
//!
//! Models apiextensions `pkg/apis/apiextensions/validation/validation.go`, its usual complaints.

use gatehouse_model::{FieldError, FieldPath, Object, Value, names};

use super::check::{self, Errors};
use super::meta;

/// A CustomResourceDefinition.
pub(super) fn definition(errors: &mut Errors, object: &Object) {
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
        if complaints.is_empty() && group.split('.').count() < 2 {
            let why = "should be a domain with at least one dot";
            errors.push(FieldError::invalid(path.child("group"), &group.into(), why));
        }
        check::text(errors, &path.child("group"), group, complaints);
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
    for (i, short) in names_value.list_at(&["shortNames"]).iter().enumerate() {
        let short = short.as_str().unwrap_or_default();
        let complaints = names::dns1035_label(short);
        if !complaints.is_empty() {
            errors.push(FieldError::invalid(
                path.child("shortNames").index(i),
                &short.into(),
                complaints.join(","),
            ));
        }
    }
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
        if seen.contains(&name) {
            let shown = Value::from(versions.iter().map(|v| v.str_at(&["name"])).collect::<Vec<_>>());
            errors.push(FieldError::invalid(path.clone(), &shown, "must contain unique version names"));
        }
        seen.push(name);
        let complaints = names::dns1035_label(name);
        if !complaints.is_empty() {
            errors.push(FieldError::invalid(path.child("name"), &name.into(), complaints.join(",")));
        }
        let at = path.child("schema").child("openAPIV3Schema");
        match version.at(&["schema", "openAPIV3Schema"]) {
            None => errors.push(FieldError::required(at, "")),
            Some(schema) => self::schema(errors, &at, schema, Place::Root),
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
    if storage != 1 {
        let shown = Value::from(versions.iter().map(|v| v.str_at(&["name"])).collect::<Vec<_>>());
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
        errors
            .push(FieldError::required(path.child("type"), "must not be empty for specified object fields"));
    } else if !kind.is_empty() {
        check::allowed(
            errors,
            path.child("type"),
            kind,
            &["array", "boolean", "integer", "number", "object", "string"],
        );
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
    definition(errors, new);
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
