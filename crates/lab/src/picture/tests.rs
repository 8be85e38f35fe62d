use gatehouse_model::KubeVersion;

use super::*;
use crate::explain::Sources;
use crate::preview::preview;

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: NAME, labels: {app: NAME}}\nspec: {containers: [{name: c, image: nginx}]}\n";

const POLICY: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: db
spec:
  podSelector: {matchLabels: {app: db}}
  policyTypes: [Ingress, Egress]
  ingress:
  - from: [{podSelector: {matchLabels: {app: web}}}]
    ports: [{port: 80}]
";

fn world() -> World {
    let mut world = World::lab(KubeVersion::V1_36, 1);
    let pods: Vec<String> = ["db", "probe", "web"].iter().map(|name| POD.replace("NAME", name)).collect();
    world.write("pods.yaml", &pods.join("---\n"));
    world.run("kubectl apply -f pods.yaml");
    world.write("policy.yaml", POLICY);
    world
}

fn flows(changes: &[FlowChange]) -> Vec<String> {
    changes.iter().map(|c| c.text.clone()).collect()
}

fn names(picture: &Picture) -> Vec<String> {
    picture.pods.iter().map(PicturePod::id).collect()
}

#[test]
fn dns_is_drawn_where_policies_matter() {
    let mut world = world();
    assert_eq!(names(&Picture::of(&world)), ["default/db", "default/probe", "default/web"]);
    world.run("kubectl apply -f policy.yaml");
    let picture = Picture::of(&world);
    assert_eq!(names(&picture), ["default/db", "default/probe", "default/web", "kube-system/kube-dns"]);
    assert_eq!(picture.pods[3].ip, "10.96.0.10");
    let asks: Vec<(usize, bool)> =
        picture.edges.iter().filter(|e| e.to == 3).map(|e| (e.from, e.allowed)).collect();
    assert_eq!(asks, [(0, false), (1, true), (2, true)]);
    assert!(picture.edges.iter().all(|e| e.from != 3), "nobody asks who the DNS talks to");
    assert!(picture.edges.iter().all(|e| (e.to == 3) == (e.port.to_string() == "UDP/53")));
}

#[test]
fn a_preview_says_which_flows_would_change() {
    let mut world = world();
    let before = Picture::of(&world);
    let found = preview(&world, "policy.yaml", Some(WEB)).flows;
    let closed = [
        "default/db → default/probe TCP/80 would be denied",
        "default/db → default/web TCP/80 would be denied",
        "default/db → kube-system/kube-dns UDP/53 would be denied",
        "default/probe → default/db TCP/80 would be denied",
    ];
    assert_eq!(flows(&found), closed);
    assert_eq!(found[3].because, "NetworkPolicy default/db spec.ingress[0] does not list default/probe");
    assert_eq!((found[3].from, found[3].to), (1, 0));
    assert_eq!(Picture::of(&world), before, "nothing was applied");
    let other = Port { number: 81, ..WEB };
    assert!(
        flows(&preview(&world, "policy.yaml", Some(other)).flows)
            .contains(&"default/web → default/db TCP/81 would be denied".to_owned())
    );
    world.run("kubectl apply -f policy.yaml");
    assert!(preview(&world, "policy.yaml", Some(WEB)).flows.is_empty());
    world.write("policy.yaml", &POLICY.replace("app: web", "app: probe"));
    let edited = [
        "default/probe → default/db TCP/80 would be allowed",
        "default/web → default/db TCP/80 would be denied",
    ];
    assert_eq!(flows(&preview(&world, "policy.yaml", Some(WEB)).flows), edited);
    // A text that is refused changes nothing.
    world.write("policy.yaml", &POLICY.replace("kind: NetworkPolicy", "kind: NetPolicy"));
    assert!(preview(&world, "policy.yaml", Some(WEB)).flows.is_empty());
}

#[test]
fn a_flow_is_told_with_the_lines_of_the_files() {
    let mut world = world();
    world.run("kubectl apply -f policy.yaml");
    let picture = Picture::of(&world);
    let edge = picture.edges.iter().position(|e| (e.from, e.to) == (1, 0)).unwrap();
    let mut sources = Sources::default();
    sources.add("policy.yaml", POLICY);
    let [out, into] = told(&world, &picture, edge, &sources).unwrap().halves;
    assert_eq!((out.title.as_str(), out.allowed), ("out of default/probe", true));
    assert!(out.selecting.is_empty());
    assert_eq!(out.because[0].text, "no egress policy selects default/probe");
    assert_eq!((into.title.as_str(), into.allowed), ("into default/db", false));
    let lines = |whys: &[Why]| -> Vec<(String, usize)> {
        whys.iter().map(|w| (w.text.clone(), w.place.as_ref().map_or(0, |p| p.line))).collect()
    };
    assert_eq!(lines(&into.selecting), [("NetworkPolicy default/db".to_owned(), 4)]);
    let lacks = "NetworkPolicy default/db spec.ingress[0] does not list default/probe".to_owned();
    assert_eq!(lines(&into.because), [(lacks, 9)]);
}

#[test]
fn an_audit_finds_what_could_go_and_what_would_be_enough() {
    let mut world = world();
    let none = POLICY.replace("name: db", "name: none").replace("app: db", "app: nobody");
    world.write("more.yaml", &none);
    world.run("kubectl apply -f policy.yaml -f more.yaml");
    let mut sources = Sources::default();
    sources.add("more.yaml", &none);
    let picture = Picture::of(&world);
    let audit = audit(&world, &picture, &sources);
    let texts: Vec<&str> = audit.useless.iter().map(|w| w.text.as_str()).collect();
    assert_eq!(texts, ["NetworkPolicy default/none selects no pod"]);
    assert_eq!(audit.useless[0].place.as_ref().map(|p| p.line), Some(4));
    world.write("enough.yaml", &audit.enough);
    world.run("kubectl delete networkpolicy --all");
    world.run("kubectl apply -f enough.yaml");
    let allowed = |p: &Picture| p.edges.iter().map(|e| e.allowed).collect::<Vec<_>>();
    assert_eq!(allowed(&Picture::of(&world)), allowed(&picture), "{}", audit.enough);
}
