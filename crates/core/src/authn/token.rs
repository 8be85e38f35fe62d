//! Tokens of service accounts: issued by the `token` subresource and by the token controller, verified by the server.
//!
//! A token looks like the real thing, a JWT whose claims anybody can read. Its signature is not cryptography: a
//! keyed hash that only this cluster computes, which is all a simulation needs.
//!
//! Models kubernetes `pkg/serviceaccount/{claims,legacy,jwt}.go`.

use std::fmt;

use gatehouse_model::{Map, Value, json};

use super::base64url;
use crate::cluster::Cluster;
use crate::request::User;
use crate::world::Timestamp;

/// The issuer of bound tokens, and the audience the API server itself asks for.
pub const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";
/// The issuer of tokens that live in secrets.
pub const LEGACY_ISSUER: &str = "kubernetes/serviceaccount";

/// The object a token dies with: its kind is `Pod`, `Secret` or `Node`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundObject {
    /// `Pod`, `Secret` or `Node`.
    pub kind: String,
    /// The object's name.
    pub name: String,
    /// The object's UID.
    pub uid: String,
}

/// What a token is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The service account's namespace.
    pub namespace: String,
    /// The service account's name.
    pub service_account: String,
    /// The service account's UID.
    pub uid: String,
    /// Whom it is for; empty for the API server.
    pub audiences: Vec<String>,
    /// When it was issued.
    pub issued: Timestamp,
    /// When it was to end. The token of a pod for the API server that was to last as long as the volume every pod gets
    /// lives for a year all the same, and says when clients should have come for another.
    pub expires: Timestamp,
    /// `jti`, the token's own name: a UUID.
    pub id: String,
    /// What it dies with.
    pub bound: Option<BoundObject>,
    /// The node the pod it is bound to runs on: name and UID.
    pub node: Option<(String, String)>,
}

/// Why a token is not accepted. Users only ever read `Unauthorized`; `TokenReview` says more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// Not a token, or not signed by this cluster.
    Invalid,
    /// Its time is over.
    Expired,
    /// It is for somebody else.
    Audience,
    /// The service account is gone, or another one has its name now.
    Account,
    /// What it was bound to is gone.
    Bound,
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invalid => "invalid bearer token",
            Self::Expired => "[invalid bearer token, service account token has expired]",
            Self::Audience => "[invalid bearer token, token audiences do not match]",
            Self::Account | Self::Bound => {
                "[invalid bearer token, service account token has been invalidated]"
            }
        })
    }
}

/// How long the token lasts that every pod gets.
const PODS: i64 = 3607;
const YEAR: i64 = 365 * 24 * 60 * 60;

/// When a token really ends (`--service-account-extend-token-expiration` is on), and since when its use is warned of.
fn end(claims: &Claims) -> (i64, Option<i64>) {
    let (issued, expires) = (claims.issued.seconds(), claims.expires.seconds());
    let to_pod = claims.bound.as_ref().is_some_and(|b| b.kind == "Pod");
    let for_us = claims.audiences.iter().all(|a| a == ISSUER);
    if to_pod && for_us && expires - issued == PODS {
        (issued + YEAR, Some(expires))
    } else {
        (expires, None)
    }
}

/// Writes a token.
#[must_use]
pub fn issue(cluster: &Cluster, claims: &Claims) -> String {
    let mut private = json!({
        "namespace": (claims.namespace.as_str()),
        "serviceaccount": {"name": (claims.service_account.as_str()), "uid": (claims.uid.as_str())},
    });
    let mut place = |kind: &str, name: &str, uid: &str| {
        private.set(&[kind], json!({"name": name, "uid": uid}));
    };
    if let Some(bound) = &claims.bound {
        place(&bound.kind.to_ascii_lowercase(), &bound.name, &bound.uid);
    }
    if let Some((name, uid)) = &claims.node {
        place("node", name, uid);
    }
    let (expires, warn_after) = end(claims);
    if let Some(seconds) = warn_after {
        private.set(&["warnafter"], seconds);
    }
    let audiences =
        if claims.audiences.is_empty() { vec![ISSUER.to_owned()] } else { claims.audiences.clone() };
    let payload = json!({
        "aud": audiences,
        "exp": expires,
        "iat": (claims.issued.seconds()),
        "iss": ISSUER,
        "jti": (claims.id.as_str()),
        "kubernetes.io": private,
        "nbf": (claims.issued.seconds()),
        "sub": (subject(&claims.namespace, &claims.service_account)),
    });
    sign(cluster, &payload)
}

