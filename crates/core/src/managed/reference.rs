//! Server-side apply against a model of it that is small enough to be seen through: who owns which key of a map.

use std::collections::{BTreeMap, BTreeSet};

use gatehouse_model::{KubeVersion, Map, Value, json};

use crate::cluster::Cluster;
use crate::request::{Body, Credential, PatchType, Reply, Request, ResourceTarget, Target, User, Verb};
use crate::server::handle;

/// The model: each key's value and owners. Managers that update are written `-NAME`.
#[derive(Clone, Debug, Default, PartialEq)]
struct Owned(BTreeMap<String, (String, BTreeSet<String>)>);

impl Owned {
    /// Whether the configuration may be applied, and what then is.
    fn apply(&mut self, manager: &str, config: &BTreeMap<String, String>, force: bool) -> bool {
        let differs = |key: &String, value: &String| {
            self.0.get(key).is_some_and(|(v, owners)| v != value && owners.iter().any(|o| o != manager))
        };
        if !force && config.iter().any(|(k, v)| differs(k, v)) {
            return false;
        }
        for (key, (_, owners)) in &mut self.0 {
            if !config.contains_key(key) {
                owners.remove(manager);
            }
        }
        // What nobody wants any longer goes, if this manager wanted it before.
        self.0.retain(|_, (_, owners)| !owners.is_empty());
        for (key, value) in config {
            let (v, owners) = self.0.entry(key.clone()).or_insert_with(|| (value.clone(), BTreeSet::new()));
            if v != value {
                owners.clear();
                v.clone_from(value);
            }
            owners.insert(manager.to_owned());
        }
        true
    }

    /// A patch that sets a key or (`None`) removes it.
    fn update(&mut self, manager: &str, key: &str, value: Option<&str>) {
        match value {
            None => {
                self.0.remove(key);
            }
            Some(value) => match self.0.get_mut(key) {
                Some((v, _)) if v == value => {}
                _ => {
                    let owners = BTreeSet::from([format!("-{manager}")]);
                    self.0.insert(key.to_owned(), (value.to_owned(), owners));
                }
            },
        }
    }

    /// What an object says.
    fn of(object: &Value) -> Self {
        let mut out = Self::default();
        for (key, value) in object.map_at(&["data"]).iter() {
            out.0.insert(key.to_owned(), (value.as_str().unwrap_or_default().to_owned(), BTreeSet::new()));
        }
        for entry in object.list_at(&["metadata", "managedFields"]) {
            let applies = entry.str_at(&["operation"]) == "Apply";
            let name = format!("{}{}", if applies { "" } else { "-" }, entry.str_at(&["manager"]));
            for field in entry.map_at(&["fieldsV1", "f:data"]).keys() {
                if let Some((_, owners)) = field.strip_prefix("f:").and_then(|k| out.0.get_mut(k)) {
                    owners.insert(name.clone());
                }
            }
        }
        out
    }
}

fn send(cluster: &mut Cluster, manager: &str, body: Body, force: bool) -> Result<Value, String> {
    let admin =
        User { name: "admin".to_owned(), groups: vec!["system:masters".to_owned()], ..User::default() };
    let target = Target::Resource(ResourceTarget {
        version: "v1".to_owned(),
        resource: "configmaps".to_owned(),
        namespace: "default".to_owned(),
        name: "m".to_owned(),
        ..ResourceTarget::default()
    });
    let mut request = Request::new(Credential::Internal(admin), Verb::Patch, target);
    request.body = body;
    request.options.field_manager = manager.to_owned();
    request.options.force = force;
    match handle(cluster, &request).result {
        Ok(Reply::Object(o)) => Ok(o.0),
        Ok(other) => Err(format!("{other:?}")),
        Err(status) => Err(status.message),
    }
}

/// The same numbers for the same seed.
fn next(state: &mut u64, n: u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state >> 11) % n
}

#[test]
fn server_side_apply_does_what_a_small_model_does() {
    let fresh = Cluster::bare(KubeVersion::V1_36, 1);
    let mut conflicts = 0;
    for seed in 1..=200_u64 {
        let mut random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut cluster = fresh.clone();
        let mut model = Owned::default();
        let mut told = Vec::new();
        // Somebody whose key stays keeps the object alive.
        let first = BTreeMap::from([("z".to_owned(), "0".to_owned())]);
        model.apply("keeper", &first, false);
        let config = |data: &BTreeMap<String, String>| {
            let data: Map = data.iter().map(|(k, v)| (k.as_str(), Value::from(v.as_str()))).collect();
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}, "data": data})
        };
        let mut object =
            send(&mut cluster, "keeper", Body::Patch(PatchType::Apply, config(&first)), false).expect("made");
        for _ in 0..14 {
            let manager = ["one", "two", "three"][usize::try_from(next(&mut random, 3)).expect("small")];
            let key =
                |random: &mut u64| ["a", "b", "c", "d"][usize::try_from(next(random, 4)).expect("small")];
            if next(&mut random, 4) == 0 {
                let key = key(&mut random);
                let value = (next(&mut random, 3) > 0).then(|| next(&mut random, 2).to_string());
                told.push(format!("{manager} updates {key} to {value:?}"));
                model.update(manager, key, value.as_deref());
                let value = value.map_or(Value::Null, Value::from);
                let body = Body::Patch(PatchType::Merge, json!({"data": {(key): value}}));
                object = send(&mut cluster, manager, body, false).expect("patched");
            } else {
                let mut data = BTreeMap::new();
                for _ in 0..next(&mut random, 4) {
                    data.insert(key(&mut random).to_owned(), next(&mut random, 2).to_string());
                }
                let force = next(&mut random, 3) == 0;
                told.push(format!("{manager} applies {data:?}, force: {force}"));
                let body = Body::Patch(PatchType::Apply, config(&data));
                let answer = send(&mut cluster, manager, body, force);
                let agreed = model.apply(manager, &data, force);
                assert_eq!(answer.is_ok(), agreed, "{seed}: {told:#?}\n{answer:?}\n{model:#?}");
                match answer {
                    Ok(now) => object = now,
                    Err(why) => {
                        conflicts += 1;
                        assert!(why.starts_with("Apply failed with "), "{why}");
                    }
                }
            }
            assert_eq!(Owned::of(&object), model, "{seed}: {told:#?}");
        }
    }
    assert!(conflicts > 100, "{conflicts} conflicts");
}
