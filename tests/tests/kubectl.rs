//! kubectl's ways that take more than one line: edits, differences, kustomizations.

#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

use gatehouse_lab::Session;

fn session() -> Session {
    Session::of("rbac-service-accounts", 1).expect("the exercise starts")
}

fn run(session: &mut Session, line: &str) -> String {
    let t = session.run(line);
    format!("{}{}", t.stdout, t.stderr)
}

/// What the editor shows.
fn shown(session: &Session) -> String {
    let path = session.pending_edit().expect("an editor is open").to_owned();
    session.texts().get(&path).cloned().expect("the file is open")
}

fn save(session: &mut Session, text: &str) -> (String, i32) {
    let t = session.finish_edit(text).expect("kubectl goes on");
    (format!("{}{}", t.stdout, t.stderr), t.exit)
}

#[test]
fn an_edit_is_applied_when_the_text_is_saved() {
    let mut s = session();
    run(&mut s, "kubectl create deployment web --image=nginx");
    run(&mut s, "kubectl edit deployment web");
    let text = shown(&s);
    assert!(text.starts_with("# Please edit the object below. Lines beginning with a '#'"), "{text}");
    let (said, exit) = save(&mut s, &text.replace("replicas: 1", "replicas: 3"));
    assert_eq!((said.as_str(), exit), ("deployment.apps/web edited\n", 0));
    assert_eq!(run(&mut s, "kubectl get deploy web -o jsonpath='{.spec.replicas}'"), "3");
}

#[test]
fn an_edit_without_changes_is_cancelled() {
    let mut s = session();
    run(&mut s, "kubectl create configmap a --from-literal=k=v");
    run(&mut s, "kubectl edit cm/a");
    let text = shown(&s);
    assert_eq!(save(&mut s, &text), ("Edit cancelled, no changes made.\n".to_owned(), 0));
}

#[test]
fn what_the_server_refuses_is_shown_above_the_text_again() {
    let mut s = session();
    run(&mut s, "kubectl create deployment web --image=nginx");
    run(&mut s, "kubectl edit deployment web");
    let text = shown(&s).replace("replicas: 1", "replicas: -1");
    let (said, _) = save(&mut s, &text);
    assert_eq!(said, "error: deployments.apps \"web\" is invalid\n");
    let again = shown(&s);
    assert!(
        again.contains("# deployments.apps \"web\" was not valid:\n# * spec.replicas: Invalid value: -1"),
        "{again}"
    );
    let (said, exit) = save(&mut s, &again);
    assert!(said.ends_with("error: Edit cancelled, no valid changes were saved.\n"), "{said}");
    assert_eq!(exit, 1);
}

#[test]
fn differences_hide_what_secrets_hold() {
    let mut s = session();
    run(&mut s, "kubectl create secret generic a --from-literal=k=v --dry-run=client -o yaml > /tmp/a.yaml");
    run(&mut s, "kubectl apply -f /tmp/a.yaml");
    assert_eq!(run(&mut s, "kubectl diff -f /tmp/a.yaml; echo $?"), "0\n");
    run(&mut s, "sed -i 's/k: .*/k: eHh4/' /tmp/a.yaml");
    let said = run(&mut s, "kubectl diff -f /tmp/a.yaml | grep '^[-+] '");
    assert_eq!(said, "-  k: '*** (before)'\n+  k: '*** (after)'\n");
}

#[test]
fn names_of_generated_maps_reach_the_pods_that_mount_them() {
    let mut s = session();
    run(&mut s, "mkdir -p /tmp/k");
    run(
        &mut s,
        "printf 'namePrefix: x-\\nresources: [pod.yaml]\\nconfigMapGenerator:\\n- name: app\\n  literals: [a=b]\\n' > /tmp/k/kustomization.yaml",
    );
    run(
        &mut s,
        "printf 'apiVersion: v1\\nkind: Pod\\nmetadata: {name: p}\\nspec:\\n  containers:\\n  - {name: c, image: nginx, envFrom: [{configMapRef: {name: app}}]}\\n' > /tmp/k/pod.yaml",
    );
    let built = run(&mut s, "kubectl kustomize /tmp/k");
    let name = built.lines().find_map(|l| l.strip_prefix("  name: x-app-")).expect(&built).to_owned();
    assert_eq!(name.len(), 10, "{built}");
    assert!(
        built.contains(&format!("name: x-app-{name}\n    image")) || built.matches(&name).count() == 2,
        "{built}"
    );
}

#[test]
fn debugging_adds_a_container_with_what_the_profile_grants() {
    let mut s = session();
    run(&mut s, "kubectl run web --image=nginx");
    assert_eq!(run(&mut s, "kubectl debug web --image=busybox --profile=netadmin -c d"), "");
    let said = run(
        &mut s,
        "kubectl get pod web -o jsonpath='{.spec.ephemeralContainers[0].securityContext.capabilities.add}'",
    );
    assert_eq!(said, "[\"NET_ADMIN\",\"NET_RAW\"]");
}

#[test]
fn files_travel_into_containers_and_back() {
    let mut s = session();
    run(&mut s, "kubectl run web --image=nginx");
    run(&mut s, "kubectl wait --for=condition=Ready pod/web");
    run(&mut s, "echo hello > /tmp/f");
    assert_eq!(run(&mut s, "kubectl cp /tmp/f web:/tmp/g"), "");
    assert_eq!(run(&mut s, "kubectl exec web -- cat /tmp/g"), "hello\n");
    run(&mut s, "kubectl cp web:/tmp/g /tmp/h");
    assert_eq!(run(&mut s, "cat /tmp/h"), "hello\n");
}
