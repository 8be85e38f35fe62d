//! What core needs of the schemas: decoding against them, and the merge keys of their lists.
//!
//! The schemas themselves are `gatehouse_model`'s; custom resources bring their own.

pub(crate) mod cel;

use gatehouse_model::decode;
use gatehouse_model::schema::{self, Schemas, Type, TypeRef};
use gatehouse_model::{Object, ResourceType, Value};

use crate::cluster::Cluster;
use crate::patch::strategic;

/// A decoded tree and the strict findings (`unknown field "spec.foo"`).
pub(crate) type Decoded = (Value, Vec<String>);

/// Decodes a tree as the resource's kind.
///
/// # Errors
/// What Go's decoder says of a value of the wrong type.
pub(crate) fn decode(cluster: &Cluster, resource: &ResourceType, value: Value) -> Result<Decoded, String> {
    let decoded = match of_custom(cluster, resource) {
        Some(custom) => {
            let schemas = Schemas::from_openapi_v3(&custom);
            match schemas.root().filter(|_| !preserves(cluster, resource)) {
                Some(root) => {
                    let mut decoded = decode::prune(&value, root).map_err(|e| e.0)?;
                    fill_defaults(&mut decoded.object, &custom);
                    decoded
                }
                None => decode::Decoded { object: value, unknown: Vec::new() },
            }
        }
        None => match builtin(cluster, resource) {
            Some(ty) => decode::decode(&value, ty).map_err(|e| e.0)?,
            None => decode::Decoded { object: value, unknown: Vec::new() },
        },
    };
    let quote = |path: &String| format!("unknown field {}", gatehouse_model::json::go_quote(path));
    Ok((decoded.object, decoded.unknown.iter().map(quote).collect()))
}

fn builtin(cluster: &Cluster, resource: &ResourceType) -> Option<TypeRef<'static>> {
    schema::for_kind(cluster.version, &resource.gv, &resource.kind)
}

/// Whether a tree converts to the resource's type, in the words of the unstructured converter.
///
/// # Errors
/// What the converter says of the first value that does not.
pub(crate) fn fits(cluster: &Cluster, resource: &ResourceType, value: &Value) -> Result<(), String> {
    builtin(cluster, resource).map_or(Ok(()), |ty| converts(value, ty))
}

fn converts(value: &Value, ty: TypeRef<'_>) -> Result<(), String> {
    let go_value = |v: &Value| match v {
        Value::Null => "nil",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::Str(_) => "string",
        Value::List(_) => "slice",
        Value::Map(_) => "map",
    };
    match (ty.ty(), value) {
        (_, Value::Null)
        | (Type::Any | Type::Quantity | Type::IntOrString | Type::Time | Type::MicroTime | Type::Bytes, _)
        | (Type::ObjectOrElse(_), _)
        | (Type::String, Value::Str(_))
        | (Type::Bool, Value::Bool(_))
        | (Type::Int32 | Type::Int64, Value::Int(_))
        | (Type::Number, Value::Int(_) | Value::Float(_)) => Ok(()),
        // Go can convert an integer to a string, and JSON must not.
        (Type::String, Value::Int(_)) => Err(format!("cannot convert int64 to {}", ty.go_type())),
        (Type::String, _) => Err("unrecognized type: string".to_owned()),
        (Type::Bool, _) => Err("unrecognized type: bool".to_owned()),
        (Type::Int32, Value::Float(_)) | (Type::Int64, Value::Float(_)) => {
            Err(format!("cannot convert float64 to {}", ty.go_type()))
        }
        (Type::Int32, _) => Err("unrecognized type: int32".to_owned()),
        (Type::Int64, _) => Err("unrecognized type: int64".to_owned()),
        (Type::Number, _) => Err("unrecognized type: float64".to_owned()),
        (Type::List(_), Value::List(items)) => match ty.item() {
            Some(item) => items.iter().try_for_each(|v| converts(v, item)),
            None => Ok(()),
        },
        (Type::List(_), other) => Err(format!("cannot restore slice from {}", go_value(other))),
        (Type::Map(_), Value::Map(map)) => match ty.item() {
            Some(item) => map.values().try_for_each(|v| converts(v, item)),
            None => Ok(()),
        },
        (Type::Map(_), other) => Err(format!("cannot restore map from {}", go_value(other))),
        (Type::Object(_), Value::Map(map)) => {
            // Go meets the fields in the order of the struct, which is not the map's; the first error wins all the same.
            map.iter().try_for_each(|(k, v)| ty.field(k).map_or(Ok(()), |field| converts(v, field)))
        }
        (Type::Object(_), other) => Err(format!("cannot restore struct from: {}", go_value(other))),
    }
}

