//! Which paths nothing was entered below.

use std::collections::BTreeMap;

use super::graph::Plan;
use super::read::Module;

/// A path with fewer bytes of code is not worth a line.
const WORTH_A_LINE: u64 = 40;

/// The shortest paths below which no function was marked, and that are worth a line.
pub(super) fn paths(module: &Module<'_>, plan: &Plan, marks: &[u8]) -> Vec<String> {
    // For each path: the bytes of code below it, and whether any of it was entered.
    let mut below: BTreeMap<String, (u64, bool)> = BTreeMap::new();
    for (function, (name, body)) in module.names.iter().zip(&module.bodies).enumerate() {
        let range = body.range();
        // What has a chunk of its own is not to be drawn into this one by its path.
        let apart = plan.place.get(function).copied().flatten().is_some();
        let entered = apart || marks.get(function).is_some_and(|mark| *mark != 0);
        for path in steps(name) {
            let (bytes, any) = below.entry(path).or_default();
            *bytes += range.end - range.start;
            *any |= entered;
        }
    }
    let quiet: Vec<&String> = below
        .iter()
        .filter(|(_, (bytes, any))| !any && *bytes >= WORTH_A_LINE)
        .map(|(path, _)| path)
        .collect();
    let shorter = |path: &str| {
        quiet.iter().any(|other| path.strip_prefix(other.as_str()).is_some_and(|rest| rest.starts_with("::")))
    };
    quiet.iter().filter(|path| !shorter(path)).map(|path| (*path).clone()).collect()
}

/// The crates whose functions may come later: ours, and libraries that the page itself does not use.
const LOOKED_AT: [&str; 4] = ["gatehouse_", "granit_parser", "regex_lite", "serde_json"];

/// The crates whose functions are made for those of others, so that only the whole name says something, and only where it
/// names what is ours: the page itself uses the rest. All that bear a name count as one.
const MADE_FOR_OTHERS: [&str; 3] = ["core::", "alloc::", "serde_core::"];

/// The paths that a function lies below, itself included; none where its crate is not looked at.
fn steps(name: &str) -> Vec<String> {
    let own = name.strip_prefix('<').unwrap_or(name);
    if MADE_FOR_OTHERS.iter().any(|name| own.starts_with(name)) {
        let ours = name.contains("gatehouse_") && !name.contains("gatehouse_web");
        return if ours { vec![name.to_owned()] } else { Vec::new() };
    }
    if !LOOKED_AT.iter().any(|name| own.starts_with(name)) || own.starts_with("gatehouse_web") {
        return Vec::new();
    }
    let plain = own.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(own.len());
    let path = own.get(..plain).unwrap_or(own).trim_end_matches(':');
    let ends = path.match_indices("::").map(|(at, _)| at).skip(1).chain([path.len()]);
    let mut steps: Vec<String> = ends.filter_map(|end| path.get(..end)).map(str::to_owned).collect();
    // `module::<impl Type>::method`, `Type<T>::method`, `<Type as Trait>::method`: the method by its whole name.
    if plain < own.len() {
        steps.push(name.to_owned());
    }
    steps
}
