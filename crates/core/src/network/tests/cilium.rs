//! What Cilium's documentation and source say in so many words.

use std::sync::Arc;

use super::*;

mod reference;

/// `shop/web`, `shop/db`, `ops/probe` (another node) and `ops/agent` (on its node's network); node n1 runs the API server.
fn network(policies: &[Value]) -> Network {
    with(Settings { mutual_authentication: true, ..Settings::default() }, policies)
}

fn with(settings: Settings, policies: &[Value]) -> Network {
    let on = |node: &str, p: Pod| Pod { node: node.into(), ..p };
    let pods = vec![
        on("n1", pod("shop", "web", &[("app", "web"), ("pod-template-hash", "7d")], "10.0.0.1")),
        on("n1", pod("shop", "db", &[("app", "db")], "10.0.0.2")),
        on("n2", pod("ops", "probe", &[("app", "web")], "10.0.1.1")),
        Pod { host_network: true, ..on("n1", pod("ops", "agent", &[], "192.168.0.1")) },
    ];
    let node = |name: &str, ip: &str| Node {
        name: name.into(),
        labels: labels(&[("role", name)]),
        ips: vec![ip.parse().expect("an address")],
    };
    let object = |v: Value| Arc::new(Object(v));
    let mut plugin = Plugin { cni: Cni::Cilium, ..Plugin::default() };
    plugin.learned.learn("api.example.com", ["1.2.3.4".parse().expect("an address")]);
    plugin.learned.learn("db.shop.svc.cluster.local", ["10.0.0.2".parse().expect("an address")]);
    Network::compile(Snapshot {
        namespaces: vec![namespace("shop", &[("team", "a")]), namespace("ops", &[("team", "b")])],
        pods,
        nodes: vec![node("n1", "192.168.0.1"), node("n2", "192.168.0.2")],
        referred: vec![
            object(
                json!({"kind": "Endpoints", "metadata": {"name": "kubernetes", "namespace": "default"}, "subsets": [{"addresses": [{"ip": "192.168.0.1"}]}]}),
            ),
            object(
                json!({"kind": "Service", "metadata": {"name": "db", "namespace": "shop"}, "spec": {"selector": {"app": "db"}}}),
            ),
            object(json!({"kind": "Service", "metadata": {"name": "mail", "namespace": "shop"}, "spec": {}})),
            object(
                json!({"kind": "Endpoints", "metadata": {"name": "mail", "namespace": "shop"}, "subsets": [{"addresses": [{"ip": "5.6.7.8"}]}]}),
            ),
            object(
                json!({"kind": "CiliumCIDRGroup", "metadata": {"name": "partners", "labels": {"kind": "partner"}}, "spec": {"externalCIDRs": ["7.0.0.0/8"]}}),
            ),
        ],
        plugin,
        settings,
        policies: policies.iter().cloned().map(object).collect(),
    })
}

fn cnp(spec: Value) -> Value {
    json!({"kind": "CiliumNetworkPolicy", "metadata": {"name": "p", "namespace": "shop"}, "spec": spec})
}

fn ccnp(spec: Value) -> Value {
    json!({"kind": "CiliumClusterwideNetworkPolicy", "metadata": {"name": "p"}, "spec": spec})
}

fn db() -> Value {
    json!({"matchLabels": {"app": "db"}})
}

fn at(ip: &str) -> End {
    End::Ip(ip.parse().expect("an address"))
}

fn reaches(n: &Network, from: End, to: End) -> bool {
    n.flow(from, to, TCP80).allowed()
}

const WEB: usize = 0;
const DB: usize = 1;
const PROBE: usize = 2;
const AGENT: usize = 3;

#[test]
fn an_endpoint_selector_means_the_policys_own_namespace_unless_it_names_another() {
    let rule = |from: Value| cnp(json!({"endpointSelector": (db()), "ingress": [{"fromEndpoints": [from]}]}));
    let n = network(&[rule(json!({"matchLabels": {"app": "web"}}))]);
    assert!(allowed(&n, WEB, DB));
    assert!(!allowed(&n, PROBE, DB));
    let n = network(&[rule(json!({"matchLabels": {"k8s:io.kubernetes.pod.namespace": "ops"}}))]);
    assert!(!allowed(&n, WEB, DB));
    assert!(allowed(&n, PROBE, DB));
    let key = "k8s:io.cilium.k8s.namespace.labels.team";
    let n = network(&[rule(json!({"matchLabels": {key: "b"}}))]);
    assert!(allowed(&n, PROBE, DB), "labels of namespaces reach beyond the policy's own");
    let n = network(&[rule(json!({}))]);
    assert!(allowed(&n, WEB, DB));
    assert!(!allowed(&n, PROBE, DB), "everything means everything in the namespace");
}