/// Whether a resource is defined by a CustomResourceDefinition.
pub(crate) fn is_custom(cluster: &Cluster, resource: &ResourceType) -> bool {
    definition(cluster, resource).is_some()
}

/// The merge keys of a built-in kind.
pub(crate) fn shape(cluster: &Cluster, resource: &ResourceType) -> Typed {
    Typed(builtin(cluster, resource))
}

/// A place in a built-in type.
pub(crate) struct Typed(Option<TypeRef<'static>>);

impl strategic::Shape for Typed {
    fn member(&self, field: &str) -> Self {
        let Some(ty) = self.0 else { return Self(None) };
        // The elements of a list are meant where its merge key was asked for.
        let inside = match ty.ty() {
            Type::List(_) => ty.item(),
            _ => Some(ty),
        };
        Self(inside.and_then(|t| match t.ty() {
            Type::Map(_) => t.item(),
            _ => t.field(field),
        }))
    }

    fn merge_key(&self) -> Option<&str> {
        self.0
            .and_then(TypeRef::via)
            .filter(|f| f.patch_strategies.iter().any(|s| s == "merge"))
            .and_then(|f| f.patch_merge_key.as_deref())
    }

    fn is_set(&self) -> bool {
        self.0
            .and_then(TypeRef::via)
            .is_some_and(|f| f.patch_strategies.iter().any(|s| s == "merge") && f.patch_merge_key.is_none())
    }

    fn is_replaced(&self) -> bool {
        self.0.and_then(TypeRef::via).is_some_and(|f| f.patch_strategies.iter().any(|s| s == "replace"))
    }
}

/// The resources that CustomResourceDefinitions define.
pub(crate) fn custom_resources(cluster: &Cluster) -> Vec<ResourceType> {
    use gatehouse_model::{GroupVersion, Scope};
    let mut out = Vec::new();
    for crd in cluster.store.list("customresourcedefinitions.apiextensions.k8s.io", None) {
        let group = crd.str_at(&["spec", "group"]).to_owned();
        // Whose names are somebody else's is not served.
        let refused = |c: &Value| c.str_at(&["type"]) == "Established" && c.str_at(&["status"]) == "False";
        if crd.list_at(&["status", "conditions"]).iter().any(refused) {
            continue;
        }
        let accepted = crd.at(&["status", "acceptedNames"]).filter(|n| n.get("kind").is_some());
        let names = accepted.or_else(|| crd.at(&["spec", "names"])).cloned().unwrap_or_default();
        let words = |key: &str| -> Vec<std::borrow::Cow<'static, str>> {
            names.list_at(&[key]).iter().filter_map(Value::as_str).map(|s| s.to_owned().into()).collect()
        };
        for version in crd.list_at(&["spec", "versions"]) {
            if version.bool_at(&["served"]) != Some(true) {
                continue;
            }
            let mut subresources = Vec::new();
            if version.at(&["subresources", "status"]).is_some() {
                subresources.push("status".into());
            }
            if version.at(&["subresources", "scale"]).is_some() {
                subresources.push("scale".into());
            }
            let all = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
            out.push(ResourceType {
                gv: GroupVersion {
                    group: group.clone().into(),
                    version: version.str_at(&["name"]).to_owned().into(),
                },
                kind: names.str_at(&["kind"]).to_owned().into(),
                plural: names.str_at(&["plural"]).to_owned().into(),
                singular: names.str_at(&["singular"]).to_owned().into(),
                short_names: words("shortNames"),
                scope: if crd.str_at(&["spec", "scope"]) == "Namespaced" {
                    Scope::Namespaced
                } else {
                    Scope::Cluster
                },
                verbs: all.into_iter().map(Into::into).collect(),
                categories: words("categories"),
                subresources,
            });
        }
    }
    out
}

