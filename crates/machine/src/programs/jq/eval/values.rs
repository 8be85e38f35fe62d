//! Values: indexing, order, arithmetic, formats.

use super::*;

pub(super) fn entries(list: &[Value]) -> Map {
    list.iter()
        .map(|e| {
            let key = ["key", "k", "name", "Name", "Key"]
                .iter()
                .find_map(|k| e.get(k))
                .map(to_string)
                .unwrap_or_default();
            let value = ["value", "v", "Value"].iter().find_map(|k| e.get(k)).cloned().unwrap_or_default();
            (key, value)
        })
        .collect()
}

pub(super) fn truth(v: &Value) -> bool {
    !matches!(v, Value::Null | Value::Bool(false))
}

pub(super) fn kind(v: &Value) -> &'static str {
    match v {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Int(_) | Value::Float(_) => "number",
        Value::Str(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    }
}

pub(super) fn described(v: &Value) -> String {
    if v.is_null() {
        return "null (null)".to_owned();
    }
    let text = print::compact(v);
    let short: String =
        if text.chars().count() > 11 { text.chars().take(10).chain("...".chars()).collect() } else { text };
    format!("{} ({short})", kind(v))
}

pub(super) fn to_string(v: &Value) -> String {
    v.as_str().map_or_else(|| print::compact(v), str::to_owned)
}

pub(super) fn recurse(v: &Value) -> Vec<Value> {
    let mut out = vec![v.clone()];
    match v {
        Value::List(l) => l.iter().for_each(|x| out.extend(recurse(x))),
        Value::Map(m) => m.values().for_each(|x| out.extend(recurse(x))),
        _ => {}
    }
    out
}

pub(super) fn index(b: &Value, k: &Value) -> Result<Value, Stop> {
    match (b, k) {
        (Value::Null, _) => Ok(Value::Null),
        (Value::Map(m), Value::Str(k)) => Ok(m.get(k).cloned().unwrap_or_default()),
        (Value::List(l), Value::Int(i)) => {
            let i = if *i < 0 { i + i64::try_from(l.len()).unwrap_or(0) } else { *i };
            Ok(usize::try_from(i).ok().and_then(|i| l.get(i)).cloned().unwrap_or_default())
        }
        (b, Value::Str(k)) => Err(format!("Cannot index {} with \"{k}\"", kind(b))),
        (b, k) => Err(format!("Cannot index {} with {}", kind(b), kind(k))),
    }
}

pub(super) fn slice(b: &Value, from: Option<i64>, to: Option<i64>) -> Result<Value, Stop> {
    let range = |len: usize| {
        let len = i64::try_from(len).unwrap_or(0);
        let fix = |n: i64| if n < 0 { (n + len).max(0) } else { n.min(len) };
        let (a, z) = (fix(from.unwrap_or(0)), fix(to.unwrap_or(len)));
        (usize::try_from(a).unwrap_or(0), usize::try_from(z.max(a)).unwrap_or(0))
    };
    match b {
        Value::Null => Ok(Value::Null),
        Value::List(l) => {
            let (a, z) = range(l.len());
            Ok(l.get(a..z).unwrap_or_default().iter().cloned().collect())
        }
        Value::Str(s) => {
            let chars: Vec<char> = s.chars().collect();
            let (a, z) = range(chars.len());
            Ok(chars.get(a..z).unwrap_or_default().iter().collect::<String>().into())
        }
        other => Err(format!("Cannot index {} with object", kind(other))),
    }
}

pub(super) fn get_path(v: &Value, path: &[Value]) -> Value {
    path.iter().fold(v.clone(), |v, k| index(&v, k).unwrap_or_default())
}

pub(super) fn set_path(v: &mut Value, path: &[Value], new: Value) {
    let Some((first, rest)) = path.split_first() else {
        *v = new;
        return;
    };
    match first {
        Value::Int(i) => {
            let list = v.make_list();
            let len = i64::try_from(list.len()).unwrap_or(0);
            let Ok(i) = usize::try_from(if *i < 0 { i + len } else { *i }) else { return };
            if i > 100_000 {
                return;
            }
            if list.len() <= i {
                list.resize(i + 1, Value::Null);
            }
            if let Some(x) = list.get_mut(i) {
                set_path(x, rest, new);
            }
        }
        k => set_path(v.make_map().entry(k.as_str().unwrap_or("")), rest, new),
    }
}

pub(super) fn delete_path(v: &mut Value, path: &[Value]) {
    let Some((last, parents)) = path.split_last() else {
        *v = Value::Null;
        return;
    };
    let mut parent = get_path(v, parents);
    match (&mut parent, last) {
        (Value::Map(_), Value::Str(k)) => {
            parent.make_map().remove(k);
        }
        (Value::List(l), Value::Int(i)) => {
            let Ok(i) = usize::try_from(*i) else { return };
            if i < l.len() {
                parent.make_list().remove(i);
            }
        }
        _ => return,
    }
    set_path(v, parents, parent);
}

