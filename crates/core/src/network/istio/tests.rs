//! Modes by level, policies by kind of rule, and who gets a sidecar.

use std::net::IpAddr;

use gatehouse_model::{Map, Object, Value, yaml};

use super::{ClientTls, Mode, Request, authorize, client_tls, inject, peer_mode, principal};
use crate::network::HttpRequest;
use crate::store::Store;

fn store(text: &str) -> Store {
    let mut store = Store::default();
    for document in yaml::parse_all(text) {
        let value = document.expect("YAML").value;
        if value.is_null() {
            continue;
        }
        let table = match value.str_at(&["kind"]) {
            "PeerAuthentication" => "peerauthentications.security.istio.io",
            "DestinationRule" => "destinationrules.networking.istio.io",
            _ => "authorizationpolicies.security.istio.io",
        };
        store.seed(table, value);
    }
    store
}

fn pod(namespace: &str, app: &str) -> Object {
    let text = format!(
        "metadata: {{name: {app}, namespace: {namespace}, labels: {{app: {app}}}}}\nspec: {{serviceAccountName: {app}, containers: [{{name: {app}}}]}}\n"
    );
    Object(yaml::parse(&text).expect("YAML"))
}

#[test]
fn the_nearest_peer_authentication_counts() {
    let mesh = "kind: PeerAuthentication\nmetadata: {name: default, namespace: istio-system}\nspec: {mtls: {mode: STRICT}}\n";
    let shop = "---\nkind: PeerAuthentication\nmetadata: {name: default, namespace: shop}\nspec: {mtls: {mode: PERMISSIVE}}\n";
    let web = "---\nkind: PeerAuthentication\nmetadata: {name: web, namespace: shop}\nspec: {selector: {matchLabels: {app: web}}, mtls: {mode: UNSET}, portLevelMtls: {8080: {mode: DISABLE}}}\n";
    let mode = |text: &str, pod: &Object, port| peer_mode(&store(text), pod, port).0;
    let (web_pod, db) = (pod("shop", "web"), pod("shop", "db"));
    assert_eq!(mode("", &web_pod, 80), Mode::Permissive);
    assert_eq!(mode(mesh, &web_pod, 80), Mode::Strict);
    let both = format!("{mesh}{shop}");
    assert_eq!(mode(&both, &web_pod, 80), Mode::Permissive);
    assert_eq!(mode(&both, &pod("other", "web"), 80), Mode::Strict);
    let all = format!("{mesh}{shop}{web}");
    assert_eq!(mode(&all, &web_pod, 8080), Mode::Disable, "the port's own mode");
    assert_eq!(mode(&all, &web_pod, 80), Mode::Permissive, "UNSET asks the namespace");
    assert_eq!(mode(&all, &db, 8080), Mode::Permissive, "another workload");
}

fn verdict(policies: &str, from: Option<&str>, method: &str, path: &str) -> bool {
    let http = HttpRequest { method: method.into(), path: path.into(), ..HttpRequest::default() };
    let request = Request {
        principal: from,
        source: IpAddr::from([10, 244, 1, 9]),
        destination: IpAddr::from([10, 244, 1, 5]),
        port: 80,
        http: Some(&http),
    };
    authorize(&store(policies), &pod("shop", "web"), &request).0
}

const WEB: &str = "cluster.local/ns/shop/sa/front";

fn policy(spec: &str) -> String {
    format!("kind: AuthorizationPolicy\nmetadata: {{name: p, namespace: shop}}\nspec: {spec}\n---\n")
}

#[test]
fn an_empty_policy_denies_everything_and_an_empty_rule_allows_it() {
    assert!(verdict("", None, "GET", "/"));
    assert!(!verdict(&policy("{}"), Some(WEB), "GET", "/"));
    assert!(verdict(&policy("{rules: [{}]}"), None, "GET", "/"));
    assert!(verdict(&policy("{action: DENY}"), None, "GET", "/"), "a DENY without rules never matches");
    assert!(!verdict(&policy("{action: DENY, rules: [{}]}"), None, "GET", "/"));
}

#[test]
fn rules_ask_for_source_operation_and_conditions_together() {
    let get = policy(
        "{rules: [{from: [{source: {principals: [\"cluster.local/ns/shop/sa/front\"]}}], to: [{operation: {methods: [GET], paths: [\"/api/*\"]}}]}]}",
    );
    assert!(verdict(&get, Some(WEB), "GET", "/api/v1?x=1"));
    assert!(!verdict(&get, Some(WEB), "POST", "/api/v1"));
    assert!(!verdict(&get, Some(WEB), "GET", "/admin"));
    assert!(!verdict(&get, None, "GET", "/api/v1"), "plain text proves nobody");
    let namespaces = policy("{rules: [{from: [{source: {notNamespaces: [evil]}}]}]}");
    assert!(verdict(&namespaces, Some(WEB), "GET", "/"));
    assert!(!verdict(&namespaces, Some("cluster.local/ns/evil/sa/x"), "GET", "/"));
    let blocks = policy("{rules: [{from: [{source: {ipBlocks: [10.244.2.0/24]}}]}]}");
    assert!(!verdict(&blocks, None, "GET", "/"));
    let when = policy(
        "{rules: [{when: [{key: source.namespace, values: [shop]}, {key: destination.port, values: [\"80\"]}]}]}",
    );
    assert!(verdict(&when, Some(WEB), "GET", "/"));
    let template = policy("{rules: [{to: [{operation: {paths: [\"/users/{*}/orders\"]}}]}]}");
    assert!(verdict(&template, None, "GET", "/users/7/orders"));
    assert!(!verdict(&template, None, "GET", "/users/7/8/orders"));
}

