//! What a Rust file may say: its head, its length, and the words that no file of ours uses.

use std::path::{Path, PathBuf};

use super::{Complaint, is_test_file};
use crate::command::{Outcome, read, root};

/// A file tells one story.
const LONGEST: usize = 600;

/// A word that may not be written, where, and why.
struct Word {
    text: &'static str,
    /// The folders it is forbidden in.
    folders: &'static [&'static str],
    /// Whether tests may say it.
    tests: bool,
    why: &'static str,
}

/// Rooms that compute and never touch the world.
const PURE: &[&str] = &[
    "crates/model/src",
    "crates/cel/src",
    "crates/core/src",
    "crates/machine/src",
    "crates/kubectl/src",
    "crates/lab/src",
];
const ALL: &[&str] = &["crates", "web", "tests"];

/// Core's lower floors: they decide about what they are given and never call back up.
const FLOORS: &[&str] = &[
    "crates/core/src/authn",
    "crates/core/src/authz",
    "crates/core/src/defaults",
    "crates/core/src/effects",
    "crates/core/src/network",
    "crates/core/src/patch",
];

const WORDS: &[Word] = &[
    Word {
        text: "crate::server",
        folders: FLOORS,
        tests: true,
        why: "lower floors never import higher ones",
    },
    Word {
        text: "crate::admission",
        folders: FLOORS,
        tests: true,
        why: "lower floors never import higher ones",
    },
    Word {
        text: "crate::controllers",
        folders: FLOORS,
        tests: true,
        why: "lower floors never import higher ones",
    },
    Word {
        text: "crate::controllers",
        folders: &["crates/core/src/admission", "crates/core/src/store"],
        tests: true,
        why: "controllers act through the server, nobody calls them",
    },
    Word {
        text: "machine().fs",
        folders: &["crates/machine/src/programs", "crates/machine/src/shell"],
        tests: true,
        why: "a program reaches files through the calls of `Sys`",
    },
    Word {
        text: "machine_mut().fs",
        folders: &["crates/machine/src/programs", "crates/machine/src/shell"],
        tests: true,
        why: "a program reaches files through the calls of `Sys`",
    },
    Word { text: "HashMap", folders: ALL, tests: false, why: "its order leaks into output: BTreeMap" },
    Word { text: "HashSet", folders: ALL, tests: false, why: "its order leaks into output: BTreeSet" },
    Word { text: ".unwrap()", folders: ALL, tests: true, why: "no panics: let-else or `?`" },
    Word { text: "todo!(", folders: ALL, tests: false, why: "no stubs" },
    Word { text: "unimplemented!(", folders: ALL, tests: false, why: "no stubs" },
    Word { text: "#[ignore", folders: ALL, tests: false, why: "a test runs or goes" },
    Word {
        text: "#[allow(",
        folders: ALL,
        tests: false,
        why: "an exception is #[expect(lint, reason = \"…\")]",
    },
    Word { text: "std::time", folders: PURE, tests: true, why: "time is virtual and passed in" },
    Word { text: "std::fs", folders: PURE, tests: true, why: "the pure rooms read no files" },
    Word { text: "std::env", folders: PURE, tests: true, why: "the pure rooms read no environment" },
    Word { text: "std::process", folders: PURE, tests: true, why: "the pure rooms start nothing" },
    Word { text: "std::thread", folders: PURE, tests: true, why: "there are no threads in a browser tab" },
    Word { text: "TcpStream", folders: PURE, tests: true, why: "there is no network but the simulated one" },
    Word { text: "UdpSocket", folders: PURE, tests: true, why: "there is no network but the simulated one" },
    Word { text: "authz::", folders: &["web/src"], tests: false, why: "the page holds no rule" },
    Word { text: "admission::", folders: &["web/src"], tests: false, why: "the page holds no rule" },
    Word {
        text: "gatehouse_core",
        folders: &["web/src", "crates/cli/src"],
        tests: false,
        why: "front ends know lab only",
    },
    Word {
        text: "gatehouse_lab",
        folders: &["crates/core/src", "crates/machine/src", "crates/kubectl/src"],
        tests: false,
        why: "nothing imports upwards",
    },
];

pub(super) fn check(files: &[PathBuf], complaints: &mut Vec<Complaint>) -> Outcome {
    let rust = files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "rs"));
    // The table above would complain of itself.
    for file in rust.filter(|file| !file.ends_with("xtask/src/tidy/source.rs")) {
        check_file(file, &read(&root().join(file))?, complaints);
    }
    Ok(())
}

fn check_file(file: &Path, text: &str, complaints: &mut Vec<Complaint>) {
    let mut complain =
        |line: usize, what: String| complaints.push(Complaint { file: file.to_path_buf(), line, what });
    let length = text.lines().count();
    if length > LONGEST {
        complain(LONGEST + 1, format!("{length} lines: a file tells one story and never passes {LONGEST}"));
    }
    if !text.starts_with("//!") && !is_test_file(file) {
        complain(1, "a module opens with `//!`: what it is and what it does not know".to_owned());
    }
    let mut in_tests = is_test_file(file);
    for (index, line) in text.lines().enumerate() {
        in_tests |= line.trim_start().starts_with("#[cfg(test)]");
        let code = line.split("//").next().unwrap_or_default();
        for word in WORDS {
            let here = word.folders.iter().any(|folder| file.starts_with(folder));
            if here && !(word.tests && in_tests) && code.contains(word.text) {
                complain(index + 1, format!("`{}`: {}", word.text, word.why));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(file: &str, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        check_file(Path::new(file), text, &mut found);
        found.into_iter().map(|complaint| format!("{}: {}", complaint.line, complaint.what)).collect()
    }

    #[test]
    fn words_are_forbidden_in_their_folders_and_outside_comments() {
        let head = "//! A head.\n";
        assert!(complaints("crates/core/src/a.rs", &format!("{head}// std::fs\n")).is_empty());
        assert_eq!(complaints("crates/core/src/a.rs", &format!("{head}use std::fs;\n")).len(), 1);
        assert!(complaints("crates/cli/src/a.rs", &format!("{head}use std::fs;\n")).is_empty());
    }

    #[test]
    fn tests_may_unwrap_and_no_more() {
        let tests = "//! A head.\n#[cfg(test)]\nmod tests { fn f() { x.unwrap(); } }\n";
        assert!(complaints("web/src/a.rs", tests).is_empty());
        assert_eq!(complaints("web/src/a.rs", "//! A head.\nfn f() { x.unwrap(); }\n").len(), 1);
    }

    #[test]
    fn heads_and_lengths() {
        assert_eq!(complaints("web/src/a.rs", "fn f() {}\n").len(), 1);
        assert_eq!(complaints("web/src/a.rs", &format!("//! A head.\n{}", "\n".repeat(600))).len(), 1);
    }
}