#[test]
fn clusterwide_everything_means_every_pod_but_no_node_and_no_world() {
    let n = network(&[ccnp(json!({"endpointSelector": (db()), "ingress": [{"fromEndpoints": [{}]}]}))]);
    assert!(allowed(&n, PROBE, DB));
    assert!(!reaches(&n, at("1.2.3.4"), End::Pod(DB)));
    assert!(!reaches(&n, at("192.168.0.2"), End::Pod(DB)));
}

#[test]
fn a_node_always_reaches_its_own_pods_and_not_those_of_others() {
    let n = network(&[cnp(json!({"endpointSelector": {}, "ingress": [{}]}))]);
    assert!(reaches(&n, at("192.168.0.1"), End::Pod(DB)), "the kubelet's probes");
    assert!(allowed(&n, AGENT, DB));
    assert!(!reaches(&n, at("192.168.0.2"), End::Pod(DB)));
    let deny = json!({"endpointSelector": {}, "ingressDeny": [{"fromEntities": ["host"]}]});
    assert!(!allowed(&network(&[cnp(deny)]), AGENT, DB), "unless it is denied");
}

#[test]
fn an_empty_rule_isolates_and_admits_nothing() {
    let n = network(&[cnp(json!({"endpointSelector": (db()), "ingress": [{}]}))]);
    assert!(!allowed(&n, WEB, DB));
    assert!(allowed(&n, DB, WEB));
    let n = network(&[cnp(json!({"endpointSelector": (db()), "ingress": [{"fromEndpoints": []}]}))]);
    assert!(!allowed(&n, WEB, DB), "nor does an empty list");
}

#[test]
fn a_denying_rule_wins_and_isolates_by_itself() {
    let deny = json!({"endpointSelector": (db()), "ingressDeny": [{"fromEndpoints": [{"matchLabels": {"app": "web"}}]}]});
    let open = json!({"endpointSelector": (db()), "ingress": [{"fromEntities": ["all"]}]});
    let n = network(&[cnp(open), cnp(deny.clone())]);
    assert!(!allowed(&n, WEB, DB));
    assert!(allowed(&n, PROBE, DB));
    assert!(!allowed(&network(&[cnp(deny.clone())]), PROBE, DB));
    let mut lax = deny;
    lax.set(&["enableDefaultDeny", "ingress"], false);
    let n = network(&[cnp(lax)]);
    assert!(allowed(&n, PROBE, DB));
    assert!(!allowed(&n, WEB, DB));
}

