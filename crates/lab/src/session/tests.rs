use super::*;

fn solved(id: &str) -> Session {
    let mut session = Session::of(id, 1).expect("the exercise starts");
    let answer = session.bundle().answer("solution");
    session.answer(&answer);
    session
}

#[test]
fn a_saved_session_comes_back_as_it_was() {
    let session = solved("rbac-service-accounts");
    let back = Session::restore(&session.save()).expect("it was just saved");
    assert_eq!(back.transcripts(), session.transcripts());
    assert_eq!(back.texts(), session.texts());
    assert_eq!(back.grade(), session.grade());
    assert_eq!(back.grade().score(), 100);
}

#[test]
fn reset_starts_over_and_can_be_undone() {
    let mut session = solved("rbac-service-accounts");
    session.reset();
    assert_eq!(session.grade().score(), 0);
    assert!(session.transcripts().is_empty());
    assert!(session.undo());
    assert_eq!(session.grade().score(), 100);
    assert!(session.undo());
    assert!(session.grade().score() < 100, "the last command is taken back");
}

#[test]
fn what_is_not_a_session_says_so() {
    assert!(matches!(Session::restore("{}"), Err(SessionError::Malformed(_))));
    let newer = Session::of("rbac-service-accounts", 1)
        .expect("starts")
        .save()
        .replace("\"formatVersion\":1", "\"formatVersion\":9");
    assert_eq!(Session::restore(&newer).err(), Some(SessionError::TooNew(9)));
    let unknown =
        newer.replace("\"formatVersion\":9", "\"formatVersion\":1").replace("rbac-service-accounts", "nope");
    assert_eq!(Session::restore(&unknown).err(), Some(SessionError::UnknownExercise("nope".into())));
}

#[test]
fn typing_is_one_action_a_file() {
    let mut session = Session::of("rbac-service-accounts", 1).expect("starts");
    for text in ["a", "ab", "abc"] {
        session.edit("rbac.yaml", text);
    }
    assert_eq!(session.actions().len(), 1);
    assert_eq!(session.texts()["rbac.yaml"], "abc");
}

#[test]
fn the_last_command_that_asked_the_cluster_is_explained() {
    let mut session = Session::of("rbac-service-accounts", 1).expect("starts");
    assert_eq!(session.asked().requests, []);
    session.run("kubectl get pods,nodes --as jane -n default");
    session.run("echo done");
    let asked = session.asked();
    assert_eq!(asked.line, "kubectl get pods,nodes --as jane -n default");
    let requests: Vec<_> = asked.requests.iter().map(|r| (r.request.as_str(), r.allowed)).collect();
    assert_eq!(
        requests,
        [("list pods in namespace \"default\" as jane", false), ("list nodes as jane", false)],
        "{asked:?}"
    );
    assert_eq!(Session::restore(&session.save()).expect("it was just saved").asked(), asked);
    // What only reads is told where nothing else is.
    session.run("kubectl get pods");
    let [read] = session.asked().requests.try_into().expect("one request");
    assert!(read.allowed && read.request.starts_with("list pods "), "{read:?}");
    session.reset();
    assert_eq!(session.asked_line(), "");
}
