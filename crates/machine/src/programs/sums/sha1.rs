//! SHA-1 (FIPS 180-4), and the sums of `cksum` and `sum`.

/// The sum, in hexadecimal.
pub(super) fn sha1(bytes: &[u8]) -> String {
    let mut state = [0x6745_2301u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
    let mut data = bytes.to_vec();
    data.push(0x80);
    while !(data.len() + 8).is_multiple_of(64) {
        data.push(0);
    }
    data.extend((bytes.len() as u64 * 8).to_be_bytes());
    for block in data.chunks(64) {
        let mut w: Vec<u32> =
            block.chunks(4).map(|c| c.iter().fold(0, |v, b| v << 8 | u32::from(*b))).collect();
        for i in 16..80 {
            let at = |back: usize| w.get(i - back).copied().unwrap_or(0);
            let next = (at(3) ^ at(8) ^ at(14) ^ at(16)).rotate_left(1);
            w.push(next);
        }
        let [mut a, mut b, mut c, mut d, mut e] = state;
        for (i, word) in w.iter().enumerate() {
            let (f, k) = match i {
                0..20 => (b & c | !b & d, 0x5a82_7999),
                20..40 => (b ^ c ^ d, 0x6ed9_eba1),
                40..60 => (b & c | b & d | c & d, 0x8f1b_bcdc),
                _ => (b ^ c ^ d, 0xca62_c1d6u32),
            };
            let next = a.rotate_left(5).wrapping_add(f).wrapping_add(e).wrapping_add(k).wrapping_add(*word);
            (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
        }
        for (s, v) in state.iter_mut().zip([a, b, c, d, e]) {
            *s = s.wrapping_add(v);
        }
    }
    state.iter().map(|w| format!("{w:08x}")).collect()
}

/// POSIX's CRC, the length behind the bytes.
pub(super) fn cksum(bytes: &[u8]) -> u32 {
    let mut length = bytes.len();
    let mut tail = Vec::new();
    while length > 0 {
        tail.push((length & 0xff) as u8);
        length >>= 8;
    }
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(
            crc ^ u32::from(*byte) << 24,
            |c, _| if c >> 31 == 1 { c << 1 ^ 0x04c1_1db7 } else { c << 1 },
        )
    };
    !bytes.iter().chain(&tail).fold(0, step)
}

/// BSD's sum: rotated right by one at each byte.
pub(super) fn sum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0u16, |s, b| s.rotate_right(1).wrapping_add(u16::from(*b)))
}
