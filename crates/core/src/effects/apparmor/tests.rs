use super::*;
use crate::effects::Errno;
use crate::effects::capabilities::NewPrivileges;

const READ: PathOp = PathOp::Open { read: true, write: false, append: false, truncate: false, create: false };
const WRITE: PathOp =
    PathOp::Open { read: false, write: true, append: false, truncate: false, create: false };

fn set(text: &str) -> PolicySet {
    let policy = Policy::read("/etc/apparmor.d/p", text, &Stock, ParserVersion::V4_1_0).unwrap();
    let mut set = PolicySet::new();
    assert_eq!(set.load(&policy, LoadMode::Add).exit, 0);
    set
}

fn ask(set: &PolicySet, label: &str, operation: Operation<'_>) -> Verdict {
    let label = Label::new(label);
    let subject = Subject { label: &label, fsuid: 0, new_privileges: NewPrivileges::Allowed };
    set.decide(&subject, &operation)
}

fn path(set: &PolicySet, label: &str, op: PathOp, path: &str) -> Verdict {
    ask(set, label, Operation::Path { op, path, owner: 0 })
}

const K8S: &str = "#include <tunables/global>\n\nprofile k8s-apparmor-example-deny-write flags=(attach_disconnected) {\n  #include <abstractions/base>\n\n  file,\n\n  # Deny all file writes.\n  deny /** w,\n}\n";

#[test]
fn the_kubernetes_example_denies_writes_silently() {
    let set = set(K8S);
    let label = "k8s-apparmor-example-deny-write";
    assert!(path(&set, label, READ, "/tmp/test").allowed());
    let verdict = path(&set, label, PathOp::Mknod, "/tmp/test");
    assert_eq!((verdict.error, verdict.audit.len()), (Some(Errno::EACCES), 0));
    let Cause::Rule(at) = verdict.because else { panic!("a rule denied") };
    assert_eq!(at.line, 9);
    assert!(path(&set, "unconfined", WRITE, "/tmp/test").allowed());
    assert_eq!(set.listing().collect::<Vec<_>>(), [format!("{label} (enforce)")]);
}
