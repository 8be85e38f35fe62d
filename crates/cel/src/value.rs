//! Values as they run, and how `string()` and `%s` write them.

use std::cmp::Ordering;
use std::net::IpAddr;
use std::sync::Arc;

use crate::library::{quantity::Amount, semver::Semver, time, url::Url};

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`
    Null,
    /// A truth.
    Bool(bool),
    /// A signed number.
    Int(i64),
    /// An unsigned number.
    UInt(u64),
    /// A number with a fraction.
    Double(f64),
    /// A text.
    String(Arc<str>),
    /// Bytes.
    Bytes(Arc<[u8]>),
    /// Elements.
    List(Arc<Vec<Value>>),
    /// Keys and values, in the order they came.
    Map(Arc<Vec<(Value, Value)>>),
    /// Nanoseconds since 1970, and how far the place it was written for is ahead of UTC, in seconds.
    Timestamp(i128, i32),
    /// Nanoseconds.
    Duration(i64),
    /// A type, by its name.
    Type(String),
    /// Something or nothing.
    Optional(Option<Arc<Value>>),
    /// A quantity of Kubernetes.
    Quantity(Arc<Amount>),
    /// A URL.
    Url(Arc<Url>),
    /// An address.
    Ip(IpAddr),
    /// An address and the length of its network's prefix.
    Cidr(IpAddr, u8),
    /// A semantic version.
    Semver(Arc<Semver>),
    /// A named format.
    Format(&'static str),
    /// An object that was written down: its type's name and its fields.
    Object(Arc<(String, Vec<(Value, Value)>)>),
    /// Something that `authorizer` made: what was asked so far.
    Check(Arc<Question>),
    /// What the authorizer answered: whether, and why.
    Decision(bool, Arc<str>),
}

/// What is asked of the authorizer, as far as it has been said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// Somebody else than the request's user: namespace and name of a service account.
    pub service_account: Option<(String, String)>,
    /// A path that is no resource.
    pub path: Option<String>,
    /// The API group.
    pub group: String,
    /// The resource.
    pub resource: String,
    /// Of it.
    pub subresource: String,
    /// Where.
    pub namespace: String,
    /// Which one.
    pub name: String,
}

impl Value {
    /// A text.
    #[must_use]
    pub fn string(text: &str) -> Self {
        Self::String(text.into())
    }

    /// A list.
    #[must_use]
    pub fn list(items: Vec<Self>) -> Self {
        Self::List(Arc::new(items))
    }

    /// An object of the cluster.
    #[must_use]
    pub fn of(tree: &gatehouse_model::Value) -> Self {
        use gatehouse_model::Value as Tree;
        match tree {
            Tree::Null => Self::Null,
            Tree::Bool(b) => Self::Bool(*b),
            Tree::Int(i) => Self::Int(*i),
            Tree::Float(f) => Self::Double(*f),
            Tree::Str(s) => Self::String(Arc::clone(s)),
            Tree::List(l) => Self::list(l.iter().map(Self::of).collect()),
            Tree::Map(m) => {
                Self::Map(Arc::new(m.iter().map(|(k, v)| (Self::string(k), Self::of(v))).collect()))
            }
        }
    }

    /// The value as a tree; what a tree cannot hold becomes its text.
    #[must_use]
    pub fn tree(&self) -> gatehouse_model::Value {
        use gatehouse_model::Value as Tree;
        match self {
            Self::Null | Self::Optional(None) => Tree::Null,
            Self::Bool(b) => Tree::Bool(*b),
            Self::Int(i) => Tree::Int(*i),
            Self::UInt(u) => i64::try_from(*u).map_or(Tree::Null, Tree::Int),
            Self::Double(d) => Tree::Float(*d),
            Self::String(s) => Tree::Str(Arc::clone(s)),
            Self::List(l) => l.iter().map(Self::tree).collect(),
            Self::Map(m) => {
                let map: gatehouse_model::Map = m.iter().map(|(k, v)| (k.show(), v.tree())).collect();
                map.into()
            }
            Self::Optional(Some(v)) => v.tree(),
            Self::Object(o) => {
                let map: gatehouse_model::Map = o.1.iter().map(|(k, v)| (k.show(), v.tree())).collect();
                map.into()
            }
            other => Tree::from(other.show()),
        }
    }

    /// Objects whose type is not named after the fields that lead to them, as the API server complains of them.
    #[must_use]
    pub fn misnamed(&self) -> Vec<String> {
        fn walk(value: &Value, path: &str, out: &mut Vec<String>) {
            match value {
                Value::Object(o) => {
                    if o.0 != path {
                        out.push(format!(
                            "unexpected type name {:?}, expected {path:?}, which matches field name path from root Object type",
                            o.0
                        ));
                    }
                    for (field, inner) in &o.1 {
                        walk(inner, &format!("{path}.{}", field.show()), out);
                    }
                }
                Value::Optional(Some(inner)) => walk(inner, path, out),
                Value::List(list) => list.iter().for_each(|inner| walk(inner, path, out)),
                Value::Map(map) => map.iter().for_each(|(_, inner)| walk(inner, path, out)),
                _ => {}
            }
        }
        let mut out = Vec::new();
        let mut roots = vec![self];
        while let Some(root) = roots.pop() {
            match root {
                // The operations of a JSON patch: what each carries begins a path of its own.
                Self::List(list) => roots.extend(list.iter().rev()),
                Self::Object(o) if o.0 == "JSONPatch" => roots.extend(o.1.iter().map(|(_, value)| value)),
                Self::Object(o) => walk(root, &o.0, &mut out),
                _ => {}
            }
        }
        out
    }

    /// The name of the value's type, as `type()` gives it.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::UInt(_) => "uint",
            Self::Double(_) => "double",
            Self::String(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Timestamp(..) => "google.protobuf.Timestamp",
            Self::Duration(_) => "google.protobuf.Duration",
            Self::Type(_) => "type",
            Self::Optional(_) => "optional_type",
            Self::Quantity(_) => "kubernetes.Quantity",
            Self::Url(_) => "kubernetes.URL",
            Self::Ip(_) => "net.IP",
            Self::Cidr(..) => "net.CIDR",
            Self::Semver(_) => "kubernetes.Semver",
            Self::Format(_) => "kubernetes.NamedFormat",
            Self::Object(_) => "Object",
            Self::Check(_) => "kubernetes.authorization.Authorizer",
            Self::Decision(..) => "kubernetes.authorization.Decision",
        }
    }

    /// Whether two values are the same; numbers of all three kinds compare by what they are worth.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::List(a), Self::List(b)) => {
                a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.same(b))
            }
            (Self::Map(a), Self::Map(b)) => {
                let found = |k: &Self| b.iter().find(|(other, _)| other.same(k)).map(|(_, v)| v);
                a.len() == b.len() && a.iter().all(|(k, v)| found(k).is_some_and(|w| w.same(v)))
            }
            (Self::Optional(Some(a)), Self::Optional(Some(b))) => a.same(b),
            (Self::Quantity(a), Self::Quantity(b)) => a == b,
            (Self::Cidr(a, n), Self::Cidr(b, m)) => a == b && n == m,
            (Self::Timestamp(a, _), Self::Timestamp(b, _)) => a == b,
            (Self::Semver(a), Self::Semver(b)) => a.same(b),
            (
                Self::Int(_) | Self::UInt(_) | Self::Double(_),
                Self::Int(_) | Self::UInt(_) | Self::Double(_),
            ) => self.order(other) == Some(Ordering::Equal),
            _ => self == other,
        }
    }

    /// Which of two values is less, where that makes sense.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "what comparing an integer with a double means")]
    pub fn order(&self, other: &Self) -> Option<Ordering> {
        Some(match (self, other) {
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::UInt(a), Self::UInt(b)) => a.cmp(b),
            (Self::Double(a), Self::Double(b)) => a.partial_cmp(b)?,
            (Self::Int(a), Self::UInt(b)) => i128::from(*a).cmp(&i128::from(*b)),
            (Self::UInt(a), Self::Int(b)) => i128::from(*a).cmp(&i128::from(*b)),
            (Self::Int(a), Self::Double(b)) => (*a as f64).partial_cmp(b)?,
            (Self::Double(a), Self::Int(b)) => a.partial_cmp(&(*b as f64))?,
            (Self::UInt(a), Self::Double(b)) => (*a as f64).partial_cmp(b)?,
            (Self::Double(a), Self::UInt(b)) => a.partial_cmp(&(*b as f64))?,
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::String(a), Self::String(b)) => a.cmp(b),
            (Self::Bytes(a), Self::Bytes(b)) => a.cmp(b),
            (Self::Timestamp(a, _), Self::Timestamp(b, _)) => a.cmp(b),
            (Self::Duration(a), Self::Duration(b)) => a.cmp(b),
            _ => return None,
        })
    }

    /// How `%s` writes the value.
    #[must_use]
    pub fn show(&self) -> String {
        match self {
            Self::String(s) => s.to_string(),
            other => other.inner(),
        }
    }

    /// How the value is written inside a list or map: texts in quotes.
    fn inner(&self) -> String {
        match self {
            Self::Null | Self::Optional(None) => "null".to_owned(),
            Self::Bool(b) => b.to_string(),
            Self::Int(i) => i.to_string(),
            Self::UInt(u) => u.to_string(),
            Self::Double(d) => double(*d),
            Self::String(s) => gatehouse_model::json::go_quote(s),
            Self::Bytes(b) => String::from_utf8_lossy(b).into_owned(),
            Self::List(l) => format!("[{}]", l.iter().map(Self::inner).collect::<Vec<_>>().join(", ")),
            Self::Map(m) => {
                let mut entries: Vec<String> =
                    m.iter().map(|(k, v)| format!("{}:{}", k.inner(), v.inner())).collect();
                entries.sort();
                format!("{{{}}}", entries.join(", "))
            }
            Self::Timestamp(t, offset) => time::print_timestamp(*t, *offset),
            Self::Duration(d) => time::print_duration(*d),
            Self::Type(name) => name.clone(),
            Self::Optional(Some(v)) => v.inner(),
            Self::Quantity(q) => q.quantity.to_string(),
            Self::Url(u) => u.text.clone(),
            Self::Ip(ip) => ip.to_string(),
            Self::Cidr(ip, bits) => format!("{ip}/{bits}"),
            Self::Semver(s) => s.to_string(),
            Self::Format(name) => (*name).to_owned(),
            Self::Object(o) => o.0.clone(),
            Self::Check(_) => "authorizer".to_owned(),
            Self::Decision(allowed, _) => allowed.to_string(),
        }
    }
}

/// A number as Go's `strconv.FormatFloat(d, 'g', -1, 64)`: as short as can be, with an exponent from a million on and
/// below a ten-thousandth.
pub(crate) fn double(d: f64) -> String {
    if d.is_nan() {
        return "NaN".to_owned();
    }
    if d.is_infinite() {
        return if d > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let text = format!("{d:e}");
    let Some((mantissa, exponent)) = text.split_once('e') else { return text };
    let power: i32 = exponent.parse().unwrap_or(0);
    if d == 0.0 || (-4..EXPONENT_FROM).contains(&power) {
        return format!("{d}");
    }
    let sign = if power < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", power.unsigned_abs())
}

/// From this power of ten on a number is written with an exponent.
const EXPONENT_FROM: i32 = 6;
