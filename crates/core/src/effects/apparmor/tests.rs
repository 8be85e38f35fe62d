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

fn read(text: &str) -> Result<Policy, String> {
    Policy::read("F", text, &Stock, ParserVersion::V4_1_0).map_err(|e| e.text)
}

#[test]
fn a_missing_comma_is_noticed_on_the_next_line() {
    let text = read("profile p {\n  file\n  deny /** w,\n}\n").unwrap_err();
    assert_eq!(
        text,
        "AppArmor parser error for F in profile F at line 3: syntax error, unexpected TOK_DENY, expecting TOK_ID or TOK_MODE or TOK_SET_VAR\n"
    );
    let text = read("profile p {\n  /a r\n  /b r,\n}\n").unwrap_err();
    assert!(text.ends_with("at line 3: missing an end of line character? (entry: /a)\n"));
}

#[test]
fn the_last_rule_names_the_variable_that_is_missing() {
    // As apparmor_parser 3.0.8 said.
    let said = |text: &str| read(text).map(|_| ());
    assert_eq!(
        said("profile p {\n  mount @{C} -> /a,\n  @{A}/x r,\n  @{B}/y r,\n}\n").unwrap_err(),
        "Found reference to variable B, but is never declared\n"
    );
    assert_eq!(
        said("@{X}=@{Y}\n@{Y}=@{X}\nprofile p {\n  @{X}/a r,\n}\n").unwrap_err(),
        "Variable @{X} is referenced recursively (by @{Y})\nfailure expanding variable X\n"
    );
    assert_eq!(said("profile p {\n  if not defined $y { /a r, }\n}\n"), Ok(()));
}

#[test]
fn versions_differ_in_the_rules_they_know() {
    for rule in ["userns,", "mqueue,", "all,", "priority=1 file,", "io_uring,"] {
        let text = format!("profile p {{ {rule} }}\n");
        assert!(Policy::read("F", &text, &Stock, ParserVersion::V4_1_0).is_ok(), "{rule}");
        assert!(Policy::read("F", &text, &Stock, ParserVersion::V3_0_8).is_err(), "{rule}");
    }
}

#[test]
fn exec_qualifiers_conflict_only_among_rules_of_one_rank() {
    assert!(read("profile p { /bin/* ix, /bin/sh px, }\n").is_ok());
    assert!(read("profile p { /bin/* ix, /bin/s* px, }\n").unwrap_err().contains("conflicting x modifiers"));
    assert!(read("profile p { /bin/sh ix, /bin/sh px, }\n").unwrap_err().contains("merged rule /bin/sh"));
    assert!(read("profile p { /bin/* ix, /usr/* px, }\n").is_ok());
}

#[test]
fn directories_need_their_slash() {
    let set = set("profile p { /dir/** r, }\n");
    assert!(path(&set, "p", READ, "/dir/x/y").allowed());
    assert!(!path(&set, "p", READ, "/dir/").allowed());
    assert!(!path(&set, "p", READ, "/dir").allowed());
}

#[test]
fn append_does_not_create() {
    let set = set("profile p { /log a, }\n");
    let append = PathOp::Open { read: false, write: true, append: true, truncate: false, create: false };
    assert!(path(&set, "p", append, "/log").allowed());
    assert!(!path(&set, "p", PathOp::Mknod, "/log").allowed());
    assert!(!path(&set, "p", WRITE, "/log").allowed());
}

#[test]
fn deny_is_silent_audit_deny_and_nothing_are_not() {
    let set = set("profile p { file, deny /a r, audit deny /b r, }\nprofile q { /x r, }\n");
    assert_eq!(path(&set, "p", READ, "/a").audit, []);
    assert_eq!(path(&set, "p", READ, "/b").audit.len(), 1);
    let verdict = path(&set, "q", READ, "/sp ace");
    assert_eq!(verdict.because, Cause::NoRule);
    assert_eq!(
        verdict.audit[0].line("1.2:3", 7, "cat"),
        "audit: type=1400 audit(1.2:3): apparmor=\"DENIED\" operation=\"open\" class=\"file\" profile=\"q\" name=2F737020616365 pid=7 comm=\"cat\" requested_mask=\"r\" denied_mask=\"r\" fsuid=0 ouid=0"
    );
}

