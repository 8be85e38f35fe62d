//! Custom resources: unknown fields are dropped by the structural schema, types are left to validation.

use super::{DecodeError, Decoded, decode};
use crate::schema::{self, Type, TypeRef};
use crate::value::{Map, Value};
use crate::version::KubeVersion;

/// Drops what a structural schema does not know. `metadata` is decoded as every object's is.
///
/// # Errors
/// A value of a wrong type in `metadata`.
pub fn prune(value: &Value, ty: TypeRef<'_>) -> Result<Decoded, DecodeError> {
    let mut unknown = Vec::new();
    let mut object = visit(value, ty, "", &mut unknown);
    let meta_type =
        schema::builtin().named(KubeVersion::V1_36, "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
    if let (Some(metadata), Some(meta_type)) = (value.get("metadata"), meta_type) {
        let decoded = decode(metadata, meta_type)?;
        unknown.extend(decoded.unknown.iter().map(|path| format!("metadata.{path}")));
        object.set(&["metadata"], decoded.object);
    }
    crate::order::sort(&mut unknown);
    Ok(Decoded { object, unknown })
}

fn visit(value: &Value, ty: TypeRef<'_>, path: &str, unknown: &mut Vec<String>) -> Value {
    match (ty.ty(), value) {
        (Type::List(_), Value::List(items)) => match ty.item() {
            Some(item_type) => items
                .iter()
                .enumerate()
                .map(|(i, item)| visit(item, item_type, &format!("{path}[{i}]"), unknown))
                .collect(),
            None => value.clone(),
        },
        (Type::Map(_), Value::Map(map)) => {
            let Some(item_type) = ty.item() else { return value.clone() };
            let visited =
                map.iter().map(|(key, item)| (key, visit(item, item_type, &join(path, key), unknown)));
            Value::from(visited.collect::<Map>())
        }
        (Type::Object(_), Value::Map(map)) => {
            let keeps = ty.object().is_some_and(|o| o.preserve_unknown);
            let mut out = Map::new();
            for (key, item) in map.iter() {
                if let Some(field) = ty.field(key) {
                    out.insert(key, visit(item, field, &join(path, key), unknown));
                } else if keeps {
                    out.insert(key, item.clone());
                } else {
                    unknown.push(join(path, key));
                }
            }
            Value::from(out)
        }
        _ => value.clone(),
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
