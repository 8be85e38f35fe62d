//! `size`: what a first visit downloads, file by file, against the budget in size-budget.toml.
//!
//! The budget counts gzip, since that is what the plainest hosts send. The compressors are Node's zlib: Node is
//! needed for the build anyway, and two of our own would be the largest part of this tool.

use crate::command::{Outcome, files_under, program, read, root};

/// Prints `raw gzip brotli` for each file named on its command line.
const MEASURE: &str = "const fs=require('fs'),z=require('zlib');for(const f of process.argv.slice(1)){\
    const b=fs.readFileSync(f);console.log(b.length,z.gzipSync(b,{level:9}).length,\
    z.brotliCompressSync(b,{params:{[z.constants.BROTLI_PARAM_QUALITY]:11}}).length)}";

pub(crate) fn run(_: &[String]) -> Outcome {
    let budget: u64 = read(&root().join("size-budget.toml"))?
        .lines()
        .find_map(|line| {
            line.strip_prefix("first-load-gzip")?
                .trim_start()
                .strip_prefix('=')?
                .trim()
                .replace('_', "")
                .parse()
                .ok()
        })
        .ok_or("size-budget.toml sets no first-load-gzip")?;
    let dist = root().join("dist");
    let files = files_under(&dist);
    if files.is_empty() {
        return Err("dist/ is empty: run `cargo xtask build` first".to_owned());
    }
    let measured = program("node").args(["-e", MEASURE, "--"]).args(&files).read()?;
    println!("{:>10} {:>10} {:>10}  first load", "raw", "gzip -9", "brotli 11");
    let mut total = [0u64; 3];
    for (file, line) in files.iter().zip(measured.lines()) {
        let sizes: Vec<u64> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
        let [raw, gzip, brotli] = sizes.as_slice() else {
            return Err(format!("cannot measure {}", file.display()));
        };
        for (sum, size) in total.iter_mut().zip([raw, gzip, brotli]) {
            *sum += size;
        }
        println!("{raw:>10} {gzip:>10} {brotli:>10}  {}", file.strip_prefix(&dist).unwrap_or(file).display());
    }
    let [raw, gzip, brotli] = total;
    println!("{raw:>10} {gzip:>10} {brotli:>10}  total; the budget is {budget} gzip");
    if gzip > budget {
        Err(format!("a first load is {gzip} bytes gzip, {} over the budget", gzip - budget))
    } else {
        Ok(())
    }
}
