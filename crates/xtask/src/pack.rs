//! Packs WebAssembly for the way to the browser: `web/boot/unpack.js` unpacks it there.
//!
//! The plainest hosts send gzip at best, and gzip leaves WebAssembly a third larger than it need be. So a module is
//! taken apart into strands of like things ([`strands`]), and LZMA packs each by itself.

mod strands;
#[cfg(test)]
mod tests;

use std::io::Write;

use lzma_rust2::{LzmaOptions, LzmaWriter};

use crate::command::Outcome;
pub(crate) use strands::Strands;

/// What a window holds at most: the engine and the largest of its chunks, with room.
const WINDOW: u32 = 1 << 26;

/// A module as it travels: for each of its strands LZMA's byte of properties, the number of its bytes, the number of bytes
/// they are packed in, and these. What is packed may repeat what stands in `before`, which who unpacks it has already.
pub(crate) fn packed(before: &Strands, module: &Strands) -> Outcome<Vec<u8>> {
    let mut out = Vec::new();
    for (before, strand) in before.iter().zip(module.iter()) {
        let (properties, packed) = lzma(before, strand)?;
        out.push(properties);
        for length in [strand.len(), packed.len()] {
            out.extend(u32::try_from(length).map_err(|why| why.to_string())?.to_le_bytes());
        }
        out.extend(packed);
    }
    Ok(out)
}

/// LZMA's properties and what it makes of some bytes.
fn lzma(before: &[u8], bytes: &[u8]) -> Outcome<(u8, Vec<u8>)> {
    let mut options = LzmaOptions::with_preset(9);
    // No part of WebAssembly is aligned, so the position tells nothing; the byte before tells more.
    options.lc = 4;
    options.lp = 0;
    options.pb = 0;
    options.nice_len = 273;
    options.depth_limit = 1000;
    options.dict_size = WINDOW;
    options.preset_dict = (!before.is_empty()).then(|| before.to_vec());
    let mut writer = LzmaWriter::new_no_header(Vec::new(), &options, false)
        .map_err(|why| format!("cannot pack: {why}"))?;
    writer.write_all(bytes).map_err(|why| format!("cannot pack: {why}"))?;
    Ok((options.get_props(), writer.finish().map_err(|why| format!("cannot pack: {why}"))?))
}