/// The definition of a custom resource.
fn definition<'a>(cluster: &'a Cluster, resource: &ResourceType) -> Option<&'a Object> {
    let name = resource.group_resource();
    cluster.store.get("customresourcedefinitions.apiextensions.k8s.io", "", &name).map(|crd| &**crd)
}

/// Whether a definition of the time before v1 keeps what its schema does not name.
fn preserves(cluster: &Cluster, resource: &ResourceType) -> bool {
    definition(cluster, resource).and_then(|crd| crd.bool_at(&["spec", "preserveUnknownFields"]))
        == Some(true)
}

/// A custom resource's version, as its definition has it.
pub(crate) fn custom_version<'a>(cluster: &'a Cluster, resource: &ResourceType) -> Option<&'a Value> {
    let versions = definition(cluster, resource)?.list_at(&["spec", "versions"]);
    versions.iter().find(|v| v.str_at(&["name"]) == resource.gv.version)
}

/// The version in which a custom resource is stored.
pub(crate) fn storage_version(cluster: &Cluster, resource: &ResourceType) -> String {
    let versions = definition(cluster, resource).map(|crd| crd.list_at(&["spec", "versions"]));
    let stored = versions.into_iter().flatten().find(|v| v.bool_at(&["storage"]) == Some(true));
    stored.map_or_else(String::new, |v| v.str_at(&["name"]).to_owned())
}

/// The fields by which a custom resource can be selected: `spec.color`.
pub(crate) fn selectable(cluster: &Cluster, resource: &ResourceType) -> Vec<String> {
    let version = custom_version(cluster, resource);
    let fields = version.map(|v| v.list_at(&["selectableFields"])).unwrap_or_default();
    fields.iter().map(|f| f.str_at(&["jsonPath"]).trim_start_matches('.').to_owned()).collect()
}

/// The schema of a custom resource's version.
pub(crate) fn of_custom(cluster: &Cluster, resource: &ResourceType) -> Option<Value> {
    custom_version(cluster, resource)?.at(&["schema", "openAPIV3Schema"]).cloned()
}

/// Runs `work` with the type of a resource's objects, built in or custom.
pub(crate) fn with_type<T>(
    cluster: &Cluster,
    resource: &ResourceType,
    work: impl FnOnce(Option<TypeRef<'_>>) -> T,
) -> T {
    match of_custom(cluster, resource) {
        Some(custom) => {
            let schemas = Schemas::from_openapi_v3(&custom);
            work(schemas.root())
        }
        None => work(builtin(cluster, resource)),
    }
}

/// Fills in the defaults of a custom resource's schema.
///
/// Models apiextensions `pkg/apiserver/schema/defaulting`.
fn fill_defaults(value: &mut Value, schema: &Value) {
    if value.as_map().is_some() {
        for (name, inner) in schema.map_at(&["properties"]).iter() {
            let missing = match value.get(name) {
                None => true,
                Some(v) => v.is_null() && inner.bool_at(&["nullable"]) != Some(true),
            };
            if missing && let Some(default) = inner.get("default") {
                value.set(&[name], default.clone());
            }
            if let Some(member) = value.at_mut(&[name]) {
                fill_defaults(member, inner);
            }
        }
        if let Some(inner) = schema.get("additionalProperties").filter(|s| s.as_map().is_some()) {
            for (_, member) in value.make_map().iter_mut() {
                fill_defaults(member, inner);
            }
        }
    } else if value.as_list().is_some()
        && let Some(inner) = schema.get("items")
    {
        for item in value.make_list() {
            fill_defaults(item, inner);
        }
    }
}
