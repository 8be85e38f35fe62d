//! The desk without a page: what a learner does, and what would be drawn of it.

use super::*;

const RBAC: &str = "rbac-service-accounts";
const NETWORK: &str = "networkpolicy-four-steps";

fn desk(id: &str) -> Desk {
    Desk::new(Session::of(id, 1).expect("the exercise starts"))
}

fn enter(desk: &mut Desk, line: &str) {
    desk.typed(line.to_owned());
    desk.key(Key::Enter);
}

fn last(desk: &Desk) -> String {
    desk.shell.log.last().map(|done| format!("{}{}", done.stdout, done.stderr)).unwrap_or_default()
}

#[test]
fn an_edit_is_previewed_and_changes_nothing_until_it_is_applied() {
    let mut desk = desk(NETWORK);
    let solution: String = desk
        .bundle()
        .below("solution")
        .find(|(path, _)| *path == "policies.yaml")
        .map(|(_, text)| text.to_owned())
        .expect("a file");
    desk.edited("policies.yaml", solution);
    desk.look();
    assert!(
        desk.preview.lines.iter().all(|line| line.kind == crate::lab::PreviewKind::Created),
        "{:?}",
        desk.preview
    );
    assert_eq!(desk.report.score(), 0);
    desk.apply();
    assert_eq!(desk.progress(), Progress::Solved, "{:?}", desk.report);
    assert!(desk.said.starts_with("Now true: "), "{}", desk.said);
    assert!(
        desk.preview.lines.iter().all(|line| line.kind == crate::lab::PreviewKind::Unchanged),
        "{:?}",
        desk.preview
    );
}

#[test]
fn a_mistake_has_a_place() {
    let mut desk = desk(NETWORK);
    desk.edited("policies.yaml", "kind: NetworkPolicy\nmetadata:\n  name: [x\n".to_owned());
    desk.look();
    assert!(desk.preview.lines.iter().any(|line| line.at.is_some()), "{:?}", desk.preview);
}

#[test]
fn a_reset_comes_back_until_something_else_is_done() {
    let mut desk = desk(RBAC);
    enter(&mut desk, "kubectl create serviceaccount pod-sa");
    let (log, report) = (desk.shell.log.clone(), desk.report.clone());
    desk.reset();
    assert!(desk.shell.log.is_empty() && desk.was_reset);
    desk.undo_reset();
    assert_eq!((desk.shell.log.clone(), desk.report.clone()), (log, report));
    desk.reset();
    enter(&mut desk, "echo on");
    assert!(!desk.was_reset);
}

#[test]
fn history_is_walked_and_the_line_being_written_is_kept() {
    let mut desk = desk(RBAC);
    enter(&mut desk, "echo one");
    enter(&mut desk, "echo two");
    desk.typed("half".to_owned());
    for (key, shown) in [
        (Key::Up, "echo two"),
        (Key::Up, "echo one"),
        (Key::Up, "echo one"),
        (Key::Down, "echo two"),
        (Key::Down, "half"),
    ] {
        desk.key(key);
        assert_eq!(desk.shell.input, shown);
    }
    desk.key(Key::Search);
    desk.typed("one".to_owned());
    assert_eq!(desk.shell.input, "echo one");
    desk.key(Key::Enter);
    assert_eq!(last(&desk), "one\n");
}

#[test]
fn a_here_document_runs_when_it_is_whole() {
    let mut desk = desk(RBAC);
    enter(&mut desk, "cat <<EOF");
    assert!(desk.shell.continues());
    assert_eq!(desk.shell.prompt, "> ");
    enter(&mut desk, "text");
    enter(&mut desk, "EOF");
    assert!(!desk.shell.continues());
    assert_eq!(last(&desk), "text\n");
    assert_eq!(desk.shell.log.len(), 1, "{:?}", desk.shell.log);
    enter(&mut desk, "cat <<EOF");
    desk.key(Key::Cancel);
    assert!(!desk.shell.continues());
}

