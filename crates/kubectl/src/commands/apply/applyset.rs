//! `kubectl apply --prune --applyset`: the set of what was applied is kept in an object of its own. Models kubectl
//! `pkg/cmd/apply/applyset.go` and `applyset_pruner.go`.
//!
//! Does not read the annotation of group-resources that the first kubectl with sets wrote.

use std::collections::{BTreeMap, BTreeSet};

use gatehouse_core::request::PatchType;
use gatehouse_model::resource::qualified;
use gatehouse_model::{Object, ResourceType, Value, base64, json, sha256};

use super::Apply;
use crate::cli::{Args, value};
use crate::client::{Builder, Change, Info};
use crate::config::Namespace;
use crate::error::Error;
use crate::mapping;
use crate::output::Dry;
use crate::session::Session;

const TOOLING: &str = "applyset.kubernetes.io/tooling";
const KINDS: &str = "applyset.kubernetes.io/contains-group-kinds";
const NAMESPACES: &str = "applyset.kubernetes.io/additional-namespaces";
const ID: &str = "applyset.kubernetes.io/id";
const PART_OF: &str = "applyset.kubernetes.io/part-of";
const PARENT_TYPE: &str = "applyset.kubernetes.io/is-parent-type";

/// What a set reaches: kinds by the name they are written under, and namespaces.
#[derive(Clone, Default)]
struct Reach {
    kinds: BTreeMap<String, ResourceType>,
    namespaces: BTreeSet<String>,
}

/// A set, by the object that keeps it.
pub(super) struct ApplySet {
    parent: ResourceType,
    name: String,
    namespace: String,
    current: Reach,
    updated: Reach,
}

impl ApplySet {
    /// The set that `--applyset` names; it is there only where the environment turns it on.
    #[inline(never)] // An entry in web/chunks.txt, as all that is reached from outside.
    pub(super) fn parse(
        session: &mut Session<'_, '_>,
        args: &Args,
        namespace: &Namespace,
    ) -> Result<Option<Self>, Error> {
        let on = session.host.files.env("KUBECTL_APPLYSET").unwrap_or_default();
        if value::parse_bool(&on) != Ok(true) {
            return Err(Error::plain(format!(
                "unknown flag: --applyset\nSee '{} --help' for usage.",
                args.path
            )));
        }
        let given = args.str("applyset");
        if given.is_empty() {
            return Ok(None);
        }
        let (typed, name) = given.split_once('/').unwrap_or(("secrets", given));
        let refuse = |why: String| Error::plain(format!("invalid parent reference {given:?}: {why}"));
        if name.is_empty() {
            return Err(refuse("name cannot be blank".to_owned()));
        }
        let (resource, group) = typed.split_once('.').unwrap_or((typed, ""));
        let found = session.pick(|all| mapping::find(all, typed))?;
        let parent = found.ok_or_else(|| refuse(format!("no matches for {group}/, Resource={resource}")))?;
        let own = namespace.explicit && parent.namespaced();
        let namespace = if own { namespace.name.clone() } else { String::new() };
        let (current, updated) = (Reach::default(), Reach::default());
        Ok(Some(Self { parent, name: name.to_owned(), namespace, current, updated }))
    }

    /// Refuses what cannot keep a set, and flags that do not go with one.
    #[inline(never)]
    pub(super) fn check(&self, session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
        if !args.bool("prune") {
            return Err(Error::plain("--applyset requires --prune"));
        }
        let mut wrong = Vec::new();
        if self.parent.namespaced() && self.namespace.is_empty() {
            wrong.push("namespace is required to use namespace-scoped ApplySet".to_owned());
        }
        let builtin = self.builtin();
        if !builtin && !self.permitted(session)? {
            let (gv, plural) = (&self.parent.gv, &self.parent.plural);
            wrong
                .push(format!("resource \"{gv}, Resource={plural}\" is not permitted as an ApplySet parent"));
        }
        if !wrong.is_empty() {
            return Err(Error::plain(crate::error::aggregate(&wrong)));
        }
        if args.bool("force") {
            return Err(Error::plain("--force cannot be used with --prune"));
        }
        for (given, flag) in [
            (args.bool("all"), "--all"),
            (!args.str("selector").is_empty(), "--selector"),
            (args.changed("prune-allowlist"), "--prune-allowlist"),
        ] {
            if given {
                return Err(Error::plain(format!("{flag} is incompatible with --applyset")));
            }
        }
        Ok(())
    }

