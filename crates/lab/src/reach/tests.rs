use gatehouse_core::network::Protocol;

use super::*;
use crate::explain::Sources;

const SHOP: &str = r"
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, ports: [{containerPort: 80, name: http}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Pod
  metadata: {name: probe, labels: {app: probe}}
";

const POLICY: &str = r"
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}]
    ports: [{port: 80}]
";

const TCP80: Port = Port { protocol: Protocol::Tcp, number: 80 };

fn reach(texts: &[&str]) -> Reach {
    let texts: Vec<(String, String)> = texts.iter().map(|t| ("f.yaml".to_owned(), (*t).to_owned())).collect();
    Reach::read(&texts, None).unwrap()
}

fn lines(before: &Reach, after: &Reach) -> Vec<String> {
    changes(before.network(), after.network(), TCP80).iter().map(ToString::to_string).collect()
}

#[test]
fn workloads_are_pods_and_lists_are_opened() {
    let reach = reach(&[SHOP, POLICY]);
    assert_eq!(
        reach.table(&reach.matrix(TCP80)),
        "shop/web       xxx\nshop/db        xxx\ndefault/probe  x.x\na row a source, a column a destination in the same order; x allowed, . denied\n"
    );
}

#[test]
fn the_plugin_follows_from_the_policies_there_are() {
    let cilium = "kind: CiliumNetworkPolicy\nmetadata: {name: p, namespace: shop}\nspec: {endpointSelector: {}, ingress: [{}]}\n";
    let admin = "kind: AdminNetworkPolicy\nmetadata: {name: p}\nspec: {priority: 1, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]}\n";
    for (policy, cni, pairs) in
        [(cilium, Cni::Cilium, 2), (admin, Cni::AdminPolicy, 0), (POLICY, Cni::Enforcing, 5)]
    {
        let reach = reach(&[SHOP, policy]);
        assert_eq!((reach.network().plugin().cni, reach.matrix(TCP80).count()), (cni, pairs));
    }
    let texts = [("f".to_owned(), format!("{SHOP}---\n{admin}"))];
    assert_eq!(
        Reach::read(&texts, Some(Cni::Enforcing)).unwrap().matrix(TCP80).count(),
        6,
        "only objects there"
    );
}

#[test]
fn of_two_objects_of_one_name_the_later_counts() {
    let open = POLICY.replace("app: web", "app: db");
    let (before, after) = (reach(&[SHOP, POLICY]), reach(&[SHOP, POLICY, &open]));
    assert_eq!(lines(&before, &after), ["- shop/web -> shop/db"]);
    assert_eq!(lines(&before, &reach(&[SHOP])), ["+ default/probe -> shop/db"]);
    assert!(lines(&before, &before).is_empty());
}

#[test]
fn a_flow_explained() {
    let reach = reach(&[SHOP, POLICY]);
    let mut sources = Sources::default();
    sources.add("f.yaml", POLICY);
    assert_eq!(
        reach.explain("default/probe", "shop/db", TCP80, None, &sources).unwrap(),
        "\
default/probe to shop/db on TCP/80: denied
egress of default/probe: allowed
  selected by: nothing
  no egress policy selects default/probe
ingress of shop/db: denied
  selected by: NetworkPolicy shop/db (f.yaml:4)
  NetworkPolicy shop/db spec.ingress[0] does not list default/probe (f.yaml:8)
"
    );
    let at = reach.network().pods()[0].ips[0].to_string();
    let text = reach.explain(&at, "shop/db", TCP80, Some(&Question::parse("GET /")), &sources).unwrap();
    assert!(text.starts_with("shop/web to shop/db on TCP/80: allowed\n"), "{text}");
    assert!(text.ends_with("GET /: let through\n"), "{text}");
    let error = reach.explain("shop/x", "shop/db", TCP80, None, &sources).unwrap_err();
    assert_eq!(error.place, "\"shop/x\"");
}

#[test]
fn policies_for_observed_traffic_allow_just_that() {
    let bare = reach(&[SHOP]);
    let policies = bare.suggest("seen", "# seen on Monday\nshop/web shop/db TCP/80\n\n").unwrap();
    let after = reach(&[SHOP, &policies]);
    assert_eq!(after.matrix(TCP80).count(), 1);
    assert!(after.matrix(TCP80).allows(0, 1));
    assert_eq!(after.useless(), "");
    for (text, place) in [
        ("shop/web shop/db\n", "seen:1"),
        ("\nshop/web shop/x TCP/80", "seen:2"),
        ("shop/web shop/db 80", "seen:1"),
    ] {
        assert_eq!(bare.suggest("seen", text).unwrap_err().place, place);
    }
}

#[test]
fn what_could_go() {
    let twice = POLICY.replace(
        "  - from",
        "  - ports: [{port: 80}]\n    from: [{podSelector: {matchLabels: {app: web}}}]\n  - from",
    );
    let text = reach(&[SHOP, &twice]).useless();
    assert_eq!(
        text,
        "NetworkPolicy shop/db spec.ingress[1] is covered by NetworkPolicy shop/db spec.ingress[0]\n"
    );
}