pub(super) fn contains(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Map(x), Value::Map(y)) => y.iter().all(|(k, v)| x.get(k).is_some_and(|w| contains(w, v))),
        (Value::List(x), Value::List(y)) => y.iter().all(|v| x.iter().any(|w| contains(w, v))),
        (Value::Str(x), Value::Str(y)) => x.contains(&**y),
        (a, b) => a == b,
    }
}

/// jq's order over all values.
pub(super) fn order(a: &Value, b: &Value) -> Ordering {
    let rank = |v: &Value| match v {
        Value::Null => 0,
        Value::Bool(false) => 1,
        Value::Bool(true) => 2,
        Value::Int(_) | Value::Float(_) => 3,
        Value::Str(_) => 4,
        Value::List(_) => 5,
        Value::Map(_) => 6,
    };
    match (a, b) {
        (Value::Int(x), Value::Int(y)) => x.cmp(y),
        (Value::Str(x), Value::Str(y)) => x.cmp(y),
        (Value::List(x), Value::List(y)) => x
            .iter()
            .zip(y.iter())
            .map(|(p, q)| order(p, q))
            .find(|o| o.is_ne())
            .unwrap_or_else(|| x.len().cmp(&y.len())),
        _ if rank(a) == 3 && rank(b) == 3 => a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal),
        _ => rank(a).cmp(&rank(b)),
    }
}

/// The longest text a sum may be.
const LARGEST: usize = 8 << 20;

pub(super) fn arithmetic(op: &str, a: &Value, b: &Value) -> Result<Value, Stop> {
    let o = || order(a, b);
    Ok(match op {
        "==" => (o() == Ordering::Equal && a == b).into(),
        "!=" => (a != b).into(),
        "<" => o().is_lt().into(),
        "<=" => o().is_le().into(),
        ">" => o().is_gt().into(),
        ">=" => o().is_ge().into(),
        _ => match (op, a, b) {
            ("+", Value::Null, x) | ("+", x, Value::Null) => x.clone(),
            ("+", Value::Str(x), Value::Str(y)) if x.len() + y.len() > LARGEST => {
                return Err("cannot allocate memory".to_owned());
            }
            ("+", Value::List(x), Value::List(y)) if x.len() + y.len() > LARGEST / 16 => {
                return Err("cannot allocate memory".to_owned());
            }
            ("+", Value::Str(x), Value::Str(y)) => format!("{x}{y}").into(),
            ("+", Value::List(x), Value::List(y)) => x.iter().chain(y.iter()).cloned().collect(),
            ("+", Value::Map(_), Value::Map(y)) => {
                let mut out = a.clone();
                for (k, v) in y.iter() {
                    out.make_map().insert(k, v.clone());
                }
                out
            }
            ("-", Value::List(x), Value::List(y)) => x.iter().filter(|v| !y.contains(v)).cloned().collect(),
            ("/", Value::Str(x), Value::Str(y)) => x.split(&**y).collect(),
            (_, Value::Int(x), Value::Int(y)) => match op {
                "+" => x.wrapping_add(*y).into(),
                "-" => x.wrapping_sub(*y).into(),
                "*" => x.wrapping_mul(*y).into(),
                _ if *y == 0 => {
                    return Err(format!(
                        "{} and {} cannot be divided because the divisor is zero",
                        described(a),
                        described(b)
                    ));
                }
                "/" if x.checked_rem(*y) == Some(0) => (x / y).into(),
                "/" => (*x as f64 / *y as f64).into(),
                _ => x.wrapping_rem(*y).into(),
            },
            _ => match (a.as_f64(), b.as_f64()) {
                (Some(x), Some(y)) => match op {
                    "+" => x + y,
                    "-" => x - y,
                    "*" => x * y,
                    "/" => x / y,
                    _ => x % y,
                }
                .into(),
                _ => {
                    let verb = match op {
                        "+" => "added",
                        "-" => "subtracted",
                        "*" => "multiplied",
                        _ => "divided",
                    };
                    return Err(format!("{} and {} cannot be {verb}", described(a), described(b)));
                }
            },
        },
    })
}

/// `@base64` and its kin.
pub(super) fn formatted(name: &str, v: &Value) -> Result<String, Stop> {
    let text = to_string(v);
    let cells = |quote: fn(&str) -> String, joint: &str| {
        let row: Vec<String> =
            v.items().iter().map(|x| x.as_str().map_or_else(|| print::scalar(x), quote)).collect();
        row.join(joint)
    };
    Ok(match name {
        "text" => text,
        "json" => print::compact(v),
        "base64" => crate::programs::encode_base64(text.as_bytes()),
        "base64d" => String::from_utf8_lossy(&crate::programs::decode_base64(text.as_bytes())).into_owned(),
        "csv" => cells(|s| format!("\"{}\"", s.replace('"', "\"\"")), ","),
        "tsv" => cells(|s| s.replace('\t', "\\t").replace('\n', "\\n"), "\t"),
        "sh" => crate::shell::quoted(&text),
        "uri" => text
            .bytes()
            .map(|b| {
                if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) {
                    char::from(b).to_string()
                } else {
                    format!("%{b:02X}")
                }
            })
            .collect(),
        "html" => text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('\'', "&#39;")
            .replace('"', "&quot;"),
        other => return Err(format!("{other} is not a valid format")),
    })
}
