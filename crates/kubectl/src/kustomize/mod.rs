//! Kustomizations: building the objects of a directory. Models kustomize `api/krusty` and its built-in plugins.

mod generate;
mod load;
mod patches;
mod references;
mod replace;
mod resource;
mod transform;

use gatehouse_model::{Object, Value, yaml};

use crate::host::Files;
pub use load::Restrictor;
use load::{NO_GIT, absolute, is_remote, join, remote, within};
use resource::{Resource, order};

const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

const FIELDS: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "openapi",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "commonAnnotations",
    "patchesStrategicMerge",
    "patchesJson6902",
    "patches",
    "images",
    "imageTags",
    "replacements",
    "replicas",
    "vars",
    "sortOptions",
    "resources",
    "components",
    "crds",
    "bases",
    "configMapGenerator",
    "secretGenerator",
    "helmGlobals",
    "helmCharts",
    "helmChartInflationGenerator",
    "generatorOptions",
    "configurations",
    "generators",
    "transformers",
    "validators",
    "buildMetadata",
];

/// What a build came to.
#[derive(Debug)]
pub struct Built {
    /// The objects, in the order in which they can be applied, or what kustomize says is wrong.
    pub objects: Result<Vec<Object>, String>,
    /// What it says of the fields used, whether or not something is wrong.
    pub warnings: Vec<String>,
}

/// Builds a directory.
pub fn build(files: &mut dyn Files, dir: &str, restrictor: Restrictor) -> Built {
    let (warnings, above, vars) = (Vec::new(), Vec::new(), Vec::new());
    let mut work = Work { files, restrictor, warnings, above, vars };
    let objects = work.whole(dir);
    Built { objects, warnings: work.warnings }
}

struct Work<'f> {
    files: &'f mut dyn Files,
    restrictor: Restrictor,
    warnings: Vec<String>,
    /// The directories that are being built, outermost first.
    above: Vec<String>,
    vars: Vec<replace::Var>,
}

