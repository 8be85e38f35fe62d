//! `kubectl api-resources` and `kubectl api-versions`. Models kubectl `pkg/cmd/apiresources`.

use std::collections::BTreeSet;

use gatehouse_model::{ResourceType, Value, json};

use crate::cli::{Args, Command, Flag};
use crate::error::Error;
use crate::print::tabwriter::TabWriter;
use crate::print::{kyaml, object};
use crate::session::Session;
use crate::structs;

const FLAGS: &[Flag] = &[
    Flag::str("api-group", "Limit to resources in the specified API group."),
    Flag::bool("cached", "Use the cached list of resources if available."),
    Flag::slice("categories", "Limit to resources that belong to the specified categories."),
    Flag::bool("namespaced", "If false, non-namespaced resources will be returned, otherwise returning namespaced resources by default.").default("true"),
    Flag::bool("no-headers", "When using the default or custom-column output format, don't print headers (default print headers)."),
    Flag::str("output", "Output format. One of: (json, yaml, kyaml, name, wide).").short('o'),
    Flag::bool("show-managed-fields", "If true, keep the managedFields when printing objects in JSON or YAML format.").since(34),
    Flag::str("sort-by", "If non-empty, sort list of resources using specified field. The field can be either 'name' or 'kind'."),
    Flag::slice("verbs", "Limit to resources that support the specified verbs."),
];

/// `api-resources`
pub(super) static COMMAND: Command = Command {
    short: "Print the supported API resources on the server",
    long: "Print the supported API resources on the server.",
    examples: "# Print the supported API resources\nkubectl api-resources\n\n# Print the supported API resources with more information\nkubectl api-resources -o wide\n\n# Print the supported API resources sorted by a column\nkubectl api-resources --sort-by=name\n\n# Print the supported namespaced resources\nkubectl api-resources --namespaced=true\n\n# Print the supported non-namespaced resources\nkubectl api-resources --namespaced=false\n\n# Print the supported API resources with a specific APIGroup\nkubectl api-resources --api-group=rbac.authorization.k8s.io",
    usage: "[flags]",
    flags: &[FLAGS],
    run: Some(run),
    ..Command::named("api-resources")
};

/// The same, for the registry.
pub(super) fn command() -> &'static Command {
    &COMMAND
}

/// `api-versions`
pub(super) static VERSIONS: Command = Command {
    short: "Print the supported API versions on the server, in the form of \"group/version\"",
    long: "Print the supported API versions on the server, in the form of \"group/version\".",
    examples: "# Print the supported API versions\nkubectl api-versions",
    run: Some(versions),
    ..Command::named("api-versions")
};

/// The same, for the registry.
pub(super) fn versions_command() -> &'static Command {
    &VERSIONS
}

fn no_arguments(args: &Args) -> Result<(), Error> {
    if args.words.is_empty() {
        return Ok(());
    }
    Err(args.usage_error(format!("unexpected arguments: [{}]", args.words.join(" "))))
}

fn run(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    no_arguments(args)?;
    let output = args.str("output");
    let formats: &[&str] = if session.version().minor >= 34 {
        &["json", "kyaml", "name", "wide", "yaml"]
    } else {
        &["name", "wide"]
    };
    if !output.is_empty() && !formats.contains(&output) {
        let allowed = formats.join(",");
        return Err(Error::plain(format!(
            "unable to match a printer suitable for the output format {}, allowed formats are: {allowed}",
            gatehouse_model::json::go_quote(output)
        )));
    }
    let sort_by = args.str("sort-by");
    if !matches!(sort_by, "" | "name" | "kind") {
        return Err(Error::plain("--sort-by accepts only name or kind"));
    }
    let (verbs, categories) = (args.list("verbs"), args.list("categories"));
    let has_all = |have: &[std::borrow::Cow<'static, str>], want: &[String]| {
        want.iter().all(|w| have.iter().any(|h| h == w))
    };
    let mut seen: Vec<(String, String)> = Vec::new();
    let mut rows: Vec<ResourceType> = Vec::new();
    session.ask_resources()?;
    for r in session.resources()? {
        // Only the preferred version of each is listed.
        let id = (r.gv.group.to_string(), r.plural.to_string());
        if seen.contains(&id) {
            continue;
        }
        seen.push(id);
        let fits = !r.verbs.is_empty()
            && (!args.changed("api-group") || r.gv.group == args.str("api-group"))
            && (!args.changed("namespaced") || r.namespaced() == args.bool("namespaced"))
            && has_all(&r.verbs, &verbs)
            && has_all(&r.categories, &categories);
        if fits {
            rows.push(r.clone());
        }
    }
    gatehouse_model::order::by(&mut rows, |a, b| {
        let key = |r: &ResourceType| match sort_by {
            "name" => r.plural.to_string(),
            "kind" => r.kind.to_string(),
            _ => r.gv.group.to_string(),
        };
        key(a).cmp(&key(b)).then_with(|| a.plural.cmp(&b.plural))
    });
    let text = match output {
        "name" => rows.iter().map(|r| r.group_resource() + "\n").collect(),
        "json" => structs::json(&list(&rows)),
        "kyaml" => kyaml::document(&list(&rows), true),
        "yaml" => object::yaml(&list(&rows), true),
        _ => table(&rows, output == "wide", args.bool("no-headers")),
    };
    session.print(text);
    Ok(())
}

fn table(rows: &[ResourceType], wide: bool, no_headers: bool) -> String {
    let mut w = TabWriter::table();
    if !no_headers {
        let more = if wide { "\tVERBS\tCATEGORIES" } else { "" };
        w.write(&format!("NAME\tSHORTNAMES\tAPIVERSION\tNAMESPACED\tKIND{more}\n"));
    }
    for r in rows {
        let more =
            if wide { format!("\t{}\t{}", r.verbs.join(","), r.categories.join(",")) } else { String::new() };
        let cells =
            [&*r.plural, &r.short_names.join(","), &r.gv.to_string(), &r.namespaced().to_string(), &*r.kind];
        w.write(&format!("{}{more}\n", cells.join("\t")));
    }
    w.take()
}

fn list(rows: &[ResourceType]) -> Value {
    let words = |l: &[std::borrow::Cow<'static, str>]| l.iter().map(|s| Value::from(&**s)).collect::<Value>();
    let resources: Vec<Value> = rows
        .iter()
        .map(|r| {
            let mut row = json!({
                "name": (&*r.plural), "singularName": (&*r.singular), "namespaced": (r.namespaced()),
                "version": (&*r.gv.version), "kind": (&*r.kind), "verbs": (words(&r.verbs)),
            });
            if !r.gv.group.is_empty() {
                row.set(&["group"], &*r.gv.group);
            }
            for (key, list) in [("shortNames", &r.short_names), ("categories", &r.categories)] {
                if !list.is_empty() {
                    row.set(&[key], words(list));
                }
            }
            row
        })
        .collect();
    json!({"apiVersion": "v1", "kind": "APIResourceList", "groupVersion": "", "resources": resources})
}

fn versions(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    no_arguments(args)?;
    session.ask_resources()?;
    let versions: BTreeSet<String> = session.resources()?.iter().map(|r| r.gv.to_string()).collect();
    for version in versions {
        session.println(version);
    }
    Ok(())
}