#[test]
fn completion_goes_as_far_as_it_can_and_then_lists() {
    let mut desk = desk(RBAC);
    desk.typed("cat rb".to_owned());
    desk.key(Key::Complete(6));
    assert_eq!(desk.shell.input, "cat rbac.yaml ");
    desk.typed("e".to_owned());
    desk.key(Key::Complete(1));
    assert!(desk.shell.candidates.len() > 1, "{:?}", desk.shell);
    desk.typed("ec".to_owned());
    assert!(desk.shell.candidates.is_empty());
    desk.typed("nothing-begins-so".to_owned());
    desk.key(Key::Complete(17));
    assert_eq!(desk.shell.input, "nothing-begins-so");
}

#[test]
fn a_command_writes_a_file_that_is_open() {
    let mut desk = desk(RBAC);
    let before = desk.tab().expect("a file").clone();
    enter(&mut desk, &format!("echo '# new' > {}", before.path));
    let after = desk.tab().expect("a file");
    assert_eq!(after.text, "# new\n");
    assert_eq!(after.revision, before.revision + 1);
}

#[test]
fn a_command_that_edits_waits_for_its_file() {
    for (keep, said) in [(Keep::Text, "edited"), (Keep::Nothing, "Edit cancelled, no changes made.")] {
        let mut desk = desk(RBAC);
        enter(&mut desk, "kubectl edit namespace default");
        let tab = desk.tab().expect("the file").clone();
        assert!(tab.waits && !tab.is_manifest());
        desk.edited(&tab.path, tab.text.replacen("labels:", "labels:\n    team: blue", 1));
        desk.finish_edit(keep);
        assert!(desk.tabs.iter().all(|tab| !tab.waits));
        assert!(last(&desk).contains(said), "{}\n{}", last(&desk), tab.text);
    }
}

#[test]
fn a_flow_is_told_and_an_edit_says_what_it_would_change() {
    let mut desk = desk(NETWORK);
    assert!(desk.preview.flows.is_empty(), "opening an exercise waits for no comparison");
    let solution: String =
        desk.bundle().below("solution").map(|(_, text)| text.to_owned()).next().expect("a file");
    desk.edited("policies.yaml", solution);
    desk.look();
    assert!(desk.preview.flows.iter().any(|change| !change.allowed), "{:?}", desk.preview.flows);
    assert!(desk.picture.edges.iter().all(|edge| edge.allowed));
    desk.apply();
    assert!(desk.preview.flows.is_empty());
    let denied = desk.picture.edges.iter().position(|edge| !edge.allowed);
    desk.choose(denied);
    desk.tell();
    let told = desk.told.clone().expect("an explanation");
    let whys = || told.halves.iter().flat_map(|half| half.selecting.iter().chain(&half.because));
    assert!(whys().any(|why| why.place.as_ref().is_some_and(|place| place.file == "policies.yaml")));
    desk.toggle_audit();
    assert!(desk.audit.as_ref().is_some_and(|audit| audit.enough.contains("kind: NetworkPolicy")));
    desk.toggle_audit();
    assert!(desk.audit.is_none());
    assert!(!desk.ask_port("80") && desk.ask_port("TCP/443"));
    assert_eq!(desk.picture.port.number, 443);
    enter(&mut desk, "kubectl delete networkpolicy --all -A");
    assert_eq!((desk.chosen, desk.told.is_none()), (None, true), "the flow asked about is gone");
}

#[test]
fn why_the_cluster_answered_so_keeps_up_while_it_is_asked() {
    let mut desk = desk(RBAC);
    desk.ask(true);
    assert!(desk.asked.is_none() && !desk.has_asked());
    enter(&mut desk, "kubectl get nodes --as jane");
    let lines = |desk: &Desk| desk.asked.as_ref().map(|a| (a.line.clone(), a.requests.len()));
    assert_eq!(lines(&desk), Some(("kubectl get nodes --as jane".to_owned(), 1)));
    enter(&mut desk, "kubectl create role r --verb=list --resource=pods");
    enter(&mut desk, "ls");
    assert_eq!(lines(&desk), Some(("kubectl create role r --verb=list --resource=pods".to_owned(), 1)));
    desk.reset();
    assert_eq!(lines(&desk), None);
    desk.undo_reset();
    assert!(lines(&desk).is_some());
    desk.ask(false);
    assert_eq!(lines(&desk), None);
}
