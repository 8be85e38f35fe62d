//! Structural schemas: which fields a kind has, of which types, and how lists of them merge.
//!
//! The built-in kinds' schema is made at build time (see `build.rs`); that of a custom resource is read from its
//! definition at run time. Knows shapes only; what values are allowed is for validation.

mod load;
mod openapi;
#[cfg(test)]
mod random;
#[cfg(test)]
mod tests;
mod words;

use std::borrow::Cow;
use std::sync::OnceLock;

use crate::resource::GroupVersion;
use crate::version::KubeVersion;

/// Text whose life is the program's, or that of a custom resource's schema.
type Text = Cow<'static, str>;

/// The type of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// A string.
    String,
    /// A 32-bit integer.
    Int32,
    /// A 64-bit integer.
    Int64,
    /// A boolean.
    Bool,
    /// A floating-point number.
    Number,
    /// A quantity: a string such as `100m`, or a number.
    Quantity,
    /// An integer or a string.
    IntOrString,
    /// A point in time.
    Time,
    /// A point in time with microseconds.
    MicroTime,
    /// Bytes, written as base64.
    Bytes,
    /// Anything.
    Any,
    /// A list of one type.
    List(Box<Type>),
    /// A map from strings to one type.
    Map(Box<Type>),
    /// An object with known fields: an index into [`Schemas`].
    Object(usize),
    /// An object with known fields, or something that is no object at all.
    ObjectOrElse(usize),
}

/// How a list merges in server-side apply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ListType {
    /// As a whole.
    #[default]
    Atomic,
    /// Values are members, each once.
    Set,
    /// Elements are told apart by these fields.
    Map(Vec<Text>),
}

/// A field of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "facts of OpenAPI and Go, each its own")]
pub struct Field {
    /// The name in JSON.
    pub name: Text,
    /// Its type.
    pub ty: Type,
    /// Whether OpenAPI says that it must be there.
    pub required: bool,
    /// Whether unset differs from zero (Go: a pointer), so that a zero is kept.
    pub pointer: bool,
    /// Whether it is printed even when it was never set.
    pub always: bool,
    /// The minor version since which an unset struct is left out all the same.
    pub omit_zero_since: Option<u8>,
    /// The minor version the field came with; 0 where it was always there.
    pub since: u8,
    /// `patchStrategy` of strategic merge: `merge`, `retainKeys`, `replace`.
    pub patch_strategies: Vec<Text>,
    /// `patchMergeKey` of strategic merge.
    pub patch_merge_key: Option<Text>,
    /// How a list merges in server-side apply.
    pub list_type: ListType,
    /// Whether a map is replaced as a whole in server-side apply.
    pub atomic_map: bool,
    /// The named Go type (of the elements, in a list), for instance `v1.PullPolicy`.
    pub go_type: Option<Text>,
}

/// An object's type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectType {
    /// The OpenAPI name, `io.k8s.api.core.v1.PodSpec`; empty for parts of custom resources.
    pub name: Text,
    /// The fields, by name.
    pub fields: Vec<Field>,
    /// Whether unknown fields are kept and nothing is said of them.
    pub preserve_unknown: bool,
    /// Whether this is an object of the API inside another: it has `apiVersion`, `kind` and `metadata`.
    pub embedded: bool,
}

/// Types that refer to each other.
#[derive(Clone, Debug, Default)]
pub struct Schemas {
    types: Vec<ObjectType>,
    /// For every type, the reference to it.
    refs: Vec<Type>,
    /// `apiVersion`, kind and type.
    roots: Vec<(Text, Text, usize)>,
    enums: Vec<(Text, Vec<Text>)>,
}

/// A type in its schema, seen by one version of Kubernetes.
#[derive(Clone, Copy, Debug)]
pub struct TypeRef<'a> {
    schemas: &'a Schemas,
    ty: &'a Type,
    version: KubeVersion,
    field: Option<&'a Field>,
}

/// The schema of all built-in kinds.
#[must_use]
pub fn builtin() -> &'static Schemas {
    static BUILTIN: OnceLock<Schemas> = OnceLock::new();
    BUILTIN.get_or_init(|| load::parse(include_str!(concat!(env!("OUT_DIR"), "/schema.txt"))))
}

/// The schema of a built-in kind.
#[must_use]
pub fn for_kind(version: KubeVersion, gv: &GroupVersion, kind: &str) -> Option<TypeRef<'static>> {
    builtin().kind(version, &gv.to_string(), kind)
}

