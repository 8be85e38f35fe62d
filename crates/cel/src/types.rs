//! Types as the checker knows them, and how cel-go writes them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A type.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// Known only when it runs: an object of the cluster.
    Dyn,
    /// `null_type`
    Null,
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `uint`
    UInt,
    /// `double`
    Double,
    /// `string`
    String,
    /// `bytes`
    Bytes,
    /// `google.protobuf.Timestamp`
    Timestamp,
    /// `google.protobuf.Duration`
    Duration,
    /// `list(T)`
    List(Box<Type>),
    /// `map(K, V)`
    Map(Box<Type>, Box<Type>),
    /// `type(T)`
    Type(Box<Type>),
    /// `optional_type(T)`
    Optional(Box<Type>),
    /// A type of a library, by its name.
    Opaque(&'static str),
    /// An object with declared fields.
    Struct(Arc<Struct>),
    /// A type that a call decides.
    Param(u32),
    /// The type of types.
    Meta,
    /// What has none, because something is wrong with it.
    Error,
}

/// An object with declared fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Struct {
    /// For instance `kubernetes.AdmissionRequest`.
    pub name: String,
    /// Its fields.
    pub fields: BTreeMap<String, Type>,
    /// Whether it may have any other fields, too.
    pub open: bool,
}

impl Type {
    /// `list(of)`
    #[must_use]
    pub fn list(of: Self) -> Self {
        Self::List(Box::new(of))
    }

    /// `map(key, value)`
    #[must_use]
    pub fn map(key: Self, value: Self) -> Self {
        Self::Map(Box::new(key), Box::new(value))
    }

    /// An object with these fields.
    #[must_use]
    pub fn object(name: &str, fields: &[(&str, Self)]) -> Self {
        let fields = fields.iter().map(|(n, t)| ((*n).to_owned(), t.clone())).collect();
        Self::Struct(Arc::new(Struct { name: name.to_owned(), fields, open: false }))
    }

    /// An object of which only the name is known.
    #[must_use]
    pub fn open_object(name: &str) -> Self {
        Self::Struct(Arc::new(Struct { name: name.to_owned(), fields: BTreeMap::new(), open: true }))
    }

    /// The type with type variables replaced where `with` knows what they are.
    pub(crate) fn replaced(&self, with: &dyn Fn(u32) -> Option<Self>) -> Self {
        let inner = |t: &Self| Box::new(t.replaced(with));
        match self {
            Self::Param(n) => with(*n).unwrap_or(Self::Param(*n)),
            Self::List(t) => Self::List(inner(t)),
            Self::Map(k, v) => Self::Map(inner(k), inner(v)),
            Self::Optional(t) => Self::Optional(inner(t)),
            Self::Type(t) => Self::Type(inner(t)),
            other => other.clone(),
        }
    }

    /// As messages about types write it: `duration` rather than `google.protobuf.Duration`.
    pub(crate) fn formatted(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Timestamp => "timestamp".to_owned(),
            Self::Duration => "duration".to_owned(),
            Self::Error => "!error!".to_owned(),
            Self::Param(n) => format!("_var{n}"),
            Self::List(t) => format!("list({})", t.formatted()),
            Self::Map(k, v) => format!("map({}, {})", k.formatted(), v.formatted()),
            Self::Type(t) => format!("type({})", t.formatted()),
            Self::Optional(t) => format!("optional_type({})", t.formatted()),
            other => other.to_string(),
        }
    }

    /// The type's name without what it is made of, as `type()` and formatting name it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::List(_) => "list".to_owned(),
            Self::Map(..) => "map".to_owned(),
            Self::Type(_) => "type".to_owned(),
            Self::Optional(_) => "optional_type".to_owned(),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dyn | Self::Param(_) => f.write_str("dyn"),
            Self::Null => f.write_str("null_type"),
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("int"),
            Self::UInt => f.write_str("uint"),
            Self::Double => f.write_str("double"),
            Self::String => f.write_str("string"),
            Self::Bytes => f.write_str("bytes"),
            Self::Timestamp => f.write_str("google.protobuf.Timestamp"),
            Self::Duration => f.write_str("google.protobuf.Duration"),
            Self::List(t) => write!(f, "list({t})"),
            Self::Map(k, v) => write!(f, "map({k}, {v})"),
            Self::Type(t) => write!(f, "type({t})"),
            Self::Optional(t) => write!(f, "optional_type({t})"),
            Self::Meta => f.write_str("type"),
            Self::Error => f.write_str("*error*"),
            Self::Opaque(name) => f.write_str(name),
            Self::Struct(s) => f.write_str(&s.name),
        }
    }
}

/// Type names as they may stand in an expression: each is a value of type `type`.
pub(crate) fn named(name: &str) -> Option<Type> {
    Some(match name {
        "bool" => Type::Bool,
        "int" => Type::Int,
        "uint" => Type::UInt,
        "double" => Type::Double,
        "string" => Type::String,
        "bytes" => Type::Bytes,
        "list" => Type::list(Type::Dyn),
        "map" => Type::map(Type::Dyn, Type::Dyn),
        "null_type" => Type::Null,
        "type" => Type::Meta,
        "google.protobuf.Timestamp" => Type::Timestamp,
        "google.protobuf.Duration" => Type::Duration,
        "optional_type" => Type::Optional(Box::new(Type::Dyn)),
        "net.IP" => Type::Opaque("net.IP"),
        "net.CIDR" => Type::Opaque("net.CIDR"),
        _ => return None,
    })
}
