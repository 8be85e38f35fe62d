//! Kustomizations: building the objects of a directory. Models kustomize `api/krusty` and its built-in plugins.

mod generate;
mod patches;
mod references;
mod replace;
mod resource;
mod transform;

use gatehouse_model::{Object, Value, yaml};

use crate::host::Files;
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
#[derive(Debug, Default)]
pub struct Built {
    /// The objects, in the order in which they can be applied.
    pub objects: Vec<Object>,
    /// What the fields used are warned of.
    pub warnings: Vec<String>,
}

/// Builds a directory.
///
/// # Errors
/// What kustomize says.
pub fn build(files: &mut dyn Files, dir: &str) -> Result<Built, String> {
    let mut work = Work { files, warnings: Vec::new(), above: Vec::new(), vars: Vec::new() };
    let root = absolute(work.files, dir);
    match work.files.is_dir(&root) {
        Some(true) => {}
        Some(false) => return Err(format!("must build at directory: '{root}': file is not directory")),
        None => {
            return Err(format!(
                "must build at directory: not a valid directory: evalsymlink failure on '{dir}' : lstat {root}: no such file or directory"
            ));
        }
    }
    let mut all = work.directory(&root, Vec::new(), false)?;
    for resource in &mut all {
        resource.add_hash();
    }
    references::fix(&mut all);
    replace::resolve(&work.vars, &mut all)?;
    order(&mut all);
    Ok(Built { objects: all.into_iter().map(|r| r.object).collect(), warnings: work.warnings })
}

/// The path without `.` and `..`, from the root on.
fn absolute(files: &dyn Files, path: &str) -> String {
    let full =
        if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", files.working_dir()) };
    let mut parts: Vec<&str> = Vec::new();
    for part in full.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    format!("/{}", parts.join("/"))
}

struct Work<'f> {
    files: &'f mut dyn Files,
    warnings: Vec<String>,
    /// The directories that are being built, outermost first.
    above: Vec<String>,
    vars: Vec<replace::Var>,
}

impl Work<'_> {
    fn warn(&mut self, field: &str, instead: &str) {
        let text = format!(
            "# Warning: '{field}' is deprecated. Please use '{instead}' instead. Run 'kustomize edit fix' to update your Kustomization automatically."
        );
        if !self.warnings.contains(&text) {
            self.warnings.push(text);
        }
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
        Ok(value)
    }

    /// The text of a file a kustomization names.
    fn file(&mut self, dir: &str, path: &str) -> Result<Vec<u8>, String> {
        let full = absolute(self.files, &format!("{dir}/{path}"));
        if !path.starts_with('/') && !full.starts_with(&format!("{dir}/")) {
            return Err(format!("security; file '{full}' is not in or below '{dir}'"));
        }
        self.files.read(&full).map_err(|e| format!("open {full}: {}", e.errno))
    }

    /// Builds one directory on top of what was gathered before: a component changes all of that.
    fn directory(
        &mut self,
        dir: &str,
        before: Vec<Resource>,
        component: bool,
    ) -> Result<Vec<Resource>, String> {
        if self.above.iter().any(|d| d == dir) {
            return Err(format!("cycle detected: candidate root '{dir}' contains visited root '{dir}'"));
        }
        let k = self.kustomization(dir)?;
        let is_component = k.str_at(&["kind"]) == "Component";
        if component && !is_component {
            return Err(format!(
                "accumulating components: accumulateDirectory: \"expected kind 'Component' for path '{dir}' but got 'Kustomization'\""
            ));
        }
        if !component && is_component {
            return Err(format!("expected kind != 'Component' for path '{dir}'"));
        }
        self.above.push(dir.to_owned());
        let mut all = before;
        for path in k.list_at(&["resources"]).iter().chain(k.list_at(&["bases"])).filter_map(Value::as_str) {
            let found = self.accumulate(dir, path)?;
            merge(&mut all, found).map_err(|e| {
                let full = absolute(self.files, &format!("{dir}/{path}"));
                format!("accumulating resources: accumulation err='merging resources from '{path}': {e}': must build at directory: '{full}': file is not directory")
            })?;
        }
        for path in k.list_at(&["components"]).iter().filter_map(Value::as_str) {
            let full = absolute(self.files, &format!("{dir}/{path}"));
            all = self.directory(&full, all, true)?;
        }
        generate::run(self, dir, &k, &mut all)?;
        patches::run(self, dir, &k, &mut all)?;
        transform::run(&k, &mut all)?;
        references::fix(&mut all);
        replace::run(self, dir, &k, &mut all)?;
        self.vars.extend(k.list_at(&["vars"]).iter().map(replace::Var::new));
        self.above.pop();
        Ok(all)
    }

    fn accumulate(&mut self, dir: &str, path: &str) -> Result<Vec<Resource>, String> {
        let full = absolute(self.files, &format!("{dir}/{path}"));
        if self.files.is_dir(&full) == Some(true) {
            return self.directory(&full, Vec::new(), false).map_err(|e| {
                format!("accumulating resources: accumulation err='accumulating resources from '{path}': read {full}: is a directory': recursed accumulation of path '{full}': {e}")
            });
        }
        let outer = |e: String, rest: String| {
            format!(
                "accumulating resources: accumulation err='accumulating resources from '{path}': {e}': {rest}"
            )
        };
        let bytes = match self.file(dir, path) {
            Err(e) if is_remote(path) => return Err(outer(remote(path).unwrap_or(e), NO_GIT.to_owned())),
            Ok(bytes) => bytes,
            Err(e) => {
                let rest = match self.files.is_dir(&full) {
                    Some(_) => format!("must build at directory: '{full}': file is not directory"),
                    None => format!(
                        "must build at directory: not a valid directory: evalsymlink failure on '{full}' : lstat {full}: no such file or directory"
                    ),
                };
                return Err(outer(e, rest));
            }
        };
        let mut found = Vec::new();
        for document in crate::client::files::documents(&bytes, path) {
            let object = match document {
                Ok(value) => Object(value),
                Err(_) => {
                    let why = yaml::parse(&String::from_utf8_lossy(&bytes))
                        .err()
                        .map_or(String::new(), |e| e.to_string());
                    return Err(outer(
                        format!("MalformedYAMLError: {why} in File: {path}"),
                        format!("must build at directory: '{full}': file is not directory"),
                    ));
                }
            };
            if object.kind().is_empty() {
                let rest = format!("must build at directory: '{full}': file is not directory");
                return Err(outer(format!("missing Resource metadata in {{{path}}}"), rest));
            }
            if object.kind() == "List" {
                found.extend(object.list_at(&["items"]).iter().map(|i| Resource::new(Object(i.clone()))));
            } else {
                found.push(Resource::new(object));
            }
        }
        Ok(found)
    }
}

/// What kustomize says of a repository where there is no git.
const NO_GIT: &str = "no 'git' program on path: exec: \"git\": executable file not found in $PATH";

/// Whether a resource lies in a repository somewhere else.
fn is_remote(path: &str) -> bool {
    path.contains("://")
        || ["github.com/", "github.com:", "git::", "git@", "gitlab.com/", "bitbucket.org/"]
            .iter()
            .any(|p| path.starts_with(p))
}

/// What is said of a file on the web: there is no way out of the lab.
fn remote(path: &str) -> Option<String> {
    let (_, rest) = path.split_once("http://").or_else(|| path.split_once("https://"))?;
    let host = rest.split('/').next().unwrap_or(rest);
    Some(format!("Get {path:?}: dial tcp: lookup {host}: no such host"))
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