#[test]
fn blocks_are_outside_the_cluster() {
    let from = |rule: Value| network(&[cnp(json!({"endpointSelector": (db()), "ingress": [rule]}))]);
    let n = from(json!({"fromCIDR": ["0.0.0.0/0"]}));
    assert!(reaches(&n, at("1.2.3.4"), End::Pod(DB)));
    assert!(!allowed(&n, PROBE, DB), "not a pod, although its address lies in the block");
    assert!(!reaches(&n, at("192.168.0.2"), End::Pod(DB)), "nor a node");
    let n = from(json!({"fromCIDRSet": [{"cidr": "1.0.0.0/8", "except": ["1.2.0.0/16"]}]}));
    assert!(reaches(&n, at("1.3.0.1"), End::Pod(DB)));
    assert!(!reaches(&n, at("1.2.3.4"), End::Pod(DB)));
    let n = from(json!({"fromCIDRSet": [{"cidrGroupRef": "partners"}]}));
    assert!(reaches(&n, at("7.1.1.1"), End::Pod(DB)));
    let n = from(json!({"fromCIDRSet": [{"cidrGroupSelector": {"matchLabels": {"kind": "partner"}}}]}));
    assert!(reaches(&n, at("7.1.1.1"), End::Pod(DB)));
    // The same holds for a NetworkPolicy that Cilium enforces.
    let block = json!({
        "kind": "NetworkPolicy", "metadata": {"name": "p", "namespace": "shop"},
        "spec": {"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]}
    });
    assert!(!allowed(&network(&[block]), PROBE, DB));
}

#[test]
fn entities() {
    let to =
        |entity: &str| network(&[cnp(json!({"endpointSelector": {}, "egress": [{"toEntities": [entity]}]}))]);
    let all = [End::Pod(PROBE), at("192.168.0.1"), at("192.168.0.2"), at("8.8.8.8")];
    for (entity, expected) in [
        ("all", [true, true, true, true]),
        ("cluster", [true, true, true, false]),
        ("world", [false, false, false, true]),
        ("host", [false, true, false, false]),
        ("remote-node", [false, false, true, false]),
        ("kube-apiserver", [false, true, false, false]),
        ("none", [false; 4]),
        ("init", [false; 4]),
        ("health", [false; 4]),
        ("ingress", [false; 4]),
        ("unmanaged", [false; 4]),
    ] {
        let n = to(entity);
        assert_eq!(all.map(|end| reaches(&n, End::Pod(WEB), end)), expected, "{entity}");
        assert_eq!(allowed(&n, WEB, AGENT), expected[1], "{entity}: a pod on the node's network is the node");
    }
}

#[test]
fn what_everybody_must_have_besides() {
    let base = json!({"endpointSelector": (db()), "ingress": [{"fromEndpoints": [{"matchLabels": {"k8s:io.kubernetes.pod.namespace": "ops"}}, {}]}]});
    assert!(allowed(&network(&[cnp(base.clone())]), PROBE, DB));
    let requires = cnp(
        json!({"endpointSelector": (db()), "ingress": [{"fromRequires": [{"matchLabels": {"app": "web"}}]}]}),
    );
    let n = network(&[cnp(base), requires]);
    assert!(allowed(&n, WEB, DB));
    assert!(!allowed(&n, PROBE, DB), "a requirement means the policy's own namespace too");
}

#[test]
fn ports_of_any_protocol_in_ranges_and_by_name() {
    let on = |ports: Value| {
        network(&[cnp(json!({"endpointSelector": (db()), "ingress": [{"toPorts": [{"ports": ports}]}]}))])
    };
    let flows = |n: &Network, protocol, number| {
        n.flow(End::Pod(WEB), End::Pod(DB), Port { protocol, number }).allowed()
    };
    let n = on(json!([{"port": "80"}]));
    assert!([Protocol::Tcp, Protocol::Udp, Protocol::Sctp].into_iter().all(|p| flows(&n, p, 80)));
    assert!(!flows(&n, Protocol::Icmp, 8));
    let n = on(json!([{"port": "80", "endPort": 90, "protocol": "TCP"}]));
    assert!(flows(&n, Protocol::Tcp, 90) && !flows(&n, Protocol::Tcp, 91) && !flows(&n, Protocol::Udp, 80));
    let n = on(json!([{"port": "0", "protocol": "UDP"}]));
    assert!(flows(&n, Protocol::Udp, 7) && !flows(&n, Protocol::Tcp, 7));
    let n = on(json!([{"port": "http", "protocol": "TCP"}]));
    assert!(flows(&n, Protocol::Tcp, 80) && !flows(&n, Protocol::Tcp, 81));
}

#[test]
fn a_named_port_of_a_destination_is_looked_up_in_the_whole_cluster() {
    let egress = cnp(
        json!({"endpointSelector": {"matchLabels": {"app": "web"}}, "egress": [{"toPorts": [{"ports": [{"port": "http", "protocol": "TCP"}]}]}]}),
    );
    let n = network(std::slice::from_ref(&egress));
    assert!(reaches(&n, End::Pod(WEB), at("1.2.3.4")), "even for an address outside");
    let mut snapshot = n.facts.snapshot.clone();
    snapshot.pods[PROBE].ports[0].number = 8080;
    snapshot.policies = vec![Arc::new(Object(egress))];
    let n = Network::compile(snapshot);
    assert!(!allowed(&n, WEB, DB), "where pods do not agree, it matches nothing");
}

#[test]
fn icmp_needs_a_rule_without_ports_or_one_of_its_own() {
    let echo = |n: &Network| {
        n.flow(End::Pod(WEB), End::Pod(DB), Port { protocol: Protocol::Icmp, number: 8 }).allowed()
    };
    let rule = |rule: Value| network(&[cnp(json!({"endpointSelector": (db()), "ingress": [rule]}))]);
    assert!(echo(&rule(json!({"fromEndpoints": [{}]}))));
    assert!(echo(&rule(json!({"icmps": [{"fields": [{"type": 8}]}]}))));
    assert!(echo(&rule(json!({"icmps": [{"fields": [{"family": "IPv4", "type": "EchoRequest"}]}]}))));
    assert!(!echo(&rule(json!({"icmps": [{"fields": [{"family": "IPv6", "type": "EchoRequest"}]}]}))));
    assert!(!echo(&rule(json!({"icmps": [{"fields": [{"type": 0}]}]}))));
}

fn get(path: &str) -> HttpRequest {
    HttpRequest { method: "GET".into(), path: path.into(), host: "db".into(), headers: Vec::new() }
}

fn http(rules: Value) -> Value {
    cnp(json!({"endpointSelector": (db()), "ingress": [{
        "fromEndpoints": [{"matchLabels": {"app": "web"}}],
        "toPorts": [{"ports": [{"port": "80", "protocol": "TCP"}], "rules": {"http": rules}}]
    }]}))
}

#[test]
fn server_names_match_label_by_label() {
    let ask = |names: Value, name: &str| {
        let n = network(&[cnp(json!({"endpointSelector": (db()), "ingress": [{
            "fromEndpoints": [{"matchLabels": {"app": "web"}}],
            "toPorts": [{"ports": [{"port": "80", "protocol": "TCP"}], "serverNames": names}]
        }]}))]);
        assert!(n.reads_server_name(End::Pod(WEB), End::Pod(DB), TCP80));
        n.tls(End::Pod(WEB), End::Pod(DB), TCP80, name).allowed
    };
    assert!(ask(json!(["other.example", "shop.example"]), "Shop.example"));
    assert!(!ask(json!(["shop.example"]), "www.shop.example"));
    assert!(!ask(json!(["shop.example"]), ""));
    assert!(ask(json!(["*.example"]), "shop.example") && !ask(json!(["*.example"]), "www.shop.example"));
    assert!(ask(json!(["**.example"]), "www.shop.example") && !ask(json!(["**.example"]), "example"));
    let n = network(&[http(json!([{}]))]);
    assert!(
        !n.tls(End::Pod(WEB), End::Pod(DB), TCP80, "shop.example").allowed,
        "who reads HTTP cannot read TLS"
    );
}

#[test]
fn http_rules_match_the_whole_of_what_they_name() {
    let ask = |rules: Value, request: &HttpRequest| {
        let n = network(&[http(rules)]);
        let v = n.http(End::Pod(WEB), End::Pod(DB), TCP80, request);
        assert!(v.connects && v.proxied);
        v.allowed
    };
    assert!(ask(json!([{"method": "GET", "path": "/public"}]), &get("/public")));
    assert!(!ask(json!([{"method": "GET", "path": "/public"}]), &get("/public/x")));
    assert!(
        !ask(json!([{"method": "GET", "path": "/public"}]), &get("/public?x=1")),
        "the query belongs to the path"
    );
    assert!(ask(json!([{"method": "GET", "path": "/public.*"}]), &get("/public?x=1")));
    assert!(!ask(json!([{"method": "G", "path": "/"}]), &get("/")));
    assert!(ask(json!([{"method": "POST|GET"}, {"path": "/never"}]), &get("/")));
    assert!(ask(json!([{}]), &get("/anything")));
    assert!(!ask(json!([{"host": "web"}]), &get("/")));
    let mut request = get("/");
    request.headers.push(("X-Token".into(), "1".into()));
    assert!(ask(json!([{"headers": ["x-token: 1"]}]), &request));
    assert!(!ask(json!([{"headers": ["X-Token: 2"]}]), &request));
    assert!(ask(json!([{"headers": ["X-Token"]}]), &request));
    assert!(!ask(json!([{"headerMatches": [{"name": "X-Token", "value": "2"}]}]), &request));
    assert!(ask(
        json!([{"headerMatches": [{"name": "X-Token", "value": "2", "mismatch": "LOG"}]}]),
        &request
    ));
}

#[test]
fn a_refused_request_says_which_rule_lacked_what() {
    let n = network(&[http(json!([{"method": "GET", "path": "/public"}]))]);
    let v = n.http(End::Pod(WEB), End::Pod(DB), TCP80, &get("/private"));
    assert!(v.connects && !v.allowed);
    assert_eq!(
        v.because[0].text,
        "CiliumNetworkPolicy shop/p spec.ingress[0].toPorts[0] lets shop/web ask for HTTP GET /public, but not for GET /private"
    );
    assert!(!n.http(End::Pod(PROBE), End::Pod(DB), TCP80, &get("/public")).connects);
}

#[test]
fn a_rule_without_requests_lets_all_of_them_through() {
    let plain = cnp(json!({"endpointSelector": (db()), "ingress": [{"fromEndpoints": [{}]}]}));
    let n = network(&[http(json!([{"path": "/public"}])), plain]);
    let v = n.http(End::Pod(WEB), End::Pod(DB), TCP80, &get("/private"));
    assert!(v.allowed && v.proxied);
    let mut lax = http(json!([{"path": "/public"}]));
    lax.set(&["spec", "enableDefaultDeny", "ingress"], false);
    assert!(network(&[lax]).http(End::Pod(WEB), End::Pod(DB), TCP80, &get("/private")).allowed);
}

#[test]
fn names_are_learnt_from_dns_and_mean_addresses_of_the_world() {
    let to = |names: Value| network(&[cnp(json!({"endpointSelector": {}, "egress": [{"toFQDNs": names}]}))]);
    let n = to(json!([{"matchName": "api.example.com"}]));
    assert!(reaches(&n, End::Pod(WEB), at("1.2.3.4")));
    assert!(!reaches(&n, End::Pod(WEB), at("1.2.3.5")));
    assert!(reaches(&to(json!([{"matchPattern": "*.example.com"}])), End::Pod(WEB), at("1.2.3.4")));
    assert!(
        !reaches(&to(json!([{"matchPattern": "*.com"}])), End::Pod(WEB), at("1.2.3.4")),
        "a star ends at a dot"
    );
    assert!(!allowed(&to(json!([{"matchName": "db.shop.svc.cluster.local"}])), WEB, DB), "never a pod");
}

#[test]
fn questions_for_names_are_let_through_by_name() {
    let rule = |dns: Value| {
        cnp(json!({"endpointSelector": {}, "egress": [{
            "toEndpoints": [{}], "toPorts": [{"ports": [{"port": "53", "protocol": "ANY"}], "rules": {"dns": dns}}]
        }]}))
    };
    let port = Port { protocol: Protocol::Udp, number: 53 };
    let ask = |policies: &[Value], name: &str| {
        let v = network(policies).dns(End::Pod(WEB), End::Pod(DB), port, name);
        assert!(v.connects && v.proxied);
        v.allowed
    };
    let only = [rule(json!([{"matchName": "api.example.com"}, {"matchPattern": "*.svc.cluster.local"}]))];
    assert!(ask(&only, "API.example.com."));
    assert!(!ask(&only, "www.example.com"));
    assert!(ask(&only, "shop.svc.cluster.local") && !ask(&only, "db.shop.svc.cluster.local"));
    assert!(ask(&[rule(json!([{"matchPattern": "*"}]))], "db.shop.svc.cluster.local"));
    let plain = cnp(json!({"endpointSelector": {}, "egress": [{"toEndpoints": [{}]}]}));
    assert!(
        !ask(&[only[0].clone(), plain], "www.example.com"),
        "the DNS proxy looks at rules for its port alone"
    );
}

#[test]
fn services_stand_for_their_pods_or_for_addresses() {
    let to = |s: Value| {
        network(&[cnp(
            json!({"endpointSelector": {"matchLabels": {"app": "web"}}, "egress": [{"toServices": [s]}]}),
        )])
    };
    let n = to(json!({"k8sService": {"serviceName": "db", "namespace": "shop"}}));
    assert!(allowed(&n, WEB, DB) && !allowed(&n, WEB, PROBE));
    let n = to(json!({"k8sService": {"serviceName": "mail", "namespace": "shop"}}));
    assert!(reaches(&n, End::Pod(WEB), at("5.6.7.8")) && !allowed(&n, WEB, DB));
}

#[test]
fn who_must_prove_identity() {
    let rule = |mode: &str, from: &str| {
        cnp(json!({"endpointSelector": (db()), "ingress": [{
            "fromEntities": [from], "authentication": {"mode": mode}
        }]}))
    };
    assert!(allowed(&network(&[rule("required", "cluster")]), WEB, DB));
    assert!(
        !reaches(&network(&[rule("required", "all")]), at("1.2.3.4"), End::Pod(DB)),
        "the world proves nothing"
    );
    assert!(!allowed(&network(&[rule("test-always-fail", "cluster")]), WEB, DB));
    assert!(allowed(&network(&[rule("disabled", "cluster")]), WEB, DB));
    let n = with(Settings::default(), &[rule("required", "cluster")]);
    assert!(!allowed(&n, WEB, DB), "nobody can without a server that gives identities");
    let text = &n.flow(End::Pod(WEB), End::Pod(DB), TCP80).ingress.because[0].text;
    assert_eq!(
        text,
        "CiliumNetworkPolicy shop/p spec.ingress[0] admits shop/web on TCP/80, but asks for authentication, and the peer cannot prove who it is"
    );
}

#[test]
fn settings_of_the_whole_cluster() {
    let always = Settings { enforcement: Enforcement::Always, ..Settings::default() };
    assert!(!allowed(&with(always, &[]), WEB, DB));
    let never = Settings { enforcement: Enforcement::Never, ..Settings::default() };
    assert!(allowed(&with(never, &[cnp(json!({"endpointSelector": {}, "ingress": [{}]}))]), WEB, DB));
    let host = ccnp(
        json!({"nodeSelector": {"matchLabels": {"role": "n2"}}, "ingress": [{"fromEntities": ["host"]}]}),
    );
    assert!(reaches(&network(std::slice::from_ref(&host)), End::Pod(WEB), at("192.168.0.2")));
    let firewall = Settings { host_firewall: true, ..Settings::default() };
    let n = with(firewall, &[host]);
    assert!(!reaches(&n, End::Pod(WEB), at("192.168.0.2")));
    assert!(reaches(&n, End::Pod(WEB), at("192.168.0.1")));
}

#[test]
fn labels_that_are_not_part_of_an_identity_select_nothing() {
    let n = network(&[cnp(
        json!({"endpointSelector": {"matchLabels": {"pod-template-hash": "7d"}}, "ingress": [{}]}),
    )]);
    assert!(allowed(&n, DB, WEB));
}

#[test]
fn several_rules_in_one_object() {
    let both = json!({
        "kind": "CiliumNetworkPolicy", "metadata": {"name": "p", "namespace": "shop"},
        "specs": [
            {"endpointSelector": (db()), "ingress": [{}]},
            {"endpointSelector": {"matchLabels": {"app": "web"}}, "ingress": [{"fromEntities": ["world"]}]},
        ]
    });
    let n = network(&[both]);
    assert!(!allowed(&n, WEB, DB) && !allowed(&n, DB, WEB));
    let because = n.flow(End::Pod(DB), End::Pod(WEB), TCP80).ingress.because;
    assert_eq!(because[0].text, "CiliumNetworkPolicy shop/p specs[1].ingress[0] does not list shop/db");
}

#[test]
fn what_cilium_refuses_has_no_effect_and_says_why() {
    let complaint = |spec: Value| {
        let object = Object(cnp(spec));
        assert!(allowed(&network(std::slice::from_ref(&object.0)), WEB, DB));
        super::super::cilium::complaints(&object, Settings::default()).join("; ")
    };
    let of = |rule: Value| complaint(json!({"endpointSelector": (db()), "ingress": [rule]}));
    assert_eq!(
        complaint(json!({"endpointSelector": (db())})),
        "rule must have at least one of Ingress, IngressDeny, Egress, EgressDeny"
    );
    assert_eq!(complaint(json!({"ingress": [{}]})), "rule must have one of EndpointSelector or NodeSelector");
    assert_eq!(
        of(json!({"fromEndpoints": [{}], "fromEntities": ["all"]})),
        "combining FromEndpoints and FromEntities is not supported yet"
    );
    assert_eq!(of(json!({"fromEntities": ["moon"]})), "unsupported entity: moon");
    assert_eq!(
        of(json!({"toPorts": [{"ports": [{"port": "80", "protocol": "UDP"}], "rules": {"http": [{}]}}]})),
        "L7 rules can only apply to TCP (not UDP) except for DNS rules"
    );
    assert_eq!(
        of(
            json!({"toPorts": [{"ports": [{"port": "53", "protocol": "UDP"}], "rules": {"dns": [{"matchPattern": "*"}]}}]})
        ),
        "L7 protocol DNS is not supported on ingress yet"
    );
    assert_eq!(
        of(json!({"fromCIDRSet": [{"cidr": "10.0.0.0/8", "except": ["11.0.0.0/16"]}]})),
        "allow CIDR prefix 10.0.0.0/8 does not contain exclude CIDR prefix 11.0.0.0/16"
    );
}
