//! `run`: a command line, tried on a copy of the world.

use gatehouse_machine::Outcome;

use super::Finding;
use crate::exercise::format::Run;
use crate::world::World;

pub(super) fn probe(check: &Run, world: &World) -> Finding {
    let mut copy = world.clone();
    let output = match copy.run_fresh(&check.command) {
        Outcome::Done(output) | Outcome::NeedsEdit(output, _) | Outcome::Streaming(output) => output,
    };
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let printed = format!("{stdout}{stderr}");
    // Where a text was folded in exercise.yaml, any run of blanks is as good as another.
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let contains = |text: &String| printed.contains(text.as_str()) || flat(&printed).contains(&flat(text));
    let mut expected = Vec::new();
    let mut passed = true;
    if let Some(exit) = check.exit {
        passed &= exit == output.exit;
        expected.push(format!("exit code {exit}"));
    }
    for text in &check.prints {
        passed &= contains(text);
        expected.push(format!("prints \"{}\"", text.trim()));
    }
    for text in &check.never_prints {
        passed &= !contains(text);
        expected.push(format!("does not print \"{text}\""));
    }
    let shown =
        if printed.trim().is_empty() { "prints nothing".to_owned() } else { printed.trim_end().to_owned() };
    Finding {
        passed,
        expected: format!("{}: {}", check.command, expected.join(", ")),
        actual: format!("{shown} (exit code {})", output.exit),
        because: Vec::new(),
    }
}
