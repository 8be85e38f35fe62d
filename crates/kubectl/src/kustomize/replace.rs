//! `replacements` and `vars`: values of one object in fields of others.
//!
//! Models kustomize `api/filters/replacement` and `api/filters/refvar`; values inside structured text (`data.x.y` of a
//! config map that holds JSON) are not reached.

use gatehouse_model::{Object, Value, yaml};

use super::Work;
use super::patches::chosen;
use super::resource::Resource;

/// Where a value goes by default.
const DEFAULT: &str = "metadata.name";

pub(super) fn run(work: &mut Work<'_>, dir: &str, k: &Value, all: &mut [Resource]) -> Result<(), String> {
    for entry in k.list_at(&["replacements"]) {
        let path = entry.str_at(&["path"]);
        if path.is_empty() {
            replace(entry, all)?;
            continue;
        }
        let bytes = work.file(dir, path)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        match yaml::parse(&text).map_err(|e| e.to_string())? {
            Value::List(list) => list.iter().try_for_each(|r| replace(r, all))?,
            one => replace(&one, all)?,
        }
    }
    Ok(())
}

fn replace(entry: &Value, all: &mut [Resource]) -> Result<(), String> {
    let targets = entry.list_at(&["targets"]);
    let fixed = entry.get("sourceValue").and_then(Value::as_str);
    let value = match (fixed, entry.get("source")) {
        _ if targets.is_empty() => {
            return Err("replacements must specify a source and at least one target".into());
        }
        (None, None) => return Err("replacements must specify a source and at least one target".into()),
        (Some(_), Some(_)) => return Err("value and resource selectors are mutually exclusive".into()),
        (Some(text), None) => Value::from(text),
        (None, Some(source)) => source_value(source, all)?,
    };
    for target in targets {
        let Some(select) = target.get("select").filter(|s| !s.is_null()) else {
            return Err("target must specify resources to select".to_owned());
        };
        let rejected: Vec<usize> = target.list_at(&["reject"]).iter().flat_map(|r| chosen(r, all)).collect();
        for i in chosen(select, all).into_iter().filter(|i| !rejected.contains(i)) {
            if let Some(resource) = all.get_mut(i) {
                put(&mut resource.object.0, &value, target)?;
            }
        }
    }
    Ok(())
}

/// A selector as errors show it: `Deployment.v1.apps/web.ns:spec.x`.
fn shown(source: &Value, with_path: bool) -> String {
    let or = |field: &str, none: &str| match source.str_at(&[field]) {
        "" => none.to_owned(),
        text => text.to_owned(),
    };
    let id = format!(
        "{}.{}.{}/{}.{}",
        or("kind", "[noKind]"),
        or("version", "[noVer]"),
        or("group", "[noGrp]"),
        or("name", "[noName]"),
        or("namespace", "[noNs]")
    );
    match source.str_at(&["fieldPath"]) {
        "" => id,
        path if with_path => format!("{id}:{path}"),
        _ => id,
    }
}

fn source_value(source: &Value, all: &[Resource]) -> Result<Value, String> {
    let says = |field: &str, is: &dyn Fn(&str) -> bool| {
        let want = source.str_at(&[field]);
        want.is_empty() || is(want)
    };
    let fits = |r: &&Resource| {
        let gv = r.object.group_version();
        says("group", &|w| gv.group == w)
            && says("version", &|w| gv.version == w)
            && says("kind", &|w| r.object.kind() == w)
            && says("name", &|w| r.was(w))
            && says("namespace", &|w| r.namespace() == w || r.before.iter().any(|(_, n)| n == w))
    };
    let found: Vec<&Resource> = all.iter().filter(fits).collect();
    let object = match found.as_slice() {
        [] => return Err(format!("nothing selected by {}", shown(source, true))),
        [one] => &one.object,
        _ => return Err(format!("multiple matches for selector {}", shown(source, true))),
    };
    let path = match source.str_at(&["fieldPath"]) {
        "" => DEFAULT,
        path => path,
    };
    let mut object = object.0.clone();
    let value = find(&mut object, &segments(path), None).into_iter().next().map(|v| v.clone());
    let Some(value) = value.filter(|v| !v.is_null()) else {
        return Err(format!("fieldPath `{path}` is missing for replacement source {}", shown(source, false)));
    };
    let delimiter = source.str_at(&["options", "delimiter"]);
    if delimiter.is_empty() {
        return Ok(value);
    }
    let text = scalar(&value).ok_or("delimiter option can only be used with scalar nodes")?;
    let index = source.i64_at(&["options", "index"]).unwrap_or(0);
    let part = usize::try_from(index).ok().and_then(|i| text.split(delimiter).nth(i));
    part.map(Value::from).ok_or_else(|| format!("options.index {index} is out of bounds for value {text}"))
}