#[test]
fn deny_comes_before_allow_and_the_root_namespace_counts_everywhere() {
    let allow = policy("{rules: [{}]}");
    let deny = "kind: AuthorizationPolicy\nmetadata: {name: d, namespace: istio-system}\nspec: {action: DENY, rules: [{to: [{operation: {paths: [/admin]}}]}]}\n";
    let both = format!("{allow}{deny}");
    assert!(verdict(&both, Some(WEB), "GET", "/"));
    assert!(!verdict(&both, Some(WEB), "GET", "/admin"));
}

#[test]
fn a_custom_policy_without_its_provider_denies_what_it_matches() {
    let custom =
        policy("{action: CUSTOM, provider: {name: opa}, rules: [{to: [{operation: {paths: [/admin]}}]}]}");
    let both = format!("{custom}{}", policy("{rules: [{}]}").replace("name: p", "name: q"));
    assert!(verdict(&both, Some(WEB), "GET", "/"));
    assert!(!verdict(&both, Some(WEB), "GET", "/admin"));
}

#[test]
fn the_nearest_and_most_specific_destination_rule_counts() {
    let rule = |namespace: &str, host: &str, policy: &str| {
        format!(
            "kind: DestinationRule\nmetadata: {{name: r{}, namespace: {namespace}}}\nspec: {{host: \"{host}\", trafficPolicy: {policy}}}\n---\n",
            host.len()
        )
    };
    let service = Object(yaml::parse("metadata: {name: web, namespace: shop}\n").expect("YAML"));
    let tls = |text: &str, from: &str, port| client_tls(&store(text), from, &service, port);
    assert_eq!(tls("", "shop", 80), None);
    let plain = "{tls: {mode: DISABLE}}";
    assert_eq!(tls(&rule("shop", "web", plain), "shop", 80), Some(ClientTls::Disable));
    assert_eq!(
        tls(&rule("shop", "web", plain), "other", 80),
        Some(ClientTls::Disable),
        "the service's namespace"
    );
    assert_eq!(
        tls(&rule("other", "web", plain), "other", 80),
        None,
        "a short name is of the rule's namespace"
    );
    let mutual = rule("istio-system", "*.local", "{tls: {mode: ISTIO_MUTUAL}}");
    assert_eq!(tls(&mutual, "other", 80), Some(ClientTls::IstioMutual));
    let both = format!("{mutual}{}", rule("shop", "web", plain));
    assert_eq!(tls(&both, "other", 80), Some(ClientTls::Disable));
    let port = rule(
        "shop",
        "web.shop.svc.cluster.local",
        "{tls: {mode: DISABLE}, portLevelSettings: [{port: {number: 80}, tls: {mode: ISTIO_MUTUAL}}]}",
    );
    assert_eq!(tls(&port, "shop", 80), Some(ClientTls::IstioMutual));
    assert_eq!(tls(&port, "shop", 81), Some(ClientTls::Disable));
}

#[test]
fn what_only_http_has_never_matches_an_allow_rule_on_other_connections() {
    let request = Request {
        principal: Some(WEB),
        source: IpAddr::from([10, 244, 1, 9]),
        destination: IpAddr::from([10, 244, 1, 5]),
        port: 5432,
        http: None,
    };
    let ask = |spec: &str| authorize(&store(&policy(spec)), &pod("shop", "web"), &request).0;
    assert!(!ask("{rules: [{to: [{operation: {methods: [GET]}}]}]}"));
    assert!(!ask("{action: DENY, rules: [{to: [{operation: {methods: [GET]}}]}]}"));
    assert!(ask("{rules: [{to: [{operation: {ports: [\"5432\"]}}]}]}"));
}

#[test]
fn namespace_and_pod_say_who_gets_a_sidecar() {
    let labels = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| (*k, *v)).collect::<Map>();
    let enabled = labels(&[("istio-injection", "enabled")]);
    let web = pod("shop", "web");
    let injected = inject(&web, &enabled).expect("a sidecar");
    let names: Vec<&str> =
        injected.list_at(&["spec", "initContainers"]).iter().map(|c| c.str_at(&["name"])).collect();
    assert_eq!(names, ["istio-init", "istio-proxy"]);
    assert_eq!(injected.label("service.istio.io/canonical-name"), Some("web"));
    assert_eq!(principal(&injected), "cluster.local/ns/shop/sa/web");
    assert!(inject(&injected, &enabled).is_none(), "once is enough");
    assert!(inject(&web, &Map::default()).is_none());
    let mut said = web.clone();
    said.set(&["metadata", "labels", "sidecar.istio.io/inject"], "true");
    assert!(inject(&said, &Map::default()).is_some());
    said.set(&["metadata", "labels", "sidecar.istio.io/inject"], "false");
    assert!(inject(&said, &enabled).is_none());
    let mut host = web;
    host.set(&["spec", "hostNetwork"], Value::from(true));
    assert!(inject(&host, &enabled).is_none());
}
