//! What a command is to work on, from its words, files and selectors. Models cli-runtime `resource/builder.go`.
//!
//! Knows the order in which inputs win over each other and every refusal of combinations; knows no command.

use gatehouse_core::{Reason, Reply, Verb};
use gatehouse_model::{Object, ResourceType, Value, json};

use super::words::Words;
use crate::cli::Args;
use crate::client::{Info, files};
use crate::config::Namespace;
use crate::error::Error;
use crate::session::{Session, target_of};

/// What is said when nothing was named.
pub const MISSING: &str = "You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'";

/// A choice of objects. Fields are set by the command, then [`Builder::infos`] or [`Builder::visit`] is called.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    /// The namespace to look in and to give to objects that have none.
    pub namespace: String,
    /// Everywhere instead.
    pub all_namespaces: bool,
    /// Objects without a namespace get this one (`DefaultNamespace`).
    pub default_namespace: bool,
    /// Objects of another namespace are refused (`-n` with `-f`).
    pub enforce_namespace: bool,
    /// Values of `-f`, commas already split.
    pub filenames: Vec<String>,
    /// Value of `-k`.
    pub kustomize: String,
    /// `-R`
    pub recursive: bool,
    /// `-l`
    pub selector: String,
    /// `--field-selector`
    pub field_selector: String,
    /// `--all`
    pub all: bool,
    /// `TYPE NAME...`, `TYPE/NAME...`, `TYPE,TYPE`
    pub words: Vec<String>,
    /// A lone `TYPE` means all objects of it (`ResourceTypeOrNameArgs(true, …)`).
    pub allow_bare_type: bool,
    /// A failure does not keep the others from being worked on.
    pub continue_on_error: bool,
    /// Lists are taken apart.
    pub flatten: bool,
    /// Objects of files are fetched from the server.
    pub latest: bool,
    /// Named objects need not be fetched.
    pub lazy: bool,
    /// No server: objects come from files only.
    pub local: bool,
    /// More than one type is refused.
    pub single_type: bool,
    /// The subresource to read.
    pub subresource: String,
    /// Check manifests as `--validate` asks before anything else.
    pub validate: bool,
    /// Only kinds that kubectl itself has types for.
    pub typed: bool,
}

/// What was chosen: objects and failures in their order.
struct Chosen {
    items: Vec<Result<Info, Error>>,
    /// Failures below the visitor that collects: reported last, as one.
    broken: Vec<Error>,
    single: bool,
}

impl Builder {
    /// What nearly every command begins with: its namespace, for objects that have none and against those of another,
    /// and the files of `-f`, `-k` and `-R`. Models `NamespaceParam(…).DefaultNamespace().FilenameParam(…)`.
    #[must_use]
    pub fn named_by(namespace: &Namespace, args: &Args) -> Self {
        Self {
            namespace: namespace.name.clone(),
            default_namespace: true,
            enforce_namespace: namespace.explicit,
            filenames: args.list("filename"),
            kustomize: args.str("kustomize").to_owned(),
            recursive: args.bool("recursive"),
            ..Self::default()
        }
    }

    /// All chosen objects.
    ///
    /// # Errors
    /// The first failure, or with `continue_on_error` all of them.
    pub fn infos(&self, session: &mut Session<'_, '_>) -> Result<Vec<Info>, Error> {
        let (infos, result) = self.infos_and_errors(session);
        result.map(|()| infos)
    }

    /// The chosen objects, and what went wrong with others.
    pub fn infos_and_errors(&self, session: &mut Session<'_, '_>) -> (Vec<Info>, Result<(), Error>) {
        let mut infos = Vec::new();
        let result = self.visit(session, |_, info| {
            infos.push(info.clone());
            Ok(())
        });
        (infos, result)
    }

    /// Whether the words mean exactly one object (`kubectl get pod web`), so that it is not printed as a list.
    #[must_use]
    pub fn single_item_implied(&self, session: &mut Session<'_, '_>) -> bool {
        self.choose(session).is_ok_and(|c| c.single)
    }