#[test]
fn complain_allows_and_logs_but_keeps_a_silent_deny() {
    let set = set("profile p flags=(complain) { /a r, deny /b r, }\n");
    let verdict = path(&set, "p", READ, "/c");
    assert!(verdict.allowed() && verdict.audit[0].kind == AuditType::Allowed);
    assert!(!path(&set, "p", READ, "/b").allowed());
    let exec = ask(&set, "p", Operation::Exec { path: "/bin/x", owner: 0 });
    assert_eq!(exec.label, Some(Label::new("p//null-/bin/x")));
}

#[test]
fn exec_leads_where_the_qualifier_says() {
    let set = set(
        "profile p { /a ix, /b px, /c px -> q, /d cx -> kid, /e ux, /f pix, /g Ux, profile kid { file, } }\nprofile q { file, }\n",
    );
    let exec = |path| ask(&set, "p", Operation::Exec { path, owner: 0 });
    assert_eq!(exec("/a").label, Some(Label::new("p")));
    assert_eq!(exec("/b").error, Some(Errno::EACCES));
    assert_eq!(exec("/c").label, Some(Label::new("q")));
    assert_eq!(exec("/d").label, Some(Label::new("p//kid")));
    assert_eq!((exec("/e").label, exec("/e").secure), (Some(Label::Unconfined), false));
    assert_eq!(exec("/f").label, Some(Label::new("p")));
    assert!(exec("/g").secure);
}

#[test]
fn both_ends_of_a_signal_are_asked() {
    let set = set("profile p { signal (send) peer=q, }\nprofile q { signal (receive) set=(term), }\n");
    let send = |number, peer: &str| {
        let peer = Label::new(peer);
        ask(&set, "p", Operation::Signal { number, peer: &peer }).error
    };
    assert_eq!(send(15, "q"), None);
    assert_eq!(send(9, "q"), Some(Errno::EACCES));
    assert_eq!(send(15, "unconfined"), Some(Errno::EACCES));
}

#[test]
fn mount_rules_match_place_type_and_flags() {
    let set = set("profile p { mount fstype=tmpfs options=(ro,nosuid) none -> /mnt/, umount /mnt/, }\n");
    let mount = |flags, fstype| {
        let request = MountRequest { source: Some("none"), point: "/mnt/", fstype: Some(fstype), flags };
        let verdict = ask(&set, "p", Operation::Mount(request));
        (verdict.allowed(), verdict.audit.first().and_then(|a| a.info.map(|(i, _)| i)))
    };
    assert_eq!(mount(3, "tmpfs"), (true, None));
    assert_eq!(mount(3, "ext4"), (false, Some("failed type match")));
    assert_eq!(mount(7, "tmpfs"), (false, Some("failed flags match")));
    assert!(ask(&set, "p", Operation::Umount("/mnt/")).allowed());
}

#[test]
fn the_default_profile_denies_mounts_and_sysctls() {
    let mut set = PolicySet::new();
    assert_eq!(set.load(&default_policy().unwrap(), LoadMode::Add).stderr, "");
    assert!(path(&set, DEFAULT_PROFILE, WRITE, "/tmp/x").allowed());
    assert!(!path(&set, DEFAULT_PROFILE, WRITE, "/proc/sysrq-trigger").allowed());
    assert!(!path(&set, DEFAULT_PROFILE, WRITE, "/sys/kernel/x/y").allowed());
    assert!(path(&set, DEFAULT_PROFILE, WRITE, "/proc/12/oom_score_adj").allowed());
    let request = MountRequest { point: "/mnt/", ..MountRequest::default() };
    assert!(!ask(&set, DEFAULT_PROFILE, Operation::Mount(request)).allowed());
    assert!(!ask(&set, DEFAULT_PROFILE, Operation::CreateUserNamespace).allowed());
}

