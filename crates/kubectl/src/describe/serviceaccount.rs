//! Service accounts. Old clients also list mountable secrets and tokens.

use gatehouse_model::{Object, Value};

use super::Description;
use crate::error::Error;

pub(super) fn describe(d: &mut Description<'_, '_, '_>, account: &Object) -> Result<(), Error> {
    d.heading(account);
    d.labels_and_annotations(account);
    let names = |member: &str| -> Vec<String> {
        account.list_at(&[member]).iter().map(|s| s.str_at(&["name"]).to_owned()).collect()
    };
    let mut lists = vec![("Image pull secrets:", names("imagePullSecrets"))];
    if d.w.old {
        let tokens = tokens(d, account);
        let missing = missing(d, account);
        let marked = |list: Vec<String>| -> Vec<String> {
            let mark = |n: String| if missing.contains(&n) { format!("{n} (not found)") } else { n };
            list.into_iter().map(mark).collect()
        };
        lists = vec![
            ("Image pull secrets:", marked(names("imagePullSecrets"))),
            ("Mountable secrets: ", marked(names("secrets"))),
            ("Tokens:            ", marked(tokens)),
        ];
    }
    for (title, names) in lists {
        if names.is_empty() {
            d.w.line(0, format!("{title}\t<none>"));
        }
        for (i, name) in names.iter().enumerate() {
            let title = if i == 0 { title } else { "                   " };
            d.w.line(0, format!("{title}\t{name}"));
        }
    }
    d.events(account);
    Ok(())
}

/// The token secrets made for the account.
fn tokens(d: &mut Description<'_, '_, '_>, account: &Object) -> Vec<String> {
    let secrets = d.list(("", "v1", "secrets"), account.namespace(), "", "").unwrap_or_default();
    let mine = |s: &&Object| {
        s.str_at(&["type"]) == "kubernetes.io/service-account-token"
            && s.annotation("kubernetes.io/service-account.name") == Some(account.name())
            && s.annotation("kubernetes.io/service-account.uid") == Some(account.uid())
    };
    secrets.iter().filter(mine).map(|s| s.name().to_owned()).collect()
}

/// The secrets that the account names and that do not exist.
fn missing(d: &mut Description<'_, '_, '_>, account: &Object) -> Vec<String> {
    let Ok(secrets) = d.list(("", "v1", "secrets"), account.namespace(), "", "") else { return Vec::new() };
    ["secrets", "imagePullSecrets"]
        .iter()
        .flat_map(|member| account.list_at(&[member]).iter().map(|s: &Value| s.str_at(&["name"]).to_owned()))
        .filter(|name| !secrets.iter().any(|s| s.name() == name))
        .collect()
}
