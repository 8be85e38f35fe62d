//! `object`: facts of a stored object, compared as text.

use gatehouse_model::{Value, json};

use super::Finding;
use crate::exercise::format::ObjectCheck;
use crate::world::World;

pub(super) fn probe(check: &ObjectCheck, world: &World) -> Finding {
    let subject = format!("{} {}", check.resource, check.name);
    let Some(object) = world.cluster.store.get(&check.resource, &check.namespace, &check.name) else {
        return Finding {
            passed: false,
            expected: format!("{subject} exists"),
            actual: "it does not exist".to_owned(),
            because: Vec::new(),
        };
    };
    let mut last = Finding {
        passed: true,
        expected: format!("{subject} exists"),
        actual: "it exists".into(),
        because: vec![],
    };
    for (path, expected) in &check.has {
        let actual = find(object, path).map_or_else(|| "nothing".to_owned(), show);
        last = Finding::compare(&format!("{subject}, {path}"), expected, &actual, Vec::new());
        if !last.passed {
            break;
        }
    }
    last
}

/// The value under a dotted path; `\.` is a dot within a key.
fn find<'a>(object: &'a Value, path: &str) -> Option<&'a Value> {
    let escaped = path.replace("\\.", "\u{0}");
    escaped.split('.').try_fold(object, |value, key| {
        let key = key.replace('\u{0}', ".");
        match key.parse::<usize>() {
            Ok(i) if value.as_list().is_some() => value.items().get(i),
            _ => value.get(&key),
        }
    })
}

fn show(value: &Value) -> String {
    value.as_str().map_or_else(|| json::print(value), str::to_owned)
}
