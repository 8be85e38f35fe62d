//! `test`: every gate in the order of what it costs, each with its closing line.

use std::time::Instant;

use crate::build::{Profile, site};
use crate::chunks::Extra;
use crate::command::{Outcome, cargo, program, root};
use crate::{http, size, tidy, tools};

/// A gate and what it asks.
struct Gate {
    name: &'static str,
    run: fn() -> Outcome,
}

const GATES: &[Gate] = &[
    Gate { name: "tidy", run: || tidy::run(&[]) },
    Gate { name: "fmt", run: || cargo(["fmt", "--all", "--check"]).run() },
    Gate { name: "clippy", run: clippy },
    Gate { name: "native", run: || cargo(["test", "--workspace", "--quiet"]).run() },
    Gate {
        name: "content",
        run: || cargo(["run", "--quiet", "--package", "gatehouse", "--", "check"]).run(),
    },
    Gate { name: "wasm", run: wasm },
    Gate { name: "e2e", run: e2e },
    Gate { name: "size", run: || size::run(&[]) },
    Gate { name: "deny", run: deny },
];

pub(crate) fn run(names: &[String]) -> Outcome {
    if let Some(unknown) = names.iter().find(|name| !GATES.iter().any(|gate| gate.name == name.as_str())) {
        let known: Vec<&str> = GATES.iter().map(|gate| gate.name).collect();
        return Err(format!("no gate is called \"{unknown}\"; there are {}", known.join(", ")));
    }
    let asked = GATES.iter().filter(|gate| names.is_empty() || names.iter().any(|name| name == gate.name));
    // Every gate runs, so that one visit shows all there is to mend.
    let mut closing = Vec::new();
    let mut failed = 0;
    for gate in asked {
        println!("── {} ──", gate.name);
        let began = Instant::now();
        let outcome = (gate.run)();
        let seconds = began.elapsed().as_secs_f32();
        closing.push(match outcome {
            Ok(()) => format!("ok      {:<8} {seconds:>7.1}s", gate.name),
            Err(why) => {
                failed += 1;
                eprintln!("{why}");
                format!("FAILED  {:<8} {seconds:>7.1}s  {why}", gate.name)
            }
        });
    }
    println!("── gates ──\n{}", closing.join("\n"));
    if failed == 0 { Ok(()) } else { Err(format!("{failed} of {} gates failed", closing.len())) }
}

fn clippy() -> Outcome {
    cargo(["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"]).run()?;
    tools::wasm_target()?;
    cargo([
        "clippy",
        "--quiet",
        "--package",
        "gatehouse-web",
        "--target",
        "wasm32-unknown-unknown",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ])
    .run()
}

/// The tests that need a document, in Chromium. `web/webdriver.json` says how it is started.
fn wasm() -> Outcome {
    tools::wasm_target()?;
    let browser = tools::chromium()?;
    let runner = tools::wasm_bindgen()?.with_file_name("wasm-bindgen-test-runner");
    cargo(["test", "--package", "gatehouse-web", "--target", "wasm32-unknown-unknown", "--test", "page"])
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner)
        .env("CHROMEDRIVER", browser.driver)
        .run()
}

/// A learner's path through the site as it ships.
fn e2e() -> Outcome {
    let dist = site(Profile::Shipped(Extra::None))?;
    let folder = root().join("tests/e2e");
    tools::npm(&folder)?;
    let browser = tools::chromium()?;
    let port = http::start(dist, 0)?;
    program("npm")
        .args(["test", "--silent"])
        .current_dir(folder)
        .env("GATEHOUSE_URL", format!("http://127.0.0.1:{port}/"))
        .env("CHROMIUM", browser.chromium)
        .run()
}

fn deny() -> Outcome {
    let deny = tools::cargo_deny()?;
    program(&deny.to_string_lossy())
        .args(["--log-level", "warn", "check", "bans", "licenses", "sources"])
        .run()
}
