//! `kubectl config set` and `unset`: single values by their path. Models kubectl `pkg/cmd/config/{set,unset}.go` and
//! `navigation_step_parser.go`.

use std::collections::BTreeMap;

use gatehouse_model::{Value, base64};

use super::{start, store, unexpected};
use crate::cli::{Args, Command, Flag, value};
use crate::config::KubeConfig;
use crate::config::file::Entry;
use crate::error::Error;
use crate::session::Session;

pub(super) static SET: Command = Command {
    short: "Set an individual value in a kubeconfig file",
    long: "Set an individual value in a kubeconfig file.\n\n PROPERTY_NAME is a dot delimited name where each token represents either an attribute name or a map key.  Map keys may not contain dots.\n\n PROPERTY_VALUE is the new value you want to set. Binary fields such as 'certificate-authority-data' expect a base64 encoded string unless the --set-raw-bytes flag is used.\n\n Specifying an attribute name that already exists will merge new fields on top of existing values.",
    examples: "# Set the server field on the my-cluster cluster to https://1.2.3.4\nkubectl config set clusters.my-cluster.server https://1.2.3.4\n\n# Set the cluster field in the my-context context to my-cluster\nkubectl config set contexts.my-context.cluster my-cluster",
    usage: "PROPERTY_NAME PROPERTY_VALUE",
    flags: &[&[Flag::bool(
        "set-raw-bytes",
        "When writing a []byte PROPERTY_VALUE, write the given string directly without base64 decoding.",
    )]],
    run: Some(set),
    ..Command::named("set")
};

pub(super) static UNSET: Command = Command {
    short: "Unset an individual value in a kubeconfig file",
    long: "Unset an individual value in a kubeconfig file.\n\n PROPERTY_NAME is a dot delimited name where each token represents either an attribute name or a map key.  Map keys may not contain dots.",
    examples: "# Unset the current-context\nkubectl config unset current-context\n\n# Unset namespace in foo context\nkubectl config unset contexts.foo.namespace",
    usage: "PROPERTY_NAME",
    run: Some(unset),
    ..Command::named("unset")
};

/// The fields below an entry of each list.
const FIELDS: &[(&str, &[&str])] = &[
    (
        "clusters",
        &[
            "server",
            "tls-server-name",
            "insecure-skip-tls-verify",
            "certificate-authority",
            "certificate-authority-data",
            "proxy-url",
            "disable-compression",
        ],
    ),
    (
        "users",
        &[
            "client-certificate",
            "client-certificate-data",
            "client-key",
            "client-key-data",
            "token",
            "tokenFile",
            "as",
            "as-uid",
            "username",
            "password",
            "auth-provider",
            "exec",
        ],
    ),
    ("contexts", &["cluster", "user", "namespace"]),
];

/// A property's place: the list, the entry's name and the field, as far as they are given.
struct Place<'a> {
    list: &'a str,
    name: String,
    field: Option<&'a str>,
}

fn parse(property: &str) -> Result<Place<'_>, Error> {
    let mut parts = property.split('.');
    let first = parts.next().unwrap_or("");
    if first == "current-context" {
        if parts.next().is_some() {
            return Err(Error::plain(format!("unable to parse one or more field values of {property}")));
        }
        return Ok(Place { list: first, name: String::new(), field: None });
    }
    if matches!(first, "kind" | "apiVersion") {
        return Ok(Place { list: first, name: String::new(), field: None });
    }
    if first == "preferences" {
        return match parts.next() {
            Some("colors") => Ok(Place { list: first, name: String::new(), field: Some("colors") }),
            // Go prints the type it stopped at by its address.
            _ => Err(Error::plain(format!(
                "unable to parse {property} after [{{preferences 0x2b1d5c0}}] at api.Preferences"
            ))),
        };
    }
    let Some((list, fields)) = FIELDS.iter().find(|(list, _)| *list == first) else {
        return Err(Error::plain(format!("unable to parse {property} after [] at api.Config")));
    };
    let rest: Vec<&str> = parts.collect();
    // Names may hold dots: they reach to the first word that is a field.
    let at = rest.iter().skip(1).position(|p| fields.contains(p)).map(|i| i + 1);
    let (name, field) = match at {
        Some(i) => (rest.iter().take(i).copied().collect::<Vec<_>>().join("."), rest.get(i).copied()),
        None => (rest.join("."), None),
    };
    Ok(Place { list, name, field })
}

fn list_of<'c>(config: &'c mut KubeConfig, list: &str) -> &'c mut BTreeMap<String, Entry> {
    match list {
        "clusters" => &mut config.clusters,
        "users" => &mut config.users,
        _ => &mut config.contexts,
    }
}

fn set(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let [property, text] = args.words.as_slice() else { return Err(unexpected(session, args)) };
    if text.is_empty() {
        return Err(Error::plain("you cannot use set to unset a property"));
    }
    if property.is_empty() {
        return Err(Error::plain("you must specify a property"));
    }
    let (which, before) = start(session, args)?;
    let mut after = before.clone();
    let place = parse(property)?;
    if place.list == "current-context" {
        after.current_context.clone_from(text);
    } else if place.list == "preferences" {
        after.preferences.set(&["colors"], value::parse_bool(text).map_err(Error::plain)?);
    } else if FIELDS.iter().any(|(list, _)| *list == place.list) {
        let Some(field) = place.field else {
            // Go prints the entries by their addresses.
            let names = list_of(&mut after, place.list).keys().zip(0x00c0_00a8_e000_u64..);
            let shown: Vec<String> = names.map(|(name, at)| format!("{name}:{at:#x}")).collect();
            return Err(Error::plain(format!("can't set a map to a value: map[{}]", shown.join(" "))));
        };
        let new: Value = if field.ends_with("-data") {
            if args.bool("set-raw-bytes") {
                base64::encode(text.as_bytes()).into()
            } else {
                base64::decode(text).map_err(|e| Error::plain(format!("error decoding input value: {e}")))?;
                text.as_str().into()
            }
        } else if matches!(field, "insecure-skip-tls-verify" | "disable-compression") {
            value::parse_bool(text).map_err(Error::plain)?.into()
        } else {
            text.as_str().into()
        };
        list_of(&mut after, place.list).entry(place.name).or_default().value.set(&[field], new);
    }
    store(session, &which, &before, &after)?;
    session.println(format!("Property {property:?} set."));
    Ok(())
}

fn unset(session: &mut Session<'_, '_>, args: &Args) -> Result<(), Error> {
    let [property] = args.words.as_slice() else { return Err(unexpected(session, args)) };
    if property.is_empty() {
        return Err(Error::plain("you must specify a property"));
    }
    let (which, before) = start(session, args)?;
    let mut after = before.clone();
    let place = parse(property)?;
    if place.list == "current-context" {
        after.current_context.clear();
    } else if place.list == "preferences" {
        after.preferences.remove(&["colors"]);
    } else if FIELDS.iter().any(|(list, _)| *list == place.list) {
        let list = list_of(&mut after, place.list);
        match (place.name.as_str(), place.field) {
            ("", _) => list.clear(),
            (name, None) => {
                list.remove(name);
            }
            (name, Some(field)) => match list.get_mut(name) {
                Some(entry) => {
                    entry.value.remove(&[field]);
                }
                None => return Err(Error::plain(format!("current map key `{name}` is invalid"))),
            },
        }
    }
    store(session, &which, &before, &after)?;
    session.println(format!("Property {property:?} unset."));
    Ok(())
}
