//! Strategic merge patches applied by kubectl itself, for `--local` and client dry runs.

use gatehouse_core::patch::strategic::{self, Shape};
use gatehouse_model::schema::{self, TypeRef};
use gatehouse_model::{KubeVersion, Object, Value};

/// The shape of a built-in type.
struct Typed(Option<TypeRef<'static>>);

impl Shape for Typed {
    fn member(&self, field: &str) -> Self {
        let here = self.0.map(|t| t.item().unwrap_or(t));
        Self(self.0.and_then(|t| t.field(field)).or_else(|| here.and_then(|t| t.field(field))))
    }

    fn merge_key(&self) -> Option<&str> {
        let field = self.0?.via()?;
        field.patch_strategies.iter().any(|s| s == "merge").then_some(())?;
        field.patch_merge_key.as_deref()
    }

    fn is_set(&self) -> bool {
        self.0
            .and_then(TypeRef::via)
            .is_some_and(|f| f.patch_merge_key.is_none() && f.patch_strategies.iter().any(|s| s == "merge"))
    }

    fn is_replaced(&self) -> bool {
        self.0.and_then(TypeRef::via).is_some_and(|f| f.patch_strategies.iter().any(|s| s == "replace"))
    }
}

/// The object after a strategic merge patch.
///
/// # Errors
/// A kind without a built-in type, or a patch that makes no sense.
pub fn strategic(version: KubeVersion, object: &Object, patch: &Value) -> Result<Value, String> {
    let gv = object.group_version();
    match schema::for_kind(version, &gv, object.kind()) {
        Some(shape) => strategic::apply(object, patch, &Typed(Some(shape))),
        None => Err(format!(
            "strategic merge patch is not supported for {gv}, Kind={} locally, try --type merge",
            object.kind()
        )),
    }
}
