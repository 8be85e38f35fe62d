//! Secrets with tokens of service accounts: filled when they are made, gone with their account.
//!
//! Below 1.24 every service account also gets one of its own. Models
//! `pkg/controller/serviceaccount/tokens_controller.go`.

use gatehouse_model::{Object, Value, base64, json};

use super::certificate;
use super::client::Client;
use crate::authn::token;

const TYPE: &str = "kubernetes.io/service-account-token";
const NAME: &str = "kubernetes.io/service-account.name";
const UID: &str = "kubernetes.io/service-account.uid";

pub(super) fn pass(client: &mut Client<'_>) {
    for secret in client.list("secrets", None) {
        if secret.str_at(&["type"]) == TYPE && !secret.is_deleting() {
            sync(client, &secret);
        }
    }
    if client.cluster.version.minor() < 24 {
        for account in client.list("serviceaccounts", None) {
            if !account.is_deleting() {
                ensure_token(client, &account);
            }
        }
    }
}

fn sync(client: &mut Client<'_>, secret: &Object) {
    let (namespace, name) = (secret.namespace(), secret.annotation(NAME).unwrap_or_default());
    let uid = secret.annotation(UID).unwrap_or_default();
    let account = client
        .get("serviceaccounts", namespace, name)
        .filter(|a| !a.is_deleting() && (uid.is_empty() || uid == a.uid()));
    let Some(account) = account else {
        if client.delete("secrets", namespace, secret.name()).is_ok() {
            forget(client, namespace, name, secret.name());
        }
        return;
    };
    let filled = fill(client, secret, &account);
    if filled != *secret {
        let _ = client.update("secrets", &filled, "");
    }
}

fn fill(client: &Client<'_>, secret: &Object, account: &Object) -> Object {
    let mut filled = secret.clone();
    let ca = base64::encode(certificate::authority(client.cluster).as_bytes());
    if filled.str_at(&["data", "ca.crt"]) != ca {
        filled.set(&["data", "ca.crt"], ca);
    }
    if filled.str_at(&["data", "namespace"]).is_empty() {
        filled.set(&["data", "namespace"], base64::encode(secret.namespace().as_bytes()));
    }
    if filled.str_at(&["data", "token"]).is_empty() {
        let (namespace, name) = (secret.namespace(), secret.name());
        let text = token::issue_legacy(client.cluster, namespace, account.name(), account.uid(), name);
        filled.set(&["data", "token"], base64::encode(text.as_bytes()));
    }
    filled.set(&["metadata", "annotations", NAME], account.name());
    filled.set(&["metadata", "annotations", UID], account.uid());
    filled
}

/// Gives the account a token of its own unless it refers to one that is there.
fn ensure_token(client: &mut Client<'_>, account: &Object) {
    let namespace = account.namespace();
    let listed = account.list_at(&["secrets"]);
    let has = listed.iter().any(|s| {
        client.get("secrets", namespace, s.str_at(&["name"])).is_some_and(|secret| {
            secret.str_at(&["type"]) == TYPE && secret.annotation(UID) == Some(account.uid())
        })
    });
    if has {
        return;
    }
    let name = format!("{}-token-{}", account.name(), client.cluster.entropy.suffix(5));
    let secret = Object(json!({
        "apiVersion": "v1", "kind": "Secret", "type": TYPE,
        "metadata": {"name": (name.as_str()), "namespace": namespace,
            "annotations": {NAME: (account.name()), UID: (account.uid())}},
    }));
    let secret = fill(client, &secret, account);
    if client.create("secrets", secret.0).is_ok() {
        let mut changed = account.clone();
        let mut all = listed.to_vec();
        all.push(json!({"name": name}));
        changed.set(&["secrets"], Value::from(all));
        let _ = client.update("serviceaccounts", &changed, "");
    }
}

/// An account no longer refers to a secret that is gone.
fn forget(client: &mut Client<'_>, namespace: &str, account: &str, secret: &str) {
    let Some(account) = client.get("serviceaccounts", namespace, account) else { return };
    let listed = account.list_at(&["secrets"]);
    let rest: Vec<Value> = listed.iter().filter(|s| s.str_at(&["name"]) != secret).cloned().collect();
    if rest.len() < listed.len() {
        let mut changed = (*account).clone();
        changed.set(&["secrets"], Value::from(rest));
        let _ = client.update("serviceaccounts", &changed, "");
    }
}
