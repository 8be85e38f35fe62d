//! Server-side apply against a model of it that is small enough to be seen through: who owns which place of an object.
//!
//! Places are the entries of a map, the elements of a list that keys tell apart and what they hold, the elements of a set,
//! and a list and a map that are owned as a whole.

use std::collections::{BTreeMap, BTreeSet};

use gatehouse_model::{KubeVersion, Map, Value, json};

use crate::cluster::Cluster;
use crate::request::{Body, Credential, PatchType, Reply, Request, ResourceTarget, Target, User, Verb};
use crate::server::handle;

/// What somebody wants: places and their values. Elements have the value `""`.
type Config = BTreeMap<String, String>;

/// The element that a place is in.
fn element(place: &str) -> Option<&str> {
    place.rsplit_once('/').map(|(element, _)| element).filter(|element| element.contains('/'))
}

/// The model: each place's value and owners. Managers that update are written `-NAME`.
#[derive(Clone, Debug, Default, PartialEq)]
struct Owned(BTreeMap<String, (String, BTreeSet<String>)>);

impl Owned {
    /// Whether the configuration may be applied, and what then is.
    fn apply(&mut self, manager: &str, config: &Config, force: bool) -> bool {
        let differs = |place: &String, value: &String| {
            self.0.get(place).is_some_and(|(v, owners)| v != value && owners.iter().any(|o| o != manager))
        };
        if !force && config.iter().any(|(place, value)| differs(place, value)) {
            return false;
        }
        for (place, (_, owners)) in &mut self.0 {
            if !config.contains_key(place) {
                owners.remove(manager);
            }
        }
        // What nobody wants any longer goes, and an element with all in it, whoever wants that.
        self.0.retain(|place, (_, owners)| config.contains_key(place) || !owners.is_empty());
        let there: BTreeSet<String> = self.0.keys().cloned().collect();
        self.0.retain(|place, _| element(place).is_none_or(|e| config.contains_key(e) || there.contains(e)));
        for (place, value) in config {
            let (v, owners) = self.0.entry(place.clone()).or_insert_with(|| (value.clone(), BTreeSet::new()));
            if v != value {
                owners.clear();
                v.clone_from(value);
            }
            owners.insert(manager.to_owned());
        }
        true
    }

    /// A change by somebody who writes the whole object: a place gets a value or (`None`) goes, with all in it.
    fn update(&mut self, manager: &str, place: &str, value: Option<&str>) {
        let owners = BTreeSet::from([format!("-{manager}")]);
        let Some(value) = value else {
            self.0.retain(|p, _| p != place && !p.starts_with(&format!("{place}/")));
            return;
        };
        // Who writes into an element that is not there makes it.
        if let Some(element) = element(place) {
            self.0.entry(element.to_owned()).or_insert_with(|| (String::new(), owners.clone()));
        }
        if self.0.get(place).is_none_or(|(v, _)| v != value) {
            self.0.insert(place.to_owned(), (value.to_owned(), owners));
        }
    }

    /// The values alone.
    fn values(&self) -> Config {
        self.0.iter().map(|(place, (value, _))| (place.clone(), value.clone())).collect()
    }

    /// What an object says.
    fn of(object: &Value) -> Self {
        let spec = object.at(&["spec"]).cloned().unwrap_or_default();
        let mut out: BTreeMap<String, (String, BTreeSet<String>)> =
            read(&spec).into_iter().map(|(place, value)| (place, (value, BTreeSet::new()))).collect();
        for entry in object.list_at(&["metadata", "managedFields"]) {
            let applies = entry.str_at(&["operation"]) == "Apply";
            let name = format!("{}{}", if applies { "" } else { "-" }, entry.str_at(&["manager"]));
            let mut places = Vec::new();
            fields(&mut places, "", entry.at(&["fieldsV1", "f:spec"]).unwrap_or(&Value::Null));
            for place in places {
                if let Some((_, owners)) = out.get_mut(&place) {
                    owners.insert(name.clone());
                }
            }
        }
        Self(out)
    }
}