impl Schemas {
    /// The type of a kind.
    #[must_use]
    pub fn kind(&self, version: KubeVersion, api_version: &str, kind: &str) -> Option<TypeRef<'_>> {
        let (.., ty) = self.roots.iter().find(|(a, k, _)| a == api_version && k == kind)?;
        self.object(version, *ty)
    }

    /// The type of an OpenAPI name, `io.k8s.api.core.v1.PodSpec`.
    #[must_use]
    pub fn named(&self, version: KubeVersion, name: &str) -> Option<TypeRef<'_>> {
        self.object(version, self.types.iter().position(|t| t.name == name)?)
    }

    fn push(&mut self, object: ObjectType) -> Type {
        let ty = Type::Object(self.types.len());
        self.types.push(object);
        self.refs.push(ty.clone());
        ty
    }

    fn object(&self, version: KubeVersion, index: usize) -> Option<TypeRef<'_>> {
        Some(TypeRef { schemas: self, ty: self.refs.get(index)?, version, field: None })
    }

    /// Reads the schema of a custom resource's version. Its root has no kind: see [`Schemas::root`].
    #[must_use]
    pub fn from_openapi_v3(schema: &crate::Value) -> Self {
        openapi::read(schema)
    }

    /// The root of a schema read by [`Schemas::from_openapi_v3`].
    #[must_use]
    pub fn root(&self) -> Option<TypeRef<'_>> {
        self.object(KubeVersion::V1_36, 0)
    }

    /// The values of an enumerated Go type.
    #[must_use]
    pub fn enum_values(&self, go_type: &str) -> Option<&[Cow<'static, str>]> {
        self.enums.iter().find(|(name, _)| name == go_type).map(|(_, values)| values.as_slice())
    }

    /// The description of a built-in type, or of one of its fields.
    #[must_use]
    #[inline(never)] // An entry in web/chunks.txt: half a megabyte of text, which only `explain` reads.
    pub fn description(&self, type_name: &str, field: Option<&str>) -> Option<String> {
        let all = include_bytes!(concat!(env!("OUT_DIR"), "/descriptions.words"));
        let mut line = 0;
        for ty in self.types.iter() {
            if ty.name == type_name {
                if let Some(field) = field {
                    line += 1 + ty.fields.iter().position(|f| f.name == field)?;
                }
                let text = words::read(all, line)?;
                return Some(text.replace("\\n", "\n").replace("\\\\", "\\"));
            }
            line += 1 + ty.fields.len();
        }
        None
    }
}

impl<'a> TypeRef<'a> {
    /// What kind of type it is.
    #[must_use]
    pub const fn ty(self) -> &'a Type {
        self.ty
    }

    /// The field it is the type of, where it was reached by one.
    #[must_use]
    pub const fn via(self) -> Option<&'a Field> {
        self.field
    }

    /// The version whose eyes look at it.
    #[must_use]
    pub const fn version(self) -> KubeVersion {
        self.version
    }

    fn with(self, ty: &'a Type, field: Option<&'a Field>) -> Self {
        Self { ty, field, ..self }
    }

    /// The object type, if it is an object.
    #[must_use]
    pub fn object(self) -> Option<&'a ObjectType> {
        match self.ty {
            Type::Object(i) | Type::ObjectOrElse(i) => self.schemas.types.get(*i),
            _ => None,
        }
    }

    /// The type of elements, of a list or a map.
    #[must_use]
    pub fn item(self) -> Option<Self> {
        match self.ty {
            Type::List(item) | Type::Map(item) => Some(self.with(item, None)),
            _ => None,
        }
    }

    /// The fields this version has, by name.
    pub fn fields(self) -> impl Iterator<Item = &'a Field> {
        let minor = self.version.minor();
        self.object().map_or(&[][..], |o| &o.fields).iter().filter(move |f| f.since <= minor)
    }

    /// The type of a field, if this version has it.
    #[must_use]
    pub fn field(self, name: &str) -> Option<Self> {
        let fields = &self.object()?.fields;
        let at = fields.binary_search_by(|f| (*f.name).cmp(name)).ok()?;
        let field = fields.get(at).filter(|f| f.since <= self.version.minor())?;
        Some(self.with(&field.ty, Some(field)))
    }

    /// Follows a path of field names, through lists and maps: `["spec", "containers", "image"]`.
    #[must_use]
    pub fn descend(self, path: &[&str]) -> Option<Self> {
        path.iter().try_fold(self, |t, name| {
            let mut t = t;
            loop {
                match t.ty {
                    Type::List(_) => t = t.item()?,
                    Type::Map(_) => return t.item(),
                    _ => return t.field(name),
                }
            }
        })
    }

    /// The name of the Go struct, `PodSpec`, if it is an object.
    #[must_use]
    pub fn struct_name(self) -> Option<&'a str> {
        self.object().and_then(|o| o.name.rsplit('.').next())
    }

    /// The type as Go prints it: `[]v1.Container`, `map[string]string`, `int32`.
    #[must_use]
    pub fn go_type(self) -> String {
        let named = self.field.and_then(|f| f.go_type.as_deref());
        self.go_type_of(self.ty, named)
    }

    fn go_type_of(self, ty: &Type, named: Option<&str>) -> String {
        match ty {
            Type::String => named.unwrap_or("string").to_owned(),
            Type::Int32 => named.unwrap_or("int32").to_owned(),
            Type::Int64 => "int64".to_owned(),
            Type::Bool => "bool".to_owned(),
            Type::Number => "float64".to_owned(),
            Type::Quantity => "resource.Quantity".to_owned(),
            Type::IntOrString => "intstr.IntOrString".to_owned(),
            Type::Time => "v1.Time".to_owned(),
            Type::MicroTime => "v1.MicroTime".to_owned(),
            Type::Bytes => "[]uint8".to_owned(),
            Type::Any => "runtime.RawExtension".to_owned(),
            Type::List(item) => format!("[]{}", self.go_type_of(item, named)),
            Type::Map(item) => match named {
                Some(name) if matches!(**item, Type::Quantity | Type::Map(_) | Type::List(_)) => {
                    name.to_owned()
                }
                _ => format!("map[string]{}", self.go_type_of(item, named)),
            },
            Type::Object(i) | Type::ObjectOrElse(i) => {
                let name = self.schemas.types.get(*i).map_or("", |t| &*t.name);
                let mut parts = name.rsplit('.');
                match (parts.next(), parts.next()) {
                    (Some(name), Some(package)) => format!("{package}.{name}"),
                    _ => name.to_owned(),
                }
            }
        }
    }

    /// The values of an enumerated string.
    #[must_use]
    pub fn enum_values(self) -> Option<&'a [Cow<'static, str>]> {
        self.schemas.enum_values(self.field?.go_type.as_deref()?)
    }
}
