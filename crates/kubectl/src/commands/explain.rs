//! `kubectl explain`. Models kubectl `pkg/cmd/explain/explain.go`.

use gatehouse_core::request::{Credential, User};
use gatehouse_core::{Reply, Request, Verb};
use gatehouse_model::{GroupVersion, Object, ResourceType, Value, schema};

use super::reading::API_RESOURCES;
use crate::cli::{Args, Command, Flag};
use crate::error::Error;
use crate::explain::{Heading, Node, explain, heading};
use crate::mapping;
use crate::session::{Session, target_of};

const FLAGS: &[Flag] = &[
    Flag::str("api-version", "Get different explanations for particular API version (API group/version)"),
    Flag::str("output", "Format in which to render the schema (plaintext, plaintext-openapiv2)")
        .short('o')
        .default("plaintext"),
    Flag::bool("recursive", "Print the fields of fields (Currently only 1 level deep)").short('R'),
];

/// The command.
pub(super) static COMMAND: Command = Command {
    short: "Get documentation for a resource",
    long: "Describe fields and structure of various resources.\n\n This command describes the fields associated with each supported API resource. Fields are identified via a simple JSONPath identifier:\n\n        <type>.<fieldName>[.<fieldName>]\n        \n Information about each field is retrieved from the server in OpenAPI format.\n\nUse \"kubectl api-resources\" for a complete list of supported resources.",
    examples: "# Get the documentation of the resource and its fields\nkubectl explain pods\n\n# Get all the fields in the resource\nkubectl explain pods --recursive\n\n# Get the explanation for deployment in supported api versions\nkubectl explain deployments --api-version=apps/v1\n\n# Get the documentation of a specific field of a resource\nkubectl explain pods.spec.containers",
    usage: "TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] [-o|--output=plaintext|plaintext-openapiv2]",
    flags: &[FLAGS],
    run: Some(run),
    ..Command::named("explain")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let what = match args.words.as_slice() {
        [one] => one,
        [] => {
            return Err(Error::plain(format!(
                "You must specify the type of resource to explain. {API_RESOURCES}\n"
            )));
        }
        _ => return Err(Error::plain("We accept only this format: explain RESOURCE\n")),
    };
    let (mut mapping, fields) = resource_and_fields(session, what)?;
    match args.str("output") {
        "plaintext" | "plaintext-openapiv2" => {}
        other => return Err(Error::plain(format!("unrecognized format: {other}"))),
    }
    let version = args.str("api-version");
    if !version.is_empty() {
        mapping = of_version(session, &mapping, &GroupVersion::parse(version))?;
    }
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    let of = Heading { group: &mapping.gv.group, version: &mapping.gv.version, kind: &mapping.kind };
    let recursive = args.bool("recursive");
    let built_in = schema::for_kind(session.server_version(), &mapping.gv, &mapping.kind);
    let text = match built_in {
        Some(ty) => explain(Node::Builtin { ty, via: None }, &fields, recursive),
        None => {
            let definition = definition(session, &mapping)?;
            let schema = whole_schema(&definition, &mapping);
            let metadata = schema::builtin()
                .named(session.server_version(), "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
            explain(Node::Custom { schema: &schema, metadata, embeds: None }, &fields, recursive)
        }
    };
    session.print(heading(&of));
    session.print(text.map_err(Error::plain)?);
    Ok(())
}

/// The longest beginning that names a resource, and the fields behind it.
fn resource_and_fields(
    session: &mut Session<'_, '_>,
    what: &str,
) -> Result<(ResourceType, Vec<String>), Error> {
    let path = what.strip_suffix('.').unwrap_or(what);
    if path.starts_with(['.', '[', '*']) {
        return Err(Error::plain("invalid jsonpath syntax, first node must be field node"));
    }
    if path.contains(['[', '*']) {
        return Err(Error::plain("invalid jsonpath syntax, all nodes must be field nodes"));
    }
    let parts: Vec<String> = path.split('.').filter(|p| !p.is_empty()).map(str::to_owned).collect();
    // `networkpolicies.networking.k8s.io.spec`: group and all.
    let resources = session.resources()?.to_vec();
    for end in (2..=parts.len()).rev() {
        let head = parts.get(..end).unwrap_or(&[]).join(".");
        if let Some(found) = resources.iter().find(|r| !r.gv.group.is_empty() && r.group_resource() == head) {
            return Ok((found.clone(), parts.get(end..).unwrap_or(&[]).to_vec()));
        }
    }
    let word = parts.first().map_or("", String::as_str);
    let found = session.pick(|all| mapping::find(all, word))?;
    let (group, version) = (String::new(), String::new());
    let mapping = found.ok_or_else(|| Error::NoResource { resource: word.to_owned(), group, version })?;
    Ok((mapping, parts.get(1..).unwrap_or(&[]).to_vec()))
}

fn of_version(
    session: &mut Session<'_, '_>,
    mapping: &ResourceType,
    gv: &GroupVersion,
) -> Result<ResourceType, Error> {
    let all = session.resources()?;
    let found = all.iter().find(|r| r.gv == *gv && r.plural == mapping.plural).cloned();
    found.ok_or_else(|| {
        let what = format!("{}/{}, Resource={}", gv.group, gv.version, mapping.plural);
        Error::plain(if all.iter().any(|r| r.gv == *gv) {
            format!("error: GVR ({what}) not found in OpenAPI schema")
        } else {
            format!("couldn't find resource for \"{what}\"")
        })
    })
}

/// The definition of a custom resource, as the server's own documentation is made from it.
fn definition(session: &mut Session<'_, '_>, mapping: &ResourceType) -> Result<Object, Error> {
    let definitions = session.resource("customresourcedefinitions.apiextensions.k8s.io")?;
    let server = User {
        name: "system:apiserver".to_owned(),
        groups: vec!["system:masters".to_owned()],
        ..User::default()
    };
    let target = target_of(&definitions, "", &mapping.group_resource(), "");
    let request = Request::new(Credential::Internal(server), Verb::Get, target);
    match session.send_raw(request)?.result {
        Ok(Reply::Object(object)) => Ok(object),
        _ => Err(Error::plain(format!(
            "couldn't find resource for \"{}/{}, Kind={}\"",
            mapping.gv.group, mapping.gv.version, mapping.kind
        ))),
    }
}

/// The schema of one version, with what every object has.
fn whole_schema(definition: &Object, mapping: &ResourceType) -> Value {
    let versions = definition.list_at(&["spec", "versions"]);
    let found = versions.iter().find(|v| v.str_at(&["name"]) == mapping.gv.version);
    let mut schema = found.and_then(|v| v.at(&["schema", "openAPIV3Schema"])).cloned().unwrap_or_default();
    for (name, description) in [
        (
            "apiVersion",
            "APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources",
        ),
        (
            "kind",
            "Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds",
        ),
        (
            "metadata",
            "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
        ),
    ] {
        schema.set(&["properties", name, "description"], description);
        schema.set(&["properties", name, "type"], if name == "metadata" { "object" } else { "string" });
    }
    schema
}
