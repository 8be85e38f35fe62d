//! `size`: what a first visit downloads, file by file, against the budget in size-budget.toml.
//!
//! The budget counts gzip, since that is what the plainest hosts send. The compressors are Node's zlib: Node is
//! needed for the build anyway, and two of our own would be the largest part of this tool.

use crate::build::CHUNKS;
use crate::command::{Outcome, files_under, program, read, root};

/// Prints `raw gzip brotli` for each file named on its command line.
const MEASURE: &str = "const fs=require('fs'),z=require('zlib');for(const f of process.argv.slice(1)){\
    const b=fs.readFileSync(f);console.log(b.length,z.gzipSync(b,{level:9}).length,\
    z.brotliCompressSync(b,{params:{[z.constants.BROTLI_PARAM_QUALITY]:11}}).length)}";

pub(crate) fn run(_: &[String]) -> Outcome {
    let budgets = read(&root().join("size-budget.toml"))?;
    let dist = root().join("dist");
    let files = files_under(&dist);
    if files.is_empty() {
        return Err("dist/ is empty: run `cargo xtask build` first".to_owned());
    }
    let measured = program("node").args(["-e", MEASURE, "--"]).args(&files).read()?;
    println!("{:>10} {:>10} {:>10}", "raw", "gzip -9", "brotli 11");
    let mut first = [0u64; 3];
    let mut later = [0u64; 3];
    for (file, line) in files.iter().zip(measured.lines()) {
        let sizes: Vec<u64> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
        let [raw, gzip, brotli] = sizes.as_slice() else {
            return Err(format!("cannot measure {}", file.display()));
        };
        let name = file.strip_prefix(&dist).unwrap_or(file);
        let total = if name.starts_with(CHUNKS) { &mut later } else { &mut first };
        for (sum, size) in total.iter_mut().zip([raw, gzip, brotli]) {
            *sum += size;
        }
        println!("{raw:>10} {gzip:>10} {brotli:>10}  {}", name.display());
    }
    let mut over = Vec::new();
    let mut all = first;
    for (sum, size) in all.iter_mut().zip(later) {
        *sum += size;
    }
    for ([raw, gzip, brotli], key, what) in [
        (first, "first-load-gzip", "first load: the page and an exercise, to be read and looked at"),
        (all, "everything-gzip", "everything, with the parts that are fetched when something calls for them"),
    ] {
        let budget = budget(&budgets, key)?;
        println!("{raw:>10} {gzip:>10} {brotli:>10}  {what}; the budget is {budget} gzip");
        if gzip > budget {
            over.push(format!("{key} is {gzip}, {} over the budget", gzip - budget));
        }
    }
    if over.is_empty() { Ok(()) } else { Err(over.join("; ")) }
}

/// One budget of size-budget.toml, in bytes.
fn budget(text: &str, key: &str) -> Outcome<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix('='));
    value
        .and_then(|value| value.trim().replace('_', "").parse().ok())
        .ok_or_else(|| format!("size-budget.toml sets no {key}"))
}
