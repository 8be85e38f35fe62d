//! Names that are random in kubectl, and here follow from the time and what they are for.

use crate::session::Session;

/// What apimachinery's `rand.String` draws from.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

fn number(session: &Session<'_, '_>, seed: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in seed.bytes().chain(session.now().0.to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash ^ (hash >> 29)
}

/// `rand.String(5)`
pub fn suffix(session: &Session<'_, '_>, seed: &str) -> String {
    let mut left = number(session, seed);
    let mut out = String::new();
    for _ in 0..5 {
        let count = LETTERS.len() as u64;
        let index = usize::try_from(left % count).unwrap_or(0);
        out.push(LETTERS.get(index).map_or('x', |b| char::from(*b)));
        left /= count;
    }
    out
}

/// What `os.MkdirTemp` and `os.CreateTemp` put behind a name.
pub fn temporary(session: &Session<'_, '_>, seed: &str) -> String {
    format!("{}", number(session, seed) % 4_294_967_296)
}