#[test]
fn loading_twice_and_removing_twice_are_refused() {
    let policy = read("profile p { file, }\n").unwrap();
    let mut set = PolicySet::new();
    assert_eq!(set.load(&policy, LoadMode::Add).verbose, "Addition succeeded for \"p\".\n");
    let again = set.load(&policy, LoadMode::Add);
    assert_eq!(again.exit, 239);
    assert_eq!(again.stderr, "apparmor_parser: Unable to add \"p\".  Profile already exists\n");
    assert_eq!(set.load(&policy, LoadMode::Replace).exit, 0);
    assert_eq!(set.load(&policy, LoadMode::Remove).exit, 0);
    assert_eq!(set.load(&policy, LoadMode::Remove).exit, 254);
}

/// The pattern language once more, by plain recursion: slow and obvious.
fn reference(pattern: &[char], text: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['*', '*', rest @ ..] => (0..=text.len()).any(|n| reference(rest, &text[n..])),
        ['*', rest @ ..] => {
            (0..=text.len()).take_while(|n| !text[..*n].contains(&'/')).any(|n| reference(rest, &text[n..]))
        }
        ['?', rest @ ..] => text.first().is_some_and(|c| *c != '/') && reference(rest, &text[1..]),
        [c, rest @ ..] => text.first() == Some(c) && reference(rest, &text[1..]),
    }
}

#[test]
fn patterns_agree_with_the_reference() {
    let mut state = 1u32;
    let mut next = |n: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) % n
    };
    for _ in 0..3000 {
        // No star after a slash: there a whole component must not be empty, which the reference does not know.
        let pattern: String =
            (0..next(6)).map(|_| ["a", "b", "a*", "b**", "?", "/a"][next(6) as usize % 6]).collect();
        let text: String = (0..next(7)).map(|_| ["a", "b", "/"][next(3) as usize % 3]).collect();
        let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
        assert_eq!(Glob::new(&pattern).unwrap().matches(&text), reference(&p, &t), "{pattern} on {text}");
    }
}

#[test]
fn whole_components_are_never_empty() {
    let matches = |p: &str, t: &str| Glob::new(p).unwrap().matches(t);
    assert!(!matches("/a/*", "/a/") && matches("/a/*", "/a/.x") && !matches("/a/*", "/a/b/c"));
    assert!(!matches("/a/**", "/a/") && matches("/a/**", "/a/b/c"));
    assert!(matches("/a{,/**}", "/a") && matches("/a{,/**}", "/a/") && matches("/a/*b", "/a/b"));
    assert!(matches("/[^ab]", "/c") && !matches("/[^ab]", "/a") && matches("/[a-c]", "/b"));
    assert!(matches("/file\\[1\\]", "/file[1]"));
}

#[test]
fn overlapping_patterns_are_found() {
    let meet = |a: &str, b: &str| {
        let (a, b) = (Glob::new(a).unwrap(), Glob::new(b).unwrap());
        let (one, other) = (a.intersects(&b, &mut 100_000), b.intersects(&a, &mut 100_000));
        assert_eq!(one, other, "{} and {}", a.text(), b.text());
        one
    };
    assert!(meet("/a/*", "/a/b*") && meet("/**", "/a/b") && meet("/a/{b,c}", "/a/?") && meet("/a", "/a"));
    assert!(meet("/a*/x", "/ab**") && !meet("/a*/x", "/ab*"));
    assert!(
        !meet("/a/*", "/b/*") && !meet("/a/*", "/a/b/c") && !meet("/a/[ab]", "/a/c*") && !meet("/a", "/ab*")
    );
    assert!(meet("/a*c", "/ab*") && !meet("/a*/x", "/ab"));
}

