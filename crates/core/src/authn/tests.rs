use gatehouse_model::{KubeVersion, json};

use super::token::{BoundObject, Claims, Rejected, authenticate as accept, issue, issue_legacy};
use super::*;

fn cluster() -> Cluster {
    let mut cluster = Cluster::empty(KubeVersion::V1_36, 1);
    cluster.seed(&json!({
        "/api/v1/namespaces": [{"metadata": {"name": "kube-system", "uid": "k"}}],
        "/api/v1/serviceaccounts": [{"metadata": {"name": "builder", "namespace": "ci", "uid": "u1"}}],
        "/api/v1/pods": [{"metadata": {"name": "web", "namespace": "ci", "uid": "p1"}}],
        "/api/v1/secrets": [{"metadata": {"name": "old", "namespace": "ci", "uid": "s1"}}],
    }));
    cluster
}

fn claims(cluster: &Cluster) -> Claims {
    Claims {
        namespace: "ci".to_owned(),
        service_account: "builder".to_owned(),
        uid: "u1".to_owned(),
        audiences: Vec::new(),
        issued: cluster.now,
        expires: cluster.now.plus_millis(3_600_000),
        id: "j".to_owned(),
        bound: Some(BoundObject { kind: "Pod".to_owned(), name: "web".to_owned(), uid: "p1".to_owned() }),
        node: None,
    }
}

#[test]
fn base64url_round_trips_every_length() {
    for text in ["", "a", "ab", "abc", "abcd", "{\"alg\":\"RS256\"}"] {
        assert_eq!(base64url::decode(&base64url::encode(text.as_bytes())).as_deref(), Some(text.as_bytes()));
    }
    assert_eq!(base64url::encode(b"\xff\xfe"), "__4");
    assert_eq!(base64url::decode("a"), None);
}

#[test]
fn a_token_names_its_account_and_dies_with_what_it_is_bound_to() {
    let mut cluster = cluster();
    let token = issue(&cluster, &claims(&cluster));
    let user = authenticate(&cluster, &Credential::Token(token.clone())).unwrap();
    assert_eq!(user.name, "system:serviceaccount:ci:builder");
    assert_eq!(user.groups, ["system:serviceaccounts", "system:serviceaccounts:ci", "system:authenticated"]);
    assert!(
        user.extra.contains(&("authentication.kubernetes.io/pod-name".to_owned(), vec!["web".to_owned()]))
    );

    let forged = token.replace(".e", ".f");
    assert_eq!(accept(&cluster, &forged, &[]), Err(Rejected::Invalid));
    assert_eq!(accept(&cluster, &token, &["vault".to_owned()]), Err(Rejected::Audience));
    let mut later = cluster.clone();
    later.now = later.now.plus_millis(3_600_000);
    assert_eq!(accept(&later, &token, &[]), Err(Rejected::Expired));
    cluster.store.remove("pods", "ci", "web");
    assert_eq!(accept(&cluster, &token, &[]), Err(Rejected::Bound));
    cluster.store.remove("serviceaccounts", "ci", "builder");
    assert_eq!(accept(&cluster, &token, &[]), Err(Rejected::Account));
}

#[test]
fn a_token_for_somebody_else_is_not_for_the_server() {
    let cluster = cluster();
    let token = issue(&cluster, &Claims { audiences: vec!["vault".to_owned()], ..claims(&cluster) });
    assert_eq!(accept(&cluster, &token, &[]), Err(Rejected::Audience));
    assert!(accept(&cluster, &token, &["vault".to_owned()]).is_ok());
}

#[test]
fn a_legacy_token_lives_as_long_as_its_secret() {
    let mut cluster = cluster();
    let token = issue_legacy(&cluster, "ci", "builder", "u1", "old");
    assert_eq!(accept(&cluster, &token, &[]).unwrap().uid, "u1");
    cluster.store.remove("secrets", "ci", "old");
    assert_eq!(accept(&cluster, &token, &[]), Err(Rejected::Bound));
}

#[test]
fn anonymous_requests_follow_the_flag() {
    let mut cluster = cluster();
    assert_eq!(authenticate(&cluster, &Credential::Anonymous).unwrap().groups, ["system:unauthenticated"]);
    std::sync::Arc::make_mut(&mut cluster.config).anonymous_auth = false;
    assert_eq!(authenticate(&cluster, &Credential::Anonymous).unwrap_err().message, "Unauthorized");
}
