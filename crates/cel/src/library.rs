//! What functions do. One file a library; each answers `None` for what is not its business.

pub(crate) mod format;
mod lists;
mod named_format;
mod net;
mod operators;
mod optional;
mod quantity;
pub(crate) mod semver;
mod strings;
pub(crate) mod time;
pub(crate) mod url;

use crate::value::Value;

/// An answer, where the library has one.
type Answer = Option<Result<Value, String>>;

/// Whether a dotted name is a function of its own.
pub(crate) fn is_qualified(name: &str) -> bool {
    !crate::signatures::of(name).is_empty()
}

fn no_overload(function: &str, args: &[Value]) -> String {
    let types: Vec<&str> = args.iter().map(Value::type_name).collect();
    format!("no such overload: {function}({})", types.join(", "))
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
