//! What is owned goes with its owners: in the background, before them, or not at all.
//!
//! Models `pkg/controller/garbagecollector/garbagecollector.go`. Knows owners from the store itself instead of from a
//! graph of its own.

use std::collections::BTreeSet;
use std::sync::Arc;

use gatehouse_model::{Object, Value, json};

use super::client::Client;
use super::events::{EventType, Source};
use super::owner::{references, set_references};
use crate::request::Propagation;
use crate::store::{Key, Store};

const SOURCE: Source<'static> = Source::new("garbage-collector-controller");
const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

/// Where the objects of a kind are stored.
struct Place {
    group: String,
    kind: String,
    table: String,
    namespaced: bool,
}

pub(super) fn pass(client: &mut Client<'_>) {
    let seen = client.cluster.controllers.collected;
    client.cluster.controllers.collected = client.cluster.store.revision();
    let mut places = Vec::new();
    // Owners that were found to be there and to stay, in this pass.
    let mut solid: BTreeSet<String> = BTreeSet::new();
    let holding = std::mem::take(&mut client.cluster.controllers.holding);
    for (table, object) in concerned(&client.cluster.store, seen, holding) {
        let Some(object) = client.get(&table, object.namespace(), object.name()) else { continue };
        let holds = |f: &str| object.is_deleting() && has_finalizer(&object, f);
        if holds(ORPHAN) || holds(FOREGROUND) {
            let key = (object.namespace().into(), object.name().into());
            client.cluster.controllers.holding.insert((Arc::clone(&table), key));
        }
        if holds(ORPHAN) {
            orphan(client, &table, &object);
        } else if holds(FOREGROUND) {
            foreground(client, &table, &object);
        } else if !object.is_deleting() && !references(&object).is_empty() {
            let known = |r: &Value| solid.contains(r.str_at(&["uid"]));
            if references(&object).iter().all(known) {
                continue;
            }
            if places.is_empty() {
                places = all_places(client);
            }
            if dependent(client, &places, &table, &object) {
                solid.extend(references(&object).iter().map(|r| r.str_at(&["uid"]).to_owned()));
            }
        }
    }
}

/// What to look at since a revision: what was written, what waits for others to go, and what lost an owner.
fn concerned(store: &Store, seen: u64, holding: BTreeSet<(Arc<str>, Key)>) -> Vec<(Arc<str>, Arc<Object>)> {
    let (mut known, mut lost) = (holding, BTreeSet::new());
    // What is owned lives beside its owner; what belongs to the cluster may own anything.
    let mut places: BTreeSet<Arc<str>> = BTreeSet::new();
    let mut whole = false;
    match store.changes_since(seen) {
        Some(changes) => {
            for change in changes.filter(|c| *c.table != *"events") {
                if change.removed {
                    lost.insert(Arc::clone(&change.uid));
                    places.insert(Arc::clone(&change.key.0));
                    whole |= change.key.0.is_empty();
                } else {
                    known.insert((Arc::clone(&change.table), change.key.clone()));
                }
            }
        }
        None => whole = true,
    }
    let in_place = |(table, key): (Arc<str>, Key)| {
        let object = Arc::clone(store.get(&table, &key.0, &key.1)?);
        Some((table, object))
    };
    let mut all: Vec<(Arc<str>, Arc<Object>)> = known.iter().cloned().filter_map(in_place).collect();
    if whole || !lost.is_empty() {
        let places: Vec<Option<&str>> =
            if whole { vec![None] } else { places.iter().map(|p| Some(&**p)).collect() };
        for table in store.resources().filter(|t| *t != "events") {
            for object in places.iter().flat_map(|place| store.list(table, *place)) {
                let concerns = whole || references(object).iter().any(|r| lost.contains(r.str_at(&["uid"])));
                if !concerns {
                    continue;
                }
                let name: Arc<str> = table.into();
                let key = (Arc::clone(&name), (object.namespace().into(), object.name().into()));
                if !known.contains(&key) {
                    all.push((name, Arc::clone(object)));
                }
            }
        }
        gatehouse_model::order::by(&mut all, |a, b| {
            (&a.0, a.1.namespace(), a.1.name()).cmp(&(&b.0, b.1.namespace(), b.1.name()))
        });
    }
    all
}

fn all_places(client: &Client<'_>) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for served in client.cluster.resources() {
        let table = served.group_resource();
        if !places.iter().any(|p| p.table == table) {
            places.push(Place {
                group: served.gv.group.to_string(),
                kind: served.kind.to_string(),
                table,
                namespaced: served.namespaced(),
            });
        }
    }
    places
}

fn has_finalizer(object: &Object, name: &str) -> bool {
    object.list_at(&["metadata", "finalizers"]).iter().any(|f| f.as_str() == Some(name))
}

