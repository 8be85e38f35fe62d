//! One binary for all targets: the first byte of the input chooses, `HOSTILE_TARGET` fixes the choice.

#![no_main]

use gatehouse_conformance::hostile::TARGETS;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let named = std::env::var("HOSTILE_TARGET").ok();
    let chosen = named.and_then(|n| TARGETS.iter().find(|t| t.name == n));
    let target = chosen.unwrap_or(&TARGETS[usize::from(*first) % TARGETS.len()]);
    (target.run)(&String::from_utf8_lossy(rest));
});
