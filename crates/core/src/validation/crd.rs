//! CustomResourceDefinitions.
//!
//! Models apiextensions `pkg/apis/apiextensions/validation/validation.go`, its usual complaints.

mod extensions;
mod schema;
mod structural;
mod version;

use gatehouse_model::{FieldError, FieldPath, KubeVersion, Object, Value, names};

use super::check::{self, Errors};
use super::{Rules, admission, internal, meta};

/// A CustomResourceDefinition.
pub(super) fn definition(errors: &mut Errors, rules: &Rules, object: &Object) {
    meta::object(errors, object, false, names::dns1123_subdomain);
    let text = |path: &[&str]| object.str_at(path);
    let (group, plural) = (text(&["spec", "group"]), text(&["spec", "names", "plural"]));
    if object.name() != format!("{plural}.{group}") {
        let why = "must be spec.names.plural+\".\"+spec.group";
        errors.push(FieldError::invalid(FieldPath::new("metadata.name"), &object.name().into(), why));
    }
    spec(errors, rules, object);
    approval(errors, object);
    if !old_version(rules) {
        preserves(errors, object);
    }
}

/// Whether the definition is written in v1beta1, which asks for less.
fn old_version(rules: &Rules) -> bool {
    rules.api_version == "apiextensions.k8s.io/v1beta1"
}

fn spec(errors: &mut Errors, rules: &Rules, object: &Object) {
    let path = FieldPath::new("spec");
    let text = |path: &[&str]| object.str_at(path);
    let group = text(&["spec", "group"]);
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
    let list = object.list_at(&["spec", "versions"]);
    // v1beta1 takes schemas that say too little, as long as nothing is pruned by them.
    let preserves = object.bool_at(&["spec", "preserveUnknownFields"]) == Some(true);
    let structural = !(old_version(rules) && preserves);
    let parts = Parts { same: Parts::same(list), version: rules.version, structural };
    versions(errors, rules, &path.child("versions"), list, &parts);
    kind_names(errors, &path.child("names"), object.at(&["spec", "names"]).unwrap_or(&Value::Null));
    // What all versions share the server knows once, for the whole definition.
    if let Some(first) = list.first() {
        part(errors, &path, first, &parts, true);
    }
    conversion(errors, &path.child("conversion"), object.at(&["spec", "conversion"]));
}

/// What the parts of versions are held to.
struct Parts {
    /// Which parts are the same in all versions.
    same: Vec<&'static str>,
    version: KubeVersion,
    structural: bool,
}

impl Parts {
    fn same(versions: &[Value]) -> Vec<&'static str> {
        let same = |field: &&str| {
            let first = versions.first().and_then(|v| v.get(field));
            versions.iter().all(|v| v.get(field) == first)
        };
        let all = ["schema", "subresources", "additionalPrinterColumns", "selectableFields"];
        all.into_iter().filter(same).collect()
    }
}

/// A version's schema, subresources, columns and fields to select by: those that all versions share, or the others.
fn part(errors: &mut Errors, path: &FieldPath, version: &Value, parts: &Parts, shared: bool) {
    let asked = |field: &str| version.get(field).filter(|_| parts.same.contains(&field) == shared);
    let schema = version.at(&["schema", "openAPIV3Schema"]);
    let status = version.at(&["subresources", "status"]).is_some();
    if let Some(inner) = schema.filter(|_| asked("schema").is_some()) {
        let at = path.child(if shared { "validation" } else { "schema" });
        self::schema::check(errors, &at, inner, status, parts);
    }
    if let Some(inner) = asked("subresources") {
        self::version::subresources(errors, &path.child("subresources"), inner);
    }
    if let Some(inner) = asked("additionalPrinterColumns") {
        self::version::columns(errors, &path.child("additionalPrinterColumns"), inner.items());
    }
    if let Some(inner) = asked("selectableFields") {
        self::version::selectable(errors, &path.child("selectableFields"), inner.items(), schema);
    }
}

/// How versions turn into one another.
fn conversion(errors: &mut Errors, path: &FieldPath, conversion: Option<&Value>) {
    let Some(conversion) = conversion else { return };
    let strategy = conversion.str_at(&["strategy"]);
    check::one_of(errors, path.child("strategy"), strategy, &["None", "Webhook"]);
    let client = conversion.at(&["webhook", "clientConfig"]);
    let reviews = conversion.list_at(&["webhook", "conversionReviewVersions"]);
    // The server's own names of these fields are those of v1beta1.
    let (client_at, reviews_at) = (path.child("webhookClientConfig"), path.child("conversionReviewVersions"));
    if strategy != "Webhook" {
        let why = "should not be set when strategy is not set to Webhook";
        if client.is_some() {
            errors.push(FieldError::forbidden(client_at, why));
        }
        if !reviews.is_empty() {
            errors.push(FieldError::forbidden(reviews_at, why));
        }
        return;
    }
    match client {
        None => errors.push(FieldError::required(client_at, "required when strategy is set to Webhook")),
        Some(client) => admission::client(errors, &client_at, client),
    }
    if reviews.is_empty() {
        errors.push(FieldError::required(reviews_at, ""));
        return;
    }
    for (i, review) in reviews.iter().enumerate() {
        let at = reviews_at.index(i);
        if reviews.iter().take(i).any(|earlier| earlier == review) {
            errors.push(FieldError::invalid(at, review, "duplicate version"));
            continue;
        }
        let name = review.as_str().unwrap_or_default();
        check::text(errors, &at, name, names::dns1035_label(name));
    }
    if !reviews.iter().any(|r| matches!(r.as_str(), Some("v1" | "v1beta1"))) {
        let shown = Value::from(reviews.to_vec());
        errors.push(FieldError::invalid(reviews_at, &shown, "must include at least one of v1, v1beta1"));
    }
}

