//! A field, in either kind of schema.

use gatehouse_model::Value;
use gatehouse_model::schema::{Type, TypeRef, builtin};

/// A type, or a field with its type.
#[derive(Clone)]
pub enum Node<'s> {
    /// Of a built-in kind, with how it was reached: the owner and the field's name.
    Builtin {
        /// The type.
        ty: TypeRef<'s>,
        /// The object it is a field of, and its name.
        via: Option<(String, String)>,
    },
    /// Of a custom resource: a piece of OpenAPI, and the version whose eyes look at what it embeds.
    Custom {
        /// The schema.
        schema: &'s Value,
        /// For the root: what its `metadata` is, which has the schema of built-in kinds.
        metadata: Option<TypeRef<'s>>,
        /// For `metadata` itself: that schema.
        embeds: Option<TypeRef<'s>>,
    },
}

impl<'s> Node<'s> {
    /// What the field itself is said to be.
    #[must_use]
    pub fn description(&self) -> String {
        match self {
            Self::Builtin { via: Some((owner, name)), .. } => {
                builtin().description(owner, Some(name)).unwrap_or_default()
            }
            Self::Builtin { ty, via: None } => {
                ty.object().and_then(|o| builtin().description(&o.name, None)).unwrap_or_default()
            }
            Self::Custom { schema, .. } => schema.str_at(&["description"]).to_owned(),
        }
    }

    /// What the field and then its type are said to be, each ended by a new line.
    #[must_use]
    pub fn descriptions(&self) -> String {
        let mut texts = vec![self.description()];
        match self {
            Self::Builtin { via: Some(_), .. } => {
                if let Self::Builtin { ty, .. } = self.holder()
                    && let Some(name) = ty.object().map(|object| &*object.name).or_else(|| scalar(ty.ty()))
                {
                    texts.push(builtin().description(name, None).unwrap_or_default());
                }
            }
            Self::Builtin { .. } => {}
            Self::Custom { embeds: Some(ty), .. } => {
                texts.push(Self::Builtin { ty: *ty, via: None }.description());
            }
            Self::Custom { schema, .. } => {
                let mut inner = *schema;
                while let Some(item) = item_of(inner) {
                    texts.push(item.str_at(&["description"]).to_owned());
                    inner = item;
                }
            }
        }
        texts.into_iter().filter(|t| !t.is_empty()).map(|t| t + "\n").collect()
    }

    /// The type as explain shows it: `[]Container`, `map[string]string`, `integer`.
    #[must_use]
    pub fn type_name(&self) -> String {
        match self {
            Self::Builtin { ty, .. } => builtin_type(*ty),
            Self::Custom { embeds: Some(_), .. } => "ObjectMeta".to_owned(),
            Self::Custom { schema, .. } => custom_type(schema),
        }
    }

    /// The values that are allowed, where they are enumerated.
    #[must_use]
    pub fn enum_values(&self) -> Vec<String> {
        let mut values: Vec<String> = match self {
            Self::Builtin { ty, .. } if matches!(ty.ty(), Type::String) => {
                ty.enum_values().unwrap_or(&[]).iter().map(ToString::to_string).collect()
            }
            Self::Builtin { .. } => Vec::new(),
            Self::Custom { schema, .. } => {
                return schema.list_at(&["enum"]).iter().map(crate::print::gofmt::sprint).collect();
            }
        };
        gatehouse_model::order::sort(&mut values);
        values
    }

    /// What has the fields: the element of lists and maps.
    #[must_use]
    pub fn holder(&self) -> Self {
        let mut node = self.clone();
        loop {
            let inner = match &node {
                Self::Builtin { ty, .. } => ty.item().map(|ty| Self::Builtin { ty, via: None }),
                Self::Custom { embeds: Some(ty), .. } => {
                    return Self::Builtin { ty: *ty, via: None };
                }
                Self::Custom { schema, .. } => {
                    item_of(schema).map(|schema| Self::Custom { schema, metadata: None, embeds: None })
                }
            };
            match inner {
                Some(inner) => node = inner,
                None => return node,
            }
        }
    }

    /// A name by which types that contain themselves are told; empty where there is none.
    #[must_use]
    pub fn reference(&self) -> String {
        match self {
            Self::Builtin { ty, .. } => ty.object().map_or_else(String::new, |o| o.name.to_string()),
            Self::Custom { .. } => String::new(),
        }
    }

    /// A field, of the object or of what a list or map holds.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<Self> {
        self.holder().fields().into_iter().find(|(n, ..)| n == name).map(|(_, field, _)| field)
    }

    /// The fields by name, and whether each is required.
    #[must_use]
    pub fn fields(&self) -> Vec<(String, Self, bool)> {
        match self {
            Self::Builtin { ty, .. } => {
                let owner = self.reference();
                ty.fields()
                    .filter_map(|f| {
                        let via = Some((owner.clone(), f.name.to_string()));
                        let node = Self::Builtin { ty: ty.field(&f.name)?, via };
                        Some((f.name.to_string(), node, f.required))
                    })
                    .collect()
            }
            Self::Custom { schema, metadata, .. } => {
                let required = schema.list_at(&["required"]);
                schema
                    .map_at(&["properties"])
                    .iter()
                    .map(|(name, inner)| {
                        let embeds = metadata.filter(|_| name == "metadata");
                        let is_required = required.iter().any(|r| r.as_str() == Some(name));
                        let field = Self::Custom { schema: inner, metadata: None, embeds };
                        (name.to_owned(), field, is_required)
                    })
                    .collect()
            }
        }
    }
}

/// The OpenAPI name of a type that is no object, but is described all the same.
const fn scalar(ty: &Type) -> Option<&'static str> {
    Some(match ty {
        Type::Quantity => "io.k8s.apimachinery.pkg.api.resource.Quantity",
        Type::IntOrString => "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
        Type::Time => "io.k8s.apimachinery.pkg.apis.meta.v1.Time",
        Type::MicroTime => "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime",
        _ => return None,
    })
}

fn builtin_type(ty: TypeRef<'_>) -> String {
    match ty.ty() {
        Type::String | Type::Time | Type::MicroTime | Type::Bytes => "string".to_owned(),
        Type::Int32 | Type::Int64 => "integer".to_owned(),
        Type::Bool => "boolean".to_owned(),
        Type::Number => "number".to_owned(),
        Type::Quantity => "Quantity".to_owned(),
        Type::IntOrString => "IntOrString".to_owned(),
        Type::Any => "Object".to_owned(),
        Type::List(_) => format!("[]{}", ty.item().map_or_else(String::new, builtin_type)),
        Type::Map(_) => format!("map[string]{}", ty.item().map_or_else(String::new, builtin_type)),
        Type::Object(_) | Type::ObjectOrElse(_) => ty.struct_name().unwrap_or("Object").to_owned(),
    }
}

fn item_of(schema: &Value) -> Option<&Value> {
    schema.get("items").or_else(|| schema.get("additionalProperties").filter(|a| a.as_bool().is_none()))
}

fn custom_type(schema: &Value) -> String {
    if let Some(items) = schema.get("items") {
        return format!("[]{}", custom_type(items));
    }
    if let Some(item) = item_of(schema) {
        return format!("map[string]{}", custom_type(item));
    }
    match schema.str_at(&["type"]) {
        "" | "object" => "Object".to_owned(),
        other => other.to_owned(),
    }
}
