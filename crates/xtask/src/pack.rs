//! Packs WebAssembly for the way to the browser: `web/boot/unpack.js` unpacks it there.
//!
//! The plainest hosts send gzip at best, and gzip leaves WebAssembly a third larger than it need be. So a module is
//! taken apart into strands of like things ([`strands`]), and LZMA2 packs each by itself.

mod strands;
#[cfg(test)]
mod tests;

use std::io::Write;

use lzma_rust2::{Lzma2Options, Lzma2Writer, LzmaOptions};

use crate::command::Outcome;
pub(crate) use strands::Strands;

/// What a window holds at most: the engine and the largest of its chunks, with room.
const WINDOW: u32 = 1 << 26;

/// A module as it travels: its strands, each of which says where it ends. The packer goes on where it stood after `before`, with all it had learnt: who unpacks has done the same.
pub(crate) fn packed(before: &Strands, module: &Strands) -> Outcome<Vec<u8>> {
    let mut out = Vec::new();
    for ((before, strand), context) in before.iter().zip(module.iter()).zip(strands::CONTEXTS) {
        out.extend(lzma2(context, before, strand)?);
    }
    Ok(out)
}

/// What LZMA2 makes of some bytes after others; `context` is how many bits of the byte before tell something of the next.
fn lzma2(context: u32, before: &[u8], bytes: &[u8]) -> Outcome<Vec<u8>> {
    let cannot = |why: std::io::Error| format!("cannot pack: {why}");
    let mut options = LzmaOptions::with_preset(9);
    // No part of WebAssembly is aligned, so the position tells nothing.
    options.lc = context;
    options.lp = 0;
    options.pb = 0;
    options.nice_len = 273;
    options.depth_limit = 1000;
    options.dict_size = WINDOW;
    let mut writer = Lzma2Writer::new(Vec::new(), Lzma2Options { lzma_options: options, chunk_size: None });
    writer.write_all(before).map_err(cannot)?;
    writer.flush().map_err(cannot)?;
    let there = writer.inner().len();
    writer.write_all(bytes).map_err(cannot)?;
    if before.is_empty() {
        // Others may go on from here: it must end as it does for them.
        writer.flush().map_err(cannot)?;
    }
    let mut packed = writer.finish().map_err(cannot)?;
    Ok(packed.split_off(there))
}
