//! Suite `kubectl`: shell lines on a fresh bare cluster, each stream compared after normalising.

use gatehouse_lab::World;
use gatehouse_lab::machine::Outcome;
use gatehouse_lab::world::{BARE_HOME, BARE_SERVER};
use gatehouse_model::KubeVersion;

use crate::normalize::normalize;
use crate::record::Record;
use crate::suite::{StepResult, Suite, Support};

/// See the module.
pub(super) struct Kubectl;

impl Suite for Kubectl {
    fn name(&self) -> &'static str {
        "kubectl"
    }

    fn steps(&self, record: &Record, _support: &Support) -> Result<Vec<StepResult>, String> {
        let body = &record.body;
        let version =
            KubeVersion::parse(body.str_at(&["kubernetes"])).ok_or("\"kubernetes\" is not a version")?;
        let mut world = World::bare(version);
        for (name, text) in body.map_at(&["files"]).iter() {
            world.write(name, text.as_str().unwrap_or_default());
        }
        let mut results = Vec::new();
        for step in body.list_at(&["steps"]) {
            let run = step.at(&["run"]).and_then(|r| r.as_str()).ok_or("a step has no \"run\"")?;
            let (Outcome::Done(output) | Outcome::NeedsEdit(output, _) | Outcome::Streaming(output)) =
                world.run_fresh(run);
            let exit = step.i64_at(&["exit"]).unwrap_or(0);
            let stdout = anonymous(&output.stdout);
            let stderr = anonymous(&output.stderr);
            let mut result = StepResult::PASS;
            for (what, expected, actual) in
                [("stdout", step.str_at(&["stdout"]), &stdout), ("stderr", step.str_at(&["stderr"]), &stderr)]
            {
                if result.passed() {
                    result = StepResult::compare(what, &normalize(expected), &normalize(actual));
                }
            }
            if result.passed() {
                result = StepResult::compare("exit", &exit.to_string(), &output.exit.to_string());
            }
            results.push(result);
        }
        Ok(results)
    }
}

/// The text with the case's own directory and the server's address as the recordings write them.
fn anonymous(text: &[u8]) -> String {
    String::from_utf8_lossy(text).replace(BARE_HOME, "<dir>").replace(BARE_SERVER, "<server>")
}