    /// Calls `work` with each chosen object in turn.
    ///
    /// # Errors
    /// The first failure, or with `continue_on_error` all of them.
    pub fn visit<'s, 'h>(
        &self,
        session: &mut Session<'s, 'h>,
        mut work: impl FnMut(&mut Session<'s, 'h>, &mut Info) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let chosen = self.choose(session)?;
        let mut errors = Vec::new();
        for item in chosen.items {
            let result = item.and_then(|mut info| {
                self.prepare(session, &mut info)?;
                work(session, &mut info)
            });
            if let Err(error) = result {
                if !self.continue_on_error {
                    return Err(error);
                }
                errors.push(error);
            }
        }
        if !chosen.broken.is_empty() {
            errors.push(Error::Many(chosen.broken));
        }
        Error::collect(errors)
    }

    fn prepare(&self, session: &mut Session<'_, '_>, info: &mut Info) -> Result<(), Error> {
        if info.namespaced() {
            if info.namespace.is_empty() && (self.default_namespace || self.enforce_namespace) {
                info.namespace.clone_from(&self.namespace);
                set_namespace(info);
            } else if self.enforce_namespace && info.namespace != self.namespace {
                return Err(Error::plain(format!(
                    "the namespace from the provided object {0:?} does not match the namespace {1:?}. You must pass '--namespace={0}' to perform this operation.",
                    info.namespace, self.namespace
                )));
            }
        } else if info.mapping.is_some() {
            info.namespace.clear();
            if let Some(object) = &mut info.object {
                object.remove(&["metadata", "namespace"]);
            }
        }
        if info.object.is_none() && !self.lazy {
            info.get(session)?;
        }
        Ok(())
    }

    fn choose(&self, session: &mut Session<'_, '_>) -> Result<Chosen, Error> {
        let mut errors = Vec::new();
        let paths = self.paths(session, &mut errors);
        let words = self.parse_words(session, &mut errors);
        if self.all && !self.selector.trim().is_empty() {
            errors.push(Error::plain("setting 'all' parameter but found a non empty selector. "));
        }
        Error::collect(errors)?;
        let has_paths = !paths.is_empty() || !self.kustomize.is_empty() || !self.filenames.is_empty();
        let by_selector = self.all
            || !self.selector.trim().is_empty()
            || !self.field_selector.trim().is_empty()
            || (self.allow_bare_type
                && words.types.len() + words.names.len() > 0
                && words.names.is_empty()
                && words.tuples.is_empty());
        if has_paths {
            return self.by_paths(session, paths, &words);
        }
        if by_selector {
            return self.by_selector(session, &words);
        }
        if !words.tuples.is_empty() {
            return self.by_tuples(session, &words);
        }
        if !words.names.is_empty() {
            return self.by_names(session, &words);
        }
        for word in &words.types {
            session.resource(word)?;
        }
        if !words.types.is_empty() {
            return Err(Error::plain("resource(s) were provided, but no name was specified"));
        }
        if self.local {
            return Err(Error::plain(
                "error: you must specify resources by --filename when --local is set.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'",
            ));
        }
        Err(Error::plain(MISSING))
    }

    fn paths(&self, session: &mut Session<'_, '_>, errors: &mut Vec<Error>) -> Vec<String> {
        if !self.kustomize.is_empty() {
            if !self.filenames.is_empty() {
                errors.push(Error::plain("only one of -f or -k can be specified"));
            }
            if self.recursive {
                errors.push(Error::plain("the -k flag can't be used with -f or -R"));
            }
            if !errors.is_empty() {
                return Vec::new();
            }
        }
        let mut paths = Vec::new();
        let mut stdin = false;
        for name in &self.filenames {
            if name == "-" {
                if stdin {
                    errors.push(Error::plain("standard input cannot be used for multiple arguments"));
                }
                stdin = true;
                paths.push(name.clone());
            } else if name.starts_with("http://") || name.starts_with("https://") {
                paths.push(name.clone());
            } else {
                match files::expand(session.host.files, name, self.recursive) {
                    Ok(found) => paths.extend(found),
                    Err(e) => errors.push(e),
                }
                if paths.is_empty() && errors.is_empty() {
                    errors.push(Error::plain(format!(
                        "error reading [{name}]: recognized file extensions are [.json .yaml .yml]"
                    )));
                }
            }
        }
        paths
    }

