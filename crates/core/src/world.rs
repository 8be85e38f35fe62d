//! The one door to the world: virtual time and seeded randomness, both values of the cluster.
//!
//! Nothing in core reads a clock or a random source; a session that is replayed meets the same times and names.

use std::fmt;

/// A moment of virtual time: milliseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// When every fresh cluster was made: 2026-11-20 00:00:00 UTC.
    pub const GENESIS: Self = Self(1_795_132_800_000);

    /// Whole seconds since 1970.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment and some milliseconds.
    #[must_use]
    pub const fn plus_millis(self, ms: i64) -> Self {
        Self(self.0 + ms)
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 to the second, as `metav1.Time` is encoded: `2026-11-20T00:00:00Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.seconds();
        let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        // Civil date from days, after Howard Hinnant's well-known algorithm.
        let z = days + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let day = doy - (153 * mp + 2) / 5 + 1;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        let year = yoe + era * 400 + i64::from(month <= 2);
        let (h, m, s) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}Z")
    }
}

/// Seeded randomness: names, UIDs, tokens and keys come from here (SplitMix64).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entropy {
    state: u64,
}

/// The letters of generated names: no vowels, nothing that looks like something else (apimachinery `util/rand`).
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

impl Entropy {
    /// A stream that depends on nothing but `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 bits.
    pub const fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// The random end of a generated name, `len` letters of apimachinery's alphabet.
    pub fn suffix(&mut self, len: usize) -> String {
        let n = ALPHABET.len() as u64;
        (0..len)
            .filter_map(|_| usize::try_from(self.next_u64() % n).ok().and_then(|i| ALPHABET.get(i)))
            .map(|b| char::from(*b))
            .collect()
    }

    /// A version-4 UUID.
    pub fn uid(&mut self) -> String {
        let (a, b) = (self.next_u64(), self.next_u64());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            0x8000 | (b >> 48) & 0x3fff,
            b & 0xffff_ffff_ffff
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_prints_as_rfc_3339() {
        assert_eq!(Timestamp::GENESIS.to_string(), "2026-11-20T00:00:00Z");
        assert_eq!(Timestamp(951_782_400_000).to_string(), "2000-02-29T00:00:00Z");
    }

    #[test]
    fn the_same_seed_gives_the_same_names() {
        let (mut a, mut b) = (Entropy::new(7), Entropy::new(7));
        assert_eq!(a.suffix(5), b.suffix(5));
        assert_eq!(a.uid().len(), 36);
    }
}