fn put(object: &mut Value, value: &Value, target: &Value) -> Result<(), String> {
    let paths = target.list_at(&["fieldPaths"]);
    let default = [Value::from(DEFAULT)];
    let paths = if paths.is_empty() { &default } else { paths };
    let create = target.bool_at(&["options", "create"]) == Some(true);
    for path in paths.iter().filter_map(Value::as_str) {
        let fields = find(object, &segments(path), create.then_some(value));
        if fields.is_empty() {
            let what = if create { "find or create" } else { "find" };
            return Err(format!("unable to {what} field {path:?} in replacement target"));
        }
        for field in fields {
            set(field, value, target.get("options"))?;
        }
    }
    Ok(())
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Str(text) => Some(text.to_string()),
        Value::Map(_) | Value::List(_) => None,
        other => Some(gatehouse_model::json::print(other)),
    }
}

fn set(field: &mut Value, value: &Value, options: Option<&Value>) -> Result<(), String> {
    let mut value = value.clone();
    let delimiter = options.map_or("", |o| o.str_at(&["delimiter"]));
    if !delimiter.is_empty() {
        let (Some(text), Some(part)) = (scalar(field), scalar(&value)) else {
            return Err("delimiter option can only be used with scalar nodes".to_owned());
        };
        let mut parts: Vec<&str> = text.split(delimiter).collect();
        let index = options.and_then(|o| o.i64_at(&["index"])).unwrap_or(0);
        match usize::try_from(index) {
            Err(_) => parts.insert(0, &part),
            Ok(i) => match parts.get_mut(i) {
                Some(place) => *place = &part,
                None => parts.push(&part),
            },
        }
        value = Value::from(parts.join(delimiter));
    }
    // Of a scalar only the text is replaced: what was a number stays one.
    *field = match (&*field, scalar(&value)) {
        (Value::Str(_), Some(text)) => Value::from(text),
        (Value::Int(_) | Value::Float(_) | Value::Bool(_), Some(text)) => yaml::parse(&text).unwrap_or(value),
        _ => value,
    };
    Ok(())
}

/// Cuts a path at its dots, but not inside brackets; `\.` is a dot.
fn segments(path: &str) -> Vec<String> {
    let (mut out, mut part, mut depth) = (Vec::new(), String::new(), 0);
    let mut chars = path.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.peek() == Some(&'.') => part.extend(chars.next()),
            '.' if depth == 0 => out.push(std::mem::take(&mut part)),
            _ => {
                depth += i32::from(c == '[') - i32::from(c == ']');
                part.push(c);
            }
        }
    }
    out.push(part);
    let bare = |s: String| match s.strip_prefix('[').and_then(|s| s.strip_suffix(']')) {
        Some(key) if !key.contains('=') => key.to_owned(),
        _ => s,
    };
    out.into_iter().map(bare).collect()
}