    fn builtin(&self) -> bool {
        self.parent.gv.group.is_empty() && matches!(&*self.parent.plural, "secrets" | "configmaps")
    }

    /// Whether a custom resource's definition says that it may keep sets.
    fn permitted(&self, session: &mut Session<'_, '_>) -> Result<bool, Error> {
        let builder = Builder {
            words: vec!["customresourcedefinitions.apiextensions.k8s.io".to_owned()],
            selector: PARENT_TYPE.to_owned(),
            allow_bare_type: true,
            flatten: true,
            ..Builder::default()
        };
        let found = builder.infos(session)?;
        Ok(found.iter().any(|info| info.name == self.parent.group_resource()))
    }

    fn id(&self) -> String {
        let whose = [self.name.as_str(), self.namespace.as_str(), &*self.parent.kind, &*self.parent.gv.group]
            .join(".");
        let coded = base64::encode(&sha256::digest(whose.as_bytes())).replace('+', "-").replace('/', "_");
        format!("applyset-{}-v1", coded.trim_end_matches('='))
    }

    /// As errors name it.
    fn shown(&self) -> String {
        format!("\"{}.{}/{}\"", self.parent.plural, self.parent.gv.group, self.name)
    }

    /// Marks what is applied as members.
    #[inline(never)]
    pub(super) fn mark(&self, infos: &mut [Info]) -> Result<(), Error> {
        for object in infos.iter_mut().filter_map(|info| info.object.as_mut()) {
            if object.at(&["metadata", "labels", PART_OF]).is_some() {
                return Err(Error::plain(format!("ApplySet label {PART_OF:?} already set in input data")));
            }
            object.set(&["metadata", "labels", PART_OF], self.id());
        }
        Ok(())
    }

    /// Writes down, before anything is applied, all that will be and was in the set: nothing of it can get lost.
    #[inline(never)]
    pub(super) fn begin(
        &mut self,
        session: &mut Session<'_, '_>,
        change: &Change,
        infos: &[Info],
    ) -> Result<(), Error> {
        self.fetch(session)?;
        for info in infos {
            let mapping = info.mapping()?;
            let kind = qualified(&mapping.kind, &mapping.gv.group);
            self.updated.kinds.insert(kind, mapping.clone());
            if mapping.namespaced() && !info.namespace.is_empty() {
                self.updated.namespaces.insert(info.namespace.clone());
            }
        }
        let mut all = self.current.clone();
        all.kinds.extend(self.updated.kinds.clone());
        all.namespaces.extend(self.updated.namespaces.clone());
        self.write(session, change, &all)
    }

    fn fetch(&mut self, session: &mut Session<'_, '_>) -> Result<(), Error> {
        let who = self.shown();
        let object = match session.get(&self.parent, &self.namespace, &self.name) {
            Ok(object) => object,
            Err(e) if e.is_not_found() && self.builtin() => return Ok(()),
            Err(e) if e.is_not_found() => {
                return Err(Error::plain("custom resource ApplySet parents cannot be created automatically"));
            }
            Err(e) => return Err(e.prefixed(&format!("failed to fetch ApplySet parent object {who}"))),
        };
        let refuse = |why: String| Err(Error::plain(format!("ApplySet parent object {who} {why}")));
        let Some(tooling) = object.annotation(TOOLING) else {
            return refuse(format!("already exists and is missing required annotation {TOOLING:?}"));
        };
        let tool = tooling.rsplit_once('/').map_or(tooling, |(name, _)| name);
        if tool != "kubectl" {
            return refuse(format!(
                "already exists and is managed by tooling {tool:?} instead of \"kubectl\""
            ));
        }
        let (id, wanted) = (object.str_at(&["metadata", "labels", ID]), self.id());
        if id.is_empty() {
            return refuse(format!("exists and does not have required label {ID}"));
        }
        if id != wanted {
            return refuse(format!(
                "exists and has incorrect value for label {ID:?} (got: {id}, want: {wanted})"
            ));
        }
        self.current = reach(session, &object)
            .map_err(|why| Error::plain(format!("parsing ApplySet annotation on {who}: {}", why.text())))?;
        if self.parent.namespaced() {
            self.current.namespaces.insert(self.namespace.clone());
        }
        Ok(())
    }