#[test]
fn hostile_texts_end_soon() {
    let deep = format!("profile p {}", "{ ^a ".repeat(5000));
    assert!(read(&deep).is_err());
    let twice: String = (1..60).map(|i| format!("@{{v{i}}}=@{{v{0}}}@{{v{0}}}\n", i - 1)).collect();
    assert!(read(&format!("@{{v0}}=ab\n{twice}profile p {{ @{{v59}} r, }}\n")).is_err());
    let stars = format!("profile p {{ /{} ix, /{}b px, }}\n", "*a".repeat(300), "*a".repeat(300));
    let _ = read(&stars);
    let set = set(&format!("profile p {{ /{} r, }}\n", "*a".repeat(200)));
    assert!(!path(&set, "p", READ, &format!("/{}", "a".repeat(3000).replace("aaa", "aab"))).allowed());
}

/// The runtime's own profile answers most questions without being read: as it would if it were.
#[test]
fn the_runtimes_default_answers_as_its_text_says() {
    let mut spared = PolicySet::new();
    spared.load_runtime_default();
    let mut read = PolicySet::new();
    read.load(&default_policy().unwrap(), LoadMode::Add);
    assert_eq!(spared.listing().collect::<Vec<_>>(), read.listing().collect::<Vec<_>>());

    let label = Label::new(DEFAULT_PROFILE);
    let paths = [
        "/",
        "/bin/sh",
        "/etc/passwd",
        "/etc/ld.so.cache",
        "/dev/null",
        "/dev/tty",
        "/tmp/x",
        "/usr/lib/libc.so.6",
        "/root/.x",
        "/var/run/secrets/kubernetes.io/serviceaccount/token",
        "/procs",
        "/proc",
        "/proc/1/status",
        "/proc/sysrq-trigger",
        "/proc/kcore",
        "/proc/sys/kernel/msgmax",
        "/proc/sys/vm/x",
        "/proc/cpuinfo",
        "/system",
        "/sys",
        "/sys/",
        "/sys/firmware/x",
        "/sys/fs/cgroup/a",
        "/sys/kernel/security/apparmor/profiles",
        "/sys/devices/x/y",
        "relative",
        "",
    ];
    let ops = [
        READ,
        WRITE,
        PathOp::Open { read: true, write: true, append: true, truncate: true, create: true },
        PathOp::Mknod,
        PathOp::Mkdir,
        PathOp::Symlink,
        PathOp::Unlink,
        PathOp::Rmdir,
        PathOp::Truncate,
        PathOp::Chmod,
        PathOp::Chown,
        PathOp::Getattr,
        PathOp::Lock { exclusive: true },
        PathOp::Mmap { read: true, write: true, exec: true },
    ];
    let mut operations = Vec::new();
    for path in paths {
        for owner in [0, 1000] {
            operations.extend(ops.map(|op| Operation::Path { op, path, owner }));
            operations.push(Operation::Exec { path, owner });
            operations.extend(paths.map(|to| Operation::Rename { from: path, to, owner }));
        }
    }
    operations.extend(
        (0..41).filter_map(crate::effects::capabilities::Capability::from_number).map(Operation::Capability),
    );
    for family in 0..46 {
        for kind in 0..11 {
            for access in
                [NetworkAccess::Create, NetworkAccess::Connect, NetworkAccess::Send, NetworkAccess::Listen]
            {
                operations.push(Operation::Socket { access, family, kind, protocol: 0, local_port: 80 });
            }
        }
    }
    let mut given = 0;
    for operation in &operations {
        for fsuid in [0, 1000] {
            let subject = Subject { label: &label, fsuid, new_privileges: NewPrivileges::Allowed };
            let (one, other) = (spared.decide(&subject, operation), read.decide(&subject, operation));
            let facts = |v: &Verdict| (v.error, v.killed, v.audit.clone(), v.label.clone(), v.secure);
            assert_eq!(facts(&one), facts(&other), "{operation:?}");
            given += usize::from(default::plainly_given(operation).is_some());
        }
    }
    assert!(given > 1000 && given < 2 * operations.len());
    let Some(Verdict { because: Cause::Rule(at), .. }) = default::plainly_given(&operations[0]) else {
        panic!("a file is given by a rule");
    };
    assert_eq!(default_text().lines().nth(at.line - 1).map(str::trim), Some("file,"));
}
