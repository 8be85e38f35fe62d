//! Packs the engine for the way to the browser: LZMA, unpacked there by `web/boot/unpack.js`.
//!
//! The plainest hosts send gzip at best, and gzip leaves WebAssembly a third larger than it need be.

use std::io::Write;

use lzma_rust2::{LzmaOptions, LzmaWriter};

use crate::command::Outcome;

/// What a window holds at most: the engine and the largest of its chunks, with room.
const WINDOW: u32 = 1 << 26;

/// The bytes in a `.lzma` container that states their number. They may repeat what stands in `before`, which who unpacks
/// them has already; empty where there is nothing.
pub(crate) fn lzma(before: &[u8], bytes: &[u8]) -> Outcome<Vec<u8>> {
    let mut options = LzmaOptions::with_preset(9);
    // No part of WebAssembly is aligned, so the position tells nothing; the byte before tells more.
    options.lc = 4;
    options.lp = 0;
    options.pb = 0;
    options.nice_len = 273;
    options.depth_limit = 1000;
    options.dict_size = WINDOW;
    options.preset_dict = (!before.is_empty()).then(|| before.to_vec());
    let size = u64::try_from(bytes.len()).map_err(|why| why.to_string())?;
    let mut packed = vec![options.get_props()];
    packed.extend(options.dict_size.to_le_bytes());
    packed.extend(size.to_le_bytes());
    let mut writer =
        LzmaWriter::new_no_header(packed, &options, false).map_err(|why| format!("cannot pack: {why}"))?;
    writer.write_all(bytes).map_err(|why| format!("cannot pack: {why}"))?;
    writer.finish().map_err(|why| format!("cannot pack: {why}"))
}