/// The places a path leads to; missing ones are made where there is something to put there.
fn find<'a>(value: &'a mut Value, path: &[String], create: Option<&Value>) -> Vec<&'a mut Value> {
    let Some((first, rest)) = path.split_first() else { return vec![value] };
    if let Some((key, wanted)) = first.strip_prefix('[').and_then(|f| f.strip_suffix(']')?.split_once('=')) {
        if value.as_list().is_none() {
            return Vec::new();
        }
        let fits = |v: &Value| v.get(key).and_then(scalar).is_some_and(|t| t == wanted);
        if create.is_some() && !value.items().iter().any(fits) {
            let mut new = Value::map();
            new.set(&[key], wanted);
            value.make_list().push(new);
        }
        let chosen = value.make_list().iter_mut().filter(|v| fits(v));
        return chosen.flat_map(|v| find(v, rest, create)).collect();
    }
    match value {
        Value::List(_) => {
            let index = first.parse::<usize>().ok();
            let chosen = value.make_list().iter_mut().enumerate();
            let chosen = chosen.filter(|(i, _)| first == "*" || index == Some(*i));
            chosen.flat_map(|(_, v)| find(v, rest, create)).collect()
        }
        Value::Map(_) if first == "*" && value.get("*").is_none() => {
            value.make_map().iter_mut().flat_map(|(_, v)| find(v, rest, create)).collect()
        }
        Value::Map(_) => {
            if create.is_some() && value.get(first).is_none() {
                let new = if rest.is_empty() { Value::Null } else { Value::map() };
                value.set(&[first], new);
            }
            value.at_mut(&[first]).map_or_else(Vec::new, |v| find(v, rest, create))
        }
        _ => Vec::new(),
    }
}

/// A variable and where its value is.
#[derive(Clone, Debug)]
pub(super) struct Var(Value);

impl Var {
    pub(super) fn new(entry: &Value) -> Self {
        Self(entry.clone())
    }

    fn value(&self, all: &[Resource]) -> Result<Value, String> {
        let reference = Object(self.0.get("objref").cloned().unwrap_or_default());
        let gv = reference.group_version();
        let fits = |r: &&Resource| {
            r.object.kind() == reference.kind()
                && (reference.str_at(&["apiVersion"]).is_empty() || r.object.group_version() == gv)
                && r.was(reference.str_at(&["name"]))
        };
        let shown = self.0.str_at(&["name"]);
        let found: Vec<&Resource> = all.iter().filter(fits).collect();
        let path = match self.0.str_at(&["fieldref", "fieldpath"]) {
            "" => self.0.str_at(&["fieldref", "fieldPath"]),
            path => path,
        };
        let path = if path.is_empty() { DEFAULT } else { path };
        match found.as_slice() {
            [] => Err(format!("var '{shown}' cannot be mapped to a field in the set of known resources")),
            [one] => {
                let mut object = one.object.0.clone();
                let value = find(&mut object, &segments(path), None).into_iter().next().map(|v| v.clone());
                value.ok_or_else(|| {
                    format!("field specified in var '{shown}' not found in corresponding resource")
                })
            }
            many => {
                Err(format!("found {} resId matches for var {shown} (unable to disambiguate)", many.len()))
            }
        }
    }
}

/// Puts the values of variables where `$(NAME)` stands.
pub(super) fn resolve(vars: &[Var], all: &mut [Resource]) -> Result<(), String> {
    let mut values: Vec<(String, Value)> = Vec::new();
    for var in vars {
        let name = var.0.str_at(&["name"]).to_owned();
        values.retain(|(n, _)| *n != name);
        values.push((name, var.value(all)?));
    }
    if !values.is_empty() {
        all.iter_mut().for_each(|r| walk(&mut r.object.0, "", &values));
    }
    Ok(())
}

/// Fields in which variables are looked for.
const FIELDS: [&str; 10] = [
    "args",
    "command",
    "value",
    "mountPath",
    "server",
    "labels",
    "annotations",
    "host",
    "hosts",
    "externalName",
];

fn walk(value: &mut Value, field: &str, values: &[(String, Value)]) {
    let free = matches!(field, "labels" | "annotations");
    match value {
        Value::Map(_) => {
            for (key, inner) in value.make_map().iter_mut() {
                let key = key.to_owned();
                walk(inner, if free { field } else { &key }, values);
            }
        }
        Value::List(_) => value.make_list().iter_mut().for_each(|v| walk(v, field, values)),
        Value::Str(text) if FIELDS.contains(&field) && text.contains("$(") => {
            if let Some((_, whole)) = values.iter().find(|(n, _)| **text == *format!("$({n})")) {
                *value = whole.clone();
                return;
            }
            let replaced = values.iter().fold(text.to_string(), |t, (name, v)| {
                t.replace(&format!("$({name})"), &scalar(v).unwrap_or_default())
            });
            *value = Value::from(replaced);
        }
        _ => {}
    }
}