    fn by_paths(
        &self,
        session: &mut Session<'_, '_>,
        paths: Vec<String>,
        words: &Words,
    ) -> Result<Chosen, Error> {
        if !words.types.is_empty() {
            return Err(Error::plain(
                "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well",
            ));
        }
        if !words.tuples.is_empty() {
            return Err(Error::plain("resource/name arguments cannot be provided when a path is specified"));
        }
        let single = self.filenames.len() == 1
            && paths.len() == 1
            && paths.first().is_some_and(|p| p != "-")
            && !self.recursive;
        let mut chosen = Chosen { items: Vec::new(), broken: Vec::new(), single };
        let mut sources: Vec<(String, Vec<Result<Value, Error>>)> = Vec::new();
        if !self.kustomize.is_empty() {
            let restrictor = crate::kustomize::Restrictor::default();
            let built = crate::kustomize::build(session.host.files, &self.kustomize, restrictor);
            built.warnings.into_iter().for_each(|w| session.eprintln(w));
            match built.objects {
                Ok(objects) => {
                    let objects = objects.into_iter().map(|o| Ok(o.0)).collect();
                    sources.push((self.kustomize.clone(), objects));
                }
                Err(e) => chosen.broken.push(Error::plain(e)),
            }
        }
        for path in paths {
            match self.read(session, &path) {
                Ok((source, bytes)) => sources.push((source.clone(), files::documents(&bytes, &source))),
                Err(e) if self.continue_on_error => chosen.broken.push(e),
                Err(e) => return Err(e),
            }
        }
        for (source, documents) in sources {
            for document in documents {
                match document.map_err(Stop::Stream).and_then(|value| self.load(session, value, &source)) {
                    Ok(infos) => chosen.items.extend(infos.into_iter().map(Ok)),
                    Err(stop) => {
                        let ends = matches!(&stop, Stop::Stream(_));
                        let error = stop.into_error();
                        if !self.continue_on_error {
                            chosen.items.push(Err(error));
                            return Ok(chosen);
                        }
                        chosen.broken.push(error);
                        if ends {
                            break;
                        }
                    }
                }
            }
        }
        Ok(chosen)
    }

    fn read(&self, session: &mut Session<'_, '_>, path: &str) -> Result<(String, Vec<u8>), Error> {
        if path == "-" {
            return Ok(("STDIN".to_owned(), session.host.stdin.take().unwrap_or_default()));
        }
        if let Some(error) = files::unreachable(path) {
            return Err(error);
        }
        let bytes =
            session.host.files.read(path).map_err(|e| Error::plain(format!("open {path}: {}", e.errno)))?;
        Ok((path.to_owned(), bytes))
    }

    pub(super) fn load(
        &self,
        session: &mut Session<'_, '_>,
        value: Value,
        source: &str,
    ) -> Result<Vec<Info>, Stop> {
        if self.validate {
            let wrong = match crate::client::helper::check_object(&value) {
                Err(why) => vec![why],
                Ok(()) => crate::client::openapi::check(session.server_version(), &Object(value.clone())),
            };
            if !wrong.is_empty() {
                let why = crate::error::aggregate(&wrong);
                return Err(Stop::Stream(Error::plain(format!(
                    "error validating {source:?}: error validating data: {why}; if you choose to ignore these errors, turn validation off with --validate=false"
                ))));
            }
        }
        let kind = value.str_at(&["kind"]).to_owned();
        if kind.is_empty() {
            return Err(Stop::Item(Error::plain(format!(
                "unable to decode {source:?}: Object 'Kind' is missing in '{}'",
                json::print(&value)
            ))));
        }
        if value.str_at(&["apiVersion"]).is_empty() {
            return Err(Stop::Item(Error::plain(format!(
                "unable to decode {source:?}: Object 'apiVersion' is missing in '{}'",
                json::print(&value)
            ))));
        }
        if self.flatten && kind.ends_with("List") && value.get("items").is_some_and(|i| i.as_list().is_some())
        {
            let mut infos = Vec::new();
            for item in value.list_at(&["items"]) {
                infos.extend(self.load(session, item.clone(), source)?);
            }
            return Ok(infos);
        }
        if let Some(why) = crate::client::helper::metadata_error(&value) {
            return Err(Stop::Item(Error::plain(format!("unable to decode {source:?}: {why}"))));
        }
        let object = Object(value);
        if self.typed && !crate::client::helper::is_registered(&object.group_version(), &kind) {
            return Err(Stop::Item(Error::plain(format!(
                "unable to decode {source:?}: no kind {kind:?} is registered for version {:?} in scheme \"pkg/scheme/scheme.go:28\"",
                object.api_version()
            ))));
        }
        let mut info = Info {
            mapping: None,
            namespace: object.namespace().to_owned(),
            name: object.name().to_owned(),
            object: None,
            source: source.to_owned(),
            subresource: self.subresource.clone(),
        };
        if !self.local {
            let gv = object.group_version();
            let found = session
                .pick(|resources| crate::mapping::for_kind(resources, &gv.group, &gv.version, &kind))
                .map_err(Stop::Stream)?;
            let Some(found) = found.or_else(|| crate::client::helper::generic_list(&kind, &gv)) else {
                return Err(Stop::Item(Error::plain(format!(
                    "resource mapping not found for name: {:?} namespace: {:?} from {source:?}: no matches for kind {kind:?} in version {:?}\nensure CRDs are installed first",
                    info.name,
                    info.namespace,
                    object.api_version()
                ))));
            };
            info.mapping = Some(found);
        }
        info.object = Some(object);
        if self.latest && !self.local && !info.name.is_empty() {
            if info.namespaced() && info.namespace.is_empty() && self.default_namespace {
                info.namespace.clone_from(&self.namespace);
            }
            info.get(session).map_err(Stop::Item)?;
        }
        if !self.selector.trim().is_empty()
            && let Some(object) = &info.object
            && !crate::client::helper::selects(&self.selector, object.labels()).map_err(Stop::Stream)?
        {
            return Ok(Vec::new());
        }
        Ok(vec![info])
    }

