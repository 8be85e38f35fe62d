use super::{Shape, apply, go_text};
use gatehouse_model::{Value, json};

/// Every list is told apart by `name`.
struct ByName(String);

impl Shape for ByName {
    fn member(&self, field: &str) -> Self {
        Self(field.to_owned())
    }
    fn merge_key(&self) -> Option<&str> {
        (self.0 == "containers" || self.0 == "env").then_some("name")
    }
    fn is_set(&self) -> bool {
        self.0 == "finalizers"
    }
}

fn patched(original: Value, patch: Value) -> Result<Value, String> {
    apply(&original, &patch, &ByName(String::new()))
}

#[test]
fn lists_of_named_things_merge() {
    let original = json!({"containers": [{"name": "a", "image": "1"}, {"name": "b", "env": [{"name": "X", "value": "1"}]}]});
    let patch = json!({"containers": [{"name": "b", "image": "2", "env": [{"name": "Y", "value": "2"}]}, {"name": "c"}]});
    assert_eq!(
        patched(original, patch),
        Ok(json!({"containers": [
            {"name": "a", "image": "1"},
            {"name": "b", "image": "2", "env": [{"name": "Y", "value": "2"}, {"name": "X", "value": "1"}]},
            {"name": "c"},
        ]}))
    );
}

#[test]
fn what_a_patch_adds_comes_before_what_it_does_not_name() {
    let original = json!({"containers": [{"name": "a"}, {"name": "b"}]});
    let patch = json!({"containers": [{"name": "q"}, {"name": "b", "image": "z"}]});
    let merged = json!({"containers": [{"name": "q"}, {"name": "a"}, {"name": "b", "image": "z"}]});
    assert_eq!(patched(original, patch), Ok(merged));
}

#[test]
fn directives_delete_replace_and_order() {
    let original = json!({"containers": [{"name": "a"}, {"name": "b"}, {"name": "c"}], "finalizers": ["x", "y"], "m": {"k": 1}});
    let patch = json!({
        "containers": [{"name": "b", "$patch": "delete"}, {"name": "d"}],
        "$setElementOrder/containers": [{"name": "d"}, {"name": "a"}],
        "$deleteFromPrimitiveList/finalizers": ["x"],
        "finalizers": ["z"],
        "m": {"$patch": "replace", "n": 2},
    });
    assert_eq!(
        patched(original, patch),
        Ok(
            json!({"containers": [{"name": "c"}, {"name": "d"}, {"name": "a"}], "finalizers": ["z", "y"], "m": {"n": 2}})
        )
    );
}

#[test]
fn an_element_without_its_key_is_refused() {
    let refused = patched(json!({"containers": [{"name": "a"}]}), json!({"containers": [{"image": "x"}]}));
    assert_eq!(refused, Err("map: map[image:x] does not contain declared merge key: name".to_owned()));
    assert_eq!(go_text(&json!({"a": [1, null, "x"]})), "map[a:[1 <nil> x]]");
}