/// The time of fields that nobody names is over.
fn preserves(errors: &mut Errors, object: &Object) {
    if object.bool_at(&["spec", "preserveUnknownFields"]) == Some(true) {
        let why = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";
        let path = FieldPath::new("spec.preserveUnknownFields");
        errors.push(FieldError::invalid(path, &Value::Bool(true), why));
    }
}

fn kind_names(errors: &mut Errors, path: &FieldPath, names_value: &Value) {
    const FIELDS: [&str; 4] = ["plural", "singular", "kind", "listKind"];
    for field in FIELDS {
        check::required(errors, path.child(field), names_value.str_at(&[field]));
    }
    for field in FIELDS {
        let name = names_value.str_at(&[field]);
        let mixed = matches!(field, "kind" | "listKind");
        let lower = name.to_lowercase();
        let complaints = names::dns1035_label(if mixed { &lower } else { name });
        if !name.is_empty() && !complaints.is_empty() {
            let prefix = if mixed { "may have mixed case, but should otherwise match: " } else { "" };
            let why = format!("{prefix}{}", complaints.join(","));
            errors.push(FieldError::invalid(path.child(field), &name.into(), why));
        }
    }
    let each = |errors: &mut Errors, field: &str| {
        for (i, name) in names_value.list_at(&[field]).iter().enumerate() {
            let complaints = names::dns1035_label(name.as_str().unwrap_or_default());
            if !complaints.is_empty() {
                errors.push(FieldError::invalid(path.child(field).index(i), name, complaints.join(",")));
            }
        }
    };
    each(errors, "shortNames");
    let (kind, list) = (names_value.str_at(&["kind"]), names_value.str_at(&["listKind"]));
    if !kind.is_empty() && kind == list {
        let why = "kind and listKind may not be the same";
        errors.push(FieldError::invalid(path.child("listKind"), &list.into(), why));
    }
    each(errors, "categories");
}

fn versions(errors: &mut Errors, rules: &Rules, path: &FieldPath, versions: &[Value], parts: &Parts) {
    for (i, version) in versions.iter().enumerate() {
        if !old_version(rules) && version.at(&["schema", "openAPIV3Schema"]).is_none() {
            let why = if rules.version.minor() < 26 { "schemas are required" } else { "" };
            let at = path.index(i).children(&["schema", "openAPIV3Schema"]);
            errors.push(FieldError::required(at, why));
        }
    }
    let (mut storage, mut seen): (i32, Vec<&str>) = (0, Vec::new());
    let mut unique = true;
    for (i, version) in versions.iter().enumerate() {
        let path = path.index(i);
        let name = version.str_at(&["name"]);
        storage += i32::from(version.bool_at(&["storage"]) == Some(true));
        unique &= !seen.contains(&name);
        seen.push(name);
        let complaints = names::dns1035_label(name);
        if !complaints.is_empty() {
            errors.push(FieldError::invalid(path.child("name"), &name.into(), complaints.join(",")));
        }
        self::version::deprecation(errors, &path, version);
        part(errors, &path, version, parts, false);
    }
    if unique && storage == 1 {
        return;
    }
    let shown: Vec<String> = versions
        .iter()
        .map(|version| {
            let mut version = version.clone();
            for field in &parts.same {
                version.remove(&[field]);
            }
            internal::print("CustomResourceDefinitionVersion", &version)
        })
        .collect();
    let shown = if shown.is_empty() { "null".to_owned() } else { format!("[{}]", shown.join(",")) };
    let mut invalid = |why: &str| errors.push(FieldError::invalid_rendered(path.clone(), shown.clone(), why));
    if !unique {
        invalid("must contain unique version names");
    }
    if storage != 1 {
        invalid("must have exactly one version marked as storage version");
    }
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

/// A change of a CustomResourceDefinition.
pub(super) fn update(errors: &mut Errors, rules: &Rules, new: &Object, old: &Object) {
    meta::update(errors, new, old);
    spec(errors, rules, new);
    let path = FieldPath::new("spec");
    for (field, at) in [
        (path.child("scope"), vec!["spec", "scope"]),
        (path.children(&["names", "kind"]), vec!["spec", "names", "kind"]),
        (path.child("group"), vec!["spec", "group"]),
        (path.children(&["names", "plural"]), vec!["spec", "names", "plural"]),
    ] {
        check::immutable(errors, field, new.at(&at), old.at(&at));
    }
    stored(errors, rules, new);
    let key = "api-approved.kubernetes.io";
    if new.annotation(key) != old.annotation(key) {
        approval(errors, new);
    }
    if !old_version(rules) && old.bool_at(&["spec", "preserveUnknownFields"]) != Some(true) {
        preserves(errors, new);
    }
}

/// A version in which something is stored stays.
fn stored(errors: &mut Errors, rules: &Rules, object: &Object) {
    let path = FieldPath::new("status.storedVersions");
    let versions = object.list_at(&["spec", "versions"]);
    for (i, stored) in object.list_at(&["status", "storedVersions"]).iter().enumerate() {
        if versions.iter().any(|v| v.get("name") == Some(stored)) {
            continue;
        }
        let name = stored.as_str().unwrap_or_default();
        let why = if rules.version.minor() < 29 {
            "must appear in spec.versions".to_owned()
        } else {
            format!(
                "missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in {name} and removes {name} from status.storedVersions"
            )
        };
        errors.push(FieldError::invalid(path.index(i), stored, why));
    }
}