/// Writes the token of a secret of type `kubernetes.io/service-account-token`: no audience, no end.
#[must_use]
pub fn issue_legacy(cluster: &Cluster, namespace: &str, account: &str, uid: &str, secret: &str) -> String {
    let mut payload = Map::new();
    payload.insert("iss", LEGACY_ISSUER);
    payload.insert("kubernetes.io/serviceaccount/namespace", namespace);
    payload.insert("kubernetes.io/serviceaccount/secret.name", secret);
    payload.insert("kubernetes.io/serviceaccount/service-account.name", account);
    payload.insert("kubernetes.io/serviceaccount/service-account.uid", uid);
    payload.insert("sub", subject(namespace, account));
    sign(cluster, &payload.into())
}

/// The user a token stands for. `audiences` are those asked for by a `TokenReview`; empty for the API server's own.
///
/// # Errors
/// Why it is not accepted.
pub fn authenticate(cluster: &Cluster, token: &str, audiences: &[String]) -> Result<User, Rejected> {
    let payload = verify(cluster, token).ok_or(Rejected::Invalid)?;
    if payload.str_at(&["iss"]) == LEGACY_ISSUER {
        let part = |name: &str| payload.str_at(&[&format!("kubernetes.io/serviceaccount/{name}")]);
        let (namespace, account) = (part("namespace"), part("service-account.name"));
        check_account(cluster, namespace, account, part("service-account.uid"))?;
        let secret = cluster.store.get("secrets", namespace, part("secret.name")).ok_or(Rejected::Bound)?;
        if secret.is_deleting() {
            return Err(Rejected::Bound);
        }
        return Ok(user(namespace, account, part("service-account.uid"), Vec::new()));
    }
    if payload.i64_at(&["exp"]).is_none_or(|exp| exp <= cluster.now.seconds()) {
        return Err(Rejected::Expired);
    }
    let wanted: &[String] = &[ISSUER.to_owned()];
    let wanted = if audiences.is_empty() { wanted } else { audiences };
    let for_us =
        payload.list_at(&["aud"]).iter().filter_map(Value::as_str).any(|a| wanted.iter().any(|w| w == a));
    if !for_us {
        return Err(Rejected::Audience);
    }
    let private = payload.at(&["kubernetes.io"]).ok_or(Rejected::Invalid)?;
    let (namespace, account) = (private.str_at(&["namespace"]), private.str_at(&["serviceaccount", "name"]));
    let uid = private.str_at(&["serviceaccount", "uid"]);
    check_account(cluster, namespace, account, uid)?;
    let mut extra = Vec::new();
    let mut say = |key: &str, value: &str| {
        extra.push((format!("authentication.kubernetes.io/{key}"), vec![value.to_owned()]));
    };
    if cluster.version.minor() >= 30 {
        say("credential-id", &format!("JTI={}", payload.str_at(&["jti"])));
    }
    let bound_to_pod = private.get("pod").is_some() || private.get("secret").is_some();
    for (kind, resource, namespace) in
        [("node", "nodes", ""), ("pod", "pods", namespace), ("secret", "secrets", namespace)]
    {
        let Some(object) = private.get(kind) else { continue };
        let (name, uid) = (object.str_at(&["name"]), object.str_at(&["uid"]));
        // The node of a pod is only told; a token dies with a node it is bound to itself.
        if kind != "node" || !bound_to_pod {
            let alive = cluster.store.get(resource, namespace, name).is_some_and(|o| o.uid() == uid);
            if !alive {
                return Err(Rejected::Bound);
            }
        }
        if kind == "pod" || (kind == "node" && cluster.version.minor() >= 30) {
            say(&format!("{kind}-name"), name);
            say(&format!("{kind}-uid"), uid);
        }
    }
    Ok(user(namespace, account, uid, extra))
}