impl Work<'_> {
    fn whole(&mut self, dir: &str) -> Result<Vec<Object>, String> {
        let root = absolute(self.files, dir);
        load::confirmed(self.files, dir, &root)?;
        let mut all = self.directory(&root, Vec::new(), false)?;
        for resource in &mut all {
            resource.add_hash();
        }
        references::fix(&mut all);
        replace::resolve(&self.vars, &mut all)?;
        order(&mut all);
        Ok(all.into_iter().map(|r| r.object).collect())
    }

    fn warn(&mut self, field: &str, instead: &str) {
        let experimental = if field == "vars" { "[EXPERIMENTAL] " } else { "" };
        self.warnings.push(format!(
            "# Warning: '{field}' is deprecated. Please use '{instead}' instead. {experimental}Run 'kustomize edit fix' to update your Kustomization automatically."
        ));
    }

    fn kustomization(&mut self, dir: &str) -> Result<Value, String> {
        let found: Vec<String> = NAMES
            .iter()
            .map(|n| format!("{dir}/{n}"))
            .filter(|p| self.files.is_dir(p) == Some(false))
            .collect();
        let path = match found.as_slice() {
            [one] => one.clone(),
            [] => {
                return Err(format!(
                    "unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '{dir}'"
                ));
            }
            _ => return Err(format!("Found multiple kustomization files under: {dir}\n")),
        };
        let bytes = self.files.read(&path).map_err(|e| format!("open {path}: {}", e.errno))?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let value = yaml::parse(&text).map_err(|e| format!("invalid Kustomization: {}", e.bare()))?;
        if value.entries().is_empty() {
            return Err("kustomization.yaml is empty".to_owned());
        }
        if let Some(unknown) = value.entries().keys().find(|k| !FIELDS.contains(k)) {
            return Err(format!("invalid Kustomization: json: unknown field {unknown:?}"));
        }
        for (field, instead) in [
            ("bases", "resources"),
            ("commonLabels", "labels"),
            ("imageTags", "images"),
            ("patchesJson6902", "patches"),
            ("patchesStrategicMerge", "patches"),
            ("vars", "replacements"),
        ] {
            if value.get(field).is_some() {
                self.warn(field, instead);
            }
        }
        let wrong = wrong_kind(value.str_at(&["kind"]), value.str_at(&["apiVersion"]));
        if !wrong.is_empty() {
            let wrong = wrong.join("\n");
            return Err(format!("Failed to read kustomization file under {dir}:\n{wrong}"));
        }
        Ok(value)
    }

    /// The content of a file a kustomization names.
    fn file(&mut self, dir: &str, path: &str) -> Result<Vec<u8>, String> {
        match remote(path) {
            Some(why) => Err(why),
            None => load::file(self.files, self.restrictor, dir, path),
        }
    }

    /// Builds one directory on top of what was gathered before: a component changes all of that.
    fn directory(
        &mut self,
        dir: &str,
        before: Vec<Resource>,
        component: bool,
    ) -> Result<Vec<Resource>, String> {
        let inner = !self.above.is_empty();
        let k = self
            .kustomization(dir)
            .map_err(|e| if inner { format!("couldn't make target for path '{dir}': {e}") } else { e })?;
        let kind = k.str_at(&["kind"]);
        if component && kind != "Component" {
            let kind = if kind.is_empty() { "Kustomization" } else { kind };
            return Err(format!("expected kind 'Component' for path '{dir}' but got '{kind}'"));
        }
        if inner && !component && kind == "Component" {
            return Err(format!("expected kind != 'Component' for path '{dir}'"));
        }
        self.above.push(dir.to_owned());
        let all = self.target(dir, &k, before);
        self.above.pop();
        all.map_err(|e| if inner { format!("recursed accumulation of path '{dir}': {e}") } else { e })
    }

    /// What a kustomization makes of its resources.
    fn target(&mut self, dir: &str, k: &Value, before: Vec<Resource>) -> Result<Vec<Resource>, String> {
        let mut all = before;
        for path in k.list_at(&["resources"]).iter().chain(k.list_at(&["bases"])).filter_map(Value::as_str) {
            self.accumulate(dir, path, &mut all).map_err(|e| format!("accumulating resources: {e}"))?;
        }
        generate::run(self, dir, k, &mut all)?;
        for path in k.list_at(&["components"]).iter().filter_map(Value::as_str) {
            let full =
                self.below(dir, path).map_err(|e| format!("accumulating components: loader.New {e:?}"))?;
            all = self
                .directory(&full, all, true)
                .map_err(|e| format!("accumulating components: accumulateDirectory: {e:?}"))?;
        }
        patches::run(self, dir, k, &mut all)?;
        transform::run(k, &mut all)?;
        references::fix(&mut all);
        replace::run(self, dir, k, &mut all)?;
        self.vars.extend(k.list_at(&["vars"]).iter().map(replace::Var::new));
        Ok(all)
    }

    /// The directory of another kustomization, which must not contain one that is being built.
    fn below(&mut self, dir: &str, path: &str) -> Result<String, String> {
        if is_remote(path) {
            return Err(NO_GIT.to_owned());
        }
        if path.starts_with('/') {
            return Err(format!("new root '{path}' cannot be absolute"));
        }
        let full = join(self.files, dir, path);
        load::confirmed(self.files, &full, &full)?;
        match self.above.iter().rev().find(|visited| within(visited, &full)) {
            Some(visited) => {
                Err(format!("cycle detected: candidate root '{full}' contains visited root '{visited}'"))
            }
            None => Ok(full),
        }
    }

    fn accumulate(&mut self, dir: &str, path: &str, all: &mut Vec<Resource>) -> Result<(), String> {
        let read =
            self.resources(dir, path).map_err(|e| format!("accumulating resources from '{path}': {e}"));
        let why = match read
            .and_then(|found| merge(all, found).map_err(|e| format!("merging resources from '{path}': {e}")))
        {
            Ok(()) => return Ok(()),
            Err(why) => why,
        };
        let behind = |rest: String| format!("accumulation err='{why}': {rest}");
        let full = match self.below(dir, path) {
            Ok(full) => full,
            Err(_) if why.contains("MalformedYAMLError") => return Err(why),
            Err(rest) => return Err(behind(rest)),
        };
        let found = self.directory(&full, Vec::new(), false).map_err(behind)?;
        merge(all, found).map_err(|e| behind(format!("recursed merging from path '{full}': {e}")))
    }

    /// The objects of a file.
    fn resources(&mut self, dir: &str, path: &str) -> Result<Vec<Resource>, String> {
        let bytes = self.file(dir, path)?;
        let mut found = Vec::new();
        for document in crate::client::files::documents(&bytes, path) {
            let Ok(value) = document else {
                let why = yaml::parse(&String::from_utf8_lossy(&bytes)).err();
                let why = why.map_or(String::new(), |e| e.bare().to_owned());
                return Err(format!("MalformedYAMLError: {why} in File: {path}"));
            };
            let object = Object(value);
            if object.kind().is_empty() {
                return Err(format!("missing Resource metadata in {{{path}}}"));
            }
            if object.kind() == "List" {
                found.extend(object.list_at(&["items"]).iter().map(|i| Resource::new(Object(i.clone()))));
            } else if object.str_at(&["metadata", "name"]).is_empty() {
                return Err(format!("missing metadata.name in object {}", nameless(&object)));
            } else {
                found.push(Resource::new(object));
            }
        }
        Ok(found)
    }
}

/// What is wrong with a kustomization's own kind and version.
fn wrong_kind(kind: &str, version: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if !matches!(kind, "" | "Kustomization" | "Component") {
        wrong.push("kind should be Kustomization or Component".to_owned());
    }
    let wanted = if kind == "Component" { "v1alpha1" } else { "v1beta1" };
    let wanted = format!("kustomize.config.k8s.io/{wanted}");
    if !version.is_empty() && version != wanted {
        wrong.push(format!("apiVersion for {kind} should be {wanted}"));
    }
    wrong
}

/// An object without a name, as Go prints what kustomize knows of it.
fn nameless(object: &Object) -> String {
    let pairs = |field: &str| {
        let map = object.map_at(&["metadata", field]);
        let pairs: Vec<String> =
            map.iter().map(|(k, v)| format!("{k}:{}", v.as_str().unwrap_or_default())).collect();
        format!("map[{}]", pairs.join(" "))
    };
    format!(
        "{{{{{} {}}} {{{{ {}}} {} {}}}}}",
        object.str_at(&["apiVersion"]),
        object.kind(),
        object.str_at(&["metadata", "namespace"]),
        pairs("labels"),
        pairs("annotations")
    )
}

fn merge(all: &mut Vec<Resource>, more: Vec<Resource>) -> Result<(), String> {
    for resource in more {
        if all.iter().any(|r| r.id() == resource.id()) {
            return Err(format!("may not add resource with an already registered id: {}", resource.id()));
        }
        all.push(resource);
    }
    Ok(())
}
