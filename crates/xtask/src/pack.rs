//! Packs the engine for the way to the browser: LZMA, unpacked there by `web/boot/unpack.js`.
//!
//! The plainest hosts send gzip at best, and gzip leaves WebAssembly a third larger than it need be.

use std::io::Write;

use lzma_rust2::{LzmaOptions, LzmaWriter};

use crate::command::Outcome;

/// The bytes in a `.lzma` container that states their number.
pub(crate) fn lzma(bytes: &[u8]) -> Outcome<Vec<u8>> {
    let mut options = LzmaOptions::with_preset(9);
    // No part of WebAssembly is aligned, so the position tells nothing; the byte before tells more.
    options.lc = 4;
    options.lp = 0;
    options.pb = 0;
    let size = u64::try_from(bytes.len()).map_err(|why| why.to_string())?;
    let mut writer = LzmaWriter::new_use_header(Vec::new(), &options, Some(size))
        .map_err(|why| format!("cannot pack: {why}"))?;
    writer.write_all(bytes).map_err(|why| format!("cannot pack: {why}"))?;
    writer.finish().map_err(|why| format!("cannot pack: {why}"))
}