/// The places of a set of fields.
fn fields(out: &mut Vec<String>, at: &str, set: &Value) {
    for (step, inner) in set.entries().iter() {
        if step == "." {
            out.push(at.to_owned());
            continue;
        }
        let (kind, text) = step.split_once(':').expect("a step");
        let name = match kind {
            "k" => json::parse(text).expect("JSON").str_at(&["name"]).to_owned(),
            "v" => json::parse(text).expect("JSON").as_str().unwrap_or_default().to_owned(),
            _ => text.to_owned(),
        };
        let place = if at.is_empty() { name } else { format!("{at}/{name}") };
        if inner.entries().is_empty() {
            out.push(place.clone());
        }
        fields(out, &place, inner);
    }
}

/// The spec that a configuration is.
fn written(config: &Config) -> Value {
    let mut spec = Value::map();
    let mut items: BTreeMap<&str, Map> = BTreeMap::new();
    let mut tags = Vec::new();
    for (place, value) in config {
        let parts: Vec<&str> = place.split('/').collect();
        match *parts {
            ["map", key] => spec.set(&["map", key], value.as_str()),
            ["items", name] => {
                items.entry(name).or_default().insert("name", Value::from(name));
            }
            ["items", name, field] => {
                let item = items.entry(name).or_default();
                item.insert("name", Value::from(name));
                item.insert(field, Value::from(value.as_str()));
            }
            ["tags", tag] => tags.push(Value::from(tag)),
            ["whole"] => spec.set(&["whole"], json!([(value.as_str())])),
            ["box"] => spec.set(&["box"], json!({"a": (value.as_str())})),
            _ => panic!("{place}"),
        }
    }
    if !items.is_empty() {
        spec.set(&["items"], items.into_values().map(Value::from).collect::<Vec<_>>());
    }
    if !tags.is_empty() {
        spec.set(&["tags"], tags);
    }
    spec
}

/// The configuration that a spec is. Keys go without saying.
fn read(spec: &Value) -> Config {
    let mut out = Config::new();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for (key, value) in spec.map_at(&["map"]).iter() {
        out.insert(format!("map/{key}"), text(value));
    }
    for item in spec.list_at(&["items"]) {
        let name = item.str_at(&["name"]);
        out.insert(format!("items/{name}"), String::new());
        for (field, value) in item.entries().iter().filter(|(field, _)| *field != "name") {
            out.insert(format!("items/{name}/{field}"), text(value));
        }
    }
    for tag in spec.list_at(&["tags"]) {
        out.insert(format!("tags/{}", text(tag)), String::new());
    }
    if let Some(whole) = spec.list_at(&["whole"]).first() {
        out.insert("whole".to_owned(), text(whole));
    }
    if let Some(boxed) = spec.at(&["box", "a"]) {
        out.insert("box".to_owned(), text(boxed));
    }
    out
}

fn send(cluster: &mut Cluster, manager: &str, verb: Verb, body: Body, force: bool) -> Result<Value, String> {
    let admin =
        User { name: "admin".to_owned(), groups: vec!["system:masters".to_owned()], ..User::default() };
    let target = Target::Resource(ResourceTarget {
        group: "example.com".to_owned(),
        version: "v1".to_owned(),
        resource: "things".to_owned(),
        namespace: "default".to_owned(),
        name: "m".to_owned(),
        ..ResourceTarget::default()
    });
    let mut request = Request::new(Credential::Internal(admin), verb, target);
    request.body = body;
    request.options.field_manager = manager.to_owned();
    request.options.force = force;
    match handle(cluster, &request).result {
        Ok(Reply::Object(o)) => Ok(o.0),
        Ok(other) => Err(format!("{other:?}")),
        Err(status) => Err(status.message),
    }
}

