//! Makes the schema of every built-in kind: OpenAPI as k8s-openapi knows it, plus the facts in `schema/`.
//!
//! Three files of lines come out. `schema.txt`: `type NAME`, below it `  FIELD TYPE FACTS`; `root APIVERSION KIND NAME`;
//! `enum GOTYPE VALUES`. `descriptions.words` has a description per line of `schema.txt` that has one, in the same order.
//! A type is a word (`string`, `int32`, …), the name of a `type`, `[]` or `{}` before the type of elements, or `?` before
//! a type that may be something else altogether. Names of types have lost their `io.k8s.api.` or `io.k8s.`.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use k8s_openapi::api;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value};

#[path = "src/schema/words.rs"]
mod words;

/// One type: fields with type and facts.
type Fields = BTreeMap<String, (String, String, String)>;

#[derive(Default)]
struct Schema {
    types: BTreeMap<String, (String, Fields)>,
    roots: BTreeMap<(String, String), String>,
    enums: Vec<String>,
}

fn short(name: &str) -> &str {
    name.strip_prefix("io.k8s.api.").or_else(|| name.strip_prefix("io.k8s.")).unwrap_or(name)
}

fn root<T: JsonSchema + k8s_openapi::Resource>(generator: &mut SchemaGenerator, schema: &mut Schema) {
    generator.subschema_for::<T>();
    let name = short(&T::schema_name()).to_owned();
    schema.roots.insert((T::API_VERSION.to_owned(), T::KIND.to_owned()), name);
}

macro_rules! roots {
    ($generator:ident, $schema:ident: $($group:ident $version:ident: $($kind:ident)*;)*) => {
        $($(root::<api::$group::$version::$kind>($generator, $schema);)*)*
    };
}

fn roots(generator: &mut SchemaGenerator, schema: &mut Schema) {
    roots! { generator, schema:
        core v1: Binding ComponentStatus ConfigMap Endpoints Event LimitRange Namespace Node PersistentVolumeClaim
            PersistentVolume Pod PodTemplate ReplicationController ResourceQuota Secret ServiceAccount Service;
        admissionregistration v1: MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingWebhookConfiguration
            ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration;
        apps v1: ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet;
        authentication v1: SelfSubjectReview TokenRequest TokenReview;
        authorization v1: LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview;
        autoscaling v1: HorizontalPodAutoscaler Scale;
        autoscaling v2: HorizontalPodAutoscaler;
        batch v1: CronJob Job;
        certificates v1: CertificateSigningRequest;
        coordination v1: Lease;
        discovery v1: EndpointSlice;
        events v1: Event;
        flowcontrol v1: FlowSchema PriorityLevelConfiguration;
        networking v1: IPAddress Ingress IngressClass NetworkPolicy ServiceCIDR;
        node v1: RuntimeClass;
        policy v1: Eviction PodDisruptionBudget;
        rbac v1: ClusterRole ClusterRoleBinding Role RoleBinding;
        resource v1: DeviceClass ResourceClaim ResourceClaimTemplate ResourceSlice;
        scheduling v1: PriorityClass;
        storage v1: CSIDriver CSINode CSIStorageCapacity StorageClass VolumeAttachment VolumeAttributesClass;
    }
    root::<k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition>(
        generator, schema,
    );
    root::<k8s_openapi::kube_aggregator::pkg::apis::apiregistration::v1::APIService>(generator, schema);
    type DeleteOptions = k8s_openapi::apimachinery::pkg::apis::meta::v1::DeleteOptions;
    generator.subschema_for::<DeleteOptions>();
    let name = short(&DeleteOptions::schema_name()).to_owned();
    schema.roots.insert(("v1".to_owned(), "DeleteOptions".to_owned()), name);
    root::<k8s_openapi::apimachinery::pkg::apis::meta::v1::Status>(generator, schema);
}

fn text<'a>(schema: &'a Map<String, Value>, key: &str) -> &'a str {
    schema.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Definitions that stand for one value, but have a description of their own.
const SCALARS: [&str; 4] = ["Quantity", "IntOrString", "Time", "MicroTime"];

