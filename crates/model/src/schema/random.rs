//! Random objects of every kind, for properties.

use super::{Type, TypeRef};
use crate::{Map, Value};

/// A small generator: the same numbers for the same seed.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % n
    }

    fn one_of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        let i = usize::try_from(self.below(list.len() as u64)).expect("small");
        list[i]
    }

    /// A text that a careless printer would get wrong.
    pub(crate) fn text(&mut self) -> String {
        const ODD: &[&str] = &[
            "web",
            "",
            " ",
            "yes",
            "no",
            "y",
            "null",
            "~",
            "true",
            "on",
            "1",
            "0x1f",
            "1e3",
            "1_000",
            "012",
            ".5",
            "-",
            "- a",
            "a: b",
            "a #b",
            "#a",
            "'",
            "\"",
            "\\",
            "{}",
            "[a]",
            "*a",
            "&a",
            "!a",
            "%a",
            "@a",
            "`a",
            "|",
            ">",
            "?",
            "a\nb",
            "a\n\nb\n",
            "\n",
            " a",
            "a ",
            "\ta",
            "a\tb",
            "2020-01-01",
            "2020-01-01T00:00:00Z",
            "1:30",
            "=",
            "<<",
            "é",
            "日本",
            "\u{1F600}",
            "\u{feff}",
            "\u{85}",
            "\u{7}",
            "a\r\nb",
            "---",
            "...",
            "0o7",
            ".inf",
            ".nan",
            "a very long text with many words in it that an emitter might like to fold at some column or other, and more",
        ];
        self.one_of(ODD).to_owned()
    }

    /// A value of a type.
    pub(crate) fn value(&mut self, ty: TypeRef<'_>, depth: usize) -> Value {
        match ty.ty() {
            Type::String => self.text().into(),
            Type::Int32 => Value::Int(i64::try_from(self.below(1 << 31)).expect("small") - (1 << 30)),
            Type::Int64 => Value::Int(i64::try_from(self.below(1 << 53)).expect("small") - (1 << 52)),
            Type::Bool => Value::Bool(self.below(2) == 0),
            Type::Number => Value::Float(self.below(1000) as f64 / 8.0 + 0.125),
            Type::Quantity => self.one_of(&["100m", "1", "1Gi", "2k", "0"]).into(),
            Type::IntOrString if self.below(2) == 0 => Value::Int(80),
            Type::IntOrString => self.one_of(&["http", "25%"]).into(),
            Type::Time => "2020-01-01T00:00:00Z".into(),
            Type::MicroTime => "2020-01-01T00:00:00.000001Z".into(),
            Type::Bytes => self.one_of(&["", "YQ==", "AAECAw=="]).into(),
            Type::Any | Type::ObjectOrElse(_) => {
                let mut map = Map::new();
                let key = self.text();
                map.insert(key.as_str(), self.text());
                Value::from(map)
            }
            Type::List(_) => {
                let Some(item) = ty.item() else { return Value::from(Vec::<Value>::new()) };
                let n = if depth > 7 { 0 } else { self.below(3) };
                (0..n).map(|_| self.value(item, depth + 1)).collect()
            }
            Type::Map(_) => {
                let Some(item) = ty.item() else { return Value::map() };
                let mut map = Map::new();
                for _ in 0..self.below(3) {
                    let key = self.text();
                    map.insert(key.as_str(), self.value(item, depth + 1));
                }
                Value::from(map)
            }
            Type::Object(_) => {
                let mut map = Map::new();
                for field in ty.fields() {
                    let wanted = depth < 9 && self.below(if depth < 2 { 2 } else { 5 }) == 0;
                    if let Some(inner) = ty.field(&field.name).filter(|_| wanted) {
                        map.insert(&*field.name, self.value(inner, depth + 1));
                    }
                }
                Value::from(map)
            }
        }
    }
}