/// A cluster in which there are Things.
fn cluster() -> Cluster {
    let mut cluster = Cluster::bare(KubeVersion::V1_36, 1);
    let schema = json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {
        "map": {"type": "object", "additionalProperties": {"type": "string"}},
        "items": {
            "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
            "items": {"type": "object", "required": ["name"], "properties": {
                "name": {"type": "string"}, "x": {"type": "string"}, "y": {"type": "string"},
            }},
        },
        "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
        "whole": {"type": "array", "x-kubernetes-list-type": "atomic", "items": {"type": "string"}},
        "box": {"type": "object", "x-kubernetes-map-type": "atomic", "additionalProperties": {"type": "string"}},
    }}}});
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.example.com"},
        "spec": {
            "group": "example.com", "scope": "Namespaced", "names": {"plural": "things", "kind": "Thing"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}],
        },
    });
    let target = Target::Resource(ResourceTarget {
        group: "apiextensions.k8s.io".to_owned(),
        version: "v1".to_owned(),
        resource: "customresourcedefinitions".to_owned(),
        ..ResourceTarget::default()
    });
    let admin =
        User { name: "admin".to_owned(), groups: vec!["system:masters".to_owned()], ..User::default() };
    let mut request = Request::new(Credential::Internal(admin), Verb::Create, target);
    request.body = Body::Object(definition);
    handle(&mut cluster, &request).result.expect("defined");
    cluster
}

/// The same numbers for the same seed.
struct Random(u64);

impl Random {
    fn next(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 11) % u64::try_from(n).expect("small")).expect("small")
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.next(choices.len())]
    }
}

/// All places but those of the keeper.
const PLACES: &[&str] = &[
    "map/a",
    "map/b",
    "map/c",
    "items/a",
    "items/a/x",
    "items/a/y",
    "items/b",
    "items/b/x",
    "tags/a",
    "tags/b",
    "whole",
    "box",
];

fn value(random: &mut Random, place: &str) -> String {
    let element =
        place.starts_with("tags/") || (place.starts_with("items/") && place.matches('/').count() == 1);
    if element { String::new() } else { random.of(&["0", "1"]).to_owned() }
}

#[test]
fn server_side_apply_does_what_a_small_model_does() {
    let fresh = cluster();
    let (mut conflicts, mut applied) = (0, 0);
    for seed in 1..=300_u64 {
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let mut cluster = fresh.clone();
        let mut model = Owned::default();
        let mut told = Vec::new();
        // Somebody whose places stay keeps the object and its lists and maps alive.
        let first: Config = [("map/z", "0"), ("items/z", ""), ("tags/z", "")]
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .into();
        model.apply("keeper", &first, false);
        let config = |config: &Config| {
            json!({
                "apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "m"}, "spec": (written(config)),
            })
        };
        let apply = |config: Value| Body::Patch(PatchType::Apply, config);
        let mut object =
            send(&mut cluster, "keeper", Verb::Patch, apply(config(&first)), false).expect("made");
        for _ in 0..14 {
            let manager = random.of(&["one", "two", "three"]);
            if random.next(4) == 0 {
                let place = random.of(PLACES);
                let value = (random.next(3) > 0).then(|| value(&mut random, place));
                told.push(format!("{manager} updates {place} to {value:?}"));
                model.update(manager, place, value.as_deref());
                object.set(&["spec"], written(&model.values()));
                let body = Body::Object(object.clone());
                object = send(&mut cluster, manager, Verb::Update, body, false).expect("updated");
            } else {
                let mut wanted = Config::new();
                for _ in 0..random.next(5) {
                    let place = random.of(PLACES);
                    wanted.insert(place.to_owned(), value(&mut random, place));
                }
                // Who wants something in an element wants the element.
                let elements: Vec<String> =
                    wanted.keys().filter_map(|place| element(place)).map(str::to_owned).collect();
                wanted.extend(elements.into_iter().map(|element| (element, String::new())));
                let force = random.next(3) == 0;
                told.push(format!("{manager} applies {wanted:?}, force: {force}"));
                let answer = send(&mut cluster, manager, Verb::Patch, apply(config(&wanted)), force);
                let agreed = model.apply(manager, &wanted, force);
                assert_eq!(answer.is_ok(), agreed, "{seed}: {told:#?}\n{answer:?}\n{model:?}");
                match answer {
                    Ok(now) => {
                        applied += 1;
                        object = now;
                    }
                    Err(why) => {
                        conflicts += 1;
                        assert!(why.starts_with("Apply failed with "), "{why}");
                    }
                }
            }
            assert_eq!(Owned::of(&object), model, "{seed}: {told:#?}");
        }
    }
    assert!(conflicts > 100 && applied > 1000, "{conflicts} conflicts, {applied} applied");
}
