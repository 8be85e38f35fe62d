use gatehouse_model::json;

use super::*;

fn configuration(providers: Value) -> Result<Encryption, String> {
    Encryption::read(
        "/enc.yaml",
        "",
        &json!({
            "apiVersion": "apiserver.config.k8s.io/v1", "kind": "EncryptionConfiguration",
            "resources": [{"resources": ["secrets", "deployments.apps"], "providers": providers}],
        }),
        Flags::default(),
    )
}

fn keys(names: &[(&str, u8)]) -> Value {
    names.iter().map(|(n, b)| json!({"name": (*n), "secret": (base64::encode(&[*b; 32]))})).collect()
}

#[test]
fn the_first_key_writes_and_every_key_reads() {
    let first =
        configuration(json!([{"aescbc": {"keys": (keys(&[("one", 1)]))}}, {"identity": {}}])).unwrap();
    let seal = first.seal("secrets").unwrap();
    assert_eq!((seal.cipher, seal.key.as_str()), (Cipher::AesCbc, "one"));
    assert_eq!(first.seal("configmaps"), None);
    let rotated = configuration(json!([{"aescbc": {"keys": (keys(&[("two", 2), ("one", 1)]))}}])).unwrap();
    assert_eq!(rotated.seal("secrets").unwrap().key, "two");
    assert_eq!(rotated.open("secrets", Some(&seal)), Ok(()));
    assert_eq!(rotated.open("secrets", None), Err("no matching prefix found".to_owned()));
    assert_eq!(first.open("secrets", None), Ok(()));
    let other = configuration(json!([{"aescbc": {"keys": (keys(&[("one", 9)]))}}])).unwrap();
    assert_eq!(other.open("secrets", Some(&seal)), Err("invalid padding on input".to_owned()));
    let plain =
        configuration(json!([{"identity": {}}, {"secretbox": {"keys": (keys(&[("one", 1)]))}}])).unwrap();
    assert_eq!(plain.seal("secrets"), None);
    assert_eq!(plain.open("secrets", Some(&seal)), Err("no matching prefix found".to_owned()));
    let none = Encryption::default();
    assert_eq!(
        none.open("secrets", Some(&seal)),
        Err("identity transformer tried to read encrypted data".to_owned())
    );
}

#[test]
fn wildcards_cover_groups() {
    let config = |names: Value| {
        Encryption::read(
            "e",
            "",
            &json!({
                "apiVersion": "apiserver.config.k8s.io/v1", "kind": "EncryptionConfiguration",
                "resources": [{"resources": names, "providers": [{"aesgcm": {"keys": (keys(&[("k", 1)]))}}]}],
            }),
            Flags::default(),
        )
    };
    assert!(config(json!(["*."])).unwrap().seal("configmaps").is_some());
    assert!(config(json!(["*."])).unwrap().seal("deployments.apps").is_none());
    assert!(config(json!(["*.apps"])).unwrap().seal("deployments.apps").is_some());
    assert!(config(json!(["*.*"])).unwrap().seal("ingresses.networking.k8s.io").is_some());
    for (names, why) in [
        (
            json!(["*"]),
            "use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources",
        ),
        (json!(["Secrets"]), "resource name should not contain capital letters"),
        (json!(["secrets", "*."]), "using overlapping resources"),
        (json!(["secrets", "secrets"]), "the same resource cannot be specified multiple times"),
    ] {
        let error = config(names).unwrap_err();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn a_plugin_that_is_away_writes_nothing_and_is_not_well() {
    let kms = |more: Value| {
        let mut kms = json!({"name": "a", "endpoint": "unix:///run/a.sock", "apiVersion": "v2"});
        for (key, value) in more.entries().iter() {
            kms.set(&[key], value.clone());
        }
        configuration(json!([{"kms": kms}, {"identity": {}}]))
    };
    let encryption = kms(json!({})).unwrap();
    assert_eq!(encryption.can_write("secrets"), Err("got unexpected nil transformer"));
    assert_eq!(encryption.can_write("configmaps"), Ok(()));
    assert_eq!(encryption.open("secrets", None), Ok(()));
    assert_eq!(encryption.health(), [("kms-providers".to_owned(), false)]);
    for (more, why) in [
        (json!({"apiVersion": "v1"}), "KMSv1 is deprecated"),
        (
            json!({"apiVersion": "v3"}),
            "apiVersion: Invalid value: \"v3\": unsupported apiVersion apiVersion for KMS",
        ),
        (
            json!({"endpoint": "tcp://a"}),
            "unsupported scheme \"tcp\" for KMS provider, only unix is supported",
        ),
        (json!({"name": "a:b"}), "invalid KMS provider name a:b, must not contain ':'"),
        (json!({"cachesize": 5}), "kms.cachesize: Invalid value: 5: cachesize is not supported in v2"),
        (json!({"timeout": "0s"}), "kms.timeout: Invalid value: \"0s\": timeout should be a positive value"),
        (
            json!({"retries": 1}),
            "strict decoding error: unknown field \"resources[0].providers[0].kms.retries\"",
        ),
    ] {
        let error = kms(more).unwrap_err();
        assert!(error.contains(why), "{error}");
    }
}
