//! What functions do. One file a library; each answers `None` for what is not its business.

pub(crate) mod format;
pub(crate) mod lists;
mod named_format;
mod net;
mod netip;
mod operators;
mod optional;
mod patterns;
pub(crate) mod quantity;
pub(crate) mod semver;
mod strings;
pub(crate) mod time;
pub(crate) mod url;

use crate::value::Value;

/// An answer, where the library has one.
type Answer = Option<Result<Value, String>>;

/// What is said where values do not fit a function.
pub(crate) const NO_OVERLOAD: &str = "no such overload";

/// What is said where an expression would take too long.
pub(crate) const TOO_COSTLY: &str = "operation cancelled: actual cost limit exceeded";

pub(crate) use patterns::regex;

fn no_overload(function: &str, args: &[Value]) -> String {
    let first = args.first();
    // Texts and times receive what they do not know, and refuse without a word.
    let receives = matches!(first, Some(Value::String(_) | Value::Timestamp(..) | Value::Duration(_)));
    match (function, args.len()) {
        ("size" | "sort", _) if receives => NO_OVERLOAD.to_owned(),
        ("size" | "sort", _) => format!("{NO_OVERLOAD}: {function}"),
        ("!_" | "@in" | "contains" | "startsWith" | "endsWith" | "matches", _) => NO_OVERLOAD.to_owned(),
        // Regular expressions look at the text themselves.
        ("find" | "findAll", _) if !matches!(first, Some(Value::String(_))) => NO_OVERLOAD.to_owned(),
        _ if function.starts_with('_') || function == "-_" => {
            // An operator that the left side does not know at all is named.
            if first.is_some_and(|v| !operators::knows(v, function)) {
                format!("{NO_OVERLOAD}: {function}")
            } else {
                NO_OVERLOAD.to_owned()
            }
        }
        _ => {
            let types: Vec<&str> = args.iter().map(Value::type_name).collect();
            format!("{NO_OVERLOAD}: {function}({})", types.join(", "))
        }
    }
}

/// A function.
pub(crate) fn call(function: &str, args: &[Value]) -> Result<Value, String> {
    let libraries: [fn(&str, &[Value]) -> Answer; 9] = [
        operators::call,
        time::call,
        strings::call,
        lists::call,
        optional::call,
        net::call,
        url::call,
        quantity::call,
        semver::call,
    ];
    let answer =
        libraries.iter().find_map(|l| l(function, args)).or_else(|| named_format::call(function, args));
    answer.unwrap_or_else(|| Err(no_overload(function, args)))
}

/// A method; the first argument is what it is called on.
pub(crate) fn method(function: &str, args: &[Value]) -> Result<Value, String> {
    let libraries: [fn(&str, &[Value]) -> Answer; 10] = [
        operators::method,
        strings::method,
        lists::method,
        optional::method,
        time::method,
        net::method,
        url::method,
        quantity::method,
        semver::method,
        named_format::method,
    ];
    libraries.iter().find_map(|l| l(function, args)).unwrap_or_else(|| Err(no_overload(function, args)))
}
