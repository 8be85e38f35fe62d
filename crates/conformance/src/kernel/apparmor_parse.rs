//! Suite `apparmor-parse`: what two versions of apparmor_parser say of a text.

use gatehouse_core::effects::apparmor::{LoadMode, ParserVersion, Policy, PolicySet, Stock};
use gatehouse_model::Value;

use super::matches;
use crate::record::Record;
use crate::suite::{StepResult, Suite, Support};

/// See the module.
pub struct ApparmorParse;

const VERSIONS: [(&str, ParserVersion); 2] =
    [("v4.1.0", ParserVersion::V4_1_0), ("v3.0.8", ParserVersion::V3_0_8)];

impl Suite for ApparmorParse {
    fn name(&self) -> &'static str {
        "apparmor-parse"
    }

    fn steps(&self, record: &Record, _support: &Support) -> Result<Vec<StepResult>, String> {
        let text = record.body.str_at(&["text"]);
        for (key, version) in VERSIONS {
            let Some(expect) = record.body.at(&["expect", key]) else { continue };
            let policy = Policy::read("<FILE>", text, &Stock, version);
            let (exit, stderr) = match &policy {
                Ok(_) => (0, ""),
                Err(e) => (1, e.text.as_str()),
            };
            let wanted = expect.str_at(&["stderr"]);
            if expect.i64_at(&["exit"]) != Some(exit) || !matches(wanted, stderr) {
                return Ok(vec![StepResult::fail(&format!("{key}: {wanted}"), &format!("{key}: {stderr}"))]);
            }
            if let Some(names) = expect.get("profile_names") {
                let mut expected: Vec<&str> = names.items().iter().filter_map(Value::as_str).collect();
                let mut actual = Policy::names("<FILE>", text, &Stock, version).unwrap_or_default();
                expected.sort_unstable();
                actual.sort_unstable();
                if actual != expected {
                    return Ok(vec![StepResult::fail(&format!("{expected:?}"), &format!("{actual:?}"))]);
                }
            }
            if let (Some(load), Ok(policy)) = (expect.get("kernel_load"), &policy) {
                let loaded = PolicySet::new().load(policy, LoadMode::Add);
                if load.i64_at(&["exit"]) != Some(i64::from(loaded.exit)) {
                    return Ok(vec![StepResult::fail("kernel_load", &loaded.stderr)]);
                }
            }
        }
        Ok(vec![StepResult::PASS])
    }
}
