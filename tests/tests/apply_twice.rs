//! Applying the same manifest again changes nothing, whatever kind it is of and whatever its strings look like; and
//! what is printed of an object is read as the same object.
//!
//! kubectl says so where the manifest is written as the server keeps it; lists that it replaces as a whole are written with
//! their defaults here, for with anything else it says `configured`, as the real one does.

use gatehouse_lab::machine::Outcome;
use gatehouse_lab::{KubeVersion, World};
use gatehouse_model::{json, yaml};

/// One object of each kind that people write.
const OBJECTS: &str = include_str!("kinds.yaml");

/// Strings that a careless reader or printer would change.
const TEXTS: &[&str] = &[
    "plain",
    "yes",
    "null",
    "1.0",
    "0x10",
    "a: b",
    "- a",
    "it's",
    "say \"hi\"",
    "back\\slash",
    " lead",
    "trail ",
    "two\nlines",
    "ends\n",
    "tab\there",
    "é",
    "<&>",
    "#no",
    "2020-01-01",
    "${A}",
    "$(A)",
];

/// What a command says, but for its warnings, and its exit code.
fn run(world: &mut World, line: &str) -> (String, i32) {
    let (Outcome::Done(output) | Outcome::NeedsEdit(output, _) | Outcome::Streaming(output)) =
        world.run_fresh(line);
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    for line in String::from_utf8_lossy(&output.stderr).lines().filter(|l| !l.starts_with("Warning: ")) {
        text.push_str(line);
        text.push('\n');
    }
    (text, output.exit)
}

/// The manifests of one round: the kind's own, with strings from `TEXTS` in their places, and their names.
fn manifests(round: usize) -> Vec<(String, String)> {
    let mut texts = TEXTS.iter().cycle().skip(round * 5);
    let mut next = || format!("{:?}", texts.next().map_or("", |t| t));
    let mut out = Vec::new();
    for (i, template) in OBJECTS.split("---\n").enumerate() {
        let mut manifest = String::new();
        for (n, piece) in template.trim().split("TEXT").enumerate() {
            if n > 0 {
                manifest.push_str(&next());
            }
            manifest.push_str(piece);
        }
        // Some kinds have no say in their names.
        let named = template.strip_prefix("# name: ").and_then(|rest| rest.lines().next());
        let name = named.map_or_else(|| format!("o{i}"), str::to_owned);
        let note = next();
        manifest.push_str(&format!(
            "\nmetadata: {{name: {name}, labels: {{x: y1}}, annotations: {{n: {note}}}}}\n"
        ));
        out.push((name, manifest));
    }
    out
}

#[test]
fn every_kind_that_can_be_applied_is_here() {
    let mut world = World::bare(KubeVersion::V1_36);
    let (list, _) = run(&mut world, "kubectl api-resources --no-headers --verbs=create,patch -o wide");
    let mut missing = Vec::new();
    for line in list.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        // NAME SHORTNAMES APIVERSION NAMESPACED KIND …
        let at = words.iter().position(|w| matches!(*w, "true" | "false")).expect("a scope");
        let (version, kind) = (words[at - 1], words[at + 1]);
        if !OBJECTS.contains(&format!("apiVersion: {version}\nkind: {kind}\n")) {
            missing.push(format!("{version} {kind}"));
        }
    }
    assert!(list.lines().count() > 50 && missing.is_empty(), "{missing:?}");
}

#[test]
fn what_is_printed_is_read_as_the_same() {
    let fresh = World::bare(KubeVersion::V1_36);
    let mut wrong = Vec::new();
    for round in 0..2 {
        for (_, manifest) in manifests(round) {
            let mut world = fresh.clone();
            world.write("o.yaml", &manifest);
            run(&mut world, "kubectl apply -f o.yaml");
            let (text, _) = run(&mut world, "kubectl get -f o.yaml -o yaml --show-managed-fields");
            let (printed, _) = run(&mut world, "kubectl get -f o.yaml -o json --show-managed-fields");
            let read = yaml::parse(&text).expect("YAML");
            let same = json::parse(&printed).expect("JSON") == read;
            let again = yaml::emit(&read) == text
                && json::html_escaped(&json::print_indent(&read, "    ")) + "\n" == printed;
            // The object itself is a manifest that changes nothing.
            world.write("again.yaml", &text);
            let (replaced, exit) =
                run(&mut world, "kubectl replace -f again.yaml -o yaml --show-managed-fields");
            if !same || !again || exit != 0 || yaml::parse(&replaced).expect("YAML") != read {
                wrong.push(format!("{same} {again} {exit}\n{manifest}\n{text}\n{replaced}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} times:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_second_time_nothing_changes() {
    let fresh = World::bare(KubeVersion::V1_36);
    let mut wrong = Vec::new();
    for round in 0..4 {
        for (_, manifest) in manifests(round) {
            for flags in ["", " --server-side"] {
                let mut world = fresh.clone();
                world.write("o.yaml", &manifest);
                let (first, exit) = run(&mut world, &format!("kubectl apply{flags} -f o.yaml"));
                let version = "kubectl get -f o.yaml -o jsonpath='{.metadata.resourceVersion}'";
                let (before, _) = run(&mut world, version);
                let (second, again) = run(&mut world, &format!("kubectl apply{flags} -f o.yaml"));
                let (after, _) = run(&mut world, version);
                let expected = if flags.is_empty() { " unchanged\n" } else { " serverside-applied\n" };
                let (diff, differs) = run(&mut world, &format!("kubectl diff{flags} -f o.yaml"));
                if exit != 0 || again != 0 || !second.ends_with(expected) || before != after || differs != 0 {
                    wrong.push(format!("{manifest}apply{flags}: {first}{second}{before} {after}\n{diff}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} times:\n{}", wrong.len(), wrong.join("\n"));
}