    fn by_selector(&self, session: &mut Session<'_, '_>, words: &Words) -> Result<Chosen, Error> {
        if !words.names.is_empty() {
            return Err(Error::plain("name cannot be provided when a selector is specified"));
        }
        if !words.tuples.is_empty() {
            return Err(Error::plain(
                "selectors and the all flag cannot be used when passing resource/name arguments",
            ));
        }
        if words.types.is_empty() {
            return Err(Error::plain("at least one resource must be specified to use a selector"));
        }
        if !self.subresource.is_empty() {
            return Err(Error::plain("subresource cannot be used when bulk resources are specified"));
        }
        let mappings = self.mappings(session, &words.types)?;
        let mut chosen = Chosen { items: Vec::new(), broken: Vec::new(), single: false };
        for mapping in mappings {
            match self.list(session, &mapping) {
                Ok(infos) => chosen.items.extend(infos.into_iter().map(Ok)),
                Err(e) if self.continue_on_error => chosen.broken.push(e),
                Err(e) => {
                    chosen.items.push(Err(e));
                    return Ok(chosen);
                }
            }
        }
        Ok(chosen)
    }

    /// Lists one type; unflattened the list is one item.
    fn list(&self, session: &mut Session<'_, '_>, mapping: &ResourceType) -> Result<Vec<Info>, Error> {
        let namespace = if self.all_namespaces { "" } else { self.namespace.as_str() };
        let mut request = session.request(Verb::List, target_of(mapping, namespace, "", ""))?;
        self.selector.trim().clone_into(&mut request.options.label_selector);
        self.field_selector.trim().clone_into(&mut request.options.field_selector);
        let reply = session.send(request).map_err(|e| self.explain_list(mapping, e))?;
        let Reply::List { api_version, kind, resource_version, items } = reply else { return Ok(Vec::new()) };
        let info = |object: Object| Info {
            mapping: Some(mapping.clone()),
            namespace: object.namespace().to_owned(),
            name: object.name().to_owned(),
            object: Some(object),
            source: String::new(),
            subresource: String::new(),
        };
        if self.flatten {
            return Ok(items.into_iter().map(info).collect());
        }
        let items: Value = items.into_iter().map(|o| o.0).collect();
        Ok(vec![info(Object(json!({
            "apiVersion": api_version, "kind": (format!("{kind}List")),
            "metadata": {"resourceVersion": resource_version}, "items": items,
        })))])
    }