/// The word of a definition that is no object with fields.
fn plain_definition(name: &str, schema: &Map<String, Value>) -> Option<String> {
    Some(match name.rsplit('.').next().unwrap_or_default() {
        "Quantity" => "quantity".to_owned(),
        "IntOrString" => "intOrString".to_owned(),
        "Time" => "time".to_owned(),
        "MicroTime" => "microTime".to_owned(),
        "RawExtension" | "FieldsV1" | "JSON" => "any".to_owned(),
        "JSONSchemaPropsOrArray" | "JSONSchemaPropsOrBool" | "JSONSchemaPropsOrStringArray" => {
            "?apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps".to_owned()
        }
        _ if schema.contains_key("properties") => return None,
        _ if text(schema, "type") == "object" && !schema.contains_key("additionalProperties") => return None,
        _ => inline(schema, &Map::new()),
    })
}

/// The type a schema stands for.
fn inline(schema: &Map<String, Value>, definitions: &Map<String, Value>) -> String {
    let nested = |key: &str| {
        let inner = schema.get(key).and_then(Value::as_object).map(|s| inline(s, definitions));
        inner.unwrap_or_else(|| "any".to_owned())
    };
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.rsplit('/').next()) {
        let name = name.replace("~1", "/");
        let definition = definitions.get(&name).and_then(Value::as_object);
        let plain = definition.and_then(|d| plain_definition(&name, d));
        return plain.unwrap_or_else(|| short(&name).to_owned());
    }
    match (text(schema, "type"), text(schema, "format")) {
        ("string", "byte") => "bytes".to_owned(),
        ("string", "date-time") => "time".to_owned(),
        ("string", _) => "string".to_owned(),
        ("integer", "int32") => "int32".to_owned(),
        ("integer", _) => "int64".to_owned(),
        ("number", _) => "number".to_owned(),
        ("boolean", _) => "bool".to_owned(),
        ("array", _) => format!("[]{}", nested("items")),
        ("object", _) if schema.contains_key("additionalProperties") => {
            format!("{{}}{}", nested("additionalProperties"))
        }
        _ => "any".to_owned(),
    }
}

impl Schema {
    fn add_definitions(&mut self, definitions: &Map<String, Value>) {
        for (name, definition) in definitions {
            let Some(definition) = definition.as_object() else { continue };
            if plain_definition(name, definition).is_some() {
                if SCALARS.iter().any(|scalar| name.rsplit('.').next() == Some(scalar)) {
                    let described = (text(definition, "description").to_owned(), Fields::new());
                    self.types.insert(short(name).to_owned(), described);
                }
                continue;
            }
            let required: Vec<&str> = definition
                .get("required")
                .and_then(Value::as_array)
                .map(|r| r.iter().filter_map(Value::as_str).collect())
                .unwrap_or_default();
            let mut fields = Fields::new();
            for (field, schema) in
                definition.get("properties").and_then(Value::as_object).into_iter().flatten()
            {
                let Some(schema) = schema.as_object() else { continue };
                let facts =
                    if required.contains(&field.as_str()) && field != "metadata" { "required" } else { "" };
                let description = text(schema, "description").to_owned();
                fields.insert(field.clone(), (inline(schema, definitions), facts.to_owned(), description));
            }
            self.types.insert(short(name).to_owned(), (text(definition, "description").to_owned(), fields));
        }
    }

