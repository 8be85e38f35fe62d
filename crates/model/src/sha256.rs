//! SHA-256 (FIPS 180-4).

/// The 32 bytes of a text's digest.
#[must_use]
pub fn digest(bytes: &[u8]) -> Vec<u8> {
    let mut h = fractions(8, 0.5);
    let k = fractions(64, 1.0 / 3.0);
    let mut data = bytes.to_vec();
    data.push(0x80);
    while !(data.len() + 8).is_multiple_of(64) {
        data.push(0);
    }
    data.extend((bytes.len() as u64 * 8).to_be_bytes());
    for block in data.chunks(64) {
        let mut w: Vec<u32> =
            block.chunks(4).map(|c| c.iter().fold(0u32, |v, b| v << 8 | u32::from(*b))).collect();
        let at = |w: &[u32], i: usize| w.get(i).copied().unwrap_or(0);
        for i in 16..64 {
            let (a, b) = (at(&w, i - 15), at(&w, i - 2));
            let s0 = a.rotate_right(7) ^ a.rotate_right(18) ^ a >> 3;
            let s1 = b.rotate_right(17) ^ b.rotate_right(19) ^ b >> 10;
            let v = at(&w, i - 16).wrapping_add(s0).wrapping_add(at(&w, i - 7)).wrapping_add(s1);
            w.push(v);
        }
        let mut v = h.clone();
        for i in 0..64 {
            let [a, b, c, d, e, f, g, hh] = v.as_slice() else { break };
            let s1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
            let ch = e & f ^ !e & g;
            let t1 = hh.wrapping_add(s1).wrapping_add(ch).wrapping_add(at(&k, i)).wrapping_add(at(&w, i));
            let s0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
            let t2 = s0.wrapping_add(a & b ^ a & c ^ b & c);
            v = vec![t1.wrapping_add(t2), *a, *b, *c, d.wrapping_add(t1), *e, *f, *g];
        }
        for (x, y) in h.iter_mut().zip(v) {
            *x = x.wrapping_add(y);
        }
    }
    h.iter().flat_map(|w| w.to_be_bytes()).collect()
}

/// The first 32 bits of the fractional parts of the roots of the first primes, exactly (by integer search).
fn fractions(count: usize, power: f64) -> Vec<u32> {
    let cube = power < 0.4;
    let mut out = Vec::new();
    let mut n: u128 = 2;
    while out.len() < count {
        if (2..n).take_while(|d| d * d <= n).all(|d| !n.is_multiple_of(d)) {
            // floor(root(n) * 2^32), by bisection.
            let (mut lo, mut hi) = (0u128, 1u128 << 40);
            while lo + 1 < hi {
                let mid = u128::midpoint(lo, hi);
                let fits = if cube { mid * mid * mid <= n << 96 } else { mid * mid <= n << 64 };
                if fits {
                    lo = mid;
                } else {
                    hi = mid;
                }
            }
            out.push((lo & 0xffff_ffff) as u32);
        }
        n += 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::digest;

    #[test]
    fn the_standard_examples() {
        let start =
            |bytes: &[u8]| digest(bytes).iter().take(4).map(|b| format!("{b:02x}")).collect::<String>();
        assert_eq!(start(b"abc"), "ba7816bf");
        assert_eq!(start(b""), "e3b0c442");
    }
}
