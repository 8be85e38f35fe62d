//! A small program is compiled, linked with relocations, split and run in Node: what it answers must not depend on
//! being in pieces. `rustc` stands in for cargo, and Node for the browser.

use super::{Extra, Manifest, Pieces, split};
use crate::command::program;
use crate::tools;

const PROGRAM: &str = r#"
#![no_std]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }

static GREETING: &[u8] = b"a constant that only the rare function reads, long enough to travel with it";
static SHARED: &[u8] = b"a constant that both read, which therefore stays where the engine can see it";
// The table of functions is a constant too: a call through it must reach the rare function's stub.
static TABLE: [fn(u32) -> u32; 2] = [common, rare];

#[inline(never)]
pub fn common(n: u32) -> u32 { n + u32::from(SHARED[n as usize % SHARED.len()]) }

#[inline(never)]
pub fn rare(n: u32) -> u32 { helper(n) + u32::from(SHARED[0]) }

#[inline(never)]
pub fn helper(n: u32) -> u32 { u32::from(GREETING[n as usize % GREETING.len()]) + common(n) }

#[no_mangle]
pub extern "C" fn run(which: u32, n: u32) -> u32 { TABLE[which as usize & 1](n) }

#[no_mangle]
pub extern "C" fn direct(n: u32) -> u32 { rare(n) }
"#;

/// Runs every case on the whole program and on its pieces; a chunk may only be loaded once, and not before `run(1, …)`.
const CHECK: &str = r#"
const fs = require("fs");
const [whole, engine, chunk] = process.argv.slice(1).map((file) => fs.readFileSync(file));
const one = new WebAssembly.Instance(new WebAssembly.Module(whole)).exports;
let loads = 0;
const load = (number) => {
  if (number !== 0) throw new Error(`there is no chunk ${number}`);
  loads += 1;
  new WebAssembly.Instance(new WebAssembly.Module(chunk), { e: other });
};
const other = new WebAssembly.Instance(new WebAssembly.Module(engine), { chunks: { load } }).exports;
const same = (a, b, what) => { if (a !== b) throw new Error(`${what}: ${a} and ${b}`); };
for (let n = 0; n < 200; n++) same(one.run(0, n), other.run(0, n), `common ${n}`);
same(loads, 0, "loads before");
for (let n = 0; n < 200; n++) same(one.run(1, n), other.run(1, n), `rare ${n}`);
for (let n = 0; n < 200; n++) same(one.direct(n), other.direct(n), `direct ${n}`);
same(loads, 1, "loads after");
"#;

fn compiled(folder: &std::path::Path) -> Vec<u8> {
    tools::wasm_target().unwrap();
    let source = folder.join("program.rs");
    std::fs::write(&source, PROGRAM).unwrap();
    let out = folder.join("program.wasm");
    program(&std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned()))
        .args(["--target", "wasm32-unknown-unknown", "--crate-type", "cdylib", "--edition", "2021"])
        .args(["-C", "opt-level=1", "-C", "panic=abort", "-C", "link-arg=--emit-relocs", "-o"])
        .args([&out, &source])
        .run()
        .unwrap();
    std::fs::read(out).unwrap()
}

fn pieces(program: &[u8], chunks: &str, later: &str) -> Result<Pieces, String> {
    let manifest = Manifest { chunks: chunks.to_owned(), later: later.to_owned() };
    split(program, program, &manifest, Extra::None)
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn a_program_in_pieces_answers_as_the_whole() {
    let folder = std::env::temp_dir().join(format!("gatehouse-chunks-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let program_bytes = compiled(&folder);

    let manifests = [
        ("chunk c\nentry program::rare\n", ""),
        ("# by its path\nchunk c\nlater\ntyped *\n", "# head\nprogram::rare\n"),
    ];
    for (chunks, later) in manifests {
        let made = pieces(&program_bytes, chunks, later).unwrap();
        let [(name, chunk)] = made.chunks.as_slice() else { panic!("one chunk") };
        assert_eq!(name, "c");
        // The constant went with its only reader, the shared one stayed.
        assert!(
            contains(chunk, "only the rare function reads")
                && !contains(&made.engine, "only the rare function reads")
        );
        assert!(contains(&made.engine, "that both read") && !contains(chunk, "that both read"));
        let files =
            [("whole", &program_bytes), ("engine", &made.engine), ("chunk", chunk)].map(|(name, bytes)| {
                let file = folder.join(name);
                std::fs::write(&file, bytes).unwrap();
                file
            });
        program("node").args(["-e", CHECK, "--"]).args(&files).run().unwrap();
    }

    let refused = |chunks| pieces(&program_bytes, chunks, "").err().unwrap_or_default();
    assert!(refused("chunk c\nentry program::gone\n").ends_with(": program::gone"));
    assert!(refused("entry program::rare\n").contains("web/chunks.txt:1: it stands before any chunk"));
    assert!(refused("chunk c\nentri rare\n").contains("web/chunks.txt:2: \"entri\" is none of"));
    assert!(refused("chunk\n").contains("web/chunks.txt:1: a line is two words"));
    assert!(
        split(b"\0asm", b"\0asm", &Manifest { chunks: String::new(), later: String::new() }, Extra::None)
            .is_err()
    );
    std::fs::remove_dir_all(&folder).unwrap();
}