    /// Reads a file of the grammar above. With `merge`, fields have no types: their facts are added to known ones.
    fn read(&mut self, file: &str, merge: bool) {
        let mut current = String::new();
        for line in file.lines().filter(|l| !l.starts_with('#')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["type", name] if !line.starts_with(' ') => {
                    current = (*name).to_owned();
                    if !merge {
                        self.types.entry(current.clone()).or_default();
                    }
                }
                ["root", api_version, kind, name] if !line.starts_with(' ') => {
                    self.roots.insert(((*api_version).to_owned(), (*kind).to_owned()), (*name).to_owned());
                }
                ["enum", ..] if !line.starts_with(' ') => self.enums.push(line.to_owned()),
                [field, facts @ ..] if merge => {
                    let known = self.types.get_mut(&current).and_then(|(_, fields)| fields.get_mut(*field));
                    if let Some((_, all, _)) = known {
                        for fact in facts {
                            let _ = write!(all, "{}{fact}", if all.is_empty() { "" } else { " " });
                        }
                    }
                }
                [field, kind, facts @ ..] => {
                    if let Some((_, fields)) = self.types.get_mut(&current) {
                        let row = ((*kind).to_owned(), facts.join(" "), String::new());
                        fields.insert((*field).to_owned(), row);
                    }
                }
                _ => {}
            }
        }
    }

    /// The names of types that a root leads to.
    fn reachable(&self) -> BTreeSet<String> {
        let mut open: Vec<String> = self.roots.values().cloned().collect();
        let scalar = |name: &&String| SCALARS.iter().any(|scalar| name.rsplit('.').next() == Some(scalar));
        open.extend(self.types.keys().filter(scalar).cloned());
        let mut seen = BTreeSet::new();
        while let Some(name) = open.pop() {
            if let Some((_, fields)) = self.types.get(&name)
                && seen.insert(name)
            {
                open.extend(
                    fields
                        .values()
                        .map(|(kind, ..)| kind.trim_start_matches(['[', ']', '{', '}', '?']).to_owned()),
                );
            }
        }
        seen
    }

    fn print(&self) -> (String, String) {
        let (mut schema, mut descriptions) = (String::new(), String::new());
        let reachable = self.reachable();
        let mut used = BTreeSet::new();
        let line = |out: &mut String, description: &str| {
            let _ = writeln!(out, "{}", description.replace('\\', "\\\\").replace('\n', "\\n"));
        };
        for (name, (description, fields)) in self.types.iter().filter(|(name, _)| reachable.contains(*name)) {
            let _ = writeln!(schema, "type {name}");
            line(&mut descriptions, description);
            for (field, (kind, facts, description)) in fields {
                let _ = writeln!(schema, "{}", format!("  {field} {kind} {facts}").trim_end());
                line(&mut descriptions, description);
                used.extend(facts.split(' ').filter_map(|f| f.strip_prefix("type=")));
            }
        }
        for ((api_version, kind), name) in &self.roots {
            let _ = writeln!(schema, "root {api_version} {kind} {name}");
        }
        for line in &self.enums {
            if line.split(' ').nth(1).is_some_and(|name| used.contains(name)) {
                let _ = writeln!(schema, "{line}");
            }
        }
        (schema, descriptions)
    }
}

/// The descriptions with numbers for words, as [`words`] reads them.
fn in_words(text: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    // Words in small letters with the space before them, those that begin with a capital, and what takes more than a byte
    // already.
    let mut tokens: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            ' ' | 'A'..='Z' => 1 + rest.bytes().skip(1).take_while(u8::is_ascii_lowercase).count(),
            other => other.len_utf8(),
        };
        let (token, then) = rest.split_at(length);
        tokens.push(token);
        rest = then;
    }
    let mut counts = BTreeMap::<&str, usize>::new();
    for token in tokens.iter().filter(|token| token.len() > 1) {
        *counts.entry(token).or_default() += 1;
    }
    let mut chosen: Vec<(&str, usize)> =
        counts.into_iter().filter(|(token, count)| !token.is_ascii() || *count > 5).collect();
    chosen.sort_by_key(|(token, count)| std::cmp::Reverse((token.is_ascii(), count * (token.len() - 1))));
    let numbers: BTreeMap<&str, usize> =
        chosen.iter().enumerate().map(|(at, (token, _))| (*token, at)).collect();
    if numbers.len() > words::SHORT + (128 - words::SHORT) * words::LONG {
        return Err("too many words".into());
    }
    let mut out = chosen.iter().map(|(token, _)| *token).collect::<Vec<_>>().join("|").into_bytes();
    out.push(b'\n');
    for token in tokens {
        match numbers.get(token) {
            None => out.extend(token.bytes()),
            Some(number) => match number.checked_sub(words::SHORT) {
                None => out.push(u8::try_from(128 + number)?),
                Some(long) => {
                    out.push(u8::try_from(128 + words::SHORT + long / words::LONG)?);
                    out.push(u8::try_from(128 + long % words::LONG)?);
                }
            },
        }
    }
    for (at, line) in text.lines().enumerate().step_by(97) {
        if words::read(&out, at).as_deref() != Some(line) {
            return Err(format!("line {at} of the descriptions is not read as it was").into());
        }
    }
    Ok(out)
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=schema");
    println!("cargo::rerun-if-changed=src/schema/words.rs");
    let mut schema = Schema::default();
    let mut generator = SchemaGenerator::default();
    roots(&mut generator, &mut schema);
    schema.add_definitions(generator.definitions());
    schema.read(&std::fs::read_to_string("schema/old.txt")?, false);
    schema.read(&std::fs::read_to_string("schema/facts.txt")?, true);
    let (text, descriptions) = schema.print();
    let out = std::env::var("OUT_DIR")?;
    std::fs::write(Path::new(&out).join("schema.txt"), text)?;
    std::fs::write(Path::new(&out).join("descriptions.words"), in_words(&descriptions)?)?;
    Ok(())
}
