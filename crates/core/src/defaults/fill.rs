//! Filling in what is missing, as Go sees missing: no key, null, and the zero value where there is no pointer.

use gatehouse_model::Value;

/// Sets a pointer field that is not there.
pub(super) fn pointer(object: &mut Value, path: &[&str], default: impl Into<Value>) {
    if object.at(path).is_none_or(Value::is_null) {
        object.set(path, default);
    }
}

/// Sets a string that is missing or empty.
pub(super) fn text(object: &mut Value, path: &[&str], default: &str) {
    if object.at(path).is_none_or(|v| v.is_null() || v.as_str() == Some("")) {
        object.set(path, default);
    }
}

/// Sets a number that is missing or zero.
pub(super) fn number(object: &mut Value, path: &[&str], default: i64) {
    if object.at(path).is_none_or(|v| v.is_null() || v.as_i64() == Some(0)) {
        object.set(path, default);
    }
}

/// Makes sure of a struct that Go writes even when it is empty.
pub(super) fn structure(object: &mut Value, path: &[&str]) {
    pointer(object, path, Value::map());
}

/// Does something to each element of a list that is there.
pub(super) fn each(object: &mut Value, path: &[&str], mut work: impl FnMut(&mut Value)) {
    if let Some(list) = object.at_mut(path)
        && list.as_list().is_some()
    {
        for item in list.make_list() {
            work(item);
        }
    }
}

/// Does something to a member that is there.
pub(super) fn inside(object: &mut Value, path: &[&str], work: impl FnOnce(&mut Value)) {
    if let Some(member) = object.at_mut(path)
        && member.as_map().is_some()
    {
        work(member);
    }
}