    fn write(&self, session: &mut Session<'_, '_>, change: &Change, reach: &Reach) -> Result<(), Error> {
        if change.dry == Dry::Client {
            return Ok(());
        }
        let listed = |names: Vec<&String>| names.into_iter().cloned().collect::<Vec<_>>().join(",");
        let namespaces = reach.namespaces.iter().filter(|n| **n != self.namespace).collect();
        let mut parent = json!({"apiVersion": (self.parent.gv.to_string()), "kind": (&*self.parent.kind)});
        parent.set(&["metadata", "name"], self.name.as_str());
        if !self.namespace.is_empty() {
            parent.set(&["metadata", "namespace"], self.namespace.as_str());
        }
        let tooling = format!("kubectl/{}", session.version());
        for (key, text) in [
            (TOOLING, tooling),
            (KINDS, listed(reach.kinds.keys().collect())),
            (NAMESPACES, listed(namespaces)),
        ] {
            parent.set(&["metadata", "annotations", key], text);
        }
        parent.set(&["metadata", "labels", ID], self.id());
        let own = Change {
            manager: "kubectl-applyset".to_owned(),
            force: false,
            subresource: String::new(),
            ..change.clone()
        };
        let mut sent = self.send(session, &own, &parent);
        if sent.as_ref().is_err_and(|e| e.reason() == Some(gatehouse_core::Reason::Conflict)) {
            sent = self.send(session, &Change { force: true, ..own }, &parent);
        }
        sent.map_err(|e| e.prefixed("failed to update ApplySet"))
    }

    fn send(&self, session: &mut Session<'_, '_>, change: &Change, parent: &Value) -> Result<(), Error> {
        let patch = (PatchType::Apply, parent.clone());
        change.patch(session, &self.parent, &self.namespace, &self.name, patch).map(drop)
    }

    /// Removes what is in the set no more, and writes down what is.
    #[inline(never)]
    pub(super) fn prune(
        &self,
        session: &mut Session<'_, '_>,
        apply: &mut Apply,
        infos: &[Info],
    ) -> Result<(), Error> {
        let visited: Vec<&str> = infos.iter().filter_map(|i| i.object.as_ref()).map(|o| o.uid()).collect();
        for mapping in self.current.kinds.values() {
            let everywhere = BTreeSet::from([String::new()]);
            let places = if mapping.namespaced() { &self.current.namespaces } else { &everywhere };
            for namespace in places {
                let builder = Builder {
                    namespace: namespace.clone(),
                    words: vec![mapping.group_resource()],
                    selector: format!("{PART_OF}={}", self.id()),
                    allow_bare_type: true,
                    flatten: true,
                    ..Builder::default()
                };
                for info in builder.infos(session)? {
                    let Some(object) = info.object.as_ref().filter(|o| !visited.contains(&o.uid())) else {
                        continue;
                    };
                    if apply.dry != Dry::Client {
                        apply.removal.delete(session, mapping, namespace, &info.name)?;
                    }
                    apply.printer.print(session, object, "pruned")?;
                }
            }
        }
        self.write(session, &apply.change, &self.updated)
            .map_err(|e| e.prefixed("apply and prune succeeded, but ApplySet update failed"))
    }
}

/// What the object that keeps a set says of it.
fn reach(session: &mut Session<'_, '_>, object: &Object) -> Result<Reach, Error> {
    let Some(kinds) = object.annotation(KINDS) else {
        return Err(Error::plain(format!(
            "kubectl requires the {KINDS:?} annotation to be set on all ApplySet parent objects"
        )));
    };
    let mut found = Reach::default();
    for word in kinds.split(',').filter(|word| !word.is_empty()) {
        let (kind, group) = word.split_once('.').unwrap_or((word, ""));
        let mapping = mapping::for_group_kind(session.resources()?, group, kind).cloned();
        let Some(mapping) = mapping else {
            let group = if group.is_empty() { String::new() } else { format!(" in group {group:?}") };
            return Err(Error::plain(format!(
                "could not find mapping for kind in {KINDS:?} annotation: no matches for kind {kind:?}{group}"
            )));
        };
        found.kinds.insert(word.to_owned(), mapping);
    }
    let namespaces = object.annotation(NAMESPACES).unwrap_or_default().split(',');
    found.namespaces = namespaces.filter(|n| !n.is_empty()).map(str::to_owned).collect();
    Ok(found)
}
