//! SHA-512 (FIPS 180-4).

/// The first 64 bits of the fractional parts of the cube roots of the first eighty primes.
const ROOTS: &str = "428a2f98d728ae227137449123ef65cdb5c0fbcfec4d3b2fe9b5dba58189dbbc3956c25bf348b53859f111f1b605d019\
923f82a4af194f9bab1c5ed5da6d8118d807aa98a303024212835b0145706fbe243185be4ee4b28c550c7dc3d5ffb4e2\
72be5d74f27b896f80deb1fe3b1696b19bdc06a725c71235c19bf174cf692694e49b69c19ef14ad2efbe4786384f25e3\
0fc19dc68b8cd5b5240ca1cc77ac9c652de92c6f592b02754a7484aa6ea6e4835cb0a9dcbd41fbd476f988da831153b5\
983e5152ee66dfaba831c66d2db43210b00327c898fb213fbf597fc7beef0ee4c6e00bf33da88fc2d5a79147930aa725\
06ca6351e003826f142929670a0e6e7027b70a8546d22ffc2e1b21385c26c9264d2c6dfc5ac42aed53380d139d95b3df\
650a73548baf63de766a0abb3c77b2a881c2c92e47edaee692722c851482353ba2bfe8a14cf10364a81a664bbc423001\
c24b8b70d0f89791c76c51a30654be30d192e819d6ef5218d69906245565a910f40e35855771202a106aa07032bbd1b8\
19a4c116b8d2d0c81e376c085141ab532748774cdf8eeb9934b0bcb5e19b48a8391c0cb3c5c95a634ed8aa4ae3418acb\
5b9cca4f7763e373682e6ff3d6b2b8a3748f82ee5defb2fc78a5636f43172f6084c87814a1f0ab728cc702081a6439ec\
90befffa23631e28a4506cebde82bde9bef9a3f7b2c67915c67178f2e372532bca273eceea26619cd186b8c721c0c207\
eada7dd6cde0eb1ef57d4f7fee6ed17806f067aa72176fba0a637dc5a2c898a6113f9804bef90dae1b710b35131c471b\
28db77f523047d8432caab7b40c724933c9ebe0a15c9bebc431d67c49c100d4c4cc5d4becb3e42b6597f299cfc657e2a\
5fcb6fab3ad6faec6c44198c4a475817";
/// The same of the square roots of the first eight.
const START: [u64; 8] = [
    0x6a09_e667_f3bc_c908,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
    0x1f83_d9ab_fb41_bd6b,
    0x5be0_cd19_137e_2179,
];

/// The sum, in hexadecimal.
#[must_use]
pub fn sha512(bytes: &[u8]) -> String {
    let root =
        |i: usize| ROOTS.get(i * 16..i * 16 + 16).and_then(|t| u64::from_str_radix(t, 16).ok()).unwrap_or(0);
    let mut data = bytes.to_vec();
    data.push(0x80);
    while !(data.len() + 16).is_multiple_of(128) {
        data.push(0);
    }
    data.extend((bytes.len() as u128 * 8).to_be_bytes());
    let mut h = START;
    for block in data.chunks(128) {
        let mut w: Vec<u64> =
            block.chunks(8).map(|c| c.iter().fold(0, |v, b| v << 8 | u64::from(*b))).collect();
        let at = |w: &[u64], i: usize| w.get(i).copied().unwrap_or(0);
        for i in 16..80 {
            let (a, b) = (at(&w, i - 15), at(&w, i - 2));
            let s0 = a.rotate_right(1) ^ a.rotate_right(8) ^ a >> 7;
            let s1 = b.rotate_right(19) ^ b.rotate_right(61) ^ b >> 6;
            w.push(s1.wrapping_add(at(&w, i - 7)).wrapping_add(s0).wrapping_add(at(&w, i - 16)));
        }
        let mut v = h;
        for i in 0..80 {
            let [a, b, c, d, e, f, g, last] = v;
            let s1 = e.rotate_right(14) ^ e.rotate_right(18) ^ e.rotate_right(41);
            let t1 = last
                .wrapping_add(s1)
                .wrapping_add(e & f ^ !e & g)
                .wrapping_add(root(i))
                .wrapping_add(at(&w, i));
            let s0 = a.rotate_right(28) ^ a.rotate_right(34) ^ a.rotate_right(39);
            let t2 = s0.wrapping_add(a & b ^ a & c ^ b & c);
            v = [t1.wrapping_add(t2), a, b, c, d.wrapping_add(t1), e, f, g];
        }
        for (x, y) in h.iter_mut().zip(v) {
            *x = x.wrapping_add(y);
        }
    }
    h.iter().map(|w| format!("{w:016x}")).collect()
}