/// Notes on the secret of a token that was accepted that it is in use, once a day, since 1.27.
pub(crate) fn note_use(cluster: &mut Cluster, token: &str) {
    const LABEL: &str = "kubernetes.io/legacy-token-last-used";
    if cluster.version.minor() < 27 {
        return;
    }
    let Some(payload) = verify(cluster, token).filter(|p| p.str_at(&["iss"]) == LEGACY_ISSUER) else {
        return;
    };
    let part = |name: &str| payload.str_at(&[&format!("kubernetes.io/serviceaccount/{name}")]);
    let Some(secret) = cluster.store.get("secrets", part("namespace"), part("secret.name")) else { return };
    let today: String = cluster.now.to_string().chars().take(10).collect();
    if secret.label(LABEL) != Some(today.as_str()) {
        let mut used = (**secret).clone();
        used.set(&["metadata", "labels", LABEL], today);
        cluster.store.put("secrets", used);
    }
}

/// The claims of a token that this cluster has signed.
#[must_use]
pub fn verify(cluster: &Cluster, token: &str) -> Option<Value> {
    let (input, signature) = token.rsplit_once('.')?;
    let (_, payload) = input.split_once('.')?;
    if signature != base64url::encode(&signature_of(cluster, input)) {
        return None;
    }
    let text = String::from_utf8(base64url::decode(payload)?).ok()?;
    gatehouse_model::json::parse(&text).ok()
}

/// The user that a service account is, whoever vouches for it.
#[must_use]
pub fn user(namespace: &str, account: &str, uid: &str, extra: Vec<(String, Vec<String>)>) -> User {
    User {
        name: subject(namespace, account),
        uid: uid.to_owned(),
        groups: vec![
            "system:serviceaccounts".to_owned(),
            format!("system:serviceaccounts:{namespace}"),
            "system:authenticated".to_owned(),
        ],
        extra,
    }
}

fn subject(namespace: &str, account: &str) -> String {
    format!("system:serviceaccount:{namespace}:{account}")
}

fn check_account(cluster: &Cluster, namespace: &str, name: &str, uid: &str) -> Result<(), Rejected> {
    match cluster.store.get("serviceaccounts", namespace, name) {
        Some(account) if account.uid() == uid && !account.is_deleting() => Ok(()),
        _ => Err(Rejected::Account),
    }
}

fn sign(cluster: &Cluster, payload: &Value) -> String {
    let header = json!({"alg": "RS256", "kid": (key_id(cluster))});
    let part = |value: &Value| base64url::encode(gatehouse_model::json::print(value).as_bytes());
    let input = format!("{}.{}", part(&header), part(payload));
    let signature = base64url::encode(&signature_of(cluster, &input));
    format!("{input}.{signature}")
}

/// The cluster's signing key: as lasting, and as much its own, as the UID of `kube-system`.
fn key(cluster: &Cluster) -> &str {
    cluster.store.get("namespaces", "", "kube-system").map_or("", |ns| ns.uid())
}

fn key_id(cluster: &Cluster) -> String {
    base64url::encode(stretch(key(cluster).as_bytes(), b"id", 32).as_slice())
}

fn signature_of(cluster: &Cluster, input: &str) -> Vec<u8> {
    stretch(key(cluster).as_bytes(), input.as_bytes(), 256)
}

/// `len` bytes that depend on every byte of both texts.
fn stretch(key: &[u8], text: &[u8], len: usize) -> Vec<u8> {
    let mut state = 0x6a09_e667_f3bc_c908_u64;
    for byte in key.iter().chain(b"/").chain(text) {
        state = (state ^ u64::from(*byte)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        state ^= state >> 32;
    }
    let mut stream = crate::world::Entropy::new(state);
    (0..len.div_ceil(8)).flat_map(|_| stream.next_u64().to_be_bytes()).take(len).collect()
}