    fn explain_list(&self, mapping: &ResourceType, error: Error) -> Error {
        let Error::Status(mut status) = error else { return error };
        if matches!(status.reason, Reason::BadRequest | Reason::NotFound) {
            let gvr = format!("{}/{}, Resource={}", mapping.gv.group, mapping.gv.version, mapping.plural);
            let (labels, fields) = (self.selector.trim(), self.field_selector.trim());
            status.message = if labels.is_empty() && fields.is_empty() {
                format!("Unable to list {gvr:?}: {}", status.message)
            } else {
                format!(
                    "Unable to find {gvr:?} that match label selector {labels:?}, field selector {fields:?}: {}",
                    status.message
                )
            };
        }
        Error::Status(status)
    }

    fn by_tuples(&self, session: &mut Session<'_, '_>, words: &Words) -> Result<Chosen, Error> {
        let types: Vec<String> = words.tuples.iter().map(|(t, _)| t.clone()).collect();
        self.mappings(session, &types)?;
        let mut items = Vec::new();
        for (word, name) in &words.tuples {
            let mapping = session.resource(word)?;
            items.push(Ok(self.named(mapping, name)?));
        }
        let single = items.len() == 1;
        Ok(Chosen { items, broken: Vec::new(), single })
    }

    fn by_names(&self, session: &mut Session<'_, '_>, words: &Words) -> Result<Chosen, Error> {
        if words.types.len() > 1 {
            return Err(Error::plain("you must specify only one resource"));
        }
        let Some(mapping) = self.mappings(session, &words.types)?.into_iter().next() else {
            return Err(Error::plain("you must provide a resource and a resource name together"));
        };
        let mut items = Vec::new();
        for name in &words.names {
            items.push(Ok(self.named(mapping.clone(), name)?));
        }
        let single = items.len() == 1;
        Ok(Chosen { items, broken: Vec::new(), single })
    }

    fn named(&self, mapping: ResourceType, name: &str) -> Result<Info, Error> {
        let mut namespace = String::new();
        if mapping.namespaced() {
            if self.all_namespaces {
                return Err(Error::plain("a resource cannot be retrieved by name across all namespaces"));
            }
            if self.namespace.is_empty() {
                return Err(Error::plain("namespace may not be empty when retrieving a resource by name"));
            }
            namespace.clone_from(&self.namespace);
        }
        Ok(Info {
            mapping: Some(mapping),
            namespace,
            name: name.to_owned(),
            object: None,
            source: String::new(),
            subresource: self.subresource.clone(),
        })
    }

    fn mappings(&self, session: &mut Session<'_, '_>, types: &[String]) -> Result<Vec<ResourceType>, Error> {
        let mut mappings: Vec<ResourceType> = Vec::new();
        for word in types {
            let found = session.resource(word)?;
            if !mappings.iter().any(|m| m.gv == found.gv && m.kind == found.kind) {
                mappings.push(found);
            }
        }
        if mappings.len() > 1 && self.single_type {
            return Err(Error::plain("you may only specify a single resource type"));
        }
        Ok(mappings)
    }

    fn parse_words(&self, session: &mut Session<'_, '_>, errors: &mut Vec<Error>) -> Words {
        let mut words = Words::default();
        match words.fill(&self.words) {
            Ok(()) => {}
            Err(e) => errors.push(Error::plain(e)),
        }
        // Categories such as `all` stand for several types.
        let mut types = Vec::new();
        for word in std::mem::take(&mut words.types) {
            let members: Vec<String> = match session.resources() {
                Ok(resources) => resources
                    .iter()
                    .filter(|r| r.categories.iter().any(|c| *c == word))
                    .map(ResourceType::group_resource)
                    .collect(),
                Err(e) => {
                    errors.push(e.wrapped());
                    Vec::new()
                }
            };
            if members.is_empty() { types.push(word) } else { types.extend(members) }
        }
        words.types = types;
        words
    }
}

/// A failure to load a document: of this document, or of all behind it too.
pub(super) enum Stop {
    Item(Error),
    Stream(Error),
}

impl Stop {
    fn into_error(self) -> Error {
        match self {
            Self::Item(e) | Self::Stream(e) => e,
        }
    }
}

impl From<Error> for Stop {
    fn from(e: Error) -> Self {
        Self::Stream(e)
    }
}

fn set_namespace(info: &mut Info) {
    let namespace = info.namespace.clone();
    if let Some(object) = &mut info.object {
        object.set(&["metadata", "namespace"], namespace);
    }
}
