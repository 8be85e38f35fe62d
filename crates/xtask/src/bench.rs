//! `bench`: the benchmarks natively, or with `--wasm` the decisions in a page of Chromium.
//!
//! It reports and judges nothing: a slow machine is no failure.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::command::{Outcome, cargo, program, root};
use crate::{http, tools};

/// What the page asks for where `GATEHOUSE_PERF` names a folder that has it.
const INPUTS: [&str; 8] = [
    "rbac.json",
    "rbac-truth.json",
    "psa.jsonl",
    "psa-truth.json",
    "netpol-100.yaml",
    "netpol-1000.yaml",
    "netpol-5000.yaml",
    "netpol-truth.json",
];

/// Every benchmark is in the tests' crate; words behind the verb go to cargo and criterion (`--bench decisions`).
pub(crate) fn run(rest: &[String]) -> Outcome {
    if rest.iter().any(|word| word == "--wasm") {
        return page();
    }
    cargo(["bench", "--package", "gatehouse-tests"]).args(rest).run()
}

/// Builds the decisions as the site's engine is built, and lets a page measure them.
fn page() -> Outcome {
    tools::wasm_target()?;
    let bindgen = tools::wasm_bindgen()?;
    let browser = tools::chromium()?;
    let target = root().join("target");
    cargo(["build", "--package", "gatehouse-page-bench", "--target", "wasm32-unknown-unknown"])
        .args(["--profile", "wasm"])
        .run()?;
    let folder = target.join("page-bench");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).map_err(|why| format!("cannot make {}: {why}", folder.display()))?;
    program(&bindgen.to_string_lossy())
        .args(["--target", "web", "--no-typescript", "--out-dir"])
        .args([&folder])
        .args([target.join("wasm32-unknown-unknown/wasm/gatehouse_page_bench.wasm")])
        .run()?;
    copy(&root().join("tests/page/index.html"), &folder)?;
    if let Some(perf) = std::env::var_os("GATEHOUSE_PERF") {
        for file in INPUTS.map(|name| Path::new(&perf).join(name)).iter().filter(|file| file.is_file()) {
            copy(file, &folder)?;
        }
    }
    let port = http::start(folder.clone(), 0)?;
    watch(&browser.chromium, &folder, port)
}

fn copy(file: &Path, folder: &Path) -> Outcome {
    let name = file.file_name().unwrap_or_default();
    let copied = std::fs::copy(file, folder.join(name));
    copied.map(drop).map_err(|why| format!("cannot copy {}: {why}", file.display()))
}

/// Opens the page and prints what it says until it is done.
fn watch(chromium: &Path, folder: &Path, port: u16) -> Outcome {
    let mut browser = Command::new(chromium)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--enable-logging=stderr",
        ])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(format!("http://127.0.0.1:{port}/"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|why| format!("cannot run {}: {why}", chromium.display()))?;
    let mut done = false;
    let lines = browser.stderr.take().map(|log| BufReader::new(log).lines()).into_iter().flatten();
    for line in lines.map_while(Result::ok) {
        let Some((_, said)) = line.split_once("\"bench: ") else { continue };
        let said = said.rsplit_once("\", source:").map_or(said, |(text, _)| text);
        if said == "done" {
            done = true;
            break;
        }
        println!("{said}");
    }
    let _ = browser.kill();
    let _ = browser.wait();
    if done { Ok(()) } else { Err("the page ended before it was done".to_owned()) }
}
