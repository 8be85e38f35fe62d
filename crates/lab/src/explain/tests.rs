use gatehouse_model::KubeVersion;

use super::*;

const GIVEN: &str = "\
apiVersion: v1
kind: Namespace
metadata:
  name: dev
  labels:
    pod-security.kubernetes.io/enforce: restricted
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: maker
  namespace: dev
rules:
- apiGroups: ['']
  resources: [pods]
  verbs: [create, get, patch]
- apiGroups: ['']
  resources: [secrets]
  verbs: [list]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: jane
  namespace: dev
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: maker
subjects:
- apiGroup: rbac.authorization.k8s.io
  kind: User
  name: jane
";

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: dev
spec:
  hostNetwork: true
  containers:
  - name: web
    image: nginx
";

fn world() -> (World, Sources) {
    let mut world = World::lab(KubeVersion::V1_36, 1);
    let (said, done) = commit(&mut world, GIVEN);
    assert!(done, "{said}");
    let mut sources = Sources::default();
    sources.add("given.yaml", GIVEN);
    (world, sources)
}

fn jane() -> Asker {
    Asker { user: "jane".to_owned(), groups: Vec::new(), namespace: "dev".to_owned() }
}

#[test]
fn a_refused_manifest_is_explained_with_its_own_lines() {
    let (mut world, mut sources) = world();
    sources.add("pod.yaml", POD);
    world.write("pod.yaml", POD);
    let (explanations, said) = apply(&world, &sources, "pod.yaml", &jane());
    let [explanation] = explanations.as_slice() else {
        let texts: String = explanations.iter().map(Explanation::text).collect();
        panic!("{texts}")
    };
    assert!(!explanation.allowed);
    assert_eq!(explanation.request, "create pods \"web\" in namespace \"dev\" as jane");
    assert!(said.contains("violates PodSecurity \"restricted:latest\""), "{said}");
    let text = explanation.text();
    for wanted in [
        "authentication: passed: jane, in groups system:authenticated\n",
        "authorization: passed: RBAC: allowed by RoleBinding \"jane/dev\" of Role \"maker\" to User \"jane\"\n",
        "        given.yaml:14: - apiGroups: ['']\n",
        "  ServiceAccount (mutating): changed the object\n",
        "    + spec.serviceAccountName: \"default\"\n",
        "    - authorizer Node: no opinion\n    * authorizer RBAC: yes\n",
        "  PodSecurity (validating): refused: ",
        "    * Pod dev/web spec.hostNetwork: hostNamespaces: host namespaces",
        "        pod.yaml:7: hostNetwork: true\n",
        "  Error from server (Forbidden): pods \"web\" is forbidden: violates PodSecurity",
    ] {
        assert!(text.contains(wanted), "{wanted:?} is not in\n{text}");
    }
    assert!(world.cluster.store.get("pods", "dev", "web").is_none());
}

#[test]
fn a_refused_verb_names_what_nearly_allowed_it() {
    let (world, sources) = world();
    let explanation = ask(&world, &sources, &jane(), "delete", "po", "web").unwrap();
    assert!(!explanation.allowed);
    let text = explanation.text();
    assert!(text.contains("  authorization: refused\n"), "{text}");
    assert!(
        text.contains(
            "    ~ Role dev/maker rules[0]: grants \"create\", \"get\", \"patch\" but not \"delete\""
        ),
        "{text}"
    );
    assert!(text.contains("        given.yaml:14: "), "{text}");
    let list = ask(&world, &sources, &jane(), "list", "secrets", "").unwrap();
    assert!(list.allowed, "{}", list.text());
    assert!(ask(&world, &sources, &jane(), "get", "potatoes", "").is_err());
    let path = ask(&world, &sources, &jane(), "get", "/healthz", "").unwrap();
    assert!(path.allowed, "{}", path.text());
}

#[test]
fn the_index_knows_who_can_and_what_somebody_can() {
    let (world, sources) = world();
    let holders = who_can(&world, "dev", "list", "secrets", "").unwrap();
    let text = holders_text(&holders, &sources);
    assert!(
        text.contains("User jane\n    by RoleBinding dev/jane and Role dev/maker rules[1]\n        given.yaml:17: - apiGroups: ['']\n"),
        "{text}"
    );
    assert!(!who_can(&world, "other", "list", "secrets", "").unwrap().iter().any(|h| h.name == "jane"));
    let granted = granted_text(&what_can(&world, &jane()), &sources);
    assert!(
        granted.contains(
            "in dev: create,get,patch pods (core)\n    by RoleBinding dev/jane and Role dev/maker\n"
        ),
        "{granted}"
    );
}

#[test]
fn the_question_of_a_review_is_explained_too() {
    let (mut world, sources) = world();
    world.recorded = Some(Vec::new());
    world.run_fresh("kubectl auth can-i delete pods --as jane -n dev");
    let calls = world.recorded.take().unwrap();
    let [(request, response)] = telling(&calls).collect::<Vec<_>>()[..] else { panic!("{calls:?}") };
    let text = Explanation::of(&world, request, response, &sources).text();
    for wanted in [
        "create selfsubjectaccessreviews.authorization.k8s.io as jane\n",
        "  the question asked: refused: delete pods in namespace \"dev\" as jane\n",
        "    ~ Role dev/maker rules[0]: grants \"create\", \"get\", \"patch\" but not \"delete\"",
    ] {
        assert!(text.contains(wanted), "{wanted:?} is not in\n{text}");
    }
}

#[test]
fn a_limit_that_is_not_kept_is_shown_at_both_ends() {
    let (mut world, mut sources) = world();
    let range = "apiVersion: v1\nkind: LimitRange\nmetadata:\n  name: lr\n  namespace: default\nspec:\n  limits:\n  - type: Pod\n    max: {memory: 1Gi}\n  - type: Container\n    max: {cpu: 500m}\n";
    let pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: big\n  namespace: default\nspec:\n  containers:\n  - name: c\n    image: nginx\n    resources:\n      limits: {cpu: 2, memory: 1Mi}\n";
    let (said, done) = commit(&mut world, range);
    assert!(done, "{said}");
    sources.add("range.yaml", range);
    sources.add("pod.yaml", pod);
    world.write("pod.yaml", pod);
    let (explanations, _) = apply(&world, &sources, "pod.yaml", &Asker::default());
    let text: String = explanations.iter().map(Explanation::text).collect();
    for wanted in [
        "    * Pod default/big spec.containers[0].resources: maximum cpu usage per Container is 500m, but limit is 2\n        pod.yaml:10: resources:\n",
        "    * LimitRange default/lr spec.limits[1]: the limit of \"lr\" says so\n        range.yaml:10: - type: Container\n",
    ] {
        assert!(text.contains(wanted), "{wanted:?} is not in\n{text}");
    }
}