fn remove_finalizer(client: &mut Client<'_>, table: &str, object: &Object, name: &str) {
    let Some(current) = client.get(table, object.namespace(), object.name()) else { return };
    let rest: Vec<Value> = current
        .list_at(&["metadata", "finalizers"])
        .iter()
        .filter(|f| f.as_str() != Some(name))
        .cloned()
        .collect();
    let rest = if rest.is_empty() { Value::Null } else { Value::from(rest) };
    let patch = json!({"metadata": {"finalizers": rest}});
    let _ = client.merge(table, object.namespace(), object.name(), patch);
}

/// Everything that names `owner` as an owner, and where it is stored.
fn dependents(client: &Client<'_>, owner: &Object) -> Vec<(String, Arc<Object>)> {
    let store = &client.cluster.store;
    let scope = Some(owner.namespace()).filter(|n| !n.is_empty());
    store
        .resources()
        .filter(|t| *t != "events")
        .flat_map(|t| store.list(t, scope).map(move |o| (t, o)))
        .filter(|(_, o)| references(o).iter().any(|r| r.str_at(&["uid"]) == owner.uid()))
        .map(|(t, o)| (t.to_owned(), Arc::clone(o)))
        .collect()
}

/// Dependents stay: they forget their owner, who may then go.
fn orphan(client: &mut Client<'_>, table: &str, owner: &Object) {
    for (resource, dependent) in dependents(client, owner) {
        let rest = references(&dependent).iter().filter(|r| r.str_at(&["uid"]) != owner.uid());
        let rest: Vec<Value> = rest.cloned().collect();
        let _ = set_references(client, &resource, &dependent, rest);
    }
    remove_finalizer(client, table, owner, ORPHAN);
}

/// Dependents go first: the owner waits for those that block it.
fn foreground(client: &mut Client<'_>, table: &str, owner: &Object) {
    let blocks = |o: &Object| {
        references(o)
            .iter()
            .any(|r| r.str_at(&["uid"]) == owner.uid() && r.bool_at(&["blockOwnerDeletion"]) == Some(true))
    };
    let blocking: Vec<_> = dependents(client, owner).into_iter().filter(|(_, o)| blocks(o)).collect();
    if blocking.is_empty() {
        remove_finalizer(client, table, owner, FOREGROUND);
        return;
    }
    let places = all_places(client);
    for (resource, object) in blocking {
        if !object.is_deleting() {
            dependent(client, &places, &resource, &object);
        }
    }
}

/// What an owner reference leads to.
enum Owner {
    /// It is there and stays.
    Solid,
    /// It is gone.
    Dangling,
    /// It waits for its dependents to go.
    Waiting,
}

/// Looks after one object with owners. Says whether all of them are there and stay.
fn dependent(client: &mut Client<'_>, places: &[Place], table: &str, object: &Object) -> bool {
    let Some(object) = client.get(table, object.namespace(), object.name()) else { return false };
    let (mut solid, mut gone, mut waiting) = (Vec::new(), 0, 0);
    for reference in references(&object) {
        match owner(client, places, &object, reference) {
            Some(Owner::Solid) => solid.push(reference.clone()),
            Some(Owner::Dangling) => gone += 1,
            Some(Owner::Waiting) => waiting += 1,
            None => return false,
        }
    }
    if !solid.is_empty() {
        if gone + waiting > 0 {
            let _ = set_references(client, table, &object, solid);
            return false;
        }
        return true;
    }
    let propagation = if waiting > 0 && !dependents(client, &object).is_empty() {
        Propagation::Foreground
    } else if has_finalizer(&object, ORPHAN) {
        Propagation::Orphan
    } else if has_finalizer(&object, FOREGROUND) {
        Propagation::Foreground
    } else {
        Propagation::Background
    };
    let _ = client.delete_with(table, object.namespace(), object.name(), propagation);
    false
}

/// Looks an owner up; nothing where its kind is not known.
fn owner(client: &mut Client<'_>, places: &[Place], object: &Object, reference: &Value) -> Option<Owner> {
    let group = reference.str_at(&["apiVersion"]).rsplit_once('/').map_or("", |(g, _)| g);
    let kind = reference.str_at(&["kind"]);
    let place = places.iter().find(|p| p.group == group && p.kind == kind)?;
    if place.namespaced && object.namespace().is_empty() {
        let message = format!(
            "ownerRef [{}/{kind}, namespace: , name: {}, uid: {}] does not exist in namespace \"\"",
            reference.str_at(&["apiVersion"]),
            reference.str_at(&["name"]),
            reference.str_at(&["uid"]),
        );
        client.event(SOURCE, object, EventType::Warning, "OwnerRefInvalidNamespace", &message);
        return None;
    }
    let namespace = if place.namespaced { object.namespace() } else { "" };
    let found = client.get(&place.table, namespace, reference.str_at(&["name"]));
    Some(match found.filter(|o| o.uid() == reference.str_at(&["uid"])) {
        None => Owner::Dangling,
        Some(o) if o.is_deleting() && has_finalizer(&o, FOREGROUND) => Owner::Waiting,
        Some(_) => Owner::Solid,
    })
}
